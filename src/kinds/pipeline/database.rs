//! `DATABASE`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-database>.

use super::{
    names::Directory,
    object::{Create, Kind, Listing, Object, There, Update, Wanted, created, fields, parameters, text},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, databases::Database},
    engine::fault::Fault,
    plan::{
        Change, Property,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::full_name::FullName,
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "DATABASE",
    show: Show { words: "SHOW DATABASES", kind: "DATABASE", by: By::Path },
    depth: 1,
    holds: Some("its data"),
    names: |spec, directory| directory.add_all(&KIND, &spec.databases, |_| None),
    wanted,
    least: |name| Statement::new("CREATE DATABASE").of_kind("DATABASE").full_name(name),
    drop: |name| Statement::new("DROP DATABASE").of_kind("DATABASE").full_name(name),
};

type Row = Property<Database>;

pub(super) const ROWS: &[Row] = &[
    Row::column(
        "dataRetentionTimeInDays",
        "DATA_RETENTION_TIME_IN_DAYS",
        "retention_time",
        &Lens {
            get: |s: &Database| s.data_retention_time_in_days,
            set: |s: &mut Database, v| s.data_retention_time_in_days = Some(v),
        },
    ),
    Row::parameter(
        "maxDataExtensionTimeInDays",
        "MAX_DATA_EXTENSION_TIME_IN_DAYS",
        &Lens {
            get: |s: &Database| s.max_data_extension_time_in_days,
            set: |s: &mut Database, v| s.max_data_extension_time_in_days = Some(v),
        },
    ),
    Row::parameter(
        "defaultDdlCollation",
        "DEFAULT_DDL_COLLATION",
        &Lens {
            get: |s: &Database| s.default_ddl_collation.as_ref().map(|word| word.0.clone()),
            set: |s: &mut Database, v: String| s.default_ddl_collation = Some(v.as_str().into()),
        },
    ),
    Row::column(
        "comment",
        "COMMENT",
        "comment",
        &Lens {
            get: |s: &Database| s.comment().map(str::to_owned),
            set: |s: &mut Database, v: String| s.comment = Some(crate::api::pipeline::text::Comment(v)),
        },
    ),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Database| {
        let path = ["databases.", &spec.name].concat();
        let wanted = directory
            .full_name(KIND.depth, &path, spec)
            .map(|name| Wanted::new(&KIND, name.clone(), DatabaseObject { spec, name }));
        Listing { path, wanted }
    };
    spec.databases.iter().map(of).collect()
}

struct DatabaseObject<'a> {
    spec: &'a Database,
    name: FullName,
}

impl Object for DatabaseObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let words = match (how, self.spec.transient == Some(true)) {
            (Create::Plain, false) => "CREATE DATABASE",
            (Create::Plain, true) => "CREATE TRANSIENT DATABASE",
            (Create::Replace, false) => "CREATE OR REPLACE DATABASE",
            (Create::Replace, true) => "CREATE OR REPLACE TRANSIENT DATABASE",
        };
        assignments(Statement::new(words).of_kind(KIND.word).full_name(&self.name), ROWS, self.spec)
    }
    fn fields(&self) -> Vec<Change> {
        let transient = self.spec.transient.map(|on| created("transient", text(on.to_string())));
        fields(ROWS, self.spec).into_iter().chain(transient).collect()
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER DATABASE").of_kind(KIND.word).full_name(&self.name);
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        update.fault = transient(self.spec.transient, there);
        if self.spec.transient.is_some() {
            update.managed.insert("transient");
        }
        Ok(update)
    }
    fn details(&self) -> Option<Statement> {
        self.sent()?;
        Some(Statement::new("SHOW PARAMETERS IN DATABASE").of_kind("PARAMETERS").full_name(&self.name))
    }
    fn sent(&self) -> Option<String> {
        parameters(ROWS, self.spec)
    }
}

/// What is transient can't become permanent, and the other way about: that is another object, with other data.
pub(super) fn transient(wanted: Option<bool>, there: &There<'_>) -> Option<Fault> {
    let is = is_transient(there);
    let wanted = wanted.filter(|wanted| *wanted != is)?;
    Some(Fault::Refused(format!(
        "{} is {}, which can't be changed: set transient: {is}, or move the data into another one",
        there.found.name(),
        if wanted { "permanent" } else { "transient" }
    )))
}

/// SHOW DATABASES and SCHEMAS have it among the options, SHOW TABLES as the kind.
pub(super) fn is_transient(there: &There<'_>) -> bool {
    let said = |column: &str| there.found.text(column).is_some_and(|text| text.contains("TRANSIENT"));
    said("options") || said("kind")
}
