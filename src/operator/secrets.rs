//! Secrets and ServiceAccount tokens of the cluster.

use std::{fmt, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::{Secret, ServiceAccount},
};
use kube::{Api, Client, api::PostParams};
use secrecy::SecretString;

use crate::{
    api::SecretKeyRef,
    kinds::connection::Secrets,
    snowflake::auth::{SourcedToken, TokenSource},
};

/// Reads Secrets, and asks for tokens of ServiceAccounts, of a connection's own namespace.
#[derive(Clone)]
pub struct KubeSecrets {
    client: Client,
}

impl KubeSecrets {
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl fmt::Debug for KubeSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KubeSecrets")
    }
}

impl Secrets for KubeSecrets {
    fn value<'a>(
        &'a self,
        namespace: &'a str,
        at: &'a SecretKeyRef,
    ) -> BoxFuture<'a, Result<SecretString, String>> {
        async move {
            let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
            let name = &at.name;
            let secret =
                api.get_opt(name).await.map_err(|error| format!("Secret {namespace}/{name}: {error}"))?;
            let secret = secret.ok_or_else(|| format!("there is no Secret {namespace}/{name}"))?;
            let bytes = secret.data.and_then(|mut data| data.remove(&at.key));
            let bytes = bytes.ok_or_else(|| format!("Secret {namespace}/{name} has no key {}", at.key))?;
            let text = String::from_utf8(bytes.0);
            text.map(Into::into).map_err(|_| format!("Secret {namespace}/{name} key {} is no text", at.key))
        }
        .boxed()
    }

    fn tokens(&self, namespace: &str, service_account: &str, audience: &str) -> Option<Arc<dyn TokenSource>> {
        Some(Arc::new(ServiceAccountTokens {
            api: Api::namespaced(self.client.clone(), namespace),
            name: service_account.to_owned(),
            audience: audience.to_owned(),
        }))
    }
}

/// Tokens of one ServiceAccount, from the TokenRequest API.
struct ServiceAccountTokens {
    api: Api<ServiceAccount>,
    name: String,
    audience: String,
}

impl TokenSource for ServiceAccountTokens {
    fn token(&self) -> BoxFuture<'_, Result<SourcedToken, String>> {
        async move {
            let request = TokenRequest {
                spec: TokenRequestSpec {
                    audiences: vec![self.audience.clone()],
                    expiration_seconds: Some(3600),
                    ..TokenRequestSpec::default()
                },
                ..TokenRequest::default()
            };
            let answer = self.api.create_token_request(&self.name, &PostParams::default(), &request).await;
            let answer =
                answer.map_err(|error| format!("a token of ServiceAccount {}: {error}", self.name))?;
            let status = answer.status.ok_or("the answer to the TokenRequest has no token")?;
            Ok(SourcedToken { text: status.token.into(), expires_at: Some(status.expiration_timestamp.0) })
        }
        .boxed()
    }
}
