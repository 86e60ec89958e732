//! What each test has to itself: a namespace, an emulator, operators.

use std::{collections::HashMap, fmt::Debug, time::Duration};

use serde_json::{Value, json};
use snowfence_emulator::{
    emulator::{BEHIND_THE_BACK, Builder, Emulator},
    http::Server,
    state::Statement,
};
use snowfence_testbed::{AuditEvent, Cluster};
use tokio::time::Instant;

use super::{
    cluster::cluster,
    kubectl::{DEADLINE, Kubectl},
    operator::Operator,
};

pub const API: &str = "snowfence.dev/v1alpha1";

/// What a test has to itself.
pub struct World {
    // Dropped in this order: the operators first.
    pub operators: Vec<Operator>,
    pub cluster: &'static Cluster,
    pub kubectl: Kubectl,
    pub namespace: String,
    pub emulator: Emulator,
    /// What the operators log.
    pub level: &'static str,
    server: Option<Server>,
    url: String,
    folder: tempfile::TempDir,
}

impl World {
    /// A namespace, an emulator and an operator that leads; the connection `main`, ready.
    pub async fn new(namespace: &str) -> Self {
        let world = Self::connected(namespace, Emulator::builder()).await;
        world.kubectl.ready(&["snowflakeconnection/main"]).await;
        world
    }

    /// The same with an emulator of one's own; the connection is applied, and not waited for.
    pub async fn connected(namespace: &str, emulator: Builder) -> Self {
        let mut world = Self::bare(namespace, emulator).await;
        world.start_operator(&[]).await;
        world.connect(json!({})).await;
        world
    }

    /// A namespace and an emulator; no operator and no connection.
    pub async fn bare(namespace: &str, emulator: Builder) -> Self {
        let cluster = cluster().await;
        let kubectl = Kubectl::new(cluster, namespace);
        kubectl.run(&["create", "namespace", namespace]).await;
        let emulator = emulator.build();
        let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
        Self {
            operators: vec![],
            cluster,
            kubectl,
            namespace: namespace.into(),
            url: server.url(),
            server: Some(server),
            emulator,
            level: "info,snowfence=debug",
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Starts a further operator for the namespace, under a user name of its own.
    pub async fn start_operator(&mut self, args: &[&str]) -> &Operator {
        let kubeconfig = self.cluster.kubeconfig_for(&self.user(), Some("system:masters")).unwrap();
        self.start_operator_with(&kubeconfig, args).await
    }

    /// Starts a further operator with a kubeconfig.
    pub async fn start_operator_with(&mut self, kubeconfig: &std::path::Path, args: &[&str]) -> &Operator {
        let log = self.folder.path().join(format!("operator-{}.log", self.operators.len()));
        let own = ["--watch-namespace", &self.namespace, "--allow-host", "127.0.0.1"];
        let operator = Operator::start(kubeconfig, log, self.level, &[&own, args].concat()).await;
        self.operators.push(operator);
        self.operators.last().unwrap()
    }

    /// The name that the audit log has for the operators.
    pub fn user(&self) -> String {
        format!("operator-of-{}", self.namespace)
    }

    pub fn operator(&self) -> &Operator {
        self.operators.last().unwrap()
    }

    /// Where Snowflake is.
    pub fn url(&self) -> &str {
        &self.url
    }

    // ---- manifests

    /// The Secret `key` and the connection `main`, whose spec has these fields besides.
    pub async fn connect(&self, spec: Value) {
        let key = self.emulator.operator().private_key_pem;
        self.kubectl.apply(&secret("key", &json!({"privateKey": key}))).await;
        self.kubectl.apply(&self.connection("main", spec)).await;
    }

    /// A connection as OPERATOR with ACCOUNTADMIN, but for what the fields say.
    pub fn connection(&self, name: &str, spec: Value) -> Value {
        let mut all = json!({
            "account": self.emulator.identifier(),
            "url": self.url,
            "user": "OPERATOR",
            "role": "ACCOUNTADMIN",
            "authentication": {"keyPair": {"privateKey": {"name": "key", "key": "privateKey"}}},
        });
        merge(&mut all, spec);
        manifest("SnowflakeConnection", name, all)
    }

    /// Applies a warehouse on the connection `main`.
    pub async fn warehouse(&self, name: &str, spec: Value) {
        self.kubectl.apply(&warehouse(name, spec)).await;
    }

    /// Applies a resource monitor on the connection `main`.
    pub async fn monitor(&self, name: &str, spec: Value) {
        self.kubectl.apply(&monitor(name, spec)).await;
    }

    // ---- Snowflake

    /// Somebody else's statements, as ACCOUNTADMIN.
    pub fn sql(&self, sql: &str) {
        self.emulator.execute_as("ACCOUNTADMIN", sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// One cell of a statement's answer: of the row with this name, or of the first.
    pub fn cell(&self, sql: &str, name: &str, column: &str) -> Option<String> {
        let rows = self.emulator.execute_as("ACCOUNTADMIN", sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        let at = |column: &str| rows.columns.iter().position(|has| has.name == column).unwrap();
        let row = rows.rows.iter().find(|row| name.is_empty() || row[at("name")].as_deref() == Some(name))?;
        row[at(column)].clone()
    }

    /// A column of SHOW WAREHOUSES; `None`: it is not there.
    pub fn of_warehouse(&self, name: &str, column: &str) -> Option<String> {
        self.cell("SHOW WAREHOUSES", name, column)
    }

    /// The operator's statements after a number.
    pub fn statements(&self, since: u64) -> Vec<Statement> {
        let all = self.emulator.statements(since).into_iter();
        all.filter(|statement| statement.client != BEHIND_THE_BACK).collect()
    }

    /// Those that write, whatever became of them.
    pub fn writes(&self, since: u64) -> Vec<String> {
        let all = self.statements(since).into_iter().filter(Statement::writes);
        all.map(|statement| statement.text).collect()
    }

    pub fn last(&self) -> u64 {
        self.emulator.last_statement()
    }

    /// Waits until the operator has sent a statement with this text, successfully.
    pub async fn sent(&self, since: u64, text: &str) {
        eventually(&format!("{text} was sent"), async || {
            let all = self.statements(since);
            let sent = all.iter().any(|s| s.succeeded() && s.text.contains(text));
            if sent { Ok(()) } else { Err(all.into_iter().map(|s| s.text).collect::<Vec<_>>()) }
        })
        .await;
    }

    /// From now on Snowflake refuses connections.
    pub async fn snowflake_goes_down(&mut self) {
        self.server.take().unwrap().stop().await;
    }

    /// It answers again at the same address, with what it had.
    pub async fn snowflake_comes_back(&mut self) {
        let address = self.url.strip_prefix("http://").unwrap();
        self.server = Some(self.emulator.listen(address, None).await.unwrap());
    }

    // ---- the operator's passes

    /// Has everything on the connection compared with Snowflake, and waits until that is done.
    pub async fn resync(&self) {
        let mut before = self.passes().await;
        // Passes that are under way already do not count.
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.passes().await;
            if now == before {
                break;
            }
            before = now;
        }
        let at = format!("snowfence.dev/requested-at={:?}", Instant::now());
        self.kubectl.run(&["annotate", "--overwrite", "snowflakeconnection/main", &at]).await;
        self.passed(before).await;
    }

    /// How many passes there were: of warehouses, of monitors, of pipelines.
    pub async fn passes(&self) -> [u64; 3] {
        let count = async |kind: &str| {
            let labels = format!("controller=\"{kind}\"");
            self.operator().metric("controller_runtime_reconcile_total", &labels).await as u64
        };
        [count("SnowflakeWarehouse").await, count("ResourceMonitor").await, count("CortexPipeline").await]
    }

    /// Waits until every warehouse, every monitor and every pipeline has had a pass since.
    pub async fn passed(&self, before: [u64; 3]) {
        let all = self.kubectl.run(&["get", "snowwh,snowrm,snowpl", "-o", "name"]).await;
        let count = |kind: &str| all.lines().filter(|line| line.starts_with(kind)).count() as u64;
        let wanted = [
            before[0] + count("snowflakewarehouse"),
            before[1] + count("resourcemonitor"),
            before[2] + count("cortexpipeline"),
        ];
        eventually("every resource has had a pass", async || {
            let now = self.passes().await;
            if now.iter().zip(&wanted).all(|(now, wanted)| now >= wanted) {
                Ok(())
            } else {
                Err((now, wanted))
            }
        })
        .await;
    }

    // ---- Kubernetes

    /// The operators' writes in the cluster since a moment, without events and leases.
    pub fn kubernetes_writes(&self, since: &str) -> Vec<String> {
        let own = self.user();
        let writes = |event: &AuditEvent| {
            event.is_write()
                && event.user == own
                && event.at.as_str() > since
                && !["events", "leases"].contains(&event.resource.as_str())
        };
        let all = self.cluster.audit_events().unwrap().into_iter().filter(writes);
        all.map(|event| format!("{} {}/{}/{}", event.verb, event.resource, event.name, event.subresource))
            .collect()
    }

    /// What the log of an operator that ran says.
    pub fn logs(&self) -> String {
        self.operators.iter().map(Operator::log).collect()
    }

    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- namespace {}: the last statements", self.namespace);
            let all = self.emulator.statements(0);
            for s in &all[all.len().saturating_sub(20)..] {
                eprintln!("{} {} {} {} {}", s.seq, s.client, s.code, s.tag.as_deref().unwrap_or("-"), s.text);
            }
        }
    }
}

/// Now, as the audit log writes it.
pub fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

pub fn manifest(kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn on_main(kind: &str, name: &str, spec: Value) -> Value {
    let mut all = json!({"connectionRef": {"name": "main"}});
    merge(&mut all, spec);
    manifest(kind, name, all)
}

pub fn warehouse(name: &str, spec: Value) -> Value {
    on_main("SnowflakeWarehouse", name, spec)
}

pub fn monitor(name: &str, spec: Value) -> Value {
    on_main("ResourceMonitor", name, spec)
}

pub fn secret(name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})
}

/// Members of `with` take the place of those of `into`.
fn merge(into: &mut Value, with: Value) {
    let (Value::Object(into), Value::Object(with)) = (into, with) else { panic!("no objects") };
    into.extend(with);
}

/// Asks again and again until there is an answer; panics with the last refusal when the deadline is over.
pub async fn eventually<T, E: Debug>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let until = Instant::now() + DEADLINE;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) if Instant::now() >= until => panic!("not in {DEADLINE:?}: {what}: {error:#?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(40)).await,
        }
    }
}

/// Grants of a role on objects of a kind, as `PRIVILEGE NAME`.
pub fn grants_to(world: &World, role: &str) -> HashMap<String, String> {
    let rows = world.emulator.execute_as("ACCOUNTADMIN", &format!("SHOW GRANTS TO ROLE {role}")).unwrap();
    let at = |column: &str| rows.columns.iter().position(|has| has.name == column).unwrap();
    let cell = |row: &Vec<Option<String>>, column: &str| row[at(column)].clone().unwrap_or_default();
    rows.rows.iter().map(|row| (cell(row, "privilege"), cell(row, "name"))).collect()
}
