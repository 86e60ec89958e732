//! The audit log, as far as tests ask for it.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Context as _, Result};

/// All requests, without bodies, at their end.
pub(super) const POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
";

/// A request that the API server has answered. Fields that the request has not are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Who: `admin`, `system:kube-controller-manager`, the user of a kubeconfig.
    pub user: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// The API group of the object; the core group is empty.
    pub group: String,
    /// In the plural: `configmaps`.
    pub resource: String,
    /// `status`, `scale` and so on.
    pub subresource: String,
    /// Of the object.
    pub namespace: String,
    /// Of the object.
    pub name: String,
    /// The HTTP status of the answer; 0 if there was none.
    pub code: u16,
    /// Path and query.
    pub uri: String,
    /// When the request came: RFC 3339 with microseconds.
    pub at: String,
}

impl AuditEvent {
    /// Whether the request asked for a change (and was no review, which changes nothing).
    pub fn is_write(&self) -> bool {
        let changes =
            ["create", "update", "patch", "delete", "deletecollection"].contains(&self.verb.as_str());
        changes && !matches!(self.group.as_str(), "authentication.k8s.io" | "authorization.k8s.io")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "requestURI")]
    uri: String,
    verb: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: Object,
    #[serde(default)]
    response_status: Status,
    request_received_timestamp: String,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Object {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    code: u16,
}

pub(super) fn read(path: &Path) -> Result<Vec<AuditEvent>> {
    let text = std::fs::read_to_string(path).context(|| format!("reading {}", path.display()))?;
    parse(&text)
}

/// The last line may still be under way: it counts once it is whole.
fn parse(text: &str) -> Result<Vec<AuditEvent>> {
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let event = |line: &str| {
        let line: Line = serde_json::from_str(line)?;
        Ok(AuditEvent {
            user: line.user.username,
            user_agent: line.user_agent,
            verb: line.verb,
            group: line.object_ref.api_group,
            resource: line.object_ref.resource,
            subresource: line.object_ref.subresource,
            namespace: line.object_ref.namespace,
            name: line.object_ref.name,
            code: line.response_status.code,
            uri: line.uri,
            at: line.request_received_timestamp,
        })
    };
    whole.lines().filter(|line| !line.is_empty()).map(event).collect()
}
