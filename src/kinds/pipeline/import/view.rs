//! `VIEW`.

use super::{Inverse, There, Why, comment, name, table::mask, written::List};
use crate::{
    api::pipeline::{
        text::Body,
        views::{View, ViewColumn},
    },
    kinds::pipeline::{
        definition::{Definition, kept},
        view::{KIND, ROWS},
    },
    snowflake::Rows,
    values::body::{BodyKind, canonical},
};

const LIST: List<View> = List { field: "views", of: |spec| &mut spec.views };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: Some("is_materialized"),
    details: |_| None,
    write: |objects, written| {
        written.each(objects, &LIST, view);
        for there in objects.iter().filter(|there| masked(there)) {
            written.note(format!(
                "view {} names no columns, so the masking policies on them are not in its manifest: they stay as they are",
                there.name
            ));
        }
    },
};

/// Whether there are masking policies, and no list of columns to write them in.
fn masked(there: &There<'_>) -> bool {
    let mut rows = there.description.into_iter().flat_map(Rows::iter);
    let masked = rows.any(|row| row.text("policy name").is_some_and(|policy| !policy.is_empty()));
    masked && definition(there).is_ok_and(|is| is.columns.is_empty())
}

/// What stands before the query.
fn header<'a>(there: &'a There<'_>, is: &Definition) -> &'a str {
    let text = there.found.text("text").unwrap_or_default();
    text.split(is.query.as_str()).next().unwrap_or_default()
}

/// Whether a word stands in it.
fn says(header: &str, word: &str) -> bool {
    let mut words = header.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '"');
    words.any(|other| other.eq_ignore_ascii_case(word))
}

/// The statement that SHOW keeps. What is not told there is left out.
pub(super) fn definition(there: &There<'_>) -> Result<Definition, Why> {
    kept(there).map_err(|_| "its query is not shown: only the owner sees that of a secure one".into())
}

pub(super) fn query(is: &Definition) -> Body {
    Body(canonical(&is.query, BodyKind::Statement))
}

fn view(there: &There<'_>) -> Result<View, Why> {
    let is = definition(there)?;
    let create = header(there, &is);
    let before_name = create.split_once('(').map_or(create, |(before, _)| before);
    for (word, why) in
        [("RECURSIVE", "it is recursive"), ("TEMPORARY", "it is temporary"), ("TEMP", "it is temporary")]
    {
        if says(before_name, word) {
            return Err(why.into());
        }
    }
    let column = |(own, text): &(crate::values::ident::Ident, Option<String>)| ViewColumn {
        name: name(own),
        comment: comment(text.as_deref()),
        masking_policy: mask(own.as_str(), there.description, there.name),
    };
    let mut spec = View { columns: is.columns.iter().map(column).collect(), ..View::default() };
    there.fill(ROWS, &mut spec)?;
    spec.name = name(there.name.name());
    spec.comment = comment(spec.comment.as_deref());
    spec.change_tracking = spec.change_tracking.filter(|on| *on);
    spec.secure = there.on("is_secure");
    spec.query = query(&is);
    Ok(spec)
}
