//! The options of file formats, and DESCRIBE STAGE, which shows them as well.

use serde_json::json;

use super::super::answer::{table, text};
use super::super::plain::Plain;
use crate::error::SqlError;
use crate::rows::ColumnType::Text;
use crate::rows::Rows;
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::staged::{inline_format, options};

/// Which options of a file format go with its type.
pub(super) fn check_format(kind: &str, settings: &[Setting]) -> Result<(), SqlError> {
    let shared = ["TYPE", "COMMENT", "FORMAT_NAME", "SNAPPY_COMPRESSION"];
    let wrong = settings
        .iter()
        .map(|setting| setting.property.name)
        .find(|name| !shared.contains(name) && !options(kind).iter().any(|(option, _)| option == name));
    match wrong {
        Some(name) => Err(SqlError::invalid_property(name, "FILE_FORMAT")),
        None if value_of(settings, "PARSE_HEADER").is_some()
            && value_of(settings, "SKIP_HEADER").is_some() =>
        {
            Err(SqlError::invalid_property("SKIP_HEADER", "FILE_FORMAT"))
        }
        None => Ok(()),
    }
}

pub(super) fn type_of(settings: &[Setting]) -> String {
    value_of(settings, "TYPE").and_then(Value::text).unwrap_or("CSV").to_owned()
}

/// A character as DESCRIBE FILE FORMAT writes it.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t")
        .replace('"', "\\\"")
}

/// A character as an option may say it: `\n`, octal `\123`, hexadecimal `0x42` or `\x42` (docs: create-file-format).
fn unescaped(value: &str) -> String {
    let code = |digits: &str, radix: u32| {
        u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).map(String::from)
    };
    let hexadecimal = value.strip_prefix("0x").or_else(|| value.strip_prefix("\\x"));
    if let Some(found) = hexadecimal.and_then(|digits| code(digits, 16)) {
        return found;
    }
    match value.strip_prefix('\\') {
        Some("n") => "\n".into(),
        Some("r") => "\r".into(),
        Some("t") => "\t".into(),
        Some("\\") => "\\".into(),
        Some(digits) => code(digits, 8).unwrap_or_else(|| value.to_owned()),
        None => value.to_owned(),
    }
}

/// The options of a file format with what they are: what was set, or what they are unsaid.
fn values(object: &Plain) -> Vec<(&'static str, Vec<String>, &'static str)> {
    let kind = object.text("TYPE").unwrap_or("CSV");
    let of = |(name, unsaid): &(&'static str, &'static str)| {
        let default = || match unsaid.strip_prefix("[]") {
            Some("") => Vec::new(),
            Some(only) => vec![only.to_owned()],
            None => vec![(*unsaid).to_owned()],
        };
        let keyword = |value: &String| match value.to_uppercase().as_str() {
            upper @ ("NONE" | "AUTO") => upper.to_owned(),
            upper if ["COMPRESSION", "BINARY_FORMAT", "ENCODING"].contains(name) => upper.to_owned(),
            _ => value.clone(),
        };
        let characters =
            name.ends_with("DELIMITER") || name.starts_with("ESCAPE") || name.ends_with("ENCLOSED_BY");
        let value = |value: &String| if characters { keyword(&unescaped(value)) } else { keyword(value) };
        let set = object.properties.get(*name).map(|values| values.iter().map(value).collect());
        (*name, set.unwrap_or_else(default), *unsaid)
    };
    options(kind).iter().map(of).collect()
}

/// `format_options` of SHOW FILE FORMATS.
pub(super) fn format_options(object: &Plain) -> String {
    let mut all = serde_json::Map::new();
    all.insert("TYPE".into(), json!(object.text("TYPE").unwrap_or("CSV")));
    for (name, values, unsaid) in values(object) {
        let only = values.first().cloned().unwrap_or_default();
        let value = match unsaid {
            "true" | "false" => json!(only == "true"),
            "0" => json!(only.parse::<u64>().unwrap_or_default()),
            unsaid if unsaid.starts_with("[]") => json!(values),
            _ if name == "FILE_EXTENSION" && only.is_empty() => json!(null),
            _ => json!(only),
        };
        all.insert(name.into(), value);
    }
    serde_json::Value::Object(all).to_string()
}

/// The rows of DESCRIBE FILE FORMAT: property, type, value, default.
pub(super) fn format_rows(object: &Plain) -> Vec<[String; 4]> {
    let kind = object.text("TYPE").unwrap_or("CSV");
    let mut rows = vec![["TYPE".into(), "String".into(), kind.into(), "CSV".into()]];
    for (name, values, unsaid) in values(object) {
        let list = |values: &[String]| {
            let values: Vec<String> = values.iter().map(|value| escaped(value)).collect();
            format!("[{}]", values.join(", "))
        };
        let (kind, value, default) = match unsaid {
            "true" | "false" => ("Boolean", values.concat(), unsaid.to_owned()),
            "0" => ("Integer", values.concat(), unsaid.to_owned()),
            unsaid if unsaid.starts_with("[]") => {
                let default: Vec<String> = unsaid
                    .strip_prefix("[]")
                    .filter(|it| !it.is_empty())
                    .map(ToOwned::to_owned)
                    .into_iter()
                    .collect();
                ("List", list(&values), list(&default))
            }
            _ => ("String", escaped(&values.concat()), escaped(unsaid)),
        };
        rows.push([name.into(), kind.into(), value, default]);
    }
    rows
}

/// DESCRIBE STAGE (docs: desc-stage).
pub(super) fn stage_rows(object: &Plain) -> Result<Rows, SqlError> {
    let headings = ["parent_property", "property", "property_type", "property_value", "property_default"];
    let mut rows = table(&headings.map(|name| (name, Text)));
    let mut row = |parent: &str, name: &str, kind: &str, value: &str, default: &str| {
        rows.rows.push([parent, name, kind, value, default].into_iter().map(text).collect());
    };
    let format = inline_format(object.text("FILE_FORMAT").unwrap_or_default())?;
    if let Some(Value::Text(name)) = value_of(&format, "FORMAT_NAME") {
        row("STAGE_FILE_FORMAT", "FORMAT_NAME", "String", name, "");
    } else {
        let mut shown = Plain::new(object.head.clone());
        shown.set(&format);
        for [name, kind, value, default] in format_rows(&shown) {
            row("STAGE_FILE_FORMAT", &name, &kind, &value, &default);
        }
    }
    for (name, kind, value) in [
        ("ON_ERROR", "String", "ABORT_STATEMENT"),
        ("SIZE_LIMIT", "Long", ""),
        ("PURGE", "Boolean", "false"),
        ("RETURN_FAILED_ONLY", "Boolean", "false"),
        ("ENFORCE_LENGTH", "Boolean", "true"),
        ("TRUNCATECOLUMNS", "Boolean", "false"),
        ("FORCE", "Boolean", "false"),
    ] {
        row("STAGE_COPY_OPTIONS", name, kind, value, value);
    }
    let url = object.text("URL").map(|url| format!("[{}]", json!(url))).unwrap_or_default();
    row("STAGE_LOCATION", "URL", "String", &url, "");
    if object.text("URL").is_some() {
        let integration = object.text("STORAGE_INTEGRATION").unwrap_or_default();
        row("STAGE_INTEGRATION", "STORAGE_INTEGRATION", "String", integration, "");
        let private = object.text("USE_PRIVATELINK_ENDPOINT").unwrap_or("false");
        row("PRIVATELINK", "USE_PRIVATELINK_ENDPOINT", "Boolean", private, "false");
    }
    let directory = object.text("DIRECTORY").unwrap_or_default().to_uppercase();
    let has = |word: &str| {
        directory.split(word).nth(1).is_some_and(|it| it.trim_start_matches([' ', '=']).starts_with("TRUE"))
    };
    row("DIRECTORY", "ENABLE", "Boolean", if has("ENABLE") { "true" } else { "false" }, "false");
    row("DIRECTORY", "AUTO_REFRESH", "Boolean", if has("AUTO_REFRESH") { "true" } else { "false" }, "false");
    if has("ENABLE") {
        row("DIRECTORY", "LAST_REFRESHED_ON", "String", &object.head.created_on.to_string(), "");
    }
    Ok(rows)
}
