//! Bodies: read with a limit, unpacked with a limit, and broken off on purpose.

use std::io::Read as _;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::{StreamExt as _, stream};
use http_body_util::BodyExt as _;

use super::problem::Problem;

/// The largest body that is read; Snowflake takes statements of up to 1 MB.
const LARGEST: usize = 16 << 20;
/// What is beyond the limit is read and thrown away up to here, so that the client gets to see the 413.
const DISCARDED: usize = 512 << 20;

/// Reads a request's body, and unpacks it when it says that it is gzip.
pub(crate) async fn read(headers: &HeaderMap, mut body: Body) -> Result<Bytes, Problem> {
    let mut read = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::payload(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen > DISCARDED {
            break;
        }
        if seen <= LARGEST {
            read.extend_from_slice(&data);
        } else if !read.is_empty() {
            read = Vec::new();
        }
    }
    if seen > LARGEST {
        return Err(too_large());
    }
    match headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
        None | Some("identity") => Ok(read.into()),
        Some("gzip") => {
            let mut unpacked = Vec::new();
            let limit = LARGEST as u64 + 1;
            flate2::read::MultiGzDecoder::new(read.as_slice())
                .take(limit)
                .read_to_end(&mut unpacked)
                .map_err(|error| Problem::payload(format!("the body is no gzip: {error}")))?;
            if unpacked.len() > LARGEST { Err(too_large()) } else { Ok(unpacked.into()) }
        }
        Some(other) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "390142",
            "Incoming request does not contain a valid payload.",
        )
        .because(format!("Content-Encoding {other} is not known"))),
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "390142",
        "Incoming request does not contain a valid payload.",
    )
    .because(format!("the body is larger than {LARGEST} bytes"))
}

/// Marks a response of which not one byte is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vanished;

/// The same response, whose body breaks off: after half of it, or before its first byte. On a socket the connection
/// is closed, in the latter case without an answer's head; in process, reading the body gives an error.
pub(crate) async fn broken(response: Response, truncated: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let half = if truncated { whole.slice(..whole.len() / 2) } else { Bytes::new() };
    let lost = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the connection was lost on purpose");
    let first = (!half.is_empty()).then_some(Ok::<_, std::io::Error>(half));
    let rest = stream::iter(first).chain(stream::once(async move {
        // Gives the first half time to leave before the connection is closed.
        tokio::task::yield_now().await;
        Err(lost)
    }));
    parts.headers.insert(header::CONTENT_LENGTH, (whole.len().max(1) as u64).into());
    if !truncated {
        parts.extensions.insert(Vanished);
    }
    Response::from_parts(parts, Body::from_stream(rest))
}
