//! Types as DDL writes them.

use std::borrow::Cow;

use super::{DataType, Element, FRACTION, Field, VectorElement};

/// Why a text is no type. Says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadType {
    #[error("a data type must not be empty")]
    Empty,
    #[error("Snowflake has no data type {name}{}", near.as_ref().map(|near| format!(": did you mean {near}?")).unwrap_or_default())]
    Unknown { name: String, near: Option<String> },
    #[error("{name} takes no length or precision: write {instead}")]
    NoSize { name: String, instead: &'static str },
    #[error("{what} of {name} is {least} to {most}, not {found}")]
    Range { name: &'static str, what: &'static str, least: u32, most: u32, found: String },
    #[error("expected {expected} in the data type, found {found}")]
    Expected { expected: &'static str, found: String },
    #[error("types are nested too deeply")]
    TooDeep,
    #[error("the description of a data type is not understood: {0}")]
    Json(String),
}

/// How deeply types may be nested: far more than anybody writes, and no danger to the stack.
const DEPTH: usize = 32;

/// Every name of a type: canonical ones and synonyms of one word.
const NAMES: [&str; 52] = [
    "NUMBER",
    "DECIMAL",
    "DEC",
    "NUMERIC",
    "INT",
    "INTEGER",
    "BIGINT",
    "SMALLINT",
    "TINYINT",
    "BYTEINT",
    "FLOAT",
    "FLOAT4",
    "FLOAT8",
    "DOUBLE",
    "REAL",
    "DECFLOAT",
    "VARCHAR",
    "STRING",
    "TEXT",
    "NVARCHAR",
    "NVARCHAR2",
    "CHAR",
    "CHARACTER",
    "NCHAR",
    "BINARY",
    "VARBINARY",
    "BOOLEAN",
    "DATE",
    "TIME",
    "DATETIME",
    "TIMESTAMP",
    "TIMESTAMP_NTZ",
    "TIMESTAMPNTZ",
    "TIMESTAMP_LTZ",
    "TIMESTAMPLTZ",
    "TIMESTAMP_TZ",
    "TIMESTAMPTZ",
    "VARIANT",
    "OBJECT",
    "ARRAY",
    "MAP",
    "GEOGRAPHY",
    "GEOMETRY",
    "VECTOR",
    "FILE",
    "UUID",
    "DOUBLE PRECISION",
    "CHAR VARYING",
    "NCHAR VARYING",
    "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP WITHOUT TIME ZONE",
    "TIMESTAMP WITH LOCAL TIME ZONE",
];

impl BadType {
    pub(super) fn unknown(name: &str) -> Self {
        let upper = name.to_ascii_uppercase();
        let best = NAMES.iter().map(|known| (strsim::jaro_winkler(&upper, known), *known));
        let mut near: Vec<_> = best.filter(|(likeness, _)| *likeness > 0.8).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let near: Vec<_> = near.into_iter().take(3).map(|(_, known)| known).collect();
        // A few words for a message: a spec's text may be long.
        let name = upper.chars().take(60).collect();
        Self::Unknown { name, near: (!near.is_empty()).then(|| near.join(" or ")) }
    }
}

impl DataType {
    /// Reads a type as specs, DDL and DESC write it, with any synonym.
    pub fn parse(text: &str) -> Result<Self, BadType> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
        let found = parser.data_type()?;
        match parser.peek() {
            None => Ok(found),
            Some(_) => Err(parser.expected("the end")),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(Cow<'a, str>),
    /// A name in double quotes, without them.
    Quoted(Cow<'a, str>),
    Number(Cow<'a, str>),
    Sign(char),
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, BadType> {
    let mut found = Vec::with_capacity(8);
    let mut chars = text.char_indices().peekable();
    while let Some(&(start, c)) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
        } else if c.is_ascii_alphanumeric() || c == '_' {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
            while chars.next_if(|(_, c)| is_part(*c)).is_some() {}
            let end = chars.peek().map_or(text.len(), |(end, _)| *end);
            let word = Cow::Borrowed(&text[start..end]);
            let number = word.bytes().all(|b| b.is_ascii_digit());
            found.push(if number { Token::Number(word) } else { Token::Word(word) });
        } else if c == '"' {
            chars.next();
            let mut name = String::new();
            loop {
                match chars.next().map(|(_, c)| c) {
                    Some('"') if chars.next_if(|(_, c)| *c == '"').is_some() => name.push('"'),
                    Some('"') => break,
                    Some(c) => name.push(c),
                    None => {
                        return Err(BadType::Expected { expected: "a closing \"", found: "the end".into() });
                    }
                }
            }
            found.push(Token::Quoted(name.into()));
        } else {
            chars.next();
            found.push(Token::Sign(c));
        }
    }
    Ok(found)
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn expected(&self, expected: &'static str) -> BadType {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(Token::Word(text) | Token::Quoted(text) | Token::Number(text)) => {
                text.chars().take(60).collect()
            }
            Some(Token::Sign(c)) => c.to_string(),
        };
        BadType::Expected { expected, found }
    }

    fn sign(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn want(&mut self, sign: char, expected: &'static str) -> Result<(), BadType> {
        if self.sign(sign) { Ok(()) } else { Err(self.expected(expected)) }
    }

    /// Whether these words come next; then they are taken.
    fn words(&mut self, words: &[&str]) -> bool {
        let next = self.tokens.get(self.at..).unwrap_or_default();
        let found = next.len() >= words.len()
            && next
                .iter()
                .zip(words)
                .all(|(token, word)| matches!(token, Token::Word(text) if text.eq_ignore_ascii_case(word)));
        self.at += if found { words.len() } else { 0 };
        found
    }

    fn number(
        &mut self,
        name: &'static str,
        what: &'static str,
        least: u32,
        most: u32,
    ) -> Result<u32, BadType> {
        let Some(Token::Number(text)) = self.peek().cloned() else {
            return Err(self.expected("a number"));
        };
        self.at += 1;
        let found = text.chars().take(20).collect();
        let number = text.parse().ok().filter(|n| (least..=most).contains(n));
        number.ok_or(BadType::Range { name, what, least, most, found })
    }

    /// `(n)`, or nothing.
    fn size(
        &mut self,
        name: &'static str,
        what: &'static str,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, BadType> {
        if !self.sign('(') {
            return Ok(None);
        }
        let number = self.number(name, what, least, most)?;
        self.want(')', ")")?;
        Ok(Some(number))
    }

    fn fraction(&mut self, name: &'static str) -> Result<u8, BadType> {
        let digits = self.size(name, "the digits of a second", 0, u32::from(FRACTION))?;
        Ok(digits.map_or(FRACTION, |n| n as u8))
    }

    fn unsized_as(
        &mut self,
        name: &str,
        instead: &'static str,
        found: DataType,
    ) -> Result<DataType, BadType> {
        if self.sign('(') { Err(BadType::NoSize { name: name.to_owned(), instead }) } else { Ok(found) }
    }

    fn data_type(&mut self) -> Result<DataType, BadType> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(BadType::TooDeep);
        }
        let found = self.one_type();
        self.depth -= 1;
        found
    }

    fn one_type(&mut self) -> Result<DataType, BadType> {
        let name = match self.peek() {
            Some(Token::Word(word)) if !word.bytes().any(|b| b.is_ascii_lowercase()) => word.clone(),
            Some(Token::Word(word)) => Cow::Owned(word.to_ascii_uppercase()),
            None if self.tokens.is_empty() => return Err(BadType::Empty),
            _ => return Err(self.expected("a data type")),
        };
        self.at += 1;
        match &*name {
            "NUMBER" | "DECIMAL" | "DEC" | "NUMERIC" => self.fixed(),
            "INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" | "BYTEINT" => {
                self.unsized_as(&name, "NUMBER(p,0)", DataType::Number { precision: 38, scale: 0 })
            }
            "DOUBLE" => {
                self.words(&["PRECISION"]);
                self.unsized_as(&name, "FLOAT, or NUMBER(p,s)", DataType::Float)
            }
            "FLOAT" | "FLOAT4" | "FLOAT8" | "REAL" => {
                self.unsized_as(&name, "FLOAT, or NUMBER(p,s)", DataType::Float)
            }
            "DECFLOAT" => Ok(DataType::Decfloat),
            "VARCHAR" | "STRING" | "TEXT" | "NVARCHAR" | "NVARCHAR2" => self.varchar(None),
            "CHAR" | "CHARACTER" | "NCHAR" => {
                let varying = self.words(&["VARYING"]);
                self.varchar((!varying).then_some(1))
            }
            "BINARY" | "VARBINARY" => {
                Ok(DataType::Binary(self.size("BINARY", "the length", 1, 67_108_864)?))
            }
            "BOOLEAN" => Ok(DataType::Boolean),
            "DATE" => Ok(DataType::Date),
            "TIME" => Ok(DataType::Time(self.fraction("TIME")?)),
            "DATETIME" | "TIMESTAMP_NTZ" | "TIMESTAMPNTZ" => {
                Ok(DataType::TimestampNtz(self.fraction("TIMESTAMP_NTZ")?))
            }
            "TIMESTAMP_LTZ" | "TIMESTAMPLTZ" => Ok(DataType::TimestampLtz(self.fraction("TIMESTAMP_LTZ")?)),
            "TIMESTAMP_TZ" | "TIMESTAMPTZ" => Ok(DataType::TimestampTz(self.fraction("TIMESTAMP_TZ")?)),
            "TIMESTAMP" => self.timestamp(),
            "VARIANT" => Ok(DataType::Variant),
            "OBJECT" => self.object(),
            "ARRAY" => {
                if !self.sign('(') {
                    return Ok(DataType::Array(None));
                }
                let element = self.element()?;
                self.want(')', ")")?;
                Ok(DataType::Array(Some(Box::new(element))))
            }
            "MAP" => {
                self.want('(', "(")?;
                let key = self.data_type()?;
                self.want(',', ",")?;
                let value = self.element()?;
                self.want(')', ")")?;
                Ok(DataType::Map(Box::new(key), Box::new(value)))
            }
            "GEOGRAPHY" => Ok(DataType::Geography),
            "GEOMETRY" => Ok(DataType::Geometry),
            "VECTOR" => self.vector(),
            "FILE" => Ok(DataType::File),
            "UUID" => Ok(DataType::Uuid),
            _ => Err(BadType::unknown(&name)),
        }
    }

    fn fixed(&mut self) -> Result<DataType, BadType> {
        if !self.sign('(') {
            return Ok(DataType::Number { precision: 38, scale: 0 });
        }
        let precision = self.number("NUMBER", "the precision", 1, 38)?;
        let scale =
            if self.sign(',') { self.number("NUMBER", "the scale", 0, precision.min(37))? } else { 0 };
        self.want(')', ")")?;
        Ok(DataType::Number { precision: precision as u8, scale: scale as u8 })
    }

    fn varchar(&mut self, default: Option<u32>) -> Result<DataType, BadType> {
        let length = self.size("VARCHAR", "the length", 1, 134_217_728)?;
        Ok(DataType::Varchar(length.or(default)))
    }

    fn timestamp(&mut self) -> Result<DataType, BadType> {
        let digits = self.fraction("TIMESTAMP")?;
        let phrase = [
            ("LTZ", &["WITH", "LOCAL", "TIME", "ZONE"][..]),
            ("TZ", &["WITH", "TIME", "ZONE"]),
            ("NTZ", &["WITHOUT", "TIME", "ZONE"]),
        ];
        let which = phrase.into_iter().find(|(_, words)| self.words(words)).map_or("NTZ", |(which, _)| which);
        // The digits stand before the words or after them.
        let digits =
            if self.peek() == Some(&Token::Sign('(')) { self.fraction("TIMESTAMP")? } else { digits };
        Ok(match which {
            "LTZ" => DataType::TimestampLtz(digits),
            "TZ" => DataType::TimestampTz(digits),
            _ => DataType::TimestampNtz(digits),
        })
    }

    fn element(&mut self) -> Result<Element, BadType> {
        let data_type = self.data_type()?;
        Ok(Element { data_type, nullable: !self.words(&["NOT", "NULL"]) })
    }

    fn object(&mut self) -> Result<DataType, BadType> {
        if !self.sign('(') {
            return Ok(DataType::Object(None));
        }
        let mut fields = vec![];
        loop {
            let Some(Token::Word(name) | Token::Quoted(name)) = self.peek().cloned() else {
                return Err(self.expected("the name of a field"));
            };
            self.at += 1;
            fields.push(Field { name: name.into_owned(), element: self.element()? });
            if !self.sign(',') {
                break;
            }
        }
        self.want(')', ")")?;
        Ok(DataType::Object(Some(fields)))
    }

    fn vector(&mut self) -> Result<DataType, BadType> {
        self.want('(', "(")?;
        let of = if self.words(&["INT"]) {
            VectorElement::Int
        } else if self.words(&["FLOAT"]) {
            VectorElement::Float
        } else {
            return Err(self.expected("INT or FLOAT"));
        };
        self.want(',', ",")?;
        let dimension = self.number("VECTOR", "the dimension", 1, 4096)? as u16;
        self.want(')', ")")?;
        Ok(DataType::Vector { of, dimension })
    }
}
