//! SELECT and CALL: context functions, system functions, and the query history.

use super::Account;
use super::access::Access;
use super::answer::{Cell, boolean, column, number, table, text, time};
use super::grants::Securable;
use super::{HistoryEntry, no_warehouse};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::select::{Expression, History, Item, Select, wait};

/// The server's version as CURRENT_VERSION() gives it.
pub(crate) const VERSION: &str = "10.25.101";
/// Where the account says it is.
const REGION: &str = "AWS_US_EAST_1";

impl Account {
    pub(crate) fn select(&mut self, context: &Context, select: &Select, now: i64) -> Result<Rows, SqlError> {
        if let Some(history) = &select.from {
            return self.query_history(context, select, history, now);
        }
        let access = self.access(context)?;
        let mut rows = Rows::default();
        let mut row = Vec::new();
        for item in &select.items {
            let (kind, cell) = self.value(context, &access, &item.expression, now)?;
            rows.columns.push(column(&item.label, kind));
            row.push(cell);
        }
        rows.rows.push(row);
        Ok(rows)
    }

    pub(crate) fn call(&mut self, context: &Context, item: &Item, now: i64) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (kind, cell) = self.value(context, &access, &item.expression, now)?;
        let mut rows = table(&[(&item.label, kind)]);
        rows.rows.push(vec![cell]);
        Ok(rows)
    }

    fn value(
        &self,
        context: &Context,
        access: &Access,
        expression: &Expression,
        now: i64,
    ) -> Result<(ColumnType, Cell), SqlError> {
        Ok(match expression {
            Expression::Text(value) => (ColumnType::Text, text(value)),
            Expression::Number(value) if value.contains(['.', 'e', 'E']) => (ColumnType::Real, text(value)),
            Expression::Number(value) => (ColumnType::Fixed, text(value)),
            Expression::Boolean(value) => (ColumnType::Boolean, boolean(*value)),
            Expression::Null => (ColumnType::Text, None),
            Expression::Call(name, arguments) => self.function(context, access, name, arguments, now)?,
            Expression::Column(name) => return Err(unknown_column(name)),
            Expression::Star => return Err(unknown_column("*")),
        })
    }

    fn function(
        &self,
        context: &Context,
        access: &Access,
        name: &str,
        arguments: &[Expression],
        now: i64,
    ) -> Result<(ColumnType, Cell), SqlError> {
        let cell = match (name, arguments) {
            ("CURRENT_ACCOUNT", []) => text(&self.locator),
            ("CURRENT_ACCOUNT_NAME", []) => text(&self.name),
            ("CURRENT_ORGANIZATION_NAME", []) => text(&self.organization),
            ("CURRENT_REGION", []) => text(REGION),
            ("CURRENT_VERSION", []) => text(VERSION),
            ("CURRENT_USER", []) => text(&context.user),
            ("CURRENT_ROLE", []) => text(self.role_name(Some(access.role))),
            ("CURRENT_ROLE_TYPE", []) => text("ROLE"),
            ("CURRENT_WAREHOUSE", []) => context.warehouse.clone(),
            ("CURRENT_DATABASE", []) => context.database.clone(),
            ("CURRENT_SCHEMA", []) => context.schema.clone(),
            ("CURRENT_SCHEMAS", []) => text(match (&context.database, &context.schema) {
                (Some(database), Some(schema)) => format!("[\"{database}.{schema}\"]"),
                _ => "[]".into(),
            }),
            ("CURRENT_SESSION", []) => number(context.session_id),
            ("CURRENT_CLIENT", []) => text(&context.client),
            ("CURRENT_IP_ADDRESS", []) => text("127.0.0.1"),
            ("CURRENT_TRANSACTION", []) => None,
            ("CURRENT_TIMESTAMP" | "LOCALTIMESTAMP" | "SYSDATE", []) => {
                return Ok((ColumnType::TimestampLtz, time(now)));
            }
            ("CURRENT_AVAILABLE_ROLES", []) => {
                text(serde_json::json!(self.roles_of(&context.user)).to_string())
            }
            ("CURRENT_SECONDARY_ROLES", []) => {
                let roles = self.secondary_roles(context).join(",");
                let value = if context.secondary_roles_all { "ALL" } else { "" };
                text(serde_json::json!({ "roles": roles, "value": value }).to_string())
            }
            ("LAST_QUERY_ID", []) => {
                let last = self.history.iter().rev().find(|entry| entry.session_id == context.session_id);
                text(last.map_or(&context.query_id, |entry| &entry.query_id))
            }
            ("IS_ROLE_IN_SESSION", [Expression::Text(role)]) => {
                let held = self.roles.id(role).is_some_and(|id| access.roles.contains(&id));
                return Ok((ColumnType::Boolean, boolean(held)));
            }
            ("SYSTEM$BOOTSTRAP_DATA_REQUEST", [Expression::Text(what)])
                if what.eq_ignore_ascii_case("ACCOUNT") =>
            {
                text(
                    serde_json::json!({
                        "serverVersion": VERSION,
                        "accountInfo": {
                            "accountName": self.name,
                            "organizationName": self.organization,
                            "serviceLevelName": self.edition.name(),
                            "region": REGION,
                        },
                    })
                    .to_string(),
                )
            }
            ("SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES", []) => text(
                serde_json::json!([
                    { "name": "2026_04", "isDefault": true, "isEnabled": true },
                    { "name": "2026_05", "isDefault": false, "isEnabled": false },
                ])
                .to_string(),
            ),
            (
                "SYSTEM$GET_TAG",
                [Expression::Text(tag), Expression::Text(object), Expression::Text(domain)],
            ) => self.get_tag(context, access, tag, object, domain)?,
            ("SYSTEM$WAIT", _) => match wait(&Expression::Call(name.to_owned(), arguments.to_vec())) {
                Some(duration) => text(format!("waited {} seconds", duration.as_secs())),
                None => return Err(SqlError::invalid_value("amount or unit", "SYSTEM$WAIT")),
            },
            _ => {
                return Err(SqlError::new(
                    2140,
                    "42601",
                    format!("SQL compilation error:\nUnknown function {name}"),
                ));
            }
        };
        Ok((ColumnType::Text, cell))
    }

    fn get_tag(
        &self,
        context: &Context,
        access: &Access,
        tag: &str,
        object: &str,
        domain: &str,
    ) -> Result<Cell, SqlError> {
        let tag = self.tag_id(context, access, &crate::sql::path_of(tag)?)?;
        let domain = domain.to_uppercase().replace('_', " ");
        let kind = ObjectKind::all()
            .find(|kind| kind.singular() == domain)
            .ok_or_else(|| SqlError::invalid_value(&domain, "OBJECT_DOMAIN"))?;
        let on: Securable = self.securable(context, access, kind, &crate::sql::path_of(object)?)?;
        Ok(self.tag_value(on, tag))
    }

    fn query_history(
        &mut self,
        context: &Context,
        select: &Select,
        history: &History,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let warehouse = context.warehouse.as_deref().and_then(|name| self.warehouses.id(name));
        let warehouse = warehouse.filter(|id| self.may(&access, Securable::Warehouse(*id), &["USAGE"]));
        let warehouse = warehouse.ok_or_else(no_warehouse)?;
        let mut rows = Rows::default();
        let mut wanted = Vec::new();
        for item in &select.items {
            match &item.expression {
                Expression::Star => {
                    for name in HISTORY {
                        wanted.push(Expression::Column((*name).to_owned()));
                        rows.columns.push(column(name, history_kind(name)));
                    }
                }
                Expression::Column(name) if HISTORY.contains(&name.as_str()) => {
                    wanted.push(item.expression.clone());
                    rows.columns.push(column(&item.label, history_kind(name)));
                }
                Expression::Column(name) => return Err(unknown_column(name)),
                expression => {
                    let (kind, _) = self.value(context, &access, expression, now)?;
                    wanted.push(expression.clone());
                    rows.columns.push(column(&item.label, kind));
                }
            }
        }
        let mut filters = Vec::new();
        for (name, expression) in &history.filters {
            if !HISTORY.contains(&name.as_str()) {
                return Err(unknown_column(name));
            }
            filters.push((name.as_str(), self.value(context, &access, expression, now)?.1));
        }
        let whole = self.is_account_admin(&access);
        let mut entries: Vec<&HistoryEntry> = self
            .history
            .iter()
            .rev()
            .filter(|entry| whole || entry.user == context.user)
            .take(usize::try_from(history.result_limit).unwrap_or(usize::MAX))
            .filter(|entry| filters.iter().all(|(name, value)| history_cell(entry, name) == *value))
            .collect();
        if let Some((name, descending)) = &history.order {
            if !HISTORY.contains(&name.as_str()) {
                return Err(unknown_column(name));
            }
            let key = |entry: &&HistoryEntry| {
                let cell = history_cell(entry, name);
                let number: Option<i64> = match name.as_str() {
                    "START_TIME" => Some(entry.started),
                    "END_TIME" => Some(entry.ended),
                    _ => cell.as_deref().and_then(|cell| cell.parse().ok()),
                };
                (number, cell)
            };
            entries.sort_by_key(key);
            if *descending {
                entries.reverse();
            }
        }
        if let Some(limit) = history.limit {
            entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        for entry in entries {
            let mut row = Vec::new();
            for expression in &wanted {
                row.push(match expression {
                    Expression::Column(name) => history_cell(entry, name),
                    expression => self.value(context, &access, expression, now)?.1,
                });
            }
            rows.rows.push(row);
        }
        if let Some(warehouse) = self.warehouses.by_id_mut(warehouse) {
            warehouse.settle(now);
            warehouse.start(now);
        }
        Ok(rows)
    }
}

/// The columns of QUERY_HISTORY that are kept (docs: functions/query_history).
const HISTORY: [&str; 18] = [
    "QUERY_ID",
    "QUERY_TEXT",
    "DATABASE_NAME",
    "SCHEMA_NAME",
    "QUERY_TYPE",
    "SESSION_ID",
    "USER_NAME",
    "ROLE_NAME",
    "WAREHOUSE_NAME",
    "WAREHOUSE_SIZE",
    "QUERY_TAG",
    "EXECUTION_STATUS",
    "ERROR_CODE",
    "ERROR_MESSAGE",
    "START_TIME",
    "END_TIME",
    "TOTAL_ELAPSED_TIME",
    "ROWS_PRODUCED",
];

fn history_kind(name: &str) -> ColumnType {
    match name {
        "START_TIME" | "END_TIME" => ColumnType::TimestampLtz,
        "SESSION_ID" | "TOTAL_ELAPSED_TIME" | "ROWS_PRODUCED" => ColumnType::Fixed,
        _ => ColumnType::Text,
    }
}

fn history_cell(entry: &HistoryEntry, name: &str) -> Cell {
    match name {
        "QUERY_ID" => text(&entry.query_id),
        "QUERY_TEXT" => text(&entry.text),
        "DATABASE_NAME" => entry.database.clone(),
        "SCHEMA_NAME" => entry.schema.clone(),
        "QUERY_TYPE" => text(&entry.query_type),
        "SESSION_ID" => number(entry.session_id),
        "USER_NAME" => text(&entry.user),
        "ROLE_NAME" => entry.role.clone(),
        "WAREHOUSE_NAME" => entry.warehouse.clone(),
        "QUERY_TAG" => text(&entry.query_tag),
        "EXECUTION_STATUS" => text(if entry.error.is_some() { "FAILED_WITH_ERROR" } else { "SUCCESS" }),
        "ERROR_CODE" => entry.error.as_ref().map(|(code, _)| format!("{code:06}")),
        "ERROR_MESSAGE" => entry.error.as_ref().map(|(_, message)| message.clone()),
        "START_TIME" => time(entry.started),
        "END_TIME" => time(entry.ended),
        "TOTAL_ELAPSED_TIME" => number(entry.ended - entry.started),
        "ROWS_PRODUCED" => number(entry.rows),
        _ => None,
    }
}

/// `000904`
fn unknown_column(name: &str) -> SqlError {
    SqlError::new(
        904,
        "42000",
        format!("SQL compilation error: error line 1 at position 7\ninvalid identifier '{name}'"),
    )
}
