//! One row per property of an object in Snowflake. CREATE, ALTER, comparison and import derive from the rows.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::Serialize;

use crate::{
    snowflake::Statement,
    values::canonical::{Canonical, Value},
};

/// What a change does to those who use the object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nobody notices.
    #[default]
    Safe,
    /// Running work is interrupted.
    Disruptive,
    /// Something is lost that can't be had again: it waits for approval.
    Destructive,
}

/// What happens to a managed property that leaves the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// `UNSET` it: Snowflake's default, or the value of the level above, applies again.
    Unset,
    /// `SET` it to this literal, where UNSET does something else (`UNSET AUTO_SUSPEND` means never).
    Set(&'static str),
    /// Leave the value as it is.
    Leave,
}

/// Where the present value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A column of SHOW.
    Column(&'static str),
    /// `SHOW PARAMETERS IN <kind> <name>`, by the parameter's name.
    Parameter,
}

/// What was read for one property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// The answer has no such column.
    NoColumn,
    /// A parameter that is not set on the object itself.
    Inherited,
    /// It was not read: what was sent last is taken for what is there.
    Unread,
    /// The cell; `None` is NULL.
    Is(Option<&'a str>),
}

/// One property of the objects that `S` specifies.
pub struct Property<S: 'static> {
    /// The path in the spec (`autoSuspend`).
    pub path: &'static str,
    /// The name in DDL (`AUTO_SUSPEND`).
    pub ddl: &'static str,
    pub source: Source,
    pub release: Release,
    pub risk: Risk,
    value: &'static dyn Access<S>,
}

/// How a field of the spec is read and written.
pub struct Lens<S, T> {
    pub get: fn(&S) -> Option<T>,
    pub set: fn(&mut S, T),
}

trait Access<S>: Sync {
    fn is_set(&self, spec: &S) -> bool;
    /// Whether a cell plainly says what the spec does. False: its text has to be looked at.
    fn is_alike(&self, spec: &S, cell: Option<&str>) -> bool;
    fn wanted(&self, spec: &S) -> Option<Value>;
    fn parse(&self, cell: Option<&str>) -> Option<Value>;
    fn import(&self, cell: Option<&str>, spec: &mut S) -> bool;
}

impl<S, T: Canonical> Access<S> for Lens<S, T> {
    fn is_set(&self, spec: &S) -> bool {
        (self.get)(spec).is_some()
    }
    fn is_alike(&self, spec: &S, cell: Option<&str>) -> bool {
        let wanted = (self.get)(spec);
        wanted.is_some() && wanted == T::read(cell)
    }
    fn wanted(&self, spec: &S) -> Option<Value> {
        (self.get)(spec).map(|value| Value::of(&value))
    }
    fn parse(&self, cell: Option<&str>) -> Option<Value> {
        T::read(cell).map(|value| Value::of(&value))
    }
    fn import(&self, cell: Option<&str>, spec: &mut S) -> bool {
        T::read(cell).map(|value| (self.set)(spec, value)).is_some()
    }
}

impl<S> Property<S> {
    /// A property that is read from a column of SHOW and released by UNSET.
    pub const fn column<T: Canonical>(
        path: &'static str,
        ddl: &'static str,
        column: &'static str,
        value: &'static Lens<S, T>,
    ) -> Self {
        Self { path, ddl, source: Source::Column(column), release: Release::Unset, risk: Risk::Safe, value }
    }
    /// A parameter of the object, released by UNSET.
    pub const fn parameter<T: Canonical>(
        path: &'static str,
        ddl: &'static str,
        value: &'static Lens<S, T>,
    ) -> Self {
        Self { path, ddl, source: Source::Parameter, release: Release::Unset, risk: Risk::Safe, value }
    }
    pub const fn release(self, release: Release) -> Self {
        Self { release, ..self }
    }
    pub const fn risk(self, risk: Risk) -> Self {
        Self { risk, ..self }
    }
    /// What the spec wants; `None` is not managed.
    pub fn wanted(&self, spec: &S) -> Option<Value> {
        self.value.wanted(spec)
    }
    /// Writes what was read into a spec. False: it is not understood.
    pub fn import(&self, cell: Option<&str>, spec: &mut S) -> bool {
        self.value.import(cell, spec)
    }
    /// The present value. `None`: a parameter that is not set on the object, or a property without a value.
    pub fn present(&self, cell: Cell<'_>) -> Result<Option<Value>, NotUnderstood> {
        let text = match cell {
            Cell::Inherited | Cell::Unread => return Ok(None),
            Cell::NoColumn => return Err(NotUnderstood { path: self.path, ddl: self.ddl, said: None }),
            Cell::Is(text) => text,
        };
        match (self.value.parse(text), text) {
            (Some(value), _) => Ok(Some(value)),
            // NULL, '' and the text "null" are how Snowflake says "nothing".
            (None, None) => Ok(None),
            (None, Some(text)) if text.is_empty() || text.eq_ignore_ascii_case("null") => Ok(None),
            (None, Some(text)) => {
                Err(NotUnderstood { path: self.path, ddl: self.ddl, said: Some(text.to_owned()) })
            }
        }
    }
}

impl<S> fmt::Debug for Property<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property").field("path", &self.path).field("ddl", &self.ddl).finish_non_exhaustive()
    }
}

impl<S, T> fmt::Debug for Lens<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lens")
    }
}

/// Snowflake's answer lacks a property, or has it in a form that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct NotUnderstood {
    pub path: &'static str,
    pub ddl: &'static str,
    pub said: Option<String>,
}

impl NotUnderstood {
    fn sentence(&self) -> String {
        let (path, ddl) = (self.path, self.ddl);
        match &self.said {
            Some(said) => format!(
                "spec.{path}: Snowflake says {ddl} is {said:?}, which this version does not understand; add {path} to ignoreFields, or update the operator"
            ),
            None => format!(
                "spec.{path}: this account does not show {ddl}: its edition or region may not offer it; remove {path} from the spec"
            ),
        }
    }
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path in the spec.
    pub path: String,
    /// What Snowflake has; `None` is nothing, or a parameter that is inherited.
    pub from: Option<Value>,
    /// What it will have; `None` is released to Snowflake's default.
    pub to: Option<Value>,
    pub risk: Risk,
}

/// A change of one property, with the words that ALTER needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyChange {
    pub change: Change,
    pub ddl: &'static str,
    pub verb: Alter,
}

/// How ALTER makes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alter {
    Set(Value),
    Unset,
}

/// What the rows say of one object: changes, and paths whose management ends without a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub changes: Vec<PropertyChange>,
    /// The paths that are managed once the changes are made.
    pub managed: Paths,
}

/// Paths of fields. Most are names that are fixed in the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths(Vec<Cow<'static, str>>);

impl Paths {
    pub fn insert(&mut self, path: impl Into<Cow<'static, str>>) {
        if self.0.is_empty() {
            self.0.reserve(16);
        }
        self.0.push(path.into());
    }
    /// Whether it is the same set.
    pub fn is(&self, set: &BTreeSet<String>) -> bool {
        let mut all: Vec<&str> = self.0.iter().map(|path| &**path).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().eq(set.iter().map(String::as_str))
    }
    pub fn into_set(self) -> BTreeSet<String> {
        self.0.into_iter().map(Cow::into_owned).collect()
    }
}

impl IntoIterator for Paths {
    type Item = Cow<'static, str>;
    type IntoIter = std::vec::IntoIter<Self::Item>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<P: Into<Cow<'static, str>>> Extend<P> for Paths {
    fn extend<I: IntoIterator<Item = P>>(&mut self, paths: I) {
        self.0.extend(paths.into_iter().map(Into::into));
    }
}

impl<P: Into<Cow<'static, str>>> FromIterator<P> for Paths {
    fn from_iter<I: IntoIterator<Item = P>>(paths: I) -> Self {
        Self(paths.into_iter().map(Into::into).collect())
    }
}

/// Compares a spec with what Snowflake has. Fields that the spec leaves out are not compared, but one that was
/// managed until now is released, once.
pub fn difference<'a, 't, S: 'static>(
    table: impl IntoIterator<Item = &'t Property<S>>,
    spec: &S,
    managed: &BTreeSet<String>,
    ignored: &[String],
    cell: impl Fn(&Property<S>) -> Cell<'a>,
) -> Result<Difference, NotUnderstood> {
    let mut all = Difference::default();
    for property in table {
        if ignored.iter().any(|path| path == property.path) {
            continue;
        }
        let is_set = property.value.is_set(spec);
        if is_set {
            all.managed.insert(property.path);
        } else if !managed.contains(property.path) {
            continue;
        }
        let cell = cell(property);
        if matches!(cell, Cell::Is(text) if is_set && property.value.is_alike(spec, text)) {
            continue;
        }
        let wanted = property.wanted(spec);
        let verb = match (&wanted, managed.contains(property.path), property.release) {
            (Some(value), _, _) => Alter::Set(value.clone()),
            (None, true, Release::Unset) => Alter::Unset,
            (None, true, Release::Set(sql)) => Alter::Set(Value { sql: sql.into(), shown: sql.into() }),
            (None, true, Release::Leave) | (None, false, _) => continue,
        };
        if cell == Cell::Unread {
            continue;
        }
        let from = property.present(cell)?;
        let same = match &verb {
            Alter::Set(value) => from.as_ref().map_or(value.sql == "NULL", |from| from.sql == value.sql),
            // Only a parameter can be seen to be unset; a column is unset once, when its management ends.
            Alter::Unset => from.is_none(),
        };
        if !same {
            let to = wanted.or(match &verb {
                Alter::Set(value) => Some(value.clone()),
                Alter::Unset => None,
            });
            let change = Change { path: property.path.to_owned(), from, to, risk: property.risk };
            all.changes.push(PropertyChange { change, ddl: property.ddl, verb });
        }
    }
    Ok(all)
}

/// Fills a spec from what was read. What is left out: columns that are not there or NULL, parameters that are not
/// set on the object itself, and values that are not understood, whose paths are returned.
pub fn fill<'a, S>(
    rows: &'static [Property<S>],
    spec: &mut S,
    cell: impl Fn(&Property<S>) -> Cell<'a>,
) -> Vec<&'static str> {
    let mut odd = vec![];
    for property in rows {
        if let Cell::Is(text) = cell(property) {
            let nothing = text.is_none_or(|text| text.is_empty() || text.eq_ignore_ascii_case("null"));
            // NULL means something to some (AUTO_SUSPEND: never), and nothing to most.
            let taken = property.import(text, spec);
            if !taken && !nothing {
                odd.push(property.path);
            }
        }
    }
    odd
}

/// `NAME = value …` for CREATE: every property that the spec sets, in the order of the rows.
pub fn assignments<S>(mut statement: Statement, table: &[Property<S>], spec: &S) -> Statement {
    for property in table {
        if let Some(value) = property.wanted(spec) {
            statement = statement.keyword(property.ddl).keyword("=").value(&value);
        }
    }
    statement
}

/// `SET …` and `UNSET …` after `ALTER <kind> <name>`: as few statements as Snowflake allows.
pub fn alterations(alter: &Statement, changes: &[PropertyChange]) -> Vec<Statement> {
    let (mut set, mut unset) = (None, None);
    for change in changes {
        match &change.verb {
            Alter::Set(value) => {
                let begun = set.unwrap_or_else(|| alter.clone().keyword("SET"));
                set = Some(begun.keyword(change.ddl).keyword("=").value(value));
            }
            Alter::Unset => {
                let begun =
                    unset.map_or_else(|| alter.clone().keyword("UNSET"), |s: Statement| s.keyword(","));
                unset = Some(begun.keyword(change.ddl));
            }
        }
    }
    set.into_iter().chain(unset).collect()
}
