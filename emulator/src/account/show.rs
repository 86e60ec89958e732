//! SHOW: which objects, which of them the role sees, filters and pages.

use std::collections::BTreeSet;

use super::access::Access;
use super::answer::{Cell, boolean, like, quoted, table, text, time, yes};
use super::database::{Database, Schema};
use super::grants::{Grant, Grantee, Securable};
use super::store::{Head, Id};
use super::{Account, Knobs};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::show::{Future, Grants, Show, Subject, Within};
use ColumnType::{Text, TimestampLtz};

impl Account {
    pub(crate) fn show(&self, context: &Context, show: &Show, now: i64) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        match &show.subject {
            Subject::Parameters => {
                self.show_parameters(context, &access, &show.within, |name| matches(show, name))
            }
            Subject::Tokens(user) => self.show_tokens(context, &access, user.as_deref(), now),
            Subject::Grants(grants) => {
                let mut rows = self.show_grants(context, &access, grants)?;
                if let Some(limit) = show.limit {
                    rows.rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                }
                Ok(rows)
            }
            Subject::FutureGrants(future) => self.show_future_grants(context, &access, future),
            Subject::Objects { kind, terse, history } => {
                self.show_objects(context, &access, show, (*kind, *terse, *history), now)
            }
        }
    }

    fn show_objects(
        &self,
        context: &Context,
        access: &Access,
        show: &Show,
        (kind, terse, history): (ObjectKind, bool, bool),
        now: i64,
    ) -> Result<Rows, SqlError> {
        let mut page = Page::new(show, &self.knobs, kind);
        let holds = |on: Securable| {
            show.privileges.iter().all(|privilege| self.may(access, on, &[privilege.as_str()]))
        };
        Ok(match kind {
            ObjectKind::Warehouse => {
                let mut rows = self.warehouse_columns();
                for warehouse in self.warehouses.iter() {
                    let on = Securable::Warehouse(warehouse.head.id);
                    if self.sees(access, on) && holds(on) && page.takes(&warehouse.head.name) {
                        rows.rows.push(self.warehouse_row(warehouse, context, now));
                    }
                }
                rows
            }
            ObjectKind::ResourceMonitor => {
                let assigned: BTreeSet<Id> = self.warehouses.iter().filter_map(|it| it.monitor).collect();
                let mut rows = Self::monitor_columns();
                for monitor in self.monitors.iter() {
                    let id = monitor.head.id;
                    let on = Securable::ResourceMonitor(id);
                    if self.sees(access, on) && holds(on) && page.takes(&monitor.head.name) {
                        rows.rows.push(self.monitor_row(monitor, assigned.contains(&id), now));
                    }
                }
                rows
            }
            ObjectKind::Role => {
                let mut rows = Self::role_columns(terse);
                for role in self.roles.iter() {
                    if holds(Securable::Role(role.head.id)) && page.takes(&role.head.name) {
                        rows.rows.push(self.role_row(access, context, role, terse));
                    }
                }
                rows
            }
            ObjectKind::User => {
                let mut rows = Self::user_columns(terse);
                for user in self.users.iter() {
                    if holds(Securable::User(user.head.id)) && page.takes(&user.head.name) {
                        rows.rows.push(self.user_row(access, context, user, terse));
                    }
                }
                rows
            }
            ObjectKind::Database => {
                let mut rows = Self::database_columns(terse, history);
                for database in self.databases.iter() {
                    let on = Securable::Database(database.head.id);
                    if self.sees(access, on) && holds(on) && page.takes(&database.head.name) {
                        rows.rows.push(self.database_row(context, database, (terse, history), None));
                    }
                }
                for dropped in self.dropped_databases.iter().filter(|_| history) {
                    let head = &dropped.object.head;
                    if owned(access, head) && page.takes(&head.name) {
                        let at = Some(dropped.dropped_on);
                        rows.rows.push(self.database_row(context, &dropped.object, (terse, history), at));
                    }
                }
                rows
            }
            ObjectKind::Schema => self.show_schemas(context, access, show, &mut page, (terse, history))?,
            ObjectKind::Table | ObjectKind::Tag => {
                self.show_in_schemas(context, access, show, &mut page, kind)?
            }
            ObjectKind::Account | ObjectKind::Session => return Err(SqlError::unsupported("SHOW ACCOUNTS")),
        })
    }

    fn database_columns(terse: bool, history: bool) -> Rows {
        if terse {
            return terse_columns();
        }
        let mut rows = table(&[
            ("created_on", TimestampLtz),
            ("name", Text),
            ("is_default", Text),
            ("is_current", Text),
            ("origin", Text),
            ("owner", Text),
            ("comment", Text),
            ("options", Text),
            ("retention_time", Text),
            ("dropped_on", TimestampLtz),
            ("kind", Text),
            ("budget", Text),
            ("owner_role_type", Text),
        ]);
        rows.columns.retain(|column| history || column.name != "dropped_on");
        rows
    }

    fn database_row(
        &self,
        context: &Context,
        database: &Database,
        (terse, history): (bool, bool),
        dropped_on: Option<i64>,
    ) -> Vec<Cell> {
        let head = &database.head;
        if terse {
            return vec![time(head.created_on), text(&head.name), text("STANDARD"), None, None];
        }
        let namespace = self.users.get(&context.user).and_then(|user| user.default_namespace());
        let default = namespace.and_then(|namespace| namespace.split('.').next());
        let mut row = vec![
            time(head.created_on),
            text(&head.name),
            yes(default == Some(head.name.as_str())),
            yes(context.database.as_ref() == Some(&head.name)),
            text(if head.owner.is_none() { "SNOWFLAKE.ACCOUNT_USAGE" } else { "" }),
            text(self.role_name(head.owner)),
            text(&head.comment),
            text(if database.transient { "TRANSIENT" } else { "" }),
            text(self.retention(&[&database.parameters]).to_string()),
        ];
        if history {
            row.push(dropped_on.and_then(time));
        }
        row.extend([
            text(if head.owner.is_none() { "APPLICATION" } else { "STANDARD" }),
            None,
            text(if head.owner.is_none() { "" } else { "ROLE" }),
        ]);
        row
    }

    fn show_schemas(
        &self,
        context: &Context,
        access: &Access,
        show: &Show,
        page: &mut Page,
        (terse, history): (bool, bool),
    ) -> Result<Rows, SqlError> {
        let mut rows = if terse {
            terse_columns()
        } else {
            table(&[
                ("created_on", TimestampLtz),
                ("name", Text),
                ("is_default", Text),
                ("is_current", Text),
                ("database_name", Text),
                ("owner", Text),
                ("comment", Text),
                ("options", Text),
                ("retention_time", Text),
                ("dropped_on", TimestampLtz),
                ("owner_role_type", Text),
                ("budget", Text),
            ])
        };
        rows.columns.retain(|column| history || column.name != "dropped_on");
        for database in self.databases_within(context, access, &show.within)? {
            for schema in database.schemas.iter() {
                let on = Securable::Schema(database.head.id, schema.head.id);
                let holds = show.privileges.iter().all(|name| self.may(access, on, &[name.as_str()]));
                if self.sees_schema(access, database.head.id, schema)
                    && holds
                    && page.takes(&schema.head.name)
                {
                    rows.rows.push(self.schema_row(context, database, schema, (terse, history), None));
                }
            }
            for dropped in database.dropped.iter().filter(|_| history) {
                if owned(access, &dropped.object.head) && page.takes(&dropped.object.head.name) {
                    let at = Some(dropped.dropped_on);
                    rows.rows.push(self.schema_row(context, database, &dropped.object, (terse, history), at));
                }
            }
        }
        Ok(rows)
    }

    fn schema_row(
        &self,
        context: &Context,
        database: &Database,
        schema: &Schema,
        (terse, history): (bool, bool),
        dropped_on: Option<i64>,
    ) -> Vec<Cell> {
        let head = &schema.head;
        if terse {
            return vec![time(head.created_on), text(&head.name), None, text(&database.head.name), None];
        }
        let full = format!("{}.{}", database.head.name, head.name);
        let default = self.users.get(&context.user).and_then(|user| user.default_namespace());
        let current = context.database.as_ref() == Some(&database.head.name)
            && context.schema.as_ref() == Some(&head.name);
        let options: Vec<&str> = [(schema.transient, "TRANSIENT"), (schema.managed_access, "MANAGED ACCESS")]
            .into_iter()
            .filter_map(|(yes, word)| yes.then_some(word))
            .collect();
        let mut row = vec![
            time(head.created_on),
            text(&head.name),
            yes(default == Some(full.as_str())),
            yes(current),
            text(&database.head.name),
            text(self.role_name(head.owner)),
            text(&head.comment),
            text(options.join(", ")),
            text(self.retention(&[&schema.parameters, &database.parameters]).to_string()),
        ];
        if history {
            row.push(dropped_on.and_then(time));
        }
        row.extend([text(if head.owner.is_none() { "" } else { "ROLE" }), None]);
        row
    }

    /// The databases that SHOW … IN looks into: `002043` for one that is not there.
    fn databases_within(
        &self,
        context: &Context,
        access: &Access,
        within: &Within,
    ) -> Result<Vec<&Database>, SqlError> {
        let name = match within {
            Within::Account | Within::Session => None,
            Within::Unsaid => context.database.clone(),
            Within::Object(_, Some(path)) => path.first().cloned(),
            Within::Object(..) => Some(context.database.clone().ok_or_else(super::container::no_database)?),
        };
        match name {
            Some(name) => self.database(access, &name).map(|it| vec![it]).map_err(|_| SqlError::impossible()),
            None => Ok(self
                .databases
                .iter()
                .filter(|database| self.sees(access, Securable::Database(database.head.id)))
                .collect()),
        }
    }

    fn show_in_schemas(
        &self,
        context: &Context,
        access: &Access,
        show: &Show,
        page: &mut Page,
        kind: ObjectKind,
    ) -> Result<Rows, SqlError> {
        let tables = kind == ObjectKind::Table;
        let mut rows = table(if tables { TABLE_COLUMNS } else { TAG_COLUMNS });
        let only = match &show.within {
            Within::Object(ObjectKind::Schema, path) => {
                let path = path.clone().or_else(|| context.schema.clone().map(|schema| vec![schema]));
                let path = path.ok_or_else(SqlError::impossible)?;
                Some(self.schema_id(context, access, &path).map_err(|_| SqlError::impossible())?)
            }
            _ => None,
        };
        let databases = match only {
            Some((database, _)) => self.databases.by_id(database).into_iter().collect(),
            None => self.databases_within(context, access, &show.within)?,
        };
        for database in databases {
            for schema in database.schemas.iter() {
                let place = (database.head.id, schema.head.id);
                if only.is_some_and(|only| only != place) {
                    continue;
                }
                let names = (database.head.name.as_str(), schema.head.name.as_str());
                if tables {
                    for it in schema.tables.iter() {
                        let on = Securable::Table(place.0, place.1, it.head.id);
                        if self.sees(access, on) && page.takes(&it.head.name) {
                            rows.rows.push(self.table_row(&it.head, names));
                        }
                    }
                } else {
                    for it in schema.tags_here.iter() {
                        let on = Securable::Tag(place.0, place.1, it.head.id);
                        if self.sees(access, on) && page.takes(&it.head.name) {
                            rows.rows.push(self.tag_row(&it.head, names, &it.allowed_values));
                        }
                    }
                }
            }
        }
        Ok(rows)
    }

    fn table_row(&self, head: &Head, (database, schema): (&str, &str)) -> Vec<Cell> {
        vec![
            time(head.created_on),
            text(&head.name),
            text(database),
            text(schema),
            text("TABLE"),
            text(&head.comment),
            text(""),
            text("0"),
            text("0"),
            text(self.role_name(head.owner)),
            text("1"),
            text("ROLE"),
        ]
    }

    fn tag_row(&self, head: &Head, (database, schema): (&str, &str), allowed: &[String]) -> Vec<Cell> {
        let allowed = allowed.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(",");
        vec![
            time(head.created_on),
            text(&head.name),
            text(database),
            text(schema),
            text(self.role_name(head.owner)),
            text(&head.comment),
            (!allowed.is_empty()).then(|| format!("[{allowed}]")),
            text("ROLE"),
            None,
            None,
        ]
    }

    fn show_grants(&self, context: &Context, access: &Access, grants: &Grants) -> Result<Rows, SqlError> {
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
        head.map_or(super::FOUNDED, |head| head.created_on)
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

    fn show_future_grants(
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

const TABLE_COLUMNS: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("name", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("kind", Text),
    ("comment", Text),
    ("cluster_by", Text),
    ("rows", ColumnType::Fixed),
    ("bytes", ColumnType::Fixed),
    ("owner", Text),
    ("retention_time", Text),
    ("owner_role_type", Text),
];

const TAG_COLUMNS: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("name", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("owner", Text),
    ("comment", Text),
    ("allowed_values", Text),
    ("owner_role_type", Text),
    ("propagate", Text),
    ("on_conflict", Text),
];

fn terse_columns() -> Rows {
    table(&[
        ("created_on", TimestampLtz),
        ("name", Text),
        ("kind", Text),
        ("database_name", Text),
        ("schema_name", Text),
    ])
}

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

fn owned(access: &Access, head: &Head) -> bool {
    head.owner.is_some_and(|owner| access.roles.contains(&owner))
}

fn matches(show: &Show, name: &str) -> bool {
    show.like.as_deref().is_none_or(|pattern| like(pattern, name))
}

/// Counts and filters what SHOW gives.
///
/// The cap of a kind (10,000 warehouses or monitors) cuts before the filters: what lies beyond it is not found by
/// LIKE either (docs: show-warehouses, "even with a filter applied").
struct Page<'a> {
    show: &'a Show,
    cap: usize,
    left: usize,
}

impl<'a> Page<'a> {
    fn new(show: &'a Show, knobs: &Knobs, kind: ObjectKind) -> Self {
        let limit = show.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Self { show, cap: knobs.row_limits.get(&kind).copied().unwrap_or(usize::MAX), left: limit }
    }

    /// Does an object that the role sees come into the answer? Objects come in the order of their names.
    fn takes(&mut self, name: &str) -> bool {
        if self.cap == 0 {
            return false;
        }
        self.cap -= 1;
        let wanted = matches(self.show, name)
            && self.show.starts_with.as_deref().is_none_or(|prefix| name.starts_with(prefix))
            && self.show.from.as_deref().is_none_or(|from| name > from);
        if !wanted || self.left == 0 {
            return false;
        }
        self.left -= 1;
        true
    }
}

impl Account {
    /// The value of a tag on an object, for SYSTEM$GET_TAG.
    pub(crate) fn tag_value(&self, on: Securable, tag: Id) -> Option<String> {
        let tags = match on {
            Securable::Warehouse(id) => &self.warehouses.by_id(id)?.tags,
            Securable::Database(id) => &self.databases.by_id(id)?.tags,
            Securable::Schema(database, id) => &self.schema((database, id)).ok()?.tags,
            Securable::Role(id) => &self.roles.by_id(id)?.tags,
            Securable::User(id) => &self.users.by_id(id)?.tags,
            _ => return None,
        };
        tags.get(&tag).cloned()
    }
}
