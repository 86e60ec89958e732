//! The rules that the API server checks: each refuses a case with its sentence, and lets the nearest good one pass.

use std::fmt::Debug;

use kube::{CustomResourceExt, Resource, core::cel};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use snowfence::api::{ResourceMonitor, SnowflakeConnection, SnowflakeWarehouse};

mod pipeline;

fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

fn resource<K>(base: &Value, name: &str, spec: &Value) -> K
where
    K: Resource<DynamicType = ()> + DeserializeOwned,
{
    let mut all = base.clone();
    merge(&mut all, spec);
    let manifest = json!({
        "apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": {"name": name, "namespace": "team"}, "spec": all,
    });
    serde_json::from_value(manifest).unwrap_or_else(|error| panic!("{spec}: {error}"))
}

fn verdict<K: CustomResourceExt + Serialize>(new: &K, old: Option<&K>) -> Result<(), String> {
    let result = match old {
        Some(old) => cel::validate_cel_update(new, old),
        None => cel::validate_cel(new),
    };
    // What only the API server can evaluate (`type(self)`) is not known here.
    let known = |error: &cel::ValidationError| !matches!(error.kind, cel::ErrorKind::UnsupportedReference);
    let errors: Vec<_> = result.err().into_iter().flatten().filter(known).collect();
    if errors.is_empty() { Ok(()) } else { Err(format!("{errors:?}")) }
}

/// `(title of the sentence, refused, passes)`.
fn creations<K>(base: &Value, cases: &[(&str, Value, Value)])
where
    K: Resource<DynamicType = ()> + CustomResourceExt + DeserializeOwned + Serialize + Debug,
{
    for (sentence, refused, passes) in cases {
        let error = verdict(&resource::<K>(base, "it", refused), None)
            .expect_err(&format!("{refused} is to be refused: {sentence}"));
        assert!(error.contains(sentence), "{refused}: {error}");
        verdict(&resource::<K>(base, "it", passes), None).unwrap_or_else(|error| panic!("{passes}: {error}"));
    }
}

/// `(title of the sentence, before, refused, passes)`.
fn updates<K>(base: &Value, cases: &[(&str, Value, Value, Value)])
where
    K: Resource<DynamicType = ()> + CustomResourceExt + DeserializeOwned + Serialize + Debug,
{
    for (sentence, before, refused, passes) in cases {
        let old = resource::<K>(base, "my-it", before);
        let error = verdict(&resource::<K>(base, "my-it", refused), Some(&old))
            .expect_err(&format!("{before} → {refused} is to be refused: {sentence}"));
        assert!(error.contains(sentence), "{refused}: {error}");
        let passed = verdict(&resource::<K>(base, "my-it", passes), Some(&old));
        passed.unwrap_or_else(|error| panic!("{before} → {passes}: {error}"));
    }
}

fn referring() -> Value {
    json!({"connectionRef": {"name": "snow"}})
}

#[test]
fn warehouses_that_can_never_work_are_refused() {
    let snowpark = "SNOWPARK-OPTIMIZED";
    creations::<SnowflakeWarehouse>(
        &referring(),
        &[
            (
                "minClusterCount must not be above",
                json!({"minClusterCount": 3, "maxClusterCount": 2}),
                json!({"minClusterCount": 2, "maxClusterCount": 2}),
            ),
            (
                "too many clusters",
                json!({"size": "LARGE", "maxClusterCount": 161}),
                json!({"size": "LARGE", "maxClusterCount": 160}),
            ),
            (
                "too many clusters",
                json!({"size": "XLARGE", "maxClusterCount": 81}),
                json!({"size": "XLARGE", "maxClusterCount": 80}),
            ),
            (
                "too many clusters",
                json!({"size": "XXLARGE", "maxClusterCount": 41}),
                json!({"size": "XXLARGE", "maxClusterCount": 40}),
            ),
            (
                "too many clusters",
                json!({"size": "XXXLARGE", "maxClusterCount": 21}),
                json!({"size": "XXXLARGE", "maxClusterCount": 20}),
            ),
            (
                "too many clusters",
                json!({"size": "X4LARGE", "maxClusterCount": 11}),
                json!({"size": "SMALL", "maxClusterCount": 300}),
            ),
            (
                "resourceConstraint needs type",
                json!({"resourceConstraint": "MEMORY_1X"}),
                json!({"type": snowpark, "resourceConstraint": "MEMORY_1X"}),
            ),
            (
                "MEMORY_16X needs",
                json!({"type": snowpark, "resourceConstraint": "MEMORY_16X_x86", "size": "SMALL"}),
                json!({"type": snowpark, "resourceConstraint": "MEMORY_16X_x86", "size": "MEDIUM"}),
            ),
            (
                "MEMORY_64X needs",
                json!({"type": snowpark, "resourceConstraint": "MEMORY_64X", "size": "MEDIUM"}),
                json!({"type": snowpark, "resourceConstraint": "MEMORY_64X", "size": "LARGE"}),
            ),
            (
                "needs resourceConstraint: MEMORY_1X",
                json!({"type": snowpark, "size": "XSMALL"}),
                json!({"type": snowpark, "size": "XSMALL", "resourceConstraint": "MEMORY_1X_x86"}),
            ),
            (
                "generation is for standard",
                json!({"type": snowpark, "generation": "1"}),
                json!({"type": "STANDARD", "generation": "2"}),
            ),
            (
                "generation 1 only",
                json!({"generation": "2", "size": "X5LARGE"}),
                json!({"generation": "1", "size": "X6LARGE"}),
            ),
            (
                "an adaptive warehouse has no size",
                json!({"type": "ADAPTIVE", "size": "SMALL"}),
                json!({"type": "ADAPTIVE", "comment": "x", "statementTimeoutInSeconds": 5}),
            ),
            (
                "an adaptive warehouse has no size",
                json!({"type": "ADAPTIVE", "initiallySuspended": true}),
                json!({"type": "ADAPTIVE"}),
            ),
            (
                "an adaptive warehouse has no size",
                json!({"type": "ADAPTIVE", "autoSuspend": 60}),
                json!({"autoSuspend": 60}),
            ),
            (
                "need type: ADAPTIVE",
                json!({"maxQueryPerformanceLevel": "SMALL"}),
                json!({"type": "ADAPTIVE", "maxQueryPerformanceLevel": "X4LARGE"}),
            ),
            (
                "at most X4LARGE",
                json!({"type": "ADAPTIVE", "maxQueryPerformanceLevel": "X5LARGE"}),
                json!({"type": "ADAPTIVE", "maxQueryPerformanceLevel": "XSMALL"}),
            ),
            (
                "is 0, or 2 and more",
                json!({"type": "ADAPTIVE", "queryThroughputMultiplier": 1}),
                json!({"type": "ADAPTIVE", "queryThroughputMultiplier": 0}),
            ),
            (
                "need type: INTERACTIVE",
                json!({"tables": ["a.b.c"]}),
                json!({"type": "INTERACTIVE", "tables": ["a.b.c"]}),
            ),
            (
                "need type: INTERACTIVE",
                json!({"fallbackWarehouse": "w"}),
                json!({"type": "INTERACTIVE", "fallbackWarehouse": "w"}),
            ),
            (
                "an interactive warehouse has no scalingPolicy",
                json!({"type": "INTERACTIVE", "scalingPolicy": "ECONOMY"}),
                json!({"type": "INTERACTIVE", "maxClusterCount": 2}),
            ),
        ],
    );
}

#[test]
fn auto_suspend_is_seconds_or_never() {
    // Not what decodes, so checked as the API server sees it.
    let schema = serde_json::to_value(SnowflakeWarehouse::crd()).unwrap();
    let field = &schema["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        ["autoSuspend"];
    let rules = field["x-kubernetes-validations"].as_array().unwrap();
    assert_eq!(rules[0]["message"], "autoSuspend is a number of seconds above 0, or never");
    assert_eq!(field["x-kubernetes-int-or-string"], true);
    let passes = |value: Value| {
        verdict(&resource::<SnowflakeWarehouse>(&referring(), "it", &json!({"autoSuspend": value})), None)
            .unwrap();
    };
    passes(json!(1));
    passes(json!("never"));
    for value in [json!(0), json!(-1), json!("Never"), json!("60"), json!(4_294_967_296_i64)] {
        let manifest = json!({"apiVersion": "snowfence.dev/v1alpha1", "kind": "SnowflakeWarehouse", "metadata": {"name": "it"}, "spec": {"connectionRef": {"name": "c"}, "autoSuspend": value}});
        assert!(serde_json::from_value::<SnowflakeWarehouse>(manifest).is_err(), "{value}");
    }
}

#[test]
fn what_is_immutable_stays() {
    updates::<SnowflakeWarehouse>(
        &referring(),
        &[
            (
                "set renamedFrom",
                json!({}),
                json!({"name": "other"}),
                json!({"name": "other", "renamedFrom": "my_it"}),
            ),
            (
                "set renamedFrom",
                json!({"name": "a"}),
                json!({"name": "b", "renamedFrom": "c"}),
                json!({"name": "b", "renamedFrom": "A"}),
            ),
            (
                "set renamedFrom",
                json!({"name": "\"a\""}),
                json!({"name": "a"}),
                json!({"name": "a", "renamedFrom": "\"a\""}),
            ),
            // Folded alike: no other name.
            ("set renamedFrom", json!({"name": "a"}), json!({"name": "\"a\""}), json!({"name": "A"})),
            (
                "connectionRef is immutable",
                json!({}),
                json!({"connectionRef": {"name": "other"}}),
                json!({"comment": "x"}),
            ),
            (
                "can't become interactive",
                json!({}),
                json!({"type": "INTERACTIVE"}),
                json!({"type": "STANDARD"}),
            ),
            (
                "can't become interactive",
                json!({"type": "INTERACTIVE"}),
                json!({"type": "STANDARD"}),
                json!({"type": "INTERACTIVE", "size": "SMALL"}),
            ),
        ],
    );
    updates::<ResourceMonitor>(
        &referring(),
        &[
            (
                "can't rename",
                json!({}),
                json!({"name": "other", "renamedFrom": "my_it"}),
                json!({"name": "my_it"}),
            ),
            (
                "connectionRef is immutable",
                json!({}),
                json!({"connectionRef": {"name": "other"}}),
                json!({"creditQuota": 1}),
            ),
        ],
    );
    let connection = json!({"account": "org-acc", "user": "u", "authentication": {"workloadIdentity": {"serviceAccountRef": {"name": "sa"}}}});
    updates::<SnowflakeConnection>(
        &connection,
        &[("account is immutable", json!({}), json!({"account": "org-other"}), json!({"user": "other"}))],
    );
}

#[test]
fn monitors_that_can_never_work_are_refused() {
    let triggers = |all: &[(i32, &str)]| {
        let all: Vec<_> = all.iter().map(|(at, action)| json!({"atPercent": at, "do": action})).collect();
        json!({"triggers": all})
    };
    let notify = |n: i32| triggers(&(1..=n).map(|at| (at, "NOTIFY")).collect::<Vec<_>>());
    creations::<ResourceMonitor>(
        &referring(),
        &[
            (
                "at most one SUSPEND trigger",
                triggers(&[(80, "SUSPEND"), (90, "SUSPEND")]),
                triggers(&[(80, "SUSPEND"), (90, "SUSPEND_IMMEDIATE"), (110, "NOTIFY")]),
            ),
            (
                "at most one SUSPEND_IMMEDIATE",
                triggers(&[(80, "SUSPEND_IMMEDIATE"), (90, "SUSPEND_IMMEDIATE")]),
                triggers(&[]),
            ),
            ("at most five NOTIFY", notify(6), notify(5)),
            (
                "set together with frequency",
                json!({"startTimestamp": "2027-01-01"}),
                json!({"startTimestamp": "IMMEDIATELY", "frequency": "DAILY"}),
            ),
            (
                "takes no notifyUsers",
                json!({"accountLevel": true, "notifyUsers": ["a"]}),
                json!({"accountLevel": true, "notifyUsers": []}),
            ),
        ],
    );
}

#[test]
fn connections_say_one_way_to_sign_in() {
    let base = json!({"account": "org-acc", "user": "u"});
    let key = json!({"name": "s", "key": "k"});
    let (pair, token) = (json!({"privateKey": key}), json!({"token": key}));
    let client = json!({"tokenUrl": "https://idp.example.com/token", "clientId": key, "clientSecret": key});
    creations::<SnowflakeConnection>(
        &base,
        &[
            ("exactly one of", json!({"authentication": {}}), json!({"authentication": {"keyPair": pair}})),
            (
                "exactly one of",
                json!({"authentication": {"keyPair": pair, "programmaticAccessToken": token}}),
                json!({"authentication": {"programmaticAccessToken": token}}),
            ),
            (
                "either token or clientCredentials",
                json!({"authentication": {"oauth": {}}}),
                json!({"authentication": {"oauth": token}}),
            ),
            (
                "either token or clientCredentials",
                json!({"authentication": {"oauth": {"token": key, "clientCredentials": client}}}),
                json!({"authentication": {"oauth": {"clientCredentials": client}}}),
            ),
        ],
    );
}

/// Every rule of every schema has been seen to refuse something above: no rule comes in without a case.
#[test]
fn every_rule_has_a_sentence_and_a_case() {
    let source = include_str!("schema.rs");
    let mut rules = vec![];
    for crd in [SnowflakeWarehouse::crd(), ResourceMonitor::crd(), SnowflakeConnection::crd()] {
        collect(&serde_json::to_value(crd).unwrap(), &mut rules);
    }
    assert!(rules.len() > 20);
    for message in rules {
        let quoted: Vec<&str> =
            source.split('"').filter(|text| text.len() > 8 && message.contains(text)).collect();
        assert!(!quoted.is_empty(), "no case for: {message}");
    }
}

fn collect(schema: &Value, rules: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            for rule in
                members.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten()
            {
                rules.push(rule["message"].as_str().expect("a rule has a sentence").to_owned());
            }
            members.values().for_each(|value| collect(value, rules));
        }
        Value::Array(all) => all.iter().for_each(|value| collect(value, rules)),
        _ => {}
    }
}

/// A resource without a status is shown as one that nobody has looked at.
#[test]
fn the_status_says_at_once_that_nothing_was_seen_yet() {
    for (name, schema) in snowfence::cli::crds::definitions() {
        let version = &schema["spec"]["versions"][0];
        assert!(version["subresources"]["status"].is_object(), "{name}");
        let status = &version["schema"]["openAPIV3Schema"]["properties"]["status"];
        assert_eq!(status["default"], json!({"observedGeneration": -1}));
        assert_eq!(status["properties"]["conditions"]["x-kubernetes-list-type"], "map");
        assert_eq!(status["properties"]["conditions"]["x-kubernetes-list-map-keys"], json!(["type"]));
    }
}
