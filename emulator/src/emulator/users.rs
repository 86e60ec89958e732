//! Users with credentials, made in the account's own language.

use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BEHIND_THE_BACK, Emulator, OPERATOR};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;

/// The name of the access token that the emulator makes for a user.
const TOKEN: &str = "SNOWFENCE_EMULATOR";
/// Days; the most that Snowflake allows.
const TOKEN_DAYS: u32 = 365;

/// What a user signs in with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserCredentials {
    pub name: String,
    pub password: String,
    /// A programmatic access token.
    pub token: String,
    /// PKCS#8 in PEM, unencrypted.
    pub private_key_pem: String,
    pub roles: Vec<String>,
}

impl Emulator {
    /// Makes a user (or gives an existing one new credentials) with these roles, which must exist. The last one is
    /// its default role. Names are as stored: `OPERATOR`, not `operator`.
    ///
    /// # Panics
    /// When the account refuses: this is for tests and for starting up.
    pub fn add_user<R: AsRef<str>>(&self, name: &str, roles: impl IntoIterator<Item = R>) -> UserCredentials {
        let credentials = UserCredentials {
            name: name.to_owned(),
            password: Uuid::new_v4().simple().to_string(),
            token: String::new(),
            private_key_pem: self.key().private_key_pem().to_owned(),
            roles: roles.into_iter().map(|role| role.as_ref().to_owned()).collect(),
        };
        let key = self.key().public_key();
        self.admit(credentials, &key)
            .unwrap_or_else(|error| panic!("the user {name} cannot be made: {error}"))
    }

    /// Makes the user if need be, and sets password, public key (base64 of its DER), roles and token. A token that
    /// the account no longer knows, or an empty one, is replaced: the credentials that are returned hold. None of
    /// this is in the log.
    pub fn admit(
        &self,
        mut credentials: UserCredentials,
        public_key: &str,
    ) -> Result<UserCredentials, SqlError> {
        let name = quoted(&credentials.name);
        self.quietly(&format!("CREATE USER IF NOT EXISTS {name}"))?;
        let mut set = format!(
            "ALTER USER {name} SET PASSWORD = {}, RSA_PUBLIC_KEY = {}",
            literal(&credentials.password),
            literal(public_key)
        );
        if let Some(role) = credentials.roles.last() {
            set = format!("{set}, DEFAULT_ROLE = {}", literal(role));
        }
        self.quietly(&set)?;
        for role in &credentials.roles {
            self.quietly(&format!("GRANT ROLE {} TO USER {name}", quoted(role)))?;
        }
        if !self.knows_token(&credentials) {
            // One of that name, whose secret is lost, goes first; there may be none.
            let _ = self.quietly(&format!("ALTER USER {name} REMOVE PROGRAMMATIC ACCESS TOKEN {TOKEN}"));
            let rows = self.quietly(&format!(
                "ALTER USER {name} ADD PROGRAMMATIC ACCESS TOKEN {TOKEN} DAYS_TO_EXPIRY = {TOKEN_DAYS}"
            ))?;
            credentials.token = cell(&rows, "token_secret").unwrap_or_default();
        }
        let mut kept = self.0.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(credentials.name.clone(), credentials.clone());
        Ok(credentials)
    }

    fn knows_token(&self, credentials: &UserCredentials) -> bool {
        let now = (self.now() / 1_000_000) as i64;
        let account = self.lock();
        let token = account.user(&credentials.name).and_then(|user| user.token(&credentials.token));
        token.is_some_and(|token| !token.disabled && token.expires_at > now)
    }

    /// Executes without a trace in the log.
    fn quietly(&self, sql: &str) -> Result<Rows, SqlError> {
        let mut context = Context {
            user: OPERATOR.into(),
            role: Some("ACCOUNTADMIN".into()),
            client: BEHIND_THE_BACK.into(),
            query_id: self.next_handle(),
            ..Context::default()
        };
        let now = self.now();
        let rows = self.lock().execute(&mut context, sql, now)?;
        self.note_change();
        Ok(rows)
    }
}

/// The cell of the first row under a column.
fn cell(rows: &Rows, column: &str) -> Option<String> {
    let index = rows.columns.iter().position(|has| has.name == column)?;
    rows.rows.first()?.get(index)?.clone()
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
