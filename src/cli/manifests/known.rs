//! The kinds that a manifest may have, and what each is checked against.

use std::fmt::{self, Display};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    CustomResourceExt, Resource,
    core::cel::{CompiledSchema, ErrorKind, Validator, compile_schema},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::{CortexPipeline, ResourceMonitor, SnowflakeConnection, SnowflakeWarehouse};

/// A resource of one of our kinds, with name and namespace.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    Connection(Box<SnowflakeConnection>),
    Warehouse(Box<SnowflakeWarehouse>),
    Monitor(Box<ResourceMonitor>),
    Pipeline(Box<CortexPipeline>),
}

impl Object {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connection(_) => "SnowflakeConnection",
            Self::Warehouse(_) => "SnowflakeWarehouse",
            Self::Monitor(_) => "ResourceMonitor",
            Self::Pipeline(_) => "CortexPipeline",
        }
    }
    fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Connection(object) => &object.metadata,
            Self::Warehouse(object) => &object.metadata,
            Self::Monitor(object) => &object.metadata,
            Self::Pipeline(object) => &object.metadata,
        }
    }
    pub fn namespace(&self) -> &str {
        self.meta().namespace.as_deref().unwrap_or_default()
    }
    pub fn name(&self) -> &str {
        self.meta().name.as_deref().unwrap_or_default()
    }
}

impl Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind(), self.namespace(), self.name())
    }
}

/// A kind: its schema, and how a checked value becomes a resource.
pub(super) struct Known {
    pub kind: String,
    pub schema: Value,
    rules: CompiledSchema,
    validator: Validator,
    decode: fn(Value) -> Result<Object, Undecoded>,
}

/// A field that the schema allows and the type does not.
pub(super) struct Undecoded {
    pub path: String,
    pub message: String,
}

/// A rule that is broken.
pub(super) struct Broken {
    pub path: String,
    pub message: String,
}

/// All kinds.
pub(super) fn kinds() -> Vec<Known> {
    vec![
        Known::of::<SnowflakeConnection>(|v| decode(v).map(|o| Object::Connection(Box::new(o)))),
        Known::of::<SnowflakeWarehouse>(|v| decode(v).map(|o| Object::Warehouse(Box::new(o)))),
        Known::of::<ResourceMonitor>(|v| decode(v).map(|o| Object::Monitor(Box::new(o)))),
        Known::of::<CortexPipeline>(|v| decode(v).map(|o| Object::Pipeline(Box::new(o)))),
    ]
}

impl Known {
    fn of<K>(decode: fn(Value) -> Result<Object, Undecoded>) -> Self
    where
        K: CustomResourceExt + Resource<DynamicType = ()>,
    {
        let crd = K::crd();
        let schema = crd.spec.versions.first().and_then(|version| version.schema.as_ref());
        let schema = schema.and_then(|schema| schema.open_api_v3_schema.as_ref());
        let schema = serde_json::to_value(schema).unwrap_or_default();
        Self {
            kind: K::kind(&()).into_owned(),
            rules: compile_schema(&schema),
            validator: Validator::new(),
            schema,
            decode,
        }
    }

    /// The rules (CEL) that this resource breaks, as an API server would find them when it is created.
    pub(super) fn broken(&self, object: &Value) -> Vec<Broken> {
        let errors = match self.validator.validate_compiled(&self.rules, object, None) {
            Ok(()) => return vec![],
            Err(errors) => errors.into_vec(),
        };
        // A rule with a function that is unknown here is left to the API server, and to the type.
        let known = errors.into_iter().filter(|e| !matches!(e.kind, ErrorKind::UnsupportedReference));
        known.map(|e| Broken { path: e.field_path, message: e.message }).collect()
    }

    pub(super) fn decode(&self, object: Value) -> Result<Object, Undecoded> {
        (self.decode)(object)
    }
}

fn decode<K: DeserializeOwned>(object: Value) -> Result<K, Undecoded> {
    serde_path_to_error::deserialize(object)
        .map_err(|error| Undecoded { path: error.path().to_string(), message: error.inner().to_string() })
}
