//! Stages, file formats, pipes, search services and notifications by mail: their properties, and what else their
//! CREATE says (docs: create-stage, create-file-format, create-pipe, create-cortex-search).

use super::cursor::{Cursor, Path};
use super::definition::{Query, query};
use super::property::{Property, Takes, settings};
use super::{ObjectKind, property};
use crate::error::SqlError;

const fn row(name: &'static str, takes: Takes) -> Property {
    Property { name, takes }
}

const COMMENT: Property = row("COMMENT", Takes::Text);

pub(super) const STAGE: &[Property] = &[
    row("URL", Takes::Text),
    row("STORAGE_INTEGRATION", Takes::Any),
    row("CREDENTIALS", Takes::Opaque),
    row("ENDPOINT", Takes::Text),
    row("AWS_ACCESS_POINT_ARN", Takes::Text),
    row("USE_PRIVATELINK_ENDPOINT", Takes::Boolean),
    row("ENCRYPTION", Takes::Opaque),
    row("DIRECTORY", Takes::Opaque),
    row("FILE_FORMAT", Takes::Opaque),
    row("COPY_OPTIONS", Takes::Opaque),
    COMMENT,
];

pub(super) const PIPE: &[Property] = &[
    row("AUTO_INGEST", Takes::Boolean),
    row("ERROR_INTEGRATION", Takes::Any),
    row("AWS_SNS_TOPIC", Takes::Text),
    row("INTEGRATION", Takes::Any),
    row("PIPE_EXECUTION_PAUSED", Takes::Boolean),
    COMMENT,
];

/// The types QUEUE and WEBHOOK lead to clouds: they can be made, named and shown (docs:
/// create-notification-integration and its like).
pub(super) const NOTIFICATION: &[Property] = &[
    row("TYPE", Takes::Choice(&[("EMAIL", "EMAIL"), ("QUEUE", "QUEUE"), ("WEBHOOK", "WEBHOOK")])),
    row("ENABLED", Takes::Boolean),
    row("ALLOWED_RECIPIENTS", Takes::Texts),
    row("DEFAULT_RECIPIENTS", Takes::Texts),
    row("DEFAULT_SUBJECT", Takes::Text),
    row("DIRECTION", Takes::Any),
    row("NOTIFICATION_PROVIDER", Takes::Any),
    row("AWS_SNS_TOPIC_ARN", Takes::Text),
    row("AWS_SNS_ROLE_ARN", Takes::Text),
    row("AZURE_EVENT_GRID_TOPIC_ENDPOINT", Takes::Text),
    row("AZURE_STORAGE_QUEUE_PRIMARY_URI", Takes::Text),
    row("AZURE_TENANT_ID", Takes::Text),
    row("GCP_PUBSUB_TOPIC_NAME", Takes::Text),
    row("GCP_PUBSUB_SUBSCRIPTION_NAME", Takes::Text),
    row("WEBHOOK_URL", Takes::Text),
    row("WEBHOOK_SECRET", Takes::NameOrText),
    row("WEBHOOK_BODY_TEMPLATE", Takes::Text),
    row("WEBHOOK_HEADERS", Takes::Opaque),
    COMMENT,
];

pub(super) const SEARCH: &[Property] = &[
    row("WAREHOUSE", Takes::Name),
    row("TARGET_LAG", Takes::Text),
    row("EMBEDDING_MODEL", Takes::Text),
    row("REFRESH_MODE", Takes::Choice(&[("FULL", "FULL"), ("INCREMENTAL", "INCREMENTAL")])),
    row("INITIALIZE", Takes::Choice(&[("ON_CREATE", "ON_CREATE"), ("ON_SCHEDULE", "ON_SCHEDULE")])),
    row("FULL_INDEX_BUILD_INTERVAL_DAYS", Takes::Number),
    row("REQUEST_LOGGING", Takes::Boolean),
    row("AUTO_SUSPEND", Takes::IntegerOrNull(0, i64::MAX)),
    COMMENT,
];

/// What a search service is asked to do once it is there.
pub(super) const ALTERED_SEARCH: [&str; 6] = [
    "WAREHOUSE",
    "TARGET_LAG",
    "FULL_INDEX_BUILD_INTERVAL_DAYS",
    "REQUEST_LOGGING",
    "AUTO_SUSPEND",
    "COMMENT",
];

/// The types of files.
const TYPES: &[(&str, &str)] = &[
    ("CSV", "CSV"),
    ("JSON", "JSON"),
    ("AVRO", "AVRO"),
    ("ORC", "ORC"),
    ("PARQUET", "PARQUET"),
    ("XML", "XML"),
];

pub(super) const FILE_FORMAT: &[Property] = &[
    row("TYPE", Takes::Choice(TYPES)),
    row("FORMAT_NAME", Takes::Any),
    row("COMPRESSION", Takes::Any),
    row("RECORD_DELIMITER", Takes::Any),
    row("FIELD_DELIMITER", Takes::Any),
    row("MULTI_LINE", Takes::Boolean),
    row("FILE_EXTENSION", Takes::Any),
    row("PARSE_HEADER", Takes::Boolean),
    row("SKIP_HEADER", Takes::Number),
    row("SKIP_BLANK_LINES", Takes::Boolean),
    row("DATE_FORMAT", Takes::Any),
    row("TIME_FORMAT", Takes::Any),
    row("TIMESTAMP_FORMAT", Takes::Any),
    row("BINARY_FORMAT", Takes::Any),
    row("ESCAPE", Takes::Any),
    row("ESCAPE_UNENCLOSED_FIELD", Takes::Any),
    row("TRIM_SPACE", Takes::Boolean),
    row("FIELD_OPTIONALLY_ENCLOSED_BY", Takes::Any),
    row("NULL_IF", Takes::Texts),
    row("ERROR_ON_COLUMN_COUNT_MISMATCH", Takes::Boolean),
    row("REPLACE_INVALID_CHARACTERS", Takes::Boolean),
    row("VALIDATE_UTF8", Takes::Boolean),
    row("EMPTY_FIELD_AS_NULL", Takes::Boolean),
    row("SKIP_BYTE_ORDER_MARK", Takes::Boolean),
    row("ENCODING", Takes::Any),
    row("ENABLE_OCTAL", Takes::Boolean),
    row("ALLOW_DUPLICATE", Takes::Boolean),
    row("STRIP_OUTER_ARRAY", Takes::Boolean),
    row("STRIP_NULL_VALUES", Takes::Boolean),
    row("IGNORE_UTF8_ERRORS", Takes::Boolean),
    row("SNAPPY_COMPRESSION", Takes::Boolean),
    row("BINARY_AS_TEXT", Takes::Boolean),
    row("USE_LOGICAL_TYPE", Takes::Boolean),
    row("USE_VECTORIZED_SCANNER", Takes::Boolean),
    row("PRESERVE_SPACE", Takes::Boolean),
    row("STRIP_OUTER_ELEMENT", Takes::Boolean),
    row("DISABLE_SNOWFLAKE_DATA", Takes::Boolean),
    row("DISABLE_AUTO_CONVERT", Takes::Boolean),
    COMMENT,
];

/// The options of each type, in DESCRIBE's order, with the values that they have unsaid (docs: create-file-format):
/// `[]` begins a list, `true`, `false` and digits are what they look like, all else is text.
const OPTIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "CSV",
        &[
            ("RECORD_DELIMITER", "\n"),
            ("FIELD_DELIMITER", ","),
            ("FILE_EXTENSION", ""),
            ("SKIP_HEADER", "0"),
            ("PARSE_HEADER", "false"),
            ("DATE_FORMAT", "AUTO"),
            ("TIME_FORMAT", "AUTO"),
            ("TIMESTAMP_FORMAT", "AUTO"),
            ("BINARY_FORMAT", "HEX"),
            ("ESCAPE", "NONE"),
            ("ESCAPE_UNENCLOSED_FIELD", "\\"),
            ("TRIM_SPACE", "false"),
            ("FIELD_OPTIONALLY_ENCLOSED_BY", "NONE"),
            ("NULL_IF", "[]\\N"),
            ("COMPRESSION", "AUTO"),
            ("ERROR_ON_COLUMN_COUNT_MISMATCH", "true"),
            ("VALIDATE_UTF8", "true"),
            ("SKIP_BLANK_LINES", "false"),
            ("REPLACE_INVALID_CHARACTERS", "false"),
            ("EMPTY_FIELD_AS_NULL", "true"),
            ("SKIP_BYTE_ORDER_MARK", "true"),
            ("ENCODING", "UTF8"),
            ("MULTI_LINE", "true"),
        ],
    ),
    (
        "JSON",
        &[
            ("FILE_EXTENSION", ""),
            ("DATE_FORMAT", "AUTO"),
            ("TIME_FORMAT", "AUTO"),
            ("TIMESTAMP_FORMAT", "AUTO"),
            ("BINARY_FORMAT", "HEX"),
            ("TRIM_SPACE", "false"),
            ("NULL_IF", "[]"),
            ("COMPRESSION", "AUTO"),
            ("ENABLE_OCTAL", "false"),
            ("ALLOW_DUPLICATE", "false"),
            ("STRIP_OUTER_ARRAY", "false"),
            ("STRIP_NULL_VALUES", "false"),
            ("IGNORE_UTF8_ERRORS", "false"),
            ("REPLACE_INVALID_CHARACTERS", "false"),
            ("SKIP_BYTE_ORDER_MARK", "true"),
            ("MULTI_LINE", "true"),
        ],
    ),
    (
        "AVRO",
        &[
            ("TRIM_SPACE", "false"),
            ("NULL_IF", "[]"),
            ("COMPRESSION", "AUTO"),
            ("REPLACE_INVALID_CHARACTERS", "false"),
        ],
    ),
    ("ORC", &[("TRIM_SPACE", "false"), ("NULL_IF", "[]"), ("REPLACE_INVALID_CHARACTERS", "false")]),
    (
        "PARQUET",
        &[
            ("TRIM_SPACE", "false"),
            ("NULL_IF", "[]"),
            ("COMPRESSION", "AUTO"),
            ("BINARY_AS_TEXT", "true"),
            ("USE_LOGICAL_TYPE", "false"),
            ("USE_VECTORIZED_SCANNER", "false"),
            ("REPLACE_INVALID_CHARACTERS", "false"),
        ],
    ),
    (
        "XML",
        &[
            ("COMPRESSION", "AUTO"),
            ("IGNORE_UTF8_ERRORS", "false"),
            ("PRESERVE_SPACE", "false"),
            ("STRIP_OUTER_ELEMENT", "false"),
            ("DISABLE_SNOWFLAKE_DATA", "false"),
            ("DISABLE_AUTO_CONVERT", "false"),
            ("REPLACE_INVALID_CHARACTERS", "false"),
            ("SKIP_BYTE_ORDER_MARK", "true"),
        ],
    ),
];

/// The options of a type of file, and what they are unsaid.
pub(crate) fn options(of: &str) -> &'static [(&'static str, &'static str)] {
    OPTIONS.iter().find(|(name, _)| *name == of).map_or(&[], |(_, options)| *options)
}

/// The text between the brackets of `FILE_FORMAT = ( … )`.
pub(crate) fn inline_format(text: &str) -> Result<Vec<property::Setting>, SqlError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut cursor = Cursor::new(text)?;
    let found = settings(&mut cursor, &|name| property::find(&[FILE_FORMAT], name))?;
    cursor.finish()?;
    Ok(found)
}

/// What a pipe loads: `COPY INTO t [(…)] FROM @stage …`.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) text: String,
    pub(crate) table: Path,
    /// None: a stage of a table or of a user, or a path alone.
    pub(crate) stage: Option<Path>,
}

/// After `AS`.
pub(super) fn copy(cursor: &mut Cursor) -> Result<Copy, SqlError> {
    let mark = cursor.mark();
    cursor.expect("COPY INTO")?;
    let table = cursor.path()?;
    while !cursor.done() && !cursor.is_symbol("@") && !cursor.is("FROM") {
        cursor.next();
    }
    if cursor.done() {
        return cursor.unexpected();
    }
    let mut stage = None;
    while !cursor.done() && stage.is_none() {
        if cursor.takes_symbol("@") {
            stage = Some(if cursor.is_symbol("~") || cursor.is_symbol("%") {
                None
            } else {
                Some(cursor.path()?)
            });
        } else {
            cursor.next();
        }
    }
    let Some(stage) = stage else { return cursor.unexpected() };
    cursor.skip_to_end();
    Ok(Copy { text: cursor.written_since(mark), table, stage })
}

/// `@stage[/path]` of LIST.
pub(super) fn stage_of_list(cursor: &mut Cursor) -> Result<Path, SqlError> {
    cursor.expect_symbol("@")?;
    let path = cursor.path()?;
    while !cursor.done() && !cursor.is("PATTERN") {
        cursor.next();
    }
    if cursor.takes("PATTERN") {
        cursor.expect_symbol("=")?;
        cursor.text()?;
    }
    Ok(path)
}

/// The lists of a search service: what is searched, its keys, its attributes.
pub(super) type Lists = Vec<(&'static str, Vec<String>)>;

/// `ON c [PRIMARY KEY (a, …)] [ATTRIBUTES a, …]`
pub(super) fn search_lists(cursor: &mut Cursor) -> Result<Lists, SqlError> {
    cursor.expect("ON")?;
    let mut lists = vec![("ON", vec![cursor.identifier()?])];
    loop {
        if cursor.takes("PRIMARY KEY") {
            lists.push(("PRIMARY KEY", cursor.bracketed(Cursor::identifier)?));
        } else if cursor.takes("ATTRIBUTES") {
            lists.push(("ATTRIBUTES", list(cursor)?));
        } else {
            return Ok(lists);
        }
    }
}

/// The name of a list that SET and UNSET take.
pub(super) fn list_name(cursor: &mut Cursor, kind: ObjectKind) -> Option<&'static str> {
    let names = ["PRIMARY KEY", "ATTRIBUTES"];
    let mut names = names.into_iter().filter(|_| kind == ObjectKind::CortexSearchService);
    names.find(|name| cursor.takes(name))
}

/// Names, with brackets or without.
pub(super) fn list(cursor: &mut Cursor) -> Result<Vec<String>, SqlError> {
    cursor.takes_symbol("=");
    if cursor.is_symbol("(") { cursor.bracketed(Cursor::identifier) } else { cursor.list(Cursor::identifier) }
}

/// `AS query`
pub(super) fn search_query(cursor: &mut Cursor) -> Result<Query, SqlError> {
    cursor.expect("AS")?;
    query(cursor)
}
