//! CREATE and ALTER WAREHOUSE (docs: create-warehouse, create-interactive-warehouse, alter-warehouse).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, row, setting, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How};
use crate::error::SqlError;

/// The spellings of a size, and the one that SHOW echoes.
pub(crate) const SIZES: &[(&str, &str)] = &[
    ("XSMALL", "X-Small"),
    ("X-SMALL", "X-Small"),
    ("SMALL", "Small"),
    ("MEDIUM", "Medium"),
    ("LARGE", "Large"),
    ("XLARGE", "X-Large"),
    ("X-LARGE", "X-Large"),
    ("XXLARGE", "2X-Large"),
    ("X2LARGE", "2X-Large"),
    ("2X-LARGE", "2X-Large"),
    ("XXXLARGE", "3X-Large"),
    ("X3LARGE", "3X-Large"),
    ("3X-LARGE", "3X-Large"),
    ("X4LARGE", "4X-Large"),
    ("4X-LARGE", "4X-Large"),
    ("X5LARGE", "5X-Large"),
    ("5X-LARGE", "5X-Large"),
    ("X6LARGE", "6X-Large"),
    ("6X-LARGE", "6X-Large"),
];

/// `MAX_QUERY_PERFORMANCE_LEVEL` ends at 4X-Large.
const LEVELS: &[(&str, &str)] = SIZES.split_at(15).0;

const TYPES: &[(&str, &str)] =
    &[("STANDARD", "STANDARD"), ("SNOWPARK-OPTIMIZED", "SNOWPARK-OPTIMIZED"), ("ADAPTIVE", "ADAPTIVE")];

/// `STANDARD_GEN_1` and `_2` were values once; now GENERATION says it, and they are refused.
const CONSTRAINTS: &[(&str, &str)] = &[
    ("MEMORY_1X", "MEMORY_1X"),
    ("MEMORY_1X_X86", "MEMORY_1X_x86"),
    ("MEMORY_16X", "MEMORY_16X"),
    ("MEMORY_16X_X86", "MEMORY_16X_x86"),
    ("MEMORY_64X", "MEMORY_64X"),
    ("MEMORY_64X_X86", "MEMORY_64X_x86"),
];

const POLICIES: &[(&str, &str)] = &[("STANDARD", "STANDARD"), ("ECONOMY", "ECONOMY")];

/// What CREATE and SET take.
pub(crate) const PROPERTIES: &[Property] = &[
    Property { name: "WAREHOUSE_TYPE", takes: Takes::Choice(TYPES) },
    Property { name: "WAREHOUSE_SIZE", takes: Takes::Choice(SIZES) },
    Property { name: "GENERATION", takes: Takes::TextChoice(&["1", "2"]) },
    Property { name: "RESOURCE_CONSTRAINT", takes: Takes::Choice(CONSTRAINTS) },
    Property { name: "MAX_CLUSTER_COUNT", takes: Takes::Integer(1, 300) },
    Property { name: "MIN_CLUSTER_COUNT", takes: Takes::Integer(1, 300) },
    Property { name: "SCALING_POLICY", takes: Takes::Choice(POLICIES) },
    // Seconds; 0 and NULL both mean never.
    Property { name: "AUTO_SUSPEND", takes: Takes::IntegerOrNull(0, i32::MAX as i64) },
    Property { name: "AUTO_RESUME", takes: Takes::Boolean },
    Property { name: "RESOURCE_MONITOR", takes: Takes::Name },
    Property { name: "COMMENT", takes: Takes::TextOrNull },
    Property { name: "ENABLE_QUERY_ACCELERATION", takes: Takes::Boolean },
    Property { name: "QUERY_ACCELERATION_MAX_SCALE_FACTOR", takes: Takes::Integer(0, 100) },
    Property { name: "MAX_QUERY_PERFORMANCE_LEVEL", takes: Takes::Choice(LEVELS) },
    // 0 or at least 2.
    Property { name: "QUERY_THROUGHPUT_MULTIPLIER", takes: Takes::Integer(0, i32::MAX as i64) },
    Property { name: "FALLBACK_WAREHOUSE", takes: Takes::Name },
    Property { name: "MAX_CONCURRENCY_LEVEL", takes: Takes::Integer(1, 32) },
    // Seconds, at most a week.
    Property { name: "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS", takes: Takes::Integer(0, i32::MAX as i64) },
    Property { name: "STATEMENT_TIMEOUT_IN_SECONDS", takes: Takes::Integer(0, 604_800) },
];

const CREATE_ONLY: &[Property] = &[Property { name: "INITIALLY_SUSPENDED", takes: Takes::Boolean }];
const SET_ONLY: &[Property] = &[Property { name: "WAIT_FOR_COMPLETION", takes: Takes::Boolean }];

#[derive(Clone, Debug)]
pub(crate) struct CreateWarehouse {
    pub(crate) how: How,
    pub(crate) name: String,
    pub(crate) interactive: bool,
    pub(crate) tables: Vec<Path>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterWarehouse {
    /// None means the session's.
    pub(crate) name: Option<String>,
    pub(crate) if_exists: bool,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Suspend,
    Resume { if_suspended: bool },
    AbortAllQueries,
    Enable(bool),
    RenameTo(String),
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
    AddTables(Vec<Path>),
    DropTables(Vec<Path>),
}

/// After `CREATE … [INTERACTIVE] WAREHOUSE`.
pub(crate) fn create(cursor: &mut Cursor, how: How, interactive: bool) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let name = cursor.identifier()?;
    let tables =
        if interactive && cursor.takes("TABLES") { cursor.bracketed(Cursor::path)? } else { Vec::new() };
    let (mut found, mut tags) = (Vec::new(), Vec::new());
    while !cursor.done() {
        let with = cursor.takes("WITH");
        if cursor.is("TAG") && tags.is_empty() {
            tags = tag::association(cursor)?;
        } else if let Some(property) = row(cursor, &|name| find(&[PROPERTIES, CREATE_ONLY], name)) {
            setting(cursor, property, &mut found)?;
        } else if with {
            return cursor.unexpected();
        } else {
            cursor.finish()?;
        }
    }
    Ok(Command::CreateWarehouse(CreateWarehouse { how, name, interactive, tables, settings: found, tags }))
}

/// After `ALTER WAREHOUSE`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let nameless = ["SUSPEND", "RESUME", "ABORT"].iter().any(|word| cursor.is(word)) && {
        // A warehouse may itself be called so: then an action follows.
        let next = cursor.look(1);
        matches!(next.kind, super::tokens::Kind::End)
            || cursor.is_at(1, "IF")
            || (cursor.is("ABORT") && cursor.is_at(1, "ALL"))
    };
    let name = if nameless { None } else { Some(cursor.identifier()?) };
    let action = action(cursor)?;
    cursor.finish()?;
    Ok(Command::AlterWarehouse(AlterWarehouse { name, if_exists, action }))
}

fn action(cursor: &mut Cursor) -> Result<Action, SqlError> {
    if cursor.takes("SUSPEND") {
        return Ok(Action::Suspend);
    }
    if cursor.takes("RESUME") {
        return Ok(Action::Resume { if_suspended: cursor.optional("IF", "SUSPENDED")? });
    }
    if cursor.takes("ABORT") {
        cursor.expect("ALL QUERIES")?;
        return Ok(Action::AbortAllQueries);
    }
    if cursor.takes("ENABLE") {
        return Ok(Action::Enable(true));
    }
    if cursor.takes("DISABLE") {
        return Ok(Action::Enable(false));
    }
    if cursor.takes("RENAME") {
        cursor.expect("TO")?;
        return cursor.identifier().map(Action::RenameTo);
    }
    if cursor.takes("ADD") {
        cursor.expect("TABLES")?;
        return cursor.bracketed(Cursor::path).map(Action::AddTables);
    }
    if cursor.takes("DROP") {
        cursor.expect("TABLES")?;
        return cursor.bracketed(Cursor::path).map(Action::DropTables);
    }
    if cursor.takes("SET") {
        if cursor.is("TAG") {
            return tag::set(cursor).map(Action::SetTags);
        }
        return some_settings(cursor, &|name| find(&[PROPERTIES, SET_ONLY], name)).map(Action::Set);
    }
    if cursor.takes("UNSET") {
        if cursor.is("TAG") {
            return tag::unset(cursor).map(Action::UnsetTags);
        }
        return unset(cursor, &|name| find(&[PROPERTIES], name)).map(Action::Unset);
    }
    cursor.unexpected()
}
