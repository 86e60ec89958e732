//! `stages`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-stage>.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    file_formats::FileType,
    listed::{listed, rule},
    text::{Comment, Name, Path, Url, Word},
};
use crate::values::keywords::keywords;

listed! {
    schema;
    /// A stage. It has no credentials: an external one signs in through its storage integration.
    #[x_kube(validation = rule("has(self.url) || !has(self.storageIntegration)", "storageIntegration is for a stage with a url: add url, or remove it"))]
    pub struct Stage {
        /// Where an external stage lies (`s3://…`, `gcs://…`, `azure://…`); an internal one has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub url: Option<Url>,
        /// The integration that signs in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub storage_integration: Option<Name>,
        /// How its files are encrypted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub encryption: Option<Encryption>,
        /// Its directory table.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub directory: Option<Directory>,
        /// How its files are read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub file_format: Option<StageFileFormat>,
    }
}

keywords! {
    /// The type of an encryption.
    #[derive(Default)]
    pub enum EncryptionType {
        #[default]
        SnowflakeFull = "SNOWFLAKE_FULL",
        SnowflakeSse = "SNOWFLAKE_SSE",
        AwsSseS3 = "AWS_SSE_S3",
        AwsSseKms = "AWS_SSE_KMS",
        GcsSseKms = "GCS_SSE_KMS",
        None = "NONE",
    }
    quoted
}

/// `ENCRYPTION = (…)`. Client-side keys are credentials, so they are not here.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = rule("!has(self.kmsKeyId) || self.type.endsWith('_KMS')", "kmsKeyId is for AWS_SSE_KMS and GCS_SSE_KMS: remove it"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encryption {
    #[serde(rename = "type")]
    pub encryption_type: EncryptionType,
    /// The key of the cloud's key service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<Word>,
}

/// `DIRECTORY = (…)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Directory {
    pub enable: bool,
    /// Whether the cloud's notifications refresh it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_refresh: Option<bool>,
    /// The notification integration for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_integration: Option<Name>,
}

/// A file format by name, or written out.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = rule("has(self.name) != has(self.type)", "a file format has name or type, one of the two"))]
#[x_kube(validation = rule("!has(self.options) || has(self.type)", "options belong to type: add type"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageFileFormat {
    /// The file format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Path>,
    /// The type of the files.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub file_type: Option<FileType>,
    /// Its options, as those of `fileFormats`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub options: BTreeMap<String, Comment>,
}
