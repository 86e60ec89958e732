//! Misfortune at the n-th effect: a crash before it or after it, its refusal, its lost answer.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use snowfence::snowflake::{Transport, transport::TransportError};
use tokio::sync::Notify;
use tower::ServiceExt;

/// What happens at one effect: a statement that changes something, or a write of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// The process dies before it.
    CrashBefore,
    /// The process dies after it: done, and nobody knows.
    CrashAfter,
    /// It is not done, and the process can't tell. For the status: a conflict.
    LostBefore,
    /// It is done, and the process can't tell.
    LostAfter,
    /// It is done, and the first answer is lost; the client asks again.
    Stammer,
}

impl Blow {
    pub const ALL: [Self; 5] =
        [Self::CrashBefore, Self::CrashAfter, Self::LostBefore, Self::LostAfter, Self::Stammer];
}

/// Counts effects, and strikes one of them.
#[derive(Default)]
pub struct Fate {
    effects: AtomicUsize,
    statements: AtomicUsize,
    plan: Mutex<Option<(usize, Blow)>>,
    /// Requests whose answers do not come through, until the pass is over.
    deaf: Mutex<HashSet<String>>,
    dead: AtomicBool,
    died: Notify,
    witness: Mutex<Option<Witness>>,
}

/// Is told of each statement that changes something before it is carried out: text and request id.
type Witness = Box<dyn Fn(&str, &str) + Send>;

impl Fate {
    pub fn of(plan: Option<(usize, Blow)>) -> Arc<Self> {
        Arc::new(Self { plan: Mutex::new(plan), ..Self::default() })
    }
    pub fn tell(&self, witness: Witness) {
        *self.witness.lock().unwrap() = Some(witness);
    }
    /// How many effects there were.
    pub fn effects(&self) -> usize {
        self.effects.load(Ordering::SeqCst)
    }
    /// How many statements were sent that change something.
    pub fn statements(&self) -> usize {
        self.statements.load(Ordering::SeqCst)
    }
    /// Plans a blow at the n-th effect from now.
    pub fn arm(&self, n: usize, blow: Blow) {
        *self.plan.lock().unwrap() = Some((self.effects() + n, blow));
    }
    /// Whether the blow has not fallen yet.
    pub fn is_armed(&self) -> bool {
        self.plan.lock().unwrap().is_some()
    }
    /// Counts an effect; what is to happen to it.
    pub fn effect(&self) -> Option<Blow> {
        let n = self.effects.fetch_add(1, Ordering::SeqCst);
        let mut plan = self.plan.lock().unwrap();
        let blow = plan.filter(|(at, _)| *at == n).map(|(_, blow)| blow);
        if blow.is_some() {
            *plan = None;
        }
        blow
    }
    /// Ends the process: whoever waits for [`Self::death`] drops everything; nothing here goes on.
    pub async fn die(&self) -> ! {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
        std::future::pending().await
    }
    pub async fn death(&self) {
        self.died.notified().await;
    }
    /// A pass is over, or another process begins.
    pub fn revive(&self) {
        self.dead.store(false, Ordering::SeqCst);
        self.deaf.lock().unwrap().clear();
    }

    /// Into an emulator, past fate. Time moves a little with each request, so that moments differ.
    pub fn transport(self: &Arc<Self>, router: Router) -> Transport {
        let fate = self.clone();
        Transport::from_service(tower::service_fn(move |request: Request<Full<Bytes>>| {
            let (fate, router) = (fate.clone(), router.clone());
            async move { fate.carry(request, router).await }
        }))
    }

    async fn carry(
        &self,
        request: Request<Full<Bytes>>,
        router: Router,
    ) -> Result<Response<axum::body::Body>, TransportError> {
        tokio::time::advance(Duration::from_millis(1)).await;
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let (head, body) = request.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let writes = (head.method == http::Method::POST).then(|| writes(&bytes)).flatten();
        let id = head.uri.query().unwrap_or_default().split('&').find(|pair| pair.starts_with("requestId="));
        let id = id.unwrap_or_default().to_owned();
        let lost = || Err(TransportError { sent: true, reason: "the answer is lost".into() });
        if self.deaf.lock().unwrap().contains(&id) {
            return lost();
        }
        if let Some(text) = &writes
            && let Some(witness) = &*self.witness.lock().unwrap()
        {
            witness(text, id.trim_start_matches("requestId="));
        }
        let blow = if writes.is_some() {
            self.statements.fetch_add(1, Ordering::SeqCst);
            self.effect()
        } else {
            None
        };
        match blow {
            Some(Blow::CrashBefore) => self.die().await,
            Some(Blow::LostBefore) => {
                self.deaf.lock().unwrap().insert(id);
                return lost();
            }
            _ => {}
        }
        let request = Request::from_parts(head, axum::body::Body::from(bytes));
        let response = router.oneshot(request).await.unwrap();
        match blow {
            Some(Blow::CrashAfter) => self.die().await,
            Some(Blow::LostAfter) => {
                self.deaf.lock().unwrap().insert(id);
                lost()
            }
            Some(Blow::Stammer) => lost(),
            _ => Ok(response),
        }
    }
}

/// The text of a statement that changes something.
fn writes(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = body["statement"].as_str()?;
    let verb = text.split_whitespace().next().unwrap_or_default();
    (!matches!(verb, "" | "SHOW" | "SELECT" | "DESC" | "DESCRIBE")).then(|| text.to_owned())
}
