//! Every kind of object in one pipeline: created, changed, mended, approved, orphaned, deleted.

use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;

use super::{CR, apply};
use crate::{
    e2e::{
        kubectl::{condition, reason},
        world::{World, eventually},
    },
    support::kinds::{self, Case, End, FOUNDATION},
};

async fn world(namespace: &str) -> World {
    let mut world = World::bare(namespace, Emulator::builder()).await;
    world.start_operator(&[]).await;
    // Bodies and parameters are read at each look, too.
    world.connect(json!({"deepResync": "1s"})).await;
    world.kubectl.ready(&["snowflakeconnection/main"]).await;
    for sql in FOUNDATION {
        world.sql(sql);
    }
    world
}

fn seen(world: &World, cases: &[Case], at: usize) {
    for case in cases {
        let is = kinds::cell(&world.emulator, case.cell);
        assert_eq!(is, case.seen[at], "{}: {}", case.list, case.field);
    }
}

/// The hash that a condition or an event asks for.
fn asked(message: &str) -> String {
    let hash = message.split("snowfence.dev/approve=").nth(1).and_then(|rest| rest.split_whitespace().next());
    hash.unwrap_or_else(|| panic!("no approval is asked for: {message}")).trim_end_matches(';').to_owned()
}

async fn approve(world: &World, message: &str) {
    let approval = format!("snowfence.dev/approve={}", asked(message));
    world.kubectl.run(&["annotate", "--overwrite", CR, &approval]).await;
}

/// Somebody else changes some of them; that is told and mended.
async fn mended(world: &World, cases: &[Case]) {
    for case in cases {
        kinds::by_hand(&world.emulator, case.drift);
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    world.resync().await;
    eventually("every drift is mended", async || {
        let differs = |case: &&Case| kinds::cell(&world.emulator, case.cell) != case.seen[1];
        let wrong: Vec<_> = cases.iter().filter(differs).map(|case| case.field).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    })
    .await;
    eventually("every drift is told", async || {
        let path = "jsonpath={.items[*].message}";
        let told =
            world.kubectl.run(&["get", "events", "--field-selector", "reason=Drift", "-o", path]).await;
        let missing: Vec<_> =
            cases.iter().map(|case| case.told).filter(|words| !told.contains(words)).collect();
        if missing.is_empty() { Ok(()) } else { Err((missing, told)) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_created_changed_mended_and_observed() {
    let world = world("pipekinds").await;
    let cases = kinds::cases();
    apply(&world, kinds::spec()).await;
    world.kubectl.ready(&[CR]).await;
    seen(&world, &cases, 0);
    let objects = world.kubectl.get(CR).await["status"]["objects"].clone();
    assert_eq!((&objects["total"], &objects["failed"]), (&objects["inSync"], &json!(0)), "{objects}");

    apply(&world, kinds::changed(&cases)).await;
    world
        .kubectl
        .until(CR, "changed and in sync", |cr| reason(cr) == "InSync" && condition(cr, "Ready").0 == "True")
        .await;
    seen(&world, &cases, 1);
    let since = world.last();
    world.resync().await;
    assert_eq!(world.writes(since), Vec::<String>::new(), "in sync");

    // By somebody else; a few at a time, for an event has no room for all.
    for some in cases.chunks(6) {
        mended(&world, some).await;
    }
    world.kubectl.ready(&[CR]).await;

    // Only observed: what differs is told, and nothing is written.
    let since = world.last();
    let mut observed = kinds::spec();
    observed["managementPolicy"] = json!("Observe");
    apply(&world, observed).await;
    let cr = world.kubectl.until(CR, "it is observed", |cr| reason(cr) == "Observed").await;
    let (drifted, _, differs) = condition(&cr, "Drifted");
    assert_eq!(drifted, "True", "{cr:#}");
    assert!(differs.contains("database SIDE: comment is two, not one"), "{differs}");
    world.resync().await;
    assert_eq!(world.writes(since), Vec::<String>::new(), "observed");

    // Deleted with `Retain`: nothing goes, whatever it holds.
    let mut kept = kinds::changed(&cases);
    kept["deletionPolicy"] = json!("Retain");
    apply(&world, kept).await;
    world.kubectl.until(CR, "managed again", |cr| reason(cr) == "InSync").await;
    let since = world.last();
    world.kubectl.run(&["delete", CR, "--timeout=60s"]).await;
    assert_eq!(world.writes(since), Vec::<String>::new(), "retained");
    assert_eq!(kinds::there(&world.emulator), kinds::ending(&[End::Goes, End::Stays, End::StaysOn]));
}

/// Edits that lose something, with what the message says of each and the statement that does it.
const LOSING: [(&str, &str, &str); 4] = [
    (
        "table D.S.CALLS: a change of columns.OLD",
        r#"ALTER TABLE "D"."S"."CALLS" DROP COLUMN "OLD""#,
        "tables",
    ),
    (
        "cortex search service D.S.FINDER",
        r#"CREATE OR REPLACE CORTEX SEARCH SERVICE "D"."S"."FINDER""#,
        "searchServices",
    ),
    ("stream D.S.NEW_CALLS", r#"CREATE OR REPLACE STREAM "D"."S"."NEW_CALLS""#, "streams"),
    ("pipe D.S.LOAD_LANDED", r#"CREATE OR REPLACE PIPE "D"."S"."LOAD_LANDED""#, "pipes"),
];

fn losing() -> Value {
    // All the safe changes come along.
    let mut spec = kinds::changed(&kinds::cases());
    spec["tables"][0]["columns"].as_array_mut().unwrap().retain(|column| column["name"] != "OLD");
    for (path, value) in [
        ("searchServices/FINDER/query", json!("SELECT ID, TEXT FROM D.S.LANDED")),
        ("streams/NEW_CALLS/onTable", json!("LANDED")),
        ("pipes/LOAD_LANDED/copy", json!("COPY INTO D.S.LANDED FROM @D.S.FILES/new")),
    ] {
        kinds::set(&mut spec, path, value);
    }
    spec
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_every_kind_what_loses_data_waits_and_what_leaves_goes_by_its_policy() {
    let world = world("pipeends").await;
    apply(&world, kinds::spec()).await;
    world.kubectl.ready(&[CR]).await;

    let since = world.last();
    apply(&world, losing()).await;
    let cr = world.kubectl.until(CR, "it waits", |cr| reason(cr) == "ApprovalRequired").await;
    let message = condition(&cr, "Ready").2.to_owned();
    for (told, statement, _) in LOSING {
        assert!(message.contains(told), "{told}: {message}");
        assert!(!world.writes(since).iter().any(|sent| sent.starts_with(statement)), "{statement}");
    }
    let elsewhere = |case: &Case| LOSING.iter().all(|(.., list)| *list != case.list || case.list == "tables");
    let others: Vec<_> = kinds::cases().into_iter().filter(elsewhere).collect();
    seen(&world, &others, 1);
    approve(&world, &message).await;
    for (_, statement, _) in LOSING {
        world.sent(since, statement).await;
    }
    world.kubectl.ready(&[CR]).await;

    // All entries leave: what holds data stays, with the policies on it.
    let mut emptied = losing();
    for list in emptied.as_object_mut().unwrap().values_mut().filter(|value| value.is_array()) {
        *list = json!([]);
    }
    apply(&world, emptied).await;
    let kept = kinds::ending(&[End::Stays, End::StaysOn]);
    let cr = world
        .kubectl
        .until(CR, "the rest is orphaned", |cr| {
            reason(cr) == "InSync"
                && cr["status"]["orphaned"].as_array().is_some_and(|all| all.len() >= kept.len())
        })
        .await;
    assert_eq!(kinds::there(&world.emulator), kept);
    approve(&world, condition(&cr, "Ready").2).await;
    let gone = async || match kinds::there(&world.emulator) {
        there if there.is_empty() => Ok(()),
        there => Err(there),
    };
    eventually("all orphans are dropped", gone).await;

    // Deleted without a policy: what holds data stays.
    apply(&world, kinds::spec()).await;
    world
        .kubectl
        .until(CR, "made anew", |cr| reason(cr) == "InSync" && cr["status"]["objects"]["total"] != json!(0))
        .await;
    world.kubectl.run(&["delete", CR, "--timeout=60s"]).await;
    assert_eq!(kinds::there(&world.emulator), kept);

    // Made once more, and deleted with everything: the last first.
    world.sql("DROP SCHEMA D.S");
    world.sql("DROP DATABASE SIDE");
    let mut all = kinds::spec();
    all["deletionPolicy"] = json!("Delete");
    apply(&world, all).await;
    world.kubectl.ready(&[CR]).await;
    let since = world.last();
    world.kubectl.run(&["delete", CR, "--timeout=60s"]).await;
    eventually("all is dropped", gone).await;
    let drops: Vec<_> = world.writes(since).into_iter().filter(|sent| sent.starts_with("DROP")).collect();
    let place = |what: &str| {
        drops.iter().position(|sent| sent.starts_with(what)).unwrap_or_else(|| panic!("{what}: {drops:#?}"))
    };
    for pair in [
        ["DROP STREAM", "DROP TABLE"],
        ["DROP TABLE", "DROP MASKING"],
        ["DROP MASKING", "DROP SCHEMA"],
        ["DROP SCHEMA", "DROP DATABASE"],
    ] {
        assert!(place(pair[0]) < place(pair[1]), "{drops:#?}");
    }
}
