//! What every kind with an object in Snowflake begins with: its name and grants, fields that are ignored, creation.

use std::collections::BTreeSet;

use super::grants;
use crate::{
    api::{Common, record::Entry},
    engine::{
        fault::Fault,
        managed::{Grants, Managed, key_of},
        ownership::resolved_name,
        session::{Named, Session},
    },
    plan::{Effect, Note, Property, Sql, Target, step::SentIntent},
    snowflake::Statement,
    values::ident::Ident,
};

/// The name in Snowflake and the wanted grants of a resource, both within what the connection allows its namespace.
pub(super) fn begin<K: Managed>(
    resource: &K,
    privileges: &[&str],
    named: for<'a> fn(&'a str) -> Named<'a>,
    session: &Session,
) -> Result<(Ident, Grants), Fault> {
    let (namespace, metadata_name) = key_of(resource);
    let common = resource.common();
    let name = resolved_name(&common, metadata_name)?;
    session.permits(namespace, named(name.as_str()))?;
    let wanted = grants::wanted(common.grants, privileges, K::OBJECT)?;
    grants::permitted(&wanted, session, namespace)?;
    Ok((name, wanted))
}

/// `ignoreFields` names fields that there are: those with a row, and `more`.
pub(super) fn known_fields<S>(
    common: &Common<'_>,
    rows: &[Property<S>],
    more: &[&'static str],
) -> Result<(), Fault> {
    let all: Vec<_> = rows.iter().map(|row| row.path).chain(more.iter().copied()).collect();
    match common.ignore_fields.iter().find(|path| !all.contains(&path.as_str())) {
        Some(path) => Err(Fault::Refused(format!(
            "spec.ignoreFields: there is no field {path}; there are {}",
            all.join(", ")
        ))),
        None => Ok(()),
    }
}

/// A CREATE that is to be carried out once, whatever happens on the way.
pub(super) struct Creation<'a> {
    pub on: &'a Target,
    pub name: &'a Ident,
    pub statement: Statement,
    pub intent: SentIntent,
    /// What is recorded under this name.
    pub entry: Option<&'a Entry>,
    /// The fields that the statement sets.
    pub managed: BTreeSet<String>,
    pub privileges: &'a [&'static str],
    pub wanted: &'a Grants,
    /// The grants on it. Where the creation may have been carried out before, others may have given some meanwhile.
    pub present: &'a Grants,
}

impl Creation<'_> {
    /// Remembers the intent, creates, does what belongs to it, and gives the grants.
    pub fn effects(self, then: Option<Statement>) -> Vec<Effect> {
        let (on, intent) = (self.on.clone(), self.intent);
        let recorded = self.entry.map(|entry| entry.grants.clone()).unwrap_or_default();
        // What an earlier sending set, or the lost object had, may be more than what the spec says: it is released
        // afterwards.
        let mut fields = self.managed;
        fields.extend(self.entry.into_iter().flat_map(|entry| entry.managed.iter().cloned()));
        let first = if intent.again {
            Note::Managed { on, fields }
        } else {
            Note::Intent { on, request_id: intent.request_id, managed: fields, grants: recorded.clone() }
        };
        let mut effects = vec![
            Effect::Remember(first),
            Effect::Sql(Sql { statement: self.statement, intent: Some(intent) }),
        ];
        effects.extend(then.map(Effect::sql));
        let none = Grants::new();
        let present = if intent.again { self.present } else { &none };
        let given = grants::plan(self.on, self.name, self.privileges, self.wanted, present, &recorded);
        effects.extend(given.effects);
        effects
    }
}
