//! Plans of warehouses.

use std::collections::BTreeSet;

use snowfence::{
    api::{Grant, ManagementPolicy, Record, SnowflakeWarehouse, record::Intent, warehouse::WarehouseSpec},
    kinds::warehouse::{ROWS, Seen, WITHOUT_ROW},
    snowflake::catalog::Found,
    values::warehouse::{
        AutoSuspend, Generation, ResourceConstraint, ScalingPolicy, WarehouseSize, WarehouseType,
    },
};
use uuid::Uuid;

use super::{ours, parameters, plan, record, row, table};

/// A standard warehouse as Snowflake shows it, with some cells otherwise.
fn shown(cells: &[(&str, Option<&str>)]) -> Found {
    let mut all = vec![
        ("state", Some("SUSPENDED")),
        ("type", Some("STANDARD")),
        ("size", Some("X-Small")),
        ("min_cluster_count", Some("1")),
        ("max_cluster_count", Some("1")),
        ("auto_suspend", Some("600")),
        ("auto_resume", Some("true")),
        ("comment", Some("")),
        ("enable_query_acceleration", Some("false")),
        ("query_acceleration_max_scale_factor", Some("8")),
        ("resource_monitor", Some("null")),
        ("scaling_policy", Some("STANDARD")),
        ("resource_constraint", None),
        ("generation", Some("2")),
        ("max_query_performance_level", None),
        ("query_throughput_multiplier", None),
        ("tables", None),
    ];
    all.extend_from_slice(cells);
    row("ETL", &all)
}

fn seen(cells: &[(&str, Option<&str>)]) -> Seen {
    Seen { found: Some(shown(cells)), ..Seen::default() }
}

fn cr(spec: WarehouseSpec) -> SnowflakeWarehouse {
    SnowflakeWarehouse::new("etl", spec)
}

fn full() -> WarehouseSpec {
    WarehouseSpec {
        warehouse_type: Some(WarehouseType::Standard),
        size: Some(WarehouseSize::X2Large),
        generation: Some(Generation::Gen1),
        min_cluster_count: Some(2),
        max_cluster_count: Some(4),
        scaling_policy: Some(ScalingPolicy::Economy),
        auto_suspend: Some(AutoSuspend::After(60)),
        auto_resume: Some(false),
        enable_query_acceleration: Some(true),
        query_acceleration_max_scale_factor: Some(5),
        comment: Some("it's \"mine\"".into()),
        max_concurrency_level: Some(4),
        statement_queued_timeout_in_seconds: Some(30),
        statement_timeout_in_seconds: Some(3600),
        grants: Some(vec![
            Grant { role: "analyst".into(), privileges: vec!["USAGE".into(), "MONITOR".into()] },
            Grant { role: "\"Night Shift\"".into(), privileges: vec!["OPERATE".into()] },
        ]),
        ..WarehouseSpec::default()
    }
}

fn default() -> WarehouseSpec {
    WarehouseSpec::default()
}

fn interactive(tables: &[&str]) -> WarehouseSpec {
    WarehouseSpec {
        warehouse_type: Some(WarehouseType::Interactive),
        size: Some(WarehouseSize::Small),
        tables: Some(tables.iter().map(|t| (*t).to_owned()).collect()),
        fallback_warehouse: Some("\"fall back\"".into()),
        ..default()
    }
}

fn intent(done: bool) -> Intent {
    Intent { request_id: Uuid::nil(), done }
}

#[test]
fn every_field_has_a_row_or_a_place() {
    let schema = serde_json::to_value(schemars::schema_for!(WarehouseSpec)).unwrap();
    let common =
        ["connectionRef", "name", "renamedFrom", "adopt", "suspend", "managementPolicy", "deletionPolicy"];
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.path).collect();
    let known: BTreeSet<&str> =
        rows.iter().copied().chain(WITHOUT_ROW.iter().copied()).chain(common).collect();
    let fields: BTreeSet<&str> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, known);
    let ddl: BTreeSet<&str> = ROWS.iter().map(|row| row.ddl).collect();
    assert_eq!(ddl.len(), ROWS.len(), "no property twice");
}

#[test]
fn creation() {
    let absent = Seen::default();
    let new = Record::default();
    let plan = |spec| plan(&cr(spec), &new, &absent);
    insta::assert_snapshot!(table([
        ("the least", plan(default())),
        ("everything of a standard warehouse", plan(full())),
        (
            "running, because it is asked for",
            plan(WarehouseSpec { initially_suspended: Some(false), ..default() })
        ),
        ("never suspends", plan(WarehouseSpec { auto_suspend: Some(AutoSuspend::Never), ..default() })),
        (
            "Snowpark",
            plan(WarehouseSpec {
                warehouse_type: Some(WarehouseType::SnowparkOptimized),
                size: Some(WarehouseSize::Large),
                resource_constraint: Some(ResourceConstraint::Memory64XX86),
                ..default()
            })
        ),
        (
            "adaptive is never created suspended, for it can't be",
            plan(WarehouseSpec {
                warehouse_type: Some(WarehouseType::Adaptive),
                max_query_performance_level: Some(WarehouseSize::X4Large),
                query_throughput_multiplier: Some(0),
                ..default()
            })
        ),
        (
            "a minimum alone is the maximum, too",
            plan(WarehouseSpec { min_cluster_count: Some(3), ..default() })
        ),
        ("interactive", plan(interactive(&["d.s.t", "d.\"S\".\"a.b\""]))),
        ("interactive without tables", plan(interactive(&[]))),
        (
            "ignored fields are set at creation and not managed",
            plan(WarehouseSpec {
                auto_suspend: Some(AutoSuspend::After(60)),
                comment: Some("x".into()),
                ignore_fields: vec!["autoSuspend".into()],
                ..default()
            })
        ),
    ]));
}

#[test]
fn creation_after_a_crash() {
    let begun = super::Entry {
        created_on: None,
        intent: Some(intent(false)),
        ..ours("WAREHOUSE", "ETL", &["comment"])
    };
    let done = super::Entry { intent: Some(intent(true)), ..begun.clone() };
    let spec = || WarehouseSpec { size: Some(WarehouseSize::Small), ..default() };
    let renamed = || WarehouseSpec { name: Some("elt".into()), renamed_from: Some("etl".into()), ..spec() };
    let elsewhere = || Seen { elsewhere: vec![shown(&[])], ..Seen::default() };
    let foreign = || seen(&[("owner", Some("SYSADMIN"))]);
    insta::assert_snapshot!(table([
        ("unsettled, and not to be seen", plan(&cr(spec()), &record([begun.clone()]), &Seen::default())),
        (
            "unsettled, and something is there: the same request tells whose it is",
            plan(&cr(spec()), &record([begun.clone()]), &foreign())
        ),
        ("done, and of our role: ours", plan(&cr(spec()), &record([done.clone()]), &seen(&[]))),
        ("done, but of another role", plan(&cr(spec()), &record([done.clone()]), &foreign())),
        (
            "done, but of another role, and adopted",
            plan(&cr(WarehouseSpec { adopt: Some(true), ..spec() }), &record([done.clone()]), &foreign()),
        ),
        ("done, and gone at once", plan(&cr(spec()), &record([done.clone()]), &Seen::default())),
        ("unsettled under the old name", plan(&cr(renamed()), &record([begun.clone()]), &Seen::default())),
        ("done under the old name", plan(&cr(renamed()), &record([done]), &elsewhere())),
        (
            "unsettled under another name, and no rename asked for",
            plan(&cr(WarehouseSpec { renamed_from: None, ..renamed() }), &record([begun]), &Seen::default())
        ),
    ]));
}

#[test]
fn alteration_of_each_property() {
    let all = [
        ("type", Some("SNOWPARK-OPTIMIZED")),
        ("size", Some("Medium")),
        ("min_cluster_count", Some("1")),
        ("max_cluster_count", Some("9")),
        ("auto_suspend", None),
        ("comment", Some("old")),
    ];
    let every = full();
    let managed: Vec<&str> =
        ROWS.iter().filter(|row| row.wanted(&every).is_some()).map(|row| row.path).collect();
    let of = |spec: WarehouseSpec, managed: &[&str], cells: &[(&str, Option<&str>)]| {
        plan(&cr(spec), &record([ours("WAREHOUSE", "ETL", managed)]), &seen(cells))
    };
    let min = |n| WarehouseSpec { min_cluster_count: Some(n), max_cluster_count: Some(5), ..default() };
    let max = |n| WarehouseSpec { max_cluster_count: Some(n), ..default() };
    let alone = |n| WarehouseSpec { min_cluster_count: Some(n), ..default() };
    insta::assert_snapshot!(table([
        ("everything", plan(&cr(full()), &record([ours("WAREHOUSE", "ETL", &managed)]), &seen(&all))),
        (
            "synonyms and case are alike",
            of(
                WarehouseSpec { size: Some(WarehouseSize::X2Large), auto_resume: Some(true), ..default() },
                &["size", "autoResume"],
                &[("size", Some("2X-Large")), ("auto_resume", Some("TRUE"))]
            )
        ),
        (
            "never is NULL is 0",
            of(
                WarehouseSpec { auto_suspend: Some(AutoSuspend::Never), ..default() },
                &["autoSuspend"],
                &[("auto_suspend", Some("0"))]
            )
        ),
        (
            "min alone differs: max goes with it",
            of(min(3), &["minClusterCount", "maxClusterCount"], &[("max_cluster_count", Some("5"))])
        ),
        (
            "max alone differs: min goes with it",
            of(min(1), &["minClusterCount", "maxClusterCount"], &[("max_cluster_count", Some("2"))])
        ),
        (
            "a maximum below a minimum that the spec leaves open takes it along",
            of(
                max(2),
                &["maxClusterCount"],
                &[("min_cluster_count", Some("3")), ("max_cluster_count", Some("9"))]
            )
        ),
        (
            "a minimum above a maximum that the spec leaves open takes it along",
            of(
                alone(4),
                &["minClusterCount"],
                &[("min_cluster_count", Some("1")), ("max_cluster_count", Some("2"))]
            )
        ),
        (
            "a released maximum takes the minimum along",
            of(
                default(),
                &["maxClusterCount"],
                &[("min_cluster_count", Some("3")), ("max_cluster_count", Some("9"))]
            )
        ),
        (
            "but not one that is ignored",
            of(
                WarehouseSpec { ignore_fields: vec!["minClusterCount".into()], ..max(2) },
                &["maxClusterCount"],
                &[("min_cluster_count", Some("3")), ("max_cluster_count", Some("9"))]
            )
        ),
        (
            "managed from now on, and equal already",
            of(WarehouseSpec { size: Some(WarehouseSize::XSmall), ..default() }, &[], &[])
        ),
        (
            "ignored",
            of(
                WarehouseSpec {
                    size: Some(WarehouseSize::Large),
                    ignore_fields: vec!["size".into()],
                    ..default()
                },
                &["size"],
                &[]
            )
        ),
        (
            "no such field to ignore",
            of(WarehouseSpec { ignore_fields: vec!["colour".into()], ..default() }, &[], &[])
        ),
        ("in sync", of(WarehouseSpec { size: Some(WarehouseSize::XSmall), ..default() }, &["size"], &[])),
    ]));
}

#[test]
fn release() {
    let every = full();
    let managed: Vec<&str> =
        ROWS.iter().filter(|row| row.wanted(&every).is_some()).map(|row| row.path).collect();
    let entry = ours("WAREHOUSE", "ETL", &managed);
    let set = parameters(&[("STATEMENT_TIMEOUT_IN_SECONDS", "3600"), ("MAX_CONCURRENCY_LEVEL", "4")]);
    let cells = [
        ("comment", Some("x")),
        ("auto_suspend", Some("60")),
        ("max_cluster_count", Some("4")),
        ("min_cluster_count", Some("2")),
    ];
    let adaptive = WarehouseSpec { warehouse_type: Some(WarehouseType::Adaptive), ..default() };
    insta::assert_snapshot!(table([
        (
            "of everything",
            plan(&cr(default()), &record([entry.clone()]), &Seen { parameters: set.clone(), ..seen(&cells) })
        ),
        (
            "what adaptive warehouses do not have is not released",
            plan(&cr(adaptive), &record([entry.clone()]), &Seen { parameters: set, ..seen(&cells) })
        ),
        (
            "of what has gone by itself",
            plan(
                &cr(default()),
                &record([ours("WAREHOUSE", "ETL", &["statementTimeoutInSeconds", "autoSuspend"])]),
                &seen(&[])
            )
        ),
        (
            "of grants: only those given here",
            plan(
                &cr(default()),
                &record([super::Entry {
                    grants: ["USAGE TO ROLE A".into(), "USAGE TO ROLE B".into()].into(),
                    ..ours("WAREHOUSE", "ETL", &[])
                }]),
                &Seen { grants: ["USAGE TO ROLE A".into(), "MODIFY TO ROLE A".into()].into(), ..seen(&[]) }
            )
        ),
    ]));
}

#[test]
fn change_of_type() {
    let of = |kind, cells: &[(&str, Option<&str>)], resume| {
        let spec = WarehouseSpec { warehouse_type: Some(kind), ..default() };
        let entry = super::Entry { resume, ..ours("WAREHOUSE", "ETL", &["type"]) };
        plan(&cr(spec), &record([entry]), &seen(cells))
    };
    let (running, adaptive) = (("state", Some("STARTED")), ("type", Some("ADAPTIVE")));
    insta::assert_snapshot!(table([
        ("suspended", of(WarehouseType::SnowparkOptimized, &[], false)),
        ("running", of(WarehouseType::SnowparkOptimized, &[running], false)),
        ("a crash after SUSPEND", of(WarehouseType::SnowparkOptimized, &[], true)),
        ("a crash after the change", of(WarehouseType::Standard, &[], true)),
        ("running, to adaptive", of(WarehouseType::Adaptive, &[running], false)),
        (
            "from adaptive",
            of(WarehouseType::Standard, &[("state", Some("ENABLED")), adaptive, ("size", None)], false)
        ),
        ("to interactive", of(WarehouseType::Interactive, &[], false)),
        ("from interactive", of(WarehouseType::Standard, &[("type", Some("INTERACTIVE"))], false)),
    ]));
}

#[test]
fn interactive_tables() {
    let of = |tables: &[&str], cells: &[(&str, Option<&str>)]| {
        let set = parameters(&[("FALLBACK_WAREHOUSE", "\"fall back\"")]);
        let mut all =
            vec![("type", Some("INTERACTIVE")), ("size", Some("Small")), ("state", Some("STARTED"))];
        all.extend_from_slice(cells);
        let entry = ours("WAREHOUSE", "ETL", &["type", "size", "fallbackWarehouse"]);
        plan(&cr(interactive(tables)), &record([entry]), &Seen { parameters: set, ..seen(&all) })
    };
    insta::assert_snapshot!(table([
        ("in sync", of(&["d.s.t", "d.s.\"a, b\""], &[("tables", Some("D.S.\"a, b\", D.S.T"))])),
        ("as a list in brackets", of(&["d.s.t"], &[("tables", Some("[D.S.T]"))])),
        ("added and dropped", of(&["d.s.t"], &[("tables", Some("D.S.OLD"))])),
        ("none at all", of(&[], &[("tables", Some("D.S.OLD"))])),
        ("no table's name", of(&["d.t"], &[])),
        (
            "another size, while it runs",
            of(&["d.s.t"], &[("tables", Some("D.S.T")), ("size", Some("Large"))])
        ),
    ]));
}

#[test]
fn grants() {
    let of = |grants: &[&str], given: &[&str], there: &[&str], missing: &[&str]| {
        let set = |all: &[&str]| all.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>();
        let grants = grants.iter().map(|text| {
            let (privilege, role) = text.split_once(" TO ").unwrap();
            Grant { role: role.into(), privileges: vec![privilege.into()] }
        });
        let spec = WarehouseSpec { grants: Some(grants.collect()), ..default() };
        let entry = super::Entry { grants: set(given), ..ours("WAREHOUSE", "ETL", &[]) };
        let seen = Seen { grants: set(there), missing_roles: set(missing), ..seen(&[]) };
        plan(&cr(spec), &record([entry]), &seen)
    };
    insta::assert_snapshot!(table([
        ("given", of(&["USAGE TO a", "MODIFY TO a", "USAGE TO \"b c\""], &[], &[], &[])),
        ("there already, given by somebody else", of(&["USAGE TO a"], &[], &["USAGE TO ROLE A"], &[])),
        (
            "taken back",
            of(
                &["USAGE TO a"],
                &["USAGE TO ROLE A", "MODIFY TO ROLE A"],
                &["USAGE TO ROLE A", "MODIFY TO ROLE A"],
                &[]
            )
        ),
        ("taken by somebody else: given again", of(&["USAGE TO a"], &["USAGE TO ROLE A"], &[], &[])),
        ("to a role that is not there", of(&["USAGE TO a", "USAGE TO b"], &[], &[], &["B"])),
        ("no privilege of a warehouse", of(&["SELECT TO a"], &[], &[], &[])),
        ("no role's name", of(&["USAGE TO a b"], &[], &[], &[])),
    ]));
}

#[test]
fn names() {
    let renamed = |from: Option<&str>| WarehouseSpec {
        name: Some("elt".into()),
        renamed_from: from.map(str::to_owned),
        size: Some(WarehouseSize::Small),
        ..default()
    };
    let entry = ours("WAREHOUSE", "ETL", &["size"]);
    let renaming = super::Entry { renaming: Some("ELT".into()), ..entry.clone() };
    let old = || Seen { elsewhere: vec![shown(&[])], ..Seen::default() };
    let there = |born: &'static str, name: &str| {
        row(
            name,
            &[
                ("created_on", Some(born)),
                ("size", Some("Small")),
                ("state", Some("SUSPENDED")),
                ("type", Some("STANDARD")),
            ],
        )
    };
    let new = |born| Seen { found: Some(there(born, "ELT")), ..Seen::default() };
    let both = || Seen { elsewhere: vec![shown(&[])], ..new("1") };
    insta::assert_snapshot!(table([
        ("renamed, and resized", plan(&cr(renamed(Some("etl"))), &record([entry.clone()]), &old())),
        ("not asked for", plan(&cr(renamed(None)), &record([entry.clone()]), &old())),
        ("another one is asked for", plan(&cr(renamed(Some("other"))), &record([entry.clone()]), &old())),
        (
            "renamed, and the answer lost",
            plan(&cr(renamed(Some("etl"))), &record([renaming.clone()]), &new(super::BORN))
        ),
        ("begun, and not renamed", plan(&cr(renamed(None)), &record([renaming.clone()]), &old())),
        (
            "renamed, the answer lost, and taken back",
            plan(
                &cr(WarehouseSpec { size: None, ..default() }),
                &record([renaming]),
                &Seen { elsewhere: vec![there(super::BORN, "ELT")], ..Seen::default() }
            )
        ),
        ("the new name is taken", plan(&cr(renamed(Some("etl"))), &record([entry.clone()]), &both())),
        ("gone under both names", plan(&cr(renamed(Some("etl"))), &record([entry]), &Seen::default())),
        (
            "no name",
            plan(&cr(WarehouseSpec { name: Some("a b".into()), ..default() }), &record([]), &Seen::default())
        ),
        (
            "no name can be made of the resource's",
            plan(&SnowflakeWarehouse::new("1.x", default()), &record([]), &Seen::default())
        ),
    ]));
}

#[test]
fn ownership() {
    let spec = || WarehouseSpec { size: Some(WarehouseSize::Small), ..default() };
    let adopt = || WarehouseSpec { adopt: Some(true), ..spec() };
    let observe = || WarehouseSpec { management_policy: Some(ManagementPolicy::Observe), ..spec() };
    let entry = super::Entry {
        created_on: Some("1".into()),
        grants: ["USAGE TO ROLE A".into()].into(),
        ..ours("WAREHOUSE", "ETL", &["comment", "size"])
    };
    let moved =
        super::Entry { owner: Some("OLD".into()), adopted: true, ..ours("WAREHOUSE", "ETL", &["size"]) };
    let granted = || Seen { grants: ["USAGE TO ROLE A".into()].into(), ..seen(&[]) };
    insta::assert_snapshot!(table([
        ("somebody else's", plan(&cr(spec()), &record([]), &seen(&[]))),
        ("adopted, and altered in one", plan(&cr(adopt()), &record([]), &seen(&[]))),
        ("adopted as it is", plan(&cr(WarehouseSpec { size: None, ..adopt() }), &record([]), &seen(&[]))),
        (
            "dropped and created anew by somebody else",
            plan(&cr(spec()), &record([entry.clone()]), &granted())
        ),
        (
            "the same, adopted: nothing of the old one is released or revoked",
            plan(&cr(adopt()), &record([entry.clone()]), &granted())
        ),
        ("vanished: created anew", plan(&cr(spec()), &record([entry.clone()]), &Seen::default())),
        (
            "vanished with many others",
            plan(&cr(spec()), &record([entry.clone()]), &Seen { lost: true, ..Seen::default() })
        ),
        (
            "another owner: still the same",
            plan(
                &cr(WarehouseSpec { size: Some(WarehouseSize::XSmall), ..default() }),
                &record([moved]),
                &seen(&[])
            )
        ),
        (
            "only observed, and different: nothing is released or recorded",
            plan(&cr(observe()), &record([entry]), &granted())
        ),
        ("only observed, and not there", plan(&cr(observe()), &record([]), &Seen::default())),
    ]));
}

#[test]
fn what_is_not_understood() {
    let spec = || WarehouseSpec {
        size: Some(WarehouseSize::Small),
        max_cluster_count: Some(2),
        generation: Some(Generation::Gen1),
        ..default()
    };
    let of = |cells: &[(&str, Option<&str>)]| {
        plan(&cr(spec()), &record([ours("WAREHOUSE", "ETL", &[])]), &seen(cells))
    };
    insta::assert_snapshot!(table([
        ("an unknown size", of(&[("size", Some("7X-Gigantic"))])),
        ("no such column, as on Standard edition", of(&[("max_cluster_count", Some("(no column)"))])),
        ("an unknown column is nothing", of(&[("wheels", Some("4"))])),
        ("an unknown value of what is not managed is nothing", of(&[("scaling_policy", Some("LAVISH"))])),
        ("no value yet", of(&[("generation", None), ("size", Some("null"))])),
    ]));
}
