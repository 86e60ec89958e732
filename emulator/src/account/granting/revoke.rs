//! REVOKE.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::executed;
use super::super::grants::{Grantee, Securable};
use super::super::store::Id;
use super::future_privileges;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::grant::{On, Privileges, What};
use crate::sql::privileges::of_kind;
use crate::sql::{ObjectKind, Path};

impl Account {
    pub(crate) fn revoke(&mut self, context: &Context, revoke: &Privileges) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let from = self.role_id(&revoke.role)?;
        match &revoke.on {
            On::Future(plural, container) => {
                let within = self.future_place(context, &access, container)?;
                let privileges = future_privileges(&revoke.what, plural);
                self.future.retain(|future| {
                    !(future.within == within
                        && future.plural == *plural
                        && future.to == from
                        && (privileges.contains(&future.privilege) || revoke.what == What::All))
                });
                return Ok(executed());
            }
            On::All(plural, container) => {
                let objects = self.all_in(context, &access, plural, container)?;
                self.all_or_nothing(|account| {
                    objects.iter().try_for_each(|on| account.revoke_on(&access, revoke, *on, from))
                })?;
                return Ok(executed());
            }
            _ => {}
        }
        let on = self.granted_object(context, &access, &revoke.on)?;
        self.revoke_on(&access, revoke, on, from)?;
        Ok(executed())
    }

    /// A privilege that was not granted is no error.
    fn revoke_on(
        &mut self,
        access: &Access,
        revoke: &Privileges,
        on: Securable,
        from: Id,
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
                if let Some(grant) = self.grants.get_mut(on, Grantee::Role(from), name) {
                    grant.with_grant_option = false;
                }
            } else {
                self.grants.remove(on, Grantee::Role(from), name);
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
        by: Id,
        privilege: &'a str,
    ) -> impl Iterator<Item = Grantee> + 'a {
        let owner = self.owner_of(on);
        self.grants
            .on(on)
            .filter(move |grant| grant.privilege == privilege && grant.by == Some(by) && owner != Some(by))
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
