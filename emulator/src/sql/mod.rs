//! The language: text to a typed [`Command`]. Nothing here knows an account, a session or a clock.
//!
//! `tokens` splits and tokenises, `cursor` holds the words that all statements share, `property` reads the tables
//! of `NAME = value`; then a file per kind of object or statement. What a file does not know is refused with
//! `001003` and the place.

pub(crate) mod absent;
pub(crate) mod alert;
mod blocks;
pub(crate) mod body;
pub(crate) mod columns;
mod cursor;
pub(crate) mod data_type;
pub(crate) mod database;
pub(crate) mod database_role;
pub(crate) mod definition;
mod forms;
pub(crate) mod grant;
pub(crate) mod information_schema;
pub(crate) mod inspection;
pub(crate) mod keys;
pub(crate) mod kind;
pub(crate) mod parameters;
pub(crate) mod plain;
pub(crate) mod policy;
pub(crate) mod privileges;
pub(crate) mod property;
pub(crate) mod query;
pub(crate) mod resource_monitor;
pub(crate) mod role;
pub(crate) mod routine;
pub(crate) mod schedule;
pub(crate) mod select;
pub(crate) mod sequence;
pub(crate) mod session;
pub(crate) mod show;
pub(crate) mod staged;
pub(crate) mod stream;
pub(crate) mod table;
pub(crate) mod tag;
pub(crate) mod task;
mod tokens;
pub(crate) mod user;
pub(crate) mod view;
pub(crate) mod warehouse;

use cursor::Cursor;
pub(crate) use cursor::Path;
pub(crate) use kind::{ObjectKind, StatementKind, Verb};
pub(crate) use tokens::split;

use crate::error::SqlError;

/// What CREATE does about an object that has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Plain,
    OrReplace,
    OrAlter,
    IfNotExists,
}

impl How {
    /// Reads `IF NOT EXISTS`, which goes with neither OR REPLACE nor OR ALTER.
    pub(crate) fn or_if_not_exists(self, cursor: &mut Cursor) -> Result<Self, SqlError> {
        let place = cursor.peek().clone();
        if !cursor.if_not_exists()? {
            return Ok(self);
        }
        match self {
            Self::OrReplace => {
                Err(SqlError::syntax("options IF NOT EXISTS and OR REPLACE are incompatible."))
            }
            Self::OrAlter => Err(place.unexpected()),
            _ => Ok(Self::IfNotExists),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    CreateWarehouse(warehouse::CreateWarehouse),
    AlterWarehouse(warehouse::AlterWarehouse),
    CreateMonitor(resource_monitor::CreateMonitor),
    AlterMonitor(resource_monitor::AlterMonitor),
    CreateContainer(database::CreateContainer),
    AlterContainer(database::AlterContainer),
    CreateTable(Box<table::CreateTable>),
    AlterTable(Box<table::AlterTable>),
    CreateStream(Box<stream::CreateStream>),
    AlterStream(stream::AlterStream),
    CreateSequence(sequence::CreateSequence),
    AlterSequence(sequence::AlterSequence),
    CreateTag(tag::CreateTag),
    AlterTag(tag::AlterTag),
    CreateRole(role::CreateRole),
    AlterRole(role::AlterRole),
    CreateDatabaseRole(database_role::CreateDatabaseRole),
    AlterDatabaseRole(database_role::AlterDatabaseRole),
    CreatePlain(Box<plain::CreatePlain>),
    List(Path),
    AlterPlain(plain::AlterPlain),
    CreateAlert(Box<alert::CreateAlert>),
    AlterAlert(alert::AlterAlert),
    ExecuteAlert(Path),
    CreateRoutine(Box<routine::CreateRoutine>),
    AlterRoutine(routine::AlterRoutine),
    CallProcedure(routine::CallProcedure),
    CreateTask(Box<task::CreateTask>),
    AlterTask(task::AlterTask),
    ExecuteTask(task::ExecuteTask),
    CreateView(Box<view::CreateView>),
    AlterView(view::AlterView),
    CreatePolicy(policy::CreatePolicy),
    AlterPolicy(policy::AlterPolicy),
    CreateUser(user::CreateUser),
    AlterUser(user::AlterUser),
    Drop { kind: ObjectKind, path: Path, if_exists: bool },
    Undrop { kind: ObjectKind, path: Path },
    Comment { kind: ObjectKind, path: Path, if_exists: bool, text: String },
    Grant(grant::Privileges),
    Revoke(grant::Privileges),
    GrantRole(grant::Membership),
    RevokeRole(grant::Membership),
    Use(session::Use),
    AlterSession(session::Change),
    SetVariables(Vec<(String, select::Expression)>),
    UnsetVariables(Vec<String>),
    Transaction(session::Transaction),
    AlterAccount(session::Change),
    Describe { kind: ObjectKind, path: Path },
    Show(show::Show),
    CommentColumn(columns::CommentColumn),
    Inspect(inspection::Inspection),
    SelectInformationSchema(information_schema::Query),
    Select(select::Select),
    Query(Box<query::Query>),
    Insert(Box<query::Insert>),
    Update(Box<query::Update>),
    Delete(Box<query::Delete>),
    Truncate(query::Truncate),
    Call(select::Item),
}

impl Command {
    pub(crate) fn kind(&self) -> StatementKind {
        use ObjectKind as Kind;
        let (verb, object) = match self {
            Self::CreateWarehouse(_) => (Verb::Create, Some(Kind::Warehouse)),
            Self::AlterWarehouse(_) => (Verb::Alter, Some(Kind::Warehouse)),
            Self::CreateMonitor(_) => (Verb::Create, Some(Kind::ResourceMonitor)),
            Self::AlterMonitor(_) => (Verb::Alter, Some(Kind::ResourceMonitor)),
            Self::CreateContainer(create) => (Verb::Create, Some(create.kind)),
            Self::AlterContainer(alter) => (Verb::Alter, Some(alter.kind)),
            Self::CreateTable(_) => (Verb::Create, Some(Kind::Table)),
            Self::AlterTable(_) => (Verb::Alter, Some(Kind::Table)),
            Self::CreateStream(_) => (Verb::Create, Some(Kind::Stream)),
            Self::AlterStream(_) => (Verb::Alter, Some(Kind::Stream)),
            Self::CreateSequence(_) => (Verb::Create, Some(Kind::Sequence)),
            Self::AlterSequence(_) => (Verb::Alter, Some(Kind::Sequence)),
            Self::CreateTag(_) => (Verb::Create, Some(Kind::Tag)),
            Self::AlterTag(_) => (Verb::Alter, Some(Kind::Tag)),
            Self::CreateRole(_) => (Verb::Create, Some(Kind::Role)),
            Self::AlterRole(_) => (Verb::Alter, Some(Kind::Role)),
            Self::CreateDatabaseRole(_) => (Verb::Create, Some(Kind::DatabaseRole)),
            Self::AlterDatabaseRole(_) => (Verb::Alter, Some(Kind::DatabaseRole)),
            Self::CreatePlain(create) => (Verb::Create, Some(create.kind)),
            Self::AlterPlain(alter) => (Verb::Alter, Some(alter.kind)),
            Self::CreateAlert(_) => (Verb::Create, Some(Kind::Alert)),
            Self::AlterAlert(_) => (Verb::Alter, Some(Kind::Alert)),
            Self::ExecuteAlert(_) => (Verb::Execute, Some(Kind::Alert)),
            Self::CreateRoutine(create) => (Verb::Create, Some(create.kind)),
            Self::AlterRoutine(alter) => (Verb::Alter, Some(alter.kind)),
            Self::CallProcedure(_) => (Verb::Call, Some(Kind::Procedure)),
            Self::CreateTask(_) => (Verb::Create, Some(Kind::Task)),
            Self::AlterTask(_) => (Verb::Alter, Some(Kind::Task)),
            Self::ExecuteTask(_) => (Verb::Execute, Some(Kind::Task)),
            Self::CreateView(create) => (Verb::Create, Some(create.kind)),
            Self::AlterView(alter) => (Verb::Alter, Some(alter.kind)),
            Self::CreatePolicy(create) => (Verb::Create, Some(create.kind)),
            Self::AlterPolicy(alter) => (Verb::Alter, Some(alter.kind)),
            Self::CreateUser(_) => (Verb::Create, Some(Kind::User)),
            Self::AlterUser(_) => (Verb::Alter, Some(Kind::User)),
            Self::Drop { kind, .. } => (Verb::Drop, Some(*kind)),
            Self::Undrop { kind, .. } => (Verb::Undrop, Some(*kind)),
            Self::Comment { kind, .. } => (Verb::Comment, Some(*kind)),
            Self::Grant(grant) => (Verb::Grant, on_kind(&grant.on)),
            Self::Revoke(grant) => (Verb::Revoke, on_kind(&grant.on)),
            Self::GrantRole(_) => (Verb::Grant, Some(Kind::Role)),
            Self::RevokeRole(_) => (Verb::Revoke, Some(Kind::Role)),
            Self::SetVariables(_) => (Verb::Set, Some(Kind::Session)),
            Self::UnsetVariables(_) => (Verb::Unset, Some(Kind::Session)),
            Self::Transaction(session::Transaction::Begin) => (Verb::Begin, Some(Kind::Session)),
            Self::Transaction(session::Transaction::Commit) => (Verb::Commit, Some(Kind::Session)),
            Self::Transaction(session::Transaction::Rollback) => (Verb::Rollback, Some(Kind::Session)),
            Self::Use(_) => (Verb::Use, Some(Kind::Session)),
            Self::AlterSession(_) => (Verb::Alter, Some(Kind::Session)),
            Self::AlterAccount(_) => (Verb::Alter, Some(Kind::Account)),
            Self::List(_) => (Verb::Show, Some(Kind::Stage)),
            Self::Describe { kind, .. } => (Verb::Describe, Some(*kind)),
            Self::Show(show) => (Verb::Show, show.kind()),
            Self::CommentColumn(_) => (Verb::Comment, Some(Kind::Table)),
            Self::Inspect(it) if it.subject == inspection::Subject::Table => {
                (Verb::Describe, Some(Kind::Table))
            }
            Self::Inspect(_) => (Verb::Show, None),
            Self::Select(select) if select.items.iter().any(|item| item.expression.enables().is_some()) => {
                (Verb::Select, Some(Kind::Task))
            }
            Self::Select(_) | Self::SelectInformationSchema(_) | Self::Query(_) => (Verb::Select, None),
            Self::Insert(_) => (Verb::Insert, Some(Kind::Table)),
            Self::Update(_) => (Verb::Update, Some(Kind::Table)),
            Self::Delete(_) => (Verb::Delete, Some(Kind::Table)),
            Self::Truncate(_) => (Verb::Truncate, Some(Kind::Table)),
            Self::Call(_) => (Verb::Call, None),
        };
        let wait = match self {
            Self::Select(select) => select.wait(),
            Self::Call(item) => select::wait(&item.expression),
            _ => None,
        };
        StatementKind { verb, object, wait }
    }
}

fn on_kind(on: &grant::On) -> Option<ObjectKind> {
    match on {
        grant::On::Account => Some(ObjectKind::Account),
        grant::On::Object(kind, _) => Some(*kind),
        grant::On::All(..) | grant::On::Future(..) | grant::On::Inherited(..) => None,
    }
}

/// Reads one statement; a trailing `;` is allowed.
pub(crate) fn parse(sql: &str) -> Result<Command, SqlError> {
    let mut cursor = Cursor::new(sql)?;
    let command = command(&mut cursor)?;
    cursor.finish()?;
    Ok(command)
}

fn command(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let place = cursor.peek().clone();
    let Ok(verb) = cursor.word() else { return Err(place.unexpected()) };
    match verb.as_str() {
        "CREATE" => create(cursor),
        "ALTER" => alter(cursor),
        "DROP" => drop(cursor),
        "UNDROP" => {
            let (kind, path) = named_object(cursor)?;
            match kind {
                ObjectKind::Database | ObjectKind::Schema | ObjectKind::Tag => {
                    Ok(Command::Undrop { kind, path })
                }
                _ => Err(SqlError::unsupported(format!("UNDROP {}", kind.singular()))),
            }
        }
        "COMMENT" => match columns::comment(cursor)? {
            Some(comment) => Ok(Command::CommentColumn(comment)),
            None => session::comment(cursor),
        },
        "GRANT" => grant::grant(cursor),
        "REVOKE" => grant::revoke(cursor),
        "USE" => session::use_(cursor),
        "DESC" | "DESCRIBE" => match inspection::describe(cursor)? {
            Some(inspection) => Ok(Command::Inspect(inspection)),
            None => show::describe(cursor),
        },
        "SHOW" => match inspection::show(cursor)? {
            Some(inspection) => Ok(Command::Inspect(inspection)),
            None => show::show(cursor),
        },
        "SELECT" if information_schema::comes(cursor) => {
            information_schema::select(cursor).map(Command::SelectInformationSchema)
        }
        "SELECT" if query::reads_rows(cursor) => query::select(cursor),
        "SELECT" => select::select(cursor),
        "INSERT" => query::insert(cursor),
        "UPDATE" => query::update(cursor),
        "DELETE" => query::delete(cursor),
        "TRUNCATE" => query::truncate(cursor),
        "CALL" => select::call(cursor),
        "EXECUTE" if cursor.is("TASK") => task::execute(cursor),
        "EXECUTE" if cursor.is("ALERT") => alert::execute(cursor),
        "LIST" | "LS" => staged::stage_of_list(cursor).map(Command::List),
        "BEGIN" | "START" | "COMMIT" | "ROLLBACK" => session::transaction(cursor, &verb),
        "SET" => session::set_variables(cursor),
        "UNSET" => session::unset_variables(cursor),
        // Statements of Snowflake that have nothing to do with the control plane.
        "MERGE" | "COPY" | "PUT" | "GET" | "EXECUTE" | "EXPLAIN" | "REMOVE" | "WITH" => {
            Err(SqlError::unsupported(verb))
        }
        _ => Err(place.unexpected()),
    }
}

fn create(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let how = match () {
        () if cursor.takes("OR REPLACE") => How::OrReplace,
        () if cursor.takes("OR ALTER") => How::OrAlter,
        () => How::Plain,
    };
    match () {
        () if cursor.takes("WAREHOUSE") => warehouse::create(cursor, how, false),
        () if cursor.takes("INTERACTIVE WAREHOUSE") => warehouse::create(cursor, how, true),
        () if cursor.takes("RESOURCE MONITOR") => resource_monitor::create(cursor, how),
        () if cursor.takes("TRANSIENT DATABASE") => database::create(cursor, ObjectKind::Database, how, true),
        () if cursor.takes("DATABASE ROLE") => database_role::create(cursor, how),
        () if cursor.takes("DATABASE") => database::create(cursor, ObjectKind::Database, how, false),
        () if cursor.takes("TRANSIENT SCHEMA") => database::create(cursor, ObjectKind::Schema, how, true),
        () if cursor.takes("SCHEMA") => database::create(cursor, ObjectKind::Schema, how, false),
        () if how != How::OrAlter && table::comes(cursor) => table::create(cursor, how),
        () if how != How::OrAlter && cursor.takes("STREAM") => stream::create(cursor, how),
        () if how != How::OrAlter && cursor.takes("SEQUENCE") => sequence::create(cursor, how),
        () if cursor.takes("TAG") => tag::create(cursor, how),
        () if cursor.takes("ROLE") => role::create(cursor, how),
        () if how != How::OrAlter && cursor.takes("USER") => user::create(cursor, how),
        () if cursor.takes("TASK") => task::create(cursor, how),
        () if cursor.takes("ALERT") => alert::create(cursor, how),
        () if routine::comes(cursor) => routine::create(cursor, how),
        () if view::comes(cursor) => view::create(cursor, how),
        () if policy::comes(cursor) => policy::create(cursor, how),
        () => plain::create(cursor, how),
    }
}

fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    match () {
        () if cursor.takes("WAREHOUSE") => warehouse::alter(cursor),
        () if cursor.takes("RESOURCE MONITOR") => resource_monitor::alter(cursor),
        () if cursor.takes("DATABASE ROLE") => database_role::alter(cursor),
        () if cursor.takes("DATABASE") => database::alter(cursor, ObjectKind::Database),
        () if cursor.takes("SCHEMA") => database::alter(cursor, ObjectKind::Schema),
        () if cursor.takes("ROLE") => role::alter(cursor),
        () if cursor.takes("USER") => user::alter(cursor),
        () if cursor.takes("TASK") => task::alter(cursor),
        () if cursor.takes("ALERT") => alert::alter(cursor),
        () if routine::comes(cursor) => routine::alter(cursor),
        () if !cursor.is_at(1, "POLICY") && cursor.takes("SESSION") => session::alter_session(cursor),
        () if cursor.takes("ACCOUNT") => session::alter_account(cursor),
        () if cursor.takes("TABLE") => table::alter(cursor),
        () if cursor.takes("STREAM") => stream::alter(cursor),
        () if cursor.takes("SEQUENCE") => sequence::alter(cursor),
        () if cursor.takes("TAG") => tag::alter(cursor),
        () if view::comes(cursor) => view::alter(cursor),
        () if policy::comes(cursor) => policy::alter(cursor),
        () => plain::alter(cursor),
    }
}

fn drop(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let kind = object_kind(cursor)?;
    let if_exists = cursor.if_exists()?;
    let path = path_of_kind(cursor, kind)?;
    // RESTRICT minds foreign keys alone, and there are none here.
    let restricts =
        matches!(kind, ObjectKind::Database | ObjectKind::Schema | ObjectKind::Table | ObjectKind::Sequence);
    if restricts && !cursor.takes("CASCADE") {
        cursor.takes("RESTRICT");
    }
    Ok(Command::Drop { kind, path, if_exists })
}

/// The words of a kind.
fn object_kind(cursor: &mut Cursor) -> Result<ObjectKind, SqlError> {
    for kind in ObjectKind::all() {
        if kind != ObjectKind::Account && kind != ObjectKind::Session && cursor.takes(kind.singular()) {
            return Ok(kind);
        }
    }
    cursor.unexpected()
}

/// A kind and a name.
fn named_object(cursor: &mut Cursor) -> Result<(ObjectKind, Path), SqlError> {
    let kind = object_kind(cursor)?;
    Ok((kind, path_of_kind(cursor, kind)?))
}

/// A name; of a function or procedure with the types of its arguments.
fn path_of_kind(cursor: &mut Cursor, kind: ObjectKind) -> Result<Path, SqlError> {
    let mut path = cursor.path()?;
    if kind.has_arguments() && cursor.is_symbol("(") {
        let types = cursor.bracketed(data_type::data_type)?;
        if let Some(name) = path.last_mut() {
            *name = routine::signature(name, &types);
        }
    }
    Ok(path)
}

/// A name that a text holds, as SYSTEM$GET_TAG takes it.
pub(crate) fn path_of(text: &str) -> Result<Path, SqlError> {
    let mut cursor = Cursor::new(text)?;
    let path = cursor.path()?;
    cursor.finish()?;
    Ok(path)
}
