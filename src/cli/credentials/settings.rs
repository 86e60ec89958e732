//! The settings of a connection, by the names that the `snow` command line and Snowflake's drivers gave them.

use std::{collections::BTreeMap, fmt, fs, path::PathBuf, sync::Arc};

use futures::future::BoxFuture;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::{BadCredentials, Environment};
use crate::{
    kinds::connection::Reach,
    snowflake::{
        AccountIdentifier, ClientConfig, Credential,
        auth::{GivenToken, KeyPair, OAuthClient, SourcedToken, TokenSource, WorkloadIdentity},
    },
    values::ident::Ident,
};

/// The settings that are read. Each may come from a file, from `SNOWFLAKE_CONNECTIONS_<NAME>_<KEY>`, or, where
/// neither has it, from `SNOWFLAKE_<KEY>`.
pub(super) const KEYS: [&str; 22] = [
    "account",
    "region",
    "user",
    "role",
    "warehouse",
    "host",
    "port",
    "protocol",
    "authenticator",
    "private_key_file",
    "private_key_path",
    "private_key_raw",
    "private_key_passphrase",
    "private_key_file_pwd",
    "token",
    "token_file_path",
    "password",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_token_request_url",
    "oauth_scope",
    "workload_identity_provider",
];

/// A token or a key is not larger, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Values by key, each of which may be a secret.
#[derive(Clone, Default)]
pub(super) struct Settings {
    /// Where they come from, for messages.
    pub from: String,
    values: BTreeMap<&'static str, SecretString>,
}

impl Settings {
    pub(super) fn new(from: impl Into<String>) -> Self {
        Self { from: from.into(), values: BTreeMap::new() }
    }

    pub(super) fn set(&mut self, key: &'static str, value: impl Into<String>) {
        let value: String = value.into();
        if !value.is_empty() {
            self.values.insert(key, value.into());
        }
    }

    pub(super) fn set_if_missing(&mut self, key: &'static str, value: Option<String>) {
        if let (Some(value), None) = (value, self.values.get(key)) {
            self.set(key, value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(ExposeSecret::expose_secret)
    }

    fn secret(&self, key: &str) -> Option<&SecretString> {
        self.values.get(key)
    }

    fn need(&self, key: &str, what: &str) -> Result<&str, BadCredentials> {
        self.get(key).ok_or_else(|| self.bad(format!("{key} is missing: {what}")))
    }

    fn bad(&self, message: impl Into<String>) -> BadCredentials {
        BadCredentials::Settings { from: self.from.clone(), message: message.into() }
    }

    /// The client's configuration. Reads the files that the settings name.
    pub(super) fn client_config(
        &self,
        env: &dyn Environment,
        reach: &Reach,
    ) -> Result<ClientConfig, BadCredentials> {
        let account = self.need("account", "organization and account, like myorg-prod")?;
        let account = match self.get("region") {
            Some(region) if !account.contains('.') => format!("{account}.{region}"),
            _ => account.to_owned(),
        };
        let account = AccountIdentifier::parse(&account).map_err(|error| self.bad(error.to_string()))?;
        let url = self.url(&account)?;
        let credential = self.credential(env, reach)?;
        let name = |key: &str| {
            let name = self.get(key).map(Ident::from_spec).transpose();
            name.map_err(|error| self.bad(format!("{key}: {error}")))
        };
        let config =
            ClientConfig::new(account, url, self.get("user").unwrap_or_default(), credential, &reach.hosts)
                .map_err(|error| self.bad(format!("{error} (--allow-host)")))?
                .role(name("role")?)
                .warehouse(name("warehouse")?);
        Ok(match &reach.observer {
            Some(observer) => config.observer(observer.clone()),
            None => config,
        })
    }

    fn url(&self, account: &AccountIdentifier) -> Result<Option<Url>, BadCredentials> {
        let (host, port, protocol) = (self.get("host"), self.get("port"), self.get("protocol"));
        if host.is_none() && port.is_none() && protocol.is_none() {
            return Ok(None);
        }
        let own = account.host();
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!("{}://{}{port}/", protocol.unwrap_or("https"), host.unwrap_or(&own));
        Url::parse(&text)
            .map(Some)
            .map_err(|error| self.bad(format!("host, port and protocol give no address: {error}")))
    }

    fn credential(&self, env: &dyn Environment, reach: &Reach) -> Result<Credential, BadCredentials> {
        let has_key =
            ["private_key_file", "private_key_path", "private_key_raw"].iter().any(|k| self.get(k).is_some());
        let has_token = self.get("token").is_some() || self.get("token_file_path").is_some();
        let authenticator = self.get("authenticator").map(str::to_ascii_uppercase);
        match authenticator.as_deref() {
            Some("SNOWFLAKE_JWT") => self.key_pair(env),
            None | Some("SNOWFLAKE") if has_key => self.key_pair(env),
            Some("PROGRAMMATIC_ACCESS_TOKEN") => self.token(env).map(Credential::ProgrammaticAccessToken),
            None | Some("SNOWFLAKE") if has_token => self.token(env).map(Credential::ProgrammaticAccessToken),
            Some("OAUTH") => self.token(env).map(Credential::OAuth),
            Some("OAUTH_CLIENT_CREDENTIALS") => self.oauth_client(reach),
            Some("WORKLOAD_IDENTITY") => self.workload_identity(env),
            None | Some("SNOWFLAKE" | "USERNAME_PASSWORD_MFA") if self.get("password").is_some() => Err(self.bad(
                "a password does not sign in here, for the SQL API takes none: make a key pair (authenticator = \
                 \"SNOWFLAKE_JWT\", private_key_file) or a programmatic access token (authenticator = \
                 \"PROGRAMMATIC_ACCESS_TOKEN\", token)",
            )),
            None => Err(self.bad(
                "there is no credential: set private_key_file, or token with authenticator = \"PROGRAMMATIC_ACCESS_TOKEN\"",
            )),
            Some(other) => Err(self.bad(format!(
                "authenticator {other:?} needs a person, or is not known here: use SNOWFLAKE_JWT, \
                 PROGRAMMATIC_ACCESS_TOKEN, OAUTH, OAUTH_CLIENT_CREDENTIALS or WORKLOAD_IDENTITY"
            ))),
        }
    }

    fn key_pair(&self, env: &dyn Environment) -> Result<Credential, BadCredentials> {
        let path = self.get("private_key_file").or(self.get("private_key_path"));
        let (pem, from) = match (path, self.secret("private_key_raw")) {
            (Some(path), _) => (self.read(env, path)?, path),
            (None, Some(raw)) => (raw.clone(), "private_key_raw"),
            (None, None) => {
                return Err(self.bad("private_key_file is missing: the path of the private key, PKCS#8 PEM"));
            }
        };
        let own = self.secret("private_key_passphrase").or(self.secret("private_key_file_pwd")).cloned();
        let passphrase = env.var("PRIVATE_KEY_PASSPHRASE").map(SecretString::from).or(own);
        let pair = KeyPair::from_pem(&pem, passphrase.as_ref());
        pair.map(Credential::KeyPair)
            .map_err(|error| self.bad(format!("{from}: {error} (PRIVATE_KEY_PASSPHRASE gives a passphrase)")))
    }

    fn token(&self, env: &dyn Environment) -> Result<GivenToken, BadCredentials> {
        let token = match (self.secret("token"), self.get("token_file_path")) {
            (Some(token), _) => token.clone(),
            (None, Some(path)) => self.read(env, path)?,
            (None, None) => return Err(self.bad("token or token_file_path is missing")),
        };
        GivenToken::new(&token).map_err(|error| self.bad(error.to_string()))
    }

    fn oauth_client(&self, reach: &Reach) -> Result<Credential, BadCredentials> {
        let url = self.need("oauth_token_request_url", "the token endpoint of the OAuth server")?;
        let url = Url::parse(url)
            .map_err(|error| self.bad(format!("oauth_token_request_url is no URL: {error}")))?;
        let id = self.need("oauth_client_id", "the client's id at the OAuth server")?.to_owned();
        self.need("oauth_client_secret", "the client's secret at the OAuth server")?;
        let secret = self.secret("oauth_client_secret").cloned().unwrap_or_default();
        // Without a scope the drivers ask for the role.
        let of_role = || self.get("role").map(|role| format!("session:role:{role}"));
        let scope = self.get("oauth_scope").map(str::to_owned).or_else(of_role);
        OAuthClient::new(url, id, &secret, scope, &reach.hosts, reach.transport.clone())
            .map(Credential::OAuthClient)
            .map_err(|error| self.bad(format!("oauth_token_request_url: {error} (--allow-host)")))
    }

    fn workload_identity(&self, env: &dyn Environment) -> Result<Credential, BadCredentials> {
        let provider = self.get("workload_identity_provider").unwrap_or("OIDC");
        if !provider.eq_ignore_ascii_case("OIDC") {
            return Err(self.bad(format!(
                "workload_identity_provider {provider:?} is not offered here: use OIDC with token_file_path"
            )));
        }
        let source: Arc<dyn TokenSource> = match (self.get("token_file_path"), self.secret("token")) {
            (Some(path), _) => Arc::new(TokenFile(expand(env, path))),
            (None, Some(token)) => Arc::new(FixedToken(token.clone())),
            (None, None) => return Err(self.bad("token_file_path is missing: the file with the OIDC token")),
        };
        Ok(Credential::WorkloadIdentity(WorkloadIdentity::oidc(source)))
    }

    fn read(&self, env: &dyn Environment, path: &str) -> Result<SecretString, BadCredentials> {
        read(&expand(env, path)).map_err(|why| self.bad(format!("{path} {why}")))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("from", &self.from).finish_non_exhaustive()
    }
}

/// `~` is the user's folder.
fn expand(env: &dyn Environment, path: &str) -> PathBuf {
    match path.strip_prefix("~/").and_then(|rest| env.home().map(|home| home.join(rest))) {
        Some(path) => path,
        None => path.into(),
    }
}

fn read(path: &PathBuf) -> Result<SecretString, String> {
    let kind = fs::metadata(path).map_err(|error| format!("can't be read: {error}"))?;
    if !kind.is_file() || kind.len() > MAX_FILE {
        return Err("is no file with a key or a token".to_owned());
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.into()),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err("is no text: give PEM, not DER".to_owned())
        }
        Err(error) => Err(format!("can't be read: {error}")),
    }
}

/// A token that something else renews in its file.
struct TokenFile(PathBuf);

impl TokenSource for TokenFile {
    fn token(&self) -> BoxFuture<'_, Result<SourcedToken, String>> {
        Box::pin(async {
            let text = read(&self.0).map_err(|why| format!("{} {why}", self.0.display()))?;
            Ok(SourcedToken { text, expires_at: None })
        })
    }
}

struct FixedToken(SecretString);

impl TokenSource for FixedToken {
    fn token(&self) -> BoxFuture<'_, Result<SourcedToken, String>> {
        Box::pin(async { Ok(SourcedToken { text: self.0.clone(), expires_at: None }) })
    }
}
