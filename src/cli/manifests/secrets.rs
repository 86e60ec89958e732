//! Secrets among the manifests. What they hold is shown nowhere.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::SecretString;

use super::tree::{Node, Place};

/// The Secrets that were read, by namespace and name.
#[derive(Clone, Default)]
pub struct Secrets {
    all: BTreeMap<(String, String), BTreeMap<String, Option<SecretString>>>,
}

/// Why there is no such value. Says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSecret {
    #[error("the Secret {namespace}/{name} is not among the manifests: name its file with -f, too")]
    NoSecret { namespace: String, name: String },
    #[error("the Secret {namespace}/{name} has no key {key}; it has {}", .keys.join(", "))]
    NoKey { namespace: String, name: String, key: String, keys: Vec<String> },
    #[error("the key {key} of the Secret {namespace}/{name} is no text")]
    NoText { namespace: String, name: String, key: String },
}

impl Secrets {
    /// The value of a key.
    pub fn get(&self, namespace: &str, name: &str, key: &str) -> Result<&SecretString, NoSecret> {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let Some(values) = self.all.get(&(namespace.clone(), name.clone())) else {
            return Err(NoSecret::NoSecret { namespace, name });
        };
        let key = key.to_owned();
        match values.get(&key) {
            Some(Some(value)) => Ok(value),
            Some(None) => Err(NoSecret::NoText { namespace, name, key }),
            None => Err(NoSecret::NoKey { namespace, name, key, keys: values.keys().cloned().collect() }),
        }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Keeps what a Secret holds. The errors are a field, its place, and what is wrong; never a value.
    pub(super) fn add(
        &mut self,
        namespace: &str,
        name: &str,
        node: &Node,
    ) -> Vec<(String, Place, &'static str)> {
        let (mut values, mut errors) = (BTreeMap::new(), vec![]);
        for (key, value) in node.get("data").and_then(Node::map).unwrap_or_default() {
            let decoded = value.text().map(|text| {
                let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                STANDARD.decode(packed)
            });
            match decoded {
                Some(Ok(bytes)) => {
                    values.insert(key.text.clone(), String::from_utf8(bytes).ok().map(SecretString::from));
                }
                _ => errors.push((
                    format!("data.{}", key.text),
                    key.place,
                    "is not base64: plain text stands in stringData",
                )),
            }
        }
        for (key, value) in node.get("stringData").and_then(Node::map).unwrap_or_default() {
            match value.text() {
                Some(text) => {
                    values.insert(key.text.clone(), Some(text.to_owned().into()));
                }
                None => errors.push((
                    format!("stringData.{}", key.text),
                    key.place,
                    "takes text: put it in quotes",
                )),
            }
        }
        match self.all.entry((namespace.to_owned(), name.to_owned())) {
            Entry::Vacant(entry) => {
                entry.insert(values);
            }
            Entry::Occupied(_) => {
                errors.push((
                    String::new(),
                    node.place,
                    "another Secret of this name and namespace was read before",
                ));
            }
        }
        errors
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.all.keys().map(|(namespace, name)| format!("{namespace}/{name}"))).finish()
    }
}
