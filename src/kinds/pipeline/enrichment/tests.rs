//! What enrichments come to.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use sqlparser::{dialect::SnowflakeDialect, parser::Parser};

use super::{
    super::{
        listings::{listings, sorted},
        observe::Seen,
    },
    expanded, lasting, prices,
    template::{self, Sql, Values},
};
use crate::{
    api::pipeline::PipelineSpec,
    plan::{Action, Effect, Step, Target},
    snowflake::Statement,
    values::literal::tokens::{Token, hostile, tokens},
};

/// A pipeline with a table, a stream and this enrichment.
fn spec(entry: &Value) -> PipelineSpec {
    let mut enrichment = json!({
        "name": "sentiment",
        "from": {"table": "STG_CALLS"},
        "key": ["CALL_ID"],
        "input": "TRANSCRIPT",
        "function": "Sentiment",
    });
    for (field, value) in entry.as_object().unwrap() {
        enrichment[field] = value.clone();
    }
    let spec = json!({
        "connectionRef": {"name": "prod"},
        "warehouse": "WH_CORTEX",
        "database": "ANALYTICS",
        "schema": "GONG",
        "tables": [{"name": "STG_CALLS", "columns": [
            {"name": "CALL_ID", "type": "VARCHAR(64)"},
            {"name": "PART", "type": "NUMBER(9,0)"},
            {"name": "AT", "type": "TIMESTAMP_LTZ(9)"},
            {"name": "SCORE", "type": "FLOAT"},
            {"name": "TRANSCRIPT", "type": "VARCHAR"},
        ]}],
        "streams": [{"name": "CALLS", "onTable": "STG_CALLS"}, {"name": "FILES", "onStage": "S"}],
        "enrichments": [enrichment],
    });
    serde_json::from_value(spec).unwrap()
}

const WHOSE: (&str, &str) = ("team", "calls");

/// What is wrong with it.
fn refused(entry: &Value) -> String {
    let spec = spec(entry);
    let all = expanded(&spec, WHOSE);
    assert_eq!(*all.spec, spec, "what is refused adds nothing");
    let [(on, fault)] = all.blocked.as_slice() else { panic!("{:?}", all.blocked) };
    assert_eq!(on, &Target::new("ENTRY", "enrichments.sentiment"));
    fault.to_string()
}

/// The entries that it adds, as a manifest would have them.
fn added(entry: &Value) -> String {
    let spec = spec(entry);
    let all = expanded(&spec, WHOSE);
    assert!(all.blocked.is_empty(), "{:?}", all.blocked);
    let mut added = all.spec.into_owned();
    added.tables.drain(..1);
    added.streams.drain(..2);
    added.enrichments.clear();
    serde_saphyr::to_string(&added).unwrap()
}

#[test]
fn an_enrichment_of_a_table_becomes_tables_streams_tasks_and_views() {
    insta::assert_snapshot!(added(&json!({
        "limits": {"rowsPerRun": 250, "rowsPerDay": 2000, "creditsPerDay": 5},
        "columns": ["CALL_ID", "AT"],
    })));
}

#[test]
fn a_dynamic_table_buys_instead_of_tasks() {
    insta::assert_snapshot!(added(&json!({
        "engine": "DynamicTable", "backfill": true, "columns": ["CALL_ID"],
    })));
}

/// Calls and types for each function.
#[test]
fn each_function_is_called_as_documented_and_its_answer_has_its_type() {
    let schema = json!({"type": "object", "properties": {"it's": {"type": "string"}}});
    let cases = [
        json!({"function": "Sentiment"}),
        json!({"function": "Sentiment", "functions": "Legacy"}),
        json!({"function": "Complete", "model": "llama3.3-70b", "prompt": "It's short:"}),
        json!({"function": "Complete", "model": "m", "prompt": "p", "responseFormat": schema}),
        json!({"function": "Complete", "model": "m", "prompt": "p", "functions": "Legacy"}),
        json!({"function": "Embed", "model": "snowflake-arctic-embed-l-v2.0"}),
        json!({"function": "Embed", "model": "e5-base-v2", "functions": "Legacy"}),
        json!({"function": "Embed", "model": "new", "dimension": 256}),
        json!({"function": "Extract", "questions": {"who": "Who called?"}}),
        json!({"function": "Extract", "responseFormat": schema}),
        json!({"function": "Extract", "questions": {"who": "Who called?"}, "functions": "Legacy"}),
        json!({"function": "Summarize"}),
        json!({"function": "Classify", "categories": ["a", "b"], "prompt": "topic"}),
        json!({"function": "Classify", "categories": ["a", "b"], "functions": "Legacy"}),
        json!({"function": "Translate", "language": {"to": "en"}}),
        json!({"function": "Translate", "language": {"from": "de", "to": "en"}, "functions": "Legacy"}),
        json!({"function": "Redact"}),
        json!({"function": "Filter", "prompt": "Is it a complaint?"}),
    ];
    let told: Vec<_> = cases
        .iter()
        .map(|case| {
            let call = super::call::call(&spec(case).enrichments[0], &Sql::words("input")).unwrap();
            let line = |sql: &Sql| sql.as_str().to_owned();
            format!(
                "{}\n    kept as {}, error {}\n    result {} of type {}{}\n",
                line(&call.sql),
                line(&call.outcome),
                line(&call.error),
                line(&call.value),
                line(&call.result),
                if call.fails_whole { ", fails with its statement" } else { "" }
            )
        })
        .collect();
    insta::assert_snapshot!(told.concat());
}

#[test]
fn what_cannot_be_is_refused_where_it_stands() {
    for (entry, says) in [
        (json!({"key": ["NONE"]}), "enrichments.sentiment.key: ANALYTICS.GONG.STG_CALLS has no column NONE"),
        (json!({"key": ["SCORE"]}), "enrichments.sentiment.key: SCORE is FLOAT, whose text may differ"),
        (
            json!({"columns": ["NONE"]}),
            "enrichments.sentiment.columns: ANALYTICS.GONG.STG_CALLS has no column",
        ),
        (json!({"from": {"table": "OTHER"}}), "enrichments.sentiment.keyTypes: ANALYTICS.GONG.OTHER is not"),
        (
            json!({"from": {"table": "OTHER"}, "keyTypes": ["VARCHAR"], "columns": ["ERROR"]}),
            "enrichments.sentiment.columns: the view has a column ERROR of its own",
        ),
        (
            json!({"from": {"stream": "OTHER"}}),
            "enrichments.sentiment.from.stream: ANALYTICS.GONG.OTHER is not",
        ),
        (json!({"from": {"stream": "FILES"}}), "is not on a table or view"),
        (json!({"input": "A); DROP TABLE T"}), "enrichments.sentiment.input: line 1"),
        (json!({"input": "A)) OR ((1"}), "enrichments.sentiment.input: line 1, column 2"),
        (json!({"function": "Embed", "model": "new"}), "enrichments.sentiment.dimension: how many numbers"),
        (json!({"function": "Embed", "model": "e5-base-v2", "dimension": 3}), "have 768 numbers"),
        (
            json!({"function": "Complete", "prompt": "p"}),
            "enrichments.sentiment.model: function: Complete needs it",
        ),
        (json!({"engine": "DynamicTable"}), "say that you know with backfill: true"),
        (json!({"engine": "DynamicTable", "backfill": true, "functions": "Legacy"}), "takes no function of"),
        (json!({"object": format!("A{}", "B".repeat(250))}), "a name has at most 255 characters"),
    ] {
        let message = refused(&entry);
        assert!(message.contains(says), "{entry}: {message}");
    }
}

#[test]
fn a_name_that_is_taken_is_a_fault_of_that_enrichment_alone() {
    let mut spec = spec(&json!({}));
    let mut second = spec.enrichments[0].clone();
    second.name = "other".into();
    spec.enrichments.push(second);
    spec.views.push(
        serde_json::from_value(json!({"name": "mine", "object": "SENTIMENT_RESULT", "query": "SELECT 1"}))
            .unwrap(),
    );
    let all = expanded(&spec, WHOSE);
    let [(on, fault)] = all.blocked.as_slice() else { panic!("{:?}", all.blocked) };
    assert_eq!(on.name, "enrichments.sentiment");
    assert!(fault.to_string().contains("it makes SENTIMENT_RESULT, and so does spec.views.mine"), "{fault}");
    assert!(all.spec.tables.iter().any(|table| *table.name == *"OTHER_RESULT"));
    assert!(!all.spec.tables.iter().any(|table| *table.name == *"SENTIMENT_QUEUE"));
    // What it may have made before stays, and is not dropped for a mistake in the spec.
    assert!(all.kept.contains(&Target::new("TASK", "ANALYTICS.GONG.SENTIMENT_BUY")));
}

#[test]
fn a_changed_prompt_reads_existing_rows_again_only_where_it_is_told_to() {
    let of = |entry: Value| {
        let spec = spec(&entry);
        let all = expanded(&spec, WHOSE).spec.into_owned();
        let first: BTreeSet<String> = all
            .streams
            .iter()
            .filter(|stream| stream.show_initial_rows == Some(true))
            .map(|stream| stream.name.to_string())
            .collect();
        let fill = all.task_graphs[0].tasks[0].body.clone().unwrap().0;
        (first, fill)
    };
    let ask = |prompt: &str, more: Value| {
        let mut entry = json!({"function": "Complete", "model": "m", "prompt": prompt});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of(entry)
    };
    let (none, fill) = ask("one", json!({}));
    assert!(none.is_empty() && fill.contains("WHERE TRUE OR fingerprint") && fill.starts_with("MERGE"));
    let (kept, _) = ask("one", json!({"backfill": true}));
    assert_eq!(kept, ask("two", json!({"backfill": true})).0, "finished rows are left alone");
    let (one, fill) = ask("one", json!({"onChange": "Reprocess"}));
    let (two, _) = ask("two", json!({"onChange": "Reprocess"}));
    assert!(one.len() == 1 && two.len() == 1 && one != two);
    assert!(fill.contains("WHERE FALSE OR fingerprint") && fill.starts_with("BEGIN\nMERGE"));
    assert!(fill.contains("n.gone OR FALSE") && fill.contains("n.gone OR TRUE"));
}

/// Every statement that it makes is one that sqlparser reads, where it reads such statements at all.
#[test]
fn what_is_filled_in_is_sql() {
    let keys = json!(["CALL_ID", "PART", "AT"]);
    for entry in [
        json!({}),
        json!({"key": keys, "input": "TRANSCRIPT -- why\n", "backfill": true, "onChange": "Reprocess"}),
        json!({"from": {"stream": "CALLS"}, "functions": "Legacy", "schedule": {"cron": "0 2 * * *", "timezone": "UTC"}}),
        json!({"from": {"table": "RAW.X.Y"}, "keyTypes": ["DATE"], "key": ["D"], "limits": {"creditsPerDay": 3}}),
        json!({"engine": "DynamicTable", "backfill": true}),
    ] {
        let spec = spec(&entry);
        let all = expanded(&spec, WHOSE);
        assert!(all.blocked.is_empty(), "{:?}", all.blocked);
        for query in all
            .spec
            .views
            .iter()
            .map(|view| &view.query)
            .chain(all.spec.dynamic_tables.iter().map(|t| &t.query))
        {
            Parser::parse_sql(&SnowflakeDialect {}, query).unwrap_or_else(|why| panic!("{why}: {}", query.0));
        }
        for graph in &all.spec.task_graphs {
            let body = graph.tasks[0].body.clone().unwrap().0;
            assert!(!body.contains("{{") && !body.contains("}}"), "{body}");
            // sqlparser does not know FOR in a block.
            if !body.starts_with("DECLARE") {
                Parser::parse_sql(&SnowflakeDialect {}, &body).unwrap_or_else(|why| panic!("{why}: {body}"));
            }
        }
        let (listings, _) = listings(&all.spec).unwrap();
        let faults = sorted(listings).1;
        let own: Vec<_> = faults.iter().filter(|(on, _)| !on.name.starts_with("streams.FILES")).collect();
        assert!(own.is_empty(), "{own:?}");
    }
}

#[test]
fn every_template_is_filled_with_no_placeholder_left_out() {
    for (file, template) in template::ALL {
        let why = template.fill(&Values::new()).unwrap_err().to_string();
        assert!(why.contains("no value for it"), "{file}: {why}");
    }
}

#[test]
fn the_session_of_each_task_says_for_whom_it_works() {
    let spec = spec(&json!({}));
    for graph in &expanded(&spec, WHOSE).spec.task_graphs {
        assert_eq!(*graph.session_parameters["QUERY_TAG"], *"snowfence CortexPipeline/team/calls/sentiment");
        assert_eq!(graph.tasks.len(), 1, "only a root has session parameters");
    }
}

#[test]
fn a_plan_tells_what_an_enrichment_may_cost_when_it_changes_it() {
    let create = |kind, name: &str| {
        let effect = Effect::sql(Statement::new("CREATE"));
        Step::new(Target::new(kind, name), Action::Create(vec![]), vec![effect])
    };
    let steps = [create("TASK", "ANALYTICS.GONG.SENTIMENT_BUY")];
    let first = [create("STREAM", "ANALYTICS.GONG.SENTIMENT_EXISTING")];
    let spec = spec(&json!({"backfill": true, "limits": {"rowsPerDay": 100, "creditsPerDay": 2}}));
    let all = expanded(&spec, WHOSE);
    let mut seen = Seen::default();
    assert!(prices(&all, &[], &seen).is_empty());
    let limits = "enrichment sentiment: Sentiment, at most 500 rows a run and 100 rows a day (UTC), 2 credits a day as far as Snowflake tells within the hour";
    assert_eq!(prices(&all, &steps, &seen), [limits]);
    let unknown = "the backfill queues every row of ANALYTICS.GONG.STG_CALLS; how many they are is not known without a query";
    assert_eq!(prices(&all, &first, &seen), [format!("{limits}; {unknown}")]);
    seen.lists.insert(
        ("TABLE", Some(crate::values::full_name::FullName::parse("ANALYTICS").unwrap())),
        calls_of(250),
    );
    assert_eq!(
        prices(&all, &first, &seen),
        [format!("{limits}; the backfill queues 250 rows of ANALYTICS.GONG.STG_CALLS, in 3 days at least")]
    );
    assert!(lasting(&spec).is_empty());
    let dynamic = self::spec(&json!({"engine": "DynamicTable", "backfill": true}));
    assert!(lasting(&dynamic)[0].contains("buys every row again"));
}

/// SHOW TABLES with the source, of so many rows.
fn calls_of(rows: u32) -> std::sync::Arc<crate::snowflake::catalog::Table> {
    use crate::snowflake::{
        Rows,
        catalog::{By, Table},
    };
    let mut shown = Rows::new(["database_name", "schema_name", "name", "created_on", "owner", "rows"]);
    shown
        .push([
            Some("ANALYTICS"),
            Some("GONG"),
            Some("STG_CALLS"),
            Some("1"),
            Some("R"),
            Some(&*rows.to_string()),
        ])
        .unwrap();
    std::sync::Arc::new(Table::by(By::Path, shown))
}

proptest! {
    /// The tokens of a call are the same, but for the texts of the user's, whatever these are.
    #[test]
    fn hostile_texts_stay_inside_their_quotes(prompt in hostile(), model in hostile(), word in hostile()) {
        let call = |prompt: &str, model: &str, word: &str| {
            let spec = spec(&json!({
                "function": "Complete", "model": model, "prompt": prompt,
                "responseFormat": {word: [word]},
            }));
            let call = super::call::call(&spec.enrichments[0], &Sql::words("input")).unwrap();
            tokens(call.sql.as_str())
        };
        let shape = |all: Vec<Token>| all.into_iter().map(|token| match token {
            Token::Text(_) => Token::Text(String::new()),
            other => other,
        }).collect::<Vec<_>>();
        let made = call(&prompt, &model, &word);
        let whole = Token::Text(prompt.clone() + "\n\n");
        prop_assert!(made.contains(&whole));
        prop_assert!(made.contains(&Token::Text(model.clone())));
        prop_assert_eq!(shape(made), shape(call("p", "m", "w")));
    }

    /// A name or an input that holds a placeholder, a quote or a comment changes no other part of a body.
    #[test]
    fn hostile_names_stay_names(name in hostile(), column in hostile()) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\"").replace('\0', "0"));
        prop_assume!(!column.is_empty() && !name.is_empty() && name.chars().count() < 200);
        let of = |name: &str, column: &str| {
            let spec = spec(&json!({
                "object": quoted(name), "from": {"table": quoted(&format!("T{name}"))},
                "key": [quoted(column)], "keyTypes": ["VARCHAR"], "input": quoted(column),
            }));
            let all = expanded(&spec, WHOSE);
            assert!(all.blocked.is_empty(), "{:?}", all.blocked);
            let spec = all.spec.into_owned();
            let bodies = spec.task_graphs.iter().map(|graph| graph.tasks[0].body.clone().unwrap().0);
            bodies.chain(spec.views.iter().map(|view| view.query.0.clone())).collect::<Vec<_>>()
        };
        let shape = |text: &String| {
            tokens(text).into_iter().map(|token| match token {
                Token::Name(_) => Token::Name(String::new()),
                other => other,
            }).collect::<Vec<_>>()
        };
        let (made, plain) = (of(&name, &column), of("n", "c"));
        for (made, plain) in made.iter().zip(&plain) {
            prop_assert_eq!(shape(made), shape(plain));
        }
    }
}
