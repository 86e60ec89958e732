//! CREATE VIEW, CREATE MATERIALIZED VIEW, CREATE DYNAMIC TABLE.

use std::collections::BTreeMap;

use super::super::access::Access;
use super::super::answer::{display, status};
use super::super::grants::{Grant, Securable};
use super::super::plain::{Detail, Plain};
use super::super::store::Id;
use super::super::{Account, Edition};
use super::columns::{Known, Typing};
use super::{Base, Column, View, rules};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::data_type::DataType;
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::view::CreateView;
use crate::sql::{How, ObjectKind};

impl Account {
    pub(crate) fn create_view(
        &mut self,
        context: &Context,
        create: &CreateView,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let kind = create.kind;
        if kind == ObjectKind::MaterializedView && self.edition == Edition::Standard {
            // The words are unverified.
            return Err(SqlError::unsupported("MATERIALIZED VIEW"));
        }
        let (place, name) = self.in_schema(context, &access, &create.path)?;
        let in_schema = Securable::Schema(place.0, place.1);
        let before = self.relation_before(place, &name, kind, create.how)?;
        if let Some(on) = before {
            if create.how == How::IfNotExists {
                return Ok(status(format!("{name} already exists, statement succeeded.")));
            }
            match create.how {
                How::OrReplace | How::OrAlter => self.need(&access, on, &[])?,
                _ => return Err(SqlError::exists(display(&create.path))),
            }
        }
        if before.is_none() || create.how != How::OrAlter {
            self.may_create_in(&access, in_schema, &format!("CREATE {}", kind.singular()))?;
        }
        let mut view = self.new_view(context, &access, create, place, now)?;
        let tags = self.tag_values(context, &access, &create.tags)?;
        if let (Some(Securable::Inside(_, _, _, id)), How::OrAlter) = (before, create.how) {
            let on = Securable::Inside(kind, place.0, place.1, id);
            let held = self.view_at(on).map(|view| view.policies.clone()).unwrap_or_default();
            let kept = held.into_iter().filter(|it| {
                it.column.as_ref().is_none_or(|name| view.columns.iter().any(|column| column.name == *name))
            });
            for attachment in kept {
                if !view.policies.iter().any(|it| it.policy == attachment.policy) {
                    view.policies.push(attachment);
                }
            }
            let plain = self.plain_mut(on)?;
            plain.properties.clear();
            plain.head.comment.clear();
            plain.set(&create.settings);
            plain.tags.extend(tags);
            plain.detail = Detail::View(Box::new(view));
            self.settle_dynamic(on, create)?;
            return Ok(status(format!("{} {name} successfully created.", kind.noun())));
        }
        let mut made = Plain { tags, ..Plain::new(self.head(&name, &access, now)) };
        made.set(&create.settings);
        made.detail = Detail::View(Box::new(view));
        let id = made.head.id;
        let on = Securable::Inside(kind, place.0, place.1, id);
        let mut kept: Vec<Grant> = Vec::new();
        if let Some(old) = before {
            if create.copy_grants {
                // OWNERSHIP is not among them: it stands in the head.
                kept = self.grants.on(old).cloned().collect();
            }
            if let Securable::Inside(kind, _, _, old) = old {
                self.plain_in_mut(kind, Some(place))?.remove(old);
            }
            self.forget(old);
        }
        self.plain_in_mut(kind, Some(place))?.put(made);
        for grant in kept {
            self.grants.put(Grant { on, ..grant });
        }
        if before.is_none() || !create.copy_grants {
            self.grant_future(on, now);
        }
        self.settle_dynamic(on, create)?;
        Ok(status(format!("{} {name} successfully created.", kind.noun())))
    }

    /// The query is looked through: what it reads must be there, and gives the columns.
    fn new_view(
        &self,
        context: &Context,
        access: &Access,
        create: &CreateView,
        place: (Id, Id),
        now: i64,
    ) -> Result<View, SqlError> {
        let bases = self.bases(context, access, &create.query, place)?;
        if create.kind == ObjectKind::MaterializedView {
            rules::materialized(self, &create.query, &bases)?;
        }
        let columns = self.view_columns(context, access, create, place)?;
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let mut policies = Vec::new();
        for attach in &create.policies {
            let attachment = self.attachment(context, access, attach, None, &names)?;
            Self::attach(&mut policies, attachment, false)?;
        }
        for column in create.columns.iter().flatten() {
            for attach in &column.policies {
                let attachment = self.attachment(context, access, attach, Some(&column.name), &names)?;
                Self::attach(&mut policies, attachment, false)?;
            }
        }
        let dynamic = create.kind == ObjectKind::DynamicTable;
        if dynamic {
            self.may_ask(access, &create.query.facts.functions)?;
            rules::target_lag(&create.settings)?;
            rules::refresh_mode(create)?;
        }
        Ok(View {
            text: if dynamic { dynamic_text(create) } else { create.text.clone() },
            query: create.query.text.clone(),
            secure: create.modifiers.secure,
            temporary: create.modifiers.temporary,
            transient: create.modifiers.transient,
            columns,
            bases,
            policies,
            cluster_by: create.cluster_by.clone(),
            warehouse: self.warehouse_set(access, &create.settings, "WAREHOUSE", dynamic)?,
            initialization_warehouse: self.warehouse_set(
                access,
                &create.settings,
                "INITIALIZATION_WAREHOUSE",
                false,
            )?,
            suspended: None,
            recluster_suspended: false,
            refreshed_on: now,
        })
    }

    /// The warehouse that a setting names, when the role may use it.
    pub(crate) fn warehouse_set(
        &self,
        access: &Access,
        settings: &[Setting],
        name: &str,
        needed: bool,
    ) -> Result<Option<Id>, SqlError> {
        let Some(Value::Path(path)) = value_of(settings, name) else {
            return if needed { Err(rules::missing(name)) } else { Ok(None) };
        };
        let id = self.warehouse_id(access, path)?;
        self.need(access, Securable::Warehouse(id), &["USAGE"])?;
        Ok(Some(id))
    }

    /// What a query reads.
    pub(crate) fn bases(
        &self,
        context: &Context,
        access: &Access,
        query: &crate::sql::definition::Query,
        place: (Id, Id),
    ) -> Result<Vec<Base>, SqlError> {
        let mut bases = Vec::new();
        let upper = query.text.to_uppercase();
        for path in &query.facts.relations {
            let Some(on) = self.read_relation(context, access, place, path)? else { continue };
            let columns = self.columns_at(on).unwrap_or_default().into_iter().map(|column| column.name);
            let named = columns.filter(|name| upper.contains(&name.to_uppercase())).collect();
            bases.push(Base { on, path: self.path_of(on), columns: named });
        }
        Ok(bases)
    }

    /// The columns that a query gives; nothing when not all of them are known.
    pub(crate) fn query_columns(
        &self,
        context: &Context,
        access: &Access,
        query: &crate::sql::definition::Query,
        place: (Id, Id),
    ) -> Result<Option<Vec<Known>>, SqlError> {
        let look = |path: &[String]| {
            let found = self.read_relation(context, access, place, path).ok().flatten();
            found.and_then(|on| self.columns_at(on))
        };
        Typing::new(&look).query(&query.tree)
    }

    fn view_columns(
        &self,
        context: &Context,
        access: &Access,
        create: &CreateView,
        place: (Id, Id),
    ) -> Result<Vec<Column>, SqlError> {
        let known = self.query_columns(context, access, &create.query, place)?;
        let column = |name: &str, kind: DataType, nullable: bool| Column {
            name: name.to_owned(),
            kind,
            nullable,
            comment: None,
            tags: BTreeMap::new(),
        };
        let mut columns: Vec<Column> = Vec::new();
        match (&create.columns, known) {
            (Some(said), known) => {
                if known.as_ref().is_some_and(|known| known.len() != said.len()) {
                    // The number is unverified.
                    return Err(SqlError::new(
                        2026,
                        "42601",
                        "SQL compilation error:\nInvalid column definition list",
                    ));
                }
                let mut known = known.unwrap_or_default().into_iter();
                for said in said {
                    let found = known.next();
                    let nullable = found.as_ref().is_none_or(|found| found.nullable);
                    let derived = found.map(|found| found.kind);
                    let kind = said.kind.clone().or(derived);
                    let kind = kind.unwrap_or_else(|| DataType::Plain("VARIANT".into()));
                    let tags = self.tag_values(context, access, &said.tags)?;
                    let comment = said.comment.clone();
                    columns.push(Column { comment, tags, ..column(&said.name, kind, nullable) });
                }
            }
            (None, known) => {
                for found in known.unwrap_or_default() {
                    if found.unnamed {
                        // The number is unverified.
                        return Err(SqlError::new(
                            2022,
                            "42601",
                            "SQL compilation error:\nMissing column specification",
                        ));
                    }
                    columns.push(column(&found.name, found.kind, found.nullable));
                }
            }
        }
        for (at, column) in columns.iter().enumerate() {
            if columns[..at].iter().any(|other| other.name == column.name) {
                return Err(SqlError::new(
                    2025,
                    "42S21",
                    format!("SQL compilation error:\nduplicate column name '{}'", column.name),
                ));
            }
        }
        Ok(columns)
    }

    /// What a dynamic table has decided by itself: how it is refreshed.
    fn settle_dynamic(&mut self, on: Securable, create: &CreateView) -> Result<(), SqlError> {
        if on.kind() != ObjectKind::DynamicTable {
            return Ok(());
        }
        let mode = rules::refresh_mode(create)?;
        let plain = self.plain_mut(on)?;
        plain.properties.insert("REFRESH_MODE".into(), vec![mode.into()]);
        let lag = plain.text("TARGET_LAG").unwrap_or_default().to_owned();
        if lag.eq_ignore_ascii_case("DOWNSTREAM") {
            plain.properties.insert("TARGET_LAG".into(), vec!["DOWNSTREAM".into()]);
        }
        Ok(())
    }
}

/// The statement as SHOW DYNAMIC TABLES gives it: with the words that Snowflake keeps, and its defaults (as the
/// provider's tests expect it; the place of the comment is unverified).
fn dynamic_text(create: &CreateView) -> String {
    let said = |name: &str| value_of(&create.settings, name);
    let said_or = |name: &str, unsaid: &str| {
        said(name).and_then(Value::text).map_or_else(|| unsaid.to_owned(), ToOwned::to_owned)
    };
    let lag = match said_or("TARGET_LAG", "") {
        lag if lag.eq_ignore_ascii_case("DOWNSTREAM") => "DOWNSTREAM".to_owned(),
        lag => format!("'{lag}'"),
    };
    let quoted = |part: &String| format!("\"{}\"", part.replace('"', "\"\""));
    let warehouse = match said("WAREHOUSE") {
        Some(Value::Path(path)) => path.iter().map(quoted).collect::<Vec<_>>().join("."),
        _ => String::new(),
    };
    let comment = said("COMMENT").and_then(Value::text);
    format!(
        "CREATE {}{}DYNAMIC TABLE {} lag = {lag} refresh_mode = '{}' initialize = '{}' warehouse = {warehouse}{} AS {}",
        if create.how == How::OrReplace { "OR REPLACE " } else { "" },
        if create.modifiers.transient { "TRANSIENT " } else { "" },
        create.named,
        said_or("REFRESH_MODE", "AUTO"),
        said_or("INITIALIZE", "ON_CREATE"),
        comment.map(|text| format!(" COMMENT = '{}'", text.replace('\'', "''"))).unwrap_or_default(),
        create.query.text
    )
}
