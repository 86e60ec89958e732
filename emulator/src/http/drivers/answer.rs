//! What this door answers to a statement: results, progress, failures, and the session's parameters.

use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Frame, framed, success};
use crate::account::{Account, StatementKind, Verb};
use crate::context::Context;
use crate::emulator::Emulator;
use crate::rows::{Column, ColumnType};
use crate::state::{Execution, Failure, Finished, Outcome, Session};

/// How long a client may leave a statement alone before it is given up, seconds.
const ABORTS_AFTER: u32 = 300;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
    rowtype: Vec<Value>,
    rowset: Vec<Vec<Option<&'a str>>>,
    total: usize,
    returned: usize,
    query_id: &'a str,
    database_provider: Option<&'static str>,
    final_database_name: Option<String>,
    final_schema_name: Option<String>,
    final_warehouse_name: Option<String>,
    final_role_name: Option<String>,
    number_of_binds: u32,
    array_bind_supported: bool,
    statement_type_id: u32,
    version: u32,
    send_result_time: i64,
    query_result_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_ids: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_types: Option<String>,
    query_context: Value,
}

/// A statement that has ended.
pub(super) fn ended(emulator: &Emulator, session: &Session, execution: &Execution) -> Response {
    match execution.outcome() {
        None => in_progress(execution, false),
        Some(Outcome::Failed(failure)) => failed(execution, failure),
        Some(Outcome::Finished(finished)) => finished_with(emulator, session, execution, finished),
    }
}

fn finished_with(
    emulator: &Emulator,
    session: &Session,
    execution: &Execution,
    finished: &Finished,
) -> Response {
    let context = session.context();
    let rows = finished.partitions.rows();
    let kinds: Vec<ColumnType> = finished.columns.iter().map(|column| column.kind).collect();
    let rowset: Vec<Vec<Option<&str>>> = rows
        .iter()
        .map(|row| row.iter().zip(&kinds).map(|(cell, kind)| cell_of(cell.as_deref(), *kind)).collect())
        .collect();
    let kind = Account::inspect(&execution.text).ok();
    let children: Vec<String> = finished
        .children
        .iter()
        .map(|handle| {
            let child = emulator.executions().any(handle);
            let kind = child.and_then(|child| Account::inspect(&child.text).ok());
            kind.map_or(0, type_id).to_string()
        })
        .collect();
    let several = !finished.children.is_empty();
    let sets = kind.is_some_and(|kind| kind.verb == Verb::Alter);
    success(Answer {
        parameters: sets.then(|| parameters(emulator, &context)),
        rowtype: finished.columns.iter().map(row_type).collect(),
        total: rowset.len(),
        returned: rowset.len(),
        rowset,
        query_id: &execution.handle,
        database_provider: None,
        final_database_name: context.database,
        final_schema_name: context.schema,
        final_warehouse_name: context.warehouse,
        final_role_name: context.role,
        number_of_binds: 0,
        array_bind_supported: false,
        statement_type_id: if several { MULTIPLE } else { kind.map_or(0, type_id) },
        version: 1,
        send_result_time: (emulator.now() / 1_000_000) as i64,
        query_result_format: "json",
        result_ids: several.then(|| finished.children.join(",")),
        result_types: several.then(|| children.join(",")),
        // One entry, that of the control plane: clients keep it and send it back.
        query_context: json!({"entries": [
            {"id": 0, "timestamp": (emulator.now() / 1000) as i64, "priority": 0, "context": ""}
        ]}),
    })
}

/// Booleans are digits here; all else is as the SQL API has it.
fn cell_of(cell: Option<&str>, kind: ColumnType) -> Option<&str> {
    match (kind, cell) {
        (ColumnType::Boolean, Some("true")) => Some("1"),
        (ColumnType::Boolean, Some("false")) => Some("0"),
        (_, cell) => cell,
    }
}

/// Every key is there, be it null: clients read them without asking.
fn row_type(column: &Column) -> Value {
    let (kind, precision, scale, length) = match column.kind {
        ColumnType::Text => ("text", None, None, Some(16_777_216_u32)),
        ColumnType::Fixed => ("fixed", Some(38), Some(0), None),
        ColumnType::Decimal(scale) => ("fixed", Some(38), Some(scale.into()), None),
        ColumnType::Real => ("real", None, None, None),
        ColumnType::Boolean => ("boolean", None, None, None),
        ColumnType::TimestampLtz => ("timestamp_ltz", Some(0), Some(9), None),
        ColumnType::TimestampNtz => ("timestamp_ntz", Some(0), Some(9), None),
        ColumnType::Date => ("date", None, None, None),
        ColumnType::Time => ("time", Some(0), Some(9), None),
        ColumnType::Variant => ("variant", None, None, None),
    };
    json!({
        "name": column.name,
        "database": "",
        "schema": "",
        "table": "",
        "nullable": column.nullable,
        "type": kind,
        "precision": precision,
        "scale": scale,
        "length": length,
        "byteLength": length,
        "collation": null,
    })
}

const MULTIPLE: u32 = 0xA000;

/// The numbers of statement types, as the drivers know them (snowflake-jdbc: SFStatementType).
fn type_id(kind: StatementKind) -> u32 {
    match kind.verb {
        Verb::Select => 0x1000,
        Verb::Call => 0x1000,
        Verb::Insert => 0x3100,
        Verb::Update => 0x3200,
        Verb::Delete => 0x3300,
        Verb::Alter if kind.is_session_only() => 0x4100,
        Verb::Use => 0x4300,
        Verb::Show => 0x4400,
        Verb::Describe => 0x4500,
        _ => 0x6000,
    }
}

/// `333333`, or `333334` for somebody who does not want to wait.
pub(super) fn in_progress(execution: &Execution, asynchronous: bool) -> Response {
    let (code, message) = if asynchronous {
        (
            "333334",
            "Asynchronous execution in progress. Use provided query id to perform query monitoring and management.",
        )
    } else {
        ("333333", "Query execution in progress.")
    };
    framed(&Frame {
        data: json!({
            "queryId": execution.handle,
            "getResultUrl": format!("/queries/{}/result", execution.handle),
            "queryAbortsAfterSecs": ABORTS_AFTER,
            "progressDesc": null,
        }),
        code: Some(code.into()),
        message: Some(message.into()),
        success: true,
    })
}

fn failed(execution: &Execution, failure: &Failure) -> Response {
    let code = format!("{:06}", failure.code);
    let (line, position) = place(&failure.message).unwrap_or((-1, -1));
    framed(&Frame {
        data: json!({
            "internalError": failure.code == 603,
            "errorCode": code,
            "age": 0,
            "sqlState": failure.sql_state,
            "queryId": execution.handle,
            "line": line,
            "pos": position,
            "type": if failure.message.starts_with("SQL compilation error") { "COMPILATION" } else { "EXECUTION" },
        }),
        code: Some(code.clone()),
        message: Some(failure.message.clone()),
        success: false,
    })
}

/// Line and position that a message names.
fn place(message: &str) -> Option<(i64, i64)> {
    let (_, rest) = message.split_once("error line ")?;
    let (line, rest) = rest.split_once(" at position ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((line.parse().ok()?, rest[..digits].parse().ok()?))
}

/// The parameters of a session with their values, as drivers want to know them.
pub(super) fn parameters(emulator: &Emulator, context: &Context) -> Value {
    let now = emulator.now();
    let shown = emulator.lock().execute(&mut context.clone(), "SHOW PARAMETERS IN SESSION", now);
    let rows = shown.map(|rows| rows.rows).unwrap_or_default();
    let of = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten().unwrap_or_default();
    rows.iter()
        .map(|row| {
            let (name, value) = (of(row, 0), of(row, 1));
            let value = match of(row, 5).as_str() {
                "BOOLEAN" => json!(value.eq_ignore_ascii_case("true")),
                "NUMBER" => value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number)),
                _ => json!(value),
            };
            json!({"name": name, "value": value})
        })
        .collect()
}

/// The state of a statement for `GET /monitoring/queries/{id}`.
pub(super) fn monitored(emulator: &Emulator, execution: Option<&Execution>) -> Response {
    let queries: Vec<Value> = execution.map(|execution| status(emulator, execution)).into_iter().collect();
    success(json!({"queries": queries}))
}

fn status(emulator: &Emulator, execution: &Execution) -> Value {
    let now = (emulator.now() / 1_000_000) as i64;
    let (status, error, rows) = match execution.outcome() {
        _ if execution.is_hidden() => ("RUNNING", None, 0),
        None => ("RUNNING", None, 0),
        Some(Outcome::Finished(finished)) => ("SUCCESS", None, finished.partitions.total),
        Some(Outcome::Failed(failure)) if failure.code == 604 => ("ABORTED", Some(failure), 0),
        Some(Outcome::Failed(failure)) => ("FAILED_WITH_ERROR", Some(failure), 0),
    };
    json!({
        "id": execution.handle,
        "status": status,
        "state": status,
        "sqlText": execution.text.as_ref(),
        "startTime": execution.created,
        "endTime": if status == "RUNNING" { 0 } else { now },
        "errorCode": error.map(|failure| format!("{:06}", failure.code)),
        "errorMessage": error.map(|failure| failure.message.as_str()),
        "stats": {"scanBytes": 0, "producedRows": rows},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_error_is_found() {
        let message = "SQL compilation error:\nsyntax error line 2 at position 14 unexpected 'X'.";
        assert_eq!(place(message), Some((2, 14)));
        assert_eq!(
            place("SQL compilation error: error line 1 at position 7\ninvalid identifier 'A'"),
            Some((1, 7))
        );
        assert_eq!(place("Object 'X' already exists."), None);
    }
}
