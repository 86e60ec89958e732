//! ALTER TABLE: what it does to the table as a whole.

use super::super::access::Access;
use super::super::answer::{display, executed};
use super::super::container::swap;
use super::super::grants::Securable;
use super::super::select::unknown_column;

use super::super::{Account, Context};
use super::create::cluster;
use super::record::Table;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::keys::{Key, KeyKind};
use crate::sql::policy::PolicyChange;
use crate::sql::table::{AlterTable, KeyChoice, TableAction};

/// A table that is being altered: the change is put back only when all of it holds.
pub(super) struct Altered<'a> {
    pub(super) account: &'a Account,
    pub(super) context: &'a Context,
    pub(super) access: &'a Access,
    pub(super) on: Securable,
    pub(super) table: Table,
    pub(super) now: i64,
}

impl Account {
    pub(crate) fn alter_table(
        &mut self,
        context: &Context,
        alter: &AlterTable,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, ObjectKind::Table, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, needed(&alter.action))?;
        match &alter.action {
            TableAction::RenameTo(to) => self.rename_table(context, &access, on, to)?,
            TableAction::SwapWith(other) => self.swap_tables(context, &access, on, other)?,
            action => {
                let table = self.table_at(on).cloned().ok_or_else(SqlError::impossible)?;
                let mut altered = Altered { account: self, context, access: &access, on, table, now };
                altered.act(action)?;
                let table = altered.table;
                *self.table_mut(on)? = table;
            }
        }
        Ok(executed())
    }

    fn rename_table(
        &mut self,
        context: &Context,
        access: &Access,
        on: Securable,
        to: &[String],
    ) -> Result<(), SqlError> {
        let (there, name) = self.in_schema(context, access, to)?;
        let Securable::Table(database, schema, id) = on else { return Err(SqlError::impossible()) };
        // Its new place must let the role create tables (docs: alter-table, RENAME TO).
        self.may_create_in(access, Securable::Schema(there.0, there.1), "CREATE TABLE")?;
        if self.relation_named(there, &name).is_some_and(|other| other != on) {
            return Err(SqlError::exists(display(to)));
        }
        let (from, moved) = (self.path_of(on), Securable::Table(there.0, there.1, id));
        if let Some(mut table) = self.schema_mut((database, schema))?.tables.remove(id) {
            table.head.name = name;
            self.schema_mut(there)?.tables.put(table);
        }
        if moved != on {
            self.grants.move_object(on, moved);
        }
        self.streams_follow(on, moved);
        let path = self.path_of(moved);
        for database in self.databases.iter_mut() {
            for schema in database.schemas.iter_mut() {
                let keys = schema.tables.iter_mut().flat_map(|table| &mut table.shape.keys);
                for (target, _) in keys.filter_map(|key| key.references.as_mut()) {
                    if *target == from {
                        target.clone_from(&path);
                    }
                }
            }
        }
        Ok(())
    }

    fn swap_tables(
        &mut self,
        context: &Context,
        access: &Access,
        on: Securable,
        other: &[String],
    ) -> Result<(), SqlError> {
        let other = self.securable(context, access, ObjectKind::Table, other)?;
        self.need(access, other, &[])?;
        let (Securable::Table(database, schema, one), Securable::Table(.., two)) = (on, other) else {
            return Err(SqlError::impossible());
        };
        if on.schema() != other.schema() {
            return Err(SqlError::unsupported("SWAP WITH a table of another schema"));
        }
        swap(&mut self.schema_mut((database, schema))?.tables, one, two);
        Ok(())
    }
}

/// What is enough in place of OWNERSHIP (docs: alter-table, "Access control requirements").
fn needed(action: &TableAction) -> &'static [&'static str] {
    match action {
        TableAction::SetTags(_) | TableAction::UnsetTags(_) => &["APPLY"],
        _ => &[],
    }
}

impl Altered<'_> {
    fn act(&mut self, action: &TableAction) -> Result<(), SqlError> {
        match action {
            TableAction::RenameTo(_)
            | TableAction::SwapWith(_)
            | TableAction::AlterKey(KeyChoice::Primary) => {}
            TableAction::ClusterBy(said) => cluster(&mut self.table, said)?,
            TableAction::DropClusteringKey => self.table.cluster_by = None,
            TableAction::Recluster(resume) => {
                if self.table.cluster_by.is_none() {
                    // The code is a guess.
                    return Err(SqlError::new(
                        1506,
                        "42601",
                        format!(
                            "SQL compilation error:\nTable '{}' has no clustering key.",
                            self.table.head.name
                        ),
                    ));
                }
                self.table.recluster_suspended = !resume;
            }
            TableAction::AddColumns { columns, if_not_exists } => {
                self.add_columns(columns, *if_not_exists)?;
            }
            TableAction::RenameColumn { from, to } => self.rename_column(from, to)?,
            TableAction::DropColumns { names, if_exists } => self.drop_columns(names, *if_exists)?,
            TableAction::AlterColumns(changes) => {
                for (name, change) in changes {
                    let at = self.table.place(name).ok_or_else(|| unknown_column(name))?;
                    self.alter_column(at, change)?;
                }
            }
            TableAction::AddKey(key) => self.add_key(key)?,
            TableAction::RenameKey { from, to } => {
                let at = self.key(&KeyChoice::Named(from.clone()))?;
                if self.table.shape.keys.iter().any(|key| key.name.as_ref() == Some(to)) {
                    return Err(SqlError::exists(to));
                }
                self.table.shape.keys[at].name = Some(to.clone());
            }
            TableAction::DropKey(choice) => {
                let at = self.key(choice)?;
                self.table.shape.keys.remove(at);
            }
            TableAction::AlterKey(choice) => {
                self.key(choice)?;
            }
            TableAction::Set(settings) => self.account.set_table(&mut self.table, settings)?,
            TableAction::Unset(properties) => {
                for property in properties {
                    match property.name {
                        "COMMENT" => self.table.head.comment.clear(),
                        "CHANGE_TRACKING" => self.table.change_tracking = false,
                        "ENABLE_SCHEMA_EVOLUTION" => self.table.schema_evolution = false,
                        name => drop(self.table.parameters.remove(name)),
                    }
                }
            }
            TableAction::SetTags(tags) => {
                let values = self.account.tag_values(self.context, self.access, tags)?;
                self.table.tags.extend(values);
            }
            TableAction::UnsetTags(tags) => {
                let ids = self.account.tag_ids(self.context, self.access, tags)?;
                self.table.tags.retain(|id, _| !ids.contains(id));
            }
            TableAction::Policies(change) => self.change_policies(change, None)?,
            TableAction::SearchOptimization(on) => self.table.search_optimization = *on,
        }
        Ok(())
    }

    pub(super) fn change_policies(
        &mut self,
        change: &PolicyChange,
        column: Option<&str>,
    ) -> Result<(), SqlError> {
        let whom = format!("table {}", self.table.head.name);
        let (names, by) = (self.table.names(), (self.context, self.access));
        self.account.change_policies(by, &mut self.table.policies, change, column, (&whom, &names))
    }

    pub(super) fn add_key(&mut self, said: &Key) -> Result<(), SqlError> {
        let mut shape = self.table.shape.clone();
        if said.kind == KeyKind::Primary && shape.primary().is_some() {
            return Err(crate::sql::columns::two_primary_keys());
        }
        if let Some(name) = said.columns.iter().find(|name| self.table.place(name).is_none()) {
            return Err(unknown_column(name));
        }
        if said.name.is_some() && shape.keys.iter().any(|key| key.name == said.name) {
            return Err(SqlError::exists(said.name.clone().unwrap_or_default()));
        }
        shape.keys.push(said.clone());
        let path = self.account.path_of(self.on);
        shape = self.account.shape(self.context, self.access, &shape, &path)?;
        self.table.shape = shape;
        if said.kind == KeyKind::Primary {
            for name in &said.columns {
                let at = self.table.place(name).ok_or_else(|| unknown_column(name))?;
                self.forbid_null(at)?;
            }
        }
        Ok(())
    }

    fn key(&self, choice: &KeyChoice) -> Result<usize, SqlError> {
        let fits = |key: &Key| match choice {
            KeyChoice::Named(name) => key.name.as_ref() == Some(name),
            KeyChoice::Primary => key.kind == KeyKind::Primary,
            KeyChoice::Of(kind, columns) => key.kind == *kind && key.columns == *columns,
        };
        let found = self.table.shape.keys.iter().position(fits);
        found.ok_or_else(|| {
            let name = match choice {
                KeyChoice::Named(name) => name.as_str(),
                KeyChoice::Primary => "PRIMARY KEY",
                KeyChoice::Of(..) => "of these columns",
            };
            // Unverified.
            SqlError::absent("Constraint", name)
        })
    }
}
