//! `PROCEDURE`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-procedure>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-procedure>.
//!
//! What a body names has to be there when it is called, not before. ALTER PROCEDURE knows no SECURE, so that takes a
//! replacement.

use super::{
    names::Directory,
    object::{Kind, Listing, lens},
    routine::{self, Clause, Means, Properties, Row, signature, written},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, procedures::Procedure},
    plan::{Property, property::Release},
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "PROCEDURE",
    // SHOW PROCEDURES has Snowflake's own besides.
    show: Show { words: "SHOW USER PROCEDURES", kind: "PROCEDURE", by: By::Signature },
    depth: 3,
    holds: None,
    names: |spec, directory| {
        directory.add_all(&KIND, &spec.procedures, |entry| signature(&entry.arguments));
    },
    wanted,
    least: |name| routine::least(KIND.word, name),
    drop: |name| Statement::new("DROP PROCEDURE").of_kind("PROCEDURE").full_name(name),
};

pub(super) const ROWS: &[Row] = &[
    Row::shown(
        Property::column("secure", "SECURE", "is_secure", lens!(Properties, secure))
            .release(Release::Set("FALSE")),
        Clause::Before,
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
    Row::described(
        Property::column("packages", "PACKAGES", "packages", lens!(Properties, packages))
            .release(Release::Set("()")),
        Clause::Assigned,
        Means::OrAlter,
    ),
    Row::described(
        Property::column("imports", "IMPORTS", "imports", lens!(Properties, imports))
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
    Row::described(
        Property::column("nullInput", "NULL INPUT", "null handling", lens!(Properties, null_input))
            .release(Release::Set("CALLED ON NULL INPUT")),
        Clause::Value,
        Means::Replace,
    ),
    Row::shown(
        Property::column("comment", "COMMENT", "description", lens!(Properties, comment)),
        Clause::Assigned,
        Means::Set,
    ),
    Row::described(
        Property::column("executeAs", "EXECUTE AS", "execute as", lens!(Properties, execute_as))
            .release(Release::Set("OWNER")),
        Clause::Named,
        Means::Named,
    ),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Procedure| {
        let path = ["procedures.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|name| {
            let more = Properties { execute_as: spec.execute_as, ..Properties::default() };
            routine::wanted(&KIND, ROWS, &name, &written!(path.clone(), spec), directory, more)
        });
        Listing { path, wanted }
    };
    spec.procedures.iter().map(of).collect()
}
