//! The columns of SHOW (docs: sql-reference/sql/show-…), for the kinds that an account here cannot hold yet and for some
//! that it can. Tools ask for all of them before they plan.

use super::cursor::Cursor;
use crate::rows::ColumnType;

/// A kind that nobody can create here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AbsentKind {
    /// As SHOW names several.
    pub(crate) plural: &'static str,
    /// Names, each perhaps with `:t` a time, `:n` a number, `:b` a boolean; text without.
    columns: &'static str,
}

impl AbsentKind {
    /// Column names and types.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&'static str, ColumnType)> {
        self.columns.split(' ').map(|column| match column.split_once(':') {
            Some((name, "t")) => (name, ColumnType::TimestampLtz),
            Some((name, "n")) => (name, ColumnType::Fixed),
            Some((name, _)) => (name, ColumnType::Boolean),
            None => (column, ColumnType::Text),
        })
    }
}

const fn kind(plural: &'static str, columns: &'static str) -> AbsentKind {
    AbsentKind { plural, columns }
}

const POLICY: &str = "created_on:t name database_name schema_name kind owner comment owner_role_type options";

static KINDS: &[AbsentKind] = &[
    kind("AGGREGATION POLICIES", POLICY),
    kind(
        "BACKUP POLICIES",
        "created_on:t name database_name schema_name owner comment schedule expire_after_days:n owner_role_type",
    ),
    kind(
        "BACKUP SETS",
        "created_on:t name database_name schema_name object_kind object_name backup_policy owner comment owner_role_type",
    ),
    kind(
        "CORTEX SEARCH SERVICES",
        "created_on:t name database_name schema_name warehouse target_lag definition search_column attribute_columns columns primary_key_columns scoring_profile_count:n comment",
    ),
    kind(
        "DYNAMIC TABLES",
        "created_on:t name reserved database_name schema_name cluster_by rows:n bytes:n owner target_lag refresh_mode refresh_mode_reason warehouse comment text automatic_clustering scheduling_state last_suspended_on:t is_clone:b is_replica:b data_timestamp:t owner_role_type",
    ),
    kind("EXTERNAL ACCESS INTEGRATIONS", "name type category enabled:b comment created_on:t"),
    kind(
        "EXTERNAL FUNCTIONS",
        "created_on:t name schema_name is_builtin is_aggregate is_ansi min_num_arguments:n max_num_arguments:n arguments description catalog_name is_table_function valid_for_clustering is_secure is_external_function language",
    ),
    kind(
        "EXTERNAL TABLES",
        "created_on:t name database_name schema_name invalid invalid_reason owner comment stage location file_format_name file_format_type cloud region notification_channel last_refreshed_on:t table_format last_refresh_details owner_role_type",
    ),
    kind(
        "FILE FORMATS",
        "created_on:t name database_name schema_name type owner comment owner_role_type format_options",
    ),
    kind(
        "GIT REPOSITORIES",
        "created_on:t name database_name schema_name origin api_integration git_credentials owner owner_role_type comment last_fetched_at:t",
    ),
    kind(
        "HYBRID TABLES",
        "created_on:t name database_name schema_name owner rows:n bytes:n comment owner_role_type",
    ),
    kind(
        "ICEBERG TABLES",
        "created_on:t name database_name schema_name owner external_volume_name catalog_name iceberg_table_type catalog_table_name catalog_namespace base_location can_write_metadata comment owner_role_type",
    ),
    kind(
        "IMAGE REPOSITORIES",
        "created_on:t name database_name schema_name repository_url owner owner_role_type comment",
    ),
    kind("INTEGRATIONS", "name type category enabled:b comment created_on:t"),
    kind("JOIN POLICIES", POLICY),
    kind("MASKING POLICIES", POLICY),
    kind(
        "MATERIALIZED VIEWS",
        "created_on:t name reserved database_name schema_name cluster_by rows:n bytes:n source_database_name source_schema_name source_table_name refreshed_on:t compacted_on:t owner invalid:b invalid_reason behind_by comment text is_secure automatic_clustering owner_role_type",
    ),
    kind(
        "NETWORK RULES",
        "created_on:t name database_name schema_name owner comment type mode entries_in_valuelist:n owner_role_type",
    ),
    kind(
        "NOTEBOOKS",
        "created_on:t name database_name schema_name comment owner query_warehouse url_id owner_role_type code_warehouse",
    ),
    kind(
        "PIPES",
        "created_on:t name database_name schema_name definition owner notification_channel comment integration pattern error_integration owner_role_type invalid_reason is_snowflake_managed",
    ),
    kind("PROJECTION POLICIES", POLICY),
    kind("ROW ACCESS POLICIES", POLICY),
    kind(
        "SECRETS",
        "created_on:t name schema_name database_name owner comment secret_type oauth_scopes owner_role_type",
    ),
    kind("SECURITY INTEGRATIONS", "name type category enabled:b comment created_on:t"),
    kind(
        "SEMANTIC VIEWS",
        "created_on:t name database_name schema_name comment owner owner_role_type extension",
    ),
    kind("STORAGE INTEGRATIONS", "name type category enabled:b comment created_on:t"),
    kind(
        "STREAMLITS",
        "created_on:t name database_name schema_name title comment owner query_warehouse url_id owner_role_type",
    ),
    kind(
        "VIEWS",
        "created_on:t name reserved database_name schema_name owner comment text is_secure is_materialized owner_role_type change_tracking",
    ),
];

/// The columns of a kind, by its plural.
pub(crate) fn columns_of(plural: &str) -> Option<Vec<(&'static str, ColumnType)>> {
    KINDS.iter().find(|kind| kind.plural == plural).map(|kind| kind.columns().collect())
}

/// Takes the words of such a kind.
pub(crate) fn take(cursor: &mut Cursor) -> Option<&'static AbsentKind> {
    KINDS.iter().find(|kind| cursor.takes(kind.plural))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_and_a_moment_of_creation() {
        for kind in KINDS {
            let columns: Vec<_> = kind.columns().collect();
            assert!(columns.iter().any(|(name, _)| name.ends_with("name")), "{}", kind.plural);
            assert!(columns.contains(&("created_on", ColumnType::TimestampLtz)), "{}", kind.plural);
            let mut names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), columns.len(), "{}", kind.plural);
        }
        assert!(KINDS.is_sorted_by_key(|kind| kind.plural));
    }
}
