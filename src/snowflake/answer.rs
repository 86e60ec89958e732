//! Reads the answers of the SQL API.
//! Source: docs.snowflake.com, "Snowflake SQL API reference", sections on responses.
use super::{error::SnowflakeError, rows::Rows};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{Response, StatusCode, header};
use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, SeqAccess},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, io::Read, time::Duration};

/// No partition is larger when it is unpacked.
const MAX_UNPACKED: u64 = 256 << 20;
/// Messages of Snowflake can quote whole statements.
const MAX_MESSAGE: usize = 4000;
/// Seconds. No statement waits longer.
const MAX_RETRY_AFTER: u64 = 3600;

/// An answer that says nothing about the statement.
#[derive(Debug)]
pub(super) enum Trouble {
    /// 401 or 403.
    Unauthorized { code: String, message: String },
    /// 429: not taken up.
    Throttled { after: Option<Duration>, message: String },
    /// 503: cannot serve now.
    Busy { after: Option<Duration>, message: String },
    /// The answer broke off, or another server on the way gave it up.
    Broken(String),
    /// None of the SQL API's answers. `executed`: as far as it can be read, it says that the statement was.
    Unknown { executed: bool, reason: String },
}

/// What Snowflake says about the statement.
#[derive(Debug)]
pub(super) enum Verdict {
    Done(Done),
    Running {
        handle: String,
    },
    Refused(SnowflakeError),
    /// 408: its time was over, and Snowflake cancelled it.
    Expired {
        handle: Option<String>,
    },
}

/// A result, or its first partition.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) handle: String,
    pub(super) rows: Rows,
    /// How many rows all partitions have, where it is told.
    pub(super) total: Option<usize>,
    pub(super) partitions: usize,
    pub(super) created_on: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResultSet<'a> {
    #[serde(default)]
    statement_handle: Option<String>,
    #[serde(rename = "resultSetMetaData", default)]
    about: Option<MetaData>,
    #[serde(default)]
    created_on: Option<i64>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetaData {
    #[serde(default)]
    num_rows: Option<usize>,
    row_type: Vec<Column>,
    #[serde(default)]
    partition_info: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    code: Option<String>,
    message: Option<String>,
    sql_state: Option<String>,
    statement_handle: Option<String>,
}

/// Reads the answer to a statement, or to the question of how it stands.
pub(super) fn read(response: &Response<Bytes>) -> Result<Verdict, Trouble> {
    let status = response.status();
    let after = retry_after(response);
    let body = unpacked(response).map_err(Trouble::Broken)?;
    let said = serde_json::from_slice::<Status>(&body).unwrap_or_default();
    let handle = said.statement_handle.filter(|handle| is_handle(handle));
    let message = said.message.map(|text| text.chars().take(MAX_MESSAGE).collect::<String>());
    let words = || message.clone().unwrap_or_else(|| format!("HTTP status {}", status.as_u16()));
    match (status, said.code) {
        (StatusCode::OK, _) => result_set(&body).map(Verdict::Done).map_err(|bad| bad.of(response)),
        (StatusCode::ACCEPTED, _) => match handle {
            Some(handle) => Ok(Verdict::Running { handle }),
            None => Err(Bad::Missing("statementHandle").of(response)),
        },
        (StatusCode::REQUEST_TIMEOUT, Some(_)) => Ok(Verdict::Expired { handle }),
        (StatusCode::UNAUTHORIZED, code) => {
            Err(Trouble::Unauthorized { code: code.unwrap_or_else(|| "401".to_owned()), message: words() })
        }
        (StatusCode::FORBIDDEN, Some(code)) => Err(Trouble::Unauthorized { code, message: words() }),
        (StatusCode::TOO_MANY_REQUESTS, _) => Err(Trouble::Throttled { after, message: words() }),
        (StatusCode::SERVICE_UNAVAILABLE, _) => Err(Trouble::Busy { after, message: words() }),
        (status, _) if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Err(Trouble::Broken(words()))
        }
        (status, Some(code)) if status.is_client_error() => Ok(Verdict::Refused(SnowflakeError {
            code,
            sql_state: said.sql_state.unwrap_or_default(),
            message: message.unwrap_or_default(),
            query_id: handle,
        })),
        _ => Err(Trouble::Unknown { executed: false, reason: describe(response) }),
    }
}

/// Reads how a statement stands that Snowflake may have taken up. Only 422 is a word on the statement itself: any other
/// refusal (a handle that is no longer known) leaves open what became of it.
pub(super) fn read_status(response: &Response<Bytes>) -> Result<Verdict, Trouble> {
    match read(response)? {
        Verdict::Refused(error) if response.status() != StatusCode::UNPROCESSABLE_ENTITY => {
            let reason = format!("{} to the question how the statement stands: {error}", describe(response));
            Err(Trouble::Unknown { executed: true, reason })
        }
        verdict => Ok(verdict),
    }
}

/// Reads a further partition and adds its rows.
pub(super) fn read_partition(response: &Response<Bytes>, rows: &mut Rows) -> Result<(), Trouble> {
    let unknown = |reason| Trouble::Unknown { executed: true, reason };
    if response.status() != StatusCode::OK {
        read(response)?;
        return Err(unknown(format!("{} instead of a part of the result", describe(response))));
    }
    let body = unpacked(response).map_err(Trouble::Broken)?;
    let set: ResultSet = serde_json::from_slice(&body).map_err(|e| Bad::from(e).of(response))?;
    let data = set.data.ok_or_else(|| Bad::Missing("data").of(response))?;
    // Parsed aside first: rows of an answer that turns out bad must not stay.
    let mut more = Rows::new(rows.columns());
    fill(&mut more, data).map_err(|bad| bad.of(response))?;
    rows.append(&more).map_err(|error| unknown(error.to_string()))
}

enum Bad {
    Cut,
    Missing(&'static str),
    Malformed(String),
}

impl From<serde_json::Error> for Bad {
    fn from(error: serde_json::Error) -> Self {
        // The parser's own words can quote cells, so only the place is told.
        if error.is_eof() {
            Self::Cut
        } else {
            Self::Malformed(format!("line {}, column {}", error.line(), error.column()))
        }
    }
}

impl Bad {
    fn of(self, response: &Response<Bytes>) -> Trouble {
        let reason = match self {
            Self::Cut => return Trouble::Broken("the answer breaks off".to_owned()),
            Self::Missing(field) => format!("{} without {field}", describe(response)),
            Self::Malformed(place) => format!("{}, not as expected at {place}", describe(response)),
        };
        Trouble::Unknown { executed: response.status().is_success(), reason }
    }
}

fn result_set(body: &[u8]) -> Result<Done, Bad> {
    let set: ResultSet = serde_json::from_slice(body)?;
    let handle = set.statement_handle.filter(|handle| is_handle(handle));
    let handle = handle.ok_or(Bad::Missing("statementHandle"))?;
    let about = set.about.ok_or(Bad::Missing("resultSetMetaData"))?;
    let mut rows = Rows::new(about.row_type.iter().map(|column| &column.name));
    if let Some(data) = set.data {
        fill(&mut rows, data)?;
    }
    Ok(Done {
        handle,
        rows,
        total: about.num_rows,
        partitions: about.partition_info.map_or(1, |partitions| partitions.len()),
        created_on: set.created_on.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
    })
}

fn fill(rows: &mut Rows, data: &RawValue) -> Result<(), Bad> {
    Data(rows).deserialize(&mut serde_json::Deserializer::from_str(data.get()))?;
    rows.shrink();
    Ok(())
}

fn unpacked(response: &Response<Bytes>) -> Result<Cow<'_, [u8]>, String> {
    let body = response.body();
    if response.headers().get(header::CONTENT_ENCODING).is_none_or(|coding| coding != "gzip") {
        return Ok(Cow::Borrowed(body));
    }
    let mut plain = Vec::with_capacity(body.len() * 4);
    let read = MultiGzDecoder::new(&**body).take(MAX_UNPACKED + 1).read_to_end(&mut plain);
    match read {
        Err(_) => Err("the compressed answer breaks off".to_owned()),
        Ok(size) if size as u64 > MAX_UNPACKED => Err("the answer is too large".to_owned()),
        Ok(_) => Ok(Cow::Owned(plain)),
    }
}

fn retry_after(response: &Response<Bytes>) -> Option<Duration> {
    let seconds: u64 = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(MAX_RETRY_AFTER)))
}

/// A handle becomes part of an address, so it must not be able to change it.
fn is_handle(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Status and type of an answer. Never its text: an unknown server may repeat what it was sent.
fn describe(response: &Response<Bytes>) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind: String = kind.unwrap_or("no content type").chars().take(60).collect();
    let status = response.status();
    let hint = match status.as_u16() {
        300..=399 => " (redirects are not followed)",
        403 | 404 => " (is the account's name right?)",
        _ => "",
    };
    format!("HTTP status {}, {kind}{hint}", status.as_u16())
}

/// Reads `[["a", null], …]` straight into rows.
struct Data<'a>(&'a mut Rows);
struct OneRow<'a>(&'a mut Rows);
struct Cell<'a>(&'a mut Rows);

impl<'de> DeserializeSeed<'de> for Data<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> de::Visitor<'de> for Data<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(OneRow(self.0))?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for OneRow<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> de::Visitor<'de> for OneRow<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of {} cells", self.0.width())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        let mut count = 0;
        while cells.next_element_seed(Cell(self.0))?.is_some() {
            count += 1;
        }
        if count != self.0.width() {
            return Err(de::Error::invalid_length(count, &self));
        }
        self.0.end_row();
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Cell<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl de::Visitor<'_> for Cell<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or null")
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.0.push_cell(None).map_err(E::custom)
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.0.push_cell(Some(text)).map_err(E::custom)
    }
    // Snowflake sends text; a server that sends bare values means the same.
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.visit_str(if value { "true" } else { "false" })
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.visit_str(&value.to_string())
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.visit_str(&value.to_string())
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.visit_str(&value.to_string())
    }
}
