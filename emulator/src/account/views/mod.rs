//! Views, materialized views and dynamic tables: what a query makes.

mod alter;
pub(super) mod columns;
mod create;
pub(super) mod rules;
mod show;
mod types;

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::answer::display;
use super::attachment::Attachment;
use super::grants::Securable;
use super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::data_type::DataType;
use crate::sql::{How, ObjectKind, Path};
use columns::Known;

/// The kinds whose names exclude each other in a schema, besides tables.
const RELATIONS: [ObjectKind; 5] = [
    ObjectKind::View,
    ObjectKind::MaterializedView,
    ObjectKind::DynamicTable,
    ObjectKind::EventTable,
    ObjectKind::ExternalTable,
];

/// What a view has beyond its name and its properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The statement that made it, as SHOW gives it.
    pub text: String,
    pub query: String,
    pub secure: bool,
    pub temporary: bool,
    pub transient: bool,
    pub(crate) columns: Vec<Column>,
    /// What it reads.
    pub(crate) bases: Vec<Base>,
    pub(crate) policies: Vec<Attachment>,
    pub cluster_by: Option<String>,
    /// Of a dynamic table.
    pub(crate) warehouse: Option<Id>,
    pub(crate) initialization_warehouse: Option<Id>,
    /// When it was suspended.
    pub suspended: Option<i64>,
    pub recluster_suspended: bool,
    pub refreshed_on: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: DataType,
    pub(crate) nullable: bool,
    pub(crate) comment: Option<String>,
    pub(crate) tags: std::collections::BTreeMap<Id, String>,
}

/// An object that a query reads, and the name that it had then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Base {
    pub(crate) on: Securable,
    pub(crate) path: Path,
    /// The columns that it had and that the query's text names.
    pub(crate) columns: Vec<String>,
}

impl Account {
    /// The view, materialized view or dynamic table.
    pub(crate) fn view_at(&self, on: Securable) -> Option<&View> {
        let Securable::Inside(kind, database, schema, id) = on else { return None };
        self.schema((database, schema)).ok()?.plain.get(&kind)?.by_id(id)?.view()
    }

    fn view_mut(&mut self, on: Securable) -> Result<&mut View, SqlError> {
        let plain = self.plain_mut(on)?;
        plain.view_mut().ok_or_else(SqlError::impossible)
    }

    /// Every view of the account, with its address.
    pub(crate) fn views(&self) -> impl Iterator<Item = (Securable, &View)> {
        self.databases.iter().flat_map(|database| {
            database.schemas.iter().flat_map(|schema| {
                let (database, within) = (database.head.id, schema.head.id);
                schema.plain.iter().flat_map(move |(kind, store)| {
                    store.iter().filter_map(move |it| {
                        let on = Securable::Inside(*kind, database, within, it.head.id);
                        it.view().map(|view| (on, view))
                    })
                })
            })
        })
    }

    /// The table, view or dynamic table of a name: one schema has only one of them.
    pub(crate) fn relation_named(&self, place: (Id, Id), name: &str) -> Option<Securable> {
        let schema = self.schema(place).ok()?;
        let table = schema.tables.id(name).map(|id| Securable::Table(place.0, place.1, id));
        table.or_else(|| {
            RELATIONS.into_iter().find_map(|kind| {
                let id = schema.plain.get(&kind)?.id(name)?;
                Some(Securable::Inside(kind, place.0, place.1, id))
            })
        })
    }

    /// The table, view or dynamic table of a full name.
    pub(crate) fn relation_called(&self, path: &[String]) -> Option<Securable> {
        let [database, schema, name] = path else { return None };
        let database = self.databases.get(database)?;
        let schema = database.schemas.get(schema)?;
        self.relation_named((database.head.id, schema.head.id), name)
    }

    /// The table or view that a new one of a kind would replace.
    ///
    /// # Errors
    ///
    /// `002002` for a name that another kind has. The number is unverified.
    pub(crate) fn relation_before(
        &self,
        place: (Id, Id),
        name: &str,
        kind: ObjectKind,
        how: How,
    ) -> Result<Option<Securable>, SqlError> {
        let before = self.relation_named(place, name);
        let other = before.map(Securable::kind).filter(|held| *held != kind && how != How::IfNotExists);
        match other {
            Some(held) => Err(SqlError::new(
                2002,
                "42710",
                format!("SQL compilation error:\nObject '{name}' already exists as {}", held.singular()),
            )),
            None => Ok(before),
        }
    }

    /// What a name in a query stands for; unqualified names are looked for in `place`, the schema of the view that the
    /// query makes (docs: name-resolution). Nothing for what the system holds.
    ///
    /// # Errors
    ///
    /// `002003` when it is absent, or the role may not SELECT from it.
    pub(crate) fn read_relation(
        &self,
        context: &Context,
        access: &Access,
        place: (Id, Id),
        path: &[String],
    ) -> Result<Option<Securable>, SqlError> {
        let absent = || {
            SqlError::new(
                2003,
                "42S02",
                format!(
                    "SQL compilation error:\nObject '{}' does not exist or not authorized.",
                    display(path)
                ),
            )
        };
        let information = matches!(path, [.., schema, _] if schema == "INFORMATION_SCHEMA");
        if information || matches!(path, [database, _, _] if database == "SNOWFLAKE") {
            return Ok(None);
        }
        let (within, name) = match path {
            [name] => (place, name.clone()),
            [schema, name] => {
                let database = self.databases.by_id(place.0).map(|database| database.head.name.clone());
                let path = [database.unwrap_or_default(), schema.clone(), name.clone()];
                self.in_schema(context, access, &path).map_err(|_| absent())?
            }
            path => self.in_schema(context, access, path).map_err(|_| absent())?,
        };
        let found = self.relation_named(within, &name).or_else(|| {
            let streams = self.schema(within).ok()?.plain.get(&ObjectKind::Stream)?;
            Some(Securable::Inside(ObjectKind::Stream, within.0, within.1, streams.id(&name)?))
        });
        found.filter(|on| self.may(access, *on, &["SELECT"])).map(Some).ok_or_else(absent)
    }

    /// The columns of a table or view, when they are known.
    pub(crate) fn columns_at(&self, on: Securable) -> Option<Vec<Known>> {
        if let Securable::Table(database, schema, id) = on {
            let table = self.schema((database, schema)).ok()?.tables.by_id(id)?;
            let columns = table.shape.columns.iter().map(|column| Known {
                name: column.name.clone(),
                kind: column.kind.clone(),
                nullable: column.nullable,
                unnamed: false,
            });
            return Some(columns.collect());
        }
        let columns = self.view_at(on)?.columns.iter().map(|column| Known {
            name: column.name.clone(),
            kind: column.kind.clone(),
            nullable: column.nullable,
            unnamed: false,
        });
        Some(columns.collect())
    }

    /// Why a materialized view or dynamic table can't be kept up any more: what it reads has gone, or has lost a column.
    fn broken(&self, view: &View) -> Option<String> {
        view.bases.iter().find_map(|base| {
            let Some(head) = self.head_at(base.on) else {
                return Some(format!("Table {} does not exist or not authorized.", display(&base.path)));
            };
            let now = self.columns_at(base.on).unwrap_or_default();
            let lost = base.columns.iter().find(|name| !now.iter().any(|column| column.name == **name));
            let name = &head.name;
            lost.map(|column| format!("Column {column} of table {name} was dropped or renamed."))
        })
    }
}
