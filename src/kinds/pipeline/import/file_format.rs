//! `FILE FORMAT`, and the format of a stage.

use std::collections::BTreeMap;

use super::{Inverse, There, Why, name, written::List};
use crate::{
    api::pipeline::{
        file_formats::{FileFormat, FileType},
        text::Comment,
    },
    kinds::pipeline::{file_format::KIND, file_options::Options},
    snowflake::{Statement, rows::Row},
    values::canonical::Canonical as _,
};

const LIST: List<FileFormat> = List { field: "fileFormats", of: |spec| &mut spec.file_formats };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |name| Some(Statement::new("DESCRIBE FILE FORMAT").of_kind(KIND.word).full_name(name)),
    write: |objects, written| written.each(objects, &LIST, format),
};

fn format(there: &There<'_>) -> Result<FileFormat, Why> {
    let kind = there.found.text("type");
    let file_type = FileType::read(kind)
        .ok_or_else(|| format!("it is for files of type {}", kind.unwrap_or("unknown")))?;
    let rows = there.details.ok_or("it is not described")?;
    Ok(FileFormat {
        name: name(there.name.name()),
        comment: there.comment(),
        file_type,
        options: options(file_type, rows.iter())?,
        ..FileFormat::default()
    })
}

/// What is not Snowflake's default, of properties as DESCRIBE has them.
pub(super) fn options<'a>(
    file_type: FileType,
    rows: impl Iterator<Item = Row<'a>>,
) -> Result<BTreeMap<String, Comment>, Why> {
    let mut all = BTreeMap::new();
    for row in rows {
        let cell = |column| row.text(column).unwrap_or_default();
        let (option, value) = (cell("property"), cell("property_value"));
        if matches!(option, "TYPE" | "FORMAT_NAME") || value == cell("property_default") {
            continue;
        }
        let text = Options::import(file_type, option, value)
            .ok_or_else(|| format!("its option {option} is not understood"))?;
        all.insert(option.to_owned(), text);
    }
    Ok(all)
}
