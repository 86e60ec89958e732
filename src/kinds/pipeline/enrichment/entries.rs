//! The entries that an enrichment comes to.

use super::{
    Names,
    call::{Call, call, fingerprint},
    price::Priced,
    source::Source,
    template::{self, Sql, Template, Values},
};
use crate::{
    api::pipeline::{
        PipelineSpec,
        dynamic_tables::{DynamicTable, RefreshMode},
        enrichments::{Engine, Enrichment, OnChange},
        shared::State,
        streams::Stream,
        tables::Table,
        task_graphs::{Overlap, Task, TaskGraph, Trigger},
        text::{Body, Comment, Expression, Label, Name, Path, Word},
        views::View,
    },
    engine::fault::Fault,
    plan::Target,
    values::{duration::Span, full_name::FullName, literal::quote_literal, target_lag::TargetLag},
};

use super::super::names::Directory;

pub(super) const ROWS_PER_RUN: i32 = 500;
pub(super) const ROWS_PER_DAY: i32 = 20_000;
const MAX_ATTEMPTS: i32 = 3;
/// Minutes between looks into a queue in which something waits.
const MINUTES: u64 = 15;
/// How long a run of a task may take, and how long a lease holds: longer, or a batch may be bought twice.
const TIMEOUT_MS: i64 = 3_600_000;
const LEASE_MINUTES: i32 = 75;
/// Until the second attempt; then four times as long each.
const BACKOFF_MINUTES: i32 = 15;
/// How far a dynamic table may be behind.
const LAG_SECONDS: u64 = 3600;

/// Entries of the lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    tables: Vec<Table>,
    streams: Vec<Stream>,
    task_graphs: Vec<TaskGraph>,
    views: Vec<View>,
    dynamic_tables: Vec<DynamicTable>,
}

impl Entries {
    pub fn push(self, spec: &mut PipelineSpec) {
        spec.tables.extend(self.tables);
        spec.streams.extend(self.streams);
        spec.task_graphs.extend(self.task_graphs);
        spec.views.extend(self.views);
        spec.dynamic_tables.extend(self.dynamic_tables);
    }
}

/// Where an entry lies, as its fields say it: database, schema, name.
fn place(full: &FullName) -> (Option<Name>, Option<Name>, Name) {
    let text = |n: usize| full.path().get(n).map(|part| Name(part.to_spec()));
    (text(0), text(1), Name(full.name().to_spec()))
}

/// What an enrichment comes to, and what that may cost.
pub(super) fn of(
    spec: &PipelineSpec,
    entry: &Enrichment,
    names: &Names,
    directory: &Directory,
    resource: (&str, &str),
) -> Result<(Entries, Priced), Fault> {
    let source = Source::of(spec, entry, &names.part("NEWEST")?, directory)?;
    if entry.serverless.is_none() && entry.warehouse.is_none() && spec.warehouse.is_none() {
        return Err(Fault::Refused(format!(
            "spec.enrichments.{}: say where it runs: set spec.warehouse, or warehouse or serverless here",
            entry.name
        )));
    }
    let maker = Maker { entry, names, source, resource };
    if entry.engine == Some(Engine::DynamicTable) { maker.dynamic() } else { maker.tasks() }
}

struct Maker<'a> {
    entry: &'a Enrichment,
    names: &'a Names,
    source: Source,
    resource: (&'a str, &'a str),
}

/// How many batches a run buys, of how many rows each: together never more than the limit.
pub(super) fn batches(rows_per_run: i32, attempts: i32, fails_whole: bool) -> (i32, i32) {
    let rows = rows_per_run.max(1);
    // Where one row makes its whole statement fail, as many attempts must be left as it takes to be alone.
    let (most, rounds) = match u32::try_from(attempts - 1) {
        Ok(n) if fails_whole => (10_i32.saturating_pow(n), 1000),
        _ => (i32::MAX, 20),
    };
    let rounds = (rows / 100 + i32::from(rows % 100 > 0)).max(rows / most).clamp(1, rounds);
    ((rows / rounds).min(most), rounds)
}

impl Maker<'_> {
    fn tag(&self) -> String {
        // As the tag of what is sent for the resource itself, and the enrichment.
        let (namespace, pipeline) = self.resource;
        format!("snowfence CortexPipeline/{namespace}/{pipeline}/{}", self.entry.name)
    }
    #[allow(clippy::unnecessary_wraps)] // as the fields of entries are
    fn comment(&self, what: &str) -> Option<Comment> {
        Some(Comment(format!("enrichment {}: {what}", self.entry.name)))
    }

    fn tasks(self) -> Result<(Entries, Priced), Fault> {
        let entry = self.entry;
        let call = call(entry, &Sql::words("input"))?;
        let digest = fingerprint(entry);
        let reprocess = entry.on_change == Some(OnChange::Reprocess);
        let changes = match &self.source.stream {
            Some(stream) => stream.clone(),
            None => self.names.part("CHANGES")?,
        };
        let waiting = self.names.part("WAITING")?;
        let existing = match (reprocess, entry.backfill.unwrap_or_default()) {
            (false, false) => None,
            (false, true) => Some(self.names.part("EXISTING")?),
            // Another fingerprint is another stream, which gives all rows once more.
            (true, _) => {
                let short = Sql::hex(&digest[..4]).as_str().to_ascii_uppercase();
                Some(self.names.part(&format!("EXISTING_{short}"))?)
            }
        };
        let values = self.values(&call, &digest, &changes, &waiting)?;
        let mut entries = Entries::default();
        for (template, part, what) in [
            (template::RESULTS, "RESULT", "what was bought, and what was given up"),
            (template::QUEUE, "QUEUE", "what is still to be bought"),
            (template::OUTCOMES, "OUTCOME", "what was bought and is not settled"),
            (template::SPEND, "SPEND", "what was claimed each day"),
        ] {
            entries.tables.push(self.table(template, &self.names.part(part)?, what, &values)?);
        }
        if self.source.stream.is_none() {
            entries.streams.push(self.stream(&changes, &self.source.rows, "changes of the source"));
        }
        let queue = self.names.part("QUEUE")?;
        entries.streams.push(self.stream(&waiting, &queue, "whether anything waits"));
        if let Some(existing) = &existing {
            let stream = self.stream(existing, &self.source.rows, "rows that are there already");
            let first = Stream { append_only: Some(true), show_initial_rows: Some(true), ..stream };
            entries.streams.push(first);
        }
        entries.task_graphs.push(self.fill(&values, &changes, existing.as_ref())?);
        entries.task_graphs.push(self.buy(&values, &waiting)?);
        entries.views.push(self.view(
            "NEWEST",
            template::NEWEST,
            "the newest result beside each row",
            &values,
        )?);
        entries.views.push(self.view("BACKLOG", template::BACKLOG, "how much waits, and why", &values)?);
        let streams = existing.iter().map(|name| Target::new("STREAM", name.to_string())).collect();
        let buyer = Target::new("TASK", self.names.part("BUY")?.to_string());
        let priced = Priced::of(entry, self.names, streams, buyer, self.source.rows);
        Ok((entries, priced))
    }

    fn values(
        &self,
        call: &Call,
        digest: &[u8],
        changes: &FullName,
        waiting: &FullName,
    ) -> Result<Values, Fault> {
        let entry = self.entry;
        let limits = entry.limits.clone().unwrap_or_default();
        let attempts = entry.max_attempts.unwrap_or(MAX_ATTEMPTS);
        let rows = limits.rows_per_run.unwrap_or(ROWS_PER_RUN);
        let (batch, rounds) = batches(rows, attempts, call.fails_whole);
        let table = |part: &str| self.names.part(part).map(|name| Sql::name(&name));
        let mut values: Values = [
            ("results", table("RESULT")?),
            ("queue", table("QUEUE")?),
            ("outcomes", table("OUTCOME")?),
            ("spend", table("SPEND")?),
            ("stream", Sql::name(changes)),
            ("wake", Sql::name(waiting)),
            ("source", Sql::name(&self.source.rows)),
            ("key", self.source.key.clone()),
            ("input", self.source.input.clone()),
            // Of two rows with one key, the same one each time.
            ("version", self.source.input.clone()),
            ("columns", self.source.columns("")),
            ("shown", self.source.columns("s.")),
            ("fingerprint", Sql::hex(digest)),
            ("call", call.sql.clone()),
            ("outcome_type", call.outcome.clone()),
            ("value", call.value.clone()),
            ("error", call.error.clone()),
            ("result_type", call.result.clone()),
            // The hard limit is of rows, so each costs one.
            ("cost", Sql::number(1)),
            ("daily_limit", Sql::number(limits.rows_per_day.unwrap_or(ROWS_PER_DAY))),
            ("keep", Sql::boolean(entry.on_change != Some(OnChange::Reprocess))),
            ("all", Sql::boolean(true)),
            ("query_tag", Sql::text(&self.tag())),
            ("credits_per_day", Sql::number(limits.credits_per_day.unwrap_or(1))),
            ("batch", Sql::number(batch)),
            ("batches", Sql::number(rounds)),
            ("max_attempts", Sql::number(attempts)),
            ("lease_minutes", Sql::number(LEASE_MINUTES)),
            ("backoff_minutes", Sql::number(BACKOFF_MINUTES)),
        ]
        .into();
        let credits = match limits.credits_per_day {
            Some(_) => template::CREDITS.fill(&values)?,
            None => Sql::words("SELECT 0"),
        };
        values.insert("credits", credits);
        Ok(values)
    }

    fn table(
        &self,
        template: Template,
        full: &FullName,
        what: &str,
        values: &Values,
    ) -> Result<Table, Fault> {
        let (database, schema, name) = place(full);
        let (columns, transient) = template.table(values)?;
        let transient = transient.then_some(true);
        let comment = self.comment(what);
        Ok(Table { name, database, schema, comment, columns, transient, ..Table::default() })
    }

    fn stream(&self, full: &FullName, on: &FullName, what: &str) -> Stream {
        let (database, schema, name) = place(full);
        let source = Some(Path(on.to_string()));
        let is_view = self.source.is_view && *on == self.source.rows;
        let (on_table, on_view) = if is_view { (None, source) } else { (source, None) };
        Stream { name, database, schema, comment: self.comment(what), on_table, on_view, ..Stream::default() }
    }

    fn view(&self, part: &str, template: Template, what: &str, values: &Values) -> Result<View, Fault> {
        let (database, schema, name) = place(&self.names.part(part)?);
        let query = Body(template.fill(values)?.as_str().to_owned());
        Ok(View { name, database, schema, comment: self.comment(what), query, ..View::default() })
    }

    /// A graph of one task, which alone sets the tag of its session.
    fn graph(&self, part: &str, what: &str, trigger: Trigger, body: String) -> Result<TaskGraph, Fault> {
        let (database, schema, name) = place(&self.names.part(part)?);
        let comment = self.comment(what);
        let task = Task { name: name.clone(), comment, body: Some(Body(body)), ..Task::default() };
        Ok(TaskGraph {
            name: Label(name.0),
            database,
            schema,
            state: Some(self.entry.state.unwrap_or(State::Started)),
            trigger: Some(trigger),
            overlap: Some(Overlap::NoOverlap),
            warehouse: self.entry.warehouse.clone(),
            serverless: self.entry.serverless.clone(),
            user_task_timeout_ms: Some(TIMEOUT_MS),
            session_parameters: [("QUERY_TAG".to_owned(), Word(self.tag()))].into(),
            tasks: vec![task],
            ..TaskGraph::default()
        })
    }

    /// Reads each stream in a statement of its own: the later one knows the newer text of a row.
    fn fill(
        &self,
        values: &Values,
        changes: &FullName,
        existing: Option<&FullName>,
    ) -> Result<TaskGraph, Fault> {
        let main = template::FILL.fill(values)?;
        let (body, trigger) = match existing {
            None => {
                let stream = Some(Path(changes.to_string()));
                (main.as_str().to_owned(), Trigger { stream, ..Trigger::default() })
            }
            Some(existing) => {
                let mut first = values.clone();
                first.insert("stream", Sql::name(existing));
                // Without a backfill, only what has a result already is bought again.
                first.insert("all", Sql::boolean(self.entry.backfill.unwrap_or_default()));
                let first = template::FILL.fill(&first)?;
                let body = format!("BEGIN\n{};\n{};\nEND", first.as_str(), main.as_str());
                let has =
                    |stream: &FullName| format!("SYSTEM$STREAM_HAS_DATA({})", quote_literal(&stream.sql()));
                let when = Expression(format!("{} OR {}", has(existing), has(changes)));
                (body, Trigger { when: Some(when), ..Trigger::default() })
            }
        };
        self.graph("FILL", "queues what changed", trigger, body)
    }

    fn buy(&self, values: &Values, waiting: &FullName) -> Result<TaskGraph, Fault> {
        let schedule = self.entry.schedule.clone().unwrap_or_default();
        let every = match schedule.cron {
            None => schedule.every.or(Some(Span(std::time::Duration::from_secs(MINUTES * 60)))),
            Some(_) => None,
        };
        let stream = Some(Path(waiting.to_string()));
        let (cron, timezone) = (schedule.cron, schedule.timezone);
        let trigger = Trigger { every, cron, timezone, stream, ..Trigger::default() };
        let body = template::BUY.fill(values)?.as_str().to_owned();
        self.graph("BUY", "buys what waits", trigger, body)
    }

    fn dynamic(self) -> Result<(Entries, Priced), Fault> {
        let entry = self.entry;
        let refused = |field: &str, why: &str| {
            Err(Fault::Refused(format!(
                "spec.enrichments.{}.{field}: engine: DynamicTable {why}",
                entry.name
            )))
        };
        if self.source.stream.is_some() {
            return refused("from", "reads a table: set from.table");
        }
        if entry.backfill != Some(true) {
            return refused(
                "backfill",
                "buys every row that is there already: say that you know with backfill: true",
            );
        }
        if entry.serverless.is_some() {
            return refused("serverless", "runs on a warehouse: set warehouse");
        }
        let call = call(entry, &self.source.input)?;
        if call.sql.as_str().starts_with("SNOWFLAKE.") {
            return refused(
                "function",
                "takes no function of SNOWFLAKE.CORTEX: choose another, or engine: Task",
            );
        }
        let outcome = self.names.part("OUTCOME")?;
        let values: Values = [
            ("columns", self.source.columns("")),
            ("source", Sql::name(&self.source.rows)),
            ("input", self.source.input.clone()),
            ("call_over_input", call.sql),
            ("value", call.value),
            ("error", call.error),
            ("bought", Sql::name(&outcome)),
        ]
        .into();
        let (database, schema, name) = place(&outcome);
        let table = DynamicTable {
            name,
            database,
            schema,
            comment: self.comment("what was bought"),
            query: Body(template::DYNAMIC.fill(&values)?.as_str().to_owned()),
            target_lag: TargetLag::Seconds(LAG_SECONDS),
            warehouse: entry.warehouse.clone(),
            // AUTO may become FULL, which buys every row at each refresh.
            refresh_mode: Some(RefreshMode::Incremental),
            state: entry.state,
            ..DynamicTable::default()
        };
        let views = vec![self.view("NEWEST", template::BOUGHT, "the result beside each row", &values)?];
        let entries = Entries { dynamic_tables: vec![table], views, ..Entries::default() };
        let bought = Target::new("DYNAMIC TABLE", outcome.to_string());
        let priced = Priced::of(entry, self.names, vec![bought.clone()], bought, self.source.rows);
        Ok((entries, priced))
    }
}

#[cfg(test)]
mod tests {
    use super::batches;

    #[test]
    fn a_run_buys_no_more_than_its_limit_and_a_row_that_fails_gets_to_be_alone() {
        for (rows, attempts, whole, expected) in [
            (1, 3, false, (1, 1)),
            (99, 3, false, (99, 1)),
            (101, 3, false, (50, 2)),
            (500, 3, false, (100, 5)),
            (1_000_000, 3, false, (50_000, 20)),
            (500, 3, true, (100, 5)),
            (500, 1, true, (1, 500)),
            (5000, 2, true, (10, 500)),
            (1_000_000, 3, true, (100, 1000)),
            (500, 100, true, (100, 5)),
        ] {
            let (batch, rounds) = batches(rows, attempts, whole);
            assert_eq!((batch, rounds), expected, "{rows} {attempts} {whole}");
            assert!(i64::from(batch) * i64::from(rounds) <= i64::from(rows));
        }
    }
}
