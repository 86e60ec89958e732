//! SHOW PROCEDURES and FUNCTIONS, DESCRIBE (docs: show-procedures, show-functions, desc-procedure, desc-function).

use super::super::Account;
use super::super::answer::{Cell, number, table, text, time, yes};
use super::super::grants::Securable;
use super::super::plain::Plain;
use super::Routine;
use crate::rows::ColumnType::{self, Fixed, Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::ObjectKind;
use crate::sql::routine::{Returns, bare};

const COLUMNS: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("name", Text),
    ("schema_name", Text),
    ("is_builtin", Text),
    ("is_aggregate", Text),
    ("is_ansi", Text),
    ("min_num_arguments", Fixed),
    ("max_num_arguments", Fixed),
    ("arguments", Text),
    ("description", Text),
    ("catalog_name", Text),
    ("is_table_function", Text),
    ("valid_for_clustering", Text),
    ("is_secure", Text),
    ("secrets", Text),
    ("external_access_integrations", Text),
    // These are of functions.
    ("is_external_function", Text),
    ("language", Text),
    ("is_memoizable", Text),
    ("is_data_metric", Text),
];

pub(crate) fn columns(kind: ObjectKind) -> &'static [(&'static str, ColumnType)] {
    if kind == ObjectKind::Procedure { COLUMNS.split_at(16).0 } else { COLUMNS }
}

/// `TABLE (A NUMBER, B VARCHAR)`, or the type that `one` writes.
fn returned(returns: &Returns, one: impl Fn(&crate::sql::data_type::DataType) -> String) -> String {
    match returns {
        Returns::Value(kind) => one(kind),
        Returns::Table(columns) => {
            let columns: Vec<String> =
                columns.iter().map(|(name, kind)| format!("{name} {}", bare(kind))).collect();
            format!("TABLE ({})", columns.join(", "))
        }
    }
}

impl Routine {
    fn list(&self, name: &str) -> &[String] {
        self.properties.get(name).map_or(&[], Vec::as_slice)
    }

    fn one(&self, name: &str) -> Cell {
        self.list(name).first().cloned()
    }

    /// `P(VARCHAR, DEFAULT NUMBER) RETURN VARCHAR`
    fn shown_arguments(&self) -> String {
        let kinds: Vec<String> = self
            .arguments
            .iter()
            .map(|argument| match argument.default {
                Some(_) => format!("DEFAULT {}", bare(&argument.kind)),
                None => bare(&argument.kind),
            })
            .collect();
        format!("{}({}) RETURN {}", self.name, kinds.join(", "), returned(&self.returns, bare))
    }

    fn integrations(&self) -> Cell {
        let names = self.list("EXTERNAL_ACCESS_INTEGRATIONS");
        (!names.is_empty()).then(|| format!("[{}]", names.join(",")))
    }
}

/// Rows of property and value; code in other languages than SQL says more.
pub(super) fn described(routine: &Routine, kind: ObjectKind) -> Rows {
    let mut rows = table(&[("property", Text), ("value", Text)]);
    let signature: Vec<String> = routine
        .arguments
        .iter()
        .map(|argument| format!("{} {}", argument.name, bare(&argument.kind)))
        .collect();
    let not_null = if routine.not_null { " NOT NULL" } else { "" };
    let sql = routine.language == "SQL";
    let handled = !sql && routine.language != "JAVASCRIPT";
    let quoted: Vec<String> = routine.list("PACKAGES").iter().map(|it| format!("'{it}'")).collect();
    let packages = text(format!("[{}]", quoted.join(",")));
    let strict = if routine.strict { "RETURNS NULL ON NULL INPUT" } else { "CALLED ON NULL INPUT" };
    let procedure = kind == ObjectKind::Procedure;
    let compiled = matches!(routine.language.as_str(), "JAVA" | "SCALA");
    let all: [(&str, bool, Cell); 16] = [
        ("signature", true, text(format!("({})", signature.join(", ")))),
        (
            "returns",
            true,
            text(returned(&routine.returns, crate::sql::data_type::DataType::shown) + not_null),
        ),
        ("language", true, text(&routine.language)),
        ("null handling", !sql, text(strict)),
        ("volatility", !sql, text(if routine.immutable { "IMMUTABLE" } else { "VOLATILE" })),
        ("execute as", procedure, text(if routine.caller { "CALLER" } else { "OWNER" })),
        ("body", true, routine.body.clone()),
        ("external_access_integrations", routine.integrations().is_some(), routine.integrations()),
        ("secrets", routine.one("SECRETS").is_some(), routine.one("SECRETS")),
        ("imports", handled, text(format!("[{}]", routine.list("IMPORTS").join(", ")))),
        ("handler", handled, routine.one("HANDLER")),
        ("runtime_version", handled, routine.one("RUNTIME_VERSION")),
        ("packages", handled, packages.clone()),
        ("target_path", compiled, routine.one("TARGET_PATH")),
        // What Snowflake resolves for itself is not known here.
        ("installed_packages", routine.language == "PYTHON", packages),
        ("is_aggregate", handled && !procedure, text(routine.aggregate.to_string())),
    ];
    let there = all.into_iter().filter(|(_, there, _)| *there);
    rows.rows.extend(there.map(|(name, _, value)| vec![text(name), value]));
    rows
}

impl Account {
    pub(crate) fn routine_row(&self, on: Securable, plain: &Plain, routine: &Routine) -> Vec<Cell> {
        let (path, head, kind) = (self.path_of(on), &plain.head, on.kind());
        let (least, most) = routine.counts();
        let cell = |column: &str| match column {
            "created_on" => time(head.created_on),
            "name" => text(&routine.name),
            "schema_name" => path.get(1).cloned(),
            "catalog_name" => path.first().cloned(),
            "is_aggregate" => yes(routine.aggregate),
            "min_num_arguments" => number(least),
            "max_num_arguments" => number(most),
            "arguments" => text(routine.shown_arguments()),
            "description" if head.comment.is_empty() => {
                text(format!("user-defined {}", kind.singular().to_lowercase()))
            }
            "description" => text(&head.comment),
            "is_table_function" => {
                yes(matches!(routine.returns, Returns::Table(_)) && kind == ObjectKind::Function)
            }
            "is_secure" => yes(routine.secure),
            "secrets" => routine.one("SECRETS"),
            "external_access_integrations" => routine.integrations(),
            "language" => text(&routine.language),
            "is_memoizable" => yes(routine.memoizable),
            _ => text("N"),
        };
        columns(kind).iter().map(|(column, _)| cell(column)).collect()
    }
}
