//! Statements on databases and schemas, and on the tables and tags in them.

use std::collections::BTreeMap;

use super::access::Access;
use super::answer::{display, executed, status, table, text, time};
use super::database::{Database, Dropped, Schema, Table, Tag};
use super::grants::Securable;
use super::store::{Head, Id, Object, Store};
use super::warehouse::Stored;
use super::{Account, Edition};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::database::{AlterContainer, ContainerAction, CreateContainer, CreateInSchema};
use crate::sql::property::{Property, Setting, Value, value_of};
use crate::sql::tag::Tagging;
use crate::sql::{How, ObjectKind, Path};

const RETENTION: &str = "DATA_RETENTION_TIME_IN_DAYS";
const DAY: i64 = 86_400_000;

/// What a name stands for, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) database: Id,
    pub(crate) name: String,
}

impl Account {
    pub(crate) fn database(&self, access: &Access, name: &str) -> Result<&Database, SqlError> {
        self.databases
            .get(name)
            .filter(|database| self.sees(access, Securable::Database(database.head.id)))
            .ok_or_else(|| SqlError::absent("Database", display(&[name.to_owned()])))
    }

    /// The database of a schema's name, and the schema's own name.
    fn schema_place(&self, context: &Context, access: &Access, path: &[String]) -> Result<Place, SqlError> {
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

    fn schema_mut(&mut self, (database, schema): (Id, Id)) -> Result<&mut Schema, SqlError> {
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

    pub(crate) fn create_container(
        &mut self,
        context: &mut Context,
        create: &CreateContainer,
        now: i64,
    ) -> Result<Rows, SqlError> {
        match create.kind {
            ObjectKind::Database => self.create_database(context, create, now),
            _ => self.create_schema(context, create, now),
        }
    }

    fn create_database(
        &mut self,
        context: &mut Context,
        create: &CreateContainer,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = create.path.last().cloned().unwrap_or_default();
        let created = status(format!("Database {name} successfully created."));
        let before = self.databases.id(&name);
        if let Some(id) = before {
            match create.how {
                How::Plain => return Err(SqlError::exists(display(&[name]))),
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrAlter => {
                    self.need(&access, Securable::Database(id), &[])?;
                    let Some(mut database) = self.databases.by_id(id).cloned() else {
                        return Err(SqlError::impossible());
                    };
                    if database.transient != create.transient {
                        return Err(SqlError::invalid_property("TRANSIENT", "DATABASE"));
                    }
                    database.parameters.clear();
                    database.head.comment.clear();
                    self.set_parameters(&mut database.parameters, &create.settings, create.transient)?;
                    comment_from(&create.settings, &mut database.head);
                    self.databases.put(database);
                    return Ok(created);
                }
                How::OrReplace => {
                    self.need_global(&access, "CREATE DATABASE")?;
                    self.need(&access, Securable::Database(id), &[])?;
                }
            }
        } else {
            self.need_global(&access, "CREATE DATABASE")?;
        }
        let source = match &create.clone {
            Some(path) => {
                let source = self.database(&access, path.first().map_or("", String::as_str))?;
                self.need(&access, Securable::Database(source.head.id), &["USAGE"])?;
                Some(source.clone())
            }
            None => None,
        };
        let mut parameters = BTreeMap::new();
        self.set_parameters(&mut parameters, &create.settings, create.transient)?;
        let tags = self.tag_values(context, &access, &create.tags)?;
        let head = self.head(&name, &access, now);
        let mut database = Database {
            head,
            transient: create.transient,
            parameters,
            tags,
            schemas: Store::default(),
            dropped: Vec::new(),
        };
        comment_from(&create.settings, &mut database.head);
        if let Some(source) = source {
            database.transient |= source.transient;
            database.parameters = source.parameters.clone();
            database.head.comment.clone_from(&source.head.comment);
            for schema in source.schemas.iter() {
                let head = self.head(&schema.head.name, &access, now);
                database.schemas.put(Schema { head, ..schema.clone() });
            }
        } else {
            let information = self.new_head("INFORMATION_SCHEMA", None, now);
            let mut information = new_schema(information, false);
            information.head.comment = "Views describing the contents of schemas in this database".into();
            database.schemas.put(information);
            let public = self.head("PUBLIC", &access, now);
            database.schemas.put(new_schema(public, create.transient));
        }
        if let Some(id) = before {
            self.bury_database(id, now);
        }
        self.databases.put(database);
        (context.database, context.schema) = (Some(name), Some("PUBLIC".into()));
        Ok(created)
    }

    fn create_schema(
        &mut self,
        context: &mut Context,
        create: &CreateContainer,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let place = self.schema_place(context, &access, &create.path)?;
        let name = place.name.clone();
        let on = Securable::Database(place.database);
        let created = status(format!("Schema {name} successfully created."));
        let Some(database) = self.databases.by_id(place.database) else { return Err(SqlError::impossible()) };
        let (database_name, transient) = (database.head.name.clone(), database.transient || create.transient);
        let before = database.schemas.id(&name);
        if let Some(id) = before {
            let schema = (place.database, id);
            match create.how {
                How::Plain => return Err(SqlError::exists(display(&[database_name, name]))),
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrAlter => {
                    self.need(&access, Securable::Schema(place.database, id), &[])?;
                    let mut altered = self.schema(schema)?.clone();
                    altered.parameters.clear();
                    altered.head.comment.clear();
                    altered.managed_access = create.managed_access;
                    self.set_parameters(&mut altered.parameters, &create.settings, altered.transient)?;
                    comment_from(&create.settings, &mut altered.head);
                    *self.schema_mut(schema)? = altered;
                    return Ok(created);
                }
                How::OrReplace => {
                    self.may_create_in(&access, on, "CREATE SCHEMA")?;
                    self.need(&access, Securable::Schema(place.database, id), &[])?;
                }
            }
        } else {
            self.may_create_in(&access, on, "CREATE SCHEMA")?;
        }
        let source = match &create.clone {
            Some(path) => Some(self.schema(self.schema_id(context, &access, path)?)?.clone()),
            None => None,
        };
        let mut parameters = BTreeMap::new();
        self.set_parameters(&mut parameters, &create.settings, transient)?;
        let tags = self.tag_values(context, &access, &create.tags)?;
        let head = self.head(&name, &access, now);
        let mut schema = Schema { parameters, tags, ..new_schema(head, transient) };
        schema.managed_access = create.managed_access;
        comment_from(&create.settings, &mut schema.head);
        if let Some(source) = source {
            schema.parameters = source.parameters;
            schema.head.comment = source.head.comment;
            schema.managed_access = source.managed_access;
        }
        let id = schema.head.id;
        if let Some(id) = before {
            self.bury_schema(place.database, id, now);
        }
        if let Some(database) = self.databases.by_id_mut(place.database) {
            database.schemas.put(schema);
        }
        self.grant_future(Securable::Schema(place.database, id), "SCHEMAS", now);
        (context.database, context.schema) = (Some(database_name), Some(name));
        Ok(created)
    }

    /// CREATE needs its privilege (or OWNERSHIP) on the container, for the primary role.
    fn may_create_in(&self, access: &Access, on: Securable, privilege: &str) -> Result<(), SqlError> {
        let primary = Access { roles: access.primary.clone(), ..access.clone() };
        self.need(&primary, on, &[privilege])
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
                    return Err(SqlError::exists(display(&[to])));
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
                let moved = self.databases.by_id_mut(database).and_then(|from| from.schemas.remove(id));
                if let (Some(mut schema), Some(target)) = (moved, self.databases.by_id_mut(place.database)) {
                    schema.head.name = place.name;
                    target.schemas.put(schema);
                }
                if database != place.database {
                    self.grants.move_object(on, Securable::Schema(place.database, id));
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

    pub(crate) fn drop_container(
        &mut self,
        context: &mut Context,
        access: &Access,
        on: Securable,
        now: i64,
    ) -> Result<(), SqlError> {
        self.need(access, on, &[])?;
        match on {
            Securable::Database(id) => {
                let name = self.name_part(on);
                self.bury_database(id, now);
                if context.database.as_ref() == Some(&name) {
                    (context.database, context.schema) = (None, None);
                }
            }
            Securable::Schema(database, id) => {
                if self.owner_of(on).is_none() {
                    return Err(SqlError::denied("schema", self.name_of(on)));
                }
                let (database_name, name) =
                    (self.name_part(Securable::Database(database)), self.name_part(on));
                self.bury_schema(database, id, now);
                if context.database.as_ref() == Some(&database_name) && context.schema.as_ref() == Some(&name)
                {
                    context.schema = None;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn bury_database(&mut self, id: Id, now: i64) {
        if let Some(object) = self.databases.remove(id) {
            self.dropped_databases.push(Dropped { object, dropped_on: now });
        }
    }

    fn bury_schema(&mut self, database: Id, id: Id, now: i64) {
        if let Some(database) = self.databases.by_id_mut(database)
            && let Some(object) = database.schemas.remove(id)
        {
            database.dropped.push(Dropped { object, dropped_on: now });
        }
    }

    /// How long a dropped container can come back, in days.
    pub(crate) fn retention(&self, chain: &[&BTreeMap<String, Stored>]) -> i64 {
        chain
            .iter()
            .copied()
            .chain([&self.parameters])
            .find_map(|parameters| match parameters.get(RETENTION) {
                Some(Stored::Integer(days)) => Some(*days),
                _ => None,
            })
            .unwrap_or(1)
    }

    pub(crate) fn undrop(
        &mut self,
        context: &mut Context,
        kind: ObjectKind,
        path: &Path,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let absent = || SqlError::absent(kind.noun(), display(path));
        let owned = |head: &Head| head.owner.is_some_and(|owner| access.roles.contains(&owner));
        if kind == ObjectKind::Database {
            let name = path.last().filter(|_| path.len() == 1).ok_or_else(absent)?;
            if self.databases.id(name).is_some() {
                return Err(SqlError::exists(display(path)));
            }
            let found = self.dropped_databases.iter().rposition(|dropped| {
                dropped.object.head.name == *name
                    && owned(&dropped.object.head)
                    && now - dropped.dropped_on <= self.retention(&[&dropped.object.parameters]) * DAY
            });
            let dropped = self.dropped_databases.remove(found.ok_or_else(absent)?);
            (context.database, context.schema) = (Some(name.clone()), Some("PUBLIC".into()));
            self.databases.put(dropped.object);
            return Ok(status(format!("Database {name} successfully restored.")));
        }
        let place = self.schema_place(context, &access, path)?;
        let Some(database) = self.databases.by_id(place.database) else { return Err(absent()) };
        if database.schemas.id(&place.name).is_some() {
            return Err(SqlError::exists(display(path)));
        }
        let found = database.dropped.iter().rposition(|dropped| {
            let chain = [&dropped.object.parameters, &database.parameters];
            dropped.object.head.name == place.name
                && owned(&dropped.object.head)
                && now - dropped.dropped_on <= self.retention(&chain) * DAY
        });
        let at = found.ok_or_else(absent)?;
        if let Some(database) = self.databases.by_id_mut(place.database) {
            let dropped = database.dropped.remove(at);
            database.schemas.put(dropped.object);
        }
        Ok(status(format!("Schema {} successfully restored.", place.name)))
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

    pub(crate) fn create_table(
        &mut self,
        context: &Context,
        create: &CreateInSchema,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (within, name) = self.in_schema(context, &access, &create.path)?;
        let privilege = if create.interactive { "CREATE INTERACTIVE TABLE" } else { "CREATE TABLE" };
        self.may_create_in(&access, Securable::Schema(within.0, within.1), privilege)?;
        let before = self.schema(within)?.tables.id(&name);
        if let Some(answer) = taken(create.how, before, &create.path, &name)? {
            return Ok(answer);
        }
        let mut head = self.head(&name, &access, now);
        head.comment = create.comment.clone().unwrap_or_default();
        let id = head.id;
        let schema = self.schema_mut(within)?;
        if let Some(before) = before {
            schema.tables.remove(before);
        }
        schema.tables.put(Table { head, interactive: create.interactive });
        if let Some(before) = before {
            self.forget(Securable::Table(within.0, within.1, before));
        }
        self.grant_future(Securable::Table(within.0, within.1, id), "TABLES", now);
        Ok(status(format!("Table {name} successfully created.")))
    }

    pub(crate) fn create_tag(
        &mut self,
        context: &Context,
        create: &CreateInSchema,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (within, name) = self.in_schema(context, &access, &create.path)?;
        self.may_create_in(&access, Securable::Schema(within.0, within.1), "CREATE TAG")?;
        let before = self.schema(within)?.tags_here.id(&name);
        if let Some(answer) = taken(create.how, before, &create.path, &name)? {
            return Ok(answer);
        }
        let mut head = self.head(&name, &access, now);
        head.comment = create.comment.clone().unwrap_or_default();
        let schema = self.schema_mut(within)?;
        if let Some(before) = before {
            schema.tags_here.remove(before);
        }
        schema.tags_here.put(Tag { head, allowed_values: create.allowed_values.clone() });
        if let Some(before) = before {
            self.forget(Securable::Tag(within.0, within.1, before));
        }
        Ok(status(format!("Tag {name} successfully created.")))
    }

    pub(crate) fn drop_in_schema(&mut self, access: &Access, on: Securable) -> Result<(), SqlError> {
        self.need(access, on, &[])?;
        match on {
            Securable::Table(database, schema, id) => {
                self.schema_mut((database, schema))?.tables.remove(id);
            }
            Securable::Tag(database, schema, id) => {
                self.schema_mut((database, schema))?.tags_here.remove(id);
            }
            _ => {}
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
            _ => None,
        }
    }
}

/// What CREATE answers when the name is taken, or None when it goes on.
fn taken(how: How, before: Option<Id>, path: &[String], name: &str) -> Result<Option<Rows>, SqlError> {
    match (how, before) {
        (How::Plain, Some(_)) => Err(SqlError::exists(display(path))),
        (How::IfNotExists, Some(_)) => {
            Ok(Some(status(format!("{name} already exists, statement succeeded."))))
        }
        _ => Ok(None),
    }
}

fn new_schema(head: Head, transient: bool) -> Schema {
    Schema {
        head,
        transient,
        managed_access: false,
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        tables: Store::default(),
        tags_here: Store::default(),
    }
}

fn comment_from(settings: &[Setting], head: &mut Head) {
    if let Some(comment) = value_of(settings, "COMMENT").and_then(Value::text) {
        comment.clone_into(&mut head.comment);
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
fn swap<T: Object>(store: &mut Store<T>, one: Id, other: Id) {
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
