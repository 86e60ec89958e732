//! Workload identities: what a user has one for, and how SHOW lists it.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, quoted, table, text, time};
use super::super::grants::Securable;
use super::WorkloadIdentity;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::property::{Setting, Value, value_of};

/// What WORKLOAD_IDENTITY = (…) says.
pub(super) fn workload_identity(group: &[Setting], now: i64) -> Result<WorkloadIdentity, SqlError> {
    let get = |name: &str| value_of(group, name).and_then(Value::text).map(str::to_owned);
    let missing = |name: &str| {
        SqlError::new(2029, "42601", format!("SQL compilation error:\nMissing option(s): [{name}]"))
    };
    let kind = get("TYPE").ok_or_else(|| missing("TYPE"))?;
    let needs: &[&str] = match kind.as_str() {
        "OIDC" | "AZURE" => &["ISSUER", "SUBJECT"],
        "GCP" => &["SUBJECT"],
        _ => &["ARN"],
    };
    if let Some(name) = needs.iter().find(|name| get(name).is_none_or(|value| value.is_empty())) {
        return Err(missing(name));
    }
    let audiences = match value_of(group, "OIDC_AUDIENCE_LIST") {
        Some(_) if kind != "OIDC" => {
            return Err(SqlError::invalid_property("OIDC_AUDIENCE_LIST", "WORKLOAD_IDENTITY"));
        }
        Some(Value::Names(audiences)) => audiences.clone(),
        _ => Vec::new(),
    };
    Ok(WorkloadIdentity {
        issuer: get("ISSUER").unwrap_or_default(),
        subject: get("SUBJECT").unwrap_or_default(),
        audiences,
        arn: get("ARN"),
        created_on: now,
        kind,
    })
}

/// `arn:aws:iam::123456789012:role/name`: partition, account, type and name.
fn parts_of_arn(arn: &str) -> (String, String, String, String) {
    let mut parts = arn.splitn(6, ':').skip(1).map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let (partition, service, _, account, rest) = (next(), next(), next(), next(), next());
    let (kind, name) = rest.split_once('/').unwrap_or((&rest, ""));
    (partition, account, format!("{service}_{kind}").to_uppercase(), name.to_owned())
}

fn additional(identity: &WorkloadIdentity) -> serde_json::Value {
    match identity.kind.as_str() {
        "OIDC" => serde_json::json!({
            "issuer": identity.issuer,
            "subject": identity.subject,
            "audienceList": identity.audiences,
        }),
        "AZURE" => serde_json::json!({ "issuer": identity.issuer, "subject": identity.subject }),
        "GCP" => serde_json::json!({ "subject": identity.subject }),
        _ => {
            let (partition, account, kind, name) = parts_of_arn(identity.arn.as_deref().unwrap_or_default());
            let mut said = serde_json::json!({
                "iamRole": name,
                "type": kind,
                "awsAccount": account,
                "awsPartition": partition,
            });
            if !identity.issuer.is_empty() {
                said["issuer"] = identity.issuer.clone().into();
            }
            said
        }
    }
}

impl Account {
    /// SHOW USER WORKLOAD IDENTITY AUTHENTICATION METHODS: a user has one, called DEFAULT.
    pub(crate) fn show_identities(
        &self,
        context: &Context,
        access: &Access,
        user: Option<&str>,
    ) -> Result<Rows, SqlError> {
        let name = user.unwrap_or(&context.user);
        let user = self.users.get(name).ok_or_else(|| SqlError::absent("User", quoted(name)))?;
        if context.user != name {
            self.need(access, Securable::User(user.head.id), &["MONITOR"])?;
        }
        let mut rows = table(&[
            ("name", Text),
            ("type", Text),
            ("comment", Text),
            ("last_used", TimestampLtz),
            ("created_on", TimestampLtz),
            ("additional_info", Text),
        ]);
        if let Some(identity) = &user.workload_identity {
            let used: Cell = time(user.last_login.unwrap_or(identity.created_on));
            rows.rows.push(vec![
                text("DEFAULT"),
                text(&identity.kind),
                None,
                used,
                time(identity.created_on),
                text(additional(identity).to_string()),
            ]);
        }
        Ok(rows)
    }
}
