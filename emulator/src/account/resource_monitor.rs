//! Resource monitors.

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::answer::display;
use super::grants::Securable;
use super::store::{Head, Id, Object};
use crate::error::SqlError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TriggerAction {
    Notify,
    Suspend,
    SuspendImmediate,
}

/// `ON 80 PERCENT DO NOTIFY`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Trigger {
    /// Percent of the quota; may exceed 100.
    pub percent: u32,
    pub action: TriggerAction,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceMonitor {
    pub head: Head,
    pub quota: Option<i64>,
    /// Credits used in this period.
    pub used: f64,
    pub frequency: String,
    pub start: i64,
    pub end: Option<i64>,
    pub notify_users: Vec<Id>,
    pub triggers: Vec<Trigger>,
    /// The triggers that were passed in this period.
    pub passed: Vec<Trigger>,
    /// The start of the period that `used` counts.
    pub period: i64,
}

impl Object for ResourceMonitor {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

impl ResourceMonitor {
    /// Does it keep its warehouses suspended now?
    pub(crate) fn holds(&self) -> bool {
        self.passed.iter().any(|trigger| trigger.action != TriggerAction::Notify)
    }
}

impl Account {
    pub(crate) fn monitor_id(&self, access: &Access, path: &[String]) -> Result<Id, SqlError> {
        path.last()
            .filter(|_| path.len() == 1)
            .and_then(|name| self.monitors.id(name))
            .filter(|id| self.sees(access, Securable::ResourceMonitor(*id)))
            .ok_or_else(|| SqlError::absent("Resource monitor", display(path)))
    }
}
