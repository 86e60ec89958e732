//! Input that can never work: refused at `kubectl apply` where that is possible, else by a condition.

use serde_json::json;

use super::{
    cluster::SCHEMA,
    kubectl::{condition, reason},
    world::{World, monitor, warehouse},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_never_work_is_refused_by_apply_with_a_sentence() {
    let world = World::bare("refusals", snowfence_emulator::emulator::Emulator::builder()).await;
    let _schema = SCHEMA.read().await;
    let suspend = |at: u8| json!({"atPercent": at, "do": "SUSPEND"});
    for (what, manifest, texts) in [
        (
            "two SUSPEND triggers",
            monitor("m", json!({"creditQuota": 1, "triggers": [suspend(80), suspend(90)]})),
            &["at most one SUSPEND trigger", "keep the lower one"][..],
        ),
        (
            "min above max",
            warehouse("w", json!({"minClusterCount": 3, "maxClusterCount": 2})),
            &["minClusterCount must not be above maxClusterCount"],
        ),
        (
            "size of an adaptive warehouse",
            warehouse("w", json!({"type": "ADAPTIVE", "size": "SMALL"})),
            &["an adaptive warehouse has no size", "remove them"],
        ),
        ("an unknown size", warehouse("w", json!({"size": "HUGE"})), &["spec.size", "XSMALL"]),
        ("an unknown field", warehouse("w", json!({"sizee": "SMALL"})), &["unknown field \"spec.sizee\""]),
        ("a name without end", warehouse("w", json!({"name": "x".repeat(513)})), &["spec.name", "512"]),
        (
            "two ways to sign in",
            world.connection(
                "two",
                json!({"authentication": {
                    "keyPair": {"privateKey": {"name": "a", "key": "b"}},
                    "programmaticAccessToken": {"token": {"name": "a", "key": "b"}},
                }}),
            ),
            &["exactly one of keyPair, programmaticAccessToken"],
        ),
        ("a URL with a password", world.connection("url", json!({"url": "https://u:p@host"})), &["spec.url"]),
    ] {
        let refused = world.kubectl.refused(&manifest).await;
        for text in texts {
            assert!(refused.contains(text), "{what}: {refused}");
        }
    }
    world.kubectl.apply(&world.connection("main", json!({}))).await;
    let refused = world.kubectl.refused(&world.connection("main", json!({"account": "OTHER-ONE"}))).await;
    assert!(refused.contains("account is immutable: create another connection"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_snowflake_can_not_have_is_told_and_a_hostile_one_stays_in_its_quotes() {
    let world = World::new("names").await;
    let since = world.last();
    let long = "x".repeat(300);
    for (resource, name, text) in [
        ("stray-quote", "a\"; DROP WAREHOUSE \"V", "spec.name"),
        ("too-long", long.as_str(), "255"),
        ("blank", "two words", "spec.name"),
    ] {
        world.warehouse(resource, json!({"name": name})).await;
        let object = format!("snowwh/{resource}");
        let seen = world.kubectl.until(&object, "InvalidSpec", |o| reason(o) == "InvalidSpec").await;
        assert_eq!(condition(&seen, "Stalled").0, "True");
        let message = condition(&seen, "Ready").2;
        assert!(message.contains(text), "{resource}: {message}");
    }
    assert_eq!(world.writes(since), [""; 0]);

    // Doubled inside quotes, a quote is a character of the name.
    let hostile = r#""x""; DROP WAREHOUSE ""V""#;
    world.warehouse("quoted", json!({"name": hostile, "comment": "'; DROP WAREHOUSE V; --\\"})).await;
    world.kubectl.ready(&["snowwh/quoted"]).await;
    let name = r#"x"; DROP WAREHOUSE "V"#;
    assert_eq!(world.of_warehouse(name, "comment").as_deref(), Some("'; DROP WAREHOUSE V; --\\"));
    world.kubectl.run(&["delete", "--timeout=30s", "snowwh", "--all"]).await;
    let writes = world.writes(since);
    assert_eq!(writes.len(), 2, "{writes:#?}");
    assert_eq!(writes[1], format!("DROP WAREHOUSE {hostile}"));
}
