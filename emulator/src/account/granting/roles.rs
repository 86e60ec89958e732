//! GRANT ROLE and REVOKE ROLE.

use super::super::Account;
use super::super::answer::{executed, quoted};
use super::super::grants::{Grant, Grantee, Securable};
use super::super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::grant::Member;

impl Account {
    pub(crate) fn grant_role(
        &mut self,
        context: &Context,
        role: &str,
        to: &Member,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let (on, to) = self.membership(context, role, to)?;
        if let (Securable::Role(role), Grantee::Role(parent)) = (on, to)
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

    pub(crate) fn revoke_role(
        &mut self,
        context: &Context,
        role: &str,
        from: &Member,
    ) -> Result<Rows, SqlError> {
        let (on, from) = self.membership(context, role, from)?;
        let system = |grantee: Grantee| match grantee {
            Grantee::Role(id) => super::super::SYSTEM_ROLES.contains(&self.role_name(Some(id))),
            Grantee::User(_) => false,
        };
        if super::super::SYSTEM_ROLES.contains(&role) && system(from) {
            return Err(SqlError::denied("role", role));
        }
        self.grants.remove(on, from, "USAGE");
        Ok(executed())
    }

    /// The role and the one that gets or loses it, when the session may decide: its owner, or MANAGE GRANTS.
    fn membership(
        &self,
        context: &Context,
        role: &str,
        member: &Member,
    ) -> Result<(Securable, Grantee), SqlError> {
        let access = self.access(context)?;
        let on = Securable::Role(self.role_id(role)?);
        let grantee = match member {
            Member::Role(name) => Grantee::Role(self.role_id(name)?),
            Member::User(name) => {
                Grantee::User(self.users.id(name).ok_or_else(|| SqlError::absent("User", quoted(name)))?)
            }
        };
        let owns = match role {
            "ACCOUNTADMIN" | "ORGADMIN" => self.is_account_admin(&access),
            _ => self.owns(&access, on) || self.global(&access, "MANAGE GRANTS"),
        };
        if owns { Ok((on, grantee)) } else { Err(SqlError::denied("role", quoted(role))) }
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
