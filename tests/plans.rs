//! What is recorded, what SHOW says and what the spec wants → exact SQL and changes. No network.

mod monitor;
mod pipeline;
mod warehouse;

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use snowfence::{
    api::{Record, connection::Adoption, record::Entry},
    engine::{
        managed::{Managed, Planning, key_of},
        ownership::{Claimant, Former, resolved_name},
    },
    plan::{Action, Effect, Note, Step, Target},
    snowflake::{
        Rows,
        catalog::{Found, Parameters, Table},
    },
};

pub const ROLE: &str = "SNOWFENCE";
pub const BORN: &str = "1700000000.000000000";

/// A row of SHOW: `name`, `created_on`, `owner`, and these.
pub fn row(name: &str, cells: &[(&str, Option<&str>)]) -> Found {
    let mut all: BTreeMap<&str, Option<&str>> =
        [("name", Some(name)), ("created_on", Some(BORN)), ("owner", Some(ROLE))].into();
    all.extend(cells.iter().copied());
    all.retain(|_, cell| *cell != Some("(no column)"));
    let mut rows = Rows::new(all.keys().copied());
    rows.push(all.values().copied()).unwrap();
    Found::of(Arc::new(Table::from_rows(rows)), name).unwrap()
}

pub fn parameters(set: &[(&str, &str)]) -> Parameters {
    Arc::new(set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
}

/// A record of one object that is ours.
pub fn ours(kind: &str, name: &str, managed: &[&str]) -> Entry {
    Entry {
        kind: kind.into(),
        name: name.into(),
        created_on: Some(BORN.into()),
        owner: Some(ROLE.into()),
        managed: managed.iter().map(|path| (*path).to_owned()).collect(),
        ..Entry::default()
    }
}

pub fn record(entries: impl IntoIterator<Item = Entry>) -> Record {
    Record { objects: entries.into_iter().collect(), ..Record::default() }
}

/// The plan as text: steps with risk, changes, and effects in their order.
pub fn plan<K: Managed>(cr: &K, record: &Record, seen: &K::Seen) -> String {
    let common = cr.common();
    let name = match resolved_name(&common, key_of(cr).1) {
        Ok(name) => name,
        Err(fault) => return format!("{}: {fault}\n", fault.reason()),
    };
    let target = Target::new(K::OBJECT, name.as_str());
    let claimant =
        Claimant { uid: "uid", common, adoption: Adoption::Never, role: ROLE, record, former: Former::Any };
    let rivals = BTreeMap::new();
    let planning =
        Planning { claimant, record, target: &target, name: &name, rivals: &rivals, offline: false };

    match cr.plan(&planning, seen) {
        Err(fault) => format!("{}: {fault}\n", fault.reason()),
        Ok(plan) if plan.steps.is_empty() && plan.blocked.is_empty() => "nothing\n".into(),
        Ok(plan) => {
            let blocked =
                plan.blocked.iter().map(|(on, fault)| format!("blocked {on}: {}: {fault}\n", fault.reason()));
            plan.steps.iter().map(step).chain(blocked).collect()
        }
    }
}

fn step(step: &Step) -> String {
    let action = match step.action {
        Action::Create(_) => "create",
        Action::Update(_) => "update",
        Action::Replace(_) => "replace",
        Action::Delete(_) => "delete",
        Action::Note => "note",
    };
    let mut text = format!("{action} {} ({:?})", step.on, step.action.risk());
    if let Some(hold) = step.hold {
        let _ = write!(text, " held: {hold:?}");
    }
    for after in &step.after {
        let _ = write!(text, " after {after}");
    }
    text.push('\n');
    for change in step.action.changes() {
        let show = |value: &Option<snowfence::values::canonical::Value>| {
            value.as_ref().map_or_else(|| "(unset)".to_owned(), |value| format!("{:?}", value.shown))
        };
        let _ = writeln!(text, "  {}: {} → {}", change.path, show(&change.from), show(&change.to));
    }
    for effect in &step.effects {
        let _ = match effect {
            Effect::Sql(sql) => match sql.intent {
                None => writeln!(text, "  > {}", sql.statement),
                Some(intent) if intent.again => writeln!(text, "  > (again) {}", sql.statement),
                Some(_) => writeln!(text, "  > (once) {}", sql.statement),
            },
            Effect::Remember(note) => writeln!(text, "  remember {}", self::note(note)),
        };
    }
    text
}

fn note(note: &Note) -> String {
    let list = |all: &std::collections::BTreeSet<String>| {
        if all.is_empty() { "nothing".into() } else { all.iter().cloned().collect::<Vec<_>>().join(", ") }
    };
    match note {
        Note::Intent { on, managed, grants, .. } => {
            format!("the intent to create {on}, managing {}, granting {}", list(managed), list(grants))
        }
        Note::Created { on } => format!("{on} is created"),
        Note::NotCreated { on } => format!("{on} is not created"),
        Note::Identity { on, created_on, owner, adopted } => {
            let owner = owner.as_deref().unwrap_or("nobody");
            format!("{on} is {created_on} of {owner}{}", if *adopted { ", adopted" } else { "" })
        }
        Note::Managed { on, fields } => format!("managed of {on}: {}", list(fields)),
        Note::Grants { on, grants } => format!("granted on {on}: {}", list(grants)),
        Note::Attached { on, names } => format!("attached to {on}: {}", list(names)),
        Note::Renaming { from, to } => format!("{from} is about to be {to}"),
        Note::Renamed { from, to } => format!("{from} is {to} now"),
        Note::Resume { on, wanted } => {
            format!("{on} {}", if *wanted { "is to be resumed" } else { "is resumed" })
        }
        Note::Sent { on, hash } => format!("{on} was sent as {hash}"),
        Note::Forget { on } => format!("forget {on}"),
    }
}

/// Cases with their plans, as one text.
pub fn table<'a>(cases: impl IntoIterator<Item = (&'a str, String)>) -> String {
    cases.into_iter().fold(String::new(), |text, (title, plan)| text + "# " + title + "\n" + &plan + "\n")
}
