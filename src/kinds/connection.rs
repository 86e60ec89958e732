//! How a `SnowflakeConnection` is opened, and how it verifies itself.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::Url;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::{
    api::{
        SecretKeyRef,
        connection::{Authentication, ConnectionSpec, ConnectionSummary},
    },
    engine::{
        fault::Fault,
        ownership::bad_name,
        privileges::Held,
        session::{Account, ConnectionKey, GATHER, Policy, Session},
    },
    snowflake::{
        AccountIdentifier, Client, ClientConfig, ClientError, Credential, HostPolicy, Observer, RunOptions,
        Statement, Transport,
        auth::{CredentialError, GivenToken, KeyPair, OAuthClient, TokenSource, WorkloadIdentity},
    },
    values::ident::Ident,
};

const RESYNC: Duration = Duration::from_secs(600);
const DEEP_RESYNC: Duration = Duration::from_secs(3600);
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);
const CONCURRENCY: i32 = 8;
/// The audience that Snowflake expects of a workload's token.
/// Source: <https://docs.snowflake.com/en/user-guide/workload-identity-federation>.
const AUDIENCE: &str = "snowflakecomputing.com";

/// Where secrets come from: the cluster, or the manifests.
pub trait Secrets: Send + Sync {
    /// The value of a key; in words why there is none.
    fn value<'a>(
        &'a self,
        namespace: &'a str,
        at: &'a SecretKeyRef,
    ) -> BoxFuture<'a, Result<SecretString, String>>;
    /// Tokens of a ServiceAccount, for an audience; `None` where there is no cluster to ask.
    fn tokens(&self, namespace: &str, service_account: &str, audience: &str) -> Option<Arc<dyn TokenSource>>;
}

/// How the program reaches Snowflake.
#[derive(Clone)]
pub struct Reach {
    pub hosts: HostPolicy,
    pub transport: Transport,
    pub observer: Option<Arc<dyn Observer>>,
    /// How long a shared read waits for others who want it too.
    pub gather: Duration,
}

impl Reach {
    pub fn new(hosts: HostPolicy, transport: Transport) -> Self {
        Self { hosts, transport, observer: None, gather: GATHER }
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// The names of the Secrets that a connection reads.
pub fn secrets_of(authentication: &Authentication) -> BTreeSet<&str> {
    let Authentication { key_pair, programmatic_access_token, oauth, workload_identity: _ } = authentication;
    let key_pair = key_pair.iter().flat_map(|pair| [Some(&pair.private_key), pair.passphrase.as_ref()]);
    let token = programmatic_access_token.iter().map(|token| Some(&token.token));
    let oauth = oauth.iter().flat_map(|oauth| {
        let client = oauth.client_credentials.as_ref();
        [oauth.token.as_ref(), client.map(|c| &c.client_id), client.map(|c| &c.client_secret)]
    });
    key_pair.chain(token).chain(oauth).flatten().map(|at| at.name.as_str()).collect()
}

/// The credential that a connection's spec describes.
pub async fn credential(
    spec: &ConnectionSpec,
    namespace: &str,
    secrets: &dyn Secrets,
    reach: &Reach,
) -> Result<Credential, Fault> {
    let read = async |at: &SecretKeyRef| {
        let missing = |message| Fault::Waiting { reason: "SecretNotFound", message };
        secrets.value(namespace, at).await.map_err(missing)
    };
    let refused = |at: &SecretKeyRef, error: CredentialError| {
        Fault::Refused(format!("Secret {namespace}/{} key {}: {error}", at.name, at.key))
    };
    let Authentication { key_pair, programmatic_access_token, oauth, workload_identity } =
        &spec.authentication;
    if let Some(pair) = key_pair {
        let key = read(&pair.private_key).await?;
        let passphrase = match &pair.passphrase {
            Some(at) => Some(read(at).await?),
            None => None,
        };
        let pair_of = KeyPair::from_pem(&key, passphrase.as_ref());
        return pair_of.map(Credential::KeyPair).map_err(|error| refused(&pair.private_key, error));
    }
    if let Some(token) = programmatic_access_token {
        let given =
            GivenToken::new(&read(&token.token).await?).map_err(|error| refused(&token.token, error))?;
        return Ok(Credential::ProgrammaticAccessToken(given));
    }
    if let Some(oauth) = oauth {
        if let Some(at) = &oauth.token {
            let given = GivenToken::new(&read(at).await?).map_err(|error| refused(at, error))?;
            return Ok(Credential::OAuth(given));
        }
        if let Some(client) = &oauth.client_credentials {
            use secrecy::ExposeSecret;
            let url = parse_url("authentication.oauth.clientCredentials.tokenUrl", &client.token_url)?;
            let id = read(&client.client_id).await?.expose_secret().trim().to_owned();
            let secret = read(&client.client_secret).await?;
            let made = OAuthClient::new(
                url,
                id,
                &secret,
                client.scope.clone(),
                &reach.hosts,
                reach.transport.clone(),
            );
            let not_allowed = |error| Fault::Snowflake(ClientError::HostNotAllowed(error));
            return made.map(Credential::OAuthClient).map_err(not_allowed);
        }
    }
    if let Some(identity) = workload_identity {
        let audience = identity.audience.as_deref().unwrap_or(AUDIENCE);
        let source = secrets.tokens(namespace, &identity.service_account_ref.name, audience);
        let source = source.ok_or_else(|| {
            Fault::Refused(
                "authentication.workloadIdentity works in a cluster only: use another credential here".into(),
            )
        })?;
        return Ok(Credential::WorkloadIdentity(WorkloadIdentity::oidc(source)));
    }
    Err(Fault::Refused(
        "spec.authentication: set one of keyPair, programmaticAccessToken, oauth, workloadIdentity".into(),
    ))
}

fn parse_url(path: &str, text: &str) -> Result<Url, Fault> {
    Url::parse(text).map_err(|error| Fault::Refused(format!("spec.{path}: {text:?} is no URL: {error}")))
}

/// The client's settings that a connection's spec describes.
pub fn client_config(
    spec: &ConnectionSpec,
    credential: Credential,
    reach: &Reach,
) -> Result<ClientConfig, Fault> {
    let account = AccountIdentifier::parse(&spec.account)
        .map_err(|error| Fault::Refused(format!("spec.account: {error}")))?;
    let url = spec.url.as_deref().map(|text| parse_url("url", text)).transpose()?;
    let role = spec.role.as_deref().map(Ident::from_spec).transpose().map_err(bad_name("role"))?;
    let warehouse =
        spec.warehouse.as_deref().map(Ident::from_spec).transpose().map_err(bad_name("warehouse"))?;
    let config = ClientConfig::new(account, url, spec.user.clone(), credential, &reach.hosts)
        .map_err(|error| Fault::Snowflake(ClientError::HostNotAllowed(error)))?
        .role(role)
        .warehouse(warehouse)
        .concurrency(usize::try_from(spec.concurrency.unwrap_or(CONCURRENCY)).unwrap_or(1))
        .statement_timeout(spec.statement_timeout.map_or(STATEMENT_TIMEOUT, |span| span.0));
    Ok(match &reach.observer {
        Some(observer) => config.observer(observer.clone()),
        None => config,
    })
}

/// What a connection's spec says about what may be done with it.
pub fn policy(spec: &ConnectionSpec) -> Policy {
    Policy {
        adoption: spec.adoption.unwrap_or_default(),
        allowed_namespaces: spec.allowed_namespaces.clone(),
        allow: spec.allow.clone(),
        resync: spec.resync.map_or(RESYNC, |span| span.0).max(Duration::from_secs(1)),
        deep_resync: spec.deep_resync.map_or(DEEP_RESYNC, |span| span.0),
    }
}

/// Signs in and asks who and where we are.
pub async fn verify(client: &Client) -> Result<Account, ClientError> {
    const WHO: &str = "SELECT CURRENT_ORGANIZATION_NAME() AS ORGANIZATION, CURRENT_ACCOUNT_NAME() AS ACCOUNT, \
        CURRENT_REGION() AS REGION, CURRENT_VERSION() AS VERSION, CURRENT_USER() AS USER_NAME, \
        CURRENT_ROLE() AS ROLE_NAME, CURRENT_SECONDARY_ROLES() AS SECONDARY_ROLES";
    // The edition has no documented function; the drivers' bootstrap request tells it.
    let full = Statement::new(WHO)
        .of_kind("ACCOUNT")
        .keyword(", SYSTEM$BOOTSTRAP_DATA_REQUEST('ACCOUNT') AS BOOTSTRAP");
    let rows = match client.run(&full, &RunOptions::default()).await {
        Err(ClientError::Snowflake(_)) => {
            client.run(&Statement::new(WHO).of_kind("ACCOUNT"), &RunOptions::default()).await?.rows
        }
        other => other?.rows,
    };
    let row = rows.first().ok_or_else(|| ClientError::BadAnswer("no row says who we are".into()))?;
    let text = |column| row.text(column).unwrap_or_default().to_owned();
    let bootstrap: serde_json::Value =
        row.text("bootstrap").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let edition = bootstrap["accountInfo"]["serviceLevelName"].as_str().map(str::to_owned);
    let version: Vec<_> =
        row.text("version").unwrap_or_default().split('.').take(2).map(str::to_owned).collect();
    Ok(Account {
        name: format!("{}-{}", text("organization"), text("account")),
        region: text("region"),
        version: version.join("."),
        edition,
        user: text("user_name"),
        role: text("role_name"),
        // JSON: {"roles":"A,B","value":"ALL"}
        secondary_roles: row.text("secondary_roles").is_some_and(|text| text.contains("\"ALL\"")),
    })
}

/// Opens a connection: credential, client, sign-in.
pub async fn open(
    key: ConnectionKey,
    spec: &ConnectionSpec,
    secrets: &dyn Secrets,
    reach: &Reach,
) -> Result<Session, Fault> {
    let credential = credential(spec, &key.namespace, secrets, reach).await?;
    let client = Client::new(client_config(spec, credential, reach)?, reach.transport.clone());
    let account = verify(&client).await?;
    if account.role.is_empty() {
        return Err(Fault::Refused("the user has no default role: set spec.role".into()));
    }
    Ok(Session::new(key, client, reach.gather, account, policy(spec)))
}

/// What resources on a connection need of its role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Needs {
    pub create_warehouses: bool,
    /// Monitors are created, and assigned, by ACCOUNTADMIN alone.
    pub monitors: bool,
}

/// The privileges that are needed and that the role lacks, as statements to paste.
pub async fn missing_grants(
    session: &Session,
    needs: Needs,
    owned_by_others: &[(String, String)],
) -> Result<Vec<String>, Fault> {
    if !needs.create_warehouses && !needs.monitors && owned_by_others.is_empty() {
        return Ok(vec![]);
    }
    let role = Ident::exact(&session.account.role).map_err(bad_name("role"))?;
    let missing = |held: &Held| {
        let mut missing = vec![];
        if needs.create_warehouses && !held.on_account("CREATE WAREHOUSE") {
            missing.push(format!("GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE {role}"));
        }
        if needs.monitors && !held.roles.contains("ACCOUNTADMIN") {
            missing.push(format!("GRANT ROLE ACCOUNTADMIN TO ROLE {role}"));
        }
        for (warehouse, owner) in owned_by_others {
            let Ok(name) = Ident::exact(warehouse) else { continue };
            let held = held.roles.contains(owner)
                || held.on_account("MANAGE WAREHOUSES")
                || held.on("WAREHOUSE", &name.to_spec(), &["MODIFY"]);
            if !held {
                missing.push(format!("GRANT MODIFY ON WAREHOUSE {name} TO ROLE {role}"));
            }
        }
        missing
    };
    let held = Held::of(session, &role, Instant::now(), |held| missing(held).is_empty()).await;
    let missing = missing(&held);
    match held.unread {
        // A role that it may not look into gives it nothing that is known.
        Some(error) if !(missing.is_empty() || error.is_object_missing() || error.is_privilege()) => {
            Err(error.into())
        }
        _ => Ok(missing),
    }
}

/// The status of a connection that is open.
pub fn summary(
    session: &Session,
    spec: &ConnectionSpec,
    missing_grants: Vec<String>,
    handled: Option<String>,
) -> ConnectionSummary {
    let Account { name, region, version, edition, role, user: _, secondary_roles: _ } = &session.account;
    let known = session.client.credential().expires_at();
    let said =
        spec.authentication.programmatic_access_token.as_ref().and_then(|token| token.expires_at.as_deref());
    let said = said.and_then(|text| text.parse::<Timestamp>().ok());
    let present = |text: &String| (!text.is_empty()).then(|| text.clone());
    ConnectionSummary {
        account: present(name),
        region: present(region),
        version: present(version),
        edition: edition.clone(),
        role: present(role),
        credential_expires_at: known.or(said).map(|at| at.to_string()),
        missing_grants,
        last_handled_request: handled,
    }
}
