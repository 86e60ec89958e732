//! What is to be done to a resource monitor, and to the warehouses that refer to it. Pure.

use std::collections::BTreeSet;

use super::super::{
    grants,
    object::{Creation, known_fields},
};
use crate::{
    api::{monitor::MonitorSpec, record::Entry},
    engine::{
        fault::Fault,
        managed::{Grants, Planning},
        ownership::bad_name,
    },
    plan::{
        Action, Change, Effect, Note, Risk, Step, Target,
        property::{Alter, Difference, PropertyChange, assignments, difference},
        step::SentIntent,
    },
    snowflake::{Statement, catalog::Found},
    values::{
        canonical::Value,
        ident::Ident,
        monitor::{Moment, TriggerAction, Triggers, Users},
    },
};

use super::rows::{IMMEDIATELY, KIND, PRIVILEGES, ROWS, Seen, cell, is_of_account, present_triggers};

// ---- plan

pub(super) fn validate(spec: &MonitorSpec) -> Result<(), Fault> {
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
    known_fields(&spec.common(), ROWS, &["triggers"])
}

pub(super) fn wanted_triggers(spec: &MonitorSpec) -> Option<Triggers> {
    spec.triggers.as_ref().map(|all| Triggers(all.iter().copied().collect()))
}

/// The start that goes with a frequency; Snowflake never prints IMMEDIATELY back.
pub(super) fn start(statement: Statement, spec: &MonitorSpec) -> Statement {
    match spec.start_timestamp.as_deref().and_then(Moment::parse) {
        Some(moment) => statement.keyword("START_TIMESTAMP =").canonical(&moment),
        None => statement.keyword("START_TIMESTAMP = IMMEDIATELY"),
    }
}

pub(super) fn with_triggers(mut statement: Statement, triggers: &Triggers) -> Statement {
    statement = statement.keyword("TRIGGERS");
    for t in &triggers.0 {
        let at = statement.keyword("ON").number(i64::from(t.at_percent));
        statement = at.keyword("PERCENT DO").keyword(t.action.keyword());
    }
    statement
}

/// CREATE. `replace` is for a monitor that is proven ours, where Snowflake has no other way.
pub(super) fn create(name: &Ident, spec: &MonitorSpec, replace: bool) -> Result<Statement, Fault> {
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

pub(super) fn own_paths(spec: &MonitorSpec) -> BTreeSet<String> {
    let rows = ROWS.iter().filter(|row| row.wanted(spec).is_some()).map(|row| row.path);
    let triggers = spec.triggers.as_ref().map(|_| "triggers");
    let account = spec.account_level.map(|_| "accountLevel");
    let all = rows.chain(triggers).chain(account).map(str::to_owned);
    all.filter(|path| !spec.ignore_fields.contains(path)).collect()
}

pub(super) fn all_fields(spec: &MonitorSpec, wanted: &Grants) -> Vec<Change> {
    let change =
        |path: &str, to: Value| Change { path: path.into(), from: None, to: Some(to), risk: Risk::Safe };
    let rows = ROWS.iter().filter_map(|row| Some(change(row.path, row.wanted(spec)?)));
    let triggers = wanted_triggers(spec).map(|t| change("triggers", shown(&t)));
    let account = spec.account_level.filter(|on| *on).map(|_| change("accountLevel", Value::of(&true)));
    let grants = wanted.iter().map(|key| change("grants", Value { sql: key.clone(), shown: key.clone() }));
    rows.chain(triggers).chain(account).chain(grants).collect()
}

pub(super) fn shown(triggers: &Triggers) -> Value {
    Value { sql: triggers.sql(), shown: triggers.to_string() }
}

/// `present` are the grants; OR REPLACE drops them, so they are given anew.
pub(super) fn creation(
    planning: &Planning<'_>,
    spec: &MonitorSpec,
    intent: SentIntent,
    entry: Option<&Entry>,
    (wanted, present): (&Grants, &Grants),
    replace: bool,
) -> Result<Vec<Effect>, Fault> {
    let (on, name) = (planning.target, planning.name);
    let none = Grants::new();
    let creation = Creation {
        on,
        name,
        statement: create(name, spec, replace)?,
        intent,
        entry,
        managed: own_paths(spec),
        privileges: PRIVILEGES,
        wanted,
        present: if replace { &none } else { present },
    };
    Ok(creation.effects((spec.account_level == Some(true)).then(|| assign_account(name))))
}

pub(super) fn assign_account(name: &Ident) -> Statement {
    Statement::new("ALTER ACCOUNT SET RESOURCE_MONITOR =").of_kind("ACCOUNT").ident(name)
}

/// `ALTER … [SET a = … b = …] [TRIGGERS …]`: TRIGGERS stands outside SET, and an empty SET is an error.
pub(super) fn alteration(
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

pub(super) struct Update<'a> {
    pub(super) planning: &'a Planning<'a>,
    pub(super) spec: &'a MonitorSpec,
    pub(super) found: &'a Found,
    pub(super) entry: &'a Entry,
    pub(super) wanted: &'a Grants,
}

impl Update<'_> {
    pub(super) fn triggers(&self) -> Result<Option<(Option<Value>, Triggers)>, Fault> {
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

    /// The account's monitor notifies no users: those that somebody else added, and the spec leaves open, go.
    fn without_users(&self, rows: &[PropertyChange]) -> Option<PropertyChange> {
        let row = ROWS.iter().find(|row| row.path == "notifyUsers")?;
        let left_open = row.wanted(self.spec).is_none()
            && !self.spec.ignore_fields.iter().any(|path| path == row.path)
            && !rows.iter().any(|change| change.change.path == row.path);
        let (from, none) = (row.present(cell(self.found, row)).ok()??, Value::of(&Users::default()));
        let change = Change {
            path: row.path.into(),
            from: Some(from.clone()),
            to: Some(none.clone()),
            risk: Risk::Safe,
        };
        (left_open && from.sql != none.sql).then_some(PropertyChange {
            change,
            ddl: row.ddl,
            verb: Alter::Set(none),
        })
    }

    pub(super) fn steps(&self, seen: &Seen, notes: Vec<Note>) -> Result<Vec<Step>, Fault> {
        let (on, name, spec, entry) = (self.planning.target, self.planning.name, self.spec, self.entry);
        let Difference { changes: mut rows, mut managed } =
            difference(ROWS, spec, &entry.managed, &spec.ignore_fields, |row| cell(self.found, row))?;
        managed.extend(own_paths(spec));
        let managed = managed.into_set();
        let (is, wants) = (is_of_account(self.found), spec.account_level == Some(true));
        let moves = wants != is && (spec.account_level.is_some() || entry.managed.contains("accountLevel"));
        if moves && wants {
            rows.extend(self.without_users(&rows));
        }
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
        let step = |action, effects| Step::new(on.clone(), action, effects);
        let action = if changes.is_empty() { Action::Note } else { Action::Update(changes) };
        let mut steps = vec![step(action, effects)];
        if let Some((from, to)) = removed {
            let intent = self.planning.claimant.fresh_intent(on);
            let after = Entry { managed, ..entry.clone() };
            let effects =
                creation(self.planning, spec, intent, Some(&after), (self.wanted, &seen.grants), true)?;
            steps.push(step(Action::Replace(vec![of_triggers(&from, &to, Risk::Destructive)]), effects));
        }
        steps.retain(|step| !step.effects.is_empty());
        Ok(steps)
    }
}

/// Assigns the monitor to the warehouses that refer to it, and takes it from those that no longer do.
pub(super) fn assignments_of(
    planning: &Planning<'_>,
    seen: &Seen,
    entry: Option<&Entry>,
    anew: bool,
) -> Vec<Step> {
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
            steps.push(Step { after: vec![monitor.clone()], ..Step::new(on, action, effects) });
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
