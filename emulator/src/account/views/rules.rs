//! What the query and the options of materialized views and dynamic tables may be (docs: views-materialized,
//! create-dynamic-table, dynamic-tables-refresh).

use super::super::Account;
use super::super::grants::Securable;
use super::Base;
use crate::error::SqlError;
use crate::sql::ObjectKind;
use crate::sql::definition::{Facts, Query};
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::view::CreateView;

/// The limitations of materialized views (docs: views-materialized). The number is unverified.
pub(super) fn materialized(account: &Account, query: &Query, bases: &[Base]) -> Result<(), SqlError> {
    let facts = &query.facts;
    let of_table = |base: &Base| {
        matches!(base.on, Securable::Table(..)) || account.kind_of(base.on) == ObjectKind::ExternalTable
    };
    let reasons: [(bool, &str); 10] = [
        (facts.joins || facts.relations.len() > 1, "More than one table referenced in the view definition"),
        (bases.is_empty(), "No table referenced in the view definition"),
        (!bases.iter().all(of_table), "Only tables can be referenced in the view definition"),
        (facts.order_by, "ORDER BY clause is not supported"),
        (facts.limit, "LIMIT clause is not supported"),
        (facts.having, "HAVING clause is not supported"),
        (facts.windows, "Window functions are not supported"),
        (facts.distinct_aggregate, "DISTINCT aggregate functions are not supported"),
        (facts.union_all || facts.distinct_sets, "Set operators are not supported"),
        (facts.selects > 1, "Nested subqueries are not supported"),
    ];
    match reasons.iter().find(|(wrong, _)| *wrong) {
        Some((_, reason)) => Err(SqlError::new(
            2212,
            "42601",
            format!("SQL compilation error:\nInvalid materialized view definition. {reason}."),
        )),
        None => Ok(()),
    }
}

/// `002029`, as Snowflake says it of what must be set. The number is unverified.
pub(crate) fn missing(option: &str) -> SqlError {
    SqlError::new(2029, "42601", format!("SQL compilation error:\nMissing option(s): [{option}]"))
}

/// `'<n> seconds | minutes | hours | days'` of at least 60 seconds, or DOWNSTREAM.
pub(crate) fn target_lag(settings: &[Setting]) -> Result<(), SqlError> {
    match value_of(settings, "TARGET_LAG") {
        Some(Value::Text(lag)) => lag_of(lag),
        _ => Err(missing("TARGET_LAG")),
    }
}

/// The same, of the text alone.
pub(crate) fn lag_of(lag: &str) -> Result<(), SqlError> {
    if lag.eq_ignore_ascii_case("DOWNSTREAM") {
        return Ok(());
    }
    let seconds = lag.trim().split_once(char::is_whitespace).and_then(|(amount, unit)| {
        let factor = match unit.trim().to_lowercase().trim_end_matches('s') {
            "second" => 1,
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            _ => return None,
        };
        amount.parse::<u64>().ok()?.checked_mul(factor)
    });
    match seconds {
        Some(seconds) if seconds >= 60 => Ok(()),
        _ => Err(SqlError::invalid_value(lag, "TARGET_LAG")),
    }
}

/// What keeps a dynamic table from being refreshed incrementally (docs: dynamic-tables-supported-queries).
fn hinders(facts: &Facts) -> bool {
    const UNSUPPORTED: [&str; 8] =
        ["RANDOM", "UUID_STRING", "RANDSTR", "SEQ1", "SEQ2", "SEQ4", "SEQ8", "CURRENT_TIMESTAMP"];
    facts.distinct_sets
        || facts.pivots
        || facts.sample
        || facts.order_by
        || facts.limit
        || facts.functions.iter().any(|name| UNSUPPORTED.contains(&name.as_str()))
}

/// AUTO reads back as what it came to.
pub(super) fn refresh_mode(create: &CreateView) -> Result<&'static str, SqlError> {
    let full = hinders(&create.query.facts);
    match value_of(&create.settings, "REFRESH_MODE").and_then(Value::text) {
        Some("FULL") => Ok("FULL"),
        // The number is unverified.
        Some("INCREMENTAL") if full => Err(SqlError::new(
            2717,
            "0A000",
            "SQL compilation error:\nDynamic Table's query is not supported for incremental refresh.",
        )),
        Some("INCREMENTAL") => Ok("INCREMENTAL"),
        _ if full => Ok("FULL"),
        _ => Ok("INCREMENTAL"),
    }
}
