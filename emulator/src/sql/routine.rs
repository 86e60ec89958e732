//! CREATE and ALTER PROCEDURE and FUNCTION, and CALL (docs: create-procedure, create-function, alter-procedure,
//! alter-function, call).

use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, Path};
use super::data_type::{DataType, data_type};
use super::property::{Property, Setting, Takes, find, row, setting, some_settings, unset};
use super::tag::{self, Tagging};
use super::tokens::Kind;
use super::{Command, How, ObjectKind, body, parameters};
use crate::error::SqlError;

/// What CREATE and SET take as `NAME = value`.
const PROPERTIES: &[Property] = &[
    Property { name: "COMMENT", takes: Takes::TextOrNull },
    Property { name: "EXTERNAL_ACCESS_INTEGRATIONS", takes: Takes::Names },
    Property { name: "SECRETS", takes: Takes::Opaque },
];

const CREATE_ONLY: &[Property] = &[
    Property { name: "RUNTIME_VERSION", takes: Takes::Any },
    Property { name: "PACKAGES", takes: Takes::Texts },
    Property { name: "IMPORTS", takes: Takes::Texts },
    Property { name: "HANDLER", takes: Takes::Text },
    Property { name: "TARGET_PATH", takes: Takes::Text },
    Property { name: "ARTIFACT_REPOSITORY", takes: Takes::NameOrText },
];

pub(crate) const LANGUAGES: [&str; 5] = ["SQL", "PYTHON", "JAVASCRIPT", "JAVA", "SCALA"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) kind: DataType,
    /// As it was written.
    pub(crate) default: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Returns {
    Value(DataType),
    Table(Vec<(String, DataType)>),
}

/// The types of arguments as SHOW and names have them: without sizes.
pub(crate) fn bare(kind: &DataType) -> String {
    match kind {
        DataType::Text(_) => "VARCHAR".into(),
        DataType::Vector(..) => kind.shown(),
        other => other.name(),
    }
}

/// `P(VARCHAR, NUMBER)`: overloads differ in it.
pub(crate) fn signature<'a>(name: &str, kinds: impl IntoIterator<Item = &'a DataType>) -> String {
    format!("{name}({})", kinds.into_iter().map(bare).collect::<Vec<_>>().join(", "))
}

#[derive(Clone, Debug)]
pub(crate) struct CreateRoutine {
    pub(crate) kind: ObjectKind,
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) secure: bool,
    pub(crate) aggregate: bool,
    pub(crate) copy_grants: bool,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returns: Returns,
    pub(crate) not_null: bool,
    pub(crate) language: String,
    /// RETURNS NULL ON NULL INPUT.
    pub(crate) strict: bool,
    pub(crate) immutable: bool,
    pub(crate) memoizable: bool,
    pub(crate) caller: bool,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
    pub(crate) body: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterRoutine {
    pub(crate) kind: ObjectKind,
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    RenameTo(Path),
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    Secure(bool),
    ExecuteAs { caller: bool },
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
}

/// `CALL p(…)`: how many arguments there are.
#[derive(Clone, Debug)]
pub(crate) struct CallProcedure {
    pub(crate) path: Path,
    pub(crate) arguments: usize,
}

/// The kind that CREATE makes, past SECURE, TEMPORARY and AGGREGATE.
pub(crate) fn comes(cursor: &Cursor) -> bool {
    let words = ["SECURE", "TEMP", "TEMPORARY", "AGGREGATE"];
    let mut ahead = 0;
    while words.iter().any(|word| cursor.is_at(ahead, word)) {
        ahead += 1;
    }
    cursor.is_at(ahead, "PROCEDURE") || cursor.is_at(ahead, "FUNCTION")
}

fn kind_of(cursor: &mut Cursor) -> Result<ObjectKind, SqlError> {
    match () {
        () if cursor.takes("PROCEDURE") => Ok(ObjectKind::Procedure),
        () if cursor.takes("FUNCTION") => Ok(ObjectKind::Function),
        () => cursor.unexpected(),
    }
}

fn argument(cursor: &mut Cursor) -> Result<Argument, SqlError> {
    let name = cursor.identifier()?;
    // IN, the only mode that a caller sees here, may be said.
    cursor.takes("IN");
    let kind = data_type(cursor)?;
    let default = if cursor.takes("DEFAULT") {
        let ends = |cursor: &Cursor| cursor.is_symbol(",") || cursor.is_symbol(")");
        Some(cursor.written_until(ends)).filter(|text| !text.is_empty())
    } else {
        None
    };
    Ok(Argument { name, kind, default })
}

fn returns(cursor: &mut Cursor) -> Result<Returns, SqlError> {
    if !cursor.takes("TABLE") {
        return data_type(cursor).map(Returns::Value);
    }
    let column = |cursor: &mut Cursor| Ok((cursor.identifier()?, data_type(cursor)?));
    cursor.bracketed(column).map(Returns::Table)
}

/// `EXECUTE AS CALLER | OWNER`, after EXECUTE.
fn execute_as(cursor: &mut Cursor) -> Result<bool, SqlError> {
    cursor.expect("AS")?;
    match () {
        () if cursor.takes("CALLER") || cursor.takes("RESTRICTED CALLER") => Ok(true),
        () if cursor.takes("OWNER") => Ok(false),
        () => cursor.unexpected(),
    }
}

/// After `CREATE [OR REPLACE | OR ALTER]`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let secure = cursor.takes("SECURE");
    let _temporary = cursor.takes("TEMPORARY") || cursor.takes("TEMP");
    let secure = secure || cursor.takes("SECURE");
    let aggregate = cursor.takes("AGGREGATE");
    let kind = kind_of(cursor)?;
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    let arguments = cursor.bracketed(argument)?;
    let copy_grants = cursor.optional("COPY", "GRANTS")?;
    cursor.expect("RETURNS")?;
    let mut made = CreateRoutine {
        kind,
        how,
        path,
        secure,
        aggregate,
        copy_grants,
        arguments,
        returns: returns(cursor)?,
        not_null: false,
        language: "SQL".into(),
        strict: false,
        immutable: false,
        memoizable: false,
        caller: false,
        settings: Vec::new(),
        tags: Vec::new(),
        body: None,
    };
    made.not_null = cursor.optional("NOT", "NULL")?;
    cursor.takes("NULL");
    while !cursor.done() && made.body.is_none() {
        clause(cursor, &mut made)?;
    }
    if made.body.is_none() && !made.settings.iter().any(|it| it.property.name == "IMPORTS") {
        return cursor.unexpected();
    }
    Ok(Command::CreateRoutine(Box::new(made)))
}

fn clause(cursor: &mut Cursor, made: &mut CreateRoutine) -> Result<(), SqlError> {
    let procedure = made.kind == ObjectKind::Procedure;
    match () {
        () if cursor.takes("LANGUAGE") => {
            let place = cursor.peek().clone();
            made.language = cursor.word()?;
            if !LANGUAGES.contains(&made.language.as_str()) {
                return Err(place.unexpected());
            }
        }
        () if cursor.takes("CALLED ON NULL INPUT") => made.strict = false,
        () if cursor.takes("RETURNS NULL ON NULL INPUT") || cursor.takes("STRICT") => made.strict = true,
        () if cursor.takes("VOLATILE") => made.immutable = false,
        () if cursor.takes("IMMUTABLE") => made.immutable = true,
        () if !procedure && cursor.takes("MEMOIZABLE") => made.memoizable = true,
        () if procedure && cursor.takes("EXECUTE") => made.caller = execute_as(cursor)?,
        () if cursor.is("TAG") || (cursor.is("WITH") && cursor.is_at(1, "TAG")) => {
            cursor.takes("WITH");
            made.tags = tag::association(cursor)?;
        }
        () if cursor.takes("AS") => {
            made.body = Some(match cursor.peek().kind.clone() {
                Kind::Text(text) => {
                    cursor.next();
                    text
                }
                _ => body::rest(cursor)?,
            });
            cursor.finish()?;
        }
        () => match row(cursor, &|name| find(&[PROPERTIES, CREATE_ONLY], name)) {
            Some(property) => setting(cursor, property, &mut made.settings)?,
            None => return cursor.unexpected(),
        },
    }
    Ok(())
}

/// After `ALTER`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let kind = kind_of(cursor)?;
    let if_exists = cursor.if_exists()?;
    let path = super::path_of_kind(cursor, kind)?;
    let find_here = |name: &str| find(&[PROPERTIES], name).or_else(|| parameters::of(kind, name));
    let action = match () {
        () if cursor.takes("RENAME") => {
            cursor.expect("TO")?;
            Action::RenameTo(cursor.path()?)
        }
        () if kind == ObjectKind::Procedure && cursor.takes("EXECUTE") => {
            Action::ExecuteAs { caller: execute_as(cursor)? }
        }
        () if cursor.takes("SET SECURE") => Action::Secure(true),
        () if cursor.takes("UNSET SECURE") => Action::Secure(false),
        () if cursor.is("SET") && cursor.is_at(1, "TAG") => {
            cursor.next();
            Action::SetTags(tag::set(cursor)?)
        }
        () if cursor.is("UNSET") && cursor.is_at(1, "TAG") => {
            cursor.next();
            Action::UnsetTags(tag::unset(cursor)?)
        }
        () if cursor.takes("SET") => Action::Set(some_settings(cursor, &find_here)?),
        () => {
            cursor.expect("UNSET")?;
            Action::Unset(unset(cursor, &find_here)?)
        }
    };
    cursor.finish()?;
    Ok(Command::AlterRoutine(AlterRoutine { kind, path, if_exists, action }))
}

/// After `CALL`, when it is no system procedure.
pub(crate) fn call(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let path = cursor.path()?;
    let arguments = cursor.bracketed(|cursor| {
        let place = cursor.peek().clone();
        let ends = |cursor: &Cursor| cursor.is_symbol(",") || cursor.is_symbol(")");
        let written = cursor.written_until(ends);
        if written.is_empty() { Err(place.unexpected()) } else { Ok(()) }
    })?;
    Ok(Command::CallProcedure(CallProcedure { path, arguments: arguments.len() }))
}
