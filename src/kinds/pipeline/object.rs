//! What a kind of object says of itself: a file per kind, all with the same headings (rows, names, create, compare).

use std::{cell::RefCell, collections::BTreeSet, fmt::Display};

use sha2::{Digest, Sha256};

use super::{names::Directory, observe::Seen, preflight::Compute, queries::Reads};
use crate::{
    api::{pipeline::PipelineSpec, record::Entry},
    engine::{fault::Fault, ownership::bad_name},
    plan::{
        Cell, Change, Property, Risk, Source, Target,
        property::{Difference, Paths, alterations, difference},
    },
    snowflake::{
        Rows, Statement,
        catalog::{Found, Show},
    },
    values::{
        canonical::Value,
        data_type::{DataType, ShownType},
        full_name::FullName,
        ident::Ident,
        literal::hexadecimal,
        map::Map,
    },
};

/// The lens on a field of what a kind calls its `Properties`: one value each, or none.
macro_rules! lens {
    ($of:ty, $field:ident) => {
        &$crate::plan::property::Lens {
            get: |s: &$of| s.$field.clone(),
            set: |s: &mut $of, v| s.$field = Some(v),
        }
    };
}
pub(super) use lens;

/// A kind of object.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// Snowflake's word (`STREAM`).
    pub word: &'static str,
    /// How all of them are read. `kind` is [`word`](Self::word).
    pub show: Show,
    /// How many names a full name has: 1 for a database, 2 for a schema, 3 for what lies in one.
    pub depth: usize,
    /// What is lost with one, if something is: it is retained by default, and not created anew unasked.
    pub holds: Option<&'static str>,
    /// Makes the entries' names known.
    pub names: fn(&PipelineSpec, &mut Directory),
    /// The entries of a spec, each as an object or as what keeps it from being one.
    pub wanted: for<'a> fn(&'a PipelineSpec, &Directory) -> Vec<Listing<'a>>,
    /// The least creation, and the DROP.
    pub least: fn(&FullName) -> Statement,
    pub drop: fn(&FullName) -> Statement,
}

/// What an entry of a list comes to.
pub(super) struct Listing<'a> {
    /// `tables.STG_CALLS`: where a person finds it.
    pub path: String,
    pub wanted: Result<Wanted<'a>, Fault>,
}

/// An object that a spec wants.
pub(super) struct Wanted<'a> {
    pub kind: &'static Kind,
    pub name: FullName,
    /// The same as plans and records name it.
    pub on: Target,
    /// What its fields refer to, whether it is of this resource or not. What its SQL names is in [`Object::reads`].
    pub needs: Vec<Target>,
    /// The name that it has had until now.
    pub former: Option<FullName>,
    pub object: Box<dyn Object + Send + Sync + 'a>,
}

impl<'a> Wanted<'a> {
    pub fn new(kind: &'static Kind, name: FullName, object: impl Object + Send + Sync + 'a) -> Self {
        let on = target(kind, &name);
        Self { kind, name, on, needs: vec![], former: None, object: Box::new(object) }
    }
    pub fn needing(self, needs: Vec<Target>) -> Self {
        Self { needs, ..self }
    }
}

pub(super) fn target(kind: &Kind, name: &FullName) -> Target {
    Target::new(kind.word, name.text())
}

/// One object: what it is to be. All pure.
pub(super) trait Object {
    /// CREATE, without what decides about an object that is there already.
    fn create(&self, how: Create) -> Statement;
    /// What comes after CREATE, before it is what it is to be. When it does not come to that, comparing finds it.
    fn afterwards(&self) -> Vec<Statement> {
        vec![]
    }
    /// What CREATE sets, as changes from nothing.
    fn fields(&self) -> Vec<Change>;
    /// What differs, and how it is mended.
    fn compare(&self, there: &There<'_>) -> Result<Update, Fault>;
    /// Its SQL, as far as that may name objects that come before it.
    fn reads(&self) -> Reads<'_> {
        Reads::Nothing
    }
    /// What else than the list of its kind tells of it; `managed` is what is recorded.
    fn lists(&self, _managed: &BTreeSet<String>) -> Vec<Show> {
        vec![]
    }
    /// What is read for this object alone, because SHOW lacks it: a statement that reads.
    fn details(&self) -> Option<Statement> {
        None
    }
    /// A text that stands for all that [`details`](Self::details) would compare.
    fn sent(&self) -> Option<String> {
        None
    }
    /// Policies and tags that hang on it; see [`super::attach`].
    fn attachments(&self) -> Option<&super::attach::Attachments> {
        None
    }
    /// Why it can't be made or compared for now, although it is known what it is.
    fn waits(&self) -> Option<Fault> {
        None
    }
    /// What it runs on, if it runs.
    fn compute(&self) -> Option<Compute> {
        None
    }
    /// What only the whole of the graph can do; see [`super::task`].
    fn task(&self) -> Option<&super::task::Task> {
        None
    }
}

/// The beginning of a CREATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Create {
    /// Only where there is none: the probe.
    Plain,
    /// In the place of the one that is ours.
    Replace,
}

impl Create {
    /// `CREATE [OR REPLACE] <kind> <name>`.
    pub fn begin(self, kind: &Kind, name: &FullName) -> Statement {
        let words = if self == Self::Replace { "CREATE OR REPLACE" } else { "CREATE" };
        Statement::new(words).of_kind(kind.word).keyword(kind.word).full_name(name)
    }
}

/// An object of ours as it is.
pub(super) struct There<'a> {
    pub kind: &'static Kind,
    pub name: &'a FullName,
    pub found: &'a Found,
    /// The answer of [`Object::details`]; `None`: what was sent last is taken for what is there.
    pub details: Option<&'a Rows>,
    /// The columns as DESCRIBE has them, for masking policies; `None`: what is recorded is taken for what is there.
    pub description: Option<&'a Rows>,
    /// Nothing is recorded of anything: without a cluster, or where it is only looked.
    pub unrecorded: bool,
    pub entry: &'a Entry,
    /// What SHOW lacks was sent as it is wanted now.
    pub trusted: bool,
    pub ignored: &'a [String],
    pub seen: &'a Seen,
    pub types: &'a Types,
}

/// Types of columns by the texts that SHOW has for them: few texts, and many columns.
#[derive(Default)]
pub(super) struct Types(RefCell<Map<Box<str>, Option<ShownType>>>);

impl Types {
    /// `None`: it is not understood.
    pub fn read(&self, cell: &str) -> Option<ShownType> {
        let mut known = self.0.borrow_mut();
        if let Some(shown) = known.get(cell) {
            return shown.clone();
        }
        let shown = DataType::parse_json(cell).ok();
        known.insert(cell.into(), shown.clone());
        shown
    }
}

/// How an object becomes what it is to be.
#[derive(Default)]
pub(super) struct Update {
    /// What ALTER does, and its statements in order.
    pub changes: Vec<Change>,
    pub statements: Vec<Statement>,
    /// What loses data, by ALTER: it waits by itself, the rest does not wait for it.
    pub losing: Option<Losing>,
    /// What only another object in its place can do.
    pub replace: Option<Replace>,
    /// What is done about policies and tags, after `statements`.
    pub attaching: Option<super::attach::Attaching>,
    /// The paths that are managed afterwards.
    pub managed: Paths,
    /// What keeps it from its goal and no statement mends.
    pub fault: Option<Fault>,
}

/// What loses data, in a step of its own.
pub(super) struct Losing {
    pub changes: Vec<Change>,
    pub statements: Vec<Statement>,
    /// What is recorded as attached when it begins, and when it is done.
    pub attached: Option<[BTreeSet<String>; 2]>,
}

/// CREATE OR REPLACE of an object that is ours.
pub(super) struct Replace {
    pub changes: Vec<Change>,
    /// What comes before and after it in the same step.
    pub statement: Statement,
}

impl Update {
    /// What the rows of a kind say, with the ALTERs that follow.
    pub fn of_rows<S>(
        rows: &[Property<S>],
        spec: &S,
        alter: &dyn Fn() -> Statement,
        there: &There<'_>,
    ) -> Result<Self, Fault> {
        let Difference { changes, managed } =
            difference(rows, spec, &there.entry.managed, there.ignored, |row| there.cell(row))?;
        let statements = if changes.is_empty() { vec![] } else { alterations(&alter(), &changes) };
        let changes = changes.into_iter().map(|change| change.change).collect();
        Ok(Self { changes, statements, managed, ..Self::default() })
    }
    /// What other rows say, with statements of their own.
    pub fn join(&mut self, other: Self) {
        self.changes.extend(other.changes);
        self.statements.extend(other.statements);
        self.managed.extend(other.managed);
    }
    /// Another object takes the place of this one. It has all that the spec says at once, unless it waits for approval.
    pub fn replaced(&mut self, mut changes: Vec<Change>, statement: impl FnOnce() -> Statement) {
        if changes.is_empty() {
            return;
        }
        if changes.iter().all(|change| change.risk != Risk::Destructive) {
            changes.append(&mut self.changes);
            self.statements.clear();
        }
        self.replace = Some(Replace { changes, statement: statement() });
    }
    /// What a field without a row is to be (`None` inside: it is released); `None`: it is left alone.
    #[allow(clippy::option_option)] // not managed, released, wanted
    pub fn manages<T>(
        &mut self,
        path: &'static str,
        wanted: Option<T>,
        there: &There<'_>,
    ) -> Option<Option<T>> {
        if there.ignores(path) {
            return None;
        }
        if wanted.is_some() {
            self.managed.insert(path);
        }
        (wanted.is_some() || there.entry.managed.contains(path)).then_some(wanted)
    }
    /// A change with its statement.
    pub fn push(&mut self, change: Change, statement: Statement) {
        self.changes.push(change);
        self.statements.push(statement);
    }
}

impl There<'_> {
    /// A column of SHOW, or a parameter that was read for the object alone.
    pub fn cell<S>(&self, row: &Property<S>) -> Cell<'_> {
        match row.source {
            // As it is: a comment may be the word null. What else Snowflake calls nothing so, the value knows.
            Source::Column(column) => self.found.get(column).map_or_else(|| self.unread(), Cell::Is),
            Source::Parameter => {
                if self.details.is_none() {
                    return self.unread();
                }
                self.parameter(row.ddl).map_or(Cell::Inherited, |value| Cell::Is(Some(value)))
            }
        }
    }
    /// A parameter that is set on the object itself; SHOW PARAMETERS of the object was read.
    pub fn parameter(&self, parameter: &str) -> Option<&str> {
        // A dynamic table is a TABLE to its parameters.
        let word = self.kind.word.strip_prefix("DYNAMIC ").unwrap_or(self.kind.word);
        let is = |cell: Option<&str>, text: &str| cell.is_some_and(|cell| cell.eq_ignore_ascii_case(text));
        let level = |cell| is(cell, word) || is(cell, self.kind.word);
        let mut rows = self.details?.iter();
        let own = rows.find(|row| is(row.text("key"), parameter) && level(row.text("level")))?;
        Some(own.text("value").unwrap_or_default())
    }
    /// What can't be read is as it was sent; otherwise nothing is known of it, and it is set.
    fn unread(&self) -> Cell<'_> {
        if self.trusted { Cell::Unread } else { Cell::Inherited }
    }
    /// Whether another tool looks after a field.
    pub fn ignores(&self, path: &str) -> bool {
        self.ignored.iter().any(|ignored| ignored == path)
    }
    /// The value of a property in the answer of DESCRIBE, as procedures have it: a row for each.
    pub fn described(&self, property: &str) -> Option<&str> {
        let rows = self.details?;
        rows.iter().find(|row| row.text("property") == Some(property))?.text("value")
    }
}

/// What the rows of a kind set at creation.
pub(super) fn fields<S>(rows: &[Property<S>], spec: &S) -> Vec<Change> {
    rows.iter().filter_map(|row| Some(created(row.path, row.wanted(spec)?))).collect()
}

/// The parameters that a spec sets, as one text; `None`: it sets none.
pub(super) fn parameters<S>(rows: &[Property<S>], spec: &S) -> Option<String> {
    let rows = rows.iter().filter(|row| row.source == Source::Parameter);
    let set = rows.filter_map(|row| Some(format!("{} = {}", row.ddl, row.wanted(spec)?.sql)));
    let all: Vec<_> = set.collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// A field of an object that is created.
pub(super) fn created(path: impl Into<String>, to: Value) -> Change {
    Change { path: path.into(), from: None, to: Some(to), risk: Risk::Safe }
}

/// A text that a statement carries otherwise than the plan shows it.
pub(super) fn text(shown: impl Into<String>) -> Value {
    let shown = shown.into();
    Value { sql: shown.clone(), shown }
}

/// A change of a field, by text.
pub(super) fn changed(path: impl Into<String>, from: Option<&str>, to: Option<&str>, risk: Risk) -> Change {
    Change { path: path.into(), from: from.map(text), to: to.map(text), risk }
}

/// A name in a spec, with the place where it stands.
pub(super) fn name(path: impl Display, text: &str) -> Result<Ident, Fault> {
    Ident::from_spec(text).map_err(|error| Fault::Refused(format!("spec.{path}: {error}")))
}

/// The first eight bytes of the digest of a text, in hexadecimal.
pub(super) fn hash(text: &str) -> String {
    hexadecimal(&Sha256::digest(text)[..8])
}

/// The full name of an entry that a record keeps.
pub(super) fn recorded(entry_name: &str) -> Option<FullName> {
    FullName::parse(entry_name).map_err(bad_name("record")).ok()
}
