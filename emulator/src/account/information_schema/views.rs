//! The views of INFORMATION_SCHEMA that are here, and their rows (docs: info-schema/columns and its like).

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, number, table, text, time};
use super::super::grants::Securable;
use super::super::store::{Head, Id};
use super::super::tables::{Placed, clustered_by};
use crate::error::SqlError;
use crate::rows::ColumnType::{Fixed, Text, TimestampLtz};
use crate::rows::{ColumnType, Rows};
use crate::sql::columns::ColumnDefinition;
use crate::sql::data_type::DataType;
use crate::sql::keys::KeyKind;
use crate::sql::table::Keeping;

type Columns = &'static [(&'static str, ColumnType)];

const COLUMNS: Columns = &[
    ("TABLE_CATALOG", Text),
    ("TABLE_SCHEMA", Text),
    ("TABLE_NAME", Text),
    ("COLUMN_NAME", Text),
    ("ORDINAL_POSITION", Fixed),
    ("COLUMN_DEFAULT", Text),
    ("IS_NULLABLE", Text),
    ("DATA_TYPE", Text),
    ("CHARACTER_MAXIMUM_LENGTH", Fixed),
    ("CHARACTER_OCTET_LENGTH", Fixed),
    ("NUMERIC_PRECISION", Fixed),
    ("NUMERIC_PRECISION_RADIX", Fixed),
    ("NUMERIC_SCALE", Fixed),
    ("DATETIME_PRECISION", Fixed),
    ("COLLATION_NAME", Text),
    ("IS_IDENTITY", Text),
    ("IDENTITY_GENERATION", Text),
    ("IDENTITY_START", Fixed),
    ("IDENTITY_INCREMENT", Fixed),
    ("IDENTITY_CYCLE", Text),
    ("IDENTITY_ORDERED", Text),
    ("COMMENT", Text),
    ("DATA_TYPE_ALIAS", Text),
];

const TABLES: Columns = &[
    ("TABLE_CATALOG", Text),
    ("TABLE_SCHEMA", Text),
    ("TABLE_NAME", Text),
    ("TABLE_OWNER", Text),
    ("TABLE_TYPE", Text),
    ("IS_TRANSIENT", Text),
    ("CLUSTERING_KEY", Text),
    ("ROW_COUNT", Fixed),
    ("BYTES", Fixed),
    ("RETENTION_TIME", Fixed),
    ("CREATED", TimestampLtz),
    ("LAST_ALTERED", TimestampLtz),
    ("AUTO_CLUSTERING_ON", Text),
    ("COMMENT", Text),
    ("IS_TEMPORARY", Text),
    ("IS_ICEBERG", Text),
    ("IS_DYNAMIC", Text),
    ("IS_HYBRID", Text),
];

const SCHEMATA: Columns = &[
    ("CATALOG_NAME", Text),
    ("SCHEMA_NAME", Text),
    ("SCHEMA_OWNER", Text),
    ("IS_TRANSIENT", Text),
    ("IS_MANAGED_ACCESS", Text),
    ("RETENTION_TIME", Fixed),
    ("DEFAULT_CHARACTER_SET_CATALOG", Text),
    ("DEFAULT_CHARACTER_SET_SCHEMA", Text),
    ("DEFAULT_CHARACTER_SET_NAME", Text),
    ("SQL_PATH", Text),
    ("CREATED", TimestampLtz),
    ("LAST_ALTERED", TimestampLtz),
    ("COMMENT", Text),
];

const DATABASES: Columns = &[
    ("DATABASE_NAME", Text),
    ("DATABASE_OWNER", Text),
    ("IS_TRANSIENT", Text),
    ("COMMENT", Text),
    ("CREATED", TimestampLtz),
    ("LAST_ALTERED", TimestampLtz),
    ("RETENTION_TIME", Fixed),
    ("TYPE", Text),
];

const VIEWS: Columns = &[
    ("TABLE_CATALOG", Text),
    ("TABLE_SCHEMA", Text),
    ("TABLE_NAME", Text),
    ("TABLE_OWNER", Text),
    ("VIEW_DEFINITION", Text),
    ("CHECK_OPTION", Text),
    ("IS_UPDATABLE", Text),
    ("INSERTABLE_INTO", Text),
    ("IS_SECURE", Text),
    ("CREATED", TimestampLtz),
    ("LAST_ALTERED", TimestampLtz),
    ("COMMENT", Text),
];

const TABLE_CONSTRAINTS: Columns = &[
    ("CONSTRAINT_CATALOG", Text),
    ("CONSTRAINT_SCHEMA", Text),
    ("CONSTRAINT_NAME", Text),
    ("TABLE_CATALOG", Text),
    ("TABLE_SCHEMA", Text),
    ("TABLE_NAME", Text),
    ("CONSTRAINT_TYPE", Text),
    ("IS_DEFERRABLE", Text),
    ("INITIALLY_DEFERRED", Text),
    ("ENFORCED", Text),
    ("COMMENT", Text),
    ("CREATED", TimestampLtz),
    ("LAST_ALTERED", TimestampLtz),
    ("RELY", Text),
];

/// `YES` or `NO`
fn said(value: bool) -> Cell {
    text(if value { "YES" } else { "NO" })
}

/// A comment; NULL when there is none.
fn comment(head: &Head) -> Cell {
    (!head.comment.is_empty()).then(|| head.comment.clone())
}

impl Account {
    /// All rows and columns of a view, tables and columns in their order.
    pub(super) fn view(&self, access: &Access, database: Id, name: &str) -> Result<Rows, SqlError> {
        let tables = || self.placed(access, vec![database], None);
        Ok(match name {
            "COLUMNS" => filled(
                COLUMNS,
                tables().flat_map(|placed| {
                    let columns = placed.table.shape.columns.iter().enumerate();
                    columns.map(move |(at, column)| column_row(placed, at, column))
                }),
            ),
            "TABLES" => filled(TABLES, tables().map(|placed| self.table_in_schema(placed))),
            "TABLE_CONSTRAINTS" => filled(TABLE_CONSTRAINTS, tables().flat_map(constraints)),
            "VIEWS" => filled(VIEWS, self.listed_views(access, database).into_iter()),
            "SCHEMATA" => self.schemata(access, database),
            "DATABASES" => self.catalog(access),
            _ => {
                return Err(SqlError::new(
                    2003,
                    "42S02",
                    format!(
                        "SQL compilation error:\nObject 'INFORMATION_SCHEMA.{name}' does not exist or not authorized."
                    ),
                ));
            }
        })
    }

    fn table_in_schema(&self, placed: Placed<'_>) -> Vec<Cell> {
        let head = &placed.table.head;
        vec![
            text(&placed.database.name),
            text(&placed.schema.name),
            text(&head.name),
            text(self.role_name(head.owner)),
            text("BASE TABLE"),
            said(placed.table.keeping == Keeping::Transient),
            placed.table.cluster_by.as_ref().map(|_| clustered_by(placed.table)),
            number(placed.table.data.len()),
            number(placed.table.data.bytes()),
            number(self.retention(&self.parameter_chain(placed.at(), placed.table))),
            time(head.created_on),
            time(head.created_on),
            said(false),
            comment(head),
            said(false),
            said(false),
            said(false),
            said(false),
        ]
    }

    fn schemata(&self, access: &Access, database: Id) -> Rows {
        let Some(database) = self.databases.by_id(database) else { return table(SCHEMATA) };
        let seen = database.schemas.iter().filter(|it| self.sees_schema(access, database.head.id, it));
        filled(
            SCHEMATA,
            seen.map(|schema| {
                vec![
                    text(&database.head.name),
                    text(&schema.head.name),
                    text(self.role_name(schema.head.owner)),
                    said(schema.transient),
                    said(schema.managed_access),
                    number(self.retention(&[&schema.parameters, &database.parameters])),
                    None,
                    None,
                    None,
                    None,
                    time(schema.head.created_on),
                    time(schema.head.created_on),
                    comment(&schema.head),
                ]
            }),
        )
    }

    fn catalog(&self, access: &Access) -> Rows {
        let seen = self.databases.iter().filter(|it| self.sees(access, Securable::Database(it.head.id)));
        filled(
            DATABASES,
            seen.map(|database| {
                let head = &database.head;
                vec![
                    text(&head.name),
                    text(self.role_name(head.owner)),
                    said(database.transient),
                    comment(head),
                    time(head.created_on),
                    time(head.created_on),
                    number(self.retention(&[&database.parameters])),
                    text(if head.owner.is_none() { "APPLICATION" } else { "STANDARD" }),
                ]
            }),
        )
    }
}

fn filled(columns: Columns, rows: impl Iterator<Item = Vec<Cell>>) -> Rows {
    let mut filled = table(columns);
    filled.rows = rows.collect();
    filled
}

fn column_row(placed: Placed<'_>, at: usize, column: &ColumnDefinition) -> Vec<Cell> {
    let (mut length, mut bytes, mut precision, mut scale, mut digits) = (None, None, None, None, None);
    match &column.kind {
        DataType::Number { precision: whole, scale: after } => {
            (precision, scale) = (Some(*whole), Some(*after));
        }
        DataType::Text(letters) => (length, bytes) = (Some(*letters), Some((letters * 4).min(134_217_728))),
        DataType::Binary(most) => (length, bytes) = (Some(*most), Some(*most)),
        DataType::Time(after) | DataType::Timestamp(_, after) => digits = Some(*after),
        _ => {}
    }
    let cell = |value: Option<u64>| value.and_then(number);
    let identity = column.identity;
    vec![
        text(&placed.database.name),
        text(&placed.schema.name),
        text(&placed.table.head.name),
        text(&column.name),
        number(at + 1),
        column.default.clone(),
        said(column.nullable),
        text(column.kind.name()),
        cell(length),
        cell(bytes),
        cell(precision),
        cell(precision.map(|_| 10)),
        cell(scale),
        cell(digits),
        column.collation.clone(),
        said(identity.is_some()),
        identity.and_then(|_| text("BY DEFAULT")),
        identity.and_then(|identity| number(identity.start)),
        identity.and_then(|identity| number(identity.increment)),
        identity.and_then(|_| said(false)),
        identity.and_then(|identity| said(identity.ordered)),
        column.comment.clone(),
        text(column.kind.shown()),
    ]
}

fn constraints(placed: Placed<'_>) -> impl Iterator<Item = Vec<Cell>> {
    let kinds =
        [(KeyKind::Primary, "PRIMARY KEY"), (KeyKind::Unique, "UNIQUE"), (KeyKind::Foreign, "FOREIGN KEY")];
    kinds.into_iter().flat_map(move |(kind, name)| {
        placed.keys(kind).map(move |(constraint, _)| {
            vec![
                text(&placed.database.name),
                text(&placed.schema.name),
                text(constraint),
                text(&placed.database.name),
                text(&placed.schema.name),
                text(&placed.table.head.name),
                text(name),
                said(false),
                said(false),
                said(false),
                None,
                time(placed.table.head.created_on),
                time(placed.table.head.created_on),
                said(false),
            ]
        })
    })
}
