//! A server for tests: plays the answers that a test gives it, and keeps what it was asked.
use super::transport::{Transport, TransportError};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) at: Instant,
}

impl Asked {
    pub(crate) fn query(&self) -> HashMap<String, String> {
        reqwest::Url::parse(&self.uri.to_string()).unwrap().query_pairs().into_owned().collect()
    }
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) enum Reply {
    Answer(Response<Bytes>),
    /// The request never arrives.
    NotSent,
    /// It arrives, and no answer comes back.
    Cut,
    /// An answer after some time.
    Late(Duration, Box<Reply>),
    Never,
}

pub(crate) fn answer(status: u16, body: Value) -> Reply {
    let answer = Response::builder().status(status).header("content-type", "application/json");
    Reply::Answer(answer.body(body.to_string().into()).unwrap())
}

pub(crate) fn raw(status: u16, kind: &str, body: impl Into<Bytes>) -> Reply {
    Reply::Answer(Response::builder().status(status).header("content-type", kind).body(body.into()).unwrap())
}

pub(crate) fn gzipped(status: u16, body: Value) -> Reply {
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    packed.write_all(body.to_string().as_bytes()).unwrap();
    let answer = Response::builder().status(status).header("content-encoding", "gzip");
    Reply::Answer(answer.body(packed.finish().unwrap().into()).unwrap())
}

impl Reply {
    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        if let Self::Answer(answer) = &mut self {
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
        self
    }
    pub(crate) fn after(self, seconds: u64) -> Self {
        Self::Late(Duration::from_secs(seconds), Box::new(self))
    }
}

/// A result of these columns and rows, in one partition.
pub(crate) fn result(columns: &[&str], rows: Value) -> Value {
    let types: Vec<_> =
        columns.iter().map(|name| json!({"name": name, "type": "text", "nullable": true})).collect();
    json!({
        "resultSetMetaData": {
            "numRows": rows.as_array().unwrap().len(),
            "format": "jsonv2",
            "partitionInfo": [{"rowCount": rows.as_array().unwrap().len(), "uncompressedSize": 1}],
            "rowType": types,
        },
        "data": rows,
        "code": "090001",
        "statementStatusUrl": "/api/v2/statements/01b-handle?requestId=x",
        "sqlState": "00000",
        "statementHandle": "01b-handle",
        "message": "Statement executed successfully.",
        "createdOn": 1_754_899_200_123_i64,
    })
}

pub(crate) fn done() -> Value {
    result(&["status"], json!([["Statement executed successfully."]]))
}

pub(crate) fn running() -> Value {
    json!({
        "code": "333334",
        "message": "Asynchronous execution in progress.",
        "statementHandle": "01b-handle",
        "statementStatusUrl": "https://evil.example.com/api/v2/statements/01b-handle",
    })
}

pub(crate) fn failed(code: &str, sql_state: &str, message: &str) -> Value {
    json!({"code": code, "message": message, "sqlState": sql_state, "statementHandle": "01b-handle", "createdOn": 1})
}

type Play = dyn Fn(usize, &Asked) -> Reply + Send + Sync;

#[derive(Clone)]
pub(crate) struct Fake {
    asked: Arc<Mutex<Vec<Asked>>>,
    play: Arc<Play>,
}

impl Fake {
    /// Asks `play` for each reply, with the number of the request, counted from 0.
    pub(crate) fn new(play: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self { asked: Arc::default(), play: Arc::new(play) }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn transport(&self) -> Transport {
        let fake = self.clone();
        Transport::from_service(tower::service_fn(move |request| fake.clone().serve(request)))
    }

    async fn serve(self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, TransportError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let asked =
            Asked { method: head.method, uri: head.uri, headers: head.headers, body, at: Instant::now() };
        let n = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked.clone());
            all.len() - 1
        };
        let mut reply = (self.play)(n, &asked);
        loop {
            reply = match reply {
                Reply::Answer(answer) => return Ok(answer.map(Full::new)),
                Reply::NotSent => return Err(TransportError::not_sent("connection refused")),
                Reply::Cut => {
                    let reason = "connection reset".to_owned();
                    return Err(TransportError { sent: true, reason });
                }
                Reply::Late(pause, reply) => {
                    sleep(pause).await;
                    *reply
                }
                Reply::Never => std::future::pending().await,
            }
        }
    }
}
