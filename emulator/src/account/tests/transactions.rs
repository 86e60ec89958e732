//! Transactions and session variables.

use super::Session;

#[test]
fn a_transaction_lasts_until_it_ends_or_ddl_commits_it() {
    let mut session = Session::enterprise();
    let current = "SELECT CURRENT_TRANSACTION()";
    assert_eq!(session.cell(current), "NULL");
    session.all("COMMIT; ROLLBACK WORK; BEGIN");
    let begun = session.cell(current);
    assert_ne!(begun, "NULL");
    session.all("BEGIN TRANSACTION; SHOW ROLES; START TRANSACTION NAME t");
    assert_eq!(session.cell(current), begun);
    session.ok("ROLLBACK");
    assert_eq!(session.cell(current), "NULL");
    session.all("BEGIN WORK; CREATE ROLE r");
    assert_eq!(session.cell(current), "NULL");
    assert_eq!(session.ok("SHOW ROLES LIKE 'r'").rows.len(), 1);
}

#[test]
fn variables_keep_value_and_type() {
    let mut session = Session::enterprise();
    session.all("SET a = 1; SET (b, c) = ('x', CURRENT_ROLE())");
    let rows = session.ok("SELECT $a AS A, $B, $c");
    assert_eq!(rows.rows[0], [Some("1".into()), Some("x".into()), Some("ACCOUNTADMIN".into())]);
    assert_eq!(rows.columns[0].kind, crate::rows::ColumnType::Fixed);
    assert_eq!(rows.columns[1].name, "$B");
    session.all("SET a = $b; UNSET (b, c)");
    assert_eq!(session.cell("SELECT $a"), "x");
    assert_eq!(session.refused("SELECT $b").code, 2211);
    assert_eq!(session.refused("SET (a, b) = (1)").code, 1003);
    assert_eq!(session.refused(&format!("SET a = '{}'", "x".repeat(257))).code, 1005);
    session.ok("UNSET nothing");
}
