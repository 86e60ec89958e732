//! Plans of resource monitors.

use std::collections::{BTreeMap, BTreeSet};

use snowfence::{
    api::{Grant, Record, ResourceMonitor, monitor::MonitorSpec, record::Intent},
    kinds::monitor::{Assigned, ROWS, Seen, WITHOUT_ROW},
    snowflake::catalog::Found,
    values::{
        ident::Ident,
        monitor::{Frequency, Trigger, TriggerAction},
    },
};
use uuid::Uuid;

use super::{Entry, ours, plan, record, row, table};

const KIND: &str = "RESOURCE MONITOR";

fn shown(cells: &[(&str, Option<&str>)]) -> Found {
    let mut all = vec![
        ("credit_quota", Some("100.00")),
        ("used_credits", Some("12.00")),
        ("level", None),
        ("frequency", Some("MONTHLY")),
        ("start_time", Some("1600000000.000000000")),
        ("end_time", None),
        ("notify_at", Some("80%")),
        ("suspend_at", None),
        ("suspend_immediately_at", None),
        ("notify_users", None),
    ];
    all.extend_from_slice(cells);
    row("CAP", &all)
}

fn seen(cells: &[(&str, Option<&str>)]) -> Seen {
    Seen { found: Some(shown(cells)), ..Seen::default() }
}

fn trigger(at_percent: i32, action: TriggerAction) -> Trigger {
    Trigger { at_percent, action }
}

fn quota() -> MonitorSpec {
    MonitorSpec { credit_quota: Some(100), ..MonitorSpec::default() }
}

fn full() -> MonitorSpec {
    MonitorSpec {
        frequency: Some(Frequency::Weekly),
        start_timestamp: Some("2099-01-31 12:00".into()),
        end_timestamp: Some("2100-01-31".into()),
        notify_users: Some(vec!["ann".into(), "\"b,ob\"".into()]),
        triggers: Some(vec![
            trigger(110, TriggerAction::SuspendImmediate),
            trigger(80, TriggerAction::Notify),
            trigger(50, TriggerAction::Notify),
            trigger(100, TriggerAction::Suspend),
        ]),
        grants: Some(vec![Grant { role: "finance".into(), privileges: vec!["MONITOR".into()] }]),
        ..quota()
    }
}

fn has(monitor: Option<&str>) -> Assigned {
    Assigned { monitor: monitor.map(str::to_owned), ours: true, of_role: true }
}

fn cr(spec: MonitorSpec) -> ResourceMonitor {
    ResourceMonitor::new("cap", spec)
}

fn of(spec: MonitorSpec, managed: &[&str], cells: &[(&str, Option<&str>)]) -> String {
    plan(&cr(spec), &record([ours(KIND, "CAP", managed)]), &seen(cells))
}

#[test]
fn every_field_has_a_row_or_a_place() {
    let schema = serde_json::to_value(schemars::schema_for!(MonitorSpec)).unwrap();
    let common =
        ["connectionRef", "name", "renamedFrom", "adopt", "suspend", "managementPolicy", "deletionPolicy"];
    let known: BTreeSet<&str> =
        ROWS.iter().map(|row| row.path).chain(WITHOUT_ROW.iter().copied()).chain(common).collect();
    let fields: BTreeSet<&str> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, known);
}

#[test]
fn creation() {
    let of = |spec| plan(&cr(spec), &Record::default(), &Seen::default());
    insta::assert_snapshot!(table([
        ("a quota", of(quota())),
        ("everything", of(full())),
        ("a frequency begins at once", of(MonitorSpec { frequency: Some(Frequency::Daily), ..quota() })),
        (
            "IMMEDIATELY",
            of(MonitorSpec {
                frequency: Some(Frequency::Daily),
                start_timestamp: Some("IMMEDIATELY".into()),
                ..quota()
            })
        ),
        ("of the account", of(MonitorSpec { account_level: Some(true), ..quota() })),
        (
            "triggers alone make no monitor",
            of(MonitorSpec { credit_quota: None, triggers: full().triggers, ..quota() })
        ),
        ("nothing at all", of(MonitorSpec::default())),
        (
            "two SUSPEND triggers",
            of(MonitorSpec {
                triggers: Some(vec![
                    trigger(90, TriggerAction::Suspend),
                    trigger(95, TriggerAction::Suspend)
                ]),
                ..quota()
            })
        ),
        ("no date", of(MonitorSpec { end_timestamp: Some("tomorrow".into()), ..quota() })),
        ("no user's name", of(MonitorSpec { notify_users: Some(vec!["a b".into()]), ..quota() })),
    ]));
}

#[test]
fn alteration() {
    let managed = ["creditQuota", "frequency", "startTimestamp", "endTimestamp", "notifyUsers", "triggers"];
    let same = [
        ("frequency", Some("WEEKLY")),
        ("start_time", Some("4073544000.000000000")),
        ("end_time", Some("4105036800.000000000")),
        ("notify_users", Some("\"b,ob\", ANN")),
        ("notify_at", Some("50%,80%")),
        ("suspend_at", Some("100%")),
        ("suspend_immediately_at", Some("110%")),
    ];
    let full = || MonitorSpec { grants: None, ..full() };
    let but = |column, cell| {
        let mut cells = same.to_vec();
        cells.push((column, cell));
        cells
    };
    insta::assert_snapshot!(table([
        ("everything", of(full(), &managed, &[("credit_quota", Some("7.00"))])),
        (
            "in sync: used credits move by themselves, and order carries no meaning",
            of(full(), &managed, &same)
        ),
        ("the quota was taken away by hand", of(quota(), &["creditQuota"], &[("credit_quota", None)])),
        (
            "the frequency alone: the start goes with it",
            of(full(), &managed, &but("frequency", Some("DAILY")))
        ),
        (
            "the start alone: the frequency goes with it",
            of(full(), &managed, &but("start_time", Some("4073572800.000000000")))
        ),
        (
            "a frequency without a start",
            of(MonitorSpec { frequency: Some(Frequency::Daily), ..quota() }, &[], &[])
        ),
        (
            "one trigger: TRIGGERS replaces the set, outside SET",
            of(full(), &managed, &but("notify_at", Some("80%")))
        ),
        (
            "no user any more",
            of(MonitorSpec { notify_users: Some(vec![]), ..quota() }, &[], &[("notify_users", Some("ANN"))])
        ),
        (
            "a start that Snowflake prints with an offset",
            of(full(), &managed, &but("start_time", Some("2099-01-31 04:00:00.000 -0800")))
        ),
        ("thresholds that are not understood", of(full(), &managed, &but("notify_at", Some("half")))),
        ("a quota that is not understood", of(full(), &managed, &but("credit_quota", Some("plenty")))),
        (
            "ignored triggers",
            of(
                MonitorSpec { ignore_fields: vec!["triggers".into()], ..full() },
                &managed,
                &but("notify_at", Some("1%"))
            )
        ),
    ]));
}

#[test]
fn release() {
    let managed = [
        "creditQuota",
        "frequency",
        "startTimestamp",
        "endTimestamp",
        "notifyUsers",
        "triggers",
        "accountLevel",
    ];
    let empty = || MonitorSpec::default();
    insta::assert_snapshot!(table([
        (
            "of everything",
            of(
                empty(),
                &managed,
                &[
                    ("end_time", Some("4105036800.000000000")),
                    ("notify_users", Some("ANN")),
                    ("level", Some("ACCOUNT"))
                ]
            )
        ),
        ("of what has no value already", of(empty(), &managed, &[("credit_quota", None)])),
        (
            "said not to be the account's",
            of(
                MonitorSpec { account_level: Some(false), ..quota() },
                &["creditQuota"],
                &[("level", Some("ACCOUNT"))]
            )
        ),
        (
            "the account's monitor notifies no users: those that somebody else added go",
            of(
                MonitorSpec { account_level: Some(true), ..quota() },
                &["accountLevel", "creditQuota"],
                &[("notify_users", Some("ANN")), ("level", None)]
            )
        ),
        (
            "but not those that are ignored",
            of(
                MonitorSpec {
                    account_level: Some(true),
                    ignore_fields: vec!["notifyUsers".into()],
                    ..quota()
                },
                &["accountLevel", "creditQuota"],
                &[("notify_users", Some("ANN")), ("level", None)]
            )
        ),
        ("of the account's level that somebody else gave", of(empty(), &[], &[("level", Some("ACCOUNT"))])),
    ]));
}

#[test]
fn the_last_trigger_can_only_go_with_a_new_monitor() {
    let none = |quota: i64| MonitorSpec {
        triggers: Some(vec![]),
        credit_quota: Some(quota),
        grants: full().grants,
        ..MonitorSpec::default()
    };
    let entry = Entry {
        grants: ["MONITOR TO ROLE FINANCE".into()].into(),
        attached: ["W1".into()].into(),
        ..ours(KIND, "CAP", &["creditQuota", "triggers"])
    };
    let wanted = |has: Option<&str>| BTreeMap::from([(Ident::exact("W1").unwrap(), Some(self::has(has)))]);
    let seen = |has| Seen { grants: entry.grants.clone(), wanted: wanted(has), ..seen(&[]) };
    let intent = |done| Some(Intent { request_id: Uuid::nil(), done });
    let pending = Entry { intent: intent(false), ..entry.clone() };
    let replaced = |done| Entry { created_on: Some("1".into()), intent: intent(done), ..entry.clone() };
    insta::assert_snapshot!(table([
        ("the rest is done meanwhile", plan(&cr(none(7)), &record([entry.clone()]), &seen(Some("CAP")))),
        (
            "not sent yet, or the answer was lost",
            plan(&cr(none(100)), &record([pending.clone()]), &seen(Some("CAP")))
        ),
        (
            "the answer was lost, and another one is there now: never replaced",
            plan(&cr(none(100)), &record([replaced(false)]), &seen(None))
        ),
        ("gone meanwhile", plan(&cr(none(100)), &record([pending]), &Seen::default())),
        (
            "replaced, and then a crash",
            plan(
                &cr(none(100)),
                &record([replaced(true)]),
                &Seen { grants: BTreeSet::new(), found: Some(shown(&[("notify_at", None)])), ..seen(None) }
            )
        ),
    ]));
}

#[test]
fn assignments() {
    let name = |text: &str| Ident::exact(text).unwrap();
    let entry = |attached: &[&str]| Entry {
        attached: attached.iter().map(|n| (*n).to_owned()).collect(),
        ..ours(KIND, "CAP", &["creditQuota"])
    };
    let with = |wanted: &[(&str, Option<Option<&str>>)], released: &[&str]| Seen {
        wanted: wanted.iter().map(|(n, has)| (name(n), has.map(self::has))).collect(),
        released: released.iter().map(|n| name(n)).collect(),
        ..seen(&[])
    };
    let of = |attached: &[&str], seen: Seen| plan(&cr(quota()), &record([entry(attached)]), &seen);
    insta::assert_snapshot!(table([
        (
            "assigned, moved here, and waiting to be created",
            of(&[], with(&[("W1", Some(None)), ("W2", Some(Some("OTHER"))), ("W3", None)], &[]))
        ),
        (
            "not ours, or not ours yet",
            of(
                &[],
                Seen {
                    wanted: [(name("W1"), Some(Assigned { ours: false, ..has(None) }))].into(),
                    ..seen(&[])
                }
            )
        ),
        ("in sync", of(&["W1"], with(&[("W1", Some(Some("CAP")))], &[]))),
        ("assigned by somebody else already", of(&[], with(&[("W1", Some(Some("CAP")))], &[]))),
        ("no longer referred to", of(&["W1", "W2"], with(&[("W1", Some(Some("CAP")))], &["W2"]))),
        ("no longer referred to, and moved on", of(&["W2"], with(&[], &[]))),
        (
            "created with the monitor",
            plan(&cr(quota()), &Record::default(), &Seen { found: None, ..with(&[("W1", Some(None))], &[]) })
        ),
    ]));
}

#[test]
fn names() {
    let spec = || MonitorSpec { name: Some("lid".into()), renamed_from: Some("cap".into()), ..quota() };
    insta::assert_snapshot!(table([
        ("can't be renamed", plan(&cr(spec()), &record([ours(KIND, "CAP", &[])]), &Seen::default())),
        ("somebody else's", plan(&cr(quota()), &record([]), &seen(&[]))),
        (
            "adopted, and the last trigger waits",
            plan(
                &cr(MonitorSpec { adopt: Some(true), triggers: Some(vec![]), ..quota() }),
                &record([]),
                &seen(&[])
            )
        ),
    ]));
}
