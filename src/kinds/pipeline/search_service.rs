//! `CORTEX SEARCH SERVICE`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-cortex-search>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-cortex-search>.
//!
//! Query, column, attributes and model can't be altered. Another service in its place has no index: it answers nothing
//! until that is built, and its grants are gone; so it waits for approval, although its rows can be had again.

use super::{
    definition,
    dynamic_table::warehouse,
    names::Directory,
    object::{
        Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, lens, name, text,
    },
    preflight::Compute,
    queries::Reads,
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, search_services::SearchService},
    engine::fault::Fault,
    plan::{Change, Property, Release, Risk, property::assignments},
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{
        full_name::FullName, ident::Ident, path::split_outside_quotes, target_lag::TargetLag,
        user_sql::UserSql,
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "CORTEX SEARCH SERVICE",
    show: Show { words: "SHOW CORTEX SEARCH SERVICES", kind: "CORTEX SEARCH SERVICE", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| directory.add_all(&KIND, &spec.search_services, |_| None),
    wanted,
    // It can't read itself: where nothing was created, the probe fails.
    least: |name| {
        Statement::new("CREATE CORTEX SEARCH SERVICE")
            .of_kind("CORTEX SEARCH SERVICE")
            .full_name(name)
            .keyword("ON PROBE WAREHOUSE = PROBE TARGET_LAG = '1 day' AS SELECT 'x' AS PROBE FROM")
            .full_name(name)
    },
    drop: |name| {
        Statement::new("DROP CORTEX SEARCH SERVICE").of_kind("CORTEX SEARCH SERVICE").full_name(name)
    },
};

/// The properties that have one value.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    warehouse: Option<Ident>,
    target_lag: Option<TargetLag>,
    comment: Option<String>,
}

type Row = Property<Properties>;

pub(super) const ROWS: &[Row] = &[
    Row::column("warehouse", "WAREHOUSE", "warehouse", lens!(Properties, warehouse)),
    Row::column("targetLag", "TARGET_LAG", "target_lag", lens!(Properties, target_lag)),
];

/// The model stands between these and the comment. ALTER knows no UNSET of it.
pub(super) const COMMENT: &[Row] =
    &[Row::column("comment", "COMMENT", "comment", lens!(Properties, comment)).release(Release::Set("''"))];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |entry: &'a SearchService| {
        let path = ["searchServices.", &entry.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, entry).and_then(|full| {
            let query = definition::sql(&entry.query, &path)?;
            if entry.target_lag == TargetLag::Downstream {
                return Err(Fault::Refused(format!(
                    "spec.{path}.targetLag: nothing is downstream of a search service: write 1h or 1d"
                )));
            }
            let attribute =
                |text: &crate::api::pipeline::text::Name| name(format_args!("{path}.attributes"), text);
            let attributes = entry.attributes.as_ref();
            let attributes: Option<Result<Vec<_>, _>> =
                attributes.map(|all| all.iter().map(attribute).collect());
            let properties = Properties {
                warehouse: Some(warehouse(entry.warehouse.as_deref(), spec, &path)?),
                target_lag: Some(entry.target_lag),
                comment: entry.comment().map(str::to_owned),
            };
            let object = Service {
                name: full.clone(),
                column: name(format_args!("{path}.column"), &entry.column)?,
                attributes: attributes.transpose()?,
                model: entry.embedding_model.as_deref(),
                properties,
                query,
            };
            Ok(Wanted::new(&KIND, full, object))
        });
        Listing { path, wanted }
    };
    spec.search_services.iter().map(of).collect()
}

struct Service<'a> {
    name: FullName,
    column: Ident,
    attributes: Option<Vec<Ident>>,
    model: Option<&'a str>,
    properties: Properties,
    query: UserSql,
}

fn list(names: &[Ident]) -> String {
    names.iter().map(Ident::to_spec).collect::<Vec<_>>().join(", ")
}

impl Service<'_> {
    /// What only another service can have.
    fn replacing(&self, there: &There<'_>, update: &mut Update) -> Vec<Change> {
        let risk = Risk::Destructive;
        let mut changes = vec![];
        let is = there.found.text("definition").unwrap_or_default();
        update.managed.insert("query");
        changes.extend(definition::query(is, &self.query, there, || risk));
        if let Some(Some(wanted)) = update.manages("column", Some(&self.column), there) {
            let is = there.found.text("search_column").unwrap_or_default();
            if Ident::shown(is).ok().as_ref() != Some(wanted) {
                changes.push(changed("column", Some(is), Some(&wanted.to_spec()), risk));
            }
        }
        if let Some(wanted) = update.manages("attributes", self.attributes.as_deref(), there) {
            let shown = there.found.text("attribute_columns").unwrap_or_default();
            let parts = split_outside_quotes(shown, ',').into_iter().map(str::trim);
            let is: Vec<Ident> = parts.filter_map(|part| Ident::shown(part).ok()).collect();
            if is != wanted.unwrap_or_default() {
                let to = wanted.map(list);
                changes.push(changed("attributes", Some(&list(&is)), to.as_deref(), risk));
            }
        }
        // The model stands in DESCRIBE alone.
        if let Some(Some(wanted)) = update.manages("embeddingModel", self.model, there)
            && let Some(is) = there.details.and_then(|rows| rows.iter().next()?.text("embedding_model"))
            && !is.eq_ignore_ascii_case(wanted)
        {
            changes.push(changed("embeddingModel", Some(is), Some(wanted), risk));
        }
        changes
    }
}

impl Object for Service<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let mut statement = how.begin(&KIND, &self.name).keyword("ON").ident(&self.column);
        for (n, attribute) in self.attributes.iter().flatten().enumerate() {
            statement = statement.keyword(if n == 0 { "ATTRIBUTES" } else { "," }).ident(attribute);
        }
        statement = assignments(statement, ROWS, &self.properties);
        statement = statement.with(self.model, |s, model| s.keyword("EMBEDDING_MODEL =").literal(model));
        assignments(statement, COMMENT, &self.properties).keyword("AS").sql(&self.query)
    }
    fn fields(&self) -> Vec<Change> {
        let mut all = vec![created("query", text(self.query.as_str()))];
        all.push(created("column", text(self.column.to_spec())));
        all.extend(self.attributes.as_deref().map(|names| created("attributes", text(list(names)))));
        all.extend(self.model.map(|model| created("embeddingModel", text(model))));
        all.extend(fields(ROWS, &self.properties));
        all.extend(fields(COMMENT, &self.properties));
        all
    }
    fn compute(&self) -> Option<Compute> {
        Some(Compute::of(self.properties.warehouse.as_ref()))
    }

    fn reads(&self) -> Reads<'_> {
        Reads::Query(&self.query)
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER CORTEX SEARCH SERVICE").of_kind(KIND.word).full_name(&self.name);
        let mut update = Update::of_rows(ROWS, &self.properties, &alter, there)?;
        update.join(Update::of_rows(COMMENT, &self.properties, &alter, there)?);
        let changes = self.replacing(there, &mut update);
        update.replaced(changes, || self.create(Create::Replace));
        Ok(update)
    }
    fn details(&self) -> Option<Statement> {
        self.model?;
        Some(Statement::new("DESC CORTEX SEARCH SERVICE").of_kind(KIND.word).full_name(&self.name))
    }
    fn sent(&self) -> Option<String> {
        self.model.map(str::to_owned)
    }
}
