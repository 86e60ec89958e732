use super::{
    quote_literal,
    tokens::{Token, hostile, tokens},
};
use proptest::prelude::*;

#[test]
fn quotes_and_backslashes_are_escaped() {
    for (text, sql) in [
        ("", "''"),
        ("plain", "'plain'"),
        ("it's", "'it''s'"),
        (r"C:\new", r"'C:\\new'"),
        (r"\'; DROP", r"'\\''; DROP'"),
        ("two\nlines", "'two\nlines'"),
        ("\u{0}12", r"'\u000012'"),
        ("naïve ☃", "'naïve ☃'"),
    ] {
        assert_eq!(quote_literal(text), sql);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_text_gets_out_of_its_quotes(text in hostile()) {
        prop_assert_eq!(tokens(&quote_literal(&text)), vec![Token::Text(text)]);
    }
}
