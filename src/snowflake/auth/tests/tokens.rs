use super::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{FutureExt, future::BoxFuture};
use std::sync::Arc;

fn jwt(exp: i64) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&format!(r#"{{"sub":"x","exp":{exp}}}"#)), CANARY)
}

#[test]
fn a_given_token_is_sent_as_it_is() {
    let token = GivenToken::new(&secret(&format!("  {CANARY}\n"))).unwrap();
    assert_eq!(token.expires_at(), None);
    for (credential, kind) in [
        (Credential::ProgrammaticAccessToken(token.clone()), "PROGRAMMATIC_ACCESS_TOKEN"),
        (Credential::OAuth(token), "OAUTH"),
    ] {
        let token = credential.issue(&account(), "").now_or_never().unwrap().unwrap();
        assert_eq!((sent(&token).as_str(), token.kind().as_str()), (CANARY, kind));
        let shown = format!("{credential:?} {token:?} {:?}", token.header());
        assert!(!shown.contains(CANARY), "{shown}");
    }
}

#[test]
fn a_token_that_says_when_it_ends_is_heard() {
    let token = GivenToken::new(&secret(&jwt(1_754_899_200))).unwrap();
    let at = Credential::ProgrammaticAccessToken(token).expires_at().unwrap();
    assert_eq!(at.to_string(), "2025-08-11T08:00:00Z");
    for text in ["a.b.c", "a.b", "..", "ver:1-hint:92", "a.e30.c"] {
        assert_eq!(GivenToken::new(&secret(text)).unwrap().expires_at(), None, "{text}");
    }
}

#[test]
fn what_is_no_token_is_refused_before_it_is_sent() {
    use CredentialError::{TokenEmpty, TokenMalformed};
    for (text, error) in [
        ("", TokenEmpty),
        (" \n", TokenEmpty),
        ("a b", TokenMalformed),
        ("a\nb", TokenMalformed),
        ("ä", TokenMalformed),
    ] {
        assert_eq!(GivenToken::new(&secret(text)).unwrap_err(), error, "{text:?}");
    }
}

struct Source(Result<SourcedToken, String>);
impl TokenSource for Source {
    fn token(&self) -> BoxFuture<'_, Result<SourcedToken, String>> {
        std::future::ready(self.0.clone()).boxed()
    }
}

#[test]
fn a_workload_sends_its_platforms_token() {
    let identity = |source| Credential::WorkloadIdentity(WorkloadIdentity::oidc(Arc::new(Source(source))));
    let sourced = SourcedToken { text: secret(&jwt(4_000_000_000)), expires_at: None };
    let credential = identity(Ok(sourced));
    let token = credential.issue(&account(), "").now_or_never().unwrap().unwrap();
    assert_eq!(sent(&token), format!("WIF.OIDC.{}", jwt(4_000_000_000)));
    assert_eq!(token.kind().as_str(), "WORKLOAD_IDENTITY_FEDERATION");
    assert!(!format!("{credential:?} {token:?}").contains(CANARY));

    let refused = identity(Err("service account x/y does not exist".to_owned()));
    let error = refused.issue(&account(), "").now_or_never().unwrap().unwrap_err();
    assert!(error.to_string().contains("service account x/y does not exist") && error.is_transient());
    let empty = identity(Ok(SourcedToken { text: secret(""), expires_at: None }));
    assert_eq!(empty.issue(&account(), "").now_or_never().unwrap().unwrap_err(), CredentialError::TokenEmpty);
}
