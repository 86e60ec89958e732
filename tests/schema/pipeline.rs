//! The rules of `CortexPipeline`.

use kube::CustomResourceExt as _;
use serde_json::{Value, json};
use snowfence::api::{CortexPipeline, pipeline::Listed};

use super::{collect, creations, referring, resource, updates, verdict};

/// A spec with one entry in one list.
fn one(list: &str, entry: &Value) -> Value {
    json!({list: [entry]})
}

/// Cases of one list: what all entries have, then `(sentence, refused, passes)` as what is added to it.
fn entries(list: &str, base: &Value, cases: &[(&str, Value, Value)]) {
    let whole = |patch: &Value| {
        let mut entry = base.clone();
        super::merge(&mut entry, patch);
        one(list, &entry)
    };
    let cases: Vec<_> =
        cases.iter().map(|(sentence, refused, passes)| (*sentence, whole(refused), whole(passes))).collect();
    creations::<CortexPipeline>(&referring(), &cases);
}

#[test]
fn tables_streams_and_sequences_that_can_never_work_are_refused() {
    entries(
        "tables",
        &json!({"name": "t"}),
        &[
            (
                "a column has a default or autoincrement",
                json!({"columns": [{"name": "a", "type": "INT", "default": "1", "autoincrement": {}}]}),
                json!({"columns": [{"name": "a", "type": "INT", "autoincrement": {"start": 1}}]}),
            ),
            (
                "increment must not be 0",
                json!({"columns": [{"name": "a", "type": "INT", "autoincrement": {"increment": 0}}]}),
                json!({"columns": [{"name": "a", "type": "INT", "autoincrement": {"increment": -1}}]}),
            ),
        ],
    );
    entries(
        "streams",
        &json!({"name": "s"}),
        &[
            ("a stream has exactly one source", json!({}), json!({"onTable": "t"})),
            (
                "a stream has exactly one source",
                json!({"onTable": "t", "onView": "v"}),
                json!({"onView": "v"}),
            ),
            (
                "appendOnly is for streams on tables",
                json!({"onStage": "g", "appendOnly": true}),
                json!({"onView": "v", "appendOnly": true}),
            ),
            (
                "insertOnly is for streams on external",
                json!({"onView": "t", "insertOnly": true}),
                json!({"onExternalTable": "t", "insertOnly": true}),
            ),
            (
                "a stream is appendOnly or insertOnly",
                json!({"onTable": "t", "appendOnly": true, "insertOnly": true}),
                json!({"onTable": "t", "appendOnly": true, "insertOnly": false}),
            ),
            (
                "showInitialRows is for streams on tables",
                json!({"onDynamicTable": "t", "showInitialRows": true}),
                json!({"onTable": "t", "showInitialRows": true}),
            ),
        ],
    );
    entries(
        "sequences",
        &json!({"name": "s"}),
        &[("increment must not be 0", json!({"increment": 0}), json!({"increment": 5}))],
    );
}

#[test]
fn code_that_can_never_work_is_refused() {
    let from = json!({"configMapKeyRef": {"name": "c", "key": "k"}});
    for (list, body, returns, python) in [
        (
            "procedures",
            "a procedure has body or bodyFrom",
            "a procedure has returns (a type)",
            "a procedure in PYTHON needs handler",
        ),
        (
            "functions",
            "a function has body or bodyFrom",
            "a function has returns (a type)",
            "a function in PYTHON needs handler",
        ),
    ] {
        let base = json!({"name": "p", "language": "SQL"});
        let cases = [
            (body, json!({"returns": "INT"}), json!({"returns": "INT", "body": "1"})),
            (
                body,
                json!({"returns": "INT", "body": "1", "bodyFrom": from}),
                json!({"returns": "INT", "bodyFrom": from}),
            ),
            (
                returns,
                json!({"body": "1"}),
                json!({"body": "1", "returnsTable": [{"name": "a", "type": "INT"}]}),
            ),
            (
                python,
                json!({"language": "PYTHON", "body": "x", "returns": "INT", "handler": "f"}),
                json!({"language": "PYTHON", "body": "x", "returns": "INT", "handler": "f", "runtimeVersion": "3.12"}),
            ),
            (
                "are for language: PYTHON",
                json!({"body": "x", "returns": "INT", "packages": ["numpy"]}),
                json!({"body": "x", "returns": "INT", "secure": true}),
            ),
        ];
        entries(list, &base, &cases);
    }
    entries(
        "functions",
        &json!({"name": "f", "body": "1", "returns": "INT"}),
        &[(
            "memoizable is for functions in SQL",
            json!({"language": "JAVASCRIPT", "memoizable": true}),
            json!({"language": "SQL", "memoizable": true}),
        )],
    );
}

#[test]
fn task_graphs_that_can_never_work_are_refused() {
    let root = json!({"name": "a", "body": "SELECT 1"});
    let child = json!({"name": "b", "after": ["a"], "body": "SELECT 1"});
    let task = |patch: &Value| {
        let mut task = root.clone();
        super::merge(&mut task, patch);
        task
    };
    let alone = json!([root]);
    entries(
        "taskGraphs",
        &json!({"name": "g"}),
        &[
            (
                "exactly one root",
                json!({"tasks": [root, task(&json!({"name": "b"}))]}),
                json!({"tasks": [root, child]}),
            ),
            ("exactly one root", json!({"tasks": [child]}), json!({"tasks": [root]})),
            (
                "the condition of the root is trigger.when",
                json!({"tasks": [task(&json!({"when": "TRUE"}))]}),
                json!({"tasks": alone, "trigger": {"when": "TRUE"}}),
            ),
            (
                "the finalizer runs after all tasks",
                json!({"tasks": alone, "finalizer": child}),
                json!({"tasks": alone, "finalizer": {"name": "b", "body": "SELECT 1"}}),
            ),
            (
                "a finalizer always runs",
                json!({"tasks": alone, "finalizer": {"name": "b", "body": "SELECT 1", "when": "TRUE"}}),
                json!({"tasks": alone}),
            ),
            (
                "a graph runs on a warehouse or serverless",
                json!({"tasks": alone, "warehouse": "w", "serverless": {}}),
                json!({"tasks": alone, "serverless": {}}),
            ),
            (
                "needs serverless.targetCompletionInterval",
                json!({"tasks": alone, "serverless": {}, "trigger": {"stream": "s"}}),
                json!({"tasks": alone, "serverless": {"targetCompletionInterval": "5m"}, "trigger": {"stream": "s"}}),
            ),
            (
                "a task has body or bodyFrom",
                json!({"tasks": [{"name": "a"}]}),
                json!({"tasks": [{"name": "a", "bodyFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}]}),
            ),
            (
                "a task runs on a warehouse or serverless",
                json!({"tasks": [task(&json!({"warehouse": "w", "serverless": {}}))]}),
                json!({"tasks": [task(&json!({"warehouse": "w"}))]}),
            ),
            (
                "a trigger says every, cron, stream or when",
                json!({"tasks": alone, "trigger": {}}),
                json!({"tasks": alone, "trigger": {"every": "5m", "stream": "s"}}),
            ),
            (
                "a trigger has every or cron",
                json!({"tasks": alone, "trigger": {"every": "5m", "cron": "0 2 * * *", "timezone": "UTC"}}),
                json!({"tasks": alone, "trigger": {"cron": "0 2 * * *", "timezone": "UTC"}}),
            ),
            (
                "cron needs a timezone",
                json!({"tasks": alone, "trigger": {"cron": "0 2 * * *"}}),
                json!({"tasks": alone, "trigger": {"every": "5m"}}),
            ),
            (
                "stream is short for when",
                json!({"tasks": alone, "trigger": {"stream": "s", "when": "TRUE"}}),
                json!({"tasks": alone, "trigger": {"stream": "s"}}),
            ),
        ],
    );
}

#[test]
fn alerts_stages_and_pipes_that_can_never_work_are_refused() {
    entries(
        "alerts",
        &json!({"name": "a", "condition": "SELECT 1", "action": "SELECT 2"}),
        &[
            (
                "an alert runs on a warehouse or serverless",
                json!({"warehouse": "w", "serverless": true}),
                json!({"serverless": true}),
            ),
            (
                "set every or cron, one of the two",
                json!({"schedule": {}}),
                json!({"schedule": {"every": "5m"}}),
            ),
            (
                "cron needs a timezone",
                json!({"schedule": {"cron": "0 2 * * *"}}),
                json!({"schedule": {"cron": "0 2 * * *", "timezone": "UTC"}}),
            ),
        ],
    );
    entries(
        "stages",
        &json!({"name": "s"}),
        &[
            (
                "storageIntegration is for a stage with a url",
                json!({"storageIntegration": "i"}),
                json!({"storageIntegration": "i", "url": "s3://b/"}),
            ),
            (
                "kmsKeyId is for AWS_SSE_KMS",
                json!({"encryption": {"type": "AWS_SSE_S3", "kmsKeyId": "k"}}),
                json!({"encryption": {"type": "AWS_SSE_KMS", "kmsKeyId": "k"}}),
            ),
            (
                "a file format has name or type",
                json!({"fileFormat": {"name": "f", "type": "CSV"}}),
                json!({"fileFormat": {"name": "f"}}),
            ),
            (
                "options belong to type",
                json!({"fileFormat": {"name": "f", "options": {"A": "1"}}}),
                json!({"fileFormat": {"type": "CSV", "options": {"A": "1"}}}),
            ),
        ],
    );
    entries(
        "pipes",
        &json!({"name": "p", "copy": "COPY INTO t FROM @s"}),
        &[(
            "are for autoIngest: true",
            json!({"integration": "i"}),
            json!({"integration": "i", "autoIngest": true}),
        )],
    );
}

#[test]
fn enrichments_that_can_never_work_are_refused() {
    let base = json!({"name": "e", "from": {"table": "t"}, "key": ["id"], "input": "x"});
    let case = |function: &str, patch: Value| {
        let mut entry = json!({"function": function});
        super::merge(&mut entry, &patch);
        entry
    };
    let complete = || case("Complete", json!({"model": "m", "prompt": "p"}));
    let sentiment = |patch| case("Sentiment", patch);
    entries(
        "enrichments",
        &base,
        &[
            ("need a model", case("Embed", json!({})), case("Embed", json!({"model": "m"}))),
            ("need a prompt", case("Filter", json!({})), case("Filter", json!({"prompt": "p"}))),
            (
                "categories are what function: Classify",
                case("Classify", json!({})),
                case("Classify", json!({"categories": ["a", "b"]})),
            ),
            (
                "questions are for function: Extract",
                sentiment(json!({"questions": {"a": "b?"}})),
                case("Extract", json!({"questions": {"a": "b?"}})),
            ),
            ("responseFormat is for function", sentiment(json!({"responseFormat": {}})), complete()),
            (
                "function: Extract needs questions or",
                case("Extract", json!({})),
                case("Extract", json!({"responseFormat": {"type": "json"}})),
            ),
            (
                "language is what function: Translate",
                case("Translate", json!({})),
                case("Translate", json!({"language": {"to": "en"}})),
            ),
            (
                "have no legacy function",
                case("Redact", json!({"functions": "Legacy"})),
                sentiment(json!({"functions": "Legacy"})),
            ),
            (
                "engine: DynamicTable reads a table",
                sentiment(
                    json!({"engine": "DynamicTable", "backfill": true, "from": {"table": null, "stream": "s"}}),
                ),
                sentiment(json!({"engine": "DynamicTable", "backfill": true})),
            ),
            (
                "engine: DynamicTable knows no limits",
                sentiment(json!({"engine": "DynamicTable", "backfill": true, "limits": {"rowsPerRun": 5}})),
                sentiment(json!({"engine": "Task", "limits": {"rowsPerRun": 5}})),
            ),
            (
                "buys every row that is there already",
                sentiment(json!({"engine": "DynamicTable"})),
                sentiment(json!({"engine": "DynamicTable", "backfill": true})),
            ),
            (
                "engine: DynamicTable runs on a warehouse",
                sentiment(json!({"engine": "DynamicTable", "backfill": true, "functions": "Legacy"})),
                sentiment(json!({"engine": "Task", "functions": "Legacy"})),
            ),
            (
                "keyTypes has a type for each column of key",
                sentiment(json!({"keyTypes": ["VARCHAR", "DATE"]})),
                sentiment(json!({"keyTypes": ["VARCHAR"]})),
            ),
            (
                "dimension is for function: Embed",
                sentiment(json!({"dimension": 256})),
                case("Embed", json!({"model": "m", "dimension": 256})),
            ),
            (
                "an enrichment runs on a warehouse or serverless",
                sentiment(json!({"warehouse": "w", "serverless": {"targetCompletionInterval": "10m"}})),
                sentiment(json!({"serverless": {"targetCompletionInterval": "10m"}})),
            ),
            (
                "serverless tasks that a stream triggers",
                sentiment(json!({"serverless": {}})),
                sentiment(json!({"serverless": {"targetCompletionInterval": "10m"}})),
            ),
            (
                "from has stream or table",
                sentiment(json!({"from": {"stream": "s"}})),
                sentiment(json!({"from": {"table": null, "stream": "s"}})),
            ),
        ],
    );
}

#[test]
fn grants_name_one_thing_and_one_role() {
    let all = |kind: Value| json!({"to": {"role": "r"}, "target": {"all": kind}});
    entries(
        "grants",
        &json!({"name": "g", "privileges": ["SELECT"]}),
        &[
            (
                "a grant is on exactly one thing",
                json!({"to": {"role": "r"}, "target": {"table": "t", "function": "f"}}),
                json!({"to": {"role": "r"}, "target": {"function": "f"}}),
            ),
            (
                "a grant is on exactly one thing",
                json!({"to": {"role": "r"}, "target": {}}),
                json!({"to": {"role": "r"}, "target": {"view": "v"}}),
            ),
            (
                "a grant goes to role or to databaseRole",
                json!({"to": {}, "target": {"table": "t"}}),
                json!({"to": {"databaseRole": "r"}, "target": {"table": "t"}}),
            ),
            (
                "say where: schema or database",
                all(json!({"kind": "TABLES"})),
                all(json!({"kind": "TABLES", "schema": "s"})),
            ),
            (
                "kind: SCHEMAS is in a database",
                all(json!({"kind": "SCHEMAS", "schema": "s"})),
                all(json!({"kind": "SCHEMAS", "database": "d"})),
            ),
        ],
    );
}

#[test]
fn a_pipeline_has_at_most_500_objects() {
    let views = |n: usize| {
        json!((0..n).map(|n| json!({"name": format!("v{n}"), "query": "SELECT 1"})).collect::<Vec<_>>())
    };
    let tasks = |n: usize| {
        let task = |n: usize| {
            let after: Vec<_> = (n > 0).then_some("t0").into_iter().collect();
            json!({"name": format!("t{n}"), "body": "SELECT 1", "after": after})
        };
        json!([{"name": "g", "finalizer": {"name": "f", "body": "SELECT 1"}, "tasks": (0..n).map(task).collect::<Vec<_>>()}])
    };
    let both = |v, t| json!({"views": views(v), "taskGraphs": tasks(t)});
    creations::<CortexPipeline>(
        &referring(),
        &[("a pipeline has at most 500 objects", both(250, 250), both(250, 249))],
    );
}

#[test]
fn what_is_immutable_stays() {
    updates::<CortexPipeline>(
        &referring(),
        &[
            (
                "connectionRef is immutable",
                json!({}),
                json!({"connectionRef": {"name": "other"}}),
                json!({"warehouse": "w"}),
            ),
            (
                "ownerRole is immutable once it is set",
                json!({"ownerRole": "a"}),
                json!({"ownerRole": "b"}),
                json!({"ownerRole": "a", "database": "d"}),
            ),
            (
                "ownerRole is immutable once it is set",
                json!({"ownerRole": "a"}),
                json!({}),
                json!({"ownerRole": "a"}),
            ),
        ],
    );
    let (without, with) = (json!({}), json!({"ownerRole": "a"}));
    let before = resource::<CortexPipeline>(&referring(), "it", &without);
    verdict(&resource::<CortexPipeline>(&referring(), "it", &with), Some(&before)).unwrap();
}

#[test]
fn an_entry_says_where_it_lies_and_what_it_is_called() {
    let spec = json!({
        "tables": [{"name": "t", "object": "\"T x\"", "schema": "s", "comment": "c", "columns": [{"name": "a", "type": "INT"}]}],
        "schemas": [{"name": "s", "database": "d"}],
        "taskGraphs": [{"name": "every night", "database": "d", "tasks": [{"name": "a", "body": "SELECT 1"}]}],
    });
    let spec = resource::<CortexPipeline>(&referring(), "it", &spec).spec;
    let all = |entry: &dyn Listed| {
        let own = [entry.object(), entry.database(), entry.schema(), entry.comment()]
            .map(|text| text.map(str::to_owned));
        (entry.name().to_owned(), own, entry.in_snowflake().to_owned())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        all(&spec.tables[0]),
        ("t".into(), [some("\"T x\""), None, some("s"), some("c")], "\"T x\"".into())
    );
    assert_eq!(all(&spec.schemas[0]), ("s".into(), [None, some("d"), None, None], "s".into()));
    let graph = all(&spec.task_graphs[0]);
    assert_eq!(graph, ("every night".into(), [None, some("d"), None, None], "every night".into()));
}

/// Every list and every text has a longest: what the API server lets in is bounded.
#[test]
fn everything_in_a_spec_is_bounded() {
    fn look(schema: &Value, path: &str, unbounded: &mut Vec<String>) {
        match schema["type"].as_str() {
            Some("array") => {
                if schema["maxItems"].is_null() {
                    unbounded.push(path.to_owned());
                }
                look(&schema["items"], path, unbounded);
            }
            Some("string") if schema["maxLength"].is_null() && schema["enum"].is_null() => {
                unbounded.push(path.to_owned());
            }
            Some("object") => {
                for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    look(property, &format!("{path}.{name}"), unbounded);
                }
                if schema["additionalProperties"].is_object() {
                    if schema["maxProperties"].is_null() {
                        unbounded.push(path.to_owned());
                    }
                    look(&schema["additionalProperties"], path, unbounded);
                }
            }
            _ => {}
        }
    }
    let crd = serde_json::to_value(CortexPipeline::crd()).unwrap();
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let mut unbounded = vec![];
    look(spec, "spec", &mut unbounded);
    assert_eq!(unbounded, Vec::<String>::new());
    let lists = spec["properties"]
        .as_object()
        .unwrap()
        .values()
        .filter(|list| list["x-kubernetes-list-type"] == "map");
    assert_eq!(lists.count(), 21);
    // `kubectl apply` keeps the whole definition in an annotation, which has at most 256 KiB.
    assert!(serde_json::to_string(&crd).unwrap().len() < 250_000);
}

/// YAML 1.1, which `kubectl` reads, takes these words for booleans, also as names of fields.
#[test]
fn no_field_has_a_name_that_yaml_reads_as_a_boolean() {
    fn names(schema: &Value, found: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            found.push(name.to_lowercase());
            names(property, found);
        }
        for inner in ["items", "additionalProperties"] {
            if schema[inner].is_object() {
                names(&schema[inner], found);
            }
        }
    }
    let crd = serde_json::to_value(CortexPipeline::crd()).unwrap();
    let mut found = vec![];
    names(&crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], &mut found);
    assert!(found.iter().any(|name| name == "target"));
    for word in ["on", "off", "yes", "no", "y", "n", "true", "false", "null"] {
        assert!(!found.iter().any(|name| name == word), "{word}");
    }
}

#[test]
fn every_rule_of_a_pipeline_has_a_case() {
    let source = include_str!("pipeline.rs");
    let mut rules = vec![];
    collect(&serde_json::to_value(CortexPipeline::crd()).unwrap(), &mut rules);
    assert!(rules.len() > 40);
    for message in rules {
        let case = source.split('"').any(|text| text.len() > 8 && message.contains(text));
        assert!(case, "no case for: {message}");
    }
}
