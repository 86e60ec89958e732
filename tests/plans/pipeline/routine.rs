//! Plans of procedures and functions.

use serde_json::{Value, json};
use snowfence::{
    api::Record,
    kinds::pipeline::Seen,
    plan::Target,
    snowflake::{Rows, catalog::By},
};

use super::{cr, described, made, rows, seen};
use crate::plans::{BORN, ROLE, plan, record, table};

type Cells<'a> = &'a [(&'a str, Option<&'a str>)];

/// A row of SHOW USER PROCEDURES or SHOW USER FUNCTIONS.
fn shown(name: &str, arguments: &str, cells: Cells<'_>) -> Rows {
    let mut all = vec![
        ("created_on", Some(BORN)),
        ("name", Some(name)),
        ("schema_name", Some("S")),
        ("catalog_name", Some("DB")),
        ("arguments", Some(arguments)),
        ("description", Some("user-defined procedure")),
        ("is_secure", Some("N")),
        ("is_memoizable", Some("N")),
    ];
    for (column, cell) in cells {
        all.retain(|(known, _)| known != column);
        all.push((column, *cell));
    }
    rows(&[&all])
}

fn load(more: &Value) -> Value {
    let mut load = json!({
        "name": "LOAD", "language": "SQL", "returns": "VARCHAR",
        "arguments": [{"name": "DAY", "type": "DATE"}],
        "body": "BEGIN\n  RETURN 'done';\nEND;\n",
    });
    load.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    load
}

const LOAD: &str = "DB.S.LOAD(DATE)";

/// LOAD as DESCRIBE has it.
const LOAD_DESCRIBED: Cells<'_> = &[
    ("signature", Some("(DAY DATE)")),
    ("returns", Some("VARCHAR(16777216)")),
    ("language", Some("SQL")),
    ("execute as", Some("OWNER")),
    ("body", Some("BEGIN\n  RETURN 'done';\nEND;")),
];

fn with<'a>(all: Cells<'a>, cells: Cells<'a>) -> Vec<(&'a str, Option<&'a str>)> {
    let mut all = all.to_vec();
    for (name, value) in cells {
        all.retain(|(known, _)| known != name);
        all.push((name, *value));
    }
    all
}

/// What comes of LOAD, which was created as `before` says and is wanted as `after` says now.
fn procedure(before: &Value, after: &Value, cells: Cells<'_>, details: Option<Cells<'_>>) -> String {
    let on = Target::new("PROCEDURE", LOAD);
    let was = cr(json!({"procedures": [load(before)]}));
    let entry = made(&was, &absent(), &on);
    let mut seen = seen(&[("PROCEDURE", By::Signature, shown("LOAD", "LOAD(DATE) RETURN VARCHAR", cells))]);
    seen.owners.insert(on.clone(), ROLE.into());
    if let Some(details) = details {
        described(&mut seen, on, details);
    }
    plan(&cr(json!({"procedures": [load(after)]})), &record([entry]), &seen)
}

fn absent() -> Seen {
    seen(&[("PROCEDURE", By::Signature, rows(&[])), ("FUNCTION", By::Signature, rows(&[]))])
}

fn python() -> Value {
    json!({
        "name": "score", "language": "PYTHON", "returnsTable": [{"name": "ID", "type": "INT"}, {"name": "\"s c\"", "type": "FLOAT"}],
        "arguments": [{"name": "MODEL", "type": "STRING(20)"}, {"name": "LIMIT_", "type": "INT", "default": "10"}],
        "runtimeVersion": "3.12", "handler": "main.run", "packages": ["snowflake-snowpark-python", "numpy==1.26.4"],
        "imports": ["@code/lib/score.py", "@~/x.zip", "@OTHER.CODE/y.py"],
        "externalAccessIntegrations": ["NET"], "secrets": {"key": "VAULT.API_KEY"},
        "nullInput": "ReturnsNullOnNullInput", "secure": true, "comment": "it's scored", "executeAs": "Caller",
        "body": "def run(session, model, limit):\n    return '$$'\n",
    })
}

#[test]
fn creation() {
    let new = Record::default();
    let plan = |lists| plan(&cr(lists), &new, &absent());
    insta::assert_snapshot!(table([
        ("a procedure in SQL", plan(json!({"procedures": [load(&json!({}))]}))),
        ("a procedure in Python with everything", plan(json!({"procedures": [python()]}))),
        (
            "one name, two procedures",
            plan(json!({"procedures": [
                load(&json!({})),
                load(&json!({"name": "LOAD_ALL", "object": "LOAD", "arguments": []})),
            ]}))
        ),
        (
            "a function",
            plan(json!({"functions": [{
                "name": "TWICE", "language": "SQL", "returns": "NUMBER(10,2)",
                "arguments": [{"name": "X", "type": "NUMBER(10,2)"}],
                "volatility": "Immutable", "memoizable": true, "secure": true, "nullInput": "CalledOnNullInput",
                "body": "x * 2",
            }]}))
        ),
        (
            "a procedure in JavaScript that gives a table nobody knows yet",
            plan(json!({"procedures": [{
                "name": "DOIT", "language": "JAVASCRIPT", "returnsTable": [], "body": "return 1"
            }]}))
        ),
        (
            "what can't be is said with its place",
            plan(json!({"procedures": [
                load(&json!({"name": "A", "arguments": [{"name": "X", "type": "INTERGER"}]})),
                load(&json!({"name": "B", "arguments": [{"name": "X", "type": "INT", "default": "1)"}]})),
                load(&json!({"name": "C", "returns": "VARCHAR(0)"})),
            ]}))
        ),
    ]));
}

#[test]
fn procedures_change_with_the_least() {
    let none = json!({});
    let commented = json!({"comment": "a"});
    let sized = json!({"arguments": [{"name": "DAY", "type": "DATE", "default": "CURRENT_DATE"}]});
    let same = Some(LOAD_DESCRIBED);
    let body = json!({"body": "BEGIN RETURN 'new'; END"});
    let elsewhere = with(LOAD_DESCRIBED, &[("execute as", Some("CALLER"))]);
    insta::assert_snapshot!(table([
        ("in sync, and read", procedure(&none, &none, &[], same)),
        ("in sync, and not read", procedure(&none, &none, &[], None)),
        ("a comment", procedure(&none, &commented, &[], None)),
        (
            "a comment that is no longer wanted goes, once",
            procedure(&commented, &none, &[("description", Some("a"))], None)
        ),
        ("whose rights it runs with", procedure(&none, &json!({"executeAs": "Caller"}), &[], same)),
        (
            "whose rights it runs with, as ALTER can't say it",
            procedure(&none, &json!({"executeAs": "RestrictedCaller"}), &[], same)
        ),
        (
            "a body: what is not managed stays as it is",
            procedure(&none, &body, &[("description", Some("theirs"))], Some(&elsewhere))
        ),
        (
            "a body that somebody else has changed",
            procedure(
                &none,
                &none,
                &[],
                Some(&with(LOAD_DESCRIBED, &[("body", Some("BEGIN RETURN 1; END"))]))
            )
        ),
        ("the type that it returns", procedure(&none, &json!({"returns": "INT"}), &[], same)),
        (
            "the name of an argument",
            procedure(&none, &json!({"arguments": [{"name": "ON_DAY", "type": "DATE"}]}), &[], same)
        ),
        ("the default of an argument, which is not shown", procedure(&none, &sized, &[], same)),
        (
            "secure, which ALTER PROCEDURE does not know",
            procedure(&none, &json!({"secure": true}), &[], same)
        ),
    ]));
}

#[test]
fn python_procedures_change_with_the_least() {
    let on = Target::new("PROCEDURE", "DB.S.SCORE(VARCHAR, NUMBER)");
    let was = cr(json!({"procedures": [python()]}));
    let there: Cells<'_> = &[
        ("signature", Some("(MODEL VARCHAR, LIMIT_ NUMBER)")),
        ("returns", Some("TABLE (ID NUMBER, \"s c\" FLOAT)")),
        ("language", Some("PYTHON")),
        ("null handling", Some("RETURNS NULL ON NULL INPUT")),
        ("volatility", Some("VOLATILE")),
        ("execute as", Some("CALLER")),
        ("body", Some("def run(session, model, limit):\n    return '$$'")),
        ("external_access_integrations", Some("[NET]")),
        ("secrets", Some(r#"{"key":"\"DB\".\"VAULT\".\"API_KEY\""}"#)),
        ("imports", Some(r#"[@~/x.zip, @"DB"."S"."CODE"/lib/score.py, @DB.OTHER.CODE/y.py]"#)),
        ("handler", Some("main.run")),
        ("runtime_version", Some("3.12")),
        ("packages", Some("['numpy==1.26.4','snowflake-snowpark-python']")),
        ("installed_packages", Some("['numpy==1.26.4','snowflake-snowpark-python==1.20.0']")),
    ];
    let plan = |more: Value, without: &[&str], cells: Cells<'_>| {
        let arguments = "SCORE(VARCHAR, DEFAULT NUMBER) RETURN TABLE (ID NUMBER, \"s c\" FLOAT)";
        let is = shown("SCORE", arguments, &[("description", Some("it's scored")), ("is_secure", Some("Y"))]);
        let mut seen = seen(&[("PROCEDURE", By::Signature, is)]);
        seen.owners.insert(on.clone(), ROLE.into());
        described(&mut seen, on.clone(), &with(there, cells));
        let mut spec = python();
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec.as_object_mut().unwrap().retain(|field, _| !without.contains(&field.as_str()));
        plan(&cr(json!({"procedures": [spec]})), &record([made(&was, &absent(), &on)]), &seen)
    };
    insta::assert_snapshot!(table([
        ("in sync: the order of lists means nothing", plan(json!({}), &[], &[])),
        (
            "a package that somebody else removed",
            plan(json!({}), &[], &[("packages", Some("['snowflake-snowpark-python']"))])
        ),
        ("another handler", plan(json!({"handler": "main.go"}), &[], &[])),
        ("other secrets and no network", plan(json!({"secrets": {}}), &["externalAccessIntegrations"], &[])),
        (
            "its lists are not shown to everybody",
            plan(json!({}), &[], &[("packages", None), ("imports", None), ("handler", None), ("body", None)])
        ),
        ("what is there is not understood", plan(json!({}), &[], &[("secrets", Some("key"))])),
    ]));
}

#[test]
fn functions_change_with_the_least() {
    let twice = |more: &Value| {
        let mut twice = json!({
            "name": "TWICE", "language": "SQL", "returns": "NUMBER(38,0)",
            "arguments": [{"name": "X", "type": "INT"}], "volatility": "Immutable", "body": "x * 2",
        });
        twice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        cr(json!({"functions": [twice]}))
    };
    let on = Target::new("FUNCTION", "DB.S.TWICE(NUMBER)");
    let plan = |more: Value, cells: Cells<'_>| {
        let is = with(&[("description", Some("user-defined function"))], cells);
        let mut seen =
            seen(&[("FUNCTION", By::Signature, shown("TWICE", "TWICE(NUMBER) RETURN NUMBER", &is))]);
        seen.owners.insert(on.clone(), ROLE.into());
        let details = [
            ("signature", "(X NUMBER)"),
            ("returns", "NUMBER(38,0)"),
            ("language", "SQL"),
            ("body", "x * 2"),
        ];
        described(&mut seen, on.clone(), &details.map(|(name, value)| (name, Some(value))));
        plan(&twice(&more), &record([made(&twice(&json!({})), &absent(), &on)]), &seen)
    };
    insta::assert_snapshot!(table([
        ("in sync: what SQL does not show is as it was sent", plan(json!({}), &[])),
        ("secure", plan(json!({"secure": true}), &[])),
        ("no longer secure", plan(json!({"secure": false}), &[("is_secure", Some("Y"))])),
        ("volatility, which SQL does not show", plan(json!({"volatility": "Volatile"}), &[])),
        ("memoizable", plan(json!({"memoizable": true}), &[])),
        ("another language", plan(json!({"language": "JAVASCRIPT", "body": "return X * 2"}), &[])),
    ]));
}

#[test]
fn whose_it_is_comes_from_its_grants() {
    let spec = cr(json!({"procedures": [load(&json!({}))]}));
    let on = Target::new("PROCEDURE", LOAD);
    let plan = |owner: Option<&str>, entry| {
        let mut seen = seen(&[("PROCEDURE", By::Signature, shown("LOAD", "LOAD(DATE) RETURN VARCHAR", &[]))]);
        seen.owners.extend(owner.map(|owner| (on.clone(), owner.to_owned())));
        described(&mut seen, on.clone(), LOAD_DESCRIBED);
        plan(&spec, &entry, &seen)
    };
    let mut begun = made(&spec, &absent(), &on);
    begun.created_on = None;
    begun.intent = Some(snowfence::api::record::Intent { request_id: uuid::Uuid::nil(), done: true });
    insta::assert_snapshot!(table([
        ("it was there before", plan(Some("ANALYST"), Record::default())),
        ("it was created under our request", plan(Some(ROLE), record([begun.clone()]))),
        ("somebody else was faster after it was dropped", plan(Some("ANALYST"), record([begun]))),
    ]));
}
