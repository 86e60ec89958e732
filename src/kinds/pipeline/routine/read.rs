//! From the entry of a spec to a routine.

use std::collections::BTreeMap;

use super::{Argument, Files, Names, Properties, Returns, Routine, Row, Secrets, Texts};
use crate::{
    api::pipeline::{
        procedures::{Language, NullInput},
        shared::{self, Typed},
        text::{Body, Name, Path, TypeName, Word},
    },
    engine::fault::Fault,
    kinds::pipeline::{
        bodies,
        names::Directory,
        object::{Kind, Wanted, name},
    },
    values::{data_type::DataType, full_name::FullName, ident::Ident, user_sql::UserSql},
};

/// What an entry of either list says.
pub(in crate::kinds::pipeline) struct Written<'a> {
    pub path: String,
    pub arguments: &'a [shared::Argument],
    pub returns: Option<&'a TypeName>,
    pub returns_table: Option<&'a [Typed]>,
    pub language: Language,
    pub body: Option<&'a Body>,
    pub body_from: Option<&'a shared::BodyFrom>,
    pub runtime_version: Option<&'a Word>,
    pub packages: Option<&'a [Word]>,
    pub imports: Option<&'a [Path]>,
    pub handler: Option<&'a Word>,
    pub null_input: Option<NullInput>,
    pub secure: Option<bool>,
    pub external_access_integrations: Option<&'a [Name]>,
    pub secrets: Option<&'a BTreeMap<String, Path>>,
    pub comment: Option<&'a str>,
}

/// What an entry of either list says, by the fields that both have.
macro_rules! written {
    ($path:expr, $spec:expr) => {
        $crate::kinds::pipeline::routine::Written {
            path: $path,
            arguments: &$spec.arguments,
            returns: $spec.returns.as_ref(),
            returns_table: $spec.returns_table.as_deref(),
            language: $spec.language,
            body: $spec.body.as_ref(),
            body_from: $spec.body_from.as_ref(),
            runtime_version: $spec.runtime_version.as_ref(),
            packages: $spec.packages.as_deref(),
            imports: $spec.imports.as_deref(),
            handler: $spec.handler.as_ref(),
            null_input: $spec.null_input,
            secure: $spec.secure,
            external_access_integrations: $spec.external_access_integrations.as_deref(),
            secrets: $spec.secrets.as_ref(),
            comment: $spec.comment(),
        }
    };
}
pub(in crate::kinds::pipeline) use written;

/// The types of arguments as they are part of a name; `None` where one is no type.
pub(in crate::kinds::pipeline) fn signature(arguments: &[shared::Argument]) -> Option<String> {
    let types = arguments.iter().map(|argument| Some(DataType::parse(&argument.data_type).ok()?.short()));
    Some(types.collect::<Option<Vec<_>>>()?.join(", "))
}

impl Written<'_> {
    fn refused(&self, field: &str, error: impl std::fmt::Display) -> Fault {
        Fault::Refused(format!("spec.{}.{field}: {error}", self.path))
    }
    fn data_type(&self, field: &str, text: &str) -> Result<DataType, Fault> {
        DataType::parse(text).map_err(|error| self.refused(field, error))
    }
    fn arguments(&self) -> Result<Vec<Argument>, Fault> {
        let one = |argument: &shared::Argument| {
            let field = format!("arguments.{}", argument.name);
            let default = argument.default.as_deref().map(UserSql::expression).transpose();
            Ok(Argument {
                name: name(format_args!("{}.{field}", self.path), &argument.name)?,
                data_type: self.data_type(&format!("{field}.type"), &argument.data_type)?,
                default: default.map_err(|error| self.refused(&format!("{field}.default"), error))?,
            })
        };
        self.arguments.iter().map(one).collect()
    }
    fn returns(&self) -> Result<Returns, Fault> {
        if let Some(of) = self.returns {
            return self.data_type("returns", of).map(Returns::One);
        }
        let columns = self.returns_table.ok_or_else(|| {
            self.refused("returns", "say what it returns: a type here, or columns in returnsTable")
        })?;
        let one = |column: &Typed| {
            let field = format!("returnsTable.{}", column.name);
            let own = name(format_args!("{}.{field}", self.path), &column.name)?;
            Ok((own, self.data_type(&field, &column.data_type)?))
        };
        columns.iter().map(one).collect::<Result<_, _>>().map(Returns::Table)
    }
}

/// An entry as an object. `more` is what only one of the kinds has.
pub(in crate::kinds::pipeline) fn wanted<'a>(
    kind: &'static Kind,
    rows: &'static [Row],
    full: &FullName,
    written: &Written<'a>,
    directory: &Directory,
    more: Properties,
) -> Result<Wanted<'a>, Fault> {
    let arguments = written.arguments()?;
    let types: Vec<_> = arguments.iter().map(|argument| argument.data_type.short()).collect();
    let full = full.clone().taking(types.join(", "));
    let (body, waits) = match bodies::body(written.body, written.body_from, &written.path) {
        Ok((body, _)) => (body, None),
        Err(fault) => ("", Some(fault)),
    };
    let mut needs = vec![];
    let field = |field: &str| format!("{}.{field}", written.path);
    let imports = written.imports.map(|all| {
        let one = |import: &Path| {
            let mut fault = None;
            let file = Files::on_stage(import, |stage| {
                match directory.resolve(&["STAGE"], stage, &full, &field("imports")) {
                    Ok((stage, target)) => {
                        needs.extend(target);
                        Some(stage)
                    }
                    Err(error) => {
                        fault = Some(error);
                        None
                    }
                }
            });
            file.ok_or_else(|| {
                fault.unwrap_or_else(|| {
                    written.refused("imports", format!("{import:?} names no file: write @stage/path/file"))
                })
            })
        };
        all.iter().map(one).collect::<Result<_, _>>().map(Files)
    });
    let integrations = written.external_access_integrations.map(|all| {
        let one = |text: &Name| name(field("externalAccessIntegrations"), text);
        all.iter().map(one).collect::<Result<_, _>>().map(Names)
    });
    let secrets = written.secrets.map(|all| {
        let one = |(variable, secret): (&String, &Path)| {
            let (full, _) = directory.resolve(&["SECRET"], secret, &full, &field("secrets"))?;
            Ok((variable.clone(), full))
        };
        all.iter().map(one).collect::<Result<_, Fault>>().map(Secrets)
    });
    let word = |word: Option<&Word>| word.map(|word| word.0.clone());
    let packages = |all: &[Word]| Texts(all.iter().map(|package| package.0.clone()).collect());
    let properties = Properties {
        secure: written.secure,
        runtime_version: word(written.runtime_version),
        packages: written.packages.map(packages),
        imports: imports.transpose()?,
        handler: word(written.handler),
        integrations: integrations.transpose()?,
        secrets: secrets.transpose()?,
        null_input: written.null_input,
        comment: written.comment.map(str::to_owned),
        ..more
    };
    let routine = Routine {
        kind,
        rows,
        name: full.clone(),
        arguments,
        returns: written.returns()?,
        language: written.language,
        body,
        waits,
        properties,
    };
    Ok(Wanted::new(kind, full, routine).needing(needs))
}

/// The columns of a table that is returned, as DESCRIBE prints them; `None`: not understood.
pub(in crate::kinds::pipeline) fn columns(shown: &str) -> Option<Vec<(Ident, DataType)>> {
    let inner = shown.trim().strip_prefix("TABLE")?.trim().strip_prefix('(')?.strip_suffix(')')?;
    let one = |column: &str| {
        let column = column.trim();
        let end = match column.strip_prefix('"') {
            Some(rest) => rest.find("\" ")? + 2,
            None => column.find(' ')?,
        };
        Some((Ident::shown(&column[..end]).ok()?, DataType::parse(&column[end..]).ok()?))
    };
    crate::values::path::split_list(inner).into_iter().map(one).collect()
}
