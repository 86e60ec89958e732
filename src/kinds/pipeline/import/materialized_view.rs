//! `MATERIALIZED VIEW`.

use super::{
    Inverse, There, Why, name,
    table::clustering,
    view::{definition, query},
    written::List,
};
use crate::{
    api::pipeline::{materialized_views::MaterializedView, shared::State},
    kinds::pipeline::materialized_view::KIND,
};

const LIST: List<MaterializedView> =
    List { field: "materializedViews", of: |spec| &mut spec.materialized_views };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |_| None,
    write: |objects, written| written.each(objects, &LIST, view),
};

fn view(there: &There<'_>) -> Result<MaterializedView, Why> {
    let is = definition(there)?;
    if !is.columns.is_empty() {
        return Err("it names its columns, which a pipeline leaves to the query".into());
    }
    let reason = there.found.text("invalid_reason").unwrap_or_default().to_ascii_lowercase();
    let suspended = there.flag("invalid") && (reason.contains("suspended") || reason.contains("manually"));
    Ok(MaterializedView {
        name: name(there.name.name()),
        comment: there.comment(),
        query: query(&is),
        cluster_by: there.found.text("cluster_by").map(clustering).transpose()?,
        secure: there.on("is_secure"),
        state: suspended.then_some(State::Suspended),
        ..MaterializedView::default()
    })
}
