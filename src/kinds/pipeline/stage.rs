//! `STAGE`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-stage>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-stage>.
//!
//! An internal stage holds files, so a stage is never replaced: what ALTER can't change is told. How it is encrypted is
//! only read at creation.

use super::{
    file_options::Options,
    names::Directory,
    object::{Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, name, text},
};
use crate::{
    api::pipeline::{
        Listed, PipelineSpec,
        file_formats::FileType,
        stages::Stage,
        text::{Comment, Url},
    },
    engine::fault::Fault,
    plan::{
        Change, Property, Release, Risk, Target,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{canonical::Canonical, full_name::FullName, ident::Ident},
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "STAGE",
    show: Show { words: "SHOW STAGES", kind: "STAGE", by: By::Path },
    depth: 3,
    holds: Some("its files"),
    names: |spec, directory| directory.add_all(&KIND, &spec.stages, |_| None),
    wanted,
    least: |name| Statement::new("CREATE STAGE").of_kind(KIND.word).full_name(name),
    drop: |name| Statement::new("DROP STAGE").of_kind(KIND.word).full_name(name),
};

pub(super) const ROWS: &[Property<Stage>] = &[
    Property::column(
        "url",
        "URL",
        "url",
        &Lens {
            get: |s: &Stage| s.url.as_deref().map(str::to_owned),
            set: |s: &mut Stage, v: String| s.url = Some(Url(v)),
        },
    )
    .release(Release::Leave)
    .risk(Risk::Disruptive),
    Property::column(
        "storageIntegration",
        "STORAGE_INTEGRATION",
        "storage_integration",
        &Lens {
            get: |s: &Stage| s.storage_integration.as_deref().and_then(|text| Ident::from_spec(text).ok()),
            set: |s: &mut Stage, v: Ident| s.storage_integration = Some(v.to_spec().as_str().into()),
        },
    )
    .release(Release::Leave),
    Property::column(
        "comment",
        "COMMENT",
        "comment",
        &Lens {
            get: |s: &Stage| s.comment().map(str::to_owned),
            set: |s: &mut Stage, v: String| s.comment = Some(Comment(v)),
        },
    )
    .release(Release::Set("''")),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Stage| {
        let path = ["stages.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|full| {
            let object = StageObject::read(spec, full.clone(), directory, &path)?;
            let needs = object.needs.clone();
            Ok(Wanted::new(&KIND, full, object).needing(needs))
        });
        Listing { path, wanted }
    };
    spec.stages.iter().map(of).collect()
}

enum Format {
    Named(FullName),
    Written(FileType, Options),
}

struct StageObject<'a> {
    spec: &'a Stage,
    name: FullName,
    format: Option<Format>,
    notifications: Option<Ident>,
    needs: Vec<Target>,
}

impl<'a> StageObject<'a> {
    fn read(spec: &'a Stage, full: FullName, directory: &Directory, path: &str) -> Result<Self, Fault> {
        let other = |field: &str, text: Option<&str>| {
            text.map(|text| name(format_args!("{path}.{field}"), text)).transpose()
        };
        other("storageIntegration", spec.storage_integration.as_deref())?;
        let table = spec.directory.as_ref();
        let integration = table.and_then(|table| table.notification_integration.as_deref());
        let notifications = other("directory.notificationIntegration", integration)?;
        let mut needs = vec![];
        let field = format!("{path}.fileFormat");
        let format = match &spec.file_format {
            None => None,
            Some(format) => Some(match (&format.name, format.file_type) {
                (Some(text), _) => {
                    let named = directory.resolve(&["FILE FORMAT"], text, &full, &format!("{field}.name"))?;
                    needs.extend(named.1);
                    Format::Named(named.0)
                }
                (None, kind) => {
                    let kind = kind.unwrap_or_default();
                    Format::Written(kind, Options::read(kind, &format.options, &field)?)
                }
            }),
        };
        Ok(Self { spec, name: full, format, notifications, needs })
    }

    fn directory(&self, statement: Statement) -> Statement {
        let Some(table) = &self.spec.directory else { return statement };
        let statement = statement.keyword("DIRECTORY = ( ENABLE =").boolean(table.enable);
        let statement = statement
            .with(table.auto_refresh, |statement, on| statement.keyword("AUTO_REFRESH =").boolean(on))
            .with(self.notifications.as_ref(), |statement, integration| {
                statement.keyword("NOTIFICATION_INTEGRATION =").literal(integration.as_str())
            });
        statement.keyword(")")
    }

    fn file_format(&self, statement: Statement) -> Statement {
        let Some(format) = &self.format else { return statement };
        let statement = statement.keyword("FILE_FORMAT = (");
        let statement = match format {
            // The name stands in a string.
            Format::Named(name) => statement.keyword("FORMAT_NAME =").literal(&name.sql()),
            Format::Written(kind, options) => {
                options.say(statement.keyword("TYPE =").canonical(kind), |_| true)
            }
        };
        statement.keyword(")")
    }

    fn format_shown(&self) -> Option<String> {
        Some(match self.format.as_ref()? {
            Format::Named(name) => name.to_string(),
            Format::Written(kind, options) => {
                let all = options.shown().into_iter().map(|(name, shown)| format!(" {name}={shown}"));
                kind.to_string() + &all.collect::<String>()
            }
        })
    }

    /// How it differs, by DESCRIBE; `None`: it does not, or it was not read and is as it was sent.
    #[allow(clippy::option_option)] // alike; differs from none; differs from this
    fn format_differs(&self, there: &There<'_>) -> Option<Option<String>> {
        let format = self.format.as_ref()?;
        let Some(rows) = there.details else { return (!there.trusted).then_some(None) };
        let of = |property: &str| {
            let mut rows = rows.iter();
            let row = rows.find(|row| {
                row.text("parent_property") == Some("STAGE_FILE_FORMAT")
                    && row.text("property") == Some(property)
            })?;
            row.text("property_value").map(str::to_owned)
        };
        // Quotes come escaped: \"DB\".\"S\".\"F\".
        let named = of("FORMAT_NAME").map(|text| text.replace("\\\"", "\"")).filter(|text| !text.is_empty());
        let kind = of("TYPE");
        match format {
            Format::Named(wanted) => {
                let is = named.as_ref().and_then(|text| FullName::parse(text).ok());
                (is.as_ref() != Some(wanted)).then(|| named.or(kind))
            }
            Format::Written(wanted, options) => {
                let same = named.is_none() && FileType::read(kind.as_deref()) == Some(*wanted);
                let same = same && options.differing(of).is_empty();
                (!same).then(|| named.or(kind))
            }
        }
    }
}

impl Object for StageObject<'_> {
    // ---- create

    fn create(&self, _: Create) -> Statement {
        // Never OR REPLACE: files would go with it.
        let statement = assignments(Create::Plain.begin(&KIND, &self.name), &ROWS[..2], self.spec);
        let statement = statement.with(self.spec.encryption.as_ref(), |statement, encryption| {
            let statement = statement.keyword("ENCRYPTION = ( TYPE =").canonical(&encryption.encryption_type);
            let key = encryption.kms_key_id.as_deref();
            statement.with(key, |statement, key| statement.keyword("KMS_KEY_ID =").literal(key)).keyword(")")
        });
        let statement = self.file_format(self.directory(statement));
        assignments(statement, &ROWS[2..], self.spec)
    }
    fn fields(&self) -> Vec<Change> {
        let encryption = self.spec.encryption.as_ref();
        let encryption = encryption.map(|one| created("encryption", text(one.encryption_type.to_string())));
        let directory = self.spec.directory.as_ref();
        let directory = directory.map(|table| created("directory.enable", text(table.enable.to_string())));
        let format = self.format_shown().map(|shown| created("fileFormat", text(shown)));
        let all = [encryption, directory, format].into_iter().flatten();
        all.chain(fields(ROWS, self.spec)).collect()
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER STAGE").of_kind(KIND.word).full_name(&self.name);
        let is_external = there.found.text("url").is_some_and(|url| !url.is_empty());
        if is_external != self.spec.url.is_some() {
            let (is, other) = if is_external { ("external", "internal") } else { ("internal", "external") };
            return Err(Fault::Refused(format!(
                "spec.stages.{}.url: it is an {is} stage, which can't become an {other} one: give the entry another object, and remove this one when its files are no longer needed",
                self.spec.name
            )));
        }
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        update.managed.extend(self.spec.encryption.as_ref().map(|_| "encryption"));
        if let Some(table) = &self.spec.directory {
            update.managed.insert("directory.enable");
            let is = bool::read(there.found.text("directory_enabled")).unwrap_or_default();
            if is != table.enable && !there.ignores("directory.enable") {
                let (from, to) = (is.to_string(), table.enable.to_string());
                let change = changed("directory.enable", Some(&from), Some(&to), Risk::Safe);
                let statement = alter().keyword("SET DIRECTORY = ( ENABLE =").boolean(table.enable);
                update.push(change, statement.keyword(")"));
            }
        }
        update.managed.extend(self.format.as_ref().map(|_| "fileFormat"));
        if let Some(from) = self.format_differs(there).filter(|_| !there.ignores("fileFormat")) {
            let to = self.format_shown();
            let change = changed("fileFormat", from.as_deref(), to.as_deref(), Risk::Safe);
            update.push(change, self.file_format(alter().keyword("SET")));
        }
        Ok(update)
    }
    fn details(&self) -> Option<Statement> {
        self.format.as_ref()?;
        Some(Statement::new("DESCRIBE STAGE").of_kind(KIND.word).full_name(&self.name))
    }
    fn sent(&self) -> Option<String> {
        self.format_shown()
    }
}
