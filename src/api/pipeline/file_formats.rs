//! `fileFormats`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-file-format>.

use std::collections::BTreeMap;

use super::{listed::listed, text::Comment};
use crate::values::keywords::keywords;

keywords! {
    /// The type of files.
    #[derive(Default)]
    pub enum FileType {
        #[default]
        Csv = "CSV",
        Json = "JSON",
        Avro = "AVRO",
        Orc = "ORC",
        Parquet = "PARQUET",
        Xml = "XML",
    }
}

listed! {
    schema;
    /// A file format.
    pub struct FileFormat {
        /// The type of the files. It can't be changed.
        #[serde(rename = "type")]
        pub file_type: FileType,
        /// Its options, by Snowflake's name, each as the text that stands behind `=` without quotes
        /// (`SKIP_HEADER: "1"`, `FIELD_DELIMITER: "|"`).
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[schemars(extend("maxProperties" = 50))]
        pub options: BTreeMap<String, Comment>,
    }
}
