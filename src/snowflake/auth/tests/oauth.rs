use super::*;
use crate::snowflake::{
    HostPolicy,
    fake::{Asked, Fake, Reply, answer, raw},
};
use reqwest::Url;
use serde_json::json;

fn client(fake: &Fake) -> OAuthClient {
    let policy = HostPolicy::default().allow("login.example.com").unwrap();
    let url = Url::parse("https://login.example.com/oauth2/token").unwrap();
    let scope = Some("session:role:SNOWFENCE".to_owned());
    let secret = secret(&format!("{CANARY}+/=: ~\n"));
    OAuthClient::new(url, "client id".to_owned(), &secret, scope, &policy, fake.transport()).unwrap()
}

fn granted() -> Reply {
    answer(200, json!({"access_token": "at-1", "token_type": "Bearer", "expires_in": 600}))
}

fn form(asked: &Asked) -> Vec<(String, String)> {
    let url = format!("http://x/?{}", std::str::from_utf8(&asked.body).unwrap());
    Url::parse(&url).unwrap().query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_secret_buys_a_token() {
    let fake = Fake::new(|_, _| granted());
    let token = client(&fake).issue().await.unwrap();
    assert_eq!((sent(&token).as_str(), token.kind().as_str()), ("at-1", "OAUTH"));
    let asked = &fake.asked()[0];
    // base64 of client%20id:CANARY-f00d%2B%2F%3D%3A%20~
    let basic = asked.header("authorization");
    assert_eq!(basic, "Basic Y2xpZW50JTIwaWQ6Q0FOQVJZLWYwMGQlMkIlMkYlM0QlM0ElMjB+");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("grant_type", "client_credentials"), pair("scope", "session:role:SNOWFENCE")];
    assert_eq!(form(asked), expected);
    assert!(asked.headers["authorization"].is_sensitive());
}

#[tokio::test]
async fn servers_that_want_the_secret_in_the_body_get_it_there() {
    let fake = Fake::new(|_, asked| match asked.header("authorization") {
        "" => granted(),
        _ => answer(401, json!({"error": "invalid_client"})),
    });
    let client = client(&fake);
    for _ in 0..2 {
        client.issue().await.unwrap();
    }
    let asked = fake.asked();
    assert_eq!(asked.len(), 3, "the second token is asked for in the way that worked");
    assert!(form(&asked[2]).contains(&("client_secret".to_owned(), format!("{CANARY}+/=: ~"))));
}

#[tokio::test]
async fn a_refusal_is_told_without_the_secret() {
    let words = format!("client_secret {CANARY}+/=: ~ is not right");
    let fake =
        Fake::new(move |_, _| answer(401, json!({"error": "invalid_client", "error_description": words})));
    let error = client(&fake).issue().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the OAuth server refused the client: invalid_client: client_secret … is not right"
    );
    assert!(!error.is_transient());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_out_may_come_back() {
    for reply in [
        || raw(502, "text/html", "<h1>CANARY-f00d</h1>"),
        || raw(200, "application/json", "{\"access_token\": \"CANARY-f00d"),
        || raw(302, "text/html", ""),
        || answer(200, json!({"token": "CANARY-f00d"})),
        || Reply::NotSent,
        || Reply::Cut,
        || Reply::Never,
    ] {
        let fake = Fake::new(move |_, _| reply());
        let client = client(&fake);
        let error = client.issue().await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert!(!format!("{error} {error:?} {client:?}").contains(CANARY), "{error:?} {client:?}");
    }
}

#[test]
fn the_secret_goes_to_known_hosts_only() {
    let fake = Fake::new(|_, _| granted());
    let url = Url::parse("https://login.example.com/oauth2/token").unwrap();
    let client =
        OAuthClient::new(url, String::new(), &secret("x"), None, &HostPolicy::default(), fake.transport());
    assert!(client.unwrap_err().to_string().contains("login.example.com"));
}
