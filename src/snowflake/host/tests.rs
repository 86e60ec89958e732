use super::*;

fn check(policy: &HostPolicy, url: &str) -> Result<(), HostNotAllowed> {
    policy.check(&Url::parse(url).unwrap())
}

fn allowing(patterns: &[&str]) -> HostPolicy {
    patterns.iter().fold(HostPolicy::default(), |policy, pattern| policy.allow(pattern).unwrap())
}

#[test]
fn snowflakes_own_hosts_are_known() {
    let policy = HostPolicy::default();
    for url in [
        "https://myorg-prod.snowflakecomputing.com",
        "https://xy1.eu-central-1.privatelink.snowflakecomputing.com/",
        "https://XY1.SnowflakeComputing.COM",
        "https://xy1.cn-north-1.snowflakecomputing.cn",
        "https://xy1.snowflakecomputing.com:443",
    ] {
        assert_eq!(check(&policy, url), Ok(()), "{url}");
    }
}

#[test]
fn look_alikes_get_no_token() {
    let policy = allowing(&["*.proxy.example.com", "127.0.0.1:8080", "gate.example.com:8443"]);
    for url in [
        "https://evil.example.com",
        "https://snowflakecomputing.com",
        "https://.snowflakecomputing.com",
        "https://evilsnowflakecomputing.com",
        "https://x.snowflakecomputing.com.evil.example.com",
        "https://snowflakecomputing.com.evil.example.com",
        "https://x.snowflakecomputing.com.",
        "https://x.snowflakecomputing.co",
        "https://evil.example.com/x.snowflakecomputing.com",
        "https://evil.example.com\\.snowflakecomputing.com",
        "https://proxy.example.com",
        "https://127.0.0.1:8081",
        "https://127.0.0.2:8080",
        "https://gate.example.com",
        "https://a.gate.example.com:8443",
    ] {
        let error = check(&policy, url).unwrap_err();
        assert!(matches!(error, HostNotAllowed::Unknown { .. }), "{url}: {error}");
        assert!(error.to_string().contains("administrator"), "{error}");
    }
}

#[test]
fn a_token_does_not_travel_in_the_clear() {
    let policy = allowing(&["proxy.example.com", "127.0.0.1:8080", "[::1]", "localhost:80", "*.local.test"]);
    for url in ["http://127.0.0.1:8080", "http://[::1]:1234", "http://localhost", "https://proxy.example.com"]
    {
        assert_eq!(check(&policy, url), Ok(()), "{url}");
    }
    for url in
        ["http://x.snowflakecomputing.com", "http://proxy.example.com", "http://a.local.test", "ftp://[::1]"]
    {
        let error = check(&policy, url).unwrap_err();
        assert!(matches!(error, HostNotAllowed::NotEncrypted { .. }), "{url}: {error}");
    }
    assert!(check(&HostPolicy::default(), "http://127.0.0.1").is_err());
}

#[test]
fn an_address_is_only_an_address() {
    let policy = HostPolicy::default();
    for url in [
        "https://user:CANARY@x.snowflakecomputing.com",
        "https://x.snowflakecomputing.com@evil.example.com",
        "https://x.snowflakecomputing.com/?CANARY",
        "https://x.snowflakecomputing.com/#CANARY",
    ] {
        let error = check(&policy, url).unwrap_err();
        assert!(matches!(error, HostNotAllowed::NotPlain { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("CANARY"), "{error}");
    }
}

#[test]
fn patterns_name_hosts() {
    for pattern in
        ["", "*", "*.", "*.com", "a b", "https://a.example.com", "a.example.com/", "a/b", "u@a.b", "a.b?c"]
    {
        assert!(HostPolicy::default().allow(pattern).is_err(), "{pattern}");
    }
    for pattern in ["*.*.example.com", "a.*.com", "*.127.0.0.1", "a:99999", "a#b"] {
        assert!(HostPolicy::default().allow(pattern).is_err(), "{pattern}");
    }
    assert_eq!(check(&allowing(&["Proxy.Example.com"]), "https://proxy.example.com:9"), Ok(()));
    assert_eq!(check(&allowing(&["*.example.com:8443"]), "https://a.b.example.com:8443"), Ok(()));
    assert!(check(&allowing(&["*.example.com:8443"]), "https://a.b.example.com").is_err());
    assert!(check(&allowing(&["a.example.com:443"]), "https://a.example.com").is_ok());
}
