//! GRANT and REVOKE.
//!
//! Who may grant: the owner, who holds the privilege WITH GRANT OPTION, and who has MANAGE GRANTS. A schema with
//! managed access leaves it to its owner and to MANAGE GRANTS.

mod revoke;
mod roles;

use super::Account;
use super::access::Access;
use super::answer::executed;
use super::grants::{FutureGrant, Grant, Grantee, Securable};
use super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::grant::{Container, On, Privileges, What};
use crate::sql::privileges::{of_kind, of_plural};

fn future_privileges(what: &What, plural: &str) -> Vec<String> {
    match what {
        What::All => of_plural(plural).iter().map(|name| (*name).to_owned()).collect(),
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
        let to = self.role_id(&grant.role)?;
        match &grant.on {
            On::Future(plural, container) => {
                let within = self.future_place(context, &access, container)?;
                for privilege in future_privileges(&grant.what, plural) {
                    self.future.retain(|future| {
                        !(future.within == within
                            && future.plural == *plural
                            && future.privilege == privilege
                            && (future.to == to || privilege == "OWNERSHIP"))
                    });
                    self.future.push(FutureGrant {
                        within,
                        plural: plural.clone(),
                        privilege,
                        to,
                        with_grant_option: grant.option,
                        created_on: now,
                    });
                }
                return Ok(executed());
            }
            On::All(plural, container) => {
                let objects = self.all_in(context, &access, plural, container)?;
                self.all_or_nothing(|account| {
                    objects.iter().try_for_each(|on| account.grant_on(&access, grant, *on, to, now))
                })?;
                return Ok(executed());
            }
            _ => {}
        }
        let on = self.granted_object(context, &access, &grant.on)?;
        self.grant_on(&access, grant, on, to, now)?;
        Ok(executed())
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
        to: Id,
        now: i64,
    ) -> Result<(), SqlError> {
        match &grant.what {
            What::Ownership { copy } => self.give(access, on, to, *copy),
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

    fn put_grant(&mut self, on: Securable, privilege: &str, to: Id, option: bool, by: Option<Id>, now: i64) {
        self.grants.put(Grant {
            on,
            privilege: privilege.to_owned(),
            to: Grantee::Role(to),
            with_grant_option: option,
            by,
            created_on: now,
        });
    }

    /// The role that stands behind a grant (None: the system); `003001` when nobody lets the session grant it.
    fn authority(&self, access: &Access, on: Securable, privilege: &str) -> Result<Option<Id>, SqlError> {
        let managed = match on {
            Securable::Table(database, schema, _) | Securable::Tag(database, schema, _) => {
                self.schema((database, schema)).is_ok_and(|schema| schema.managed_access)
            }
            _ => false,
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
        let outstanding = self.grants.on(on).next().is_some() && !matches!(on, Securable::Role(_));
        match copy {
            None if outstanding => {
                return Err(SqlError::new(
                    3036,
                    "42710",
                    format!(
                        "SQL execution error: Dependent grant of privilege exists on {} '{}'. It must be revoked first. More than one dependent grant may exist: use 'SHOW GRANTS' command to view them. To revoke all dependent grants while transferring object ownership, use convenience command 'GRANT OWNERSHIP ON <target_objects> TO <target_role> REVOKE CURRENT GRANTS'.",
                        on.kind().singular(),
                        self.name_of(on)
                    ),
                ));
            }
            Some(false) => self.grants.forget_object(on),
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

    /// Future grants need MANAGE GRANTS, or the ownership of the database or of a managed schema.
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

    /// What `ALL … IN …` stands for; kinds that cannot exist here stand for nothing.
    fn all_in(
        &self,
        context: &Context,
        access: &Access,
        plural: &str,
        container: &Container,
    ) -> Result<Vec<Securable>, SqlError> {
        let within = self.container_of(context, access, container)?;
        let schemas: Vec<(Id, Id)> = match within {
            Securable::Database(id) => self
                .databases
                .by_id(id)
                .into_iter()
                .flat_map(|database| database.schemas.iter())
                .filter(|schema| schema.head.owner.is_some())
                .map(|schema| (id, schema.head.id))
                .collect(),
            Securable::Schema(database, schema) => vec![(database, schema)],
            _ => Vec::new(),
        };
        Ok(match plural {
            "SCHEMAS" => schemas.into_iter().map(|(database, id)| Securable::Schema(database, id)).collect(),
            "TABLES" => schemas
                .into_iter()
                .filter_map(|place| self.schema(place).ok().map(|schema| (place, schema)))
                .flat_map(|((database, within), schema)| {
                    schema.tables.iter().map(move |table| Securable::Table(database, within, table.head.id))
                })
                .collect(),
            _ => Vec::new(),
        })
    }

    /// A new object gets what was granted on the future ones; the schema's grants come before the database's.
    pub(crate) fn grant_future(&mut self, on: Securable, plural: &str, now: i64) {
        let places = match on {
            Securable::Schema(database, _) => vec![Securable::Database(database)],
            Securable::Table(database, schema, _) => {
                vec![Securable::Schema(database, schema), Securable::Database(database)]
            }
            _ => return,
        };
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
            self.put_grant(on, &future.privilege, future.to, future.with_grant_option, owner, now);
        }
    }
}
