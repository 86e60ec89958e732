//! Which object a name stands for, and what every object has.

use super::access::Access;
use super::answer::{display_of, quoted};
use super::grants::Securable;
use super::store::{Head, Id, Object, Store};
use super::{Account, Plain};
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::kind::Place;
use crate::sql::{ObjectKind, Path};

/// The kinds that INTEGRATION stands for.
pub(crate) const INTEGRATIONS: [ObjectKind; 2] =
    [ObjectKind::CatalogIntegration, ObjectKind::NotificationIntegration];

impl Account {
    pub(crate) fn role_id(&self, name: &str) -> Result<Id, SqlError> {
        self.roles.id(name).ok_or_else(|| SqlError::absent("Role", quoted(name)))
    }

    /// The object that a statement names, when the role sees it.
    pub(crate) fn securable(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Securable, SqlError> {
        let absent = || SqlError::absent(kind.noun(), display_of(kind, path));
        let single = || path.last().filter(|_| path.len() == 1).ok_or_else(absent);
        let visible = |on: Option<Securable>| on.filter(|on| self.sees(access, *on)).ok_or_else(absent);
        match kind {
            ObjectKind::Account | ObjectKind::Session => Ok(Securable::Account),
            ObjectKind::Warehouse => self.warehouse_id(access, path).map(Securable::Warehouse),
            ObjectKind::ResourceMonitor => self.monitor_id(access, path).map(Securable::ResourceMonitor),
            ObjectKind::Database => {
                self.database(access, single()?).map(|database| Securable::Database(database.head.id))
            }
            ObjectKind::DatabaseRole => {
                let place = self.schema_place(context, access, path).map_err(|error| match path.len() {
                    1 | 2 => error,
                    _ => absent(),
                })?;
                let holder = self.databases.by_id(place.database);
                let id = holder.and_then(|holder| holder.roles.id(&place.name));
                visible(id.map(|id| Securable::DatabaseRole(place.database, id)))
            }
            ObjectKind::Schema => {
                self.schema_id(context, access, path).map(|(database, id)| Securable::Schema(database, id))
            }
            ObjectKind::Role => self.roles.id(single()?).map(Securable::Role).ok_or_else(absent),
            ObjectKind::User => self.users.id(single()?).map(Securable::User).ok_or_else(absent),
            ObjectKind::Table | ObjectKind::InteractiveTable | ObjectKind::Tag => {
                let (place, name) = self.in_schema(context, access, path)?;
                let holder = self.schema(place)?;
                visible(match kind {
                    ObjectKind::Tag => {
                        holder.tags_here.id(&name).map(|id| Securable::Tag(place.0, place.1, id))
                    }
                    _ => holder
                        .tables
                        .get(&name)
                        .filter(|table| kind == ObjectKind::Table || table.interactive)
                        .map(|table| Securable::Table(place.0, place.1, table.head.id)),
                })
            }
            ObjectKind::Integration => {
                let found = INTEGRATIONS.into_iter().find_map(|kind| {
                    let id = self.plain.get(&kind)?.id(single().ok()?)?;
                    Some(Securable::Plain(kind, id))
                });
                visible(found)
            }
            kind if kind.place() == Place::Schema => {
                let (place, name) = self.in_schema(context, access, path)?;
                let id = self.schema(place)?.plain.get(&kind).and_then(|store| store.id(&name));
                visible(id.map(|id| Securable::Inside(kind, place.0, place.1, id)))
            }
            kind => {
                let id = self.plain.get(&kind).and_then(|store| store.id(single().ok()?));
                visible(id.map(|id| Securable::Plain(kind, id)))
            }
        }
    }

    /// The parts of an object's full name.
    pub(crate) fn path_of(&self, on: Securable) -> Path {
        let name = |on: Securable| self.head_at(on).map(|head| head.name.clone()).unwrap_or_default();
        let mut path = Vec::new();
        if let Some(database) = on.database() {
            path.push(name(Securable::Database(database)));
        }
        if let Some((database, schema)) = on.schema() {
            path.push(name(Securable::Schema(database, schema)));
        }
        if !matches!(on, Securable::Database(_) | Securable::Schema(..)) {
            path.push(name(on));
        }
        path
    }

    pub(crate) fn name_of(&self, on: Securable) -> String {
        match on {
            Securable::Account => self.locator.clone(),
            on => display_of(on.kind(), &self.path_of(on)),
        }
    }

    /// The kind of an object: a table may be an interactive one.
    pub(crate) fn kind_of(&self, on: Securable) -> ObjectKind {
        match on {
            Securable::Table(database, schema, id)
                if self
                    .schema((database, schema))
                    .ok()
                    .and_then(|schema| schema.tables.by_id(id))
                    .is_some_and(|table| table.interactive) =>
            {
                ObjectKind::InteractiveTable
            }
            on => on.kind(),
        }
    }

    /// The head of any object.
    pub(crate) fn head_at(&self, on: Securable) -> Option<&Head> {
        fn of<T: Object>(store: &Store<T>, id: Id) -> Option<&Head> {
            store.by_id(id).map(Object::head)
        }
        let schema = |place: (Id, Id)| self.databases.by_id(place.0)?.schemas.by_id(place.1);
        match on {
            Securable::Account => None,
            Securable::Warehouse(id) => of(&self.warehouses, id),
            Securable::ResourceMonitor(id) => of(&self.monitors, id),
            Securable::Database(id) => of(&self.databases, id),
            Securable::Role(id) => of(&self.roles, id),
            Securable::User(id) => of(&self.users, id),
            Securable::Plain(kind, id) => of(self.plain.get(&kind)?, id),
            Securable::Schema(database, id) => of(&self.databases.by_id(database)?.schemas, id),
            Securable::DatabaseRole(database, id) => of(&self.databases.by_id(database)?.roles, id),
            Securable::Table(database, within, id) => of(&schema((database, within))?.tables, id),
            Securable::Tag(database, within, id) => of(&schema((database, within))?.tags_here, id),
            Securable::Inside(kind, database, within, id) => {
                of(schema((database, within))?.plain.get(&kind)?, id)
            }
        }
    }

    /// The head of any object, to change it.
    pub(crate) fn head_of(&mut self, on: Securable) -> Option<&mut Head> {
        fn of<T: Object>(store: &mut Store<T>, id: Id) -> Option<&mut Head> {
            store.by_id_mut(id).map(Object::head_mut)
        }
        if let Some(place) = on.schema()
            && !matches!(on, Securable::Schema(..))
        {
            let schema = self.databases.by_id_mut(place.0)?.schemas.by_id_mut(place.1)?;
            return match on {
                Securable::Table(_, _, id) => of(&mut schema.tables, id),
                Securable::Tag(_, _, id) => of(&mut schema.tags_here, id),
                Securable::Inside(kind, _, _, id) => of(schema.plain.get_mut(&kind)?, id),
                _ => None,
            };
        }
        match on {
            Securable::Warehouse(id) => of(&mut self.warehouses, id),
            Securable::ResourceMonitor(id) => of(&mut self.monitors, id),
            Securable::Database(id) => of(&mut self.databases, id),
            Securable::Role(id) => of(&mut self.roles, id),
            Securable::User(id) => of(&mut self.users, id),
            Securable::Plain(kind, id) => of(self.plain.get_mut(&kind)?, id),
            Securable::Schema(database, id) => of(&mut self.databases.by_id_mut(database)?.schemas, id),
            Securable::DatabaseRole(database, id) => of(&mut self.databases.by_id_mut(database)?.roles, id),
            _ => None,
        }
    }

    /// A schema goes to another database: what speaks of it and of what is in it follows.
    pub(crate) fn readdress(&mut self, place: (Id, Id), to: Id) {
        for on in self.everything() {
            if on.schema() == Some(place) {
                self.grants.move_object(on, on.in_database(to));
            }
        }
        let follow = |on: &mut Securable| {
            if on.schema() == Some(place) {
                *on = on.in_database(to);
            }
        };
        self.future.iter_mut().for_each(|grant| follow(&mut grant.within));
        self.inherited.iter_mut().for_each(|grant| follow(&mut grant.within));
        self.attached.iter_mut().for_each(|it| follow(&mut it.policy));
        self.follow_bases(|on| if on.schema() == Some(place) { on.in_database(to) } else { on });
        self.users.iter_mut().for_each(|user| user.policies.values_mut().for_each(follow));
    }

    /// Every object that has an owner, or may have one.
    pub(crate) fn everything(&self) -> Vec<Securable> {
        let mut found: Vec<Securable> = Vec::new();
        found.extend(self.warehouses.iter().map(|it| Securable::Warehouse(it.head.id)));
        found.extend(self.monitors.iter().map(|it| Securable::ResourceMonitor(it.head.id)));
        found.extend(self.roles.iter().map(|it| Securable::Role(it.head.id)));
        found.extend(self.users.iter().map(|it| Securable::User(it.head.id)));
        let plain = |(kind, store): (&ObjectKind, &Store<Plain>)| -> Vec<(ObjectKind, Id)> {
            store.iter().map(|it| (*kind, it.head.id)).collect()
        };
        found.extend(self.plain.iter().flat_map(plain).map(|(kind, id)| Securable::Plain(kind, id)));
        for database in self.databases.iter() {
            let here = database.head.id;
            found.push(Securable::Database(here));
            found.extend(database.roles.iter().map(|it| Securable::DatabaseRole(here, it.head.id)));
            for schema in database.schemas.iter() {
                let within = schema.head.id;
                found.push(Securable::Schema(here, within));
                found.extend(schema.tables.iter().map(|it| Securable::Table(here, within, it.head.id)));
                found.extend(schema.tags_here.iter().map(|it| Securable::Tag(here, within, it.head.id)));
                let inside = schema.plain.iter().flat_map(plain);
                found.extend(inside.map(|(kind, id)| Securable::Inside(kind, here, within, id)));
            }
        }
        found
    }
}
