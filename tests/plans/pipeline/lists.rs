//! Rows of SHOW for plans of pipelines, none of them NULL.

use std::sync::Arc;

use snowfence::{
    kinds::pipeline::Seen,
    snowflake::{
        Rows,
        catalog::{By, Table},
    },
    values::full_name::FullName,
};

use crate::plans::{BORN, ROLE};

type Cells<'a> = &'a [(&'a str, &'a str)];

/// Rows of one answer, with the columns of the first.
pub fn rows(all: &[Cells<'_>]) -> Rows {
    let columns = all.first().map_or(&[][..], |first| *first);
    let mut rows = Rows::new(columns.iter().map(|(column, _)| *column));
    for cells in all {
        rows.push(cells.iter().map(|(_, cell)| Some(*cell))).unwrap();
    }
    rows
}

/// Objects of ours in DB.S, as SHOW has them.
pub fn listed(seen: &mut Seen, kind: &'static str, names: &[&str], cells: Cells<'_>) {
    let place = [("database_name", "DB"), ("schema_name", "S"), ("created_on", BORN), ("owner", ROLE)];
    let all: Vec<Vec<(&str, &str)>> = names
        .iter()
        .map(|name| [("name", *name)].into_iter().chain(place).chain(cells.iter().copied()).collect())
        .collect();
    let all: Vec<Cells<'_>> = all.iter().map(Vec::as_slice).collect();
    list(seen, kind, By::Path, &all);
}

pub fn list(seen: &mut Seen, kind: &'static str, by: By, all: &[Cells<'_>]) {
    let table = Arc::new(Table::by(by, rows(all)));
    seen.lists.insert((kind, Some(FullName::parse("DB").unwrap())), table);
}

/// What SHOW says of DB: for each kind its rows, which lie in DB.S and are ours.
pub fn shown(lists: &[(&'static str, &[Cells<'_>])]) -> Seen {
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
