//! Statements on databases and schemas, and on the tables and tags in them.

mod inside;
mod life;

use super::access::Access;
use super::answer::{display, executed, quoted, table, text, time};
use super::database::{Database, Schema};
use super::grants::Securable;
use super::store::{Head, Id, Object, Store};
use super::warehouse::Stored;
use super::{Account, Edition};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::database::{AlterContainer, ContainerAction};
use crate::sql::property::{Property, Setting, Value, value_of};
use crate::sql::{ObjectKind, Path};
use std::collections::BTreeMap;

const RETENTION: &str = "DATA_RETENTION_TIME_IN_DAYS";

/// What a name stands for, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) database: Id,
    pub(crate) name: String,
}

fn comment_from(settings: &[Setting], head: &mut Head) {
    if let Some(comment) = value_of(settings, "COMMENT") {
        comment.text().unwrap_or_default().clone_into(&mut head.comment);
    }
}

fn unset_parts(properties: &[&'static Property], parameters: &mut BTreeMap<String, Stored>, head: &mut Head) {
    for property in properties {
        if property.name == "COMMENT" {
            head.comment.clear();
        } else {
            parameters.remove(property.name);
        }
    }
}

/// Two objects take each other's names.
pub(crate) fn swap<T: Object>(store: &mut Store<T>, one: Id, other: Id) {
    if one == other {
        return;
    }
    if let (Some(mut first), Some(mut second)) = (store.remove(one), store.remove(other)) {
        std::mem::swap(&mut first.head_mut().name, &mut second.head_mut().name);
        store.put(first);
        store.put(second);
    }
}

/// `090105`
pub(crate) fn no_database() -> SqlError {
    SqlError::new(
        90105,
        "22000",
        "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
    )
}

/// `090106`
fn no_schema() -> SqlError {
    SqlError::new(
        90106,
        "22000",
        "Cannot perform operation. This session does not have a current schema. Call 'USE SCHEMA', or use a qualified name.",
    )
}

impl Account {
    pub(crate) fn database(&self, access: &Access, name: &str) -> Result<&Database, SqlError> {
        self.databases
            .get(name)
            .filter(|database| self.sees(access, Securable::Database(database.head.id)))
            .ok_or_else(|| SqlError::absent("Database", quoted(name)))
    }

    /// The database of a schema's name, and the schema's own name.
    pub(crate) fn schema_place(
        &self,
        context: &Context,
        access: &Access,
        path: &[String],
    ) -> Result<Place, SqlError> {
        let (database, name) = match path {
            [name] => (context.database.clone().ok_or_else(no_database)?, name),
            [database, name] => (database.clone(), name),
            _ => return Err(SqlError::absent("Schema", display(path))),
        };
        let database = self.database(access, &database)?.head.id;
        Ok(Place { database, name: name.clone() })
    }

    /// A schema that the role sees.
    pub(crate) fn schema_id(
        &self,
        context: &Context,
        access: &Access,
        path: &[String],
    ) -> Result<(Id, Id), SqlError> {
        let absent = || SqlError::absent("Schema", display(path));
        let place = self.schema_place(context, access, path)?;
        let id = self
            .databases
            .by_id(place.database)
            .and_then(|database| database.schemas.id(&place.name))
            .ok_or_else(absent)?;
        if self.sees(access, Securable::Schema(place.database, id)) {
            Ok((place.database, id))
        } else {
            Err(absent())
        }
    }

    pub(crate) fn schema(&self, (database, schema): (Id, Id)) -> Result<&Schema, SqlError> {
        self.databases
            .by_id(database)
            .and_then(|database| database.schemas.by_id(schema))
            .ok_or_else(SqlError::impossible)
    }

    pub(crate) fn schema_mut(&mut self, (database, schema): (Id, Id)) -> Result<&mut Schema, SqlError> {
        self.databases
            .by_id_mut(database)
            .and_then(|database| database.schemas.by_id_mut(schema))
            .ok_or_else(SqlError::impossible)
    }

    /// The schema of an object's name, and the object's own name.
    pub(crate) fn in_schema(
        &self,
        context: &Context,
        access: &Access,
        path: &[String],
    ) -> Result<((Id, Id), String), SqlError> {
        let Some((name, within)) = path.split_last() else { return Err(SqlError::impossible()) };
        let schema = if within.is_empty() {
            let schema = context.schema.clone().ok_or_else(no_schema)?;
            self.schema_id(context, access, &[schema])?
        } else {
            self.schema_id(context, access, within)?
        };
        Ok((schema, name.clone()))
    }

    pub(crate) fn set_parameters(
        &self,
        parameters: &mut BTreeMap<String, Stored>,
        settings: &[Setting],
        transient: bool,
    ) -> Result<(), SqlError> {
        for Setting { property, value } in settings {
            if property.name == "COMMENT" {
                continue;
            }
            if property.name == RETENTION {
                let most = if transient || self.edition == Edition::Standard { 1 } else { 90 };
                let days = value.integer().unwrap_or_default();
                if days > most {
                    return Err(SqlError::invalid_value(days, RETENTION));
                }
            }
            if let ("NETWORK_POLICY", Value::Text(policy)) = (property.name, value) {
                self.network_policy(policy)?;
            }
            match Stored::from(value) {
                Stored::Null => parameters.remove(property.name),
                stored => parameters.insert(property.name.to_owned(), stored),
            };
        }
        Ok(())
    }

    pub(crate) fn alter_container(
        &mut self,
        context: &mut Context,
        alter: &AlterContainer,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let found = match alter.kind {
            ObjectKind::Database => self
                .database(&access, alter.path.last().map_or("", String::as_str))
                .map(|database| Securable::Database(database.head.id)),
            _ => self
                .schema_id(context, &access, &alter.path)
                .map(|(database, schema)| Securable::Schema(database, schema)),
        };
        let on = match found {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        let needs: &[&str] = match &alter.action {
            ContainerAction::Set(_) | ContainerAction::Unset(_) => &["MODIFY"],
            _ => &[],
        };
        self.need(&access, on, needs)?;
        match &alter.action {
            ContainerAction::RenameTo(to) => self.rename_container(context, &access, on, to)?,
            ContainerAction::SwapWith(other) => self.swap_containers(context, &access, on, other)?,
            ContainerAction::ManagedAccess(managed) => {
                if let Securable::Schema(database, schema) = on {
                    self.schema_mut((database, schema))?.managed_access = *managed;
                }
            }
            ContainerAction::Set(settings) => {
                let (transient, mut parameters, mut head) = self.container_parts(on)?;
                self.set_parameters(&mut parameters, settings, transient)?;
                comment_from(settings, &mut head);
                self.put_parts(on, parameters, head);
            }
            ContainerAction::Unset(properties) => {
                let (_, mut parameters, mut head) = self.container_parts(on)?;
                unset_parts(properties, &mut parameters, &mut head);
                self.put_parts(on, parameters, head);
            }
            ContainerAction::SetTags(tags) => {
                let values = self.tag_values(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.extend(values);
                }
            }
            ContainerAction::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.retain(|id, _| !ids.contains(id));
                }
            }
        }
        Ok(executed())
    }

    fn container_parts(&self, on: Securable) -> Result<(bool, BTreeMap<String, Stored>, Head), SqlError> {
        match on {
            Securable::Database(id) => self
                .databases
                .by_id(id)
                .map(|it| (it.transient, it.parameters.clone(), it.head.clone()))
                .ok_or_else(SqlError::impossible),
            Securable::Schema(database, schema) => {
                let it = self.schema((database, schema))?;
                Ok((it.transient, it.parameters.clone(), it.head.clone()))
            }
            _ => Err(SqlError::impossible()),
        }
    }

    fn put_parts(&mut self, on: Securable, parameters: BTreeMap<String, Stored>, head: Head) {
        match on {
            Securable::Database(id) => {
                if let Some(database) = self.databases.by_id_mut(id) {
                    (database.parameters, database.head) = (parameters, head);
                }
            }
            Securable::Schema(database, schema) => {
                if let Ok(schema) = self.schema_mut((database, schema)) {
                    (schema.parameters, schema.head) = (parameters, head);
                }
            }
            _ => {}
        }
    }

    fn rename_container(
        &mut self,
        context: &mut Context,
        access: &Access,
        on: Securable,
        to: &Path,
    ) -> Result<(), SqlError> {
        match on {
            Securable::Database(id) => {
                let to = to.last().cloned().unwrap_or_default();
                self.need_global(access, "CREATE DATABASE")?;
                if self.databases.id(&to).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(quoted(&to)));
                }
                let from = self.name_part(on);
                self.databases.rename(id, &to);
                if context.database.as_ref() == Some(&from) {
                    context.database = Some(to);
                }
                Ok(())
            }
            Securable::Schema(database, id) => {
                let place = self.schema_place(context, access, to)?;
                self.may_create_in(access, Securable::Database(place.database), "CREATE SCHEMA")?;
                let target = self.databases.by_id(place.database);
                if target.and_then(|target| target.schemas.id(&place.name)).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(display(to)));
                }
                if database != place.database {
                    self.readdress((database, id), place.database);
                }
                let moved = self.databases.by_id_mut(database).and_then(|from| from.schemas.remove(id));
                if let (Some(mut schema), Some(target)) = (moved, self.databases.by_id_mut(place.database)) {
                    schema.head.name = place.name;
                    target.schemas.put(schema);
                }
                Ok(())
            }
            _ => Err(SqlError::impossible()),
        }
    }

    fn name_part(&self, on: Securable) -> String {
        match on {
            Securable::Database(id) => self.databases.by_id(id).map(|it| it.head.name.clone()),
            Securable::Schema(database, schema) => {
                self.schema((database, schema)).ok().map(|it| it.head.name.clone())
            }
            _ => None,
        }
        .unwrap_or_default()
    }

    fn swap_containers(
        &mut self,
        context: &Context,
        access: &Access,
        on: Securable,
        other: &Path,
    ) -> Result<(), SqlError> {
        match on {
            Securable::Database(id) => {
                let other = self.database(access, other.last().map_or("", String::as_str))?.head.id;
                self.need(access, Securable::Database(other), &[])?;
                swap(&mut self.databases, id, other);
            }
            Securable::Schema(database, id) => {
                let (other_database, other) = self.schema_id(context, access, other)?;
                self.need(access, Securable::Schema(other_database, other), &[])?;
                if database != other_database {
                    return Err(SqlError::unsupported("SWAP WITH a schema of another database"));
                }
                if let Some(database) = self.databases.by_id_mut(database) {
                    swap(&mut database.schemas, id, other);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// DESCRIBE DATABASE lists schemas, DESCRIBE SCHEMA tables.
    pub(crate) fn describe_container(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let mut rows = table(&[
            ("created_on", ColumnType::TimestampLtz),
            ("name", ColumnType::Text),
            ("kind", ColumnType::Text),
        ]);
        let row = |head: &Head, kind: &str| vec![time(head.created_on), text(&head.name), text(kind)];
        if kind == ObjectKind::Database {
            let database = path
                .last()
                .filter(|_| path.len() == 1)
                .ok_or_else(SqlError::impossible)
                .and_then(|name| self.database(access, name).map_err(|_| SqlError::impossible()))?;
            rows.rows = database
                .schemas
                .iter()
                .filter(|schema| self.sees_schema(access, database.head.id, schema))
                .map(|schema| row(&schema.head, "SCHEMA"))
                .collect();
        } else {
            let schema = self.schema_id(context, access, path).map_err(|_| SqlError::impossible())?;
            rows.rows = self.schema(schema)?.tables.iter().map(|table| row(&table.head, "TABLE")).collect();
        }
        Ok(rows)
    }

    /// INFORMATION_SCHEMA shows with its database.
    pub(crate) fn sees_schema(&self, access: &Access, database: Id, schema: &Schema) -> bool {
        schema.head.owner.is_none() || self.sees(access, Securable::Schema(database, schema.head.id))
    }
}
