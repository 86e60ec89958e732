//! Deletion under every policy, with a blow at each effect: the finalizer can go, and exactly what is owned is gone.

use snowfence::{
    api::{DeletionPolicy, ManagementPolicy, monitor::MonitorSpec, warehouse::WarehouseSpec},
    engine::teardown::Wish,
};

use super::runtime;
use crate::support::{account::look, fate::Blow, world::World};

/// What was there when the deletion came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Created,
    Adopted,
    /// Somebody else's: a conflict.
    Foreign,
    /// Created here, dropped, and created anew by somebody else.
    Recreated,
    /// Created here, and dropped by somebody else.
    Gone,
    /// The process died before or after CREATE.
    Unsettled(Blow),
    /// The process died before or after RENAME.
    Renaming(Blow),
}

const KINDS: [(&str, &str); 2] = [("w/it", "WAREHOUSE"), ("m/it", "RESOURCE MONITOR")];

fn create(kind: &str) -> String {
    let with = if kind == "WAREHOUSE" { "INITIALLY_SUSPENDED = TRUE" } else { "WITH CREDIT_QUOTA = 9" };
    format!("CREATE {kind} IT {with}")
}

fn apply(world: &mut World, key: &str, adopt: bool, rename: bool) {
    let (name, renamed_from) = (rename.then(|| "new_it".to_owned()), rename.then(|| "it".to_owned()));
    if key.starts_with('w') {
        world.warehouse(
            "it",
            WarehouseSpec { adopt: Some(adopt), name, renamed_from, ..WarehouseSpec::default() },
        );
    } else {
        world.monitor(
            "it",
            MonitorSpec { adopt: Some(adopt), credit_quota: Some(9), ..MonitorSpec::default() },
        );
    }
}

async fn prepare(world: &mut World, key: &str, kind: &str, before: Before) {
    if matches!(before, Before::Adopted | Before::Foreign) {
        world.admin(&create(kind));
    }
    apply(world, key, before == Before::Adopted, false);
    if let Before::Unsettled(_) = before {
        world.pass(key).await;
        return;
    }
    world.settle().await.unwrap();
    match before {
        Before::Recreated => world.admin(&format!("DROP {kind} IT; {}", create(kind))),
        Before::Gone => world.admin(&format!("DROP {kind} IT")),
        Before::Renaming(blow) => {
            apply(world, key, false, true);
            world.fate.arm(1, blow);
            world.pass(key).await;
        }
        _ => {}
    }
}

async fn end(
    key: &str,
    kind: &str,
    before: Before,
    policy: Option<DeletionPolicy>,
    blow: Option<(usize, Blow)>,
) -> usize {
    // The second effect of a creation is its statement: the record's intent comes before.
    let first = if let Before::Unsettled(blow) = before { Some((1, blow)) } else { None };
    let mut world = World::new(first);
    world.admin("CREATE WAREHOUSE OTHER INITIALLY_SUSPENDED = TRUE; CREATE RESOURCE MONITOR OTHER WITH CREDIT_QUOTA = 1");
    prepare(&mut world, key, kind, before).await;
    let there = look(&world.emulator);
    let at = world.fate.effects();
    if let Some((n, blow)) = blow {
        world.fate.arm(n, blow);
    }
    let wish = Wish { deletion_policy: policy, ..Wish::default() };
    let mut tries = 0;
    while !matches!(world.delete(key, wish).await, Ok(true)) {
        tries += 1;
        assert!(tries < 4, "{before:?} {policy:?} {blow:?}: the finalizer stays");
    }
    let effects = world.fate.effects() - at;
    let after = look(&world.emulator);
    let drops = match (policy, before) {
        (Some(DeletionPolicy::Retain), _) | (_, Before::Foreign | Before::Recreated | Before::Gone) => false,
        (Some(DeletionPolicy::Delete), _) => true,
        (None, _) => before != Before::Adopted,
    };
    let is_it = |thing: &&_| -> bool {
        let thing: &crate::support::account::Thing = thing;
        thing.kind == kind && ["IT", "NEW_IT"].contains(&thing.name.as_str())
    };
    let context =
        format!("{key} {before:?} {policy:?} {blow:?}: {there:?}, then {after:?}, {:?}", world.events);
    let others = |all: &[_]| all.iter().filter(|thing| !is_it(thing)).cloned().collect::<Vec<_>>();
    assert_eq!(others(&there), others(&after), "{context}");
    let (was, is): (Vec<_>, Vec<_>) =
        (there.iter().filter(is_it).collect(), after.iter().filter(is_it).collect());
    if drops {
        assert!(is.is_empty(), "{context}");
    } else {
        assert_eq!(was, is, "{context}");
    }
    effects
}

#[test]
fn deletion_ends_under_every_policy_and_blow() {
    use Before::{Adopted, Created, Foreign, Gone, Recreated, Renaming, Unsettled};
    let policies = [None, Some(DeletionPolicy::Delete), Some(DeletionPolicy::Retain)];
    let befores = [
        Created,
        Adopted,
        Foreign,
        Recreated,
        Gone,
        Unsettled(Blow::CrashBefore),
        Unsettled(Blow::CrashAfter),
        Unsettled(Blow::LostAfter),
        Renaming(Blow::CrashBefore),
        Renaming(Blow::CrashAfter),
    ];
    let mut count = 0;
    for (key, kind) in KINDS {
        for before in befores {
            if key == "m/it" && matches!(before, Renaming(_)) {
                continue;
            }
            for policy in policies {
                let effects = runtime().block_on(end(key, kind, before, policy, None));
                count += 1;
                for n in 0..effects {
                    for blow in Blow::ALL {
                        runtime().block_on(end(key, kind, before, policy, Some((n, blow))));
                        count += 1;
                    }
                }
            }
        }
    }
    eprintln!("deletions: {count} with a blow or without");
}

#[test]
fn what_is_abandoned_or_only_observed_is_left_without_asking_snowflake() {
    for wish in [
        Wish { abandon: true, deletion_policy: Some(DeletionPolicy::Delete), ..Wish::default() },
        Wish { management_policy: ManagementPolicy::Observe, ..Wish::default() },
        Wish { deletion_policy: Some(DeletionPolicy::Retain), ..Wish::default() },
    ] {
        runtime().block_on(async {
            let mut world = World::new(None);
            apply(&mut world, "w/it", false, false);
            world.settle().await.unwrap();
            let before = world.emulator.last_statement();
            assert!(world.delete("w/it", wish).await.unwrap());
            assert_eq!(world.emulator.last_statement(), before);
        });
    }
}
