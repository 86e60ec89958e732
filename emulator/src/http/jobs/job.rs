//! From a submission to an outcome: role, statements, bind variables, and the execution itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Order, Speaker, bindings};
use crate::account::Account;
use crate::context::Context;
use crate::emulator::{Emulator, Manner, timestamp};
use crate::error::SqlError;
use crate::faults::verb_of;
use crate::http::guarded;
use crate::rows::{Column, ColumnType, Rows};
use crate::state::{Execution, Failure, Finished, Outcome, Partitions, Session, Statement};

/// A statement (or several) that is ready to be executed.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) context: Context,
    /// What it leaves behind goes here; the context is taken from here when it begins.
    pub(crate) session: Option<Arc<Session>>,
    alone: BTreeMap<String, String>,
    describe: bool,
    pub(crate) statements: Vec<String>,
    /// The request asked for several statements, be it for one by chance.
    pub(crate) multiple: bool,
    /// How long the statements say that they run.
    pub(crate) wait: Duration,
    /// The most rows that SHOW gives.
    pub(crate) row_limit: Option<usize>,
    /// Somebody else's statements, role and text, just before and just after.
    pub(crate) before: Option<(String, String)>,
    pub(crate) after: Option<(String, String)>,
}

/// Writes a statement to the log that failed before the account saw it.
pub(crate) fn note_failure(
    emulator: &Emulator,
    speaker: &Speaker,
    order: &Order,
    execution: &Execution,
    failure: &Failure,
    elapsed: f64,
) {
    let context = order.context.as_ref().ok();
    emulator.log().push(Statement {
        seq: 0,
        text: execution.text.to_string(),
        tag: context
            .and_then(|context| context.parameters.get("QUERY_TAG"))
            .filter(|tag| !tag.is_empty())
            .cloned(),
        client: speaker.client.clone(),
        user: speaker.identity.user.clone(),
        role: context.and_then(|context| context.role.clone()),
        start: timestamp(i128::from(execution.created) * 1_000_000),
        elapsed,
        code: format!("{:06}", failure.code),
        request_id: execution.request_id.clone(),
        query_id: execution.handle.clone(),
    });
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self { code: error.code, sql_state: error.sql_state.into(), message: error.message, timed_out: false }
    }
}

impl Failure {
    pub(crate) fn new(code: u32, sql_state: &str, message: impl Into<String>) -> Self {
        Self { code, sql_state: sql_state.into(), message: message.into(), timed_out: false }
    }

    /// Code 000604.
    pub(crate) fn cancelled() -> Self {
        Self::new(604, "57014", "SQL execution canceled")
    }

    /// Code 000630.
    pub(crate) fn timed_out(after: Duration) -> Self {
        let message = format!(
            "Statement reached its statement or warehouse timeout of {} second(s) and was canceled.",
            after.as_secs()
        );
        Self { timed_out: true, ..Self::new(630, "57014", message) }
    }
}

impl Job {
    /// Splits the text and puts in the bind variables.
    pub(crate) fn prepare(order: &Order) -> Result<Self, Failure> {
        let context = order.context.clone()?;
        let session = order.session.clone();
        let text = &order.text;
        let mut statements = guarded(|| Account::split(text))?;
        if statements.is_empty() {
            return Err(Failure::new(900, "42601", "SQL compilation error:\nEmpty SQL statement."));
        }
        let wanted = order.statement_count;
        if wanted != 0 && wanted != statements.len() as u64 {
            return Err(Failure::new(
                8,
                "0A000",
                format!(
                    "Actual statement count {} did not match the desired statement count {wanted}.",
                    statements.len()
                ),
            ));
        }
        let multiple = statements.len() > 1;
        let bindings = order.bindings.as_ref().filter(|bindings| !bindings.is_empty());
        if multiple && bindings.is_some() {
            return Err(Failure::new(
                2,
                "0A000",
                "Unsupported feature 'bind variables in a request with several statements'.",
            ));
        }
        for statement in &mut statements {
            if session.is_none()
                && let Some(kind) = unsupported(statement, multiple)
            {
                return Err(Failure::new(391_911, "0A000", format!("Unsupported statement type '{kind}'.")));
            }
        }
        if let ([statement], false) = (statements.as_mut_slice(), multiple) {
            *statement = bindings::fill(statement, bindings)?;
        }
        let wait = statements
            .iter()
            .filter_map(|statement| guarded(|| Account::inspect(statement)).ok()?.wait)
            .fold(Duration::ZERO, Duration::saturating_add);
        Ok(Self {
            context,
            session,
            alone: order.alone.clone(),
            describe: order.describe,
            statements,
            multiple,
            wait: if order.describe { Duration::ZERO } else { wait },
            row_limit: None,
            before: None,
            after: None,
        })
    }

    /// Executes it, unless it was cancelled meanwhile. `waited`: milliseconds since it was sent.
    pub(crate) fn run(self, emulator: &Emulator, execution: &Execution, waited: f64) {
        if !execution.start() {
            return;
        }
        let mut context = self.session.as_ref().map_or(self.context, |session| session.context());
        if self.describe {
            let text = self.statements.first().map(String::as_str).unwrap_or_default();
            let outcome = match emulator.describe(&context, text) {
                Ok(rows) => finished(emulator, rows, execution.nullable, vec![]),
                Err(error) => Outcome::Failed(error.into()),
            };
            return execution.finish(outcome);
        }
        let behind = |statement: Option<(String, String)>| {
            if let Some((role, text)) = statement
                && let Err(error) = emulator.execute_as(&role, &text)
            {
                tracing::warn!(%error, text, "a fault's statement failed");
            }
        };
        behind(self.before);
        let before = context.clone();
        // A role that was revoked meanwhile is of no use to a session: what is left is PUBLIC.
        let held = |role: &String| emulator.lock().has_role(&context.user, role);
        if self.session.is_some() && !context.role.as_ref().is_some_and(held) {
            context.role = Some("PUBLIC".into());
        }
        let lent = Lent::new(&mut context, self.alone);
        let outcome = if self.multiple {
            several(emulator, execution, &mut context, &self.statements, waited, self.row_limit)
        } else {
            context.query_id.clone_from(&execution.handle);
            let text = self.statements.first().map(String::as_str).unwrap_or_default();
            let manner =
                Manner { request_id: execution.request_id.as_deref(), waited, row_limit: self.row_limit };
            match emulator.execute(&mut context, text, manner) {
                Ok(rows) => finished(emulator, rows, execution.nullable, vec![]),
                Err(error) => Outcome::Failed(error.into()),
            }
        };
        behind(self.after);
        lent.take_back(&mut context);
        if let Some(session) = &self.session {
            session.leave(&before, context);
        }
        execution.finish(outcome);
        emulator.executions().weigh(execution);
    }
}

/// Session parameters that hold for one request, and what they stand in front of.
struct Lent(Vec<(String, String, Option<String>)>);

impl Lent {
    fn new(context: &mut Context, alone: BTreeMap<String, String>) -> Self {
        let lend = |(name, value): (String, String)| {
            let before = context.parameters.insert(name.clone(), value.clone());
            (name, value, before)
        };
        Self(alone.into_iter().map(lend).collect())
    }

    /// What the statements themselves set meanwhile stays.
    fn take_back(self, context: &mut Context) {
        for (name, value, before) in self.0 {
            if context.parameters.get(&name) != Some(&value) {
                continue;
            }
            match before {
                Some(before) => context.parameters.insert(name, before),
                None => context.parameters.remove(&name),
            };
        }
    }
}

fn finished(emulator: &Emulator, rows: Rows, nullable: bool, children: Vec<String>) -> Outcome {
    let partitions = Partitions::split(rows.rows, emulator.partition_bytes(), nullable);
    Outcome::Finished(Finished { columns: rows.columns, partitions, children })
}

/// Executes statements in one session until one fails. Those before it stay executed.
fn several(
    emulator: &Emulator,
    execution: &Execution,
    context: &mut Context,
    statements: &[String],
    waited: f64,
    row_limit: Option<usize>,
) -> Outcome {
    let mut children = Vec::with_capacity(statements.len());
    for text in statements {
        let handle = emulator.next_handle();
        context.query_id.clone_from(&handle);
        let manner = Manner { request_id: execution.request_id.as_deref(), waited, row_limit };
        let result = emulator.execute(context, text, manner);
        let mut child = Execution::new(
            handle.clone(),
            &execution.user,
            None,
            Arc::from(text.as_str()),
            (emulator.now() / 1_000_000) as i64,
        );
        child.nullable = execution.nullable;
        match result {
            Ok(rows) => {
                let nullable = execution.nullable;
                emulator.executions().keep(child.ended(finished(emulator, rows, nullable, vec![])));
                children.push(handle);
            }
            Err(error) => {
                let (line, position) = place(&execution.text, statements, children.len());
                let start: String = text.chars().take(30).collect();
                let message = format!(
                    "JavaScript execution error: Uncaught Execution of multiple statements failed on statement \
                     \"{start}{}\" (at line {line}, position {position}).\n{} in SYSTEM$MULTISTMT at '    throw \
                     `Execution of multiple statements failed on statement {{0}} (at line {{1}}, position \
                     {{2}}).`.replace('{{1}}', LINES[i])' position 4\nstackstrace: \nSYSTEM$MULTISTMT line: 10",
                    if text.chars().count() > 30 { " ..." } else { "" },
                    error.message.trim_end_matches('.')
                );
                emulator.executions().keep(child.ended(Outcome::Failed(error.into())));
                return Outcome::Failed(Failure::new(100_132, "P0000", message));
            }
        }
    }
    let rows = Rows {
        columns: vec![Column {
            name: "multiple statement execution".into(),
            kind: ColumnType::Text,
            nullable: false,
        }],
        rows: vec![vec![Some("Multiple statements executed successfully.".into())]],
    };
    finished(emulator, rows, execution.nullable, children)
}

/// Line (from 1) and position (from 0) of a statement in the whole text.
fn place(whole: &str, statements: &[String], index: usize) -> (usize, usize) {
    let mut offset = 0;
    for statement in &statements[..=index.min(statements.len() - 1)] {
        offset = whole[offset..].find(statement.as_str()).map_or(offset, |found| offset + found);
        if !std::ptr::eq(statement, &raw const statements[index]) {
            offset += statement.len();
        }
    }
    let before = &whole[..offset];
    let line = before.matches('\n').count() + 1;
    let position = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count());
    (line, position)
}

/// The kind of a statement that this API does not take (alone).
fn unsupported(statement: &str, multiple: bool) -> Option<String> {
    let verb = verb_of(statement).to_ascii_uppercase();
    let after = statement.find(verb_of(statement)).map_or("", |at| &statement[at + verb.len()..]);
    let second = verb_of(after).to_ascii_uppercase();
    match (verb.as_str(), second.as_str()) {
        ("PUT" | "GET", _) => Some(verb),
        _ if multiple => None,
        ("USE" | "BEGIN" | "COMMIT" | "ROLLBACK" | "SET" | "UNSET", _) => Some(verb),
        ("START", "TRANSACTION") => Some("BEGIN".into()),
        ("ALTER", "SESSION") => Some("ALTER_SESSION".into()),
        ("CREATE", _) => {
            let temporary = after
                .split_whitespace()
                .take(5)
                .any(|word| matches!(word.to_ascii_uppercase().as_str(), "TEMP" | "TEMPORARY"));
            temporary.then(|| "CREATE TEMPORARY".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_of_a_session_need_company() {
        for alone in [
            "USE ROLE R",
            "-- x\nbegin",
            "alter session set A = 1",
            "SET a = 1",
            "CREATE OR REPLACE TEMP TABLE T (A INT)",
        ] {
            assert!(unsupported(alone, false).is_some(), "{alone}");
            assert!(unsupported(alone, true).is_none(), "{alone}");
        }
        assert!(unsupported("PUT file:///x @s", true).is_some());
        for fine in ["ALTER WAREHOUSE W SUSPEND", "CREATE TABLE T (TEMP INT)", "SHOW ROLES", ""] {
            assert!(unsupported(fine, false).is_none(), "{fine}");
        }
    }

    #[test]
    fn the_place_of_a_failed_statement_is_told() {
        let text = "SELECT 1;\nSELECT 1; FAIL";
        let statements = ["SELECT 1", "SELECT 1", "FAIL"].map(str::to_owned);
        assert_eq!(place(text, &statements, 0), (1, 0));
        assert_eq!(place(text, &statements, 1), (2, 0));
        assert_eq!(place(text, &statements, 2), (2, 10));
    }
}
