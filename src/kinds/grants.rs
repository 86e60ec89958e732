//! Grants on an object: what is given, and that only what was given here is ever revoked.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use crate::{
    api::{Grant, record::Entry},
    engine::{
        fault::Fault,
        managed::Grants,
        ownership::bad_name,
        record::{grant_key, split_grant},
        session::{Named, Session},
    },
    plan::{Change, Effect, Note, Risk, Target},
    snowflake::Statement,
    values::{canonical::Value, ident::Ident},
};

/// The grants that a spec asks for, as the record keeps them. `known` are the privileges of the kind.
pub fn wanted(grants: &[Grant], known: &[&str], kind: &str) -> Result<Grants, Fault> {
    let mut all = Grants::new();
    for grant in grants {
        let role = Ident::from_spec(&grant.role).map_err(bad_name("grants.role"))?;
        for privilege in &grant.privileges {
            if !known.contains(&privilege.as_str()) {
                return Err(Fault::Refused(format!(
                    "spec.grants: {privilege} is no privilege on a {}; there are {}",
                    kind.to_ascii_lowercase(),
                    known.join(", ")
                )));
            }
            all.insert(grant_key(privilege, role.as_str()));
        }
    }
    Ok(all)
}

/// Which of the wanted and the recorded grants are there, by one shared read for each role; and the roles that are not
/// there, or not visible.
pub async fn present(
    wanted: &Grants,
    entry: Option<&Entry>,
    (kind, name): (&str, &str),
    session: &Session,
    as_of: Instant,
) -> Result<(Grants, BTreeSet<String>), Fault> {
    let recorded = entry.map(|entry| &entry.grants);
    let keys = wanted.iter().chain(recorded.into_iter().flatten());
    let roles: BTreeSet<&str> = keys.filter_map(|key| split_grant(key)).map(|(_, role)| role).collect();
    let (mut all, mut missing) = (Grants::new(), BTreeSet::new());
    for role in roles {
        let Ok(ident) = Ident::exact(role) else { continue };
        let privileges = match session.catalog.privileges_of(&ident, as_of).await {
            Ok(privileges) => privileges,
            Err(error) if error.is_object_missing() => {
                missing.insert(role.to_owned());
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let held = privileges.get(&(kind.to_owned(), name.to_owned()));
        all.extend(held.into_iter().flatten().map(|privilege| grant_key(privilege, role)));
    }
    missing.retain(|role| wanted.iter().any(|key| split_grant(key).is_some_and(|(_, wants)| wants == role)));
    Ok((all, missing))
}

/// What can be given now: a role that is not there yet keeps nothing else from its goal.
pub fn givable(wanted: Grants, missing: &BTreeSet<String>) -> Grants {
    wanted
        .into_iter()
        .filter(|key| split_grant(key).is_none_or(|(_, role)| !missing.contains(role)))
        .collect()
}

/// What is waited for.
pub fn missing(roles: &BTreeSet<String>) -> Option<Fault> {
    let all: Vec<_> = roles.iter().map(String::as_str).collect();
    let message = format!(
        "spec.grants: role {} does not exist, or the connection's role can't see it; the rest is done",
        all.join(", ")
    );
    (!all.is_empty()).then_some(Fault::Waiting { reason: "RoleNotFound", message })
}

/// Whether the connection lets a namespace grant to these roles.
pub fn permitted(wanted: &Grants, session: &Session, namespace: &str) -> Result<(), Fault> {
    let roles: BTreeSet<_> = wanted.iter().filter_map(|key| split_grant(key)).map(|(_, role)| role).collect();
    roles.into_iter().try_for_each(|role| session.permits(namespace, Named::Role(role)))
}

/// What is to be granted and revoked.
#[derive(Debug, Default)]
pub struct Plan {
    pub changes: Vec<Change>,
    pub effects: Vec<Effect>,
}

/// Compares. `known` are the privileges of the kind; `recorded` is what was given here; nothing is revoked `offline`.
pub fn plan(
    on: &Target,
    name: &Ident,
    known: &[&'static str],
    wanted: &Grants,
    present: &Grants,
    recorded: &Grants,
) -> Plan {
    let give: Grants = wanted.difference(present).cloned().collect();
    let take: Grants = recorded.difference(wanted).filter(|key| present.contains(*key)).cloned().collect();
    let given: Grants = recorded.intersection(wanted).chain(&give).cloned().collect();
    let mut plan = Plan::default();
    let change = |key: &String, given: bool| {
        let value = Some(Value { sql: key.clone(), shown: key.clone() });
        let (from, to) = if given { (None, value) } else { (value, None) };
        Change { path: "grants".into(), from, to, risk: Risk::Safe }
    };
    plan.changes.extend(give.iter().map(|key| change(key, true)));
    plan.changes.extend(take.iter().map(|key| change(key, false)));
    if !give.is_empty() {
        let before = recorded.union(&give).cloned().collect();
        if before != *recorded {
            plan.effects.push(Effect::Remember(Note::Grants { on: on.clone(), grants: before }));
        }
        plan.effects.extend(statements(&give, "GRANT", "TO ROLE", on, name, known));
    }
    plan.effects.extend(statements(&take, "REVOKE", "FROM ROLE", on, name, known));
    if given != *recorded {
        plan.effects.push(Effect::Remember(Note::Grants { on: on.clone(), grants: given }));
    }
    plan
}

/// One statement for each role.
fn statements(
    keys: &Grants,
    verb: &'static str,
    to: &'static str,
    on: &Target,
    name: &Ident,
    known: &[&'static str],
) -> Vec<Effect> {
    let mut by_role: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for (privilege, role) in keys.iter().filter_map(|key| split_grant(key)) {
        let privilege = known.iter().find(|known| **known == privilege);
        by_role.entry(role).or_default().extend(privilege);
    }
    let statement = |(role, privileges): (&str, Vec<&'static str>)| {
        let role = Ident::exact(role).ok()?;
        let mut statement = Statement::new(verb).of_kind(on.kind);
        for (n, privilege) in privileges.into_iter().enumerate() {
            statement = if n == 0 { statement } else { statement.keyword(",") }.keyword(privilege);
        }
        Some(Effect::sql(statement.keyword("ON").keyword(on.kind).ident(name).keyword(to).ident(&role)))
    };
    by_role.into_iter().filter_map(statement).collect()
}
