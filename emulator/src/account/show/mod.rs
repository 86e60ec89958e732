//! SHOW: which objects, which of them the role sees, filters and pages.

mod containers;
mod grants;

use super::access::Access;
use super::answer::{like, table};
use super::grants::Securable;
use super::objects::INTEGRATIONS;
use super::store::{Head, Id, Store};
use super::task::TERSE;
use super::{Account, Knobs};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::kind::Place;
use crate::sql::show::{Show, Subject, Within};
use std::collections::BTreeSet;

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
pub(crate) struct Page<'a> {
    show: &'a Show,
    cap: usize,
    left: usize,
}

impl<'a> Page<'a> {
    fn new(show: &'a Show, knobs: &Knobs, kind: ObjectKind) -> Self {
        let limit = show.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        // Some lists are refused when they are too long, and never cut.
        let cut = !matches!(kind, ObjectKind::Task | ObjectKind::Alert);
        let cap = knobs.row_limits.get(&kind).copied().filter(|_| cut).unwrap_or(usize::MAX);
        Self { show, cap, left: limit }
    }

    /// Does an object that the role sees come into the answer? Objects come in the order of their names.
    pub(crate) fn takes(&mut self, name: &str) -> bool {
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

/// The five columns of SHOW TERSE, where a kind has more.
fn tersely(kind: ObjectKind, rows: Rows) -> Rows {
    let names = ["created_on", "name", "kind", "database_name", "schema_name"];
    let places = names.map(|name| rows.columns.iter().position(|column| column.name == name));
    let columns = names.map(|name| (name, if name == "created_on" { TimestampLtz } else { Text }));
    let materialized = rows.columns.iter().position(|column| column.name == "is_materialized");
    let mut terse = table(&columns);
    for row in &rows.rows {
        let cell = |at: usize| row.get(at).cloned().flatten();
        let said = match materialized.and_then(cell).as_deref() {
            Some("true") => ObjectKind::MaterializedView.granted_on(),
            _ => kind.granted_on(),
        };
        let cells = names.iter().zip(places).map(|(name, place)| match place {
            Some(at) => cell(at),
            None if *name == "kind" => Some(said.clone()),
            None => None,
        });
        terse.rows.push(cells.collect());
    }
    terse
}

impl Account {
    pub(crate) fn show(&self, context: &Context, show: &Show, now: i64) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        match &show.subject {
            Subject::Parameters => {
                self.show_parameters(context, &access, &show.within, |name| matches(show, name))
            }
            Subject::Tokens(user) => self.show_tokens(context, &access, user.as_deref(), now),
            Subject::Identities(user) => self.show_identities(context, &access, user.as_deref()),
            Subject::Grants(grants) => {
                let mut rows = self.show_grants(context, &access, grants)?;
                if let Some(limit) = show.limit {
                    rows.rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                }
                Ok(rows)
            }
            Subject::FutureGrants(future) => self.show_future_grants(context, &access, future),
            Subject::Absent(kind) => {
                // Where it looks must be there all the same.
                let page = &mut Page::new(show, &self.knobs, ObjectKind::Tag);
                self.show_in_schemas(context, &access, show, page, (ObjectKind::Tag, now))?;
                Ok(table(&kind.columns().collect::<Vec<_>>()))
            }
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
                        rows.rows.push(self.user_row(access, context, user, (terse, now)));
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
            ObjectKind::DatabaseRole => self.show_database_roles(context, access, show, &mut page)?,
            ObjectKind::Table | ObjectKind::InteractiveTable | ObjectKind::Tag => {
                self.show_in_schemas(context, access, show, &mut page, (kind, now))?
            }
            kind if kind.place() == Place::Schema => {
                if let Within::On(user) = &show.within {
                    return self.show_attached(context, access, (kind, user.as_ref()), &mut page);
                }
                let rows = self.show_in_schemas(context, access, show, &mut page, (kind, now))?;
                self.not_too_many(kind, show, &rows)?;
                match kind {
                    ObjectKind::Task if terse => rows.only(&TERSE),
                    kind if terse => tersely(kind, rows),
                    _ => rows,
                }
            }
            kind => {
                let mut rows = Self::plain_columns(kind);
                let kinds = if kind == ObjectKind::Integration { INTEGRATIONS.to_vec() } else { vec![kind] };
                for kind in kinds {
                    for object in self.plain_in(kind, None).into_iter().flat_map(Store::iter) {
                        let on = Securable::Plain(kind, object.head.id);
                        if self.sees(access, on) && holds(on) && page.takes(&object.head.name) {
                            rows.rows.push(self.plain_row(on, object));
                        }
                    }
                }
                rows
            }
        })
    }

    /// `090153`: lists of these kinds are refused, not cut, without LIMIT (docs: show-tasks, show-alerts).
    fn not_too_many(&self, kind: ObjectKind, show: &Show, rows: &Rows) -> Result<(), SqlError> {
        const MOST: usize = 10_000;
        if !matches!(kind, ObjectKind::Task | ObjectKind::Alert) || show.limit.is_some() {
            return Ok(());
        }
        let most = self.knobs.row_limits.get(&kind).copied().unwrap_or(MOST);
        if rows.rows.len() <= most {
            return Ok(());
        }
        Err(SqlError::new(
            90_153,
            "22000",
            format!(
                "The result set size exceeded the max number of rows({most}) supported for SHOW statements. Use LIMIT option to limit result set to a smaller number."
            ),
        ))
    }

    /// The value of a tag on an object, for SYSTEM$GET_TAG.
    pub(crate) fn tag_value(&self, on: Securable, tag: Id) -> Option<String> {
        let tags = match on {
            Securable::Warehouse(id) => &self.warehouses.by_id(id)?.tags,
            Securable::Database(id) => &self.databases.by_id(id)?.tags,
            Securable::Schema(database, id) => &self.schema((database, id)).ok()?.tags,
            Securable::Role(id) => &self.roles.by_id(id)?.tags,
            Securable::User(id) => &self.users.by_id(id)?.tags,
            Securable::DatabaseRole(_, id) => &self.database_role(id)?.1.tags,
            Securable::Table(..) => &self.table_at(on)?.tags,
            on => &self.plain_at(on)?.tags,
        };
        tags.get(&tag).cloned()
    }
}
