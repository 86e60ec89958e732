//! Resource monitors: quota, periods, triggers, and what they stop.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::access::Access;
use super::answer::{display, executed, status, table, text, time};
use super::grants::Securable;
use super::store::{Head, Id, Object};
use super::{Account, Notification, milliseconds};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::How;
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::resource_monitor::{AlterMonitor, CreateMonitor};

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

    fn exceeds(&self, trigger: &Trigger) -> bool {
        self.quota.is_some_and(|quota| self.used * 100.0 >= quota as f64 * f64::from(trigger.percent))
    }

    /// The triggers that are passed now and were not before; they are marked.
    fn fire(&mut self) -> Vec<Trigger> {
        let passed = std::mem::take(&mut self.passed);
        self.passed = passed.into_iter().filter(|trigger| self.exceeds(trigger)).collect();
        let fresh: Vec<Trigger> = self
            .triggers
            .iter()
            .filter(|trigger| self.exceeds(trigger) && !self.passed.contains(trigger))
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
    pub(crate) fn create_monitor(
        &mut self,
        context: &Context,
        create: &CreateMonitor,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = &create.name;
        if !self.is_account_admin(&access) {
            return Err(SqlError::denied("account", &self.locator));
        }
        let before = self.monitors.id(name);
        match create.how {
            How::IfNotExists if before.is_some() => {
                return Ok(status(format!("{name} already exists, statement succeeded.")));
            }
            How::Plain if before.is_some() => return Err(SqlError::exists(display(&[name.clone()]))),
            _ => {}
        }
        let mut monitor = ResourceMonitor {
            head: self.head(name, &access, now),
            quota: None,
            used: 0.0,
            frequency: "MONTHLY".into(),
            start: month_of(now),
            end: None,
            notify_users: Vec::new(),
            triggers: Vec::new(),
            passed: Vec::new(),
            period: 0,
        };
        self.set_monitor(context, &mut monitor, &create.settings, now)?;
        if let Some(triggers) = &create.triggers {
            monitor.set_triggers(triggers)?;
        }
        monitor.period = monitor.period_at(now);
        if let Some(id) = before {
            self.drop_monitor(id);
        }
        self.monitors.put(monitor);
        Ok(status(format!("Resource monitor {name} successfully created.")))
    }

    pub(crate) fn alter_monitor(
        &mut self,
        context: &Context,
        alter: &AlterMonitor,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let id = match self.monitor_id(&access, std::slice::from_ref(&alter.name)) {
            Ok(id) => id,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, Securable::ResourceMonitor(id), &["MODIFY"])?;
        let Some(mut monitor) = self.monitors.by_id(id).cloned() else { return Err(SqlError::impossible()) };
        monitor.settle(now);
        self.set_monitor(context, &mut monitor, &alter.settings, now)?;
        if value_of(&alter.settings, "FREQUENCY").is_some() {
            monitor.period = monitor.period_at(now);
        }
        if let Some(triggers) = &alter.triggers {
            monitor.set_triggers(triggers)?;
        }
        self.monitors.put(monitor);
        self.fire(id, now);
        Ok(executed())
    }

    fn set_monitor(
        &self,
        context: &Context,
        monitor: &mut ResourceMonitor,
        settings: &[Setting],
        now: i64,
    ) -> Result<(), SqlError> {
        let scheduled = ["FREQUENCY", "START_TIMESTAMP"].map(|name| value_of(settings, name).is_some());
        if scheduled[0] != scheduled[1] {
            return Err(SqlError::new(90261, "42601", "Must specify frequency and start time together."));
        }
        for Setting { property, value } in settings {
            match property.name {
                "CREDIT_QUOTA" => monitor.quota = value.integer(),
                "FREQUENCY" => value.text().unwrap_or_default().clone_into(&mut monitor.frequency),
                "START_TIMESTAMP" => {
                    monitor.start = match value.text() {
                        Some("IMMEDIATELY") => now,
                        Some(written) => {
                            let start = moment(context, written, property.name)?;
                            if start < now {
                                return Err(SqlError::new(
                                    90263,
                                    "42601",
                                    "The specified Start time has already passed.",
                                ));
                            }
                            start
                        }
                        None => return Err(SqlError::invalid_value("NULL", property.name)),
                    };
                }
                "END_TIMESTAMP" => {
                    monitor.end = match value.text() {
                        Some("IMMEDIATELY") => {
                            return Err(SqlError::invalid_value("IMMEDIATELY", property.name));
                        }
                        Some(written) => Some(moment(context, written, property.name)?),
                        None => None,
                    };
                }
                "NOTIFY_USERS" => {
                    if let Value::Names(names) = value {
                        monitor.notify_users = self.notified(monitor.head.id, names)?;
                    }
                }
                _ => {}
            }
        }
        if monitor.end.is_some_and(|end| end <= monitor.start.max(now))
            && value_of(settings, "END_TIMESTAMP").is_some()
        {
            return Err(SqlError::new(90264, "42601", "The specified End time has already passed."));
        }
        Ok(())
    }

    /// At most five users with an address, and none for the monitor of the account.
    fn notified(&self, monitor: Id, names: &[String]) -> Result<Vec<Id>, SqlError> {
        if names.len() > 5 {
            return Err(SqlError::invalid_value(names.join(", "), "NOTIFY_USERS"));
        }
        if !names.is_empty() && self.account_monitor == Some(monitor) {
            return Err(account_level_notifies_nobody());
        }
        let mut users = Vec::new();
        for name in names {
            let absent = || SqlError::absent("User", display(std::slice::from_ref(name)));
            let user = self.users.get(name).ok_or_else(absent)?;
            if user.text("EMAIL").is_none_or(str::is_empty) {
                return Err(SqlError::new(
                    90268,
                    "22023",
                    format!("User '{name}' cannot be notified: the email address is not verified."),
                ));
            }
            if users.contains(&user.head.id) {
                return Err(SqlError::invalid_value(name, "NOTIFY_USERS"));
            }
            users.push(user.head.id);
        }
        Ok(users)
    }

    /// ALTER ACCOUNT SET or UNSET RESOURCE_MONITOR.
    pub(crate) fn set_account_monitor(
        &mut self,
        access: &Access,
        path: Option<&[String]>,
    ) -> Result<(), SqlError> {
        let id = match path {
            Some(path) => Some(self.monitor_id(access, path)?),
            None => None,
        };
        if let Some(monitor) = id.and_then(|id| self.monitors.by_id(id))
            && !monitor.notify_users.is_empty()
        {
            return Err(account_level_notifies_nobody());
        }
        self.account_monitor = id;
        Ok(())
    }

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
        if self.account_monitor == Some(id) {
            self.account_monitor = None;
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
        let whole = self.account_monitor == Some(id);
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
            if self.account_monitor == Some(monitor.head.id) {
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

fn account_level_notifies_nobody() -> SqlError {
    SqlError::new(
        90269,
        "22023",
        "An account-level resource monitor cannot notify users who are not administrators.",
    )
}

/// Midnight UTC of the month's first day.
fn month_of(now: i64) -> i64 {
    Timestamp::from_millisecond(now)
        .ok()
        .map(|at| at.to_zoned(TimeZone::UTC).date().first_of_month())
        .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
        .map_or(now, |at| at.timestamp().as_millisecond())
}

/// A time as SQL writes it: with an offset, or in the session's time zone.
fn moment(context: &Context, written: &str, property: &str) -> Result<i64, SqlError> {
    let error = || SqlError::invalid_value(written, property);
    if let Ok(at) = written.trim().parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let civil: DateTime = written
        .trim()
        .parse::<DateTime>()
        .or_else(|_| format!("{}:00", written.trim()).parse::<DateTime>())
        .map_err(|_| error())?;
    let zone = context.parameters.get("TIMEZONE").map_or("America/Los_Angeles", String::as_str);
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    civil.to_zoned(zone).map(|at| at.timestamp().as_millisecond()).map_err(|_| error())
}
