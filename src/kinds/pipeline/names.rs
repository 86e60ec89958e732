//! Which object a name of a spec stands for.

use std::{collections::BTreeSet, fmt::Display};

use super::object::{Kind, name};
use crate::{
    api::pipeline::{Listed, PipelineSpec},
    engine::fault::Fault,
    plan::Target,
    values::{full_name::FullName, ident::Ident, map::Map, path::parse_path},
};

/// The entries of a spec by their local names, and what names are relative to.
#[derive(Debug, Default)]
pub(super) struct Directory {
    database: Option<Ident>,
    schema: Option<Ident>,
    /// By kind and folded local name.
    entries: Map<(&'static str, Ident), FullName>,
    /// What is owned and not found among the entries by its own name.
    others: BTreeSet<(&'static str, FullName)>,
    /// What is owned and takes arguments.
    called: BTreeSet<Target>,
}

impl Directory {
    /// What names are relative to. Entries are added as their full names become known.
    pub fn of(spec: &PipelineSpec) -> Result<Self, Fault> {
        let read = |path, text: &Option<crate::api::pipeline::text::Name>| {
            text.as_deref().map(|text| name(path, text)).transpose()
        };
        let (database, schema) = (read("database", &spec.database)?, read("schema", &spec.schema)?);
        Ok(Self { database, schema, ..Self::default() })
    }

    /// The full name of an entry, by where objects of its kind lie: 1 in the account, 2 in a database, 3 in a schema.
    pub fn full_name(&self, depth: usize, path: &str, entry: &impl Listed) -> Result<FullName, Fault> {
        let own = name(format_args!("{path}.name"), entry.in_snowflake())?;
        if depth == 1 {
            return Ok(FullName::top(own));
        }
        let place = if depth == 2 { self.database_of(path, entry)? } else { self.schema_of(path, entry)? };
        Ok(place.join(own))
    }

    /// The schema that a group lies in.
    pub fn schema_of(&self, path: &str, entry: &impl Listed) -> Result<FullName, Fault> {
        let database = self.database_of(path, entry)?;
        let path = format_args!("{path}.schema");
        Ok(database.join(Self::place(path, entry.schema(), self.schema.as_ref(), "schema")?))
    }

    fn database_of(&self, path: &str, entry: &impl Listed) -> Result<FullName, Fault> {
        let path = format_args!("{path}.database");
        Self::place(path, entry.database(), self.database.as_ref(), "database").map(FullName::top)
    }

    fn place(
        path: impl Display,
        own: Option<&str>,
        general: Option<&Ident>,
        what: &str,
    ) -> Result<Ident, Fault> {
        match own {
            Some(text) => name(path, text),
            None => general.cloned().ok_or_else(|| {
                Fault::Refused(format!(
                    "spec.{path}: say in which {what}: set it here, or spec.{what} for all"
                ))
            }),
        }
    }

    /// The schema that names are relative to, when both are set.
    pub fn here(&self) -> Option<FullName> {
        // Only its place counts: an object beside nothing has no name.
        Some(FullName::top(self.database.clone()?).join(self.schema.clone()?).join(self.schema.clone()?))
    }

    /// A schema: an entry by its local name, `DATABASE.SCHEMA`, or a schema of `spec.database`.
    pub fn resolve_schema(&self, text: &str, path: &str) -> Result<(FullName, Option<Target>), Fault> {
        let parts =
            parse_path(text).map_err(|error| Fault::Refused(format!("spec.{path}: {text:?}: {error}")))?;
        let full = match (parts.as_slice(), &self.database) {
            ([own], database) => match (self.entries.get(&("SCHEMA", own.clone())), database) {
                (Some(full), _) => full.clone(),
                (None, Some(database)) => FullName::top(database.clone()).join(own.clone()),
                (None, None) => {
                    return Err(Fault::Refused(format!("spec.{path}: {text:?}: write DATABASE.SCHEMA")));
                }
            },
            ([database, own], _) => FullName::top(database.clone()).join(own.clone()),
            _ => return Err(Fault::Refused(format!("spec.{path}: {text:?} is not DATABASE.SCHEMA"))),
        };
        let target = Target::new("SCHEMA", full.to_string());
        Ok((full, Some(target)))
    }

    /// Makes an entry known by its local name.
    pub fn add(&mut self, kind: &'static str, local: &str, full: &FullName) {
        if full.arguments().is_some() {
            self.called.insert(Target::new(kind, full.text()));
        }
        let local = if local == full.name().as_str() {
            Some(full.name().clone())
        } else {
            Ident::from_spec(local).ok()
        };
        if local.as_ref() != Some(full.name()) {
            self.others.insert((kind, full.clone()));
        }
        if let Some(local) = local {
            let before = self.entries.insert((kind, local), full.clone());
            self.others.extend(before.map(|before| (kind, before)));
        }
    }

    /// Makes the entries of a list known, as far as they have names.
    pub fn add_all<'a, S: Listed + 'a>(
        &mut self,
        kind: &Kind,
        list: impl IntoIterator<Item = &'a S>,
        arguments: impl Fn(&S) -> Option<String>,
    ) {
        let list = list.into_iter();
        self.entries.reserve(list.size_hint().0);
        for entry in list {
            if let Ok(full) = self.full_name(kind.depth, "", entry) {
                let full = match arguments(entry) {
                    Some(types) => full.taking(types),
                    None => full,
                };
                self.add(kind.word, entry.name(), &full);
            }
        }
    }

    /// Whether this resource has the object.
    pub fn owns(&self, kind: &'static str, name: &FullName) -> bool {
        self.entries.get(&(kind, name.name().clone())) == Some(name)
            || (!self.others.is_empty() && self.others.contains(&(kind, name.clone())))
    }

    /// The objects of this resource with a name, whatever their arguments.
    pub fn overloads<'a>(&'a self, kind: &'static str, name: &FullName) -> impl Iterator<Item = &'a Target> {
        let begin = format!("{name}(");
        let first = Target::new(kind, begin.clone());
        self.called
            .range(first..)
            .take_while(move |target| target.kind == kind && target.name.starts_with(&begin))
    }

    /// The object that a name stands for, when it is of one of these kinds: an entry by its local name, else an object
    /// beside the one that names it (`from`), or where its own path says.
    pub fn resolve(
        &self,
        kinds: &[&'static str],
        text: &str,
        from: &FullName,
        path: &str,
    ) -> Result<(FullName, Option<Target>), Fault> {
        let parts =
            parse_path(text).map_err(|error| Fault::Refused(format!("spec.{path}: {text:?}: {error}")))?;
        if let [local] = parts.as_slice() {
            let entry =
                kinds.iter().find_map(|kind| Some((*kind, self.entries.get(&(*kind, local.clone()))?)));
            if let Some((kind, full)) = entry {
                return Ok((full.clone(), Some(Target::new(kind, full.text()))));
            }
        }
        let full = beside(&parts, from).ok_or_else(|| {
            Fault::Refused(format!("spec.{path}: {text:?} has more parts than database.schema.name"))
        })?;
        let kind = kinds.iter().find(|kind| self.owns(kind, &full)).or(kinds.first());
        let target = kind.map(|kind| Target::new(kind, full.text()));
        Ok((full, target))
    }
}

/// A path, completed by where the object that it stands in lies.
pub(super) fn beside(parts: &[Ident], from: &FullName) -> Option<FullName> {
    let (database, schema) = (from.path().first()?, from.path().get(1));
    let full = match (parts, schema) {
        ([own], Some(schema)) => FullName::of([database, schema, own].map(Clone::clone)),
        ([schema, own], _) => FullName::of([database, schema, own].map(Clone::clone)),
        ([database, schema, own], _) => FullName::of([database, schema, own].map(Clone::clone)),
        _ => return None,
    };
    Some(full)
}
