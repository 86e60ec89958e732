//! A YAML document as a tree whose every node knows where it stands.
//!
//! The tree may hold the content of Secrets: nothing here prints, and no type here has `Debug`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Budget, Location, Options, Spanned};

/// How deep a document may nest: our kinds need ten levels, those of others that are passed over a few dozen.
const MAX_DEPTH: usize = 100;

/// Where a node stands in the text that was parsed. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
    /// Length in characters.
    pub len: usize,
}

impl Place {
    pub(super) fn of(location: Location) -> Self {
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Self {
            line: size(location.line()),
            column: size(location.column()),
            len: size(location.span().len()),
        }
    }
}

/// A value and its place.
pub(super) struct Node {
    pub value: Tree,
    pub place: Place,
}

pub(super) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

pub(super) struct Key {
    pub text: String,
    pub place: Place,
}

/// Parses one document.
pub(super) fn parse(text: &str) -> Result<Node, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, options())
}

fn options() -> Options {
    let budget: Option<Budget> = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        // A List of ten thousand resources has some half a million nodes.
        max_nodes: 4_000_000,
        max_events: 8_000_000,
        max_aliases: 10_000,
    };
    serde_saphyr::options! {
        budget: budget,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 200_000, max_replay_stack_depth: 16 },
        with_snippet: false,
    }
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, node)| node)
    }
    pub(super) fn entry(&self, key: &str) -> Option<(&Key, &Self)> {
        self.map()?.iter().find(|(k, _)| k.text == key).map(|(k, node)| (k, node))
    }
    pub(super) fn map(&self) -> Option<&[(Key, Self)]> {
        match &self.value {
            Tree::Map(entries) => Some(entries),
            _ => None,
        }
    }
    pub(super) fn list(&self) -> Option<&[Self]> {
        match &self.value {
            Tree::List(items) => Some(items),
            _ => None,
        }
    }
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The place of what a path such as `spec.triggers[0].do` names, or of the innermost part that is there.
    pub(super) fn place_of(&self, path: &str) -> Place {
        let (mut node, mut place) = (self, self.place);
        for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
            let next = match part.strip_suffix(']').and_then(|n| n.parse::<usize>().ok()) {
                Some(index) => node.list().and_then(|items| items.get(index)).map(|item| (item.place, item)),
                None => node.entry(part).map(|(key, node)| (key.place, node)),
            };
            let Some((at, found)) = next else { break };
            (place, node) = (at, found);
        }
        place
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.value {
            Tree::Null => Value::Null,
            Tree::Bool(b) => (*b).into(),
            Tree::Int(n) => (*n).into(),
            Tree::Uint(n) => (*n).into(),
            Tree::Float(n) => (*n).into(),
            Tree::Text(text) => text.as_str().into(),
            Tree::List(items) => items.iter().map(Self::to_json).collect(),
            Tree::Map(entries) => {
                Value::Object(entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect())
            }
        }
    }
}

impl Tree {
    /// What it is, in words.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Null => "nothing (null)",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Uint(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tree>::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, place: Place::of(spanned.referenced) })
    }
}

/// A key: text, or a number or boolean that stands for its text.
struct KeyText(String);

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value that JSON has, too")
            }
            fn visit_unit<E: Error>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_none<E: Error>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
                Tree::deserialize(deserializer)
            }
            fn visit_bool<E: Error>(self, b: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(b))
            }
            fn visit_i64<E: Error>(self, n: i64) -> Result<Tree, E> {
                Ok(Tree::Int(n))
            }
            fn visit_u64<E: Error>(self, n: u64) -> Result<Tree, E> {
                Ok(i64::try_from(n).map_or(Tree::Uint(n), Tree::Int))
            }
            fn visit_f64<E: Error>(self, n: f64) -> Result<Tree, E> {
                Ok(Tree::Float(n))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Text(text.to_owned()))
            }
            fn visit_string<E: Error>(self, text: String) -> Result<Tree, E> {
                Ok(Tree::Text(text))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut list = vec![];
                while let Some(node) = items.next_element()? {
                    list.push(node);
                }
                Ok(Tree::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
                let mut map = vec![];
                while let Some((key, node)) = entries.next_entry::<Spanned<KeyText>, Node>()? {
                    map.push((Key { text: key.value.0, place: Place::of(key.referenced) }, node));
                }
                Ok(Tree::Map(map))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
