//! Serving until a signal comes.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Serialize;
use snowfence_emulator::account;
use snowfence_emulator::auth::{IssuerKeys, KeyPair, OAuthClient};
use snowfence_emulator::emulator::{Emulator, OPERATOR, UserCredentials};
use snowfence_emulator::http::Server;
use tokio::signal::unix::{SignalKind, signal};

use super::keep::Keep;
use super::{Edition, Serve};

/// How long changes gather before they are written.
const GATHER: Duration = Duration::from_millis(200);

/// The line that is printed.
#[derive(Serialize)]
struct Line<'a> {
    url: String,
    ca: Option<&'a Path>,
    proxy: Option<String>,
    organization: &'a str,
    account: &'a str,
    users: Vec<User>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User {
    name: String,
    password: String,
    token: String,
    private_key: PathBuf,
    roles: Vec<String>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        // Before anything is made: a signal that comes early must not be lost.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;

        let emulator = self.emulator()?;
        let keep = Keep::beside(self.state.as_deref())?;
        let users = self.users(&emulator, &keep)?;
        let authority = if self.tls || self.proxy.is_some() { Some(keep.authority()?) } else { None };
        emulator.save()?;
        let open = std::iter::once(self.listen).chain(self.proxy).find(|address| !address.ip().is_loopback());
        if let Some(address) = open {
            tracing::warn!(%address, "the controls under /emulator/ need no credentials, and this is not loopback");
        }
        let signer = authority.as_ref().map(|(authority, _)| authority);
        let server = emulator
            .listen(self.listen, signer.filter(|_| self.tls))
            .await
            .map_err(|error| format!("--listen {}: {error}", self.listen))?;
        let proxy = match (self.proxy, signer) {
            (Some(address), Some(authority)) => Some(
                emulator
                    .proxy(address, authority)
                    .await
                    .map_err(|error| format!("--proxy {address}: {error}"))?,
            ),
            _ => None,
        };
        let line = Line {
            url: server.url(),
            ca: authority.as_ref().map(|(_, file)| file.as_path()),
            proxy: proxy.as_ref().map(Server::url),
            organization: emulator.organization(),
            account: emulator.account_name(),
            users,
        };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()?;
        drop(stdout);

        let saving = tokio::spawn(save(emulator.clone()));
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
        }
        tokio::select! {
            () = stopped(server, proxy) => emulator.settle().await,
            _ = interrupt.recv() => tracing::warn!("SIGINT again: not waiting"),
        }
        saving.abort();
        let _ = saving.await;
        emulator.save()?;
        Ok(ExitCode::SUCCESS)
    }

    fn emulator(&self) -> Result<Emulator, Box<dyn Error>> {
        let edition = match self.edition {
            Edition::Standard => account::Edition::Standard,
            Edition::Enterprise => account::Edition::Enterprise,
        };
        let mut builder = Emulator::builder()
            .organization(&self.organization)
            .account(&self.account)
            .edition(edition)
            .latency(self.latency)
            .patience(self.patience)
            .partition_bytes(self.partition_bytes)
            .key(KeyPair::generate());
        for file in &self.oauth_clients {
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let client: OAuthClient =
                serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
            builder = builder.oauth_client(client);
        }
        for (issuer, keys) in &self.issuers {
            let keys = if keys.starts_with("http://") || keys.starts_with("https://") {
                IssuerKeys::Url(keys.clone())
            } else {
                IssuerKeys::File(keys.into())
            };
            builder = builder.issuer(issuer, keys);
        }
        Ok(match &self.state {
            Some(path) => builder.open(path)?,
            None => builder.empty(),
        })
    }

    /// Makes the users, or gives them what is kept.
    fn users(&self, emulator: &Emulator, keep: &Keep) -> Result<Vec<User>, Box<dyn Error>> {
        let operator = (OPERATOR.to_owned(), vec!["ACCOUNTADMIN".to_owned(), "SYSADMIN".to_owned()]);
        let mut users = Vec::new();
        for (name, roles) in std::iter::once(&operator).chain(&self.users) {
            let kept = keep.user(name)?;
            let credentials = UserCredentials {
                name: name.clone(),
                password: kept.password,
                token: kept.token.unwrap_or_default(),
                private_key_pem: kept.key.private_key_pem().to_owned(),
                roles: roles.clone(),
            };
            let credentials = emulator
                .admit(credentials, &kept.key.public_key())
                .map_err(|error| format!("the user {name} cannot be made: {error}"))?;
            keep.token(name, &credentials.token)?;
            users.push(User {
                name: credentials.name,
                password: credentials.password,
                token: credentials.token,
                private_key: kept.key_file,
                roles: credentials.roles,
            });
        }
        Ok(users)
    }
}

async fn stopped(server: Server, proxy: Option<Server>) {
    match proxy {
        Some(proxy) => drop(tokio::join!(server.stop(), proxy.stop())),
        None => server.stop().await,
    }
}

/// Writes the state file a moment after each change.
async fn save(emulator: Emulator) {
    // A large account takes a while to write; most of the time is left to others.
    let mut gather = GATHER;
    loop {
        emulator.changed().await;
        tokio::time::sleep(gather).await;
        let began = Instant::now();
        let saver = emulator.clone();
        match tokio::task::spawn_blocking(move || saver.save()).await {
            Ok(Ok(())) => gather = GATHER.max(began.elapsed() * 10),
            Ok(Err(error)) => {
                tracing::error!(%error, "the state was not written");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            Err(_) => return,
        }
    }
}
