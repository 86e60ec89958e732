//! `PROCEDURE` and `FUNCTION`.

use std::collections::BTreeMap;

use super::{
    Inverse, There, Why, comment, name, path, type_name,
    written::{List, Written},
};
use crate::{
    api::pipeline::{
        functions::{Function, Volatility},
        procedures::{ExecuteAs, Language, NullInput, Procedure},
        shared::{Argument, Typed},
        text::{Body, Comment, Name, Path, TypeName, Word},
    },
    kinds::pipeline::{
        function,
        object::{Kind, target},
        procedure,
        routine::{Files, Names, Secrets, Texts, columns},
    },
    snowflake::Statement,
    values::{
        body::{BodyKind, canonical},
        canonical::Canonical as _,
        data_type::DataType,
        full_name::FullName,
        ident::Ident,
        path::split_list,
    },
};

pub(super) const PROCEDURES: Inverse = Inverse {
    kind: &procedure::KIND,
    elsewhere: None,
    details: |name| Some(describe(&procedure::KIND, name)),
    write: |objects, written| {
        let list = List { field: "procedures", of: |spec| &mut spec.procedures };
        each(objects, &list, written, |said, there| Procedure {
            name: said.name,
            object: said.object,
            comment: said.comment,
            arguments: said.arguments,
            returns: said.returns,
            returns_table: said.returns_table,
            language: said.language,
            execute_as: ExecuteAs::read(there.described("execute as")).filter(|of| *of != ExecuteAs::Owner),
            body: Some(said.body),
            runtime_version: said.runtime_version,
            packages: said.packages,
            imports: said.imports,
            handler: said.handler,
            null_input: said.null_input,
            secure: said.secure,
            external_access_integrations: said.integrations,
            secrets: said.secrets,
            ..Procedure::default()
        });
    },
};

pub(super) const FUNCTIONS: Inverse = Inverse {
    kind: &function::KIND,
    elsewhere: None,
    details: |name| Some(describe(&function::KIND, name)),
    write: |objects, written| {
        let list = List { field: "functions", of: |spec| &mut spec.functions };
        each(objects, &list, written, |said, there| Function {
            name: said.name,
            object: said.object,
            comment: said.comment,
            arguments: said.arguments,
            returns: said.returns,
            returns_table: said.returns_table,
            language: said.language,
            body: Some(said.body),
            runtime_version: said.runtime_version,
            packages: said.packages,
            imports: said.imports,
            handler: said.handler,
            null_input: said.null_input,
            volatility: Volatility::read(there.described("volatility"))
                .filter(|of| *of != Volatility::Volatile),
            memoizable: there.on("is_memoizable"),
            secure: said.secure,
            external_access_integrations: said.integrations,
            secrets: said.secrets,
            ..Function::default()
        });
    },
};

fn describe(kind: &'static Kind, name: &FullName) -> Statement {
    Statement::new("DESCRIBE").of_kind(kind.word).keyword(kind.word).full_name(name)
}

/// What both say.
struct Said {
    name: Name,
    object: Option<Name>,
    comment: Option<Comment>,
    arguments: Vec<Argument>,
    returns: Option<TypeName>,
    returns_table: Option<Vec<Typed>>,
    language: Language,
    body: Body,
    runtime_version: Option<Word>,
    packages: Option<Vec<Word>>,
    imports: Option<Vec<Path>>,
    handler: Option<Word>,
    null_input: Option<NullInput>,
    secure: Option<bool>,
    integrations: Option<Vec<Name>>,
    secrets: Option<BTreeMap<String, Path>>,
}

fn each<T: Clone + serde::Serialize>(
    objects: &[There<'_>],
    list: &List<T>,
    written: &mut Written,
    entry: impl Fn(Said, &There<'_>) -> T,
) {
    let mut locals = Locals::of(objects);
    for there in objects {
        let on = target(there.kind, there.name);
        match said(there, &mut locals) {
            Ok(said) => written.push(on, list, entry(said, there)),
            Err(why) => written.leave_out(on, why),
        }
    }
}

/// Names for entries: that of the object, and where several have it, that with the types of its arguments.
struct Locals {
    /// How many have a name.
    objects: BTreeMap<Ident, usize>,
    given: Vec<Ident>,
}

impl Locals {
    fn of(objects: &[There<'_>]) -> Self {
        let mut all = BTreeMap::new();
        for there in objects {
            *all.entry(there.name.name().clone()).or_default() += 1;
        }
        Self { objects: all, given: vec![] }
    }

    fn give(&mut self, full: &FullName) -> Result<(Name, Option<Name>), Why> {
        let own = full.name();
        if self.objects.get(own).is_none_or(|n| *n == 1) {
            return Ok((name(own), None));
        }
        let types = full.arguments().unwrap_or_default();
        let words: Vec<_> =
            types.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let base =
            format!("{}_{}", own.as_str(), if words.is_empty() { "0".into() } else { words.join("_") });
        let taken =
            |local: &Ident, given: &[Ident]| self.objects.contains_key(local) || given.contains(local);
        let numbered = (2..).map(|n| format!("{base}_{n}"));
        for text in [base.clone()].into_iter().chain(numbered) {
            let local = Ident::exact(&text).map_err(|error| error.to_string())?;
            if !taken(&local, &self.given) {
                self.given.push(local.clone());
                return Ok((name(&local), Some(name(own))));
            }
        }
        Err("no name is left for it".into())
    }
}

/// What a routine may be that a pipeline does not know, by the column of SHOW that says so.
const OTHERS: [(&str, &str); 3] = [
    ("is_aggregate", "it is an aggregate function"),
    ("is_external_function", "it is an external function"),
    ("is_data_metric", "it is a data metric function"),
];

fn said(there: &There<'_>, locals: &mut Locals) -> Result<Said, Why> {
    if let Some((_, why)) = OTHERS.iter().find(|(column, _)| there.flag(column)) {
        return Err((*why).into());
    }
    if there.details.is_none() {
        return Err("it is not described".into());
    }
    let language = there.described("language").unwrap_or_default();
    let language = Language::read(Some(language)).ok_or_else(|| format!("it is in {language}"))?;
    // Where Snowflake shows that there are some, it does not show which: a change of the body would lose them.
    let shown = there.found.text("arguments").unwrap_or_default();
    let list = shown.strip_prefix(there.name.name().as_str()).unwrap_or(shown);
    if split_list(list.trim_start_matches('(')).iter().any(|of| of.starts_with("DEFAULT ")) {
        return Err(
            "its arguments have defaults, which Snowflake shows nowhere: write its entry by hand".into()
        );
    }
    let body =
        there.described("body").ok_or("its body is not shown: only the owner sees that of a secure one")?;
    let (returns, returns_table) = returns(there)?;
    let default = format!("user-defined {}", there.kind.word.to_ascii_lowercase());
    let description = there.found.get("description").flatten().filter(|text| *text != default);
    let word = |property| there.described(property).filter(|text| !text.is_empty()).map(Word::from);
    let odd = |what: &str| format!("its {what} are not understood");
    let packages = Texts::read(there.described("packages")).ok_or_else(|| odd("packages"))?.0;
    let imports = Files::read(there.described("imports")).ok_or_else(|| odd("imports"))?.0;
    let integrations = Names::read(there.described("external_access_integrations"))
        .ok_or_else(|| odd("external access integrations"))?
        .0;
    let secrets = Secrets::read(there.described("secrets")).ok_or_else(|| odd("secrets"))?.0;
    let secret = |(variable, secret): (String, FullName)| (variable, path(&secret, there.name));
    let some = |empty: bool| (!empty).then_some(());
    let (local, object) = locals.give(there.name)?;
    Ok(Said {
        name: local,
        object,
        comment: comment(description),
        arguments: arguments(there)?,
        returns,
        returns_table,
        language,
        body: Body(canonical(body, BodyKind::Delimited)),
        runtime_version: word("runtime_version"),
        handler: word("handler"),
        null_input: NullInput::read(there.described("null handling"))
            .filter(|of| *of != NullInput::CalledOnNullInput),
        secure: there.on("is_secure"),
        packages: some(packages.is_empty())
            .map(|()| packages.iter().map(|one| one.as_str().into()).collect()),
        imports: some(imports.is_empty()).map(|()| imports.iter().map(|one| one.as_str().into()).collect()),
        integrations: some(integrations.is_empty()).map(|()| integrations.iter().map(name).collect()),
        secrets: some(secrets.is_empty()).map(|()| secrets.into_iter().map(secret).collect()),
    })
}

/// `(A VARCHAR, B NUMBER)` has the names as they are, blanks and all; the types are known.
fn arguments(there: &There<'_>) -> Result<Vec<Argument>, Why> {
    let odd = || "its arguments are not understood".to_owned();
    let types = split_list(there.name.arguments().unwrap_or_default());
    let shown = there.described("signature").unwrap_or_default().trim();
    let inner = shown.strip_prefix('(').and_then(|shown| shown.strip_suffix(')')).ok_or_else(odd)?;
    let parts = split_list(inner);
    if parts.len() != types.len() {
        return Err(odd());
    }
    let one = |(part, of): (&&str, &&str)| {
        let data_type = DataType::parse(of).map_err(|error| error.to_string())?;
        let own = part.strip_suffix(of).and_then(|rest| rest.strip_suffix(' ')).ok_or_else(odd)?;
        let own = Ident::shown(own).map_err(|error| error.to_string())?;
        Ok(Argument { name: name(&own), data_type: type_name(&data_type), default: None })
    };
    parts.iter().zip(&types).map(one).collect()
}

type Returns = (Option<TypeName>, Option<Vec<Typed>>);

fn returns(there: &There<'_>) -> Result<Returns, Why> {
    let shown = there.described("returns").unwrap_or_default();
    if let Ok(of) = DataType::parse(shown) {
        return Ok((Some(type_name(&of)), None));
    }
    let all = columns(shown).ok_or_else(|| format!("what it returns is not understood: {shown}"))?;
    let column = |(own, of): (Ident, DataType)| Typed { name: name(&own), data_type: type_name(&of) };
    Ok((None, Some(all.into_iter().map(column).collect())))
}
