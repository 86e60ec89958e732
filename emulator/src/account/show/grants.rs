//! SHOW GRANTS, SHOW FUTURE GRANTS and SHOW INHERITED GRANTS.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, boolean, quoted, table, text, time};
use super::super::grants::{Grant, Grantee, InheritedGrant, Securable};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::grant::Recipient;
use crate::sql::show::{Future, Grants};

/// `inherited`: with the columns that say whether a privilege comes from a container, and from which.
fn grant_columns(inherited: bool) -> Rows {
    let mut rows = table(&[
        ("created_on", TimestampLtz),
        ("privilege", Text),
        ("granted_on", Text),
        ("name", Text),
        ("granted_to", Text),
        ("grantee_name", Text),
        ("grant_option", Text),
        ("granted_by", Text),
        ("is_inherited", Text),
        ("inherited_from", Text),
        ("inherited_from_database", Text),
        ("inherited_from_schema", Text),
    ]);
    if !inherited {
        rows.columns.truncate(8);
    }
    rows
}

fn membership_columns() -> Rows {
    table(&[
        ("created_on", TimestampLtz),
        ("role", Text),
        ("granted_to", Text),
        ("grantee_name", Text),
        ("granted_by", Text),
    ])
}

/// What a privilege of its own has in the columns of inherited ones.
fn own() -> [Cell; 4] {
    [text("false"), None, None, None]
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
            Grants::To(Recipient::User(name)) => return self.grants_to_user(name),
            Grants::To(recipient) => {
                let to = self.recipient(context, access, recipient)?;
                return Ok(self.grants_to(to));
            }
            Grants::Of(recipient) => return self.grants_of(context, access, recipient),
            Grants::InheritedIn(kind, path) => {
                return self.inherited_in(context, access, *kind, path);
            }
            Grants::OnAccount => Securable::Account,
            Grants::On(kind, path) => self.securable(context, access, *kind, path)?,
        };
        let mut rows = grant_columns(false);
        rows.rows.extend(self.ownership_row(on));
        for grant in self.grants.on(on) {
            rows.rows.push(self.grant_row(grant));
        }
        Ok(rows)
    }

    /// Who has a role; of a database role the names of database roles are whole.
    fn grants_of(&self, context: &Context, access: &Access, recipient: &Recipient) -> Result<Rows, SqlError> {
        let (kind, path) = match recipient {
            Recipient::Role(name) => (ObjectKind::Role, vec![name.clone()]),
            Recipient::DatabaseRole(path) => (ObjectKind::DatabaseRole, path.clone()),
            _ => return Err(SqlError::unsupported("SHOW GRANTS OF SHARE")),
        };
        let on = self.securable(context, access, kind, &path)?;
        let name = self.name_of(on);
        let mut rows = membership_columns();
        for grant in self.grants.on(on).filter(|grant| grant.privilege == "USAGE") {
            let mut row = self.membership_row(&name, grant);
            if let (Securable::DatabaseRole(database, _), Grantee::Role(id)) = (on, grant.to)
                && self.roles.by_id(id).is_none()
            {
                row[3] = text(self.name_of(Securable::DatabaseRole(database, id)));
            }
            rows.rows.push(row);
        }
        Ok(rows)
    }

    fn membership_row(&self, role: &str, grant: &Grant) -> Vec<Cell> {
        let (kind, grantee) = self.grantee(grant.to);
        vec![time(grant.created_on), text(role), text(kind), text(grantee), text(self.role_name(grant.by))]
    }

    /// The kind of a grantee, and its name as SHOW prints it.
    pub(crate) fn grantee(&self, to: Grantee) -> (&'static str, String) {
        match to {
            Grantee::Role(id) => (self.role_type(Some(id)), quoted(self.role_name(Some(id)))),
            Grantee::User(id) => ("USER", self.name_of(Securable::User(id))),
            Grantee::Share(id) => {
                let share = self.name_of(Securable::Plain(ObjectKind::Share, id));
                ("SHARE", format!("{}.{share}", self.locator))
            }
            Grantee::Application(id) => ("APPLICATION", self.name_of(Securable::Database(id))),
        }
    }

    fn grants_to_user(&self, name: &str) -> Result<Rows, SqlError> {
        let id = self.users.id(name).ok_or_else(|| SqlError::absent("User", quoted(name)))?;
        let mut rows = membership_columns();
        for grant in self.grants.to(Grantee::User(id)).filter(|grant| self.is_alive(grant.on)) {
            if let Securable::Role(_) | Securable::DatabaseRole(..) = grant.on {
                rows.rows.push(self.membership_row(&self.name_of(grant.on), grant));
            }
        }
        Ok(rows)
    }

    fn grants_to(&self, to: Grantee) -> Rows {
        let Grantee::Role(id) = to else {
            let mut rows = grant_columns(false);
            let held = self.grants.to(to).filter(|grant| self.is_alive(grant.on));
            rows.rows.extend(held.map(|grant| self.grant_row(grant)));
            return rows;
        };
        let mut rows = grant_columns(true);
        for grant in self.grants.to(to).filter(|grant| self.is_alive(grant.on)) {
            rows.rows.push(self.grant_row(grant).into_iter().chain(own()).collect());
        }
        for on in self.everything() {
            if self.owner_of(on) == Some(id) {
                rows.rows.extend(self.ownership_row(on).map(|row| row.into_iter().chain(own()).collect()));
            }
        }
        for grant in self.inherited.iter().filter(|grant| grant.to == id && self.is_alive(grant.within)) {
            let mut row = self.inherited_row(grant);
            row.insert(8, text("true"));
            rows.rows.push(row);
        }
        rows
    }

    fn inherited_in(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let within = self.securable(context, access, kind, path)?;
        let mut rows = grant_columns(true);
        rows.columns.retain(|column| column.name != "is_inherited");
        let here = self.inherited.iter().filter(|grant| grant.within == within);
        rows.rows.extend(here.map(|grant| self.inherited_row(grant)));
        Ok(rows)
    }

    /// Without `is_inherited`, which SHOW INHERITED GRANTS does not have.
    fn inherited_row(&self, grant: &InheritedGrant) -> Vec<Cell> {
        let (kind, grantee) = self.grantee(Grantee::Role(grant.to));
        let path = self.path_of(grant.within);
        let part = |at: usize| path.get(at).map(|name| quoted(name));
        let container = grant.within != Securable::Account;
        vec![
            time(grant.created_on),
            text(&grant.privilege),
            text(grant.kind.granted_on()),
            text(""),
            text(kind),
            text(grantee),
            boolean(false),
            text(self.role_name(grant.by)),
            text(grant.within.kind().singular()),
            part(0).filter(|_| container),
            part(1),
        ]
    }

    /// A grant outlives a dropped database, which may come back.
    fn is_alive(&self, on: Securable) -> bool {
        on == Securable::Account || self.head_at(on).is_some()
    }

    /// OWNERSHIP as SHOW GRANTS lists it; the system's objects have no owner.
    fn ownership_row(&self, on: Securable) -> Option<Vec<Cell>> {
        if on == Securable::Account {
            return None;
        }
        let head = self.head_at(on)?;
        let owner = head.owner.filter(|owner| !self.role_name(Some(*owner)).is_empty())?;
        let name = quoted(self.role_name(Some(owner)));
        Some(vec![
            time(head.created_on),
            text("OWNERSHIP"),
            text(self.kind_of(on).granted_on()),
            text(self.name_of(on)),
            text(self.role_type(Some(owner))),
            text(&name),
            boolean(true),
            text(&name),
        ])
    }

    fn grant_row(&self, grant: &Grant) -> Vec<Cell> {
        let (kind, grantee) = self.grantee(grant.to);
        vec![
            time(grant.created_on),
            text(&grant.privilege),
            text(self.kind_of(grant.on).granted_on()),
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
            Future::In(kind, path) => (Some(self.securable(context, access, *kind, path)?), None),
            Future::To(recipient) => (None, Some(self.grantee_role(context, access, recipient)?)),
        };
        for grant in &self.future {
            let here = within.is_none_or(|within| within == grant.within)
                && role.is_none_or(|role| role == grant.to)
                && self.is_alive(grant.within);
            if here {
                let kind = ObjectKind::all().find(|kind| kind.plural() == grant.plural);
                let kind = kind.unwrap_or(ObjectKind::Table);
                let name = format!("{}.<{}>", self.name_of(grant.within), kind.singular());
                rows.rows.push(vec![
                    time(grant.created_on),
                    text(&grant.privilege),
                    text(kind.granted_on()),
                    text(name),
                    text(self.role_type(Some(grant.to))),
                    text(quoted(self.role_name(Some(grant.to)))),
                    boolean(grant.with_grant_option),
                ]);
            }
        }
        Ok(rows)
    }
}
