//! CREATE, ALTER and EXECUTE TASK (docs: create-task, alter-task, execute-task).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, row, setting, settings};
use super::tag::{self, Tagging};
use super::tokens::Kind;
use super::{Command, How, ObjectKind, body, parameters};
use crate::error::SqlError;

/// The sizes of serverless runs, smallest first; `X2LARGE` is another notation of the last.
pub(crate) const SIZES: &[(&str, &str)] = &[
    ("XSMALL", "XSMALL"),
    ("SMALL", "SMALL"),
    ("MEDIUM", "MEDIUM"),
    ("LARGE", "LARGE"),
    ("XLARGE", "XLARGE"),
    ("XXLARGE", "XXLARGE"),
    ("X2LARGE", "X2LARGE"),
];

const OVERLAP: &[(&str, &str)] = &[
    ("NO_OVERLAP", "NO_OVERLAP"),
    ("ALLOW_CHILD_OVERLAP", "ALLOW_CHILD_OVERLAP"),
    ("ALLOW_ALL_OVERLAP", "ALLOW_ALL_OVERLAP"),
];

/// What CREATE and SET take besides the session's parameters.
pub(crate) const PROPERTIES: &[Property] = &[
    Property { name: "WAREHOUSE", takes: Takes::NameOrText },
    Property { name: "SCHEDULE", takes: Takes::Text },
    Property { name: "CONFIG", takes: Takes::Text },
    Property { name: "OVERLAP_POLICY", takes: Takes::Choice(OVERLAP) },
    // Deprecated: TRUE is ALLOW_CHILD_OVERLAP.
    Property { name: "ALLOW_OVERLAPPING_EXECUTION", takes: Takes::Boolean },
    Property { name: "ERROR_INTEGRATION", takes: Takes::NameOrText },
    Property { name: "SUCCESS_INTEGRATION", takes: Takes::NameOrText },
    Property { name: "TARGET_COMPLETION_INTERVAL", takes: Takes::Text },
    Property { name: "COMMENT", takes: Takes::TextOrNull },
    // The parameters of tasks, with the limits that the page gives.
    Property { name: "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE", takes: Takes::Choice(SIZES) },
    Property { name: "SERVERLESS_TASK_MIN_STATEMENT_SIZE", takes: Takes::Choice(SIZES) },
    Property { name: "SERVERLESS_TASK_MAX_STATEMENT_SIZE", takes: Takes::Choice(SIZES) },
    Property { name: "USER_TASK_TIMEOUT_MS", takes: Takes::Integer(0, 604_800_000) },
    Property { name: "SUSPEND_TASK_AFTER_NUM_FAILURES", takes: Takes::Integer(0, i32::MAX as i64) },
    Property { name: "TASK_AUTO_RETRY_ATTEMPTS", takes: Takes::Integer(0, 30) },
    Property { name: "USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS", takes: Takes::Integer(10, 604_800) },
];

fn property(name: &str) -> Option<&'static Property> {
    find(&[PROPERTIES], name).or_else(|| parameters::of(ObjectKind::Task, name))
}

#[derive(Clone, Debug)]
pub(crate) struct CreateTask {
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Clone(Path),
    Definition(Definition),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
    pub(crate) after: Vec<Path>,
    pub(crate) finalize: Option<Path>,
    pub(crate) execute_as: Option<String>,
    pub(crate) when: Option<String>,
    pub(crate) body: String,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterTask {
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Resume,
    Suspend,
    AddAfter(Vec<Path>),
    RemoveAfter(Vec<Path>),
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    ExecuteAs(Option<String>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
    Finalize(Option<Path>),
    ModifyAs(String),
    /// None: REMOVE WHEN.
    When(Option<String>),
}

#[derive(Clone, Debug)]
pub(crate) struct ExecuteTask {
    pub(crate) path: Path,
    pub(crate) retry_last: bool,
}

/// The name of another task: an identifier, or a text that holds one.
fn task_name(cursor: &mut Cursor) -> Result<Path, SqlError> {
    if let Kind::Text(text) = &cursor.peek().kind {
        let path = super::path_of(text);
        cursor.next();
        return path;
    }
    cursor.path()
}

fn after(cursor: &mut Cursor) -> Result<Vec<Path>, SqlError> {
    cursor.expect("AFTER")?;
    cursor.list(task_name)
}

/// After `CREATE … TASK`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    if how != How::OrAlter && cursor.takes("CLONE") {
        let what = What::Clone(cursor.path()?);
        return Ok(Command::CreateTask(Box::new(CreateTask { how, path, what })));
    }
    let mut made = Definition::default();
    while !cursor.takes("AS") {
        let place = cursor.peek().clone();
        let tagged = cursor.is("TAG") || (cursor.is("WITH") && cursor.is_at(1, "TAG"));
        if tagged && how != How::OrAlter && made.tags.is_empty() {
            cursor.takes("WITH");
            made.tags = tag::association(cursor)?;
        } else if cursor.is("AFTER") && made.after.is_empty() {
            made.after = after(cursor)?;
        } else if cursor.is("FINALIZE") && made.finalize.is_none() {
            cursor.next();
            cursor.expect_symbol("=")?;
            made.finalize = Some(task_name(cursor)?);
        } else if made.execute_as.is_none() && cursor.takes("EXECUTE") {
            cursor.expect("AS USER")?;
            made.execute_as = Some(cursor.identifier()?);
        } else if made.when.is_none() && cursor.takes("WHEN") {
            made.when = Some(body::condition(cursor, |cursor| cursor.is("AS"))?);
        } else if let Some(property) = row(cursor, &property) {
            setting(cursor, property, &mut made.settings)?;
            cursor.takes_symbol(",");
        } else {
            return Err(unknown(cursor).unwrap_or_else(|| place.unexpected()));
        }
    }
    made.body = body::rest(cursor)?;
    let what = What::Definition(made);
    Ok(Command::CreateTask(Box::new(CreateTask { how, path, what })))
}

/// `001420` for `NAME = …` that no task has.
fn unknown(cursor: &Cursor) -> Option<SqlError> {
    let equals = matches!(&cursor.look(1).kind, Kind::Symbol(symbol) if symbol == "=");
    match &cursor.peek().kind {
        Kind::Word(word) if equals => Some(SqlError::invalid_property(&word.to_uppercase(), "TASK")),
        _ => None,
    }
}

/// After `ALTER TASK`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let action = action(cursor)?;
    cursor.finish()?;
    Ok(Command::AlterTask(AlterTask { path, if_exists, action }))
}

fn action(cursor: &mut Cursor) -> Result<Action, SqlError> {
    if cursor.takes("RESUME") {
        return Ok(Action::Resume);
    }
    if cursor.takes("SUSPEND") {
        return Ok(Action::Suspend);
    }
    if cursor.takes("ADD") {
        return after(cursor).map(Action::AddAfter);
    }
    if cursor.takes("REMOVE WHEN") {
        return Ok(Action::When(None));
    }
    if cursor.takes("REMOVE") {
        return after(cursor).map(Action::RemoveAfter);
    }
    if cursor.takes("MODIFY AS") {
        return body::rest(cursor).map(Action::ModifyAs);
    }
    if cursor.takes("MODIFY") {
        cursor.expect("WHEN")?;
        return body::condition(cursor, |_| false).map(Some).map(Action::When);
    }
    if cursor.takes("SET") {
        if cursor.is("TAG") {
            return tag::set(cursor).map(Action::SetTags);
        }
        if cursor.takes("FINALIZE") {
            cursor.expect_symbol("=")?;
            return task_name(cursor).map(Some).map(Action::Finalize);
        }
        if cursor.takes("EXECUTE") {
            cursor.expect("AS USER")?;
            return cursor.identifier().map(Some).map(Action::ExecuteAs);
        }
        let found = settings(cursor, &property)?;
        return match unknown(cursor) {
            Some(error) => Err(error),
            None if found.is_empty() => cursor.unexpected(),
            None => Ok(Action::Set(found)),
        };
    }
    cursor.expect("UNSET")?;
    if cursor.is("TAG") {
        return tag::unset(cursor).map(Action::UnsetTags);
    }
    if cursor.takes("FINALIZE") {
        return Ok(Action::Finalize(None));
    }
    if cursor.takes("EXECUTE") {
        cursor.expect("AS USER")?;
        return Ok(Action::ExecuteAs(None));
    }
    let mut found = Vec::new();
    while let Some(property) = row(cursor, &property) {
        cursor.next();
        found.push(property);
        cursor.takes_symbol(",");
    }
    match &cursor.peek().kind {
        Kind::Word(word) => Err(SqlError::invalid_property(&word.to_uppercase(), "TASK")),
        _ if found.is_empty() => cursor.unexpected(),
        _ => Ok(Action::Unset(found)),
    }
}

/// After `EXECUTE`.
pub(crate) fn execute(cursor: &mut Cursor) -> Result<Command, SqlError> {
    cursor.expect("TASK")?;
    let path = cursor.path()?;
    // A configuration for one run is read and kept nowhere: nothing runs.
    if cursor.takes("USING") {
        cursor.expect("CONFIG")?;
        cursor.expect_symbol("=")?;
        cursor.text()?;
    }
    let retry_last = cursor.optional("RETRY", "LAST")?;
    Ok(Command::ExecuteTask(ExecuteTask { path, retry_last }))
}
