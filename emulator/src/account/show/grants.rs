//! SHOW GRANTS and SHOW FUTURE GRANTS.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, boolean, quoted, table, text, time};
use super::super::grants::{Grant, Grantee, Securable};
use super::super::store::{Head, Id};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::show::{Future, Grants};

fn grant_columns() -> Rows {
    table(&[
        ("created_on", TimestampLtz),
        ("privilege", Text),
        ("granted_on", Text),
        ("name", Text),
        ("granted_to", Text),
        ("grantee_name", Text),
        ("grant_option", Text),
        ("granted_by", Text),
    ])
}

/// `TABLES` to `TABLE`, `GIT REPOSITORIES` to `GIT REPOSITORY`.
fn singular(plural: &str) -> String {
    match plural.strip_suffix("IES") {
        Some(stem) => format!("{stem}Y"),
        None => plural.strip_suffix('S').unwrap_or(plural).to_owned(),
    }
}

impl Account {
    pub(super) fn show_grants(
        &self,
        context: &Context,
        access: &Access,
        grants: &Grants,
    ) -> Result<Rows, SqlError> {
        let on = match grants {
            Grants::Mine => return self.grants_to_user(&context.user),
            Grants::ToUser(name) => return self.grants_to_user(name),
            Grants::ToRole(name) => return self.grants_to_role(name),
            Grants::OfRole(name) => {
                let id = self.role_id(name)?;
                let mut rows = table(&[
                    ("created_on", TimestampLtz),
                    ("role", Text),
                    ("granted_to", Text),
                    ("grantee_name", Text),
                    ("granted_by", Text),
                ]);
                for grant in self.grants.on(Securable::Role(id)).filter(|grant| grant.privilege == "USAGE") {
                    rows.rows.push(self.membership_row(name, grant));
                }
                return Ok(rows);
            }
            Grants::OnAccount => Securable::Account,
            Grants::On(kind, path) => self.securable(context, access, *kind, path)?,
        };
        let mut rows = grant_columns();
        rows.rows.extend(self.ownership_row(on));
        for grant in self.grants.on(on) {
            rows.rows.push(self.grant_row(grant));
        }
        Ok(rows)
    }

    fn membership_row(&self, role: &str, grant: &Grant) -> Vec<Cell> {
        let (kind, grantee) = self.grantee(grant.to);
        vec![
            time(grant.created_on),
            text(quoted(role)),
            text(kind),
            text(grantee),
            text(self.role_name(grant.by)),
        ]
    }

    fn grantee(&self, to: Grantee) -> (&'static str, String) {
        match to {
            Grantee::Role(id) => ("ROLE", quoted(self.role_name(Some(id)))),
            Grantee::User(id) => {
                ("USER", self.users.by_id(id).map(|user| quoted(&user.head.name)).unwrap_or_default())
            }
        }
    }

    fn grants_to_user(&self, name: &str) -> Result<Rows, SqlError> {
        let id = self.users.id(name).ok_or_else(|| SqlError::absent("User", quoted(name)))?;
        let mut rows = table(&[
            ("created_on", TimestampLtz),
            ("role", Text),
            ("granted_to", Text),
            ("grantee_name", Text),
            ("granted_by", Text),
        ]);
        for grant in self.grants.to(Grantee::User(id)) {
            if let Securable::Role(role) = grant.on {
                rows.rows.push(self.membership_row(self.role_name(Some(role)), grant));
            }
        }
        Ok(rows)
    }

    fn grants_to_role(&self, name: &str) -> Result<Rows, SqlError> {
        let id = self.role_id(name)?;
        let mut rows = grant_columns();
        for grant in self.grants.to(Grantee::Role(id)) {
            if self.is_alive(grant.on) {
                rows.rows.push(self.grant_row(grant));
            }
        }
        for on in self.owned_by(id) {
            rows.rows.extend(self.ownership_row(on));
        }
        Ok(rows)
    }

    /// A grant outlives a dropped database, which may come back.
    fn is_alive(&self, on: Securable) -> bool {
        match on {
            Securable::Account => true,
            Securable::Database(id) => self.databases.by_id(id).is_some(),
            Securable::Schema(database, id)
            | Securable::Table(database, id, _)
            | Securable::Tag(database, id, _) => self.schema((database, id)).is_ok(),
            _ => true,
        }
    }

    /// All that a role owns.
    fn owned_by(&self, role: Id) -> Vec<Securable> {
        let is = |head: &Head| head.owner == Some(role);
        let mut found = Vec::new();
        found.extend(
            self.warehouses.iter().filter(|it| is(&it.head)).map(|it| Securable::Warehouse(it.head.id)),
        );
        found.extend(
            self.monitors.iter().filter(|it| is(&it.head)).map(|it| Securable::ResourceMonitor(it.head.id)),
        );
        found.extend(self.roles.iter().filter(|it| is(&it.head)).map(|it| Securable::Role(it.head.id)));
        found.extend(self.users.iter().filter(|it| is(&it.head)).map(|it| Securable::User(it.head.id)));
        for database in self.databases.iter() {
            let id = database.head.id;
            found.extend(is(&database.head).then_some(Securable::Database(id)));
            for schema in database.schemas.iter() {
                let within = schema.head.id;
                found.extend(is(&schema.head).then_some(Securable::Schema(id, within)));
                let tables = schema.tables.iter().filter(|it| is(&it.head));
                found.extend(tables.map(|it| Securable::Table(id, within, it.head.id)));
                let tags = schema.tags_here.iter().filter(|it| is(&it.head));
                found.extend(tags.map(|it| Securable::Tag(id, within, it.head.id)));
            }
        }
        found
    }

    /// OWNERSHIP as SHOW GRANTS lists it; the system's objects have no owner.
    fn ownership_row(&self, on: Securable) -> Option<Vec<Cell>> {
        if on == Securable::Account {
            return None;
        }
        let owner = self.role_name(self.owner_of(on));
        if owner.is_empty() {
            return None;
        }
        Some(vec![
            time(self.created_on(on)),
            text("OWNERSHIP"),
            text(on.kind().granted_on()),
            text(self.name_of(on)),
            text("ROLE"),
            text(quoted(owner)),
            boolean(true),
            text(quoted(owner)),
        ])
    }

    fn created_on(&self, on: Securable) -> i64 {
        let head = match on {
            Securable::Account => None,
            Securable::Warehouse(id) => self.warehouses.by_id(id).map(|it| &it.head),
            Securable::ResourceMonitor(id) => self.monitors.by_id(id).map(|it| &it.head),
            Securable::Database(id) => self.databases.by_id(id).map(|it| &it.head),
            Securable::Role(id) => self.roles.by_id(id).map(|it| &it.head),
            Securable::User(id) => self.users.by_id(id).map(|it| &it.head),
            Securable::Schema(database, id) => self.schema((database, id)).ok().map(|it| &it.head),
            Securable::Table(database, schema, id) => {
                self.schema((database, schema)).ok().and_then(|it| it.tables.by_id(id)).map(|it| &it.head)
            }
            Securable::Tag(database, schema, id) => {
                self.schema((database, schema)).ok().and_then(|it| it.tags_here.by_id(id)).map(|it| &it.head)
            }
        };
        head.map_or(super::super::FOUNDED, |head| head.created_on)
    }

    fn grant_row(&self, grant: &Grant) -> Vec<Cell> {
        let (kind, grantee) = self.grantee(grant.to);
        vec![
            time(grant.created_on),
            text(&grant.privilege),
            text(grant.on.kind().granted_on()),
            text(self.name_of(grant.on)),
            text(kind),
            text(grantee),
            boolean(grant.with_grant_option),
            text(self.role_name(grant.by)),
        ]
    }

    pub(super) fn show_future_grants(
        &self,
        context: &Context,
        access: &Access,
        future: &Future,
    ) -> Result<Rows, SqlError> {
        let mut rows = table(&[
            ("created_on", TimestampLtz),
            ("privilege", Text),
            ("grant_on", Text),
            ("name", Text),
            ("grant_to", Text),
            ("grantee_name", Text),
            ("grant_option", Text),
        ]);
        let (within, role) = match future {
            Future::InDatabase(path) => {
                (Some(self.securable(context, access, ObjectKind::Database, path)?), None)
            }
            Future::InSchema(path) => {
                (Some(self.securable(context, access, ObjectKind::Schema, path)?), None)
            }
            Future::ToRole(name) => (None, Some(self.role_id(name)?)),
        };
        for grant in &self.future {
            let here = within.is_none_or(|within| within == grant.within)
                && role.is_none_or(|role| role == grant.to)
                && self.is_alive(grant.within);
            if here {
                let singular = singular(&grant.plural);
                rows.rows.push(vec![
                    time(grant.created_on),
                    text(&grant.privilege),
                    text(singular.replace(' ', "_")),
                    text(format!("{}.<{singular}>", self.name_of(grant.within))),
                    text("ROLE"),
                    text(quoted(self.role_name(Some(grant.to)))),
                    boolean(grant.with_grant_option),
                ]);
            }
        }
        Ok(rows)
    }
}
