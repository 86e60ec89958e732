//! Who was granted what, on what, by whom.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::store::Id;
use crate::sql::ObjectKind;

/// What a privilege can be granted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Securable {
    Account,
    Warehouse(Id),
    ResourceMonitor(Id),
    Database(Id),
    /// Database and schema.
    Schema(Id, Id),
    /// Database, schema and table.
    Table(Id, Id, Id),
    /// Database, schema and tag.
    Tag(Id, Id, Id),
    Role(Id),
    User(Id),
    /// Database and database role.
    DatabaseRole(Id, Id),
    /// A network policy, a share and their like.
    Plain(ObjectKind, Id),
    /// A stage, a policy and their like: kind, database, schema and object.
    Inside(ObjectKind, Id, Id, Id),
}

impl Securable {
    pub(crate) fn kind(self) -> ObjectKind {
        match self {
            Self::Account => ObjectKind::Account,
            Self::Warehouse(_) => ObjectKind::Warehouse,
            Self::ResourceMonitor(_) => ObjectKind::ResourceMonitor,
            Self::Database(_) => ObjectKind::Database,
            Self::Schema(..) => ObjectKind::Schema,
            Self::Table(..) => ObjectKind::Table,
            Self::Tag(..) => ObjectKind::Tag,
            Self::Role(_) => ObjectKind::Role,
            Self::User(_) => ObjectKind::User,
            Self::DatabaseRole(..) => ObjectKind::DatabaseRole,
            Self::Plain(kind, _) | Self::Inside(kind, ..) => kind,
        }
    }

    /// The same schema, or object of a schema, at another database.
    pub(crate) fn in_database(self, to: Id) -> Self {
        match self {
            Self::Schema(_, id) => Self::Schema(to, id),
            Self::Table(_, schema, id) => Self::Table(to, schema, id),
            Self::Tag(_, schema, id) => Self::Tag(to, schema, id),
            Self::Inside(kind, _, schema, id) => Self::Inside(kind, to, schema, id),
            other => other,
        }
    }

    /// The database that it is in, or is.
    pub(crate) fn database(self) -> Option<Id> {
        match self {
            Self::Database(id)
            | Self::Schema(id, _)
            | Self::Table(id, ..)
            | Self::Tag(id, ..)
            | Self::DatabaseRole(id, _)
            | Self::Inside(_, id, ..) => Some(id),
            _ => None,
        }
    }

    /// The schema that it is in, or is.
    pub(crate) fn schema(self) -> Option<(Id, Id)> {
        match self {
            Self::Schema(database, id)
            | Self::Table(database, id, _)
            | Self::Tag(database, id, _)
            | Self::Inside(_, database, id, _) => Some((database, id)),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grantee {
    /// A role or a database role: their numbers differ.
    Role(Id),
    User(Id),
    Share(Id),
    /// The number of the application's database.
    Application(Id),
}

/// One privilege. A role's membership in another, or a user's in a role, is USAGE on the role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub on: Securable,
    pub privilege: String,
    pub to: Grantee,
    pub with_grant_option: bool,
    /// None: the system.
    pub by: Option<Id>,
    pub created_on: i64,
}

/// A privilege on what will be created in a database or a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FutureGrant {
    /// Database or schema.
    pub within: Securable,
    /// `TABLES`, `SCHEMAS`, …
    pub plural: String,
    pub privilege: String,
    pub to: Id,
    pub with_grant_option: bool,
    pub created_on: i64,
}

/// A privilege on all that is in a container at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InheritedGrant {
    /// Account, database or schema.
    pub within: Securable,
    pub kind: ObjectKind,
    pub privilege: String,
    pub to: Id,
    pub by: Option<Id>,
    pub created_on: i64,
}

impl InheritedGrant {
    /// Is an object of this kind among those that it covers?
    pub(crate) fn covers(&self, on: Securable, kind: ObjectKind) -> bool {
        self.kind == kind
            && match self.within {
                Securable::Account => true,
                Securable::Database(id) => on.database() == Some(id) && on != self.within,
                Securable::Schema(database, id) => on.schema() == Some((database, id)) && on != self.within,
                _ => false,
            }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    on: BTreeMap<Securable, BTreeMap<(Grantee, String), Grant>>,
    to: BTreeMap<Grantee, BTreeSet<(Securable, String)>>,
}

impl Grants {
    /// Gives a privilege; an earlier grant of it keeps its date and gains the grant option.
    pub(crate) fn put(&mut self, mut grant: Grant) {
        let key = (grant.to, grant.privilege.clone());
        self.to.entry(grant.to).or_default().insert((grant.on, grant.privilege.clone()));
        let of_object = self.on.entry(grant.on).or_default();
        if let Some(before) = of_object.get(&key) {
            grant.created_on = before.created_on;
            grant.with_grant_option |= before.with_grant_option;
        }
        of_object.insert(key, grant);
    }

    pub(crate) fn get(&self, on: Securable, to: Grantee, privilege: &str) -> Option<&Grant> {
        self.on.get(&on)?.get(&(to, privilege.to_owned()))
    }

    pub(crate) fn get_mut(&mut self, on: Securable, to: Grantee, privilege: &str) -> Option<&mut Grant> {
        self.on.get_mut(&on)?.get_mut(&(to, privilege.to_owned()))
    }

    pub(crate) fn remove(&mut self, on: Securable, to: Grantee, privilege: &str) -> Option<Grant> {
        let of_object = self.on.get_mut(&on)?;
        let grant = of_object.remove(&(to, privilege.to_owned()))?;
        if of_object.is_empty() {
            self.on.remove(&on);
        }
        if let Some(held) = self.to.get_mut(&to) {
            held.remove(&(on, privilege.to_owned()));
            if held.is_empty() {
                self.to.remove(&to);
            }
        }
        Some(grant)
    }

    /// An object has gone: so have the privileges on it.
    pub(crate) fn forget_object(&mut self, on: Securable) {
        let keys: Vec<_> = self.on(on).map(|grant| (grant.to, grant.privilege.clone())).collect();
        for (to, privilege) in keys {
            self.remove(on, to, &privilege);
        }
    }

    /// An object has another address now; its grants stay.
    pub(crate) fn move_object(&mut self, from: Securable, to: Securable) {
        let grants: Vec<Grant> = self.on(from).cloned().collect();
        self.forget_object(from);
        for grant in grants {
            self.put(Grant { on: to, ..grant });
        }
    }

    /// A role or a user has gone: so have the privileges it held.
    pub(crate) fn forget_grantee(&mut self, to: Grantee) {
        let held: Vec<_> = self.to.get(&to).into_iter().flatten().cloned().collect();
        for (on, privilege) in held {
            self.remove(on, to, &privilege);
        }
    }

    pub(crate) fn on(&self, on: Securable) -> impl Iterator<Item = &Grant> {
        self.on.get(&on).into_iter().flat_map(BTreeMap::values)
    }

    pub(crate) fn to(&self, to: Grantee) -> impl Iterator<Item = &Grant> {
        self.to.get(&to).into_iter().flatten().filter_map(move |(on, privilege)| self.get(*on, to, privilege))
    }

    /// The roles and database roles that were granted directly.
    pub(crate) fn roles_of(&self, to: Grantee) -> impl Iterator<Item = Id> {
        let from = [Securable::Role(Id(0)), Securable::DatabaseRole(Id(0), Id(0))];
        let last = Id(u64::MAX);
        let until = [Securable::Role(last), Securable::DatabaseRole(last, last)];
        let held = self.to.get(&to).into_iter();
        held.flat_map(move |held| {
            from.into_iter().zip(until).flat_map(move |(from, until)| {
                held.range((from, String::new())..=(until, String::from("\u{10FFFF}")))
            })
        })
        .filter_map(|(on, privilege)| match on {
            Securable::Role(id) | Securable::DatabaseRole(_, id) if privilege == "USAGE" => Some(*id),
            _ => None,
        })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Grant> {
        self.on.values().flat_map(BTreeMap::values)
    }
}

impl Serialize for Grants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.all())
    }
}

impl<'de> Deserialize<'de> for Grants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut grants = Self::default();
        for grant in Vec::<Grant>::deserialize(deserializer)? {
            grants.put(grant);
        }
        Ok(grants)
    }
}
