//! Snowflake's data types in one form.
//! Source: <https://docs.snowflake.com/en/sql-reference/intro-summary-data-types> and the pages of each family.
//!
//! A spec writes a type with any of its synonyms; `DESC` prints the canonical one, `SHOW COLUMNS` a description in
//! JSON. All three are read here, and printed as `NUMBER(38,0)`, `VARCHAR(64)`.

use std::fmt::{self, Display};

mod json;
mod parse;
#[cfg(test)]
mod tests;

pub use json::ShownType;
pub use parse::BadType;

/// Lengths that a VARCHAR may have when its type says none: 16 MB until 2025, then up to 128 MB by the account's
/// settings.
const VARCHAR_DEFAULTS: [u32; 2] = [16_777_216, 134_217_728];
/// The same for BINARY: 8 MB, then 64 MB.
const BINARY_DEFAULTS: [u32; 2] = [8_388_608, 67_108_864];
/// Digits of a second, when a type says none.
const FRACTION: u8 = 9;

/// A data type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    Number {
        precision: u8,
        scale: u8,
    },
    Float,
    Decfloat,
    /// With its length in characters; `None` where the spec leaves it out.
    Varchar(Option<u32>),
    /// With its length in bytes; `None` where the spec leaves it out.
    Binary(Option<u32>),
    Boolean,
    Date,
    /// With the digits of a second.
    Time(u8),
    /// `TIMESTAMP` and `DATETIME` are this one, too: TIMESTAMP_TYPE_MAPPING is NTZ by default, and a session of the
    /// operator leaves it so.
    TimestampNtz(u8),
    TimestampLtz(u8),
    TimestampTz(u8),
    Variant,
    /// Structured when it names its fields.
    Object(Option<Vec<Field>>),
    /// Structured when it names the type of its elements.
    Array(Option<Box<Element>>),
    /// The type of its keys, and of its values.
    Map(Box<DataType>, Box<Element>),
    Geography,
    Geometry,
    Vector {
        of: VectorElement,
        dimension: u16,
    },
    File,
    Uuid,
}

/// A field of a structured OBJECT. Its name keeps its case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub name: String,
    pub element: Element,
}

/// The type inside another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Element {
    pub data_type: DataType,
    pub nullable: bool,
}

/// What a VECTOR is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VectorElement {
    Int,
    Float,
}

/// What it takes to make a column of one type a column of another.
/// Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-table-column>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeChange {
    /// Nothing.
    Same,
    /// ALTER TABLE does it in place, and no value can get lost: a longer VARCHAR, more digits of a NUMBER.
    Widens,
    /// ALTER TABLE does it in place when all values fit: fewer digits of a NUMBER.
    Narrows,
    /// ALTER TABLE does not do it: another type, another scale, a shorter VARCHAR, any other length of BINARY, other
    /// digits of a second (for the last the page says nothing: unverified).
    Other,
}

impl DataType {
    /// Whether Snowflake treats them alike: a length that one of them leaves out matches any default.
    pub fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Varchar(a), Self::Varchar(b)) => same_length(*a, *b, VARCHAR_DEFAULTS),
            (Self::Binary(a), Self::Binary(b)) => same_length(*a, *b, BINARY_DEFAULTS),
            (Self::Array(Some(a)), Self::Array(Some(b))) => a.same_as(b),
            (Self::Map(key, value), Self::Map(other_key, other_value)) => {
                key.same_as(other_key) && value.same_as(other_value)
            }
            (Self::Object(Some(a)), Self::Object(Some(b))) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| a.name == b.name && a.element.same_as(&b.element))
            }
            (a, b) => a == b,
        }
    }

    /// What it takes to make a column of this type one of another.
    pub fn change_to(&self, other: &Self) -> TypeChange {
        if self.same_as(other) {
            return TypeChange::Same;
        }
        match (self, other) {
            (Self::Varchar(from), Self::Varchar(to)) => {
                let [default, _] = VARCHAR_DEFAULTS;
                if to.unwrap_or(default) > from.unwrap_or(default) {
                    TypeChange::Widens
                } else {
                    TypeChange::Other
                }
            }
            (Self::Number { precision: from, scale: a }, Self::Number { precision: to, scale: b })
                if a == b =>
            {
                if to > from {
                    TypeChange::Widens
                } else {
                    TypeChange::Narrows
                }
            }
            _ => TypeChange::Other,
        }
    }

    /// The form without sizes, as lists of arguments have it (`SHOW PROCEDURES`: `P(VARCHAR, NUMBER)`). That a VECTOR
    /// keeps its size there, and structured types their parts, is unverified.
    pub fn short(&self) -> String {
        match self {
            Self::Object(Some(fields)) => {
                let fields = fields.iter().map(|f| format!("{} {}", field_name(&f.name), f.element.short()));
                format!("OBJECT({})", fields.collect::<Vec<_>>().join(", "))
            }
            Self::Array(Some(element)) => format!("ARRAY({})", element.short()),
            Self::Map(key, value) => format!("MAP({}, {})", key.short(), value.short()),
            Self::Vector { .. } => self.to_string(),
            other => other.name().to_owned(),
        }
    }

    /// Snowflake's word for the family.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Number { .. } => "NUMBER",
            Self::Float => "FLOAT",
            Self::Decfloat => "DECFLOAT",
            Self::Varchar(_) => "VARCHAR",
            Self::Binary(_) => "BINARY",
            Self::Boolean => "BOOLEAN",
            Self::Date => "DATE",
            Self::Time(_) => "TIME",
            Self::TimestampNtz(_) => "TIMESTAMP_NTZ",
            Self::TimestampLtz(_) => "TIMESTAMP_LTZ",
            Self::TimestampTz(_) => "TIMESTAMP_TZ",
            Self::Variant => "VARIANT",
            Self::Object(_) => "OBJECT",
            Self::Array(_) => "ARRAY",
            Self::Map(..) => "MAP",
            Self::Geography => "GEOGRAPHY",
            Self::Geometry => "GEOMETRY",
            Self::Vector { .. } => "VECTOR",
            Self::File => "FILE",
            Self::Uuid => "UUID",
        }
    }
}

fn same_length(a: Option<u32>, b: Option<u32>, defaults: [u32; 2]) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b,
        (Some(length), None) | (None, Some(length)) => defaults.contains(&length),
        (None, None) => true,
    }
}

impl Element {
    fn same_as(&self, other: &Self) -> bool {
        self.nullable == other.nullable && self.data_type.same_as(&other.data_type)
    }
    fn short(&self) -> String {
        let null = if self.nullable { "" } else { " NOT NULL" };
        format!("{}{null}", self.data_type.short())
    }
}

/// The name of a field, quoted where a bare one would not be read back.
fn field_name(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

impl Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.data_type.fmt(f)?;
        if self.nullable { Ok(()) } else { f.write_str(" NOT NULL") }
    }
}

impl Display for VectorElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int => "INT",
            Self::Float => "FLOAT",
        })
    }
}

impl Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Number { precision, scale } => write!(f, "({precision},{scale})"),
            Self::Varchar(Some(length)) | Self::Binary(Some(length)) => write!(f, "({length})"),
            Self::Time(digits)
            | Self::TimestampNtz(digits)
            | Self::TimestampLtz(digits)
            | Self::TimestampTz(digits) => write!(f, "({digits})"),
            Self::Object(Some(fields)) => {
                f.write_str("(")?;
                for (n, field) in fields.iter().enumerate() {
                    let comma = if n > 0 { ", " } else { "" };
                    write!(f, "{comma}{} {}", field_name(&field.name), field.element)?;
                }
                f.write_str(")")
            }
            Self::Array(Some(element)) => write!(f, "({element})"),
            Self::Map(key, value) => write!(f, "({key}, {value})"),
            Self::Vector { of, dimension } => write!(f, "({of}, {dimension})"),
            _ => Ok(()),
        }
    }
}
