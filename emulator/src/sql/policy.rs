//! Policies on data: how they are made, and how they are put on tables, views and columns (docs:
//! create-masking-policy, create-row-access-policy, create-aggregation-policy, create-projection-policy).

use super::cursor::{Cursor, Path};
use super::data_type::{DataType, data_type};
use super::property::{Property, Setting, Takes, find, row, setting, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How, ObjectKind};
use crate::error::SqlError;

/// A policy that a statement puts on an object or on a column, and the columns that it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attach {
    pub(crate) kind: ObjectKind,
    pub(crate) policy: Path,
    pub(crate) columns: Vec<String>,
}

/// What ALTER does to the policies of an object, or of one of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyChange {
    /// `DROP ROW ACCESS POLICY`, `ADD ROW ACCESS POLICY`, or both.
    Exchange {
        drop: Option<Path>,
        add: Option<Attach>,
    },
    DropAllRowAccess,
    /// SET, and FORCE.
    Set(Attach, bool),
    Unset(ObjectKind),
}

/// (kind, whether it is for a column, the word before its columns).
const KINDS: [(ObjectKind, bool, &str); 4] = [
    (ObjectKind::RowAccessPolicy, false, "ON"),
    (ObjectKind::AggregationPolicy, false, "ENTITY KEY"),
    (ObjectKind::MaskingPolicy, true, "USING"),
    (ObjectKind::ProjectionPolicy, true, ""),
];

/// Is it a policy on data?
pub(crate) fn is_one(kind: ObjectKind) -> bool {
    KINDS.iter().any(|(of, ..)| *of == kind)
}

/// The kind of a policy for columns, or of one for whole objects, when its words come next.
fn policy_kind(cursor: &mut Cursor, column: bool) -> Option<ObjectKind> {
    let mut kinds = KINDS.iter().filter(|(_, for_column, _)| *for_column == column);
    kinds.find(|(kind, ..)| cursor.takes(kind.singular())).map(|(kind, ..)| *kind)
}

/// `[WITH] ROW ACCESS POLICY p ON (…)`, `[WITH] MASKING POLICY p [USING (…)]` and their like; nothing when none comes.
pub(crate) fn attach(cursor: &mut Cursor, column: bool) -> Result<Option<Attach>, SqlError> {
    let mut kinds = KINDS.iter().filter(|(_, for_column, _)| *for_column == column);
    let found = kinds.find(|(kind, ..)| {
        cursor.takes(&format!("WITH {}", kind.singular())) || cursor.takes(kind.singular())
    });
    found.map(|(kind, ..)| attach_after(cursor, *kind)).transpose()
}

/// What ALTER says of policies, of an object or of a column; nothing when it speaks of something else.
pub(crate) fn change(cursor: &mut Cursor, column: bool) -> Result<Option<PolicyChange>, SqlError> {
    const ROW: ObjectKind = ObjectKind::RowAccessPolicy;
    if !column && cursor.takes("DROP ALL ROW ACCESS POLICIES") {
        return Ok(Some(PolicyChange::DropAllRowAccess));
    }
    if !column && cursor.takes("ADD ROW ACCESS POLICY") {
        return Ok(Some(PolicyChange::Exchange { drop: None, add: Some(attach_after(cursor, ROW)?) }));
    }
    if !column && cursor.takes("DROP ROW ACCESS POLICY") {
        let drop = Some(cursor.path()?);
        let mut add = None;
        if cursor.takes_symbol(",") || cursor.is("ADD") {
            cursor.expect("ADD ROW ACCESS POLICY")?;
            add = Some(attach_after(cursor, ROW)?);
        }
        return Ok(Some(PolicyChange::Exchange { drop, add }));
    }
    for (kind, for_column, _) in KINDS {
        if for_column != column {
            continue;
        }
        if cursor.takes(&format!("SET {}", kind.singular())) {
            let policy = attach_after(cursor, kind)?;
            return Ok(Some(PolicyChange::Set(policy, cursor.takes("FORCE"))));
        }
        if cursor.takes(&format!("UNSET {}", kind.singular())) {
            return Ok(Some(PolicyChange::Unset(kind)));
        }
    }
    Ok(None)
}

/// A policy and its columns, after the words of its kind.
fn attach_after(cursor: &mut Cursor, kind: ObjectKind) -> Result<Attach, SqlError> {
    let policy = cursor.path()?;
    let word = KINDS.iter().find(|(of, ..)| *of == kind).map_or("", |(.., word)| *word);
    let columns = match kind {
        ObjectKind::RowAccessPolicy => {
            cursor.expect(word)?;
            cursor.bracketed(Cursor::identifier)?
        }
        _ if !word.is_empty() && cursor.takes(word) => cursor.bracketed(Cursor::identifier)?,
        _ => Vec::new(),
    };
    Ok(Attach { kind, policy, columns })
}

const COMMENT: Property = Property { name: "COMMENT", takes: Takes::Text };
const EXEMPT: Property = Property { name: "EXEMPT_OTHER_POLICIES", takes: Takes::Boolean };

fn table_of(kind: ObjectKind) -> &'static [Property] {
    if kind == ObjectKind::MaskingPolicy { &[COMMENT, EXEMPT] } else { &[COMMENT] }
}

#[derive(Clone, Debug)]
pub(crate) struct CreatePolicy {
    pub(crate) kind: ObjectKind,
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) arguments: Vec<(String, DataType)>,
    pub(crate) returns: String,
    pub(crate) body: String,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterPolicy {
    pub(crate) kind: ObjectKind,
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: PolicyAction,
}

#[derive(Clone, Debug)]
pub(crate) enum PolicyAction {
    RenameTo(Path),
    SetBody(String),
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
}

/// Do the words of such a kind come next?
pub(crate) fn comes(cursor: &Cursor) -> bool {
    let words =
        |kind: ObjectKind| kind.singular().split(' ').enumerate().all(|(at, word)| cursor.is_at(at, word));
    KINDS.iter().any(|(kind, ..)| words(*kind))
}

fn kind(cursor: &mut Cursor) -> Result<ObjectKind, SqlError> {
    match policy_kind(cursor, true).or_else(|| policy_kind(cursor, false)) {
        Some(kind) => Ok(kind),
        None => cursor.unexpected(),
    }
}

/// After `CREATE [OR REPLACE | OR ALTER]`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let kind = kind(cursor)?;
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    cursor.expect("AS")?;
    let place = cursor.peek().clone();
    let arguments = cursor.bracketed(|cursor| Ok((cursor.identifier()?, data_type(cursor)?)))?;
    let takes = matches!(kind, ObjectKind::MaskingPolicy | ObjectKind::RowAccessPolicy);
    if arguments.is_empty() == takes {
        return Err(place.unexpected());
    }
    cursor.expect("RETURNS")?;
    let returns = match kind {
        ObjectKind::RowAccessPolicy => word(cursor, "BOOLEAN")?,
        ObjectKind::AggregationPolicy => word(cursor, "AGGREGATION_CONSTRAINT")?,
        ObjectKind::ProjectionPolicy => word(cursor, "PROJECTION_CONSTRAINT")?,
        _ => returned(&data_type(cursor)?),
    };
    cursor.expect_symbol("->")?;
    let body = body(cursor, table_of(kind))?;
    let (mut settings, mut tags) = (Vec::new(), Vec::new());
    while !cursor.done() {
        if let Some(property) = row(cursor, &|name| find(&[table_of(kind)], name)) {
            setting(cursor, property, &mut settings)?;
        } else {
            cursor.takes("WITH");
            tags = tag::association(cursor)?;
        }
    }
    Ok(Command::CreatePolicy(CreatePolicy { kind, how, path, arguments, returns, body, settings, tags }))
}

fn word(cursor: &mut Cursor, word: &str) -> Result<String, SqlError> {
    cursor.expect(word)?;
    Ok(word.to_owned())
}

/// A type as DESCRIBE shows it in signatures: without length and digits, but for VECTOR's.
pub(crate) fn plain_type(kind: &DataType) -> String {
    let shown = kind.shown();
    match kind {
        DataType::Vector(..) => shown,
        _ => shown.split_once('(').map_or(shown.as_str(), |(name, _)| name).to_owned(),
    }
}

/// The type that a masking policy returns, as DESCRIBE shows it.
fn returned(kind: &DataType) -> String {
    match kind {
        DataType::Plain(name) if name == "DECFLOAT" => "DECFLOAT(38)".into(),
        kind => kind.shown(),
    }
}

/// An expression, as it was written, up to a property or to the end.
fn body(cursor: &mut Cursor, ends: &'static [Property]) -> Result<String, SqlError> {
    let mark = cursor.mark();
    let mut depth = 0_usize;
    while !cursor.done() {
        let sets = matches!(&cursor.look(1).kind, super::tokens::Kind::Symbol(symbol) if symbol == "=");
        if depth == 0 && sets && row(cursor, &|name| find(&[ends], name)).is_some() {
            break;
        }
        if depth == 0 && cursor.is("WITH") && cursor.is_at(1, "TAG") {
            break;
        }
        match () {
            () if cursor.is_symbol("(") => depth += 1,
            () if cursor.is_symbol(")") && depth == 0 => return cursor.unexpected(),
            () if cursor.is_symbol(")") => depth -= 1,
            () => {}
        }
        cursor.next();
    }
    if cursor.mark() == mark || depth > 0 {
        return cursor.unexpected();
    }
    let text = cursor.written_since(mark);
    super::definition::expression(cursor, mark)?;
    Ok(text)
}

/// After `ALTER`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let kind = kind(cursor)?;
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let find_here = |name: &str| find(&[&[COMMENT]], name);
    let action = if cursor.takes("RENAME TO") {
        PolicyAction::RenameTo(cursor.path()?)
    } else if cursor.takes("SET BODY") {
        cursor.expect_symbol("->")?;
        PolicyAction::SetBody(body(cursor, &[])?)
    } else if cursor.takes("SET") {
        if cursor.is("TAG") {
            PolicyAction::SetTags(tag::set(cursor)?)
        } else {
            PolicyAction::Set(some_settings(cursor, &find_here)?)
        }
    } else {
        cursor.expect("UNSET")?;
        if cursor.is("TAG") {
            PolicyAction::UnsetTags(tag::unset(cursor)?)
        } else {
            PolicyAction::Unset(unset(cursor, &find_here)?)
        }
    };
    Ok(Command::AlterPolicy(AlterPolicy { kind, path, if_exists, action }))
}
