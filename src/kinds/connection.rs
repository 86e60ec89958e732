//! How a `SnowflakeConnection` is opened and verified.
