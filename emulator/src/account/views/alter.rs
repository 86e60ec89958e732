//! ALTER VIEW, ALTER MATERIALIZED VIEW, ALTER DYNAMIC TABLE.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{display, executed, table, text};
use super::super::grants::Securable;
use super::super::select::unknown_column;
use super::super::store::Store;
use super::rules;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::property::{Property, Setting, Value, value_of};
use crate::sql::view::{AlterView, ColumnAction, ViewAction};
use crate::sql::{ObjectKind, Path};

impl Account {
    pub(crate) fn alter_view(
        &mut self,
        context: &Context,
        alter: &AlterView,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, alter.kind, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        // Suspending and refreshing takes OPERATE (docs: dynamic-tables-privileges); tags and policies their own.
        let needs: &[&str] = match (&alter.action, alter.kind) {
            (
                ViewAction::Suspend(_) | ViewAction::Refresh | ViewAction::Set(..),
                ObjectKind::DynamicTable,
            ) => &["OPERATE"],
            _ => &[],
        };
        self.need(&access, on, needs)?;
        match &alter.action {
            ViewAction::RenameTo(to) => self.rename_view(context, &access, on, to)?,
            ViewAction::SwapWith(to) => self.swap_views(context, &access, on, to)?,
            ViewAction::Set(settings, secure) => self.set_view(&access, on, settings, *secure)?,
            ViewAction::Unset(properties, secure) => self.unset_view(on, properties, *secure)?,
            ViewAction::SetTags(tags) => {
                let values = self.tag_values(context, &access, tags)?;
                self.plain_mut(on)?.tags.extend(values);
            }
            ViewAction::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                self.plain_mut(on)?.tags.retain(|id, _| !ids.contains(id));
            }
            ViewAction::ClusterBy(key) => self.view_mut(on)?.cluster_by.clone_from(key),
            ViewAction::Suspend(suspend) => {
                self.view_mut(on)?.suspended = suspend.then_some(now);
            }
            ViewAction::SuspendRecluster(suspend) => self.view_mut(on)?.recluster_suspended = *suspend,
            ViewAction::Refresh => return self.refresh(on, now),
            action => self.alter_view_policies(context, &access, on, action)?,
        }
        Ok(executed())
    }

    fn alter_view_policies(
        &mut self,
        context: &Context,
        access: &Access,
        on: Securable,
        action: &ViewAction,
    ) -> Result<(), SqlError> {
        let Some(view) = self.view_at(on) else { return Err(SqlError::impossible()) };
        let names: Vec<String> = view.columns.iter().map(|column| column.name.clone()).collect();
        let mut policies = view.policies.clone();
        let whom = self.name_of(on);
        match action {
            ViewAction::Policies(change) => {
                self.change_policies((context, access), &mut policies, change, None, (&whom, &names))?;
            }
            ViewAction::Columns(changes) => {
                for (name, change) in changes {
                    if !names.contains(name) {
                        return Err(unknown_column(name));
                    }
                    match change {
                        ColumnAction::Policy(change) => self.change_policies(
                            (context, access),
                            &mut policies,
                            change,
                            Some(name),
                            (&whom, &names),
                        )?,
                        ColumnAction::SetTags(tags) => {
                            let values = self.tag_values(context, access, tags)?;
                            let view = self.view_mut(on)?;
                            let columns = view.columns.iter_mut().filter(|column| column.name == *name);
                            columns.for_each(|column| column.tags.extend(values.clone()));
                        }
                        ColumnAction::UnsetTags(tags) => {
                            let ids = self.tag_ids(context, access, tags)?;
                            let view = self.view_mut(on)?;
                            let columns = view.columns.iter_mut().filter(|column| column.name == *name);
                            columns.for_each(|column| column.tags.retain(|id, _| !ids.contains(id)));
                        }
                    }
                }
            }
            _ => return Err(SqlError::impossible()),
        }
        self.view_mut(on)?.policies = policies;
        Ok(())
    }

    fn set_view(
        &mut self,
        access: &Access,
        on: Securable,
        settings: &[Setting],
        secure: bool,
    ) -> Result<(), SqlError> {
        if value_of(settings, "TARGET_LAG").is_some() {
            rules::target_lag(settings)?;
        }
        let warehouse = self.warehouse_set(access, settings, "WAREHOUSE", false)?;
        let initial = self.warehouse_set(access, settings, "INITIALIZATION_WAREHOUSE", false)?;
        let view = self.view_mut(on)?;
        view.secure |= secure;
        view.warehouse = warehouse.or(view.warehouse);
        view.initialization_warehouse = initial.or(view.initialization_warehouse);
        let plain = self.plain_mut(on)?;
        plain.set(settings);
        if let Some(Value::Text(lag)) = value_of(settings, "TARGET_LAG")
            && lag.eq_ignore_ascii_case("DOWNSTREAM")
        {
            plain.properties.insert("TARGET_LAG".into(), vec!["DOWNSTREAM".into()]);
        }
        Ok(())
    }

    fn unset_view(
        &mut self,
        on: Securable,
        properties: &[&'static Property],
        secure: bool,
    ) -> Result<(), SqlError> {
        if let Some(name) =
            properties.iter().map(|it| it.name).find(|it| ["TARGET_LAG", "WAREHOUSE"].contains(it))
        {
            return Err(SqlError::invalid_property(name, on.kind().singular()));
        }
        self.view_mut(on)?.secure &= !secure;
        let plain = self.plain_mut(on)?;
        for property in properties {
            plain.properties.remove(property.name);
            if property.name == "COMMENT" {
                plain.head.comment.clear();
            }
        }
        if properties.iter().any(|it| it.name == "INITIALIZATION_WAREHOUSE") {
            self.view_mut(on)?.initialization_warehouse = None;
        }
        Ok(())
    }

    /// A new name, perhaps in another schema: its grants, and what speaks of it, follow.
    fn rename_view(
        &mut self,
        context: &Context,
        access: &Access,
        on: Securable,
        to: &Path,
    ) -> Result<(), SqlError> {
        let (place, name) = self.in_schema(context, access, to)?;
        let kind = on.kind();
        if self.relation_named(place, &name).is_some_and(|other| other != on) {
            return Err(SqlError::exists(display(to)));
        }
        let (Some(from), Some(id)) = (on.schema(), self.head_at(on).map(|head| head.id)) else {
            return Err(SqlError::impossible());
        };
        if from != place {
            let privilege = format!("CREATE {}", kind.singular());
            self.may_create_in(access, Securable::Schema(place.0, place.1), &privilege)?;
        }
        let moved = self.plain_in_mut(kind, Some(from))?.remove(id);
        if let Some(mut moved) = moved {
            moved.head.name = name;
            self.plain_in_mut(kind, Some(place))?.put(moved);
        }
        let there = Securable::Inside(kind, place.0, place.1, id);
        self.grants.move_object(on, there);
        self.follow_bases(|it| if it == on { there } else { it });
        self.streams_follow(there, there);
        Ok(())
    }

    /// SWAP WITH: two dynamic tables take each other's names; nothing else about them changes.
    fn swap_views(
        &mut self,
        context: &Context,
        access: &Access,
        on: Securable,
        to: &Path,
    ) -> Result<(), SqlError> {
        let other = self.securable(context, access, on.kind(), to)?;
        self.need(access, other, &[])?;
        if on.schema() != other.schema() {
            return Err(SqlError::unsupported("SWAP WITH a dynamic table of another schema"));
        }
        let ids = (self.head_at(on).map(|head| head.id), self.head_at(other).map(|head| head.id));
        if let (Some(one), Some(other)) = ids {
            super::super::container::swap(self.plain_in_mut(on.kind(), on.schema())?, one, other);
        }
        Ok(())
    }

    /// What refers to tables, views and policies follows when an object moves.
    pub(crate) fn follow_bases(&mut self, follow: impl Fn(Securable) -> Securable + Copy) {
        for database in self.databases.iter_mut() {
            for schema in database.schemas.iter_mut() {
                let plain = schema.plain.values_mut().flat_map(Store::iter_mut);
                for view in plain.filter_map(|it| it.view_mut()) {
                    view.bases.iter_mut().for_each(|base| base.on = follow(base.on));
                    view.policies.iter_mut().for_each(|it| it.policy = follow(it.policy));
                }
                let tables = schema.tables.iter_mut().flat_map(|table| &mut table.policies);
                let tags = schema.tags_here.iter_mut().flat_map(|tag| &mut tag.policies);
                tables.chain(tags).for_each(|it| it.policy = follow(it.policy));
                schema.streams.values_mut().for_each(|stream| stream.follow(follow));
            }
        }
    }

    /// ALTER DYNAMIC TABLE … REFRESH; its answer's columns are unverified.
    fn refresh(&mut self, on: Securable, now: i64) -> Result<Rows, SqlError> {
        let view = self.view_mut(on)?;
        let refreshed = view.refreshed_on.max(now);
        view.refreshed_on = refreshed;
        let mut rows = table(&[
            ("dynamic_table_name", ColumnType::Text),
            ("statistics", ColumnType::Text),
            ("data_timestamp", ColumnType::TimestampLtz),
        ]);
        rows.rows.push(vec![
            text(self.name_of(on)),
            text("No new data"),
            super::super::answer::time(refreshed),
        ]);
        Ok(rows)
    }
}
