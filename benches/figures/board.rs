//! The figures, their reaches, and how they are shown.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use crate::{Result, manifests::KINDS};

/// What a figure should be.
#[derive(Clone, Copy)]
enum Reach {
    AtMost(f64),
    AtLeast(f64),
}

use Reach::{AtLeast, AtMost};

impl Reach {
    fn met(self, value: f64) -> bool {
        match self {
            AtMost(most) => value <= most,
            AtLeast(least) => value >= least,
        }
    }
    fn shown(self) -> String {
        match self {
            AtMost(most) => format!("≤ {}", plain(most)),
            AtLeast(least) => format!("≥ {}", plain(least)),
        }
    }
}

/// Name, unit, reach.
const FIGURES: [(&str, &str, Reach); 18] = [
    ("plan_statements_1000", "statements", AtMost(4.0)),
    ("plan_statements_1000_parameters", "statements", AtMost(1_004.0)),
    ("apply_statements_1000", "statements", AtMost(1_010.0)),
    ("cold_ready_ratio", "ratio", AtMost(1.3)),
    ("resync_kube_writes", "writes", AtMost(0.0)),
    ("resync_snowflake_writes", "writes", AtMost(0.0)),
    ("resync_statements", "statements", AtMost(3.0)),
    ("resident_9500_mib", "MiB", AtMost(150.0)),
    ("heal_latencies", "latencies", AtMost(4.0)),
    ("snowddl_plan_statement_ratio", "ratio", AtLeast(500.0)),
    ("snowddl_plan_time_ratio", "ratio", AtLeast(50.0)),
    ("snowddl_plan_statement_ratio_parameters", "ratio", AtLeast(4.0)),
    ("snowddl_plan_time_ratio_parameters", "ratio", AtLeast(5.0)),
    ("snowddl_apply_time_ratio", "ratio", AtLeast(3.0)),
    ("pipelines_resync_statements", "statements", AtMost(2.0 * KINDS.len() as f64 + 10.0)),
    ("pipelines_apply_overhead", "statements", AtMost(2.0 * KINDS.len() as f64 + 5.0)),
    ("one_column_statements", "statements", AtMost(12.0)),
    ("pure_plan_10000_ratio", "ratio", AtMost(5.0)),
];

pub struct Board {
    wanted: Vec<&'static str>,
    values: BTreeMap<&'static str, f64>,
    /// What is told besides, without a reach.
    notes: Vec<(String, String)>,
    began: Instant,
}

impl Board {
    /// All figures, or those that were named.
    pub fn new(names: &[String]) -> Result<Self> {
        let all = FIGURES.map(|(name, ..)| name);
        if let Some(unknown) = names.iter().find(|name| !all.contains(&name.as_str())) {
            return Err(format!("there is no figure {unknown}; there are {}", all.join(", ")).into());
        }
        let wanted = all.into_iter().filter(|name| names.is_empty() || names.iter().any(|n| n == name));
        Ok(Self { wanted: wanted.collect(), values: BTreeMap::new(), notes: vec![], began: Instant::now() })
    }

    pub fn wants(&self, name: &str) -> bool {
        self.wanted.contains(&name)
    }

    pub fn wants_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.wants(name))
    }

    /// A figure was taken. One that was not asked for, and came along, is dropped.
    pub fn put(&mut self, name: &'static str, value: f64) {
        if self.wants(name) {
            self.step(&format!("{name}: {}", plain(value)));
            self.values.insert(name, value);
        }
    }

    /// For information.
    pub fn note(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.notes.push((what.into(), value.into()));
    }

    /// What goes on now.
    pub fn step(&self, text: &str) {
        eprintln!("{:>5.0} s  {text}", self.began.elapsed().as_secs_f64());
    }

    /// Prints the table and writes `target/figures.json`.
    pub fn finish(self) -> Result<()> {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY);
        table.set_header(["figure", "value", "unit", "reach", ""]);
        let mut file = serde_json::Map::new();
        for (name, unit, reach) in FIGURES.into_iter().filter(|(name, ..)| self.wants(name)) {
            let value = *self.values.get(name).ok_or_else(|| format!("{name} was not taken"))?;
            let met = if reach.met(value) { "met" } else { "missed" };
            table.add_row([name, &plain(value), unit, &reach.shown(), met]);
            file.insert(name.into(), json!({"value": value, "unit": unit, "reach": reach.shown()}));
        }
        for column in [1, 3] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        println!("{table}");
        for (what, value) in &self.notes {
            println!("  {what}: {value}");
        }
        let path = target().join("figures.json");
        std::fs::write(&path, serde_json::to_string_pretty(&file)? + "\n")?;
        println!("written to {}; {:.0} s in all", path.display(), self.began.elapsed().as_secs_f64());
        Ok(())
    }
}

/// Cargo's folder of what it builds: the programs are two folders below it.
fn target() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_snowfence"));
    program.ancestors().nth(2).map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// A whole number as such, others with two digits.
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
