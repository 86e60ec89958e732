//! Databases and schemas come, go, and come back.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{display, quoted, status};
use super::super::database::{Database, Dropped, Schema};
use super::super::grants::Securable;
use super::super::store::{Head, Id, Store};
use super::super::warehouse::Stored;
use super::{RETENTION, comment_from};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::database::CreateContainer;
use crate::sql::{How, ObjectKind, Path};
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000;

fn new_schema(head: Head, transient: bool) -> Schema {
    Schema {
        head,
        transient,
        managed_access: false,
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        tables: Store::default(),
        tags_here: Store::default(),
        dropped_tags: Vec::new(),
        plain: BTreeMap::new(),
        streams: BTreeMap::new(),
        sequences: BTreeMap::new(),
    }
}

impl Account {
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
                How::Plain => return Err(SqlError::exists(quoted(&name))),
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
            roles: Store::default(),
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
        self.grant_future(Securable::Schema(place.database, id), now);
        (context.database, context.schema) = (Some(database_name), Some(name));
        Ok(created)
    }

    /// CREATE needs its privilege (or OWNERSHIP) on the container, for the primary role.
    pub(crate) fn may_create_in(
        &self,
        access: &Access,
        on: Securable,
        privilege: &str,
    ) -> Result<(), SqlError> {
        let primary = Access { roles: access.primary.clone(), ..access.clone() };
        self.need(&primary, on, &[privilege])
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
        let absent = || SqlError::purged(kind.noun(), display(path));
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
}
