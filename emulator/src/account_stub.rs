//! Stand-in until the account is here.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account_next as real;
pub use crate::account_next::{Edition, HistoryEntry, StatementKind, Verb, WorkloadIdentity};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{Column, ColumnType, Rows};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProgrammaticAccessToken { pub name: String, pub hash: String, pub expires_at: i64, pub role_restriction: Option<String>, pub disabled: bool }
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct User {
    pub name: String, pub disabled: bool, pub properties: BTreeMap<String, String>, pub tokens: Vec<ProgrammaticAccessToken>,
    pub workload_identity: Option<WorkloadIdentity>, pub roles: Vec<String>,
}
impl User {
    pub fn name(&self) -> &str { &self.name }
    pub fn disabled(&self) -> bool { self.disabled }
    pub fn text(&self, p: &str) -> Option<&str> { self.properties.get(p).map(String::as_str) }
    pub fn rsa_public_key(&self) -> Option<&str> { self.text("RSA_PUBLIC_KEY") }
    pub fn rsa_public_key_2(&self) -> Option<&str> { self.text("RSA_PUBLIC_KEY_2") }
    pub fn default_role(&self) -> Option<&str> { self.text("DEFAULT_ROLE") }
    pub fn default_warehouse(&self) -> Option<&str> { None }
    pub fn default_namespace(&self) -> Option<&str> { None }
    pub fn token(&self, secret: &str) -> Option<&ProgrammaticAccessToken> { self.tokens.iter().find(|t| t.hash == secret) }
}
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Account { pub users: BTreeMap<String, User>, pub executed: u64 }

impl Account {
    pub fn new(_organization: &str, _account: &str, _edition: Edition) -> Self { Self::default() }
    pub fn locator(&self) -> &str { "XY12345" }
    pub fn user(&self, name: &str) -> Option<&User> { self.users.get(name) }
    pub fn user_by_login(&self, name: &str) -> Option<&User> { self.users.get(name) }
    pub fn users(&self) -> impl Iterator<Item = &User> { self.users.values() }
    pub fn roles_of(&self, user: &str) -> Vec<String> { self.user(user).map(|u| u.roles.clone()).unwrap_or_default() }
    pub fn split(sql: &str) -> Result<Vec<String>, SqlError> { real::Account::split(sql) }
    pub fn inspect(sql: &str) -> Result<StatementKind, SqlError> { real::Account::inspect(sql) }
    pub fn note(&mut self, _: HistoryEntry) {}
    pub fn take_aborted(&mut self) -> Vec<String> { vec![] }
    pub fn started(&mut self, _: &str, _: &str, _: i128) {}
    pub fn ended(&mut self, _: &str, _: i128) {}
    pub fn execute(&mut self, context: &mut Context, sql: &str, now: i128) -> Result<Rows, SqlError> {
        let upper = sql.to_uppercase();
        let text = |n: &str, v: String| Rows { columns: vec![Column { name: n.into(), kind: ColumnType::Text, nullable: false }], rows: vec![vec![Some(v)]] };
        let words: Vec<&str> = sql.split_whitespace().collect();
        let unq = |w: &str| w.trim_matches(['"', '\'', ',']).to_owned();
        if upper.starts_with("CREATE USER") { let name = unq(words.last().unwrap_or(&"")); self.users.entry(name.clone()).or_default().name.clone_from(&name); }
        else if upper.starts_with("GRANT ROLE") { let u = unq(words[5]); self.users.entry(u).or_default().roles.push(unq(words[2])); }
        else if upper.starts_with("ALTER USER") && upper.contains("ADD PROGRAMMATIC") {
            let secret = uuid::Uuid::new_v4().to_string();
            self.users.entry(unq(words[2])).or_default().tokens.push(ProgrammaticAccessToken { name: "T".into(), hash: secret.clone(), expires_at: (now / 1_000_000) as i64 + 86_400_000, role_restriction: None, disabled: false });
            return Ok(text("token_secret", secret));
        }
        else if upper.starts_with("ALTER USER") && upper.contains(" SET ") {
            let user = self.users.entry(unq(words[2])).or_default();
            for w in words[4..].chunks(3) { if let [k, _, v] = w { user.properties.insert((*k).to_owned(), unq(v)); } }
        }
        else if upper.starts_with("SELECT CURRENT_ROLE") { return Ok(text("CURRENT_ROLE()", context.role.clone().unwrap_or_default())); }
        else { self.executed += 1; if !upper.starts_with("CREATE") && !upper.starts_with("SHOW") && !upper.starts_with("ALTER") && !upper.starts_with("SELECT") && !upper.starts_with("USE") { return Err(SqlError::new(1003, "42000", "SQL compilation error:\nsyntax error")); } }
        Ok(text("status", "Statement executed successfully.".into()))
    }
}
