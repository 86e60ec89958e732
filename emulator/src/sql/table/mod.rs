//! CREATE TABLE (docs: create-table, create-table-constraint, create-interactive-table), and the words that ALTER
//! TABLE shares with it.

mod alter;

pub(crate) use alter::{AlterTable, ColumnChange, KeyChoice, TableAction, alter};

use serde::{Deserialize, Serialize};

use super::columns::{self, Shape};
use super::cursor::{Cursor, Path};
use super::database::point_in_time;
use super::policy::{self, Attach};
use super::property::{Property, Setting, Takes, find, row, setting};
use super::query::{self, Query};
use super::tag::{self, Tagging};
use super::tokens::Kind;
use super::{Command, How};
use crate::error::SqlError;

/// What stands after the columns, and what ALTER TABLE sets.
const PROPERTIES: &[Property] = &[
    Property { name: "DATA_RETENTION_TIME_IN_DAYS", takes: Takes::Number },
    Property { name: "MAX_DATA_EXTENSION_TIME_IN_DAYS", takes: Takes::Integer(0, 90) },
    Property { name: "CHANGE_TRACKING", takes: Takes::Flag },
    Property { name: "DEFAULT_DDL_COLLATION", takes: Takes::Text },
    Property { name: "ENABLE_SCHEMA_EVOLUTION", takes: Takes::Flag },
    Property { name: "STAGE_FILE_FORMAT", takes: Takes::Opaque },
    Property { name: "STAGE_COPY_OPTIONS", takes: Takes::Opaque },
    Property { name: "COMMENT", takes: Takes::TextOrNull },
];

fn property(name: &str) -> Option<&'static Property> {
    find(&[PROPERTIES], name)
}

/// How long a table lives and what it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Keeping {
    #[default]
    Permanent,
    Transient,
    Temporary,
}

impl Keeping {
    /// As `kind` of SHOW TABLES names it.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Permanent => "TABLE",
            Self::Transient => "TRANSIENT",
            Self::Temporary => "TEMPORARY",
        }
    }
}

/// A clustering key, as it is shown, and the names in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clustering {
    /// `A, SUBSTRING(B, 1, 3)`
    pub(crate) text: String,
    /// Columns, and words that may be columns.
    pub(crate) names: Vec<String>,
    /// The items that are a single name: columns for certain.
    pub(crate) columns: Vec<String>,
}

impl Clustering {
    /// A column is called otherwise now.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        for name in self.names.iter_mut().chain(&mut self.columns).filter(|name| *name == from) {
            to.clone_into(name);
        }
        let mut text = String::new();
        let mut word = String::new();
        for char in self.text.chars().chain([' ']) {
            if char.is_alphanumeric() || "_$".contains(char) {
                word.push(char);
                continue;
            }
            text.push_str(if word.to_uppercase() == from { to } else { &word });
            word.clear();
            text.push(char);
        }
        text.pop();
        self.text = text;
    }
}

/// Where columns and rows come from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Columns(Shape),
    Like(Path),
    Clone(Path),
    /// The columns that are said (none: those of the query), and the query.
    Query(Shape, Box<Query>),
}

#[derive(Clone, Debug)]
pub(crate) struct CreateTable {
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) interactive: bool,
    pub(crate) keeping: Keeping,
    pub(crate) origin: Origin,
    pub(crate) cluster_by: Option<Clustering>,
    pub(crate) copy_grants: bool,
    pub(crate) settings: Vec<Setting>,
    pub(crate) policies: Vec<Attach>,
    pub(crate) tags: Vec<Tagging>,
}

/// The words before TABLE.
const FORMS: [(&str, Keeping); 9] = [
    ("TABLE", Keeping::Permanent),
    ("INTERACTIVE TABLE", Keeping::Permanent),
    ("TRANSIENT TABLE", Keeping::Transient),
    ("TEMPORARY TABLE", Keeping::Temporary),
    ("TEMP TABLE", Keeping::Temporary),
    ("VOLATILE TABLE", Keeping::Temporary),
    ("LOCAL TEMPORARY TABLE", Keeping::Temporary),
    ("LOCAL TEMP TABLE", Keeping::Temporary),
    ("GLOBAL TEMPORARY TABLE", Keeping::Temporary),
];

/// Does a table come after CREATE?
pub(crate) fn comes(cursor: &Cursor) -> bool {
    FORMS.iter().any(|(words, _)| words.split(' ').enumerate().all(|(at, word)| cursor.is_at(at, word)))
}

/// After `CREATE [OR REPLACE]`, when [`comes`].
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let interactive = cursor.is("INTERACTIVE");
    let Some((_, keeping)) = FORMS.iter().find(|(words, _)| cursor.takes(words)) else {
        return cursor.unexpected();
    };
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    let origin = if cursor.takes("LIKE") {
        Origin::Like(cursor.path()?)
    } else if cursor.takes("CLONE") {
        let source = cursor.path()?;
        point_in_time(cursor)?;
        Origin::Clone(source)
    } else if cursor.is("USING") {
        return Err(SqlError::unsupported("CREATE TABLE … USING TEMPLATE"));
    } else if cursor.is("AS") {
        Origin::Columns(Shape::default())
    } else {
        Origin::Columns(columns::shape(cursor)?)
    };
    let mut create = CreateTable {
        how,
        path,
        interactive,
        keeping: *keeping,
        origin,
        cluster_by: None,
        copy_grants: false,
        settings: Vec::new(),
        policies: Vec::new(),
        tags: Vec::new(),
    };
    while !cursor.done() && !cursor.is("AS") {
        if create.cluster_by.is_none() && cursor.takes("CLUSTER BY") {
            create.cluster_by = Some(clustering(cursor)?);
        } else if !create.copy_grants && cursor.takes("COPY GRANTS") {
            create.copy_grants = true;
        } else if create.tags.is_empty() && (cursor.takes("WITH TAG") || cursor.takes("TAG")) {
            create.tags = tag::after_tag(cursor)?;
        } else if let Some(property) = row(cursor, &property) {
            setting(cursor, property, &mut create.settings)?;
        } else if let Some(attach) = policy::attach(cursor, false)? {
            create.policies.push(attach);
        } else {
            return cursor.unexpected();
        }
    }
    match &create.origin {
        Origin::Columns(shape) if cursor.takes("AS") => {
            create.origin = Origin::Query(shape.clone(), Box::new(query::select_from(cursor)?));
        }
        Origin::Columns(shape) if shape.columns.is_empty() => return cursor.unexpected(),
        _ => {}
    }
    cursor.finish()?;
    Ok(Command::CreateTable(Box::new(create)))
}

/// After `CLUSTER BY`: `[LINEAR] ( expression, … )`
fn clustering(cursor: &mut Cursor) -> Result<Clustering, SqlError> {
    cursor.takes("LINEAR");
    cursor.expect_symbol("(")?;
    let mut found = Clustering { text: String::new(), names: Vec::new(), columns: Vec::new() };
    loop {
        let place = cursor.peek().clone();
        let (mut depth, mut count, mut name) = (0, 0, None);
        while depth > 0 || !(cursor.is_symbol(",") || cursor.is_symbol(")")) {
            let token = cursor.next();
            match &token.kind {
                Kind::End => return Err(token.unexpected()),
                Kind::Symbol(symbol) if symbol == "(" => depth += 1,
                Kind::Symbol(symbol) if symbol == ")" => depth -= 1,
                Kind::Word(word) if !cursor.is_symbol("(") => name = Some(word.to_uppercase()),
                Kind::Quoted(word) => name = Some(word.clone()),
                _ => {}
            }
            found.names.extend(name.clone());
            found.text.push_str(&token.kind.written());
            if token.kind == Kind::Symbol(",".into()) {
                found.text.push(' ');
            }
            count += 1;
        }
        match (count, name) {
            (0, _) => return Err(place.unexpected()),
            (1, Some(name)) => found.columns.push(name),
            _ => {}
        }
        if cursor.takes_symbol(")") {
            return Ok(found);
        }
        cursor.expect_symbol(",")?;
        found.text.push_str(", ");
    }
}
