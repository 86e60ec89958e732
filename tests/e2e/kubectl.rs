//! kubectl, in one namespace.

use std::{process::Stdio, time::Duration};

use serde_json::Value;
use snowfence_testbed::Cluster;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
};

/// How long anything may take that is waited for.
pub const DEADLINE: Duration = Duration::from_secs(40);

/// kubectl in a namespace.
#[derive(Clone)]
pub struct Kubectl {
    cluster: &'static Cluster,
    pub namespace: String,
}

/// What kubectl said: standard output, or standard error where it failed.
pub type Said = Result<String, String>;

impl Kubectl {
    pub fn new(cluster: &'static Cluster, namespace: &str) -> Self {
        Self { cluster, namespace: namespace.into() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::from(self.cluster.kubectl());
        command.args(["--namespace", &self.namespace]).args(args).kill_on_drop(true);
        command
    }

    /// Runs it, with something on standard input.
    pub async fn said(&self, args: &[&str], input: &str) -> Said {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // It may end before it has read everything.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = tokio::time::timeout(DEADLINE * 2, child.wait_with_output());
        let output = output.await.unwrap_or_else(|_| panic!("kubectl {args:?} hangs")).unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// Runs it; it must succeed.
    pub async fn run(&self, args: &[&str]) -> String {
        self.said(args, "").await.unwrap_or_else(|error| panic!("kubectl {}: {error}", args.join(" ")))
    }

    /// `kubectl apply` of something that is accepted.
    pub async fn apply(&self, manifest: &Value) {
        self.try_apply(manifest).await.unwrap_or_else(|error| panic!("{error}\n{manifest:#}"));
    }

    pub async fn try_apply(&self, manifest: &Value) -> Said {
        self.said(&["apply", "-f", "-"], &manifest.to_string()).await
    }

    /// `kubectl apply` of something that is refused; what is said then.
    pub async fn refused(&self, manifest: &Value) -> String {
        match self.try_apply(manifest).await {
            Ok(said) => panic!("accepted: {said}\n{manifest:#}"),
            Err(error) => error,
        }
    }

    /// One object, `kind/name`.
    pub async fn get(&self, object: &str) -> Value {
        serde_json::from_str(&self.run(&["get", object, "-o", "json"]).await).unwrap()
    }

    /// `kubectl wait --for=condition=Ready`.
    pub async fn ready(&self, objects: &[&str]) {
        let timeout = format!("--timeout={}s", DEADLINE.as_secs());
        let args = [&["wait", "--for=condition=Ready", &timeout], objects].concat();
        if let Err(error) = self.said(&args, "").await {
            let mut all = String::new();
            for object in objects {
                let status = self.get(object).await["status"].take();
                all = format!("{all}{object}: {status:#}\n");
            }
            panic!("kubectl {}: {error}\n{all}", args.join(" "));
        }
    }

    /// Watches an object until it is as wanted.
    pub async fn until(&self, object: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        // A list: of one object by name, kubectl leaves out what happens between its first look and its watch.
        let (kind, name) = object.split_once('/').unwrap();
        let selector = format!("metadata.name={name}");
        self.watch(&["get", kind, "--field-selector", &selector], what, wanted).await
    }

    /// Watches events until one has this reason and this text in its note; the note.
    pub async fn event(&self, reason: &str, name: &str, contains: &str) -> String {
        let selector = format!("reason={reason},involvedObject.name={name}");
        let what = format!("event {reason} of {name} with {contains:?}");
        let found = self
            .watch(&["get", "events", "--field-selector", &selector], &what, |event| {
                event["message"].as_str().is_some_and(|note| note.contains(contains))
            })
            .await;
        found["message"].as_str().unwrap().to_owned()
    }

    async fn watch(&self, args: &[&str], what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = tokio::time::Instant::now();
        let mut last = Value::Null;
        // The API server may end a watch.
        while began.elapsed() < DEADLINE {
            let left = DEADLINE.saturating_sub(began.elapsed());
            if let Ok(Some(found)) =
                tokio::time::timeout(left, self.watch_once(args, &wanted, &mut last)).await
            {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let status = last.get("status").unwrap_or(&last);
        panic!("{}: not {what} in {DEADLINE:?}: {status:#}", args.join(" "));
    }

    async fn watch_once(
        &self,
        args: &[&str],
        wanted: impl Fn(&Value) -> bool,
        last: &mut Value,
    ) -> Option<Value> {
        let mut command = self.command(args);
        command.args(["--watch", "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let (mut text, mut chunk) = (vec![], vec![0; 64 * 1024]);
        loop {
            let read = out.read(&mut chunk).await.unwrap();
            if read == 0 {
                let _ = child.wait().await;
                return None;
            }
            text.extend_from_slice(&chunk[..read]);
            let mut documents = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
            let mut whole = 0;
            while let Some(Ok(document)) = documents.next() {
                whole = documents.byte_offset();
                if wanted(&document) {
                    let _ = child.kill().await;
                    return Some(document);
                }
                *last = document;
            }
            text.drain(..whole);
        }
    }
}

/// A condition of an object: status, reason, message; empty when it is not there.
pub fn condition<'a>(object: &'a Value, name: &str) -> (&'a str, &'a str, &'a str) {
    let all = object["status"]["conditions"].as_array();
    let found = all.into_iter().flatten().find(|condition| condition["type"] == name);
    let text = |field| found.and_then(|found| found[field].as_str()).unwrap_or_default();
    (text("status"), text("reason"), text("message"))
}

/// The reason of Ready, if it speaks of the present generation.
pub fn reason(object: &Value) -> &str {
    let current = object["status"]["observedGeneration"] == object["metadata"]["generation"];
    if current { condition(object, "Ready").1 } else { "" }
}
