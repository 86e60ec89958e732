//! What `--from-cluster` takes from a cluster: connections, their Secrets, and what is recorded as ours. Nothing is
//! written there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{FutureExt as _, future::BoxFuture};
use kube::{
    Api, Client, ResourceExt as _,
    api::ListParams,
    config::{KubeConfigOptions, Kubeconfig},
    core::DeserializeGuard,
};
use secrecy::SecretString;

use super::{
    error::Error,
    manifests::{self, Object},
};
use crate::{
    api::{CortexPipeline, ResourceMonitor, SecretKeyRef, SnowflakeConnection, SnowflakeWarehouse},
    engine::{managed::Managed, peers::Index, session::ConnectionKey},
    kinds::{any, config_maps::Found, connection::Secrets},
    operator::{KubeSecrets, read_config_maps},
    snowflake::auth::TokenSource,
};

/// The cluster of a context.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    client: ClientOf,
    secrets: KubeSecrets,
}

#[derive(Clone)]
struct ClientOf(Client);

impl std::fmt::Debug for ClientOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

/// The client of a context of the kubeconfig; without one, of the pod's own cluster or the current context.
pub(super) async fn client(context: Option<&str>) -> Result<(Client, String), Error> {
    let config = match context {
        Some(context) => {
            let options = KubeConfigOptions { context: Some(context.into()), ..KubeConfigOptions::default() };
            let failed =
                |error: kube::config::KubeconfigError| Error::Usage(format!("--context {context}: {error}"));
            let kubeconfig = Kubeconfig::read().map_err(failed)?;
            kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(failed)?
        }
        None => kube::Config::infer().await.map_err(|error| {
            Error::Usage(format!(
                "no Kubernetes cluster: {error}; set KUBECONFIG, or name a context with --context"
            ))
        })?,
    };
    let namespace = config.default_namespace.clone();
    let client = Client::try_from(config).map_err(|error| Error::Usage(format!("the cluster: {error}")))?;
    Ok((client, namespace))
}

fn failed(what: impl std::fmt::Display) -> impl FnOnce(kube::Error) -> Error {
    move |error| Error::Usage(format!("--from-cluster: {what}: {error}"))
}

impl Cluster {
    pub(super) async fn connect(context: Option<&str>) -> Result<Self, Error> {
        let (client, _) = client(context).await?;
        Ok(Self { secrets: KubeSecrets::new(client.clone()), client: ClientOf(client) })
    }

    /// A connection of the cluster.
    pub(super) async fn connection(&self, key: &ConnectionKey) -> Result<Option<SnowflakeConnection>, Error> {
        let api: Api<SnowflakeConnection> = Api::namespaced(self.client.0.clone(), &key.namespace);
        api.get_opt(&key.name).await.map_err(failed(format!("SnowflakeConnection {key}")))
    }

    /// The connections of all namespaces, as far as they can be seen: for a message.
    pub(super) async fn connections(&self) -> Vec<ConnectionKey> {
        let api: Api<DeserializeGuard<SnowflakeConnection>> = Api::all(self.client.0.clone());
        let list = api.list(&ListParams::default().limit(50)).await;
        let key = |one: DeserializeGuard<SnowflakeConnection>| ConnectionKey {
            namespace: one.namespace().unwrap_or_default(),
            name: one.name_any(),
        };
        list.map(|list| list.items.into_iter().map(key).collect()).unwrap_or_default()
    }

    /// Secrets of the manifests, and where they are not among them, of the cluster.
    pub(super) fn secrets<'a>(&'a self, manifests: &'a manifests::Secrets) -> impl Secrets + 'a {
        Both { manifests, cluster: &self.secrets }
    }

    /// ConfigMaps of a namespace, by name.
    pub(super) async fn config_maps(
        &self,
        namespace: &str,
        names: &BTreeSet<String>,
    ) -> Result<Found, Error> {
        let read = read_config_maps(&self.client.0, namespace, names);
        read.await.map_err(failed(format!("ConfigMaps of {namespace}")))
    }

    /// Gives manifests what the cluster knows of them (uid, age, annotations, record), and the index the rest.
    pub(super) async fn recall<'a>(
        &self,
        objects: impl Iterator<Item = &'a mut Object>,
        index: &Index,
    ) -> Result<(), Error> {
        let mut warehouses = self.all::<SnowflakeWarehouse>().await?;
        let mut monitors = self.all::<ResourceMonitor>().await?;
        let mut pipelines = self.all::<CortexPipeline>().await?;
        for object in objects {
            let key = (object.namespace().to_owned(), object.name().to_owned());
            match object {
                Object::Connection(_) => {}
                Object::Warehouse(manifest) => {
                    if let Some(live) = warehouses.remove(&key) {
                        manifest.metadata = merged(&manifest.metadata, live.metadata);
                        manifest.status = live.status;
                    }
                }
                Object::Monitor(manifest) => {
                    if let Some(live) = monitors.remove(&key) {
                        manifest.metadata = merged(&manifest.metadata, live.metadata);
                        manifest.status = live.status;
                    }
                }
                Object::Pipeline(manifest) => {
                    if let Some(live) = pipelines.remove(&key) {
                        manifest.metadata = merged(&manifest.metadata, live.metadata);
                        manifest.status = live.status;
                    }
                }
            }
        }
        for warehouse in warehouses.into_values() {
            any::warehouse(warehouse).index(index);
        }
        for monitor in monitors.into_values() {
            any::monitor(monitor).index(index);
        }
        for pipeline in pipelines.into_values() {
            any::pipeline(pipeline).index(index);
        }
        Ok(())
    }

    /// All resources of a kind that can be read, page by page.
    async fn all<K: Managed>(&self) -> Result<BTreeMap<(String, String), K>, Error> {
        let api: Api<DeserializeGuard<K>> = Api::all(self.client.0.clone());
        let mut all = BTreeMap::new();
        let mut page = ListParams::default().limit(500);
        loop {
            let list = api.list(&page).await.map_err(failed(K::plural(&())))?;
            for cr in list.items {
                let key = (cr.namespace().unwrap_or_default(), cr.name_any());
                if let Ok(cr) = cr.0 {
                    all.insert(key, cr);
                }
            }
            match list.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => page = page.continue_token(&token),
                None => return Ok(all),
            }
        }
    }
}

type Meta = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The live metadata, with the annotations that the manifest would apply.
fn merged(manifest: &Meta, live: Meta) -> Meta {
    let mut annotations = live.annotations.clone().unwrap_or_default();
    annotations.extend(manifest.annotations.clone().unwrap_or_default());
    Meta { annotations: Some(annotations), ..live }
}

struct Both<'a> {
    manifests: &'a manifests::Secrets,
    cluster: &'a KubeSecrets,
}

impl Secrets for Both<'_> {
    fn value<'a>(
        &'a self,
        namespace: &'a str,
        at: &'a SecretKeyRef,
    ) -> BoxFuture<'a, Result<SecretString, String>> {
        async move {
            match self.manifests.value(namespace, at).await {
                Ok(value) => Ok(value),
                Err(_) => self.cluster.value(namespace, at).await,
            }
        }
        .boxed()
    }
    fn tokens(&self, namespace: &str, service_account: &str, audience: &str) -> Option<Arc<dyn TokenSource>> {
        self.cluster.tokens(namespace, service_account, audience)
    }
}
