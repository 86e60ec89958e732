//! `DYNAMIC TABLE`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-dynamic-table>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-dynamic-table>,
//! <https://docs.snowflake.com/en/user-guide/dynamic-tables/evolving-pipelines>.
//!
//! Another query is CREATE OR ALTER: it keeps grants, policies, tags and streams, and the rows are computed again. What
//! that statement leaves out it unsets; so it has all that the spec says, and the comment and the clustering key that
//! are there where the spec is silent. Another refresh mode takes OR REPLACE; AUTO is resolved at creation, so it is
//! never a difference.
//! Its rows follow from what it reads, so it is no holder of data: it is dropped when its entry goes, and created anew
//! when it has vanished. Both cost a computation, no row is lost.

use super::{
    definition::{self, Definition},
    names::Directory,
    object::{
        Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, lens, name, text,
    },
    preflight::Compute,
    queries::Reads,
};
use crate::{
    api::pipeline::{
        Listed, PipelineSpec,
        dynamic_tables::{DynamicTable, RefreshMode},
        shared::State,
    },
    engine::fault::Fault,
    plan::{Change, Property, Risk, property::assignments},
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{
        canonical::Canonical as _, full_name::FullName, ident::Ident, target_lag::TargetLag,
        user_sql::UserSql,
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "DYNAMIC TABLE",
    show: Show { words: "SHOW DYNAMIC TABLES", kind: "DYNAMIC TABLE", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| directory.add_all(&KIND, &spec.dynamic_tables, |_| None),
    wanted,
    // The warehouse is missing: where nothing was created, the probe fails.
    least: |name| {
        Statement::new("CREATE DYNAMIC TABLE")
            .of_kind("DYNAMIC TABLE")
            .full_name(name)
            .keyword("TARGET_LAG = DOWNSTREAM AS SELECT 1 AS PROBE")
    },
    drop: |name| Statement::new("DROP DYNAMIC TABLE").of_kind("DYNAMIC TABLE").full_name(name),
};

/// The properties that have one value.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    target_lag: Option<TargetLag>,
    warehouse: Option<Ident>,
    retention: Option<i32>,
    extension: Option<i32>,
    comment: Option<String>,
}

type Row = Property<Properties>;

pub(super) const ROWS: &[Row] = &[
    Row::column("targetLag", "TARGET_LAG", "target_lag", lens!(Properties, target_lag)),
    Row::column("warehouse", "WAREHOUSE", "warehouse", lens!(Properties, warehouse)),
    Row::parameter("dataRetentionTimeInDays", "DATA_RETENTION_TIME_IN_DAYS", lens!(Properties, retention)),
    Row::parameter(
        "maxDataExtensionTimeInDays",
        "MAX_DATA_EXTENSION_TIME_IN_DAYS",
        lens!(Properties, extension),
    ),
];

/// ALTER sets the comment by a statement of its own.
pub(super) const COMMENT: &[Row] =
    &[Row::column("comment", "COMMENT", "comment", lens!(Properties, comment))];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |entry: &'a DynamicTable| {
        let path = ["dynamicTables.", &entry.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, entry).and_then(|full| {
            let query = definition::sql(&entry.query, &path)?;
            let cluster_by = definition::keys(entry.cluster_by.as_ref(), &path)?;
            let properties = Properties {
                target_lag: Some(entry.target_lag),
                warehouse: Some(warehouse(entry.warehouse.as_deref(), spec, &path)?),
                retention: entry.data_retention_time_in_days,
                extension: entry.max_data_extension_time_in_days,
                comment: entry.comment().map(str::to_owned),
            };
            let object = Dynamic { spec: entry, name: full.clone(), properties, cluster_by, query };
            Ok(Wanted::new(&KIND, full, object))
        });
        Listing { path, wanted }
    };
    spec.dynamic_tables.iter().map(of).collect()
}

/// The warehouse of an entry, or that of the resource.
pub(super) fn warehouse(own: Option<&str>, spec: &PipelineSpec, path: &str) -> Result<Ident, Fault> {
    match own.or(spec.warehouse.as_deref()) {
        Some(text) => name(format_args!("{path}.warehouse"), text),
        None => Err(Fault::Refused(format!(
            "spec.{path}.warehouse: say where it is refreshed: set it here, or spec.warehouse for all"
        ))),
    }
}

struct Dynamic<'a> {
    spec: &'a DynamicTable,
    name: FullName,
    properties: Properties,
    cluster_by: Option<Vec<UserSql>>,
    query: UserSql,
}

/// What a CREATE OR ALTER must say lest it unsets it, where the spec is silent.
#[derive(Default)]
struct Kept {
    comment: Option<String>,
    cluster_by: Option<UserSql>,
}

impl Dynamic<'_> {
    fn alter(&self) -> Statement {
        Statement::new("ALTER DYNAMIC TABLE").of_kind(KIND.word).full_name(&self.name)
    }

    fn rest(&self, statement: Statement, kept: &Kept, copies: bool) -> Statement {
        let mut statement = assignments(statement, ROWS, &self.properties);
        let modes = (self.spec.refresh_mode, self.spec.initialize);
        statement = statement.with(modes.0, |s, mode| s.keyword("REFRESH_MODE =").keyword(mode.keyword()));
        statement = statement.with(modes.1, |s, when| s.keyword("INITIALIZE =").keyword(when.keyword()));
        statement = match (&self.cluster_by, &kept.cluster_by) {
            (Some(keys), _) if !keys.is_empty() => statement.keyword("CLUSTER BY").list(keys, Statement::sql),
            (None, Some(keys)) => statement.keyword("CLUSTER BY").list([keys], Statement::sql),
            _ => statement,
        };
        let comment = self.properties.comment.as_ref().or(kept.comment.as_ref());
        statement = statement.with(comment, |s, text| s.keyword("COMMENT =").literal(text));
        let statement = if copies { statement.keyword("COPY GRANTS") } else { statement };
        statement.keyword("AS").sql(&self.query)
    }

    /// The same object with another query.
    fn or_alter(&self, there: &There<'_>) -> Statement {
        let words = match self.spec.transient {
            Some(true) => "CREATE OR ALTER TRANSIENT DYNAMIC TABLE",
            _ => "CREATE OR ALTER DYNAMIC TABLE",
        };
        let released = |path: &str| there.entry.managed.contains(path);
        let text = |column: &str| there.found.text(column).filter(|text| !text.is_empty());
        let keys = text("cluster_by").filter(|_| !released("clusterBy"));
        let inner = keys
            .map(|keys| keys.strip_prefix("LINEAR(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(keys));
        let kept = Kept {
            comment: text("comment").filter(|_| !released("comment")).map(str::to_owned),
            cluster_by: inner.and_then(|keys| UserSql::expression(keys).ok()),
        };
        self.rest(Statement::new(words).of_kind(KIND.word).full_name(&self.name), &kept, false)
    }

    fn refused(&self, is: &Definition, update: &mut Update) -> Option<Fault> {
        let wanted = self.spec.transient?;
        update.managed.insert("transient");
        (wanted != is.transient).then(|| {
            Fault::Refused(format!(
                "{} is {}, which can't be changed: set transient: {}, or give the other one another name",
                self.name,
                if is.transient { "transient" } else { "permanent" },
                is.transient
            ))
        })
    }

    /// Resuming what Snowflake suspended after five failures begins the five anew: its history tells the error.
    fn compare_state(&self, there: &There<'_>, update: &mut Update) {
        let Some(Some(wanted)) = update.manages("state", self.spec.state, there) else { return };
        let shown = there.found.text("scheduling_state").unwrap_or_default();
        let suspended = shown.to_ascii_uppercase().contains("SUSPENDED");
        if suspended == (wanted == State::Suspended) {
            return;
        }
        let words = if wanted == State::Suspended { "SUSPEND" } else { "RESUME" };
        let change = changed("state", Some(shown), Some(&wanted.to_string()), Risk::Safe);
        update.push(change, self.alter().keyword(words));
    }

    fn compare_mode(&self, there: &There<'_>, update: &mut Update) -> Vec<Change> {
        let Some(Some(wanted)) = update.manages("refreshMode", self.spec.refresh_mode, there) else {
            return vec![];
        };
        let shown = there.found.text("refresh_mode");
        if wanted == RefreshMode::Auto || RefreshMode::read(shown) == Some(wanted) {
            return vec![];
        }
        let risk = definition::risk_of_replacing(&self.name, there);
        vec![changed("refreshMode", shown, Some(&wanted.to_string()), risk)]
    }
}

impl Object for Dynamic<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let words = match (how, self.spec.transient == Some(true)) {
            (Create::Plain, false) => "CREATE DYNAMIC TABLE",
            (Create::Plain, true) => "CREATE TRANSIENT DYNAMIC TABLE",
            (Create::Replace, false) => "CREATE OR REPLACE DYNAMIC TABLE",
            (Create::Replace, true) => "CREATE OR REPLACE TRANSIENT DYNAMIC TABLE",
        };
        let statement = Statement::new(words).of_kind(KIND.word).full_name(&self.name);
        self.rest(statement, &Kept::default(), how == Create::Replace)
    }
    fn afterwards(&self) -> Vec<Statement> {
        let rests = self.spec.state == Some(State::Suspended);
        rests.then(|| self.alter().keyword("SUSPEND")).into_iter().collect()
    }
    fn fields(&self) -> Vec<Change> {
        let mut all = vec![created("query", text(self.query.as_str()))];
        all.extend(fields(ROWS, &self.properties));
        let keys: Option<Vec<_>> =
            self.cluster_by.as_ref().map(|keys| keys.iter().map(UserSql::as_str).collect());
        let more = [
            ("refreshMode", self.spec.refresh_mode.map(|mode| mode.to_string())),
            ("initialize", self.spec.initialize.map(|when| when.to_string())),
            ("clusterBy", keys.map(|keys| keys.join(", "))),
            ("transient", self.spec.transient.map(|on| on.to_string())),
            ("state", self.spec.state.map(|state| state.to_string())),
        ];
        all.extend(more.into_iter().filter_map(|(path, value)| Some(created(path, text(value?)))));
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
        let alter = || self.alter();
        let mut update = Update::of_rows(ROWS, &self.properties, &alter, there)?;
        update.join(Update::of_rows(COMMENT, &self.properties, &alter, there)?);
        definition::clustering(self.cluster_by.as_deref(), &alter, there, &mut update);
        // Only read at creation.
        update.managed.extend(self.spec.initialize.map(|_| "initialize"));
        update.managed.insert("query");
        let query = |risk: &dyn Fn() -> Risk, update: &mut Update| {
            if self.spec.transient.is_none() && definition::is_plainly(&self.query, there) {
                return Ok(None);
            }
            let is = definition::kept(there)?;
            update.fault = self.refused(&is, update);
            Ok::<_, Fault>(definition::query(&is.query, &self.query, there, risk))
        };
        let mode = self.compare_mode(there, &mut update);
        if mode.is_empty() {
            if let Some(change) = query(&|| Risk::Disruptive, &mut update)? {
                // It says all that the others would.
                update.statements.clear();
                update.push(change, self.or_alter(there));
            }
            // Suspending is no property.
            self.compare_state(there, &mut update);
        } else {
            self.compare_state(there, &mut update);
            let mut changes = mode;
            changes.extend(query(&|| definition::risk_of_replacing(&self.name, there), &mut update)?);
            update.replaced(changes, || self.create(Create::Replace));
        }
        Ok(update)
    }
    fn details(&self) -> Option<Statement> {
        self.sent()?;
        Some(Statement::new("SHOW PARAMETERS IN TABLE").of_kind("PARAMETERS").full_name(&self.name))
    }
    fn sent(&self) -> Option<String> {
        let days = (self.properties.retention, self.properties.extension);
        (days != (None, None)).then(|| format!("{days:?}"))
    }
}
