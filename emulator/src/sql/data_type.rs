//! Types of columns, as statements write them and as Snowflake shows them (docs: intro-summary-data-types).

use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::tokens::Kind;
use crate::error::SqlError;

/// The longest VARCHAR, and what one is that says no length (docs: data-types-text).
const LONGEST_TEXT: u64 = 134_217_728;
const TEXT: u64 = 16_777_216;
const LONGEST_BINARY: u64 = 67_108_864;
const BINARY: u64 = 8_388_608;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DataType {
    Number {
        precision: u64,
        scale: u64,
    },
    Float,
    Text(u64),
    Binary(u64),
    Boolean,
    Date,
    /// With the digits of a second.
    Time(u64),
    /// `NTZ`, `LTZ` or `TZ`.
    Timestamp(String, u64),
    /// VARIANT, OBJECT and others that have no parameters.
    Plain(String),
    Vector(String, u64),
}

impl DataType {
    /// As DESCRIBE and SHOW COLUMNS show it: `VARCHAR(16777216)`.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Number { precision, scale } => format!("NUMBER({precision},{scale})"),
            Self::Float => "FLOAT".into(),
            Self::Text(length) => format!("VARCHAR({length})"),
            Self::Binary(length) => format!("BINARY({length})"),
            Self::Boolean => "BOOLEAN".into(),
            Self::Date => "DATE".into(),
            Self::Time(digits) => format!("TIME({digits})"),
            Self::Timestamp(kind, digits) => format!("TIMESTAMP_{kind}({digits})"),
            Self::Plain(name) => name.clone(),
            Self::Vector(element, dimension) => format!("VECTOR({element}, {dimension})"),
        }
    }

    /// As `DATA_TYPE` of INFORMATION_SCHEMA.COLUMNS names it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Number { .. } => "NUMBER".into(),
            Self::Text(_) => "TEXT".into(),
            Self::Binary(_) => "BINARY".into(),
            Self::Time(_) => "TIME".into(),
            Self::Timestamp(kind, _) => format!("TIMESTAMP_{kind}"),
            Self::Vector(..) => "VECTOR".into(),
            other => other.shown(),
        }
    }

    /// As the JSON of SHOW COLUMNS says it, without `nullable`.
    pub(crate) fn described(&self) -> serde_json::Value {
        use serde_json::json;
        match self {
            Self::Number { precision, scale } => {
                json!({"type": "FIXED", "precision": precision, "scale": scale})
            }
            Self::Float => json!({"type": "REAL"}),
            Self::Text(length) => {
                json!({"type": "TEXT", "length": length, "byteLength": (length * 4).min(LONGEST_TEXT), "fixed": false})
            }
            Self::Binary(length) => {
                json!({"type": "BINARY", "length": length, "byteLength": length, "fixed": true})
            }
            Self::Time(digits) => json!({"type": "TIME", "precision": 0, "scale": digits}),
            Self::Timestamp(kind, digits) => {
                json!({"type": format!("TIMESTAMP_{kind}"), "precision": 0, "scale": digits})
            }
            other => json!({"type": other.name()}),
        }
    }
}

/// Reads a type.
///
/// # Errors
///
/// `002040` for a type that is not known, `001003` for parameters out of range.
pub(crate) fn data_type(cursor: &mut Cursor) -> Result<DataType, SqlError> {
    let place = cursor.peek().clone();
    if !matches!(place.kind, Kind::Word(_)) {
        return cursor.unexpected();
    }
    let name = cursor.word()?;
    Ok(match name.as_str() {
        "NUMBER" | "DECIMAL" | "DEC" | "NUMERIC" => number(cursor)?,
        "INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" | "BYTEINT" => {
            DataType::Number { precision: 38, scale: 0 }
        }
        "DOUBLE" => {
            cursor.takes("PRECISION");
            DataType::Float
        }
        "FLOAT" | "FLOAT4" | "FLOAT8" | "REAL" => DataType::Float,
        "CHAR" | "CHARACTER" | "NCHAR" => {
            let varying = cursor.takes("VARYING");
            DataType::Text(length(cursor, if varying { TEXT } else { 1 }, LONGEST_TEXT)?)
        }
        "VARCHAR" | "STRING" | "TEXT" | "NVARCHAR" | "NVARCHAR2" => {
            DataType::Text(length(cursor, TEXT, LONGEST_TEXT)?)
        }
        "BINARY" | "VARBINARY" => DataType::Binary(length(cursor, BINARY, LONGEST_BINARY)?),
        "BOOLEAN" => DataType::Boolean,
        "DATE" => DataType::Date,
        "TIME" => DataType::Time(digits(cursor)?),
        // TIMESTAMP follows the session's TIMESTAMP_TYPE_MAPPING; here it is always that parameter's default.
        "TIMESTAMP" => {
            let digits = digits(cursor)?;
            let kind = match () {
                () if cursor.takes("WITH LOCAL TIME ZONE") => "LTZ",
                () if cursor.takes("WITH TIME ZONE") => "TZ",
                () => {
                    cursor.takes("WITHOUT TIME ZONE");
                    "NTZ"
                }
            };
            DataType::Timestamp(kind.into(), digits)
        }
        "DATETIME" | "TIMESTAMP_NTZ" | "TIMESTAMPNTZ" => DataType::Timestamp("NTZ".into(), digits(cursor)?),
        "TIMESTAMP_LTZ" | "TIMESTAMPLTZ" => DataType::Timestamp("LTZ".into(), digits(cursor)?),
        "TIMESTAMP_TZ" | "TIMESTAMPTZ" => DataType::Timestamp("TZ".into(), digits(cursor)?),
        "VARIANT" | "OBJECT" | "ARRAY" | "GEOGRAPHY" | "GEOMETRY" | "DECFLOAT" | "UUID" => {
            // DECFLOAT has 38 digits, said or not.
            if name == "DECFLOAT" && cursor.takes_symbol("(") {
                let place = cursor.peek().clone();
                if cursor.count()? != 38 {
                    return Err(place.unexpected());
                }
                cursor.expect_symbol(")")?;
            }
            if cursor.is_symbol("(") {
                return Err(SqlError::unsupported("structured types"));
            }
            DataType::Plain(name)
        }
        "VECTOR" => vector(cursor)?,
        _ => {
            return Err(SqlError::new(
                2040,
                "42601",
                format!(
                    "SQL compilation error: error line {} at position {}\nUnsupported data type '{name}'.",
                    place.line, place.position
                ),
            ));
        }
    })
}

fn number(cursor: &mut Cursor) -> Result<DataType, SqlError> {
    let place = cursor.peek().clone();
    let given = if cursor.is_symbol("(") { cursor.bracketed(Cursor::count)? } else { vec![] };
    let (precision, scale) = match given.as_slice() {
        [] => (38, 0),
        [precision] => (*precision, 0),
        [precision, scale] => (*precision, *scale),
        _ => return Err(place.unexpected()),
    };
    if !(1..=38).contains(&precision) || scale > precision.min(37) {
        return Err(place.unexpected());
    }
    Ok(DataType::Number { precision, scale })
}

/// `(n)`, or what counts without it.
fn length(cursor: &mut Cursor, unsaid: u64, most: u64) -> Result<u64, SqlError> {
    if !cursor.takes_symbol("(") {
        return Ok(unsaid);
    }
    let place = cursor.peek().clone();
    let length = cursor.count()?;
    cursor.expect_symbol(")")?;
    if (1..=most).contains(&length) { Ok(length) } else { Err(place.unexpected()) }
}

fn digits(cursor: &mut Cursor) -> Result<u64, SqlError> {
    if !cursor.takes_symbol("(") {
        return Ok(9);
    }
    let place = cursor.peek().clone();
    let digits = cursor.count()?;
    cursor.expect_symbol(")")?;
    if digits <= 9 { Ok(digits) } else { Err(place.unexpected()) }
}

fn vector(cursor: &mut Cursor) -> Result<DataType, SqlError> {
    cursor.expect_symbol("(")?;
    let element = match () {
        () if cursor.takes("FLOAT") => "FLOAT",
        () if cursor.takes("INT") => "INT",
        () => return cursor.unexpected(),
    };
    cursor.expect_symbol(",")?;
    let place = cursor.peek().clone();
    let dimension = cursor.count()?;
    cursor.expect_symbol(")")?;
    if (1..=4096).contains(&dimension) {
        Ok(DataType::Vector(element.into(), dimension))
    } else {
        Err(place.unexpected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        let mut cursor = Cursor::new(text).unwrap();
        let found = data_type(&mut cursor).map_err(|error| error.to_string())?;
        cursor.finish().map_err(|error| error.to_string())?;
        Ok(found.shown())
    }

    #[test]
    fn types_are_shown_as_snowflake_does() {
        for (text, is) in [
            ("INT", "NUMBER(38,0)"),
            ("number(10)", "NUMBER(10,0)"),
            ("DECIMAL(10, 2)", "NUMBER(10,2)"),
            ("double precision", "FLOAT"),
            ("STRING", "VARCHAR(16777216)"),
            ("VARCHAR(20)", "VARCHAR(20)"),
            ("CHAR", "VARCHAR(1)"),
            ("CHAR VARYING", "VARCHAR(16777216)"),
            ("VARBINARY", "BINARY(8388608)"),
            ("TIME(3)", "TIME(3)"),
            ("DATETIME", "TIMESTAMP_NTZ(9)"),
            ("TIMESTAMP", "TIMESTAMP_NTZ(9)"),
            ("TIMESTAMP(6) WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(6)"),
            ("timestamp_tz(0)", "TIMESTAMP_TZ(0)"),
            ("variant", "VARIANT"),
            ("VECTOR(FLOAT, 256)", "VECTOR(FLOAT, 256)"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(is), "{text}");
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in [
            "NUMBER(0)",
            "NUMBER(39)",
            "NUMBER(5,6)",
            "NUMBER(38,38)",
            "NUMBER()x",
            "VARCHAR(0)",
            "VARCHAR(134217729)",
            "TIME(10)",
            "VECTOR(TEXT, 2)",
            "VECTOR(INT, 0)",
            "ARRAY(INT)",
            "\"INT\"",
            "'INT'",
            "1",
        ] {
            assert!(shown(text).is_err(), "{text}");
        }
        assert!(shown("INTT").unwrap_err().starts_with("002040 (42601)"));
    }
}
