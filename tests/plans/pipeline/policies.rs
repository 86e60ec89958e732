//! Plans of policies and tags, and of what hangs on tables.

use std::sync::Arc;

use snowfence::{
    api::{CortexPipeline, pipeline::PipelineSpec, record::Entry},
    kinds::pipeline::Seen,
    plan::Target,
    snowflake::catalog::By,
};

use super::lists::{list, listed, rows};
use crate::plans::{ours, plan, record};

const POLICIES: &str = "
rowAccessPolicies:
- {name: P, arguments: [{name: REGION, type: VARCHAR}], body: 'region = CURRENT_REGION()'}
- {name: Q, arguments: [{name: REGION, type: VARCHAR}], body: 'TRUE'}
maskingPolicies:
- {name: M, arguments: [{name: V, type: VARCHAR}], returns: VARCHAR, body: \"'***'\"}
";

/// A pipeline with these policies, and a table with this beside its columns.
fn cr(table: &str, masked: bool) -> CortexPipeline {
    let mask = if masked { ", maskingPolicy: {name: M}" } else { "" };
    let text = format!(
        "connectionRef: {{name: c}}\ndatabase: DB\nschema: S\n{POLICIES}tables:\n- name: T\n  columns:\n  - {{name: REGION, type: VARCHAR{mask}}}\n{table}"
    );
    let spec: PipelineSpec = serde_saphyr::from_str(&text).unwrap();
    CortexPipeline::new("p", spec)
}

/// All is there, and the policies are as they are wanted.
fn seen() -> Seen {
    let mut seen = Seen::default();
    listed(&mut seen, "ROW ACCESS POLICY", &["P", "Q"], &[("comment", ""), ("options", "")]);
    listed(&mut seen, "MASKING POLICY", &["M"], &[("comment", ""), ("options", "")]);
    listed(&mut seen, "TABLE", &["T"], &[("comment", ""), ("cluster_by", ""), ("retention_time", "1")]);
    listed(&mut seen, "TAG", &[], &[]);
    let column: &[(&str, &str)] = &[
        ("database_name", "DB"),
        ("schema_name", "S"),
        ("table_name", "T"),
        ("column_name", "REGION"),
        ("data_type", r#"{"type":"TEXT","length":16777216,"nullable":true}"#),
        ("null?", "true"),
        ("default", ""),
        ("comment", ""),
    ];
    list(&mut seen, "COLUMN", By::Table, &[column]);
    list(&mut seen, "PRIMARY KEY", By::Table, &[]);
    for (kind, name, signature, returns, body) in [
        ("ROW ACCESS POLICY", "DB.S.P", "(REGION VARCHAR)", "BOOLEAN", "region = CURRENT_REGION()"),
        ("ROW ACCESS POLICY", "DB.S.Q", "(REGION VARCHAR)", "BOOLEAN", "TRUE"),
        ("MASKING POLICY", "DB.S.M", "(V VARCHAR)", "VARCHAR(134217728)", "'***'"),
    ] {
        let row: &[(&str, &str)] = &[("signature", signature), ("return_type", returns), ("body", body)];
        seen.details.insert(Target::new(kind, name), Arc::new(rows(&[row])));
    }
    seen
}

fn table(attached: &[&str]) -> Vec<Entry> {
    let attached = attached.iter().map(|name| (*name).to_owned()).collect();
    let policy = &["body", "signature"];
    vec![
        ours("ROW ACCESS POLICY", "DB.S.P", policy),
        ours("ROW ACCESS POLICY", "DB.S.Q", policy),
        ours("MASKING POLICY", "DB.S.M", policy),
        Entry { attached, ..ours("TABLE", "DB.S.T", &["columns.REGION"]) },
    ]
}

/// The statements and what is noted of attachments.
fn effects(cr: &CortexPipeline, entries: Vec<Entry>, seen: &Seen) -> Vec<String> {
    let text = plan(cr, &record(entries), seen);
    let is = |line: &&str| line.starts_with("  > ") || line.contains("attached to");
    text.lines().filter(is).map(|line| line.trim().to_owned()).collect()
}

const ON_P: &str = "  rowAccessPolicy: {name: P, columns: [REGION]}\n";
const ON_Q: &str = "  rowAccessPolicy: {name: Q, columns: [REGION]}\n";

#[test]
fn a_new_table_comes_with_its_policies() {
    let mut seen = seen();
    listed(&mut seen, "TABLE", &[], &[]);
    let tagged = format!("{ON_P}  tags: {{OTHER.TEAM: it's}}\n");
    let found = effects(&cr(&tagged, true), table(&[])[..3].to_vec(), &seen);
    let create = found.iter().find(|line| line.contains("CREATE TABLE")).unwrap();
    assert_eq!(
        create,
        "> (once) CREATE TABLE \"DB\".\"S\".\"T\" (\"REGION\" VARCHAR WITH MASKING POLICY \"DB\".\"S\".\"M\") WITH ROW ACCESS POLICY \"DB\".\"S\".\"P\" ON (\"REGION\") WITH TAG (\"DB\".\"OTHER\".\"TEAM\" = 'it''s')"
    );
    assert!(found[0].contains("? ROW ACCESS POLICY DB.S.P ON (REGION)"), "{found:#?}");
    assert!(!found[2].contains('?'), "{found:#?}");
}

#[test]
fn a_swap_is_one_statement_under_one_request() {
    let seen = seen();
    let found = effects(&cr(ON_Q, false), table(&["ROW ACCESS POLICY DB.S.P ON (REGION)"]), &seen);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].contains("ROW ACCESS POLICY DB.S.P ON (REGION)"), "{found:#?}");
    assert!(found[0].contains("? ROW ACCESS POLICY DB.S.Q ON (REGION) UNDER "), "{found:#?}");
    assert_eq!(
        found[1],
        "> (once) ALTER TABLE \"DB\".\"S\".\"T\" DROP ROW ACCESS POLICY \"DB\".\"S\".\"P\", ADD ROW ACCESS POLICY \"DB\".\"S\".\"Q\" ON (\"REGION\")"
    );
    assert!(found[2].ends_with(": ROW ACCESS POLICY DB.S.Q ON (REGION)"), "{found:#?}");
    // What was begun is sent again under its own request, though the spec goes back meanwhile.
    let under = "? ROW ACCESS POLICY DB.S.Q ON (REGION) UNDER 00000000-0000-0000-0000-000000000001";
    let begun = ["ROW ACCESS POLICY DB.S.P ON (REGION)", under];
    let found = effects(&cr(ON_P, false), table(&begun), &seen);
    assert!(found[0].starts_with("> (again) ALTER TABLE"), "{found:#?}");
    assert!(found[0].contains("ADD ROW ACCESS POLICY \"DB\".\"S\".\"Q\""), "{found:#?}");
    assert!(found[1].ends_with(": ROW ACCESS POLICY DB.S.Q ON (REGION)"), "{found:#?}");
}

#[test]
fn what_hangs_there_stays_and_what_leaves_the_spec_goes() {
    let seen = seen();
    let all = ["MASKING POLICY DB.S.M ON REGION", "ROW ACCESS POLICY DB.S.P ON (REGION)"];
    assert_eq!(effects(&cr(ON_P, true), table(&all), &seen), [""; 0]);
    let found = effects(&cr("", false), table(&all), &seen);
    assert!(
        found.iter().any(|line| line.ends_with("DROP ROW ACCESS POLICY \"DB\".\"S\".\"P\"")),
        "{found:#?}"
    );
    assert!(
        found.iter().any(|line| line.ends_with("ALTER COLUMN \"REGION\" UNSET MASKING POLICY")),
        "{found:#?}"
    );
    assert!(found.last().unwrap().ends_with(": nothing"), "{found:#?}");
}

#[test]
fn a_masking_policy_that_somebody_took_off_is_set_again() {
    let mut seen = seen();
    let row: &[(&str, &str)] = &[("name", "REGION"), ("policy name", "")];
    seen.descriptions.insert(Target::new("TABLE", "DB.S.T"), Arc::new(rows(&[row])));
    let found = effects(&cr("", true), table(&["MASKING POLICY DB.S.M ON REGION"]), &seen);
    assert!(
        found.iter().any(|line| line.contains(
            "> ALTER TABLE \"DB\".\"S\".\"T\" ALTER COLUMN \"REGION\" SET MASKING POLICY \"DB\".\"S\".\"M\""
        )),
        "{found:#?}"
    );
}

#[test]
fn a_body_changes_in_place() {
    let mut seen = seen();
    let row: &[(&str, &str)] =
        &[("signature", "(REGION VARCHAR)"), ("return_type", "BOOLEAN"), ("body", "FALSE")];
    seen.details.insert(Target::new("ROW ACCESS POLICY", "DB.S.Q"), Arc::new(rows(&[row])));
    let found = effects(&cr("", false), table(&[]), &seen);
    assert_eq!(found, ["> ALTER ROW ACCESS POLICY \"DB\".\"S\".\"Q\" SET BODY -> TRUE"]);
}
