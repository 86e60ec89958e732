//! `GET /monitoring/queries`: what was executed, as the list of the `snow` program (`!queries`) wants it.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Refused, session_of, success};
use crate::account::{Account, HistoryEntry};
use crate::emulator::Emulator;
use crate::http::jobs;
use crate::http::sql_api::pairs;

/// The most that is given at once.
const MOST: usize = 1000;

/// Latest first, those of the user alone unless the session's role is ACCOUNTADMIN. What still runs is not among them.
pub(super) async fn queries(State(emulator): State<Emulator>, request: Request) -> Response {
    jobs::pause(emulator.latency()).await;
    let (session, _) = match session_of(&emulator, request.headers()) {
        Ok(found) => found,
        Err(refused) => return refused.into_response(),
    };
    let asked: BTreeMap<String, String> =
        pairs(request.uri().query().unwrap_or_default()).into_iter().collect();
    let most = match asked.get("max").map(|max| max.parse::<usize>()) {
        None => 100,
        Some(Ok(max)) => max.min(MOST),
        Some(Err(_)) => return Refused::payload("max must be a number").into_response(),
    };
    let all = session.context().role.as_deref() == Some("ACCOUNTADMIN");
    let account = emulator.lock();
    let queries: Vec<Value> = account
        .history()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .filter(|entry| (all || entry.user == session.identity.user) && fits(entry, &asked))
        .take(most)
        .map(shown)
        .collect();
    success(json!({"queries": queries}))
}

/// Does the entry fit what was asked for? What is not known is not asked for.
fn fits(entry: &HistoryEntry, asked: &BTreeMap<String, String>) -> bool {
    asked.iter().all(|(name, value)| {
        let number = value.parse::<i64>().unwrap_or_default();
        match name.as_str() {
            "session_id" => entry.session_id.to_string() == *value,
            "user" => entry.user.eq_ignore_ascii_case(value),
            "wh" => entry.warehouse.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(value)),
            "start" => entry.started >= number,
            "end" => entry.started <= number,
            "min_duration" => entry.ended - entry.started >= number,
            "stmt_type" if !value.eq_ignore_ascii_case("ANY") => {
                Account::inspect(&entry.text).is_ok_and(|kind| kind.verb.name().eq_ignore_ascii_case(value))
            }
            "subset" => state(entry).eq_ignore_ascii_case(value),
            _ => true,
        }
    })
}

/// As `subset` names it.
fn state(entry: &HistoryEntry) -> &'static str {
    match &entry.error {
        None => "SUCCEEDED",
        Some((604, _)) => "ABORTED",
        Some(_) => "FAILED",
    }
}

fn shown(entry: &HistoryEntry) -> Value {
    json!({
        "id": entry.query_id,
        "sqlText": entry.text,
        "state": state(entry),
        "status": state(entry),
        "startTime": entry.started,
        "endTime": entry.ended,
        "totalDuration": entry.ended - entry.started,
        "sessionId": entry.session_id,
        "userName": entry.user,
        "warehouseName": entry.warehouse,
        "errorCode": entry.error.as_ref().map(|(code, _)| format!("{code:06}")),
        "errorMessage": entry.error.as_ref().map(|(_, message)| message.as_str()),
    })
}
