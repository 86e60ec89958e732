//! JSON that Snowflake keeps as text.

use std::fmt::{self, Display};

use super::{canonical::Canonical, literal::quote_literal};

/// A JSON object: blanks and the order of its keys mean nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(String);

impl From<&serde_json::Map<String, serde_json::Value>> for Json {
    fn from(fields: &serde_json::Map<String, serde_json::Value>) -> Self {
        Self(serde_json::Value::Object(fields.clone()).to_string())
    }
}

impl Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Canonical for Json {
    fn read(cell: Option<&str>) -> Option<Self> {
        let text = cell.filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("null"))?;
        // What is no object was set by somebody else, and differs from any.
        Some(serde_json::from_str(text).map_or_else(|_| Self(text.to_owned()), |fields| Self::from(&fields)))
    }
    fn sql(&self) -> String {
        quote_literal(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_order_mean_nothing() {
        let read = |text| Json::read(Some(text)).unwrap();
        assert_eq!(read("{ \"b\": [1, 2],\n \"a\": {} }"), read("{\"a\":{},\"b\":[1,2]}"));
        assert_ne!(read("{\"b\": [2, 1]}"), read("{\"b\": [1, 2]}"));
        assert_eq!(Json::read(Some("null")), None);
        assert_eq!(read("it's no JSON").sql(), "'it''s no JSON'");
    }
}
