//! `SEQUENCE`.

use super::{Inverse, There, Why, name, written::List};
use crate::{
    api::pipeline::sequences::Sequence, kinds::pipeline::sequence::KIND, values::canonical::Canonical as _,
};

const LIST: List<Sequence> = List { field: "sequences", of: |spec| &mut spec.sequences };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |_| None,
    write: |objects, written| written.each(objects, &LIST, sequence),
};

/// Where it began is not shown, and where it stands is its own business.
#[allow(clippy::unnecessary_wraps)] // of the form of all others
fn sequence(there: &There<'_>) -> Result<Sequence, Why> {
    let step = i64::read(there.found.text("interval")).ok_or("its step is not understood")?;
    Ok(Sequence {
        name: name(there.name.name()),
        comment: there.comment(),
        increment: (step != 1).then_some(step),
        ordered: there.on("ordered"),
        ..Sequence::default()
    })
}
