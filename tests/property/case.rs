//! Random lives of resources: specs, edits, and what others do to the account behind our back.

use std::fmt;

use proptest::{option, prelude::*, sample::select};
use snowfence::{
    api::{Grant, ManagementPolicy, Reference, monitor::MonitorSpec, warehouse::WarehouseSpec},
    values::{
        monitor::{Frequency, Trigger, TriggerAction},
        warehouse::{
            AutoSuspend, Generation, ResourceConstraint, ScalingPolicy, WarehouseSize, WarehouseType,
        },
    },
};

/// One thing that happens.
#[derive(Clone)]
pub enum Event {
    /// `kubectl apply` of a warehouse.
    Warehouse(&'static str, Box<WarehouseSpec>),
    Monitor(&'static str, Box<MonitorSpec>),
    /// Somebody else's statements, with a role. Those that the account refuses have no effect.
    Hand(&'static str, String),
    /// Work on the monitor's warehouses uses credits.
    Spend(&'static str, f64),
    /// A person approves what waits.
    Approve(&'static str),
    /// The operator ends, and another one begins.
    Restart,
}

#[derive(Clone)]
pub struct Life {
    pub events: Vec<Event>,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Warehouse(name, spec) => write!(f, "warehouse {name} {}", serde_json::json!(spec)),
            Self::Monitor(name, spec) => write!(f, "monitor {name} {}", serde_json::json!(spec)),
            Self::Hand(role, sql) => write!(f, "{role}: {sql}"),
            Self::Spend(monitor, credits) => write!(f, "spend {credits} of {monitor}"),
            Self::Approve(key) => write!(f, "approve {key}"),
            Self::Restart => f.write_str("restart"),
        }
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.events.iter().try_for_each(|event| writeln!(f, "- {event:?}"))
    }
}

/// The families of warehouses that do not change into each other at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `type` is always said, and changes.
    Typed,
    /// `type` is never said.
    Plain,
    Interactive,
}

const SIZES: &[WarehouseSize] = &[
    WarehouseSize::XSmall,
    WarehouseSize::Small,
    WarehouseSize::Medium,
    WarehouseSize::Large,
    WarehouseSize::X2Large,
    WarehouseSize::X4Large,
];

fn text() -> impl Strategy<Value = String> {
    select(vec!["", "etl", "it's; DROP WAREHOUSE \"ETL\" --", "back\\slash \"q\"", "null", "zwei\nZeilen"])
        .prop_map(str::to_owned)
}

/// What every type has.
fn common() -> impl Strategy<Value = WarehouseSpec> {
    let ignored = prop_oneof![
        8 => Just(vec![]),
        1 => Just(vec!["comment".to_owned()]),
        1 => Just(vec!["autoSuspend".to_owned(), "statementTimeoutInSeconds".to_owned()]),
    ];
    let monitor =
        prop_oneof![6 => Just(None), 2 => Just(Some("one")), 1 => Just(Some("two")), 1 => Just(Some("none"))];
    (
        option::of(text()),
        option::of(0..5_i32),
        option::of(1..5_i32),
        grants(&["USAGE", "OPERATE", "MONITOR"]),
        ignored,
        monitor,
        any::<bool>(),
    )
        .prop_map(|(comment, queued, timeout, grants, ignore_fields, monitor, adopt)| WarehouseSpec {
            comment,
            statement_queued_timeout_in_seconds: queued,
            statement_timeout_in_seconds: timeout,
            grants,
            ignore_fields,
            resource_monitor_ref: monitor.map(|name| Reference { name: name.into(), namespace: None }),
            adopt: adopt.then_some(true),
            ..WarehouseSpec::default()
        })
}

/// To roles of which one is not there.
fn grants(privileges: &'static [&'static str]) -> impl Strategy<Value = Option<Vec<Grant>>> {
    let role = select(vec!["R1", "R1", "r2", "\"quoted role\"", "absent"]);
    let privileges = proptest::sample::subsequence(privileges, 1..=privileges.len().min(2));
    let grant = (role, privileges).prop_map(|(role, privileges)| Grant {
        role: role.into(),
        privileges: privileges.into_iter().map(str::to_owned).collect(),
    });
    option::of(prop::collection::vec(grant, 0..3))
}

/// What has a size has.
fn sized() -> impl Strategy<Value = WarehouseSpec> {
    let clusters = prop_oneof![
        2 => Just((None, None)),
        1 => (1..9_i32).prop_map(|max| (None, Some(max))),
        1 => (1..9_i32).prop_map(|min| (Some(min), None)),
        2 => (1..9_i32).prop_flat_map(|max| (Just(max), 1..=max)).prop_map(|(max, min)| (Some(min), Some(max))),
    ];
    let suspend = prop_oneof![Just(AutoSuspend::Never), (1..900_i32).prop_map(AutoSuspend::After)];
    (
        common(),
        clusters,
        option::of(suspend),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        option::of(1..32_i32),
    )
        .prop_map(|(common, (min, max), suspend, resume, initially, level)| WarehouseSpec {
            min_cluster_count: min,
            max_cluster_count: max,
            auto_suspend: suspend,
            auto_resume: resume,
            initially_suspended: initially,
            max_concurrency_level: level,
            ..common
        })
}

fn accelerated() -> impl Strategy<Value = WarehouseSpec> {
    let policy = option::of(select(ScalingPolicy::ALL));
    (sized(), policy, option::of(any::<bool>()), option::of(0..100_i32)).prop_map(
        |(sized, policy, accelerate, factor)| WarehouseSpec {
            scaling_policy: policy,
            enable_query_acceleration: accelerate,
            query_acceleration_max_scale_factor: factor,
            ..sized
        },
    )
}

fn standard(typed: bool) -> impl Strategy<Value = WarehouseSpec> {
    // A generation is said together with a size: the fifth and sixth sizes have only the first one.
    let size = prop_oneof![
        Just((None, None)),
        (select(SIZES), option::of(select(Generation::ALL))).prop_map(|(size, g)| (Some(size), g)),
        Just((Some(WarehouseSize::X5Large), Some(Generation::Gen1))),
    ];
    (accelerated(), size).prop_map(move |(spec, (size, generation))| WarehouseSpec {
        warehouse_type: typed.then_some(WarehouseType::Standard),
        size: if typed { Some(size.unwrap_or(WarehouseSize::Medium)) } else { size },
        generation,
        ..spec
    })
}

fn snowpark() -> impl Strategy<Value = WarehouseSpec> {
    use ResourceConstraint::{Memory1X, Memory16X, Memory16XX86, Memory64X};
    let size = select(vec![
        (WarehouseSize::XSmall, Some(Memory1X)),
        (WarehouseSize::Medium, Some(Memory16X)),
        (WarehouseSize::Large, Some(Memory16XX86)),
        (WarehouseSize::X2Large, Some(Memory64X)),
    ]);
    (accelerated(), size).prop_map(|(spec, (size, constraint))| WarehouseSpec {
        warehouse_type: Some(WarehouseType::SnowparkOptimized),
        size: Some(size),
        resource_constraint: constraint,
        ..spec
    })
}

fn adaptive() -> impl Strategy<Value = WarehouseSpec> {
    (common(), option::of(select(SIZES)), option::of(select(vec![0, 2, 9]))).prop_map(
        |(spec, level, times)| WarehouseSpec {
            warehouse_type: Some(WarehouseType::Adaptive),
            max_query_performance_level: level,
            query_throughput_multiplier: times,
            ..spec
        },
    )
}

fn interactive() -> impl Strategy<Value = WarehouseSpec> {
    let table = select(vec!["d.s.t1", "D.S.T2", "d.s.\"t 3\""]).prop_map(str::to_owned);
    let tables =
        option::of(prop::collection::btree_set(table, 0..3).prop_map(|set| set.into_iter().collect()));
    let fallback = option::of(select(vec!["fallback", "\"fall back\""]).prop_map(str::to_owned));
    (sized(), option::of(select(&SIZES[..4])), tables, fallback).prop_map(|(spec, size, tables, fallback)| {
        WarehouseSpec {
            warehouse_type: Some(WarehouseType::Interactive),
            size,
            tables,
            fallback_warehouse: fallback,
            ..spec
        }
    })
}

pub fn warehouse(family: Family) -> BoxedStrategy<WarehouseSpec> {
    match family {
        Family::Plain => standard(false).boxed(),
        Family::Typed => prop_oneof![standard(true), snowpark(), adaptive()].boxed(),
        Family::Interactive => interactive().boxed(),
    }
}

pub fn monitor() -> impl Strategy<Value = MonitorSpec> {
    let trigger = (
        1..200_i32,
        select(vec![TriggerAction::Notify, TriggerAction::Suspend, TriggerAction::SuspendImmediate]),
    )
        .prop_map(|(at_percent, action)| Trigger { at_percent, action });
    let triggers = prop::collection::vec(trigger, 0..5).prop_map(|mut all| {
        all.sort_unstable();
        for action in [TriggerAction::Suspend, TriggerAction::SuspendImmediate] {
            let mut first = true;
            all.retain(|t| t.action != action || std::mem::take(&mut first));
        }
        all
    });
    let start = prop_oneof![
        2 => Just(None),
        1 => Just(Some("IMMEDIATELY")),
        1 => Just(Some("2099-01-31")),
        1 => Just(Some("2099-01-31 12:00")),
        1 => Just(Some("2099-01-31T12:00:00+02:00")),
    ];
    let frequency = prop_oneof![
        1 => Just((None, None)),
        3 => (select(Frequency::ALL), start).prop_map(|(f, s)| (Some(f), s.map(str::to_owned))),
    ];
    let end = option::of(select(vec!["2100-01-31", "2100-06-30 06:30"]).prop_map(str::to_owned));
    let users = prop::collection::btree_set(select(vec!["ann", "\"b,ob\"", "carl"]), 0..3);
    let users = option::of(users.prop_map(|set| set.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    let ignored = prop_oneof![
        8 => Just(vec![]),
        1 => Just(vec!["triggers".to_owned()]),
        1 => Just(vec!["creditQuota".to_owned()]),
    ];
    (
        prop_oneof![5 => (1..1000_i64).prop_map(Some), 1 => Just(None)],
        frequency,
        end,
        users,
        option::of(triggers),
        option::of(any::<bool>()),
        grants(&["MONITOR", "MODIFY"]),
        ignored,
        any::<bool>(),
    )
        .prop_map(
            |(quota, (frequency, start), end, users, triggers, level, grants, ignore_fields, adopt)| {
                let account = level == Some(true);
                MonitorSpec {
                    credit_quota: quota,
                    frequency,
                    start_timestamp: start,
                    end_timestamp: end,
                    notify_users: if account { users.map(|_| vec![]) } else { users },
                    triggers,
                    account_level: level,
                    grants,
                    ignore_fields,
                    adopt: adopt.then_some(true),
                    ..MonitorSpec::default()
                }
            },
        )
}

/// What others do to a warehouse of this name.
fn on_warehouse(family: Family) -> impl Strategy<Value = (&'static str, String)> {
    let admin = |sql: &'static [&'static str]| select(sql).prop_map(|sql| ("ACCOUNTADMIN", sql.to_owned()));
    let typed: &'static [&'static str] = if family == Family::Typed {
        &[
            "ALTER WAREHOUSE {} SET WAREHOUSE_TYPE = ADAPTIVE",
            "ALTER WAREHOUSE {} SET WAREHOUSE_TYPE = STANDARD",
            "ALTER WAREHOUSE {} SUSPEND; ALTER WAREHOUSE {} SET WAREHOUSE_TYPE = STANDARD",
        ]
    } else {
        &["ALTER WAREHOUSE {} SET WAREHOUSE_SIZE = SMALL"]
    };
    prop_oneof![
        4 => admin(&[
            "ALTER WAREHOUSE {} SET AUTO_SUSPEND = 77",
            "ALTER WAREHOUSE {} UNSET AUTO_SUSPEND",
            "ALTER WAREHOUSE {} SET WAREHOUSE_SIZE = MEDIUM",
            "ALTER WAREHOUSE {} SET COMMENT = 'by hand'",
            "ALTER WAREHOUSE {} UNSET COMMENT, STATEMENT_TIMEOUT_IN_SECONDS",
            "ALTER WAREHOUSE {} SET STATEMENT_TIMEOUT_IN_SECONDS = 7",
            "ALTER WAREHOUSE {} SET MIN_CLUSTER_COUNT = 2 MAX_CLUSTER_COUNT = 9",
            "ALTER WAREHOUSE {} SET AUTO_RESUME = FALSE",
            "ALTER WAREHOUSE {} UNSET RESOURCE_MONITOR",
            "ALTER WAREHOUSE {} SET RESOURCE_MONITOR = FOREIGN",
        ]),
        2 => admin(&["ALTER WAREHOUSE {} SUSPEND", "ALTER WAREHOUSE {} RESUME", "ALTER WAREHOUSE {} RESUME"]),
        2 => admin(&[
            "GRANT USAGE ON WAREHOUSE {} TO ROLE R1",
            "GRANT MONITOR, MODIFY ON WAREHOUSE {} TO ROLE R2",
            "REVOKE USAGE, OPERATE ON WAREHOUSE {} FROM ROLE R1",
            "REVOKE ALL ON WAREHOUSE {} FROM ROLE R2",
        ]),
        1 => admin(typed),
        2 => admin(&["DROP WAREHOUSE {}", "ALTER WAREHOUSE {} RENAME TO AWAY", "ALTER WAREHOUSE AWAY RENAME TO {}"]),
        2 => Just(("SYSADMIN", "DROP WAREHOUSE {}; CREATE WAREHOUSE {} WAREHOUSE_SIZE = LARGE COMMENT = 'theirs' INITIALLY_SUSPENDED = TRUE".to_owned())),
        1 => Just(("SYSADMIN", "CREATE WAREHOUSE {} AUTO_SUSPEND = 33 INITIALLY_SUSPENDED = TRUE".to_owned())),
        1 => Just(("ACCOUNTADMIN", "GRANT OWNERSHIP ON WAREHOUSE {} TO ROLE SYSADMIN COPY CURRENT GRANTS".to_owned())),
    ]
}

fn on_monitor() -> impl Strategy<Value = (&'static str, String)> {
    let all = select(vec![
        "ALTER RESOURCE MONITOR {} SET CREDIT_QUOTA = 3",
        "ALTER RESOURCE MONITOR {} SET CREDIT_QUOTA = NULL",
        "ALTER RESOURCE MONITOR {} SET FREQUENCY = WEEKLY START_TIMESTAMP = IMMEDIATELY",
        "ALTER RESOURCE MONITOR {} SET END_TIMESTAMP = '2101-01-01T00:00:00Z'",
        "ALTER RESOURCE MONITOR {} SET END_TIMESTAMP = NULL",
        "ALTER RESOURCE MONITOR {} TRIGGERS ON 55 PERCENT DO NOTIFY",
        "ALTER RESOURCE MONITOR {} SET NOTIFY_USERS = (ANN)",
        "ALTER ACCOUNT SET RESOURCE_MONITOR = {}",
        "ALTER ACCOUNT UNSET RESOURCE_MONITOR",
        "ALTER WAREHOUSE W1 UNSET RESOURCE_MONITOR",
        "ALTER WAREHOUSE W2 SET RESOURCE_MONITOR = {}",
        "ALTER WAREHOUSE W2 SET RESOURCE_MONITOR = FOREIGN",
        "GRANT MONITOR ON RESOURCE MONITOR {} TO ROLE R1",
        "REVOKE MONITOR ON RESOURCE MONITOR {} FROM ROLE R1",
        "DROP RESOURCE MONITOR {}",
        "DROP RESOURCE MONITOR {}; CREATE RESOURCE MONITOR {} WITH CREDIT_QUOTA = 9; GRANT OWNERSHIP ON RESOURCE MONITOR {} TO ROLE SYSADMIN",
        "CREATE RESOURCE MONITOR {} WITH CREDIT_QUOTA = 9 TRIGGERS ON 10 PERCENT DO NOTIFY",
        "DROP WAREHOUSE W1",
    ]);
    all.prop_map(|sql| ("ACCOUNTADMIN", sql.to_owned()))
}

/// What may follow upon each other.
#[derive(Clone, Debug)]
enum Step {
    Edit { rename: bool },
    Hand(&'static str, String),
    Restart,
}

/// Lives of a warehouse, with two monitors to refer to.
pub fn warehouse_life() -> impl Strategy<Value = Life> {
    let family = select(vec![Family::Plain, Family::Typed, Family::Typed, Family::Interactive]);
    family
        .prop_flat_map(|family| {
            let step = prop_oneof![
                4 => prop::bool::weighted(0.25).prop_map(|rename| Step::Edit { rename }),
                4 => on_warehouse(family).prop_map(|(role, sql)| Step::Hand(role, sql)),
                1 => Just(Step::Restart),
            ];
            let observe = prop::bool::weighted(0.08);
            (
                prop::collection::vec((step, warehouse(family), observe), 1..6),
                on_warehouse(family),
                any::<bool>(),
            )
        })
        .prop_map(|(steps, foreign, before)| {
            let names = ["ETL", "ETL_2", "\"the ETL\"", "LAST"];
            let mut events = vec![];
            let (mut at, mut first) = (0, true);
            let hand = |role, sql: &str, at: usize| Event::Hand(role, sql.replace("{}", names[at]));
            if before {
                events.push(hand("SYSADMIN", "CREATE WAREHOUSE {} INITIALLY_SUSPENDED = TRUE", at));
                events.push(hand(foreign.0, &foreign.1, at));
            }
            for (step, mut spec, observe) in steps {
                match step {
                    Step::Hand(role, sql) if !first => {
                        events.push(hand(role, &sql, at));
                        continue;
                    }
                    Step::Restart if !first => {
                        events.push(Event::Restart);
                        continue;
                    }
                    Step::Edit { rename } if rename && !first && at + 1 < names.len() => {
                        spec.renamed_from = Some(names[at].into());
                        at += 1;
                    }
                    _ => {}
                }
                first = false;
                spec.name = (at > 0).then(|| names[at].to_owned());
                spec.management_policy = observe.then_some(ManagementPolicy::Observe);
                events.push(Event::Warehouse("etl", Box::new(spec)));
            }
            Life { events }
        })
}

/// Lives of a monitor, with two warehouses that may refer to it.
pub fn monitor_life() -> impl Strategy<Value = Life> {
    #[derive(Clone, Debug)]
    enum Act {
        Edit(Box<MonitorSpec>),
        Refer(&'static str, Option<&'static str>),
        Hand(&'static str, String),
        Spend(f64),
        Approve,
        Restart,
    }
    let refer = (select(vec!["w1", "w2"]), select(vec![Some("cap"), None, Some("one")]));
    let act = prop_oneof![
        5 => monitor().prop_map(|spec| Act::Edit(Box::new(spec))),
        3 => refer.prop_map(|(w, m)| Act::Refer(w, m)),
        5 => on_monitor().prop_map(|(role, sql)| Act::Hand(role, sql)),
        2 => (1..200_u32).prop_map(|credits| Act::Spend(f64::from(credits))),
        2 => Just(Act::Approve),
        1 => Just(Act::Restart),
    ];
    (monitor(), any::<bool>(), any::<bool>(), prop::collection::vec(act, 0..6)).prop_map(
        |(first, referred, foreign, acts)| {
            let mut events = vec![];
            let hand = |role, sql: &str| Event::Hand(role, sql.replace("{}", "CAP"));
            if foreign {
                events.push(hand(
                    "ACCOUNTADMIN",
                    "CREATE RESOURCE MONITOR {} WITH CREDIT_QUOTA = 9 TRIGGERS ON 10 PERCENT DO NOTIFY",
                ));
            }
            let refer = |w, m: Option<&str>| {
                let resource_monitor_ref = m.map(|name| Reference { name: name.into(), namespace: None });
                Event::Warehouse(
                    w,
                    Box::new(WarehouseSpec { resource_monitor_ref, ..WarehouseSpec::default() }),
                )
            };
            // A monitor is created with a property.
            let with_quota =
                |spec: MonitorSpec| MonitorSpec { credit_quota: spec.credit_quota.or(Some(5)), ..spec };
            events.push(refer("w1", referred.then_some("cap")));
            events.push(Event::Monitor("cap", Box::new(with_quota(first))));
            for act in acts {
                events.push(match act {
                    Act::Edit(spec) => Event::Monitor("cap", spec),
                    Act::Refer(w, m) => refer(w, m),
                    Act::Hand(role, sql) => hand(role, &sql),
                    Act::Spend(credits) => Event::Spend("CAP", credits),
                    Act::Approve => Event::Approve("m/cap"),
                    Act::Restart => Event::Restart,
                });
            }
            Life { events }
        },
    )
}
