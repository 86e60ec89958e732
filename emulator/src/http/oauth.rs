//! `POST /oauth/token-request`: the `client_credentials` grant of RFC 6749.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::body;
use super::problem::json_response;
use super::sql_api::pairs;
use crate::auth::Denied;
use crate::emulator::Emulator;

pub(crate) async fn token_request(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match body::read(&parts.headers, body).await {
        Ok(bytes) => pairs(&String::from_utf8_lossy(&bytes)),
        Err(problem) => return problem.into_response(),
    };
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if field("grant_type") != Some("client_credentials") {
        let description = "Only the grant type client_credentials is known here.".to_owned();
        return deny(&Denied { error: "unsupported_grant_type", description });
    }
    let basic = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, text)| STANDARD.decode(text.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (id, secret) = text.split_once(':')?;
            // RFC 6749, section 2.3.1: both are form-encoded first.
            let decode = |part: &str| {
                pairs(&format!("x={}", part.replace('&', "%26")))
                    .pop()
                    .map(|(_, value)| value)
                    .unwrap_or_default()
            };
            Some((decode(id), decode(secret)))
        });
    let (id, secret) = basic.unwrap_or_else(|| {
        let text = |name| field(name).unwrap_or_default().to_owned();
        (text("client_id"), text("client_secret"))
    });
    tokio::time::sleep(emulator.latency()).await;
    match emulator.authenticator().oauth.grant(&id, &secret, field("scope"), emulator.now_seconds()) {
        Ok(issued) => json_response(StatusCode::OK, serde_json::to_vec(&issued).unwrap_or_default()),
        Err(denied) => deny(&denied),
    }
}

fn deny(denied: &Denied) -> Response {
    let status = match denied.error {
        "invalid_client" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({
        "data": null,
        "message": denied.description,
        "code": null,
        "success": false,
        "error": denied.error,
        "error_description": denied.description,
    });
    json_response(status, body.to_string())
}
