//! `TABLE`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-table>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-table>.
//!
//! A table is never replaced. Columns are compared by name ([`columns`]); what loses data waits for approval.

mod columns;
mod difference;
pub(super) mod keys;
mod present;

use std::{collections::BTreeSet, sync::Arc};

use columns::Columns;
use keys::Keys;

use super::{
    attach::{Attachments, Said},
    database::transient,
    definition,
    names::Directory,
    object::{Create, Kind, Listing, Object, There, Update, Wanted, created, fields, name, text},
    observe::COLUMNS,
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, tables::Table, text::Comment},
    engine::fault::Fault,
    plan::{
        Change, Property, Target,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{full_name::FullName, user_sql::UserSql},
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "TABLE",
    show: Show { words: "SHOW TABLES", kind: "TABLE", by: By::Path },
    depth: 3,
    holds: Some("its rows"),
    names: |spec, directory| directory.add_all(&KIND, &spec.tables, |_| None),
    wanted,
    least: |name| Statement::new("CREATE TABLE").of_kind("TABLE").full_name(name).keyword("(PROBE INT)"),
    drop: |name| Statement::new("DROP TABLE").of_kind("TABLE").full_name(name),
};

type Row = Property<Table>;

pub(super) const ROWS: &[Row] = &[
    Row::column(
        "dataRetentionTimeInDays",
        "DATA_RETENTION_TIME_IN_DAYS",
        "retention_time",
        &Lens {
            get: |s: &Table| s.data_retention_time_in_days,
            set: |s: &mut Table, v| s.data_retention_time_in_days = Some(v),
        },
    ),
    Row::parameter(
        "maxDataExtensionTimeInDays",
        "MAX_DATA_EXTENSION_TIME_IN_DAYS",
        &Lens {
            get: |s: &Table| s.max_data_extension_time_in_days,
            set: |s: &mut Table, v| s.max_data_extension_time_in_days = Some(v),
        },
    ),
    Row::column(
        "changeTracking",
        "CHANGE_TRACKING",
        "change_tracking",
        &Lens { get: |s: &Table| s.change_tracking, set: |s: &mut Table, v| s.change_tracking = Some(v) },
    )
    .release(crate::plan::Release::Leave),
    Row::column(
        "enableSchemaEvolution",
        "ENABLE_SCHEMA_EVOLUTION",
        "enable_schema_evolution",
        &Lens {
            get: |s: &Table| s.enable_schema_evolution,
            set: |s: &mut Table, v| s.enable_schema_evolution = Some(v),
        },
    )
    .release(crate::plan::Release::Set("FALSE")),
    Row::column(
        "comment",
        "COMMENT",
        "comment",
        &Lens {
            get: |s: &Table| s.comment().map(str::to_owned),
            set: |s: &mut Table, v: String| s.comment = Some(Comment(v)),
        },
    ),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Table| {
        let path = ["tables.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|full| {
            let former = match &spec.renamed_from {
                Some(former) => {
                    let former = name(format_args!("{path}.renamedFrom"), former)?;
                    full.parent().map(|place| place.join(former))
                }
                None => None,
            };
            let object = TableObject::read(spec, full.clone(), directory, &path)?;
            let needs = object.needs.clone();
            Ok(Wanted { former, ..Wanted::new(&KIND, full, object).needing(needs) })
        });
        Listing { path, wanted }
    };
    spec.tables.iter().map(of).collect()
}

struct TableObject<'a> {
    spec: &'a Table,
    name: FullName,
    columns: Columns<'a>,
    keys: Keys,
    cluster_by: Option<Vec<UserSql>>,
    attachments: Arc<Attachments>,
    needs: Vec<Target>,
}

impl<'a> TableObject<'a> {
    fn read(spec: &'a Table, full: FullName, directory: &Directory, path: &str) -> Result<Self, Fault> {
        let mut columns = Columns::read(&spec.columns, path)?;
        let mut needs = vec![];
        let keys = Keys::read(spec, &full, directory, path, |column| columns.has(column), &mut needs)?;
        let cluster_by = definition::keys(spec.cluster_by.as_ref(), path)?;
        let masks =
            spec.columns.iter().filter_map(|column| Some((&column.name, column.masking_policy.as_ref()?)));
        let said = Said {
            row_access: spec.row_access_policy.as_ref(),
            masks: masks.collect(),
            tags: &spec.tags,
            has: &|column| columns.has(column),
        };
        let attachments = Arc::new(Attachments::read(&KIND, &full, directory, path, &said)?);
        columns.attach(&attachments);
        needs.extend(attachments.needs.iter().cloned());
        Ok(Self { spec, name: full, columns, keys, cluster_by, attachments, needs })
    }

    fn alter(&self) -> Statement {
        Statement::new("ALTER TABLE").of_kind(KIND.word).full_name(&self.name)
    }
}

/// `LINEAR(a, f(b, c))`, as it compares: without the word, blanks and quotes, in upper case outside of strings.
pub(super) fn plain_key(text: &str) -> String {
    let text = text.trim();
    let inner = text.strip_prefix("LINEAR(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let mut quoted = false;
    let fold = |c: char| {
        if c == '\'' {
            quoted = !quoted;
        }
        if quoted {
            Some(c)
        } else {
            Some(c.to_ascii_uppercase()).filter(|c| !c.is_whitespace() && *c != '"')
        }
    };
    inner.chars().filter_map(fold).collect()
}

impl Object for TableObject<'_> {
    // ---- create

    fn create(&self, _: Create) -> Statement {
        // Never OR REPLACE: a table holds rows.
        let transient = self.spec.transient == Some(true);
        let words = if transient { "CREATE TRANSIENT TABLE" } else { "CREATE TABLE" };
        let mut statement = Statement::new(words).of_kind(KIND.word).full_name(&self.name).keyword("(");
        statement = self.columns.declare(statement);
        statement = self.keys.declare(statement);
        statement = statement.keyword(")");
        if let Some(keys) = self.cluster_by.as_ref().filter(|keys| !keys.is_empty()) {
            statement = statement.keyword("CLUSTER BY").list(keys, Statement::sql);
        }
        self.attachments.on_object(assignments(statement, ROWS, self.spec))
    }
    fn fields(&self) -> Vec<Change> {
        let mut all = self.columns.fields();
        all.extend(self.keys.fields());
        let clustering: Option<Vec<_>> =
            self.cluster_by.as_ref().map(|keys| keys.iter().map(UserSql::as_str).collect());
        all.extend(clustering.map(|keys| created("clusterBy", text(keys.join(", ")))));
        all.extend(self.spec.transient.map(|on| created("transient", text(on.to_string()))));
        all.extend(fields(ROWS, self.spec));
        all.extend(self.attachments.fields());
        all
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let mut update = Update::of_rows(ROWS, self.spec, &|| self.alter(), there)?;
        update.fault = transient(self.spec.transient, there);
        if self.spec.transient.is_some() {
            update.managed.insert("transient");
        }
        let alter = || self.alter();
        let columns = self.columns.compare(there, &alter, &mut update)?;
        self.keys.compare(there, &alter, &mut update);
        definition::clustering(self.cluster_by.as_deref(), &alter, there, &mut update);
        self.attachments.compare(there, &columns, &mut update);
        Ok(update)
    }
    fn details(&self) -> Option<Statement> {
        self.spec.max_data_extension_time_in_days?;
        Some(Statement::new("SHOW PARAMETERS IN TABLE").of_kind("PARAMETERS").full_name(&self.name))
    }
    fn lists(&self, managed: &BTreeSet<String>) -> Vec<Show> {
        [COLUMNS].into_iter().chain(self.keys.lists(managed)).collect()
    }
    fn attachments(&self) -> Option<&Attachments> {
        Some(&self.attachments)
    }
    fn sent(&self) -> Option<String> {
        self.spec.max_data_extension_time_in_days.map(|days| days.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::plain_key;

    #[test]
    fn clustering_keys_compare_without_their_dress() {
        assert_eq!(
            plain_key("LINEAR(TO_DATE(CALL_AT), ACCOUNT_ID)"),
            plain_key("to_date(call_at), account_id")
        );
        assert_eq!(plain_key("LINEAR(f('a b'))"), "F('a b')");
        assert_ne!(plain_key("LINEAR(A, B)"), plain_key("B, A"));
    }
}
