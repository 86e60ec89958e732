//! `snowfence plan`: what would change.

use std::{
    collections::{BTreeSet, HashSet},
    process::ExitCode,
    sync::Arc,
};

use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{
    Error,
    args::{Access, Files, Output, Plan},
    cluster::Cluster,
    credentials::Process,
    manifests::{self, Input, Manifests, Object},
    sessions::Sessions,
    show,
};
use crate::{
    api::APPROVE,
    engine::{
        execute::Verdict,
        fault::Fault,
        managed::{Managed as _, key_of},
        peers::Index,
        session::{ConnectionKey, Session},
    },
    kinds::{
        any::{self, AnyKind, Planned},
        config_maps::{Found, fill},
    },
    plan::{
        Action,
        render::{Entry, Report, json, markdown, terminal},
    },
};

/// How many resources are looked at at once; statements have a limit of their own.
const AT_ONCE: usize = 256;

/// Whether the cluster's records count, with `--from-cluster`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The plan is that of the operator.
    Recalled,
    /// Whoever executes without the operator keeps no record, and so has none.
    None,
}

/// One resource, what it comes to, and through which connection.
pub(super) struct Item {
    pub(super) resource: Arc<dyn AnyKind>,
    pub(super) planned: Result<(Planned, Arc<Session>), Fault>,
}

/// The subcommand. Exit code 2, if asked for, says that there are changes.
pub(super) async fn run(args: &Plan) -> Result<ExitCode, Error> {
    let items = prepare(&args.files, &args.access, Record::Recalled).await?;
    let report = report(&items);
    write(&report, args.output, args.show_sql)?;
    let summary = report.summary();
    Ok(match summary {
        _ if summary.failed > 0 => ExitCode::FAILURE,
        _ if args.detailed_exitcode && !summary.is_settled() => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    })
}

/// Reads the manifests and compares them with Snowflake.
pub(super) async fn prepare(files: &Files, access: &Access, record: Record) -> Result<Vec<Item>, Error> {
    let input =
        Input { paths: files.paths.clone(), recursive: files.recursive, namespace: files.namespace.clone() };
    let mut manifests = manifests::read(&input, std::io::stdin())?;
    tell_others(&manifests);
    let index = Index::default();
    let cluster =
        if access.from_cluster { Some(Cluster::connect(access.context.as_deref()).await?) } else { None };
    let recalled = cluster.as_ref().filter(|_| record == Record::Recalled);
    if let Some(cluster) = recalled {
        let objects = manifests.manifests.iter_mut().map(|manifest| &mut manifest.object);
        cluster.recall(objects, &index).await?;
    }
    texts(&mut manifests, cluster.as_ref()).await?;
    let resources = resources(&manifests);
    if manifests.manifests.is_empty() {
        return Err(Error::Usage("there is no resource of snowfence.dev among the manifests".into()));
    }
    let mut keys: BTreeSet<_> = resources.iter().map(|resource| resource.connection()).collect();
    if keys.is_empty() {
        // Connections alone: whether they open is what there is to know.
        keys.extend(connections(&manifests));
    }
    let sessions = Sessions::open(keys, &manifests, access, cluster.as_ref(), &Process).await?;
    for note in &sessions.notes {
        show::note(note);
    }
    for resource in &resources {
        resource.index(&index);
    }
    for (key, account) in sessions.accounts() {
        index.put_account(key.clone(), account.to_owned());
    }
    let as_of = Instant::now();
    let offline = recalled.is_none();
    let items = stream::iter(resources).map(|resource| plan(resource, &sessions, &index, as_of, offline));
    Ok(items.buffered(AT_ONCE).collect().await)
}

async fn plan(
    resource: Arc<dyn AnyKind>,
    sessions: &Sessions,
    index: &Index,
    as_of: Instant,
    offline: bool,
) -> Item {
    let planned = async {
        let session = sessions.get(&resource.connection(), &resource.key().0)?;
        let mut planned = resource.plan(&session, index, as_of, offline).await?;
        if offline && !planned.steps.iter().any(crate::plan::Step::writes) {
            // There is no record here: an adoption by itself comes to nothing.
            planned.steps.clear();
            planned.verdicts.clear();
        }
        Ok((planned, session))
    };
    let planned = planned.await;
    Item { resource, planned }
}

/// Puts in what stands in ConfigMaps: of the manifests, and where they are not among them, of the cluster.
async fn texts(manifests: &mut Manifests, cluster: Option<&Cluster>) -> Result<(), Error> {
    for manifest in &mut manifests.manifests {
        let Object::Pipeline(pipeline) = &mut manifest.object else { continue };
        let namespace = key_of(&**pipeline).0.to_owned();
        let (mut found, mut missing) = (Found::new(), BTreeSet::new());
        for name in pipeline.config_maps() {
            match manifests.config_maps.get(&(namespace.clone(), name.clone())) {
                Some(map) => drop(found.insert(name, Ok(map.clone()))),
                None => drop(missing.insert(name)),
            }
        }
        match cluster {
            Some(cluster) => found.extend(cluster.config_maps(&namespace, &missing).await?),
            None => found.extend(missing.into_iter().map(|name| {
                let why = format!(
                    "the ConfigMap {namespace}/{name} is not among the manifests: name its file with -f, too"
                );
                (name, Err(why))
            })),
        }
        fill(&mut **pipeline, &found);
    }
    Ok(())
}

/// The resources with objects, in the order in which their kinds depend on each other.
fn resources(manifests: &Manifests) -> Vec<Arc<dyn AnyKind>> {
    let all = || manifests.manifests.iter().map(|manifest| &manifest.object);
    let warehouses = all().filter_map(|object| match object {
        Object::Warehouse(warehouse) => Some(any::warehouse((**warehouse).clone())),
        _ => None,
    });
    let monitors = all().filter_map(|object| match object {
        Object::Monitor(monitor) => Some(any::monitor((**monitor).clone())),
        _ => None,
    });
    let pipelines = all().filter_map(|object| match object {
        Object::Pipeline(pipeline) => Some(any::pipeline((**pipeline).clone())),
        _ => None,
    });
    warehouses.chain(monitors).chain(pipelines).collect()
}

fn connections(manifests: &Manifests) -> impl Iterator<Item = ConnectionKey> {
    let objects = manifests.manifests.iter().map(|manifest| &manifest.object);
    let connections = objects.filter(|object| matches!(object, Object::Connection(_)));
    connections.map(|object| ConnectionKey {
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
    })
}

fn tell_others(manifests: &Manifests) {
    let others: Vec<_> = manifests.others.iter().map(|(kind, n)| format!("{n} × {kind}")).collect();
    if !others.is_empty() {
        show::note(&format!("other kinds are left out: {}", others.join(", ")));
    }
}

/// The plan of all resources.
pub(super) fn report(items: &[Item]) -> Report {
    let mut grants: Vec<String> = vec![];
    for (planned, _) in items.iter().filter_map(|item| item.planned.as_ref().ok()) {
        grants.extend(planned.grants.iter().map(ToString::to_string));
    }
    // What several resources need is said once.
    let mut known = HashSet::new();
    grants.retain(|grant| known.insert(grant.clone()));
    Report { entries: items.iter().map(entry).collect(), grants }
}

fn entry(item: &Item) -> Entry {
    let (namespace, name) = item.resource.key();
    let object = item.resource.target().map(|target| target.name).unwrap_or_default();
    let mut entry = Entry { kind: item.resource.kind(), namespace, name, object, ..Entry::default() };
    match &item.planned {
        Ok((planned, _)) => {
            entry.steps.clone_from(&planned.steps);
            entry.held = planned
                .steps
                .iter()
                .zip(&planned.verdicts)
                .enumerate()
                .filter_map(|(n, (step, verdict))| match verdict {
                    Verdict::Held(why) if step.action != Action::Note => Some((n, held(why))),
                    _ => None,
                })
                .collect();
            // What a privilege is missing for has a step, which says so.
            let without = planned.blocked.iter().filter(|(_, fault)| !matches!(fault, Fault::Lacking { .. }));
            entry.blocked = without.map(|(on, fault)| on.says(fault)).collect();
            entry.warnings.clone_from(&planned.warnings);
            entry.waiting =
                planned.pending.as_ref().filter(|fault| !is_in_this_plan(fault)).map(ToString::to_string);
        }
        Err(fault) => entry.fault = Some(fault.to_string()),
    }
    entry
}

/// A warehouse waits for its monitor's own step, which the same plan has.
fn is_in_this_plan(fault: &Fault) -> bool {
    matches!(fault, Fault::Waiting { reason: "MonitorNotAssigned", .. })
}

/// Why a step waits, and, when an approval is missing, how a manifest gives it.
fn held(why: &str) -> String {
    match why.strip_prefix("waits for approval ") {
        Some(hash) => {
            format!("something would be lost; to approve it, annotate the manifest: {APPROVE}: \"{hash}\"")
        }
        None => why.to_owned(),
    }
}

/// The plan in the form that was asked for.
pub(super) fn write(report: &Report, output: Output, show_sql: bool) -> Result<(), Error> {
    let options = terminal::Options { show_sql };
    let text = match output {
        Output::Text => terminal::render(report, options),
        Output::Markdown => markdown::render(report, options),
        Output::Json => json::render(report).map_err(|error| Error::Usage(error.to_string()))?,
    };
    show::out(&text)
}
