//! How a `ResourceMonitor` is reconciled, and how it is assigned to the warehouses that refer to it.
//!
//! TRIGGERS replaces the whole set and sends the notifications already passed again: it is only sent on a real change.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-resource-monitor>.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::time::Instant;

use super::{
    grants,
    warehouse::{self, sighting},
};
use crate::{
    api::{
        Common, Record, ResourceMonitor, Status,
        monitor::{MonitorSpec, MonitorSummary},
        record::Entry,
    },
    engine::{
        fault::Fault,
        managed::{Grants, Managed, Peers, Planning, key_of},
        ownership::{Sighting, Standing, bad_name, other_names, resolved_name},
        session::{Named, Session},
    },
    plan::{
        Action, Cell, Change, Effect, Note, Property, Release, Risk, Source, Sql, Step, Target,
        property::{Alter, Difference, Lens, PropertyChange, assignments, difference},
        step::{Hold, SentIntent},
    },
    snowflake::{
        Statement,
        catalog::{Found, Show, Table},
    },
    values::{
        canonical::Value,
        ident::Ident,
        monitor::{Credits, Moment, TriggerAction, Triggers, Users},
    },
};

// ---- rows

pub const SHOW: Show = Show { words: "SHOW RESOURCE MONITORS", kind: "RESOURCE MONITOR" };
const KIND: &str = "RESOURCE MONITOR";
pub const PRIVILEGES: &[&str] = &["MODIFY", "MONITOR"];
const IMMEDIATELY: &str = "IMMEDIATELY";

type Row = Property<MonitorSpec>;

/// The properties with one value and a column of their own, in the order in which they are written.
pub const ROWS: &[Row] = &[
    Row::column(
        "creditQuota",
        "CREDIT_QUOTA",
        "credit_quota",
        &Lens {
            get: |s: &MonitorSpec| s.credit_quota.map(Credits),
            set: |s: &mut MonitorSpec, v: Credits| s.credit_quota = Some(v.0),
        },
    )
    .release(Release::Set("NULL")),
    // Frequency and start are set together; neither can be unset.
    Row::column(
        "frequency",
        "FREQUENCY",
        "frequency",
        &Lens { get: |s: &MonitorSpec| s.frequency, set: |s: &mut MonitorSpec, v| s.frequency = Some(v) },
    )
    .release(Release::Leave),
    Row::column(
        "startTimestamp",
        "START_TIMESTAMP",
        "start_time",
        &Lens {
            get: |s: &MonitorSpec| s.start_timestamp.as_deref().and_then(Moment::parse),
            set: |s: &mut MonitorSpec, v: Moment| s.start_timestamp = Some(v.to_string()),
        },
    )
    .release(Release::Leave),
    Row::column(
        "endTimestamp",
        "END_TIMESTAMP",
        "end_time",
        &Lens {
            get: |s: &MonitorSpec| s.end_timestamp.as_deref().and_then(Moment::parse),
            set: |s: &mut MonitorSpec, v: Moment| s.end_timestamp = Some(v.to_string()),
        },
    )
    .release(Release::Set("NULL")),
    Row::column(
        "notifyUsers",
        "NOTIFY_USERS",
        "notify_users",
        &Lens {
            get: |s: &MonitorSpec| {
                let names = s.notify_users.as_ref()?.iter();
                Some(Users(names.filter_map(|name| Ident::from_spec(name).ok()).collect()))
            },
            set: |s: &mut MonitorSpec, v: Users| {
                s.notify_users = Some(v.0.iter().map(Ident::to_spec).collect())
            },
        },
    )
    .release(Release::Set("()")),
];

/// Fields of the spec that have no row, with mechanisms of their own.
pub const WITHOUT_ROW: &[&str] = &["triggers", "accountLevel", "allowedNamespaces", "grants", "ignoreFields"];

// ---- what is seen

#[derive(Debug, Default)]
pub struct Seen {
    pub found: Option<Found>,
    pub grants: Grants,
    /// Roles of grants that are not there, or not visible.
    pub missing_roles: BTreeSet<String>,
    /// Warehouses whose resources refer to this monitor, as they are; `None`: not there.
    pub wanted: BTreeMap<Ident, Option<Assigned>>,
    /// Warehouses that were attached here and have this monitor still, though nothing refers to it any more.
    pub released: BTreeSet<Ident>,
    pub lost: bool,
}

/// A warehouse to which a monitor may be assigned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// The monitor that it has now.
    pub monitor: Option<String>,
    /// It is the one that its resource has recorded as its own: nobody else's is touched.
    pub ours: bool,
    /// The connection's role owns it: what counts as ours where there is no record.
    pub of_role: bool,
}

fn cell<'a>(found: &'a Found, row: &Row) -> Cell<'a> {
    match row.source {
        // NULL and the text "null" are alike: no value.
        Source::Column(column) => match found.get(column) {
            None => Cell::NoColumn,
            Some(_) => Cell::Is(found.text(column)),
        },
        Source::Parameter => Cell::NoColumn,
    }
}

fn present_triggers(found: &Found) -> Option<Triggers> {
    Triggers::from_columns(
        found.text("notify_at"),
        found.text("suspend_at"),
        found.text("suspend_immediately_at"),
    )
}

fn is_of_account(found: &Found) -> bool {
    found.text("level").is_some_and(|level| level.eq_ignore_ascii_case("ACCOUNT"))
}

// ---- plan

fn validate(spec: &MonitorSpec) -> Result<(), Fault> {
    for name in spec.notify_users.iter().flatten() {
        Ident::from_spec(name).map_err(bad_name("notifyUsers"))?;
    }
    for (path, text) in [("startTimestamp", &spec.start_timestamp), ("endTimestamp", &spec.end_timestamp)] {
        if let Some(text) = text
            && Moment::parse(text).is_none()
            && !(path == "startTimestamp" && text == IMMEDIATELY)
        {
            return Err(Fault::Refused(format!(
                "spec.{path}: {text:?} is no date: write 2027-01-31, 2027-01-31 12:00, or RFC 3339{}",
                if path == "startTimestamp" { ", or IMMEDIATELY" } else { "" }
            )));
        }
    }
    let count = |action| spec.triggers.iter().flatten().filter(|t| t.action == action).count();
    for (action, most) in
        [(TriggerAction::Suspend, 1), (TriggerAction::SuspendImmediate, 1), (TriggerAction::Notify, 5)]
    {
        if count(action) > most {
            return Err(Fault::Refused(format!(
                "spec.triggers: a monitor has at most {most} {action} trigger{}: remove {}",
                if most == 1 { "" } else { "s" },
                count(action) - most
            )));
        }
    }
    let known = |path: &&String| *path != "triggers" && !ROWS.iter().any(|row| row.path == **path);
    match spec.ignore_fields.iter().find(known) {
        Some(path) => {
            let all: Vec<_> = ROWS.iter().map(|row| row.path).collect();
            Err(Fault::Refused(format!(
                "spec.ignoreFields: there is no field {path}; there are {}, triggers",
                all.join(", ")
            )))
        }
        None => Ok(()),
    }
}

fn wanted_triggers(spec: &MonitorSpec) -> Option<Triggers> {
    spec.triggers.as_ref().map(|all| Triggers(all.iter().copied().collect()))
}

/// The start that goes with a frequency; Snowflake never prints IMMEDIATELY back.
fn start(statement: Statement, spec: &MonitorSpec) -> Statement {
    match spec.start_timestamp.as_deref().and_then(Moment::parse) {
        Some(moment) => statement.keyword("START_TIMESTAMP =").canonical(&moment),
        None => statement.keyword("START_TIMESTAMP = IMMEDIATELY"),
    }
}

fn with_triggers(mut statement: Statement, triggers: &Triggers) -> Statement {
    statement = statement.keyword("TRIGGERS");
    for t in &triggers.0 {
        let at = statement.keyword("ON").number(i64::from(t.at_percent));
        statement = at.keyword("PERCENT DO").keyword(t.action.keyword());
    }
    statement
}

/// CREATE. `replace` is for a monitor that is proven ours, where Snowflake has no other way.
fn create(name: &Ident, spec: &MonitorSpec, replace: bool) -> Result<Statement, Fault> {
    let words = if replace { "CREATE OR REPLACE RESOURCE MONITOR" } else { "CREATE RESOURCE MONITOR" };
    let triggers = wanted_triggers(spec).filter(|triggers| !triggers.0.is_empty());
    if ROWS.iter().all(|row| row.path == "startTimestamp" || row.wanted(spec).is_none()) {
        return Err(Fault::Refused(
            "spec: Snowflake creates no monitor without a property: set creditQuota".into(),
        ));
    }
    let bare = MonitorSpec { start_timestamp: None, ..spec.clone() };
    let mut statement =
        assignments(Statement::new(words).of_kind(KIND).ident(name).keyword("WITH"), ROWS, &bare);
    if spec.frequency.is_some() {
        statement = start(statement, spec);
    }
    Ok(match &triggers {
        Some(triggers) => with_triggers(statement, triggers),
        None => statement,
    })
}

fn own_paths(spec: &MonitorSpec) -> BTreeSet<String> {
    let rows = ROWS.iter().filter(|row| row.wanted(spec).is_some()).map(|row| row.path);
    let triggers = spec.triggers.as_ref().map(|_| "triggers");
    let account = spec.account_level.filter(|level| *level).map(|_| "accountLevel");
    let all = rows.chain(triggers).chain(account).map(str::to_owned);
    all.filter(|path| !spec.ignore_fields.contains(path)).collect()
}

fn all_fields(spec: &MonitorSpec, wanted: &Grants) -> Vec<Change> {
    let change =
        |path: &str, to: Value| Change { path: path.into(), from: None, to: Some(to), risk: Risk::Safe };
    let rows = ROWS.iter().filter_map(|row| Some(change(row.path, row.wanted(spec)?)));
    let triggers = wanted_triggers(spec).map(|t| change("triggers", shown(&t)));
    let account = spec.account_level.filter(|on| *on).map(|_| change("accountLevel", Value::of(&true)));
    let grants = wanted.iter().map(|key| change("grants", Value { sql: key.clone(), shown: key.clone() }));
    rows.chain(triggers).chain(account).chain(grants).collect()
}

fn shown(triggers: &Triggers) -> Value {
    Value { sql: triggers.sql(), shown: triggers.to_string() }
}

fn creation(
    planning: &Planning<'_>,
    spec: &MonitorSpec,
    intent: SentIntent,
    entry: Option<&Entry>,
    wanted: &Grants,
    replace: bool,
) -> Result<Vec<Effect>, Fault> {
    let (on, name) = (planning.target.clone(), planning.name);
    let mut managed = own_paths(spec);
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
    effects.push(Effect::Sql(Sql { statement: create(name, spec, replace)?, intent: Some(intent) }));
    if spec.account_level == Some(true) {
        effects.push(Effect::sql(assign_account(name)));
    }
    // OR REPLACE drops the grants: they are given anew.
    effects.extend(grants::plan(&on, name, PRIVILEGES, wanted, &Grants::new(), &recorded).effects);
    Ok(effects)
}

fn assign_account(name: &Ident) -> Statement {
    Statement::new("ALTER ACCOUNT SET RESOURCE_MONITOR =").of_kind("ACCOUNT").ident(name)
}

/// `ALTER … [SET a = … b = …] [TRIGGERS …]`: TRIGGERS stands outside SET, and an empty SET is an error.
fn alteration(
    name: &Ident,
    spec: &MonitorSpec,
    changes: &[PropertyChange],
    triggers: Option<&Triggers>,
) -> Option<Statement> {
    let mut statement = Statement::new("ALTER RESOURCE MONITOR").of_kind(KIND).ident(name);
    let is_period = |c: &&PropertyChange| matches!(c.change.path.as_str(), "frequency" | "startTimestamp");
    if !changes.is_empty() {
        statement = statement.keyword("SET");
    }
    for change in changes.iter().filter(|c| !is_period(c)) {
        if let Alter::Set(value) = &change.verb {
            statement = statement.keyword(change.ddl).keyword("=").value(value);
        }
    }
    if changes.iter().any(|c| is_period(&c)) {
        if let Some(frequency) = &spec.frequency {
            statement = statement.keyword("FREQUENCY =").canonical(frequency);
        }
        statement = start(statement, spec);
    }
    if let Some(triggers) = triggers {
        statement = with_triggers(statement, triggers);
    }
    (!changes.is_empty() || triggers.is_some()).then_some(statement)
}

struct Update<'a> {
    planning: &'a Planning<'a>,
    spec: &'a MonitorSpec,
    found: &'a Found,
    entry: &'a Entry,
    wanted: &'a Grants,
}

impl Update<'_> {
    fn triggers(&self) -> Result<Option<(Option<Value>, Triggers)>, Fault> {
        if self.spec.ignore_fields.iter().any(|path| path == "triggers") {
            return Ok(None);
        }
        let Some(wanted) = wanted_triggers(self.spec) else { return Ok(None) };
        let present = present_triggers(self.found).ok_or_else(|| {
            Fault::Refused(
                "spec.triggers: Snowflake's thresholds are not understood; add triggers to ignoreFields"
                    .into(),
            )
        })?;
        Ok((wanted != present).then(|| (Some(shown(&present)), wanted)))
    }

    fn steps(&self, seen: &Seen, notes: Vec<Note>) -> Result<Vec<Step>, Fault> {
        let (on, name, spec, entry) = (self.planning.target, self.planning.name, self.spec, self.entry);
        let Difference { changes: rows, mut managed } =
            difference(ROWS, spec, &entry.managed, &spec.ignore_fields, |row| cell(self.found, row))?;
        managed.extend(own_paths(spec));
        // The last trigger can't be removed: Snowflake has no other way than to create the monitor anew.
        let (triggers, removed) = match self.triggers()? {
            Some((from, to)) if to.0.is_empty() => (None, Some((from, to))),
            other => (other, None),
        };
        let mut changes: Vec<Change> = rows.iter().map(|row| row.change.clone()).collect();
        let of_triggers = |from: &Option<Value>, to: &Triggers, risk| Change {
            path: "triggers".into(),
            from: from.clone(),
            to: Some(shown(to)),
            risk,
        };
        changes.extend(triggers.as_ref().map(|(from, to)| of_triggers(from, to, Risk::Safe)));
        let mut effects: Vec<Effect> = notes.into_iter().map(Effect::Remember).collect();
        let before: BTreeSet<String> = entry.managed.union(&managed).cloned().collect();
        if before != entry.managed {
            effects.push(Effect::Remember(Note::Managed { on: on.clone(), fields: before.clone() }));
        }
        let (is, wants) = (is_of_account(self.found), spec.account_level == Some(true));
        let moves = wants != is && (wants || entry.managed.contains("accountLevel"));
        if moves {
            let value = |on: bool| Some(Value::of(&on));
            changes.push(Change {
                path: "accountLevel".into(),
                from: value(is),
                to: value(wants),
                risk: Risk::Safe,
            });
        }
        // While it is the account's, it notifies no users: it stops being so before they are set, and becomes so after
        // they are gone.
        let unassign = Statement::new("ALTER ACCOUNT UNSET RESOURCE_MONITOR").of_kind("ACCOUNT");
        effects.extend((moves && !wants).then(|| Effect::sql(unassign)));
        effects.extend(alteration(name, spec, &rows, triggers.as_ref().map(|(_, to)| to)).map(Effect::sql));
        effects.extend((moves && wants).then(|| Effect::sql(assign_account(name))));
        if before != managed {
            effects.push(Effect::Remember(Note::Managed { on: on.clone(), fields: managed.clone() }));
        }
        let grants = grants::plan(on, name, PRIVILEGES, self.wanted, &seen.grants, &entry.grants);
        effects.extend(grants.effects);
        changes.extend(grants.changes);
        let step = |action, effects| Step { on: on.clone(), after: vec![], action, effects, hold: None };
        let action = if changes.is_empty() { Action::Note } else { Action::Update(changes) };
        let mut steps = vec![step(action, effects)];
        if let Some((from, to)) = removed {
            let intent = self.planning.claimant.fresh_intent(on);
            let after = Entry { managed, ..entry.clone() };
            let effects = creation(self.planning, spec, intent, Some(&after), self.wanted, true)?;
            steps.push(step(Action::Replace(vec![of_triggers(&from, &to, Risk::Destructive)]), effects));
        }
        steps.retain(|step| !step.effects.is_empty());
        Ok(steps)
    }
}

/// Assigns the monitor to the warehouses that refer to it, and takes it from those that no longer do.
fn assignments_of(planning: &Planning<'_>, seen: &Seen, entry: Option<&Entry>, anew: bool) -> Vec<Step> {
    let (monitor, name) = (planning.target, planning.name);
    let recorded = entry.map(|entry| entry.attached.clone()).unwrap_or_default();
    let mut attached = recorded.clone();
    let mut steps = vec![];
    let value = |text: &str| Value { sql: text.into(), shown: text.into() };
    let mut step =
        |warehouse: &Ident, from: Option<Value>, to: Option<Value>, before: Option<Note>, sql: Statement| {
            let on = Target::new("WAREHOUSE", warehouse.as_str());
            let change = Change { path: "resourceMonitorRef".into(), from, to, risk: Risk::Safe };
            let effects = before.map(Effect::Remember).into_iter().chain([Effect::sql(sql)]).collect();
            let action = Action::Update(vec![change]);
            steps.push(Step { on, after: vec![monitor.clone()], action, effects, hold: None });
        };
    let alter = |warehouse: &Ident| Statement::new("ALTER WAREHOUSE").of_kind("WAREHOUSE").ident(warehouse);
    for (warehouse, there) in &seen.wanted {
        // A warehouse that is not there yet, or not ours yet, is its own resource's business, and wakes us then.
        let has = match there {
            Some(is) if is.ours || (planning.offline && is.of_role) => &is.monitor,
            None if planning.offline => &None,
            _ => continue,
        };
        attached.insert(warehouse.as_str().to_owned());
        if has.as_deref() == Some(name.as_str()) && !anew {
            continue;
        }
        let note = Note::Attached { on: monitor.clone(), names: attached.clone() };
        let sql = alter(warehouse).keyword("SET RESOURCE_MONITOR =").ident(name);
        step(warehouse, has.as_deref().map(value), Some(value(name.as_str())), Some(note), sql);
    }
    for warehouse in &seen.released {
        let sql = alter(warehouse).keyword("UNSET RESOURCE_MONITOR");
        step(warehouse, Some(value(name.as_str())), None, None, sql);
    }
    let still = |name: &String| seen.wanted.keys().any(|wanted| wanted.as_str() == name);
    attached.retain(still);
    if attached != recorded || (!seen.released.is_empty()) {
        let note = Note::Attached { on: monitor.clone(), names: attached };
        let after: Vec<_> = steps.iter().map(|step| step.on.clone()).collect();
        steps.push(Step { after, ..Step::note(monitor.clone(), note) });
    }
    steps
}

// ---- look

impl Managed for ResourceMonitor {
    const OBJECT: &'static str = KIND;
    const HOLDS_DATA: bool = false;
    type Seen = Seen;
    type Summary = MonitorSummary;

    fn common(&self) -> Common<'_> {
        self.spec.common()
    }
    fn status(&self) -> Option<&Status<MonitorSummary>> {
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
        session.permits(namespace, Named::ResourceMonitor(name.as_str()))?;
        let wanted = grants::wanted(self.spec.grants.as_deref(), PRIVILEGES, KIND)?;
        grants::permitted(&wanted, session, namespace)?;
        let mut seen = Seen { found: session.catalog.find(SHOW, &name, as_of).await?, ..Seen::default() };
        let entry = record.entry(&Target::new(KIND, name.as_str()));
        if seen.found.is_none() && entry.is_some_and(|entry| entry.created_on.is_some()) {
            let table = session.catalog.show(SHOW, as_of).await?;
            seen.lost = session.visibility_lost(KIND, &table, || peers.recorded(KIND, &session.key));
        }
        (seen.grants, seen.missing_roles) =
            grants::present(&wanted, entry, (KIND, name.as_str()), session, as_of).await?;
        let referring = peers.warehouses_of(namespace, metadata_name);
        let referring = warehouse::of_monitor(referring, namespace, self.spec.allowed_namespaces.as_ref());
        let attached = entry.map(|entry| entry.attached.clone()).unwrap_or_default();
        if !referring.is_empty() || !attached.is_empty() {
            // Another monitor's reconcile may have changed them: not older than the last change of each.
            let names = referring.iter().map(Ident::as_str).chain(attached.iter().map(String::as_str));
            let as_of = names.fold(as_of, |as_of, name| session.floor(warehouse::SHOW.kind, name, as_of));
            let table = session.catalog.show(warehouse::SHOW, as_of).await?;
            let assigned = |w: &Ident| assigned(&table, w, session, peers);
            seen.wanted = referring.into_iter().map(|w| (w.clone(), assigned(&w))).collect();
            let gone = attached.iter().filter_map(|name| Ident::exact(name).ok());
            let gone = gone.filter(|w| !seen.wanted.contains_key(w));
            // A warehouse whose resource is gone stays as it is, with its monitor: it was dropped, or retained.
            let here = |is: &Assigned| is.ours && is.monitor.as_deref() == Some(name.as_str());
            seen.released = gone.filter(|w| assigned(w).as_ref().is_some_and(here)).collect();
        }
        Ok(seen)
    }

    fn plan(&self, planning: &Planning<'_>, seen: &Seen) -> Result<Vec<Step>, Fault> {
        let spec = &self.spec;
        let on = planning.target;
        if let Some(other) = other_names(planning.record, on).next() {
            return Err(Fault::Refused(format!(
                "spec.name: Snowflake can't rename a resource monitor: set spec.name back to {}, or delete this resource and create another",
                Ident::exact(other).map_or_else(|_| other.to_owned(), |name| name.to_spec())
            )));
        }
        validate(spec)?;
        let wanted = grants::wanted(spec.grants.as_deref(), PRIVILEGES, KIND)?;
        let wanted = grants::givable(wanted, &seen.missing_roles);
        let entry = planning.record.entry(on);
        let create = |effects: Vec<Effect>, hold| {
            let action = Action::Create(all_fields(spec, &wanted));
            vec![Step { on: on.clone(), after: vec![], action, effects, hold }]
        };
        let sighting = seen.found.as_ref().map(sighting);
        let mut steps = match planning.claimant.standing(on, sighting.as_ref(), |_| None)? {
            Standing::Absent { intent, vanished, .. } => {
                let hold = (vanished && seen.lost).then_some(Hold::VisibilityLost);
                create(creation(planning, spec, intent, entry, &wanted, false)?, hold)
            }
            Standing::Unsettled { intent, .. } => {
                // A replacement was approved, and the one that is ours is still there. Whatever else is there now is
                // not replaced: the same request, sent as a plain CREATE, tells whether it is ours.
                let known = entry.and_then(|entry| entry.created_on.as_deref());
                let replace = seen.found.as_ref().is_some_and(|found| known == Some(found.created_on()));
                create(creation(planning, spec, intent, entry, &wanted, replace)?, None)
            }
            Standing::Ours { entry, notes } => {
                let Some(found) = &seen.found else { return Ok(vec![]) };
                Update { planning, spec, found, entry: &entry, wanted: &wanted }.steps(seen, notes)?
            }
            Standing::Misnamed { .. } => vec![],
        };
        // A monitor that is created anew is assigned to nothing. A replacement may have to wait; the rest does not.
        let replacement = steps.pop_if(|step| matches!(step.action, Action::Replace(_)));
        let anew = steps.iter().any(|step| matches!(step.action, Action::Create(_)));
        steps.extend(assignments_of(planning, seen, entry, anew));
        if let Some(replacement) = replacement {
            steps.push(replacement);
            let all = assignments_of(planning, seen, entry, true);
            steps.extend(all.into_iter().filter(|step| step.action.changes().iter().any(|c| c.to.is_some())));
        }
        Ok(steps)
    }

    fn pending(&self, seen: &Seen) -> Option<Fault> {
        grants::missing(&seen.missing_roles)
    }

    fn summary(&self, seen: &Seen) -> MonitorSummary {
        let name = resolved_name(&self.common(), key_of(self).1).ok();
        let ours = |there: &&Option<Assigned>| there.as_ref().is_some_and(|is| is.ours);
        let assigned = seen.wanted.values().filter(ours).count();
        MonitorSummary {
            name: name.map(|name| name.as_str().to_owned()),
            level: seen.found.as_ref().and_then(|found| found.text("level")).map(str::to_owned),
            last_trigger_passed: seen.found.as_ref().and_then(last_passed),
            warehouses: (assigned > 0).then(|| i32::try_from(assigned).unwrap_or(i32::MAX)),
        }
    }
    fn sighting(seen: &Seen) -> Option<Sighting> {
        seen.found.as_ref().map(sighting)
    }
    fn figures(&self, seen: &Seen) -> Vec<(&'static str, f64)> {
        let number = |column: &str| seen.found.as_ref()?.text(column)?.parse().ok();
        let all = [("used", "used_credits"), ("remaining", "remaining_credits"), ("quota", "credit_quota")];
        all.into_iter().filter_map(|(name, column)| Some((name, number(column)?))).collect()
    }

    async fn find(session: &Session, name: &Ident, as_of: Instant) -> Result<Option<Found>, Fault> {
        Ok(session.catalog.find(SHOW, name, as_of).await?)
    }
    fn probe(name: &Ident) -> Statement {
        Statement::new("CREATE RESOURCE MONITOR").of_kind(KIND).ident(name).keyword("WITH CREDIT_QUOTA = 1")
    }
    fn drop_statement(name: &Ident) -> Statement {
        Statement::new("DROP RESOURCE MONITOR").of_kind(KIND).ident(name)
    }
}

fn assigned(table: &Table, name: &Ident, session: &Session, peers: &dyn Peers) -> Option<Assigned> {
    let row = table.get(name.as_str())?;
    let monitor = row.text("resource_monitor");
    let monitor = monitor.filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("null"));
    let known = peers.identity(&Target::new(warehouse::SHOW.kind, name.as_str()), &session.account.name);
    Some(Assigned {
        monitor: monitor.map(str::to_owned),
        ours: known.is_some() && known.as_deref() == row.text("created_on"),
        of_role: row.text("owner") == Some(session.account.role.as_str()),
    })
}

/// The highest trigger that the used credits have passed.
fn last_passed(found: &Found) -> Option<String> {
    let number = |column: &str| found.text(column)?.parse::<f64>().ok();
    let quota = number("credit_quota").filter(|quota| *quota > 0.0)?;
    let percent = number("used_credits")? / quota * 100.0;
    let passed = present_triggers(found)?.0.into_iter().filter(|t| f64::from(t.at_percent) <= percent);
    passed.max_by_key(|t| (t.at_percent, t.action)).map(|t| format!("{} % {}", t.at_percent, t.action))
}
