//! REVOKE.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::executed;
use super::super::grants::{Grantee, Securable};
use super::future_privileges;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::grant::{On, Privileges, What, known};
use crate::sql::privileges::of_kind;
use crate::sql::{ObjectKind, Path};

impl Account {
    pub(crate) fn revoke(&mut self, context: &Context, revoke: &Privileges) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        match &revoke.on {
            On::Future(kind, container) => {
                let within = self.future_place(context, &access, container)?;
                let from = self.grantee_role(context, &access, &revoke.to)?;
                known(&revoke.what, *kind)?;
                let privileges = future_privileges(&revoke.what, *kind);
                self.future.retain(|future| {
                    !(future.within == within
                        && future.plural == kind.plural()
                        && future.to == from
                        && (privileges.contains(&future.privilege) || revoke.what == What::All))
                });
            }
            On::Inherited(kind, container) => {
                let within = self.inherited_place(context, &access, container)?;
                let from = self.grantee_role(context, &access, &revoke.to)?;
                known(&revoke.what, *kind)?;
                let privileges = future_privileges(&revoke.what, *kind);
                self.inherited.retain(|held| {
                    !((held.within, held.kind, held.to) == (within, *kind, from)
                        && privileges.contains(&held.privilege))
                });
            }
            On::All(kind, container) => {
                let objects = self.all_in(context, &access, *kind, container)?;
                let from = self.recipient(context, &access, &revoke.to)?;
                known(&revoke.what, *kind)?;
                self.all_or_nothing(|account| {
                    objects.iter().try_for_each(|on| account.revoke_on(&access, revoke, *on, from))
                })?;
            }
            _ => {
                let on = self.granted_object(context, &access, &revoke.on)?;
                let from = self.recipient(context, &access, &revoke.to)?;
                known(&revoke.what, self.kind_of(on))?;
                self.revoke_on(&access, revoke, on, from)?;
            }
        }
        Ok(executed())
    }

    /// A privilege that was not granted is no error.
    fn revoke_on(
        &mut self,
        access: &Access,
        revoke: &Privileges,
        on: Securable,
        from: Grantee,
    ) -> Result<(), SqlError> {
        let names: Vec<String> = match &revoke.what {
            What::Privileges(names) => names.clone(),
            _ => of_kind(on.kind()).iter().map(|name| (*name).to_owned()).collect(),
        };
        for name in &names {
            self.authority(access, on, name)?;
            if revoke.cascade == Some(false) && self.regranted(on, from, name).next().is_some() {
                return Err(SqlError::new(
                    3012,
                    "42710",
                    format!(
                        "SQL execution error: Dependent grant of privilege '{name}' exists: use CASCADE."
                    ),
                ));
            }
        }
        for name in &names {
            if revoke.option {
                if let Some(grant) = self.grants.get_mut(on, from, name) {
                    grant.with_grant_option = false;
                }
            } else {
                self.grants.remove(on, from, name);
            }
            if revoke.cascade == Some(true) {
                let dependents: Vec<Grantee> = self.regranted(on, from, name).collect();
                for dependent in dependents {
                    self.grants.remove(on, dependent, name);
                }
            }
        }
        Ok(())
    }

    /// Who got the privilege from this role.
    fn regranted<'a>(
        &'a self,
        on: Securable,
        by: Grantee,
        privilege: &'a str,
    ) -> impl Iterator<Item = Grantee> + 'a {
        let owner = self.owner_of(on);
        let by = match by {
            Grantee::Role(id) => Some(id),
            _ => None,
        };
        self.grants
            .on(on)
            .filter(move |grant| {
                grant.privilege == privilege && by.is_some() && grant.by == by && owner != by
            })
            .map(|grant| grant.to)
    }

    /// Takes a privilege away as if someone had revoked it, whoever granted it: an ordered fault. False when there
    /// was no such grant. `path` names the object as stored.
    pub fn revoke_by_force(&mut self, kind: ObjectKind, path: &[&str], privilege: &str, role: &str) -> bool {
        let Some(role) = self.roles.id(role) else { return false };
        let path: Path = path.iter().map(|part| (*part).to_owned()).collect();
        let context = Context { role: Some("ACCOUNTADMIN".into()), ..Context::default() };
        let Ok(access) = self.access(&context) else { return false };
        let Ok(on) = self.securable(&context, &access, kind, &path) else { return false };
        self.grants.remove(on, Grantee::Role(role), privilege).is_some()
    }
}
