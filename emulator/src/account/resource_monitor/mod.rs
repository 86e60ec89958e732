//! Resource monitors: quota, periods, triggers, and what they stop.

mod statements;

use super::access::Access;
use super::answer::{display, table, text, time};
use super::grants::Securable;
use super::store::{Head, Id, Object};
use super::{Account, Notification, milliseconds};
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

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
    /// Credits; None for no limit.
    pub quota: Option<i64>,
    /// Credits used in the period `period`.
    pub used: f64,
    pub frequency: String,
    /// Milliseconds since 1970.
    pub start: i64,
    pub end: Option<i64>,
    pub notify_users: Vec<Id>,
    pub triggers: Vec<Trigger>,
    /// The triggers that were passed in the period.
    pub passed: Vec<Trigger>,
    /// Which period, counted from the start, `used` and `passed` are of.
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

/// The most triggers of each action.
const MOST: [(TriggerAction, usize, &str); 3] = [
    (TriggerAction::Suspend, 1, "A resource monitor can have at most one suspend trigger."),
    (
        TriggerAction::SuspendImmediate,
        1,
        "A resource monitor can have at most one suspend_immediate trigger.",
    ),
    (TriggerAction::Notify, 5, "A resource monitor can have at most five notify triggers."),
];

const DAY: i64 = 86_400_000;

impl ResourceMonitor {
    /// Which period of the frequency holds at `now`; each begins at midnight UTC.
    fn period_at(&self, now: i64) -> i64 {
        let date = |at: i64| Timestamp::from_millisecond(at).ok().map(|at| at.to_zoned(TimeZone::UTC).date());
        let (Some(from), Some(to)) = (date(self.start), date(now)) else { return 0 };
        let days = now.div_euclid(DAY) - self.start.div_euclid(DAY);
        let months = i64::from(to.year()) * 12 + i64::from(to.month())
            - i64::from(from.year()) * 12
            - i64::from(from.month());
        let last = to.days_in_month();
        let months = months - i64::from(to.day() < from.day().min(last));
        let period = match self.frequency.as_str() {
            "DAILY" => days,
            "WEEKLY" => days.div_euclid(7),
            "MONTHLY" => months,
            "YEARLY" => months.div_euclid(12),
            _ => 0,
        };
        period.max(0)
    }

    fn used_at(&self, now: i64) -> f64 {
        if self.period_at(now) == self.period { self.used } else { 0.0 }
    }

    /// Does it keep its warehouses suspended?
    pub(crate) fn holds(&self, now: i64) -> bool {
        self.period_at(now) == self.period
            && self.passed.iter().any(|trigger| trigger.action != TriggerAction::Notify)
    }

    /// Begins a new period when its time has come.
    fn settle(&mut self, now: i64) {
        let period = self.period_at(now);
        if period != self.period {
            self.period = period;
            self.used = 0.0;
            self.passed.clear();
        }
    }

    fn exceeds(&self, trigger: Trigger) -> bool {
        self.quota.is_some_and(|quota| self.used * 100.0 >= quota as f64 * f64::from(trigger.percent))
    }

    /// The triggers that are passed now and were not before; they are marked.
    fn fire(&mut self) -> Vec<Trigger> {
        let passed = std::mem::take(&mut self.passed);
        self.passed = passed.into_iter().filter(|trigger| self.exceeds(*trigger)).collect();
        let fresh: Vec<Trigger> = self
            .triggers
            .iter()
            .filter(|trigger| self.exceeds(**trigger) && !self.passed.contains(trigger))
            .copied()
            .collect();
        self.passed.extend(&fresh);
        fresh
    }

    fn set_triggers(&mut self, triggers: &[Trigger]) -> Result<(), SqlError> {
        for (action, most, message) in MOST {
            if triggers.iter().filter(|trigger| trigger.action == action).count() > most {
                return Err(SqlError::new(90262, "42601", message));
            }
        }
        self.triggers = triggers.to_vec();
        // A new set of triggers begins anew: what was passed already notifies again.
        self.passed.clear();
        Ok(())
    }

    fn percents(&self, action: TriggerAction) -> Option<String> {
        let mut percents: Vec<u32> = self
            .triggers
            .iter()
            .filter(|trigger| trigger.action == action)
            .map(|trigger| trigger.percent)
            .collect();
        percents.sort_unstable();
        let percents: Vec<String> = percents.iter().map(|percent| format!("{percent}%")).collect();
        (!percents.is_empty()).then(|| percents.join(","))
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

    /// Its warehouses have no monitor afterwards.
    pub(crate) fn drop_monitor(&mut self, id: Id) {
        self.monitors.remove(id);
        self.forget(Securable::ResourceMonitor(id));
        for warehouse in self.warehouses.iter_mut() {
            if warehouse.monitor == Some(id) {
                warehouse.monitor = None;
            }
        }
        if self.level_monitor == Some(id) {
            self.level_monitor = None;
        }
    }

    /// Adds credits to what a monitor has counted, as work on its warehouses would, and fires its triggers.
    /// False when there is no such monitor. `now` is in nanoseconds since 1970.
    pub fn use_credits(&mut self, monitor: &str, credits: f64, now: i128) -> bool {
        let Some(id) = self.monitors.id(monitor) else { return false };
        let now = milliseconds(now);
        if let Some(monitor) = self.monitors.by_id_mut(id) {
            monitor.settle(now);
            monitor.used += credits;
        }
        self.fire(id, now);
        true
    }

    fn fire(&mut self, id: Id, now: i64) {
        let Some(monitor) = self.monitors.by_id_mut(id) else { return };
        let name = monitor.head.name.clone();
        for trigger in monitor.fire() {
            let Trigger { percent, action } = trigger;
            self.notifications.push(Notification { monitor: name.clone(), percent, action, sent_on: now });
        }
        if !self.monitors.by_id(id).is_some_and(|monitor| monitor.holds(now)) {
            return;
        }
        let whole = self.level_monitor == Some(id);
        for warehouse in self.warehouses.iter_mut() {
            if whole || warehouse.monitor == Some(id) {
                warehouse.settle(now);
                warehouse.stop(now);
            }
        }
    }

    /// The columns of SHOW RESOURCE MONITORS (docs: show-resource-monitors).
    pub(crate) fn monitor_columns() -> Rows {
        use ColumnType::{Text, TimestampLtz};
        table(&[
            ("name", Text),
            ("credit_quota", Text),
            ("used_credits", Text),
            ("remaining_credits", Text),
            ("level", Text),
            ("frequency", Text),
            ("start_time", TimestampLtz),
            ("end_time", TimestampLtz),
            ("notify_at", Text),
            ("suspend_at", Text),
            ("suspend_immediately_at", Text),
            ("created_on", TimestampLtz),
            ("owner", Text),
            ("comment", Text),
            ("notify_users", Text),
        ])
    }

    /// `assigned`: some warehouse has it.
    pub(crate) fn monitor_row(
        &self,
        monitor: &ResourceMonitor,
        assigned: bool,
        now: i64,
    ) -> Vec<Option<String>> {
        let used = monitor.used_at(now);
        let users: Vec<String> = monitor
            .notify_users
            .iter()
            .filter_map(|id| self.users.by_id(*id))
            .map(|user| super::answer::quoted(&user.head.name))
            .collect();
        vec![
            text(&monitor.head.name),
            monitor.quota.map(|quota| format!("{quota}.00")),
            Some(format!("{used:.2}")),
            monitor.quota.map(|quota| format!("{:.2}", quota as f64 - used)),
            if self.level_monitor == Some(monitor.head.id) {
                text("ACCOUNT")
            } else {
                assigned.then(|| "WAREHOUSE".to_owned())
            },
            text(&monitor.frequency),
            time(monitor.start),
            monitor.end.and_then(time),
            monitor.percents(TriggerAction::Notify),
            monitor.percents(TriggerAction::Suspend),
            monitor.percents(TriggerAction::SuspendImmediate),
            time(monitor.head.created_on),
            text(self.role_name(monitor.head.owner)),
            (!monitor.head.comment.is_empty()).then(|| monitor.head.comment.clone()),
            (!users.is_empty()).then(|| users.join(", ")),
        ]
    }
}
