//! `TAG`.

use super::{Inverse, There, Why, name, written::List};
use crate::{
    api::pipeline::tags::{Propagate, Tag},
    kinds::pipeline::tag::KIND,
    values::canonical::Canonical as _,
};

const LIST: List<Tag> = List { field: "tags", of: |spec| &mut spec.tags };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |_| None,
    write: |objects, written| written.each(objects, &LIST, tag),
};

fn tag(there: &There<'_>) -> Result<Tag, Why> {
    let values: Option<Vec<String>> = match there.found.text("allowed_values") {
        Some(text) => Some(serde_json::from_str(text).map_err(|_| "its values are not understood")?),
        None => None,
    };
    let values = values.filter(|all| !all.is_empty());
    Ok(Tag {
        name: name(there.name.name()),
        comment: there.comment(),
        allowed_values: values.map(|all| all.iter().map(|value| value.as_str().into()).collect()),
        propagate: Propagate::read(there.found.text("propagate")),
        ..Tag::default()
    })
}
