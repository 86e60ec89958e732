//! `POST /session/v1/login-request`.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Refused, answer, client, success};
use crate::auth::{Identity, Refusal, TokenType};
use crate::context::Context;
use crate::emulator::{Emulator, literal, quoted};
use crate::http::jobs::{self, Speaker, Wishes};
use crate::http::problem::Problem;
use crate::http::sql_api::pairs;
use crate::http::{body, guarded};
use crate::sql::parameters;
use crate::sql::{ObjectKind, path_of};
use crate::state::{MASTER_VALIDITY, Session, VALIDITY};

#[derive(Debug, Deserialize)]
struct Login {
    data: Data,
}

/// What a driver tells of itself and of its user. Everything else in the request is about the driver.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Data {
    login_name: Option<String>,
    password: Option<String>,
    authenticator: Option<String>,
    token: Option<String>,
    provider: Option<String>,
    #[serde(default)]
    session_parameters: Option<Map<String, Value>>,
    secondary_roles: Option<String>,
}

pub(super) async fn login(State(emulator): State<Emulator>, request: Request) -> Response {
    try_login(&emulator, request).await.unwrap_or_else(Refused::into_response)
}

async fn try_login(emulator: &Emulator, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let body = body::read(&parts.headers, body).await?;
    let login: Login =
        serde_json::from_value(super::object(&body)?).map_err(|error| Refused::payload(error.to_string()))?;
    jobs::pause(emulator.latency()).await;
    let identity = identify(emulator, &login.data).await?;
    let speaker = Speaker { identity, client: client(&parts.headers), kind: None };
    let asked: BTreeMap<String, String> = pairs(parts.uri.query().unwrap_or_default()).into_iter().collect();
    let context = begin(emulator, &speaker, login.data, &asked)?;
    let info = json!({
        "databaseName": context.database,
        "schemaName": context.schema,
        "warehouseName": context.warehouse,
        "roleName": context.role,
    });
    let parameters = answer::parameters(emulator, &context);
    let session = Session::new(speaker.identity.clone(), context);
    let id = session.id;
    let tokens = emulator.sessions().open(session, emulator.now_seconds());
    Ok(success(json!({
        "masterToken": tokens.master,
        "token": tokens.session,
        "validityInSeconds": VALIDITY,
        "masterValidityInSeconds": MASTER_VALIDITY,
        "displayUserName": speaker.identity.user,
        "serverVersion": crate::account::VERSION,
        "firstLogin": false,
        "remMeToken": null,
        "remMeValidityInSeconds": 0,
        "healthCheckInterval": 45,
        "newClientForUpgrade": null,
        "sessionId": id,
        "parameters": parameters,
        "sessionInfo": info,
        "idToken": null,
        "idTokenValidityInSeconds": 0,
        "responseData": null,
        "mfaToken": null,
        "mfaTokenValidityInSeconds": 0,
    })))
}

/// Checks the credential.
async fn identify(emulator: &Emulator, data: &Data) -> Result<Identity, Refused> {
    let authenticator = data.authenticator.as_deref().unwrap_or("SNOWFLAKE").to_uppercase();
    let kind = match authenticator.as_str() {
        "SNOWFLAKE" | "USERNAME_PASSWORD_MFA" => return password(emulator, data),
        "SNOWFLAKE_JWT" => TokenType::KeyPairJwt,
        "OAUTH" => TokenType::OAuth,
        "PROGRAMMATIC_ACCESS_TOKEN" => TokenType::ProgrammaticAccessToken,
        "WORKLOAD_IDENTITY" => TokenType::WorkloadIdentity,
        other => {
            return Err(Refused::new(
                "390140",
                format!("Authenticator {other} is not known here: browsers and Okta are out of reach."),
            ));
        }
    };
    let given = data.token.as_deref().or(data.password.as_deref()).unwrap_or_default();
    let token = match kind {
        TokenType::WorkloadIdentity => {
            format!("WIF.{}.{given}", data.provider.as_deref().unwrap_or_default().to_uppercase())
        }
        _ => given.to_owned(),
    };
    let identity = emulator
        .authenticator()
        .identify(Some(kind), &token, emulator.account_mutex(), emulator.now_seconds())
        .await
        .map_err(Problem::from)?;
    let named = data.login_name.as_deref().filter(|name| !name.is_empty());
    if let Some(name) = named {
        let account = emulator.lock();
        let same = account.user_by_login(name).is_some_and(|user| user.name() == identity.user);
        if !same {
            return Err(match kind {
                TokenType::KeyPairJwt => Problem::from(Refusal::jwt("the token is another user's")).into(),
                TokenType::ProgrammaticAccessToken => {
                    Problem::from(Refusal::programmatic("the token is another user's")).into()
                }
                _ => Refused::new(
                    "390309",
                    "The user you were trying to authenticate as differs from the user tied to the access token.",
                ),
            });
        }
    }
    Ok(identity)
}

/// A password, or a programmatic access token in its place (docs: user-guide/programmatic-access-tokens).
fn password(emulator: &Emulator, data: &Data) -> Result<Identity, Refused> {
    let wrong = || Refused::new("390100", "Incorrect username or password was specified.");
    let (Some(name), Some(password)) = (&data.login_name, &data.password) else { return Err(wrong()) };
    let now = emulator.now_seconds();
    let account = emulator.lock();
    let user = account.user_by_login(name).ok_or_else(wrong)?;
    let only_role = if user.password_is(password) {
        None
    } else {
        let token = user.token(password).filter(|token| !token.disabled && token.expires_at > now * 1000);
        token.ok_or_else(wrong)?.role_restriction.clone()
    };
    if user.disabled() {
        return Err(Problem::from(Refusal::disabled(user.name())).into());
    }
    Ok(Identity { user: user.name().to_owned(), only_role })
}

/// The session's first state. Warehouse, database and schema that are not there are left open, unless the client
/// wants to be told (`CLIENT_VALIDATE_DEFAULT_PARAMETERS`).
fn begin(
    emulator: &Emulator,
    speaker: &Speaker,
    data: Data,
    asked: &BTreeMap<String, String>,
) -> Result<Context, Refused> {
    let named = |key: &str| asked.get(key).filter(|name| !name.trim().is_empty()).map(|name| folded(name));
    let set = data.session_parameters.unwrap_or_default();
    let wishes = Wishes {
        role: named("roleName"),
        warehouse: named("warehouse"),
        database: named("databaseName"),
        schema: named("schemaName"),
        secondary_roles_all: data.secondary_roles.map(|roles| roles.eq_ignore_ascii_case("ALL")),
        parameters: BTreeMap::new(),
    };
    let mut context = jobs::context(emulator, speaker, wishes)?;
    let (warehouse, database, schema) =
        (context.warehouse.take(), context.database.take(), context.schema.take());
    let validate = set.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("CLIENT_VALIDATE_DEFAULT_PARAMETERS") && truthy(value)
    });
    let mut enter = |kind: &str, name: Option<String>| {
        let Some(name) = name else { return Ok(()) };
        match quietly(emulator, &mut context, &format!("USE {kind} {}", quoted(&name))) {
            // gosnowflake: ErrObjectNotExistOrAuthorized, for each of the three.
            Err(_) if validate => Err(Refused::new(
                "390201",
                format!("The requested {} does not exist or not authorized.", kind.to_lowercase()),
            )),
            _ => Ok(()),
        }
    };
    enter("DATABASE", database)?;
    enter("SCHEMA", schema)?;
    enter("WAREHOUSE", warehouse)?;
    for (name, value) in set {
        let name = name.to_uppercase();
        if parameters::of(ObjectKind::Session, &name).is_none() {
            continue;
        }
        let value = match value {
            Value::String(text) => literal(&text),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => continue,
        };
        quietly(emulator, &mut context, &format!("ALTER SESSION SET {name} = {value}"))
            .map_err(|error| Refused::new(&format!("{:06}", error.code), error.message))?;
    }
    Ok(context)
}

/// Executes in the session, without a trace in log and history.
fn quietly(
    emulator: &Emulator,
    context: &mut Context,
    sql: &str,
) -> Result<crate::rows::Rows, crate::error::SqlError> {
    let now = emulator.now();
    let mut account = emulator.lock();
    guarded(|| account.execute(context, sql, now))
}

/// A name as clients are given it: folded, unless it stands in quotes.
fn folded(name: &str) -> String {
    match path_of(name) {
        Ok(path) if path.len() == 1 => path.into_iter().next().unwrap_or_default(),
        _ => name.to_uppercase(),
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
