//! What CREATE TABLE says between the brackets: columns and constraints (docs: create-table, create-table-constraint).

use serde::{Deserialize, Serialize};

use super::Path;
use super::cursor::Cursor;
use super::data_type::{DataType, data_type};
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) start: i64,
    pub(crate) increment: i64,
    pub(crate) ordered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyKind {
    Primary,
    Unique,
    Foreign,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) kind: KeyKind,
    /// Snowflake makes a name up for one that has none.
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    /// The table and its columns; none for the primary key of that table.
    pub(crate) references: Option<(Path, Vec<String>)>,
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

enum Part {
    Column(ColumnDefinition, Vec<Key>),
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
                shape.columns.push(column);
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
        // The number is a guess.
        return Err(SqlError::new(
            2034,
            "42601",
            "SQL compilation error:\nmultiple primary keys are not allowed.",
        ));
    }
    let primary = shape.primary().map(|key| key.columns.clone()).unwrap_or_default();
    for column in shape.columns.iter_mut().filter(|column| primary.contains(&column.name)) {
        column.nullable = false;
    }
    Ok(shape)
}

fn part(cursor: &mut Cursor) -> Result<Part, SqlError> {
    // A column may be called like a constraint; then a type follows, and no bracket and no KEY.
    let opens = |ahead: usize| matches!(&cursor.look(ahead).kind, Kind::Symbol(symbol) if symbol == "(");
    let key = cursor.is("CONSTRAINT")
        || ((cursor.is("PRIMARY") || cursor.is("FOREIGN")) && cursor.is_at(1, "KEY"))
        || (cursor.is("UNIQUE") && opens(1));
    if !key {
        return column(cursor);
    }
    let name = if cursor.takes("CONSTRAINT") { Some(cursor.identifier()?) } else { None };
    let kind = key_kind(cursor)?;
    let columns = cursor.bracketed(Cursor::identifier)?;
    if columns.is_empty() {
        return cursor.unexpected();
    }
    let references = if kind == KeyKind::Foreign {
        cursor.expect("REFERENCES")?;
        Some(referenced(cursor)?)
    } else {
        None
    };
    properties(cursor);
    Ok(Part::Key(Key { kind, name, columns, references }))
}

fn key_kind(cursor: &mut Cursor) -> Result<KeyKind, SqlError> {
    match () {
        () if cursor.takes("PRIMARY KEY") => Ok(KeyKind::Primary),
        () if cursor.takes("UNIQUE") => Ok(KeyKind::Unique),
        () if cursor.takes("FOREIGN KEY") => Ok(KeyKind::Foreign),
        () => cursor.unexpected(),
    }
}

fn referenced(cursor: &mut Cursor) -> Result<(Path, Vec<String>), SqlError> {
    let table = cursor.path()?;
    let columns = if cursor.is_symbol("(") { cursor.bracketed(Cursor::identifier)? } else { vec![] };
    Ok((table, columns))
}

/// What a constraint says of itself changes nothing: none of them is enforced.
fn properties(cursor: &mut Cursor) {
    const WORDS: [&str; 16] = [
        "NOT ENFORCED",
        "ENFORCED",
        "NOT DEFERRABLE",
        "DEFERRABLE",
        "INITIALLY DEFERRED",
        "INITIALLY IMMEDIATE",
        "ENABLE",
        "DISABLE",
        "VALIDATE",
        "NOVALIDATE",
        "RELY",
        "NORELY",
        "MATCH FULL",
        "MATCH SIMPLE",
        "MATCH PARTIAL",
        "ON DELETE NO ACTION",
    ];
    while WORDS.iter().any(|words| cursor.takes(words)) {}
}

fn column(cursor: &mut Cursor) -> Result<Part, SqlError> {
    let name = cursor.identifier()?;
    let kind = data_type(cursor)?;
    let mut column = ColumnDefinition {
        name,
        kind,
        nullable: true,
        default: None,
        identity: None,
        collation: None,
        comment: None,
    };
    let mut keys = Vec::new();
    while !cursor.done() && !cursor.is_symbol(",") && !cursor.is_symbol(")") {
        match () {
            () if cursor.takes("NOT NULL") => column.nullable = false,
            () if cursor.takes("NULL") => {}
            () if cursor.takes("COLLATE") => column.collation = Some(cursor.text()?),
            () if cursor.takes("COMMENT") => column.comment = Some(cursor.text()?),
            () if column.default.is_none() && cursor.takes("DEFAULT") => {
                column.default = Some(default(cursor, 0)?);
            }
            () if cursor.takes("AUTOINCREMENT") || cursor.takes("IDENTITY") => {
                column.identity = Some(identity(cursor)?);
                column.nullable = false;
            }
            () => keys.push(inline_key(cursor, &column.name)?),
        }
    }
    Ok(Part::Column(column, keys))
}

fn inline_key(cursor: &mut Cursor, column: &str) -> Result<Key, SqlError> {
    let name = if cursor.takes("CONSTRAINT") { Some(cursor.identifier()?) } else { None };
    let (kind, references) = if cursor.takes("REFERENCES") {
        (KeyKind::Foreign, Some(referenced(cursor)?))
    } else {
        let kind = key_kind(cursor)?;
        let references = if kind == KeyKind::Foreign {
            cursor.expect("REFERENCES")?;
            Some(referenced(cursor)?)
        } else {
            None
        };
        (kind, references)
    };
    properties(cursor);
    Ok(Key { kind, name, columns: vec![column.to_owned()], references })
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

fn signed(cursor: &mut Cursor) -> Result<i64, SqlError> {
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
            match word.as_str() {
                "CURRENT_TIMESTAMP" | "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_USER" | "LOCALTIMESTAMP" => {
                    Ok(format!("{word}()"))
                }
                _ => Err(token.unexpected()),
            }
        }
        _ => Err(token.unexpected()),
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
