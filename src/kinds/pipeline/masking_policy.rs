//! `MASKING POLICY`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-masking-policy>.
//!
//! How it changes is in [`super::policy`], how it comes onto columns in [`super::attach`].

use super::{
    names::Directory,
    object::{Kind, Listing, Wanted},
    policy::{PolicyObject, Said},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, masking_policies::MaskingPolicy, text::Comment},
    plan::{Property, property::Lens},
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "MASKING POLICY",
    show: Show { words: "SHOW MASKING POLICIES", kind: "MASKING POLICY", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| directory.add_all(&KIND, &spec.masking_policies, |_| None),
    wanted,
    least: |name| {
        Statement::new("CREATE MASKING POLICY")
            .of_kind(KIND.word)
            .full_name(name)
            .keyword("AS (PROBE INT) RETURNS INT -> PROBE")
    },
    drop: |name| Statement::new("DROP MASKING POLICY").of_kind(KIND.word).full_name(name),
};

pub(super) const ROWS: &[Property<MaskingPolicy>] = &[Property::column(
    "comment",
    "COMMENT",
    "comment",
    &Lens {
        get: |s: &MaskingPolicy| s.comment().map(str::to_owned),
        set: |s: &mut MaskingPolicy, v: String| s.comment = Some(Comment(v)),
    },
)];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a MaskingPolicy| {
        let path = ["maskingPolicies.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|name| {
            let said = Said { arguments: &spec.arguments, returns: Some(&spec.returns), body: &spec.body };
            let mut object = PolicyObject::read(&KIND, ROWS, spec, name.clone(), &path, &said)?;
            object.exempt = spec.exempt_other_policies;
            Ok(Wanted::new(&KIND, name, object))
        });
        Listing { path, wanted }
    };
    spec.masking_policies.iter().map(of).collect()
}
