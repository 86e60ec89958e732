//! Executing a statement: on the account, into the log, into the history.

use std::time::Instant;

use super::{BEHIND_THE_BACK, Emulator, OPERATOR};
use crate::account::{Account, HistoryEntry, StatementKind, Verb};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{Column, ColumnType, Rows};
use crate::state::{Failure, SUCCESS, Statement};

/// What comes with a statement besides its context.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner<'a> {
    pub(crate) request_id: Option<&'a str>,
    /// Milliseconds that it took until now.
    pub(crate) waited: f64,
    /// The most rows that SHOW gives.
    pub(crate) row_limit: Option<usize>,
}

impl Emulator {
    /// Executes SQL behind the clients' backs, with a role and as OPERATOR. Several statements may be given; the
    /// rows are the last one's. In the log the client is `emulator`.
    pub fn execute_as(&self, role: &str, sql: &str) -> Result<Rows, SqlError> {
        let mut context = Context {
            user: OPERATOR.into(),
            role: Some(role.into()),
            client: BEHIND_THE_BACK.into(),
            ..Context::default()
        };
        let mut rows = Rows::default();
        for text in Account::split(sql)? {
            context.query_id = self.next_handle();
            rows = self.execute(&mut context, &text, Manner::default())?;
        }
        Ok(rows)
    }

    /// The columns that a statement would give; nothing happens, and nothing is written to log and history.
    pub(crate) fn describe(&self, context: &Context, text: &str) -> Result<Rows, SqlError> {
        let kind = Account::inspect(text)?;
        if !matches!(kind.verb, Verb::Show | Verb::Describe | Verb::Select) {
            return Ok(Rows {
                columns: vec![Column { name: "status".into(), kind: ColumnType::Text, nullable: true }],
                rows: vec![],
            });
        }
        let now = self.now();
        let mut account = self.lock();
        let mut rows = crate::http::guarded(|| account.execute(&mut context.clone(), text, now))?;
        rows.rows.clear();
        Ok(rows)
    }

    /// Executes one statement, and writes it to the log and to the query history.
    pub(crate) fn execute(
        &self,
        context: &mut Context,
        text: &str,
        manner: Manner<'_>,
    ) -> Result<Rows, SqlError> {
        let began = Instant::now();
        let start = self.now() - (manner.waited * 1e6) as i128;
        let kind = crate::http::guarded(|| Account::inspect(text)).ok();
        let mut entry = HistoryEntry {
            query_id: context.query_id.clone(),
            text: text.to_owned(),
            query_type: kind.map_or_else(|| "UNKNOWN".into(), StatementKind::query_type),
            query_tag: context.parameters.get("QUERY_TAG").cloned().unwrap_or_default(),
            session_id: context.session_id,
            user: context.user.clone(),
            role: context.role.clone(),
            warehouse: context.warehouse.clone(),
            database: context.database.clone(),
            schema: context.schema.clone(),
            started: (start / 1_000_000) as i64,
            ..HistoryEntry::default()
        };
        let limit = manner.row_limit.filter(|_| kind.is_some_and(|kind| kind.verb == Verb::Show));
        let (result, aborted) = {
            let mut account = self.lock();
            let now = self.now();
            let mut result = crate::http::guarded(|| account.execute(context, text, now));
            if let (Some(limit), Ok(rows)) = (limit, &mut result) {
                // As Snowflake does it: those above the limit are left out in silence.
                rows.rows.truncate(limit);
            }
            entry.ended = (self.now() / 1_000_000) as i64;
            entry.rows = result.as_ref().map_or(0, |rows| rows.rows.len() as u64);
            entry.error = result.as_ref().err().map(|error| (error.code, error.message.clone()));
            account.note(entry);
            (result, account.take_aborted())
        };
        for query_id in aborted {
            if let Some(execution) = self.0.executions.any(&query_id) {
                execution.cancel(Failure::cancelled());
            }
        }
        let code = match &result {
            Ok(_) => SUCCESS.to_owned(),
            Err(error) => format!("{:06}", error.code),
        };
        let role = context.role.clone();
        self.0.statements.push(Statement {
            seq: 0,
            text: text.to_owned(),
            tag: context.parameters.get("QUERY_TAG").filter(|tag| !tag.is_empty()).cloned(),
            client: context.client.clone(),
            user: context.user.clone(),
            role,
            start: timestamp(start),
            elapsed: manner.waited + began.elapsed().as_secs_f64() * 1e3,
            code,
            request_id: manner.request_id.map(str::to_owned),
            query_id: context.query_id.clone(),
        });
        if result.is_ok() && kind.is_some_and(|kind| !kind.is_read_only()) {
            self.note_change();
        }
        result
    }
}

/// RFC 3339 of nanoseconds since 1970, to the millisecond.
pub(crate) fn timestamp(nanos: i128) -> String {
    jiff::Timestamp::from_millisecond((nanos / 1_000_000) as i64).unwrap_or_default().to_string()
}
