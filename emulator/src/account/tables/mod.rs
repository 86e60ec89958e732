//! Tables as tools inspect them: their columns, their keys, and which of them a role sees.

mod alter;
mod alter_columns;
mod create;
mod headings;
mod record;
mod show;

pub use record::Table;
pub(super) use show::clustered_by;

use headings::{COLUMNS, DESCRIBED, FOREIGN, INDEXES, KEYS};
use uuid::Uuid;

use super::Account;
use super::access::Access;
use super::answer::{Cell, display, executed, like, number, table, text, time, yes};
use super::attachment::masking;
use super::grants::Securable;
use super::select::unknown_column;
use super::store::{Head, Id};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::columns::{ColumnDefinition, CommentColumn, Shape};
use crate::sql::inspection::{Inspection, Scope, Subject};
use crate::sql::keys::{Key, KeyKind};

/// SHOW COLUMNS gives no more rows than that (docs: show-columns).
const COLUMNS_SHOWN: usize = 10_000;

/// A table, and where it is.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) database: &'a Head,
    pub(super) schema: &'a Head,
    pub(super) table: &'a Table,
}

impl Account {
    /// What CREATE TABLE says of columns and keys, with what is referred to by its full name.
    pub(super) fn shape(
        &self,
        context: &Context,
        access: &Access,
        said: &Shape,
        path: &[String],
    ) -> Result<Shape, SqlError> {
        let mut shape = said.clone();
        let (own, name) = self.in_schema(context, access, path)?;
        for key in &mut shape.keys {
            let Some((target, columns)) = &mut key.references else { continue };
            let absent = SqlError::absent("Table", display(target));
            let (place, target_name) = self.in_schema(context, access, target)?;
            let itself = place == own && target_name == name;
            let referred = if itself {
                said
            } else {
                self.schema(place)?
                    .tables
                    .get(&target_name)
                    .filter(|table| self.sees(access, Securable::Table(place.0, place.1, table.head.id)))
                    .map(|table| &table.shape)
                    .ok_or(absent)?
            };
            if columns.is_empty() {
                *columns = referred.primary().map(|key| key.columns.clone()).unwrap_or_default();
            }
            let known = |name: &String| referred.columns.iter().any(|column| column.name == *name);
            if columns.len() != key.columns.len() || !columns.iter().all(known) {
                // The number is a guess.
                return Err(SqlError::new(
                    2043,
                    "02000",
                    format!(
                        "SQL compilation error:\nthe columns of a foreign key are not those of '{target_name}'."
                    ),
                ));
            }
            let holder = self.name_of(Securable::Schema(place.0, place.1));
            *target = crate::sql::path_of(&holder)?;
            target.push(target_name);
        }
        Ok(shape)
    }

    pub(crate) fn comment_on_column(
        &mut self,
        context: &Context,
        comment: &CommentColumn,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, ObjectKind::Table, &comment.table) {
            Ok(on) => on,
            Err(_) if comment.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, &[])?;
        let Securable::Table(database, schema, table) = on else { return Err(SqlError::impossible()) };
        let database = self.databases.by_id_mut(database);
        let schema = database.and_then(|database| database.schemas.by_id_mut(schema));
        let column = schema
            .and_then(|schema| schema.tables.by_id_mut(table))
            .and_then(|table| table.shape.columns.iter_mut().find(|column| column.name == comment.column));
        match column {
            Some(column) => column.comment = Some(comment.text.clone()).filter(|text| !text.is_empty()),
            None if comment.if_exists => {}
            None => return Err(unknown_column(&comment.column)),
        }
        Ok(executed())
    }

    /// The tables that a role sees, in the order of their names.
    pub(super) fn placed<'a>(
        &'a self,
        access: &'a Access,
        databases: Vec<Id>,
        only: Option<Id>,
    ) -> impl Iterator<Item = Placed<'a>> {
        databases.into_iter().filter_map(|id| self.databases.by_id(id)).flat_map(move |database| {
            let schemas =
                database.schemas.iter().filter(move |schema| only.is_none_or(|id| schema.head.id == id));
            schemas.flat_map(move |schema| {
                let (database, schema_head) = (&database.head, &schema.head);
                schema
                    .tables
                    .iter()
                    .filter(move |table| {
                        self.sees(access, Securable::Table(database.id, schema_head.id, table.head.id))
                    })
                    .map(move |table| Placed { database, schema: schema_head, table })
            })
        })
    }

    pub(crate) fn inspect_tables(
        &self,
        context: &Context,
        inspection: &Inspection,
    ) -> Result<Rows, SqlError> {
        let headings = match inspection.subject {
            Subject::Columns => COLUMNS,
            _ => DESCRIBED,
        };
        if let Some(rows) = self.inspect_view(context, inspection, headings)? {
            return Ok(rows);
        }
        let access = self.access(context)?;
        let all =
            |account: &Self| account.databases.iter().map(|database| database.head.id).collect::<Vec<_>>();
        let current = |name: &Option<String>| name.clone().map(|name| vec![name]);
        let mut one = None;
        let (databases, schema) = match &inspection.scope {
            Scope::Account => (all(self), None),
            Scope::Unsaid => match &context.database {
                Some(name) => (vec![self.database(&access, name)?.head.id], None),
                None => (all(self), None),
            },
            Scope::Database(path) => {
                let path = path.clone().or_else(|| current(&context.database));
                let path = path.ok_or_else(super::container::no_database)?;
                let on = self.securable(context, &access, ObjectKind::Database, &path);
                match on.map_err(|_| SqlError::impossible())? {
                    Securable::Database(id) => (vec![id], None),
                    _ => return Err(SqlError::impossible()),
                }
            }
            Scope::Schema(path) => {
                let path =
                    path.clone().or_else(|| current(&context.schema)).ok_or_else(SqlError::impossible)?;
                let (database, schema) =
                    self.schema_id(context, &access, &path).map_err(|_| SqlError::impossible())?;
                (vec![database], Some(schema))
            }
            Scope::Table(path) => match self.securable(context, &access, ObjectKind::Table, path)? {
                Securable::Table(database, schema, table) => {
                    one = Some(table);
                    (vec![database], Some(schema))
                }
                _ => return Err(SqlError::impossible()),
            },
        };
        let mut rows = table(match inspection.subject {
            Subject::Columns => COLUMNS,
            Subject::Table => DESCRIBED,
            Subject::PrimaryKeys | Subject::UniqueKeys => KEYS,
            Subject::ImportedKeys | Subject::ExportedKeys => FOREIGN,
            Subject::Indexes => INDEXES,
        });
        if inspection.subject == Subject::ExportedKeys {
            // Who refers to these tables may be anywhere.
            let wanted: Vec<Placed<'_>> = self.placed(&access, databases, schema).collect();
            let wanted = |path: &[String]| {
                wanted.iter().any(|it| one.is_none_or(|one| it.table.head.id == one) && it.is_called(path))
            };
            for placed in self.placed(&access, all(self), None) {
                rows.rows.extend(self.foreign_rows(placed).filter(|(to, _)| wanted(to)).map(|(_, row)| row));
            }
            return Ok(rows);
        }
        if inspection.subject == Subject::Columns && one.is_none() {
            self.columns_of_views(&access, (&databases, schema), inspection.like.as_deref(), &mut rows);
        }
        let views = rows.rows.len();
        for placed in self.placed(&access, databases, schema) {
            if one.is_some_and(|one| placed.table.head.id != one) {
                continue;
            }
            let columns = placed.table.shape.columns.iter();
            let shown = |column: &&ColumnDefinition| {
                inspection.like.as_deref().is_none_or(|pattern| like(pattern, &column.name))
            };
            match inspection.subject {
                Subject::Columns => {
                    let left = COLUMNS_SHOWN.saturating_sub(rows.rows.len() - views);
                    let columns = columns.filter(shown).take(left);
                    rows.rows.extend(columns.map(|column| column_row(placed, column)));
                }
                Subject::Table => {
                    rows.rows.extend(columns.map(|column| self.described(placed.table, column)));
                }
                Subject::PrimaryKeys => rows.rows.extend(key_rows(placed, KeyKind::Primary)),
                Subject::UniqueKeys => rows.rows.extend(key_rows(placed, KeyKind::Unique)),
                Subject::ImportedKeys => rows.rows.extend(self.foreign_rows(placed).map(|(_, row)| row)),
                Subject::ExportedKeys | Subject::Indexes => {}
            }
        }
        if views > 0 {
            // By database, schema and table.
            rows.rows
                .sort_by(|one, other| (&one[9], &one[1], &one[0]).cmp(&(&other[9], &other[1], &other[0])));
            rows.rows.truncate(COLUMNS_SHOWN);
        }
        Ok(rows)
    }

    /// SHOW COLUMNS lists those of views and dynamic tables as well (docs: show-columns).
    fn columns_of_views(
        &self,
        access: &Access,
        (databases, schema): (&[Id], Option<Id>),
        pattern: Option<&str>,
        rows: &mut Rows,
    ) {
        let here = |on: Securable| {
            on.schema().is_some_and(|(database, within)| {
                databases.contains(&database) && schema.is_none_or(|schema| schema == within)
            })
        };
        for (on, view) in self.views() {
            if here(on) && on.kind() != ObjectKind::CortexSearchService && self.sees(access, on) {
                rows.rows.extend(self.view_column_rows((on, view), pattern, COLUMNS));
            }
        }
    }

    fn described(&self, table: &Table, column: &ColumnDefinition) -> Vec<Cell> {
        let (shape, kind) = (&table.shape, column.kind.shown());
        let policy = masking(&table.policies, &column.name);
        vec![
            text(&column.name),
            text(
                column.collation.as_ref().map_or_else(|| kind.clone(), |it| format!("{kind} COLLATE '{it}'")),
            ),
            text(if column.expression.is_some() { "VIRTUAL" } else { "COLUMN" }),
            yes(column.nullable),
            counts(column).or_else(|| column.default.clone()),
            yes(shape.has(KeyKind::Primary, &column.name)),
            yes(shape.has(KeyKind::Unique, &column.name)),
            None,
            column.expression.clone(),
            column.comment.clone(),
            policy.map(|attachment| self.name_of(attachment.policy)),
            None,
        ]
    }

    /// Foreign keys of a table, a row for each column, and the table that each refers to. Those whose table has gone
    /// went with it.
    fn foreign_rows<'a>(&'a self, placed: Placed<'a>) -> impl Iterator<Item = (&'a [String], Vec<Cell>)> {
        placed
            .keys(KeyKind::Foreign)
            .filter_map(move |(name, key)| {
                let (target, columns) = key.references.as_ref()?;
                let [database, schema, table] = target.as_slice() else { return None };
                let there = self.databases.get(database)?.schemas.get(schema)?.tables.get(table)?;
                let database_head = &self.databases.get(database)?.head;
                let schema_head = &self.databases.get(database)?.schemas.get(schema)?.head;
                let there = Placed { database: database_head, schema: schema_head, table: there };
                let primary = there.keys(KeyKind::Primary).next().map(|(name, _)| name);
                Some(key.columns.iter().zip(columns).enumerate().map(move |(at, (from, to))| {
                    let row = vec![
                        time(placed.table.head.created_on),
                        text(database),
                        text(schema),
                        text(table),
                        text(to),
                        text(&placed.database.name),
                        text(&placed.schema.name),
                        text(&placed.table.head.name),
                        text(from),
                        number(at + 1),
                        text("NO ACTION"),
                        text("NO ACTION"),
                        text(&name),
                        primary.clone(),
                        text("NOT DEFERRABLE"),
                        text("false"),
                        None,
                    ];
                    (target.as_slice(), row)
                }))
            })
            .flatten()
    }
}

impl<'a> Placed<'a> {
    pub(super) fn at(self) -> Securable {
        Securable::Table(self.database.id, self.schema.id, self.table.head.id)
    }

    fn is_called(&self, path: &[String]) -> bool {
        matches!(path, [database, schema, table] if *database == self.database.name
            && *schema == self.schema.name && *table == self.table.head.name)
    }

    /// The keys of a kind and their names.
    pub(super) fn keys(self, kind: KeyKind) -> impl Iterator<Item = (String, &'a Key)> {
        let keys = self.table.shape.keys.iter().enumerate();
        keys.filter(move |(_, key)| key.kind == kind).map(move |(at, key)| {
            let made_up = || {
                let uuid = Uuid::from_u64_pair(self.table.head.id.0, at as u64);
                format!("SYS_CONSTRAINT_{uuid}")
            };
            (key.name.clone().unwrap_or_else(made_up), key)
        })
    }
}

/// What stands in `default` of a column that counts by itself.
pub(super) fn counts(column: &ColumnDefinition) -> Option<String> {
    let identity = column.identity?;
    let order = if identity.ordered { "ORDER" } else { "NOORDER" };
    Some(format!("IDENTITY START {} INCREMENT {} {order}", identity.start, identity.increment))
}

fn column_row(placed: Placed<'_>, column: &ColumnDefinition) -> Vec<Cell> {
    let mut described = column.kind.described();
    if let Some(object) = described.as_object_mut() {
        object.insert("nullable".into(), column.nullable.into());
    }
    vec![
        text(&placed.table.head.name),
        text(&placed.schema.name),
        text(&column.name),
        text(described.to_string()),
        text(if column.nullable { "true" } else { "NOT_NULL" }),
        text(column.default.as_deref().unwrap_or_default()),
        text("COLUMN"),
        text(""),
        text(column.comment.as_deref().unwrap_or_default()),
        text(&placed.database.name),
        text(counts(column).unwrap_or_default()),
        None,
    ]
}

fn key_rows(placed: Placed<'_>, kind: KeyKind) -> impl Iterator<Item = Vec<Cell>> {
    placed.keys(kind).flat_map(move |(name, key)| {
        key.columns.iter().enumerate().map(move |(at, column)| {
            vec![
                time(placed.table.head.created_on),
                text(&placed.database.name),
                text(&placed.schema.name),
                text(&placed.table.head.name),
                text(column),
                number(at + 1),
                text(&name),
                text("false"),
                None,
            ]
        })
    })
}
