//! `STAGE`.

use super::{Inverse, There, Why, file_format::options, name, path, written::List};
use crate::{
    api::pipeline::{
        file_formats::FileType,
        stages::{Directory, Encryption, EncryptionType, Stage, StageFileFormat},
        text::Url,
    },
    kinds::pipeline::stage::KIND,
    snowflake::{Statement, rows::Row},
    values::{canonical::Canonical as _, full_name::FullName},
};

const LIST: List<Stage> = List { field: "stages", of: |spec| &mut spec.stages };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |name| Some(Statement::new("DESCRIBE STAGE").of_kind(KIND.word).full_name(name)),
    write: |objects, written| written.each(objects, &LIST, stage),
};

fn stage(there: &There<'_>) -> Result<Stage, Why> {
    let kind = there.found.text("type").unwrap_or_default().to_ascii_uppercase();
    if kind.contains("TEMPORARY") {
        return Err("it is temporary".into());
    }
    if there.flag("has_credentials") {
        return Err("it has credentials: let it sign in through a storage integration".into());
    }
    if there.flag("has_encryption_key") {
        return Err("its files are encrypted with a key of its own".into());
    }
    let url = there.found.text("url");
    // What stands behind ? or before @ may be a token.
    if url.is_some_and(|url| url.contains(['?', '@', '#'])) {
        return Err("its address has more in it than a place".into());
    }
    // "Server-side encryption only": SNOWFLAKE_SSE
    // (<https://docs.snowflake.com/en/sql-reference/sql/show-stages>, `type`).
    let encryption = kind.contains("NO CSE").then_some(EncryptionType::SnowflakeSse);
    let encryption = encryption.map(|encryption_type| Encryption { encryption_type, kms_key_id: None });
    Ok(Stage {
        name: name(there.name.name()),
        comment: there.comment(),
        url: url.map(|url| Url(url.to_owned())),
        storage_integration: there.named("storage_integration"),
        encryption,
        directory: there.flag("directory_enabled").then(|| Directory {
            enable: true,
            auto_refresh: (described(there, "DIRECTORY", "AUTO_REFRESH") == Some("true")).then_some(true),
            notification_integration: None,
        }),
        file_format: format(there)?,
        ..Stage::default()
    })
}

fn parts<'a>(there: &There<'a>, part: &'static str) -> impl Iterator<Item = Row<'a>> {
    let rows = there.details.into_iter().flat_map(crate::snowflake::Rows::iter);
    rows.filter(move |row| row.text("parent_property") == Some(part))
}

fn described<'a>(there: &There<'a>, part: &'static str, property: &str) -> Option<&'a str> {
    let row = parts(there, part).find(|row| row.text("property") == Some(property))?;
    row.text("property_value").filter(|text| !text.is_empty())
}

/// A format by its name, or what is not that of every new stage: CSV with its defaults.
fn format(there: &There<'_>) -> Result<Option<StageFileFormat>, Why> {
    const PART: &str = "STAGE_FILE_FORMAT";
    if let Some(text) = described(there, PART, "FORMAT_NAME") {
        // Quotes come escaped.
        let named = FullName::parse(&text.replace("\\\"", "\"")).map_err(|error| error.to_string())?;
        return Ok(Some(StageFileFormat {
            name: Some(path(&named, there.name)),
            ..StageFileFormat::default()
        }));
    }
    let Some(kind) = described(there, PART, "TYPE") else { return Ok(None) };
    let file_type = FileType::read(Some(kind)).ok_or_else(|| format!("its files are of type {kind}"))?;
    let options = options(file_type, parts(there, PART))?;
    let plain = file_type == FileType::Csv && options.is_empty();
    Ok((!plain).then_some(StageFileFormat { name: None, file_type: Some(file_type), options }))
}
