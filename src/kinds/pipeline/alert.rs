//! `ALERT`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-alert>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-alert>.
//!
//! An alert is created suspended. Neither page asks to suspend one before it is changed, so none is: a resumed schedule
//! begins anew. An alert with a schedule does not become one that looks at new data, nor the other way.

use super::{
    names::Directory,
    object::{
        Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, lens, name, text,
    },
    preflight::Compute,
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, alerts::Alert, shared::State},
    engine::fault::Fault,
    plan::{Change, Property, Risk, property::assignments},
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{
        body::{BodyKind, canonical, same},
        canonical::Canonical,
        full_name::FullName,
        ident::Ident,
        json::Json,
        literal::quote_literal,
        schedule::Schedule,
        user_sql::UserSql,
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "ALERT",
    show: Show { words: "SHOW ALERTS", kind: "ALERT", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| directory.add_all(&KIND, &spec.alerts, |_| None),
    wanted,
    least: |name| {
        Statement::new("CREATE ALERT")
            .of_kind("ALERT")
            .full_name(name)
            .keyword("SCHEDULE = '1 MINUTE' IF (EXISTS (SELECT 1)) THEN SELECT 1")
    },
    drop: |name| Statement::new("DROP ALERT").of_kind("ALERT").full_name(name),
};

/// `SCHEDULE` of an alert: whole minutes, or cron.
#[derive(Clone, Debug, PartialEq)]
struct Timing(Schedule);

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Schedule::Every(seconds) => write!(f, "{} MINUTE", seconds / 60),
            cron @ Schedule::Cron { .. } => cron.fmt(f),
        }
    }
}

impl Canonical for Timing {
    fn read(cell: Option<&str>) -> Option<Self> {
        Schedule::read(cell).map(Self)
    }
    fn sql(&self) -> String {
        quote_literal(&self.to_string())
    }
}

/// The properties that have one value.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    warehouse: Option<Ident>,
    schedule: Option<Timing>,
    comment: Option<String>,
    config: Option<Json>,
}

type Row = Property<Properties>;

pub(super) const ROWS: &[Row] = &[
    Row::column("warehouse", "WAREHOUSE", "warehouse", lens!(Properties, warehouse)),
    Row::column("schedule", "SCHEDULE", "schedule", lens!(Properties, schedule)),
    Row::column("comment", "COMMENT", "comment", lens!(Properties, comment)),
    // No list is documented to have this column: without it, what was sent is taken for what is there.
    Row::column("config", "CONFIG", "config", lens!(Properties, config)),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |alert: &'a Alert| {
        let path = ["alerts.", &alert.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, alert).and_then(|name| {
            let object = read(spec, alert, name.clone(), &path)?;
            Ok(Wanted::new(&KIND, name, object))
        });
        Listing { path, wanted }
    };
    spec.alerts.iter().map(of).collect()
}

struct AlertObject {
    name: FullName,
    path: String,
    state: Option<State>,
    condition: UserSql,
    action: UserSql,
    properties: Properties,
}

fn read(spec: &PipelineSpec, alert: &Alert, own: FullName, path: &str) -> Result<AlertObject, Fault> {
    let refused =
        |field: &str, error: &dyn std::fmt::Display| Fault::Refused(format!("spec.{path}.{field}: {error}"));
    let warehouse = match (alert.serverless, alert.warehouse.as_deref().or(spec.warehouse.as_deref())) {
        (Some(true), _) => None,
        (_, Some(text)) => Some(name(format_args!("{path}.warehouse"), text)?),
        (_, None) => {
            let why = "say where it runs: set spec.warehouse, or warehouse or serverless of the alert";
            return Err(refused("warehouse", &why));
        }
    };
    let schedule = alert.schedule.as_ref().and_then(|schedule| {
        let cron = || Some(Schedule::cron(schedule.cron.as_deref()?, schedule.timezone.as_deref()?));
        schedule.every.map(Schedule::every).or_else(cron)
    });
    let schedule = schedule.transpose().map_err(|error| refused("schedule", &error))?;
    if let Some(Schedule::Every(seconds)) = &schedule
        && !seconds.is_multiple_of(60)
    {
        return Err(refused("schedule", &"the interval of an alert is whole minutes: write 1m, 5m, 1h"));
    }
    let config = alert.config.as_ref();
    Ok(AlertObject {
        name: own,
        path: path.to_owned(),
        state: alert.state,
        condition: UserSql::expression(&alert.condition).map_err(|error| refused("condition", &error))?,
        action: UserSql::statement(&alert.action).map_err(|error| refused("action", &error))?,
        properties: Properties {
            warehouse,
            schedule: schedule.map(Timing),
            comment: alert.comment().map(str::to_owned),
            config: config.map(|config| Json::from(&config.0)),
        },
    })
}

impl AlertObject {
    fn alter(&self) -> Statement {
        Statement::new("ALTER ALERT").of_kind(KIND.word).full_name(&self.name)
    }
}

impl Object for AlertObject {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let statement = assignments(how.begin(&KIND, &self.name), ROWS, &self.properties);
        let statement = statement.keyword("IF (EXISTS (").sql(&self.condition);
        statement.keyword(")) THEN").sql(&self.action)
    }
    fn afterwards(&self) -> Vec<Statement> {
        let starts = self.state == Some(State::Started);
        starts.then(|| self.alter().keyword("RESUME")).into_iter().collect()
    }
    fn fields(&self) -> Vec<Change> {
        let bodies = [("condition", &self.condition), ("action", &self.action)];
        let bodies = bodies.map(|(path, sql)| created(path, text(sql.as_str())));
        let state = self.state.map(|state| created("state", text(state.to_string())));
        fields(ROWS, &self.properties).into_iter().chain(bodies).chain(state).collect()
    }
    fn sent(&self) -> Option<String> {
        self.properties.config.as_ref().map(ToString::to_string)
    }
    fn compute(&self) -> Option<Compute> {
        Some(Compute::of(self.properties.warehouse.as_ref()))
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let found = there.found;
        let scheduled = self.properties.schedule.is_some();
        if found.text("schedule").is_some() != scheduled && !there.ignores("schedule") {
            return Ok(Update {
                managed: there.entry.managed.iter().cloned().collect(),
                fault: Some(self.other_kind(scheduled)),
                ..Update::default()
            });
        }
        let alter = || self.alter();
        let mut update = Update::of_rows(ROWS, &self.properties, &alter, there)?;
        if self.properties.warehouse.is_none()
            && let Some(warehouse) = found.text("warehouse")
            && !there.entry.managed.contains("warehouse")
            && !there.ignores("warehouse")
        {
            let change = changed("warehouse", Some(warehouse), None, Risk::Safe);
            update.push(change, alter().keyword("UNSET WAREHOUSE"));
        }
        let modify = |condition: bool, sql: &UserSql| {
            if condition {
                alter().keyword("MODIFY CONDITION EXISTS (").sql(sql).keyword(")")
            } else {
                alter().keyword("MODIFY ACTION").sql(sql)
            }
        };
        for (path, wanted) in [("condition", &self.condition), ("action", &self.action)] {
            update.managed.insert(path);
            let is = found.text(path).unwrap_or_default();
            if same(is, wanted.as_str(), BodyKind::Statement) || there.ignores(path) {
                continue;
            }
            let (from, to) =
                (canonical(is, BodyKind::Statement), canonical(wanted.as_str(), BodyKind::Statement));
            let change = changed(path, Some(&from), Some(&to), Risk::Safe);
            update.push(change, modify(path == "condition", wanted));
        }
        if let Some(state) = self.state {
            update.managed.insert("state");
            let is = State::read(found.text("state"));
            if is != Some(state) && !there.ignores("state") {
                let word = if state == State::Started { "RESUME" } else { "SUSPEND" };
                let from = is.map(|is| is.to_string());
                let change = changed("state", from.as_deref(), Some(&state.to_string()), Risk::Safe);
                update.push(change, alter().keyword(word));
            }
        }
        Ok(update)
    }
}

impl AlertObject {
    fn other_kind(&self, scheduled: bool) -> Fault {
        let (is, wanted, way) = if scheduled {
            ("looks at new data", "one with a schedule", "remove schedule")
        } else {
            ("has a schedule", "one that looks at new data", "set schedule again")
        };
        Fault::Refused(format!(
            "spec.{}.schedule: {} {is}, and Snowflake does not make it {wanted}: {way}, or give the entry another name (object), which drops this one and creates that",
            self.path, self.name
        ))
    }
}
