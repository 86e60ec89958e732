//! The manifests that are measured with.

use std::path::Path;

use serde_json::{Value, json};

use crate::{Result, emulator::Emulator};

pub const CONNECTION: &str = "bench";

/// A warehouse as many have them: properties that SHOW tells.
pub fn warehouse(n: usize) -> Value {
    json!({
        "apiVersion": "snowfence.dev/v1alpha1",
        "kind": "SnowflakeWarehouse",
        "metadata": {"name": format!("wh-{n:05}"), "namespace": "default"},
        "spec": {
            "connectionRef": {"name": CONNECTION},
            "size": "SMALL",
            "autoSuspend": 60,
            "autoResume": true,
            "comment": format!("Warehouse number {n} of many."),
        },
    })
}

/// A warehouse that also sets a parameter, which takes a read of its own.
pub fn with_parameter(n: usize) -> Value {
    let mut warehouse = warehouse(n);
    warehouse["spec"]["statementTimeoutInSeconds"] = json!(3_600);
    warehouse
}

pub fn secret(emulator: &Emulator) -> Result<Value> {
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "snowflake-key", "namespace": "default"},
        "stringData": {"privateKey": std::fs::read_to_string(&emulator.private_key)?},
    }))
}

pub fn connection(emulator: &Emulator, resync: &str) -> Value {
    json!({
        "apiVersion": "snowfence.dev/v1alpha1",
        "kind": "SnowflakeConnection",
        "metadata": {"name": CONNECTION, "namespace": "default"},
        "spec": {
            "account": emulator.account,
            "url": emulator.url,
            "user": "OPERATOR",
            "role": "ACCOUNTADMIN",
            "concurrency": 16,
            "resync": resync,
            "authentication": {"keyPair": {"privateKey": {"name": "snowflake-key", "key": "privateKey"}}},
        },
    })
}

/// A file for each; JSON is YAML.
pub fn write(folder: &Path, emulator: &Emulator, resources: impl Iterator<Item = Value>) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("secret.yaml"), secret(emulator)?.to_string())?;
    std::fs::write(folder.join("connection.yaml"), connection(emulator, "10m").to_string())?;
    for (n, resource) in resources.enumerate() {
        std::fs::write(folder.join(format!("{n:05}.yaml")), resource.to_string())?;
    }
    Ok(())
}

// ---- pipelines

/// The kinds of objects that a [`foundation`] and its [`pipeline`]s have.
pub const KINDS: [&str; 12] = [
    "DATABASE",
    "SCHEMA",
    "TAG",
    "MASKING POLICY",
    "ROW ACCESS POLICY",
    "TABLE",
    "DYNAMIC TABLE",
    "VIEW",
    "MATERIALIZED VIEW",
    "CORTEX SEARCH SERVICE",
    "STREAM",
    "TASK",
];
/// The objects of one part of a pipeline.
pub const OF_PART: usize = 20;
/// What must be there before: nobody's business here.
pub const BEFOREHAND: [&str; 2] = ["CREATE WAREHOUSE WH INITIALLY_SUSPENDED = TRUE", "CREATE ROLE READER"];

fn cortex_pipeline(name: &str, spec: Value) -> Value {
    let mut pipeline = json!({
        "apiVersion": "snowfence.dev/v1alpha1",
        "kind": "CortexPipeline",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    });
    pipeline["spec"]["connectionRef"] = json!({"name": CONNECTION});
    pipeline
}

/// A database with schemas, in which the others have their objects.
pub fn foundation(database: &str, schemas: usize) -> Value {
    let schemas: Vec<_> =
        (0..schemas).map(|n| json!({"name": format!("S{n}"), "comment": format!("Schema {n}.")})).collect();
    let spec = json!({"database": database, "databases": [{"name": database}], "schemas": schemas});
    cortex_pipeline(&format!("foundation-{}", database.to_lowercase()), spec)
}

/// A pipeline of so many parts: in each 5 tables, 2 streams, 2 graphs of 3 tasks, a view, a materialized view, a dynamic
/// table, a search service, a masking and a row access policy, a tag; and a grant.
pub fn pipeline(n: usize, database: &str, schema: usize, parts: usize) -> Value {
    let name = |what: &str, k: usize| format!("P{n:03}_{what}_{k:03}");
    let all = |each: usize, of: &dyn Fn(usize) -> Value| (0..each * parts).map(of).collect::<Vec<_>>();
    let columns = json!([
        {"name": "CALL_ID", "type": "VARCHAR(64)", "nullable": false},
        {"name": "ACCOUNT_ID", "type": "VARCHAR(64)", "comment": "As the CRM has it."},
        {"name": "CALL_AT", "type": "TIMESTAMP_NTZ"},
        {"name": "SECONDS", "type": "NUMBER(10,0)"},
        {"name": "TRANSCRIPT", "type": "VARCHAR"},
        {"name": "RAW", "type": "VARIANT"},
    ]);
    let table = |k: usize| {
        let comment = format!("Calls of pipeline {n}, table {k}.");
        let mut table =
            json!({"name": name("T", k), "columns": columns, "primaryKey": ["CALL_ID"], "comment": comment});
        // The first of each part has the policies and the tag.
        if k.is_multiple_of(5) {
            table["columns"][4]["maskingPolicy"] = json!({"name": name("MASK", k / 5)});
            table["rowAccessPolicy"] = json!({"name": name("ROWS", k / 5), "columns": ["ACCOUNT_ID"]});
            table["tags"] = json!({name("TAG", k / 5): "yes"});
        }
        table
    };
    let stream = |k: usize| json!({"name": name("S", k), "onTable": name("T", 5 * (k / 2) + k % 2), "appendOnly": true});
    let graph = |k: usize| {
        let (from, into) = (name("S", k), name("T", 5 * (k / 2) + 2));
        let load = format!(
            "INSERT INTO {into} (CALL_ID, ACCOUNT_ID, CALL_AT, TRANSCRIPT)\n\
             SELECT CALL_ID, ACCOUNT_ID, CALL_AT, TRANSCRIPT FROM {from}\nWHERE METADATA$ACTION = 'INSERT'"
        );
        json!({
            "name": name("G", k), "state": "Started", "trigger": {"every": "1h", "stream": from},
            "tasks": [
                {"name": name("LOAD", k), "body": load},
                {"name": name("CLEAN", k), "after": [name("LOAD", k)], "body": format!("DELETE FROM {into} WHERE TRANSCRIPT IS NULL")},
            ],
            "finalizer": {"name": name("REPORT", k), "body": format!("SELECT COUNT(*) FROM {into}")},
        })
    };
    let query = |k: usize| format!("SELECT CALL_ID, ACCOUNT_ID, TRANSCRIPT FROM {}", name("T", 5 * k + 3));
    let text = |argument: &str| json!([{"name": argument, "type": "VARCHAR"}]);
    cortex_pipeline(
        &format!("p-{n:03}"),
        json!({
            "database": database,
            "schema": format!("S{schema}"),
            "warehouse": "WH",
            "tables": all(5, &table),
            "streams": all(2, &stream),
            "taskGraphs": all(2, &graph),
            "views": all(1, &|k| json!({"name": name("V", k), "query": query(k)})),
            "materializedViews": all(1, &|k| json!({"name": name("M", k), "query": query(k)})),
            "dynamicTables": all(1, &|k| json!({"name": name("D", k), "targetLag": "1h", "query": query(k)})),
            "searchServices": all(1, &|k| json!({"name": name("F", k), "targetLag": "1h", "column": "TRANSCRIPT", "query": query(k)})),
            "maskingPolicies": all(1, &|k| json!({"name": name("MASK", k), "arguments": text("V"), "returns": "VARCHAR", "body": "CASE WHEN CURRENT_ROLE() = 'READER' THEN '***' ELSE V END"})),
            "rowAccessPolicies": all(1, &|k| json!({"name": name("ROWS", k), "arguments": text("A"), "body": "CURRENT_ROLE() = 'READER' OR A IS NOT NULL"})),
            "tags": all(1, &|k| json!({"name": name("TAG", k), "allowedValues": ["yes", "no"]})),
            "grants": all(1, &|k| json!({"name": name("R", k), "privileges": ["SELECT"], "target": {"table": name("T", 5 * k)}, "to": {"role": "READER"}})),
        }),
    )
}
