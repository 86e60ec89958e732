//! GRANT and REVOKE.
//!
//! Who may grant: the owner, who holds the privilege WITH GRANT OPTION, and who has MANAGE GRANTS. A schema with
//! managed access leaves it to its owner and to MANAGE GRANTS.

use super::Account;
use super::access::Access;
use super::answer::{display, executed};
use super::grants::{FutureGrant, Grant, Grantee, Securable};
use super::store::{Id, Object};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::grant::{Container, Member, On, Privileges, What, of_kind, of_plural};
use crate::sql::{ObjectKind, Path};

impl Account {
    pub(crate) fn role_id(&self, name: &str) -> Result<Id, SqlError> {
        self.roles.id(name).ok_or_else(|| SqlError::absent("Role", display(&[name.to_owned()])))
    }

    /// The object that a statement names, when the role sees it.
    pub(crate) fn securable(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Securable, SqlError> {
        let absent = || SqlError::absent(kind.noun(), display(path));
        let single = || path.last().filter(|_| path.len() == 1).ok_or_else(absent);
        match kind {
            ObjectKind::Account | ObjectKind::Session => Ok(Securable::Account),
            ObjectKind::Warehouse => self.warehouse_id(access, path).map(Securable::Warehouse),
            ObjectKind::ResourceMonitor => self.monitor_id(access, path).map(Securable::ResourceMonitor),
            ObjectKind::Database => {
                self.database(access, single()?).map(|database| Securable::Database(database.head.id))
            }
            ObjectKind::Schema => {
                self.schema_id(context, access, path).map(|(database, id)| Securable::Schema(database, id))
            }
            ObjectKind::Role => self.roles.id(single()?).map(Securable::Role).ok_or_else(absent),
            ObjectKind::User => self.users.id(single()?).map(Securable::User).ok_or_else(absent),
            ObjectKind::Table | ObjectKind::Tag => {
                let ((database, schema), name) = self.in_schema(context, access, path)?;
                let holder = self.schema((database, schema))?;
                let on = match kind {
                    ObjectKind::Table => {
                        holder.tables.id(&name).map(|id| Securable::Table(database, schema, id))
                    }
                    _ => holder.tags_here.id(&name).map(|id| Securable::Tag(database, schema, id)),
                };
                on.filter(|on| self.sees(access, *on)).ok_or_else(absent)
            }
        }
    }

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
                        Some(by) => self.put_grant(on, privilege, to, grant.option, by, now),
                        None => lacking.push(*privilege),
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
                    by.push(
                        self.authority(access, on, name)
                            .ok_or_else(|| SqlError::denied(on.kind().lower(), self.name_of(on)))?,
                    );
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

    /// The role that stands behind a grant (None: the system); outer None when nobody lets the session grant it.
    fn authority(&self, access: &Access, on: Securable, privilege: &str) -> Option<Option<Id>> {
        let owner = self.owner_of(on);
        let managed = match on {
            Securable::Table(database, schema, _) | Securable::Tag(database, schema, _) => {
                self.schema((database, schema)).is_ok_and(|schema| schema.managed_access)
            }
            _ => false,
        };
        if self.global(access, "MANAGE GRANTS") || (!managed && self.owns(access, on)) {
            return Some(owner);
        }
        if managed {
            return None;
        }
        self.grants
            .on(on)
            .find(|grant| {
                grant.privilege == privilege
                    && grant.with_grant_option
                    && matches!(grant.to, Grantee::Role(role) if access.roles.contains(&role))
            })
            .map(|grant| match grant.to {
                Grantee::Role(role) => Some(role),
                Grantee::User(_) => None,
            })
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

    /// The head of any object.
    pub(crate) fn head_of(&mut self, on: Securable) -> Option<&mut super::Head> {
        let schema = |account: &mut Self, database: Id, schema: Id| {
            account.databases.by_id(database).and_then(|it| it.schemas.by_id(schema)).is_some()
        };
        match on {
            Securable::Account => None,
            Securable::Warehouse(id) => self.warehouses.by_id_mut(id).map(Object::head_mut),
            Securable::ResourceMonitor(id) => self.monitors.by_id_mut(id).map(Object::head_mut),
            Securable::Database(id) => self.databases.by_id_mut(id).map(Object::head_mut),
            Securable::Role(id) => self.roles.by_id_mut(id).map(Object::head_mut),
            Securable::User(id) => self.users.by_id_mut(id).map(Object::head_mut),
            Securable::Schema(database, id) => {
                self.databases.by_id_mut(database)?.schemas.by_id_mut(id).map(Object::head_mut)
            }
            Securable::Table(database, within, id) => {
                schema(self, database, within).then_some(())?;
                self.databases
                    .by_id_mut(database)?
                    .schemas
                    .by_id_mut(within)?
                    .tables
                    .by_id_mut(id)
                    .map(Object::head_mut)
            }
            Securable::Tag(database, within, id) => {
                schema(self, database, within).then_some(())?;
                self.databases
                    .by_id_mut(database)?
                    .schemas
                    .by_id_mut(within)?
                    .tags_here
                    .by_id_mut(id)
                    .map(Object::head_mut)
            }
        }
    }

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
            if self.authority(access, on, name).is_none() {
                return Err(SqlError::denied(on.kind().lower(), self.name_of(on)));
            }
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
            Grantee::Role(id) => super::SYSTEM_ROLES.contains(&self.role_name(Some(id))),
            Grantee::User(_) => false,
        };
        if super::SYSTEM_ROLES.contains(&role) && system(from) {
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
            Member::User(name) => Grantee::User(
                self.users.id(name).ok_or_else(|| SqlError::absent("User", display(&[name.clone()])))?,
            ),
        };
        let owns = match role {
            "ACCOUNTADMIN" | "ORGADMIN" => self.is_account_admin(&access),
            _ => self.owns(&access, on) || self.global(&access, "MANAGE GRANTS"),
        };
        if owns { Ok((on, grantee)) } else { Err(SqlError::denied("role", display(&[role.to_owned()]))) }
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

fn future_privileges(what: &What, plural: &str) -> Vec<String> {
    match what {
        What::All => of_plural(plural).iter().map(|name| (*name).to_owned()).collect(),
        What::Ownership { .. } => vec!["OWNERSHIP".into()],
        What::Privileges(names) => names.clone(),
    }
}
