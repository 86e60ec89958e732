//! One answer of SHOW, and the row of one object in it.

use std::{fmt, sync::Arc};

use tokio::time::Instant;

use crate::{
    snowflake::{
        rows::{Row, Rows},
        statement::Statement,
    },
    values::{
        data_type::DataType,
        full_name::FullName,
        ident::Ident,
        map::{Map, with_room},
        path::split_list,
    },
};

/// SHOW WAREHOUSES and SHOW RESOURCE MONITORS end silently at this many rows.
/// Source: <https://docs.snowflake.com/en/sql-reference/sql/show-warehouses>, usage notes.
pub const ROW_CAP: usize = 10_000;

/// A list of objects: `SHOW <plural>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Show {
    /// `SHOW WAREHOUSES`.
    pub words: &'static str,
    /// Snowflake's word for one of them (`WAREHOUSE`).
    pub kind: &'static str,
    pub by: By,
}

/// What the rows of an answer are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// `name`, as it is.
    Name,
    /// The full name: `database_name`, `schema_name`, `name`, as far as there are.
    Path,
    /// The full name with the types of the arguments, as SHOW PROCEDURES has it.
    Signature,
    /// The table that a row is of (SHOW COLUMNS, SHOW PRIMARY KEYS): many rows have one.
    Table,
    /// The table that refers to another (SHOW IMPORTED KEYS): many rows have one.
    Foreign,
}

impl By {
    /// Whether a table is a place to look in, and many rows are of one.
    pub const fn is_of_tables(self) -> bool {
        matches!(self, Self::Table | Self::Foreign)
    }
}

/// Where a list looks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    Account,
    /// In a database, in a schema, or in a table.
    In(FullName),
}

impl Scope {
    /// `SHOW … IN …`.
    pub(super) fn words(&self, statement: Statement) -> Statement {
        match self {
            Self::Account => statement,
            Self::In(place) => {
                let kind = match place.path().len() {
                    1 => "IN DATABASE",
                    2 => "IN SCHEMA",
                    _ => "IN TABLE",
                };
                statement.keyword(kind).full_name(place)
            }
        }
    }
}

/// One answer of SHOW, by the objects' exact names.
pub struct Table {
    rows: Rows,
    /// The first row of each key, and for each row the next one of the same key.
    by_key: Map<Arc<str>, u32>,
    next: Vec<u32>,
    /// When the read began.
    pub began: Instant,
    complete: bool,
}

/// No further row.
const NONE: u32 = u32::MAX;

impl Table {
    pub(super) fn new(rows: Rows, by: By, began: Instant) -> Self {
        let mut by_key: Map<Arc<str>, u32> = with_room(rows.len());
        let mut next = if by.is_of_tables() { vec![NONE; rows.len()] } else { vec![] };
        for (n, row) in rows.iter().enumerate().rev() {
            let Some(key) = key(row, by) else { continue };
            let later = by_key.insert(key, n as u32);
            if let (Some(place), Some(later)) = (next.get_mut(n), later) {
                *place = later;
            }
        }
        let complete = rows.len() < ROW_CAP;
        Self { rows, by_key, next, began, complete }
    }
    /// An answer that was not read just now: for plans without a network.
    pub fn from_rows(rows: Rows) -> Self {
        Self::by(By::Name, rows)
    }
    /// The same, with rows that are found otherwise.
    pub fn by(by: By, rows: Rows) -> Self {
        Self::new(rows, by, Instant::now())
    }
    pub fn get(&self, key: &str) -> Option<Row<'_>> {
        self.by_key.get(key).and_then(|n| self.rows.row(*n as usize))
    }
    /// What the rows are found by, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.by_key.keys().map(|key| &**key)
    }
    /// All rows of a key, in the order of the answer.
    pub fn all(&self, key: &str) -> impl Iterator<Item = Row<'_>> {
        let first = self.by_key.get(key).copied();
        let numbers = std::iter::successors(first, |n| {
            self.next.get(*n as usize).copied().filter(|next| *next != NONE)
        });
        numbers.filter_map(|n| self.rows.row(n as usize))
    }
    pub fn rows(&self) -> &Rows {
        &self.rows
    }
    /// Whether a name that is missing here is missing there: false once Snowflake's limit of rows was reached.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

/// What a row is found by.
fn key(row: Row<'_>, by: By) -> Option<Arc<str>> {
    let columns: &[&str] = match by {
        By::Name => return row.text("name").map(Arc::from),
        By::Path if row.get("schema_name").is_some() => &["database_name", "schema_name", "name"],
        By::Path if row.get("database_name").is_some() => &["database_name", "name"],
        By::Path => &["name"],
        By::Signature => &["catalog_name", "schema_name", "name"],
        By::Table => &["database_name", "schema_name", "table_name"],
        By::Foreign => &["fk_database_name", "fk_schema_name", "fk_table_name"],
    };
    let mut path: Option<FullName> = None;
    for column in columns {
        let name = Ident::exact(row.text(column)?).ok()?;
        path = Some(match path {
            None => FullName::top(name),
            Some(path) => path.join(name),
        });
    }
    let path = path?;
    let path = match by {
        By::Signature => path.taking(arguments(row)?),
        _ => path,
    };
    Some(path.to_string().into())
}

/// The types in `NAME(VARCHAR, DEFAULT NUMBER) RETURN VARCHAR`, without sizes: an account may show those, too
/// (<https://docs.snowflake.com/en/release-notes/bcr-bundles/un-bundled/bcr-1944>).
fn arguments(row: Row<'_>) -> Option<String> {
    let shown = row.text("arguments")?.strip_prefix(row.text("name")?)?.strip_prefix('(')?;
    let end = shown.rfind(") RETURN").unwrap_or(shown.len());
    let short = |text: &str| {
        let text = text.strip_prefix("DEFAULT ").unwrap_or(text);
        DataType::parse(text).map_or_else(|_| text.to_owned(), |of| of.short())
    };
    let types: Vec<_> = split_list(&shown[..end]).into_iter().map(short).collect();
    Some(types.join(", "))
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.rows.len())
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

/// The row of one object, kept together with the answer that it is part of.
#[derive(Clone, Debug)]
pub struct Found {
    table: Arc<Table>,
    key: Arc<str>,
    at: u32,
}

impl Found {
    /// The row of a name, if the answer has one.
    pub fn of(table: Arc<Table>, name: &str) -> Option<Self> {
        let (key, at) = table.by_key.get_key_value(name)?;
        let (key, at) = (key.clone(), *at);
        Some(Self { table, key, at })
    }
    /// The cell of a column: outer `None`, there is no such column; inner `None`, NULL.
    pub fn get(&self, column: &str) -> Option<Option<&str>> {
        self.table.rows.row(self.at as usize).and_then(|row| row.get(column))
    }
    /// The cell's text, with Snowflake's ways to say "nothing" as `None`.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.get(column).flatten().filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("null"))
    }
    /// What it was found by: its name, or its full name.
    pub fn name(&self) -> &str {
        &self.key
    }
    /// `created_on`, as printed: part of the identity.
    pub fn created_on(&self) -> &str {
        self.get("created_on").flatten().unwrap_or_default()
    }
    pub fn owner(&self) -> Option<&str> {
        self.text("owner")
    }
}
