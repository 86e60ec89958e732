//! Statements against an account: tables of what is sent, and what must come back.

mod alerts;
mod containers;
mod data_policies;
mod database_roles;
mod grants;
mod inherited;
mod language;
mod monitors;
mod plain;
mod relations;
mod roles_and_users;
mod routines;
mod rows;
mod selects;
mod sequences;
mod show;
mod staged;
mod state;
mod streams;
mod table_changes;
mod tables;
mod task_runs;
mod tasks;
mod transactions;
mod users;
mod views;
mod warehouses;

use super::{Account, Edition};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;

/// 1 June 2026, 12:00 UTC, in nanoseconds.
pub(crate) const NOON: i128 = 1_780_315_200_000_000_000;
pub(crate) const SECOND: i128 = 1_000_000_000;

/// One session of OPERATOR with ACCOUNTADMIN.
pub(crate) struct Session {
    pub(crate) account: Account,
    pub(crate) context: Context,
    pub(crate) now: i128,
}

impl Session {
    pub(crate) fn new(edition: Edition) -> Self {
        Self {
            account: Account::new("acme", "main", edition),
            context: Context {
                user: "OPERATOR".into(),
                role: Some("ACCOUNTADMIN".into()),
                ..Context::default()
            },
            now: NOON,
        }
    }

    pub(crate) fn enterprise() -> Self {
        Self::new(Edition::Enterprise)
    }

    pub(crate) fn send(&mut self, sql: &str) -> Result<Rows, SqlError> {
        self.now += SECOND / 100;
        let before = self.account.clone();
        let result = self.account.execute(&mut self.context, sql, self.now);
        if result.is_err() {
            assert!(self.account == before, "a refused statement changed something: {sql}");
        }
        result
    }

    pub(crate) fn ok(&mut self, sql: &str) -> Rows {
        self.send(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"))
    }

    /// Each of them, separated by `;`.
    pub(crate) fn all(&mut self, sql: &str) {
        for statement in Account::split(sql).unwrap() {
            self.ok(&statement);
        }
    }

    pub(crate) fn refused(&mut self, sql: &str) -> SqlError {
        match self.send(sql) {
            Ok(rows) => panic!("{sql}\nwas not refused: {rows:?}"),
            Err(error) => error,
        }
    }

    pub(crate) fn as_role(&mut self, role: &str) -> &mut Self {
        self.context.role = Some(role.into());
        self
    }

    pub(crate) fn pass(&mut self, seconds: i128) {
        self.now += seconds * SECOND;
    }

    /// The single cell of a statement.
    pub(crate) fn cell(&mut self, sql: &str) -> String {
        let rows = self.ok(sql);
        rows.rows[0][0].clone().unwrap_or_else(|| "NULL".into())
    }

    /// A column of all rows; NULL is `NULL`.
    pub(crate) fn column(&mut self, sql: &str, name: &str) -> Vec<String> {
        let rows = self.ok(sql);
        column(&rows, name)
    }

    /// Columns of one warehouse, monitor, … joined with `|`.
    pub(crate) fn row(&mut self, sql: &str, names: &str) -> String {
        let rows = self.ok(sql);
        assert_eq!(rows.rows.len(), 1, "{sql}: {rows:?}");
        names.split(' ').map(|name| column(&rows, name).remove(0)).collect::<Vec<_>>().join("|")
    }
}

pub(crate) fn column(rows: &Rows, name: &str) -> Vec<String> {
    let at = rows.columns.iter().position(|column| column.name == name);
    let at = at.unwrap_or_else(|| panic!("no column {name} in {:?}", rows.columns));
    rows.rows.iter().map(|row| row[at].clone().unwrap_or_else(|| "NULL".into())).collect()
}

/// `code (state): first line after the heading`
pub(crate) fn short(error: &SqlError) -> String {
    let message = error.message.lines().last().unwrap_or_default();
    format!("{:06} {} {message}", error.code, error.sql_state)
}
