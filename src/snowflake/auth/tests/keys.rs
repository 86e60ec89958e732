use super::*;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

/// As OpenSSL computes it from the public key.
const FINGERPRINT: &str = "SHA256:3Wd1karCiRyFaLWl068RfWWyp36yBAM30ZHN3KVfR/c=";

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name, ".pem"))
    };
}

fn read(pem: &str, passphrase: Option<&str>) -> Result<KeyPair, CredentialError> {
    KeyPair::from_pem(&secret(pem), passphrase.map(secret).as_ref())
}

#[test]
fn keys_as_openssl_writes_them_are_read() {
    for (pem, passphrase) in [
        (fixture!("pkcs8"), None),
        (fixture!("pkcs8"), Some("not needed")),
        (fixture!("pkcs1"), None),
        (fixture!("pkcs8-aes"), Some("open-sesame")),
        (fixture!("pkcs8-des3"), Some("open-sesame")),
        (fixture!("pkcs8-des3-sha1"), Some("open-sesame")),
        (fixture!("pkcs8-scrypt"), Some("open-sesame")),
    ] {
        assert_eq!(read(pem, passphrase).unwrap().fingerprint(), FINGERPRINT);
    }
}

#[test]
fn keys_survive_the_way_they_were_pasted() {
    let pem = fixture!("pkcs8");
    for pasted in [
        format!("\n\n  {pem}\n\n"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', " "),
        pem.trim_end().to_owned(),
        format!("Bag Attributes\n  friendlyName: x\n{pem}"),
        format!("{}{pem}", fixture!("certificate")),
        format!("{pem}{}", fixture!("public")),
    ] {
        assert_eq!(read(&pasted, None).unwrap().fingerprint(), FINGERPRINT);
    }
}

#[test]
fn what_is_wrong_with_a_key_is_said() {
    use CredentialError as E;
    let pem = fixture!("pkcs8");
    let base64 = pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let label = |pem: &str, label: &str| pem.replace("RSA PRIVATE KEY", label);
    for (pem, passphrase, error) in [
        ("", None, E::NotPem),
        (base64.as_str(), None, E::NotPem),
        (fixture!("public"), None, E::PublicKey),
        (fixture!("certificate"), None, E::Certificate),
        (fixture!("ec"), None, E::NotRsa),
        (&label(fixture!("pkcs1"), "EC PRIVATE KEY"), None, E::NotRsa),
        (fixture!("short"), None, E::TooShort { bits: 1024 }),
        (fixture!("pkcs8-aes"), None, E::PassphraseMissing),
        (fixture!("pkcs8-aes"), Some("wrong"), E::WrongPassphrase),
        (fixture!("pkcs8-aes"), Some(""), E::WrongPassphrase),
        (fixture!("pkcs8-des3"), Some("open-sesame\n"), E::WrongPassphrase),
        (fixture!("pkcs8-pbes1"), Some("open-sesame"), E::UnknownEncryption),
        (
            fixture!("pkcs1-encrypted"),
            Some("open-sesame"),
            E::NotPkcs8 { label: "RSA PRIVATE KEY".to_owned() },
        ),
        (
            &label(fixture!("pkcs1"), "OPENSSH PRIVATE KEY"),
            None,
            E::NotPkcs8 { label: "OPENSSH PRIVATE KEY".to_owned() },
        ),
    ] {
        assert_eq!(read(pem, passphrase).unwrap_err(), error, "{error}");
    }
    for damaged in [
        &pem[..pem.len() / 2],
        &pem.replace('\n', "\n!"),
        "-----BEGIN PRIVATE KEY",
        &format!("{}\n{}", &pem[..600], "-----END PRIVATE KEY-----"),
        &label(fixture!("pkcs1"), "PRIVATE KEY"),
        "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----AAAA-----END ENCRYPTED PRIVATE KEY-----",
    ] {
        let error = read(damaged, Some("x")).unwrap_err();
        assert!(matches!(error, E::Damaged(_)), "{error} of {damaged}");
    }
    assert!(
        read(fixture!("pkcs1-encrypted"), None).unwrap_err().to_string().contains("openssl pkcs8 -topk8")
    );
}

#[test]
fn the_jwt_is_what_snowflake_asks_for() {
    let pair = read(fixture!("pkcs8-aes"), Some("open-sesame")).unwrap();
    let token = pair.issue(&account(), "operator").unwrap();
    let key = DecodingKey::from_rsa_pem(fixture!("public").as_bytes()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    let claims = jsonwebtoken::decode::<serde_json::Value>(sent(&token), &key, &validation).unwrap().claims;
    assert_eq!(claims["sub"], "XY12345.OPERATOR");
    assert_eq!(claims["iss"], format!("XY12345.OPERATOR.{FINGERPRINT}"));
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!(life < 3600, "{life}");
    assert_eq!(token.kind().as_str(), "KEYPAIR_JWT");
    assert_eq!(pair.issue(&account(), "").unwrap_err(), CredentialError::UserMissing);
}

#[test]
fn a_key_shows_only_its_fingerprint() {
    let pair = read(fixture!("pkcs8"), None).unwrap();
    let token = pair.issue(&account(), "operator").unwrap();
    let shown = format!("{pair:?} {token:?} {:?} {:?}", token.header(), Credential::KeyPair(pair.clone()));
    assert!(shown.contains(FINGERPRINT));
    assert!(!shown.contains("eyJ") && !shown.contains("MII"), "{shown}");
    let line = fixture!("pkcs8").lines().nth(3).unwrap();
    for (pem, passphrase) in [(fixture!("pkcs8-aes"), Some(CANARY)), (&fixture!("pkcs8")[..900], None)] {
        let error = read(pem, passphrase).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(CANARY) && !shown.contains(line), "{shown}");
    }
}
