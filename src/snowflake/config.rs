//! Where Snowflake is, and as whom to speak to it.
use super::{
    account::AccountIdentifier,
    auth::Credential,
    client::Observer,
    host::{HostNotAllowed, HostPolicy},
};
use crate::values::ident::Ident;
use reqwest::Url;
use std::{fmt, sync::Arc, time::Duration};

/// Settings of a [`Client`](super::Client). An address is in it only if the [`HostPolicy`] allowed it.
#[derive(Clone)]
pub struct ClientConfig {
    pub(super) account: AccountIdentifier,
    pub(super) base_url: Url,
    pub(super) user: String,
    pub(super) credential: Credential,
    pub(super) role: Option<Ident>,
    pub(super) warehouse: Option<Ident>,
    pub(super) concurrency: usize,
    pub(super) statement_timeout: Duration,
    pub(super) user_agent: String,
    pub(super) observer: Option<Arc<dyn Observer>>,
}

impl ClientConfig {
    /// `base_url`: where it is not the account's own address. `user`: a key pair needs it, others may leave it empty.
    pub fn new(
        account: AccountIdentifier,
        base_url: Option<Url>,
        user: impl Into<String>,
        credential: Credential,
        policy: &HostPolicy,
    ) -> Result<Self, HostNotAllowed> {
        let base_url = if let Some(url) = base_url {
            url
        } else {
            let own = format!("https://{}/", account.host());
            Url::parse(&own).map_err(|_| HostNotAllowed::NotPlain { url: own })?
        };
        policy.check(&base_url)?;
        Ok(Self {
            account,
            base_url,
            user: user.into(),
            credential,
            role: None,
            warehouse: None,
            concurrency: 8,
            statement_timeout: Duration::from_secs(60),
            user_agent: concat!("snowfence/", env!("CARGO_PKG_VERSION")).to_owned(),
            observer: None,
        })
    }

    /// The role of every statement; the user's default role where there is none.
    pub fn role(mut self, role: Option<Ident>) -> Self {
        self.role = role;
        self
    }

    /// The warehouse for statements that need one.
    pub fn warehouse(mut self, warehouse: Option<Ident>) -> Self {
        self.warehouse = warehouse;
        self
    }

    /// How many statements run at once; at least one. 8 by default.
    pub fn concurrency(mut self, statements: usize) -> Self {
        self.concurrency = statements.max(1);
        self
    }

    /// How long a statement may take, whole seconds from 1 s to seven days. 60 s by default.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// `name/version`, by default Snowfence's own.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Who is told of each statement, for metrics.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    pub fn account(&self) -> &AccountIdentifier {
        &self.account
    }

    pub fn base_url(&self) -> &Url {
        &self.base_url
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("account", &self.account)
            .field("base_url", &self.base_url.as_str())
            .field("user", &self.user)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
