//! How a `SnowflakeWarehouse` is reconciled: CREATE, then the least ALTER.
//!
//! CREATE OR ALTER is not used: it unsets what is left out, and may turn generation 1 into 2.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-warehouse>.

use std::{collections::BTreeSet, sync::Arc};

use tokio::time::Instant;

use super::grants;
use crate::{
    api::{
        AllowedNamespaces, Common, Record, SnowflakeWarehouse, Status,
        record::Entry,
        warehouse::{WarehouseSpec, WarehouseSummary},
    },
    engine::{
        fault::Fault,
        managed::{Grants, Managed, Peers, Planning, key_of},
        ownership::{Sighting, Standing, bad_name, other_names, resolved_name},
        session::{ConnectionKey, Named, Session},
    },
    plan::{
        Action, Cell, Change, Effect, Note, Property, Release, Risk, Source, Sql, Step, Target,
        property::{Alter, Difference, Lens, PropertyChange, alterations, assignments, difference},
        step::{Hold, SentIntent},
    },
    snowflake::{
        Statement,
        catalog::{Found, Parameters, Show},
    },
    values::{
        canonical::{Canonical, Value},
        ident::Ident,
        path::{parse_path, split_outside_quotes},
        warehouse::{WarehouseSize, WarehouseType},
    },
};

// ---- rows

pub const SHOW: Show = Show { words: "SHOW WAREHOUSES", kind: "WAREHOUSE" };
const KIND: &str = "WAREHOUSE";
/// Source: <https://docs.snowflake.com/en/user-guide/security-access-control-privileges#virtual-warehouse-privileges>.
pub const PRIVILEGES: &[&str] = &["APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"];

/// A field as it is.
macro_rules! field {
    ($name:ident) => {
        &Lens { get: |s: &WarehouseSpec| s.$name.clone(), set: |s: &mut WarehouseSpec, v| s.$name = Some(v) }
    };
}

type Row = Property<WarehouseSpec>;

/// Every property and parameter of a warehouse that has one value. `tables`, `grants` and `resourceMonitorRef` have
/// mechanisms of their own; `initiallySuspended` is read only at creation.
pub const ROWS: &[Row] = &[
    Row::column("type", "WAREHOUSE_TYPE", "type", field!(warehouse_type))
        .release(Release::Leave)
        .risk(Risk::Disruptive),
    Row::column("size", "WAREHOUSE_SIZE", "size", field!(size)).release(Release::Leave),
    Row::column("generation", "GENERATION", "generation", field!(generation)).release(Release::Leave),
    Row::column(
        "resourceConstraint",
        "RESOURCE_CONSTRAINT",
        "resource_constraint",
        field!(resource_constraint),
    )
    .release(Release::Leave),
    // Set to their default, not unset: the two belong into one statement.
    Row::column("minClusterCount", "MIN_CLUSTER_COUNT", "min_cluster_count", field!(min_cluster_count))
        .release(Release::Set("1")),
    Row::column("maxClusterCount", "MAX_CLUSTER_COUNT", "max_cluster_count", field!(max_cluster_count))
        .release(Release::Set("1")),
    Row::column("scalingPolicy", "SCALING_POLICY", "scaling_policy", field!(scaling_policy)),
    // UNSET AUTO_SUSPEND means never, not the default of 600 s.
    Row::column("autoSuspend", "AUTO_SUSPEND", "auto_suspend", field!(auto_suspend))
        .release(Release::Set("600")),
    Row::column("autoResume", "AUTO_RESUME", "auto_resume", field!(auto_resume)),
    Row::column(
        "enableQueryAcceleration",
        "ENABLE_QUERY_ACCELERATION",
        "enable_query_acceleration",
        field!(enable_query_acceleration),
    ),
    Row::column(
        "queryAccelerationMaxScaleFactor",
        "QUERY_ACCELERATION_MAX_SCALE_FACTOR",
        "query_acceleration_max_scale_factor",
        field!(query_acceleration_max_scale_factor),
    ),
    Row::column(
        "maxQueryPerformanceLevel",
        "MAX_QUERY_PERFORMANCE_LEVEL",
        "max_query_performance_level",
        field!(max_query_performance_level),
    ),
    Row::column(
        "queryThroughputMultiplier",
        "QUERY_THROUGHPUT_MULTIPLIER",
        "query_throughput_multiplier",
        field!(query_throughput_multiplier),
    ),
    Row::column("comment", "COMMENT", "comment", field!(comment)),
    Row::parameter("maxConcurrencyLevel", "MAX_CONCURRENCY_LEVEL", field!(max_concurrency_level)),
    Row::parameter(
        "statementQueuedTimeoutInSeconds",
        "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
        field!(statement_queued_timeout_in_seconds),
    ),
    Row::parameter(
        "statementTimeoutInSeconds",
        "STATEMENT_TIMEOUT_IN_SECONDS",
        field!(statement_timeout_in_seconds),
    ),
    Row::parameter(
        "fallbackWarehouse",
        "FALLBACK_WAREHOUSE",
        &Lens {
            get: |s: &WarehouseSpec| {
                s.fallback_warehouse.as_deref().and_then(|name| Ident::from_spec(name).ok())
            },
            set: |s: &mut WarehouseSpec, v: Ident| s.fallback_warehouse = Some(v.to_spec()),
        },
    ),
];

/// Fields of the spec that have no row, with the place that looks after them.
pub const WITHOUT_ROW: &[&str] =
    &["initiallySuspended", "tables", "resourceMonitorRef", "grants", "ignoreFields"];

// ---- what is seen

#[derive(Debug, Default)]
pub struct Seen {
    pub found: Option<Found>,
    /// What is there under other names that ours may have.
    pub elsewhere: Vec<Found>,
    pub parameters: Parameters,
    pub grants: Grants,
    /// Roles of grants that are not there, or not visible.
    pub missing_roles: BTreeSet<String>,
    /// Many recorded warehouses are missing from the same answer.
    pub lost: bool,
    pub monitor: Monitor,
}

/// What the warehouse's `resourceMonitorRef` comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Monitor {
    #[default]
    None,
    Named(String),
    Missing(String),
    Refused(String),
}

impl Seen {
    fn cell<'a>(&'a self, found: &'a Found, row: &Row) -> Cell<'a> {
        match row.source {
            Source::Column(column) => found.get(column).map_or(Cell::NoColumn, Cell::Is),
            Source::Parameter => {
                self.parameters.get(row.ddl).map_or(Cell::Inherited, |text| Cell::Is(Some(text)))
            }
        }
    }
}

/// Whether warehouses of a type have the property at all.
/// Source: <https://docs.snowflake.com/en/sql-reference/sql/create-warehouse>.
fn carries(kind: WarehouseType, path: &str) -> bool {
    use WarehouseType::{Adaptive, Interactive, SnowparkOptimized, Standard};
    match path {
        "size"
        | "minClusterCount"
        | "maxClusterCount"
        | "scalingPolicy"
        | "autoSuspend"
        | "autoResume"
        | "maxConcurrencyLevel" => kind != Adaptive,
        "generation" => kind == Standard,
        "resourceConstraint" => kind == SnowparkOptimized,
        "enableQueryAcceleration" | "queryAccelerationMaxScaleFactor" => {
            matches!(kind, Standard | SnowparkOptimized)
        }
        "maxQueryPerformanceLevel" | "queryThroughputMultiplier" => kind == Adaptive,
        "fallbackWarehouse" => kind == Interactive,
        _ => true,
    }
}

fn type_of(found: &Found) -> Option<WarehouseType> {
    found.text("type").and_then(|text| WarehouseType::read(Some(text)))
}

pub(super) fn sighting(found: &Found) -> Sighting {
    Sighting { created_on: found.created_on().to_owned(), owner: found.owner().map(str::to_owned) }
}

// ---- plan

fn validate(spec: &WarehouseSpec) -> Result<(), Fault> {
    if let Some(name) = &spec.fallback_warehouse {
        Ident::from_spec(name).map_err(bad_name("fallbackWarehouse"))?;
    }
    tables(spec)?;
    let known = |path: &&String| !ROWS.iter().any(|row| row.path == **path);
    match spec.ignore_fields.iter().find(known) {
        Some(path) => {
            let all: Vec<_> = ROWS.iter().map(|row| row.path).collect();
            Err(Fault::Refused(format!(
                "spec.ignoreFields: there is no field {path}; there are {}",
                all.join(", ")
            )))
        }
        None => Ok(()),
    }
}

/// The interactive tables, as paths of names.
fn tables(spec: &WarehouseSpec) -> Result<Option<BTreeSet<Vec<Ident>>>, Fault> {
    let Some(all) = &spec.tables else { return Ok(None) };
    let parse = |text: &String| {
        let parts = parse_path(text).map_err(bad_name("tables"))?;
        if parts.len() == 3 {
            Ok(parts)
        } else {
            Err(Fault::Refused(format!("spec.tables: {text:?} is not database.schema.table")))
        }
    };
    all.iter().map(parse).collect::<Result<_, _>>().map(Some)
}

fn is_interactive(spec: &WarehouseSpec) -> bool {
    spec.warehouse_type == Some(WarehouseType::Interactive)
}

fn table_list(statement: Statement, tables: &BTreeSet<Vec<Ident>>) -> Statement {
    statement.list(tables.iter(), |statement, path| statement.qualified(path))
}

/// CREATE, suspended unless asked otherwise: creating must not cost.
fn create(name: &Ident, spec: &WarehouseSpec) -> Result<Statement, Fault> {
    let interactive = is_interactive(spec);
    let words = if interactive { "CREATE INTERACTIVE WAREHOUSE" } else { "CREATE WAREHOUSE" };
    let mut statement = Statement::new(words).of_kind(KIND).ident(name);
    if let Some(tables) = tables(spec)?.filter(|tables| !tables.is_empty()) {
        statement = table_list(statement.keyword("TABLES"), &tables);
    }
    let spec = if interactive { &WarehouseSpec { warehouse_type: None, ..spec.clone() } } else { spec };
    statement = assignments(statement, ROWS, spec);
    if spec.warehouse_type == Some(WarehouseType::Adaptive) {
        return Ok(statement);
    }
    let suspended = spec.initially_suspended.unwrap_or(true);
    Ok(statement.keyword("INITIALLY_SUSPENDED =").boolean(suspended))
}

/// Creates `on`, which has another name than the spec when a creation under the old name is to be settled.
fn creation(
    spec: &WarehouseSpec,
    on: &Target,
    intent: SentIntent,
    entry: Option<&Entry>,
    wanted: &Grants,
) -> Result<Vec<Effect>, Fault> {
    let name = &Ident::exact(&on.name).map_err(bad_name("name"))?;
    let mut managed: BTreeSet<String> =
        ROWS.iter().filter(|row| row.wanted(spec).is_some()).map(|row| row.path.to_owned()).collect();
    managed.retain(|path| !spec.ignore_fields.contains(path));
    // What an earlier sending set, or the lost object had, may be more than what the spec says: released afterwards.
    managed.extend(entry.into_iter().flat_map(|entry| entry.managed.iter().cloned()));
    let recorded = entry.map(|entry| entry.grants.clone()).unwrap_or_default();
    let first = if intent.again {
        Note::Managed { on: on.clone(), fields: managed }
    } else {
        let (request_id, grants) = (intent.request_id, recorded.clone());
        Note::Intent { on: on.clone(), request_id, managed, grants }
    };
    let mut effects = vec![Effect::Remember(first)];
    effects.push(Effect::Sql(Sql { statement: create(name, spec)?, intent: Some(intent) }));
    effects.extend(grants::plan(on, name, PRIVILEGES, wanted, &Grants::new(), &recorded).effects);
    Ok(effects)
}

fn all_fields(spec: &WarehouseSpec, wanted: &Grants) -> Vec<Change> {
    let field = |row: &Row| {
        let to = row.wanted(spec)?;
        Some(Change { path: row.path.into(), from: None, to: Some(to), risk: Risk::Safe })
    };
    let grant = |key: &String| {
        let to = Some(Value { sql: key.clone(), shown: key.clone() });
        Change { path: "grants".into(), from: None, to, risk: Risk::Safe }
    };
    ROWS.iter().filter_map(field).chain(wanted.iter().map(grant)).collect()
}

/// Snowflake wants the two counts together.
fn with_companion(mut changes: Vec<PropertyChange>, spec: &WarehouseSpec) -> Vec<PropertyChange> {
    for (one, other) in [("minClusterCount", "maxClusterCount"), ("maxClusterCount", "minClusterCount")] {
        let has = |path: &str| changes.iter().any(|c| c.change.path == path);
        if has(one)
            && !has(other)
            && let Some(row) = ROWS.iter().find(|row| row.path == other)
            && let Some(value) = row.wanted(spec)
        {
            let change = Change {
                path: other.into(),
                from: Some(value.clone()),
                to: Some(value.clone()),
                risk: Risk::Safe,
            };
            changes.push(PropertyChange { change, ddl: row.ddl, verb: Alter::Set(value) });
        }
    }
    changes
}

fn interactive_mismatch(found: &Found, spec: &WarehouseSpec, on: &Target) -> Result<(), Fault> {
    let is = type_of(found) == Some(WarehouseType::Interactive);
    match spec.warehouse_type {
        Some(wanted) if is != (wanted == WarehouseType::Interactive) => Err(Fault::Refused(format!(
            "spec.type: {on} is {}, and a warehouse can't become interactive or stop being so: choose another spec.name",
            found.text("type").unwrap_or("of no known type")
        ))),
        _ => Ok(()),
    }
}

/// Suspends a running warehouse around what Snowflake refuses while it runs: another type, and another size of an
/// interactive one. That it is to be resumed is recorded before.
fn around(
    found: &Found,
    on: &Target,
    entry: &Entry,
    changes: &[PropertyChange],
    alter: &Statement,
) -> Vec<Effect> {
    let is = type_of(found);
    let runs =
        found.text("state").is_some_and(|state| !matches!(state, "SUSPENDED" | "SUSPENDING" | "DISABLED"));
    let changes_path = |path: &str| changes.iter().find(|c| c.change.path == path);
    let stops = match is {
        // An adaptive warehouse is enabled or disabled, not suspended.
        Some(WarehouseType::Adaptive) => false,
        Some(WarehouseType::Interactive) => changes_path("size").is_some(),
        _ => changes_path("type").is_some(),
    };
    let suspend = runs && stops;
    let note = |wanted| Effect::Remember(Note::Resume { on: on.clone(), wanted });
    let mut effects = vec![];
    if suspend {
        effects.extend([note(true), Effect::sql(alter.clone().keyword("SUSPEND"))]);
    }
    effects.extend(alterations(alter, changes).into_iter().map(Effect::sql));
    if suspend || entry.resume {
        let becomes = match changes_path("type").map(|c| &c.verb) {
            Some(Alter::Set(value)) => WarehouseType::read(Some(value.shown.as_str())),
            _ => is,
        };
        let words = if becomes == Some(WarehouseType::Adaptive) { "ENABLE" } else { "RESUME IF SUSPENDED" };
        effects.extend([Effect::sql(alter.clone().keyword(words)), note(false)]);
    }
    effects
}

fn table_changes(
    found: &Found,
    spec: &WarehouseSpec,
    alter: &Statement,
) -> Result<(Vec<Change>, Vec<Statement>), Fault> {
    let Some(wanted) = tables(spec)? else { return Ok((vec![], vec![])) };
    let shown = found.text("tables").unwrap_or_default();
    let shown = shown.trim_matches(['[', ']']);
    let split = |text: &&str| parse_path(text.trim().trim_matches('\'')).ok();
    let present: BTreeSet<_> = split_outside_quotes(shown, ',').iter().filter_map(split).collect();
    let list = |tables: &BTreeSet<Vec<Ident>>| {
        let text = |path: &Vec<Ident>| path.iter().map(Ident::to_spec).collect::<Vec<_>>().join(".");
        let all: Vec<_> = tables.iter().map(text).collect();
        Value { sql: all.join(", "), shown: if all.is_empty() { "none".into() } else { all.join(", ") } }
    };
    if wanted == present {
        return Ok((vec![], vec![]));
    }
    let (add, drop) = (&wanted - &present, &present - &wanted);
    let one = |tables: &BTreeSet<_>, words| {
        (!tables.is_empty()).then(|| table_list(alter.clone().keyword(words), tables))
    };
    let statements = [one(&add, "ADD TABLES"), one(&drop, "DROP TABLES")].into_iter().flatten().collect();
    let change = Change {
        path: "tables".into(),
        from: Some(list(&present)),
        to: Some(list(&wanted)),
        risk: Risk::Safe,
    };
    Ok((vec![change], statements))
}

/// A warehouse that is ours, as it is to be compared.
struct Update<'a> {
    planning: &'a Planning<'a>,
    spec: &'a WarehouseSpec,
    seen: &'a Seen,
    /// It may have its old name still.
    found: &'a Found,
    entry: &'a Entry,
    wanted: &'a Grants,
}

impl Update<'_> {
    fn difference(&self) -> Result<Difference, Fault> {
        let (spec, entry) = (self.spec, self.entry);
        let mut all = difference(ROWS, spec, &entry.managed, &spec.ignore_fields, |row| {
            self.seen.cell(self.found, row)
        })?;
        // What a type does not have goes with the change of type, and can't be released.
        if let Some(kind) = spec.warehouse_type.or_else(|| type_of(self.found)) {
            let wanted = |path: &str| ROWS.iter().any(|row| row.path == path && row.wanted(spec).is_some());
            all.changes.retain(|c| carries(kind, &c.change.path) || wanted(&c.change.path));
        }
        Ok(all)
    }

    /// The least ALTER.
    fn steps(&self, notes: Vec<Note>, from: Option<&Target>) -> Result<Vec<Step>, Fault> {
        let Self { planning, spec, seen, found, entry, wanted } = *self;
        let (on, name) = (planning.target, planning.name);
        interactive_mismatch(found, spec, on)?;
        let difference = self.difference()?;
        let alter = Statement::new("ALTER WAREHOUSE").of_kind(KIND).ident(name);
        let mut changes: Vec<Change> = vec![];
        let mut effects: Vec<Effect> = notes.into_iter().map(Effect::Remember).collect();
        if let Some(from) = from {
            let old = Ident::exact(&from.name).map_err(bad_name("renamedFrom"))?;
            let rename =
                Statement::new("ALTER WAREHOUSE").of_kind(KIND).ident(&old).keyword("RENAME TO").ident(name);
            let (from, to) = (from.clone(), on.clone());
            let value = |text: &str| Some(Value { sql: text.into(), shown: text.into() });
            changes.push(Change {
                path: "name".into(),
                from: value(&from.name),
                to: value(&to.name),
                risk: Risk::Safe,
            });
            effects.push(Effect::Remember(Note::Renaming { from: from.clone(), to: to.clone() }));
            effects.extend([Effect::sql(rename), Effect::Remember(Note::Renamed { from, to })]);
        }
        // Before a field is set for the first time, the record says that it is managed; after a release, that it no
        // longer is.
        let before: BTreeSet<String> = entry.managed.union(&difference.managed).cloned().collect();
        if before != entry.managed {
            effects.push(Effect::Remember(Note::Managed { on: on.clone(), fields: before.clone() }));
        }
        effects.extend(around(found, on, entry, &with_companion(difference.changes.clone(), spec), &alter));
        let (table_changes, table_statements) = table_changes(found, spec, &alter)?;
        effects.extend(table_statements.into_iter().map(Effect::sql));
        if before != difference.managed {
            effects.push(Effect::Remember(Note::Managed { on: on.clone(), fields: difference.managed }));
        }
        let grants = grants::plan(on, name, PRIVILEGES, wanted, &seen.grants, &entry.grants);
        effects.extend(grants.effects);
        changes.extend(difference.changes.into_iter().map(|c| c.change));
        changes.extend(table_changes);
        changes.extend(grants.changes);
        if entry.resume && changes.is_empty() {
            let value = |text: &str| Some(Value { sql: text.into(), shown: text.into() });
            let (from, to) = (value("suspended for a change"), value("resumed"));
            changes.push(Change { path: "state".into(), from, to, risk: Risk::Safe });
        }
        let action = if changes.is_empty() { Action::Note } else { Action::Update(changes) };
        let step = Step { on: on.clone(), after: vec![], action, effects, hold: None };
        Ok(if step.effects.is_empty() { vec![] } else { vec![step] })
    }
}

// ---- look

impl Managed for SnowflakeWarehouse {
    const OBJECT: &'static str = KIND;
    const HOLDS_DATA: bool = false;
    type Seen = Seen;
    type Summary = WarehouseSummary;

    fn common(&self) -> Common<'_> {
        self.spec.common()
    }
    fn status(&self) -> Option<&Status<WarehouseSummary>> {
        self.status.as_ref()
    }

    async fn observe(
        &self,
        record: &Record,
        session: &Session,
        peers: &dyn Peers,
        as_of: Instant,
    ) -> Result<Seen, Fault> {
        let (namespace, metadata_name) = key_of(self);
        let name = resolved_name(&self.common(), metadata_name)?;
        session.permits(namespace, Named::Warehouse(name.as_str()))?;
        let wanted = grants::wanted(self.spec.grants.as_deref(), PRIVILEGES, KIND)?;
        grants::permitted(&wanted, session, namespace)?;
        let found = session.catalog.find(SHOW, &name, as_of).await?;
        let mut seen = Seen { monitor: monitor(self, session, peers), ..Seen::default() };
        let on = Target::new(KIND, name.as_str());
        for other in other_names(record, &on).filter_map(|other| Ident::exact(other).ok()) {
            seen.elsewhere.extend(session.catalog.find(SHOW, &other, as_of).await?);
        }
        let entry = record.objects.iter().find(|entry| entry.kind == KIND);
        let there = found.as_ref().or_else(|| seen.elsewhere.first());
        if let Some(there) = there {
            let managed = |row: &Row| {
                row.wanted(&self.spec).is_some()
                    || entry.is_some_and(|entry| entry.managed.contains(row.path))
            };
            if ROWS.iter().filter(|row| row.source == Source::Parameter).any(managed) {
                let there_name = Ident::exact(there.name()).map_err(bad_name("name"))?;
                let not_before = session.last_effect(KIND, there.name());
                let keep = session.policy.deep_resync;
                let read =
                    session.catalog.parameters(KIND, &there_name, there.created_on(), not_before, keep);
                seen.parameters = read.await?;
            }
        } else if entry.is_some_and(|entry| entry.created_on.is_some()) {
            let table = session.catalog.show(SHOW, as_of).await?;
            seen.lost = session.visibility_lost(KIND, &table, || peers.recorded(KIND, &session.key));
        }
        let on = (KIND, there.map_or(name.as_str(), Found::name));
        (seen.grants, seen.missing_roles) = grants::present(&wanted, entry, on, session, as_of).await?;
        seen.found = found;
        Ok(seen)
    }

    fn plan(&self, planning: &Planning<'_>, seen: &Seen) -> Result<Vec<Step>, Fault> {
        let spec = &self.spec;
        validate(spec)?;
        let wanted = grants::wanted(spec.grants.as_deref(), PRIVILEGES, KIND)?;
        let wanted = grants::givable(wanted, &seen.missing_roles);
        let on = planning.target;
        let under = |name: &str| seen.elsewhere.iter().find(|found| found.name() == name).map(sighting);
        let create = |on: &Target, effects: Vec<Effect>, hold| {
            let action = Action::Create(all_fields(spec, &wanted));
            vec![Step { on: on.clone(), after: vec![], action, effects, hold }]
        };
        match planning.claimant.standing(on, seen.found.as_ref().map(sighting).as_ref(), under)? {
            Standing::Absent { intent, vanished, notes } => {
                let hold = (vanished && seen.lost).then_some(Hold::VisibilityLost);
                let entry = planning.record.objects.iter().find(|entry| entry.kind == KIND);
                let mut effects: Vec<_> = notes.into_iter().map(Effect::Remember).collect();
                effects.extend(creation(spec, on, intent, entry, &wanted)?);
                Ok(create(on, effects, hold))
            }
            Standing::Unsettled { on, intent } => {
                let effects = creation(spec, &on, intent, planning.record.entry(&on), &wanted)?;
                Ok(create(&on, effects, None))
            }
            Standing::Ours { entry, notes } => {
                let Some(found) = &seen.found else { return Ok(vec![]) };
                Update { planning, spec, seen, found, entry: &entry, wanted: &wanted }.steps(notes, None)
            }
            Standing::Misnamed { from, entry, notes } => {
                let found = seen.elsewhere.iter().find(|found| found.name() == from.name);
                let Some(found) = found else { return Ok(vec![]) };
                Update { planning, spec, seen, found, entry: &entry, wanted: &wanted }
                    .steps(notes, Some(&from))
            }
        }
    }

    fn pending(&self, seen: &Seen) -> Option<Fault> {
        if let Some(fault) = grants::missing(&seen.missing_roles) {
            return Some(fault);
        }
        let assigned = seen.found.as_ref().and_then(|found| found.text("resource_monitor"));
        match &seen.monitor {
            Monitor::None => None,
            Monitor::Named(name) if assigned == Some(name.as_str()) => None,
            Monitor::Named(name) => Some(Fault::Waiting {
                reason: "MonitorNotAssigned",
                message: format!("resource monitor {name} is not assigned yet: its own resource does that"),
            }),
            Monitor::Missing(message) => {
                Some(Fault::Waiting { reason: "MonitorNotFound", message: message.clone() })
            }
            Monitor::Refused(message) => Some(Fault::NotAllowed(message.clone())),
        }
    }

    fn summary(&self, seen: &Seen) -> WarehouseSummary {
        let text = |column| seen.found.as_ref().and_then(|found| found.text(column)).map(str::to_owned);
        let name = resolved_name(&self.common(), key_of(self).1).ok();
        WarehouseSummary {
            name: name.map(|name| name.as_str().to_owned()),
            // As specs spell it.
            size: text("size")
                .map(|text| WarehouseSize::read(Some(&text)).map_or(text, |size| size.to_string())),
            resource_monitor: text("resource_monitor"),
        }
    }
    fn sighting(seen: &Seen) -> Option<Sighting> {
        seen.found.as_ref().map(sighting)
    }

    async fn find(session: &Session, name: &Ident, as_of: Instant) -> Result<Option<Found>, Fault> {
        Ok(session.catalog.find(SHOW, name, as_of).await?)
    }
    fn probe(name: &Ident) -> Statement {
        Statement::new("CREATE WAREHOUSE").of_kind(KIND).ident(name).keyword("INITIALLY_SUSPENDED = TRUE")
    }
    fn drop_statement(name: &Ident) -> Statement {
        Statement::new("DROP WAREHOUSE").of_kind(KIND).ident(name)
    }
}

/// What `resourceMonitorRef` comes to: the monitor is there, is of the same account, and consents.
fn monitor(warehouse: &SnowflakeWarehouse, session: &Session, peers: &dyn Peers) -> Monitor {
    let Some(reference) = &warehouse.spec.resource_monitor_ref else { return Monitor::None };
    let own = key_of(warehouse).0;
    let namespace = reference.namespace.as_deref().unwrap_or(own);
    let label = format!("ResourceMonitor {namespace}/{}", reference.name);
    let Some(monitor) = peers.monitor(namespace, &reference.name) else {
        return Monitor::Missing(format!("spec.resourceMonitorRef: there is no {label}"));
    };
    if !AllowedNamespaces::admits(monitor.spec.allowed_namespaces.as_ref(), namespace, own) {
        return Monitor::Refused(format!(
            "spec.resourceMonitorRef: {label} does not allow namespace {own}: add it to its spec.allowedNamespaces"
        ));
    }
    let reference = &monitor.spec.connection_ref;
    let key = ConnectionKey {
        namespace: reference.namespace.clone().unwrap_or_else(|| namespace.to_owned()),
        name: reference.name.clone(),
    };
    match peers.account_of(&key) {
        Some(account) if account == session.account.name => {}
        Some(account) => {
            return Monitor::Refused(format!(
                "spec.resourceMonitorRef: {label} is in account {account}, this warehouse in {}",
                session.account.name
            ));
        }
        None => return Monitor::Missing(format!("{label}: its connection {key} is not ready")),
    }
    match resolved_name(&monitor.spec.common(), key_of(&*monitor).1) {
        Ok(name) => Monitor::Named(name.as_str().to_owned()),
        Err(fault) => Monitor::Missing(format!("{label}: {fault}")),
    }
}

/// Shares what is used by the monitor's reconcile.
pub(super) fn of_monitor(
    warehouses: Vec<Arc<SnowflakeWarehouse>>,
    namespace: &str,
    allowed: Option<&AllowedNamespaces>,
) -> BTreeSet<Ident> {
    let admitted =
        |w: &Arc<SnowflakeWarehouse>| AllowedNamespaces::admits(allowed, namespace, key_of(&**w).0);
    let named = |w: Arc<SnowflakeWarehouse>| resolved_name(&w.spec.common(), key_of(&*w).1).ok();
    warehouses.into_iter().filter(admitted).filter_map(named).collect()
}
