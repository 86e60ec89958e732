//! `snowfence import`: manifests for what exists.

use std::{collections::HashMap, fs::OpenOptions, io::Write as _, process::ExitCode, sync::Arc};

use futures::{StreamExt as _, stream};
use kube::{Resource as _, core::ObjectMeta};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    Error,
    args::{Import, Kind},
    credentials::Process,
    sessions::Sessions,
    show,
};
use crate::{
    api::{Reference, ResourceMonitor, SnowflakeWarehouse, monitor::MonitorSpec, warehouse::WarehouseSpec},
    engine::{
        fault::Fault,
        session::{ConnectionKey, Session},
    },
    kinds::{monitor, warehouse},
    plan::{Cell, Property, Source},
    snowflake::{
        ClientError,
        catalog::{Parameters, Show, Table},
        rows::Row,
    },
    values::{ident::Ident, monitor::Triggers, warehouse::WarehouseType},
};

/// The subcommand.
pub(super) async fn run(args: &Import) -> Result<ExitCode, Error> {
    let connection = ConnectionKey {
        namespace: args.namespace.clone().unwrap_or_else(|| "default".into()),
        name: args.connection_ref.clone(),
    };
    let (session, notes) = Sessions::single(&args.access, connection, &Process).await?;
    for note in &notes {
        show::note(note);
    }
    let wanted = |kind| args.kind.is_empty() || args.kind.contains(&kind);
    let mut names = Names { prefix: &args.name_prefix, taken: HashMap::new() };
    let mut documents = vec![];
    let mut monitors = HashMap::new();
    if wanted(Kind::ResourceMonitor) {
        let table = table(&session, monitor::SHOW).await?;
        for row in rows(&table, args)? {
            let (name, found) = import_monitor(args, &row, &mut names)?;
            monitors.insert(name, found.metadata.name.clone().unwrap_or_default());
            documents.push(yaml(&found)?);
        }
    }
    if wanted(Kind::Warehouse) {
        for found in warehouses(args, &session, &mut names, &monitors).await? {
            documents.push(yaml(&found)?);
        }
    }
    write(args, &documents)?;
    show::note(&format!("{} of account {}", counted(documents.len()), session.account.name));
    Ok(ExitCode::SUCCESS)
}

fn counted(n: usize) -> String {
    format!("{n} manifest{}", if n == 1 { "" } else { "s" })
}

async fn table(session: &Session, show: Show) -> Result<Arc<Table>, Error> {
    let table = session.catalog.show(show, Instant::now()).await.map_err(refused)?;
    if !table.is_complete() {
        show::note(&format!("{} ends at 10,000 rows: narrow it with --like", show.words));
    }
    Ok(table)
}

fn refused(error: ClientError) -> Error {
    Error::Snowflake(Box::new(Fault::from(error)))
}

/// The rows that were asked for, by name.
fn rows<'a>(table: &'a Table, args: &Import) -> Result<Vec<Row<'a>>, Error> {
    let owner = args.owner.as_deref().map(Ident::from_spec).transpose();
    let owner = owner.map_err(|error| Error::Usage(format!("--owner: {error}")))?;
    let wanted = |row: &Row<'_>| {
        let name = row.text("name").unwrap_or_default();
        args.like.as_deref().is_none_or(|pattern| is_like(name, pattern))
            && owner.as_ref().is_none_or(|owner| row.text("owner") == Some(owner.as_str()))
    };
    let mut rows: Vec<_> = table.rows().iter().filter(wanted).collect();
    rows.sort_by_key(|row| row.text("name").unwrap_or_default().to_owned());
    Ok(rows)
}

async fn warehouses(
    args: &Import,
    session: &Session,
    names: &mut Names<'_>,
    monitors: &HashMap<String, String>,
) -> Result<Vec<SnowflakeWarehouse>, Error> {
    let table = table(session, warehouse::SHOW).await?;
    let rows = rows(&table, args)?;
    // What SHOW lacks is read for each by itself.
    let parameters = stream::iter(&rows).map(|row| async {
        let name = ident(row)?;
        let created_on = row.text("created_on").unwrap_or_default();
        let read = session.catalog.parameters(
            "WAREHOUSE",
            &name,
            created_on,
            Instant::now(),
            session.policy.deep_resync,
        );
        read.await.map_err(refused)
    });
    let parameters: Vec<Result<Parameters, Error>> = parameters.buffered(64).collect().await;
    let mut all = vec![];
    for (row, parameters) in rows.iter().zip(parameters) {
        let parameters = parameters?;
        let name = ident(row)?;
        let mut spec = WarehouseSpec::default();
        let odd = fill(warehouse::ROWS, &mut spec, |property| match property.source {
            Source::Column(column) => row.get(column).map_or(Cell::NoColumn, Cell::Is),
            Source::Parameter => {
                parameters.get(property.ddl).map_or(Cell::Inherited, |text| Cell::Is(Some(text)))
            }
        });
        tell_odd(&name, &odd);
        keep_what_its_type_has(&mut spec);
        if let Some(monitor) = row.text("resource_monitor").and_then(|monitor| monitors.get(monitor)) {
            spec.resource_monitor_ref = Some(Reference { name: monitor.clone(), namespace: None });
        }
        let metadata = names.metadata(SnowflakeWarehouse::kind(&()).as_ref(), &name, args);
        spec.connection_ref = connection(args);
        (spec.name, spec.adopt) = (Names::explicit(&name, &metadata), Some(true));
        all.push(SnowflakeWarehouse { metadata, spec, status: None });
    }
    Ok(all)
}

/// SHOW has every column for every type. What a type does not have must not be in its manifest.
fn keep_what_its_type_has(spec: &mut WarehouseSpec) {
    spec.comment = spec.comment.take().filter(|comment| !comment.is_empty());
    let of = spec.warehouse_type.unwrap_or(WarehouseType::Standard);
    if of == WarehouseType::Adaptive {
        (spec.size, spec.scaling_policy, spec.auto_suspend, spec.auto_resume) = (None, None, None, None);
        (spec.min_cluster_count, spec.max_cluster_count, spec.max_concurrency_level) = (None, None, None);
    } else {
        (spec.max_query_performance_level, spec.query_throughput_multiplier) = (None, None);
    }
    if matches!(of, WarehouseType::Adaptive | WarehouseType::Interactive) {
        (spec.enable_query_acceleration, spec.query_acceleration_max_scale_factor) = (None, None);
        spec.scaling_policy = None;
    }
    if of != WarehouseType::Standard {
        spec.generation = None;
    }
    if of != WarehouseType::SnowparkOptimized {
        spec.resource_constraint = None;
    }
    if of != WarehouseType::Interactive {
        spec.fallback_warehouse = None;
    }
}

fn import_monitor(
    args: &Import,
    row: &Row<'_>,
    names: &mut Names<'_>,
) -> Result<(String, ResourceMonitor), Error> {
    let name = ident(row)?;
    let mut spec = MonitorSpec::default();
    let odd = fill(monitor::ROWS, &mut spec, |property| match property.source {
        Source::Column(column) => row.get(column).map_or(Cell::NoColumn, |_| Cell::Is(row.text(column))),
        Source::Parameter => Cell::NoColumn,
    });
    tell_odd(&name, &odd);
    let cell = |column| row.text(column);
    match Triggers::from_columns(cell("notify_at"), cell("suspend_at"), cell("suspend_immediately_at")) {
        Some(triggers) if triggers.0.is_empty() => {}
        Some(triggers) => spec.triggers = Some(triggers.0.into_iter().collect()),
        None => tell_odd(&name, &["triggers"]),
    }
    if cell("level").is_some_and(|level| level.eq_ignore_ascii_case("ACCOUNT")) {
        spec.account_level = Some(true);
        spec.notify_users = None;
    }
    if spec.frequency.is_none() {
        spec.start_timestamp = None;
    }
    if spec.notify_users.as_ref().is_some_and(Vec::is_empty) {
        spec.notify_users = None;
    }
    let metadata = names.metadata(ResourceMonitor::kind(&()).as_ref(), &name, args);
    spec.connection_ref = connection(args);
    (spec.name, spec.adopt) = (Names::explicit(&name, &metadata), Some(true));
    Ok((name.as_str().to_owned(), ResourceMonitor { metadata, spec, status: None }))
}

fn ident(row: &Row<'_>) -> Result<Ident, Error> {
    let name = row.text("name").unwrap_or_default();
    Ident::exact(name).map_err(|error| Error::Usage(format!("Snowflake lists a name that is none: {error}")))
}

/// Fills a spec from what was read. What is left out: columns that are not there or NULL, parameters that are not
/// set on the object itself, and values that are not understood, whose paths are returned.
fn fill<'a, S>(
    rows: &'static [Property<S>],
    spec: &mut S,
    cell: impl Fn(&Property<S>) -> Cell<'a>,
) -> Vec<&'static str> {
    let mut odd = vec![];
    for property in rows {
        if let Cell::Is(text) = cell(property) {
            let nothing = text.is_none_or(|text| text.is_empty() || text.eq_ignore_ascii_case("null"));
            // NULL means something to some (AUTO_SUSPEND: never), and nothing to most.
            let taken = property.import(text, spec);
            if !taken && !nothing {
                odd.push(property.path);
            }
        }
    }
    odd
}

fn tell_odd(name: &Ident, paths: &[&str]) {
    if !paths.is_empty() {
        show::note(&format!("{name}: not understood, and left out: {}", paths.join(", ")));
    }
}

fn connection(args: &Import) -> Reference {
    Reference { name: args.connection_ref.clone(), namespace: None }
}

/// Names of resources, made from names of objects.
struct Names<'a> {
    prefix: &'a str,
    taken: HashMap<(String, String), usize>,
}

impl Names<'_> {
    fn metadata(&mut self, kind: &str, name: &Ident, args: &Import) -> ObjectMeta {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let text: String = self.prefix.chars().chain(name.as_str().chars()).map(plain).take(240).collect();
        let text = text.trim_matches('-');
        let text = if text.is_empty() { "unnamed" } else { text };
        let taken = self.taken.entry((kind.to_owned(), text.to_owned())).or_default();
        *taken += 1;
        let unique = if *taken == 1 { text.to_owned() } else { format!("{text}-{taken}") };
        ObjectMeta { name: Some(unique), namespace: args.namespace.clone(), ..ObjectMeta::default() }
    }

    /// `spec.name`, where the resource's own name does not give the object's.
    fn explicit(name: &Ident, metadata: &ObjectMeta) -> Option<String> {
        let implied = metadata.name.as_deref().unwrap_or_default().to_ascii_uppercase().replace('-', "_");
        (implied != name.as_str()).then(|| name.to_spec())
    }
}

fn yaml(resource: &impl Serialize) -> Result<String, Error> {
    serde_saphyr::to_string(resource).map_err(|error| Error::Usage(error.to_string()))
}

fn write(args: &Import, documents: &[String]) -> Result<(), Error> {
    let documents: Vec<_> = documents.iter().map(|text| text.trim_end().to_owned() + "\n").collect();
    let text = documents.join("---\n");
    if args.output.as_os_str() == "-" {
        return show::out(&text);
    }
    let path = args.output.display().to_string();
    let file = OpenOptions::new().write(true).create_new(true).open(&args.output);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::io(path))
}

/// LIKE of SQL, case aside: `%` is any text, `_` any character, `\` takes the next as it is.
fn is_like(name: &str, pattern: &str) -> bool {
    let (name, mut escaped): (Vec<char>, _) = (name.to_lowercase().chars().collect(), false);
    let mut reach = vec![false; name.len() + 1];
    reach[0] = true;
    for c in pattern.to_lowercase().chars() {
        if c == '\\' && !escaped {
            escaped = true;
            continue;
        }
        let any = c == '%' && !escaped;
        let mut next = vec![false; name.len() + 1];
        for (n, at) in reach.iter().enumerate().filter(|(_, at)| **at) {
            debug_assert!(*at);
            if any {
                next[n..].fill(true);
                break;
            }
            if name.get(n).is_some_and(|is| *is == c || (c == '_' && !escaped)) {
                next[n + 1] = true;
            }
        }
        (reach, escaped) = (next, false);
    }
    reach[name.len()]
}

#[cfg(test)]
mod tests {
    use super::{is_like, yaml};

    /// What kubectl's parser, which reads YAML 1.1, would take for something else.
    #[test]
    fn texts_that_are_no_texts_in_yaml_are_quoted() {
        for text in [
            "y",
            "N",
            "yes",
            "on",
            "OFF",
            "~",
            "null",
            "",
            "1",
            "1_000",
            "0x1F",
            "0o7",
            "0777",
            "0b1",
            "1e3",
            ".5",
            "-.inf",
            ".NaN",
            "2026-11-01",
            "2026-11-01T00:00:00Z",
            "1:30",
            "<<",
            "=",
            "- a",
            "a: b",
            "a #b",
            "!x",
            "&x",
            "*x",
            "%x",
            "@x",
            "`x",
            "{",
            " a",
            "a ",
        ] {
            let out = yaml(&serde_json::json!({ "a": text })).unwrap();
            assert!(out.contains('"') || out.contains('\''), "{out}");
            let back: serde_json::Value = serde_saphyr::from_str(&out).unwrap();
            assert_eq!(back["a"], text, "{out}");
        }
    }

    #[test]
    fn patterns_are_those_of_sql() {
        for (name, pattern, is) in [
            ("WH_A", "wh_%", true),
            ("WHXA", "WH\\_%", false),
            ("WH_A", "WH\\_%", true),
            ("WH", "%", true),
            ("", "%", true),
            ("WH", "W", false),
            ("A%B", "a\\%b", true),
            ("AXB", "a\\%b", false),
            ("ABAB", "%AB", true),
            ("ABABC", "%AB", false),
        ] {
            assert_eq!(is_like(name, pattern), is, "{name} like {pattern}");
        }
    }
}
