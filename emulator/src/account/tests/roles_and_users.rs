//! Roles, users, and their credentials.

use super::super::Account;
use super::{NOON, Session, column, short};

/// 2,048 bits would be longer; the structure is what counts.
const KEY: &str = "MAswCQIBAQIBAQIBAQ==";

#[test]
fn roles_are_listed_with_their_counts() {
    let mut session = Session::enterprise();
    session.all("CREATE ROLE r COMMENT = 'x'; GRANT ROLE r TO ROLE sysadmin; GRANT ROLE r TO USER operator");
    assert_eq!(
        session.row(
            "SHOW ROLES LIKE 'r'",
            "is_default is_current is_inherited assigned_to_users granted_to_roles granted_roles owner comment"
        ),
        "N|N|Y|1|1|0|ACCOUNTADMIN|x"
    );
    let names = session.column("SHOW ROLES", "name");
    assert_eq!(names, ["ACCOUNTADMIN", "ORGADMIN", "PUBLIC", "R", "SECURITYADMIN", "SYSADMIN", "USERADMIN"]);
    session.all(
        "ALTER ROLE r RENAME TO q; ALTER ROLE q UNSET COMMENT; ALTER ROLE IF EXISTS nope SET COMMENT = ''",
    );
    assert_eq!(session.row("SHOW ROLES LIKE 'q'", "comment granted_to_roles"), "|1");
    assert_eq!(
        session.account.roles_of("OPERATOR"),
        ["ACCOUNTADMIN", "PUBLIC", "Q", "SECURITYADMIN", "SYSADMIN", "USERADMIN"]
    );
}

#[test]
fn what_a_dropped_role_owned_goes_to_who_dropped_it() {
    let mut session = Session::enterprise();
    session.all("CREATE ROLE r; GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE r");
    session.as_role("R").ok("CREATE WAREHOUSE w");
    session.as_role("ACCOUNTADMIN").ok("DROP ROLE r");
    assert_eq!(session.row("SHOW WAREHOUSES", "owner"), "ACCOUNTADMIN");
    assert_eq!(session.refused("DROP ROLE r").code, 2003);
    assert_eq!(session.refused("DROP ROLE sysadmin").code, 3001);
    session.context.role = Some("R".into());
    assert_eq!(session.refused("SHOW ROLES").code, 2003);
}

#[test]
fn users_are_created_listed_and_described() {
    let mut session = Session::enterprise();
    session.ok(&format!(
        "CREATE USER u PASSWORD = 'correct horse' LOGIN_NAME = 'U@Example.com' EMAIL = 'u@example.com' TYPE = PERSON \
         DEFAULT_ROLE = 'analyst' DEFAULT_WAREHOUSE = \"wh\" DEFAULT_NAMESPACE = d.s DEFAULT_SECONDARY_ROLES = () \
         RSA_PUBLIC_KEY = '{KEY}' MUST_CHANGE_PASSWORD = TRUE COMMENT = 'x' TIMEZONE = 'UTC'"
    ));
    assert_eq!(
        session.row(
            "SHOW USERS LIKE 'u'",
            "login_name display_name email default_role default_warehouse default_namespace default_secondary_roles \
             must_change_password has_password has_rsa_public_key type owner comment disabled"
        ),
        "U@EXAMPLE.COM|U|u@example.com|ANALYST|wh|D.S|[]|true|true|true|PERSON|ACCOUNTADMIN|x|false"
    );
    let rows = session.ok("DESC USER u");
    let (names, values) = (column(&rows, "property"), column(&rows, "value"));
    let value = |name: &str| values[names.iter().position(|it| it == name).unwrap()].clone();
    assert_eq!(value("FIRST_NAME"), "null");
    assert_eq!(value("RSA_PUBLIC_KEY"), KEY);
    assert!(value("RSA_PUBLIC_KEY_FP").starts_with("SHA256:"));
    assert_eq!(session.row("SHOW PARAMETERS LIKE 'TIMEZONE' IN USER u", "value level"), "UTC|USER");
    let user = session.account.user("U").unwrap();
    assert!(user.password_is("correct horse") && !user.password_is("wrong horse"));
    assert_eq!(user.rsa_public_key(), Some(KEY));
    assert_eq!(session.account.user_by_login("u@example.com").map(super::super::User::name), Some("U"));
    assert!(!serde_json::to_string(&session.account).unwrap().contains("correct horse"));
    session.all("ALTER USER u UNSET PASSWORD, RSA_PUBLIC_KEY, EMAIL; ALTER USER u SET DISABLED = TRUE");
    assert_eq!(
        session.row("SHOW USERS LIKE 'u'", "has_password has_rsa_public_key disabled"),
        "false|false|true"
    );
    session.all("ALTER USER u RENAME TO v; DROP USER v; DROP USER IF EXISTS v");
}

#[test]
fn what_a_user_cannot_have_is_refused() {
    for (statement, message) in [
        (
            "CREATE USER u TYPE = SERVICE PASSWORD = 'long enough'",
            "Cannot set PASSWORD on users with TYPE=SERVICE.",
        ),
        (
            "CREATE USER u FIRST_NAME = 'a' TYPE = LEGACY_SERVICE",
            "Cannot set FIRST_NAME on users with TYPE=LEGACY_SERVICE.",
        ),
        ("CREATE USER u RSA_PUBLIC_KEY_FP = 'x'", "invalid property 'RSA_PUBLIC_KEY_FP' for 'USER'"),
        (
            "CREATE USER u RSA_PUBLIC_KEY = 'hello'",
            "New public key rejected by current policy. Reason: 'Invalid Public key'",
        ),
        ("CREATE USER u DAYS_TO_EXPIRY = 1.5", "invalid value [1.5] for parameter 'DAYS_TO_EXPIRY'"),
        ("CREATE USER u DISABLE_MFA = TRUE", "invalid property 'DISABLE_MFA' for 'USER'"),
        ("CREATE USER operator", "Object 'OPERATOR' already exists."),
        ("CREATE USER u LOGIN_NAME = 'operator'", "Object 'OPERATOR' already exists."),
        ("CREATE USER u WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = 'x')", "Missing option(s): [SUBJECT]"),
        ("CREATE USER u SHOE_SIZE = 43", "syntax error line 1 at position 14 unexpected 'SHOE_SIZE'."),
        ("DROP USER operator", "Insufficient privileges to operate on user 'OPERATOR'"),
    ] {
        let error = Session::enterprise().refused(statement);
        assert!(short(&error).ends_with(message), "{statement}: {error}");
    }
    let mut session = Session::enterprise();
    session.ok("CREATE USER u");
    session.as_role("PUBLIC");
    assert_eq!(
        short(&session.refused("DESC USER u")),
        "003001 42501 Insufficient privileges to operate on user 'U'"
    );
    assert_eq!(session.row("SHOW USERS LIKE 'u'", "name login_name"), "U|NULL");
}

#[test]
fn tokens_are_made_rotated_and_removed() {
    let mut session = Session::enterprise();
    session.all("CREATE USER u; CREATE ROLE r; GRANT ROLE r TO USER u");
    let rows = session.ok("ALTER USER u ADD PROGRAMMATIC ACCESS TOKEN t ROLE_RESTRICTION = 'r' DAYS_TO_EXPIRY = 3 COMMENT = 'x'");
    assert_eq!(column(&rows, "token_name"), ["T"]);
    let secret = column(&rows, "token_secret").remove(0);
    let token = session.account.user("U").unwrap().token(&secret).unwrap();
    assert_eq!(token.role_restriction.as_deref(), Some("R"));
    assert!(token.expires_at > (NOON / 1_000_000) as i64 + 3 * 86_400_000);
    assert!(!serde_json::to_string(&session.account).unwrap().contains(&secret));
    let rows = session.ok("ALTER USER u ROTATE PAT t EXPIRE_ROTATED_TOKEN_AFTER_HOURS = 0");
    let fresh = column(&rows, "token_secret").remove(0);
    let show = "SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER u";
    assert_eq!(session.column(show, "status"), ["EXPIRED", "ACTIVE"]);
    assert_eq!(session.column(show, "rotated_to"), ["T", "NULL"]);
    assert!(session.account.user("U").unwrap().token(&fresh).is_some());
    session.ok("ALTER USER u MODIFY PROGRAMMATIC ACCESS TOKEN t SET DISABLED = TRUE COMMENT = ''");
    assert_eq!(session.column(show, "status"), ["EXPIRED", "DISABLED"]);
    session.all("ALTER USER u MODIFY PAT t RENAME TO v; ALTER USER u REMOVE PAT v");
    let error = session.refused("ALTER USER u REMOVE PROGRAMMATIC ACCESS TOKEN t");
    assert!(error.message.contains("Programmatic access token T not found"), "{error}");
    assert_eq!(session.refused("ALTER USER u ADD PAT x ROLE_RESTRICTION = 'SYSADMIN'").code, 2003);
    session.ok("ALTER USER ADD PAT mine");
    assert_eq!(session.column("SHOW USER PATS", "name"), ["MINE"]);
}

#[test]
fn a_workload_identity_is_kept() {
    let mut session = Session::enterprise();
    session.ok(
        "CREATE USER u TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = 'https://issuer' SUBJECT = 'sub' \
         OIDC_AUDIENCE_LIST = ('a', 'b'))",
    );
    let identity = session.account.user("U").unwrap().workload_identity.clone().unwrap();
    assert_eq!(
        (identity.kind.as_str(), identity.issuer.as_str(), identity.subject.as_str()),
        ("OIDC", "https://issuer", "sub")
    );
    assert_eq!(identity.audiences, ["a", "b"]);
    assert_eq!(session.row("SHOW USERS LIKE 'u'", "has_workload_identity type"), "true|SERVICE");
    session.ok("ALTER USER u UNSET WORKLOAD_IDENTITY");
    assert!(session.account.user("U").unwrap().workload_identity.is_none());
}

#[test]
fn a_new_account_has_its_operator() {
    let account = Account::new("acme", "main", super::super::Edition::Standard);
    assert_eq!(
        account.roles_of("OPERATOR"),
        ["ACCOUNTADMIN", "PUBLIC", "SECURITYADMIN", "SYSADMIN", "USERADMIN"]
    );
    assert!(account.roles_of("NOBODY").is_empty());
    assert_eq!((account.organization(), account.name()), ("ACME", "MAIN"));
}
