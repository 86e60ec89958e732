//! Opens a connection, verifies it, and reads what its role lacks.

use std::sync::{Arc, PoisonError};

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use tokio::time::Instant;

use super::super::wake::Key;
use crate::{
    api::{ResourceMonitor, SnowflakeConnection, SnowflakeWarehouse, connection::ConnectionSpec},
    engine::{
        fault::Fault,
        managed::{Managed, Peers},
        session::{ConnectionKey, Session},
    },
    kinds::connection::{Needs, credential, missing_grants, open, policy, secrets_of, verify},
};

use super::{Connections, connection_key};

impl Connections {
    /// Opens the connection where it is not, or where what it is made of has changed; verifies it where it is due.
    pub(super) async fn opened(
        self: &Arc<Self>,
        cr: &SnowflakeConnection,
        key: &Key,
    ) -> Result<Arc<Session>, Fault> {
        let connection = connection_key(key);
        self.reads(key, &cr.spec);
        let mark = self.secret_mark(&cr.spec, key).await;
        let open_now = self.context.sessions.any(&connection);
        let (spec, same_secrets, verified) =
            self.with(key, |kept| (kept.spec.clone(), kept.secrets == mark, kept.verified));
        let working = self.context.sessions.get(&connection).is_ok();
        let due = verified.is_none_or(|at| at.elapsed() >= policy(&cr.spec).deep_resync);
        let session = match open_now {
            Some(session) if spec.as_ref() == Some(&cr.spec) && same_secrets => {
                if !working || due {
                    let account = verify(&session.client).await?;
                    if account == session.account {
                        session
                    } else {
                        // The role's name or the account's edition changed: everything is read anew.
                        Arc::new(Session::new(
                            connection.clone(),
                            session.client.clone(),
                            self.context.settings.reach.gather,
                            account,
                            policy(&cr.spec),
                        ))
                    }
                } else {
                    session
                }
            }
            Some(session) if spec.as_ref() == Some(&cr.spec) => {
                // Another secret: statements under way go on with the old one, and share the permits with the new.
                let new =
                    credential(&cr.spec, &key.0, &self.context.secrets, &self.context.settings.reach).await?;
                let client = session.client.with_credential(new);
                let account = verify(&client).await?;
                self.event(cr, false, "CredentialRotated", "signed in with the new credential".into());
                Arc::new(Session::new(
                    connection.clone(),
                    client,
                    self.context.settings.reach.gather,
                    account,
                    policy(&cr.spec),
                ))
            }
            _ => Arc::new(
                open(connection.clone(), &cr.spec, &self.context.secrets, &self.context.settings.reach)
                    .await?,
            ),
        };
        self.context.index.put_account(connection.clone(), session.account.name.clone());
        // What the role lacks is read while others use the connection already.
        if self.context.sessions.works(&connection, session.clone()) {
            self.restart_ticker(key, session.policy.resync);
            self.tick(&connection, Instant::now());
        }
        self.context.sessions.tried(&connection);
        let needs = self.needs(&connection);
        let same = spec.as_ref() == Some(&cr.spec) && same_secrets;
        let (known, lacked) = self.with(key, |kept| (kept.needs, !kept.missing.is_empty()));
        let lacks = self.context.sessions.take_lacks(&connection);
        if !same || due || known != needs || lacked || lacks {
            match self.lacking(&session, needs).await {
                Ok(missing) => {
                    if lacked && missing.is_empty() {
                        self.tick(&connection, Instant::now());
                    }
                    self.with(key, |kept| {
                        kept.missing = missing;
                        kept.needs = needs;
                    });
                }
                // The connection works all the same: it is asked again with the next look.
                Err(fault) => tracing::warn!(%connection, "what the role lacks can't be read: {fault}"),
            }
        }
        self.with(key, |kept| {
            kept.spec = Some(cr.spec.clone());
            kept.secrets = mark;
            kept.verified = if !same || due || !working { Some(Instant::now()) } else { kept.verified };
        });
        Ok(session)
    }

    /// What the role lacks, as statements to paste.
    pub(super) async fn lacking(&self, session: &Session, needs: Needs) -> Result<Vec<String>, Fault> {
        let foreign = self.foreign(session).await?;
        missing_grants(session, needs, &foreign).await
    }

    /// Whether the session that is open answers, although the spec or its Secret no longer gives one.
    pub(super) async fn still_works(&self, connection: &ConnectionKey) -> bool {
        match self.context.sessions.any(connection) {
            Some(session) if self.context.sessions.get(connection).is_ok() => {
                verify(&session.client).await.is_ok()
            }
            _ => false,
        }
    }

    /// A mark of what the Secrets hold: their resourceVersions. `None`: one could not be read.
    pub(super) async fn secret_mark(&self, spec: &ConnectionSpec, key: &Key) -> Option<String> {
        let api: Api<Secret> = Api::namespaced(self.context.client.clone(), &key.0);
        let mut mark = String::new();
        for name in secrets_of(&spec.authentication) {
            let meta = api.get_metadata_opt(name).await.ok()??;
            let (uid, version) = (meta.metadata.uid?, meta.metadata.resource_version?);
            mark.extend([name, "=", uid.as_str(), "@", version.as_str(), ";"]);
        }
        Some(mark)
    }

    pub(super) fn reads(&self, key: &Key, spec: &ConnectionSpec) {
        let names = secrets_of(&spec.authentication);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        for connections in readers.values_mut() {
            connections.retain(|connection| connection != key);
        }
        for name in names {
            readers.entry((key.0.clone(), name.to_owned())).or_default().push(key.clone());
        }
        readers.retain(|_, connections| !connections.is_empty());
    }

    /// What the resources on this connection need.
    pub(super) fn needs(&self, connection: &ConnectionKey) -> Needs {
        let users = self.context.index.users_of(connection);
        Needs {
            create_warehouses: users.iter().any(|(kind, _)| *kind == SnowflakeWarehouse::OBJECT),
            monitors: users.iter().any(|(kind, _)| *kind == ResourceMonitor::OBJECT),
        }
    }

    /// The recorded warehouses that another role owns: name and owner.
    pub(super) async fn foreign(&self, session: &Session) -> Result<Vec<(String, String)>, Fault> {
        let recorded = self.context.index.recorded(SnowflakeWarehouse::OBJECT, &session.key);
        if recorded.is_empty() {
            return Ok(vec![]);
        }
        let table = session.catalog.show(crate::kinds::warehouse::SHOW, Instant::now()).await?;
        let owner = |name: String| {
            let owner = table.get(&name)?.text("owner")?.to_owned();
            (owner != session.account.role).then_some((name, owner))
        };
        Ok(recorded.into_iter().filter_map(owner).collect())
    }
}
