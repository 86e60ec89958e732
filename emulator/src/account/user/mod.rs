//! Users and their credentials.

mod identity;
mod set;
mod show;
mod statements;
mod times;
mod tokens;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::grants::Securable;
use super::store::{Head, Id, Object};
use super::warehouse::Stored;
use crate::sql::ObjectKind;

/// A programmatic access token. The secret is shown once, when it is made; here is its SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgrammaticAccessToken {
    pub name: String,
    pub hash: String,
    pub created_on: i64,
    /// Milliseconds since 1970.
    pub expires_at: i64,
    /// The only role that it may use, when it was made for one.
    pub role_restriction: Option<String>,
    pub disabled: bool,
    pub mins_to_bypass_network_policy_requirement: Option<i64>,
    pub comment: String,
    pub created_by: String,
    /// The token that took its place.
    pub rotated_to: Option<String>,
}

/// `WORKLOAD_IDENTITY = (TYPE = … ISSUER = … SUBJECT = …)`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadIdentity {
    /// `OIDC`, `AWS`, `AZURE` or `GCP`.
    pub kind: String,
    pub issuer: String,
    pub subject: String,
    pub audiences: Vec<String>,
    /// `ARN` of an AWS identity.
    pub arn: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub created_on: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub head: Head,
    /// The properties that were set, by name (`LOGIN_NAME`, `DEFAULT_ROLE`, …); no secret is among them.
    pub properties: BTreeMap<String, Stored>,
    pub parameters: BTreeMap<String, Stored>,
    /// Hexadecimal SHA-256 of salt and password; see [`User::password_is`].
    pub password_hash: Option<String>,
    /// Authentication, password and session policies.
    #[serde(default)]
    pub policies: BTreeMap<ObjectKind, Securable>,
    pub workload_identity: Option<WorkloadIdentity>,
    pub tokens: Vec<ProgrammaticAccessToken>,
    pub tags: BTreeMap<Id, String>,
    /// Milliseconds since 1970.
    pub last_login: Option<i64>,
}

impl Object for User {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

impl User {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            head,
            properties: BTreeMap::new(),
            parameters: BTreeMap::new(),
            password_hash: None,
            policies: BTreeMap::new(),
            workload_identity: None,
            tokens: Vec::new(),
            tags: BTreeMap::new(),
            last_login: None,
        }
    }

    /// A text property as it was set.
    pub fn text(&self, property: &str) -> Option<&str> {
        match self.properties.get(property) {
            Some(Stored::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// Upper-case; the name when nobody set it.
    pub fn login_name(&self) -> String {
        self.text("LOGIN_NAME").map_or_else(|| self.head.name.clone(), str::to_uppercase)
    }

    pub fn disabled(&self) -> bool {
        self.properties.get("DISABLED") == Some(&Stored::Boolean(true))
    }

    /// Base64 of the DER form, without header and line breaks.
    pub fn rsa_public_key(&self) -> Option<&str> {
        self.text("RSA_PUBLIC_KEY")
    }

    /// The second key, for rotation.
    pub fn rsa_public_key_2(&self) -> Option<&str> {
        self.text("RSA_PUBLIC_KEY_2")
    }

    pub fn default_role(&self) -> Option<&str> {
        self.text("DEFAULT_ROLE")
    }

    pub fn default_warehouse(&self) -> Option<&str> {
        self.text("DEFAULT_WAREHOUSE")
    }

    /// What USE SECONDARY ROLES a new session begins with; ALL unless it was set to `()`.
    pub fn default_secondary_roles_all(&self) -> bool {
        self.text("DEFAULT_SECONDARY_ROLES").is_none_or(|roles| roles.contains("ALL"))
    }

    /// `DB` or `DB.SCHEMA`.
    pub fn default_namespace(&self) -> Option<&str> {
        self.text("DEFAULT_NAMESPACE")
    }

    pub fn password_is(&self, password: &str) -> bool {
        self.password_hash.as_deref() == Some(password_hash(self.head.id, password).as_str())
    }

    /// The token with this secret, expired or not.
    pub fn token(&self, secret: &str) -> Option<&ProgrammaticAccessToken> {
        let hash = token_hash(secret);
        self.tokens.iter().find(|token| token.hash == hash)
    }
}

pub(crate) fn password_hash(user: Id, password: &str) -> String {
    token_hash(&format!("{}:{password}", user.0))
}

/// Hexadecimal SHA-256.
pub(crate) fn token_hash(secret: &str) -> String {
    use std::fmt::Write;

    use sha2::Digest;
    sha2::Sha256::digest(secret.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
