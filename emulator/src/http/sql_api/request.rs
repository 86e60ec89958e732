//! What a client sends: headers, query, body; each checked as Snowflake documents it, and strictly.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::auth::{Refusal, TokenType};
use crate::emulator::Emulator;
use crate::http::jobs::{Binding, Speaker};
use crate::http::problem::Problem;

/// The session parameters that a request may set, in lower case.
const PARAMETERS: [&str; 14] = [
    "binary_output_format",
    "client_result_chunk_size",
    "date_output_format",
    "multi_statement_count",
    "query_tag",
    "rows_per_resultset",
    "time_output_format",
    "timestamp_ltz_output_format",
    "timestamp_ntz_output_format",
    "timestamp_output_format",
    "timestamp_tz_output_format",
    "timezone",
    "use_cached_result",
    "timestamp_type_mapping",
];

/// The longest time-out, seconds: seven days.
const LONGEST: u64 = 604_800;

/// Checks `Accept`, `User-Agent` and the token.
pub(crate) async fn speaker(emulator: &Emulator, headers: &HeaderMap) -> Result<Speaker, Problem> {
    accepts_json(headers)?;
    let client = text(headers, header::USER_AGENT.as_str())
        .filter(|client| !client.is_empty())
        .ok_or_else(|| Problem::payload("the header User-Agent is missing"))?;
    let kind = match text(headers, "x-snowflake-authorization-token-type") {
        None => None,
        Some(kind) => Some(TokenType::parse(&kind).ok_or_else(|| {
            Problem::from(Refusal::missing(&format!("unknown X-Snowflake-Authorization-Token-Type {kind}")))
        })?),
    };
    let bearer = text(headers, header::AUTHORIZATION.as_str())
        .ok_or_else(|| Problem::from(Refusal::missing("the header Authorization is missing")))?;
    let token = bearer
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| Problem::from(Refusal::missing("Authorization must be Bearer and a token")))?;
    let identity = emulator
        .authenticator()
        .identify(kind, token, emulator.account_mutex(), emulator.now_seconds())
        .await?;
    Ok(Speaker { identity, client, kind })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

fn accepts_json(headers: &HeaderMap) -> Result<(), Problem> {
    let accept = text(headers, header::ACCEPT.as_str());
    let good = accept.as_deref().is_some_and(|accept| {
        accept.split(',').any(|part| {
            let kind = part.split(';').next().unwrap_or_default().trim();
            matches!(kind.to_ascii_lowercase().as_str(), "application/json" | "application/*" | "*/*")
        })
    });
    if good {
        return Ok(());
    }
    let accept = accept.as_deref().unwrap_or("null");
    Err(Problem::new(
        StatusCode::BAD_REQUEST,
        "391902",
        format!("Unsupported Accept header {accept} is specified."),
    ))
}

/// No `Content-Type` counts as JSON; any other than JSON is refused.
pub(crate) fn sends_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_else(|| "application/json".into());
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "391903",
        format!("Unsupported Content-Type header {kind} is specified."),
    ))
}

/// The query of `POST /api/v2/statements`.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) request_id: Option<String>,
    pub(crate) retry: bool,
    pub(crate) asynchronous: bool,
    pub(crate) nullable: bool,
    pub(crate) partition: usize,
}

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut parsed =
            Self { request_id: None, retry: false, asynchronous: false, nullable: true, partition: 0 };
        for (name, value) in pairs(query.unwrap_or_default()) {
            match name.as_str() {
                "requestId" => {
                    let id = Uuid::try_parse(&value)
                        .map_err(|_| Problem::payload(format!("requestId {value} is no UUID")))?;
                    parsed.request_id = Some(id.to_string());
                }
                "retry" => parsed.retry = boolean(&name, &value)?,
                "async" => parsed.asynchronous = boolean(&name, &value)?,
                "nullable" => parsed.nullable = boolean(&name, &value)?,
                "partition" => {
                    parsed.partition = value
                        .parse()
                        .map_err(|_| Problem::payload(format!("partition {value} is no number")))?;
                }
                _ => {}
            }
        }
        Ok(parsed)
    }
}

fn boolean(name: &str, value: &str) -> Result<bool, Problem> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Problem::payload(format!("{name} must be true or false, not {value}"))),
    }
}

/// The pairs of a query or of a form, decoded.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// The body of `POST /api/v2/statements`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submission {
    #[serde(default)]
    pub(crate) statement: Option<String>,
    /// Seconds; 0 is the longest.
    #[serde(default)]
    timeout: Option<i64>,
    #[serde(default)]
    pub(crate) database: Option<String>,
    #[serde(default)]
    pub(crate) schema: Option<String>,
    #[serde(default)]
    pub(crate) warehouse: Option<String>,
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) bindings: Option<BTreeMap<String, Binding>>,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    /// Of the API's first version; what it says is ignored.
    #[serde(default, rename = "resultSetMetaData")]
    _format: Option<Value>,
    #[serde(skip)]
    pub(crate) session: BTreeMap<String, String>,
    #[serde(skip)]
    pub(crate) statement_count: u64,
    #[serde(skip)]
    pub(crate) seconds: Option<u64>,
}

impl Submission {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        // serde would take a list for the fields in their order.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::payload("the body must be a JSON object"));
        }
        let mut parsed: Self =
            serde_json::from_slice(body).map_err(|error| Problem::payload(error.to_string()))?;
        parsed.seconds = match parsed.timeout {
            None => None,
            Some(0) => Some(LONGEST),
            Some(seconds) => {
                let seconds =
                    u64::try_from(seconds).map_err(|_| Problem::payload("timeout must not be negative"))?;
                Some(seconds.min(LONGEST))
            }
        };
        parsed.statement_count = 1;
        for (name, value) in parsed.parameters.take().unwrap_or_default() {
            let lower = name.to_ascii_lowercase();
            if !PARAMETERS.contains(&lower.as_str()) {
                return Err(Problem::payload(format!("the parameter {name} cannot be set by a request")));
            }
            let value = match value {
                Value::String(text) => text,
                Value::Bool(value) => value.to_string(),
                Value::Number(number) => number.to_string(),
                Value::Null => continue,
                _ => return Err(Problem::payload(format!("the parameter {name} must be text"))),
            };
            if lower == "multi_statement_count" {
                parsed.statement_count = value
                    .parse()
                    .map_err(|_| Problem::payload(format!("multi_statement_count {value} is no count")))?;
            } else {
                parsed.session.insert(name.to_ascii_uppercase(), value);
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_read_strictly() {
        let read = |text: &str| Submission::parse(text.as_bytes());
        let good = read(
            r#"{"statement": "SELECT ?", "timeout": 0, "role": "R", "bindings": {"1": {"type": "FIXED", "value": "1"}},
                "parameters": {"QUERY_TAG": "t", "multi_statement_count": 2}}"#,
        )
        .unwrap();
        assert_eq!(good.seconds, Some(LONGEST));
        assert_eq!(good.statement_count, 2);
        assert_eq!(good.session["QUERY_TAG"], "t");
        for bad in [
            "",
            "{",
            "[]",
            "{\"statement\": 1}",
            r#"{"statemnet": "x"}"#,
            r#"{"statement": "x", "timeout": -1}"#,
            r#"{"statement": "x", "timeout": "10"}"#,
            r#"{"statement": "x", "parameters": {"autocommit": "false"}}"#,
            r#"{"statement": "x", "parameters": {"multi_statement_count": "-1"}}"#,
            r#"{"statement": "x", "bindings": {"1": {"type": "FIXED", "value": 1}}}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().code, "390142", "{bad}");
        }
        assert!(read(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
    }

    #[test]
    fn the_query_is_read_strictly() {
        let id = "AB12FCBE-9f8b-4c8f-8c3d-3f5a8e7a9b01";
        let query = Query::parse(Some(&format!("requestId={id}&retry=true&partition=3&x=1"))).unwrap();
        assert_eq!(query.request_id.as_deref(), Some(id.to_lowercase().as_str()));
        assert!(query.retry && !query.asynchronous && query.nullable);
        assert_eq!(query.partition, 3);
        for bad in ["requestId=1", "retry=yes", "partition=-1", "async=", "partition=99999999999999999999999"]
        {
            assert!(Query::parse(Some(bad)).is_err(), "{bad}");
        }
    }
}
