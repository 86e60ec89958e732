//! Every kind of object: made, changed, mended when somebody else changes it.

use serde_json::{Value, json};
use snowfence::{api::DeletionPolicy, engine::teardown::Wish};

use super::{KEY, apply, in_sync, much_later, run, settle, world};
use crate::support::{
    kinds::{self, Case, End, FOUNDATION},
    world::World,
};

fn seen(world: &World, cases: &[Case], at: usize) {
    for case in cases {
        let is = kinds::cell(&world.emulator, case.cell);
        assert_eq!(is, case.seen[at], "{}: {}", case.list, case.field);
    }
}

#[test]
fn every_kind_is_made_changed_and_mended() {
    run(async {
        let cases = kinds::cases();
        let mut world = world(FOUNDATION);
        apply(&mut world, "flow", &kinds::spec());
        in_sync(&mut world, "made").await;
        seen(&world, &cases, 0);
        apply(&mut world, "flow", &kinds::changed(&cases));
        in_sync(&mut world, "changed").await;
        seen(&world, &cases, 1);
        for case in &cases {
            kinds::by_hand(&world.emulator, case.drift);
            world.events.clear();
            much_later().await;
            in_sync(&mut world, case.drift).await;
            let told =
                world.events.iter().any(|event| event.reason == "Drift" && event.note.contains(case.told));
            assert!(told, "{}: {:#?}", case.told, world.events);
            assert_eq!(kinds::cell(&world.emulator, case.cell), case.seen[1], "{}", case.drift);
        }
        let effects = world.effects();
        much_later().await;
        world.round().await;
        assert_eq!(world.effects(), effects, "{}", world.describe());
        assert_eq!(world.get(KEY).status()["notInSync"], serde_json::Value::Null);
    });
}

/// The same pipeline without an entry.
fn emptied() -> Value {
    let mut spec = kinds::spec();
    for list in spec.as_object_mut().unwrap().values_mut().filter(|value| value.is_array()) {
        *list = json!([]);
    }
    spec
}

#[test]
fn of_every_kind_what_holds_data_stays_until_its_end_is_approved() {
    run(async {
        let mut world = world(FOUNDATION);
        apply(&mut world, "flow", &kinds::spec());
        in_sync(&mut world, "made").await;
        assert_eq!(kinds::there(&world.emulator), kinds::ending(&[End::Goes, End::Stays, End::StaysOn]));
        apply(&mut world, "flow", &emptied());
        in_sync(&mut world, "emptied").await;
        assert_eq!(kinds::there(&world.emulator), kinds::ending(&[End::Stays, End::StaysOn]));
        for _ in 0..3 {
            if world.approve(KEY) {
                settle(&mut world, "approved").await;
            }
        }
        in_sync(&mut world, "approved").await;
        assert_eq!(kinds::there(&world.emulator), Vec::<&str>::new());
        assert_eq!(world.get(KEY).record().objects, [], "nothing is remembered");
    });
}

#[test]
fn every_kind_is_deleted_by_its_policy() {
    run(async {
        let wish = |deletion_policy| Wish { deletion_policy, ..Wish::default() };
        for (policy, left) in [
            (None, kinds::ending(&[End::Stays, End::StaysOn])),
            (Some(DeletionPolicy::Retain), kinds::ending(&[End::Goes, End::Stays, End::StaysOn])),
            (Some(DeletionPolicy::Delete), vec![]),
        ] {
            let mut world = world(FOUNDATION);
            apply(&mut world, "flow", &kinds::spec());
            in_sync(&mut world, "made").await;
            let done = world.delete(KEY, wish(policy)).await;
            assert!(done.unwrap_or_else(|fault| panic!("{policy:?}: {fault}")));
            assert_eq!(kinds::there(&world.emulator), left, "{policy:?}");
        }
    });
}

#[test]
fn a_policy_goes_although_what_it_hung_on_is_gone_already() {
    run(async {
        let mut world = world(["CREATE DATABASE D", "CREATE SCHEMA D.S"]);
        let spec = |tables: Value, policies: Value| {
            json!({
                "connectionRef": {"name": "snow"}, "database": "D", "schema": "S",
                "tables": tables, "maskingPolicies": policies,
            })
        };
        let tables = json!([{
            "name": "T",
            "columns": [{"name": "A", "type": "VARCHAR", "maskingPolicy": {"name": "HIDE"}}],
        }]);
        let hide = json!([{
            "name": "HIDE", "arguments": [{"name": "V", "type": "VARCHAR"}], "returns": "VARCHAR", "body": "'*'",
        }]);
        apply(&mut world, "flow", &spec(tables, hide));
        in_sync(&mut world, "made").await;
        // By hand, or by a DROP before which the record could not be written any more.
        world.admin("DROP TABLE D.S.T");
        apply(&mut world, "flow", &spec(json!([]), json!([])));
        in_sync(&mut world, "emptied").await;
        let left = world.emulator.execute_as("ACCOUNTADMIN", "SHOW MASKING POLICIES IN ACCOUNT").unwrap();
        assert_eq!(left.rows.len(), 0, "{}", world.describe());
        assert_eq!(world.get(KEY).record().objects, []);
    });
}
