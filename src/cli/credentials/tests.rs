use std::{collections::HashMap, fs, path::PathBuf};

use super::{BadCredentials, Environment, environment, hosts, named};
use crate::{kinds::connection::Reach, snowflake::Transport};

const MARK: &str = "MARKED-SECRET-TEXT";

#[derive(Default)]
struct Test {
    vars: HashMap<String, String>,
    home: Option<tempfile::TempDir>,
}

impl Environment for Test {
    fn var(&self, name: &str) -> Option<String> {
        self.vars.get(name).filter(|value| !value.is_empty()).cloned()
    }
    fn home(&self) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.path().into())
    }
}

impl Test {
    fn set(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }
    fn file(mut self, path: &str, text: &str) -> Self {
        let home = self.home.get_or_insert_with(|| tempfile::tempdir().unwrap());
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }
    fn connection(&self, name: &str) -> Result<super::Given, BadCredentials> {
        named(name, self, &reach(&[]))
    }
}

fn reach(allowed: &[&str]) -> Reach {
    let allowed: Vec<_> = allowed.iter().map(|host| (*host).to_owned()).collect();
    Reach::new(hosts(&allowed).unwrap(), Transport::reqwest(None).unwrap())
}

/// A key of this test alone.
fn key() -> String {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap().serialize_pem()
}

#[test]
fn a_connection_of_snow_is_found_in_its_files() {
    let table = format!(
        "account = \"org-acc\"\nuser = \"U\"\nrole = \"r\"\nauthenticator = \"programmatic_access_token\"\ntoken = \"{MARK}\"\n"
    );
    for (path, head) in [
        (".snowflake/connections.toml", "[dev]\n"),
        (".snowflake/connections.toml", "[connections.dev]\n"),
        (".snowflake/config.toml", "[connections.dev]\n"),
        (".config/snowflake/connections.toml", "[dev]\n"),
    ] {
        let env = Test::default().file(path, &format!("{head}{table}"));
        let given = env.connection("dev").unwrap();
        assert_eq!(given.config.account().as_str(), "org-acc");
        assert_eq!(given.config.base_url().as_str(), "https://org-acc.snowflakecomputing.com/");
        assert!(given.from.ends_with(path), "{}", given.from);
        assert!(!format!("{given:?}").contains(MARK));
        assert_eq!(given.warnings.len(), usize::from(cfg!(unix)), "{:?}", given.warnings);
    }
    let moved = tempfile::tempdir().unwrap();
    fs::write(moved.path().join("connections.toml"), format!("[x]\n{table}")).unwrap();
    let env = Test::default()
        .file(".snowflake/connections.toml", "")
        .set("SNOWFLAKE_HOME", moved.path().to_str().unwrap());
    env.connection("x").unwrap();
}

#[test]
fn the_environment_overrides_a_connection_and_fills_what_it_lacks() {
    let env = Test::default()
        .file(".snowflake/connections.toml", "[dev]\naccount = \"a-b\"\nuser = \"U\"\n")
        .file("key.p8", &key())
        .set("SNOWFLAKE_CONNECTIONS_DEV_ACCOUNT", "c-d")
        .set("SNOWFLAKE_ACCOUNT", "e-f")
        .set("SNOWFLAKE_PRIVATE_KEY_PATH", "~/key.p8");
    assert_eq!(env.connection("dev").unwrap().config.account().as_str(), "c-d");
    // A connection may be in the environment alone.
    let env = env.set("SNOWFLAKE_CONNECTIONS_CI_ACCOUNT", "g-h").set("SNOWFLAKE_USER", "V");
    assert_eq!(env.connection("ci").unwrap().config.account().as_str(), "g-h");
}

#[test]
fn the_environment_alone_is_enough() {
    assert!(environment(&Test::default(), &reach(&[])).unwrap().is_none());
    let env = Test::default()
        .set("SNOWFLAKE_ACCOUNT", "org-acc")
        .set("SNOWFLAKE_USER", "U")
        .set("SNOWFLAKE_PRIVATE_KEY_RAW", &key())
        .set("SNOWFLAKE_HOST", "127.0.0.1")
        .set("SNOWFLAKE_PORT", "8080")
        .set("SNOWFLAKE_PROTOCOL", "http");
    let refused = environment(&env, &reach(&[])).unwrap_err().to_string();
    assert!(refused.contains("127.0.0.1:8080") && refused.contains("--allow-host"), "{refused}");
    let given = environment(&env, &reach(&["127.0.0.1:8080"])).unwrap().unwrap();
    assert_eq!(given.config.base_url().as_str(), "http://127.0.0.1:8080/");
}

#[test]
fn every_refusal_says_what_to_do_and_shows_no_secret() {
    let env = |table: &str| Test::default().file(".snowflake/connections.toml", &format!("[dev]\n{table}"));
    let account = "account = \"a-b\"\nuser = \"U\"\n";
    let cases = [
        (format!("password = \"{MARK}\""), "account is missing"),
        (format!("{account}password = \"{MARK}\""), "key pair"),
        (account.to_owned(), "there is no credential"),
        (format!("{account}authenticator = \"externalbrowser\""), "needs a person"),
        (format!("{account}authenticator = \"SNOWFLAKE_JWT\""), "private_key_file is missing"),
        (format!("{account}private_key_raw = \"{MARK}\""), "not PEM"),
        (format!("{account}private_key_file = \"none.p8\""), "can't be read"),
        (format!("{account}private_key_file = \"/\""), "is no file"),
        (format!("{account}token = \"{MARK} with blanks\""), "characters"),
        (
            format!("{account}authenticator = \"WORKLOAD_IDENTITY\"\nworkload_identity_provider = \"AWS\""),
            "OIDC",
        ),
        (
            format!(
                "{account}authenticator = \"OAUTH_CLIENT_CREDENTIALS\"\noauth_client_secret = \"{MARK}\""
            ),
            "oauth_token_request_url",
        ),
        (
            format!(
                "{account}authenticator = \"OAUTH_CLIENT_CREDENTIALS\"\noauth_client_id = \"i\"\noauth_client_secret = \"{MARK}\"\noauth_token_request_url = \"https://evil.example/token\""
            ),
            "evil.example",
        ),
        (format!("account = \"https://x\"\ntoken = \"{MARK}\""), "write only what comes before"),
        (format!("{account}host = \"evil.example\"\ntoken = \"{MARK}\""), "--allow-host"),
        (format!("{account}role = \"a b\"\ntoken = \"{MARK}\""), "double quotes"),
        (format!("token = \"{MARK}\"\ntoken = \"{MARK}\""), "line 3"),
        (format!("token = {MARK}"), "line 2"),
    ];
    for (table, says) in cases {
        let error = env(&table).connection("dev").map(|_| table).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains(MARK), "{error}");
    }
    let error = env("account = \"x\"").connection("other").unwrap_err().to_string();
    assert_eq!(error, "there is no connection other: there are dev");
    let error = Test::default().connection("dev").unwrap_err().to_string();
    assert!(error.contains("no folder"), "{error}");
    let error =
        env("").file(".snowflake/connections.toml", "dev = 1").connection("dev").unwrap_err().to_string();
    assert!(error.contains("is no table"), "{error}");
}
