//! What CREATE TABLE says between the brackets: columns and constraints (docs: create-table, create-table-constraint).

use serde::{Deserialize, Serialize};

use super::Path;
use super::cursor::Cursor;
use super::data_type::{DataType, data_type};
use super::keys::{self, Key, KeyKind};
use super::policy::{self, Attach};
use super::property;
use super::tag::{self, Tagging};
use super::tokens::Kind;
use crate::error::SqlError;

/// The columns of a table and the keys among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) columns: Vec<ColumnDefinition>,
    pub(crate) keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnDefinition {
    pub(crate) name: String,
    pub(crate) kind: DataType,
    pub(crate) nullable: bool,
    /// The expression, as SHOW gives it.
    pub(crate) default: Option<String>,
    pub(crate) identity: Option<Identity>,
    pub(crate) collation: Option<String>,
    pub(crate) comment: Option<String>,
    /// Of a virtual column.
    #[serde(default)]
    pub(crate) expression: Option<String>,
    /// What the statement says; the table keeps its own record of these.
    #[serde(skip)]
    pub(crate) policies: Vec<Attach>,
    #[serde(skip)]
    pub(crate) tags: Vec<Tagging>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) start: i64,
    pub(crate) increment: i64,
    pub(crate) ordered: bool,
}

impl ColumnDefinition {
    pub(crate) fn new(name: String, kind: DataType) -> Self {
        Self {
            name,
            kind,
            nullable: true,
            default: None,
            identity: None,
            collation: None,
            comment: None,
            expression: None,
            policies: Vec::new(),
            tags: Vec::new(),
        }
    }
}

impl Shape {
    pub(crate) fn primary(&self) -> Option<&Key> {
        self.keys.iter().find(|key| key.kind == KeyKind::Primary)
    }

    pub(crate) fn has(&self, kind: KeyKind, column: &str) -> bool {
        self.keys.iter().any(|key| key.kind == kind && key.columns.iter().any(|name| name == column))
    }
}

/// `COMMENT ON COLUMN table.column IS 'text'`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommentColumn {
    pub(crate) table: Path,
    pub(crate) column: String,
    pub(crate) if_exists: bool,
    pub(crate) text: String,
}

/// After `COMMENT`; nothing when it is on something else.
pub(crate) fn comment(cursor: &mut Cursor) -> Result<Option<CommentColumn>, SqlError> {
    let if_exists = cursor.is("IF");
    let column = if if_exists { cursor.takes("IF EXISTS ON COLUMN") } else { cursor.takes("ON COLUMN") };
    if !column {
        return Ok(None);
    }
    let mut table = cursor.path()?;
    if table.len() == 3 && cursor.takes_symbol(".") {
        table.push(cursor.identifier()?);
    }
    let (Some(column), false) = (table.pop(), table.is_empty()) else { return cursor.unexpected() };
    cursor.expect("IS")?;
    Ok(Some(CommentColumn { table, column, if_exists, text: cursor.text()? }))
}

/// The number is a guess.
pub(crate) fn two_primary_keys() -> SqlError {
    SqlError::new(2034, "42601", "SQL compilation error:\nmultiple primary keys are not allowed.")
}

enum Part {
    Column(Box<ColumnDefinition>, Vec<Key>),
    Key(Key),
}

/// `( name TYPE …, PRIMARY KEY (…), … )`
pub(crate) fn shape(cursor: &mut Cursor) -> Result<Shape, SqlError> {
    let mut shape = Shape::default();
    for part in cursor.bracketed(part)? {
        match part {
            Part::Key(key) => shape.keys.push(key),
            Part::Column(column, keys) => {
                if shape.columns.iter().any(|other| other.name == column.name) {
                    return Err(SqlError::new(
                        2025,
                        "42S21",
                        format!("SQL compilation error:\nduplicate column name '{}'", column.name),
                    ));
                }
                shape.columns.push(*column);
                shape.keys.extend(keys);
            }
        }
    }
    if let Some(name) = shape
        .keys
        .iter()
        .flat_map(|key| &key.columns)
        .find(|name| !shape.columns.iter().any(|column| column.name == **name))
    {
        return Err(SqlError::new(
            904,
            "42000",
            format!("SQL compilation error:\ninvalid identifier '{name}'"),
        ));
    }
    if shape.keys.iter().filter(|key| key.kind == KeyKind::Primary).count() > 1 {
        return Err(two_primary_keys());
    }
    let primary = shape.primary().map(|key| key.columns.clone()).unwrap_or_default();
    for column in shape.columns.iter_mut().filter(|column| primary.contains(&column.name)) {
        column.nullable = false;
    }
    Ok(shape)
}

fn part(cursor: &mut Cursor) -> Result<Part, SqlError> {
    match keys::out_of_line(cursor)? {
        Some(key) => Ok(Part::Key(key)),
        None => column(cursor).map(|(column, keys)| Part::Column(Box::new(column), keys)),
    }
}

/// `name TYPE …`, and the keys that it says inline.
pub(crate) fn column(cursor: &mut Cursor) -> Result<(ColumnDefinition, Vec<Key>), SqlError> {
    let name = cursor.identifier()?;
    let kind = data_type(cursor)?;
    let mut column = ColumnDefinition::new(name, kind);
    let mut found = Vec::new();
    while !cursor.done() && !cursor.is_symbol(",") && !cursor.is_symbol(")") {
        if let Some(attach) = policy::attach(cursor, true)? {
            column.policies.push(attach);
            continue;
        }
        match () {
            () if cursor.takes("NOT NULL") => column.nullable = false,
            () if cursor.takes("NULL") => {}
            () if cursor.takes("COLLATE") => column.collation = Some(cursor.text()?),
            () if cursor.takes("COMMENT") => column.comment = Some(cursor.text()?),
            () if column.expression.is_none() && cursor.is("AS") => {
                cursor.next();
                column.expression = Some(property::opaque(cursor)?);
            }
            () if column.default.is_none() && cursor.takes("DEFAULT") => {
                column.default = Some(default(cursor, 0)?);
            }
            () if column.tags.is_empty() && (cursor.takes("WITH TAG") || cursor.takes("TAG")) => {
                column.tags = tag::after_tag(cursor)?;
            }
            () if cursor.takes("AUTOINCREMENT") || cursor.takes("IDENTITY") => {
                column.identity = Some(identity(cursor)?);
                column.nullable = false;
            }
            () => found.push(keys::inline(cursor, &column.name)?),
        }
    }
    Ok((column, found))
}

/// `[(start, step)] | [START [WITH] [=] n] [INCREMENT [BY] [=] n]`, then `[ORDER | NOORDER]`
fn identity(cursor: &mut Cursor) -> Result<Identity, SqlError> {
    let mut identity = Identity { start: 1, increment: 1, ordered: false };
    if cursor.takes_symbol("(") {
        identity.start = signed(cursor)?;
        cursor.expect_symbol(",")?;
        identity.increment = signed(cursor)?;
        cursor.expect_symbol(")")?;
    } else {
        if cursor.takes("START") {
            cursor.takes("WITH");
            cursor.takes_symbol("=");
            identity.start = signed(cursor)?;
        }
        if cursor.takes("INCREMENT") {
            cursor.takes("BY");
            cursor.takes_symbol("=");
            identity.increment = signed(cursor)?;
        }
    }
    if cursor.takes("ORDER") {
        identity.ordered = true;
    } else {
        cursor.takes("NOORDER");
    }
    Ok(identity)
}

pub(super) fn signed(cursor: &mut Cursor) -> Result<i64, SqlError> {
    let minus = cursor.takes_symbol("-");
    let place = cursor.peek().clone();
    let number = i64::try_from(cursor.count()?).map_err(|_| place.unexpected())?;
    Ok(if minus { -number } else { number })
}

/// A literal or a call of a function, as SHOW gives it.
fn default(cursor: &mut Cursor, depth: usize) -> Result<String, SqlError> {
    const DEPTH: usize = 4;
    let negative = cursor.takes_symbol("-");
    let token = cursor.next();
    match token.kind {
        Kind::Number(number) => Ok(if negative { format!("-{number}") } else { number }),
        _ if negative => Err(token.unexpected()),
        Kind::Text(ref text) => Ok(format!("'{}'", text.replace('\'', "''"))),
        Kind::Word(ref word) => {
            let word = word.to_uppercase();
            if ["TRUE", "FALSE", "NULL"].contains(&word.as_str()) {
                return Ok(word);
            }
            if cursor.is_symbol("(") && depth < DEPTH {
                let arguments = cursor.bracketed(|cursor| default(cursor, depth + 1))?;
                return Ok(format!("{word}({})", arguments.join(", ")));
            }
            if cursor.is_symbol(".") && depth == 0 {
                return sequence(cursor, word);
            }
            match word.as_str() {
                "CURRENT_TIMESTAMP" | "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_USER" | "LOCALTIMESTAMP" => {
                    Ok(format!("{word}()"))
                }
                _ => Err(token.unexpected()),
            }
        }
        Kind::Quoted(ref name) if depth == 0 && cursor.is_symbol(".") => sequence(cursor, name.clone()),
        _ => Err(token.unexpected()),
    }
}

/// `name.NEXTVAL`, the only default that ALTER sets (docs: alter-table-column).
pub(crate) fn sequence_default(cursor: &mut Cursor) -> Result<String, SqlError> {
    let first = cursor.identifier()?;
    sequence(cursor, first)
}

/// `name.NEXTVAL` with the first part read; the account completes the name.
fn sequence(cursor: &mut Cursor, first: String) -> Result<String, SqlError> {
    let mut path = vec![first];
    while cursor.takes_symbol(".") {
        path.push(cursor.identifier()?);
    }
    match path.pop() {
        Some(last) if last == "NEXTVAL" && path.len() <= 3 => {
            let parts: Vec<String> =
                path.iter().map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
            Ok(format!("{}.NEXTVAL", parts.join(".")))
        }
        _ => cursor.unexpected(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Shape, String> {
        let mut cursor = Cursor::new(text).unwrap();
        let shape = shape(&mut cursor).map_err(|error| error.to_string())?;
        cursor.finish().map_err(|error| error.to_string())?;
        Ok(shape)
    }

    #[test]
    fn columns_keep_what_is_said_of_them() {
        let shape = read(
            "(id INT AUTOINCREMENT START 5 INCREMENT 2 ORDER PRIMARY KEY, \"my Name\" VARCHAR(10) NOT NULL DEFAULT 'it''s' \
             COMMENT 'who', at TIMESTAMP_LTZ DEFAULT CURRENT_TIMESTAMP, n NUMBER(5,2) DEFAULT -1.5 COLLATE 'en', \
             u UUID DEFAULT UUID_STRING() UNIQUE, ref INT REFERENCES d.s.t (x) NOT ENFORCED, \
             CONSTRAINT \"k\" UNIQUE (at, n), FOREIGN KEY (n) REFERENCES t)",
        )
        .unwrap();
        let names: Vec<_> = shape.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["ID", "my Name", "AT", "N", "U", "REF"]);
        assert_eq!(shape.columns[0].identity, Some(Identity { start: 5, increment: 2, ordered: true }));
        assert!(!shape.columns[0].nullable && !shape.columns[1].nullable && shape.columns[2].nullable);
        let defaults: Vec<_> = shape.columns.iter().map(|column| column.default.as_deref()).collect();
        assert_eq!(
            defaults,
            [None, Some("'it''s'"), Some("CURRENT_TIMESTAMP()"), Some("-1.5"), Some("UUID_STRING()"), None]
        );
        assert_eq!(shape.columns[1].comment.as_deref(), Some("who"));
        assert_eq!(shape.primary().unwrap().columns, ["ID"]);
        assert!(shape.has(KeyKind::Unique, "U") && shape.has(KeyKind::Unique, "N"));
        let foreign: Vec<_> = shape.keys.iter().filter_map(|key| key.references.clone()).collect();
        assert_eq!(foreign[0], (vec!["D".into(), "S".into(), "T".into()], vec!["X".into()]));
        assert_eq!(foreign[1], (vec!["T".into()], vec![]));
    }

    #[test]
    fn a_column_may_be_called_like_a_word_of_constraints() {
        let shape = read("(unique INT, primary TEXT, key INT, comment TEXT)").unwrap();
        assert_eq!(shape.columns.len(), 4);
    }

    #[test]
    fn what_does_not_hold_is_refused() {
        for text in [
            "(a)",
            "(a INT a INT)",
            "(a INT,)",
            "(a INT, a TEXT)",
            "(a INT, PRIMARY KEY (b))",
            "(a INT, PRIMARY KEY ())",
            "(a INT PRIMARY KEY, b INT PRIMARY KEY)",
            "(a INT DEFAULT)",
            "(a INT DEFAULT b)",
            "(a INT DEFAULT - 'x')",
            "(a INT FOREIGN KEY)",
            "(a INT NOT)",
            "(CONSTRAINT k CHECK (a > 1))",
            "(a INT IDENTITY(1))",
            "(a INT",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
