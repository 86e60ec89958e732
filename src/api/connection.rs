//! `SnowflakeConnection`: how to reach and sign in to one account, and who may use it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AllowedNamespaces, SecretKeyRef, Status};
use crate::values::duration::Span;

/// A connection to an account of Snowflake.
#[derive(
    kube::CustomResource, kube::KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize,
)]
#[kube(
    group = "snowfence.dev", version = "v1alpha1", kind = "SnowflakeConnection", namespaced,
    category = "snow", shortname = "snowconn", status = "Status<ConnectionSummary>", derive = "PartialEq",
    doc = "A connection to an account of Snowflake.",
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Account", type_ = "string", json_path = ".status.account"),
    printcolumn(name = "Role", type_ = "string", json_path = ".status.role"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = ".status.conditions[?(@.type=='Ready')].message"),
    validation = kube::core::Rule::new("self.spec.account == oldSelf.spec.account").message("account is immutable: create another connection"),
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionSpec {
    /// The account identifier: `organization-account`, or an account locator with its region.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$"))]
    pub account: String,
    /// The base URL, when it is not `https://<account>.snowflakecomputing.com` (a private link). The operator's
    /// list of allowed hosts must cover it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), regex(pattern = r"^https?://[^\s@]+$"))]
    pub url: Option<String>,
    /// The user's login name.
    #[schemars(length(min = 1, max = 255))]
    pub user: String,
    /// The role whose privileges are used, and which owns what is created. Left out, the user's default role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub role: Option<String>,
    /// A warehouse for the few reads that need one: which runs of a task graph are under way when it changes. Without it
    /// they are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub warehouse: Option<String>,
    pub authentication: Authentication,
    /// Statements that run at once (1 to 256, default 8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub concurrency: Option<i32>,
    /// How long one statement may take (default `2m`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_timeout: Option<Span>,
    /// How often what Snowflake has is read and compared (default `10m`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resync: Option<Span>,
    /// How often also that is read which SHOW lacks and which costs a read per object (default `1h`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deep_resync: Option<Span>,
    /// Whether objects that exist already may be taken over without `adopt: true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
    /// Namespaces whose resources may use this connection; its own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
    /// Narrows, per namespace, what may be named. A namespace that no entry names may use every name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub allow: Vec<Allow>,
}

/// How to sign in. Exactly one.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = kube::core::Rule::new("[has(self.keyPair), has(self.programmaticAccessToken), has(self.oauth), has(self.workloadIdentity)].filter(x, x).size() == 1").message("authentication takes exactly one of keyPair, programmaticAccessToken, oauth, workloadIdentity"))]
pub struct Authentication {
    /// A key pair: the user's RSA_PUBLIC_KEY is set in Snowflake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_pair: Option<KeyPair>,
    /// A programmatic access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programmatic_access_token: Option<Token>,
    /// OAuth: a token that something else renews, or client credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
    /// Workload identity: a token of a ServiceAccount of this namespace; no secret to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<WorkloadIdentity>,
}

/// A private key in a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyPair {
    /// The private key: PKCS#8 in PEM, encrypted or not.
    pub private_key: SecretKeyRef,
    /// The passphrase of an encrypted key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<SecretKeyRef>,
}

/// A token in a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Token {
    pub token: SecretKeyRef,
    /// When the token expires (RFC 3339), for a warning ahead: Snowflake does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub expires_at: Option<String>,
}

/// OAuth: either `token` or `clientCredentials`.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = kube::core::Rule::new("has(self.token) != has(self.clientCredentials)").message("oauth takes either token or clientCredentials"))]
pub struct OAuth {
    /// An access token that something else renews in its Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretKeyRef>,
    /// Asks an authorization server for tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_credentials: Option<ClientCredentials>,
}

/// The client credentials grant of OAuth 2.0 (RFC 6749, section 4.4).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientCredentials {
    /// The token endpoint. The operator's list of allowed hosts must cover it.
    #[schemars(length(min = 1, max = 2048), regex(pattern = r"^https?://[^\s@]+$"))]
    pub token_url: String,
    pub client_id: SecretKeyRef,
    pub client_secret: SecretKeyRef,
    /// Scopes, with blanks between (`session:role:SNOWFENCE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub scope: Option<String>,
}

/// Workload identity federation over OIDC.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkloadIdentity {
    /// The ServiceAccount of this namespace whose token signs in.
    pub service_account_ref: ServiceAccountRef,
    /// The audience of the token (default `snowflakecomputing.com`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub audience: Option<String>,
}

/// Names a ServiceAccount of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceAccountRef {
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Which existing objects may be taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Adoption {
    /// None, unless the resource says `adopt: true`.
    #[default]
    Never,
    /// Those that the connection's role owns (after a cluster was restored).
    OwnedByRole,
}

/// What the resources of some namespaces may name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allow {
    /// The namespaces that this entry speaks of.
    #[schemars(length(min = 1, max = 256), inner(length(min = 1, max = 63)))]
    pub namespaces: Vec<String>,
    /// Patterns of warehouse names, upper case, `*` for any text (`TEAM_A_*`). Left out, every name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 255)))]
    pub warehouses: Option<Vec<String>>,
    /// Patterns of role names, for grants, and for who owns what pipelines make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 255)))]
    pub roles: Option<Vec<String>>,
    /// Patterns of names of databases that pipelines work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 255)))]
    pub databases: Option<Vec<String>>,
    /// Patterns of resource monitor names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 255)))]
    pub resource_monitors: Option<Vec<String>>,
}

/// What the status of a connection tells besides conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSummary {
    /// `organization-account`, as Snowflake says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The cloud region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Snowflake's version, by major and minor number: the patch level moves by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The edition (`STANDARD`, `ENTERPRISE`, `BUSINESS_CRITICAL`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// The role that statements run with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// When the credential expires, where that is known (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_expires_at: Option<String>,
    /// Privileges that resources on this connection need and the role lacks, as statements to paste.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub missing_grants: Vec<String>,
    /// The value of the annotation `snowfence.dev/requested-at` that was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_request: Option<String>,
}
