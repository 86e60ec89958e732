//! How an emulator is put together.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{Emulator, Inner, OPERATOR, OPERATOR_ROLES, micros};
use crate::account::{Account, Edition};
use crate::auth::{Authenticator, IssuerKeys, KeyPair, OAuthClient};
use crate::faults::Faults;
use crate::state::{Sessions, StateError, Statements};

/// Puts an emulator together.
#[derive(Debug)]
pub struct Builder {
    organization: String,
    account: String,
    edition: Edition,
    latency: Duration,
    patience: Duration,
    partition_bytes: usize,
    key: Option<KeyPair>,
    clients: Vec<OAuthClient>,
    issuers: Vec<(String, IssuerKeys)>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            organization: "SNOWFENCE".into(),
            account: "EMULATOR".into(),
            edition: Edition::Enterprise,
            latency: Duration::ZERO,
            patience: Duration::from_secs(45),
            partition_bytes: 10 << 20,
            key: None,
            clients: Vec::new(),
            issuers: Vec::new(),
        }
    }
}

impl Builder {
    /// The organization's name; `SNOWFENCE` when not given. Kept in upper case.
    pub fn organization(mut self, name: impl AsRef<str>) -> Self {
        self.organization = name.as_ref().to_uppercase();
        self
    }

    /// The account's name in the organization; `EMULATOR` when not given. Kept in upper case.
    pub fn account(mut self, name: impl AsRef<str>) -> Self {
        self.account = name.as_ref().to_uppercase();
        self
    }

    /// Enterprise when not given.
    pub fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }

    /// How long each request takes at least; nothing when not given. Statements take effect at the end of it.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// After how long a statement that still runs is answered with 202; 45 s when not given, as Snowflake does.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many bytes of JSON a partition of a result holds; 10 MiB when not given.
    pub fn partition_bytes(mut self, bytes: usize) -> Self {
        self.partition_bytes = bytes;
        self
    }

    /// The key pair of the users; one that all emulators of the process share when not given.
    pub fn key(mut self, key: KeyPair) -> Self {
        self.key = Some(key);
        self
    }

    /// A client of the authorization server at `/oauth/token-request`.
    pub fn oauth_client(mut self, client: OAuthClient) -> Self {
        self.clients.push(client);
        self
    }

    /// An issuer whose tokens workloads may sign in with.
    pub fn issuer(mut self, issuer: impl Into<String>, keys: IssuerKeys) -> Self {
        self.issuers.push((issuer.into(), keys));
        self
    }

    /// An emulator with an empty account and the user OPERATOR, with credentials.
    pub fn build(self) -> Emulator {
        let emulator = self.empty();
        emulator.add_user(OPERATOR, OPERATOR_ROLES);
        emulator
    }

    /// An emulator with an empty account, in which OPERATOR has no credentials yet ([`Emulator::admit`]).
    pub fn empty(self) -> Emulator {
        let account = Account::new(&self.organization, &self.account, self.edition);
        self.assemble(account, None)
    }

    /// An emulator whose account is kept in a file: read when it is there, written by [`Emulator::save`]. Users have
    /// no credentials yet ([`Emulator::admit`]), but the keys and tokens that the file knows work.
    pub fn open(self, path: impl Into<PathBuf>) -> Result<Emulator, StateError> {
        let path = path.into();
        let identifier = format!("{}-{}", self.organization, self.account);
        let found = crate::state::load(&path, &identifier)?;
        let account = found.unwrap_or_else(|| Account::new(&self.organization, &self.account, self.edition));
        if account.edition() != self.edition {
            let (kept, asked) = (account.edition().name(), self.edition.name());
            tracing::warn!(kept, asked, "the account in the state file keeps its edition");
        }
        Ok(self.assemble(account, Some(path)))
    }

    fn assemble(self, account: Account, file: Option<PathBuf>) -> Emulator {
        let key = self.key.unwrap_or_else(KeyPair::shared);
        let identifier = format!("{}-{}", self.organization, self.account);
        let host = format!("{}.snowflakecomputing.com", identifier.to_lowercase().replace('_', "-"));
        let names = vec![identifier.clone(), account.locator().to_owned()];
        let authenticator = Authenticator::new(names, key.clone(), &host, self.clients);
        for (issuer, keys) in self.issuers {
            authenticator.issuers.register(issuer, keys);
        }
        Emulator(Arc::new(Inner {
            organization: self.organization,
            name: self.account,
            identifier,
            account: Arc::new(Mutex::new(account)),
            authenticator,
            key,
            credentials: Mutex::default(),
            statements: Statements::default(),
            executions: Arc::default(),
            sessions: Sessions::default(),
            faults: Faults::default(),
            latency: AtomicU64::new(micros(self.latency)),
            patience: self.patience,
            partition_bytes: self.partition_bytes,
            ahead: AtomicI64::new(0),
            instance: Uuid::new_v4(),
            handles: AtomicU64::new(0),
            file,
            writing: Mutex::default(),
            changed: AtomicBool::new(false),
            change: Notify::new(),
            tasks: TaskTracker::new(),
        }))
    }
}
