//! `snowfence import`: manifests for what exists. A file for each kind.

mod like;
mod monitors;
mod names;
mod pipelines;
mod warehouses;
mod yaml;

use std::{collections::HashMap, fs::OpenOptions, io::Write as _, process::ExitCode, sync::Arc};

use tokio::time::Instant;

use super::{
    Error,
    args::{Import, Kind},
    credentials::Process,
    sessions::Sessions,
    show,
};
use crate::{
    api::Reference,
    engine::{
        fault::Fault,
        session::{ConnectionKey, Session},
    },
    kinds::monitor,
    snowflake::{
        ClientError,
        catalog::{Show, Table},
        rows::Row,
    },
    values::ident::Ident,
};
use like::is_like;
use names::Names;
use yaml::yaml;

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
    let places = !(args.schema.is_empty() && args.database.is_empty());
    // Who names a schema means what is in it.
    let wanted = |kind| if args.kind.is_empty() { !places } else { args.kind.contains(&kind) };
    let mut names = Names::new(&args.name_prefix);
    let mut documents = vec![];
    let mut monitors = HashMap::new();
    if wanted(Kind::ResourceMonitor) {
        let table = table(&session, monitor::SHOW).await?;
        for row in rows(&table, args)? {
            let (name, found) = monitors::import_monitor(args, &row, &mut names)?;
            monitors.insert(name, found.metadata.name.clone().unwrap_or_default());
            documents.push(yaml(&found)?);
        }
    }
    if wanted(Kind::Warehouse) {
        for found in warehouses::warehouses(args, &session, &mut names, &monitors).await? {
            documents.push(yaml(&found)?);
        }
    }
    if places {
        documents.extend(pipelines::pipelines(args, &session, &mut names).await?);
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

/// `--owner`.
fn owner(args: &Import) -> Result<Option<Ident>, Error> {
    let owner = args.owner.as_deref().map(Ident::from_spec).transpose();
    owner.map_err(|error| Error::Usage(format!("--owner: {error}")))
}

/// The rows that were asked for, by name.
fn rows<'a>(table: &'a Table, args: &Import) -> Result<Vec<Row<'a>>, Error> {
    let owner = owner(args)?;
    let wanted = |row: &Row<'_>| {
        let name = row.text("name").unwrap_or_default();
        args.like.as_deref().is_none_or(|pattern| is_like(name, pattern))
            && owner.as_ref().is_none_or(|owner| row.text("owner") == Some(owner.as_str()))
    };
    let mut rows: Vec<_> = table.rows().iter().filter(wanted).collect();
    rows.sort_by_key(|row| row.text("name").unwrap_or_default().to_owned());
    Ok(rows)
}

fn ident(row: &Row<'_>) -> Result<Ident, Error> {
    let name = row.text("name").unwrap_or_default();
    Ident::exact(name).map_err(|error| Error::Usage(format!("Snowflake lists a name that is none: {error}")))
}

fn tell_odd(name: &Ident, paths: &[&str]) {
    if !paths.is_empty() {
        show::note(&format!("{name}: not understood, and left out: {}", paths.join(", ")));
    }
}

fn connection(args: &Import) -> Reference {
    Reference { name: args.connection_ref.clone(), namespace: None }
}

fn write(args: &Import, documents: &[String]) -> Result<(), Error> {
    // Each ends with its line; a text at its end may end with several that belong to it.
    let text = documents.join("---\n");
    if args.output.as_os_str() == "-" {
        return show::out(&text);
    }
    let path = args.output.display().to_string();
    let file = OpenOptions::new().write(true).create_new(true).open(&args.output);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::io(path))
}
