//! What can be wrong with a credential.

/// Why there is no token. Says what to do; never shows secret text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CredentialError {
    #[error(
        "the private key is not PEM: it must start with -----BEGIN PRIVATE KEY----- or \
         -----BEGIN ENCRYPTED PRIVATE KEY-----"
    )]
    NotPem,
    #[error("the private key is cut off or damaged: {0}")]
    Damaged(String),
    #[error(
        "this is the public key, which belongs to the Snowflake user (RSA_PUBLIC_KEY): give the private one"
    )]
    PublicKey,
    #[error("this is a certificate: give the private key, as PKCS#8 PEM")]
    Certificate,
    #[error(
        "the private key is in a form that is not read here ({label}): convert it with \
         openssl pkcs8 -topk8 -in OLD -out rsa_key.p8"
    )]
    NotPkcs8 { label: String },
    #[error("the private key is encrypted: give its passphrase, too")]
    PassphraseMissing,
    #[error("the passphrase does not open the private key")]
    WrongPassphrase,
    #[error(
        "the private key is encrypted in a way that is not read here: encrypt it anew with \
         openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out rsa_key.p8"
    )]
    UnknownEncryption,
    #[error("the private key is not an RSA key: Snowflake takes RSA, make one with openssl genrsa 2048")]
    NotRsa,
    #[error("the private key has {bits} bits: Snowflake asks for 2048 or more")]
    TooShort { bits: usize },
    #[error("a key pair needs the name of the Snowflake user that it belongs to")]
    UserMissing,
    #[error("the token is empty")]
    TokenEmpty,
    #[error(
        "the token has characters that no token has (blanks, line breaks or others): was it pasted whole?"
    )]
    TokenMalformed,
    #[error("the token expired at {0}: give a new one")]
    Expired(jiff::Timestamp),
    #[error("the OAuth server refused the client: {0}")]
    OAuthRefused(String),
    #[error("the OAuth server {0}")]
    OAuthUnavailable(String),
    #[error("no workload identity token: {0}")]
    WorkloadIdentity(String),
}

impl CredentialError {
    /// Whether it can go away by itself: a server was out.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::OAuthUnavailable(_) | Self::WorkloadIdentity(_))
    }
}
