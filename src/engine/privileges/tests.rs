use super::*;

const TABLE: Privilege = Privilege { on: "SCHEMA", name: "CREATE TABLE", or: &[], bars: true };
const PLACE: Privilege = Privilege { on: "SCHEMA", name: "USAGE", or: &["*"], bars: true };
const TASK: Privilege = Privilege { on: "ACCOUNT", name: "EXECUTE TASK", or: &[], bars: true };
const WAREHOUSE: Privilege = Privilege { on: "WAREHOUSE", name: "USAGE", or: &[], bars: true };
const MODELS: Privilege =
    Privilege { on: "ACCOUNT", name: "USE AI FUNCTIONS", or: &["USE AI FUNCTION *"], bars: false };
const CORTEX: Privilege = Privilege {
    on: "DATABASE ROLE",
    name: "SNOWFLAKE.CORTEX_USER",
    or: &["SNOWFLAKE.AI_FUNCTIONS_USER"],
    bars: false,
};

fn need(privilege: Privilege, name: &str) -> Need {
    Need { privilege, name: FullName::parse(name).ok() }
}

/// A role R with these grants: kind, name, privilege.
fn held(grants: &[(&str, &str, &str)]) -> Held {
    let mut held = Held { roles: ["R".to_owned()].into(), ..Held::default() };
    for (kind, name, privilege) in grants {
        held.add(kind, name, [*privilege].into_iter());
    }
    held
}

#[test]
fn what_is_held_is_not_claimed_to_be_lacking() {
    for (privilege, on, grant, has) in [
        (TABLE, "D.S", ("SCHEMA", "D.S", "CREATE TABLE"), true),
        (TABLE, "D.S", ("SCHEMA", "D.S", "OWNERSHIP"), true),
        // On all schemas of some place.
        (TABLE, "D.S", ("SCHEMA", "", "CREATE TABLE"), true),
        (TABLE, "D.S", ("SCHEMA", "D.S", "USAGE"), false),
        (TABLE, "D.S", ("SCHEMA", "D.T", "CREATE TABLE"), false),
        (TABLE, "D.S", ("DATABASE", "D", "OWNERSHIP"), false),
        (TABLE, r#"D."s""#, ("SCHEMA", "D.S", "CREATE TABLE"), false),
        (PLACE, "D.S", ("SCHEMA", "D.S", "CREATE VIEW"), true),
        (PLACE, "D.S", ("DATABASE", "D", "USAGE"), false),
        (TASK, "", ("ACCOUNT", "XY12345", "EXECUTE TASK"), true),
        (TASK, "", ("ACCOUNT", "XY12345", "EXECUTE MANAGED TASK"), false),
        (TASK, "", ("ROLE", "ACCOUNTADMIN", "USAGE"), true),
        (WAREHOUSE, "WH", ("WAREHOUSE", "WH", "USAGE"), true),
        (WAREHOUSE, "WH", ("WAREHOUSE", "WH", "MONITOR"), false),
        (WAREHOUSE, "WH", ("ACCOUNT", "XY12345", "MANAGE WAREHOUSES"), true),
        (MODELS, "", ("ACCOUNT", "XY12345", "USE AI FUNCTION AI_COMPLETE"), true),
        (MODELS, "", ("ACCOUNT", "XY12345", "USE ANY ROLE"), false),
        (CORTEX, "SNOWFLAKE.CORTEX_USER", ("DATABASE ROLE", "SNOWFLAKE.AI_FUNCTIONS_USER", "USAGE"), true),
        (CORTEX, "SNOWFLAKE.CORTEX_USER", ("DATABASE ROLE", "SNOWFLAKE.COPILOT_USER", "USAGE"), false),
    ] {
        assert_eq!(held(&[grant]).has(&need(privilege, on)), has, "{} by {grant:?}", privilege.name);
    }
}

/// Statements and barred objects for a role R"x that holds `grants`, of which the tables T and the tasks of G need.
fn told(grants: &[(&str, &str, &str)], unread: bool, is_there: bool) -> (Vec<String>, Vec<String>) {
    let on = |all: &[&str]| all.iter().map(|name| Target::new("TABLE", *name)).collect::<BTreeSet<_>>();
    let needs = [
        (need(TABLE, "D.S"), on(&["D.S.A", "D.S.B"])),
        (need(PLACE, "D.S"), on(&["D.S.A", "D.S.B"])),
        (need(TASK, ""), on(&["D.S.B"])),
        (need(CORTEX, "SNOWFLAKE.CORTEX_USER"), on(&["D.S.C"])),
    ];
    let mut held = held(grants);
    held.unread = unread.then(|| ClientError::BadAnswer(String::new()));
    let role = Ident::exact("R\"x").unwrap();
    let told = lacking(&needs.into(), &held, &role, |_| is_there);
    let barred = told.barred.iter().map(|(on, why)| format!("{on}: {why}"));
    (told.grants.iter().map(ToString::to_string).collect(), barred.collect())
}

#[test]
fn each_privilege_is_told_once_and_bars_what_needs_it() {
    let (grants, barred) = told(&[("SCHEMA", "D.S", "USAGE")], false, false);
    assert_eq!(
        grants,
        [
            r#"GRANT EXECUTE TASK ON ACCOUNT TO ROLE "R""x""#,
            r#"GRANT DATABASE ROLE "SNOWFLAKE"."CORTEX_USER" TO ROLE "R""x""#,
            r#"GRANT CREATE TABLE ON SCHEMA "D"."S" TO ROLE "R""x""#,
        ]
    );
    assert_eq!(
        barred,
        [
            r#"table D.S.A: role "R""x" lacks CREATE TABLE on schema D.S"#,
            r#"table D.S.B: role "R""x" lacks EXECUTE TASK on the account, CREATE TABLE on schema D.S"#,
        ]
    );
}

#[test]
fn what_may_not_be_there_at_all_bars_nothing() {
    let (grants, barred) = told(&[], false, false);
    assert_eq!(grants.len(), 4, "{grants:?}");
    assert_eq!(barred, [r#"table D.S.B: role "R""x" lacks EXECUTE TASK on the account"#]);
    // Another resource has made it.
    assert_eq!(told(&[], false, true).1.len(), 2);
}

#[test]
fn where_something_is_unread_nothing_is_claimed() {
    assert_eq!(told(&[], true, true), (vec![], vec![]));
}
