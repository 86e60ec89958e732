//! Objects known by name, owner and properties; and kinds that nobody can create here.

use super::{Session, short};

#[test]
fn network_policies_are_counted_and_guarded() {
    let mut session = Session::enterprise();
    session.all("CREATE NETWORK POLICY empty; CREATE NETWORK POLICY np ALLOWED_IP_LIST = ('1.1.1.1', '2.2.2.2') COMMENT = 'c'; CREATE USER u");
    let columns = "name comment entries_in_allowed_ip_list entries_in_blocked_ip_list";
    assert_eq!(session.row("SHOW NETWORK POLICIES LIKE 'np'", columns), "NP|c|2|0");
    assert_eq!(
        short(&session.refused("ALTER USER u SET NETWORK_POLICY = 'EMPTY'")),
        "098519 22023 Empty network policy EMPTY cannot be active."
    );
    assert_eq!(session.refused("ALTER ACCOUNT SET NETWORK_POLICY = 'NOPE'").code, 2003);
    session.all("ALTER USER u SET NETWORK_POLICY = np; ALTER ACCOUNT SET NETWORK_POLICY = 'NP'");
    let like = "SHOW PARAMETERS LIKE 'network_policy' FOR USER u";
    assert_eq!(session.row(like, "value level"), "NP|USER");
    assert_eq!(session.refused("DROP NETWORK POLICY np").code, 1492);
    session.ok("ALTER USER u UNSET NETWORK_POLICY");
    assert_eq!(session.row(like, "value level"), "NP|ACCOUNT");
    session
        .all("ALTER ACCOUNT UNSET NETWORK_POLICY; DROP NETWORK POLICY np; DROP NETWORK POLICY IF EXISTS np");
}

#[test]
fn policies_hang_on_users_and_on_the_account() {
    let mut session = Session::enterprise();
    session.all("CREATE USER u; CREATE DATABASE d; CREATE AUTHENTICATION POLICY a; CREATE AUTHENTICATION POLICY b CLIENT_TYPES = ('ALL')");
    session.ok("ALTER USER u SET AUTHENTICATION POLICY d.public.a");
    assert_eq!(session.refused("ALTER USER u SET AUTHENTICATION POLICY b").code, 3558);
    session.ok("ALTER USER u SET AUTHENTICATION POLICY b FORCE");
    assert_eq!(session.refused("DROP AUTHENTICATION POLICY b").code, 1492);
    session.all("CREATE WAREHOUSE w; ALTER ACCOUNT SET AUTHENTICATION POLICY a");
    let of = |name: &str, domain: &str| {
        format!(
            "SELECT * FROM TABLE(SNOWFLAKE.INFORMATION_SCHEMA.POLICY_REFERENCES(REF_ENTITY_NAME => '{name}', REF_ENTITY_DOMAIN => '{domain}'))"
        )
    };
    let columns = "POLICY_DB POLICY_SCHEMA POLICY_NAME POLICY_KIND REF_ENTITY_DOMAIN";
    assert_eq!(session.row(&of("U", "user"), columns), "D|PUBLIC|B|AUTHENTICATION_POLICY|USER");
    assert_eq!(session.row(&of("X", "ACCOUNT"), columns), "D|PUBLIC|A|AUTHENTICATION_POLICY|ACCOUNT");
    session.all("ALTER USER u UNSET AUTHENTICATION POLICY; ALTER ACCOUNT UNSET AUTHENTICATION POLICY");
    assert_eq!(session.refused("ALTER USER u UNSET AUTHENTICATION POLICY").code, 3549);
    assert!(session.ok(&of("U", "USER")).rows.is_empty());
    session.all("DROP AUTHENTICATION POLICY a; DROP AUTHENTICATION POLICY b");
}

#[test]
fn policies_of_the_account_may_be_for_users_of_a_type() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE USER u; CREATE SESSION POLICY a; CREATE SESSION POLICY b; CREATE PASSWORD POLICY p; \
         ALTER ACCOUNT SET SESSION POLICY a; ALTER ACCOUNT SET SESSION POLICY a FOR ALL PERSON USERS; \
         ALTER ACCOUNT SET SESSION POLICY b FOR ALL SERVICE USERS; ALTER USER u SET SESSION POLICY b",
    );
    let on_account = "SHOW SESSION POLICIES ON ACCOUNT";
    assert_eq!(session.column(on_account, "name"), ["A", "B"]);
    let scopes =
        [r#"{"target_scopes":["ACCOUNT","PERSON_USERS"]}"#, r#"{"target_scopes":["SERVICE_USERS"]}"#];
    assert_eq!(session.column(on_account, "options"), scopes);
    assert_eq!(
        session.row("SHOW SESSION POLICIES LIKE 'b' ON USER u", "name kind options"),
        "B|SESSION_POLICY|"
    );
    assert!(session.ok("SHOW PASSWORD POLICIES ON ACCOUNT").rows.is_empty());
    for (statement, code) in [
        ("ALTER ACCOUNT SET SESSION POLICY a FOR ALL SERVICE USERS", 3558),
        ("ALTER ACCOUNT SET PASSWORD POLICY p FOR ALL PERSON USERS", 1003),
        ("ALTER ACCOUNT SET SESSION POLICY a FOR ALL USERS", 1003),
        ("ALTER USER u SET PACKAGES POLICY a", 1003),
        ("SHOW SESSION POLICIES ON USER nobody", 2003),
        ("SHOW STAGES ON ACCOUNT", 1003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.all(
        "ALTER ACCOUNT UNSET SESSION POLICY; ALTER ACCOUNT SET SESSION POLICY a FOR ALL SERVICE USERS FORCE",
    );
    let scopes = r#"{"target_scopes":["PERSON_USERS","SERVICE_USERS"]}"#;
    assert_eq!(session.row(on_account, "name options"), format!("A|{scopes}"));
    assert_eq!(session.refused("DROP SESSION POLICY a").code, 1492);
    session.all("ALTER SESSION POLICY a SET SESSION_IDLE_TIMEOUT_MINS = 30 COMMENT = 'x'; ALTER SESSION SET QUERY_TAG = 'x'");
    assert_eq!(session.row(on_account, "comment"), "x");
    session.all(
        "ALTER ACCOUNT UNSET SESSION POLICY FOR ALL PERSON USERS; ALTER ACCOUNT UNSET SESSION POLICY FOR ALL SERVICE USERS; \
         DROP SESSION POLICY a",
    );
}

#[test]
fn features_and_packages_have_policies() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE FEATURE POLICY f BLOCKED_OBJECT_TYPES_FOR_CREATION = (\"TASKS\"); \
         CREATE PACKAGES POLICY p LANGUAGE PYTHON ALLOWLIST = ('numpy'); \
         ALTER ACCOUNT SET FEATURE POLICY f FOR ALL APPLICATIONS; ALTER ACCOUNT SET PACKAGES POLICY p",
    );
    assert_eq!(session.column("SHOW PACKAGES POLICIES ON ACCOUNT", "name"), ["P"]);
    for statement in [
        "ALTER ACCOUNT SET FEATURE POLICY f",
        "CREATE PACKAGES POLICY q",
        "ALTER ACCOUNT UNSET FEATURE POLICY",
    ] {
        assert_eq!(session.refused(statement).code, 1003, "{statement}");
    }
    session
        .all("ALTER ACCOUNT UNSET FEATURE POLICY FOR ALL APPLICATIONS; ALTER ACCOUNT UNSET PACKAGES POLICY");
    session.all("DROP FEATURE POLICY f; DROP PACKAGES POLICY p");
}

#[test]
fn volumes_integrations_stages_and_shares_are_there_to_be_named() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE ROLE r; \
         CREATE EXTERNAL VOLUME v STORAGE_LOCATIONS = ((NAME = 'l' STORAGE_PROVIDER = 'S3' ENCRYPTION = (TYPE = 'NONE'))); \
         CREATE CATALOG INTEGRATION c CATALOG_SOURCE = OBJECT_STORE TABLE_FORMAT = ICEBERG ENABLED = TRUE; \
         CREATE STAGE st DIRECTORY = (ENABLE = TRUE); CREATE SHARE sh; CREATE EVENT TABLE e; \
         GRANT USAGE ON EXTERNAL VOLUME v TO ROLE r; GRANT USAGE ON INTEGRATION c TO ROLE r; \
         GRANT READ ON STAGE st TO ROLE r; GRANT USAGE ON DATABASE d TO SHARE sh; \
         ALTER DATABASE d SET EXTERNAL_VOLUME = v CATALOG = c",
    );
    assert_eq!(session.row("SHOW EXTERNAL VOLUMES", "name allow_writes comment"), "V|true|NULL");
    assert_eq!(session.row("SHOW INTEGRATIONS", "name type enabled"), "C|CATALOG|true");
    assert_eq!(
        session.row("SHOW STAGES IN SCHEMA d.public", "name type directory_enabled owner"),
        "ST|INTERNAL|Y|ACCOUNTADMIN"
    );
    assert_eq!(session.row("SHOW SHARES", "name kind database_name"), "SH|OUTBOUND|D");
    assert_eq!(session.column("SHOW GRANTS TO ROLE r", "granted_on"), ["VOLUME", "INTEGRATION", "STAGE"]);
    assert_eq!(session.column("SHOW GRANTS ON DATABASE d", "granted_to"), ["ROLE", "SHARE"]);
    let grantee = &session.column("SHOW GRANTS TO SHARE sh", "grantee_name")[0];
    assert_eq!(grantee.split_once('.').map(|(_, name)| name), Some("SH"));
    session
        .all("DROP SHARE sh; DROP STAGE st; DROP INTEGRATION c; DROP EXTERNAL VOLUME v; DROP EVENT TABLE e");
    assert!(session.ok("SHOW GRANTS TO ROLE r").rows.is_empty());
}

#[test]
fn other_kinds_are_known_by_name() {
    let mut session = Session::enterprise();
    session.ok("CREATE DATABASE d");
    for (statement, expected) in [
        ("CREATE SECRET v", "000002 0A000 Unsupported feature 'SECRET'."),
        ("DROP VIEW d.public.v", "002003 02000 View 'D.PUBLIC.V' does not exist or not authorized."),
        (
            "DROP PROCEDURE IF EXISTS x.y.p(INT)",
            "002003 02000 Database 'X' does not exist or not authorized.",
        ),
        ("DROP STREAM IF EXISTS d.nope.s", "002003 02000 Schema 'D.NOPE' does not exist or not authorized."),
        (
            "SHOW VIEWS IN SCHEMA d.nope",
            "002043 02000 Object does not exist, or operation cannot be performed.",
        ),
        ("SHOW TASKS IN SCHEMA d.nope", "002003 02000 Schema 'D.NOPE' does not exist or not authorized."),
        (
            "SHOW GRANTS ON ALERT d.public.a",
            "002003 02000 Alert 'D.PUBLIC.A' does not exist or not authorized.",
        ),
        ("SHOW GRANTS ON COMPUTE POOL p", "002003 02000 Compute pool 'P' does not exist or not authorized."),
    ] {
        assert_eq!(short(&session.refused(statement)), expected, "{statement}");
    }
    session.all("DROP VIEW IF EXISTS d.public.v; SHOW VIEWS IN SCHEMA d.public; SHOW USER FUNCTIONS IN DATABASE d; SHOW TERSE TASKS");
}
