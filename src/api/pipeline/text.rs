//! Texts of specs, each with the longest that the API server lets in. They are plain text to the code.

use std::{borrow::Cow, fmt, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident: 1..=$max:literal $(, $pattern:literal)?;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "minLength": 1, "maxLength": $max $(, "pattern": $pattern)?})
            }
        }
    )+};
}

texts! {
    /// One name, by Snowflake's rule: unquoted text is folded to upper case, text in `"…"` stays.
    Name: 1..=512, r#"^([A-Za-z_][A-Za-z0-9_$]*|"([^"]|"")+")$"#;
    /// The local name of an entry that is itself no object in Snowflake.
    Label: 1..=255;
    /// A name that may stand behind those of its schema and database: `A`, `SCHEMA.A`, `DATABASE.SCHEMA.A`. Alone, it
    /// is an entry of the same resource by its local name, else an object beside the entry that names it.
    Path: 1..=1600;
    /// A data type as Snowflake writes it: `NUMBER(38,0)`, `ARRAY(VARCHAR)`.
    TypeName: 1..=4096;
    /// An SQL expression.
    Expression: 1..=16_384;
    /// A query, a statement, or the body of a procedure: 256 KiB.
    Body: 1..=262_144;
    /// A word or two: a version, a package, a model.
    Word: 1..=512;
    /// An address.
    Url: 1..=2048;
}

/// A comment; it may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Comment(pub String);

impl Deref for Comment {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for Comment {
    fn schema_name() -> Cow<'static, str> {
        "Comment".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": 10000})
    }
}

/// A JSON object, written as YAML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonObject(pub serde_json::Map<String, serde_json::Value>);

impl JsonSchema for JsonObject {
    fn schema_name() -> Cow<'static, str> {
        "JsonObject".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
    }
}
