//! What fits into a resource, by its schema.

use std::sync::LazyLock;

use kube::CustomResourceExt as _;
use regex::Regex;
use serde_json::Value;

use crate::api::CortexPipeline;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let crd = serde_json::to_value(CortexPipeline::crd()).unwrap_or_default();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"].clone()
});

/// The most entries of a list.
pub(super) fn most(list: &str) -> usize {
    SCHEMA[list]["maxItems"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

/// What keeps an entry out of a list, if something does.
pub(super) fn misfit(list: &str, entry: &Value) -> Option<String> {
    check(&SCHEMA[list]["items"], entry, "")
}

fn check(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let size = |key: &str| schema[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let many = |has: usize, key: &str, what: &str| {
        let most = size(key).filter(|most| has > *most)?;
        Some(format!("{at} has {has} {what}, and may have {most}"))
    };
    match value {
        Value::String(text) => {
            let pattern = schema["pattern"].as_str().and_then(|pattern| Regex::new(pattern).ok());
            let odd = pattern.filter(|pattern| !pattern.is_match(text));
            many(text.chars().count(), "maxLength", "characters")
                .or_else(|| odd.map(|_| format!("{at} is {text:?}, which a manifest can't say")))
                .or_else(|| {
                    text.is_empty().then(|| size("minLength")).flatten().map(|_| format!("{at} is empty"))
                })
        }
        Value::Array(items) => many(items.len(), "maxItems", "entries").or_else(|| {
            let few = size("minItems").filter(|least| items.len() < *least);
            let few = few.map(|_| format!("{at} has no entries"));
            few.or_else(|| items.iter().find_map(|item| check(&schema["items"], item, at)))
        }),
        Value::Object(fields) => many(fields.len(), "maxProperties", "entries").or_else(|| {
            fields.iter().find_map(|(field, value)| {
                let of = schema["properties"].get(field).unwrap_or(&schema["additionalProperties"]);
                let at = if at.is_empty() { field.clone() } else { format!("{at}.{field}") };
                check(of, value, &at)
            })
        }),
        Value::Number(number) => {
            let is = number.as_f64()?;
            let over = schema["maximum"].as_f64().is_some_and(|most| is > most);
            let under = schema["minimum"].as_f64().is_some_and(|least| is < least);
            (over || under).then(|| format!("{at} is {number}, which a manifest can't say"))
        }
        Value::Null | Value::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let column = json!({"name": "A", "type": "INT"});
        let table = |columns: serde_json::Value| json!({"name": "T", "columns": columns});
        assert_eq!(misfit("tables", &table(json!([column]))), None);
        let many = table(json!(vec![column; 501]));
        assert_eq!(misfit("tables", &many).unwrap(), "columns has 501 entries, and may have 500");
        assert_eq!(misfit("tables", &table(json!([]))).unwrap(), "columns has no entries");
        let long = json!({"name": "T", "comment": "x".repeat(10_001)});
        assert_eq!(misfit("views", &long).unwrap(), "comment has 10001 characters, and may have 10000");
        assert_eq!(misfit("views", &json!({"name": "T", "query": ""})).unwrap(), "query is empty");
        assert_eq!(most("tables"), 250);
    }
}
