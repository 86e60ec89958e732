//! What is made of a query: views, materialized views and dynamic tables (docs: create-view, alter-view,
//! create-materialized-view, alter-materialized-view, create-dynamic-table, alter-dynamic-table).

use super::cursor::{Cursor, Path};
use super::data_type::{DataType, data_type};
use super::definition::{Query, query};
use super::policy::{self, Attach, PolicyChange, attach};
use super::property::{Property, Setting, Takes, find, row, setting, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How, ObjectKind};
use crate::error::SqlError;

const fn property(name: &'static str, takes: Takes) -> Property {
    Property { name, takes }
}

const COMMENT: Property = property("COMMENT", Takes::Text);

const VIEW: &[Property] = &[COMMENT, property("CHANGE_TRACKING", Takes::Boolean)];

const MATERIALIZED_VIEW: &[Property] = &[COMMENT];

const DYNAMIC_TABLE: &[Property] = &[
    property("TARGET_LAG", Takes::Any),
    property("WAREHOUSE", Takes::Name),
    property("INITIALIZATION_WAREHOUSE", Takes::Name),
    property(
        "REFRESH_MODE",
        Takes::Choice(&[("AUTO", "AUTO"), ("FULL", "FULL"), ("INCREMENTAL", "INCREMENTAL")]),
    ),
    property("INITIALIZE", Takes::Choice(&[("ON_CREATE", "ON_CREATE"), ("ON_SCHEDULE", "ON_SCHEDULE")])),
    property("SCHEDULER", Takes::Choice(&[("ENABLE", "ENABLE"), ("DISABLE", "DISABLE")])),
    property("DATA_RETENTION_TIME_IN_DAYS", Takes::Integer(0, 90)),
    property("MAX_DATA_EXTENSION_TIME_IN_DAYS", Takes::Integer(0, 90)),
    COMMENT,
];

/// What ALTER DYNAMIC TABLE … SET takes; the rest is decided when it is created.
const ALTERED_DYNAMIC_TABLE: [&str; 7] = [
    "TARGET_LAG",
    "WAREHOUSE",
    "INITIALIZATION_WAREHOUSE",
    "SCHEDULER",
    "DATA_RETENTION_TIME_IN_DAYS",
    "MAX_DATA_EXTENSION_TIME_IN_DAYS",
    "COMMENT",
];

const KINDS: [(&str, ObjectKind, &[Property]); 3] = [
    ("MATERIALIZED VIEW", ObjectKind::MaterializedView, MATERIALIZED_VIEW),
    ("VIEW", ObjectKind::View, VIEW),
    ("DYNAMIC TABLE", ObjectKind::DynamicTable, DYNAMIC_TABLE),
];

fn table_of(kind: ObjectKind) -> &'static [Property] {
    KINDS.iter().find(|(_, of, _)| *of == kind).map_or(&[], |(.., table)| *table)
}

#[derive(Clone, Debug)]
pub(crate) struct CreateView {
    pub(crate) kind: ObjectKind,
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) modifiers: Modifiers,
    pub(crate) columns: Option<Vec<ViewColumn>>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) copy_grants: bool,
    pub(crate) policies: Vec<Attach>,
    pub(crate) tags: Vec<Tagging>,
    /// What stands between the brackets of CLUSTER BY.
    pub(crate) cluster_by: Option<String>,
    pub(crate) query: Query,
    /// The whole statement, as it was written.
    pub(crate) text: String,
    /// The name and the columns, as they were written.
    pub(crate) named: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modifiers {
    pub(crate) secure: bool,
    pub(crate) temporary: bool,
    pub(crate) recursive: bool,
    pub(crate) transient: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ViewColumn {
    pub(crate) name: String,
    /// Dynamic tables may say it.
    pub(crate) kind: Option<DataType>,
    pub(crate) comment: Option<String>,
    pub(crate) policies: Vec<Attach>,
    pub(crate) tags: Vec<Tagging>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterView {
    pub(crate) kind: ObjectKind,
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: ViewAction,
}

#[derive(Clone, Debug)]
pub(crate) enum ViewAction {
    RenameTo(Path),
    SwapWith(Path),
    /// What is set, and whether it becomes secure.
    Set(Vec<Setting>, bool),
    Unset(Vec<&'static Property>, bool),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
    Policies(PolicyChange),
    Columns(Vec<(String, ColumnAction)>),
    /// Nothing: the clustering key goes.
    ClusterBy(Option<String>),
    Suspend(bool),
    SuspendRecluster(bool),
    Refresh,
}

#[derive(Clone, Debug)]
pub(crate) enum ColumnAction {
    Policy(PolicyChange),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
}

/// What may stand before the words of the kind.
const MODIFIERS: [&str; 8] =
    ["SECURE", "LOCAL", "GLOBAL", "TEMPORARY", "TEMP", "VOLATILE", "RECURSIVE", "TRANSIENT"];

/// Do the words of one of these kinds come next, perhaps after SECURE and its like?
pub(crate) fn comes(cursor: &Cursor) -> bool {
    let ahead = (0..MODIFIERS.len()).take_while(|ahead| MODIFIERS.iter().any(|it| cursor.is_at(*ahead, it)));
    let ahead = ahead.count();
    let words = |words: &str| words.split(' ').enumerate().all(|(at, word)| cursor.is_at(ahead + at, word));
    KINDS.iter().any(|(kind, ..)| words(kind))
}

fn modifiers(cursor: &mut Cursor) -> Modifiers {
    let mut found = Modifiers::default();
    loop {
        match () {
            () if cursor.takes("SECURE") => found.secure = true,
            () if cursor.takes("RECURSIVE") => found.recursive = true,
            () if cursor.takes("TRANSIENT") => found.transient = true,
            () if cursor.takes("LOCAL") || cursor.takes("GLOBAL") => {}
            () if ["TEMPORARY", "TEMP", "VOLATILE"].iter().any(|it| cursor.takes(it)) => {
                found.temporary = true;
            }
            () => return found,
        }
    }
}

fn kind(cursor: &mut Cursor) -> Result<ObjectKind, SqlError> {
    for (words, kind, _) in KINDS {
        if cursor.takes(words) {
            return Ok(kind);
        }
    }
    cursor.unexpected()
}

/// After `CREATE [OR REPLACE | OR ALTER]`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let place = cursor.peek().clone();
    let modifiers = modifiers(cursor);
    let kind = kind(cursor)?;
    let wrong = match kind {
        ObjectKind::View => modifiers.transient,
        ObjectKind::MaterializedView => {
            modifiers.temporary || modifiers.recursive || modifiers.transient || how == How::OrAlter
        }
        _ => modifiers.secure || modifiers.temporary || modifiers.recursive,
    };
    if wrong {
        return Err(place.unexpected());
    }
    let how = how.or_if_not_exists(cursor)?;
    let named = cursor.mark();
    let path = cursor.path()?;
    if kind == ObjectKind::DynamicTable && (cursor.is("CLONE") || cursor.is("FROM")) {
        return Err(SqlError::unsupported("dynamic tables of another or of a backup"));
    }
    let mut columns = if cursor.is_symbol("(") { Some(columns(cursor, kind)?) } else { None };
    let named = cursor.written_since(named);
    let (mut settings, mut tags, mut policies) = (Vec::new(), Vec::new(), Vec::new());
    let (mut copy_grants, mut cluster_by) = (false, None);
    while !cursor.takes("AS") {
        let property = row(cursor, &|name| find(&[table_of(kind)], name));
        if let Some(property) = property {
            setting(cursor, property, &mut settings)?;
        } else if cursor.is_symbol("(") && columns.is_none() {
            columns = Some(self::columns(cursor, kind)?);
        } else if !copy_grants && cursor.takes("COPY GRANTS") {
            copy_grants = true;
        } else if kind != ObjectKind::View && cluster_by.is_none() && cursor.takes("CLUSTER BY") {
            cluster_by = Some(cursor.bracketed_text()?);
        } else if kind == ObjectKind::DynamicTable && cursor.takes("REQUIRE USER") {
            // Refreshes are never run here.
        } else if kind == ObjectKind::DynamicTable && cursor.takes("IMMUTABLE WHERE") {
            cursor.bracketed_text()?;
        } else {
            cursor.takes("WITH");
            if cursor.is("TAG") && tags.is_empty() {
                tags = tag::association(cursor)?;
            } else if let Some(policy) = attach(cursor, false)? {
                policies.push(policy);
            } else {
                return cursor.unexpected();
            }
        }
    }
    let query = query(cursor)?;
    Ok(Command::CreateView(Box::new(CreateView {
        kind,
        how,
        path,
        modifiers,
        columns,
        settings,
        copy_grants,
        policies,
        tags,
        cluster_by,
        query,
        text: cursor.written_since(0),
        named,
    })))
}

/// `( name [type] [[WITH] MASKING POLICY p [USING (…)]] [[WITH] TAG (…)] [COMMENT 'x'], … )`
fn columns(cursor: &mut Cursor, kind: ObjectKind) -> Result<Vec<ViewColumn>, SqlError> {
    cursor.bracketed(|cursor| {
        let mut column = ViewColumn {
            name: cursor.identifier()?,
            kind: None,
            comment: None,
            policies: Vec::new(),
            tags: Vec::new(),
        };
        let clause = ["WITH", "MASKING", "PROJECTION", "TAG", "COMMENT"].iter().any(|word| cursor.is(word));
        if kind == ObjectKind::DynamicTable && !clause && !cursor.is_symbol(",") && !cursor.is_symbol(")") {
            column.kind = Some(data_type(cursor)?);
        }
        while !cursor.is_symbol(",") && !cursor.is_symbol(")") {
            if column.comment.is_none() && cursor.takes("COMMENT") {
                column.comment = Some(cursor.text()?);
                continue;
            }
            cursor.takes("WITH");
            if cursor.is("TAG") && column.tags.is_empty() {
                column.tags = tag::association(cursor)?;
            } else if let Some(policy) = attach(cursor, true)? {
                column.policies.push(policy);
            } else {
                return cursor.unexpected();
            }
        }
        Ok(column)
    })
}

/// After `ALTER`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let kind = kind(cursor)?;
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let action = action(cursor, kind)?;
    Ok(Command::AlterView(AlterView { kind, path, if_exists, action }))
}

fn action(cursor: &mut Cursor, kind: ObjectKind) -> Result<ViewAction, SqlError> {
    let (view, dynamic) = (kind == ObjectKind::View, kind == ObjectKind::DynamicTable);
    if let Some(change) = policy::change(cursor, false)? {
        return Ok(ViewAction::Policies(change));
    }
    match () {
        () if cursor.takes("RENAME TO") => cursor.path().map(ViewAction::RenameTo),
        () if dynamic && cursor.takes("SWAP WITH") => cursor.path().map(ViewAction::SwapWith),
        () if !view && cursor.takes("CLUSTER BY") => {
            cursor.bracketed_text().map(|text| ViewAction::ClusterBy(Some(text)))
        }
        () if !view && cursor.takes("DROP CLUSTERING KEY") => Ok(ViewAction::ClusterBy(None)),
        () if !view && cursor.takes("SUSPEND RECLUSTER") => Ok(ViewAction::SuspendRecluster(true)),
        () if !view && cursor.takes("RESUME RECLUSTER") => Ok(ViewAction::SuspendRecluster(false)),
        () if !view && cursor.takes("SUSPEND") => Ok(ViewAction::Suspend(true)),
        () if !view && cursor.takes("RESUME") => Ok(ViewAction::Suspend(false)),
        () if dynamic && cursor.takes("REFRESH") => {
            cursor.takes("COPY SESSION");
            Ok(ViewAction::Refresh)
        }
        () if cursor.is("ALTER") || cursor.is("MODIFY") => {
            cursor.next();
            cursor.list(column_action).map(ViewAction::Columns)
        }
        () if cursor.takes("SET") => set(cursor, kind),
        () if cursor.takes("UNSET") => {
            if cursor.is("TAG") {
                return tag::unset(cursor).map(ViewAction::UnsetTags);
            }
            let secure = !dynamic && cursor.takes("SECURE");
            if secure && cursor.done() {
                return Ok(ViewAction::Unset(Vec::new(), true));
            }
            unset(cursor, &|name| altered(kind, name)).map(|names| ViewAction::Unset(names, secure))
        }
        () => cursor.unexpected(),
    }
}

fn altered(kind: ObjectKind, name: &str) -> Option<&'static Property> {
    let may = kind != ObjectKind::DynamicTable || ALTERED_DYNAMIC_TABLE.contains(&name);
    if may { find(&[table_of(kind)], name) } else { None }
}

fn set(cursor: &mut Cursor, kind: ObjectKind) -> Result<ViewAction, SqlError> {
    if cursor.is("TAG") {
        return tag::set(cursor).map(ViewAction::SetTags);
    }
    let secure = kind != ObjectKind::DynamicTable && cursor.takes("SECURE");
    if secure && cursor.done() {
        return Ok(ViewAction::Set(Vec::new(), true));
    }
    some_settings(cursor, &|name| altered(kind, name)).map(|settings| ViewAction::Set(settings, secure))
}

fn column_action(cursor: &mut Cursor) -> Result<(String, ColumnAction), SqlError> {
    cursor.takes("COLUMN");
    let column = cursor.identifier()?;
    if let Some(change) = policy::change(cursor, true)? {
        return Ok((column, ColumnAction::Policy(change)));
    }
    let action = match () {
        () if cursor.takes("SET") => ColumnAction::SetTags(tag::set(cursor)?),
        () => {
            cursor.expect("UNSET")?;
            ColumnAction::UnsetTags(tag::unset(cursor)?)
        }
    };
    Ok((column, action))
}
