//! Account roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::store::{Head, Id, Object};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub head: Head,
    pub tags: BTreeMap<Id, String>,
}

impl Object for Role {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}
