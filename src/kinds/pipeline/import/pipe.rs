//! `PIPE`.

use super::{Inverse, There, Why, name, written::List};
use crate::{
    api::pipeline::{pipes::Pipe, text::Body},
    kinds::pipeline::pipe::KIND,
    values::body::{BodyKind, canonical},
};

const LIST: List<Pipe> = List { field: "pipes", of: |spec| &mut spec.pipes };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    // Source: <https://docs.snowflake.com/en/release-notes/bcr-bundles/2026_01/bcr-2137>.
    elsewhere: Some("is_snowflake_managed"),
    details: |_| None,
    write: |objects, written| written.each(objects, &LIST, pipe),
};

/// Whether it is paused is left to those who pause it.
fn pipe(there: &There<'_>) -> Result<Pipe, Why> {
    let copy = there.found.text("definition").ok_or("its COPY statement is not shown")?;
    let integration = there.named("integration");
    let notified = there.found.text("notification_channel").is_some() || integration.is_some();
    Ok(Pipe {
        name: name(there.name.name()),
        comment: there.comment(),
        copy: Body(canonical(copy, BodyKind::Statement)),
        auto_ingest: notified.then_some(true),
        integration,
        error_integration: there.named("error_integration"),
        ..Pipe::default()
    })
}
