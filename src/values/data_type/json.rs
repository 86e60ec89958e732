//! The cell `data_type` of SHOW COLUMNS: `{"type":"FIXED","precision":38,"scale":0,"nullable":true}`.
//!
//! The documentation names the types only (<https://docs.snowflake.com/en/sql-reference/sql/show-columns>); the keys
//! are those that clients read from live accounts. `collation` is unverified.

use serde::Deserialize;

use super::{BadType, DataType, Element, FRACTION, Field, VectorElement};

/// What the cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownType {
    pub data_type: DataType,
    pub nullable: bool,
    pub collation: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cell {
    #[serde(rename = "type")]
    kind: String,
    precision: Option<u8>,
    scale: Option<u8>,
    length: Option<u32>,
    #[serde(default = "nullable")]
    nullable: bool,
    collation: Option<String>,
    fields: Option<Vec<CellField>>,
    element_type: Option<Box<Cell>>,
    key_type: Option<Box<Cell>>,
    value_type: Option<Box<Cell>>,
    vector_element_type: Option<VectorCell>,
    dimension: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CellField {
    field_name: String,
    field_type: Cell,
}

/// An object on live accounts; a bare word elsewhere.
#[derive(Deserialize)]
#[serde(untagged)]
enum VectorCell {
    Word(String),
    Cell(Box<Cell>),
}

fn nullable() -> bool {
    true
}

impl DataType {
    /// Reads the cell `data_type` of SHOW COLUMNS.
    pub fn parse_json(cell: &str) -> Result<ShownType, BadType> {
        let cell: Cell = serde_json::from_str(cell).map_err(|error| BadType::Json(error.to_string()))?;
        let collation = cell.collation.clone().filter(|collation| !collation.is_empty());
        Ok(ShownType { nullable: cell.nullable, collation, data_type: cell.data_type()? })
    }
}

impl Cell {
    fn element(self) -> Result<Element, BadType> {
        Ok(Element { nullable: self.nullable, data_type: self.data_type()? })
    }

    fn data_type(self) -> Result<DataType, BadType> {
        let missing = |key| BadType::Json(format!("{} without {key}", self.kind));
        // Times have their digits in `scale`; `precision` is 0 there.
        let digits = self.scale.or(self.precision).unwrap_or(FRACTION);
        Ok(match self.kind.as_str() {
            "FIXED" => DataType::Number {
                precision: self.precision.unwrap_or(38),
                scale: self.scale.unwrap_or_default(),
            },
            "REAL" => DataType::Float,
            "TEXT" => DataType::Varchar(self.length),
            "BINARY" => DataType::Binary(self.length),
            "TIME" => DataType::Time(digits),
            "TIMESTAMP_NTZ" => DataType::TimestampNtz(digits),
            "TIMESTAMP_LTZ" => DataType::TimestampLtz(digits),
            "TIMESTAMP_TZ" => DataType::TimestampTz(digits),
            "OBJECT" => DataType::Object(match self.fields {
                Some(fields) => Some(fields.into_iter().map(CellField::field).collect::<Result<_, _>>()?),
                None => None,
            }),
            "ARRAY" => DataType::Array(match self.element_type {
                Some(cell) => Some(Box::new(cell.element()?)),
                None => None,
            }),
            "MAP" => {
                let (Some(key), Some(value)) = (self.key_type, self.value_type) else {
                    return Err(missing("keyType and valueType"));
                };
                DataType::Map(Box::new(key.data_type()?), Box::new(value.element()?))
            }
            "VECTOR" => {
                let (Some(of), Some(dimension)) = (&self.vector_element_type, self.dimension) else {
                    return Err(missing("vectorElementType and dimension"));
                };
                let of = match of {
                    VectorCell::Word(word) => word,
                    VectorCell::Cell(cell) => &cell.kind,
                };
                let of = match of.to_ascii_uppercase().as_str() {
                    "FIXED" | "INT" => VectorElement::Int,
                    "REAL" | "FLOAT" => VectorElement::Float,
                    other => return Err(BadType::unknown(other)),
                };
                DataType::Vector { of, dimension }
            }
            // The others are named as in DDL, and have no sizes.
            other => DataType::parse(other)?,
        })
    }
}

impl CellField {
    fn field(self) -> Result<Field, BadType> {
        Ok(Field { name: self.field_name, element: self.field_type.element()? })
    }
}
