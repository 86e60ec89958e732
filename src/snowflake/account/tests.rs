use super::*;

#[test]
fn an_account_has_a_host_and_a_name_in_tokens() {
    for (text, host, token) in [
        ("myorg-prod", "myorg-prod.snowflakecomputing.com", "MYORG-PROD"),
        ("MyOrg-Prod", "myorg-prod.snowflakecomputing.com", "MYORG-PROD"),
        ("myorg.prod", "myorg-prod.snowflakecomputing.com", "MYORG-PROD"),
        ("myorg-prod_eu", "myorg-prod-eu.snowflakecomputing.com", "MYORG-PROD_EU"),
        ("myorg.prod_eu", "myorg-prod-eu.snowflakecomputing.com", "MYORG-PROD_EU"),
        ("xy12345", "xy12345.snowflakecomputing.com", "XY12345"),
        ("xy12345.eu-central-1", "xy12345.eu-central-1.snowflakecomputing.com", "XY12345"),
        ("xy12345.us-east-2.aws", "xy12345.us-east-2.aws.snowflakecomputing.com", "XY12345"),
        ("xy12345.cn-northwest-1", "xy12345.cn-northwest-1.snowflakecomputing.cn", "XY12345"),
        ("myorg-prod.privatelink", "myorg-prod.privatelink.snowflakecomputing.com", "MYORG-PROD"),
        ("prod-k2x9.global", "prod-k2x9.global.snowflakecomputing.com", "PROD"),
    ] {
        let account = AccountIdentifier::parse(text).unwrap();
        assert_eq!((account.host().as_str(), account.in_token().as_str()), (host, token), "{text}");
        assert_eq!(account.as_str(), text);
    }
}

#[test]
fn what_is_no_account_says_what_to_write() {
    let wrong = |text: &str| AccountIdentifier::parse(text).unwrap_err().to_string();
    assert!(wrong("").contains("like myorg-prod"));
    for text in ["https://myorg-prod.snowflakecomputing.com", "myorg-prod.snowflakecomputing.com", "a/b"] {
        assert!(wrong(text).contains("write only what comes before"), "{text}");
    }
    for text in ["a b", "a..b", ".a", "a.", "-a", "a@b", "a:1", "a?b", "a#b", "ä", &"a".repeat(64)] {
        assert!(wrong(text).contains("is no account identifier"), "{text}");
    }
}
