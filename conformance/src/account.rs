//! What the list is run against: an emulator of this process, or an account.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reqwest::Url;
use snowfence::{
    cli::credentials::{self, BadCredentials, Process},
    kinds::connection::{self, Reach},
    snowflake::{
        AccountIdentifier, Client, ClientConfig, ClientError, Credential, HostPolicy, Outcome, RunOptions,
        Statement, Transport, auth::GivenToken, host::BadPattern, transport::BadTransport,
    },
    values::ident::Ident,
};
use snowfence_emulator::{account::Edition, emulator::Emulator};

use crate::case::Need;

/// Why there is nothing to run the list against.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    #[error(transparent)]
    Credentials(#[from] BadCredentials),
    #[error("--allow-host: {0}")]
    Host(#[from] BadPattern),
    #[error(transparent)]
    Transport(#[from] BadTransport),
    #[error("--ca-bundle {0}: {1}")]
    Bundle(String, std::io::Error),
    #[error("the user has no default role: name one (role)")]
    NoRole,
    #[error("the emulator: {0}")]
    Emulator(String),
    #[error("{0}")]
    Client(#[from] ClientError),
}

/// An account, and what it can do.
#[derive(Debug)]
pub struct Account {
    pub client: Client,
    /// For people: where it is.
    pub name: String,
    pub user: String,
    pub role: String,
    /// As Snowflake calls it: `ENTERPRISE`. Empty where it is not known.
    pub edition: String,
    /// An emulator has no columns of its own, and its credits are free.
    pub emulated: bool,
    /// The user's other roles count as well, so that a role alone can't be tried.
    pub secondary_roles: bool,
    /// What the user should know.
    pub warnings: Vec<String>,
    held: Held,
    compute: bool,
}

/// Roles that are active, and privileges on the account that they have.
#[derive(Clone, Debug, Default)]
struct Held {
    roles: BTreeSet<String>,
    privileges: BTreeSet<String>,
}

/// How to reach an account.
#[derive(Clone, Debug, Default)]
pub struct Way {
    pub connection: String,
    pub allow_hosts: Vec<String>,
    pub ca_bundle: Option<std::path::PathBuf>,
    /// Warehouses may start.
    pub compute: bool,
}

impl Account {
    /// An emulator in this process, without a socket.
    pub async fn emulated(edition: Edition) -> Result<Self, Unreachable> {
        Self::inside(&Emulator::builder().edition(edition).build()).await
    }

    /// The account of an emulator, as its operator with ACCOUNTADMIN.
    pub async fn inside(emulator: &Emulator) -> Result<Self, Unreachable> {
        let bad = |error: &dyn std::fmt::Display| Unreachable::Emulator(error.to_string());
        let url = Url::parse("http://127.0.0.1:9/").map_err(|error| bad(&error))?;
        let policy = HostPolicy::default().allow("127.0.0.1:9")?;
        let identifier = AccountIdentifier::parse(emulator.identifier()).map_err(|error| bad(&error))?;
        let operator = emulator.operator();
        let token = GivenToken::new(&operator.token.into()).map_err(|error| bad(&error))?;
        let credential = Credential::ProgrammaticAccessToken(token);
        let config = ClientConfig::new(identifier, Some(url), operator.name, credential, &policy)
            .map_err(|error| bad(&error))?
            .role(Some(Ident::exact("ACCOUNTADMIN").map_err(|error| bad(&error))?));
        let client = Client::new(config, Transport::from_service(emulator.router()));
        let mut account = Self::of(client, "the emulator".into(), true).await?;
        account.emulated = true;
        Ok(account)
    }

    /// A connection of the `snow` command line.
    pub async fn connected(way: &Way) -> Result<Self, Unreachable> {
        let hosts = credentials::hosts(&way.allow_hosts)?;
        let bundle = way
            .ca_bundle
            .as_ref()
            .map(|path| {
                std::fs::read(path).map_err(|error| Unreachable::Bundle(path.display().to_string(), error))
            })
            .transpose()?;
        let reach = Reach::new(hosts, Transport::reqwest(bundle.as_deref())?);
        let given = credentials::named(&way.connection, &Process, &reach)?;
        // No warehouse: nothing in the list needs one.
        let config = given.config.warehouse(None);
        let client = Client::new(config, reach.transport.clone());
        let mut account = Self::of(client, given.from, way.compute).await?;
        account.warnings = given.warnings;
        Ok(account)
    }

    async fn of(client: Client, from: String, compute: bool) -> Result<Self, Unreachable> {
        let who = connection::verify(&client).await?;
        if who.role.is_empty() {
            return Err(Unreachable::NoRole);
        }
        let edition = match who.edition {
            Some(edition) => edition,
            None => edition_by_columns(&client).await,
        };
        let held = Held::of(&client, &who.role).await;
        Ok(Self {
            client,
            name: format!("{} ({from})", who.name),
            user: who.user,
            role: who.role,
            edition,
            emulated: false,
            secondary_roles: who.secondary_roles,
            warnings: vec![],
            held,
            compute,
        })
    }

    /// Why a case can't be run here.
    pub fn lacks(&self, need: &Need) -> Option<String> {
        match need {
            Need::Enterprise if self.edition.is_empty() => Some("the edition is not known".into()),
            Need::Enterprise if self.edition == "STANDARD" => Some("needs Enterprise Edition".into()),
            Need::Standard if self.edition != "STANDARD" => Some("needs Standard Edition".into()),
            Need::Compute if !self.compute => {
                Some("starts a warehouse, which costs credits (--compute)".into())
            }
            Need::Privilege(name) if !self.held.privilege(name) => {
                Some(format!("needs the privilege {name} ON ACCOUNT"))
            }
            Need::Role(name) if !self.held.role(name) => Some(format!("needs the role {name}")),
            _ => None,
        }
    }
}

/// Only Enterprise Edition has clusters.
async fn edition_by_columns(client: &Client) -> String {
    match client.run(&Statement::new("SHOW WAREHOUSES"), &RunOptions::default()).await {
        Ok(Outcome { rows, .. }) if rows.columns().any(|column| column == "max_cluster_count") => {
            "ENTERPRISE".into()
        }
        Ok(_) => "STANDARD".into(),
        Err(_) => String::new(),
    }
}

impl Held {
    async fn of(client: &Client, role: &str) -> Self {
        let mut held = Self::default();
        let mut queue = VecDeque::from([role.to_owned()]);
        while let Some(role) = queue.pop_front() {
            let Ok(name) = Ident::exact(&role) else { continue };
            if !held.roles.insert(role) {
                continue;
            }
            let statement = Statement::new("SHOW GRANTS TO ROLE").ident(&name);
            // A role whose grants can't be seen adds nothing.
            let Ok(Outcome { rows, .. }) = client.run(&statement, &RunOptions::default()).await else {
                continue;
            };
            for row in rows.iter() {
                let text = |column| row.text(column).unwrap_or_default();
                match (text("granted_on"), text("privilege")) {
                    ("ACCOUNT", privilege) => {
                        held.privileges.insert(privilege.to_owned());
                    }
                    ("ROLE", "USAGE" | "OWNERSHIP") => {
                        queue.extend(Ident::shown(text("name")).ok().map(|name| name.as_str().to_owned()));
                    }
                    _ => {}
                }
            }
        }
        held
    }

    fn role(&self, name: &str) -> bool {
        self.roles.contains(name) || self.roles.contains("ACCOUNTADMIN")
    }

    fn privilege(&self, name: &str) -> bool {
        // What the system's roles can do from the start, and no grant shows everywhere.
        let born: BTreeMap<&str, &[&str]> = [
            ("CREATE WAREHOUSE", &["SYSADMIN"][..]),
            ("CREATE DATABASE", &["SYSADMIN"]),
            ("CREATE ROLE", &["USERADMIN", "SECURITYADMIN"]),
            ("CREATE USER", &["USERADMIN", "SECURITYADMIN"]),
            ("MANAGE GRANTS", &["SECURITYADMIN"]),
        ]
        .into();
        let by_role = born.get(name).is_some_and(|roles| roles.iter().any(|role| self.roles.contains(*role)));
        by_role || self.privileges.contains(name) || self.roles.contains("ACCOUNTADMIN")
    }
}
