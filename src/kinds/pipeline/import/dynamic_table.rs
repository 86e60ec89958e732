//! `DYNAMIC TABLE`.

use super::{
    Inverse, There, Why, name,
    table::clustering,
    view::{definition, query},
    written::List,
};
use crate::{
    api::pipeline::{
        dynamic_tables::{DynamicTable, RefreshMode},
        shared::State,
    },
    kinds::pipeline::dynamic_table::KIND,
    snowflake::Statement,
    values::{canonical::Canonical as _, target_lag::TargetLag},
};

const LIST: List<DynamicTable> = List { field: "dynamicTables", of: |spec| &mut spec.dynamic_tables };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |name| Some(Statement::new("SHOW PARAMETERS IN TABLE").of_kind("PARAMETERS").full_name(name)),
    write: |objects, written| written.each(objects, &LIST, table),
};

fn table(there: &There<'_>) -> Result<DynamicTable, Why> {
    let is = definition(there)?;
    let lag = TargetLag::read(there.found.text("target_lag")).ok_or("its target lag is not understood")?;
    let state = there.found.text("scheduling_state").unwrap_or_default().to_ascii_uppercase();
    Ok(DynamicTable {
        name: name(there.name.name()),
        comment: there.comment(),
        query: query(&is),
        target_lag: lag,
        warehouse: Some(there.named("warehouse").ok_or("its warehouse is not shown")?),
        refresh_mode: mode(there.found.text("text").unwrap_or_default(), &is.query),
        cluster_by: there.found.text("cluster_by").map(clustering).transpose()?,
        transient: is.transient.then_some(true),
        data_retention_time_in_days: there.own("DATA_RETENTION_TIME_IN_DAYS"),
        max_data_extension_time_in_days: there.own("MAX_DATA_EXTENSION_TIME_IN_DAYS"),
        state: state.contains("SUSPENDED").then_some(State::Suspended),
        ..DynamicTable::default()
    })
}

/// SHOW has the mode that Snowflake chose; whether a person did, the statement tells. AUTO is the default.
fn mode(text: &str, query: &str) -> Option<RefreshMode> {
    let create = text.split(query).next()?.to_ascii_uppercase();
    let (_, rest) = create.split_once("REFRESH_MODE")?;
    let word = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '=' | '\''));
    let word = word.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    RefreshMode::read(Some(word)).filter(|mode| *mode != RefreshMode::Auto)
}
