//! Key pair authentication: a JWT signed with the user's private key.
//! Source: docs.snowflake.com, "Key-pair authentication and key-pair rotation", "Authenticating to the server".
use super::{
    CredentialError, Token, TokenType,
    pem::{self, Form},
};
use crate::snowflake::account::AccountIdentifier;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pkcs8::{
    EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument,
    der::{
        Decode, Encode, Reader, SliceReader, Tag, Tagged as _,
        asn1::{AnyRef, BitStringRef, UintRef},
    },
    spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const MIN_BITS: usize = 2048;
/// Snowflake takes an hour at most.
const LIFE: SignedDuration = SignedDuration::from_mins(59);
/// The token is dated back, for servers whose clock is behind ours.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// An RSA private key, ready to sign.
#[derive(Clone)]
pub struct KeyPair {
    key: Arc<EncodingKey>,
    fingerprint: Arc<str>,
}

impl KeyPair {
    /// Reads PEM: PKCS#8, encrypted with a passphrase or not, or PKCS#1 (`BEGIN RSA PRIVATE KEY`, not encrypted).
    /// A passphrase that is not needed is left aside.
    pub fn from_pem(text: &SecretString, passphrase: Option<&SecretString>) -> Result<Self, CredentialError> {
        let block = pem::private_key(text.expose_secret())?;
        match block.form {
            Form::Pkcs1 => Self::from_pkcs1(&block.der),
            Form::Pkcs8 => Self::from_pkcs8(&block.der),
            Form::EncryptedPkcs8 => {
                let passphrase = passphrase.ok_or(CredentialError::PassphraseMissing)?;
                Self::from_pkcs8(decrypt(&block.der, passphrase)?.as_bytes())
            }
        }
    }

    /// `SHA256:…`, as DESCRIBE USER prints `RSA_PUBLIC_KEY_FP`.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(super) fn issue(&self, account: &AccountIdentifier, user: &str) -> Result<Token, CredentialError> {
        if user.is_empty() {
            return Err(CredentialError::UserMissing);
        }
        let issued = Timestamp::now() - SKEW;
        let expires = issued + LIFE;
        let subject = format!("{}.{}", account.in_token(), user.to_uppercase());
        let claims = serde_json::json!({
            "iss": format!("{subject}.{}", self.fingerprint),
            "sub": subject,
            "iat": issued.as_second(),
            "exp": expires.as_second(),
        });
        Ok(Token::new(self.sign(&claims)?.into(), TokenType::KeyPairJwt, Some(expires)))
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, CredentialError> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(damaged)?;
        if info.algorithm.oid != RSA {
            return Err(CredentialError::NotRsa);
        }
        Self::from_pkcs1(info.private_key.as_bytes())
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, CredentialError> {
        let (bits, public) = public_key(der).map_err(damaged)?;
        if bits < MIN_BITS {
            return Err(CredentialError::TooShort { bits });
        }
        let fingerprint = format!("SHA256:{}", STANDARD.encode(Sha256::digest(public)));
        let pair = Self { key: Arc::new(EncodingKey::from_rsa_der(der)), fingerprint: fingerprint.into() };
        // A key whose numbers do not fit together shows only when it is used.
        pair.sign(&serde_json::json!({}))?;
        Ok(pair)
    }

    fn sign(&self, claims: &serde_json::Value) -> Result<String, CredentialError> {
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &self.key)
            .map_err(|_| CredentialError::Damaged("it cannot sign".to_owned()))
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

fn decrypt(der: &[u8], passphrase: &SecretString) -> Result<SecretDocument, CredentialError> {
    let info = match EncryptedPrivateKeyInfoRef::from_der(der) {
        Ok(info) => info,
        // Whole, but with an algorithm that is not known here.
        Err(_) if is_sequence(der) => return Err(CredentialError::UnknownEncryption),
        Err(error) => return Err(damaged(error)),
    };
    info.decrypt(passphrase.expose_secret()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. } | pkcs8::pkcs5::Error::NoPbes1CryptSupport,
        ) => CredentialError::UnknownEncryption,
        // What a wrong passphrase makes of the key is noise, with or without correct padding.
        _ => CredentialError::WrongPassphrase,
    })
}

fn is_sequence(der: &[u8]) -> bool {
    AnyRef::from_der(der).is_ok_and(|any| any.tag() == Tag::Sequence)
}

/// The public half of a PKCS#1 private key: the bits of its modulus, and its `SubjectPublicKeyInfo` as DER.
fn public_key(pkcs1: &[u8]) -> pkcs8::der::Result<(usize, Vec<u8>)> {
    let mut reader = SliceReader::new(pkcs1)?;
    let (modulus, exponent) = reader.sequence(|key| {
        let _version = u8::decode(key)?;
        let (modulus, exponent) = (UintRef::decode(key)?, UintRef::decode(key)?);
        // The private half is for the signing library to judge.
        while !key.is_finished() {
            AnyRef::decode(key)?;
        }
        Ok::<_, pkcs8::der::Error>((modulus, exponent))
    })?;
    let bytes = modulus.as_bytes();
    let bits = bytes.len() * 8 - bytes.first().map_or(0, |first| first.leading_zeros() as usize);
    let mut numbers = modulus.to_der()?;
    numbers.extend(exponent.to_der()?);
    let key = AnyRef::new(Tag::Sequence, &numbers)?.to_der()?;
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) },
        subject_public_key: BitStringRef::from_bytes(&key)?,
    };
    Ok((bits, info.to_der()?))
}

/// The reason in general words: what the parser prints is of no use to whoever has the key.
fn damaged(_: impl fmt::Debug) -> CredentialError {
    CredentialError::Damaged("what is inside is not a PKCS#8 private key".to_owned())
}
