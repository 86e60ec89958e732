//! GRANT and REVOKE.
//!
//! Who may grant: the owner, who holds the privilege WITH GRANT OPTION, and who has MANAGE GRANTS. A schema with
//! managed access leaves it to its owner and to MANAGE GRANTS.

mod recipient;
mod revoke;
mod roles;

use super::Account;
use super::access::Access;
use super::answer::executed;
use super::grants::{FutureGrant, Grant, Grantee, InheritedGrant, Securable};
use super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::grant::{Container, On, Privileges, What, known};
use crate::sql::privileges::of_kind;

fn future_privileges(what: &What, kind: ObjectKind) -> Vec<String> {
    match what {
        What::All => of_kind(kind).iter().map(|name| (*name).to_owned()).collect(),
        What::Ownership { .. } => vec!["OWNERSHIP".into()],
        What::Privileges(names) => names.clone(),
    }
}

impl Account {
    pub(crate) fn grant(
        &mut self,
        context: &Context,
        grant: &Privileges,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        match &grant.on {
            On::Future(kind, container) => {
                let within = self.future_place(context, &access, container)?;
                let to = self.grantee_role(context, &access, &grant.to)?;
                known(&grant.what, *kind)?;
                self.near(to, within)?;
                for privilege in future_privileges(&grant.what, *kind) {
                    self.future.retain(|future| {
                        !(future.within == within
                            && future.plural == kind.plural()
                            && future.privilege == privilege
                            && (future.to == to || privilege == "OWNERSHIP"))
                    });
                    self.future.push(FutureGrant {
                        within,
                        plural: kind.plural().into(),
                        privilege,
                        to,
                        with_grant_option: grant.option,
                        created_on: now,
                    });
                }
            }
            On::Inherited(kind, container) => {
                let within = self.inherited_place(context, &access, container)?;
                let to = self.grantee_role(context, &access, &grant.to)?;
                known(&grant.what, *kind)?;
                self.near(to, within)?;
                let by = self.owner_of(within);
                for privilege in future_privileges(&grant.what, *kind) {
                    let made = InheritedGrant { within, kind: *kind, privilege, to, by, created_on: now };
                    self.inherited.retain(|held| {
                        (held.within, held.kind, &held.privilege, held.to)
                            != (made.within, made.kind, &made.privilege, made.to)
                    });
                    self.inherited.push(made);
                }
            }
            On::All(kind, container) => {
                let objects = self.all_in(context, &access, *kind, container)?;
                let to = self.recipient(context, &access, &grant.to)?;
                known(&grant.what, *kind)?;
                self.all_or_nothing(|account| {
                    objects.iter().try_for_each(|on| account.grant_on(&access, grant, *on, to, now))
                })?;
                self.after_grant(grant, &objects, now);
            }
            _ => {
                let on = self.granted_object(context, &access, &grant.on)?;
                let to = self.recipient(context, &access, &grant.to)?;
                known(&grant.what, self.kind_of(on))?;
                self.grant_on(&access, grant, on, to, now)?;
                self.after_grant(grant, &[on], now);
            }
        }
        Ok(executed())
    }

    fn after_grant(&mut self, grant: &Privileges, on: &[Securable], now: i64) {
        if matches!(grant.what, What::Ownership { .. }) {
            self.sever_given(on, now);
        }
    }

    /// Takes back what was done on the first objects when a later one refuses.
    fn all_or_nothing(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let before = (self.grants.clone(), self.databases.clone());
        let result = work(self);
        if result.is_err() {
            (self.grants, self.databases) = before;
        }
        result
    }

    fn granted_object(&self, context: &Context, access: &Access, on: &On) -> Result<Securable, SqlError> {
        match on {
            On::Object(kind, path) => self.securable(context, access, *kind, path),
            _ => Ok(Securable::Account),
        }
    }

    fn grant_on(
        &mut self,
        access: &Access,
        grant: &Privileges,
        on: Securable,
        to: Grantee,
        now: i64,
    ) -> Result<(), SqlError> {
        if let Grantee::Role(id) = to {
            self.near(id, on)?;
        }
        match &grant.what {
            What::Ownership { copy } => match to {
                Grantee::Role(to) => {
                    // ON ALL TASKS suspends what is started (the provider's tests, "on all tasks - with ownership").
                    if !matches!(grant.on, On::All(..)) {
                        self.task_may_go(on)?;
                    }
                    self.give(access, on, to, *copy)
                }
                _ => Err(SqlError::unsupported("OWNERSHIP for other than roles")),
            },
            What::All => {
                let mut lacking = Vec::new();
                for privilege in of_kind(on.kind()) {
                    match self.authority(access, on, privilege) {
                        Ok(by) => self.put_grant(on, privilege, to, grant.option, by, now),
                        Err(_) => lacking.push(*privilege),
                    }
                }
                if lacking.len() == of_kind(on.kind()).len() {
                    return Err(SqlError::denied(on.kind().lower(), self.name_of(on)));
                }
                Ok(())
            }
            What::Privileges(names) => {
                let mut by = Vec::new();
                for name in names {
                    by.push(self.authority(access, on, name)?);
                }
                for (name, by) in names.iter().zip(by) {
                    self.put_grant(on, name, to, grant.option, by, now);
                }
                Ok(())
            }
        }
    }

    fn put_grant(
        &mut self,
        on: Securable,
        privilege: &str,
        to: Grantee,
        option: bool,
        by: Option<Id>,
        now: i64,
    ) {
        self.grants.put(Grant {
            on,
            privilege: privilege.to_owned(),
            to,
            with_grant_option: option,
            by,
            created_on: now,
        });
    }

    /// The role that stands behind a grant (None: the system); `003001` when nobody lets the session grant it.
    fn authority(&self, access: &Access, on: Securable, privilege: &str) -> Result<Option<Id>, SqlError> {
        let managed = match on {
            Securable::Schema(..) => false,
            on => {
                on.schema().is_some_and(|place| self.schema(place).is_ok_and(|schema| schema.managed_access))
            }
        };
        if self.global(access, "MANAGE GRANTS") || (!managed && self.owns(access, on)) {
            return Ok(self.owner_of(on));
        }
        let lent = self.grants.on(on).find_map(|grant| match grant.to {
            Grantee::Role(role)
                if !managed
                    && grant.privilege == privilege
                    && grant.with_grant_option
                    && access.roles.contains(&role) =>
            {
                Some(role)
            }
            _ => None,
        });
        lent.map(Some).ok_or_else(|| SqlError::denied(on.kind().lower(), self.name_of(on)))
    }

    /// GRANT OWNERSHIP. Without COPY or REVOKE CURRENT GRANTS it is refused while other grants exist.
    fn give(&mut self, access: &Access, on: Securable, to: Id, copy: Option<bool>) -> Result<(), SqlError> {
        if on == Securable::Account {
            return Err(SqlError::syntax("OWNERSHIP cannot be granted on ACCOUNT."));
        }
        let system = match on {
            Securable::Role(id) => self
                .roles
                .by_id(id)
                .is_some_and(|role| super::SYSTEM_ROLES.contains(&role.head.name.as_str())),
            _ => self.owner_of(on).is_none(),
        };
        if system || !(self.owns(access, on) || self.global(access, "MANAGE GRANTS")) {
            return Err(SqlError::denied(on.kind().lower(), self.name_of(on)));
        }
        let exempt = matches!(on, Securable::Role(_) | Securable::DatabaseRole(..));
        let outstanding = self.grants.on(on).next().filter(|_| !exempt);
        match (copy, outstanding) {
            (None, Some(grant)) => {
                return Err(SqlError::new(
                    3036,
                    "23001",
                    format!(
                        "SQL execution error: Dependent grant of privilege '{}' on securable '{}' to role '{}' exists.  It must be revoked first.  More than one dependent grant may exist: use 'SHOW GRANTS' command to view them.  To revoke all dependent grants while transferring object ownership, use convenience command 'GRANT OWNERSHIP ON <target_objects> TO <target_role> REVOKE CURRENT GRANTS'.",
                        grant.privilege,
                        self.name_of(on),
                        self.grantee(grant.to).1
                    ),
                ));
            }
            (Some(false), _) => self.grants.forget_object(on),
            _ => {}
        }
        // The new owner stands behind the grants that stay.
        let stay: Vec<(Grantee, String)> =
            self.grants.on(on).map(|grant| (grant.to, grant.privilege.clone())).collect();
        for (grantee, privilege) in stay {
            if let Some(grant) = self.grants.get_mut(on, grantee, &privilege) {
                grant.by = Some(to);
            }
        }
        if let Some(head) = self.head_of(on) {
            head.owner = Some(to);
        }
        Ok(())
    }

    fn container_of(
        &self,
        context: &Context,
        access: &Access,
        container: &Container,
    ) -> Result<Securable, SqlError> {
        self.securable(context, access, container.kind, &container.path)
    }

    /// Future grants need MANAGE GRANTS, or the ownership of a managed schema.
    fn future_place(
        &self,
        context: &Context,
        access: &Access,
        container: &Container,
    ) -> Result<Securable, SqlError> {
        let within = self.container_of(context, access, container)?;
        let owner = match within {
            Securable::Schema(database, schema) => {
                self.schema((database, schema))?.managed_access && self.owns(access, within)
            }
            _ => false,
        };
        if owner || self.global(access, "MANAGE GRANTS") {
            return Ok(within);
        }
        Err(SqlError::denied(within.kind().lower(), self.name_of(within)))
    }

    /// Inherited grants need MANAGE GRANTS, or the ownership of the container.
    fn inherited_place(
        &self,
        context: &Context,
        access: &Access,
        container: &Container,
    ) -> Result<Securable, SqlError> {
        let within = self.container_of(context, access, container)?;
        if self.owns(access, within) || self.global(access, "MANAGE GRANTS") {
            return Ok(within);
        }
        Err(SqlError::denied(within.kind().lower(), self.name_of(within)))
    }

    /// What `ALL … IN …` stands for.
    fn all_in(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        container: &Container,
    ) -> Result<Vec<Securable>, SqlError> {
        let within = self.container_of(context, access, container)?;
        let mut found = self.everything();
        found.retain(|on| {
            let here = match within {
                Securable::Schema(..) => on.schema() == within.schema(),
                _ => on.database() == within.database(),
            };
            // The system's schemas have no owner.
            here && self.kind_of(*on) == kind && self.owner_of(*on).is_some()
        });
        Ok(found)
    }

    /// A new object gets what was granted on the future ones; the schema's grants come before the database's.
    pub(crate) fn grant_future(&mut self, on: Securable, now: i64) {
        let mut places = Vec::new();
        if let Some((database, schema)) = on.schema() {
            if !matches!(on, Securable::Schema(..)) {
                places.push(Securable::Schema(database, schema));
            }
            places.push(Securable::Database(database));
        }
        let plural = self.kind_of(on).plural();
        let of = |place: &Securable| -> Vec<FutureGrant> {
            self.future
                .iter()
                .filter(|future| future.within == *place && future.plural == plural)
                .cloned()
                .collect()
        };
        let Some(found) = places.iter().map(of).find(|found| !found.is_empty()) else { return };
        for future in &found {
            if future.privilege == "OWNERSHIP"
                && let Some(head) = self.head_of(on)
            {
                head.owner = Some(future.to);
            }
        }
        let owner = self.owner_of(on);
        for future in found.into_iter().filter(|future| future.privilege != "OWNERSHIP") {
            let to = Grantee::Role(future.to);
            self.put_grant(on, &future.privilege, to, future.with_grant_option, owner, now);
        }
    }
}
