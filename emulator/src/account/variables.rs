//! Session variables and transactions: what BEGIN, COMMIT and ROLLBACK mean where every statement commits by itself.

use super::answer::executed;
use super::{Account, StatementKind, Verb};
use crate::context::{Context, Variable};
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::select::Expression;
use crate::sql::session::Transaction;

impl Account {
    pub(crate) fn set_variables(
        &self,
        context: &mut Context,
        variables: &[(String, Expression)],
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let mut values = Vec::new();
        for (name, expression) in variables {
            let (kind, value) = self.value(context, &access, expression, now)?;
            // The most that a variable holds.
            if value.as_ref().is_some_and(|value| value.len() > 256) {
                return Err(SqlError::new(
                    1005,
                    "54000",
                    format!(
                        "Assignment to '{name}' not done because value exceeds size limit for variables. Its size is {}; the limit is 256 (internal storage size in bytes).",
                        value.map_or(0, |value| value.len())
                    ),
                ));
            }
            values.push((name.clone(), Variable { kind, value }));
        }
        context.variables.extend(values);
        Ok(executed())
    }

    pub(crate) fn unset_variables(context: &mut Context, names: &[String]) -> Rows {
        for name in names {
            context.variables.remove(name);
        }
        executed()
    }

    /// DDL commits what was begun; ROLLBACK of changed rows is refused, for nothing is undone here.
    pub(crate) fn before_statement(context: &mut Context, kind: StatementKind) -> Result<(), SqlError> {
        if kind.verb == Verb::Rollback
            && context.transaction.is_some()
            && context.wrote == context.transaction
        {
            return Err(SqlError::unsupported("ROLLBACK of changed rows: every statement commits by itself"));
        }
        if !kind.is_read_only() && !kind.changes_rows() {
            context.transaction = None;
        }
        Ok(())
    }

    /// BEGIN in a transaction, and COMMIT or ROLLBACK outside of one, change nothing.
    pub(crate) fn transaction(context: &mut Context, what: Transaction, now: i64) -> Rows {
        context.transaction = match what {
            Transaction::Begin => context.transaction.or(Some(now.saturating_mul(1_000_000))),
            Transaction::Commit | Transaction::Rollback => None,
        };
        executed()
    }
}
