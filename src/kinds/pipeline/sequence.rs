//! `SEQUENCE`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-sequence>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-sequence>.
//!
//! Where it starts is only read at creation; where it stands now is its own business.

use super::{
    names::Directory,
    object::{Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, text},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, sequences::Sequence, text::Comment},
    engine::fault::Fault,
    plan::{
        Change, Property, Release, Risk,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{canonical::Canonical, full_name::FullName},
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "SEQUENCE",
    show: Show { words: "SHOW SEQUENCES", kind: "SEQUENCE", by: By::Path },
    depth: 3,
    holds: Some("its position"),
    names: |spec, directory| directory.add_all(&KIND, &spec.sequences, |_| None),
    wanted,
    least: |name| Statement::new("CREATE SEQUENCE").of_kind(KIND.word).full_name(name),
    drop: |name| Statement::new("DROP SEQUENCE").of_kind(KIND.word).full_name(name),
};

pub(super) const ROWS: &[Property<Sequence>] = &[Property::column(
    "comment",
    "COMMENT",
    "comment",
    &Lens {
        get: |s: &Sequence| s.comment().map(str::to_owned),
        set: |s: &mut Sequence, v: String| s.comment = Some(Comment(v)),
    },
)];

/// ALTER takes it in a statement of its own.
const INCREMENT: &[Property<Sequence>] = &[Property::column(
    "increment",
    "INCREMENT",
    "interval",
    &Lens { get: |s: &Sequence| s.increment, set: |s: &mut Sequence, v| s.increment = Some(v) },
)
.release(Release::Leave)];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Sequence| {
        let path = ["sequences.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).map(|name| {
            let object = SequenceObject { spec, name: name.clone() };
            Wanted::new(&KIND, name, object)
        });
        Listing { path, wanted }
    };
    spec.sequences.iter().map(of).collect()
}

struct SequenceObject<'a> {
    spec: &'a Sequence,
    name: FullName,
}

const fn order(ordered: bool) -> &'static str {
    if ordered { "ORDER" } else { "NOORDER" }
}

impl Object for SequenceObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let statement = how.begin(&KIND, &self.name);
        let statement =
            statement.with(self.spec.start, |statement, start| statement.keyword("START =").number(start));
        let statement = assignments(statement, INCREMENT, self.spec);
        let statement = statement.with(self.spec.ordered, |statement, on| statement.keyword(order(on)));
        assignments(statement, ROWS, self.spec)
    }
    fn fields(&self) -> Vec<Change> {
        let start = self.spec.start.map(|start| created("start", text(start.to_string())));
        let ordered = self.spec.ordered.map(|on| created("ordered", text(on.to_string())));
        let rows = fields(INCREMENT, self.spec).into_iter().chain(fields(ROWS, self.spec));
        start.into_iter().chain(ordered).chain(rows).collect()
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER SEQUENCE").of_kind(KIND.word).full_name(&self.name);
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        let mut increment = Update::of_rows(INCREMENT, self.spec, &alter, there)?;
        update.changes.append(&mut increment.changes);
        update.statements.append(&mut increment.statements);
        update.managed.extend(increment.managed);
        update.managed.extend(self.spec.start.map(|_| "start"));
        let Some(wanted) = self.spec.ordered else { return Ok(update) };
        update.managed.insert("ordered");
        let is = bool::read(there.found.text("ordered"));
        match (is, wanted) {
            (Some(true), false) if !there.ignores("ordered") => {
                let change = changed("ordered", Some("true"), Some("false"), Risk::Safe);
                update.push(change, alter().keyword("SET NOORDER"));
            }
            (Some(false), true) if !there.ignores("ordered") => {
                update.fault = Some(Fault::Refused(format!(
                    "spec.sequences.{}.ordered: it is false, and Snowflake can't make it true again: set it back, or use another sequence that starts behind this one",
                    self.spec.name
                )));
            }
            _ => {}
        }
        Ok(update)
    }
}
