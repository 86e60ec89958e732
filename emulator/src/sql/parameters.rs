//! The parameters of account, session and objects (docs: parameters): what they take, what they are when nobody
//! set them, and which kinds carry them.

use super::ObjectKind;
use super::property::{Property, Takes};

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) property: Property,
    pub(crate) default: &'static str,
    /// A letter for each kind: `S` session (and user), `U` user alone, `W` warehouse, `D` database and schema,
    /// `C` schema alone, `L` table, `T` task (which carries those of the session as well), `P` procedure and function.
    /// Every account carries all of them.
    kinds: &'static str,
}

impl Parameter {
    pub(crate) fn carried_by(&self, kind: ObjectKind) -> bool {
        let any = |letters: &str| self.kinds.chars().any(|letter| letters.contains(letter));
        match kind {
            ObjectKind::Account => true,
            ObjectKind::Session => any("S"),
            ObjectKind::User => any("SU"),
            ObjectKind::Warehouse => any("W"),
            ObjectKind::Database => any("D"),
            ObjectKind::Schema => any("DC"),
            ObjectKind::Table => any("L"),
            ObjectKind::Task => any("ST"),
            ObjectKind::Procedure | ObjectKind::Function => any("P"),
            _ => false,
        }
    }

    /// As the column `type` of SHOW PARAMETERS says it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.property.takes {
            Takes::Flag => "BOOLEAN",
            Takes::Number | Takes::Integer(..) => "NUMBER",
            _ => "STRING",
        }
    }
}

pub(crate) fn parameter(name: &str) -> Option<&'static Parameter> {
    PARAMETERS
        .binary_search_by(|parameter| parameter.property.name.cmp(name))
        .ok()
        .and_then(|at| PARAMETERS.get(at))
}

/// The property row of a parameter that this kind carries.
pub(crate) fn of(kind: ObjectKind, name: &str) -> Option<&'static Property> {
    parameter(name).filter(|parameter| parameter.carried_by(kind)).map(|parameter| &parameter.property)
}

const fn flag(name: &'static str, default: &'static str, kinds: &'static str) -> Parameter {
    Parameter { property: Property { name, takes: Takes::Flag }, default, kinds }
}

const fn number(name: &'static str, default: &'static str, kinds: &'static str) -> Parameter {
    Parameter { property: Property { name, takes: Takes::Number }, default, kinds }
}

/// A number that has its limits.
const fn within(
    name: &'static str,
    (least, most): (i64, i64),
    default: &'static str,
    kinds: &'static str,
) -> Parameter {
    Parameter { property: Property { name, takes: Takes::Integer(least, most) }, default, kinds }
}

const fn text(name: &'static str, default: &'static str, kinds: &'static str) -> Parameter {
    Parameter { property: Property { name, takes: Takes::Any }, default, kinds }
}

/// In the order of their names.
pub(crate) static PARAMETERS: &[Parameter] = &[
    flag("ABORT_DETACHED_QUERY", "false", "S"),
    text("ACTIVE_PYTHON_PROFILER", "LINE", "S"),
    text("ALLOWED_SPCS_WORKLOAD_TYPES", "ALL", ""),
    flag("ALLOW_BIND_VALUES_ACCESS", "true", ""),
    flag("ALLOW_CLIENT_MFA_CACHING", "false", ""),
    flag("ALLOW_ID_TOKEN", "false", ""),
    flag("AUTOCOMMIT", "true", "S"),
    text("AUTO_EVENT_LOGGING", "OFF", "P"),
    text("BASE_LOCATION_PREFIX", "", "D"),
    text("BINARY_INPUT_FORMAT", "HEX", "S"),
    text("BINARY_OUTPUT_FORMAT", "HEX", "S"),
    text("CATALOG", "", "D"),
    text("CATALOG_SYNC", "", "D"),
    flag("CLIENT_ENABLE_LOG_INFO_STATEMENT_PARAMETERS", "false", ""),
    number("CLIENT_ENCRYPTION_KEY_SIZE", "128", ""),
    number("CLIENT_MEMORY_LIMIT", "1536", "S"),
    flag("CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX", "false", "S"),
    flag("CLIENT_METADATA_USE_SESSION_DATABASE", "false", "S"),
    within("CLIENT_PREFETCH_THREADS", (1, 10), "4", "S"),
    number("CLIENT_RESULT_CHUNK_SIZE", "160", "S"),
    flag("CLIENT_RESULT_COLUMN_CASE_INSENSITIVE", "false", "S"),
    flag("CLIENT_SESSION_KEEP_ALIVE", "false", "S"),
    within("CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", (900, 3600), "3600", "S"),
    text("CLIENT_TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_LTZ", "S"),
    text("CORTEX_CODE_CLI_DAILY_EST_CREDIT_LIMIT_PER_USER", "-1", ""),
    text("CORTEX_CODE_DESKTOP_DAILY_EST_CREDIT_LIMIT_PER_USER", "-1", ""),
    text("CORTEX_CODE_SNOWSIGHT_DAILY_EST_CREDIT_LIMIT_PER_USER", "-1", ""),
    text("CORTEX_ENABLED_CROSS_REGION", "DISABLED", ""),
    text("CORTEX_MODELS_ALLOWLIST", "ALL", ""),
    text("CSV_TIMESTAMP_FORMAT", "", "S"),
    text("DATA_METRIC_SCHEDULE", "60 MINUTES", ""),
    number("DATA_RETENTION_TIME_IN_DAYS", "1", "DL"),
    text("DATE_INPUT_FORMAT", "AUTO", "S"),
    text("DATE_OUTPUT_FORMAT", "YYYY-MM-DD", "S"),
    text("DEFAULT_DBT_VERSION", "1.9.4", ""),
    text("DEFAULT_DDL_COLLATION", "", "DL"),
    text("DEFAULT_NOTEBOOK_COMPUTE_POOL_CPU", "SYSTEM_COMPUTE_POOL_CPU", "D"),
    text("DEFAULT_NOTEBOOK_COMPUTE_POOL_GPU", "SYSTEM_COMPUTE_POOL_GPU", "D"),
    text("DEFAULT_NULL_ORDERING", "LAST", "S"),
    text("DEFAULT_STREAMLIT_COMPUTE_POOL", "SYSTEM_COMPUTE_POOL_CPU", ""),
    text("DEFAULT_STREAMLIT_NOTEBOOK_WAREHOUSE", "", "D"),
    flag("DISABLE_UI_DOWNLOAD_BUTTON", "false", ""),
    flag("DISABLE_USER_PRIVILEGE_GRANTS", "false", ""),
    text("DISALLOWED_SPCS_WORKLOAD_TYPES", "", ""),
    flag("ENABLE_AUTOMATIC_SENSITIVE_DATA_CLASSIFICATION_LOG", "true", ""),
    flag("ENABLE_BUDGET_EVENT_LOGGING", "true", ""),
    flag("ENABLE_CONSOLE_OUTPUT", "false", "DP"),
    flag("ENABLE_CORTEX_ANALYST", "true", ""),
    flag("ENABLE_DATA_COMPACTION", "true", ""),
    flag("ENABLE_EGRESS_COST_OPTIMIZER", "true", ""),
    flag("ENABLE_GET_DDL_USE_DATA_TYPE_ALIAS", "false", ""),
    flag("ENABLE_ICEBERG_MERGE_ON_READ", "true", ""),
    flag("ENABLE_IDENTIFIER_FIRST_LOGIN", "true", ""),
    flag("ENABLE_INTERNAL_STAGES_PRIVATELINK", "false", ""),
    flag("ENABLE_NOTEBOOK_CREATION_IN_PERSONAL_DB", "false", ""),
    flag("ENABLE_SPCS_BLOCK_STORAGE_SNOWFLAKE_FULL_ENCRYPTION_ENFORCEMENT", "false", ""),
    flag("ENABLE_TAG_PROPAGATION_EVENT_LOGGING", "false", ""),
    flag("ENABLE_TRI_SECRET_AND_REKEY_OPT_OUT_FOR_IMAGE_REPOSITORY", "false", ""),
    flag("ENABLE_TRI_SECRET_AND_REKEY_OPT_OUT_FOR_SPCS_BLOCK_STORAGE", "false", ""),
    flag("ENABLE_UNHANDLED_EXCEPTIONS_REPORTING", "true", ""),
    flag("ENABLE_UNLOAD_PHYSICAL_TYPE_OPTIMIZATION", "true", "S"),
    flag("ENABLE_UNREDACTED_QUERY_SYNTAX_ERROR", "false", "U"),
    flag("ENABLE_UNREDACTED_SECURE_OBJECT_ERROR", "false", "U"),
    flag("ENFORCE_NETWORK_RULES_FOR_INTERNAL_STAGES", "false", ""),
    flag("ERROR_ON_NONDETERMINISTIC_MERGE", "true", "S"),
    flag("ERROR_ON_NONDETERMINISTIC_UPDATE", "false", "S"),
    text("EVENT_TABLE", "snowflake.telemetry.events", ""),
    flag("EXTERNAL_OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST", "false", ""),
    text("EXTERNAL_VOLUME", "", "D"),
    text("GEOGRAPHY_OUTPUT_FORMAT", "GeoJSON", "S"),
    text("GEOMETRY_OUTPUT_FORMAT", "GeoJSON", "S"),
    number("HYBRID_TABLE_LOCK_TIMEOUT", "3600", "S"),
    number("ICEBERG_VERSION_DEFAULT", "2", ""),
    text("INITIAL_REPLICATION_SIZE_LIMIT_IN_TB", "10", ""),
    flag("JDBC_TREAT_DECIMAL_AS_INT", "true", "S"),
    flag("JDBC_TREAT_TIMESTAMP_NTZ_AS_UTC", "false", "S"),
    flag("JDBC_USE_SESSION_TIMEZONE", "true", "S"),
    within("JSON_INDENT", (0, 16), "2", "S"),
    flag("JS_TREAT_INTEGER_AS_BIGINT", "false", "S"),
    text("LISTING_AUTO_FULFILLMENT_REPLICATION_REFRESH_SCHEDULE", "1440 MINUTE", ""),
    number("LOCK_TIMEOUT", "43200", "S"),
    text("LOG_EVENT_LEVEL", "OFF", "SDP"),
    text("LOG_LEVEL", "OFF", "SDP"),
    number("MAX_CONCURRENCY_LEVEL", "8", "W"),
    within("MAX_DATA_EXTENSION_TIME_IN_DAYS", (0, 90), "14", "DL"),
    text("METRIC_LEVEL", "NONE", "SDP"),
    number("MIN_DATA_RETENTION_TIME_IN_DAYS", "0", ""),
    number("MULTI_STATEMENT_COUNT", "1", "S"),
    text("NETWORK_POLICY", "", "U"),
    flag("NOORDER_SEQUENCE_AS_DEFAULT", "true", "S"),
    flag("OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST", "true", ""),
    flag("ODBC_TREAT_DECIMAL_AS_INT", "false", "S"),
    flag("PERIODIC_DATA_REKEYING", "false", ""),
    flag("PIPE_EXECUTION_PAUSED", "false", "C"),
    flag("PREVENT_UNLOAD_TO_INLINE_URL", "false", ""),
    flag("PREVENT_UNLOAD_TO_INTERNAL_STAGES", "false", "U"),
    text("PYTHON_CONNECTOR_QUERY_RESULT_FORMAT", "JSON", "S"),
    text("PYTHON_PROFILER_MODULES", "", "S"),
    text("PYTHON_PROFILER_TARGET_STAGE", "", "S"),
    text("QUERY_TAG", "", "S"),
    flag("QUOTED_IDENTIFIERS_IGNORE_CASE", "false", "SD"),
    text("READ_CONSISTENCY_MODE", "SESSION", ""),
    flag("REPLACE_INVALID_CHARACTERS", "false", "D"),
    flag("REQUIRE_STORAGE_INTEGRATION_FOR_STAGE_CREATION", "false", ""),
    flag("REQUIRE_STORAGE_INTEGRATION_FOR_STAGE_OPERATION", "false", ""),
    number("ROWS_PER_RESULTSET", "0", "S"),
    flag("ROW_TIMESTAMP_DEFAULT", "false", ""),
    text("S3_STAGE_VPCE_DNS_NAME", "", "S"),
    text("SEARCH_PATH", "$current, $public", "S"),
    text("SERVERLESS_TASK_MAX_STATEMENT_SIZE", "X2Large", "DT"),
    text("SERVERLESS_TASK_MIN_STATEMENT_SIZE", "XSMALL", "DT"),
    text("SIMULATED_DATA_SHARING_CONSUMER", "", "S"),
    text("SQL_TRACE_QUERY_TEXT", "OFF", ""),
    text("SSO_LOGIN_PAGE", "false", ""),
    number("STATEMENT_QUEUED_TIMEOUT_IN_SECONDS", "0", "SW"),
    within("STATEMENT_TIMEOUT_IN_SECONDS", (0, 604_800), "172800", "SW"),
    text("STORAGE_SERIALIZATION_POLICY", "OPTIMIZED", "D"),
    flag("STRICT_JSON_OUTPUT", "false", "S"),
    number("SUSPEND_TASK_AFTER_NUM_FAILURES", "10", "DT"),
    number("TASK_AUTO_RETRY_ATTEMPTS", "0", "DT"),
    flag("TIMESTAMP_DAY_IS_ALWAYS_24H", "false", "S"),
    text("TIMESTAMP_INPUT_FORMAT", "AUTO", "S"),
    text("TIMESTAMP_LTZ_OUTPUT_FORMAT", "", "S"),
    text("TIMESTAMP_NTZ_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF3", "S"),
    text("TIMESTAMP_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM", "S"),
    text("TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_NTZ", "S"),
    text("TIMESTAMP_TZ_OUTPUT_FORMAT", "", "S"),
    text("TIMEZONE", "America/Los_Angeles", "S"),
    text("TIME_INPUT_FORMAT", "AUTO", "S"),
    text("TIME_OUTPUT_FORMAT", "HH24:MI:SS", "S"),
    text("TRACE_LEVEL", "OFF", "SDP"),
    flag("TRANSACTION_ABORT_ON_ERROR", "false", "S"),
    text("TRANSACTION_DEFAULT_ISOLATION_LEVEL", "READ COMMITTED", "S"),
    within("TWO_DIGIT_CENTURY_START", (1900, 2100), "1970", "S"),
    text("UNSUPPORTED_DDL_ACTION", "ignore", "S"),
    text("USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE", "Medium", "DT"),
    number("USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS", "30", "DT"),
    number("USER_TASK_TIMEOUT_MS", "3600000", "DT"),
    flag("USE_CACHED_RESULT", "true", "S"),
    text("USE_WORKSPACES_FOR_SQL", "unset", ""),
    within("WEEK_OF_YEAR_POLICY", (0, 1), "0", "S"),
    within("WEEK_START", (0, 7), "0", "S"),
];
