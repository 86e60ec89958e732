//! `FILE FORMAT`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-file-format>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-file-format>.
//!
//! SHOW has all options as JSON. ALTER can set them and not unset them: what leaves the spec stays as it is. Only a new
//! one has another type; it takes the place of the old one, which stages and pipes know by its name.

use super::{
    file_options::Options,
    names::Directory,
    object::{Create, Kind, Listing, Object, Replace, There, Update, Wanted, changed, created, fields, text},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, file_formats::FileFormat, text::Comment},
    engine::fault::Fault,
    plan::{
        Change, Property, Release, Risk,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{canonical::Canonical, full_name::FullName},
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "FILE FORMAT",
    show: Show { words: "SHOW FILE FORMATS", kind: "FILE FORMAT", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| directory.add_all(&KIND, &spec.file_formats, |_| None),
    wanted,
    least: |name| {
        Statement::new("CREATE FILE FORMAT").of_kind(KIND.word).full_name(name).keyword("TYPE = CSV")
    },
    drop: |name| Statement::new("DROP FILE FORMAT").of_kind(KIND.word).full_name(name),
};

pub(super) const ROWS: &[Property<FileFormat>] = &[Property::column(
    "comment",
    "COMMENT",
    "comment",
    &Lens {
        get: |s: &FileFormat| s.comment().map(str::to_owned),
        set: |s: &mut FileFormat, v: String| s.comment = Some(Comment(v)),
    },
)
.release(Release::Set("''"))];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a FileFormat| {
        let path = ["fileFormats.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|name| {
            let options = Options::read(spec.file_type, &spec.options, &path)?;
            let object = FileFormatObject { spec, name: name.clone(), options };
            Ok(Wanted::new(&KIND, name, object))
        });
        Listing { path, wanted }
    };
    spec.file_formats.iter().map(of).collect()
}

struct FileFormatObject<'a> {
    spec: &'a FileFormat,
    name: FullName,
    options: Options,
}

impl Object for FileFormatObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let statement = how.begin(&KIND, &self.name).keyword("TYPE =").canonical(&self.spec.file_type);
        assignments(self.options.say(statement, |_| true), ROWS, self.spec)
    }
    fn fields(&self) -> Vec<Change> {
        let kind = created("type", text(self.spec.file_type.to_string()));
        let options = self.options.shown();
        let options =
            options.into_iter().map(|(name, shown)| created(format!("options.{name}"), text(shown)));
        [kind].into_iter().chain(options).chain(fields(ROWS, self.spec)).collect()
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER FILE FORMAT").of_kind(KIND.word).full_name(&self.name);
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        update.managed.insert("type");
        update.managed.extend(self.options.shown().iter().map(|(name, _)| format!("options.{name}")));
        let shown = there.found.text("type").unwrap_or_default();
        let wanted = self.spec.file_type;
        if crate::api::pipeline::file_formats::FileType::read(Some(shown)) != Some(wanted) {
            let change = changed("type", Some(shown), Some(&wanted.to_string()), Risk::Disruptive);
            let statement = self.create(Create::Replace);
            update.replace = Some(Replace { changes: vec![change], statement });
            return Ok(update);
        }
        let cell = there.found.text("format_options").unwrap_or_default();
        let present: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(cell).unwrap_or_default();
        let differing = self.options.differing(|name| {
            present.get(name).map(|value| match value {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Null => String::new(),
                other => other.to_string(),
            })
        });
        let differing: Vec<_> =
            differing.into_iter().filter(|(name, ..)| !there.ignores(&format!("options.{name}"))).collect();
        if !differing.is_empty() {
            let is = |name: &str| differing.iter().any(|(other, ..)| *other == name);
            update.statements.push(self.options.say(alter().keyword("SET"), is));
        }
        update.changes.extend(differing.into_iter().map(|(name, from, to)| {
            changed(format!("options.{name}"), from.as_deref(), Some(&to), Risk::Safe)
        }));
        Ok(update)
    }
}
