//! What the session's roles may see and do.

use std::collections::BTreeSet;

use super::Account;
use super::grants::{Grantee, Securable};
use super::store::{Id, Object};
use crate::context::Context;
use crate::error::SqlError;

/// The roles of one statement.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// The primary role: owner of what the statement creates.
    pub(crate) role: Id,
    /// It, what it inherits, and, with USE SECONDARY ROLES ALL, the user's other roles.
    pub(crate) roles: BTreeSet<Id>,
    /// The primary role and what it inherits: CREATE looks at these alone.
    pub(crate) primary: BTreeSet<Id>,
}

impl Account {
    pub(crate) fn access(&self, context: &Context) -> Result<Access, SqlError> {
        let name = context.role.as_deref().unwrap_or("PUBLIC");
        let role = self.roles.id(name).ok_or_else(|| SqlError::absent("Role", name))?;
        let primary = self.inherited([role]);
        let mut roles = primary.clone();
        if context.secondary_roles_all
            && let Some(user) = self.users.id(&context.user)
        {
            roles.extend(self.inherited(self.grants.roles_of(Grantee::User(user))));
        }
        Ok(Access { role, roles, primary })
    }

    /// May a user take a role? Everybody may take PUBLIC.
    pub(crate) fn has_role(&self, user: &str, role: &str) -> bool {
        let (Some(user), Some(role)) = (self.users.id(user), self.roles.id(role)) else { return false };
        let direct: Vec<Id> = self.grants.roles_of(Grantee::User(user)).collect();
        direct.contains(&role) || self.inherited(direct).contains(&role)
    }

    /// These roles, the roles granted to them, and PUBLIC.
    pub(crate) fn inherited(&self, roles: impl IntoIterator<Item = Id>) -> BTreeSet<Id> {
        let mut found = BTreeSet::new();
        let mut open: Vec<Id> = roles.into_iter().chain(self.roles.id("PUBLIC")).collect();
        while let Some(role) = open.pop() {
            if found.insert(role) {
                open.extend(self.grants.roles_of(Grantee::Role(role)));
            }
        }
        found
    }

    /// Was one of these privileges granted to one of the roles?
    pub(crate) fn granted(&self, roles: &BTreeSet<Id>, on: Securable, privileges: &[&str]) -> bool {
        self.grants.on(on).any(|grant| {
            matches!(grant.to, Grantee::Role(role) if roles.contains(&role))
                && privileges.contains(&grant.privilege.as_str())
        }) || self.inherits(roles, on, |privilege| privileges.contains(&privilege))
    }

    /// Does an inherited grant give one of the roles such a privilege on the object?
    fn inherits(&self, roles: &BTreeSet<Id>, on: Securable, is: impl Fn(&str) -> bool) -> bool {
        if self.inherited.is_empty() {
            return false;
        }
        let kind = self.kind_of(on);
        self.inherited
            .iter()
            .any(|grant| roles.contains(&grant.to) && is(&grant.privilege) && grant.covers(on, kind))
    }

    /// A privilege on the account.
    pub(crate) fn global(&self, access: &Access, privilege: &str) -> bool {
        self.granted(&access.roles, Securable::Account, &[privilege])
    }

    /// `003001` unless the primary role may create this on the account.
    pub(crate) fn need_global(&self, access: &Access, privilege: &str) -> Result<(), SqlError> {
        if self.granted(&access.primary, Securable::Account, &[privilege]) {
            Ok(())
        } else {
            Err(SqlError::denied("account", &self.locator))
        }
    }

    /// CREATE of what runs by itself: USAGE on its warehouse, or without one this privilege on the account (docs:
    /// create-task, create-alert, access control requirements; the codes are those of other refusals).
    pub(crate) fn may_run_on(
        &self,
        access: &Access,
        warehouse: Option<Id>,
        managed: &str,
    ) -> Result<(), SqlError> {
        match warehouse {
            Some(id) => self.need(access, Securable::Warehouse(id), &["USAGE"]),
            None => self.need_global(access, managed),
        }
    }

    pub(crate) fn is_account_admin(&self, access: &Access) -> bool {
        self.roles.id("ACCOUNTADMIN").is_some_and(|id| access.roles.contains(&id))
    }

    pub(crate) fn owns(&self, access: &Access, on: Securable) -> bool {
        self.owner_of(on).is_some_and(|owner| access.roles.contains(&owner))
    }

    /// Owner, or a privilege on the object (or on its kind) that this statement needs.
    pub(crate) fn may(&self, access: &Access, on: Securable, privileges: &[&str]) -> bool {
        self.owns(access, on)
            || self.granted(&access.roles, on, privileges)
            || (matches!(on, Securable::Warehouse(_))
                && !privileges.is_empty()
                && self.global(access, "MANAGE WAREHOUSES"))
    }

    /// Owner, or any privilege at all.
    pub(crate) fn sees(&self, access: &Access, on: Securable) -> bool {
        match on {
            // Names of roles and users are no secret.
            Securable::Account | Securable::Role(_) | Securable::User(_) => true,
            Securable::DatabaseRole(database, _) => self.sees(access, Securable::Database(database)),
            _ => {
                self.owns(access, on)
                    || self
                        .grants
                        .on(on)
                        .any(|grant| matches!(grant.to, Grantee::Role(role) if access.roles.contains(&role)))
                    || self.inherits(&access.roles, on, |_| true)
                    || (matches!(on, Securable::Warehouse(_)) && self.global(access, "MANAGE WAREHOUSES"))
                    || self.global(access, "MANAGE GRANTS")
                    || self.sees_inside(access, on)
            }
        }
    }

    /// A container shows through what it holds.
    fn sees_inside(&self, access: &Access, on: Securable) -> bool {
        let Securable::Database(id) = on else { return false };
        self.databases.by_id(id).is_some_and(|database| {
            database.schemas.iter().any(|schema| {
                let schema_head = schema.head();
                schema_head.owner.is_some_and(|owner| access.roles.contains(&owner))
            })
        })
    }

    pub(crate) fn owner_of(&self, on: Securable) -> Option<Id> {
        match on {
            Securable::Account => self.roles.id("ACCOUNTADMIN"),
            on => self.head_at(on)?.owner,
        }
    }

    /// `002003` when invisible, `003001` when one of `privileges` (or OWNERSHIP) is lacking.
    pub(crate) fn need(&self, access: &Access, on: Securable, privileges: &[&str]) -> Result<(), SqlError> {
        if !self.sees(access, on) {
            return Err(SqlError::absent(on.kind().noun(), self.name_of(on)));
        }
        if self.may(access, on, privileges) {
            return Ok(());
        }
        Err(SqlError::denied(on.kind().lower(), self.name_of(on)))
    }
}
