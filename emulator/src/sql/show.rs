//! SHOW and DESCRIBE.

use super::absent::{self, AbsentKind};
use super::cursor::{Cursor, Path};
use super::grant::Recipient;
use super::kind::Place;
use super::{Command, ObjectKind, plain, session};
use crate::error::SqlError;

/// What SHOW lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Objects {
        kind: ObjectKind,
        terse: bool,
        history: bool,
    },
    /// A kind that nobody can create here.
    Absent(&'static AbsentKind),
    Parameters,
    /// `USER PROGRAMMATIC ACCESS TOKENS [FOR USER x]`
    Tokens(Option<String>),
    /// `USER WORKLOAD IDENTITY AUTHENTICATION METHODS [FOR USER x]`
    Identities(Option<String>),
    Grants(Grants),
    FutureGrants(Future),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grants {
    /// Of the current user.
    Mine,
    OnAccount,
    On(ObjectKind, Path),
    To(Recipient),
    Of(Recipient),
    /// `SHOW INHERITED GRANTS IN …`
    InheritedIn(ObjectKind, Path),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Future {
    /// Database or schema.
    In(ObjectKind, Path),
    To(Recipient),
}

/// Where SHOW looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    Unsaid,
    Account,
    Session,
    /// No path: the session's own.
    Object(ObjectKind, Option<Path>),
    /// The policies that hang on a user, or on the account (None).
    On(Option<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Show {
    pub(crate) subject: Subject,
    pub(crate) like: Option<String>,
    pub(crate) within: Within,
    pub(crate) starts_with: Option<String>,
    pub(crate) limit: Option<u64>,
    pub(crate) from: Option<String>,
    /// `ROOT ONLY`: of tasks.
    pub(crate) root_only: bool,
    /// `WITH PRIVILEGES`: only objects on which all of them are held.
    pub(crate) privileges: Vec<String>,
}

impl Show {
    /// The kind that it lists.
    pub(crate) fn kind(&self) -> Option<ObjectKind> {
        match &self.subject {
            Subject::Objects { kind, .. } => Some(*kind),
            _ => None,
        }
    }
}

/// After `SHOW`.
pub(crate) fn show(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let subject = subject(cursor)?;
    let mut show = Show {
        subject,
        like: None,
        within: Within::Unsaid,
        starts_with: None,
        limit: None,
        from: None,
        root_only: false,
        privileges: Vec::new(),
    };
    let listed = matches!(show.subject, Subject::Objects { .. } | Subject::Absent(_));
    if (listed || show.subject == Subject::Parameters) && cursor.takes("LIKE") {
        show.like = Some(cursor.text()?);
    }
    match &show.subject {
        Subject::Grants(_) | Subject::FutureGrants(_) | Subject::Tokens(_) | Subject::Identities(_) => {}
        Subject::Parameters => {
            if cursor.takes("IN") || cursor.takes("FOR") {
                show.within = within_of_parameters(cursor)?;
            }
        }
        Subject::Absent(_) => {
            if cursor.takes("IN") {
                show.within = within(cursor, false)?;
            }
        }
        Subject::Objects { kind, .. } if kind.place() != Place::Top => {
            if cursor.takes("IN") {
                let database = kind.place() == Place::Database;
                show.within = within(cursor, database)?;
            } else if session::POLICIES.contains(kind) && cursor.takes("ON") {
                show.within = Within::On(match () {
                    () if cursor.takes("ACCOUNT") => None,
                    () if cursor.takes("USER") => Some(cursor.identifier()?),
                    () => return cursor.unexpected(),
                });
            }
        }
        Subject::Objects { .. } => {}
    }
    if listed && cursor.optional("WITH", "PRIVILEGES")? {
        show.privileges = cursor.list(Cursor::word)?;
    }
    if pages(&show.subject) {
        if cursor.optional("STARTS", "WITH")? {
            show.starts_with = Some(cursor.text()?);
        }
        if show.kind() == Some(ObjectKind::Task) {
            show.root_only = cursor.optional("ROOT", "ONLY")?;
        }
        if cursor.takes("LIMIT") {
            show.limit = Some(cursor.count()?);
            if cursor.takes("FROM") {
                show.from = Some(cursor.text()?);
            }
        }
    }
    cursor.finish()?;
    Ok(Command::Show(show))
}

/// The kinds of the account itself that SHOW lists.
const LISTED: [ObjectKind; 6] = [
    ObjectKind::Integration,
    ObjectKind::Warehouse,
    ObjectKind::ResourceMonitor,
    ObjectKind::Database,
    ObjectKind::Role,
    ObjectKind::User,
];

/// Lists of some of the functions and procedures.
const FUNCTIONS: [(&str, ObjectKind); 2] =
    [("USER FUNCTIONS", ObjectKind::Function), ("USER PROCEDURES", ObjectKind::Procedure)];

/// Which lists take STARTS WITH and LIMIT … FROM.
fn pages(subject: &Subject) -> bool {
    match subject {
        Subject::Objects { kind, .. } => *kind != ObjectKind::ResourceMonitor,
        Subject::Absent(_) => true,
        Subject::Grants(grants) => matches!(grants, Grants::To(_) | Grants::Of(_)),
        _ => false,
    }
}

fn subject(cursor: &mut Cursor) -> Result<Subject, SqlError> {
    if cursor.takes("PARAMETERS") {
        return Ok(Subject::Parameters);
    }
    if cursor.takes("GRANTS") {
        return grants(cursor).map(Subject::Grants);
    }
    if cursor.takes("FUTURE") {
        cursor.expect("GRANTS")?;
        return future(cursor).map(Subject::FutureGrants);
    }
    if cursor.takes("INHERITED") {
        cursor.expect("GRANTS IN")?;
        if cursor.takes("ACCOUNT") {
            return Ok(Subject::Grants(Grants::InheritedIn(ObjectKind::Account, Vec::new())));
        }
        let (kind, path) = container(cursor)?;
        return Ok(Subject::Grants(Grants::InheritedIn(kind, path)));
    }
    if cursor.takes("USER PROGRAMMATIC ACCESS TOKENS") || cursor.takes("USER PATS") {
        let user = if cursor.optional("FOR", "USER")? { Some(cursor.identifier()?) } else { None };
        return Ok(Subject::Tokens(user));
    }
    if cursor.takes("USER WORKLOAD IDENTITY AUTHENTICATION METHODS") {
        let user = if cursor.optional("FOR", "USER")? { Some(cursor.identifier()?) } else { None };
        return Ok(Subject::Identities(user));
    }
    for (words, kind) in FUNCTIONS {
        if cursor.takes(words) {
            return Ok(Subject::Objects { kind, terse: false, history: false });
        }
    }
    let terse = cursor.takes("TERSE");
    for kind in ObjectKind::all() {
        let known = kind.place() != Place::Top || LISTED.contains(&kind) || plain::properties(kind).is_some();
        let listed = known && (kind != ObjectKind::ResourceMonitor || !terse);
        if listed && (kind != ObjectKind::Warehouse || !terse) && cursor.takes(kind.plural()) {
            let history =
                matches!(kind, ObjectKind::Database | ObjectKind::Schema) && cursor.takes("HISTORY");
            return Ok(Subject::Objects { kind, terse, history });
        }
    }
    match absent::take(cursor) {
        Some(kind) => Ok(Subject::Absent(kind)),
        None => cursor.unexpected(),
    }
}

fn grants(cursor: &mut Cursor) -> Result<Grants, SqlError> {
    if cursor.takes("ON") {
        if cursor.takes("ACCOUNT") {
            return Ok(Grants::OnAccount);
        }
        let (kind, path) = super::named_object(cursor)?;
        return Ok(Grants::On(kind, path));
    }
    if cursor.takes("TO") {
        return match role(cursor)? {
            Some(role) => Ok(Grants::To(role)),
            None if cursor.takes("SHARE") => cursor.identifier().map(Recipient::Share).map(Grants::To),
            None => {
                cursor.expect("USER")?;
                cursor.identifier().map(Recipient::User).map(Grants::To)
            }
        };
    }
    if cursor.takes("OF") {
        if let Some(role) = role(cursor)? {
            return Ok(Grants::Of(role));
        }
        cursor.expect("SHARE")?;
        return cursor.identifier().map(Recipient::Share).map(Grants::Of);
    }
    Ok(Grants::Mine)
}

/// `ROLE x` or `DATABASE ROLE d.x`
fn role(cursor: &mut Cursor) -> Result<Option<Recipient>, SqlError> {
    match () {
        () if cursor.takes("ROLE") => cursor.identifier().map(Recipient::Role).map(Some),
        () if cursor.takes("DATABASE ROLE") => cursor.path().map(Recipient::DatabaseRole).map(Some),
        () => Ok(None),
    }
}

/// `DATABASE d` or `SCHEMA d.s`
fn container(cursor: &mut Cursor) -> Result<(ObjectKind, Path), SqlError> {
    for kind in [ObjectKind::Database, ObjectKind::Schema] {
        if cursor.takes(kind.singular()) {
            return cursor.path().map(|path| (kind, path));
        }
    }
    cursor.unexpected()
}

fn future(cursor: &mut Cursor) -> Result<Future, SqlError> {
    if cursor.takes("IN") {
        return container(cursor).map(|(kind, path)| Future::In(kind, path));
    }
    cursor.expect("TO")?;
    match role(cursor)? {
        Some(role) => Ok(Future::To(role)),
        None => cursor.unexpected(),
    }
}

/// A bare name is that of a database for what is directly in one, and else that of a schema.
fn within(cursor: &mut Cursor, database: bool) -> Result<Within, SqlError> {
    if cursor.takes("ACCOUNT") {
        return Ok(Within::Account);
    }
    for kind in [ObjectKind::Database, ObjectKind::Schema] {
        if cursor.takes(kind.singular()) {
            let named = !cursor.done() && !["STARTS", "LIMIT", "ROOT"].iter().any(|word| cursor.is(word));
            return Ok(Within::Object(kind, if named { Some(cursor.path()?) } else { None }));
        }
    }
    let kind = if database { ObjectKind::Database } else { ObjectKind::Schema };
    Ok(Within::Object(kind, Some(cursor.path()?)))
}

fn within_of_parameters(cursor: &mut Cursor) -> Result<Within, SqlError> {
    if cursor.takes("SESSION") {
        return Ok(Within::Session);
    }
    if cursor.takes("ACCOUNT") {
        return Ok(Within::Account);
    }
    for kind in [ObjectKind::Task, ObjectKind::Procedure, ObjectKind::Function] {
        if cursor.takes(kind.singular()) {
            return super::path_of_kind(cursor, kind).map(|path| Within::Object(kind, Some(path)));
        }
    }
    for kind in
        [ObjectKind::Warehouse, ObjectKind::Database, ObjectKind::Schema, ObjectKind::User, ObjectKind::Table]
    {
        if cursor.takes(kind.singular()) {
            let path = if cursor.done() { None } else { Some(cursor.path()?) };
            return Ok(Within::Object(kind, path));
        }
    }
    cursor.unexpected()
}

/// After `DESC` or `DESCRIBE`.
pub(crate) fn describe(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let (kind, path) = super::named_object(cursor)?;
    let described = [
        ObjectKind::Warehouse,
        ObjectKind::Database,
        ObjectKind::Schema,
        ObjectKind::User,
        ObjectKind::Stream,
        ObjectKind::Sequence,
        ObjectKind::Task,
        ObjectKind::Alert,
        ObjectKind::Procedure,
        ObjectKind::Function,
        ObjectKind::View,
        ObjectKind::MaterializedView,
        ObjectKind::DynamicTable,
        ObjectKind::Stage,
        ObjectKind::FileFormat,
        ObjectKind::Pipe,
        ObjectKind::CortexSearchService,
        ObjectKind::Integration,
        ObjectKind::NotificationIntegration,
        ObjectKind::PasswordPolicy,
    ];
    if !described.contains(&kind) && !super::policy::is_one(kind) {
        return Err(SqlError::unsupported(format!("DESCRIBE {}", kind.singular())));
    }
    cursor.finish()?;
    Ok(Command::Describe { kind, path })
}
