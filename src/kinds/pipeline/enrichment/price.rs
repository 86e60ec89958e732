//! What enrichments may cost: lines of a plan and of a status.

use std::collections::BTreeSet;

use super::{
    super::{observe::Seen, table},
    Expanded, Names,
    entries::{ROWS_PER_DAY, ROWS_PER_RUN},
};
use crate::{
    api::pipeline::{
        Listed, PipelineSpec,
        enrichments::{Engine, Enrichment, Limits},
    },
    plan::{Action, Step, Target},
    values::full_name::FullName,
};

/// What an enrichment may cost.
pub(super) struct Priced {
    name: String,
    function: String,
    dynamic: bool,
    backfill: bool,
    limits: Limits,
    /// Its objects.
    objects: BTreeSet<Target>,
    /// Those whose creation buys, or queues, rows that are there already.
    existing: Vec<Target>,
    /// The one whose SQL asks the model.
    pub(super) buyer: Target,
    rows: FullName,
}

impl Priced {
    pub fn of(
        entry: &Enrichment,
        names: &Names,
        existing: Vec<Target>,
        buyer: Target,
        rows: FullName,
    ) -> Self {
        let model = entry.model.as_deref().map(|model| format!(" with {model}"));
        Self {
            name: entry.name().to_owned(),
            function: format!("{}{}", entry.function, model.unwrap_or_default()),
            dynamic: entry.engine == Some(Engine::DynamicTable),
            backfill: entry.backfill.unwrap_or_default(),
            limits: entry.limits.clone().unwrap_or_default(),
            objects: names.all().into_iter().chain(existing.iter().cloned()).collect(),
            existing,
            buyer,
            rows,
        }
    }

    fn per_day(&self) -> i32 {
        self.limits.rows_per_day.unwrap_or(ROWS_PER_DAY)
    }

    fn limits(&self) -> String {
        let credits = match self.limits.credits_per_day {
            Some(credits) => format!("{credits} credits a day as far as Snowflake tells within the hour"),
            None => "no limit of credits".to_owned(),
        };
        format!(
            "{}, at most {} rows a run and {} rows a day (UTC), {credits}",
            self.function,
            self.limits.rows_per_run.unwrap_or(ROWS_PER_RUN),
            self.per_day()
        )
    }

    /// What the rows that are there already come to.
    fn first(&self, seen: &Seen) -> String {
        let found = seen.found(&table::KIND, &self.rows).ok().flatten();
        let rows = found.and_then(|found| found.text("rows")?.parse::<i64>().ok());
        let what = match (self.dynamic, self.backfill) {
            (true, _) => "its creation buys",
            (false, true) => "the backfill queues",
            (false, false) => {
                "what has a result is bought again when function, model or prompt changed: at most"
            }
        };
        match rows {
            None => {
                format!("{what} every row of {}; how many they are is not known without a query", self.rows)
            }
            Some(rows) if self.dynamic => format!("{what} {rows} rows of {}", self.rows),
            Some(rows) => {
                let days =
                    rows.max(1).unsigned_abs().div_ceil(u64::from(self.per_day().unsigned_abs().max(1)));
                let days =
                    if days == 1 { "within a day".to_owned() } else { format!("in {days} days at least") };
                format!("{what} {rows} rows of {}, {days}", self.rows)
            }
        }
    }
}

/// What the steps may cost, a line for each enrichment that they change.
pub(in super::super) fn prices(all: &Expanded<'_>, steps: &[Step], seen: &Seen) -> Vec<String> {
    let line = |priced: &Priced| {
        let mut own = steps.iter().filter(|step| step.writes() && priced.objects.contains(&step.on));
        own.next()?;
        let creates = |step: &Step| {
            matches!(step.action, Action::Create(_)) && step.writes() && priced.existing.contains(&step.on)
        };
        let mut parts = vec![];
        if priced.dynamic {
            parts.push(priced.function.clone());
            parts.push(REINITIALISED.to_owned());
        } else {
            parts.push(priced.limits());
        }
        if steps.iter().any(creates) {
            parts.push(priced.first(seen));
        }
        Some(format!("enrichment {}: {}", priced.name, parts.join("; ")))
    };
    all.priced.iter().filter_map(line).collect()
}

const REINITIALISED: &str = "engine: DynamicTable has no limits, and buys every row again whenever Snowflake initialises it anew: after a change of the query, of the source's columns, or of what they depend on";

/// What is worth knowing as long as the spec says so.
pub(in super::super) fn lasting(spec: &PipelineSpec) -> Vec<String> {
    let dynamic = spec.enrichments.iter().filter(|entry| entry.engine == Some(Engine::DynamicTable));
    dynamic.map(|entry| format!("enrichment {}: {REINITIALISED}", entry.name)).collect()
}
