//! `CortexPipeline`s: one for each schema, or several where the limits ask for it.

use std::{collections::BTreeSet, fmt::Write as _};

use kube::{Resource as _, core::ObjectMeta};
use tokio::time::Instant;

use super::{connection, is_like, names::Names, owner, yaml};
use crate::{
    api::{CortexPipeline, pipeline::PipelineSpec},
    cli::{
        Error,
        args::Import,
        manifests::{self, Input, Object},
        show,
    },
    engine::{fault::Fault, peers::Index, session::Session},
    kinds::{
        any,
        pipeline::import::{self, Asked, Imported},
    },
    plan::{Step, render::text::shown},
    values::{full_name::FullName, ident::Ident, path::parse_path},
};

fn failed(fault: Fault) -> Error {
    Error::Snowflake(Box::new(fault))
}

/// The manifests of all places that were asked for.
pub(super) async fn pipelines(
    args: &Import,
    session: &Session,
    names: &mut Names<'_>,
) -> Result<Vec<String>, Error> {
    let like = |name: &str| args.like.as_deref().is_none_or(|pattern| is_like(name, pattern));
    let owner = owner(args)?;
    let asked = Asked {
        session,
        as_of: Instant::now(),
        like: &like,
        owner: owner.as_ref(),
        progress: &|text| show::note(text),
    };
    let mut documents = vec![];
    let (places, named) = places(args, &asked).await?;
    for place in places {
        let imported = match (place.path(), place.parent()) {
            (_, Some(_)) => {
                let [database, schema] = place.path() else { continue };
                import::schema(&asked, database, schema).await
            }
            (_, None) => import::database(&asked, place.name()).await,
        };
        let imported = imported.map_err(failed)?;
        // Every database has one from the beginning.
        if imported.is_empty && is_public(&place) && !named.contains(&place) {
            continue;
        }
        documents.extend(written(args, &asked, names, &place, imported).await?);
    }
    Ok(documents)
}

fn is_public(place: &FullName) -> bool {
    place.path().get(1).is_some_and(|schema| schema.as_str() == "PUBLIC")
}

/// Databases and schemas, each once, and which schemas were named. What is not there is an error.
async fn places(args: &Import, asked: &Asked<'_>) -> Result<(Vec<FullName>, Vec<FullName>), Error> {
    let role = &asked.session.account.role;
    let (mut all, mut named): (Vec<FullName>, Vec<FullName>) = (vec![], vec![]);
    for text in &args.database {
        let name = Ident::from_spec(text).map_err(|error| Error::Usage(format!("--database: {error}")))?;
        let schemas = existing(asked, &name).await?;
        let place = FullName::top(name);
        all.push(place.clone());
        all.extend(schemas.into_iter().map(|schema| place.join(schema)));
    }
    for text in &args.schema {
        let path = parse_path(text).map_err(|error| Error::Usage(format!("--schema: {error}")))?;
        let [database, schema] = path.as_slice() else {
            return Err(Error::Usage(format!("--schema: {text:?} is not DATABASE.SCHEMA")));
        };
        if !existing(asked, database).await?.contains(schema) {
            return Err(Error::Usage(format!(
                "there is no schema {}.{}, or the role {role} may not see it: it needs USAGE on both",
                database.to_spec(),
                schema.to_spec()
            )));
        }
        let place = FullName::top(database.clone()).join(schema.clone());
        if !all.contains(&place) {
            all.push(place.clone());
        }
        named.push(place);
    }
    Ok((all, named))
}

async fn existing(asked: &Asked<'_>, database: &Ident) -> Result<Vec<Ident>, Error> {
    import::schemas(asked, database).await.map_err(failed)?.ok_or_else(|| {
        Error::Usage(format!(
            "there is no database {}, or the role {} may not see it: it needs USAGE on it",
            database.to_spec(),
            asked.session.account.role
        ))
    })
}

/// The documents of one place, each with what a person should know before it.
async fn written(
    args: &Import,
    asked: &Asked<'_>,
    names: &mut Names<'_>,
    place: &FullName,
    imported: Imported,
) -> Result<Vec<String>, Error> {
    let Imported { specs, left_out, notes, .. } = imported;
    let mut remarks: Vec<String> =
        left_out.into_iter().map(|(on, why)| format!("left out: {on}: {why}")).collect();
    remarks.extend(notes);
    if specs.is_empty() {
        remarks.push(format!("{place} has nothing to import"));
    }
    let name: Vec<&str> = place.path().iter().map(Ident::as_str).collect();
    let mut documents = vec![];
    for spec in specs {
        let metadata = names.metadata(CortexPipeline::kind(&()).as_ref(), &name.join("-"), args);
        let text = document(args, metadata, spec)?;
        let differs = differences(asked, &text).await;
        let own = remarks.drain(..).chain(differs);
        let mut head = String::new();
        for remark in own {
            show::note(&format!("{place}: {remark}"));
            let _written = writeln!(head, "# {}", one_line(&remark));
        }
        documents.push(head + &text);
    }
    for remark in remarks {
        show::note(&format!("{place}: {remark}"));
    }
    Ok(documents)
}

/// A comment of YAML ends with its line.
fn one_line(text: &str) -> String {
    shown(&text.replace(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'], " ")).into_owned()
}

fn document(args: &Import, metadata: ObjectMeta, spec: PipelineSpec) -> Result<String, Error> {
    let spec = PipelineSpec { connection_ref: connection(args), adopt: Some(true), ..spec };
    yaml(&CortexPipeline { metadata, spec, status: None })
}

/// What a plan of the manifest would change, as it is read again, here or with a record, as the operator has one. There
/// should be nothing; where there is, a person is told. What was read for the manifest is not read again.
async fn differences(asked: &Asked<'_>, text: &str) -> BTreeSet<String> {
    let input = Input { paths: vec!["-".into()], ..Input::default() };
    let read = match manifests::read(&input, text.as_bytes()) {
        Ok(read) => read,
        Err(bad) => return [format!("this manifest would be refused: {bad}")].into(),
    };
    let mut all = BTreeSet::new();
    for manifest in read.manifests {
        let Object::Pipeline(pipeline) = manifest.object else { continue };
        let (index, planned) = (Index::default(), any::pipeline(*pipeline));
        for offline in [true, false] {
            match planned.plan(asked.session, &index, asked.as_of, offline).await {
                Ok(planned) => {
                    let steps = planned.steps.iter().filter(|step| step.writes());
                    all.extend(steps.map(differs));
                    all.extend(planned.blocked.iter().map(|(on, fault)| on.says(fault)));
                }
                Err(fault) => drop(all.insert(format!("it can't be planned: {fault}"))),
            }
        }
    }
    all
}

fn differs(step: &Step) -> String {
    let fields: Vec<_> = step.action.changes().iter().map(|change| change.path.as_str()).collect();
    format!("a plan would change {}: {}", step.on, fields.join(", "))
}
