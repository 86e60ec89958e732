//! Manifests: files in, resources of our kinds out, each checked as an API server would check it.
//!
//! Every error of every document is found at once, and names file, document, line, column and field. What a Secret
//! holds is kept for credentials and appears in no error: no line of a document in which a Secret may stand is shown.

mod config_maps;
mod known;
mod problem;
mod schema;
mod secrets;
mod source;
mod tree;

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
    path::PathBuf,
    sync::LazyLock,
    thread,
};

use k8s_openapi::api::core::v1::ConfigMap;
use regex::Regex;

pub use known::Object;
use known::{Known, kinds};
pub use problem::{BadManifests, Origin, Problem};
pub use secrets::{NoSecret, Secrets};
use source::{Document, Source, documents};
use tree::{Node, Place, Tree};

use crate::api::{GROUP, VERSION};

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// In the order of files and documents.
    pub manifests: Vec<Manifest>,
    pub secrets: Secrets,
    /// By namespace and name.
    pub config_maps: BTreeMap<(String, String), ConfigMap>,
    /// Resources of other kinds, which are left out, by kind.
    pub others: BTreeMap<String, usize>,
}

/// A resource and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    pub object: Object,
    pub origin: Origin,
}

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Files, folders, `-`.
    pub paths: Vec<PathBuf>,
    /// Also the folders in the folders.
    pub recursive: bool,
    /// The namespace of what names none (`default`); what names another one is refused.
    pub namespace: Option<String>,
}

/// Reads all manifests, or says all that is wrong with them.
pub fn read(input: &Input, stdin: impl Read) -> Result<Manifests, BadManifests> {
    let (sources, mut problems) = source::gather(&input.paths, input.recursive, stdin);
    let parse = || {
        let mut reader = Reader {
            kinds: kinds(),
            namespace: input.namespace.as_deref(),
            read: Manifests::default(),
            problems: vec![],
            named: HashMap::new(),
        };
        for source in &sources {
            for (n, document) in documents(&source.text).iter().enumerate() {
                reader.document(&Page { source, document, number: n + 1 });
            }
        }
        (reader.read, reader.problems)
    };
    let read = thread::scope(|scope| {
        let deep = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, parse)?;
        Ok::<_, std::io::Error>(deep.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    match read {
        Ok((read, more)) => {
            problems.extend(more);
            if problems.is_empty() { Ok(read) } else { Err(BadManifests(problems)) }
        }
        Err(error) => Err(BadManifests(vec![Problem::file("", format!("no thread to read in: {error}"))])),
    }
}

/// Documents may nest deeper than the stack of a usual thread carries, in bytes.
const STACK: usize = 64 << 20;

struct Reader<'a> {
    kinds: Vec<Known>,
    namespace: Option<&'a str>,
    read: Manifests,
    problems: Vec<Problem>,
    named: HashMap<(String, String, String), Origin>,
}

/// One document of a file.
struct Page<'a> {
    source: &'a Source,
    document: &'a Document<'a>,
    number: usize,
}

impl Page<'_> {
    fn line(&self, place: Place) -> usize {
        self.document.line + place.line.saturating_sub(1)
    }

    fn problem(&self, place: Place, field: &str, message: impl Into<String>) -> Problem {
        let problem = Problem {
            document: self.number,
            line: self.line(place),
            column: place.column,
            field: field.to_owned(),
            ..Problem::file(&self.source.name, message)
        };
        if self.may_hold_secrets() { problem } else { problem.excerpt(&self.source.text, place) }
    }

    /// Whether a Secret may stand in this document, as far as its words tell: it need not parse.
    fn may_hold_secrets(&self) -> bool {
        static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r#"(?im)(?:^|[\s{,"'?-])(?:data|stringData)["']?\s*:|Secret["']?\s*(?:$|[,}#])|\\"#)
                .ok()
        });
        let text = self.document.text;
        !text.contains(GROUP) || SECRET.as_ref().is_none_or(|secret| secret.is_match(text))
    }
}

impl Reader<'_> {
    fn document(&mut self, page: &Page<'_>) {
        match tree::parse(page.document.text) {
            Ok(node) => self.node(page, &node),
            Err(error) => self.problems.push(unparsed(page, &error)),
        }
    }

    fn node(&mut self, page: &Page<'_>, node: &Node) {
        match &node.value {
            Tree::Null => return,
            Tree::Map(_) => {}
            other => {
                let message = format!("a manifest is a mapping, this is {}", other.what());
                return self.problems.push(page.problem(node.place, "", message));
            }
        }
        let text = |key: &str| node.get(key).and_then(Node::text).filter(|text| !text.is_empty());
        let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
            let missing = if text("kind").is_none() { "kind" } else { "apiVersion" };
            let problem =
                page.problem(node.place, missing, "is missing, so this is no manifest of Kubernetes");
            return self.problems.push(problem.help(format!("add {missing}: …, or leave the file out")));
        };
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let is_list = kind == "List" || (group.is_empty() || group == GROUP) && kind.ends_with("List");
        if let Some(items) = node.get("items").and_then(Node::list).filter(|_| is_list) {
            for item in items {
                self.node(page, item);
            }
            return;
        }
        if api_version == "v1" && kind == "Secret" {
            return self.secret(page, node);
        }
        if api_version == "v1" && kind == "ConfigMap" {
            return self.config_map(page, node);
        }
        let Some(known) = self.kinds.iter().position(|known| known.kind == kind) else {
            return self.other(page, node, group, kind);
        };
        let wanted = format!("{GROUP}/{VERSION}");
        if api_version == wanted {
            self.resource(page, node, known);
        } else {
            let message = format!("{kind} is not known in the version {api_version:?}");
            let problem = page.problem(node.place_of("apiVersion"), "apiVersion", message);
            self.problems.push(problem.help(format!("write apiVersion: {wanted}")));
        }
    }

    fn other(&mut self, page: &Page<'_>, node: &Node, group: &str, kind: &str) {
        if group != GROUP {
            *self.read.others.entry(kind.to_owned()).or_default() += 1;
            return;
        }
        let names: Vec<_> = self.kinds.iter().map(|known| known.kind.as_str()).collect();
        let help = match schema::nearest(kind, &names) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the kinds are {}", names.join(", ")),
        };
        self.problems
            .push(page.problem(node.place_of("kind"), "kind", format!("{kind} is not known")).help(help));
    }

    /// Name and namespace, if both can be.
    fn named(&mut self, page: &Page<'_>, node: &Node) -> Option<(String, String)> {
        let metadata = node.get("metadata");
        let text = |key: &str| {
            metadata.and_then(|m| m.get(key)).and_then(Node::text).filter(|text| !text.is_empty())
        };
        let mut refuse = |field: &str, message: String, help: &str| {
            self.problems.push(page.problem(node.place_of(field), field, message).help(help));
            None
        };
        for (field, key) in [("metadata.name", "name"), ("metadata.namespace", "namespace")] {
            match metadata.and_then(|m| m.get(key)).map(|node| &node.value) {
                None | Some(Tree::Text(_)) => {}
                Some(other) => {
                    let message = format!("takes text, this is {}", other.what());
                    return refuse(field, message, "put it in double quotes");
                }
            }
        }
        let Some(name) = text("name") else {
            return refuse("metadata.name", "is missing".into(), "add metadata: {name: …}");
        };
        let rule = "lower-case letters, digits, - and ., beginning and ending with a letter or a digit";
        if !is_name(name) {
            return refuse("metadata.name", format!("{name:?} is no name for a resource"), rule);
        }
        let namespace = text("namespace").or(self.namespace).unwrap_or("default");
        if namespace.contains('.') || !is_name(namespace) {
            return refuse("metadata.namespace", format!("{namespace:?} is no name for a namespace"), rule);
        }
        if let Some(asked) = self.namespace.filter(|asked| *asked != namespace) {
            let message = format!("is {namespace}, and the command line says -n {asked}");
            return refuse("metadata.namespace", message, "leave one of them out");
        }
        Some((namespace.to_owned(), name.to_owned()))
    }

    fn secret(&mut self, page: &Page<'_>, node: &Node) {
        let Some((namespace, name)) = self.named(page, node) else { return };
        for (field, place, message) in self.read.secrets.add(&namespace, &name, node) {
            let resource = Some(format!("Secret {namespace}/{name}"));
            self.problems.push(Problem { resource, excerpt: None, ..page.problem(place, &field, message) });
        }
    }

    fn resource(&mut self, page: &Page<'_>, node: &Node, known: usize) {
        let before = self.problems.len();
        let named = self.named(page, node);
        let known = &self.kinds[known];
        let mut say = |field: &str, place: Place, message: String, help: Option<String>| {
            self.problems.push(Problem { help, ..page.problem(place, field, message) });
        };
        for misfit in misfits(known, node) {
            say(&misfit.path, misfit.place, misfit.message, misfit.help);
        }
        let mut json = node.to_json();
        if let Some((namespace, _)) = &named {
            json["metadata"]["namespace"] = namespace.as_str().into();
            // What a cluster wrote is not ours to read: a copied status must not copy ownership.
            json.as_object_mut().map(|fields| fields.remove("status"));
            json["metadata"].as_object_mut().map(|fields| fields.remove("managedFields"));
        }
        if self.problems.len() == before {
            for broken in known.broken(&json) {
                let place = node.place_of(&broken.path);
                self.problems.push(page.problem(place, &broken.path, broken.message));
            }
        }
        let resource = named.as_ref().map(|(namespace, name)| format!("{} {namespace}/{name}", known.kind));
        if let Some((namespace, name)) = named {
            let origin =
                Origin { file: page.source.name.clone(), document: page.number, line: page.line(node.place) };
            let key = (known.kind.clone(), namespace, name);
            if let Some(first) = self.named.get(&key) {
                let place = node.place_of("metadata.name");
                let problem = page.problem(place, "metadata.name", "this resource was read before");
                self.problems.push(problem.help(format!("it is also in {first}: remove one of them")));
            } else {
                self.named.insert(key, origin.clone());
            }
            if self.problems.len() == before {
                match known.decode(json) {
                    Ok(object) => self.read.manifests.push(Manifest { object, origin }),
                    Err(error) => {
                        let place = node.place_of(&error.path);
                        self.problems.push(page.problem(place, &error.path, error.message));
                    }
                }
            }
        }
        for problem in &mut self.problems[before..] {
            problem.resource.clone_from(&resource);
        }
    }
}

/// What the schema refuses. Metadata is the same for every kind and is in no CRD.
fn misfits(known: &Known, node: &Node) -> Vec<schema::Misfit> {
    const METADATA: [&str; 15] = [
        "name",
        "namespace",
        "labels",
        "annotations",
        "generateName",
        "finalizers",
        "ownerReferences",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
    ];
    let mut misfits = vec![];
    for (key, value) in node.map().unwrap_or_default() {
        match key.text.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                for (key, value) in value.map().unwrap_or_default() {
                    let path = format!("metadata.{}", key.text);
                    if !METADATA.contains(&key.text.as_str()) {
                        let help = Some(schema::instead(&key.text, &METADATA));
                        misfits.push(schema::Misfit {
                            path,
                            place: key.place,
                            message: "unknown field".into(),
                            help,
                        });
                    } else if matches!(key.text.as_str(), "labels" | "annotations") {
                        let texts = serde_json::json!({
                            "type": "object", "nullable": true, "additionalProperties": {"type": "string"}
                        });
                        misfits.extend(schema::check(&texts, value, &path));
                    }
                }
            }
            "spec" => misfits.extend(schema::check(&known.schema["properties"]["spec"], value, "spec")),
            other => misfits.push(schema::Misfit {
                path: other.to_owned(),
                place: key.place,
                message: "unknown field".into(),
                help: Some(schema::instead(other, &["apiVersion", "kind", "metadata", "spec"])),
            }),
        }
    }
    if node.get("spec").is_none() {
        misfits.push(schema::Misfit {
            path: "spec".into(),
            place: node.place,
            message: "is missing".into(),
            help: Some("add spec: …".into()),
        });
    }
    misfits
}

fn unparsed(page: &Page<'_>, error: &serde_saphyr::Error) -> Problem {
    let place = error.location().map(Place::of).unwrap_or_default();
    if page.may_hold_secrets() {
        let problem = page.problem(place, "", "this document is no valid YAML");
        return problem.help("its text is not shown here, for a Secret may be in it");
    }
    let formatter = serde_saphyr::UserMessageFormatter;
    let message = serde_saphyr::MessageFormatter::format_message(&formatter, error.without_snippet());
    page.problem(Place { len: 1, ..place }, "", message)
}

/// A name by RFC 1123, as resources have it.
fn is_name(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= 253
        && name.split('.').all(|part| {
            part.bytes().next().is_some_and(inside)
                && part.bytes().last().is_some_and(inside)
                && part.bytes().all(|b| inside(b) || b == b'-')
        })
}

#[cfg(test)]
mod tests;
