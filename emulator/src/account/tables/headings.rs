//! The columns of what tools are shown of tables.

use crate::rows::ColumnType::{self, Fixed, Text, TimestampLtz};

pub(super) const COLUMNS: &[(&str, ColumnType)] = &[
    ("table_name", Text),
    ("schema_name", Text),
    ("column_name", Text),
    ("data_type", Text),
    ("null?", Text),
    ("default", Text),
    ("kind", Text),
    ("expression", Text),
    ("comment", Text),
    ("database_name", Text),
    ("autoincrement", Text),
    ("schema_evolution_record", Text),
];

pub(super) const DESCRIBED: &[(&str, ColumnType)] = &[
    ("name", Text),
    ("type", Text),
    ("kind", Text),
    ("null?", Text),
    ("default", Text),
    ("primary key", Text),
    ("unique key", Text),
    ("check", Text),
    ("expression", Text),
    ("comment", Text),
    ("policy name", Text),
    ("privacy domain", Text),
];

pub(super) const KEYS: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("database_name", Text),
    ("schema_name", Text),
    ("table_name", Text),
    ("column_name", Text),
    ("key_sequence", Fixed),
    ("constraint_name", Text),
    ("rely", Text),
    ("comment", Text),
];

pub(super) const FOREIGN: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("pk_database_name", Text),
    ("pk_schema_name", Text),
    ("pk_table_name", Text),
    ("pk_column_name", Text),
    ("fk_database_name", Text),
    ("fk_schema_name", Text),
    ("fk_table_name", Text),
    ("fk_column_name", Text),
    ("key_sequence", Fixed),
    ("update_rule", Text),
    ("delete_rule", Text),
    ("fk_name", Text),
    ("pk_name", Text),
    ("deferrability", Text),
    ("rely", Text),
    ("comment", Text),
];

pub(super) const INDEXES: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("name", Text),
    ("is_unique", Text),
    ("columns", Text),
    ("included_columns", Text),
    ("table", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("owner", Text),
    ("owner_role_type", Text),
];
