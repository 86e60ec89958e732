//! Streams (docs: create-stream, alter-stream).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, row, setting};
use super::tag::{self, Tagging};
use super::{Command, How, ObjectKind};
use crate::error::SqlError;

const PROPERTIES: &[Property] = &[
    Property { name: "APPEND_ONLY", takes: Takes::Flag },
    Property { name: "INSERT_ONLY", takes: Takes::Flag },
    Property { name: "SHOW_INITIAL_ROWS", takes: Takes::Flag },
    Property { name: "COMMENT", takes: Takes::TextOrNull },
];

/// What a stream may be on, and which properties it then takes.
const SOURCES: [(&str, ObjectKind, &[&str]); 6] = [
    ("EXTERNAL TABLE", ObjectKind::ExternalTable, &["INSERT_ONLY", "COMMENT"]),
    ("EVENT TABLE", ObjectKind::EventTable, &["APPEND_ONLY", "SHOW_INITIAL_ROWS", "COMMENT"]),
    ("DYNAMIC TABLE", ObjectKind::DynamicTable, &["APPEND_ONLY", "SHOW_INITIAL_ROWS", "COMMENT"]),
    ("TABLE", ObjectKind::Table, &["APPEND_ONLY", "SHOW_INITIAL_ROWS", "COMMENT"]),
    ("VIEW", ObjectKind::View, &["APPEND_ONLY", "SHOW_INITIAL_ROWS", "COMMENT"]),
    ("STAGE", ObjectKind::Stage, &["COMMENT"]),
];

#[derive(Clone, Debug)]
pub(crate) struct CreateStream {
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) from: StreamFrom,
    pub(crate) copy_grants: bool,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
}

#[derive(Clone, Debug)]
pub(crate) enum StreamFrom {
    Source { kind: ObjectKind, path: Path, point: Option<Point> },
    Clone(Path),
}

/// `AT | BEFORE ( … )`
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) before: bool,
    pub(crate) at: Moment,
}

#[derive(Clone, Debug)]
pub(crate) enum Moment {
    /// A text or the text of an expression, which the account reads.
    Timestamp(String),
    /// Seconds before now.
    Offset(i64),
    Statement(String),
    Stream(String),
}

#[derive(Clone, Debug)]
pub(crate) struct AlterStream {
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: StreamAction,
}

#[derive(Clone, Debug)]
pub(crate) enum StreamAction {
    Comment(Option<String>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
}

/// After `CREATE … STREAM`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    let mut create = CreateStream {
        how,
        path,
        from: StreamFrom::Clone(Vec::new()),
        copy_grants: false,
        settings: Vec::new(),
        tags: Vec::new(),
    };
    if cursor.takes("CLONE") {
        create.from = StreamFrom::Clone(cursor.path()?);
        create.copy_grants = cursor.takes("COPY GRANTS");
        cursor.finish()?;
        return Ok(Command::CreateStream(Box::new(create)));
    }
    while !cursor.is("ON") {
        if create.tags.is_empty() && (cursor.takes("WITH TAG") || cursor.takes("TAG")) {
            create.tags = tag::after_tag(cursor)?;
        } else if !create.copy_grants && cursor.takes("COPY GRANTS") {
            create.copy_grants = true;
        } else {
            return cursor.unexpected();
        }
    }
    cursor.next();
    let Some((_, kind, properties)) = SOURCES.iter().find(|(words, ..)| cursor.takes(words)) else {
        return cursor.unexpected();
    };
    let source = cursor.path()?;
    let point = if *kind == ObjectKind::Stage { None } else { point(cursor)? };
    create.from = StreamFrom::Source { kind: *kind, path: source, point };
    let known = |name: &str| find(&[PROPERTIES], name).filter(|property| properties.contains(&property.name));
    while !cursor.done() {
        match row(cursor, &known) {
            Some(property) => setting(cursor, property, &mut create.settings)?,
            None => return cursor.unexpected(),
        }
    }
    Ok(Command::CreateStream(Box::new(create)))
}

fn point(cursor: &mut Cursor) -> Result<Option<Point>, SqlError> {
    let before = cursor.is("BEFORE");
    if !(cursor.takes("AT") || cursor.takes("BEFORE")) {
        return Ok(None);
    }
    cursor.expect_symbol("(")?;
    let word = cursor.word()?;
    cursor.expect_symbol("=>")?;
    let at = match word.as_str() {
        "TIMESTAMP" => Moment::Timestamp(until_bracket(cursor)?),
        "OFFSET" => {
            let place = cursor.peek().clone();
            let text = until_bracket(cursor)?;
            // A number, or a product as the documentation writes it: `-60*5`.
            let product = text.split('*').map(|part| part.trim().parse::<i64>().ok());
            let product = product.reduce(|left, right| left?.checked_mul(right?)).flatten();
            Moment::Offset(product.ok_or_else(|| place.unexpected())?)
        }
        "STATEMENT" => Moment::Statement(cursor.text()?),
        "STREAM" => Moment::Stream(cursor.text()?),
        _ => return cursor.unexpected(),
    };
    cursor.expect_symbol(")")?;
    Ok(Some(Point { before, at }))
}

/// What stands there, up to the bracket that closes.
fn until_bracket(cursor: &mut Cursor) -> Result<String, SqlError> {
    let (mut depth, mut text) = (0, String::new());
    while depth > 0 || !cursor.is_symbol(")") {
        if cursor.done() {
            return cursor.unexpected();
        }
        if cursor.is_symbol("(") {
            depth += 1;
        } else if cursor.is_symbol(")") {
            depth -= 1;
        }
        text.push_str(&cursor.next().kind.written());
    }
    Ok(text)
}

/// After `ALTER STREAM`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let set = cursor.takes("SET");
    if !set {
        cursor.expect("UNSET")?;
    }
    let action = match (set, cursor.is("TAG")) {
        (true, true) => StreamAction::SetTags(tag::set(cursor)?),
        (false, true) => StreamAction::UnsetTags(tag::unset(cursor)?),
        (set, false) => {
            cursor.expect("COMMENT")?;
            if set {
                cursor.expect_symbol("=")?;
            }
            StreamAction::Comment(if set { Some(cursor.text()?) } else { None })
        }
    };
    Ok(Command::AlterStream(AlterStream { path, if_exists, action }))
}
