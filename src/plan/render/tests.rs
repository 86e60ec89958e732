use anstream::adapter::strip_str;

use super::{Entry, Report, json, markdown, terminal, text::shown};
use crate::{
    plan::{Action, Change, Effect, Note, Risk, Step, Target},
    snowflake::Statement,
    values::{canonical::Value, ident::Ident},
};

const HOSTILE: &str = "a\u{1b}[31mred\u{202e}lanigiro\r\nPlan: 0 | to `create` </code> <!-- @everyone **b** [x](http://e.vil) ```";

fn value(text: &str) -> Value {
    Value { sql: format!("'{text}'"), shown: text.to_owned() }
}

fn change(path: &str, from: Option<&str>, to: Option<&str>, risk: Risk) -> Change {
    Change { path: path.to_owned(), from: from.map(value), to: to.map(value), risk }
}

fn step(name: &str, action: Action) -> Step {
    let statement =
        Statement::new("ALTER WAREHOUSE").ident(&Ident::exact(name).unwrap()).keyword("SET COMMENT =");
    let effects = match action {
        Action::Note => vec![],
        _ => vec![Effect::sql(statement.literal("it's"))],
    };
    Step::new(Target::new("WAREHOUSE", name), action, effects)
}

fn adoption(name: &str) -> Step {
    let on = Target::new("WAREHOUSE", name);
    let note = Note::Identity { on: on.clone(), created_on: "1".into(), owner: None, adopted: true };
    Step::note(on, note)
}

fn entry(name: &str, steps: Vec<Step>) -> Entry {
    Entry {
        kind: "SnowflakeWarehouse".into(),
        namespace: "team-a".into(),
        name: name.into(),
        object: name.to_uppercase(),
        steps,
        ..Entry::default()
    }
}

fn report() -> Report {
    let create = Action::Create(vec![
        change("size", None, Some("XLARGE"), Risk::Safe),
        change("autoSuspend", None, Some("120"), Risk::Safe),
        change("comment", None, Some("two\nlines"), Risk::Safe),
    ]);
    let update = Action::Update(vec![
        change("size", Some("MEDIUM"), Some("LARGE"), Risk::Safe),
        change("type", Some("STANDARD"), Some("SNOWPARK-OPTIMIZED"), Risk::Disruptive),
        change("statementTimeoutInSeconds", None, Some("60"), Risk::Safe),
        change("comment", Some("text"), None, Risk::Safe),
        change("body", Some("a\nb\nc\nd\ne\nf\n"), Some("a\nb\nc\nD\ne\nf\n"), Risk::Safe),
    ]);
    let replace =
        Action::Replace(vec![change("type", Some("INTERACTIVE"), Some("STANDARD"), Risk::Destructive)]);
    let notes = Step::note(
        Target::new("WAREHOUSE", "SETTLED"),
        Note::Forget { on: Target::new("WAREHOUSE", "SETTLED") },
    );
    let mut held = entry("old", vec![step("OLD", Action::Delete(Risk::Destructive))]);
    held.held.push((0, "waits for approval".into()));
    let mut failed = entry("taken", vec![]);
    failed.fault = Some("warehouse TAKEN exists already and was not created here".into());
    Report {
        entries: vec![
            entry("new", vec![step("NEW", create)]),
            entry("known", vec![adoption("KNOWN"), step("KNOWN", update)]),
            entry("replaced", vec![step("REPLACED", replace)]),
            entry("adopted", vec![adoption("ADOPTED")]),
            entry("settled", vec![notes]),
            entry("gone", vec![step("GONE", Action::Delete(Risk::Safe))]),
            held,
            failed,
        ],
        grants: vec![r#"GRANT CREATE TABLE ON SCHEMA "D"."s s" TO ROLE "R""#.into()],
    }
}

fn hostile() -> Report {
    let changes = vec![
        change("comment", Some("old"), Some(HOSTILE), Risk::Safe),
        change(HOSTILE, Some("(not set)"), Some(" x "), Risk::Safe),
    ];
    let mut entry = entry("x", vec![step(HOSTILE, Action::Update(changes))]);
    entry.name = HOSTILE.into();
    entry.fault = Some(HOSTILE.into());
    entry.held.push((0, HOSTILE.into()));
    Report {
        entries: vec![entry],
        grants: vec!["GRANT X ON SCHEMA \"a\u{1b}[31m```b\" TO ROLE \"R\"".into()],
    }
}

#[test]
fn a_terminal_shows_every_kind_of_step() {
    let styled = terminal::render(&report(), terminal::Options { show_sql: true });
    assert!(styled.contains('\u{1b}'));
    insta::assert_snapshot!(strip_str(&styled).to_string());
}

#[test]
fn json_has_the_documented_form() {
    insta::assert_snapshot!(json::render(&report()).unwrap());
}

#[test]
fn markdown_is_a_table_and_what_is_too_long_for_one() {
    insta::assert_snapshot!(markdown::render(&report(), terminal::Options { show_sql: true }));
}

#[test]
fn no_changes_is_said_in_a_sentence() {
    let entries = vec![entry("a", vec![]), entry("b", vec![adoption("B")])];
    let report = Report { entries, ..Report::default() };
    assert!(!report.summary().has_changes());
    let text = terminal::render(&report, terminal::Options::default());
    insta::assert_snapshot!(strip_str(&text).to_string());
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let text = terminal::render(&hostile(), terminal::Options { show_sql: true });
    let plain = strip_str(&text).to_string();
    assert!(plain.chars().all(|c| c == '\n' || !c.is_control()), "{plain:?}");
    assert!(!plain.contains('\u{202e}'));
    // Nothing from outside stands where our own lines begin.
    assert_eq!(plain.lines().filter(|line| line.starts_with("Plan:")).count(), 1);
    insta::assert_snapshot!(plain);
}

#[test]
fn hostile_text_leaves_no_cell_and_no_fence() {
    let text = markdown::render(&hostile(), terminal::Options { show_sql: true });
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.matches('|').count() == 5), "{rows:#?}");
    let outside: Vec<_> = text.split("````").step_by(2).collect();
    assert!(
        outside
            .iter()
            .all(|part| !part.contains("@everyone") && !part.contains("<!--") && !part.contains("](")),
        "{outside:#?}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_huge_plan_fits_a_comment() {
    let entries = (0..2000).map(|n| {
        entry(
            &format!("w{n}"),
            vec![step("W", Action::Update(vec![change("c", None, Some("long\ntext"), Risk::Safe)]))],
        )
    });
    let text = markdown::render(
        &Report { entries: entries.collect(), ..Report::default() },
        terminal::Options { show_sql: true },
    );
    assert!(text.len() < 65_536);
    assert!(text.contains("more. Run `snowfence plan`"), "{}", &text[text.len() - 200..]);
}

#[test]
fn statements_break_where_their_own_lines_do_and_constants_do_not() {
    for (statement, is) in [
        ("SELECT 1,\n\t2", "SELECT 1,\n>    2"),
        ("COMMENT = 'a\nb\\'\nc' X\nY", "COMMENT = 'a\\nb\\'\\nc' X\n>Y"),
        ("TABLE \"a\n  - b\"", "TABLE \"a\\n  - b\""),
        ("AS $$\nit's\n$$ X\n'\n'", "AS $$\n>it's\n>$$ X\n>'\\n'"),
        ("SELECT 1 -- it's\n, 'a\nb'", "SELECT 1 -- it's\n>, 'a\\nb'"),
        ("\u{1b}[2J\r\n", "\\u001b[2J\\r\n>"),
    ] {
        assert_eq!(super::text::shown_sql(statement, ">"), is);
    }
}

#[test]
fn plain_and_foreign_letters_stay_as_they_are() {
    for text in ["WH_1", "it's \"quoted\" \\ here", "Überlager", "倉庫", "e\u{301}t\u{e9}", "हिन्दी"]
    {
        assert_eq!(shown(text), text);
    }
    for (text, safe) in
        [("\u{9b}31m", "\\u{9b}31m"), ("\u{200b}", "\\u{200b}"), ("\u{2028}", "\\u{2028}"), ("\0", "\\0")]
    {
        assert_eq!(shown(text), safe);
    }
}

#[test]
fn many_that_are_only_adopted_are_told_together() {
    let update = Action::Update(vec![change("comment", Some("a"), Some("b"), Risk::Safe)]);
    let of = |adopted: usize| {
        let mut steps: Vec<Step> = (0..adopted).map(|n| adoption(&format!("W{n:02}"))).collect();
        steps.insert(1, step("CHANGED", update.clone()));
        Report { entries: vec![entry("all", steps)], ..Report::default() }
    };
    let shown = |report: &Report| {
        let text = terminal::render(report, terminal::Options::default());
        let text = strip_str(&text).to_string();
        (text, markdown::render(report, terminal::Options::default()))
    };
    let (text, table) = shown(&of(3));
    assert_eq!((text.matches("exists and is adopted").count(), table.matches("| `=` |").count()), (3, 3));
    let (text, table) = shown(&of(12));
    assert!(
        text.starts_with(
            "  = 12 objects exist and are adopted  (SnowflakeWarehouse team-a/all)
      warehouse W00, warehouse W01, warehouse W02, warehouse W03, warehouse W04, warehouse W05, warehouse W06, warehouse W07, warehouse W08, warehouse W09, warehouse W10, warehouse W11

  ~ warehouse CHANGED will be changed"
        ),
        "{text}"
    );
    assert_eq!(table.matches("| `=` | 12 objects |").count(), 1, "{table}");
    assert!(text.ends_with("Plan: 0 to create, 1 to change, 0 to delete. 12 adopted.\n"), "{text}");
}
