//! Makes the requests of the SQL API.
//! Source: docs.snowflake.com, "Snowflake SQL API reference", sections on operations and request headers.
use super::{
    auth::Token, client::RunOptions, config::ClientConfig, error::ClientError, statement::Statement,
};
use bytes::Bytes;
use http::{Method, Request, header};
use reqwest::Url;
use std::time::Duration;
use uuid::Uuid;

/// Snowflake's limit for QUERY_TAG, in characters.
const MAX_TAG: usize = 2000;

/// Executes a statement. `retry`: it may have been executed under this id.
pub(super) fn submit(
    config: &ClientConfig,
    token: &Token,
    id: Uuid,
    retry: bool,
    body: Bytes,
) -> Result<Request<Bytes>, ClientError> {
    let mut url = address(config, [], id);
    if retry {
        url.query_pairs_mut().append_pair("retry", "true");
    }
    finish(config, token, Method::POST, &url, body)
}

/// Asks how a statement stands, or for a further partition of its result.
pub(super) fn status(
    config: &ClientConfig,
    token: &Token,
    handle: Option<&str>,
    partition: Option<usize>,
) -> Result<Request<Bytes>, ClientError> {
    let mut url = address(config, handle, Uuid::new_v4());
    if let Some(n) = partition {
        url.query_pairs_mut().append_pair("partition", &n.to_string());
    }
    finish(config, token, Method::GET, &url, Bytes::new())
}

/// Cancels a statement.
pub(super) fn cancel(
    config: &ClientConfig,
    token: &Token,
    handle: Option<&str>,
) -> Result<Request<Bytes>, ClientError> {
    let url = address(config, handle.into_iter().chain(["cancel"]), Uuid::new_v4());
    finish(config, token, Method::POST, &url, Bytes::new())
}

/// The body of [`submit`]. Role and warehouse are case-sensitive here, and not quoted.
pub(super) fn body(
    config: &ClientConfig,
    statement: &Statement,
    options: &RunOptions,
    timeout: Duration,
) -> Bytes {
    let mut body = serde_json::json!({ "statement": statement.as_str(), "timeout": timeout.as_secs() });
    if let Some(role) = options.role.as_ref().or(config.role.as_ref()) {
        body["role"] = role.as_str().into();
    }
    if let Some(warehouse) = &config.warehouse {
        body["warehouse"] = warehouse.as_str().into();
    }
    if let Some(tag) = &options.query_tag {
        body["parameters"]["query_tag"] = tag.chars().take(MAX_TAG).collect::<String>().into();
    }
    if let Some(count) = options.statements {
        body["parameters"]["multi_statement_count"] = count.to_string().into();
    }
    body.to_string().into()
}

fn address<'a>(config: &ClientConfig, more: impl IntoIterator<Item = &'a str>, id: Uuid) -> Url {
    let mut url = config.base_url.clone();
    // An address with a host has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["api", "v2", "statements"]).extend(more);
    }
    url.query_pairs_mut().append_pair("requestId", &id.to_string());
    url
}

fn finish(
    config: &ClientConfig,
    token: &Token,
    method: Method,
    url: &Url,
    body: Bytes,
) -> Result<Request<Bytes>, ClientError> {
    Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(header::AUTHORIZATION, token.header()?)
        .header("X-Snowflake-Authorization-Token-Type", token.kind().as_str())
        .header(header::USER_AGENT, config.user_agent.as_str())
        .header(header::ACCEPT, "application/json")
        .header(header::ACCEPT_ENCODING, "gzip")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| ClientError::Unavailable(format!("the request cannot be made: {error}")))
}
