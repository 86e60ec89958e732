//! What the SQL API answers: `ResultSet`, `QueryStatus`, `QueryFailureStatus`, `CancelStatus`.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::http::problem::{Problem, json_response};
use crate::rows::{Column, ColumnType};
use crate::state::{Cells, Execution, Failure, Finished, Outcome, Partitions, SUCCESS};

/// Longest text, characters.
const TEXT: i64 = 16_777_216;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultSet<'a> {
    #[serde(rename = "resultSetMetaData")]
    meta: MetaData<'a>,
    data: &'a Cells,
    code: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    statement_handles: &'a [String],
    statement_status_url: String,
    request_id: &'a str,
    sql_state: &'static str,
    statement_handle: &'a str,
    message: &'static str,
    created_on: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetaData<'a> {
    num_rows: usize,
    format: &'static str,
    row_type: Vec<RowType<'a>>,
    partition_info: &'a [crate::state::PartitionInfo],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RowType<'a> {
    name: &'a str,
    database: &'static str,
    schema: &'static str,
    table: &'static str,
    nullable: bool,
    precision: Option<i64>,
    scale: Option<i64>,
    byte_length: Option<i64>,
    length: Option<i64>,
    collation: Option<&'static str>,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> From<&'a Column> for RowType<'a> {
    fn from(column: &'a Column) -> Self {
        let (kind, precision, scale, length) = match column.kind {
            ColumnType::Text => ("text", None, None, Some(TEXT)),
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
        Self {
            name: &column.name,
            database: "",
            schema: "",
            table: "",
            nullable: column.nullable,
            precision,
            scale,
            byte_length: length,
            length,
            collation: None,
            kind,
        }
    }
}

/// The answer to a question after a statement that has ended. `partition` from 0.
pub(crate) fn ended(execution: &Execution, outcome: &Outcome, partition: usize, post: bool) -> Response {
    match outcome {
        Outcome::Failed(failure) => failed(execution, failure, post),
        Outcome::Finished(finished) if partition == 0 => result_set(execution, finished),
        Outcome::Finished(finished) => part(execution, finished, partition),
    }
}

fn result_set(execution: &Execution, finished: &Finished) -> Response {
    let request_id = execution.request_id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let body = ResultSet {
        meta: MetaData {
            num_rows: finished.partitions.total,
            format: "jsonv2",
            row_type: finished.columns.iter().map(RowType::from).collect(),
            partition_info: &finished.partitions.info,
        },
        data: &finished.partitions.first,
        code: SUCCESS,
        statement_handles: &finished.children,
        statement_status_url: format!("/api/v2/statements/{}?requestId={request_id}", execution.handle),
        request_id: &request_id,
        sql_state: "00000",
        statement_handle: &execution.handle,
        message: "Statement executed successfully.",
        created_on: execution.created,
    };
    // The shape serialises always: no maps with odd keys, no foreign types.
    let mut response = json_response(StatusCode::OK, serde_json::to_vec(&body).unwrap_or_default());
    link(&mut response, &execution.handle, &finished.partitions, 0);
    response
}

fn part(execution: &Execution, finished: &Finished, partition: usize) -> Response {
    let Some(packed) = finished.partitions.packed(partition) else {
        let last = finished.partitions.info.len() - 1;
        let reason = format!("partition {partition} is beyond the last, {last}");
        return axum::response::IntoResponse::into_response(Problem::payload(reason));
    };
    let mut response = json_response(StatusCode::OK, Body::from(packed.to_vec()));
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    link(&mut response, &execution.handle, &finished.partitions, partition);
    response
}

/// The header `Link`, with the first, the last and the neighbouring partitions.
fn link(response: &mut Response, handle: &str, partitions: &Partitions, current: usize) {
    let last = partitions.info.len() - 1;
    let mut links = vec![(0, "first")];
    if current > 0 {
        links.push((current - 1, "prev"));
    }
    if current < last {
        links.push((current + 1, "next"));
    }
    links.push((last, "last"));
    let text: Vec<String> = links
        .into_iter()
        .map(|(number, relation)| {
            let id = Uuid::new_v4();
            format!("</api/v2/statements/{handle}?requestId={id}&partition={number}>;rel=\"{relation}\"")
        })
        .collect();
    if let Ok(value) = HeaderValue::from_str(&text.join(",")) {
        response.headers_mut().insert(header::LINK, value);
    }
}

/// HTTP 202 with code 333334.
pub(crate) fn in_progress(execution: &Execution) -> Response {
    let handle = &execution.handle;
    let body = json!({
        "code": "333334",
        "message":
            "Asynchronous execution in progress. Use provided query id to perform query monitoring and management.",
        "statementHandle": handle,
        "statementStatusUrl": format!("/api/v2/statements/{handle}"),
        "createdOn": execution.created,
    });
    json_response(StatusCode::ACCEPTED, body.to_string())
}

/// HTTP 422, or 408 where a POST ran into its time-out.
pub(crate) fn failed(execution: &Execution, failure: &Failure, post: bool) -> Response {
    let status = if failure.timed_out && post {
        StatusCode::REQUEST_TIMEOUT
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let handle = &execution.handle;
    let body = json!({
        "code": format!("{:06}", failure.code),
        "message": failure.message,
        "sqlState": failure.sql_state,
        "statementHandle": handle,
        "statementStatusUrl": format!("/api/v2/statements/{handle}"),
        "createdOn": execution.created,
    });
    json_response(status, body.to_string())
}

/// A handle that is not (or no longer) known.
pub(crate) fn unknown(handle: &str) -> Response {
    let body = json!({
        "code": "000709",
        "message": format!("Statement {handle} not found"),
        "sqlState": "02000",
        "statementHandle": handle,
    });
    json_response(StatusCode::UNPROCESSABLE_ENTITY, body.to_string())
}

/// The statement was cancelled.
pub(crate) fn cancelled(handle: &str) -> Response {
    let body = json!({
        "code": "000604",
        "sqlState": "57014",
        "message": "SQL execution canceled",
        "statementHandle": handle,
        "statementStatusUrl": format!("/api/v2/statements/{handle}"),
    });
    json_response(StatusCode::OK, body.to_string())
}
