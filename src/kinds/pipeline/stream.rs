//! `STREAM`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-stream>.
//!
//! Source and mode can't be altered, and a new stream begins at a new offset: what was not consumed is lost. A new one
//! on the same table takes the offset over (`AT (STREAM => …)`); any other replacement waits for approval. A stale
//! stream is told and left as it is: what it has lost, no statement brings back.

use super::{
    names::Directory,
    object::{Create, Kind, Listing, Object, Replace, There, Update, Wanted, changed, created, fields, text},
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, streams::Stream, text::Comment},
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
    word: "STREAM",
    show: Show { words: "SHOW STREAMS", kind: "STREAM", by: By::Path },
    depth: 3,
    holds: Some("its offset"),
    names: |spec, directory| directory.add_all(&KIND, &spec.streams, |_| None),
    wanted,
    // A stream needs a source: one that never is makes the probe fail where nothing was created.
    least: |name| {
        Statement::new("CREATE STREAM").of_kind("STREAM").full_name(name).keyword("ON TABLE").full_name(name)
    },
    drop: |name| Statement::new("DROP STREAM").of_kind("STREAM").full_name(name),
};

type Row = Property<Stream>;

pub(super) const ROWS: &[Row] = &[Row::column(
    "comment",
    "COMMENT",
    "comment",
    &Lens {
        get: |s: &Stream| s.comment().map(str::to_owned),
        set: |s: &mut Stream, v: String| s.comment = Some(Comment(v)),
    },
)];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Stream| {
        let path = ["streams.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|name| {
            let (words, source, needs) = source(spec, directory, &name, &path)?;
            let object = StreamObject { spec, name: name.clone(), words, source };
            let needs = needs.into_iter().collect();
            Ok(Wanted::new(&KIND, name, object).needing(needs))
        });
        Listing { path, wanted }
    };
    spec.streams.iter().map(of).collect()
}

type Source = (&'static str, FullName, Option<crate::plan::Target>);

fn source(spec: &Stream, directory: &Directory, name: &FullName, path: &str) -> Result<Source, Fault> {
    let fields = [
        ("onTable", "ON TABLE", &spec.on_table, &["TABLE"][..]),
        ("onView", "ON VIEW", &spec.on_view, &["VIEW", "MATERIALIZED VIEW"]),
        ("onStage", "ON STAGE", &spec.on_stage, &["STAGE"]),
        ("onExternalTable", "ON EXTERNAL TABLE", &spec.on_external_table, &["EXTERNAL TABLE"]),
        ("onDynamicTable", "ON DYNAMIC TABLE", &spec.on_dynamic_table, &["DYNAMIC TABLE"]),
    ];
    for (field, words, source, kinds) in fields {
        if let Some(text) = source {
            let (full, target) = directory.resolve(kinds, text, name, &format!("{path}.{field}"))?;
            return Ok((words, full, target));
        }
    }
    Err(Fault::Refused(format!("spec.{path}: a stream has a source: set one of onTable, onView, onStage")))
}

struct StreamObject<'a> {
    spec: &'a Stream,
    name: FullName,
    words: &'static str,
    source: FullName,
}

impl StreamObject<'_> {
    fn mode(&self) -> &'static str {
        match (self.spec.append_only, self.spec.insert_only) {
            (Some(true), _) => "APPEND_ONLY",
            (_, Some(true)) => "INSERT_ONLY",
            _ => "DEFAULT",
        }
    }
    fn rest(&self, statement: Statement, from: Option<&FullName>) -> Statement {
        let mut statement = statement.keyword(self.words).full_name(&self.source);
        if let Some(old) = from {
            statement = statement.keyword("AT (STREAM =>").literal(&old.sql()).keyword(")");
        }
        let modes = [("APPEND_ONLY =", self.spec.append_only), ("INSERT_ONLY =", self.spec.insert_only)];
        for (words, on) in modes {
            statement = statement.with(on, |statement, on| statement.keyword(words).boolean(on));
        }
        // A replacement that takes the offset over has its rows already.
        let initial = self.spec.show_initial_rows.filter(|_| from.is_none());
        statement =
            statement.with(initial, |statement, on| statement.keyword("SHOW_INITIAL_ROWS =").boolean(on));
        assignments(statement, ROWS, self.spec)
    }
}

impl Object for StreamObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        // A replacement takes the offset over. One that can't is only made by [`Self::compare`], and waits for approval.
        let from = (how == Create::Replace).then_some(&self.name);
        self.rest(how.begin(&KIND, &self.name), from)
    }
    fn fields(&self) -> Vec<Change> {
        let source = created("source", text(self.source.to_string()));
        let mode = (self.mode() != "DEFAULT").then(|| created("mode", text(self.mode())));
        [Some(source), mode].into_iter().flatten().chain(fields(ROWS, self.spec)).collect()
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER STREAM").of_kind(KIND.word).full_name(&self.name);
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        update.managed.extend(["source", "mode"]);
        let found = there.found;
        if found.text("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")) {
            let why = found.text("invalid_reason").unwrap_or("it was not consumed in time");
            update.fault = Some(Fault::Broken {
                reason: "StreamStale",
                message: format!(
                    "{} is stale ({why}): the changes that it had not given yet are lost. Load what is missing from the table itself, then create it anew: CREATE OR REPLACE STREAM {} {} {}",
                    self.name,
                    self.name.sql(),
                    self.words,
                    self.source.sql()
                ),
            });
            return Ok(update);
        }
        let mode = found.text("mode").unwrap_or("DEFAULT").to_ascii_uppercase();
        let shown = found.text("table_name");
        let is = shown.and_then(|shown| FullName::parse(shown).ok());
        // What the role can't see reads "No privilege or table dropped".
        let moved = is.as_ref().is_some_and(|is| *is != self.source && is.path().len() == 3);
        let mut changes = vec![];
        let risk = if moved { Risk::Destructive } else { Risk::Safe };
        if moved {
            changes.push(changed("source", shown, Some(&self.source.to_string()), risk));
        }
        if mode != self.mode() {
            changes.push(changed("mode", Some(&mode), Some(self.mode()), risk));
        }
        if !changes.is_empty() {
            let statement = if moved {
                self.rest(Create::Replace.begin(&KIND, &self.name), None)
            } else {
                self.create(Create::Replace)
            };
            update.replace = Some(Replace { changes, statement });
        }
        Ok(update)
    }
}
