//! The client against the emulator: every way to sign in, with and without a socket, and answers that get lost.
use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use reqwest::Url;
use secrecy::SecretString;
use snowfence::{
    snowflake::{
        AccountIdentifier, Client, ClientConfig, ClientError, Credential, HostPolicy, RunOptions, Statement,
        Transport,
        auth::{GivenToken, KeyPair, OAuthClient, SourcedToken, TokenSource, WorkloadIdentity},
    },
    values::ident::Ident,
};
use snowfence_emulator::{
    auth::{IssuerKeys, OAuthClient as Registered},
    emulator::{Emulator, OPERATOR},
    faults::{Action, Effect, Fault},
    http::Authority,
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

fn secret(text: impl Into<String>) -> SecretString {
    text.into().into()
}

fn key_pair(emulator: &Emulator) -> Credential {
    let pem = secret(emulator.operator().private_key_pem);
    Credential::KeyPair(KeyPair::from_pem(&pem, None).unwrap())
}

fn config(emulator: &Emulator, credential: Credential) -> ClientConfig {
    let account = AccountIdentifier::parse(emulator.identifier()).unwrap();
    ClientConfig::new(account, None, "operator", credential, &HostPolicy::default()).unwrap()
}

fn client(emulator: &Emulator, credential: Credential) -> Client {
    Client::new(config(emulator, credential), Transport::from_service(emulator.router()))
}

fn name(text: &str) -> Ident {
    Ident::from_spec(text).unwrap()
}

fn create(warehouse: &str) -> Statement {
    let statement = Statement::new("CREATE WAREHOUSE").of_kind("WAREHOUSE").ident(&name(warehouse));
    statement.keyword("INITIALLY_SUSPENDED =").boolean(true)
}

fn show() -> Statement {
    Statement::new("SHOW WAREHOUSES").of_kind("WAREHOUSE")
}

async fn run(client: &Client, statement: &Statement) -> Result<Vec<String>, ClientError> {
    let rows = client.run(statement, &RunOptions::default()).await?.rows;
    Ok(rows
        .iter()
        .map(|row| row.cells().next().and_then(|(_, cell)| cell).unwrap_or_default().to_owned())
        .collect())
}

async fn user(client: &Client) -> Result<String, ClientError> {
    run(client, &Statement::new("SELECT CURRENT_USER()")).await.map(|mut cells| cells.remove(0))
}

#[tokio::test]
async fn a_key_pair_signs_in() {
    let emulator = Emulator::builder().build();
    assert_eq!(user(&client(&emulator, key_pair(&emulator))).await.unwrap(), OPERATOR);

    let stranger = snowfence_emulator::auth::KeyPair::generate();
    let stranger = KeyPair::from_pem(&secret(stranger.private_key_pem()), None).unwrap();
    let refused = client(&emulator, Credential::KeyPair(stranger));
    let error = user(&refused).await.unwrap_err();
    assert!(matches!(error, ClientError::Unauthorized { .. }), "{error}");

    let rotated = refused.with_credential(key_pair(&emulator));
    assert_eq!(user(&rotated).await.unwrap(), OPERATOR);
}

#[tokio::test]
async fn an_access_token_signs_in() {
    let emulator = Emulator::builder().build();
    let token = GivenToken::new(&secret(format!("{}\n", emulator.operator().token))).unwrap();
    let known = client(&emulator, Credential::ProgrammaticAccessToken(token));
    assert_eq!(user(&known).await.unwrap(), OPERATOR);

    let token = GivenToken::new(&secret("made-up")).unwrap();
    let error = user(&client(&emulator, Credential::ProgrammaticAccessToken(token))).await.unwrap_err();
    assert!(matches!(error, ClientError::Unauthorized { .. }), "{error}");
}

#[tokio::test]
async fn an_oauth_token_signs_in_until_it_expires() {
    let emulator = Emulator::builder().build();
    let token = GivenToken::new(&secret(emulator.oauth_token(OPERATOR, "session:role-any", 600))).unwrap();
    assert!(token.expires_at().is_some());
    let client = client(&emulator, Credential::OAuth(token));
    assert_eq!(user(&client).await.unwrap(), OPERATOR);
    emulator.advance(Duration::from_secs(700));
    assert!(matches!(user(&client).await.unwrap_err(), ClientError::Unauthorized { .. }));
}

#[tokio::test]
async fn an_oauth_client_signs_in_and_renews() {
    let emulator = Emulator::builder().build();
    let secret_text = "s3cr€t +/=&";
    emulator.add_oauth_client(Registered {
        id: "snowfence".to_owned(),
        secret: secret_text.to_owned(),
        user: OPERATOR.to_owned(),
        roles: vec![],
        lifetime: 600,
    });
    let account = AccountIdentifier::parse(emulator.identifier()).unwrap();
    let url = Url::parse(&format!("https://{}/oauth/token-request", account.host())).unwrap();
    let oauth = |text: &str| {
        let (url, policy) = (url.clone(), HostPolicy::default());
        let transport = Transport::from_service(emulator.router());
        let oauth = OAuthClient::new(url, "snowfence".to_owned(), &secret(text), None, &policy, transport);
        client(&emulator, Credential::OAuthClient(oauth.unwrap()))
    };
    let known = oauth(secret_text);
    assert_eq!(user(&known).await.unwrap(), OPERATOR);
    // The server's clock runs ahead of ours: the token is refused, and renewed.
    emulator.advance(Duration::from_secs(700));
    assert_eq!(user(&known).await.unwrap(), OPERATOR);

    let error = user(&oauth("wrong")).await.unwrap_err();
    assert!(matches!(error, ClientError::Credential(_)), "{error}");
}

struct Platform {
    key: EncodingKey,
    subject: String,
}

impl TokenSource for Platform {
    fn token(&self) -> BoxFuture<'_, Result<SourcedToken, String>> {
        Box::pin(async {
            let now = jiff::Timestamp::now().as_second();
            let claims = serde_json::json!({
                "iss": "https://cluster.example.com",
                "sub": self.subject,
                "aud": ["snowflakecomputing.com"],
                "iat": now,
                "exp": now + 3600,
            });
            let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::RS256) };
            let text =
                jsonwebtoken::encode(&header, &claims, &self.key).map_err(|error| error.to_string())?;
            Ok(SourcedToken { text: text.into(), expires_at: None })
        })
    }
}

#[tokio::test]
async fn a_workload_signs_in() {
    let emulator = Emulator::builder().build();
    let key = EncodingKey::from_rsa_pem(emulator.key().private_key_pem().as_bytes()).unwrap();
    let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    public.common.key_id = Some("one".to_owned());
    let keys = serde_json::json!({"keys": [public]}).to_string();
    emulator.register_issuer("https://cluster.example.com", IssuerKeys::Jwks(keys));
    emulator
        .execute_as(
            "ACCOUNTADMIN",
            "CREATE USER workload TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC \
             ISSUER = 'https://cluster.example.com' SUBJECT = 'system:serviceaccount:data:snowfence')",
        )
        .unwrap();
    let identity = |subject: &str| {
        let source = Arc::new(Platform { key: key.clone(), subject: subject.to_owned() });
        client(&emulator, Credential::WorkloadIdentity(WorkloadIdentity::oidc(source)))
    };
    assert_eq!(user(&identity("system:serviceaccount:data:snowfence")).await.unwrap(), "WORKLOAD");
    let error = user(&identity("system:serviceaccount:data:other")).await.unwrap_err();
    assert!(matches!(error, ClientError::Unauthorized { .. }), "{error}");
}

#[tokio::test]
async fn statements_travel_over_tls() {
    let emulator = Emulator::builder().build();
    let authority = Authority::generate().unwrap();
    let server = emulator.listen("127.0.0.1:0", Some(&authority)).await.unwrap();
    let policy = HostPolicy::default().allow(&server.address().to_string()).unwrap();
    let over = |ca: Option<&[u8]>| {
        let account = AccountIdentifier::parse(emulator.identifier()).unwrap();
        let url = Url::parse(&server.url()).unwrap();
        let config = ClientConfig::new(account, Some(url), OPERATOR, key_pair(&emulator), &policy).unwrap();
        Client::new(config, Transport::reqwest(ca).unwrap())
    };
    let trusting = over(Some(authority.certificate_pem().as_bytes()));
    assert_eq!(user(&trusting).await.unwrap(), OPERATOR);
    run(&trusting, &create("wh")).await.unwrap();

    let error = user(&over(None)).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable(_)), "{error}");
    assert!(error.to_string().to_lowercase().contains("certificate"), "says why: {error}");
    assert!(Transport::reqwest(Some(b"no certificate")).is_err());
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_was_sent_nothing() {
    let emulator = Emulator::builder().build();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let (url, address) = (Url::parse(&server.url()).unwrap(), server.address().to_string());
    let policy = HostPolicy::default().allow(&address).unwrap();
    let account = AccountIdentifier::parse(emulator.identifier()).unwrap();
    let config = ClientConfig::new(account, Some(url), OPERATOR, key_pair(&emulator), &policy).unwrap();
    let client = Client::new(config, Transport::reqwest(None).unwrap());
    assert_eq!(user(&client).await.unwrap(), OPERATOR, "plain HTTP to a loopback address that was allowed");
    server.stop().await;
    let options = RunOptions { timeout: Some(Duration::from_secs(1)), ..RunOptions::default() };
    let error = client.run(&create("wh"), &options).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable(_)) && !error.may_have_executed(), "{error}");
}

#[tokio::test]
async fn a_statement_is_executed_once_whatever_happens_to_its_answer() {
    let emulator = Emulator::builder().build();
    let client = client(&emulator, key_pair(&emulator));
    let faults = [
        Action::AnswerLost { truncated: false },
        Action::AnswerLost { truncated: true },
        Action::LostBefore,
        Action::TooManyRequests { retry_after: None },
        Action::Unavailable,
        Action::InProgress { polls: 2, effect: Effect::Last },
        Action::InProgress { polls: 2, effect: Effect::First },
        Action::ExpiredToken,
    ];
    for (n, action) in faults.into_iter().enumerate() {
        let since = emulator.last_statement();
        emulator.inject(Fault::next(action.clone())).unwrap();
        let result = run(&client, &create(&format!("wh_{n}"))).await;
        assert!(result.is_ok(), "{action:?}: {result:?}");
        assert!(emulator.faults().left().is_empty(), "{action:?}");
        let executed: Vec<_> =
            emulator.statements(since).into_iter().map(|statement| statement.text).collect();
        assert_eq!(executed.len(), 1, "{action:?}: {executed:?}");
    }
    assert_eq!(run(&client, &show()).await.unwrap().len(), 8);
}

#[tokio::test]
async fn a_request_id_tells_ours_from_theirs() {
    let emulator = Emulator::builder().build();
    let client = client(&emulator, key_pair(&emulator));
    let id = Some(Uuid::new_v4());
    let first = RunOptions { request_id: id, ..RunOptions::default() };
    client.run(&create("wh"), &first).await.unwrap();
    let again = RunOptions { retry: true, ..first };
    client.run(&create("wh"), &again).await.unwrap();
    let other = RunOptions { retry: true, ..RunOptions::default() };
    let error = client.run(&create("wh"), &other).await.unwrap_err();
    assert!(error.is_object_exists(), "{error}");
    assert_eq!(error.snowflake().unwrap().sql_state, "42710");
}

#[tokio::test]
async fn errors_and_roles_are_snowflakes() {
    let emulator = Emulator::builder().build();
    let client = client(&emulator, key_pair(&emulator));
    let drop = Statement::new("DROP WAREHOUSE").ident(&name("nowhere"));
    let error = client.run(&drop, &RunOptions::default()).await.unwrap_err();
    assert!(error.is_object_missing() && error.query_id().is_some(), "{error}");
    let role = Statement::new("SELECT CURRENT_ROLE()");
    let options = RunOptions {
        role: Some(name("sysadmin")),
        query_tag: Some("it's \"me\"".to_owned()),
        ..RunOptions::default()
    };
    let rows = client.run(&role, &options).await.unwrap().rows;
    assert_eq!(rows.first().unwrap().cells().next().unwrap().1, Some("SYSADMIN"));
    assert_eq!(emulator.statements(0).pop().unwrap().tag.as_deref(), Some("it's \"me\""));
}

#[tokio::test]
async fn hostile_names_arrive_as_they_are() {
    let emulator = Emulator::builder().build();
    let client = client(&emulator, key_pair(&emulator));
    let names = ["\"; DROP WAREHOUSE x; --", "'\\", "a\"\"b", "$$", "/*", "ünï\u{202e}", " ", "%_", "\n"];
    for text in names {
        let name = Ident::exact(text).unwrap();
        let statement =
            Statement::new("CREATE WAREHOUSE").ident(&name).keyword("INITIALLY_SUSPENDED = TRUE COMMENT =");
        run(&client, &statement.literal(text)).await.unwrap();
    }
    let rows = client.run(&show(), &RunOptions::default()).await.unwrap().rows;
    let mut seen: Vec<_> =
        rows.iter().map(|row| (row.text("name").unwrap(), row.text("comment").unwrap())).collect();
    let mut expected: Vec<_> = names.iter().map(|name| (*name, *name)).collect();
    seen.sort_unstable();
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_long_list_is_read_in_partitions() {
    let emulator = Emulator::builder().partition_bytes(2_000).build();
    let client = client(&emulator, key_pair(&emulator));
    for n in 0..50 {
        run(&client, &create(&format!("wh_{n:02}"))).await.unwrap();
    }
    let rows = client.run(&show(), &RunOptions::default()).await.unwrap().rows;
    let mut names: Vec<_> = rows.iter().filter_map(|row| row.text("name")).collect();
    names.sort_unstable();
    assert_eq!(names, (0..50).map(|n| format!("WH_{n:02}")).collect::<Vec<_>>());
    let created = rows.first().unwrap().text("created_on").unwrap();
    assert!(snowfence::snowflake::timestamp::parse(created).is_some(), "{created}");
}
