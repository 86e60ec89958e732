//! GRANT and REVOKE of roles and database roles.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::executed;
use super::super::grants::{Grant, Grantee, Securable};
use super::super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::grant::{Membership, Recipient};

/// Everybody has it: to grant it or to take it away changes nothing.
const PUBLIC: &str = "PUBLIC";

impl Account {
    pub(crate) fn grant_role(
        &mut self,
        context: &Context,
        grant: &Membership,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (on, to) = self.membership(context, &access, grant)?;
        if self.is_public(on) {
            return Ok(executed());
        }
        if let (Securable::Role(role) | Securable::DatabaseRole(_, role), Grantee::Role(parent)) = (on, to)
            && self.below(role).contains(&parent)
        {
            return Err(SqlError::new(
                3025,
                "42601",
                format!(
                    "SQL compilation error:\nGranting role '{}' to '{}' would create a cycle in the role hierarchy.",
                    self.role_name(Some(role)),
                    self.role_name(Some(parent))
                ),
            ));
        }
        let by = self.owner_of(on);
        self.grants.put(Grant {
            on,
            privilege: "USAGE".into(),
            to,
            with_grant_option: false,
            by,
            created_on: now,
        });
        Ok(executed())
    }

    pub(crate) fn revoke_role(&mut self, context: &Context, revoke: &Membership) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (on, from) = self.membership(context, &access, revoke)?;
        let is_system = |id: Id| super::super::SYSTEM_ROLES.contains(&self.role_name(Some(id)));
        if let (Securable::Role(role), Grantee::Role(parent)) = (on, from)
            && is_system(role)
            && is_system(parent)
        {
            return Err(SqlError::denied("role", self.name_of(on)));
        }
        self.grants.remove(on, from, "USAGE");
        Ok(executed())
    }

    fn is_public(&self, on: Securable) -> bool {
        matches!(on, Securable::Role(id) if self.role_name(Some(id)) == PUBLIC)
    }

    /// The role and the one that gets or loses it, when the session may decide: its owner, or MANAGE GRANTS.
    fn membership(
        &self,
        context: &Context,
        access: &Access,
        membership: &Membership,
    ) -> Result<(Securable, Grantee), SqlError> {
        let on = match &membership.role {
            Recipient::DatabaseRole(path) => {
                self.securable(context, access, ObjectKind::DatabaseRole, path)?
            }
            Recipient::Role(name) => Securable::Role(self.role_id(name)?),
            _ => return Err(SqlError::impossible()),
        };
        let grantee = self.recipient(context, access, &membership.member)?;
        self.may_join(on, grantee)?;
        let owns = match &membership.role {
            Recipient::Role(name) if ["ACCOUNTADMIN", "ORGADMIN"].contains(&name.as_str()) => {
                self.is_account_admin(access)
            }
            Recipient::Role(name) if name == PUBLIC => true,
            _ => self.owns(access, on) || self.global(access, "MANAGE GRANTS"),
        };
        if owns { Ok((on, grantee)) } else { Err(SqlError::denied(on.kind().lower(), self.name_of(on))) }
    }

    /// Roles go to roles and users; database roles to database roles of their database, roles, users, shares and
    /// applications.
    fn may_join(&self, on: Securable, grantee: Grantee) -> Result<(), SqlError> {
        let home = match grantee {
            Grantee::Role(id) => self.database_role(id).map(|(database, _)| database.head.id),
            _ => None,
        };
        let refused = match on {
            Securable::Role(_) => {
                home.is_some() || matches!(grantee, Grantee::Share(_) | Grantee::Application(_))
            }
            on => home.is_some() && home != on.database(),
        };
        if refused {
            return Err(SqlError::unsupported(format!(
                "GRANT of {} to this kind of grantee",
                on.kind().singular()
            )));
        }
        Ok(())
    }

    /// The role and all that was granted to it, PUBLIC aside.
    fn below(&self, role: Id) -> std::collections::BTreeSet<Id> {
        let mut found = std::collections::BTreeSet::new();
        let mut open = vec![role];
        while let Some(role) = open.pop() {
            if found.insert(role) {
                open.extend(self.grants.roles_of(Grantee::Role(role)));
            }
        }
        found
    }
}
