//! A plan as JSON, for programs. The form is documented in `docs/reference/plan-json.md` and only grows.

use serde::Serialize;

use super::{Entry, Report, Summary};
use crate::plan::Risk;

/// The form's version: a new number when a field changes its meaning or goes away.
pub const FORMAT_VERSION: &str = "1";

/// The whole document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a> {
    pub format_version: &'static str,
    pub changes: Vec<Changed<'a>>,
    pub errors: Vec<Failed<'a>>,
    pub waiting: Vec<Failed<'a>>,
    /// What a person should know before the plan is carried out.
    pub warnings: Vec<Failed<'a>>,
    /// What gives the roles the privileges that they lack.
    pub missing_grants: Vec<&'a str>,
    pub summary: Summary,
}

/// One step.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed<'a> {
    pub kind: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    pub object: &'a str,
    pub object_kind: &'a str,
    pub action: &'static str,
    pub risk: Risk,
    pub adopted: bool,
    pub held: Option<&'a str>,
    pub fields: Vec<Field<'a>>,
    pub statements: Vec<&'a str>,
    /// What of the same resource refers to it, where it loses something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<String>,
    /// Only of `apply`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
}

/// One field that differs.
#[derive(Debug, Serialize)]
pub struct Field<'a> {
    pub path: &'a str,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub risk: Risk,
}

/// A resource without a plan, or one that waits for something.
#[derive(Debug, Serialize)]
pub struct Failed<'a> {
    pub kind: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    pub object: &'a str,
    pub message: &'a str,
}

/// The document of a report.
pub fn document(report: &Report) -> Document<'_> {
    let changes = report.rows().map(|row| Changed {
        kind: &row.entry.kind,
        namespace: &row.entry.namespace,
        name: &row.entry.name,
        object: &row.step.on.name,
        object_kind: row.step.on.kind,
        action: row.verb.word(),
        risk: row.risk(),
        adopted: row.adopted || row.verb == super::Verb::Adopt,
        held: row.held,
        fields: row
            .changes()
            .iter()
            .map(|change| Field {
                path: &change.path,
                from: change.from.as_ref().map(|value| value.shown.as_str()),
                to: change.to.as_ref().map(|value| value.shown.as_str()),
                risk: change.risk,
            })
            .collect(),
        statements: row.statements().collect(),
        used_by: row.step.used_by.iter().map(ToString::to_string).collect(),
        outcome: row.ended.map(super::Ended::word),
        message: row.ended.and_then(super::Ended::why),
    });
    let failed = |why: fn(&Entry) -> Vec<&String>| {
        let all = report.entries.iter().flat_map(|entry| why(entry).into_iter().map(move |why| (entry, why)));
        let told = all.map(|(entry, message)| {
            let (kind, namespace, name) = (&entry.kind, &entry.namespace, &entry.name);
            Failed { kind, namespace, name, object: &entry.object, message }
        });
        told.collect()
    };
    Document {
        format_version: FORMAT_VERSION,
        changes: changes.collect(),
        errors: failed(|entry| entry.fault.iter().chain(&entry.blocked).collect()),
        warnings: failed(|entry| entry.warnings.iter().collect()),
        missing_grants: report.grants.iter().map(String::as_str).collect(),
        waiting: failed(|entry| entry.waiting.iter().collect()),
        summary: report.summary(),
    }
}

/// As indented text with a line break at its end.
pub fn render(report: &Report) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&document(report)).map(|text| text + "\n")
}
