//! `FUNCTION`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-function>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-function>.
//!
//! What the body of a function in SQL names has to be there when it is created.

use super::{
    names::Directory,
    object::{Kind, Listing, lens},
    routine::{self, Clause, Means, Properties, Row, signature, written},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, functions::Function},
    plan::{Property, property::Release},
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "FUNCTION",
    // SHOW FUNCTIONS has Snowflake's own besides.
    show: Show { words: "SHOW USER FUNCTIONS", kind: "FUNCTION", by: By::Signature },
    depth: 3,
    holds: None,
    names: |spec, directory| {
        directory.add_all(&KIND, &spec.functions, |entry| signature(&entry.arguments));
    },
    wanted,
    least: |name| routine::least(KIND.word, name),
    drop: |name| Statement::new("DROP FUNCTION").of_kind("FUNCTION").full_name(name),
};

pub(super) const ROWS: &[Row] = &[
    Row::shown(
        Property::column("secure", "SECURE", "is_secure", lens!(Properties, secure))
            .release(Release::Set("FALSE")),
        Clause::Before,
        Means::Flag,
    ),
    Row::described(
        Property::column("nullInput", "NULL INPUT", "null handling", lens!(Properties, null_input))
            .release(Release::Set("CALLED ON NULL INPUT")),
        Clause::Value,
        Means::Replace,
    ),
    Row::described(
        Property::column("volatility", "VOLATILITY", "volatility", lens!(Properties, volatility))
            .release(Release::Set("VOLATILE")),
        Clause::Value,
        Means::Replace,
    ),
    Row::shown(
        Property::column("memoizable", "MEMOIZABLE", "is_memoizable", lens!(Properties, memoizable))
            .release(Release::Set("FALSE")),
        Clause::Flag,
        Means::Replace,
    ),
    Row::described(
        Property::column(
            "runtimeVersion",
            "RUNTIME_VERSION",
            "runtime_version",
            lens!(Properties, runtime_version),
        )
        .release(Release::Leave),
        Clause::Assigned,
        Means::OrAlter,
    ),
    Row::shown(
        Property::column("comment", "COMMENT", "description", lens!(Properties, comment)),
        Clause::Assigned,
        Means::Set,
    ),
    Row::described(
        Property::column("imports", "IMPORTS", "imports", lens!(Properties, imports))
            .release(Release::Set("()")),
        Clause::Assigned,
        Means::OrAlter,
    ),
    Row::described(
        Property::column("packages", "PACKAGES", "packages", lens!(Properties, packages))
            .release(Release::Set("()")),
        Clause::Assigned,
        Means::OrAlter,
    ),
    Row::described(
        Property::column("handler", "HANDLER", "handler", lens!(Properties, handler)).release(Release::Leave),
        Clause::Assigned,
        Means::Replace,
    ),
    Row::described_if_any(
        Property::column(
            "externalAccessIntegrations",
            "EXTERNAL_ACCESS_INTEGRATIONS",
            "external_access_integrations",
            lens!(Properties, integrations),
        ),
        Clause::Assigned,
        Means::Set,
    ),
    Row::described_if_any(
        Property::column("secrets", "SECRETS", "secrets", lens!(Properties, secrets))
            .release(Release::Set("()")),
        Clause::Assigned,
        Means::Set,
    ),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Function| {
        let path = ["functions.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|name| {
            let more = Properties {
                volatility: spec.volatility,
                memoizable: spec.memoizable,
                ..Properties::default()
            };
            routine::wanted(&KIND, ROWS, &name, &written!(path.clone(), spec), directory, more)
        });
        Listing { path, wanted }
    };
    spec.functions.iter().map(of).collect()
}
