//! `CORTEX SEARCH SERVICE`.

use super::{Inverse, There, Why, name, written::List};
use crate::{
    api::pipeline::{search_services::SearchService, text::Body},
    kinds::pipeline::search_service::KIND,
    snowflake::Statement,
    values::{
        body::{BodyKind, canonical},
        canonical::Canonical as _,
        ident::Ident,
        path::split_outside_quotes,
        target_lag::TargetLag,
    },
};

const LIST: List<SearchService> = List { field: "searchServices", of: |spec| &mut spec.search_services };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |name| Some(Statement::new("DESC CORTEX SEARCH SERVICE").of_kind(KIND.word).full_name(name)),
    write: |objects, written| written.each(objects, &LIST, service),
};

fn service(there: &There<'_>) -> Result<SearchService, Why> {
    let query = there.found.text("definition").ok_or("its query is not shown")?;
    let attributes = there.found.text("attribute_columns").unwrap_or_default();
    let attributes = split_outside_quotes(attributes, ',').into_iter().map(str::trim);
    let attributes: Vec<_> =
        attributes.filter_map(|text| Ident::shown(text).ok()).map(|column| name(&column)).collect();
    let model = there.details.and_then(|rows| rows.iter().next()?.text("embedding_model"));
    Ok(SearchService {
        name: name(there.name.name()),
        comment: there.comment(),
        column: there.named("search_column").ok_or("it searches several columns")?,
        attributes: (!attributes.is_empty()).then_some(attributes),
        warehouse: Some(there.named("warehouse").ok_or("its warehouse is not shown")?),
        target_lag: TargetLag::read(there.found.text("target_lag"))
            .ok_or("its target lag is not understood")?,
        embedding_model: model.filter(|model| !model.is_empty()).map(Into::into),
        query: Body(canonical(query, BodyKind::Statement)),
        ..SearchService::default()
    })
}
