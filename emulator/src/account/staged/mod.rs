//! Stages, file formats, pipes and search services: what they refer to, SHOW and DESCRIBE.

mod format;
mod pipe;

use format::{check_format, format_options, format_rows, stage_rows, type_of};

use super::Account;
use super::access::Access;
use super::answer::{Cell, number, table, text, time, yes};
use super::grants::Securable;
use super::plain::{Detail, Plain};
use super::store::Id;
use super::views::{View, rules};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Fixed, Text, TimestampLtz};
use crate::rows::{ColumnType, Rows};
use crate::sql::plain::CreatePlain;
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::staged::inline_format;
use crate::sql::{ObjectKind, Path};

const OF_SEARCH: [(&str, ColumnType); 21] = [
    ("created_on", TimestampLtz),
    ("name", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("target_lag", Text),
    ("warehouse", Text),
    ("search_column", Text),
    ("attribute_columns", Text),
    ("columns", Text),
    ("definition", Text),
    ("comment", Text),
    ("service_query_url", Text),
    ("data_timestamp", TimestampLtz),
    ("source_data_num_rows", Fixed),
    ("indexing_state", Text),
    ("indexing_error", Text),
    ("serving_state", Text),
    ("embedding_model", Text),
    ("primary_key_columns", Text),
    ("scoring_profile_count", Fixed),
    ("full_index_build_interval_days", Fixed),
];

/// The model that a search service has unsaid (docs: create-cortex-search).
const MODEL: &str = "snowflake-arctic-embed-m-v1.5";

impl Account {
    /// What CREATE of one of these kinds refers to must be there; what it makes beyond its properties.
    pub(crate) fn staged(
        &self,
        context: &Context,
        access: &Access,
        create: &CreatePlain,
        place: Option<(Id, Id)>,
        made: &mut Plain,
    ) -> Result<(), SqlError> {
        made.tags = self.tag_values(context, access, &create.tags)?;
        if create.temporary {
            made.properties.insert("TEMPORARY".into(), vec!["true".into()]);
        }
        for (name, list) in &create.lists {
            made.properties.insert((*name).to_owned(), list.clone());
        }
        match create.kind {
            ObjectKind::NotificationIntegration => mail(&create.settings, true)?,
            ObjectKind::FileFormat => {
                let kind = type_of(&create.settings);
                check_format(&kind, &create.settings)?;
                made.properties.insert("TYPE".into(), vec![kind]);
            }
            ObjectKind::Stage => self.check_stage(context, access, &create.settings)?,
            ObjectKind::Pipe => {
                let (Some(copy), Some(place)) = (&create.copy, place) else {
                    return Err(SqlError::impossible());
                };
                self.in_place(context, access, place, ObjectKind::Table, &copy.table)?;
                if let Some(stage) = &copy.stage {
                    self.in_place(context, access, place, ObjectKind::Stage, stage)?;
                }
                made.properties.insert("DEFINITION".into(), vec![copy.text.clone()]);
            }
            ObjectKind::CortexSearchService => {
                let (Some(query), Some(place)) = (&create.query, place) else {
                    return Err(SqlError::impossible());
                };
                rules::target_lag(&create.settings)?;
                let warehouse = self.warehouse_set(access, &create.settings, "WAREHOUSE", true)?;
                if let Some(name) = &query.facts.quoted {
                    return Err(SqlError::new(
                        399_115,
                        "42601",
                        format!(
                            "Invalid source query: quoted identifier or reserved word {name} not allowed."
                        ),
                    ));
                }
                let bases = self.bases(context, access, query, place)?;
                let columns = self.query_columns(context, access, query, place)?;
                if let Some(columns) = columns {
                    let names: Vec<String> = columns.into_iter().map(|column| column.name).collect();
                    let said = create.lists.iter().flat_map(|(_, list)| list);
                    if let Some(absent) = said.into_iter().find(|name| !names.contains(name)) {
                        return Err(super::select::unknown_column(absent));
                    }
                    made.properties.insert("COLUMNS".into(), names);
                }
                made.detail = Detail::View(Box::new(View::of_search(
                    query.text.clone(),
                    bases,
                    warehouse,
                    made.head.created_on,
                )));
            }
            _ => {}
        }
        Ok(())
    }

    /// An object that a pipe names: what is not qualified is in the pipe's schema.
    fn in_place(
        &self,
        context: &Context,
        access: &Access,
        place: (Id, Id),
        kind: ObjectKind,
        path: &Path,
    ) -> Result<(), SqlError> {
        let mut full = self.path_of(Securable::Schema(place.0, place.1));
        full.truncate(3_usize.saturating_sub(path.len()));
        full.extend(path.iter().cloned());
        self.securable(context, access, kind, &full).map(drop)
    }

    fn check_stage(&self, context: &Context, access: &Access, settings: &[Setting]) -> Result<(), SqlError> {
        let format = value_of(settings, "FILE_FORMAT").and_then(Value::text).unwrap_or_default();
        let format = inline_format(format)?;
        if let Some(Value::Text(name)) = value_of(&format, "FORMAT_NAME") {
            let path = crate::sql::path_of(name)?;
            self.securable(context, access, ObjectKind::FileFormat, &path)?;
        }
        check_format(&type_of(&format), &format)
    }

    /// ALTER … SET of these kinds.
    pub(crate) fn check_altered(
        &mut self,
        context: &Context,
        access: &Access,
        on: Securable,
        settings: &[Setting],
    ) -> Result<(), SqlError> {
        match on.kind() {
            ObjectKind::NotificationIntegration => mail(settings, false),
            ObjectKind::FileFormat => {
                let kind = self.plain_at(on).and_then(|it| it.text("TYPE")).unwrap_or("CSV").to_owned();
                if value_of(settings, "TYPE").is_some() {
                    return Err(SqlError::invalid_property("TYPE", "FILE_FORMAT"));
                }
                check_format(&kind, settings)
            }
            ObjectKind::Stage => self.check_stage(context, access, settings),
            ObjectKind::CortexSearchService => {
                if value_of(settings, "TARGET_LAG").is_some() {
                    rules::target_lag(settings)?;
                }
                let warehouse = self.warehouse_set(access, settings, "WAREHOUSE", false)?;
                if value_of(settings, "COMMENT").is_some() {
                    self.plain_mut(on)?.properties.insert("COMMENT SET".into(), vec!["true".into()]);
                }
                if let (Some(view), Some(id)) = (self.plain_mut(on)?.view_mut(), warehouse) {
                    view.warehouse = Some(id);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A cell of SHOW that these kinds alone have.
    pub(crate) fn staged_cell(&self, on: Securable, object: &Plain, column: &str) -> Option<Cell> {
        let kind = on.kind();
        let of = |name: &str| object.text(name).map(ToOwned::to_owned);
        let list = |name: &str| object.properties.get(name).map(|list| list.join(","));
        let view = object.view();
        Some(match (kind, column) {
            (ObjectKind::Stage, "url") => text(of("URL").unwrap_or_default()),
            (ObjectKind::Stage, "type") => {
                let place = if object.text("URL").is_some() { "EXTERNAL" } else { "INTERNAL" };
                let temporary = if object.text("TEMPORARY").is_some() { " TEMPORARY" } else { "" };
                text(format!("{place}{temporary}"))
            }
            (ObjectKind::Stage, "cloud") => {
                let url = object.text("URL")?;
                let clouds = [("s3", "AWS"), ("gcs:", "GCP"), ("azure:", "AZURE")];
                clouds
                    .iter()
                    .find(|(scheme, _)| url.starts_with(scheme))
                    .map(|(_, cloud)| (*cloud).to_owned())
            }
            (ObjectKind::Stage, "has_credentials") => yes(object.text("CREDENTIALS").is_some()),
            (ObjectKind::Stage, "has_encryption_key") => {
                yes(object.text("ENCRYPTION").is_some_and(|it| it.contains("KEY")))
            }
            (ObjectKind::Stage, "storage_integration") => of("STORAGE_INTEGRATION"),
            (ObjectKind::Stage, "endpoint") => of("ENDPOINT"),
            (ObjectKind::FileFormat, "type") => text(of("TYPE").unwrap_or_default()),
            (ObjectKind::FileFormat, "format_options") => text(format_options(object)),
            (ObjectKind::Pipe, "definition") => of("DEFINITION"),
            (ObjectKind::Pipe, "integration") => of("INTEGRATION"),
            (ObjectKind::Pipe, "error_integration") => of("ERROR_INTEGRATION"),
            (ObjectKind::Pipe, "notification_channel" | "pattern" | "invalid_reason") => None,
            // Docs: bcr-bundles/2026_01/bcr-2137.
            (ObjectKind::Pipe, "is_snowflake_managed") => text("false"),
            (ObjectKind::CortexSearchService, column) => match column {
                "warehouse" => {
                    let warehouse = view?.warehouse.and_then(|id| self.warehouses.by_id(id));
                    warehouse.map(|warehouse| warehouse.head.name.clone())
                }
                "target_lag" => of("TARGET_LAG"),
                "definition" => view.map(|view| view.query.clone()),
                "search_column" => of("ON"),
                "attribute_columns" => list("ATTRIBUTES"),
                "columns" => list("COLUMNS"),
                "primary_key_columns" => list("PRIMARY KEY"),
                "scoring_profile_count" | "source_data_num_rows" => number(0),
                "service_query_url" => {
                    let path = self.path_of(on);
                    let part = |at: usize| path.get(at).cloned().unwrap_or_default().to_lowercase();
                    text(format!(
                        "/api/v2/databases/{}/schemas/{}/cortex-search-services/{}:query",
                        part(0),
                        part(1),
                        part(2)
                    ))
                }
                "data_timestamp" => view.and_then(|view| time(view.refreshed_on)),
                "indexing_state" | "serving_state" => {
                    let state = object.text(column).unwrap_or("ACTIVE");
                    text(state)
                }
                "indexing_error" => text(""),
                "embedding_model" => text(of("EMBEDDING_MODEL").unwrap_or_else(|| MODEL.into())),
                "full_index_build_interval_days" => of("FULL_INDEX_BUILD_INTERVAL_DAYS")
                    .or_else(|| object.properties.contains_key("PRIMARY KEY").then(|| "1".into())),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// DESCRIBE of these kinds.
    pub(crate) fn describe_staged(
        &self,
        context: &Context,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, kind, path)?;
        let object = self.plain_at(on).ok_or_else(SqlError::impossible)?;
        match on.kind() {
            ObjectKind::CatalogIntegration => Err(SqlError::unsupported("DESCRIBE of catalog integrations")),
            ObjectKind::NotificationIntegration if object.text("TYPE").is_none_or(|kind| kind == "EMAIL") => {
                Ok(mail_rows(object))
            }
            ObjectKind::NotificationIntegration => Err(SqlError::unsupported(
                "DESCRIBE of notification integrations that are not of the type EMAIL",
            )),
            ObjectKind::FileFormat => {
                let headings = ["property", "property_type", "property_value", "property_default"];
                let mut rows = table(&headings.map(|name| (name, Text)));
                rows.rows =
                    format_rows(object).into_iter().map(|row| row.into_iter().map(text).collect()).collect();
                Ok(rows)
            }
            ObjectKind::Stage => stage_rows(object),
            ObjectKind::CortexSearchService => {
                let mut rows = table(&OF_SEARCH);
                let names = self.path_of(on);
                let unsaid = object.head.comment.is_empty() && !object.properties.contains_key("COMMENT SET");
                let cell = |column: &str| match column {
                    "created_on" => time(object.head.created_on),
                    "name" => names.last().cloned(),
                    "database_name" => names.first().cloned(),
                    "schema_name" => names.get(1).cloned(),
                    // NULL until one is set (the provider's tests tell them apart).
                    "comment" if unsaid => None,
                    "comment" => text(&object.head.comment),
                    column => self.staged_cell(on, object, column).flatten(),
                };
                rows.rows.push(OF_SEARCH.iter().map(|(column, _)| cell(column)).collect());
                Ok(rows)
            }
            _ => {
                let mut rows = Self::plain_columns(kind);
                rows.rows.push(self.plain_row(on, object));
                Ok(rows)
            }
        }
    }

    /// LIST: no stage holds files here.
    pub(crate) fn list_stage(&self, context: &Context, path: &Path) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, ObjectKind::Stage, path)?;
        self.need(&access, on, &["READ", "USAGE"])?;
        Ok(table(&[("name", Text), ("size", Fixed), ("md5", Text), ("last_modified", Text)]))
    }
}

/// What is said of notifications by mail (docs: create-notification-integration-email); the numbers are unverified.
fn mail(settings: &[Setting], create: bool) -> Result<(), SqlError> {
    const MOST: usize = 50;
    for needed in ["TYPE", "ENABLED"] {
        if create && value_of(settings, needed).is_none() {
            return Err(rules::missing(needed));
        }
    }
    let recipients = value_of(settings, "ALLOWED_RECIPIENTS");
    if let Some(Value::Names(names)) = recipients
        && names.len() > MOST
    {
        return Err(SqlError::invalid_value(names.len(), "ALLOWED_RECIPIENTS"));
    }
    Ok(())
}

fn mail_rows(object: &Plain) -> Rows {
    let headings = ["property", "property_type", "property_value", "property_default"];
    let mut rows = table(&headings.map(|name| (name, Text)));
    let list = |name: &str| object.properties.get(name).map(|list| list.join(",")).unwrap_or_default();
    let of = |name: &str, unsaid: &str| object.text(name).unwrap_or(unsaid).to_owned();
    for (name, kind, value, default) in [
        ("ENABLED", "Boolean", of("ENABLED", "true"), "true"),
        ("DIRECTION", "String", "OUTBOUND".to_owned(), "INBOUND"),
        ("ALLOWED_RECIPIENTS", "List", list("ALLOWED_RECIPIENTS"), "[]"),
        ("DEFAULT_RECIPIENTS", "List", list("DEFAULT_RECIPIENTS"), "[]"),
        ("DEFAULT_SUBJECT", "String", of("DEFAULT_SUBJECT", ""), ""),
        ("COMMENT", "String", object.head.comment.clone(), ""),
    ] {
        rows.rows.push([name, kind, &value, default].into_iter().map(text).collect());
    }
    rows
}

/// A search service is a view of another kind.
impl View {
    fn of_search(query: String, bases: Vec<super::views::Base>, warehouse: Option<Id>, now: i64) -> Self {
        Self {
            text: query.clone(),
            query,
            secure: false,
            temporary: false,
            transient: false,
            columns: Vec::new(),
            bases,
            policies: Vec::new(),
            cluster_by: None,
            warehouse,
            initialization_warehouse: None,
            suspended: None,
            recluster_suspended: false,
            refreshed_on: now,
        }
    }
}
