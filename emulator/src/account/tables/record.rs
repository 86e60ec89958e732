//! A table as the account keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::attachment::Attachment;
use super::super::data::Data;
use super::super::store::{Head, Id, Object};
use super::super::warehouse::Stored;
use crate::sql::columns::Shape;
use crate::sql::table::{Clustering, Keeping};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub head: Head,
    pub interactive: bool,
    #[serde(default)]
    pub(crate) keeping: Keeping,
    #[serde(default)]
    pub(crate) shape: Shape,
    #[serde(default)]
    pub(crate) cluster_by: Option<Clustering>,
    #[serde(default)]
    pub(crate) recluster_suspended: bool,
    #[serde(default)]
    pub(crate) change_tracking: bool,
    #[serde(default)]
    pub(crate) schema_evolution: bool,
    #[serde(default)]
    pub(crate) search_optimization: bool,
    /// Object parameters that were set.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Stored>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<Id, String>,
    #[serde(default)]
    pub(crate) column_tags: BTreeMap<String, BTreeMap<Id, String>>,
    #[serde(default)]
    pub(crate) policies: Vec<Attachment>,
    #[serde(default)]
    pub(crate) data: Data,
}

impl Table {
    pub(crate) fn new(head: Head, interactive: bool, keeping: Keeping, shape: Shape) -> Self {
        Self {
            head,
            interactive,
            keeping,
            shape,
            cluster_by: None,
            recluster_suspended: false,
            change_tracking: false,
            schema_evolution: false,
            search_optimization: false,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            column_tags: BTreeMap::new(),
            policies: Vec::new(),
            data: Data::default(),
        }
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> Vec<String> {
        self.shape.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The place of a column.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.shape.columns.iter().position(|column| column.name == name)
    }
}

impl Object for Table {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}
