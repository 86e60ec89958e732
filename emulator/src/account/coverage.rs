//! What the language covers: the parser is asked, form by form.

use std::fmt::Write as _;

use super::{Account, ObjectKind, Verb};

/// The statements that a kind may have, and the forms that are tried. `K` stands for the kind's words, `Ks` for
/// several, `P` for a privilege of it.
const STATEMENTS: [(&str, Verb, &[&str]); 8] = [
    (
        "CREATE",
        Verb::Create,
        &[
            "CREATE K A",
            "CREATE K A.B",
            "CREATE K A.B.C",
            "CREATE K A.B.C LANGUAGE PYTHON",
            "CREATE K A.B.C (X INT)",
            "CREATE K A (X INT) CLUSTER BY (X)",
            "CREATE K A AS SELECT B FROM C",
            "CREATE K A TARGET_LAG = DOWNSTREAM WAREHOUSE = W AS SELECT B FROM C",
            "CREATE K A ON B WAREHOUSE = W TARGET_LAG = '1 hour' AS SELECT B FROM C",
            "CREATE K A AS COPY INTO B FROM @C",
            "CREATE K A AS (B INT) RETURNS INT -> B",
            "CREATE K A AS (B INT) RETURNS BOOLEAN -> TRUE",
            "CREATE K A AS () RETURNS AGGREGATION_CONSTRAINT -> B()",
            "CREATE K A AS () RETURNS PROJECTION_CONSTRAINT -> B()",
            "CREATE K A ON TABLE B",
            "CREATE K A IF (EXISTS (SELECT 1)) THEN SELECT 1",
            "CREATE K A () RETURNS INT LANGUAGE SQL AS 'B'",
        ],
    ),
    (
        "ALTER",
        Verb::Alter,
        &[
            "ALTER K A SET COMMENT = 'x'",
            "ALTER K A RENAME TO B",
            "ALTER K SET TIMEZONE = 'UTC'",
            "ALTER K A SET CREDIT_QUOTA = 1",
        ],
    ),
    ("DROP", Verb::Drop, &["DROP K A", "DROP K A.B.C", "DROP K A.B.C (INT)"]),
    ("UNDROP", Verb::Undrop, &["UNDROP K A"]),
    ("SHOW", Verb::Show, &["SHOW Ks"]),
    ("DESCRIBE", Verb::Describe, &["DESCRIBE K A", "DESCRIBE K A.B.C"]),
    ("COMMENT", Verb::Comment, &["COMMENT ON K A IS 'x'", "COMMENT ON K A.B.C IS 'x'"]),
    ("USE", Verb::Use, &["USE K A"]),
];

/// One kind, with the statements that the parser takes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub kind: ObjectKind,
    /// Of CREATE, ALTER, DROP, UNDROP, SHOW, DESCRIBE, COMMENT and USE.
    pub statements: Vec<&'static str>,
    /// The privileges that can be granted on it.
    pub privileges: &'static [&'static str],
}

impl Coverage {
    /// Of every kind that a statement knows.
    pub fn all() -> Vec<Self> {
        ObjectKind::all()
            .map(|kind| Self {
                kind,
                statements: STATEMENTS
                    .iter()
                    .filter(|(_, verb, forms)| forms.iter().any(|form| taken(kind, *verb, form)))
                    .map(|(name, ..)| *name)
                    .collect(),
                privileges: crate::sql::privileges::of_kind(kind),
            })
            .collect()
    }

    /// As a table in Markdown: the kinds that can be made here, then those that can be granted on alone.
    pub fn markdown() -> String {
        let mut text = String::from("| Kind | Statements | Privileges |\n|---|---|---|\n");
        let all = Self::all();
        let (here, elsewhere): (Vec<_>, Vec<_>) = all.iter().partition(|coverage| coverage.is_here());
        for coverage in here {
            // Writing to a String does not fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                coverage.kind.singular(),
                coverage.statements.join(", "),
                match coverage.privileges {
                    many if many.len() > 12 => format!("{} of them", many.len()),
                    few => few.join(", "),
                }
            );
        }
        let names: Vec<&str> = elsewhere.iter().map(|coverage| coverage.kind.singular()).collect();
        let _ = writeln!(
            text,
            "\nNobody can create the following here. GRANT … ON ALL and ON FUTURE, and the privileges to create them, \
             know their names: {}.",
            names.join(", ").to_lowercase()
        );
        text
    }

    fn is_here(&self) -> bool {
        matches!(self.kind, ObjectKind::Account | ObjectKind::Session) || self.statements.contains(&"CREATE")
    }
}

fn taken(kind: ObjectKind, verb: Verb, form: &str) -> bool {
    let words: Vec<&str> = form
        .split(' ')
        .map(|word| match word {
            "K" => kind.singular(),
            "Ks" => kind.plural(),
            other => other,
        })
        .collect();
    let found = Account::inspect(&words.join(" "));
    found.is_ok_and(|found| found.verb == verb && (found.object == Some(kind) || verb == Verb::Use))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_parser_was_asked() {
        let all = Coverage::all();
        let of = |kind: ObjectKind| &all.iter().find(|coverage| coverage.kind == kind).unwrap().statements;
        assert_eq!(
            *of(ObjectKind::Warehouse),
            ["CREATE", "ALTER", "DROP", "SHOW", "DESCRIBE", "COMMENT", "USE"]
        );
        assert_eq!(*of(ObjectKind::ResourceMonitor), ["CREATE", "ALTER", "DROP", "SHOW"]);
        assert!(of(ObjectKind::Notebook).iter().all(|statement| *statement != "CREATE"));
    }

    /// Compares what stands between two marks in the documentation; with UPDATE set, writes it.
    fn documented(mark: &str, wanted: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/emulator.md");
        let Ok(text) = std::fs::read_to_string(&path) else {
            return; // The crate alone, without its documentation.
        };
        let (begin, end) = (format!("<!-- {mark}: begin -->\n"), format!("<!-- {mark}: end -->"));
        let (before, rest) = text.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        let whole = format!("{before}{begin}{wanted}{end}{after}");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &whole).unwrap();
            return;
        }
        let advice =
            "`UPDATE=1 cargo test -p snowfence-emulator --lib -- coverage --test-threads 1` writes it anew";
        assert!(text == whole, "docs/emulator.md is behind: {mark}; {advice}");
    }

    #[test]
    fn the_documentation_has_this_table() {
        documented("coverage", &Coverage::markdown());
    }

    #[test]
    fn the_documentation_tells_which_of_the_providers_tests_are_out_of_scope() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/provider-tests.out-of-scope");
        let Ok(list) = std::fs::read_to_string(&path) else { return };
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in list.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (test, reason) = line.split_once("  ").expect("name, two spaces, reason");
            reasons.entry(reason.trim()).or_default().push(test);
        }
        let mut text = String::from("| Why not | Tests |\n|---|---|\n");
        for (reason, tests) in reasons {
            let tests: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
            let _ = writeln!(text, "| {reason} | {} |", tests.join(", "));
        }
        documented("out of scope", &text);
    }
}
