//! SHOW DATABASES, SCHEMAS, TABLES and TAGS.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, table, text, time, yes};
use super::super::database::{Database, Schema, Tag};
use super::super::grants::Securable;
use super::super::plain::Plain;
use super::super::store::{Id, Store};
use super::{Page, owned};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Text, TimestampLtz};
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::show::{Show, Subject, Within};

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

/// What SHOW … IN says of a container that is not there.
fn not_there(kind: ObjectKind, absent: SqlError) -> SqlError {
    if kind.shown_in_the_impossible() { SqlError::impossible() } else { absent }
}

/// What SHOW lists of a kind in a schema, by name: SHOW VIEWS lists materialized views as well.
fn listed(schema: &Schema, place: (Id, Id), kind: ObjectKind) -> Vec<(Securable, &Plain)> {
    let also = (kind == ObjectKind::View).then_some(ObjectKind::MaterializedView);
    let kinds = [kind].into_iter().chain(also);
    let mut found: Vec<_> = kinds
        .flat_map(|kind| {
            let all = schema.plain.get(&kind).into_iter().flat_map(Store::iter);
            all.map(move |it| (Securable::Inside(kind, place.0, place.1, it.head.id), it))
        })
        .collect();
    found.sort_by(|(_, one), (_, other)| one.head.name.cmp(&other.head.name));
    found
}

impl Account {
    pub(super) fn database_columns(terse: bool, history: bool) -> Rows {
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

    pub(super) fn database_row(
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
            text(self.role_type(head.owner)),
        ]);
        row
    }

    pub(super) fn show_schemas(
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
        for database in self.databases_within(context, access, &show.within, ObjectKind::Schema)? {
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
        row.extend([text(self.role_type(head.owner)), None]);
        row
    }

    /// The databases that SHOW … IN looks into: `002043` or `002003` for one that is not there.
    fn databases_within(
        &self,
        context: &Context,
        access: &Access,
        within: &Within,
        kind: ObjectKind,
    ) -> Result<Vec<&Database>, SqlError> {
        let name = match within {
            Within::Account | Within::Session | Within::On(_) => None,
            Within::Unsaid => context.database.clone(),
            Within::Object(_, Some(path)) => path.first().cloned(),
            Within::Object(..) => {
                Some(context.database.clone().ok_or_else(super::super::container::no_database)?)
            }
        };
        match name {
            Some(name) => {
                self.database(access, &name).map(|it| vec![it]).map_err(|error| not_there(kind, error))
            }
            None => Ok(self
                .databases
                .iter()
                .filter(|database| self.sees(access, Securable::Database(database.head.id)))
                .collect()),
        }
    }

    pub(super) fn show_database_roles(
        &self,
        context: &Context,
        access: &Access,
        show: &Show,
        page: &mut Page,
    ) -> Result<Rows, SqlError> {
        let mut rows = Self::database_role_columns();
        for database in self.databases_within(context, access, &show.within, ObjectKind::DatabaseRole)? {
            for role in database.roles.iter() {
                let on = Securable::DatabaseRole(database.head.id, role.head.id);
                if self.sees(access, on) && page.takes(&role.head.name) {
                    rows.rows.push(self.database_role_row(access, database.head.id, role));
                }
            }
        }
        Ok(rows)
    }

    pub(super) fn show_in_schemas(
        &self,
        context: &Context,
        access: &Access,
        show: &Show,
        page: &mut Page,
        (kind, now): (ObjectKind, i64),
    ) -> Result<Rows, SqlError> {
        let terse = matches!(show.subject, Subject::Objects { terse: true, .. });
        let mut rows = match kind {
            ObjectKind::Table | ObjectKind::InteractiveTable if terse => terse_columns(),
            ObjectKind::Table | ObjectKind::InteractiveTable => Self::table_columns(),
            ObjectKind::Stream => Self::stream_columns(terse),
            ObjectKind::Sequence => Self::sequence_columns(),
            ObjectKind::Tag => table(TAG_COLUMNS),
            kind => Self::plain_columns(kind),
        };
        let only = match &show.within {
            Within::Object(ObjectKind::Schema, path) => {
                let path = path.clone().or_else(|| context.schema.clone().map(|schema| vec![schema]));
                let path = path.ok_or_else(SqlError::impossible)?;
                let found = self.schema_id(context, access, &path);
                Some(found.map_err(|error| not_there(kind, error))?)
            }
            _ => None,
        };
        let databases = match only {
            Some((database, _)) => self.databases.by_id(database).into_iter().collect(),
            None => self.databases_within(context, access, &show.within, kind)?,
        };
        for database in databases {
            for schema in database.schemas.iter() {
                let place = (database.head.id, schema.head.id);
                if only.is_some_and(|only| only != place) {
                    continue;
                }
                let names = (database.head.name.as_str(), schema.head.name.as_str());
                let mut takes = |on: Securable, name: &str| self.sees(access, on) && page.takes(name);
                match kind {
                    ObjectKind::Table | ObjectKind::InteractiveTable => {
                        let mut found: Vec<(&str, Securable, Option<&Plain>)> = schema
                            .tables
                            .iter()
                            .filter(|it| kind == ObjectKind::Table || it.interactive)
                            .map(|it| {
                                (it.head.name.as_str(), Securable::Table(place.0, place.1, it.head.id), None)
                            })
                            .collect();
                        if kind == ObjectKind::Table {
                            let dynamic = listed(schema, place, ObjectKind::DynamicTable).into_iter();
                            found.extend(dynamic.map(|(on, it)| (it.head.name.as_str(), on, Some(it))));
                            found.sort_by_key(|(name, ..)| *name);
                        }
                        for (name, on, dynamic) in found {
                            if takes(on, name) {
                                rows.rows.extend(match dynamic {
                                    Some(it) => Some(self.dynamic_table_row(on, it, terse)),
                                    None => self.table_at(on).map(|it| self.table_row(on, it, terse)),
                                });
                            }
                        }
                    }
                    ObjectKind::Tag => {
                        for it in schema.tags_here.iter() {
                            let on = Securable::Tag(place.0, place.1, it.head.id);
                            if takes(on, &it.head.name) {
                                rows.rows.push(self.tag_row(it, names));
                            }
                        }
                    }
                    kind => {
                        for (on, it) in listed(schema, place, kind) {
                            if show.root_only && it.task().is_some_and(|task| !task.is_root()) {
                                continue;
                            }
                            if takes(on, it.bare_name()) {
                                rows.rows.push(match kind {
                                    ObjectKind::Stream => self.stream_row(access, on, &it.head, (terse, now)),
                                    ObjectKind::Sequence => self.sequence_row(on, &it.head),
                                    _ => self.plain_row_in(kind, on, it),
                                });
                            }
                        }
                    }
                }
            }
        }
        Ok(rows)
    }

    fn tag_row(&self, tag: &Tag, (database, schema): (&str, &str)) -> Vec<Cell> {
        let head = &tag.head;
        let allowed =
            tag.allowed_values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(",");
        vec![
            time(head.created_on),
            text(&head.name),
            text(database),
            text(schema),
            text(self.role_name(head.owner)),
            text(&head.comment),
            (!allowed.is_empty()).then(|| format!("[{allowed}]")),
            text(self.role_type(head.owner)),
            text(tag.propagate.as_deref().unwrap_or("NONE")),
            tag.on_conflict.clone(),
        ]
    }
}
