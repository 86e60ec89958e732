//! `TAG`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-tag>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-tag>.

use super::{
    names::Directory,
    object::{Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, text},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, tags::Tag, text::Comment},
    engine::fault::Fault,
    plan::{
        Change, Property, Risk,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::full_name::FullName,
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "TAG",
    show: Show { words: "SHOW TAGS", kind: "TAG", by: By::Path },
    depth: 3,
    // Its values on objects go with it.
    holds: Some("its values on other objects"),
    names: |spec, directory| directory.add_all(&KIND, &spec.tags, |_| None),
    wanted,
    least: |name| Statement::new("CREATE TAG").of_kind(KIND.word).full_name(name),
    drop: |name| Statement::new("DROP TAG").of_kind(KIND.word).full_name(name),
};

pub(super) const ROWS: &[Property<Tag>] = &[
    Property::column(
        "propagate",
        "PROPAGATE",
        "propagate",
        &Lens { get: |s: &Tag| s.propagate, set: |s: &mut Tag, v| s.propagate = Some(v) },
    ),
    Property::column(
        "comment",
        "COMMENT",
        "comment",
        &Lens {
            get: |s: &Tag| s.comment().map(str::to_owned),
            set: |s: &mut Tag, v: String| s.comment = Some(Comment(v)),
        },
    ),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Tag| {
        let path = ["tags.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).map(|name| {
            let object = TagObject { spec, name: name.clone() };
            Wanted::new(&KIND, name, object)
        });
        Listing { path, wanted }
    };
    spec.tags.iter().map(of).collect()
}

struct TagObject<'a> {
    spec: &'a Tag,
    name: FullName,
}

/// `'a', 'b'`, as ALLOWED_VALUES has it: without parentheses.
fn listed(mut statement: Statement, values: &[&str]) -> Statement {
    for (n, value) in values.iter().enumerate() {
        statement = if n == 0 { statement } else { statement.keyword(",") }.literal(value);
    }
    statement
}

/// `["a","b"]`, as SHOW TAGS has it.
fn shown(cell: &str) -> Option<Vec<String>> {
    if cell.is_empty() || cell.eq_ignore_ascii_case("null") {
        return Some(vec![]);
    }
    serde_json::from_str(cell).ok()
}

impl TagObject<'_> {
    fn values(&self) -> Option<Vec<&str>> {
        self.spec.allowed_values.as_ref().map(|all| all.iter().map(|value| &**value).collect())
    }
}

impl Object for TagObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let statement = how.begin(&KIND, &self.name);
        let statement = statement
            .with(self.values(), |statement, values| listed(statement.keyword("ALLOWED_VALUES"), &values));
        assignments(statement, ROWS, self.spec)
    }
    fn fields(&self) -> Vec<Change> {
        let values = self.values().map(|values| created("allowedValues", text(values.join(", "))));
        values.into_iter().chain(fields(ROWS, self.spec)).collect()
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER TAG").of_kind(KIND.word).full_name(&self.name);
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        if there.ignores("allowedValues") {
            return Ok(update);
        }
        let wanted = self.values();
        if wanted.is_none() && !there.entry.managed.contains("allowedValues") {
            return Ok(update);
        }
        let cell = there.found.text("allowed_values").unwrap_or_default();
        let Some(present) = shown(cell) else {
            return Err(Fault::Refused(format!(
                "spec.tags.{}.allowedValues: Snowflake says {cell:?}, which this version does not understand; add allowedValues to ignoreFields, or update the operator",
                self.spec.name
            )));
        };
        let from = (!present.is_empty()).then(|| present.join(", "));
        let Some(wanted) = wanted else {
            if from.is_some() {
                let change = changed("allowedValues", from.as_deref(), None, Risk::Safe);
                update.push(change, alter().keyword("UNSET ALLOWED_VALUES"));
            }
            return Ok(update);
        };
        update.managed.insert("allowedValues");
        let added: Vec<&str> =
            wanted.iter().copied().filter(|value| !present.iter().any(|is| is == value)).collect();
        let gone: Vec<&str> =
            present.iter().map(String::as_str).filter(|value| !wanted.contains(value)).collect();
        if added.is_empty() && gone.is_empty() {
            return Ok(update);
        }
        let to = wanted.join(", ");
        update.changes.push(changed("allowedValues", from.as_deref(), Some(&to), Risk::Safe));
        // First what is added: a tag without allowed values would take any.
        for (words, values) in [("ADD ALLOWED_VALUES", added), ("DROP ALLOWED_VALUES", gone)] {
            if !values.is_empty() {
                update.statements.push(listed(alter().keyword(words), &values));
            }
        }
        Ok(update)
    }
}
