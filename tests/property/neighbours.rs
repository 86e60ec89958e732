//! Several resources, roles with less to see, and reads that are shared: what holds between passes.

use proptest::{prelude::*, test_runner::TestRunner};
use snowfence::{
    api::{Reference, connection::Adoption, monitor::MonitorSpec, warehouse::WarehouseSpec},
    engine::session::Policy,
    values::warehouse::WarehouseSize,
};
use tokio::time::Instant;

use super::runtime;
use crate::support::{account::look, fate::Blow, world::World};

fn sized(size: WarehouseSize) -> WarehouseSpec {
    WarehouseSpec { size: Some(size), ..WarehouseSpec::default() }
}

/// Two resources that want one object; which of them comes first, and whether the object is there before.
#[test]
fn two_resources_for_one_object_have_one_owner() {
    let strategy = (
        any::<bool>(),
        any::<bool>(),
        any::<[bool; 2]>(),
        prop::option::of((0..6_usize, prop::sample::select(&Blow::ALL[..]))),
    );
    let strategy = (strategy, prop::collection::vec(0..2_usize, 1..6));
    TestRunner::new(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })
        .run(&strategy, |((there, both, adopt, blow), order)| {
            runtime().block_on(async {
                let mut world = World::new(blow);
                if there {
                    world.admin("CREATE WAREHOUSE SHARED INITIALLY_SUSPENDED = TRUE");
                }
                let spec = |n: usize| WarehouseSpec {
                    name: Some("shared".into()),
                    adopt: Some(adopt[n]),
                    ..sized([WarehouseSize::Small, WarehouseSize::Large][n])
                };
                world.warehouse("a", spec(0));
                if !both {
                    world.pass("w/a").await;
                }
                world.warehouse("b", spec(1));
                for n in order {
                    world.pass(["w/a", "w/b"][n]).await;
                }
                world.settle().await.unwrap();
                let reasons = || [world.get("w/a").ready().1, world.get("w/b").ready().1];
                let before = reasons();
                let owners = ["w/a", "w/b"].map(|key| !world.get(key).record().owns_nothing());
                // The older one has the better claim as long as none is proven.
                let expected =
                    if there && !adopt[0] { ["Conflict", "Conflict"] } else { ["InSync", "Conflict"] };
                assert_eq!(before, expected);
                assert_eq!(owners, [expected[0] == "InSync", false]);
                let writes = world.writes();
                for _ in 0..3 {
                    world.round().await;
                }
                world.restart();
                world.round().await;
                assert_eq!(world.writes(), writes);
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_proven_owner_stays_when_an_older_resource_claims_its_object() {
    runtime().block_on(async {
        let mut world = World::new(None);
        world.warehouse("old", WarehouseSpec { name: Some("first".into()), ..sized(WarehouseSize::Small) });
        world
            .warehouse("young", WarehouseSpec { name: Some("shared".into()), ..sized(WarehouseSize::Small) });
        world.settle().await.unwrap();
        let renamed = WarehouseSpec {
            name: Some("shared".into()),
            renamed_from: Some("first".into()),
            ..sized(WarehouseSize::Large)
        };
        world.warehouse("old", renamed);
        world.settle().await.unwrap();
        assert_eq!(world.get("w/old").ready().1, "Conflict");
        assert_eq!(world.get("w/young").ready().1, "InSync");
        assert_eq!(world.emulator.account().lock().unwrap().warehouse("SHARED").unwrap().head.name, "SHARED");
    });
}

/// A role that owns its warehouses and may create more, and that loses sight of them.
#[test]
fn nothing_is_created_when_many_are_lost_from_sight() {
    runtime().block_on(async {
        let mut world = World::with(None, "KEEPER", Policy::default());
        world.admin("CREATE ROLE KEEPER; GRANT ROLE KEEPER TO USER OPERATOR; GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE KEEPER");
        for n in 0..8 {
            world.warehouse(&format!("w{n}"), sized(WarehouseSize::Small));
        }
        world.settle().await.unwrap();
        let (before, writes) = (look(&world.emulator), world.writes().0);
        for n in 0..5 {
            world.admin(&format!("GRANT OWNERSHIP ON WAREHOUSE W{n} TO ROLE SECURITYADMIN REVOKE CURRENT GRANTS"));
        }
        for restart in [false, false, true, false] {
            if restart {
                world.restart();
            }
            world.round().await;
        }
        assert_eq!(world.writes().0, writes, "no statement");
        for n in 0..5 {
            let (status, reason, message) = world.get(&format!("w/w{n}")).ready();
            assert_eq!((status.as_str(), reason.as_str()), ("False", "VisibilityLost"), "{message}");
        }
        assert_eq!(world.get("w/w7").ready().1, "InSync");
        for n in 0..5 {
            world.admin(&format!("GRANT OWNERSHIP ON WAREHOUSE W{n} TO ROLE KEEPER REVOKE CURRENT GRANTS"));
        }
        world.settle().await.unwrap();
        assert_eq!(world.get("w/w0").ready().1, "InSync");
        assert_eq!(look(&world.emulator), before);
    });
}

/// One that vanishes alone is created anew; while it is only invisible, the creation is refused and says so.
#[test]
fn what_is_only_invisible_is_said_to_be_so() {
    runtime().block_on(async {
        let mut world = World::with(None, "KEEPER", Policy::default());
        world.admin("CREATE ROLE KEEPER; GRANT ROLE KEEPER TO USER OPERATOR; GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE KEEPER");
        world.warehouse("it", sized(WarehouseSize::Small));
        world.settle().await.unwrap();
        world.admin("GRANT OWNERSHIP ON WAREHOUSE IT TO ROLE SECURITYADMIN REVOKE CURRENT GRANTS");
        world.round().await;
        world.round().await;
        assert_eq!(world.get("w/it").ready().1, "NotVisible");
        world.admin("GRANT OWNERSHIP ON WAREHOUSE IT TO ROLE KEEPER REVOKE CURRENT GRANTS");
        world.settle().await.unwrap();
        assert_eq!(world.get("w/it").ready().1, "InSync");
        let record = world.get("w/it").record();
        assert_eq!(record.objects[0].managed.iter().collect::<Vec<_>>(), ["size"]);
    });
}

#[test]
fn a_steady_resync_reads_once_for_all() {
    runtime().block_on(async {
        let mut world = World::new(None);
        world.admin("CREATE ROLE R1");
        world.monitor("cap", MonitorSpec { credit_quota: Some(5), ..MonitorSpec::default() });
        for n in 0..20 {
            let reference = Reference { name: "cap".into(), namespace: None };
            let spec = WarehouseSpec { resource_monitor_ref: Some(reference), ..sized(WarehouseSize::Small) };
            world.warehouse(&format!("w{n:02}"), spec);
        }
        world.settle().await.unwrap();
        let before = world.emulator.last_statement();
        world.round().await;
        let all = world.emulator.statements(before);
        let texts: Vec<_> = all.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["SHOW WAREHOUSES", "SHOW RESOURCE MONITORS"]);
    });
}

/// A pass that is content with old reads does not undo or repeat what was done since.
#[test]
fn old_reads_never_undo_or_repeat_a_change() {
    runtime().block_on(async {
        let mut world = World::new(None);
        let refer = |name: Option<&str>| WarehouseSpec {
            resource_monitor_ref: name.map(|name| Reference { name: name.into(), namespace: None }),
            ..sized(WarehouseSize::Small)
        };
        world.monitor("one", MonitorSpec { credit_quota: Some(5), ..MonitorSpec::default() });
        world.monitor("two", MonitorSpec { credit_quota: Some(5), ..MonitorSpec::default() });
        let old = Instant::now();
        world.round().await;
        world.warehouse("w", refer(Some("one")));
        for _ in 0..2 {
            for key in world.keys() {
                world.pass_as_of(&key, old).await;
            }
        }
        world.warehouse("w", refer(Some("two")));
        for key in ["w/w", "m/two", "m/one", "w/w", "m/two", "m/one", "w/w"] {
            world.pass_as_of(key, old).await;
        }
        let writes: Vec<_> = world
            .emulator
            .statements(0)
            .into_iter()
            .filter(|s| s.client != "emulator" && s.writes())
            .map(|s| s.text)
            .collect();
        assert_eq!(
            writes,
            [
                r#"CREATE RESOURCE MONITOR "TWO" WITH CREDIT_QUOTA = 5"#,
                r#"CREATE RESOURCE MONITOR "ONE" WITH CREDIT_QUOTA = 5"#,
                r#"CREATE WAREHOUSE "W" WAREHOUSE_SIZE = SMALL INITIALLY_SUSPENDED = TRUE"#,
                r#"ALTER WAREHOUSE "W" SET RESOURCE_MONITOR = "ONE""#,
                r#"ALTER WAREHOUSE "W" SET RESOURCE_MONITOR = "TWO""#,
            ]
        );
        assert_eq!(world.get("w/w").ready().1, "InSync");
    });
}

#[test]
fn a_restored_cluster_takes_over_what_its_role_owns() {
    runtime().block_on(async {
        let policy = Policy { adoption: Adoption::OwnedByRole, ..Policy::default() };
        let mut world = World::with(None, "ACCOUNTADMIN", policy);
        world.admin("CREATE WAREHOUSE MINE WAREHOUSE_SIZE = SMALL INITIALLY_SUSPENDED = TRUE");
        world.emulator.execute_as("SYSADMIN", "CREATE WAREHOUSE THEIRS INITIALLY_SUSPENDED = TRUE").unwrap();
        world.warehouse("mine", sized(WarehouseSize::Small));
        world.warehouse("theirs", sized(WarehouseSize::Small));
        world.settle().await.unwrap();
        assert_eq!(world.get("w/mine").ready().1, "InSync");
        assert!(world.get("w/mine").record().objects[0].adopted);
        assert_eq!(world.get("w/theirs").ready().1, "Conflict");
        assert_eq!(world.fate.statements(), 0);
    });
}

/// Somebody else changes it back between every two looks: it stops, and says what differs.
#[test]
fn a_change_that_does_not_take_is_given_up() {
    runtime().block_on(async {
        let mut world = World::new(None);
        world.warehouse("w", WarehouseSpec { comment: Some("ours".into()), ..WarehouseSpec::default() });
        world.settle().await.unwrap();
        let action = snowfence_emulator::faults::Action::Execute {
            statement: "ALTER WAREHOUSE W SET COMMENT = 'theirs'".into(),
            role: "ACCOUNTADMIN".into(),
            after: true,
        };
        world.emulator.inject(snowfence_emulator::faults::Fault::on("COMMENT", action).times(100)).unwrap();
        world.admin("ALTER WAREHOUSE W SET COMMENT = 'theirs'");
        world.settle().await.unwrap();
        let (_, reason, message) = world.get("w/w").ready();
        assert_eq!(reason, "NotConverging");
        assert!(message.contains("comment is theirs, not ours"), "{message}");
        assert!(message.contains("SET COMMENT = 'ours'"), "{message}");
        let alters = world
            .emulator
            .statements(0)
            .into_iter()
            .filter(|s| s.client != "emulator" && s.text.starts_with("ALTER"));
        assert_eq!(alters.count(), 3);
        let writes = world.writes();
        world.restart();
        world.round().await;
        assert_eq!(world.writes(), writes);
        // Once the spec asks for something else, it is tried again; and once it takes, nothing of it is left.
        world.emulator.faults().clear();
        world
            .warehouse("w", WarehouseSpec { comment: Some("ours again".into()), ..WarehouseSpec::default() });
        world.settle().await.unwrap();
        assert_eq!(world.get("w/w").ready().1, "InSync");
        assert_eq!(world.get("w/w").record().unconverged, None);
    });
}

/// An account has one monitor: of two that are to be it, the older one is, and the other says so.
#[test]
fn two_monitors_of_one_account_do_not_take_it_from_each_other() {
    runtime().block_on(async {
        let mut world = World::new(None);
        let spec = |quota| MonitorSpec {
            credit_quota: Some(quota),
            account_level: Some(true),
            ..MonitorSpec::default()
        };
        world.monitor("first", spec(5));
        world.settle().await.unwrap();
        world.monitor("second", spec(6));
        world.settle().await.unwrap();
        let (_, reason, message) = world.get("m/second").ready();
        assert_eq!(reason, "Conflict");
        assert!(message.contains("/first is to be it"), "{message}");
        assert_eq!(world.get("m/first").ready().1, "InSync");
        let writes = world.writes();
        for _ in 0..5 {
            world.round().await;
        }
        world.restart();
        world.round().await;
        assert_eq!(world.writes(), writes, "nobody takes it back");
        world.monitor("first", MonitorSpec { account_level: None, ..spec(5) });
        world.settle().await.unwrap();
        assert_eq!(world.get("m/second").ready().1, "InSync");
        let sent: Vec<_> = world.emulator.statements(0).into_iter().map(|s| s.text).collect();
        assert_eq!(sent.iter().filter(|text| text.ends_with(r#"RESOURCE_MONITOR = "SECOND""#)).count(), 1);
    });
}
