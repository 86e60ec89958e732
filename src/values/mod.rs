//! Canonical types: what a spec says and what Snowflake prints, in the one form in which they compare.
//!
//! Nothing here uses a client, a clock or the network. Everybody may use these types.

pub mod body;
pub mod canonical;
pub mod data_type;
pub mod duration;
pub mod full_name;
pub mod ident;
pub mod json;
pub mod keywords;
pub mod literal;
pub mod map;
pub mod monitor;
pub mod path;
pub mod schedule;
pub mod target_lag;
#[cfg(test)]
mod tests;
pub mod user_sql;
pub mod warehouse;
