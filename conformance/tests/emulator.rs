//! The list against the emulator, and what the runner does when something is wrong.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use snowfence_conformance::{
    account::Account,
    case::{self, File},
    names::Prefix,
    run::{self, Refused, Run, Stop, Verdict},
    sweep,
};
use snowfence_emulator::{
    account::Edition,
    emulator::Emulator,
    faults::{Action, Fault},
};

/// Where the emulator is known to answer otherwise: file and case. What is mended has to leave this list.
const KNOWN: &[(&str, &str)] = &[];

async fn run(emulator: &Emulator, files: &[File]) -> Result<Run, Refused> {
    let account = Account::inside(emulator).await.unwrap();
    run::run(&account, Prefix::random(), files, &Stop::default(), |_, _| {}).await
}

fn emulator() -> Emulator {
    Emulator::builder().build()
}

/// A file with one case.
fn one(rest: &str) -> Vec<File> {
    let text =
        format!("cases:\n- name: one\n  source: 'terraform-provider: x'\n  {}", rest.replace('\n', "\n  "));
    vec![case::read("one", &text).unwrap()]
}

fn only(run: &Run) -> &Verdict {
    &run.files[0].cases[0].verdict
}

#[tokio::test]
async fn the_emulator_answers_as_the_list_says() {
    let files = case::all().unwrap();
    let known: BTreeSet<(String, String)> =
        KNOWN.iter().map(|(file, case)| ((*file).to_owned(), (*case).to_owned())).collect();
    let (mut met, mut differ) = (BTreeSet::new(), BTreeSet::new());
    for edition in [Edition::Enterprise, Edition::Standard] {
        let run = run(&Emulator::builder().edition(edition).build(), &files).await.unwrap();
        assert!(run.ended.is_none() && run.left.is_empty(), "{}", run.report(true));
        for file in &run.files {
            for result in &file.cases {
                let name = (file.name.clone(), result.case.name.clone());
                match &result.verdict {
                    Verdict::Matched(_) => met.insert(name),
                    Verdict::Differs { .. } => {
                        assert!(known.contains(&name), "{edition:?}\n{}", run.report(true));
                        differ.insert(name)
                    }
                    Verdict::Skipped(_) => false,
                };
            }
        }
    }
    assert_eq!(differ, known, "mended: to be taken out of the list");
    let all =
        files.iter().flat_map(|file| file.cases.iter().map(|case| (file.name.clone(), case.name.clone())));
    let never: Vec<_> = all.filter(|case| !met.contains(case) && !differ.contains(case)).collect();
    assert!(never.is_empty(), "cases that no edition runs: {never:?}");
}

#[tokio::test]
async fn a_wrong_expectation_is_reported() {
    let wrong = one("setup: ['CREATE ROLE {prefix}_R']\n\
                     statement: SHOW ROLES LIKE '{prefix}_R'\n\
                     expect: {rows: 1, contains: [name, shoes], cells: {comment: wrong, owner: ACCOUNTADMIN}}");
    let run = run(&emulator(), &wrong).await.unwrap();
    let Verdict::Differs { statement, differences } = only(&run) else { panic!("{run:?}") };
    assert!(statement.starts_with("SHOW ROLES LIKE 'SNOWFENCE_"), "{statement}");
    let told: Vec<_> =
        differences.iter().map(|it| (it.what.as_str(), it.expected.as_str(), it.seen.as_str())).collect();
    assert_eq!(told[1], ("cell comment", "'wrong'", "''"));
    assert_eq!((told.len(), told[0].0), (2, "columns, among others"));
    let report = run.report(false);
    for part in ["terraform-provider: x", "expected 'wrong'", "seen     ''", "nothing is left of the run."] {
        assert!(report.contains(part), "{report}");
    }
    assert!(!run.is_good());
}

#[tokio::test]
async fn a_setup_that_fails_and_an_error_that_does_not_come_are_differences() {
    for (case, expected) in [
        ("setup: ['DROP ROLE {prefix}_R']\nstatement: SHOW ROLES\nexpect: {rows: 0}", "setup"),
        ("statement: CREATE ROLE {prefix}_R\nexpect: {error: {code: '002002'}}", "outcome"),
        ("statement: DROP ROLE {prefix}_R\nexpect: {status: x}", "outcome"),
    ] {
        let run = run(&emulator(), &one(case)).await.unwrap();
        let Verdict::Differs { differences, .. } = only(&run) else { panic!("{run:?}") };
        assert_eq!(differences[0].what, expected, "{case}");
    }
}

#[tokio::test]
async fn a_list_that_could_touch_something_else_is_not_begun() {
    let emulator = emulator();
    let mut files = one("statement: CREATE ROLE {prefix}_R\nexpect: {rows: 1}");
    files.extend(one("statement: DROP ROLE SYSADMIN\nexpect: {rows: 1}"));
    let Err(Refused::Unsafe { message, .. }) = run(&emulator, &files).await else { panic!() };
    assert_eq!(message, "SYSADMIN lacks the prefix: DROP ROLE SYSADMIN");
    assert!(emulator.statements(0).iter().all(|statement| !statement.writes()));
}

#[tokio::test]
async fn a_prefix_that_is_taken_is_not_used() {
    let emulator = emulator();
    let prefix = Prefix::random();
    emulator.execute_as("SYSADMIN", &format!("CREATE WAREHOUSE {prefix}_W")).unwrap();
    let account = Account::inside(&emulator).await.unwrap();
    let files = one("statement: SHOW ROLES\nexpect: {rows: 1}");
    let refused = run::run(&account, prefix, &files, &Stop::default(), |_, _| {}).await;
    assert!(matches!(refused, Err(Refused::Taken { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_interrupted_run_drops_what_it_made() {
    let emulator = emulator();
    let account = Account::inside(&emulator).await.unwrap();
    let (prefix, stop) = (Prefix::random(), Stop::default());
    let mut files =
        one("setup: ['CREATE SCHEMA {database}.S']\nstatement: CREATE ROLE {prefix}_R\nexpect: {rows: 1}");
    files.extend(one("statement: SHOW ROLES\nexpect: {rows: 1}"));
    let run = run::run(&account, prefix.clone(), &files, &stop, |_, _| stop.now()).await.unwrap();
    assert_eq!(run.ended.as_deref(), Some("interrupted"));
    assert!(matches!(run.files[1].cases[0].verdict, Verdict::Skipped(_)), "{run:?}");
    assert!(run.left.is_empty() && run.left.dropped == 1, "{run:?}");
    assert!(sweep::find(&account.client, &prefix).await.0.is_empty());
}

#[tokio::test]
async fn what_cannot_be_dropped_is_told() {
    let emulator = emulator();
    let refusal = Action::Error { code: 3001, sql_state: "42501".into(), message: "no".into() };
    let mut fault = Fault::on("drop", refusal);
    fault.count = 100;
    emulator.inject(fault).unwrap();
    let case =
        one("setup: ['CREATE ROLE {prefix}_R']\nstatement: SHOW ROLES LIKE '{prefix}_R'\nexpect: {rows: 1}");
    let run = run(&emulator, &case).await.unwrap();
    assert!(matches!(only(&run), Verdict::Matched(_)), "{run:?}");
    assert!(!run.is_good());
    let report = run.report(false);
    assert!(report.contains("could not be dropped") && report.contains("ROLE SNOWFENCE_"), "{report}");
}

#[tokio::test]
async fn what_others_made_stays_while_a_run_cleans_up() {
    let emulator = emulator();
    for statement in ["CREATE WAREHOUSE MINE", "CREATE ROLE SNOWFENCE_MINE", "CREATE DATABASE MINE"] {
        emulator.execute_as("ACCOUNTADMIN", statement).unwrap();
    }
    let before = emulator.last_statement();
    run(&emulator, &case::all().unwrap()).await.unwrap();
    for (show, count) in
        [("SHOW WAREHOUSES", 1), ("SHOW ROLES LIKE 'SNOWFENCE%'", 1), ("SHOW DATABASES LIKE 'MINE'", 1)]
    {
        assert_eq!(emulator.execute_as("ACCOUNTADMIN", show).unwrap().rows.len(), count, "{show}");
    }
    let writes = emulator
        .statements(before)
        .into_iter()
        .filter(|it| it.writes() && it.client.starts_with("snowfence/"));
    let strange: Vec<_> = writes.map(|it| it.text).filter(|text| !text.contains("SNOWFENCE_")).collect();
    // What is about the request's own session, and an error of syntax that names nothing.
    let harmless = |text: &str| {
        text.starts_with("USE ") || text.starts_with("ALTER SESSION ") || text == "CREATE WAREHOUSE"
    };
    assert!(strange.iter().all(|text| harmless(text)), "{strange:?}");
}

#[tokio::test]
async fn what_an_edition_or_a_role_lacks_is_skipped_with_the_reason() {
    let standard = Emulator::builder().edition(Edition::Standard).build();
    let case = one("needs: [enterprise]\nstatement: SHOW ROLES\nexpect: {rows: 1}");
    let run = run(&standard, &case).await.unwrap();
    assert!(
        matches!(only(&run), Verdict::Skipped(reason) if reason == "needs Enterprise Edition"),
        "{run:?}"
    );
    let file = case::read(
        "x",
        "needs: [{privilege: CREATE ROLE}]\ncases: [{name: a, source: 'terraform-provider: x', statement: SHOW ROLES, \
         expect: {rows: 1}}]",
    );
    assert_eq!(file.unwrap().needs, [case::Need::Privilege("CREATE ROLE".into())]);
}

#[tokio::test]
async fn a_role_that_is_refused_ends_no_run_and_a_credential_does() {
    for (role, ends) in [("as: '{prefix}_R'\n", false), ("", true)] {
        let emulator = emulator();
        let mut fault = Fault::on("desc", Action::ExpiredSession);
        fault.count = 100;
        emulator.inject(fault).unwrap();
        let case = format!("{role}statement: DESC USER {{user}}\nexpect: {{error: {{code: '390112'}}}}");
        let run = run(&emulator, &one(&case)).await.unwrap();
        assert_eq!(
            (run.ended.is_some(), matches!(only(&run), Verdict::Matched(_))),
            (ends, !ends),
            "{run:?}"
        );
    }
}
