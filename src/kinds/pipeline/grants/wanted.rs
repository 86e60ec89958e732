//! Grants as a spec has them.

use std::collections::BTreeMap;

use super::{
    super::{names::Directory, object::name},
    KIND, On, What, key,
};
use crate::{
    api::pipeline::{
        Listed, PipelineSpec,
        grants::{GrantEntry, InContainer},
    },
    engine::{fault::Fault, managed::Grants},
    plan::Target,
    snowflake::catalog::Grantee,
    values::full_name::FullName,
};

/// All grants that a spec wants, by what they are on; and what is wrong with others.
pub(super) struct Wanted {
    pub(super) on: BTreeMap<String, (On, Grants)>,
    pub(super) faults: Vec<(Target, Fault)>,
}

pub(super) fn wanted(spec: &PipelineSpec, directory: &Directory) -> Wanted {
    let mut all = Wanted { on: BTreeMap::new(), faults: vec![] };
    for grant in &spec.grants {
        match one(grant, directory) {
            Ok((label, on, keys)) => {
                all.on.entry(label).or_insert_with(|| (on, Grants::new())).1.extend(keys);
            }
            Err(fault) => all.faults.push((Target::new(KIND, format!("grants.{}", grant.name())), fault)),
        }
    }
    all
}

fn one(grant: &GrantEntry, directory: &Directory) -> Result<(String, On, Grants), Fault> {
    let path = format!("grants.{}", grant.name());
    let here = directory.here();
    let to = match (&grant.to.role, &grant.to.database_role) {
        (Some(role), _) => Grantee::Role(name(format_args!("{path}.to.role"), role)?),
        (None, Some(role)) => {
            let parts = crate::values::path::parse_path(role)
                .map_err(|error| Fault::Refused(format!("spec.{path}.to.databaseRole: {error}")))?;
            let full = match (parts.as_slice(), here.as_ref().and_then(FullName::database)) {
                ([database, own], _) => FullName::top(database.clone()).join(own.clone()),
                ([own], Some(database)) => FullName::top(database.clone()).join(own.clone()),
                _ => return Err(Fault::Refused(format!("spec.{path}.to.databaseRole: write DATABASE.ROLE"))),
            };
            Grantee::DatabaseRole(full)
        }
        (None, None) => return Err(Fault::Refused(format!("spec.{path}.to: set role or databaseRole"))),
    };
    let mut keys = Grants::new();
    for privilege in &grant.privileges {
        // A privilege is a word of Snowflake: nothing else gets into a statement in its place.
        if privilege.is_empty() || !privilege.chars().all(|c| c.is_ascii_uppercase() || c == ' ' || c == '_')
        {
            return Err(Fault::Refused(format!("spec.{path}.privileges: {privilege:?} is no privilege")));
        }
        keys.insert(key(privilege, &to, grant.with_grant_option.unwrap_or_default()));
    }
    let (label, on) = on(grant, directory, &path)?;
    Ok((label, on, keys))
}

fn on(grant: &GrantEntry, directory: &Directory, path: &str) -> Result<(String, On), Fault> {
    let place = |path: &str, container: &InContainer| {
        if let Some(schema) = &container.schema {
            let (full, needs) = directory.resolve_schema(schema, &format!("{path}.schema"))?;
            return Ok((full, "SCHEMA", needs));
        }
        let database = container.database.as_deref().unwrap_or_default();
        let full = FullName::top(name(format_args!("{path}.database"), database)?);
        let needs = Target::new("DATABASE", full.to_string());
        Ok::<_, Fault>((full, "DATABASE", Some(needs)))
    };
    for (words, container) in [("ALL", &grant.target.all), ("FUTURE", &grant.target.future)] {
        let Some(container) = container else { continue };
        let (full, kind, needs) = place(&format!("{path}.target"), container)?;
        let plural = container.kind.keyword();
        let label = format!("{words} {plural} IN {kind} {full}");
        let sql = format!("{words} {plural} IN {kind} {}", full.sql());
        let what = match words {
            "ALL" => What::All,
            _ => What::Future { kind: singular(plural), place: full.clone() },
        };
        return Ok((label, On { sql, full, needs, what }));
    }
    let Some((kind, text)) = grant.target.object() else {
        return Err(Fault::Refused(format!("spec.{path}.target: say what the privileges are on")));
    };
    let path = format!("{path}.target");
    let (full, needs) = match kind {
        "DATABASE" => {
            let full = FullName::top(name(&path, text)?);
            let needs = Target::new("DATABASE", full.to_string());
            (full, Some(needs))
        }
        "SCHEMA" => directory.resolve_schema(text, &path)?,
        _ => {
            let here = directory.here().ok_or_else(|| {
                Fault::Refused(format!("spec.{path}: {text}: set spec.database and spec.schema"))
            })?;
            directory.resolve(&[kind], text, &here, &path)?
        }
    };
    let sql = format!("{kind} {}", full.sql());
    Ok((
        format!("{kind} {full}"),
        On { sql, full: full.clone(), needs, what: What::Object { kind, name: full } },
    ))
}

pub(super) fn singular(plural: &str) -> String {
    plural
        .strip_suffix("IES")
        .map_or_else(|| plural.strip_suffix('S').unwrap_or(plural).to_owned(), |stem| format!("{stem}Y"))
}
