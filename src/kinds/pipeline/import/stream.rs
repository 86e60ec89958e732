//! `STREAM`.

use super::{Inverse, There, Why, name, path, written::List};
use crate::{api::pipeline::streams::Stream, kinds::pipeline::stream::KIND, values::full_name::FullName};

const LIST: List<Stream> = List { field: "streams", of: |spec| &mut spec.streams };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |_| None,
    write: |objects, written| {
        written.each(objects, &LIST, stream);
        for stale in objects.iter().filter(|there| there.flag("stale")) {
            written.note(format!("stream {} is stale: its changes are lost", stale.name));
        }
    },
};

fn stream(there: &There<'_>) -> Result<Stream, Why> {
    let mut spec = Stream { name: name(there.name.name()), comment: there.comment(), ..Stream::default() };
    let source = there.found.text("table_name").and_then(|text| FullName::parse(text).ok());
    // What the role can't see reads "No privilege or table dropped".
    let source = source.filter(|source| source.path().len() == 3);
    let source = path(&source.ok_or("what it is on is gone, or not visible")?, there.name);
    let kind = there.found.text("source_type").unwrap_or("Table");
    let field = match kind.to_ascii_uppercase().as_str() {
        "TABLE" => &mut spec.on_table,
        "VIEW" | "MATERIALIZED VIEW" => &mut spec.on_view,
        "STAGE" | "DIRECTORY TABLE" => &mut spec.on_stage,
        "EXTERNAL TABLE" => &mut spec.on_external_table,
        "DYNAMIC TABLE" => &mut spec.on_dynamic_table,
        _ => return Err(format!("it is on a {kind}")),
    };
    *field = Some(source);
    match there.found.text("mode").unwrap_or("DEFAULT").to_ascii_uppercase().as_str() {
        "DEFAULT" => {}
        "APPEND_ONLY" => spec.append_only = Some(true),
        "INSERT_ONLY" => spec.insert_only = Some(true),
        other => return Err(format!("its mode is {other}")),
    }
    Ok(spec)
}
