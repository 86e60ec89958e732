//! `MATERIALIZED VIEW` (Enterprise edition). Source:
//! <https://docs.snowflake.com/en/sql-reference/sql/create-materialized-view>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-materialized-view>.
//!
//! Another query is another materialized view in its place (COPY GRANTS), which is built from nothing. One that is
//! invalid is told and left as it is: what it reads has changed, and only a person knows what it is to be.

use super::{
    definition,
    names::Directory,
    object::{Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, text},
    queries::Reads,
};
use crate::{
    api::pipeline::{
        Listed, PipelineSpec, materialized_views::MaterializedView, shared::State, text::Comment,
    },
    engine::fault::Fault,
    plan::{
        Change, Property, Risk,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{canonical::Canonical as _, full_name::FullName, user_sql::UserSql},
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "MATERIALIZED VIEW",
    show: Show { words: "SHOW MATERIALIZED VIEWS", kind: "MATERIALIZED VIEW", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| directory.add_all(&KIND, &spec.materialized_views, |_| None),
    wanted,
    // It can't read itself: where nothing was created, the probe fails.
    least: |name| {
        Statement::new("CREATE MATERIALIZED VIEW")
            .of_kind("MATERIALIZED VIEW")
            .full_name(name)
            .keyword("AS SELECT 1 AS PROBE FROM")
            .full_name(name)
    },
    drop: |name| Statement::new("DROP MATERIALIZED VIEW").of_kind("MATERIALIZED VIEW").full_name(name),
};

type Row = Property<MaterializedView>;

pub(super) const ROWS: &[Row] = &[Row::column(
    "comment",
    "COMMENT",
    "comment",
    &Lens {
        get: |s: &MaterializedView| s.comment().map(str::to_owned),
        set: |s: &mut MaterializedView, v: String| s.comment = Some(Comment(v)),
    },
)];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a MaterializedView| {
        let path = ["materializedViews.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|name| {
            let query = definition::sql(&spec.query, &path)?;
            let cluster_by = definition::keys(spec.cluster_by.as_ref(), &path)?;
            let object = Materialized { spec, name: name.clone(), cluster_by, query };
            Ok(Wanted::new(&KIND, name, object))
        });
        Listing { path, wanted }
    };
    spec.materialized_views.iter().map(of).collect()
}

struct Materialized<'a> {
    spec: &'a MaterializedView,
    name: FullName,
    cluster_by: Option<Vec<UserSql>>,
    query: UserSql,
}

impl Materialized<'_> {
    fn alter(&self) -> Statement {
        Statement::new("ALTER MATERIALIZED VIEW").of_kind(KIND.word).full_name(&self.name)
    }

    /// A suspended one reads as invalid, with a reason that says so.
    fn compare_state(&self, there: &There<'_>, update: &mut Update) {
        let invalid = bool::read(there.found.text("invalid")).unwrap_or_default();
        let reason = there.found.text("invalid_reason").unwrap_or_default();
        // "Marked Materialized View as invalid manually."; the words are unverified.
        let folded = reason.to_ascii_lowercase();
        let suspended = invalid && (folded.contains("suspended") || folded.contains("manually"));
        let wanted = update.manages("state", self.spec.state, there).flatten();
        match wanted {
            Some(State::Suspended) if !invalid => {
                let change = changed("state", Some("Started"), Some("Suspended"), Risk::Safe);
                update.push(change, self.alter().keyword("SUSPEND"));
            }
            Some(State::Started) if suspended => {
                let change = changed("state", Some("Suspended"), Some("Started"), Risk::Safe);
                update.push(change, self.alter().keyword("RESUME"));
            }
            Some(State::Suspended) => {}
            _ if invalid => {
                update.fault = Some(Fault::Broken {
                    reason: "Invalid",
                    message: format!(
                        "{} can't be read ({}): mend the query or the table it reads; when it is only suspended, set state: Started",
                        self.name,
                        if reason.is_empty() { "Snowflake gives no reason" } else { reason }
                    ),
                });
            }
            _ => {}
        }
    }
}

impl Object for Materialized<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let words = match (how, self.spec.secure == Some(true)) {
            (Create::Plain, false) => "CREATE MATERIALIZED VIEW",
            (Create::Plain, true) => "CREATE SECURE MATERIALIZED VIEW",
            (Create::Replace, false) => "CREATE OR REPLACE MATERIALIZED VIEW",
            (Create::Replace, true) => "CREATE OR REPLACE SECURE MATERIALIZED VIEW",
        };
        let mut statement = Statement::new(words).of_kind(KIND.word).full_name(&self.name);
        if how == Create::Replace {
            statement = statement.keyword("COPY GRANTS");
        }
        statement = assignments(statement, ROWS, self.spec);
        if let Some(keys) = self.cluster_by.as_ref().filter(|keys| !keys.is_empty()) {
            statement = statement.keyword("CLUSTER BY").list(keys, Statement::sql);
        }
        statement.keyword("AS").sql(&self.query)
    }
    fn afterwards(&self) -> Vec<Statement> {
        let rests = self.spec.state == Some(State::Suspended);
        rests.then(|| self.alter().keyword("SUSPEND")).into_iter().collect()
    }
    fn fields(&self) -> Vec<Change> {
        let keys: Option<Vec<_>> =
            self.cluster_by.as_ref().map(|keys| keys.iter().map(UserSql::as_str).collect());
        let mut all = vec![created("query", text(self.query.as_str()))];
        all.extend(keys.map(|keys| created("clusterBy", text(keys.join(", ")))));
        all.extend(self.spec.secure.map(|on| created("secure", text(on.to_string()))));
        all.extend(self.spec.state.map(|state| created("state", text(state.to_string()))));
        all.extend(fields(ROWS, self.spec));
        all
    }

    fn reads(&self) -> Reads<'_> {
        Reads::Query(&self.query)
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || self.alter();
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        definition::secure(self.spec.secure, &alter, there, &mut update);
        definition::clustering(self.cluster_by.as_deref(), &alter, there, &mut update);
        self.compare_state(there, &mut update);
        update.managed.insert("query");
        if definition::is_plainly(&self.query, there) {
            return Ok(update);
        }
        let is = definition::kept(there)?;
        let risk = || definition::risk_of_replacing(&self.name, there);
        if let Some(change) = definition::query(&is.query, &self.query, there, risk) {
            // Another query may be just what mends it.
            update.fault = None;
            update.replaced(vec![change], || self.create(Create::Replace));
        }
        Ok(update)
    }
}
