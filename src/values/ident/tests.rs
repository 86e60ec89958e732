use super::*;
use crate::values::literal::tokens::{Token, hostile, tokens};
use proptest::prelude::*;

fn spec(text: &str) -> String {
    Ident::from_spec(text).unwrap().as_str().to_owned()
}

#[test]
fn plain_names_fold_and_quoted_names_stay() {
    for (text, name) in [
        ("wh_Agent$1", "WH_AGENT$1"),
        ("_x", "_X"),
        ("\"wh\"", "wh"),
        ("\"WH\"", "WH"),
        ("\"a b\"", "a b"),
        ("\"a\"\"b\"", "a\"b"),
        ("\"\"\"\"", "\""),
        ("\" \"", " "),
        ("\"schnee🧊\"", "schnee🧊"),
    ] {
        assert_eq!(spec(text), name, "{text}");
    }
}

#[test]
fn a_name_prints_quoted() {
    assert_eq!(Ident::from_spec("wh").unwrap().to_string(), "\"WH\"");
    assert_eq!(Ident::exact("a\"b").unwrap().to_string(), "\"a\"\"b\"");
}

#[test]
fn names_that_are_none_say_what_to_do() {
    let wrong = |text: &str| Ident::from_spec(text).unwrap_err().to_string();
    assert_eq!(wrong(""), "a name must not be empty");
    assert_eq!(wrong("\"\""), "a name must not be empty");
    assert!(wrong("my wh").contains("put it in double quotes, \"my wh\""), "{}", wrong("my wh"));
    for text in ["1x", "a-b", "a.b", " a", "a ", "$x", "grün", "a\"b"] {
        assert!(wrong(text).contains("put it in double quotes"), "{text}");
    }
    assert!(wrong("\"open").contains("close it"));
    assert!(wrong("\"").contains("close it"));
    assert!(wrong("\"a\"b\"").contains("write it twice"));
    assert!(wrong("\"a\" ").contains("close it"));
    assert!(wrong("a\0").contains("NUL"));
    assert!(wrong("\"a\0\"").contains("NUL"));
    assert!(wrong(&"a".repeat(256)).contains("at most 255 characters, this one has 256"));
    assert!(wrong(&"ä".repeat(256)).contains("at most 255"));
    assert!(wrong(&"ä".repeat(200)).chars().count() < 300);
}

#[test]
fn length_counts_characters_without_quotes() {
    let long = "\"".repeat(255);
    let name = Ident::exact(&long).unwrap();
    assert_eq!(Ident::from_spec(&name.to_string()).unwrap(), name);
    assert!(Ident::exact(&"🧊".repeat(255)).is_ok());
    assert_eq!(Ident::exact(&"🧊".repeat(256)), Err(BadIdent::TooLong { chars: 256 }));
}

#[test]
fn import_writes_the_shortest_spec() {
    for (name, text) in
        [("WH_1", "WH_1"), ("wh", "\"wh\""), ("A B", "\"A B\""), ("1A", "\"1A\""), ("Ä", "\"Ä\"")]
    {
        assert_eq!(Ident::exact(name).unwrap().to_spec(), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_name_gets_out_of_its_quotes(name in hostile()) {
        match Ident::exact(&name) {
            Ok(ident) => prop_assert_eq!(tokens(&ident.to_string()), vec![Token::Name(name)]),
            Err(_) => prop_assert!(name.is_empty() || name.contains('\0') || name.chars().count() > MAX_CHARS),
        }
    }

    #[test]
    fn what_a_spec_means_can_be_written_again(text in hostile()) {
        if let Ok(name) = Ident::from_spec(&text) {
            prop_assert_eq!(tokens(&name.to_string()), vec![Token::Name(name.as_str().to_owned())]);
            prop_assert!(name.to_spec().len() <= text.len());
        }
        if let Ok(name) = Ident::exact(&text) {
            prop_assert_eq!(Ident::from_spec(&name.to_spec()), Ok(name.clone()));
            prop_assert_eq!(Ident::from_spec(&name.to_string()), Ok(name));
        }
    }
}
