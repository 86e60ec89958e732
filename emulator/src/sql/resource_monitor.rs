//! CREATE and ALTER RESOURCE MONITOR (docs: create-resource-monitor, alter-resource-monitor).

use super::cursor::Cursor;
use super::property::{Property, Setting, Takes, find, settings, some_settings};
use super::{Command, How};
use crate::account::{Trigger, TriggerAction};
use crate::error::SqlError;

const FREQUENCIES: &[(&str, &str)] = &[
    ("MONTHLY", "MONTHLY"),
    ("DAILY", "DAILY"),
    ("WEEKLY", "WEEKLY"),
    ("YEARLY", "YEARLY"),
    ("NEVER", "NEVER"),
];

const PROPERTIES: &[Property] = &[
    // Credits; NULL for no limit.
    Property { name: "CREDIT_QUOTA", takes: Takes::IntegerOrNull(1, i32::MAX as i64) },
    Property { name: "FREQUENCY", takes: Takes::Choice(FREQUENCIES) },
    Property { name: "START_TIMESTAMP", takes: Takes::Timestamp },
    Property { name: "END_TIMESTAMP", takes: Takes::Timestamp },
    Property { name: "NOTIFY_USERS", takes: Takes::Names },
];

#[derive(Clone, Debug)]
pub(crate) struct CreateMonitor {
    pub(crate) how: How,
    pub(crate) name: String,
    pub(crate) settings: Vec<Setting>,
    pub(crate) triggers: Option<Vec<Trigger>>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterMonitor {
    pub(crate) name: String,
    pub(crate) if_exists: bool,
    pub(crate) settings: Vec<Setting>,
    pub(crate) triggers: Option<Vec<Trigger>>,
}

/// After `CREATE … RESOURCE MONITOR`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    if how == How::OrAlter {
        return Err(SqlError::unsupported("CREATE OR ALTER RESOURCE MONITOR"));
    }
    let how = how.or_if_not_exists(cursor)?;
    let name = cursor.identifier()?;
    if cursor.takes("WITH") && cursor.done() {
        return cursor.unexpected();
    }
    let place = cursor.peek().clone();
    let settings = settings(cursor, &|name| find(&[PROPERTIES], name))?;
    let triggers = triggers(cursor)?;
    // Triggers alone make no monitor.
    if triggers.is_some() && settings.is_empty() {
        return Err(place.unexpected());
    }
    Ok(Command::CreateMonitor(CreateMonitor { how, name, settings, triggers }))
}

/// After `ALTER RESOURCE MONITOR`: TRIGGERS stands outside of SET, and SET is never empty.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let name = cursor.identifier()?;
    let settings = if cursor.takes("SET") {
        some_settings(cursor, &|name| find(&[PROPERTIES], name))?
    } else {
        Vec::new()
    };
    let triggers = triggers(cursor)?;
    if settings.is_empty() && triggers.is_none() {
        return cursor.unexpected();
    }
    Ok(Command::AlterMonitor(AlterMonitor { name, if_exists, settings, triggers }))
}

/// `TRIGGERS ON 80 PERCENT DO NOTIFY …`
fn triggers(cursor: &mut Cursor) -> Result<Option<Vec<Trigger>>, SqlError> {
    if !cursor.takes("TRIGGERS") {
        return Ok(None);
    }
    let mut found = Vec::new();
    loop {
        cursor.expect("ON")?;
        let place = cursor.peek().clone();
        let percent = u32::try_from(cursor.count()?).map_err(|_| place.unexpected())?;
        cursor.expect("PERCENT DO")?;
        let action = match () {
            () if cursor.takes("NOTIFY") => TriggerAction::Notify,
            () if cursor.takes("SUSPEND") => TriggerAction::Suspend,
            () if cursor.takes("SUSPEND_IMMEDIATE") => TriggerAction::SuspendImmediate,
            () => return cursor.unexpected(),
        };
        found.push(Trigger { percent, action });
        if !cursor.is("ON") {
            return Ok(Some(found));
        }
    }
}
