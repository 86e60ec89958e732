//! `WORKLOAD_IDENTITY_FEDERATION`: a token that somebody else's issuer signed, an OpenID Connect provider's.
//!
//! The bearer token is `WIF.OIDC.<jwt>`. The issuer must be registered here with its keys (a JWK set: given, in a
//! file, or at a loopback URL); issuer, subject and audience must be those of a user's `WORKLOAD_IDENTITY`. The other
//! providers (AWS, AZURE, GCP) need those clouds and are refused.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::refusal::Refusal;

/// The audience that Snowflake expects when a user's `OIDC_AUDIENCE_LIST` is empty.
pub(crate) const AUDIENCE: &str = "snowflakecomputing.com";
/// Seconds that an issuer's clock may differ from ours.
const SKEW: i64 = 60;
/// A JWK set is small; what is larger is something else.
const LARGEST: usize = 1 << 20;

/// Where an issuer's keys are found.
#[derive(Clone, Debug)]
pub enum IssuerKeys {
    /// A JWK set as JSON text.
    Jwks(String),
    /// A file with a JWK set; read again when a token names a key that is not in it.
    File(PathBuf),
    /// A URL with a JWK set, on loopback only: the emulator calls nobody else.
    Url(String),
}

#[derive(Debug, Default)]
pub(crate) struct Issuers(Mutex<BTreeMap<String, Issuer>>);

#[derive(Clone, Debug)]
struct Issuer {
    source: IssuerKeys,
    known: Option<JwkSet>,
}

/// The claims that matter here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: Audience,
    pub(crate) exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(crate) fn holds_any(&self, allowed: &[String]) -> bool {
        match self {
            Self::One(one) => allowed.contains(one),
            Self::Many(many) => many.iter().any(|one| allowed.contains(one)),
        }
    }
}

impl Issuers {
    pub(crate) fn register(&self, issuer: String, source: IssuerKeys) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(issuer, Issuer { source, known: None });
    }

    /// Verifies signature and times. Whose token it is, the caller finds out.
    pub(crate) async fn verify(&self, token: &str, now: i64) -> Result<Claims, Refusal> {
        let header = jsonwebtoken::decode_header(token)
            .map_err(|error| Refusal::workload(format!("the attestation is no JWT ({error})")))?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err(Refusal::workload("the attestation must be signed with RS256 or ES256"));
        }
        let unverified: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token)
            .map_err(|error| Refusal::workload(format!("the attestation lacks claims ({error})")))?;
        let key = self.key(&unverified.iss, header.kid.as_deref(), header.alg).await?;
        let mut rules = Validation::new(header.alg);
        rules.validate_exp = false;
        rules.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules)
            .map_err(|error| {
                Refusal::workload(format!("the attestation's signature does not hold ({error})"))
            })?
            .claims;
        if claims.exp + SKEW <= now {
            return Err(Refusal::workload("the attestation has expired"));
        }
        if claims.nbf.is_some_and(|nbf| nbf > now + SKEW) {
            return Err(Refusal::workload("the attestation is not valid yet"));
        }
        Ok(claims)
    }

    async fn key(&self, issuer: &str, kid: Option<&str>, alg: Algorithm) -> Result<DecodingKey, Refusal> {
        let entry = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned();
        let Some(entry) = entry else {
            return Err(Refusal::workload(format!("the emulator was given no keys of the issuer {issuer}")));
        };
        if let Some(jwk) = entry.known.as_ref().and_then(|set| find(set, kid, alg)) {
            return decoding(jwk);
        }
        let text = read(&entry.source)
            .await
            .map_err(|error| Refusal::workload(format!("the keys of {issuer} cannot be read: {error}")))?;
        let set: JwkSet = serde_json::from_str(&text)
            .map_err(|error| Refusal::workload(format!("the keys of {issuer} are no JWK set: {error}")))?;
        let key = find(&set, kid, alg)
            .ok_or_else(|| Refusal::workload(format!("the issuer {issuer} has no key of that kid")))
            .and_then(decoding);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(issuer.to_owned(), Issuer { known: Some(set), ..entry });
        key
    }
}

fn decoding(jwk: &Jwk) -> Result<DecodingKey, Refusal> {
    DecodingKey::from_jwk(jwk)
        .map_err(|error| Refusal::workload(format!("the issuer's key is unusable: {error}")))
}

/// The key that a header means: by `kid`, or the only one that fits.
fn find<'a>(set: &'a JwkSet, kid: Option<&str>, alg: Algorithm) -> Option<&'a Jwk> {
    use jsonwebtoken::jwk::AlgorithmParameters as Parameters;
    let fits = |jwk: &&Jwk| {
        matches!(
            (&jwk.algorithm, alg),
            (Parameters::RSA(_), Algorithm::RS256) | (Parameters::EllipticCurve(_), Algorithm::ES256)
        )
    };
    if let Some(kid) = kid {
        return set.find(kid).filter(fits);
    }
    let mut fitting = set.keys.iter().filter(fits);
    fitting.next().filter(|_| fitting.next().is_none())
}

async fn read(source: &IssuerKeys) -> Result<String, String> {
    match source {
        IssuerKeys::Jwks(text) => Ok(text.clone()),
        IssuerKeys::File(path) => {
            tokio::fs::read_to_string(path).await.map_err(|error| format!("{}: {error}", path.display()))
        }
        IssuerKeys::Url(url) => {
            let parsed = reqwest::Url::parse(url).map_err(|error| error.to_string())?;
            let local = match parsed.host_str().unwrap_or_default().trim_matches(['[', ']']) {
                "localhost" => true,
                host => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
            };
            if !local {
                return Err(format!("{url} is not on loopback"));
            }
            let client = reqwest::Client::builder()
                .timeout(Duration::from_secs(5))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .map_err(|error| error.to_string())?;
            let answer = client.get(parsed).send().await.map_err(|error| error.to_string())?;
            let answer = answer.error_for_status().map_err(|error| error.to_string())?;
            let text = answer.text().await.map_err(|error| error.to_string())?;
            if text.len() > LARGEST { Err("the answer is too large".into()) } else { Ok(text) }
        }
    }
}
