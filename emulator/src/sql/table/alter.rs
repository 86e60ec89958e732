//! ALTER TABLE (docs: alter-table, alter-table-column).

use super::super::Command;
use super::super::columns::{self, ColumnDefinition};
use super::super::cursor::{Cursor, Path};
use super::super::data_type::{DataType, data_type};
use super::super::keys::{self, Key, KeyKind};
use super::super::policy::{self, PolicyChange};
use super::super::property::{Property, Setting, some_settings, unset};
use super::super::tag::{self, Tagging};
use super::{Clustering, clustering, property};
use crate::error::SqlError;

#[derive(Clone, Debug)]
pub(crate) struct AlterTable {
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: TableAction,
}

#[derive(Clone, Debug)]
pub(crate) enum TableAction {
    RenameTo(Path),
    SwapWith(Path),
    ClusterBy(Clustering),
    DropClusteringKey,
    Recluster(bool),
    AddColumns {
        columns: Vec<(ColumnDefinition, Vec<Key>)>,
        if_not_exists: bool,
    },
    RenameColumn {
        from: String,
        to: String,
    },
    DropColumns {
        names: Vec<String>,
        if_exists: bool,
    },
    AlterColumns(Vec<(String, ColumnChange)>),
    AddKey(Key),
    RenameKey {
        from: String,
        to: String,
    },
    DropKey(KeyChoice),
    /// What a constraint says of itself changes nothing: it must be there.
    AlterKey(KeyChoice),
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
    Policies(PolicyChange),
    SearchOptimization(bool),
}

#[derive(Clone, Debug)]
pub(crate) enum ColumnChange {
    Nullable(bool),
    Type(DataType, Option<String>),
    DropDefault,
    /// `SET DEFAULT sequence.NEXTVAL`
    Default(String),
    Comment(Option<String>),
    Policy(PolicyChange),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
}

/// Which constraint a statement speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyChoice {
    Named(String),
    Primary,
    Of(KeyKind, Vec<String>),
}

/// After `ALTER TABLE`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let action = action(cursor)?;
    Ok(Command::AlterTable(Box::new(AlterTable { path, if_exists, action })))
}

fn action(cursor: &mut Cursor) -> Result<TableAction, SqlError> {
    if let Some(change) = policy::change(cursor, false)? {
        return Ok(TableAction::Policies(change));
    }
    match () {
        () if cursor.takes("RENAME") => rename(cursor),
        () if cursor.takes("SWAP") => {
            cursor.expect("WITH")?;
            cursor.path().map(TableAction::SwapWith)
        }
        () if cursor.takes("CLUSTER") => {
            cursor.expect("BY")?;
            clustering(cursor).map(TableAction::ClusterBy)
        }
        () if cursor.takes("SUSPEND RECLUSTER") => Ok(TableAction::Recluster(false)),
        () if cursor.takes("RESUME RECLUSTER") => Ok(TableAction::Recluster(true)),
        () if cursor.takes("ADD") => add(cursor),
        () if cursor.takes("DROP") => drop(cursor),
        () if cursor.takes("ALTER") || cursor.takes("MODIFY") => alter_part(cursor),
        () if cursor.takes("SET") => {
            if cursor.is("TAG") {
                return tag::set(cursor).map(TableAction::SetTags);
            }
            let mut found = Vec::new();
            loop {
                found.extend(some_settings(cursor, &property)?);
                if !cursor.takes_symbol(",") {
                    return Ok(TableAction::Set(found));
                }
            }
        }
        () if cursor.takes("UNSET") => {
            if cursor.is("TAG") {
                return tag::unset(cursor).map(TableAction::UnsetTags);
            }
            // The provider leaves the commas out.
            let mut found = Vec::new();
            while !cursor.done() {
                found.extend(unset(cursor, &property)?);
            }
            if found.is_empty() { cursor.unexpected() } else { Ok(TableAction::Unset(found)) }
        }
        () => cursor.unexpected(),
    }
}

fn rename(cursor: &mut Cursor) -> Result<TableAction, SqlError> {
    let column = cursor.takes("COLUMN");
    if !column && !cursor.takes("CONSTRAINT") {
        cursor.expect("TO")?;
        return cursor.path().map(TableAction::RenameTo);
    }
    let from = cursor.identifier()?;
    cursor.expect("TO")?;
    let to = cursor.identifier()?;
    Ok(if column { TableAction::RenameColumn { from, to } } else { TableAction::RenameKey { from, to } })
}

fn add(cursor: &mut Cursor) -> Result<TableAction, SqlError> {
    if cursor.takes("SEARCH OPTIMIZATION") {
        return search_optimization(cursor, true);
    }
    if let Some(key) = keys::out_of_line(cursor)? {
        return Ok(TableAction::AddKey(key));
    }
    let mut if_not_exists = false;
    let columns = cursor.list(|cursor| {
        cursor.takes("COLUMN");
        if_not_exists |= cursor.if_not_exists()?;
        columns::column(cursor)
    })?;
    Ok(TableAction::AddColumns { columns, if_not_exists })
}

/// `[ON method(…), …]`: what it is on is taken as said.
fn search_optimization(cursor: &mut Cursor, on: bool) -> Result<TableAction, SqlError> {
    if cursor.takes("ON") {
        cursor.list(|cursor| {
            cursor.word()?;
            super::super::property::opaque(cursor)
        })?;
    }
    Ok(TableAction::SearchOptimization(on))
}

fn drop(cursor: &mut Cursor) -> Result<TableAction, SqlError> {
    match () {
        () if cursor.takes("CLUSTERING KEY") => return Ok(TableAction::DropClusteringKey),
        () if cursor.takes("SEARCH OPTIMIZATION") => return search_optimization(cursor, false),
        () => {}
    }
    if let Some(key) = key_choice(cursor)? {
        if !cursor.takes("CASCADE") {
            cursor.takes("RESTRICT");
        }
        return Ok(TableAction::DropKey(key));
    }
    cursor.takes("COLUMN");
    let if_exists = cursor.if_exists()?;
    let names = cursor.list(Cursor::identifier)?;
    if !cursor.takes("CASCADE") {
        cursor.takes("RESTRICT");
    }
    Ok(TableAction::DropColumns { names, if_exists })
}

/// `CONSTRAINT name`, `PRIMARY KEY`, `UNIQUE (…)` or `FOREIGN KEY (…)`.
fn key_choice(cursor: &mut Cursor) -> Result<Option<KeyChoice>, SqlError> {
    if cursor.takes("CONSTRAINT") {
        return cursor.identifier().map(KeyChoice::Named).map(Some);
    }
    if cursor.takes("PRIMARY KEY") {
        return Ok(Some(KeyChoice::Primary));
    }
    for (words, kind) in [("UNIQUE", KeyKind::Unique), ("FOREIGN KEY", KeyKind::Foreign)] {
        if cursor.takes(words) {
            return Ok(Some(KeyChoice::Of(kind, cursor.bracketed(Cursor::identifier)?)));
        }
    }
    Ok(None)
}

fn alter_part(cursor: &mut Cursor) -> Result<TableAction, SqlError> {
    if let Some(key) = key_choice(cursor)? {
        keys::properties(cursor);
        return Ok(TableAction::AlterKey(key));
    }
    let changes = if cursor.is_symbol("(") { cursor.bracketed(column)? } else { cursor.list(column)? };
    Ok(TableAction::AlterColumns(changes))
}

fn column(cursor: &mut Cursor) -> Result<(String, ColumnChange), SqlError> {
    cursor.takes("COLUMN");
    let name = cursor.identifier()?;
    Ok((name, change(cursor)?))
}

fn change(cursor: &mut Cursor) -> Result<ColumnChange, SqlError> {
    if let Some(change) = policy::change(cursor, true)? {
        return Ok(ColumnChange::Policy(change));
    }
    match () {
        () if cursor.takes("DROP DEFAULT") => Ok(ColumnChange::DropDefault),
        () if cursor.takes("SET DEFAULT") => columns::sequence_default(cursor).map(ColumnChange::Default),
        () if cursor.takes("SET NOT NULL") || cursor.takes("NOT NULL") => Ok(ColumnChange::Nullable(false)),
        () if cursor.takes("DROP NOT NULL") => Ok(ColumnChange::Nullable(true)),
        () if cursor.takes("COMMENT") => cursor.text().map(Some).map(ColumnChange::Comment),
        () if cursor.takes("UNSET COMMENT") => Ok(ColumnChange::Comment(None)),
        () if cursor.is("SET") && cursor.is_at(1, "TAG") => {
            cursor.next();
            tag::set(cursor).map(ColumnChange::SetTags)
        }
        () if cursor.is("UNSET") && cursor.is_at(1, "TAG") => {
            cursor.next();
            tag::unset(cursor).map(ColumnChange::UnsetTags)
        }
        () => {
            if cursor.takes("SET") {
                cursor.expect("DATA TYPE")?;
            } else {
                cursor.takes("TYPE");
            }
            let kind = data_type(cursor)?;
            let collation = if cursor.takes("COLLATE") { Some(cursor.text()?) } else { None };
            Ok(ColumnChange::Type(kind, collation))
        }
    }
}
