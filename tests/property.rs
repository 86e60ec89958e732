//! From any state, executing the plan makes the next plan empty, also after a crash between any two effects or a lost
//! answer to one; then nothing is written any more: over ten resyncs, a restart and a change of leader.
//!
//! Each random life is lived once undisturbed, and then once for each blow at each of its effects.
//! `PROPERTY_CASES` sets how many lives of each kind are lived at most, `PROPERTY_SECONDS` how long,
//! `PROPERTY_BLOWS` how many of the five blows fall on each effect. The lives are the same each time, so that a change is
//! judged by what it changes; `PROPERTY_SEED=random` (`make hunt`) looks for new ones, and another number for others.

mod case;
mod deletion;
mod kinds;
mod live;
mod neighbours;
mod oracle;
mod pipelines;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use proptest::{
    prelude::*,
    test_runner::{Config, FileFailurePersistence, RngSeed, TestCaseError, TestRunner},
};

use crate::support::{account::Thing, fate::Blow};
use case::Life;
use live::{Stage, live};

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

pub fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Where the random lives come from.
pub fn seed() -> RngSeed {
    match std::env::var("PROPERTY_SEED").as_deref() {
        Ok("random") => RngSeed::Random,
        Ok(text) => RngSeed::Fixed(text.parse().expect("PROPERTY_SEED is a number, or random")),
        Err(_) => RngSeed::Fixed(20_270_131),
    }
}

/// The life undisturbed, then with each blow at each effect. What the account ends as must be the same.
async fn every_blow(
    stage: &Stage,
    life: &Life,
    lived: usize,
    count: &AtomicUsize,
    effects: &AtomicUsize,
) -> Result<(), String> {
    let end = live(stage, life, None, false).await.map_err(|sin| format!("undisturbed: {sin}"))?;
    count.fetch_add(1, Ordering::Relaxed);
    effects.fetch_add(end.effects, Ordering::Relaxed);
    let blows = number("PROPERTY_BLOWS", 2) as usize;
    for n in 0..end.effects {
        for m in 0..blows {
            // In turn, so that over many lives each blow falls on each kind of effect.
            let m = n + m + lived;
            let (blow, hasty) = (Blow::ALL[m % Blow::ALL.len()], m % 2 == 1);
            let at =
                |sin: String| format!("{blow:?} at effect {n} of {}, hasty: {hasty}: {sin}", end.effects);
            let other = live(stage, life, Some((n, blow)), hasty).await.map_err(at)?;
            count.fetch_add(1, Ordering::Relaxed);
            // In haste, an edit may come before what an earlier one asked for was done at all.
            if !hasty {
                same(&end, &other).map_err(at)?;
            }
        }
    }
    Ok(())
}

/// Disturbed or not, the account ends alike.
fn same(end: &live::End, other: &live::End) -> Result<(), String> {
    let timeless = |end: &live::End| end.things.iter().map(Thing::timeless).collect::<Vec<_>>();
    let (is, was) = (timeless(other), timeless(end));
    if let Some((is, was)) = is.iter().zip(&was).find(|(is, was)| is != was) {
        return Err(format!("the account ends otherwise: {is:?}, undisturbed {was:?}"));
    }
    if is.len() != was.len() || other.verdicts != end.verdicts {
        return Err(format!("{:?}, undisturbed {:?}", other.verdicts, end.verdicts));
    }
    if other.notifications != end.notifications {
        return Err("notifications were sent again".into());
    }
    Ok(())
}

fn lives(name: &str, strategy: impl Strategy<Value = Life>, default: u32) {
    let (count, effects, lives) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let began = std::time::Instant::now();
    let stage = Stage::new();
    let config = Config {
        cases: number("PROPERTY_CASES", default),
        rng_seed: seed(),
        max_shrink_iters: 300,
        max_shrink_time: 15_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/property.proptest-regressions",
        ))),
        ..Config::default()
    };
    let enough = Duration::from_secs(number("PROPERTY_SECONDS", 60).into());
    let result = TestRunner::new(config).run(&strategy, |life| {
        if began.elapsed() > enough && lives.load(Ordering::Relaxed) >= 10 {
            return Ok(());
        }
        let lived = lives.fetch_add(1, Ordering::Relaxed);
        runtime().block_on(every_blow(&stage, &life, lived, &count, &effects)).map_err(TestCaseError::fail)
    });
    let number = |n: &AtomicUsize| n.load(Ordering::Relaxed);
    eprintln!(
        "{name}: {} lives with {} effects, lived {} times with a blow or without, in {:.1?}",
        number(&lives),
        number(&effects),
        number(&count),
        began.elapsed()
    );
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn warehouses_converge_after_any_blow() {
    lives("warehouses", case::warehouse_life(), 1_000);
}

#[test]
fn monitors_converge_after_any_blow() {
    lives("monitors", case::monitor_life(), 1_000);
}
