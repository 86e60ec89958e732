//! What the entries of all lists share: a local name, the name in Snowflake, where it lies, a comment.

use kube::core::Rule;

/// An entry of a list.
pub trait Listed {
    /// The local name: the key of the list, and how other entries refer to this one.
    fn name(&self) -> &str;
    /// The name in Snowflake, when it is another one.
    fn object(&self) -> Option<&str> {
        None
    }
    /// The database that it lies in, when it is not that of the resource.
    fn database(&self) -> Option<&str> {
        None
    }
    /// The schema that it lies in, when it is not that of the resource.
    fn schema(&self) -> Option<&str> {
        None
    }
    fn comment(&self) -> Option<&str> {
        None
    }
    /// The name in Snowflake as the spec writes it.
    fn in_snowflake(&self) -> &str {
        self.object().unwrap_or_else(|| self.name())
    }
}

/// A CEL rule with the sentence that says what to do.
pub(super) fn rule(rule: &str, message: &str) -> Rule {
    Rule::new(rule).message(message)
}

/// Declares the entry of a list by where its object lies: `account`, `database` or `schema`; `graph` for a part of
/// what lies in a schema as a whole; `group` for an entry that lies in a schema and is itself no object.
macro_rules! listed {
    (account; $($rest:tt)*) => {
        $crate::api::pipeline::listed::listed! { @object [] [] $($rest)* }
    };
    (database; $($rest:tt)*) => {
        $crate::api::pipeline::listed::listed! { @object [
            /// The database that it lies in, when it is not `spec.database`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub database: Option<$crate::api::pipeline::text::Name>,
        ] [
            fn database(&self) -> Option<&str> {
                self.database.as_deref()
            }
        ] $($rest)* }
    };
    (schema; $($rest:tt)*) => {
        $crate::api::pipeline::listed::listed! { @object [
            /// The database that it lies in, when it is not `spec.database`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub database: Option<$crate::api::pipeline::text::Name>,
            /// The schema that it lies in, when it is not `spec.schema`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub schema: Option<$crate::api::pipeline::text::Name>,
        ] [
            fn database(&self) -> Option<&str> {
                self.database.as_deref()
            }
            fn schema(&self) -> Option<&str> {
                self.schema.as_deref()
            }
        ] $($rest)* }
    };
    (graph; $($rest:tt)*) => {
        $crate::api::pipeline::listed::listed! { @object [] [] $($rest)* }
    };
    (group; $($rest:tt)*) => {
        $crate::api::pipeline::listed::listed! { @build [
            /// Its name here; nothing in Snowflake has it.
            pub name: $crate::api::pipeline::text::Label,
            /// The database that it lies in, when it is not `spec.database`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub database: Option<$crate::api::pipeline::text::Name>,
            /// The schema that it lies in, when it is not `spec.schema`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub schema: Option<$crate::api::pipeline::text::Name>,
        ] [
            fn database(&self) -> Option<&str> {
                self.database.as_deref()
            }
            fn schema(&self) -> Option<&str> {
                self.schema.as_deref()
            }
        ] $($rest)* }
    };
    (@object [$($place:tt)*] [$($methods:tt)*] $($rest:tt)*) => {
        $crate::api::pipeline::listed::listed! { @build [
            /// Its name: how other entries refer to it, and its name in Snowflake unless `object` says another.
            pub name: $crate::api::pipeline::text::Name,
            /// Its name in Snowflake, when that is not `name`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub object: Option<$crate::api::pipeline::text::Name>,
            $($place)*
            /// Comment.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub comment: Option<$crate::api::pipeline::text::Comment>,
        ] [
            fn object(&self) -> Option<&str> {
                self.object.as_deref()
            }
            fn comment(&self) -> Option<&str> {
                self.comment.as_deref()
            }
            $($methods)*
        ] $($rest)* }
    };
    (@build [$($fields:tt)*] [$($methods:tt)*] $(#[$meta:meta])* pub struct $name:ident { $($body:tt)* }) => {
        #[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        $(#[$meta])*
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($fields)*
            $($body)*
        }

        impl $crate::api::pipeline::Listed for $name {
            fn name(&self) -> &str {
                &self.name
            }
            $($methods)*
        }
    };
}
pub(super) use listed;
