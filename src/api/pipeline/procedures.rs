//! `procedures`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-procedure>.

use std::collections::BTreeMap;

use super::{
    listed::{listed, rule},
    shared::{Argument, BodyFrom, Typed},
    text::{Body, Name, Path, TypeName, Word},
};
use crate::values::keywords::{choices, keywords};

keywords! {
    /// The language of a body.
    #[derive(Default)]
    pub enum Language {
        #[default]
        Sql = "SQL",
        Python = "PYTHON",
        JavaScript = "JAVASCRIPT",
    }
}

choices! {
    /// With whose rights a procedure runs.
    pub enum ExecuteAs {
        Owner = "OWNER",
        Caller = "CALLER",
        RestrictedCaller = "RESTRICTED CALLER",
    }
}

choices! {
    /// What happens when an argument is NULL.
    pub enum NullInput {
        CalledOnNullInput = "CALLED ON NULL INPUT",
        ReturnsNullOnNullInput = "RETURNS NULL ON NULL INPUT",
    }
}

listed! {
    schema;
    /// A stored procedure. Procedures with one name and other arguments are other procedures: give each entry its own
    /// `name`, and both the same `object`.
    #[x_kube(validation = rule("has(self.body) != has(self.bodyFrom)", "a procedure has body or bodyFrom, one of the two"))]
    #[x_kube(validation = rule("has(self.returns) != has(self.returnsTable)", "a procedure has returns (a type) or returnsTable (columns), one of the two"))]
    #[x_kube(validation = rule("self.language != 'PYTHON' || (has(self.handler) && has(self.runtimeVersion))", "a procedure in PYTHON needs handler and runtimeVersion"))]
    #[x_kube(validation = rule("self.language == 'PYTHON' || !(has(self.handler) || has(self.runtimeVersion) || has(self.packages) || has(self.imports) || has(self.externalAccessIntegrations) || has(self.secrets))", "handler, runtimeVersion, packages, imports, externalAccessIntegrations and secrets are for language: PYTHON: remove them"))]
    pub struct Procedure {
        /// Its arguments, in order. They are part of its identity.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 100))]
        pub arguments: Vec<Argument>,
        /// The type that it returns.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub returns: Option<TypeName>,
        /// The columns of the table that it returns; none, when only the run knows them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 200))]
        pub returns_table: Option<Vec<Typed>>,
        /// `SQL`, `PYTHON` or `JAVASCRIPT`.
        pub language: Language,
        /// With whose rights it runs. Left out, Snowflake's default is `Owner`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub execute_as: Option<ExecuteAs>,
        /// The body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub body: Option<Body>,
        /// Where the body is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub body_from: Option<BodyFrom>,
        /// Version of Python: `"3.12"`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub runtime_version: Option<Word>,
        /// Packages, with a version where it matters: `snowflake-snowpark-python`, `numpy==1.26.4`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 100))]
        pub packages: Option<Vec<Word>>,
        /// Files on stages: `@stage/path/file.py`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 100))]
        pub imports: Option<Vec<Path>>,
        /// The function of the body that is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub handler: Option<Word>,
        /// What happens when an argument is NULL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub null_input: Option<NullInput>,
        /// Hides the definition from those who do not own it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub secure: Option<bool>,
        /// Integrations that let it reach the network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 32))]
        pub external_access_integrations: Option<Vec<Name>>,
        /// Secrets of Snowflake, by the name that the body uses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(extend("maxProperties" = 32))]
        pub secrets: Option<BTreeMap<String, Path>>,
    }
}
