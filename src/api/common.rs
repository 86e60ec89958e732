//! What all kinds share: references, policies, grants, and the shape of a status.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::Record;

/// Lets go of the object: the custom resource is deleted, Snowflake is not touched.
pub const ABANDON: &str = "snowfence.dev/abandon";
/// Approves the destructive changes that wait, by the hash that the condition prints.
pub const APPROVE: &str = "snowfence.dev/approve";
/// Any new value reconciles at once; on a connection, everything that refers to it.
pub const REQUESTED_AT: &str = "snowfence.dev/requested-at";
/// Keeps a custom resource until Snowflake has been looked after.
pub const FINALIZER: &str = "snowfence.dev/finalizer";

/// Names another custom resource, of this namespace or, with that side's consent, of another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reference {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace, when it is another one; its `allowedNamespaces` must name ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// A key of a Secret in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeyRef {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key in the Secret's data.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// Which namespaces may refer to an object of this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllowedNamespaces {
    /// `Same` (the default): its own namespace only. `All`: every namespace. `List`: its own and those in `names`.
    #[serde(default)]
    pub from: NamespacesFrom,
    /// Names of namespaces, with `from: List`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 63)))]
    pub names: Vec<String>,
}

/// Where a reference may come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NamespacesFrom {
    #[default]
    Same,
    All,
    List,
}

impl AllowedNamespaces {
    /// Whether an object in `from` may refer to one in `own`.
    pub fn admits(allowed: Option<&Self>, own: &str, from: &str) -> bool {
        own == from
            || allowed.is_some_and(|a| match a.from {
                NamespacesFrom::Same => false,
                NamespacesFrom::All => true,
                NamespacesFrom::List => a.names.iter().any(|name| name == from),
            })
    }
}

/// What may be done to the object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ManagementPolicy {
    /// Create, change, and delete it under the deletion policy.
    #[default]
    Full,
    /// Only look, and say what differs. Nothing is ever written.
    Observe,
}

/// What happens to the object in Snowflake when its custom resource is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// It is dropped, if it is still the one that is recorded.
    Delete,
    /// It stays as it is.
    Retain,
}

/// Privileges on the object, given to one role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// The role, by Snowflake's rule: unquoted text is folded to upper case, text in `"…"` stays.
    #[schemars(length(min = 1, max = 512))]
    pub role: String,
    /// Privileges as Snowflake spells them (`USAGE`, `OPERATE`, `MONITOR`, `MODIFY`, `APPLYBUDGET`).
    #[schemars(
        length(min = 1, max = 16),
        inner(length(min = 1, max = 64), regex(pattern = r"^[A-Z][A-Z ]*$"))
    )]
    pub privileges: Vec<String>,
}

/// The status of any kind. `T` is what the kind itself tells; the rest is written by the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status<T> {
    /// The generation that the conditions speak of; -1 until the operator has seen the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled, Drifted.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// What must survive a crash: identities, managed fields, intents, grants. Written by the operator alone.
    #[serde(default, skip_serializing_if = "Record::is_empty")]
    pub record: Record,
    #[serde(flatten)]
    pub summary: T,
}

/// The fields that every kind with an object in Snowflake has.
#[derive(Clone, Copy, Debug)]
pub struct Common<'a> {
    pub connection_ref: &'a Reference,
    pub name: Option<&'a str>,
    pub renamed_from: Option<&'a str>,
    pub adopt: bool,
    pub suspend: bool,
    pub management_policy: ManagementPolicy,
    pub deletion_policy: Option<DeletionPolicy>,
    pub grants: &'a [Grant],
    pub ignore_fields: &'a [String],
}

/// Declares the specification of a kind with an object in Snowflake: its own fields, then those that all have.
macro_rules! object_spec {
    ($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* }) => {
        #[derive(kube::CustomResource, kube::KubeSchema, Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        $(#[$meta])*
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            /// The connection to the account. Immutable.
            pub connection_ref: $crate::api::Reference,
            /// The name in Snowflake, by Snowflake's rule: unquoted text is folded to upper case, text in `"…"` stays.
            /// Left out, it is the name of this resource with `-` as `_`. It changes only together with `renamedFrom`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(min = 1, max = 512))]
            pub name: Option<String>,
            /// The name that the object has had until now: it is renamed to `name`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(min = 1, max = 512))]
            pub renamed_from: Option<String>,
            /// Takes over an object that exists already.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub adopt: Option<bool>,
            /// Stops reconciling; what was last seen stays in the status.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub suspend: Option<bool>,
            /// `Full` (the default), or `Observe`: only look, never write.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub management_policy: Option<$crate::api::ManagementPolicy>,
            /// `Delete` or `Retain`. Left out, an object that was created here is dropped and one that was adopted stays.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub deletion_policy: Option<$crate::api::DeletionPolicy>,
            $($body)*
            /// Privileges on the object. Only what was granted here is ever revoked.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(max = 100))]
            pub grants: Option<Vec<$crate::api::Grant>>,
            /// Paths of fields that another tool changes: they are set at creation and then left alone.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            #[schemars(length(max = 32), inner(length(min = 1, max = 64)))]
            pub ignore_fields: Vec<String>,
        }

        impl $name {
            /// The fields that every kind has.
            pub fn common(&self) -> $crate::api::Common<'_> {
                $crate::api::Common {
                    connection_ref: &self.connection_ref,
                    name: self.name.as_deref(),
                    renamed_from: self.renamed_from.as_deref(),
                    adopt: self.adopt.unwrap_or_default(),
                    suspend: self.suspend.unwrap_or_default(),
                    management_policy: self.management_policy.unwrap_or_default(),
                    deletion_policy: self.deletion_policy,
                    grants: self.grants.as_deref().unwrap_or_default(),
                    ignore_fields: &self.ignore_fields,
                }
            }
        }
    };
}
pub(crate) use object_spec;

/// CEL: the name in Snowflake that a resource resolves to, for `self` or `oldSelf`.
macro_rules! resolved_name {
    ($of:literal) => {
        concat!(
            "(has(",
            $of,
            ".spec.name) ? (",
            $of,
            ".spec.name.startsWith('\"') ? ",
            $of,
            ".spec.name : ",
            $of,
            ".spec.name.upperAscii()) : ",
            $of,
            ".metadata.name.upperAscii().replace('-', '_'))"
        )
    };
}
/// CEL: the name stays, unless `renamedFrom` names the old one.
pub(crate) const NAME_RULE: &str = concat!(
    resolved_name!("self"),
    " == ",
    resolved_name!("oldSelf"),
    " || (has(self.spec.renamedFrom) && (self.spec.renamedFrom.startsWith('\"') ? self.spec.renamedFrom : self.spec.renamedFrom.upperAscii()) == ",
    resolved_name!("oldSelf"),
    ")"
);
pub(crate) const NAME_MESSAGE: &str = "the name in Snowflake is immutable: to rename the object, set renamedFrom to its present name together with the new name";
/// CEL: the name stays, where Snowflake can't rename the object.
pub(crate) const FIXED_NAME_RULE: &str = concat!(resolved_name!("self"), " == ", resolved_name!("oldSelf"));
pub(crate) const FIXED_NAME_MESSAGE: &str =
    "the name in Snowflake is immutable, and Snowflake can't rename this object: create another resource";
pub(crate) const CONNECTION_RULE: &str = "self.spec.connectionRef == oldSelf.spec.connectionRef";
pub(crate) const CONNECTION_MESSAGE: &str = "connectionRef is immutable: delete this resource (deletionPolicy: Retain) and create it on the other connection";
