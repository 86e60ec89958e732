//! `SCHEMA`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-schema>.

use super::{
    database::transient,
    names::Directory,
    object::{
        Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, parameters, text,
    },
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, schemas::Schema, text::Comment},
    engine::fault::Fault,
    plan::{
        Change, Property, Risk,
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
    word: "SCHEMA",
    show: Show { words: "SHOW SCHEMAS", kind: "SCHEMA", by: By::Path },
    depth: 2,
    holds: Some("its data"),
    names: |spec, directory| directory.add_all(&KIND, &spec.schemas, |_| None),
    wanted,
    least: |name| Statement::new("CREATE SCHEMA").of_kind("SCHEMA").full_name(name),
    drop: |name| Statement::new("DROP SCHEMA").of_kind("SCHEMA").full_name(name),
};

type Row = Property<Schema>;

pub(super) const ROWS: &[Row] = &[
    Row::column(
        "dataRetentionTimeInDays",
        "DATA_RETENTION_TIME_IN_DAYS",
        "retention_time",
        &Lens {
            get: |s: &Schema| s.data_retention_time_in_days,
            set: |s: &mut Schema, v| s.data_retention_time_in_days = Some(v),
        },
    ),
    Row::parameter(
        "maxDataExtensionTimeInDays",
        "MAX_DATA_EXTENSION_TIME_IN_DAYS",
        &Lens {
            get: |s: &Schema| s.max_data_extension_time_in_days,
            set: |s: &mut Schema, v| s.max_data_extension_time_in_days = Some(v),
        },
    ),
    Row::parameter(
        "defaultDdlCollation",
        "DEFAULT_DDL_COLLATION",
        &Lens {
            get: |s: &Schema| s.default_ddl_collation.as_ref().map(|word| word.0.clone()),
            set: |s: &mut Schema, v: String| s.default_ddl_collation = Some(v.as_str().into()),
        },
    ),
    Row::column(
        "comment",
        "COMMENT",
        "comment",
        &Lens {
            get: |s: &Schema| s.comment().map(str::to_owned),
            set: |s: &mut Schema, v: String| s.comment = Some(Comment(v)),
        },
    ),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Schema| {
        let path = ["schemas.", &spec.name].concat();
        let wanted = directory
            .full_name(KIND.depth, &path, spec)
            .map(|name| Wanted::new(&KIND, name.clone(), SchemaObject { spec, name }));
        Listing { path, wanted }
    };
    spec.schemas.iter().map(of).collect()
}

struct SchemaObject<'a> {
    spec: &'a Schema,
    name: FullName,
}

impl Object for SchemaObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let words = match (how, self.spec.transient == Some(true)) {
            (Create::Plain, false) => "CREATE SCHEMA",
            (Create::Plain, true) => "CREATE TRANSIENT SCHEMA",
            (Create::Replace, false) => "CREATE OR REPLACE SCHEMA",
            (Create::Replace, true) => "CREATE OR REPLACE TRANSIENT SCHEMA",
        };
        let statement = Statement::new(words).of_kind(KIND.word).full_name(&self.name);
        let managed = (self.spec.managed_access == Some(true)).then_some(());
        let statement = statement.with(managed, |statement, ()| statement.keyword("WITH MANAGED ACCESS"));
        assignments(statement, ROWS, self.spec)
    }
    fn fields(&self) -> Vec<Change> {
        let on = |path, value: Option<bool>| value.map(|on| created(path, text(on.to_string())));
        let more = [on("transient", self.spec.transient), on("managedAccess", self.spec.managed_access)];
        fields(ROWS, self.spec).into_iter().chain(more.into_iter().flatten()).collect()
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER SCHEMA").of_kind(KIND.word).full_name(&self.name);
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        update.fault = transient(self.spec.transient, there);
        if self.spec.transient.is_some() {
            update.managed.insert("transient");
        }
        let is = there.found.text("options").is_some_and(|options| options.contains("MANAGED ACCESS"));
        let wanted = match self.spec.managed_access {
            Some(wanted) => {
                update.managed.insert("managedAccess");
                wanted
            }
            // Released: Snowflake's default.
            None if there.entry.managed.contains("managedAccess") => false,
            None => is,
        };
        if wanted != is && !there.ignores("managedAccess") {
            let words = if wanted { "ENABLE MANAGED ACCESS" } else { "DISABLE MANAGED ACCESS" };
            let (from, to) = (is.to_string(), wanted.to_string());
            let change = changed("managedAccess", Some(&from), Some(&to), Risk::Safe);
            update.push(change, alter().keyword(words));
        }
        Ok(update)
    }
    fn details(&self) -> Option<Statement> {
        self.sent()?;
        Some(Statement::new("SHOW PARAMETERS IN SCHEMA").of_kind("PARAMETERS").full_name(&self.name))
    }
    fn sent(&self) -> Option<String> {
        parameters(ROWS, self.spec)
    }
}
