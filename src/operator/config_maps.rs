//! ConfigMaps that resources take texts from. Their metadata alone is watched, and only once somebody refers to one;
//! what a resource refers to is read for each of its passes, and kept no longer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt as _, future::try_join_all};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, ResourceExt,
    core::PartialObjectMeta,
    runtime::{WatchStreamExt as _, watcher},
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{context::Context, controller::key, ledger::kubernetes, wake::Key};
use crate::{
    api::CortexPipeline,
    engine::{fault::Fault, managed::Managed},
    kinds::config_maps::Found,
};

/// The versions of ConfigMaps, by name; `None`: there is none.
pub(super) type Versions = BTreeMap<String, Option<String>>;

/// Who refers to which ConfigMaps.
#[derive(Debug, Default)]
pub(super) struct ConfigMaps {
    inner: Mutex<Inner>,
    /// Somebody refers to one.
    wanted: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    /// By ConfigMap.
    readers: HashMap<Key, BTreeSet<Key>>,
    /// What a resource was last compared with.
    seen: HashMap<Key, Versions>,
}

impl ConfigMaps {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A resource refers to these, and to no others.
    pub(super) fn refer(&self, cr: &Key, names: &BTreeSet<String>) {
        let mut inner = self.lock();
        inner.readers.retain(|map, readers| {
            if map.0 != cr.0 || !names.contains(&map.1) {
                readers.remove(cr);
            }
            !readers.is_empty()
        });
        for name in names {
            inner.readers.entry((cr.0.clone(), name.clone())).or_default().insert(cr.clone());
        }
        if names.is_empty() {
            inner.seen.remove(cr);
        } else {
            self.wanted.notify_one();
        }
    }

    /// A resource was compared with these.
    pub(super) fn compared(&self, cr: &Key, versions: Versions) {
        self.lock().seen.insert(cr.clone(), versions);
    }

    /// Whether a resource was last compared with other ones. At first nothing is known.
    pub(super) fn differ(&self, cr: &Key, versions: &Versions) -> bool {
        self.lock().seen.get(cr) != Some(versions)
    }

    /// Who was compared with another version of this ConfigMap.
    fn concerned(&self, map: &Key, version: Option<&str>) -> Vec<Key> {
        let inner = self.lock();
        let readers = inner.readers.get(map).into_iter().flatten();
        let knows = |cr: &Key| {
            let seen = inner.seen.get(cr).and_then(|seen| seen.get(&map.1));
            seen.is_some_and(|seen| seen.as_deref() == version)
        };
        readers.filter(|cr| !knows(cr)).cloned().collect()
    }
}

/// Reads ConfigMaps of a namespace. What may not be read is told where it is needed.
pub(crate) async fn read(
    client: &Client,
    namespace: &str,
    names: &BTreeSet<String>,
) -> Result<Found, kube::Error> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let api = &api;
    let reads = names.iter().map(|name| async move {
        let found = match api.get_opt(name).await {
            Ok(Some(map)) => Ok(map),
            Ok(None) => Err(format!("there is no ConfigMap {namespace}/{name}")),
            Err(kube::Error::Api(error)) if error.code == 403 => {
                Err(format!("ConfigMap {namespace}/{name} may not be read: {}", error.message))
            }
            Err(error) => return Err(error),
        };
        Ok((name.clone(), found))
    });
    Ok(try_join_all(reads).await?.into_iter().collect())
}

/// What a resource refers to, and in which versions.
pub(super) async fn of<K: Managed>(
    cr: &K,
    context: &Context,
    key: &Key,
) -> Result<Option<(Found, Versions)>, Fault> {
    let names = cr.config_maps();
    if names.is_empty() {
        return Ok(None);
    }
    let found = read(&context.client, &key.0, &names).await.map_err(kubernetes)?;
    let version = |map: &Result<ConfigMap, String>| map.as_ref().ok().and_then(ResourceExt::resource_version);
    let versions = found.iter().map(|(name, map)| (name.clone(), version(map))).collect();
    Ok(Some((found, versions)))
}

/// Wakes those who refer to a ConfigMap that has changed, until `stop`.
pub(super) async fn watch(context: Arc<Context>, stop: CancellationToken) {
    let work = async {
        context.config_maps.wanted.notified().await;
        let maps: Api<PartialObjectMeta<ConfigMap>> = Api::all(context.client.clone());
        let mut maps = watcher(maps, watcher::Config::default()).default_backoff().touched_objects().boxed();
        while let Some(event) = maps.next().await {
            match event {
                Ok(map) => {
                    let version = map.resource_version();
                    for cr in context.config_maps.concerned(&key(&map), version.as_deref()) {
                        context.wake.wake(CortexPipeline::OBJECT, cr, Instant::now());
                    }
                }
                Err(error) => tracing::warn!(kind = "ConfigMap", %error, "watch"),
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop.cancelled() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(namespace: &str, name: &str) -> Key {
        (namespace.to_owned(), name.to_owned())
    }

    fn names(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn who_was_compared_with_another_version_is_woken() {
        let maps = ConfigMaps::default();
        let (a, b) = (key("n", "a"), key("n", "b"));
        maps.refer(&a, &names(&["sql", "more"]));
        maps.refer(&b, &names(&["sql"]));
        let sql = key("n", "sql");
        assert_eq!(maps.concerned(&sql, Some("1")), [a.clone(), b.clone()]);
        let versions =
            |version: Option<&str>| -> Versions { [("sql".to_owned(), version.map(str::to_owned))].into() };
        assert!(maps.differ(&a, &versions(Some("1"))));
        maps.compared(&a, versions(Some("1")));
        maps.compared(&b, versions(None));
        assert!(!maps.differ(&a, &versions(Some("1"))) && maps.differ(&a, &versions(Some("2"))));
        assert_eq!(maps.concerned(&sql, Some("1")), std::slice::from_ref(&b));
        assert_eq!(maps.concerned(&sql, Some("2")), [a.clone(), b.clone()]);
        // Others of the name, or that nobody refers to.
        assert_eq!(maps.concerned(&key("m", "sql"), Some("1")), [] as [Key; 0]);
        assert_eq!(maps.concerned(&key("n", "other"), Some("1")), [] as [Key; 0]);
        maps.refer(&a, &names(&["more"]));
        maps.refer(&b, &names(&[]));
        assert_eq!(maps.concerned(&sql, Some("3")), [] as [Key; 0]);
        assert_eq!(maps.lock().readers.len(), 1);
    }
}
