//! What an emulator's account holds, seen from behind: everything that does not move by itself.

use std::collections::BTreeMap;

use snowfence_emulator::{emulator::Emulator, rows::Rows};

/// Columns that move by themselves, or number objects.
const VOLATILE: &[&str] = &[
    "started_clusters",
    "running",
    "queued",
    "is_default",
    "is_current",
    "available",
    "provisioning",
    "quiescing",
    "other",
    "resumed_on",
    "updated_on",
    "actives",
    "pendings",
    "failed",
    "suspended",
    "uuid",
    "used_credits",
    "remaining_credits",
];

/// One object: its columns, the parameters that are set on it, and its grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    pub kind: &'static str,
    pub name: String,
    pub created_on: String,
    pub cells: BTreeMap<String, Option<String>>,
    pub parameters: BTreeMap<String, String>,
    /// `PRIVILEGE TO ROLE`.
    pub grants: Vec<String>,
}

impl Thing {
    pub fn cell(&self, column: &str) -> Option<&str> {
        self.cells.get(column).and_then(Option::as_deref)
    }
    /// Without what differs from one run to the next.
    pub fn timeless(&self) -> Self {
        let mut thing = Self { created_on: String::new(), ..self.clone() };
        thing.cells.retain(|column, _| !matches!(column.as_str(), "created_on" | "start_time"));
        thing
    }
}

fn table(rows: &Rows) -> Vec<BTreeMap<String, Option<String>>> {
    let named = |row: &Vec<Option<String>>| {
        rows.columns.iter().map(|column| column.name.clone()).zip(row.iter().cloned()).collect()
    };
    rows.rows.iter().map(named).collect()
}

pub fn look(emulator: &Emulator) -> Vec<Thing> {
    let show = |sql: &str| {
        table(&emulator.execute_as("ACCOUNTADMIN", sql).unwrap_or_else(|error| panic!("{sql}: {error}")))
    };
    let mut all = vec![];
    for (kind, sql) in [("WAREHOUSE", "SHOW WAREHOUSES"), ("RESOURCE MONITOR", "SHOW RESOURCE MONITORS")] {
        for mut cells in show(sql) {
            let text = |cells: &BTreeMap<String, Option<String>>, column: &str| {
                cells.get(column).cloned().flatten().unwrap_or_default()
            };
            let (name, created_on) = (text(&cells, "name"), text(&cells, "created_on"));
            cells.retain(|column, _| !VOLATILE.contains(&column.as_str()));
            let quoted = name.replace('"', "\"\"");
            let mut parameters = BTreeMap::new();
            if kind == "WAREHOUSE" {
                let rows = show(&format!("SHOW PARAMETERS IN WAREHOUSE \"{quoted}\""));
                let own = rows.iter().filter(|row| text(row, "level") == "WAREHOUSE");
                parameters.extend(own.map(|row| (text(row, "key"), text(row, "value"))));
            }
            let rows = show(&format!("SHOW GRANTS ON {kind} \"{quoted}\""));
            let mut grants: Vec<_> = rows
                .iter()
                .map(|row| {
                    let role = text(row, "grantee_name");
                    format!("{} TO {}", text(row, "privilege"), role.trim_matches('"'))
                })
                .collect();
            grants.sort();
            all.push(Thing { kind, name, created_on, cells, parameters, grants });
        }
    }
    all
}
