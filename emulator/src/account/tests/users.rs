//! What users show: names, expiry, locks, identities.

use super::Session;

const DAY: i128 = 86_400;

fn with_user(properties: &str) -> Session {
    let mut session = Session::enterprise();
    session.ok(&format!("CREATE USER u {properties}"));
    session
}

fn described(session: &mut Session, property: &str) -> String {
    let rows = session.ok("DESC USER u");
    let row = rows.rows.iter().find(|row| row[0].as_deref() == Some(property)).unwrap();
    row[1].clone().unwrap()
}

#[test]
fn names_are_fixed_at_creation_and_unset_differently() {
    let mut session = with_user("");
    session
        .all("ALTER USER u RENAME TO v; ALTER USER v RENAME TO u; CREATE USER w; ALTER USER w RENAME TO x");
    assert_eq!(session.row("SHOW USERS LIKE 'x'", "login_name display_name type"), "W|W|PERSON");
    session.ok("ALTER USER x UNSET LOGIN_NAME, DISPLAY_NAME");
    assert_eq!(session.row("SHOW USERS LIKE 'x'", "login_name display_name"), "X|");
    session.all("ALTER USER x SET LOGIN_NAME = 'low' DISPLAY_NAME = 'low' DEFAULT_NAMESPACE = \"a-b\".\"c\"");
    let columns = "login_name display_name default_namespace";
    assert_eq!(session.row("SHOW USERS LIKE 'x'", columns), "LOW|low|a-b.c");
}

#[test]
fn what_ends_is_counted_down() {
    let mut session = with_user("DAYS_TO_EXPIRY = 5 MINS_TO_UNLOCK = 15 MINS_TO_BYPASS_MFA = 30");
    let row = session.row("SHOW USERS LIKE 'u'", "mins_to_unlock mins_to_bypass_mfa");
    assert_eq!(row, "14|29");
    let left: f64 = described(&mut session, "DAYS_TO_EXPIRY").parse().unwrap();
    assert!(left > 4.99 && left < 5.0, "{left}");
    session.pass(16 * 60);
    assert_eq!(described(&mut session, "MINS_TO_UNLOCK"), "null");
    assert_eq!(described(&mut session, "MINS_TO_BYPASS_MFA"), "13");
    session.pass(6 * DAY);
    assert!(described(&mut session, "DAYS_TO_EXPIRY").starts_with("-1."));
    assert_ne!(session.row("SHOW USERS LIKE 'u'", "expires_at_time locked_until_time"), "NULL|NULL");
    session.ok("ALTER USER u SET DAYS_TO_EXPIRY = 0 MINS_TO_UNLOCK = -1");
    assert_eq!(session.row("SHOW USERS LIKE 'u'", "expires_at_time locked_until_time"), "NULL|NULL");
    session.ok("ALTER USER u SET DAYS_TO_EXPIRY = -1");
    assert!(described(&mut session, "DAYS_TO_EXPIRY").starts_with("-1"));
    session.ok("ALTER USER u UNSET DAYS_TO_EXPIRY");
    assert_eq!(described(&mut session, "DAYS_TO_EXPIRY"), "null");
}

#[test]
fn a_service_refuses_some_unsets_and_becomes_a_person() {
    let mut session = with_user("TYPE = SERVICE");
    for (property, works) in
        [("MUST_CHANGE_PASSWORD", false), ("DISABLE_MFA", false), ("FIRST_NAME", true), ("PASSWORD", true)]
    {
        assert_eq!(session.send(&format!("ALTER USER u UNSET {property}")).is_ok(), works, "{property}");
    }
    session.ok("ALTER USER u UNSET TYPE");
    assert_eq!(session.row("SHOW USERS LIKE 'u'", "type"), "PERSON");
}

#[test]
fn a_workload_identity_is_listed_with_what_it_says() {
    let shown = "SHOW USER WORKLOAD IDENTITY AUTHENTICATION METHODS FOR USER u";
    for (identity, said) in [
        (
            "TYPE = OIDC ISSUER = 'i' SUBJECT = 's' OIDC_AUDIENCE_LIST = ('a')",
            r#"{"audienceList":["a"],"issuer":"i","subject":"s"}"#,
        ),
        ("TYPE = GCP SUBJECT = '1'", r#"{"subject":"1"}"#),
        (
            "TYPE = AWS ARN = 'arn:aws:iam::123456789012:role/path/name'",
            r#"{"awsAccount":"123456789012","awsPartition":"aws","iamRole":"path/name","type":"IAM_ROLE"}"#,
        ),
    ] {
        let mut session = with_user(&format!("TYPE = SERVICE WORKLOAD_IDENTITY = ({identity})"));
        assert_eq!(session.row(shown, "name comment additional_info"), format!("DEFAULT|NULL|{said}"));
        session.ok("ALTER USER u UNSET WORKLOAD_IDENTITY");
        assert!(session.ok(shown).rows.is_empty());
    }
}

#[test]
fn who_does_not_manage_a_user_sees_little() {
    let mut session = with_user("EMAIL = 'a@b.c' DAYS_TO_EXPIRY = 1");
    session.all("CREATE ROLE r; GRANT ROLE r TO USER operator");
    session.as_role("R");
    let columns = "name login_name display_name email type disabled";
    assert_eq!(session.row("SHOW USERS LIKE 'u'", columns), "U|NULL|NULL|NULL|NULL|NULL");
    assert_ne!(session.row("SHOW USERS LIKE 'u'", "expires_at_time"), "NULL");
    assert_eq!(session.refused("SHOW PARAMETERS FOR USER u").code, 3001);
}
