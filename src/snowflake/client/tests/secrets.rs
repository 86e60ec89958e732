use super::*;
use std::{fmt::Write as _, sync::Mutex};
use tracing::field::{Field, Visit};

/// Keeps every event and span with all their fields.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0.lock().unwrap(), " {field}={value:?}").unwrap();
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with(module_path!().split("::").next().unwrap())
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn nothing_shows_the_secret() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let replies: [fn() -> Reply; 8] = [
        || answer(200, done()),
        || answer(401, failed("390303", "", "no")),
        || answer(401, failed("390198", "", "Token expired. ...RY-f00d CANARY-f00d-1 f00d-1")),
        || answer(422, failed("002003", "42S02", "no")),
        || raw(200, "text/html", "<html>CANARY-f00d"),
        || raw(404, "text/html", "<html>CANARY-f00d"),
        || Reply::Cut,
        || Reply::NotSent,
    ];
    for reply in replies {
        for credential in [given(), renewing()] {
            let fake = Fake::new(move |_, _| reply());
            let config = config(credential.clone());
            let client = Client::new(config.clone(), fake.transport());
            let result = client.run(&create(), &RunOptions::default()).await;
            let mut shown =
                format!("{credential:?} {config:?} {client:?} {result:?} {:?}", client.credential());
            if let Err(error) = &result {
                write!(shown, " {error} {error:#?}").unwrap();
            }
            assert!(!shown.contains(CANARY) && !shown.contains("RY-f00d"), "{shown}");
            assert!(fake.asked()[0].header("authorization").contains(CANARY), "the secret is at work");
        }
    }
    let log = log.0.lock().unwrap();
    assert!(log.contains("CREATE WAREHOUSE WH") && log.contains("01b-handle"), "{log}");
    assert!(!log.contains(CANARY), "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_quotes_the_token_is_told_without_it() {
    let fake =
        Fake::new(|_, _| answer(401, failed("390198", "", "Token expired. ...RY-f00d (CANARY-f00d) ok é")));
    let given = Client::new(config(given()), fake.transport());
    let ClientError::Unauthorized { message, .. } =
        given.run(&create(), &RunOptions::default()).await.unwrap_err()
    else {
        panic!("not refused")
    };
    assert_eq!(message, "Token expired. ...… (…) ok é");
}

#[test]
fn a_token_goes_to_allowed_hosts_only() {
    let account = AccountIdentifier::parse("myorg-prod").unwrap();
    let url = reqwest::Url::parse("https://evil.example.com").unwrap();
    let config = ClientConfig::new(account, Some(url), "x", given(), &HostPolicy::default());
    let error = ClientError::from(config.unwrap_err());
    assert!(matches!(error, ClientError::HostNotAllowed(_)));
    assert!(error.to_string().contains("evil.example.com"));
}
