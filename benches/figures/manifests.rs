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
pub fn write(folder: &Path, emulator: &Emulator, warehouses: impl Iterator<Item = Value>) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("secret.yaml"), secret(emulator)?.to_string())?;
    std::fs::write(folder.join("connection.yaml"), connection(emulator, "10m").to_string())?;
    for (n, warehouse) in warehouses.enumerate() {
        std::fs::write(folder.join(format!("wh-{n:05}.yaml")), warehouse.to_string())?;
    }
    Ok(())
}
