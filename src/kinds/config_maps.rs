//! Texts that stand in ConfigMaps: they are put into the resource before it is compared.

use std::{collections::BTreeMap, sync::Arc};

use k8s_openapi::api::core::v1::ConfigMap;

use crate::{
    api::pipeline::shared::{BodyFrom, ConfigMapKeyRef, NoText},
    engine::managed::Managed,
};

/// The longest text, in bytes: as long as one in the manifest itself may be.
const MAX: usize = 262_144;
/// How many keys are named where one is missing.
const NAMED: usize = 10;

/// What is known of the ConfigMaps of a resource's namespace, by name: one, or why there is none.
pub type Found = BTreeMap<String, Result<ConfigMap, String>>;

/// Puts the texts where they are referred to.
pub fn fill<K: Managed>(cr: &mut K, found: &Found) {
    for from in cr.texts() {
        let BodyFrom { config_map_key_ref: at, text } = from;
        *text = Some(match found.get(&at.name) {
            Some(Ok(map)) => text_of(map, at),
            Some(Err(why)) => Err(NoText::Missing(why.clone())),
            None => Err(NoText::Missing(format!("ConfigMap {} was not read", at.name))),
        });
    }
}

fn text_of(map: &ConfigMap, at: &ConfigMapKeyRef) -> Result<Arc<str>, NoText> {
    let ConfigMapKeyRef { name, key } = at;
    let binary = map.binary_data.as_ref().is_some_and(|data| data.contains_key(key));
    let text = map.data.as_ref().and_then(|data| data.get(key));
    let Some(text) = text else {
        if binary {
            return Err(NoText::Unfit(format!(
                "key {key} of ConfigMap {name} is in binaryData: a body is text, which stands in data"
            )));
        }
        let keys = map.data.iter().flat_map(BTreeMap::keys).map(String::as_str);
        let keys: Vec<_> = keys.take(NAMED).collect();
        let has = if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
        return Err(NoText::Missing(format!("ConfigMap {name} has no key {key}; it has {has}")));
    };
    if text.len() > MAX {
        return Err(NoText::Unfit(format!(
            "key {key} of ConfigMap {name} has {} bytes, and a body at most {MAX}",
            text.len()
        )));
    }
    if text.trim().is_empty() {
        return Err(NoText::Unfit(format!("key {key} of ConfigMap {name} is empty")));
    }
    Ok(text.as_str().into())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;

    use super::*;

    #[test]
    fn a_text_is_taken_and_what_is_none_is_told() {
        let map = ConfigMap {
            data: Some(
                [
                    ("load.sql".to_owned(), "SELECT 1\n".to_owned()),
                    ("long.sql".to_owned(), "x".repeat(MAX)),
                    ("longer.sql".to_owned(), "x".repeat(MAX + 1)),
                    ("none.sql".to_owned(), " \n".to_owned()),
                ]
                .into(),
            ),
            binary_data: Some([("raw".to_owned(), ByteString(vec![0]))].into()),
            ..ConfigMap::default()
        };
        let get = |key: &str| text_of(&map, &ConfigMapKeyRef { name: "sql".into(), key: key.into() });
        assert_eq!(get("load.sql").as_deref(), Ok("SELECT 1\n"));
        assert_eq!(get("long.sql").map(|text| text.len()), Ok(MAX));
        let missing = "ConfigMap sql has no key x; it has load.sql, long.sql, longer.sql, none.sql";
        assert_eq!(get("x"), Err(NoText::Missing(missing.into())));
        for (key, words) in [
            ("longer.sql", "has 262145 bytes, and a body at most 262144"),
            ("none.sql", "is empty"),
            ("raw", "is in binaryData"),
        ] {
            let Err(NoText::Unfit(why)) = get(key) else { panic!("{key}") };
            assert!(why.contains(words), "{why}");
        }
        let empty = ConfigMap::default();
        let at = ConfigMapKeyRef { name: "sql".into(), key: "x".into() };
        let missing = "ConfigMap sql has no key x; it has nothing";
        assert_eq!(text_of(&empty, &at), Err(NoText::Missing(missing.into())));
    }
}
