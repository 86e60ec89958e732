//! The words of specs are read from what Snowflake prints.

use std::fmt::{Debug, Display};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    dynamic_tables::{Initialize, RefreshMode},
    enrichments::{CortexFunction, Engine, Functions, OnChange},
    file_formats::FileType,
    functions::Volatility,
    grants::PluralKind,
    procedures::{ExecuteAs, Language, NullInput},
    shared::State,
    stages::EncryptionType,
    tables::NumberOrder,
    tags::Propagate,
    task_graphs::Overlap,
};
use crate::values::canonical::Canonical;

fn same<T: Canonical + Debug + Display + Serialize + DeserializeOwned>(all: &[T]) {
    for value in all {
        let sql = value.sql();
        for printed in
            [value.to_string(), sql.trim_matches('\'').to_owned(), sql.trim_matches('\'').to_lowercase()]
        {
            assert_eq!(T::read(Some(&printed)).as_ref(), Some(value), "{printed}");
        }
        let spec = serde_json::Value::String(value.to_string());
        assert_eq!(serde_json::to_value(value).unwrap(), spec);
        assert_eq!(&serde_json::from_value::<T>(spec).unwrap(), value);
    }
}

#[test]
fn words_are_read_as_specs_and_as_statements_spell_them() {
    same(State::ALL);
    same(NumberOrder::ALL);
    same(Language::ALL);
    same(ExecuteAs::ALL);
    same(NullInput::ALL);
    same(Volatility::ALL);
    same(Overlap::ALL);
    same(RefreshMode::ALL);
    same(Initialize::ALL);
    same(FileType::ALL);
    same(EncryptionType::ALL);
    same(Propagate::ALL);
    same(CortexFunction::ALL);
    same(OnChange::ALL);
    same(Functions::ALL);
    same(Engine::ALL);
    same(PluralKind::ALL);
    assert_eq!(Overlap::NoOverlap.sql(), "NO_OVERLAP");
    assert_eq!(ExecuteAs::RestrictedCaller.sql(), "RESTRICTED CALLER");
}
