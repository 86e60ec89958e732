//! RSA key pairs as key-pair authentication uses them: PKCS#8 in, SPKI out, fingerprints of the SPKI.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What is wrong with a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("this is no unencrypted RSA private key in PKCS#8 PEM form: {0}")]
    Private(String),
    #[error("this is no RSA public key (base64 of a SubjectPublicKeyInfo): {0}")]
    Public(String),
}

/// An RSA key pair of 2048 bits. Cloning shares the key.
#[derive(Clone)]
pub struct KeyPair(Arc<Inner>);

struct Inner {
    private_pem: String,
    public_der: Vec<u8>,
    signing: EncodingKey,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KeyPair").field(&self.fingerprint()).finish()
    }
}

impl KeyPair {
    /// Makes a fresh pair; takes a tenth of a second or so.
    ///
    /// # Panics
    /// When the system's random source fails.
    pub fn generate() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("the random source gives a key");
        Self::from_pair(&pair).expect("a fresh key serialises")
    }

    /// One pair for the whole process, made at the first call: in-process emulators share it, so that building
    /// thousands of them costs nothing.
    pub fn shared() -> Self {
        static SHARED: LazyLock<KeyPair> = LazyLock::new(KeyPair::generate);
        SHARED.clone()
    }

    /// Reads an unencrypted PKCS#8 PEM.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let body = pem
            .trim()
            .strip_prefix("-----BEGIN PRIVATE KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"))
            .ok_or_else(|| KeyError::Private("the PEM label PRIVATE KEY is missing".into()))?;
        let der = STANDARD
            .decode(body.split_whitespace().collect::<String>())
            .map_err(|error| KeyError::Private(error.to_string()))?;
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|error| KeyError::Private(error.to_string()))?;
        Self::from_pair(&pair).map_err(|error| KeyError::Private(error.to_string()))
    }

    fn from_pair(pair: &RsaKeyPair) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let private: Pkcs8V1Der<'_> = pair.as_der()?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
        let private_pem = pem("PRIVATE KEY", private.as_ref());
        let signing = EncodingKey::from_rsa_pem(private_pem.as_bytes())?;
        Ok(Self(Arc::new(Inner { private_pem, public_der: public.as_ref().to_vec(), signing })))
    }

    /// The private key, PKCS#8 in PEM, unencrypted.
    pub fn private_key_pem(&self) -> &str {
        &self.0.private_pem
    }

    /// The public key as `ALTER USER … SET RSA_PUBLIC_KEY` takes it: base64 of the DER, no PEM label.
    pub fn public_key(&self) -> String {
        STANDARD.encode(&self.0.public_der)
    }

    /// `SHA256:` and the base64 of the SHA-256 of the public key's DER.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0.public_der)
    }

    /// A token signed with RS256.
    ///
    /// # Panics
    /// When the claims do not serialise to a JSON object.
    pub fn sign(&self, claims: &impl Serialize) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &self.0.signing)
            .expect("an RSA key signs a JSON object")
    }

    /// The key that verifies what [`KeyPair::sign`] signed.
    pub(crate) fn verifying(&self) -> Result<DecodingKey, KeyError> {
        decoding_key(&self.public_key())
    }
}

/// `SHA256:<base64>` of a public key's DER.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    format!("SHA256:{}", STANDARD.encode(Sha256::digest(der)))
}

/// The DER of a public key as a user record keeps it: base64, with or without a PEM label and line breaks.
pub(crate) fn public_der(text: &str) -> Result<Vec<u8>, KeyError> {
    let body: String =
        text.lines().filter(|line| !line.starts_with("-----")).flat_map(str::split_whitespace).collect();
    STANDARD.decode(body).map_err(|error| KeyError::Public(error.to_string()))
}

/// A verifying key from the text of a user record.
pub(crate) fn decoding_key(text: &str) -> Result<DecodingKey, KeyError> {
    let der = public_der(text)?;
    DecodingKey::from_rsa_pem(pem("PUBLIC KEY", &der).as_bytes())
        .map_err(|error| KeyError::Public(error.to_string()))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for start in (0..text.len()).step_by(64) {
        pem.push_str(&text[start..text.len().min(start + 64)]);
        pem.push('\n');
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_pem() {
        let key = KeyPair::shared();
        let again = KeyPair::from_pem(key.private_key_pem()).unwrap();
        assert_eq!(key.fingerprint(), again.fingerprint());
        assert_eq!(fingerprint(&public_der(&key.public_key()).unwrap()), key.fingerprint());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(KeyPair::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").is_err());
        assert!(KeyPair::from_pem("hello").is_err());
        assert!(decoding_key("hello!").is_err());
        assert!(decoding_key("aGVsbG8=").is_err());
    }
}
