//! Objects that the account knows by name, owner and properties alone: what other objects refer to, and what shares
//! hold (docs: create-network-policy, create-external-volume, create-catalog-integration, create-notification-integration,
//! create-share, create-stage, create-event-table, create-authentication-policy, create-password-policy, create-session-policy,
//! create-feature-policy, create-packages-policy).

use super::cursor::{Cursor, Path};
use super::definition::Query;
use super::kind::Place;
use super::property::{Property, Setting, Takes, find, settings, some_settings, unset};
use super::staged;
use super::tag::{self, Tagging};
use super::{Command, How, ObjectKind};
use crate::error::SqlError;

const fn row(name: &'static str, takes: Takes) -> Property {
    Property { name, takes }
}

const COMMENT: Property = row("COMMENT", Takes::Text);

const NETWORK_POLICY: &[Property] = &[
    row("ALLOWED_NETWORK_RULE_LIST", Takes::Texts),
    row("BLOCKED_NETWORK_RULE_LIST", Takes::Texts),
    row("ALLOWED_IP_LIST", Takes::Texts),
    row("BLOCKED_IP_LIST", Takes::Texts),
    COMMENT,
];

const EXTERNAL_VOLUME: &[Property] =
    &[row("STORAGE_LOCATIONS", Takes::Opaque), row("ALLOW_WRITES", Takes::Boolean), COMMENT];

const CATALOG_INTEGRATION: &[Property] = &[
    row("CATALOG_SOURCE", Takes::Any),
    row("TABLE_FORMAT", Takes::Any),
    row("CATALOG_NAMESPACE", Takes::Text),
    row("GLUE_AWS_ROLE_ARN", Takes::Text),
    row("GLUE_CATALOG_ID", Takes::Text),
    row("GLUE_REGION", Takes::Text),
    row("REST_CONFIG", Takes::Opaque),
    row("REST_AUTHENTICATION", Takes::Opaque),
    row("ENABLED", Takes::Boolean),
    row("REFRESH_INTERVAL_SECONDS", Takes::Number),
    COMMENT,
];

const EVENT_TABLE: &[Property] = &[
    row("DATA_RETENTION_TIME_IN_DAYS", Takes::Number),
    row("MAX_DATA_EXTENSION_TIME_IN_DAYS", Takes::Number),
    row("CHANGE_TRACKING", Takes::Boolean),
    row("DEFAULT_DDL_COLLATION", Takes::Text),
    COMMENT,
];

const AUTHENTICATION_POLICY: &[Property] = &[
    row("AUTHENTICATION_METHODS", Takes::Texts),
    row("MFA_ENROLLMENT", Takes::Any),
    row("MFA_POLICY", Takes::Opaque),
    row("CLIENT_TYPES", Takes::Texts),
    row("CLIENT_POLICY", Takes::Opaque),
    row("SECURITY_INTEGRATIONS", Takes::Texts),
    row("PAT_POLICY", Takes::Opaque),
    row("WORKLOAD_IDENTITY_POLICY", Takes::Opaque),
    COMMENT,
];

const PASSWORD_POLICY: &[Property] = &[
    row("PASSWORD_MIN_LENGTH", Takes::Integer(8, 256)),
    row("PASSWORD_MAX_LENGTH", Takes::Integer(8, 256)),
    row("PASSWORD_MIN_UPPER_CASE_CHARS", Takes::Integer(0, 256)),
    row("PASSWORD_MIN_LOWER_CASE_CHARS", Takes::Integer(0, 256)),
    row("PASSWORD_MIN_NUMERIC_CHARS", Takes::Integer(0, 256)),
    row("PASSWORD_MIN_SPECIAL_CHARS", Takes::Integer(0, 256)),
    row("PASSWORD_MIN_AGE_DAYS", Takes::Integer(0, 999)),
    row("PASSWORD_MAX_AGE_DAYS", Takes::Integer(0, 999)),
    row("PASSWORD_MAX_RETRIES", Takes::Integer(1, 10)),
    row("PASSWORD_LOCKOUT_TIME_MINS", Takes::Integer(1, 999)),
    row("PASSWORD_HISTORY", Takes::Integer(0, 24)),
    COMMENT,
];

const SESSION_POLICY: &[Property] = &[
    row("SESSION_IDLE_TIMEOUT_MINS", Takes::Integer(5, 240)),
    row("SESSION_UI_IDLE_TIMEOUT_MINS", Takes::Integer(5, 240)),
    row("ALLOWED_SECONDARY_ROLES", Takes::Texts),
    COMMENT,
];

const FEATURE_POLICY: &[Property] = &[row("BLOCKED_OBJECT_TYPES_FOR_CREATION", Takes::Opaque), COMMENT];

const PACKAGES_POLICY: &[Property] = &[
    row("ALLOWLIST", Takes::Texts),
    row("BLOCKLIST", Takes::Texts),
    row("ADDITIONAL_CREATION_BLOCKLIST", Takes::Texts),
    COMMENT,
];

/// The kinds with the properties that CREATE, SET and UNSET take.
const KINDS: &[(ObjectKind, &[Property])] = &[
    (ObjectKind::NetworkPolicy, NETWORK_POLICY),
    (ObjectKind::ExternalVolume, EXTERNAL_VOLUME),
    (ObjectKind::CatalogIntegration, CATALOG_INTEGRATION),
    (ObjectKind::NotificationIntegration, staged::NOTIFICATION),
    (ObjectKind::Share, &[COMMENT]),
    (ObjectKind::Stage, staged::STAGE),
    (ObjectKind::FileFormat, staged::FILE_FORMAT),
    (ObjectKind::Pipe, staged::PIPE),
    (ObjectKind::CortexSearchService, staged::SEARCH),
    (ObjectKind::EventTable, EVENT_TABLE),
    (ObjectKind::Workspace, &[COMMENT]),
    (ObjectKind::Experiment, &[COMMENT]),
    (ObjectKind::AuthenticationPolicy, AUTHENTICATION_POLICY),
    (ObjectKind::PasswordPolicy, PASSWORD_POLICY),
    (ObjectKind::SessionPolicy, SESSION_POLICY),
    (ObjectKind::FeaturePolicy, FEATURE_POLICY),
    (ObjectKind::PackagesPolicy, PACKAGES_POLICY),
];

/// The table of a kind, when it is one of these.
pub(crate) fn properties(kind: ObjectKind) -> Option<&'static [Property]> {
    KINDS.iter().find(|(of, _)| *of == kind).map(|(_, properties)| *properties)
}

#[derive(Clone, Debug)]
pub(crate) struct CreatePlain {
    pub(crate) kind: ObjectKind,
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
    /// A stage or a file format.
    pub(crate) temporary: bool,
    /// What a search service searches, and its like.
    pub(crate) lists: Vec<(&'static str, Vec<String>)>,
    pub(crate) copy: Option<staged::Copy>,
    pub(crate) query: Option<Query>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterPlain {
    pub(crate) kind: ObjectKind,
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: PlainAction,
}

#[derive(Clone, Debug)]
pub(crate) enum PlainAction {
    RenameTo(Path),
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
    SetList(&'static str, Vec<String>),
    UnsetList(&'static str),
    /// Of a search service: INDEXING, SERVING, or both.
    Suspend(&'static [&'static str], bool),
    Refresh,
}

/// The kind that comes next, when it is one of these; kinds that are known and cannot be made here are refused.
fn kind_of(cursor: &mut Cursor) -> Result<(ObjectKind, &'static [Property]), SqlError> {
    let place = cursor.peek().clone();
    let kind = super::object_kind(cursor)?;
    match properties(kind) {
        Some(properties) => Ok((kind, properties)),
        None if kind.place() == Place::Schema || !super::privileges::of_kind(kind).is_empty() => {
            Err(SqlError::unsupported(kind.singular()))
        }
        None => Err(place.unexpected()),
    }
}

/// After `CREATE [OR REPLACE]`, when no other kind was there.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let place = cursor.peek().clone();
    let temporary = ["TEMPORARY", "TEMP", "VOLATILE"].iter().any(|word| cursor.takes(word));
    let (kind, table) = kind_of(cursor)?;
    if how == How::OrAlter || (temporary && !matches!(kind, ObjectKind::Stage | ObjectKind::FileFormat)) {
        return Err(place.unexpected());
    }
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    if kind == ObjectKind::PackagesPolicy {
        cursor.expect("LANGUAGE PYTHON")?;
    }
    let search = kind == ObjectKind::CortexSearchService;
    let lists = if search { staged::search_lists(cursor)? } else { Vec::new() };
    let settings = settings(cursor, &|name| find(&[table], name))?;
    let tagged = kind == ObjectKind::Stage && (cursor.takes("WITH") || cursor.is("TAG"));
    let tags = if tagged { tag::association(cursor)? } else { Vec::new() };
    let copy =
        if kind == ObjectKind::Pipe && cursor.takes("AS") { Some(staged::copy(cursor)?) } else { None };
    if kind == ObjectKind::Pipe && copy.is_none() {
        return cursor.unexpected();
    }
    let query = if search { Some(staged::search_query(cursor)?) } else { None };
    let create = CreatePlain { kind, how, path, settings, tags, temporary, lists, copy, query };
    Ok(Command::CreatePlain(Box::new(create)))
}

/// `[PREFIX = '…'] [MODIFIED_AFTER = '…'] [SUBPATH = '…']`
fn refreshed(cursor: &mut Cursor) -> Result<(), SqlError> {
    while ["PREFIX", "MODIFIED_AFTER", "SUBPATH"].iter().any(|word| cursor.takes(word)) {
        cursor.expect_symbol("=")?;
        cursor.text()?;
    }
    Ok(())
}

/// After `ALTER`, when no other kind was there.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let (kind, table) = kind_of(cursor)?;
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let search = kind == ObjectKind::CortexSearchService;
    let find_here = |name: &str| {
        let altered = !search || staged::ALTERED_SEARCH.contains(&name);
        find(&[table], name).filter(|_| altered)
    };
    let action = if cursor.takes("RENAME") {
        cursor.expect("TO")?;
        PlainAction::RenameTo(cursor.path()?)
    } else if matches!(kind, ObjectKind::Pipe | ObjectKind::Stage) && cursor.takes("REFRESH") {
        refreshed(cursor)?;
        PlainAction::Refresh
    } else if search && cursor.takes("REFRESH") {
        PlainAction::Refresh
    } else if search && (cursor.is("SUSPEND") || cursor.is("RESUME")) {
        let suspend = cursor.takes("SUSPEND") || !cursor.takes("RESUME");
        let what: &[&str] = match () {
            () if cursor.takes("INDEXING") => &["indexing_state"],
            () if cursor.takes("SERVING") => &["serving_state"],
            () => &["indexing_state", "serving_state"],
        };
        PlainAction::Suspend(what, suspend)
    } else if (cursor.is("SET") || cursor.is("UNSET"))
        && cursor.is_at(1, "TAG")
        && kind.place() == Place::Schema
    {
        if cursor.takes("SET") {
            PlainAction::SetTags(tag::set(cursor)?)
        } else {
            cursor.expect("UNSET")?;
            PlainAction::UnsetTags(tag::unset(cursor)?)
        }
    } else if cursor.takes("SET") {
        if let Some(name) = staged::list_name(cursor, kind) {
            let action = PlainAction::SetList(name, staged::list(cursor)?);
            return Ok(Command::AlterPlain(AlterPlain { kind, path, if_exists, action }));
        }
        PlainAction::Set(some_settings(cursor, &find_here)?)
    } else {
        cursor.expect("UNSET")?;
        if let Some(name) = staged::list_name(cursor, kind) {
            let action = PlainAction::UnsetList(name);
            return Ok(Command::AlterPlain(AlterPlain { kind, path, if_exists, action }));
        }
        PlainAction::Unset(unset(cursor, &find_here)?)
    };
    Ok(Command::AlterPlain(AlterPlain { kind, path, if_exists, action }))
}
