//! What an API server would refuse by the schema of a CRD, found without one.
//!
//! Structural schemas are a small part of JSON Schema (no references, no conditions), with additions of their own:
//! fields that the schema does not name are refused, as `kubectl apply` does, `nullable`, and integers that may be
//! text. Rules in CEL are not looked at here.

use regex::Regex;
use serde_json::Value;

use super::tree::{Node, Place, Tree};
use crate::plan::render::text::shown;

/// One thing that does not fit.
pub(super) struct Misfit {
    /// `spec.triggers[0].do`
    pub path: String,
    pub place: Place,
    pub message: String,
    pub help: Option<String>,
}

/// Everything that does not fit. `path` is where the node stands.
pub(super) fn check(schema: &Value, node: &Node, path: &str) -> Vec<Misfit> {
    let mut walk = Walk { path: path.to_owned(), misfits: vec![] };
    walk.node(schema, node, node.place);
    walk.misfits
}

struct Walk {
    path: String,
    misfits: Vec<Misfit>,
}

impl Walk {
    fn say(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        self.misfits.push(Misfit { path: self.path.clone(), place, message: message.into(), help });
    }

    fn below(&mut self, part: &str, check: impl FnOnce(&mut Self)) {
        let len = self.path.len();
        if !part.starts_with('[') && !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(part);
        check(self);
        self.path.truncate(len);
    }

    fn node(&mut self, schema: &Value, node: &Node, place: Place) {
        if matches!(node.value, Tree::Null) && schema["nullable"] == true {
            return;
        }
        if !self.is_type(schema, node, place) {
            return;
        }
        if let Some(allowed) = schema["enum"].as_array() {
            let allowed: Vec<_> = allowed.iter().filter_map(Value::as_str).collect();
            if let Some(text) = node.text().filter(|text| !allowed.contains(text)) {
                let help = match nearest(text, &allowed) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("it is one of {}", allowed.join(", ")),
                };
                self.say(place, format!("\"{}\" is not known", brief(text)), Some(help));
            }
        }
        match &node.value {
            Tree::Int(n) => self.number(schema, *n as f64, place),
            Tree::Uint(n) => self.number(schema, *n as f64, place),
            Tree::Float(n) => self.number(schema, *n, place),
            Tree::Text(text) => self.text(schema, text, place),
            Tree::List(items) => self.list(schema, items, place),
            Tree::Map(_) => self.map(schema, node, place),
            Tree::Null | Tree::Bool(_) => {}
        }
    }

    fn is_type(&mut self, schema: &Value, node: &Node, place: Place) -> bool {
        let wanted = schema["type"].as_str().unwrap_or_default();
        let fits = match (&node.value, wanted) {
            (Tree::Int(_) | Tree::Uint(_) | Tree::Text(_), "")
                if schema["x-kubernetes-int-or-string"] == true =>
            {
                true
            }
            (_, "") => schema["x-kubernetes-int-or-string"] != true,
            (Tree::Text(_), "string") | (Tree::Bool(_), "boolean") => true,
            (Tree::List(_), "array") | (Tree::Map(_), "object") => true,
            (Tree::Int(_) | Tree::Uint(_), "integer" | "number") | (Tree::Float(_), "number") => true,
            _ => false,
        };
        if !fits {
            let wanted = match wanted {
                "string" => "text",
                "boolean" => "true or false",
                "array" => "a list",
                "object" => "a mapping",
                "integer" => "a whole number",
                "number" => "a number",
                _ => "a whole number or text",
            };
            let help = match (&node.value, wanted) {
                (Tree::Bool(_) | Tree::Int(_) | Tree::Uint(_) | Tree::Float(_), "text") => Some(
                    "put it in double quotes: YAML reads some words (yes, no, on, off) and digits as values"
                        .into(),
                ),
                (Tree::Text(text), "a whole number" | "a number") if text.parse::<f64>().is_ok() => {
                    Some("leave out the quotes".into())
                }
                (Tree::Text(text), "true or false") if matches!(text.as_str(), "true" | "false") => {
                    Some("leave out the quotes".into())
                }
                (Tree::Null, _) => Some("give a value, or remove the field".into()),
                (_, "a mapping") => {
                    let fields = schema["properties"].as_object().filter(|fields| !fields.is_empty());
                    let names = |fields: &serde_json::Map<String, Value>| {
                        fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
                    };
                    fields.map(|fields| format!("its fields are {}", names(fields)))
                }
                (_, "a list") => Some("begin each item with a hyphen: - …".into()),
                _ => None,
            };
            self.say(place, format!("takes {wanted}, this is {}", node.value.what()), help);
        }
        fits
    }

    fn number(&mut self, schema: &Value, n: f64, place: Place) {
        let bits = match schema["format"].as_str() {
            Some("int32") => Some((f64::from(i32::MIN), f64::from(i32::MAX))),
            _ => None,
        };
        let min = schema["minimum"].as_f64().or(bits.map(|b| b.0));
        let max = schema["maximum"].as_f64().or(bits.map(|b| b.1));
        if min.is_some_and(|min| n < min) || max.is_some_and(|max| n > max) {
            let range = match (min, max) {
                (Some(min), Some(max)) => format!("is between {min} and {max}"),
                (Some(min), None) => format!("is {min} or more"),
                (None, max) => format!("is at most {}", max.unwrap_or_default()),
            };
            self.say(place, format!("{range}, this is {n}"), None);
        }
    }

    fn text(&mut self, schema: &Value, text: &str, place: Place) {
        let len = text.chars().count() as u64;
        if schema["minLength"].as_u64().is_some_and(|min| len < min) {
            let message =
                if len == 0 { "is empty".to_owned() } else { format!("is too short: {len} characters") };
            self.say(place, message, Some("give a value, or remove the field".into()));
        }
        if let Some(max) = schema["maxLength"].as_u64().filter(|max| len > *max) {
            self.say(place, format!("is too long: it has {len} characters, at most {max} fit"), None);
        }
        let pattern = schema["pattern"].as_str().and_then(|pattern| Regex::new(pattern).ok());
        if let Some(pattern) = pattern.filter(|pattern| !pattern.is_match(text)) {
            self.say(place, format!("\"{}\" has not the form {pattern}", brief(text)), None);
        }
    }

    fn list(&mut self, schema: &Value, items: &[Node], place: Place) {
        let len = items.len() as u64;
        if let Some(min) = schema["minItems"].as_u64().filter(|min| len < *min) {
            self.say(place, format!("has {len} items, it needs {min} or more"), None);
        }
        if let Some(max) = schema["maxItems"].as_u64().filter(|max| len > *max) {
            self.say(place, format!("has {len} items, at most {max} fit"), None);
        }
        for (n, item) in items.iter().enumerate() {
            self.below(&format!("[{n}]"), |walk| walk.node(&schema["items"], item, item.place));
        }
    }

    fn map(&mut self, schema: &Value, node: &Node, place: Place) {
        let properties = schema["properties"].as_object();
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if node.get(name).is_none() {
                let help = Some(format!("add {name}: …"));
                self.below(name, |walk| walk.say(place, "is missing", help));
            }
        }
        for (key, value) in node.map().unwrap_or_default() {
            if let Some(below) = properties.and_then(|properties| properties.get(&key.text)) {
                // A value that begins on a line of its own is best shown by its key.
                let place = if value.place.line == key.place.line { value.place } else { key.place };
                self.below(&key.text, |walk| walk.node(below, value, place));
            } else if schema["additionalProperties"].is_object() {
                self.below(&key.text, |walk| walk.node(&schema["additionalProperties"], value, value.place));
            } else if properties.is_some() && schema["x-kubernetes-preserve-unknown-fields"] != true {
                let known: Vec<_> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                self.below(&key.text, |walk| {
                    walk.say(key.place, "unknown field", Some(instead(&key.text, &known)));
                });
            }
        }
    }
}

/// What to write instead of an unknown name.
pub(super) fn instead(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the fields here are {}", known.join(", ")),
    }
}

/// The known name that this one was probably meant to be.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    // A long name is no slip of the pen, and comparing it takes long.
    let wanted = plain(name.get(..64.min(name.len())).unwrap_or_default());
    let scored = known.iter().map(|known| (strsim::jaro_winkler(&wanted, &plain(known)), *known));
    scored.filter(|(score, _)| *score >= 0.85).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// The beginning of a text, for a message.
fn brief(text: &str) -> String {
    let beginning: String = text.chars().take(60).collect();
    let more = if beginning.len() < text.len() { "…" } else { "" };
    format!("{}{more}", shown(&beginning))
}
