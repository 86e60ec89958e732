//! `ROW ACCESS POLICY`, and what masking policies share with it.

use super::{Inverse, There, Why, name, type_name, written::List};
use crate::{
    api::pipeline::{
        row_access_policies::RowAccessPolicy,
        shared::Typed,
        text::{Body, TypeName},
    },
    kinds::pipeline::{policy::arguments, row_access_policy::KIND},
    snowflake::Statement,
    values::{
        body::{BodyKind, canonical},
        data_type::DataType,
    },
};

const LIST: List<RowAccessPolicy> =
    List { field: "rowAccessPolicies", of: |spec| &mut spec.row_access_policies };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |name| Some(Statement::new("DESCRIBE").of_kind(KIND.word).keyword(KIND.word).full_name(name)),
    write: |objects, written| written.each(objects, &LIST, policy),
};

fn policy(there: &There<'_>) -> Result<RowAccessPolicy, Why> {
    let Described { arguments, body, .. } = described(there)?;
    Ok(RowAccessPolicy {
        name: name(there.name.name()),
        comment: there.comment(),
        arguments,
        body,
        ..RowAccessPolicy::default()
    })
}

/// What DESCRIBE tells of a policy.
pub(super) struct Described {
    pub arguments: Vec<Typed>,
    pub returns: TypeName,
    pub body: Body,
}

pub(super) fn described(there: &There<'_>) -> Result<Described, Why> {
    let row = there.details.and_then(|rows| rows.iter().next()).ok_or("it is not described")?;
    let cell = |column| row.text(column).unwrap_or_default();
    let all = arguments(cell("signature")).ok_or("its arguments are not understood")?;
    let returns = DataType::parse(cell("return_type")).map_err(|error| error.to_string())?;
    let argument = |(own, of): &(crate::values::ident::Ident, DataType)| Typed {
        name: name(own),
        data_type: type_name(of),
    };
    Ok(Described {
        arguments: all.iter().map(argument).collect(),
        returns: type_name(&returns),
        body: Body(canonical(cell("body"), BodyKind::Statement)),
    })
}
