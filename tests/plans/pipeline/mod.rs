//! Plans of pipelines, a module per kind of object.

mod queried;

use std::sync::Arc;

use serde_json::{Value, json};
use snowfence::{
    api::CortexPipeline,
    kinds::pipeline::Seen,
    snowflake::{
        Rows,
        catalog::{By, Table},
    },
    values::full_name::FullName,
};

use super::{BORN, ROLE};

/// A pipeline in DB.S with these lists.
pub fn cr(lists: Value) -> CortexPipeline {
    let mut spec =
        json!({"connectionRef": {"name": "prod"}, "database": "DB", "schema": "S", "warehouse": "WH"});
    for (list, entries) in lists.as_object().unwrap() {
        spec[list] = entries.clone();
    }
    CortexPipeline::new("calls", serde_json::from_value(spec).unwrap())
}

/// What SHOW says of DB: for each kind its rows, which lie in DB.S and are ours.
pub fn shown(lists: &[(&'static str, &[&[(&str, &str)]])]) -> Seen {
    let mut seen = Seen::default();
    for (kind, all) in lists {
        let fixed = [("created_on", BORN), ("owner", ROLE), ("database_name", "DB"), ("schema_name", "S")];
        let heads = all.iter().flat_map(|row| row.iter().map(|(column, _)| *column)).collect::<Vec<_>>();
        let mut columns: Vec<&str> = fixed.iter().map(|(column, _)| *column).chain(heads).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut rows = Rows::new(columns.iter().copied());
        for row in *all {
            let cell = |column: &&str| {
                row.iter().chain(&fixed).find(|(own, _)| own == column).map(|(_, cell)| *cell)
            };
            rows.push(columns.iter().map(cell)).unwrap();
        }
        let table = Arc::new(Table::by(By::Path, rows));
        seen.lists.insert((*kind, Some(FullName::parse("DB").unwrap())), table);
    }
    seen
}
