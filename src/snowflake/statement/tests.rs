use super::*;
use crate::values::literal::tokens::{Token, hostile, tokens};
use proptest::prelude::*;

fn name(text: &str) -> Ident {
    Ident::exact(text).unwrap()
}

#[test]
fn fragments_read_like_sql() {
    let (wh, role) = (name("WH"), name("my \"role\""));
    let statement = Statement::new("CREATE WAREHOUSE")
        .of_kind("WAREHOUSE")
        .ident(&wh)
        .keyword("AUTO_SUSPEND =")
        .number(60)
        .keyword("INITIALLY_SUSPENDED =")
        .boolean(true)
        .with(Some("it's"), |s, text| s.keyword("COMMENT =").literal(text))
        .with(None::<i64>, |s, n| s.keyword("MAX_CLUSTER_COUNT =").number(n));
    assert_eq!(
        statement.as_str(),
        r#"CREATE WAREHOUSE "WH" AUTO_SUSPEND = 60 INITIALLY_SUSPENDED = TRUE COMMENT = 'it''s'"#
    );
    assert_eq!((statement.verb(), statement.kind()), ("CREATE", "WAREHOUSE"));
    assert!(!statement.is_read());

    let grant =
        Statement::new("GRANT USAGE ON SCHEMA").qualified([&wh, &role]).keyword("TO ROLE").ident(&role);
    assert_eq!(grant.as_str(), r#"GRANT USAGE ON SCHEMA "WH"."my ""role""" TO ROLE "my ""role""""#);

    let users = Statement::new("ALTER").keyword("NOTIFY_USERS =").list([&wh, &role], Statement::ident);
    assert_eq!(users.as_str(), r#"ALTER NOTIFY_USERS = ("WH", "my ""role""")"#);
    let none = Statement::new("ALTER").keyword("NOTIFY_USERS =").list([], Statement::ident);
    assert_eq!(none.as_str(), "ALTER NOTIFY_USERS = ()");
}

#[test]
fn sql_of_users_sticks_to_nothing() {
    let sql = |text| crate::values::user_sql::UserSql::expression(text).unwrap();
    let begun = || Statement::new("ALTER").keyword("DEFAULT");
    assert_eq!(begun().sql(&sql(".5")).keyword("X").as_str(), "ALTER DEFAULT .5 X");
    assert_eq!(begun().sql(&sql("1.")).keyword("X").as_str(), "ALTER DEFAULT 1. X");
    assert_eq!(begun().keyword("(").sql(&sql("1.")).keyword(")").as_str(), "ALTER DEFAULT (1.)");
}

#[test]
fn reads_are_known_by_their_verb() {
    for (words, read) in
        [("SHOW WAREHOUSES", true), ("DESC TASK", true), ("SELECT 1", true), ("DROP TASK", false)]
    {
        assert_eq!(Statement::new(words).is_read(), read, "{words}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn values_stay_what_they_are(object in hostile(), text in hostile(), number in any::<i64>()) {
        let object = format!("{}x", object.replace('\0', "")).chars().take(255).collect::<String>();
        let statement = Statement::new("ALTER WAREHOUSE")
            .ident(&name(&object))
            .keyword("SET COMMENT =")
            .literal(&text)
            .keyword("X =")
            .number(number);
        let word = |text: &str| Token::Word(text.to_owned());
        let mut expected = vec![word("ALTER"), word("WAREHOUSE"), Token::Name(object), word("SET"), word("COMMENT")];
        expected.extend([Token::Sign('='), Token::Text(text), word("X"), Token::Sign('=')]);
        expected.extend((number < 0).then_some(Token::Sign('-')));
        expected.push(word(&number.unsigned_abs().to_string()));
        prop_assert_eq!(tokens(statement.as_str()), expected);
    }
}
