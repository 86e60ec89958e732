//! A connection in any life: whatever happens to its spec, its Secret and its user, and whatever blow falls on any of
//! its writes, it ends as it would have undisturbed; then nothing is written any more.
//!
//! The API server is a few maps behind kube's client; Snowflake is the emulator.

mod cluster;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::{
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, RngSeed, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;

use super::{Connections, Context, Guarded};
use crate::{
    kinds::connection::Reach,
    operator::{context::Settings, metrics::Metrics},
    snowflake::{HostPolicy, Transport},
};
use cluster::{BLOWS, Blow, Cluster};

const CONNECTION: &str = "/apis/snowfence.dev/v1alpha1/namespaces/team/snowflakeconnections/main";
const SECRET: &str = "/api/v1/namespaces/team/secrets/credential";

/// What is in the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Absent,
    OtherKey,
    Garbage,
    /// The key that both users have.
    Key,
    Token(&'static str),
}

#[derive(Clone, Debug)]
enum Event {
    Spec {
        user: &'static str,
        role: Option<&'static str>,
        by_token: bool,
        resync: Option<&'static str>,
    },
    Secret(Content),
    Hand(&'static str),
    Restart,
    /// As long as it takes until a connection is verified again.
    Later,
}

struct World {
    emulator: Emulator,
    cluster: Arc<Cluster>,
    process: Arc<Connections>,
    generation: i64,
    /// What the oracle knows.
    spec: Event,
    content: Content,
}

impl World {
    fn new(blow: Option<(usize, Blow)>) -> Self {
        let emulator = Emulator::builder().build();
        let admin = |sql: &str| emulator.execute_as("ACCOUNTADMIN", sql).unwrap();
        admin("CREATE ROLE KEEPER");
        admin("CREATE ROLE OTHER");
        emulator.add_user("BOT", ["KEEPER"]);
        let cluster = Arc::new(Cluster { blow: Mutex::new(blow), ..Cluster::default() });
        let process = process(&cluster, &emulator);
        let spec = Event::Spec { user: "OPERATOR", role: None, by_token: false, resync: None };
        let content = Content::Absent;
        let mut world = Self { emulator, cluster, process, generation: 0, spec: spec.clone(), content };
        world.happen(&spec);
        world
    }

    fn restart(&mut self) {
        self.process = process(&self.cluster, &self.emulator);
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Spec { user, role, by_token, resync } => {
                self.spec = event.clone();
                self.generation += 1;
                let at = json!({"name": "credential", "key": "it"});
                let authentication = if *by_token {
                    json!({"programmaticAccessToken": {"token": at}})
                } else {
                    json!({"keyPair": {"privateKey": at}})
                };
                let mut spec = json!({
                    "account": self.emulator.identifier(), "user": user, "authentication": authentication
                });
                spec.as_object_mut().unwrap().extend(role.map(|role| ("role".to_owned(), json!(role))));
                spec.as_object_mut().unwrap().extend(resync.map(|span| ("resync".to_owned(), json!(span))));
                let old = self.cluster.objects.lock().unwrap().get(CONNECTION).cloned();
                let mut object = old.unwrap_or_else(|| {
                    json!({"apiVersion": "snowfence.dev/v1alpha1", "kind": "SnowflakeConnection",
                        "metadata": {"name": "main", "namespace": "team", "uid": "u"}})
                });
                object["metadata"]["generation"] = json!(self.generation);
                object["spec"] = spec;
                self.cluster.put(CONNECTION, object);
            }
            Event::Secret(content) => {
                self.content = *content;
                let of = |user: &str| self.emulator.credentials(user).unwrap();
                let (key, text) = match content {
                    Content::Absent => {
                        self.cluster.objects.lock().unwrap().remove(SECRET);
                        return;
                    }
                    Content::OtherKey => ("other", String::new()),
                    Content::Garbage => ("it", "MARKED-AND-SECRET".to_owned()),
                    Content::Key => ("it", of("OPERATOR").private_key_pem),
                    Content::Token(user) => ("it", of(user).token),
                };
                let secret = json!({"apiVersion": "v1", "kind": "Secret",
                    "metadata": {"name": "credential", "namespace": "team", "uid": "s"},
                    "data": {key: STANDARD.encode(text)}});
                self.cluster.put(SECRET, secret);
            }
            Event::Hand(sql) => {
                let _ = self.emulator.execute_as("ACCOUNTADMIN", sql);
            }
            Event::Restart => self.restart(),
            Event::Later => {}
        }
    }

    /// One pass, as a change of the resource or its Secret calls for it.
    async fn pass(&mut self) {
        let object = self.cluster.objects.lock().unwrap()[CONNECTION].clone();
        let cr: Guarded = serde_json::from_value(object).unwrap();
        let (process, cluster) = (self.process.clone(), self.cluster.clone());
        tokio::select! {
            _ = process.pass(&cr) => {}
            () = cluster.died.notified() => self.restart(),
        }
    }

    fn writes(&self) -> usize {
        self.cluster.writes.load(Ordering::SeqCst)
    }

    async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..8 {
            let before = self.writes();
            self.pass().await;
            if before == self.writes() {
                return Ok(());
            }
        }
        Err(format!("not settled: {}", self.status()))
    }

    fn status(&self) -> Value {
        self.cluster.objects.lock().unwrap()[CONNECTION]["status"].clone()
    }

    /// The status without the moments and the numbers of requests in it.
    fn timeless(&self) -> Value {
        let text = self.status().to_string();
        let id = regex::Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap();
        let moment = regex::Regex::new(r"[0-9]{4}-[0-9-]{5}T[0-9:.]+Z").unwrap();
        serde_json::from_str(&moment.replace_all(&id.replace_all(&text, "ID"), "THEN")).unwrap()
    }

    /// Says by itself whether the account lets this connection in.
    fn opens(&self) -> bool {
        let Event::Spec { user, role, by_token, .. } = &self.spec else { return false };
        let who = match (self.content, by_token) {
            (Content::Key, false) if *user != "NOBODY" => user,
            (Content::Token(of), true) => of,
            _ => return false,
        };
        let is = |sql: &str| self.emulator.execute_as("ACCOUNTADMIN", sql).unwrap();
        let described = format!("{:?}", is(&format!("DESC USER {who}")));
        if described.contains(r#"Some("DISABLED"), Some("true")"#) {
            return false;
        }
        let granted = format!("{:?}", is(&format!("SHOW GRANTS TO USER {who}")));
        // Without a role it is the user's default one, which must be granted, too.
        let role = role.unwrap_or(if who == "BOT" { "KEEPER" } else { "SYSADMIN" });
        role == "PUBLIC" || granted.contains(&format!(r#"Some("{role}")"#))
    }

    fn check(&self) -> Result<(), String> {
        let status = self.status();
        let text = status.to_string();
        let operator = self.emulator.operator();
        let key = operator.private_key_pem.lines().nth(1).unwrap_or_default();
        if ["MARKED-AND-SECRET", &operator.token, key].iter().any(|secret| text.contains(secret)) {
            return Err(format!("a secret in the status: {text}"));
        }
        let ready = status["conditions"].as_array().unwrap().iter().find(|c| c["type"] == "Ready").unwrap();
        let opens = self.opens();
        if (ready["status"] == "True") != opens {
            return Err(format!("says {ready}, and the account lets it in: {opens}"));
        }
        if !opens && ready["message"].as_str().is_none_or(str::is_empty) {
            return Err(format!("does not say why: {ready}"));
        }
        if status["observedGeneration"] != self.generation {
            return Err(format!("speaks of generation {}", status["observedGeneration"]));
        }
        if self.emulator.statements(0).iter().any(|s| s.client != "emulator" && s.writes()) {
            return Err("a connection changed something in Snowflake".into());
        }
        Ok(())
    }
}

/// An operator's process of which nothing survives but the status.
fn process(cluster: &Arc<Cluster>, emulator: &Emulator) -> Arc<Connections> {
    let transport = Transport::from_service(emulator.router());
    let settings = Settings {
        client: cluster.client(),
        reach: Reach::new(HostPolicy::default(), transport),
        metrics: Arc::new(Metrics::default()),
        metrics_address: None,
        leader_election: None,
        namespaces: vec![],
        deadline: Duration::from_secs(60),
        passes: 1,
    };
    let context = Arc::new(Context::new(settings, Arc::new(AtomicBool::new(true))));
    Arc::new(Connections { context, kept: Mutex::default(), readers: Mutex::default() })
}

/// Lives it; how many writes there were, and what the status says at the end.
async fn live(events: &[Event], blow: Option<(usize, Blow)>) -> Result<(usize, Value), String> {
    let mut world = World::new(blow);
    world.settle().await?;
    for event in events {
        world.happen(event);
        if matches!(event, Event::Later) {
            tokio::time::advance(Duration::from_secs(2 * 3600)).await;
        }
        world.settle().await.map_err(|sin| format!("at {event:?}: {sin}"))?;
    }
    // What was done to the user by hand is noticed when the connection is verified: by another process, at once.
    world.restart();
    world.settle().await?;
    let (writes, generation) = (world.writes(), world.timeless());
    world.check()?;
    for n in 0..10 {
        world.pass().await;
        if n == 5 {
            world.restart();
        }
    }
    world.restart();
    world.pass().await;
    if world.writes() != writes {
        return Err(format!("written at a resync: {}, before {generation}", world.timeless()));
    }
    Ok((writes, generation))
}

fn event() -> impl Strategy<Value = Event> {
    let spec = (
        select(vec!["OPERATOR", "OPERATOR", "BOT", "NOBODY"]),
        option::of(select(vec!["KEEPER", "OTHER", "ABSENT", "PUBLIC"])),
        any::<bool>(),
        option::of(select(vec!["1m", "2h"])),
    )
        .prop_map(|(user, role, by_token, resync)| Event::Spec { user, role, by_token, resync });
    let content = select(vec![
        Content::Absent,
        Content::OtherKey,
        Content::Garbage,
        Content::Key,
        Content::Key,
        Content::Token("OPERATOR"),
        Content::Token("BOT"),
    ]);
    let hand = select(vec![
        "ALTER USER BOT SET DISABLED = TRUE",
        "ALTER USER BOT SET DISABLED = FALSE",
        "ALTER USER OPERATOR SET DISABLED = TRUE",
        "ALTER USER OPERATOR SET DISABLED = FALSE",
        "REVOKE ROLE KEEPER FROM USER BOT",
        "GRANT ROLE KEEPER TO USER BOT",
        "GRANT ROLE OTHER TO USER OPERATOR",
        "ALTER USER OPERATOR SET DEFAULT_SECONDARY_ROLES = ()",
        "ALTER USER OPERATOR SET DEFAULT_SECONDARY_ROLES = ('ALL')",
    ]);
    prop_oneof![
        4 => spec,
        5 => content.prop_map(Event::Secret),
        3 => hand.prop_map(Event::Hand),
        1 => Just(Event::Restart),
        1 => Just(Event::Later),
    ]
}

#[test]
fn connections_converge_after_any_blow() {
    let number = |variable: &str, default: u64| {
        std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let seed = match std::env::var("PROPERTY_SEED").as_deref() {
        Ok("random") => RngSeed::Random,
        _ => RngSeed::Fixed(number("PROPERTY_SEED", 20_270_131)),
    };
    let config = Config {
        cases: u32::try_from(number("PROPERTY_CASES", 1_000)).unwrap(),
        rng_seed: seed,
        failure_persistence: None,
        max_shrink_time: 15_000,
        ..Config::default()
    };
    let (began, enough) = (std::time::Instant::now(), Duration::from_secs(number("PROPERTY_SECONDS", 30)));
    let (lives, lived) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let result = TestRunner::new(config).run(&prop::collection::vec(event(), 1..7), |events| {
        if began.elapsed() > enough && lives.load(Ordering::Relaxed) >= 10 {
            return Ok(());
        }
        let n = lives.fetch_add(1, Ordering::Relaxed);
        let runtime =
            || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (writes, end) = runtime()
            .block_on(live(&events, None))
            .map_err(|sin| TestCaseError::fail(format!("undisturbed: {sin}")))?;
        lived.fetch_add(1, Ordering::Relaxed);
        for at in 0..writes {
            let blow = BLOWS[(at + n) % BLOWS.len()];
            let other = runtime().block_on(live(&events, Some((at, blow))));
            lived.fetch_add(1, Ordering::Relaxed);
            let here =
                |sin: String| TestCaseError::fail(format!("{blow:?} at write {at} of {writes}: {sin}"));
            let (_, other) = other.map_err(here)?;
            if other != end {
                return Err(here(format!("it ends as {other}, undisturbed {end}")));
            }
        }
        Ok(())
    });
    eprintln!(
        "connections: {} lives, lived {} times with a blow or without, in {:.1?}",
        lives.load(Ordering::Relaxed),
        lived.load(Ordering::Relaxed),
        began.elapsed()
    );
    if let Err(error) = result {
        panic!("{error}");
    }
}
