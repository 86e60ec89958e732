//! CREATE and ALTER RESOURCE MONITOR, and the monitor of the account.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{display, executed, quoted, status};
use super::super::grants::Securable;
use super::super::store::Id;
use super::ResourceMonitor;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::How;
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::resource_monitor::{AlterMonitor, CreateMonitor};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

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
            How::Plain if before.is_some() => return Err(SqlError::exists(quoted(name))),
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
        if !names.is_empty() && self.level_monitor == Some(monitor) {
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
        self.level_monitor = id;
        Ok(())
    }
}
