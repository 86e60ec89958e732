//! CREATE TABLE.

use super::super::access::Access;
use super::super::answer::status;
use super::super::container::{comment_from, inside::taken};
use super::super::data::Edit;
use super::super::grants::{Grant, Grantee, Securable};
use super::super::select::unknown_column;

use super::super::{Account, Stored};
use super::record::Table;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::columns::{ColumnDefinition, Shape};
use crate::sql::property::{Setting, Value};
use crate::sql::table::{Clustering, CreateTable, Keeping, Origin};

impl Account {
    pub(crate) fn create_table(
        &mut self,
        context: &Context,
        create: &CreateTable,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (within, name) = self.in_schema(context, &access, &create.path)?;
        let privilege = if create.interactive { "CREATE INTERACTIVE TABLE" } else { "CREATE TABLE" };
        self.may_create_in(&access, Securable::Schema(within.0, within.1), privilege)?;
        let replaced = self.relation_before(within, &name, ObjectKind::Table, create.how)?;
        if let Some(answer) = taken(create.how, replaced, &create.path, &name)? {
            return Ok(answer);
        }
        if let Some(replaced) = replaced {
            self.need(&access, replaced, &[])?;
        }
        let source = match &create.origin {
            Origin::Columns(_) | Origin::Query(..) => None,
            Origin::Like(path) | Origin::Clone(path) => {
                let on = self.securable(context, &access, ObjectKind::Table, path)?;
                self.need(&access, on, &["SELECT"])?;
                Some(on)
            }
        };
        let head = self.head(&name, &access, now);
        let mut streams = Vec::new();
        let mut made = Table::new(head, create.interactive, create.keeping, Shape::default());
        match &create.origin {
            Origin::Columns(said) => {
                made.shape = self.shape(context, &access, said, &create.path)?;
                for column in &said.columns {
                    self.adorn(context, &access, &mut made, column)?;
                }
            }
            Origin::Query(said, query) => {
                let selected = self.rows_of((context, &access), query, &said.columns, now)?;
                made.shape = self.shape(context, &access, said, &create.path)?;
                if made.shape.columns.is_empty() {
                    made.shape.columns = selected
                        .columns
                        .into_iter()
                        .map(|(name, kind)| ColumnDefinition::new(name, kind))
                        .collect();
                }
                for column in &said.columns {
                    self.adorn(context, &access, &mut made, column)?;
                }
                let rows = selected.rows.into_iter().map(Edit::Insert).collect();
                made.data.apply(rows, now, &context.query_id)?;
                streams = selected.streams;
            }
            Origin::Like(_) | Origin::Clone(_) => {
                let copied = matches!(create.origin, Origin::Clone(_));
                self.take_over(&mut made, source, copied)?;
            }
        }
        let transient = create.keeping != Keeping::Permanent || self.schema(within)?.transient;
        if create.keeping == Keeping::Permanent && transient {
            made.keeping = Keeping::Transient;
        }
        self.set_table(&mut made, &create.settings)?;
        if let Some(clustering) = &create.cluster_by {
            cluster(&mut made, clustering)?;
        }
        for said in &create.policies {
            let attachment = self.attachment(context, &access, said, None, &made.names())?;
            Self::attach(&mut made.policies, attachment, false)?;
        }
        made.tags.extend(self.tag_values(context, &access, &create.tags)?);
        let id = made.head.id;
        let on = Securable::Table(within.0, within.1, id);
        let kept = self.grants_to_copy(replaced.or(source).filter(|_| create.copy_grants));
        let schema = self.schema_mut(within)?;
        if let Some(Securable::Table(.., before)) = replaced {
            schema.tables.remove(before);
        }
        schema.tables.put(made);
        if let Some(replaced) = replaced {
            self.forget(replaced);
        }
        for stream in streams {
            self.consume(stream, now);
        }
        self.grant_future(on, now);
        for grant in kept {
            self.grants.put(Grant { on, ..grant });
        }
        Ok(status(format!("Table {name} successfully created.")))
    }

    /// `COPY GRANTS`: every privilege but OWNERSHIP (docs: create-table).
    pub(crate) fn grants_to_copy(&self, from: Option<Securable>) -> Vec<Grant> {
        let grants = from.into_iter().flat_map(|on| self.grants.on(on));
        grants
            .filter(|grant| grant.privilege != "OWNERSHIP" && matches!(grant.to, Grantee::Role(_)))
            .cloned()
            .collect()
    }

    /// LIKE takes the columns and what is said of them, CLONE the rows as well.
    fn take_over(&self, made: &mut Table, source: Option<Securable>, copied: bool) -> Result<(), SqlError> {
        let source = source.and_then(|on| self.table_at(on)).ok_or_else(SqlError::impossible)?;
        made.shape = source.shape.clone();
        made.cluster_by.clone_from(&source.cluster_by);
        made.schema_evolution = source.schema_evolution;
        made.policies.clone_from(&source.policies);
        made.column_tags = source.column_tags.clone();
        if copied {
            made.head.comment.clone_from(&source.head.comment);
            made.parameters = source.parameters.clone();
            made.tags = source.tags.clone();
            made.change_tracking = source.change_tracking;
            made.data = source.data.without_history();
        }
        Ok(())
    }

    /// The policy and the tags of a column; its default gets the full name of its sequence.
    pub(super) fn adorn(
        &self,
        context: &Context,
        access: &Access,
        table: &mut Table,
        said: &ColumnDefinition,
    ) -> Result<(), SqlError> {
        for policy in &said.policies {
            let attachment = self.attachment(context, access, policy, Some(&said.name), &table.names())?;
            Self::attach(&mut table.policies, attachment, false)?;
        }
        if !said.tags.is_empty() {
            let values = self.tag_values(context, access, &said.tags)?;
            table.column_tags.insert(said.name.clone(), values);
        }
        if let Some(default) = said.default.as_deref().filter(|text| text.ends_with(".NEXTVAL")) {
            let full = self.sequence_default(context, access, default)?;
            if let Some(at) = table.place(&said.name) {
                table.shape.columns[at].default = Some(full);
            }
        }
        if let Some(column) = table.place(&said.name).map(|at| &mut table.shape.columns[at]) {
            (column.policies, column.tags) = (Vec::new(), Vec::new());
        }
        Ok(())
    }

    /// Properties and parameters that a statement sets.
    pub(super) fn set_table(&self, table: &mut Table, settings: &[Setting]) -> Result<(), SqlError> {
        let transient = table.keeping != Keeping::Permanent;
        let (own, parameters): (Vec<&Setting>, Vec<&Setting>) =
            settings.iter().partition(|setting| !is_parameter(setting.property.name));
        let parameters: Vec<Setting> = parameters.into_iter().cloned().collect();
        self.set_parameters(&mut table.parameters, &parameters, transient)?;
        comment_from(settings, &mut table.head);
        for Setting { property, value } in own {
            match (property.name, value) {
                ("CHANGE_TRACKING", Value::Boolean(on)) => table.change_tracking = *on,
                ("ENABLE_SCHEMA_EVOLUTION", Value::Boolean(on)) => table.schema_evolution = *on,
                (name, value) if name.starts_with("STAGE_") => {
                    table.parameters.insert(name.to_owned(), Stored::from(value));
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn table_at(&self, on: Securable) -> Option<&Table> {
        let Securable::Table(database, schema, id) = on else { return None };
        self.schema((database, schema)).ok()?.tables.by_id(id)
    }

    pub(crate) fn table_mut(&mut self, on: Securable) -> Result<&mut Table, SqlError> {
        let Securable::Table(database, schema, id) = on else { return Err(SqlError::impossible()) };
        self.schema_mut((database, schema))?.tables.by_id_mut(id).ok_or_else(SqlError::impossible)
    }

    /// The full name of the sequence in a default, with NEXTVAL.
    pub(super) fn sequence_default(
        &self,
        context: &Context,
        access: &Access,
        default: &str,
    ) -> Result<String, SqlError> {
        let name = default.trim_end_matches(".NEXTVAL");
        let on = self.securable(context, access, ObjectKind::Sequence, &crate::sql::path_of(name)?)?;
        self.need(access, on, &["USAGE"])?;
        Ok(format!("{}.NEXTVAL", self.name_of(on)))
    }
}

fn is_parameter(name: &str) -> bool {
    crate::sql::parameters::of(ObjectKind::Table, name).is_some()
}

/// Sets a clustering key, whose columns must be there.
pub(super) fn cluster(table: &mut Table, said: &Clustering) -> Result<(), SqlError> {
    if let Some(name) = said.columns.iter().find(|name| table.place(name).is_none()) {
        return Err(unknown_column(name));
    }
    table.cluster_by = Some(said.clone());
    table.recluster_suspended = false;
    Ok(())
}
