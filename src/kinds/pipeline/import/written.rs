//! Entries, put into as few specs as the limits allow.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;
use serde_json::Value;

use super::{Imported, There, Why, limits};
use crate::{
    api::pipeline::{MAX_OBJECTS, PipelineSpec},
    kinds::pipeline::{listings::listings, object::target},
    plan::Target,
};

/// A list of a spec.
pub(super) struct List<T> {
    /// Its name in the schema.
    pub field: &'static str,
    pub of: fn(&mut PipelineSpec) -> &mut Vec<T>,
}

/// What was made of a place so far.
pub(super) struct Written {
    /// A spec without entries.
    blank: PipelineSpec,
    /// How many objects the last spec has.
    objects: usize,
    made: Imported,
}

impl Written {
    pub fn new(blank: PipelineSpec) -> Self {
        Self { blank, objects: 0, made: Imported::default() }
    }

    /// Writes each object by itself.
    pub fn each<T: Clone + Serialize>(
        &mut self,
        objects: &[There<'_>],
        list: &List<T>,
        write: impl Fn(&There<'_>) -> Result<T, Why>,
    ) {
        for object in objects {
            let on = target(object.kind, object.name);
            match write(object) {
                Ok(entry) => self.push(on, list, entry),
                Err(why) => self.leave_out(on, why),
            }
        }
    }

    pub fn leave_out(&mut self, on: Target, why: impl Into<String>) {
        self.made.left_out.push((on, why.into()));
    }

    pub fn note(&mut self, text: String) {
        self.made.notes.push(text);
    }

    /// Adds an entry, unless a manifest with it would be refused.
    pub fn push<T: Clone + Serialize>(&mut self, on: Target, list: &List<T>, entry: T) {
        let json = serde_json::to_value(&entry).unwrap_or_default();
        let refused = limits::misfit(list.field, &json).or_else(|| secret(&json).map(str::to_owned));
        let mut alone = self.blank.clone();
        (list.of)(&mut alone).push(entry.clone());
        let (count, refused) = match (refused, listings(&alone)) {
            (Some(why), _) => (0, Some(why)),
            (None, Err(fault)) => (0, Some(fault.to_string())),
            (None, Ok((listings, _))) => {
                let count = listings.len();
                (
                    count,
                    listings.into_iter().find_map(|listing| listing.wanted.err()).map(|it| it.to_string()),
                )
            }
        };
        if let Some(why) = refused {
            return self.leave_out(on, why);
        }
        let fits = self.made.specs.last_mut().is_some_and(|last| {
            self.objects + count <= MAX_OBJECTS && (list.of)(last).len() < limits::most(list.field)
        });
        if !fits {
            self.made.specs.push(self.blank.clone());
            self.objects = 0;
        }
        if let Some(last) = self.made.specs.last_mut() {
            (list.of)(last).push(entry);
            self.objects += count;
        }
    }

    pub fn finish(self) -> Imported {
        self.made
    }
}

/// Words with which SQL gives a credential in plain text.
static CREDENTIAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(AWS_SECRET_KEY|AWS_TOKEN|AZURE_SAS_TOKEN|MASTER_KEY|PASSWORD)\s*=\s*'[^']").ok()
});

/// Secrets stay where they are.
fn secret(entry: &Value) -> Option<&'static str> {
    let found = match entry {
        Value::String(text) => CREDENTIAL.as_ref().is_none_or(|words| words.is_match(text)),
        Value::Array(all) => all.iter().any(|value| secret(value).is_some()),
        Value::Object(fields) => fields.values().any(|value| secret(value).is_some()),
        _ => false,
    };
    found.then_some("its SQL has a credential in it: move that into a storage integration or a secret")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_found_wherever_they_stand() {
        let copy = "COPY INTO 's3://b' FROM t CREDENTIALS = (AWS_KEY_ID = 'a' AWS_SECRET_KEY='b')";
        assert!(secret(&json!({"tasks": [{"body": copy}]})).is_some());
        assert!(secret(&json!({"body": "SELECT password FROM t WHERE password = :p"})).is_none());
    }

    #[test]
    fn what_one_resource_cannot_hold_goes_into_a_second() {
        let list = List { field: "sequences", of: |spec| &mut spec.sequences };
        let blank =
            PipelineSpec { database: Some("DB".into()), schema: Some("S".into()), ..PipelineSpec::default() };
        let mut written = Written::new(blank);
        for n in 0..201 {
            let name = format!("S{n}").as_str().into();
            let entry = crate::api::pipeline::sequences::Sequence { name, ..Default::default() };
            written.push(Target::new("SEQUENCE", "x"), &list, entry);
        }
        let sizes: Vec<_> = written.finish().specs.iter().map(|spec| spec.sequences.len()).collect();
        assert_eq!(sizes, [100, 100, 1]);
    }
}
