//! Manifests of `examples/`: each passes the rules of its kind, and the pipelines are those of `sql/` to the letter.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use snowfence::{
    api::pipeline::{
        PipelineSpec,
        file_formats::FileFormat,
        stages::Stage,
        streams::Stream,
        tables::{Column, Table},
    },
    cli::manifests::{self, Input, Object},
    values::{
        body::{BodyKind, canonical},
        canonical::Canonical as _,
    },
};

/// Folders of `sql/` that are no pipelines: templates of enrichments, and the tests.
const NO_PIPELINES: [&str; 2] = ["enrichment", "tests"];
/// Folders of `examples/` whose manifests are not all ours.
const NOT_OURS: [&str; 1] = ["install"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// What lies in a folder, by name.
fn within(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut all: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path())).collect();
    all.sort();
    all
}

fn read(file: &Path) -> Result<Vec<Object>, String> {
    let input = Input { paths: vec![file.to_owned()], recursive: false, namespace: None };
    let read = manifests::read(&input, io::empty()).map_err(|bad| format!("{}: {bad}", file.display()))?;
    Ok(read.manifests.into_iter().map(|manifest| manifest.object).collect())
}

fn pipeline(name: &str) -> PipelineSpec {
    let file = root().join(format!("examples/pipelines/{name}.yaml"));
    let mut objects = read(&file).unwrap_or_else(|error| panic!("{error}"));
    match (objects.pop(), objects.len()) {
        (Some(Object::Pipeline(pipeline)), 0) => {
            assert_eq!(pipeline.metadata.name.as_deref(), Some(name));
            pipeline.spec
        }
        _ => panic!("{} is to hold one CortexPipeline", file.display()),
    }
}

/// Files of a folder of the library by what stands behind their number, without the lines at the head of each that say
/// what it is.
fn library(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (name, path) in within(folder) {
        let Some(key) = name.strip_suffix(".sql").and_then(|name| Some(name.split_once('_')?.1)) else {
            continue;
        };
        let text = fs::read_to_string(path).unwrap();
        let body: Vec<_> = text.lines().skip_while(|line| line.starts_with("--")).collect();
        all.insert(key.to_owned(), plain(key, &body.join("\n")));
    }
    all
}

fn plain(key: &str, text: &str) -> String {
    let delimited = key.ends_with(".procedure") || key.ends_with(".function");
    let kind = if delimited { BodyKind::Delimited } else { BodyKind::Statement };
    canonical(text, kind)
}

/// The same of a manifest.
fn said(spec: &PipelineSpec) -> BTreeMap<String, String> {
    let mut all: Vec<(&str, &str, String)> = vec![];
    let text = |body: Option<&str>| body.unwrap_or_default().to_owned();
    all.extend(spec.tables.iter().map(|table| (&*table.name, "table", create_table(table))));
    all.extend(spec.streams.iter().map(|stream| (&*stream.name, "stream", create_stream(stream))));
    all.extend(spec.stages.iter().map(|stage| (&*stage.name, "stage", create_stage(stage))));
    all.extend(spec.file_formats.iter().map(|format| (&*format.name, "file_format", create_format(format))));
    let tasks = spec.task_graphs.iter().flat_map(|graph| graph.tasks.iter().chain(&graph.finalizer));
    all.extend(tasks.map(|task| (&*task.name, "task", text(task.body.as_deref()))));
    let procedures = spec.procedures.iter();
    all.extend(procedures.map(|one| (&*one.name, "procedure", text(one.body.as_deref()))));
    let functions = spec.functions.iter();
    all.extend(functions.map(|one| (&*one.name, "function", text(one.body.as_deref()))));
    all.extend(spec.views.iter().map(|view| (&*view.name, "view", view.query.0.clone())));
    all.extend(spec.dynamic_tables.iter().map(|one| (&*one.name, "dynamic_table", one.query.0.clone())));
    all.extend(spec.search_services.iter().map(|one| (&*one.name, "cortex_search", one.query.0.clone())));
    all.extend(
        spec.row_access_policies.iter().map(|one| (&*one.name, "row_access_policy", one.body.0.clone())),
    );
    all.extend(spec.masking_policies.iter().map(|one| (&*one.name, "masking_policy", one.body.0.clone())));
    for alert in &spec.alerts {
        all.push((&alert.name, "condition", alert.condition.0.clone()));
        all.push((&alert.name, "action", alert.action.0.clone()));
    }
    let entry = |(name, kind, text): (&str, &str, String)| {
        let key = format!("{}.{kind}", name.to_ascii_lowercase());
        let text = plain(&key, &text);
        (key, text)
    };
    all.into_iter().map(entry).collect()
}

fn create_table(table: &Table) -> String {
    let column = |column: &Column| {
        let null = if column.nullable == Some(false) { " NOT NULL" } else { "" };
        format!("  {} {}{null}", column.name, column.data_type)
    };
    let columns: Vec<_> = table.columns.iter().map(column).collect();
    format!("CREATE TABLE IF NOT EXISTS {} (\n{}\n)", table.name, columns.join(",\n"))
}

fn create_stream(stream: &Stream) -> String {
    let table = stream.on_table.as_deref().unwrap_or_default();
    let mode = if stream.append_only == Some(true) { " APPEND_ONLY = TRUE" } else { "" };
    format!("CREATE STREAM IF NOT EXISTS {} ON TABLE {table}{mode}", stream.name)
}

fn create_stage(stage: &Stage) -> String {
    let format = stage.file_format.as_ref().and_then(|format| format.name.as_deref()).unwrap_or_default();
    format!("CREATE STAGE IF NOT EXISTS {} FILE_FORMAT = (FORMAT_NAME = '{format}')", stage.name)
}

fn create_format(format: &FileFormat) -> String {
    let options = format.options.iter().map(|(option, value)| format!(" {option} = {}", value.0));
    let options: String = options.collect();
    format!("CREATE FILE FORMAT IF NOT EXISTS {} TYPE = {}{options}", format.name, format.file_type.sql())
}

#[test]
fn every_example_passes_the_rules_of_its_kind() {
    let mut wrong = vec![];
    let mut count = 0;
    for (_, folder) in
        within(&root().join("examples")).iter().filter(|(name, _)| !NOT_OURS.contains(&&**name))
    {
        for (_, file) in within(folder) {
            match read(&file) {
                Ok(objects) => count += objects.len(),
                Err(error) => wrong.push(error),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 30, "only {count} resources");
}

#[test]
fn the_pipelines_of_the_library_are_manifests_too() {
    for (folder, path) in within(&root().join("sql")) {
        if !path.is_dir() || NO_PIPELINES.contains(&&*folder) {
            continue;
        }
        let (library, said) = (library(&path), said(&pipeline(&folder.replace('_', "-"))));
        let keys = |of: &BTreeMap<String, String>| of.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&said), keys(&library), "{folder}: the manifest has an entry for each file");
        for (key, text) in &library {
            assert_eq!(&said[key], text, "{folder}: {key} is not the text of its file");
        }
    }
}
