//! Tables and tags, as far as warehouses and tagged objects refer to them.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{display, status};
use super::super::grants::Securable;
use super::super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::tag::Tagging;
use crate::sql::{How, Path};
use std::collections::BTreeMap;

/// What CREATE answers when the name is taken, or None when it goes on.
pub(crate) fn taken<T>(
    how: How,
    before: Option<T>,
    path: &[String],
    name: &str,
) -> Result<Option<Rows>, SqlError> {
    match (how, before) {
        (How::Plain, Some(_)) => Err(SqlError::exists(display(path))),
        (How::IfNotExists, Some(_)) => {
            Ok(Some(status(format!("{name} already exists, statement succeeded."))))
        }
        _ => Ok(None),
    }
}

impl Account {
    pub(crate) fn drop_in_schema(&mut self, access: &Access, on: Securable) -> Result<(), SqlError> {
        self.need(access, on, &[])?;
        if let Securable::Table(database, schema, id) = on {
            self.schema_mut((database, schema))?.tables.remove(id);
        }
        self.forget(on);
        Ok(())
    }

    /// The interactive tables that a warehouse names, with full names.
    pub(crate) fn interactive_tables(
        &self,
        context: &Context,
        access: &Access,
        tables: &[Path],
    ) -> Result<Vec<Path>, SqlError> {
        let mut found: Vec<Path> = Vec::new();
        for path in tables {
            let absent = || {
                SqlError::new(
                    2003,
                    "42S02",
                    format!(
                        "SQL compilation error:\nTable '{}' does not exist or not authorized.",
                        display(path)
                    ),
                )
            };
            let (within, name) = self.in_schema(context, access, path).map_err(|_| absent())?;
            let table = self
                .schema(within)?
                .tables
                .get(&name)
                .filter(|table| self.sees(access, Securable::Table(within.0, within.1, table.head.id)))
                .ok_or_else(absent)?;
            if !table.interactive {
                return Err(SqlError::invalid_value(display(path), "TABLES"));
            }
            let full = vec![
                self.name_part(Securable::Database(within.0)),
                self.name_part(Securable::Schema(within.0, within.1)),
                name,
            ];
            if !found.contains(&full) {
                found.push(full);
            }
        }
        Ok(found)
    }

    pub(crate) fn tag_id(&self, context: &Context, access: &Access, path: &[String]) -> Result<Id, SqlError> {
        let (within, name) = self.in_schema(context, access, path)?;
        self.schema(within)?.tags_here.id(&name).ok_or_else(|| SqlError::absent("Tag", display(path)))
    }

    pub(crate) fn tag_ids(
        &self,
        context: &Context,
        access: &Access,
        tags: &[Path],
    ) -> Result<Vec<Id>, SqlError> {
        tags.iter().map(|path| self.tag_id(context, access, path)).collect()
    }

    pub(crate) fn tag_values(
        &self,
        context: &Context,
        access: &Access,
        tags: &[Tagging],
    ) -> Result<BTreeMap<Id, String>, SqlError> {
        let mut values = BTreeMap::new();
        for Tagging { tag, value } in tags {
            let (within, name) = self.in_schema(context, access, tag)?;
            let found = self
                .schema(within)?
                .tags_here
                .get(&name)
                .ok_or_else(|| SqlError::absent("Tag", display(tag)))?;
            if !found.allowed_values.is_empty() && !found.allowed_values.contains(value) {
                return Err(SqlError::invalid_value(value, &found.head.name));
            }
            values.insert(found.head.id, value.clone());
        }
        Ok(values)
    }

    /// The tags set on an object.
    pub(crate) fn tags_mut(&mut self, on: Securable) -> Option<&mut BTreeMap<Id, String>> {
        match on {
            Securable::Warehouse(id) => self.warehouses.by_id_mut(id).map(|it| &mut it.tags),
            Securable::Database(id) => self.databases.by_id_mut(id).map(|it| &mut it.tags),
            Securable::Schema(database, id) => self.schema_mut((database, id)).ok().map(|it| &mut it.tags),
            Securable::Role(id) => self.roles.by_id_mut(id).map(|it| &mut it.tags),
            Securable::User(id) => self.users.by_id_mut(id).map(|it| &mut it.tags),
            Securable::Table(..) => self.table_mut(on).ok().map(|it| &mut it.tags),
            Securable::Plain(..) | Securable::Inside(..) => self.plain_mut(on).ok().map(|it| &mut it.tags),
            _ => None,
        }
    }
}
