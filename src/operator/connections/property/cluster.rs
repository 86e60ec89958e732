//! An API server in memory, and blows that fall on what is written to it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What happens to one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// The process dies before it.
    CrashBefore,
    /// The process dies after it.
    CrashAfter,
    /// It is not done, and an error comes back.
    LostBefore,
    /// It is done, and an error comes back.
    LostAfter,
}

pub const BLOWS: [Blow; 4] = [Blow::CrashBefore, Blow::CrashAfter, Blow::LostBefore, Blow::LostAfter];

#[derive(Default)]
pub struct Cluster {
    pub objects: Mutex<BTreeMap<String, Value>>,
    pub version: AtomicUsize,
    pub writes: AtomicUsize,
    pub blow: Mutex<Option<(usize, Blow)>>,
    pub died: Notify,
}

impl Cluster {
    pub fn put(&self, path: &str, mut object: Value) {
        let version = self.version.fetch_add(1, Ordering::SeqCst) + 1;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        self.objects.lock().unwrap().insert(path.to_owned(), object);
    }

    pub fn client(self: &Arc<Self>) -> kube::Client {
        let cluster = self.clone();
        kube::Client::new(
            tower::service_fn(move |request: Request<Body>| {
                let cluster = cluster.clone();
                async move { Ok::<_, std::convert::Infallible>(cluster.serve(request).await) }
            }),
            "team",
        )
    }

    async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let path = head.uri.path().trim_end_matches("/status").to_owned();
        if head.method == http::Method::GET {
            return match self.objects.lock().unwrap().get(&path) {
                Some(object) => answer(200, object),
                None => failure(404, "NotFound"),
            };
        }
        assert_eq!(head.method, http::Method::PATCH, "{path}");
        let n = self.writes.fetch_add(1, Ordering::SeqCst);
        let blow = self.blow.lock().unwrap().filter(|(at, _)| *at == n).map(|(_, blow)| blow);
        match blow {
            Some(Blow::CrashBefore) => self.die().await,
            Some(Blow::LostBefore) => return failure(503, "ServiceUnavailable"),
            _ => {}
        }
        let patch: Value = serde_json::from_slice(&body).unwrap();
        let response = self.patch(&path, &patch, head.uri.path().ends_with("/status"));
        match blow {
            Some(Blow::CrashAfter) => self.die().await,
            Some(Blow::LostAfter) => failure(503, "ServiceUnavailable"),
            _ => response,
        }
    }

    fn patch(&self, path: &str, patch: &Value, status: bool) -> Response<Body> {
        let Some(mut object) = self.objects.lock().unwrap().get(path).cloned() else {
            return failure(404, "NotFound");
        };
        let version = &patch["metadata"]["resourceVersion"];
        if !version.is_null() && *version != object["metadata"]["resourceVersion"] {
            return failure(409, "Conflict");
        }
        if status {
            merge(&mut object["status"], &patch["status"]);
        } else {
            merge(&mut object, patch);
        }
        self.put(path, object);
        answer(200, &self.objects.lock().unwrap()[path])
    }

    async fn die(&self) -> ! {
        self.died.notify_one();
        std::future::pending().await
    }
}

/// RFC 7386.
fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else { return *into = patch.clone() };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in members {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut into[key], value);
        }
    }
}

fn answer(code: u16, object: &Value) -> Response<Body> {
    Response::builder().status(code).body(Body::from(object.to_string().into_bytes())).unwrap()
}

fn failure(code: u16, reason: &str) -> Response<Body> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": reason, "code": code});
    answer(code, &status)
}
