//! `MASKING POLICY`.

use super::{
    Inverse, There, Why, name,
    row_access_policy::{Described, described},
    written::List,
};
use crate::{
    api::pipeline::masking_policies::MaskingPolicy,
    kinds::pipeline::{masking_policy::KIND, policy::is_exempt},
    snowflake::Statement,
};

const LIST: List<MaskingPolicy> = List { field: "maskingPolicies", of: |spec| &mut spec.masking_policies };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |name| Some(Statement::new("DESCRIBE").of_kind(KIND.word).keyword(KIND.word).full_name(name)),
    write: |objects, written| written.each(objects, &LIST, policy),
};

fn policy(there: &There<'_>) -> Result<MaskingPolicy, Why> {
    let Described { arguments, returns, body } = described(there)?;
    Ok(MaskingPolicy {
        name: name(there.name.name()),
        comment: there.comment(),
        arguments,
        returns,
        body,
        exempt_other_policies: is_exempt(there).then_some(true),
        ..MaskingPolicy::default()
    })
}
