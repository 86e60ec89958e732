//! Objects that are known by name, owner and properties alone.

mod describe;
mod policies;
mod show;

pub(crate) use policies::{Attached, REFERENCES};
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::alert::Alert;
use super::answer::{display, executed, status};
use super::grants::Securable;
use super::routine::Routine;
use super::store::{Head, Id, Object, Store};
use super::task::Task;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::kind::Place;
use crate::sql::plain::{AlterPlain, CreatePlain, PlainAction};
use crate::sql::property::{Setting, Value};
use crate::sql::{How, ObjectKind, Path};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plain {
    pub head: Head,
    /// What was set, by name: one value, or those of a list.
    pub properties: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub tags: BTreeMap<Id, String>,
    #[serde(default)]
    pub(crate) detail: Detail,
}

/// What an object of a kind has beyond its properties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Detail {
    #[default]
    None,
    Task(Box<Task>),
    Alert(Box<Alert>),
    Routine(Box<Routine>),
    /// Of views, materialized views, dynamic tables and search services.
    View(Box<super::View>),
    /// Of policies on data.
    Policy(Box<super::Rule>),
}

impl Object for Plain {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

impl Plain {
    pub(crate) fn new(head: Head) -> Self {
        Self { head, properties: BTreeMap::new(), tags: BTreeMap::new(), detail: Detail::None }
    }

    pub(crate) fn view(&self) -> Option<&super::View> {
        match &self.detail {
            Detail::View(view) => Some(view),
            _ => None,
        }
    }

    pub(crate) fn view_mut(&mut self) -> Option<&mut super::View> {
        match &mut self.detail {
            Detail::View(view) => Some(view),
            _ => None,
        }
    }

    pub(crate) fn policy(&self) -> Option<&super::Rule> {
        match &self.detail {
            Detail::Policy(rule) => Some(rule),
            _ => None,
        }
    }

    pub(crate) fn policy_mut(&mut self) -> Option<&mut super::Rule> {
        match &mut self.detail {
            Detail::Policy(rule) => Some(rule),
            _ => None,
        }
    }

    /// The single value of a property.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.first().map(String::as_str)
    }

    /// How many values a list has.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.properties.get(name).map_or(0, Vec::len)
    }

    pub(crate) fn set(&mut self, settings: &[Setting]) {
        for Setting { property, value } in settings {
            let values = match value {
                Value::Text(text) if property.name == "COMMENT" => {
                    text.clone_into(&mut self.head.comment);
                    continue;
                }
                // A credential is never shown, and not kept.
                Value::Text(_) if property.name == "CREDENTIALS" => vec!["set".into()],
                Value::Names(names) => names.clone(),
                value => super::Stored::from(value).cell().into_iter().collect(),
            };
            self.properties.insert(property.name.to_owned(), values);
        }
    }
}

/// The privilege that CREATE needs.
fn to_create(kind: ObjectKind) -> String {
    match kind {
        ObjectKind::CatalogIntegration | ObjectKind::NotificationIntegration => "CREATE INTEGRATION".into(),
        kind => format!("CREATE {}", kind.singular()),
    }
}

impl Account {
    /// The objects of a kind, on the account or in a schema.
    pub(crate) fn plain_in(&self, kind: ObjectKind, place: Option<(Id, Id)>) -> Option<&Store<Plain>> {
        match place {
            Some(place) => self.schema(place).ok()?.plain.get(&kind),
            None => self.plain.get(&kind),
        }
    }

    pub(crate) fn plain_at(&self, on: Securable) -> Option<&Plain> {
        let (Securable::Plain(kind, id) | Securable::Inside(kind, _, _, id)) = on else { return None };
        self.plain_in(kind, on.schema())?.by_id(id)
    }

    pub(crate) fn plain_mut(&mut self, on: Securable) -> Result<&mut Plain, SqlError> {
        let (Securable::Plain(kind, id) | Securable::Inside(kind, _, _, id)) = on else {
            return Err(SqlError::impossible());
        };
        self.plain_in_mut(kind, on.schema())?.by_id_mut(id).ok_or_else(SqlError::impossible)
    }

    pub(crate) fn plain_in_mut(
        &mut self,
        kind: ObjectKind,
        place: Option<(Id, Id)>,
    ) -> Result<&mut Store<Plain>, SqlError> {
        Ok(match place {
            Some(place) => self.schema_mut(place)?.plain.entry(kind).or_default(),
            None => self.plain.entry(kind).or_default(),
        })
    }

    /// Where an object of this kind and name is, or would be.
    fn plain_place(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &Path,
    ) -> Result<(Option<(Id, Id)>, String), SqlError> {
        if kind.place() == Place::Schema {
            return self.in_schema(context, access, path).map(|(place, name)| (Some(place), name));
        }
        match path.as_slice() {
            [name] => Ok((None, name.clone())),
            _ => Err(SqlError::absent(kind.noun(), display(path))),
        }
    }

    pub(crate) fn create_plain(
        &mut self,
        context: &Context,
        create: &CreatePlain,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let kind = create.kind;
        let (place, name) = self.plain_place(context, &access, kind, &create.path)?;
        match place {
            Some(place) => {
                self.may_create_in(&access, Securable::Schema(place.0, place.1), &to_create(kind))?;
            }
            None => self.need_global(&access, &to_create(kind))?,
        }
        let on = |id: Id| match place {
            Some(place) => Securable::Inside(kind, place.0, place.1, id),
            None => Securable::Plain(kind, id),
        };
        if let Some(place) = place.filter(|_| kind == ObjectKind::EventTable) {
            self.relation_before(place, &name, kind, create.how)?;
        }
        let before = self.plain_in(kind, place).and_then(|store| store.id(&name));
        if let Some(id) = before {
            match create.how {
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrReplace => self.need(&access, on(id), &[])?,
                _ => return Err(SqlError::exists(display(&create.path))),
            }
        }
        let mut made = Plain::new(self.head(&name, &access, now));
        made.set(&create.settings);
        self.staged(context, &access, create, place, &mut made)?;
        if let Some(id) = before {
            self.plain_in_mut(kind, place)?.remove(id);
            self.forget(on(id));
        }
        let id = made.head.id;
        self.plain_in_mut(kind, place)?.put(made);
        self.grant_future(on(id), now);
        Ok(status(format!("{} {name} successfully created.", kind.noun())))
    }

    pub(crate) fn alter_plain(&mut self, context: &Context, alter: &AlterPlain) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, alter.kind, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        let needs: &[&str] = match (&alter.action, alter.kind) {
            (PlainAction::Refresh | PlainAction::Suspend(..), _) => &["OPERATE"],
            (PlainAction::Set(settings), ObjectKind::Pipe)
                if settings.iter().all(|it| it.property.name == "PIPE_EXECUTION_PAUSED") =>
            {
                &["OPERATE"]
            }
            _ => &[],
        };
        self.need(&access, on, needs)?;
        let Some(id) = self.head_at(on).map(|head| head.id) else { return Err(SqlError::impossible()) };
        let place = on.schema();
        match &alter.action {
            PlainAction::RenameTo(to) => {
                let (there, name) = self.plain_place(context, &access, alter.kind, to)?;
                if there != place {
                    return Err(SqlError::unsupported("RENAME to another schema"));
                }
                let store = self.plain_in_mut(on.kind(), place)?;
                if store.id(&name).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(display(to)));
                }
                store.rename(id, &name);
            }
            PlainAction::SetTags(tags) => {
                let values = self.tag_values(context, &access, tags)?;
                self.plain_mut(on)?.tags.extend(values);
            }
            PlainAction::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                self.plain_mut(on)?.tags.retain(|id, _| !ids.contains(id));
            }
            PlainAction::SetList(name, list) => {
                self.plain_mut(on)?.properties.insert((*name).to_owned(), list.clone());
            }
            PlainAction::UnsetList(name) => {
                self.plain_mut(on)?.properties.remove(*name);
            }
            PlainAction::Suspend(what, suspend) => {
                let state = if *suspend { "SUSPENDED" } else { "ACTIVE" };
                let object = self.plain_mut(on)?;
                for name in *what {
                    object.properties.insert((*name).to_owned(), vec![state.into()]);
                }
            }
            PlainAction::Refresh => {}
            PlainAction::Set(settings) => {
                self.check_altered(context, &access, on, settings)?;
                if let Some(object) = self.plain_in_mut(on.kind(), place)?.by_id_mut(id) {
                    object.set(settings);
                }
            }
            PlainAction::Unset(properties) => {
                if let Some(object) = self.plain_in_mut(on.kind(), place)?.by_id_mut(id) {
                    for property in properties {
                        object.properties.remove(property.name);
                        if property.name == "COMMENT" {
                            object.head.comment.clear();
                        }
                    }
                }
            }
        }
        Ok(executed())
    }

    /// DROP of one of these; a policy that something uses stays.
    pub(crate) fn drop_plain(&mut self, access: &Access, on: Securable, now: i64) -> Result<(), SqlError> {
        self.need(access, on, &[])?;
        self.drop_task(on, now)?;
        let Some(id) = self.head_at(on).map(|head| head.id) else { return Ok(()) };
        self.unused(on)?;
        self.not_in_use(on)?;
        self.plain_in_mut(on.kind(), on.schema())?.remove(id);
        self.forget_inside(on);
        self.forget(on);
        Ok(())
    }
}
