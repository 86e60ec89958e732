//! Runs of task graphs that are under way while their graphs change.
//!
//! Nothing waits for them: a run that has begun goes on to its end with the version of the graph that it began with
//! (<https://docs.snowflake.com/en/user-guide/tasks-graphs>, versioning). They are told, for until then the old is at
//! work. Which there are only a table function tells, and that needs a warehouse: without one on the connection nothing
//! is asked.

use std::collections::{BTreeMap, BTreeSet};

use super::object::recorded;
use crate::{
    engine::session::Session,
    plan::{Step, step::Around},
    snowflake::{RunOptions, Statement},
    values::{full_name::FullName, ident::Ident},
};

/// The runs under way of the graphs that these steps suspend for a while.
pub(super) async fn under_way(steps: &[&Step], session: &Session, role: Option<Ident>) -> Vec<String> {
    let suspended = steps.iter().filter(|step| matches!(step.around, Around::Before(_)));
    let mut roots: BTreeMap<Ident, BTreeSet<FullName>> = BTreeMap::new();
    for root in suspended.filter_map(|step| recorded(&step.on.name)) {
        if let Some(database) = root.database() {
            roots.entry(database.clone()).or_default().insert(root);
        }
    }
    let mut told = vec![];
    if session.client.warehouse().is_none() {
        return told;
    }
    for (database, roots) in roots {
        let statement = graphs(&database);
        let options = RunOptions { role: role.clone(), ..RunOptions::default() };
        let rows = match session.client.run(&statement, &options).await {
            Ok(outcome) => outcome.rows,
            // Nothing hangs on it.
            Err(error) => {
                tracing::debug!("runs under way can't be told: {error}");
                continue;
            }
        };
        for row in rows.iter().filter(|row| row.text("state") == Some("EXECUTING")) {
            let name = |column| Ident::exact(row.text(column)?).ok();
            let (Some(schema), Some(task)) = (name("schema_name"), name("root_task_name")) else { continue };
            let root = FullName::top(database.clone()).join(schema).join(task);
            if roots.contains(&root) {
                told.push(format!(
                    "task graph {root} has a run under way: it goes on to its end as it began, the changes hold for the next one"
                ));
            }
        }
    }
    told.sort();
    told.dedup();
    told
}

fn graphs(database: &Ident) -> Statement {
    Statement::new("SELECT * FROM TABLE(")
        .of_kind("TASK")
        .ident(database)
        .keyword(".INFORMATION_SCHEMA.CURRENT_TASK_GRAPHS(RESULT_LIMIT => 10000))")
}
