//! The parts of the engine, each by itself: gate, conditions, record, teardown's choice, faults, peers.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use snowfence::{
    api::{
        Common, DeletionPolicy, ManagementPolicy, Record, Reference, SnowflakeWarehouse, Status,
        record::{Entry, Intent},
        warehouse::WarehouseSpec,
    },
    engine::{
        conditions::{DRIFTED, READY, RECONCILING, STALLED, Verdict},
        execute,
        fault::{Again, Fault, Shown, backoff},
        gate::Gate,
        managed::{Claim, Peers},
        peers::Index,
        reconcile::came_too_early,
        session::ConnectionKey,
        teardown::{Wish, to_drop},
    },
    plan::{Action, Change, Effect, Note, Risk, Step, Target, step::Hold},
    snowflake::{ClientError, SnowflakeError, Statement},
    values::canonical::Value,
};
use uuid::Uuid;

fn value(text: &str) -> Value {
    Value { sql: text.into(), shown: text.into() }
}

fn on(name: &str) -> Target {
    Target::new("WAREHOUSE", name)
}

fn step(name: &str, risk: Risk) -> Step {
    let change = Change { path: "size".into(), from: Some(value("SMALL")), to: Some(value("LARGE")), risk };
    let effects = vec![Effect::sql(Statement::new("ALTER WAREHOUSE"))];
    Step::new(on(name), Action::Update(vec![change]), effects)
}

// ---- gate

struct Asks {
    record: Record,
    reference: Reference,
    policy: ManagementPolicy,
}

impl Asks {
    fn new() -> Self {
        Self { record: Record::default(), reference: Reference::default(), policy: ManagementPolicy::Full }
    }
    fn gate<'a>(&'a self, approved: Option<&'a str>) -> Gate<'a> {
        let common = Common {
            connection_ref: &self.reference,
            name: None,
            renamed_from: None,
            adopt: false,
            suspend: false,
            management_policy: self.policy,
            deletion_policy: None,
            grants: &[],
            ignore_fields: &[],
        };
        Gate {
            common,
            uid: "uid",
            record: &self.record,
            approved,
            resource: "snowflakewarehouses/etl",
            namespace: "team",
        }
    }
    fn hash(&self, steps: &[Step]) -> String {
        self.gate(None).decide(steps, &HashSet::new()).waiting.unwrap().hash
    }
}

fn runs(decision: &snowfence::engine::gate::Decision) -> Vec<bool> {
    decision.verdicts.iter().map(|verdict| *verdict == execute::Verdict::Run).collect()
}

#[test]
fn only_destructive_steps_wait_and_what_comes_after_them() {
    let asks = Asks::new();
    let mut follower = step("C", Risk::Safe);
    follower.after = vec![on("B")];
    let steps = [step("A", Risk::Disruptive), step("B", Risk::Destructive), follower, step("D", Risk::Safe)];
    let decision = asks.gate(None).decide(&steps, &HashSet::new());
    assert_eq!(runs(&decision), [true, false, false, true]);
    let waiting = decision.waiting.unwrap();
    assert!(!waiting.visibility_lost && !decision.used);
    let command = format!(
        "kubectl -n team annotate --overwrite snowflakewarehouses/etl snowfence.dev/approve={}",
        waiting.hash
    );
    assert!(waiting.message.ends_with(&command), "{}", waiting.message);
    let approved = asks.gate(Some(&waiting.hash)).decide(&steps, &HashSet::new());
    assert_eq!(runs(&approved), [true; 4]);
    assert!(approved.used && approved.waiting.is_none());
}

#[test]
fn an_approval_covers_exactly_what_waits_and_serves_once() {
    let mut asks = Asks::new();
    let hash = asks.hash(&[step("A", Risk::Destructive)]);
    // What need not wait is not covered: it may come and go.
    assert_eq!(asks.hash(&[step("X", Risk::Safe), step("A", Risk::Destructive)]), hash);
    let mut other = step("A", Risk::Destructive);
    let Action::Update(changes) = &mut other.action else { unreachable!() };
    changes[0].to = Some(value("X4LARGE"));
    let mut held = step("A", Risk::Safe);
    held.hold = Some(Hold::VisibilityLost);
    let mut dropped = step("A", Risk::Destructive);
    dropped.action = Action::Delete(Risk::Destructive);
    let two = [step("A", Risk::Destructive), step("B", Risk::Destructive)];
    let mut hashes = HashSet::from([hash.clone()]);
    for steps in [&[other][..], &[step("B", Risk::Destructive)], &two, &[dropped]] {
        assert!(hashes.insert(asks.hash(steps)), "{steps:?}");
    }
    assert!(asks.gate(None).decide(&[held], &HashSet::new()).waiting.unwrap().visibility_lost);
    let uid = Gate { uid: "other", ..asks.gate(None) }
        .decide(&[step("A", Risk::Destructive)], &HashSet::new())
        .waiting
        .unwrap()
        .hash;
    assert!(hashes.insert(uid), "another resource");
    asks.record.objects = vec![Entry {
        kind: "WAREHOUSE".into(),
        name: "A".into(),
        created_on: Some("1".into()),
        ..Entry::default()
    }];
    assert!(hashes.insert(asks.hash(&[step("A", Risk::Destructive)])), "another identity");
    asks.record = Record { approvals: 1, ..Record::default() };
    assert!(hashes.insert(asks.hash(&[step("A", Risk::Destructive)])), "after it was used");
    assert!(!asks.gate(Some(&hash)).decide(&[step("A", Risk::Destructive)], &HashSet::new()).used);
}

#[test]
fn what_is_only_observed_runs_nothing() {
    let asks = Asks { policy: ManagementPolicy::Observe, ..Asks::new() };
    let steps = [
        step("A", Risk::Safe),
        step("B", Risk::Destructive),
        Step::note(on("A"), Note::Forget { on: on("A") }),
    ];
    let decision = asks.gate(None).decide(&steps, &HashSet::new());
    assert_eq!(runs(&decision), [false; 3]);
    assert_eq!(decision.waiting, None);
}

// ---- rounds

#[test]
fn a_step_that_misses_what_another_one_made_came_too_early() {
    use execute::Outcome::{Done, Failed, Skipped};
    let refused = |code: &str| {
        let error = SnowflakeError {
            code: code.into(),
            sql_state: String::new(),
            message: String::new(),
            query_id: None,
        };
        Failed(Fault::from(ClientError::Snowflake(error)))
    };
    let missing = || refused("002003");
    let steps = [step("A", Risk::Safe), step("B", Risk::Safe), step("C", Risk::Safe)];
    let lost = Failed(Fault::from(ClientError::Unavailable("gone".into())));
    for (outcomes, again, why) in [
        ([missing(), Done, Skipped(on("A"))], true, "B may have made it"),
        ([missing(), missing(), missing()], false, "nobody made anything"),
        ([missing(), Skipped(on("A")), Skipped(on("A"))], false, "nobody made anything"),
        ([refused("003001"), Done, Done], false, "a privilege does not come by itself"),
        ([missing(), refused("003001"), Done], true, "the other failure does not hinder"),
        ([missing(), lost, Done], false, "Snowflake is out"),
    ] {
        assert_eq!(came_too_early(&steps, &outcomes), again, "{why}");
    }
}

// ---- conditions

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn said<'a>(conditions: &'a [Condition], name: &str) -> (&'a str, &'a str, i64, Option<i64>) {
    let c = conditions.iter().find(|c| c.type_ == name).unwrap();
    (c.status.as_str(), c.reason.as_str(), c.last_transition_time.0.as_second(), c.observed_generation)
}

#[test]
fn transition_times_move_with_the_status_alone() {
    let first = Verdict::reconciling("Waiting", "for a role").write(&[], Some(1), at(10));
    assert_eq!(said(&first, READY), ("False", "Waiting", 10, Some(1)));
    assert_eq!(said(&first, RECONCILING), ("True", "Waiting", 10, Some(1)));
    let same = Verdict::reconciling("Waiting", "for another role").write(&first, Some(2), at(20));
    assert_eq!(said(&same, READY), ("False", "Waiting", 10, Some(2)));
    let ready = Verdict::ready("InSync", "").write(&same, Some(2), at(30));
    assert_eq!(said(&ready, READY), ("True", "InSync", 30, Some(2)));
    assert_eq!(said(&ready, RECONCILING), ("False", "Idle", 30, Some(2)));
    assert_eq!(said(&ready, STALLED), ("False", "NotStalled", 10, Some(2)));
    assert_eq!(Verdict::ready("InSync", "").write(&ready, Some(2), at(99)), ready, "nothing to write");
}

#[test]
fn the_same_refusal_with_another_number_is_no_news() {
    let refused =
        |id: &str| Verdict::reconciling("CredentialRefused", format!("JWT token is invalid. [{id}]"));
    let first = refused("a1c6b159-8c71-4dc2-ac99-94352c610217").write(&[], Some(1), at(10));
    let again = refused("3ef40d86-3245-419f-a0d0-f36869195a75").write(&first, Some(1), at(20));
    assert_eq!(again, first);
    let other =
        Verdict::reconciling("CredentialRefused", "the user is locked").write(&first, Some(1), at(20));
    assert_eq!(other[0].message, "the user is locked");
}

#[test]
fn conditions_of_others_stay_and_messages_end() {
    let theirs = Condition {
        type_: "Theirs".into(),
        status: "True".into(),
        reason: "R".into(),
        message: String::new(),
        observed_generation: None,
        last_transition_time: Time(at(1)),
    };
    let written =
        Verdict::stalled("Conflict", "ü".repeat(5_000)).write(std::slice::from_ref(&theirs), Some(1), at(2));
    assert_eq!(written.len(), 5);
    assert_eq!(written[4], theirs);
    assert_eq!(written[0].message.chars().count(), 2_000);
    let drifted = Verdict { drifted: Some("size".into()), ..Verdict::ready("Observed", "") }.write(
        &written,
        Some(1),
        at(3),
    );
    assert_eq!(said(&drifted, DRIFTED), ("True", "Different", 3, Some(1)));
}

fn snowflake(code: &str) -> Fault {
    let error = SnowflakeError {
        code: code.into(),
        sql_state: String::new(),
        message: "m".into(),
        query_id: Some("q".into()),
    };
    Fault::Snowflake(ClientError::Snowflake(error))
}

#[test]
fn every_fault_has_its_row() {
    use Again::{Backoff, Now, Resync};
    use Shown::{Quiet, Reconciling, Stalled};
    let unavailable = || ClientError::Unavailable("no route".into());
    let lost = ClientError::Lost { request_id: Uuid::nil(), cause: Box::new(unavailable()) };
    let timed = |executed| ClientError::TimedOut {
        after: std::time::Duration::from_secs(9),
        may_have_executed: executed,
        request_id: Uuid::nil(),
        query_id: None,
    };
    let table = [
        (Fault::Refused("x".into()), "InvalidSpec", Stalled, Resync, false),
        (Fault::Conflict("x".into()), "Conflict", Stalled, Resync, false),
        (Fault::NotVisible("x".into()), "NotVisible", Stalled, Resync, false),
        (Fault::NotAllowed("x".into()), "NotAllowed", Stalled, Resync, false),
        (
            Fault::Waiting { reason: "RoleNotFound", message: "x".into() },
            "RoleNotFound",
            Reconciling,
            Resync,
            false,
        ),
        (
            Fault::Waiting { reason: "ConnectionNotReady", message: "x".into() },
            "ConnectionNotReady",
            Reconciling,
            Resync,
            true,
        ),
        (Fault::NotConverging("x".into()), "NotConverging", Stalled, Resync, false),
        (Fault::ApprovalRequired("x".into()), "ApprovalRequired", Stalled, Resync, false),
        (Fault::VisibilityLost("x".into()), "VisibilityLost", Stalled, Resync, false),
        (Fault::NotFound("x".into()), "NotFound", Stalled, Resync, false),
        (Fault::RecordConflict, "RecordConflict", Quiet, Now, false),
        (Fault::Kubernetes("x".into()), "KubernetesUnavailable", Quiet, Backoff, true),
        (Fault::Deadline, "Deadline", Reconciling, Now, false),
        (Fault::NotLeading, "NotLeading", Quiet, Resync, true),
        (snowflake("003001"), "InsufficientPrivileges", Stalled, Resync, false),
        (snowflake("000625"), "SnowflakeBusy", Reconciling, Backoff, false),
        (snowflake("001425"), "SnowflakeRefused", Stalled, Resync, false),
        (unavailable().into(), "SnowflakeUnavailable", Reconciling, Backoff, true),
        (lost.into(), "SnowflakeUnavailable", Reconciling, Backoff, true),
        (timed(true).into(), "StatementTimedOut", Reconciling, Backoff, false),
        (
            ClientError::Throttled { message: "m".into() }.into(),
            "SnowflakeThrottled",
            Reconciling,
            Backoff,
            true,
        ),
        (
            ClientError::Unauthorized { code: "390144".into(), message: "m".into() }.into(),
            "CredentialRefused",
            Reconciling,
            Resync,
            true,
        ),
        (ClientError::BadAnswer("html".into()).into(), "BadAnswer", Reconciling, Backoff, false),
    ];
    for (fault, reason, shown, again, of_connection) in table {
        assert_eq!(
            (fault.row(), fault.is_of_connection()),
            ((reason, shown, again), of_connection),
            "{fault}"
        );
        let verdict = snowfence::engine::reconcile::verdict_of(&fault);
        assert!(!(verdict.stalled && verdict.reconciling), "{fault}");
        assert_eq!(verdict.ready, Some(false), "{fault}");
        let camel = reason.chars().all(char::is_alphanumeric) && reason.starts_with(char::is_uppercase);
        assert!(camel, "{reason}");
    }
    // The same refusal gives the same message, whatever the query was called.
    assert!(!snowflake("001425").to_string().contains('q'));
}

#[test]
fn tries_become_rarer_up_to_five_minutes() {
    let seconds: Vec<_> = (0..12).map(|n| backoff(n).as_secs()).collect();
    assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
}

// ---- record

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn notes_change_the_record() {
    let mut record = Record::default();
    assert!(record.owns_nothing() && record.is_empty());
    let intent = |fields: &[&str]| Note::Intent {
        on: on("A"),
        request_id: Uuid::nil(),
        managed: set(fields),
        grants: set(&[]),
    };
    record.apply(&intent(&["size"]));
    assert!(!record.owns_nothing());
    assert_eq!(record.attempts, 1);
    record.apply(&Note::NotCreated { on: on("A") });
    assert!(record.objects.is_empty(), "a refused creation leaves nothing");
    record.apply(&intent(&["size"]));
    record.apply(&Note::Created { on: on("A") });
    assert_eq!(record.attempts, 2, "no number twice");
    assert!(record.objects[0].intent.as_ref().unwrap().done);
    record.apply(&Note::Identity {
        on: on("A"),
        created_on: "1".into(),
        owner: Some("R".into()),
        adopted: false,
    });
    assert_eq!(record.objects[0].intent, None);
    record.apply(&Note::Resume { on: on("A"), wanted: true });
    record.apply(&Note::Grants { on: on("A"), grants: set(&["USAGE TO ROLE R"]) });
    record.apply(&Note::Renaming { from: on("A"), to: on("B") });
    assert_eq!(record.objects[0].renaming.as_deref(), Some("B"));
    record.apply(&Note::Renamed { from: on("A"), to: on("B") });
    let entry = record.entry(&on("B")).unwrap();
    assert_eq!(
        (entry.renaming.as_deref(), entry.resume, entry.created_on.as_deref()),
        (None, true, Some("1"))
    );
    assert_eq!(record.entry(&on("A")), None);
    // What is ours survives a replacement that was refused; a new object was never suspended here.
    let anew = Note::Intent { on: on("B"), request_id: Uuid::nil(), managed: set(&[]), grants: set(&[]) };
    record.apply(&anew);
    assert!(!record.objects[0].resume);
    record.apply(&Note::NotCreated { on: on("B") });
    assert_eq!(record.objects[0].created_on.as_deref(), Some("1"));
    record.apply(&Note::Forget { on: on("B") });
    assert!(record.objects.is_empty());
}

// ---- teardown

#[test]
fn what_is_dropped() {
    let intent = |done| Some(Intent { request_id: Uuid::nil(), done });
    let entry = |created_on: Option<&str>, adopted, intent| Entry {
        kind: "WAREHOUSE".into(),
        name: "A".into(),
        created_on: created_on.map(str::to_owned),
        adopted,
        intent,
        ..Entry::default()
    };
    let (created, adopted) = (entry(Some("1"), false, None), entry(Some("1"), true, None));
    let (begun, never) = (entry(None, false, intent(false)), entry(None, false, None));
    let observe = Wish {
        management_policy: ManagementPolicy::Observe,
        deletion_policy: Some(DeletionPolicy::Delete),
        abandon: false,
    };
    let abandon = Wish { abandon: true, deletion_policy: Some(DeletionPolicy::Delete), ..Wish::default() };
    let policy = |policy| Wish { deletion_policy: Some(policy), ..Wish::default() };
    let table = [
        (Wish::default(), false, &created, true),
        (Wish::default(), false, &adopted, false),
        (Wish::default(), false, &begun, true),
        (Wish::default(), false, &never, false),
        (Wish::default(), true, &created, false),
        (policy(DeletionPolicy::Delete), true, &created, true),
        (policy(DeletionPolicy::Delete), false, &adopted, true),
        (policy(DeletionPolicy::Retain), false, &created, false),
        (observe, false, &created, false),
        (abandon, false, &created, false),
    ];
    for (wish, holds_data, entry, dropped) in table {
        let record = Record { objects: vec![entry.clone()], ..Record::default() };
        assert_eq!(
            !to_drop(wish, |_| holds_data, &record).is_empty(),
            dropped,
            "{wish:?} {holds_data} {entry:?}"
        );
    }
}

// ---- peers

fn claims(name: &str, object: &str, second: i64, created_on: Option<&str>) -> SnowflakeWarehouse {
    let reference = Reference { name: "snow".into(), namespace: None };
    let mut cr = SnowflakeWarehouse::new(
        name,
        WarehouseSpec { connection_ref: reference, name: Some(object.into()), ..WarehouseSpec::default() },
    );
    cr.metadata.namespace = Some("team".into());
    cr.metadata.uid = Some(format!("uid-{name}"));
    cr.metadata.creation_timestamp = Some(Time(at(second)));
    let entry = created_on.map(|at| Entry {
        kind: "WAREHOUSE".into(),
        name: object.to_uppercase(),
        created_on: Some(at.into()),
        ..Entry::default()
    });
    let record = Record { objects: entry.into_iter().collect(), ..Record::default() };
    cr.status = Some(Status { record, ..Status::default() });
    cr
}

fn rival(index: &Index, by: &str) -> Option<String> {
    index.rival(&Claim { object: &on("W"), account: "ORG-ACC", by: ("team", by) })
}

#[test]
fn the_proven_claim_wins_then_the_older_then_the_uid() {
    let key = ConnectionKey { namespace: "team".into(), name: "snow".into() };
    let index = Index::default();
    index.put_account(key.clone(), "ORG-ACC".into());
    index.put(&claims("b", "w", 10, None));
    assert_eq!(rival(&index, "b"), None);
    index.put(&claims("a", "w", 10, None));
    assert_eq!(rival(&index, "b").as_deref(), Some("team/a"), "the uid");
    index.put(&claims("older", "\"W\"", 5, None));
    assert_eq!(rival(&index, "a").as_deref(), Some("team/older"));
    assert_eq!(rival(&index, "older"), None);
    index.put(&claims("b", "w", 10, Some("1")));
    assert_eq!(rival(&index, "older").as_deref(), Some("team/b"), "proven");
    assert_eq!(rival(&index, "b"), None);
    assert_eq!(index.identity(&on("W"), "ORG-ACC").as_deref(), Some("1"));
    assert_eq!(index.identity(&on("W"), "ORG-OTHER"), None);
    assert_eq!(index.recorded("WAREHOUSE", &key), ["W"]);
    let mut observes = claims("b", "w", 10, Some("1"));
    observes.spec.management_policy = Some(ManagementPolicy::Observe);
    index.put(&observes);
    assert_eq!(rival(&index, "older"), None, "who only looks claims nothing");
    assert_eq!(index.identity(&on("W"), "ORG-ACC"), None);
    index.remove::<SnowflakeWarehouse>("team", "older");
    assert_eq!(rival(&index, "a"), None);
    index.put_account(key.clone(), "ORG-OTHER".into());
    index.put(&claims("a", "w", 10, None));
    assert_eq!(rival(&index, "elsewhere"), None, "another account has another warehouse");
    assert_eq!(index.users_of(&key).len(), 2);
}
