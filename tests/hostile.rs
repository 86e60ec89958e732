//! Ten thousand names and texts that try to get out of their quotes, through whole statements, into an account that
//! reads SQL with a parser of its own.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, test_runner::TestRunner};
use snowfence::{
    api::{Grant, Record, SnowflakeWarehouse, connection::Adoption, warehouse::WarehouseSpec},
    engine::{
        managed::{Managed, Planning},
        ownership::{Claimant, Former, resolved_name},
    },
    kinds::warehouse::Seen,
    plan::{Step, Target},
    values::ident::Ident,
};
use snowfence_emulator::{account::Account, emulator::Emulator};

const TRICKS: &[&str] = &[
    "\"",
    "\"\"",
    "'",
    "''",
    "\\",
    "\\'",
    "\\\"",
    ";",
    "; DROP WAREHOUSE SAFE",
    "--",
    "//",
    "/*",
    "*/",
    "$$",
    "\n",
    "\r",
    "\t",
    "\u{0}",
    "0",
    "\\0",
    "\\x27",
    "\\u0027",
    "\u{201d}",
    "\u{2019}",
    "\u{ff07}",
    "\u{ff02}",
    "\u{202e}",
    "\u{2028}",
    "\u{85}",
    "\u{1f9ca}",
    "a",
    "Z",
    " ",
    ".",
    "=",
    "(",
    ")",
    ",",
    "&v",
    ":b",
    "?",
    "IDENTIFIER(",
    "{{x}}",
    "<%",
    "%",
    "_",
    "INITIALLY_SUSPENDED = FALSE",
    "\u{e9}",
    "e\u{301}",
];

pub fn hostile(parts: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let trick = prop::sample::select(TRICKS).prop_map(str::to_owned);
    let part = prop_oneof![4 => trick, 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(part, parts).prop_map(|parts| parts.concat())
}

/// A text with NUL in it is no name, and an empty one neither.
pub fn name(parts: std::ops::Range<usize>) -> impl Strategy<Value = Ident> {
    hostile(parts).prop_filter_map("no name", |text| Ident::exact(&text).ok())
}

/// The statements of a plan for a warehouse that is not there.
fn statements(name: &Ident, role: &Ident, comment: &str) -> Vec<String> {
    let grant = Grant { role: role.to_spec(), privileges: vec!["USAGE".into(), "MONITOR".into()] };
    let spec = WarehouseSpec {
        name: Some(name.to_spec()),
        comment: Some(comment.to_owned()),
        grants: Some(vec![grant]),
        ..WarehouseSpec::default()
    };
    let cr = SnowflakeWarehouse::new("it", spec);
    let (record, common) = (Record::default(), cr.common());
    let name = resolved_name(&common, "it").unwrap();
    let target = Target::new("WAREHOUSE", name.as_str());
    let claimant = Claimant {
        uid: "uid",
        common,
        adoption: Adoption::Never,
        role: "ACCOUNTADMIN",
        record: &record,
        former: Former::Any,
    };
    let rivals = BTreeMap::new();
    let planning =
        Planning { claimant, record: &record, target: &target, name: &name, rivals: &rivals, offline: false };

    let steps = cr.plan(&planning, &Seen::default()).unwrap();
    steps.steps.iter().flat_map(Step::statements).map(ToString::to_string).collect()
}

#[test]
fn ten_thousand_names_stay_in_their_quotes() {
    let emulator = Emulator::builder().build();
    let admin =
        |sql: &str| emulator.execute_as("ACCOUNTADMIN", sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    admin("CREATE WAREHOUSE SAFE INITIALLY_SUSPENDED = TRUE");
    let fresh = emulator.account().lock().unwrap().clone();
    let config = ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() };
    // The account does not know the escape of NUL in a string; the unit tests of literals look after it.
    let text = hostile(0..12).prop_map(|text| text.replace('\0', ""));
    let strategy = (name(1..12), name(1..6), text, name(1..8));
    TestRunner::new(config)
        .run(&strategy, |(name, role, comment, other)| {
            prop_assume!(name.as_str() != "SAFE" && other != name && other.as_str() != "SAFE");
            let mut account = fresh.clone();
            let mut context = snowfence_emulator::context::Context {
                user: "OPERATOR".into(),
                role: Some("ACCOUNTADMIN".into()),
                ..Default::default()
            };
            let mut run = |account: &mut Account, sql: &str| {
                prop_assert_eq!(
                    Account::split(sql).map_err(|e| TestCaseError::fail(e.message))?,
                    [sql.to_owned()]
                );
                let done = account.execute(&mut context, sql, 1_800_000_000_000_000_000);
                done.map(drop).map_err(|error| TestCaseError::fail(format!("{sql}: {}", error.message)))
            };
            run(&mut account, &format!("CREATE ROLE IF NOT EXISTS {role}"))?;
            let all = statements(&name, &role, &comment);
            prop_assert_eq!(all.len(), 2);
            for sql in &all {
                run(&mut account, sql)?;
            }
            let made = account.warehouse(name.as_str()).expect("it has exactly its name");
            prop_assert_eq!(&made.head.comment, &comment);
            prop_assert!(!made.started, "nothing in a name starts it");
            prop_assert!(account.warehouse("SAFE").is_some());
            let rename = format!("ALTER WAREHOUSE {name} RENAME TO {other}");
            run(&mut account, &rename)?;
            prop_assert!(
                account.warehouse(other.as_str()).is_some() && account.warehouse(name.as_str()).is_none()
            );
            run(&mut account, &format!("REVOKE USAGE ON WAREHOUSE {other} FROM ROLE {role}"))?;
            run(
                &mut account,
                SnowflakeWarehouse::drop_statement(&Target::new("WAREHOUSE", other.as_str()))
                    .unwrap()
                    .as_str(),
            )?;
            prop_assert!(account.warehouse(other.as_str()).is_none() && account.warehouse("SAFE").is_some());
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_is_no_name_is_refused_before_any_statement() {
    let long = "x".repeat(256);
    for text in
        ["", "a b", "\"open", "\"a\"b\"", "\"\"", "1a", "a\u{0}", "\"a\u{0}\"", long.as_str(), "a;b", "a--"]
    {
        assert!(Ident::from_spec(text).is_err(), "{text:?}");
    }
    let names: BTreeSet<_> = ["a", "A", "\"A\"", "a$1", "_x"]
        .iter()
        .map(|text| Ident::from_spec(text).unwrap().as_str().to_owned())
        .collect();
    assert_eq!(names, BTreeSet::from(["A".to_owned(), "A$1".into(), "_X".into()]));
}
