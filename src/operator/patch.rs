//! Merge patches (RFC 7386) that hold only what differs.

use serde_json::{Map, Value};

/// What turns `old` into `new`: members that differ, `null` for those that are gone. `None`: nothing differs.
pub(super) fn difference(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (old, new) else { return Some(new.clone()) };
    let mut patch = Map::new();
    for (key, value) in new {
        match old.get(key) {
            Some(before) => {
                if let Some(part) = difference(before, value) {
                    patch.insert(key.clone(), part);
                }
            }
            None => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use super::difference;
    use serde_json::json;

    #[test]
    fn only_what_differs_and_null_for_what_is_gone() {
        let old = json!({"a": 1, "b": {"c": [1, 2], "d": true}, "e": "x"});
        let new = json!({"a": 1, "b": {"c": [1]}, "f": {}});
        assert_eq!(difference(&old, &new), Some(json!({"b": {"c": [1], "d": null}, "e": null, "f": {}})));
        assert_eq!(difference(&new, &new), None);
    }
}
