mod answers;
mod limits;
mod lost;
mod secrets;

use super::*;
use crate::snowflake::{
    AccountIdentifier, HostPolicy,
    auth::{GivenToken, SourcedToken, TokenSource, WorkloadIdentity},
    fake::{Asked, Fake, Reply, answer, done, failed, gzipped, raw, result, running},
};
use futures::{FutureExt, future::BoxFuture};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const CANARY: &str = "CANARY-f00d";

/// Tokens of an hour, numbered, at no cost.
#[derive(Default)]
struct Numbered(AtomicUsize);

impl TokenSource for Numbered {
    fn token(&self) -> BoxFuture<'_, Result<SourcedToken, String>> {
        let text = format!("{CANARY}-{}", self.0.fetch_add(1, SeqCst)).into();
        let expires_at = Some(Timestamp::now() + SignedDuration::from_mins(60));
        std::future::ready(Ok(SourcedToken { text, expires_at })).boxed()
    }
}

fn renewing() -> Credential {
    Credential::WorkloadIdentity(WorkloadIdentity::oidc(Arc::new(Numbered::default())))
}

fn given() -> Credential {
    Credential::ProgrammaticAccessToken(GivenToken::new(&CANARY.to_owned().into()).unwrap())
}

fn config(credential: Credential) -> ClientConfig {
    let account = AccountIdentifier::parse("myorg-prod").unwrap();
    ClientConfig::new(account, None, "OPERATOR", credential, &HostPolicy::default()).unwrap()
}

fn client(fake: &Fake) -> Client {
    Client::new(config(renewing()), fake.transport())
}

fn create() -> Statement {
    Statement::new("CREATE WAREHOUSE WH").of_kind("WAREHOUSE")
}

fn show() -> Statement {
    Statement::new("SHOW WAREHOUSES").of_kind("WAREHOUSE")
}

async fn run(fake: &Fake, statement: Statement) -> Result<Outcome, ClientError> {
    client(fake).run(&statement, &RunOptions::default()).await
}

fn submissions(fake: &Fake) -> Vec<Asked> {
    fake.asked().into_iter().filter(|asked| asked.uri.path() == "/api/v2/statements").collect()
}
