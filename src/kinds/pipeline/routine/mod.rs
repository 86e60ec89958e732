//! What procedures and functions share: one is known by its name and the types of its arguments, and most of it is in
//! DESCRIBE alone.
//!
//! - COMMENT, SECURE (functions), EXECUTE AS, network and secrets change by ALTER.
//! - Body, result, packages, imports and runtime change by CREATE OR ALTER, which keeps the object. What it leaves out
//!   it unsets, so it says all that is there, managed or not.
//! - Everything else (language, handler, NULL handling, volatility, names and defaults of arguments) takes CREATE OR
//!   REPLACE, which both have with COPY GRANTS.
//!
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/create-procedure>,
//! <https://docs.snowflake.com/en/sql-reference/sql/create-function>, their pages of ALTER and DESCRIBE, and
//! <https://docs.snowflake.com/en/sql-reference/sql/create-or-alter>.

mod compare;
mod read;
mod values;

pub(super) use read::{Written, columns, signature, wanted, written};
pub(super) use values::{Files, Names, Secrets, Texts};

use super::object::{Create, Kind, Object, There, Update, created, text};
use crate::{
    api::pipeline::{
        functions::Volatility,
        procedures::{ExecuteAs, Language, NullInput},
    },
    engine::fault::Fault,
    plan::{Change, Property},
    snowflake::Statement,
    values::{
        body::{BodyKind, canonical},
        data_type::DataType,
        full_name::FullName,
        ident::Ident,
        path::split_list,
        user_sql::UserSql,
    },
};

/// The properties that have one value.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    pub secure: Option<bool>,
    pub runtime_version: Option<String>,
    pub packages: Option<Texts>,
    pub imports: Option<Files>,
    pub handler: Option<String>,
    pub integrations: Option<Names>,
    pub secrets: Option<Secrets>,
    pub null_input: Option<NullInput>,
    pub volatility: Option<Volatility>,
    pub memoizable: Option<bool>,
    pub comment: Option<String>,
    pub execute_as: Option<ExecuteAs>,
}

/// One property: where it is read, how CREATE says it, and what changes it.
pub(super) struct Row {
    pub property: Property<Properties>,
    pub place: Place,
    pub clause: Clause,
    pub means: Means,
}

/// Where a property is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A column of SHOW.
    Shown,
    /// A row of DESCRIBE, which SQL and SECURE may lack: then it can't be read.
    Described,
    /// A row of DESCRIBE, which is not there when there is nothing.
    DescribedIfAny,
}

/// How CREATE says a property.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    /// A word before the kind, when it is true.
    Before,
    /// `NAME = value`.
    Assigned,
    /// `NAME value`.
    Named,
    /// The value is the clause.
    Value,
    /// `NAME`, when it is true.
    Flag,
}

/// What changes a property.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// `ALTER … SET`, `ALTER … UNSET`.
    Set,
    /// `ALTER … SET NAME` where it is true, `ALTER … UNSET NAME` where it is not.
    Flag,
    /// `ALTER … NAME value`.
    Named,
    /// `CREATE OR ALTER`.
    OrAlter,
    /// `CREATE OR REPLACE`.
    Replace,
}

impl Row {
    pub const fn shown(property: Property<Properties>, clause: Clause, means: Means) -> Self {
        Self { property, place: Place::Shown, clause, means }
    }
    pub const fn described(property: Property<Properties>, clause: Clause, means: Means) -> Self {
        Self { property, place: Place::Described, clause, means }
    }
    pub const fn described_if_any(property: Property<Properties>, clause: Clause, means: Means) -> Self {
        Self { property, place: Place::DescribedIfAny, clause, means }
    }
}

/// A procedure or a function.
pub(super) struct Routine<'a> {
    kind: &'static Kind,
    rows: &'static [Row],
    /// With the types of its arguments.
    name: FullName,
    arguments: Vec<Argument>,
    returns: Returns,
    language: Language,
    body: &'a str,
    /// Why the body is not there.
    waits: Option<Fault>,
    properties: Properties,
}

struct Argument {
    name: Ident,
    data_type: DataType,
    default: Option<UserSql>,
}

enum Returns {
    One(DataType),
    Table(Vec<(Ident, DataType)>),
}

impl std::fmt::Display for Returns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = match self {
            Self::One(data_type) => return data_type.fmt(f),
            Self::Table(columns) => columns.iter().map(|(name, of)| format!("{} {of}", name.to_spec())),
        };
        write!(f, "TABLE ({})", columns.collect::<Vec<_>>().join(", "))
    }
}

/// The beginning of a CREATE.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    Plain,
    OrReplace,
    OrAlter,
}

// ---- create

/// The name without the types.
fn bare(name: &FullName) -> FullName {
    name.parent()
        .map_or_else(|| FullName::top(name.name().clone()), |parent| parent.join(name.name().clone()))
}

/// A creation that does nothing, for the probe.
pub(super) fn least(kind: &'static str, name: &FullName) -> Statement {
    let types = split_list(name.arguments().unwrap_or_default());
    let begin = Statement::new("CREATE").of_kind(kind).keyword(kind).full_name(&bare(name));
    let statement = begin.list(types.iter().enumerate(), |statement, (n, of)| {
        // The types of a full name are checked where it is read.
        statement.value(&text(format!("A{n} {of}")))
    });
    let body = if kind == "FUNCTION" { "NULL" } else { "BEGIN RETURN NULL; END" };
    statement.keyword("RETURNS VARCHAR LANGUAGE SQL AS").body(body)
}

impl Routine<'_> {
    fn write(&self, begin: Begin, properties: &Properties) -> Statement {
        let words = match begin {
            Begin::Plain => "CREATE",
            Begin::OrReplace => "CREATE OR REPLACE",
            Begin::OrAlter => "CREATE OR ALTER",
        };
        let mut statement = Statement::new(words).of_kind(self.kind.word);
        for row in self.rows.iter().filter(|row| row.clause == Clause::Before) {
            statement = clause(statement, row, properties);
        }
        statement = statement.keyword(self.kind.word).full_name(&bare(&self.name));
        statement = statement.list(&self.arguments, |statement, argument| {
            let of = text(argument.data_type.to_string());
            let statement = statement.ident(&argument.name).value(&of);
            statement.with(argument.default.as_ref(), |statement, default| {
                statement.keyword("DEFAULT").sql(default)
            })
        });
        if begin == Begin::OrReplace {
            statement = statement.keyword("COPY GRANTS");
        }
        statement = match &self.returns {
            Returns::One(of) => statement.keyword("RETURNS").value(&text(of.to_string())),
            Returns::Table(columns) => statement
                .keyword("RETURNS TABLE")
                .list(columns, |statement, (name, of)| statement.ident(name).value(&text(of.to_string()))),
        };
        statement = statement.keyword("LANGUAGE").keyword(self.language.keyword());
        for row in self.rows.iter().filter(|row| row.clause != Clause::Before) {
            statement = clause(statement, row, properties);
        }
        statement.keyword("AS").body(&canonical(self.body, BodyKind::Delimited))
    }

    fn alter(&self) -> Statement {
        Statement::new("ALTER").of_kind(self.kind.word).keyword(self.kind.word).full_name(&self.name)
    }

    /// The arguments with their names and defaults, as people read them.
    fn shown_arguments(&self) -> String {
        let one = |argument: &Argument| {
            let default = argument.default.as_ref().map(|default| format!(" DEFAULT {default}"));
            format!("{} {}{}", argument.name.to_spec(), argument.data_type, default.unwrap_or_default())
        };
        self.arguments.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

fn clause(statement: Statement, row: &Row, properties: &Properties) -> Statement {
    let Some(value) = row.property.wanted(properties) else { return statement };
    let ddl = row.property.ddl;
    match row.clause {
        Clause::Before | Clause::Flag if value.sql == "TRUE" => statement.keyword(ddl),
        Clause::Before | Clause::Flag => statement,
        Clause::Assigned => statement.keyword(ddl).keyword("=").value(&value),
        Clause::Named => statement.keyword(ddl).value(&value),
        Clause::Value => statement.value(&value),
    }
}

impl Object for Routine<'_> {
    fn create(&self, how: Create) -> Statement {
        let begin = if how == Create::Replace { Begin::OrReplace } else { Begin::Plain };
        self.write(begin, &self.properties)
    }
    fn fields(&self) -> Vec<Change> {
        let arguments = self.shown_arguments();
        let arguments = (!arguments.is_empty()).then(|| created("arguments", text(arguments)));
        let fixed = [
            created("returns", text(self.returns.to_string())),
            created("language", text(self.language.keyword())),
        ];
        let wanted = |row: &Row| row.property.wanted(&self.properties);
        let rows = self.rows.iter().filter_map(|row| Some(created(row.property.path, wanted(row)?)));
        let body = created("body", text(canonical(self.body, BodyKind::Delimited)));
        arguments.into_iter().chain(fixed).chain(rows).chain([body]).collect()
    }
    fn details(&self) -> Option<Statement> {
        let describe = Statement::new("DESCRIBE").of_kind(self.kind.word).keyword(self.kind.word);
        Some(describe.full_name(&self.name))
    }
    fn sent(&self) -> Option<String> {
        // What SHOW has is compared there.
        let mut properties = self.properties.clone();
        (properties.comment, properties.secure, properties.memoizable) = (None, None, None);
        Some(self.write(Begin::Plain, &properties).to_string())
    }
    fn waits(&self) -> Option<Fault> {
        self.waits.clone()
    }
    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        self.compared(there)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::{
        api::pipeline::{functions::Function, procedures::Procedure},
        kinds::pipeline::{function, procedure, routine::Row},
    };

    #[test]
    fn every_field_has_a_row_or_a_place() {
        let place = ["name", "object", "database", "schema"];
        let fixed = ["arguments", "returns", "returnsTable", "language", "body", "bodyFrom"];
        let procedure = serde_json::to_value(schemars::schema_for!(Procedure)).unwrap();
        let function = serde_json::to_value(schemars::schema_for!(Function)).unwrap();
        for (schema, rows) in [(procedure, procedure::ROWS), (function, function::ROWS)] {
            let fields: BTreeSet<&str> =
                schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            let rows = rows.iter().map(|row: &Row| row.property.path);
            let known: BTreeSet<&str> = rows.chain(place).chain(fixed).collect();
            assert_eq!(fields, known);
        }
    }
}
