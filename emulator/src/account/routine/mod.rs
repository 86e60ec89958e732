//! Procedures and functions. They are kept and shown, and never run: CALL gives NULL.
//!
//! The name under which one is kept has the types of its arguments, `P(VARCHAR, NUMBER)`: overloads share the rest.

mod show;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::answer::{display, executed, quoted, status, table};
use super::grants::Securable;
use super::plain::{Detail, Plain};
use super::store::Id;
use super::warehouse::Stored;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::property::{Property, Setting, Value, value_of};
use crate::sql::routine::{Action, AlterRoutine, Argument, CallProcedure, CreateRoutine, Returns, signature};
use crate::sql::{How, ObjectKind};
pub(crate) use show::columns;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Routine {
    /// Without the types of the arguments.
    pub(crate) name: String,
    arguments: Vec<Argument>,
    returns: Returns,
    not_null: bool,
    language: String,
    strict: bool,
    immutable: bool,
    memoizable: bool,
    caller: bool,
    secure: bool,
    aggregate: bool,
    /// RUNTIME_VERSION, HANDLER, PACKAGES, …: one value, or those of a list.
    properties: BTreeMap<String, Vec<String>>,
    body: Option<String>,
    pub(crate) parameters: BTreeMap<String, Stored>,
}

impl Routine {
    fn new(create: &CreateRoutine, name: &str) -> Self {
        let mut made = Self {
            name: name.to_owned(),
            arguments: create.arguments.clone(),
            returns: create.returns.clone(),
            not_null: create.not_null,
            language: create.language.clone(),
            strict: create.strict,
            immutable: create.immutable,
            memoizable: create.memoizable,
            caller: create.caller,
            secure: create.secure,
            aggregate: create.aggregate,
            properties: BTreeMap::new(),
            body: create.body.clone(),
            parameters: BTreeMap::new(),
        };
        made.set(&create.settings);
        made
    }

    fn set(&mut self, settings: &[Setting]) {
        for Setting { property, value } in settings {
            let name = property.name.to_owned();
            match (property.name, value) {
                ("COMMENT", _) => {}
                (known, value) if Self::is_parameter(known) => {
                    self.parameters.insert(name, Stored::from(value));
                }
                (_, Value::Names(names)) => drop(self.properties.insert(name, names.clone())),
                (_, value) => {
                    self.properties.insert(name, Stored::from(value).cell().into_iter().collect());
                }
            }
        }
    }

    fn unset(&mut self, properties: &[&'static Property]) {
        for property in properties {
            self.properties.remove(property.name);
            self.parameters.remove(property.name);
        }
    }

    fn is_parameter(name: &str) -> bool {
        crate::sql::parameters::of(ObjectKind::Procedure, name).is_some()
    }

    /// The least and the most arguments.
    fn counts(&self) -> (usize, usize) {
        let needed = self.arguments.iter().filter(|argument| argument.default.is_none()).count();
        (needed, self.arguments.len())
    }
}

/// What CREATE OR ALTER does not change (docs: create-procedure, create-function); the words are a guess.
fn unaltered(old: &Routine, new: &Routine) -> Result<(), SqlError> {
    let handler = |routine: &Routine| routine.properties.get("HANDLER").cloned();
    let changed = [
        ("LANGUAGE", old.language != new.language),
        ("HANDLER", handler(old) != handler(new)),
        ("volatility", old.immutable != new.immutable),
        ("null handling", old.strict != new.strict),
    ];
    match changed.iter().find(|(_, changed)| *changed) {
        Some((what, _)) => Err(SqlError::unsupported(format!("CREATE OR ALTER with another {what}"))),
        None => Ok(()),
    }
}

impl Account {
    fn routine(&self, on: Securable) -> Result<&Routine, SqlError> {
        let Securable::Inside(kind, database, schema, id) = on else { return Err(SqlError::impossible()) };
        let found = self.plain_in(kind, Some((database, schema))).and_then(|store| store.by_id(id));
        found.and_then(Plain::routine).ok_or_else(SqlError::impossible)
    }

    fn put_routine(&mut self, on: Securable, routine: Routine) -> Result<(), SqlError> {
        let Securable::Inside(kind, database, schema, id) = on else { return Err(SqlError::impossible()) };
        if let Some(plain) = self.plain_in_mut(kind, Some((database, schema)))?.by_id_mut(id) {
            plain.detail = Detail::Routine(Box::new(routine));
        }
        Ok(())
    }

    pub(crate) fn create_routine(
        &mut self,
        context: &Context,
        create: &CreateRoutine,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let kind = create.kind;
        let (place, name) = self.in_schema(context, &access, &create.path)?;
        let key = signature(&name, create.arguments.iter().map(|argument| &argument.kind));
        let on = |id: Id| Securable::Inside(kind, place.0, place.1, id);
        let before = self.plain_in(kind, Some(place)).and_then(|store| store.id(&key));
        let created = status(format!("{} {name} successfully created.", kind.noun()));
        let routine = Routine::new(create, &name);
        let comment = value_of(&create.settings, "COMMENT").and_then(Value::text).unwrap_or_default();
        if let (Some(id), How::OrAlter) = (before, create.how) {
            self.need(&access, on(id), &[])?;
            let old = self.routine(on(id))?;
            unaltered(old, &routine)?;
            let routine = Routine { parameters: old.parameters.clone(), ..routine };
            self.put_routine(on(id), routine)?;
            if let Some(head) = self.head_of(on(id)) {
                comment.clone_into(&mut head.comment);
            }
            return Ok(created);
        }
        let privilege = format!("CREATE {}", kind.singular());
        self.may_create_in(&access, Securable::Schema(place.0, place.1), &privilege)?;
        if let Some(id) = before {
            match create.how {
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrReplace => self.need(&access, on(id), &[])?,
                _ => return Err(SqlError::exists(display(&create.path))),
            }
        }
        let tags = self.tag_values(context, &access, &create.tags)?;
        let mut head = self.head(&key, &access, now);
        comment.clone_into(&mut head.comment);
        let made = on(head.id);
        let detail = Detail::Routine(Box::new(routine));
        let plain = Plain { head, properties: BTreeMap::new(), tags, detail };
        if let Some(id) = before {
            self.plain_in_mut(kind, Some(place))?.remove(id);
            if create.copy_grants {
                self.grants.move_object(on(id), made);
            }
            self.forget(on(id));
        }
        self.plain_in_mut(kind, Some(place))?.put(plain);
        self.grant_future(made, now);
        Ok(created)
    }

    pub(crate) fn alter_routine(
        &mut self,
        context: &Context,
        alter: &AlterRoutine,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, alter.kind, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, &[])?;
        let mut routine = self.routine(on)?.clone();
        let mut comment = None;
        match &alter.action {
            Action::RenameTo(to) => {
                let (place, name) = self.in_schema(context, &access, to)?;
                if Some(place) != on.schema() {
                    return Err(SqlError::unsupported("RENAME to another schema"));
                }
                let key = signature(&name, routine.arguments.iter().map(|argument| &argument.kind));
                let id = self.head_at(on).map(|head| head.id).ok_or_else(SqlError::impossible)?;
                let store = self.plain_in_mut(alter.kind, Some(place))?;
                if store.id(&key).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(display(to)));
                }
                store.rename(id, &key);
                routine.name = name;
            }
            Action::Set(settings) => {
                routine.set(settings);
                comment = value_of(settings, "COMMENT").map(|it| it.text().unwrap_or_default().to_owned());
            }
            Action::Unset(properties) => {
                routine.unset(properties);
                comment = properties.iter().any(|it| it.name == "COMMENT").then(String::new);
            }
            Action::Secure(secure) => routine.secure = *secure,
            Action::ExecuteAs { caller } => routine.caller = *caller,
            Action::SetTags(tags) => {
                let values = self.tag_values(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.extend(values);
                }
            }
            Action::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.retain(|id, _| !ids.contains(id));
                }
            }
        }
        self.put_routine(on, routine)?;
        if let (Some(comment), Some(head)) = (comment, self.head_of(on)) {
            head.comment = comment;
        }
        Ok(executed())
    }

    /// CALL finds a procedure that takes so many arguments, wants USAGE on it, runs nothing, and gives NULL.
    pub(crate) fn call_procedure(&self, context: &Context, call: &CallProcedure) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (place, name) = self.in_schema(context, &access, &call.path)?;
        let found = self.plain_in(ObjectKind::Procedure, Some(place)).and_then(|store| {
            store.iter().find(|plain| {
                let fits = plain.routine().is_some_and(|routine| {
                    let (least, most) = routine.counts();
                    routine.name == name && (least..=most).contains(&call.arguments)
                });
                let on = Securable::Inside(ObjectKind::Procedure, place.0, place.1, plain.head.id);
                fits && self.may(&access, on, &["USAGE"])
            })
        });
        if found.is_none() {
            return Err(SqlError::new(
                2140,
                "42601",
                format!("SQL compilation error:\nUnknown function {}", quoted(&name)),
            ));
        }
        let mut rows = table(&[(name.as_str(), ColumnType::Text)]);
        rows.rows.push(vec![None]);
        Ok(rows)
    }

    pub(crate) fn describe_routine(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let on = self.securable(context, access, kind, path)?;
        Ok(show::described(self.routine(on)?, kind))
    }
}

impl Plain {
    pub(crate) fn routine(&self) -> Option<&Routine> {
        if let Detail::Routine(routine) = &self.detail { Some(routine) } else { None }
    }

    /// The name that LIKE and STARTS WITH look at.
    pub(crate) fn bare_name(&self) -> &str {
        self.routine().map_or(&self.head.name, |routine| &routine.name)
    }
}
