//! As whom the command line speaks to Snowflake. In this order:
//!
//! 1. `--connection NAME`: a connection of the `snow` command line;
//! 2. a `SnowflakeConnection` among the manifests, with its Secret among the manifests;
//! 3. the environment: `SNOWFLAKE_ACCOUNT`, `SNOWFLAKE_USER` and so on.
//!
//! Secrets stay in [`secrecy`]'s types; no error and no `Debug` shows one.

mod settings;
mod snow;

use std::{fmt, path::PathBuf, sync::Arc};

use futures::future::BoxFuture;
use secrecy::SecretString;
use settings::Settings;

use super::manifests::Secrets;
use crate::{
    api::SecretKeyRef,
    kinds::connection::{Reach, Secrets as SecretSource},
    snowflake::{ClientConfig, HostPolicy, auth::TokenSource, host::BadPattern},
};

/// The variables of the process, or those of a test.
pub trait Environment {
    /// A variable that is set and not empty.
    fn var(&self, name: &str) -> Option<String>;
    /// The user's folder.
    fn home(&self) -> Option<PathBuf>;
}

/// The variables of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Process;

impl Environment for Process {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }
}

/// Why there is no credential. Says what to do; never shows one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCredentials {
    #[error("{from}: {message}")]
    Settings { from: String, message: String },
    #[error("there is no connection {name}{}", known(.names, .folder.as_ref()))]
    NoConnection { name: String, names: Vec<String>, folder: Option<PathBuf> },
    #[error(
        "there is no credential for Snowflake: name a connection of the snow command line (--connection NAME), give a \
         SnowflakeConnection and its Secret among the manifests, or set SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and \
         SNOWFLAKE_PRIVATE_KEY_PATH"
    )]
    Nothing,
}

fn known(names: &[String], folder: Option<&PathBuf>) -> String {
    match (names, folder) {
        ([], Some(folder)) => {
            format!(": neither connections.toml nor config.toml in {} has one", folder.display())
        }
        ([], None) => ": no folder of the snow command line was found".to_owned(),
        (names, _) => format!(": there are {}", names.join(", ")),
    }
}

/// A configuration from outside the manifests, for everything that is planned.
#[derive(Debug)]
pub struct Given {
    pub config: ClientConfig,
    /// Where it comes from, for messages.
    pub from: String,
    /// What the user should know (a file that others may read).
    pub warnings: Vec<String>,
}

/// The connection that `--connection` names.
pub fn named(name: &str, env: &dyn Environment, reach: &Reach) -> Result<Given, BadCredentials> {
    let mut warnings = vec![];
    let settings = snow::connection(name, env, &mut warnings)?;
    let config = settings.client_config(env, reach)?;
    Ok(Given { config, from: settings.from, warnings })
}

/// The environment's, if it names an account.
pub fn environment(env: &dyn Environment, reach: &Reach) -> Result<Option<Given>, BadCredentials> {
    let mut settings = Settings::new("environment (SNOWFLAKE_…)");
    snow::fill(&mut settings, env);
    if settings.get("account").is_none() {
        return Ok(None);
    }
    let config = settings.client_config(env, reach)?;
    Ok(Some(Given { config, from: settings.from, warnings: vec![] }))
}

/// Snowflake's hosts, and those that were allowed besides.
pub fn hosts(allowed: &[String]) -> Result<HostPolicy, BadPattern> {
    allowed.iter().try_fold(HostPolicy::default(), |policy, pattern| policy.allow(pattern))
}

/// The Secrets among the manifests, for the connections among them.
impl SecretSource for Secrets {
    fn value<'a>(
        &'a self,
        namespace: &'a str,
        at: &'a SecretKeyRef,
    ) -> BoxFuture<'a, Result<SecretString, String>> {
        let value = self.get(namespace, &at.name, &at.key).cloned().map_err(|error| error.to_string());
        Box::pin(std::future::ready(value))
    }
    fn tokens(&self, _: &str, _: &str, _: &str) -> Option<Arc<dyn TokenSource>> {
        None
    }
}

impl fmt::Debug for dyn Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

#[cfg(test)]
mod tests;
