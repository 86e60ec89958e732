//! The other custom resources: who refers to what, and who claims which object.
//!
//! Fed by the watches before anything is reconciled, or by manifests.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::{
    managed::{Claim, Managed, Peers, key_of},
    session::ConnectionKey,
};
use crate::{
    api::{ManagementPolicy, ResourceMonitor, SnowflakeWarehouse},
    plan::Target,
};

type Key = (String, String);

/// An index over the resources of all kinds. Everything is keyed by namespace and name.
#[derive(Debug, Default)]
pub struct Index(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By kind of resource, then namespace and name.
    claims: HashMap<&'static str, HashMap<Key, Claimed>>,
    /// Who claims an object: kind of resource, namespace and name.
    by_object: HashMap<Object, HashSet<(&'static str, Key)>>,
    by_connection: HashMap<ConnectionKey, BTreeMap<&'static str, HashSet<Key>>>,
    monitors: HashMap<Key, Arc<ResourceMonitor>>,
    /// The warehouses that refer to a monitor.
    referring: HashMap<Key, BTreeMap<Key, Arc<SnowflakeWarehouse>>>,
    accounts: HashMap<ConnectionKey, String>,
}

#[derive(Debug)]
struct Claimed {
    uid: Box<str>,
    created: i64,
    /// The objects that it wants.
    objects: HashMap<Object, Option<Box<str>>>,
    /// It is only looked at: no claim.
    observes: bool,
    /// The objects that are recorded as its own.
    recorded: Vec<Object>,
    connection: ConnectionKey,
}

/// Kind and name in Snowflake.
type Object = (&'static str, Arc<str>);

impl Claimed {
    /// The object's `created_on`, once it is in the record: the claim is proven.
    fn created_on(&self, object: &Object) -> Option<&str> {
        self.objects.get(object)?.as_deref()
    }
}

/// The connection that a resource names.
pub fn connection_of<K: Managed>(cr: &K) -> ConnectionKey {
    let reference = cr.common().connection_ref;
    let namespace = reference.namespace.clone().unwrap_or_else(|| key_of(cr).0.to_owned());
    ConnectionKey { namespace, name: reference.name.clone() }
}

impl Index {
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A resource is there, or has changed. True: what is recorded as its own is another object now.
    pub fn put<K: Managed>(&self, cr: &K) -> bool {
        let (namespace, name) = key_of(cr);
        let key = (namespace.to_owned(), name.to_owned());
        let mut inner = self.write();
        let before = inner.remove(K::OBJECT, &key).map(|claimed| claimed.objects);
        let Ok(targets) = cr.targets() else { return before.is_some() };
        let record = cr.status().map(|status| &status.record);
        let entries = record.map(|record| record.objects.as_slice()).unwrap_or_default();
        let recorded: HashMap<Object, &str> = entries
            .iter()
            .filter_map(|entry| {
                let kind = K::kinds().iter().find(|kind| **kind == entry.kind)?;
                Some(((*kind, entry.name.as_str().into()), entry.created_on.as_deref()?))
            })
            .collect();
        let object = |target: Target| {
            let object: Object = (target.kind, target.name.into());
            let created_on = recorded.get(&object).map(|at| Box::from(*at));
            (object, created_on)
        };
        let claimed = Claimed {
            uid: cr.meta().uid.as_deref().unwrap_or_default().into(),
            created: cr.meta().creation_timestamp.as_ref().map_or(i64::MAX, |time| time.0.as_second()),
            objects: targets.into_iter().map(object).collect(),
            observes: cr.common().management_policy == ManagementPolicy::Observe,
            recorded: recorded.keys().cloned().collect(),
            connection: connection_of(cr),
        };
        let another = before.is_none_or(|before| before != claimed.objects);
        inner.insert(K::OBJECT, key, claimed);
        another
    }

    /// A resource is gone.
    pub fn remove<K: Managed>(&self, namespace: &str, name: &str) {
        self.write().remove(K::OBJECT, &(namespace.to_owned(), name.to_owned()));
    }

    /// The connection that a resource names.
    pub fn connection_of<K: Managed>(&self, namespace: &str, name: &str) -> Option<ConnectionKey> {
        let inner = self.read();
        let claimed = inner.claims.get(K::OBJECT)?.get(&(namespace.to_owned(), name.to_owned()))?;
        Some(claimed.connection.clone())
    }

    /// The other resources that claim an object of this one.
    pub fn rivals<K: Managed>(&self, namespace: &str, name: &str) -> Vec<(&'static str, Key)> {
        let (inner, own) = (self.read(), (K::OBJECT, (namespace.to_owned(), name.to_owned())));
        let claimed = inner.claims.get(own.0).and_then(|claims| claims.get(&own.1));
        let objects = claimed.into_iter().flat_map(|claimed| claimed.objects.keys());
        let all = objects.filter_map(|object| inner.by_object.get(object)).flatten();
        let others: HashSet<_> = all.filter(|key| **key != own).cloned().collect();
        others.into_iter().collect()
    }

    /// A monitor is there, or has changed: others refer to it.
    pub fn put_monitor(&self, monitor: Arc<ResourceMonitor>) {
        let (namespace, name) = key_of(&*monitor);
        let key = (namespace.to_owned(), name.to_owned());
        self.write().monitors.insert(key, monitor);
    }
    pub fn remove_monitor(&self, namespace: &str, name: &str) {
        self.write().monitors.remove(&(namespace.to_owned(), name.to_owned()));
    }

    /// A warehouse is there, or has changed: it may refer to a monitor. The monitors that it refers to now, and
    /// referred to before.
    pub fn put_warehouse(&self, warehouse: &Arc<SnowflakeWarehouse>) -> Vec<Key> {
        let (namespace, name) = key_of(&**warehouse);
        let key = (namespace.to_owned(), name.to_owned());
        let mut inner = self.write();
        let mut concerned = inner.unrefer(&key);
        if let Some(reference) = &warehouse.spec.resource_monitor_ref {
            let monitor =
                (reference.namespace.clone().unwrap_or_else(|| namespace.to_owned()), reference.name.clone());
            inner.referring.entry(monitor.clone()).or_default().insert(key, warehouse.clone());
            if !concerned.contains(&monitor) {
                concerned.push(monitor);
            }
        }
        concerned
    }
    /// The monitors that it referred to.
    pub fn remove_warehouse(&self, namespace: &str, name: &str) -> Vec<Key> {
        self.write().unrefer(&(namespace.to_owned(), name.to_owned()))
    }

    /// A connection is open: its account is known.
    pub fn put_account(&self, connection: ConnectionKey, account: String) {
        self.write().accounts.insert(connection, account);
    }

    /// How many resources refer to a connection, by kind of object.
    pub fn users_of(&self, connection: &ConnectionKey) -> Vec<(&'static str, Key)> {
        let inner = self.read();
        let by_kind = inner.by_connection.get(connection).into_iter().flatten();
        by_kind.flat_map(|(kind, keys)| keys.iter().map(|key| (*kind, key.clone()))).collect()
    }
}

impl Inner {
    fn insert(&mut self, kind: &'static str, key: Key, claimed: Claimed) {
        for object in claimed.objects.keys() {
            self.by_object.entry(object.clone()).or_default().insert((kind, key.clone()));
        }
        let by_kind = self.by_connection.entry(claimed.connection.clone()).or_default();
        by_kind.entry(kind).or_default().insert(key.clone());
        self.claims.entry(kind).or_default().insert(key, claimed);
    }

    fn remove(&mut self, kind: &'static str, key: &Key) -> Option<Claimed> {
        let old = self.claims.get_mut(kind)?.remove(key)?;
        let own = (kind, key.clone());
        for object in old.objects.keys() {
            if let Some(keys) = self.by_object.get_mut(object) {
                keys.remove(&own);
                if keys.is_empty() {
                    self.by_object.remove(object);
                }
            }
        }
        if let Some(keys) = self.by_connection.get_mut(&old.connection).and_then(|kinds| kinds.get_mut(kind))
        {
            keys.remove(key);
        }
        Some(old)
    }

    fn unrefer(&mut self, warehouse: &Key) -> Vec<Key> {
        let mut concerned = vec![];
        self.referring.retain(|monitor, warehouses| {
            if warehouses.remove(warehouse).is_some() {
                concerned.push(monitor.clone());
            }
            !warehouses.is_empty()
        });
        concerned
    }
}

impl Peers for Index {
    fn monitor(&self, namespace: &str, name: &str) -> Option<Arc<ResourceMonitor>> {
        self.read().monitors.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }
    fn account_monitor(&self, account: &str) -> Option<(String, String)> {
        let inner = self.read();
        let wants = |monitor: &ResourceMonitor| {
            let common = monitor.spec.common();
            monitor.spec.account_level == Some(true)
                && !common.suspend
                && common.management_policy == ManagementPolicy::Full
                && monitor.metadata.deletion_timestamp.is_none()
                && inner.accounts.get(&connection_of(monitor)).is_some_and(|name| name == account)
        };
        let rank = |monitor: &ResourceMonitor| {
            let created = monitor.metadata.creation_timestamp.as_ref().map(|time| time.0.as_second());
            (created, monitor.metadata.uid.clone())
        };
        let all = inner.monitors.iter().filter(|(_, monitor)| wants(monitor));
        all.min_by_key(|(key, monitor)| (rank(monitor), *key)).map(|(key, _)| key.clone())
    }
    fn warehouses_of(&self, namespace: &str, name: &str) -> Vec<Arc<SnowflakeWarehouse>> {
        let inner = self.read();
        let all = inner.referring.get(&(namespace.to_owned(), name.to_owned()));
        all.map(|warehouses| warehouses.values().cloned().collect()).unwrap_or_default()
    }
    fn account_of(&self, connection: &ConnectionKey) -> Option<String> {
        self.read().accounts.get(connection).cloned()
    }
    fn identity(&self, object: &Target, account: &str) -> Option<String> {
        let inner = self.read();
        let object: Object = (object.kind, object.name.as_str().into());
        let of_account = |claimed: &&Claimed| {
            !claimed.observes && inner.accounts.get(&claimed.connection).is_some_and(|name| name == account)
        };
        let mut claimed = inner.claimants(&object).map(|(_, claimed)| claimed).filter(of_account);
        claimed.find_map(|claimed| claimed.created_on(&object).map(str::to_owned))
    }
    fn wanted(&self, object: &Target, account: &str) -> bool {
        let inner = self.read();
        let object: Object = (object.kind, object.name.as_str().into());
        let of_account = |claimed: &Claimed| {
            !claimed.observes && inner.accounts.get(&claimed.connection).is_some_and(|name| name == account)
        };
        inner.claimants(&object).any(|(_, claimed)| of_account(claimed))
    }
    fn rival(&self, claim: &Claim<'_>) -> Option<String> {
        let inner = self.read();
        let object: Object = (claim.object.kind, claim.object.name.as_str().into());
        if inner.by_object.get(&object)?.len() < 2 {
            return None;
        }
        let rank = |(key, other): (&Key, &Claimed)| {
            // A connection that is not open yet may lead to the same account.
            let same = inner.accounts.get(&other.connection).is_none_or(|account| account == claim.account);
            let unproven = other.created_on(&object).is_none();
            (same && !other.observes).then(|| ((unproven, other.created, other.uid.clone()), key.clone()))
        };
        let (_, (namespace, name)) = inner.claimants(&object).filter_map(rank).min()?;
        ((namespace.as_str(), name.as_str()) != claim.by).then(|| format!("{namespace}/{name}"))
    }
    fn recorded(&self, kind: &'static str, connection: &ConnectionKey) -> Vec<String> {
        let inner = self.read();
        let users = inner.by_connection.get(connection).into_iter().flatten();
        let claimed = users.flat_map(|(of, keys)| {
            let claims = inner.claims.get(of);
            keys.iter().filter_map(move |key| claims?.get(key))
        });
        let recorded = claimed.flat_map(|claimed| claimed.recorded.iter());
        recorded.filter(|(of, _)| *of == kind).map(|(_, name)| name.to_string()).collect()
    }
}

impl Inner {
    /// Who claims an object.
    fn claimants(&self, object: &Object) -> impl Iterator<Item = (&Key, &Claimed)> {
        let keys = self.by_object.get(object).into_iter().flatten();
        keys.filter_map(|(kind, key)| Some((key, self.claims.get(kind)?.get(key)?)))
    }
}
