//! Database roles.

use std::collections::BTreeMap;

use super::Account;
use super::access::Access;
use super::answer::{display, executed, number, status, table, text, time, yes};
use super::database::{Database, DatabaseRole};
use super::grants::{Grant, Grantee, Securable};
use super::store::{Id, Object};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::database_role::{AlterDatabaseRole, CreateDatabaseRole};
use crate::sql::property::{Value, value_of};
use crate::sql::role::RoleAction;
use crate::sql::{How, ObjectKind};

impl Account {
    /// A database role by its number, with its database.
    pub(crate) fn database_role(&self, id: Id) -> Option<(&Database, &DatabaseRole)> {
        self.databases.iter().find_map(|database| Some((database, database.roles.by_id(id)?)))
    }

    pub(crate) fn create_database_role(
        &mut self,
        context: &Context,
        create: &CreateDatabaseRole,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let place = self.schema_place(context, &access, &create.path)?;
        let (on, name) = (Securable::Database(place.database), place.name);
        self.may_create_in(&access, on, "CREATE DATABASE ROLE")?;
        let comment = value_of(&create.settings, "COMMENT").and_then(Value::text).unwrap_or_default();
        let created = status(format!("Database role {name} successfully created."));
        let before = self.databases.by_id(place.database).and_then(|it| it.roles.id(&name));
        if let Some(id) = before {
            let role = Securable::DatabaseRole(place.database, id);
            match create.how {
                How::Plain => return Err(SqlError::exists(display(&create.path))),
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrAlter => {
                    self.need(&access, role, &[])?;
                    if let Some(head) = self.head_of(role) {
                        comment.clone_into(&mut head.comment);
                    }
                    return Ok(created);
                }
                How::OrReplace => {
                    self.need(&access, role, &[])?;
                    self.drop_database_role(place.database, id, access.role);
                }
            }
        }
        let mut head = self.head(&name, &access, now);
        comment.clone_into(&mut head.comment);
        let id = head.id;
        let owner = self.owner_of(on);
        if let Some(database) = self.databases.by_id_mut(place.database) {
            database.roles.put(DatabaseRole { head, tags: BTreeMap::new() });
        }
        // Its members may use the database without a further grant.
        self.grants.put(Grant {
            on,
            privilege: "USAGE".into(),
            to: Grantee::Role(id),
            with_grant_option: false,
            by: owner,
            created_on: now,
        });
        Ok(created)
    }

    pub(crate) fn alter_database_role(
        &mut self,
        context: &Context,
        alter: &AlterDatabaseRole,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, ObjectKind::DatabaseRole, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, &[])?;
        let Securable::DatabaseRole(database, id) = on else { return Err(SqlError::impossible()) };
        let (comment, tags, gone) = match &alter.action {
            RoleAction::RenameTo(to) => {
                let place = self.schema_place(context, &access, to)?;
                if place.database != database {
                    return Err(SqlError::unsupported("RENAME of a database role to another database"));
                }
                let Some(holder) = self.databases.by_id_mut(database) else {
                    return Err(SqlError::impossible());
                };
                if holder.roles.id(&place.name).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(display(to)));
                }
                holder.roles.rename(id, &place.name);
                return Ok(executed());
            }
            RoleAction::Set(settings) => {
                let comment = value_of(settings, "COMMENT").and_then(Value::text).unwrap_or_default();
                (Some(comment.to_owned()), BTreeMap::new(), Vec::new())
            }
            RoleAction::UnsetComment => (Some(String::new()), BTreeMap::new(), Vec::new()),
            RoleAction::SetTags(tags) => (None, self.tag_values(context, &access, tags)?, Vec::new()),
            RoleAction::UnsetTags(tags) => (None, BTreeMap::new(), self.tag_ids(context, &access, tags)?),
        };
        if let Some(role) = self.databases.by_id_mut(database).and_then(|it| it.roles.by_id_mut(id)) {
            if let Some(comment) = comment {
                role.head.comment = comment;
            }
            role.tags.extend(tags);
            role.tags.retain(|tag, _| !gone.contains(tag));
        }
        Ok(executed())
    }

    pub(crate) fn drop_database_role_statement(
        &mut self,
        access: &Access,
        database: Id,
        id: Id,
    ) -> Result<(), SqlError> {
        self.need(access, Securable::DatabaseRole(database, id), &[])?;
        self.drop_database_role(database, id, access.role);
        Ok(())
    }

    /// What the role owned goes to the role that drops it.
    fn drop_database_role(&mut self, database: Id, id: Id, heir: Id) {
        self.bequeath(id, heir);
        if let Some(database) = self.databases.by_id_mut(database) {
            database.roles.remove(id);
        }
        self.forget(Securable::DatabaseRole(database, id));
    }

    /// The columns of SHOW DATABASE ROLES (docs: show-database-roles).
    pub(crate) fn database_role_columns() -> Rows {
        use ColumnType::{Fixed, Text, TimestampLtz};
        table(&[
            ("created_on", TimestampLtz),
            ("name", Text),
            ("is_default", Text),
            ("is_current", Text),
            ("is_inherited", Text),
            ("granted_to_roles", Fixed),
            ("granted_to_database_roles", Fixed),
            ("granted_database_roles", Fixed),
            ("owner", Text),
            ("comment", Text),
            ("owner_role_type", Text),
        ])
    }

    pub(crate) fn database_role_row(
        &self,
        access: &Access,
        database: Id,
        role: &DatabaseRole,
    ) -> Vec<Option<String>> {
        let head = role.head();
        let (mut roles, mut database_roles) = (0, 0);
        for grant in self.grants.on(Securable::DatabaseRole(database, head.id)) {
            match grant.to {
                Grantee::Role(id) if self.roles.by_id(id).is_some() => roles += 1,
                Grantee::Role(_) => database_roles += 1,
                _ => {}
            }
        }
        vec![
            time(head.created_on),
            text(&head.name),
            yes(false),
            yes(false),
            yes(access.roles.contains(&head.id)),
            number(roles),
            number(database_roles),
            number(self.grants.roles_of(Grantee::Role(head.id)).count()),
            text(self.role_name(head.owner)),
            text(&head.comment),
            text(self.role_type(head.owner)),
        ]
    }
}
