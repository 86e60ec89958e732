//! Grants of a pipeline: on its objects, on those around it, on all objects of a place, today's and those to come.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/grant-privilege>.
//!
//! What was given here is recorded for each thing that it is on, and only that is ever revoked. `all` speaks of what is
//! there when it is given: it is given once, and what comes later is `future`'s.

mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use wanted::{Wanted, singular, wanted};

use super::{names::Directory, observe::Seen};
use crate::{
    api::{Record, pipeline::PipelineSpec},
    engine::{
        as_of::AsOf,
        fault::Fault,
        managed::{Grants, Plan, Planning},
        session::{Named, Session},
    },
    plan::{Action, Change, Effect, Note, Risk, Step, Target},
    snowflake::{Statement, catalog::Grantee},
    values::{canonical::Value, full_name::FullName},
};

/// The kind of the record's entries for grants: their names say what they are on (`TABLE DB.S.T`).
pub(super) const KIND: &str = "GRANTS";

/// What privileges are on.
#[derive(Clone, Debug)]
struct On {
    /// As a statement has it after ON: `TABLE "DB"."S"."T"`.
    sql: String,
    /// The object, or the place of all objects of a kind.
    full: FullName,
    /// What must be there first.
    needs: Option<Target>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// An object, as SHOW GRANTS names it.
    Object { kind: &'static str, name: FullName },
    /// `ON ALL TABLES IN SCHEMA …`: can't be seen as such.
    All,
    /// `ON FUTURE TABLES IN SCHEMA …`: kind in the singular, and the place.
    Future { kind: String, place: FullName },
}

/// A grant as the record keeps it: `SELECT TO ROLE R`, `SELECT TO DATABASE ROLE D.R WITH GRANT OPTION`.
fn key(privilege: &str, to: &Grantee, option: bool) -> String {
    let option = if option { " WITH GRANT OPTION" } else { "" };
    format!("{privilege} TO {to}{option}")
}

/// Privilege, grantee, and whether with the option to grant it.
fn split(key: &str) -> Option<(&str, Grantee, bool)> {
    let (rest, option) = match key.strip_suffix(" WITH GRANT OPTION") {
        Some(rest) => (rest, true),
        None => (key, false),
    };
    let (privilege, to) = rest.split_once(" TO ")?;
    Some((privilege, Grantee::parse(to)?, option))
}

/// Reads what the roles of the spec and of the record have.
pub(super) async fn observe(
    spec: &PipelineSpec,
    directory: &Directory,
    record: &Record,
    session: &Session,
    namespace: &str,
    as_of: &AsOf,
    seen: &mut Seen,
) -> Result<(), Fault> {
    let wanted = wanted(spec, directory);
    let mut grantees: BTreeSet<(Grantee, bool)> = BTreeSet::new();
    for (label, (on, keys)) in &wanted.on {
        let database = on.full.database().map(|database| Named::Database(database.as_str()));
        if let Some(Err(fault)) = database.map(|database| session.permits(namespace, database)) {
            seen.denied.insert(label.clone(), fault.to_string());
        }
        let future = matches!(on.what, What::Future { .. });
        grantees.extend(keys.iter().filter_map(|key| Some((split(key)?.1, future))));
    }
    for entry in record.objects.iter().filter(|entry| entry.kind == KIND) {
        let future = entry.name.starts_with("FUTURE ");
        grantees.extend(entry.grants.iter().filter_map(|key| Some((split(key)?.1, future))));
    }
    for (grantee, future) in grantees {
        let named = match &grantee {
            Grantee::Role(role) => Some(Named::Role(role.as_str())),
            Grantee::DatabaseRole(role) => role.database().map(|database| Named::Database(database.as_str())),
        };
        if let Some(Err(fault)) = named.map(|named| session.permits(namespace, named)) {
            seen.denied.insert(grantee.to_string(), fault.to_string());
            continue;
        }
        match session.catalog.privileges(&grantee, future, as_of.of(KIND)).await {
            Ok(privileges) => {
                seen.privileges.insert((grantee.to_string(), future), privileges);
            }
            Err(error) if error.is_object_missing() => {
                seen.missing_roles.insert(grantee.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Adds the grants to a plan: each after what it is on.
pub(super) fn plan(
    spec: &PipelineSpec,
    directory: &Directory,
    planning: &Planning<'_>,
    seen: &Seen,
    plan: &mut Plan,
) {
    let Wanted { on, faults } = wanted(spec, directory);
    plan.blocked.extend(faults);
    let none = Grants::new();
    for (label, (on, wanted)) in &on {
        let target = Target::new(KIND, label.clone());
        let mut givable = wanted.clone();
        givable.retain(|key| {
            let Some((_, to, _)) = split(key) else { return false };
            let to = to.to_string();
            let fault = if let Some(why) = seen.denied.get(label).or_else(|| seen.denied.get(&to)) {
                Fault::NotAllowed(why.clone())
            } else if seen.missing_roles.contains(&to) {
                let message =
                    format!("spec.grants: {to} does not exist, or the connection's role can't see it");
                Fault::Waiting { reason: "RoleNotFound", message }
            } else {
                return true;
            };
            plan.blocked.push((Target::new(KIND, format!("{label} TO {to}")), fault));
            false
        });
        let recorded = planning.record.entry(&target).map_or(&none, |entry| &entry.grants);
        // What is to be created has none, whatever was given on another of that name.
        let anew = plan
            .steps
            .iter()
            .any(|step| Some(&step.on) == on.needs.as_ref() && matches!(step.action, Action::Create(_)));
        let is = |key: &String| !anew && present(key, on, recorded, seen);
        plan.steps.extend(step(target, on, &givable, recorded, is, planning.offline));
    }
    if planning.offline {
        return;
    }
    // What left the spec.
    for entry in planning.record.objects.iter().filter(|entry| entry.kind == KIND) {
        if on.contains_key(&entry.name) {
            continue;
        }
        let target = Target::new(KIND, entry.name.clone());
        match recorded_on(&entry.name) {
            Some(on) => {
                let is = |key: &String| present(key, &on, &entry.grants, seen);
                let mut step = step(target.clone(), &on, &none, &entry.grants, is, false)
                    .unwrap_or_else(|| Step::new(target.clone(), Action::Note, vec![]));
                step.effects.push(Effect::Remember(Note::Forget { on: target }));
                plan.steps.push(step);
            }
            None => plan.steps.push(Step::note(target.clone(), Note::Forget { on: target })),
        }
    }
}

/// What an entry of the record is on.
fn recorded_on(label: &str) -> Option<On> {
    let mut words = label.splitn(2, ' ');
    let (first, rest) = (words.next()?, words.next()?);
    if matches!(first, "ALL" | "FUTURE") {
        let (plural, place) = rest.split_once(" IN ")?;
        let (kind, place) = place.split_once(' ')?;
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
        if !plain(plural) || !matches!(kind, "SCHEMA" | "DATABASE") {
            return None;
        }
        let place = FullName::parse(place).ok()?;
        let sql = format!("{first} {plural} IN {kind} {}", place.sql());
        let full = place.clone();
        let what = match first {
            "ALL" => What::All,
            _ => What::Future { kind: singular(plural), place },
        };
        return Some(On { sql, full, needs: None, what });
    }
    let kinds = KINDS_WITH_GRANTS.iter().filter(|kind| label.starts_with(&format!("{kind} ")));
    let kind = kinds.max_by_key(|kind| kind.len())?;
    let name = FullName::parse(&label[kind.len() + 1..]).ok()?;
    let sql = format!("{kind} {}", name.sql());
    Some(On { sql, full: name.clone(), needs: None, what: What::Object { kind, name } })
}

const KINDS_WITH_GRANTS: &[&str] = &[
    "DATABASE",
    "SCHEMA",
    "TABLE",
    "VIEW",
    "MATERIALIZED VIEW",
    "DYNAMIC TABLE",
    "STREAM",
    "TASK",
    "ALERT",
    "PROCEDURE",
    "FUNCTION",
    "STAGE",
    "FILE FORMAT",
    "SEQUENCE",
    "PIPE",
    "CORTEX SEARCH SERVICE",
    "ROW ACCESS POLICY",
    "MASKING POLICY",
    "TAG",
];

/// Whether a grant is there.
fn present(key: &String, on: &On, recorded: &Grants, seen: &Seen) -> bool {
    let Some((privilege, to, _)) = split(key) else { return false };
    let held = |future: bool, kind: &str, name: String| {
        let privileges = seen.privileges.get(&(to.to_string(), future));
        let held = privileges.and_then(|all| all.get(&(kind.to_owned(), name)));
        held.is_some_and(|held| held.iter().any(|other| other == privilege))
    };
    match &on.what {
        What::All => recorded.contains(key),
        What::Object { kind, name } => held(false, kind, name.to_string()),
        What::Future { kind, place } => held(true, kind, place.to_string()),
    }
}

fn step(
    target: Target,
    on: &On,
    wanted: &Grants,
    recorded: &Grants,
    is: impl Fn(&String) -> bool,
    offline: bool,
) -> Option<Step> {
    let give: Grants = wanted.iter().filter(|key| !is(key)).cloned().collect();
    let take: Grants = recorded.difference(wanted).filter(|key| is(key) && !offline).cloned().collect();
    let given: Grants = recorded.intersection(wanted).chain(&give).cloned().collect();
    let before: Grants = recorded.union(&give).cloned().collect();
    let mut effects = vec![];
    let note =
        |grants: &Grants| Effect::Remember(Note::Grants { on: target.clone(), grants: grants.clone() });
    if before != *recorded {
        effects.push(note(&before));
    }
    // The end of an ALL would take from objects what others gave: it is only forgotten.
    let take = if matches!(on.what, What::All) { Grants::new() } else { take };
    effects.extend(statements(&give, "GRANT", "TO", on));
    effects.extend(statements(&take, "REVOKE", "FROM", on));
    if given != before {
        effects.push(note(&given));
    }
    let change = |key: &String, give: bool| {
        let value = Some(Value { sql: key.clone(), shown: key.clone() });
        let (from, to) = if give { (None, value) } else { (value, None) };
        Change { path: "grants".into(), from, to, risk: Risk::Safe }
    };
    let changes: Vec<_> =
        give.iter().map(|key| change(key, true)).chain(take.iter().map(|key| change(key, false))).collect();
    let action = if changes.is_empty() { Action::Note } else { Action::Update(changes) };
    let after = on.needs.iter().cloned().collect();
    (!effects.is_empty()).then(|| Step { after, ..Step::new(target.clone(), action, effects) })
}

/// One statement for each grantee and option.
fn statements(keys: &Grants, verb: &'static str, to: &'static str, on: &On) -> Vec<Effect> {
    let mut by: BTreeMap<(Grantee, bool), Vec<&str>> = BTreeMap::new();
    for (privilege, grantee, option) in keys.iter().filter_map(|key| split(key)) {
        by.entry((grantee, option)).or_default().push(privilege);
    }
    let text = |text: String| Value { shown: text.clone(), sql: text };
    by.into_iter()
        .map(|((grantee, option), privileges)| {
            let mut statement = Statement::new(verb).of_kind(KIND).value(&text(privileges.join(", ")));
            statement = statement.keyword("ON").value(&text(on.sql.clone())).keyword(to);
            statement = statement.value(&text(grantee.sql()));
            let option = option && verb == "GRANT";
            Effect::sql(if option { statement.keyword("WITH GRANT OPTION") } else { statement })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::ident::Ident;

    #[test]
    fn what_is_recorded_is_read_again() {
        for label in [
            "TABLE D.S.T",
            "MATERIALIZED VIEW D.S.\"v v\"",
            "PROCEDURE D.S.P(VARCHAR)",
            "FUTURE TABLES IN SCHEMA D.S",
            "ALL ROW ACCESS POLICIES IN DATABASE D",
        ] {
            assert!(recorded_on(label).is_some(), "{label}");
        }
        assert!(recorded_on("TABLE").is_none() && recorded_on("ALL X; DROP IN SCHEMA D").is_none());
        assert_eq!(singular("FILE FORMATS"), "FILE FORMAT");
        assert_eq!(singular("ROW ACCESS POLICIES"), "ROW ACCESS POLICY");
        for key in ["SELECT TO ROLE R", "SELECT TO DATABASE ROLE D.R WITH GRANT OPTION"] {
            let (privilege, to, option) = split(key).unwrap();
            assert_eq!(super::key(privilege, &to, option), key);
        }
    }
    #[test]
    fn names_hold_no_sql() {
        let role = Ident::exact("R\" TO ROLE X; --").unwrap();
        let key = key("SELECT", &Grantee::Role(role), false);
        let (_, to, _) = split(&key).unwrap();
        assert_eq!(to.sql(), "ROLE \"R\"\" TO ROLE X; --\"");
    }
}
