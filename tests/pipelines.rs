//! Pipelines in a cluster in memory: many objects as one resource, and what others do to them.

mod kinds;
mod names;
mod parts;
mod streams;

use std::{future::Future, time::Duration};

use serde_json::Value;
use snowfence::engine::session::Policy;
use snowfence_emulator::emulator::Emulator;

use crate::support::{
    kinds::{Cell, by_hand, cell},
    world::World,
};

/// The pipeline `flow`.
const KEY: &str = "p/flow";

fn run(test: impl Future<Output = ()>) {
    crate::property::runtime().block_on(test);
}

/// A world over an account in which these statements were run.
fn world<'a>(statements: impl IntoIterator<Item = &'a str>) -> World {
    let emulator = Emulator::builder().build();
    for sql in statements {
        by_hand(&emulator, sql);
    }
    World::over(emulator, None, "ACCOUNTADMIN", Policy::default())
}

fn apply(world: &mut World, name: &str, spec: &Value) {
    let mut spec = spec.clone();
    spec["connectionRef"] = serde_json::json!({"name": "snow"});
    world.pipeline(name, serde_json::from_value(spec).unwrap());
}

/// Rounds until nothing is written any more; then reason and message of Ready.
async fn settle(world: &mut World, what: &str) -> (String, String) {
    world.settle().await.unwrap_or_else(|sin| panic!("{what}: {sin}"));
    let (_, reason, message) = world.get(KEY).ready();
    (reason, message)
}

async fn in_sync(world: &mut World, what: &str) {
    let (reason, message) = settle(world, what).await;
    let status = world.get(KEY).status();
    assert_eq!(reason, "InSync", "{what}: {message}\n{:#}", status["notInSync"]);
}

/// So much later that also what SHOW lacks is read again.
async fn much_later() {
    tokio::time::advance(Duration::from_secs(3601)).await;
}

/// A column of the row with this name; nothing where there is none.
fn shown(world: &World, sql: &'static str, name: &'static str, column: &'static str) -> String {
    cell(&world.emulator, Cell(sql, Some(("name", name)), column))
}
