//! The connections that a run needs, opened.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    args::{Access, Network},
    cluster::Cluster,
    credentials::{self, BadCredentials, Environment, Given},
    error::Error,
    manifests::{Manifests, Object},
};
use crate::{
    api::{AllowedNamespaces, NamespacesFrom, SnowflakeConnection, connection::ConnectionSpec},
    engine::{
        fault::Fault,
        session::{ConnectionKey, GATHER, Policy, Session},
    },
    kinds::connection::{self, Reach},
    snowflake::{Client, ClientConfig, Transport},
};

/// The connections of a run, by the names that manifests give them.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: BTreeMap<ConnectionKey, Result<Arc<Session>, Fault>>,
    allowed: BTreeMap<ConnectionKey, Option<AllowedNamespaces>>,
    /// For the user: as whom, and what is odd about it.
    pub(super) notes: Vec<String>,
}

/// How the program reaches Snowflake, as the command line says.
pub(super) fn reach(network: &Network) -> Result<Reach, Error> {
    let hosts = credentials::hosts(&network.allow_hosts)?;
    let bundle = match &network.ca_bundle {
        Some(path) => {
            Some(std::fs::read(path).map_err(Error::io(format!("--ca-bundle {}", path.display())))?)
        }
        None => None,
    };
    Ok(Reach::new(hosts, Transport::reqwest(bundle.as_deref())?))
}

impl Sessions {
    /// Opens what the manifests refer to. A connection that can't be opened is an error when it is the only one, and
    /// else the fault of those who refer to it.
    pub(super) async fn open(
        keys: BTreeSet<ConnectionKey>,
        manifests: &Manifests,
        access: &Access,
        cluster: Option<&Cluster>,
        env: &dyn Environment,
    ) -> Result<Self, Error> {
        let reach = reach(&access.network)?;
        let given = given(access, env, &reach)?;
        let mut connections: BTreeMap<ConnectionKey, SnowflakeConnection> = manifests
            .manifests
            .iter()
            .filter_map(|manifest| match &manifest.object {
                Object::Connection(connection) => {
                    let (namespace, name) =
                        (manifest.object.namespace().to_owned(), manifest.object.name().to_owned());
                    Some((ConnectionKey { namespace, name }, (**connection).clone()))
                }
                _ => None,
            })
            .collect();
        if let Some(cluster) = cluster {
            for key in keys.iter().filter(|key| !connections.contains_key(*key)).cloned().collect::<Vec<_>>()
            {
                if let Some(connection) = cluster.connection(&key).await? {
                    connections.insert(key, connection);
                }
            }
        }
        let mut sessions = Self::default();
        if let Some(given) = &given {
            sessions.notes.extend(given.warnings.iter().cloned());
        }
        for key in keys {
            let manifest = connections.get(&key);
            let session = match (&given, manifest) {
                (Some(given), manifest) => sessions.with_given(&key, given, manifest, &reach).await,
                (None, Some(manifest)) => {
                    let opened = match cluster {
                        Some(cluster) => {
                            let secrets = cluster.secrets(&manifests.secrets);
                            connection::open(key.clone(), &manifest.spec, &secrets, &reach).await
                        }
                        None => {
                            connection::open(key.clone(), &manifest.spec, &manifests.secrets, &reach).await
                        }
                    };
                    match opened {
                        // Its Secret is kept elsewhere: the environment may know as much.
                        Err(fault @ Fault::Waiting { .. }) => match credentials::environment(env, &reach)? {
                            Some(given) => sessions.with_given(&key, &given, Some(manifest), &reach).await,
                            None => Err(fault),
                        },
                        other => {
                            if let Ok(session) = &other {
                                sessions.tell(&format!("SnowflakeConnection {key}"), session);
                            }
                            other
                        }
                    }
                }
                (None, None) => match cluster {
                    Some(cluster) => {
                        let known = cluster.connections().await;
                        Err(Fault::NotFound(format!(
                            "there is no SnowflakeConnection {key}, neither among the manifests nor in the cluster{}",
                            there_are(known.iter().chain(connections.keys()))
                        )))
                    }
                    None => match credentials::environment(env, &reach)? {
                        Some(given) => sessions.with_given(&key, &given, None, &reach).await,
                        None => return Err(nothing(&key, connections.keys())),
                    },
                },
            };
            let allowed = match manifest {
                Some(manifest) => manifest.spec.allowed_namespaces.clone(),
                // A connection that is not among the manifests can't be asked for its consent.
                None => Some(AllowedNamespaces { from: NamespacesFrom::All, names: vec![] }),
            };
            sessions.allowed.insert(key.clone(), allowed);
            sessions.open.insert(key, session.map(Arc::new));
        }
        sessions.or_its_only_fault()
    }

    /// The one connection of a run without manifests.
    pub(super) async fn single(
        access: &Access,
        connection: ConnectionKey,
        env: &dyn Environment,
    ) -> Result<(Arc<Session>, Vec<String>), Error> {
        if access.from_cluster {
            let cluster = Cluster::connect(access.context.as_deref()).await?;
            let keys = [connection.clone()].into();
            let sessions = Self::open(keys, &Manifests::default(), access, Some(&cluster), env).await?;
            let own = connection.namespace.clone();
            let named = format!("SnowflakeConnection {connection}");
            let session = sessions.get(&connection, &own);
            let failed = |fault| Error::Connection { connection: named, fault: Box::new(fault) };
            return Ok((session.map_err(failed)?, sessions.notes));
        }
        let reach = reach(&access.network)?;
        let given = match given(access, env, &reach)? {
            Some(given) => given,
            None => credentials::environment(env, &reach)?.ok_or(BadCredentials::Nothing)?,
        };
        let mut sessions = Self { notes: given.warnings.clone(), ..Self::default() };
        let session = sessions.with_given(&ConnectionKey::default(), &given, None, &reach).await;
        let session = session
            .map_err(|fault| Error::Connection { connection: given.from.clone(), fault: Box::new(fault) })?;
        Ok((Arc::new(session), sessions.notes))
    }

    async fn with_given(
        &mut self,
        key: &ConnectionKey,
        given: &Given,
        manifest: Option<&SnowflakeConnection>,
        reach: &Reach,
    ) -> Result<Session, Fault> {
        let usual = ConnectionSpec::default();
        let policy = connection::policy(manifest.map_or(&usual, |manifest| &manifest.spec));
        let session = session(key.clone(), given.config.clone(), reach, policy).await?;
        self.tell(&given.from, &session);
        Ok(session)
    }

    /// As whom, once.
    fn tell(&mut self, from: &str, session: &Session) {
        let account = &session.account;
        let note = format!("{from}: account {}, user {}, role {}", account.name, account.user, account.role);
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn or_its_only_fault(mut self) -> Result<Self, Error> {
        if self.open.is_empty() || self.open.values().any(Result::is_ok) {
            return Ok(self);
        }
        match self.open.pop_first() {
            Some((key, Err(fault))) => Err(Error::Connection {
                connection: format!("SnowflakeConnection {key}"),
                fault: Box::new(fault),
            }),
            _ => Ok(self),
        }
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = (&ConnectionKey, &str)> {
        let open = self.open.iter();
        open.filter_map(|(key, session)| Some((key, session.as_ref().ok()?.account.name.as_str())))
    }

    /// The connection for a resource in `namespace`, with its consent.
    pub(super) fn get(&self, key: &ConnectionKey, namespace: &str) -> Result<Arc<Session>, Fault> {
        let allowed = self.allowed.get(key).and_then(Option::as_ref);
        if !AllowedNamespaces::admits(allowed, &key.namespace, namespace) {
            return Err(Fault::NotAllowed(format!(
                "spec.connectionRef: SnowflakeConnection {key} does not allow namespace {namespace}: add it to its \
                 spec.allowedNamespaces"
            )));
        }
        match self.open.get(key) {
            Some(Ok(session)) => Ok(session.clone()),
            Some(Err(fault)) => Err(Fault::NotAllowed(format!("SnowflakeConnection {key}: {fault}"))),
            None => {
                Err(Fault::NotFound(format!("spec.connectionRef: there is no SnowflakeConnection {key}")))
            }
        }
    }
}

fn given(access: &Access, env: &dyn Environment, reach: &Reach) -> Result<Option<Given>, Error> {
    Ok(access.connection.as_deref().map(|name| credentials::named(name, env, reach)).transpose()?)
}

fn nothing<'a>(key: &ConnectionKey, known: impl Iterator<Item = &'a ConnectionKey>) -> Error {
    Error::Connection {
        connection: format!("SnowflakeConnection {key} is not among the manifests{}", there_are(known)),
        fault: Box::new(Fault::NotFound(BadCredentials::Nothing.to_string())),
    }
}

/// The connections that could have been meant.
fn there_are<'a>(known: impl Iterator<Item = &'a ConnectionKey>) -> String {
    let all: BTreeSet<String> = known.map(ToString::to_string).collect();
    if all.is_empty() {
        return String::new();
    }
    let more = if all.len() > NAMED { ", and more" } else { "" };
    let names: Vec<_> = all.into_iter().take(NAMED).collect();
    format!(" (there is {}{more})", names.join(", "))
}

/// How many connections are named that could have been meant.
const NAMED: usize = 10;

async fn session(
    key: ConnectionKey,
    config: ClientConfig,
    reach: &Reach,
    policy: Policy,
) -> Result<Session, Fault> {
    let client = Client::new(config, reach.transport.clone());
    let account = connection::verify(&client).await?;
    if account.role.is_empty() {
        return Err(Fault::Refused("the user has no default role: name one (role)".into()));
    }
    Ok(Session::new(key, client, GATHER, account, policy))
}
