//! The values of a warehouse's properties.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/create-warehouse>.

use std::{
    borrow::Cow,
    fmt::{self, Display},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{canonical::Canonical, keywords::keywords};

keywords! {
    /// `WAREHOUSE_TYPE`.
    pub enum WarehouseType {
        Standard = "STANDARD",
        SnowparkOptimized = "SNOWPARK-OPTIMIZED",
        Adaptive = "ADAPTIVE",
        Interactive = "INTERACTIVE",
    }
    quoted
}

keywords! {
    /// `WAREHOUSE_SIZE`. `SHOW WAREHOUSES` prints `X-Small`, `2X-Large`; synonyms are read as their canonical name.
    pub enum WarehouseSize {
        XSmall = "XSMALL",
        Small = "SMALL",
        Medium = "MEDIUM",
        Large = "LARGE",
        XLarge = "XLARGE",
        X2Large = "XXLARGE" | "X2LARGE" | "2XLARGE",
        X3Large = "XXXLARGE" | "X3LARGE" | "3XLARGE",
        X4Large = "X4LARGE" | "4XLARGE",
        X5Large = "X5LARGE" | "5XLARGE",
        X6Large = "X6LARGE" | "6XLARGE",
    }
}

impl WarehouseSize {
    /// The most clusters that a multi-cluster warehouse of this size may have.
    pub fn max_clusters(self) -> i32 {
        match self {
            Self::XSmall | Self::Small | Self::Medium => 300,
            Self::Large => 160,
            Self::XLarge => 80,
            Self::X2Large => 40,
            Self::X3Large => 20,
            Self::X4Large | Self::X5Large | Self::X6Large => 10,
        }
    }
}

keywords! {
    /// `GENERATION` of a standard warehouse.
    pub enum Generation {
        Gen1 = "1",
        Gen2 = "2",
    }
    quoted
}

keywords! {
    /// `RESOURCE_CONSTRAINT` of a Snowpark-optimized warehouse: memory per node and, with `_x86`, its architecture.
    pub enum ResourceConstraint {
        Memory1X = "MEMORY_1X",
        Memory1XX86 = "MEMORY_1X_x86",
        Memory16X = "MEMORY_16X",
        Memory16XX86 = "MEMORY_16X_x86",
        Memory64X = "MEMORY_64X",
        Memory64XX86 = "MEMORY_64X_x86",
    }
}

impl ResourceConstraint {
    /// The smallest size that offers this memory.
    pub fn min_size(self) -> WarehouseSize {
        match self {
            Self::Memory1X | Self::Memory1XX86 => WarehouseSize::XSmall,
            Self::Memory16X | Self::Memory16XX86 => WarehouseSize::Medium,
            Self::Memory64X | Self::Memory64XX86 => WarehouseSize::Large,
        }
    }
}

keywords! {
    /// `SCALING_POLICY` of a multi-cluster warehouse.
    pub enum ScalingPolicy {
        Standard = "STANDARD",
        Economy = "ECONOMY",
    }
}

/// `AUTO_SUSPEND`: seconds of idleness, or never. Snowflake prints NULL or 0 for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AutoSuspend {
    Never,
    After(i32),
}

impl Display for AutoSuspend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::After(seconds) => seconds.fmt(f),
        }
    }
}

impl Canonical for AutoSuspend {
    fn read(cell: Option<&str>) -> Option<Self> {
        match cell.map(str::trim) {
            None | Some("" | "0" | "null" | "NULL") => Some(Self::Never),
            Some(text) => text.parse().ok().filter(|n| *n > 0).map(Self::After),
        }
    }
    fn sql(&self) -> String {
        match self {
            Self::Never => "NULL".into(),
            Self::After(seconds) => seconds.to_string(),
        }
    }
}

impl Serialize for AutoSuspend {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str("never"),
            Self::After(seconds) => serializer.serialize_i32(*seconds),
        }
    }
}

impl<'de> Deserialize<'de> for AutoSuspend {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = AutoSuspend;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds of idleness, or `never`")
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<AutoSuspend, E> {
                i32::try_from(n)
                    .ok()
                    .filter(|n| *n > 0)
                    .map(AutoSuspend::After)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(n), &self))
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<AutoSuspend, E> {
                self.visit_i64(i64::try_from(n).unwrap_or(i64::MAX))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<AutoSuspend, E> {
                if text == "never" {
                    Ok(AutoSuspend::Never)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(text), &self))
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for AutoSuspend {
    fn schema_name() -> Cow<'static, str> {
        "AutoSuspend".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-validations": [{
                "rule": "type(self) == int ? self > 0 && self <= 2147483647 : self == 'never'",
                "message": "autoSuspend is a number of seconds above 0, or never",
            }],
        })
    }
}
