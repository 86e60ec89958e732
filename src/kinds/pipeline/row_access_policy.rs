//! `ROW ACCESS POLICY`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-row-access-policy>.
//!
//! How it changes is in [`super::policy`], how it comes onto tables and views in [`super::attach`].

use super::{
    names::Directory,
    object::{Kind, Listing, Wanted},
    policy::{PolicyObject, Said},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, row_access_policies::RowAccessPolicy, text::Comment},
    plan::{Property, property::Lens},
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "ROW ACCESS POLICY",
    show: Show { words: "SHOW ROW ACCESS POLICIES", kind: "ROW ACCESS POLICY", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| directory.add_all(&KIND, &spec.row_access_policies, |_| None),
    wanted,
    least: |name| {
        Statement::new("CREATE ROW ACCESS POLICY")
            .of_kind(KIND.word)
            .full_name(name)
            .keyword("AS (PROBE INT) RETURNS BOOLEAN -> TRUE")
    },
    drop: |name| Statement::new("DROP ROW ACCESS POLICY").of_kind(KIND.word).full_name(name),
};

pub(super) const ROWS: &[Property<RowAccessPolicy>] = &[Property::column(
    "comment",
    "COMMENT",
    "comment",
    &Lens {
        get: |s: &RowAccessPolicy| s.comment().map(str::to_owned),
        set: |s: &mut RowAccessPolicy, v: String| s.comment = Some(Comment(v)),
    },
)];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a RowAccessPolicy| {
        let path = ["rowAccessPolicies.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|name| {
            let said = Said { arguments: &spec.arguments, returns: None, body: &spec.body };
            let object = PolicyObject::read(&KIND, ROWS, spec, name.clone(), &path, &said)?;
            Ok(Wanted::new(&KIND, name, object))
        });
        Listing { path, wanted }
    };
    spec.row_access_policies.iter().map(of).collect()
}
