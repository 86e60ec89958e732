//! SELECT and CALL: context functions, system functions, and the query history.

use super::Account;
use super::access::Access;
use super::answer::{Cell, boolean, column, number, table, text, time};
use super::grants::Securable;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::select::{Expression, Item, Select, wait};

/// The server's version as CURRENT_VERSION() gives it.
pub(crate) const VERSION: &str = "10.25.101";
/// Where the account says it is.
const REGION: &str = "AWS_US_EAST_1";

impl Account {
    pub(crate) fn select(&mut self, context: &Context, select: &Select, now: i64) -> Result<Rows, SqlError> {
        if let Some(from) = &select.from {
            return self.select_from(context, select, from, now);
        }
        self.resume_pipes(context, select)?;
        let access = self.access(context)?;
        let mut rows = Rows::default();
        let mut row = Vec::new();
        for item in &select.items {
            let (kind, cell) = match item.expression.enables() {
                Some(root) => (ColumnType::Text, text(self.enable_dependents(context, root, now)?)),
                None => self.value(context, &access, &item.expression, now)?,
            };
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

    pub(super) fn value(
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
            Expression::Variable(name) => match context.variables.get(name) {
                Some(variable) => (variable.kind, variable.value.clone()),
                None => {
                    return Err(SqlError::new(
                        2211,
                        "02000",
                        format!(
                            "SQL compilation error: error line 1 at position 7\nSession variable '${name}' does not exist"
                        ),
                    ));
                }
            },
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
            ("CURRENT_TRANSACTION", []) => context.transaction.and_then(number),
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
            ("LAST_QUERY_ID", []) => self.query_of_session(context, -1),
            ("LAST_QUERY_ID", [Expression::Number(at)]) => match at.parse() {
                Ok(at) => self.query_of_session(context, at),
                Err(_) => return Err(SqlError::invalid_value(at, "LAST_QUERY_ID")),
            },
            ("IS_ROLE_IN_SESSION", [Expression::Text(role)]) => {
                // A name in double quotes is taken as such; without them it stands for itself, case and all.
                let path =
                    if role.starts_with('"') { crate::sql::path_of(role)? } else { vec![role.clone()] };
                let name = path.last().filter(|_| path.len() == 1);
                let held =
                    name.and_then(|name| self.roles.id(name)).is_some_and(|id| access.roles.contains(&id));
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
            ("SYSTEM$STREAM_HAS_DATA", [Expression::Text(name)]) => {
                let has = self.stream_has_data(context, access, name, now)?;
                return Ok((ColumnType::Boolean, boolean(has)));
            }
            (
                "SYSTEM$GET_TAG",
                [Expression::Text(tag), Expression::Text(object), Expression::Text(domain)],
            ) => self.get_tag(context, access, tag, object, domain)?,
            ("SYSTEM$PIPE_STATUS", [Expression::Text(pipe)]) => self.pipe_status(context, access, pipe)?,
            // It has been resumed before this.
            ("SYSTEM$PIPE_FORCE_RESUME", [Expression::Text(_), ..]) => text(""),
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

    /// The session's statements by number: 1 is its first, -1 its last before this one.
    fn query_of_session(&self, context: &Context, at: i64) -> Cell {
        let mut own = self.history.iter().filter(|entry| entry.session_id == context.session_id);
        let nth = usize::try_from(at.unsigned_abs()).ok()?.checked_sub(1)?;
        let found = if at > 0 { own.nth(nth) } else { own.rev().nth(nth) };
        found.map(|entry| entry.query_id.clone())
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
}

/// `000904`
pub(super) fn unknown_column(name: &str) -> SqlError {
    SqlError::new(
        904,
        "42000",
        format!("SQL compilation error: error line 1 at position 7\ninvalid identifier '{name}'"),
    )
}
