//! Account roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::answer::{executed, number, quoted, status, table, text, time, yes};
use super::grants::{Grantee, Securable};
use super::store::{Head, Id, Object};
use super::{Account, SYSTEM_ROLES};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::How;
use crate::sql::property::{Value, value_of};
use crate::sql::role::{AlterRole, CreateRole, RoleAction};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub head: Head,
    pub tags: BTreeMap<Id, String>,
}

impl Object for Role {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

impl Account {
    pub(crate) fn create_role(
        &mut self,
        context: &Context,
        create: &CreateRole,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = &create.name;
        let created = status(format!("Role {name} successfully created."));
        let before = self.roles.id(name);
        if let Some(id) = before {
            match create.how {
                How::Plain => return Err(SqlError::exists(quoted(name))),
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrReplace | How::OrAlter => {
                    self.need(&access, Securable::Role(id), &[])?;
                    Self::no_system_role(name)?;
                }
            }
        } else {
            self.need_global(&access, "CREATE ROLE")?;
        }
        let tags = self.tag_values(context, &access, &create.tags)?;
        let comment = value_of(&create.settings, "COMMENT").and_then(Value::text).unwrap_or_default();
        match before {
            Some(id) if create.how == How::OrAlter => {
                if let Some(role) = self.roles.by_id_mut(id) {
                    comment.clone_into(&mut role.head.comment);
                }
                return Ok(created);
            }
            Some(id) => {
                self.need_global(&access, "CREATE ROLE")?;
                self.drop_role(id, access.role);
            }
            None => {}
        }
        let mut head = self.head(name, &access, now);
        comment.clone_into(&mut head.comment);
        self.roles.put(Role { head, tags });
        Ok(created)
    }

    fn no_system_role(name: &str) -> Result<(), SqlError> {
        if SYSTEM_ROLES.contains(&name) { Err(SqlError::denied("role", name)) } else { Ok(()) }
    }

    pub(crate) fn alter_role(&mut self, context: &mut Context, alter: &AlterRole) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let id = match self.role_id(&alter.name) {
            Ok(id) => id,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, Securable::Role(id), &[])?;
        match &alter.action {
            RoleAction::RenameTo(to) => {
                Self::no_system_role(&alter.name)?;
                if self.roles.id(to).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(quoted(to)));
                }
                self.roles.rename(id, to);
                if context.role.as_ref() == Some(&alter.name) {
                    context.role = Some(to.clone());
                }
            }
            RoleAction::Set(settings) => {
                let comment =
                    value_of(settings, "COMMENT").and_then(Value::text).unwrap_or_default().to_owned();
                if let Some(role) = self.roles.by_id_mut(id) {
                    role.head.comment = comment;
                }
            }
            RoleAction::UnsetComment => {
                if let Some(role) = self.roles.by_id_mut(id) {
                    role.head.comment.clear();
                }
            }
            RoleAction::SetTags(tags) => {
                let values = self.tag_values(context, &access, tags)?;
                if let Some(role) = self.roles.by_id_mut(id) {
                    role.tags.extend(values);
                }
            }
            RoleAction::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                if let Some(role) = self.roles.by_id_mut(id) {
                    role.tags.retain(|tag, _| !ids.contains(tag));
                }
            }
        }
        Ok(executed())
    }

    /// DROP ROLE: what the role owned goes to the role that drops it.
    pub(crate) fn drop_role_statement(&mut self, access: &Access, id: Id) -> Result<(), SqlError> {
        let name = self.role_name(Some(id)).to_owned();
        self.need(access, Securable::Role(id), &[])?;
        Self::no_system_role(&name)?;
        if access.role == id {
            return Err(SqlError::new(3540, "42710", "Cannot drop the current role of the session."));
        }
        self.drop_role(id, access.role);
        Ok(())
    }

    fn drop_role(&mut self, id: Id, heir: Id) {
        self.bequeath(id, heir);
        self.roles.remove(id);
        self.forget(Securable::Role(id));
    }

    /// What a role owned gets another owner.
    pub(crate) fn bequeath(&mut self, from: Id, heir: Id) {
        for on in self.everything() {
            if let Some(head) = self.head_of(on)
                && head.owner == Some(from)
            {
                head.owner = Some(heir);
            }
        }
    }

    /// How many roles (not database roles) were granted to a role.
    fn roles_under(&self, id: Id) -> usize {
        self.grants.roles_of(Grantee::Role(id)).filter(|role| self.roles.by_id(*role).is_some()).count()
    }

    /// The columns of SHOW ROLES (docs: show-roles).
    pub(crate) fn role_columns(terse: bool) -> Rows {
        use ColumnType::{Fixed, Text, TimestampLtz};
        if terse {
            return table(&[
                ("created_on", TimestampLtz),
                ("name", Text),
                ("kind", Text),
                ("database_name", Text),
                ("schema_name", Text),
            ]);
        }
        table(&[
            ("created_on", TimestampLtz),
            ("name", Text),
            ("is_default", Text),
            ("is_current", Text),
            ("is_inherited", Text),
            ("assigned_to_users", Fixed),
            ("granted_to_roles", Fixed),
            ("granted_roles", Fixed),
            ("owner", Text),
            ("comment", Text),
        ])
    }

    pub(crate) fn role_row(
        &self,
        access: &Access,
        context: &Context,
        role: &Role,
        terse: bool,
    ) -> Vec<Option<String>> {
        let head = &role.head;
        if terse {
            return vec![time(head.created_on), text(&head.name), None, None, None];
        }
        let default = self.users.get(&context.user).and_then(|user| user.default_role());
        let (mut users, mut roles) = (0, 0);
        for grant in self.grants.on(Securable::Role(head.id)).filter(|grant| grant.privilege == "USAGE") {
            match grant.to {
                Grantee::User(_) => users += 1,
                Grantee::Role(_) => roles += 1,
                _ => {}
            }
        }
        let current = access.role == head.id;
        vec![
            time(head.created_on),
            text(&head.name),
            yes(default == Some(head.name.as_str())),
            yes(current),
            yes(!current && access.roles.contains(&head.id)),
            number(users),
            number(roles),
            number(self.roles_under(head.id)),
            text(self.role_name(head.owner)),
            text(&head.comment),
        ]
    }
}
