//! Options of file formats: which there are for each type, how a statement writes them, how they compare.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/create-file-format>, "Format type options".

use std::collections::BTreeMap;

use crate::{
    api::pipeline::{file_formats::FileType, text::Comment},
    engine::fault::Fault,
    snowflake::Statement,
    values::canonical::Canonical,
};

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Boolean,
    Number,
    /// One of Snowflake's words: letters, digits and `_`.
    Word,
    /// A text, or the word AUTO or NONE.
    Text,
    /// A JSON list of texts.
    Texts,
}

use Takes::{Boolean, Number, Text, Texts, Word};

type Row = (&'static str, Takes);

const CSV: &[Row] = &[
    ("COMPRESSION", Word),
    ("RECORD_DELIMITER", Text),
    ("FIELD_DELIMITER", Text),
    ("MULTI_LINE", Boolean),
    ("FILE_EXTENSION", Text),
    ("PARSE_HEADER", Boolean),
    ("SKIP_HEADER", Number),
    ("SKIP_BLANK_LINES", Boolean),
    ("DATE_FORMAT", Text),
    ("TIME_FORMAT", Text),
    ("TIMESTAMP_FORMAT", Text),
    ("BINARY_FORMAT", Word),
    ("ESCAPE", Text),
    ("ESCAPE_UNENCLOSED_FIELD", Text),
    ("TRIM_SPACE", Boolean),
    ("FIELD_OPTIONALLY_ENCLOSED_BY", Text),
    ("NULL_IF", Texts),
    ("ERROR_ON_COLUMN_COUNT_MISMATCH", Boolean),
    ("REPLACE_INVALID_CHARACTERS", Boolean),
    ("VALIDATE_UTF8", Boolean),
    ("EMPTY_FIELD_AS_NULL", Boolean),
    ("SKIP_BYTE_ORDER_MARK", Boolean),
    ("ENCODING", Text),
];
const JSON: &[Row] = &[
    ("COMPRESSION", Word),
    ("DATE_FORMAT", Text),
    ("TIME_FORMAT", Text),
    ("TIMESTAMP_FORMAT", Text),
    ("BINARY_FORMAT", Word),
    ("TRIM_SPACE", Boolean),
    ("MULTI_LINE", Boolean),
    ("NULL_IF", Texts),
    ("FILE_EXTENSION", Text),
    ("ENABLE_OCTAL", Boolean),
    ("ALLOW_DUPLICATE", Boolean),
    ("STRIP_OUTER_ARRAY", Boolean),
    ("STRIP_NULL_VALUES", Boolean),
    ("REPLACE_INVALID_CHARACTERS", Boolean),
    ("IGNORE_UTF8_ERRORS", Boolean),
    ("SKIP_BYTE_ORDER_MARK", Boolean),
];
const AVRO: &[Row] = &[
    ("COMPRESSION", Word),
    ("TRIM_SPACE", Boolean),
    ("REPLACE_INVALID_CHARACTERS", Boolean),
    ("NULL_IF", Texts),
];
const ORC: &[Row] = &[("TRIM_SPACE", Boolean), ("REPLACE_INVALID_CHARACTERS", Boolean), ("NULL_IF", Texts)];
const PARQUET: &[Row] = &[
    ("COMPRESSION", Word),
    ("BINARY_AS_TEXT", Boolean),
    ("USE_LOGICAL_TYPE", Boolean),
    ("TRIM_SPACE", Boolean),
    ("USE_VECTORIZED_SCANNER", Boolean),
    ("REPLACE_INVALID_CHARACTERS", Boolean),
    ("NULL_IF", Texts),
];
const XML: &[Row] = &[
    ("COMPRESSION", Word),
    ("IGNORE_UTF8_ERRORS", Boolean),
    ("PRESERVE_SPACE", Boolean),
    ("STRIP_OUTER_ELEMENT", Boolean),
    ("DISABLE_AUTO_CONVERT", Boolean),
    ("REPLACE_INVALID_CHARACTERS", Boolean),
    ("SKIP_BYTE_ORDER_MARK", Boolean),
];

const fn known(file_type: FileType) -> &'static [Row] {
    match file_type {
        FileType::Csv => CSV,
        FileType::Json => JSON,
        FileType::Avro => AVRO,
        FileType::Orc => ORC,
        FileType::Parquet => PARQUET,
        FileType::Xml => XML,
    }
}

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Boolean(bool),
    Number(i64),
    Word(String),
    Text(String),
    Texts(Vec<String>),
}

/// The options that a spec sets, in the order of their table.
#[derive(Clone, Debug, Default)]
pub(super) struct Options(Vec<(&'static str, Takes, Value)>);

impl Options {
    pub fn read(file_type: FileType, options: &BTreeMap<String, Comment>, path: &str) -> Result<Self, Fault> {
        let table = known(file_type);
        if let Some(other) = options.keys().find(|name| !table.iter().any(|(known, _)| known == name)) {
            let names: Vec<_> = table.iter().map(|(name, _)| *name).collect();
            return Err(Fault::Refused(format!(
                "spec.{path}.options: {file_type} has no option {other:?}; it has {}",
                names.join(", ")
            )));
        }
        let mut all = vec![];
        for (name, takes) in table {
            let Some(text) = options.get(*name) else { continue };
            let value = takes.read(text).ok_or_else(|| {
                Fault::Refused(format!(
                    "spec.{path}.options.{name}: {:?} is not {}",
                    text.0,
                    match takes {
                        Boolean => "TRUE or FALSE",
                        Number => "a whole number",
                        Word => "a word of Snowflake's",
                        Text => "a text",
                        Texts => "a JSON list of texts, such as [\"\", \"NULL\"]",
                    }
                ))
            })?;
            all.push((*name, *takes, value));
        }
        Ok(Self(all))
    }

    /// An option as a spec says it, from how SHOW and DESCRIBE write it; `None`: there is no such option, or its value
    /// is not understood.
    pub fn import(file_type: FileType, name: &str, shown: &str) -> Option<Comment> {
        let (_, takes) = known(file_type).iter().find(|(known, _)| *known == name)?;
        Some(Comment(takes.shown(shown)?.to_string()))
    }

    /// `NAME = value …`, of all of them or of those that differ.
    pub fn say(&self, statement: Statement, which: impl Fn(&str) -> bool) -> Statement {
        self.0.iter().filter(|(name, ..)| which(name)).fold(statement, |statement, &(name, _, ref value)| {
            let statement = statement.keyword(name).keyword("=");
            match value {
                Value::Boolean(on) => statement.boolean(*on),
                Value::Number(number) => statement.number(*number),
                // Checked to be a word.
                Value::Word(word) => statement.value(&super::object::text(word.as_str())),
                Value::Text(text) => statement.literal(text),
                Value::Texts(all) => statement.list(all, |statement, text| statement.literal(text)),
            }
        })
    }

    /// Name, present value and wanted value of what differs. What can't be read is set again.
    pub fn differing(
        &self,
        present: impl Fn(&str) -> Option<String>,
    ) -> Vec<(&'static str, Option<String>, String)> {
        let all = self.0.iter().filter_map(|(name, takes, value)| {
            let is = present(name);
            let same = is.as_deref().and_then(|text| takes.shown(text)).is_some_and(|is| alike(&is, value));
            (!same).then(|| (*name, is, value.to_string()))
        });
        all.collect()
    }

    pub fn shown(&self) -> Vec<(&'static str, String)> {
        self.0.iter().map(|(name, _, value)| (*name, value.to_string())).collect()
    }
}

impl Takes {
    fn read(self, text: &str) -> Option<Value> {
        let is_word = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_'))
        };
        match self {
            Boolean => bool::read(Some(text)).map(Value::Boolean),
            Number => text.trim().parse().ok().map(Value::Number),
            Word => is_word(text).then(|| Value::Word(text.to_ascii_uppercase())),
            Text if matches!(text.to_ascii_uppercase().as_str(), "AUTO" | "NONE") => {
                Some(Value::Word(text.to_ascii_uppercase()))
            }
            Text => Some(Value::Text(text.to_owned())),
            Texts => serde_json::from_str(text).ok().map(Value::Texts),
        }
    }

    /// As DESCRIBE and SHOW write it. A list stands without quotes in DESCRIBE (`[a, b]`).
    fn shown(self, text: &str) -> Option<Value> {
        match self {
            Texts => self.read(text).or_else(|| {
                let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
                let parts = inner.split(", ").filter(|_| !inner.is_empty());
                Some(Value::Texts(parts.map(str::to_owned).collect()))
            }),
            takes => takes.read(text),
        }
    }
}

/// Characters may be written as escapes, in specs and in answers.
fn alike(is: &Value, wanted: &Value) -> bool {
    match (is, wanted) {
        (Value::Text(a), Value::Text(b)) => unescaped(a) == unescaped(b) || a.eq_ignore_ascii_case(b),
        (Value::Texts(a), Value::Texts(b)) => {
            a.iter().map(|text| unescaped(text)).eq(b.iter().map(|text| unescaped(text)))
        }
        (a, b) => a == b,
    }
}

/// `\n`, `\t`, octal `\174`, hexadecimal `0x7C` or `\x7C`: as the page on file formats has them.
fn unescaped(text: &str) -> String {
    let code = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("\\x"));
    if let Some(c) = hexadecimal.and_then(|digits| code(digits, 16)) {
        return c.to_string();
    }
    match text.strip_prefix('\\') {
        Some(digits) if digits.len() == 3 => {
            code(digits, 8).map_or_else(|| text.to_owned(), |c| c.to_string())
        }
        _ => text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t").replace("\\\\", "\\"),
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Boolean(on) => f.write_str(if *on { "TRUE" } else { "FALSE" }),
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(text) | Self::Text(text) => f.write_str(text),
            Self::Texts(all) => write!(f, "{}", serde_json::json!(all)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &[(&str, &str)]) -> Result<Options, Fault> {
        let all = options.iter().map(|(name, text)| ((*name).to_owned(), Comment((*text).to_owned())));
        Options::read(FileType::Csv, &all.collect(), "fileFormats.F")
    }

    #[test]
    fn values_are_written_by_what_an_option_takes() {
        let all = [
            ("SKIP_HEADER", "1"),
            ("FIELD_DELIMITER", "|"),
            ("ESCAPE", "none"),
            ("TRIM_SPACE", "true"),
            ("NULL_IF", r#"["", "it's"]"#),
            ("COMPRESSION", "gzip"),
        ];
        let said = read(&all).unwrap().say(Statement::new("SET"), |_| true);
        assert_eq!(
            said.as_str(),
            "SET COMPRESSION = GZIP FIELD_DELIMITER = '|' SKIP_HEADER = 1 ESCAPE = NONE TRIM_SPACE = TRUE NULL_IF = ('', 'it''s')"
        );
        for wrong in [("SKIP_HEADER", "1; DROP"), ("COMPRESSION", "A B"), ("x) --", "1"), ("NULL_IF", "a")] {
            assert!(read(&[wrong]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn escapes_compare_as_characters() {
        let all = read(&[("FIELD_DELIMITER", "\\t"), ("SKIP_HEADER", "1"), ("NULL_IF", "[\"a\"]")]).unwrap();
        let present = |tab: &'static str, list: &'static str| {
            move |name: &str| match name {
                "FIELD_DELIMITER" => Some(tab.to_owned()),
                "NULL_IF" => Some(list.to_owned()),
                _ => Some("1".to_owned()),
            }
        };
        assert!(all.differing(present("\t", "[\"a\"]")).is_empty());
        assert!(all.differing(present("0x09", "[a]")).is_empty());
        assert_eq!(all.differing(present(",", "[]")).len(), 2);
    }
}
