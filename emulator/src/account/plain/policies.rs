//! Policies on users and on the account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{display, table, text};
use super::super::grants::Securable;
use super::super::show::Page;
use super::super::store::Id;
use super::super::warehouse::Stored;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::session::Reach;
use crate::sql::{ObjectKind, Path};

/// A policy of the account: for all of it, or for users of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attached {
    kind: ObjectKind,
    reach: Reach,
    pub(crate) policy: Securable,
}

const NETWORK_POLICY: &str = "NETWORK_POLICY";

impl Account {
    /// Who has the policy: users, or the account (None).
    fn holders(&self, on: Securable) -> Vec<Option<Id>> {
        let name = self.head_at(on).map(|head| head.name.clone()).unwrap_or_default();
        let is = |stored: Option<&Stored>| stored == Some(&Stored::Text(name.clone()));
        let network = on.kind() == ObjectKind::NetworkPolicy;
        let mut found = Vec::new();
        for user in self.users.iter() {
            let has = user.policies.get(&on.kind()) == Some(&on);
            if has || (network && is(user.parameters.get(NETWORK_POLICY))) {
                found.push(Some(user.head.id));
            }
        }
        let has = self.attached.iter().any(|it| it.policy == on);
        if has || (network && is(self.parameters.get(NETWORK_POLICY))) {
            found.push(None);
        }
        found
    }

    /// What the account has of a kind, for all or for users of a type.
    pub(crate) fn policy_for(&self, kind: ObjectKind, reach: Reach) -> Option<&Securable> {
        self.attached.iter().find(|it| (it.kind, it.reach) == (kind, reach)).map(|it| &it.policy)
    }

    pub(crate) fn set_policy(&mut self, (kind, reach): (ObjectKind, Reach), policy: Option<Securable>) {
        self.attached.retain(|it| (it.kind, it.reach) != (kind, reach));
        self.attached.extend(policy.map(|policy| Attached { kind, reach, policy }));
        self.attached.sort_by_key(|it| (it.kind, it.reach));
    }

    /// SHOW … POLICIES ON: those of the account, with whom they are for, or of a user.
    pub(crate) fn show_attached(
        &self,
        context: &Context,
        access: &Access,
        (kind, user): (ObjectKind, Option<&String>),
        page: &mut Page,
    ) -> Result<Rows, SqlError> {
        let mut rows = Self::plain_columns(kind);
        let mut found: BTreeMap<Securable, Vec<&str>> = BTreeMap::new();
        match user {
            Some(name) => {
                let Securable::User(id) =
                    self.securable(context, access, ObjectKind::User, std::slice::from_ref(name))?
                else {
                    return Err(SqlError::impossible());
                };
                let policies = self.users.by_id(id).map(|user| &user.policies);
                found.extend(policies.and_then(|held| held.get(&kind)).map(|on| (*on, Vec::new())));
            }
            None => {
                for Attached { reach, policy, .. } in self.attached.iter().filter(|it| it.kind == kind) {
                    found.entry(*policy).or_default().push(match reach {
                        Reach::Account => "ACCOUNT",
                        Reach::PersonUsers => "PERSON_USERS",
                        Reach::ServiceUsers => "SERVICE_USERS",
                    });
                }
            }
        }
        for (on, scopes) in found {
            let Securable::Inside(_, database, schema, id) = on else { continue };
            let policies = self.plain_in(kind, Some((database, schema)));
            let Some(policy) = policies.and_then(|policies| policies.by_id(id)) else { continue };
            if !self.sees(access, on) || !page.takes(&policy.head.name) {
                continue;
            }
            let mut row = self.plain_row(on, policy);
            if let (Some(options), false) = (row.last_mut(), scopes.is_empty()) {
                *options = text(serde_json::json!({ "target_scopes": scopes }).to_string());
            }
            rows.rows.push(row);
        }
        Ok(rows)
    }

    /// `001492` while somebody has the policy.
    pub(super) fn unused(&self, on: Securable) -> Result<(), SqlError> {
        if self.holders(on).is_empty() {
            return Ok(());
        }
        Err(SqlError::new(
            1492,
            "42601",
            format!(
                "SQL compilation error:\nCannot perform operation DROP. {} {} is associated with one or more entities.",
                on.kind().noun(),
                self.name_of(on)
            ),
        ))
    }

    /// SET … POLICY on a user or on the account: one of a kind, unless FORCE.
    pub(crate) fn attachable(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &Path,
        (held, force): (Option<&Securable>, bool),
    ) -> Result<Securable, SqlError> {
        let on = self.securable(context, access, kind, path)?;
        if held.is_some_and(|held| *held != on) && !force {
            return Err(SqlError::new(
                3558,
                "23001",
                format!(
                    "Object already has a {} (only one {} is allowed at a time).",
                    kind.granted_on(),
                    kind.granted_on()
                ),
            ));
        }
        Ok(on)
    }

    /// UNSET of a policy that nobody set.
    pub(crate) fn not_attached(kind: ObjectKind, whom: &str) -> SqlError {
        SqlError::new(
            3549,
            "23001",
            format!("Any policy of kind {} is not attached to {whom}.", kind.granted_on()),
        )
    }

    /// A network policy that a parameter names: it exists, and is not empty.
    pub(crate) fn network_policy(&self, name: &str) -> Result<(), SqlError> {
        let policies = self.plain_in(ObjectKind::NetworkPolicy, None);
        let path = [name.to_owned()];
        let policy = policies
            .and_then(|store| store.get(name))
            .ok_or_else(|| SqlError::absent("Network policy", display(&path)))?;
        let lists =
            ["ALLOWED_IP_LIST", "BLOCKED_IP_LIST", "ALLOWED_NETWORK_RULE_LIST", "BLOCKED_NETWORK_RULE_LIST"];
        if lists.iter().all(|list| policy.count(list) == 0) {
            return Err(SqlError::new(
                98519,
                "22023",
                format!("Empty network policy {} cannot be active.", display(&path)),
            ));
        }
        Ok(())
    }
}

/// The columns of POLICY_REFERENCES (docs: functions/policy_references).
pub(crate) const REFERENCES: [&str; 14] = [
    "POLICY_DB",
    "POLICY_SCHEMA",
    "POLICY_NAME",
    "POLICY_KIND",
    "REF_DATABASE_NAME",
    "REF_SCHEMA_NAME",
    "REF_ENTITY_NAME",
    "REF_ENTITY_DOMAIN",
    "REF_COLUMN_NAME",
    "REF_ARG_COLUMN_NAMES",
    "TAG_DATABASE",
    "TAG_SCHEMA",
    "TAG_NAME",
    "POLICY_STATUS",
];

impl Account {
    /// The policies of a user, of the account, or those that hang on a policy; other domains have none here.
    pub(crate) fn policy_references(
        &self,
        context: &Context,
        access: &Access,
        name: &str,
        domain: &str,
    ) -> Result<Rows, SqlError> {
        let columns: Vec<(&str, ColumnType)> = REFERENCES.map(|name| (name, ColumnType::Text)).to_vec();
        let mut rows = table(&columns);
        let (entity, policies) = match domain.to_uppercase().as_str() {
            "USER" => {
                let path = crate::sql::path_of(name)?;
                let on = self.securable(context, access, ObjectKind::User, &path)?;
                self.need(access, on, &["MONITOR"])?;
                let Securable::User(id) = on else { return Err(SqlError::impossible()) };
                let user = self.users.by_id(id).ok_or_else(SqlError::impossible)?;
                let policies = user.policies.iter().map(|(kind, on)| (*kind, *on)).collect();
                (user.head.name.clone(), policies)
            }
            "ACCOUNT" => {
                let policies: Vec<_> = self.attached.iter().map(|it| (it.kind, it.policy)).collect();
                (self.name().to_owned(), policies)
            }
            "" => {
                let found = self.uses_of_policy(context, access, name)?;
                return Ok(found.unwrap_or(rows));
            }
            domain => return self.data_policies_of(context, access, name, domain),
        };
        for (kind, on) in policies {
            let path = self.path_of(on);
            let part = |at: usize| path.get(at).cloned();
            let cell = |column: &str| match column {
                "POLICY_DB" => part(0),
                "POLICY_SCHEMA" => part(1),
                "POLICY_NAME" => part(2),
                "POLICY_KIND" => text(kind.granted_on()),
                "REF_ENTITY_NAME" => text(&entity),
                "REF_ENTITY_DOMAIN" => text(domain.to_uppercase()),
                "POLICY_STATUS" => text("ACTIVE"),
                _ => None,
            };
            rows.rows.push(REFERENCES.iter().map(|column| cell(column)).collect());
        }
        Ok(rows)
    }
}
