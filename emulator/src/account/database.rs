//! Databases, and what they hold: schemas, and in them tables and tags as far as the control plane needs them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plain::Plain;
use super::sequences::Sequence;
use super::store::{Head, Id, Object, Store};
use super::streams::Stream;
pub use super::tables::Table;
use super::warehouse::Stored;
use crate::sql::ObjectKind;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    pub head: Head,
    pub transient: bool,
    /// Object parameters that were set.
    pub parameters: BTreeMap<String, Stored>,
    pub tags: BTreeMap<Id, String>,
    pub(crate) schemas: Store<Schema>,
    #[serde(default)]
    pub(crate) roles: Store<DatabaseRole>,
    pub(crate) dropped: Vec<Dropped<Schema>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    pub head: Head,
    pub transient: bool,
    pub managed_access: bool,
    pub parameters: BTreeMap<String, Stored>,
    pub tags: BTreeMap<Id, String>,
    pub(crate) tables: Store<Table>,
    pub(crate) tags_here: Store<Tag>,
    #[serde(default)]
    pub(crate) dropped_tags: Vec<Dropped<Tag>>,
    #[serde(default)]
    pub(crate) plain: BTreeMap<ObjectKind, Store<Plain>>,
    /// What a stream and a sequence know besides what every plain object does.
    #[serde(default)]
    pub(crate) streams: BTreeMap<Id, Stream>,
    #[serde(default)]
    pub(crate) sequences: BTreeMap<Id, Sequence>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseRole {
    pub head: Head,
    pub tags: BTreeMap<Id, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub head: Head,
    pub allowed_values: Vec<String>,
    /// Masking policies, one for a type of column.
    #[serde(default)]
    pub(crate) policies: Vec<super::Attachment>,
    #[serde(default)]
    pub(crate) propagate: Option<String>,
    #[serde(default)]
    pub(crate) on_conflict: Option<String>,
}

/// What UNDROP may bring back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped<T> {
    pub object: T,
    pub dropped_on: i64,
}

macro_rules! object {
    ($($name:ty),*) => {$(
        impl Object for $name {
            fn head(&self) -> &Head {
                &self.head
            }

            fn head_mut(&mut self) -> &mut Head {
                &mut self.head
            }
        }
    )*};
}

object!(Database, Schema, DatabaseRole, Tag);
