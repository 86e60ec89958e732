//! A certificate authority of the emulator's own, and the server certificate that it signs.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// The names of the emulator's own certificate: this machine, and every account whose name has one part.
pub(crate) const NAMES: [&str; 5] =
    ["localhost", "127.0.0.1", "::1", "*.snowflakecomputing.com", "*.snowflakecomputing.cn"];

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("the server's certificate is not usable: {0}")]
    Rustls(#[from] rustls::Error),
}

/// A private certificate authority.
#[derive(Debug)]
pub struct Authority {
    certificate_pem: String,
    key: KeyPair,
}

impl Authority {
    /// Makes a fresh one.
    pub fn generate() -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let certificate = params().self_signed(&key)?;
        Ok(Self { certificate_pem: certificate.pem(), key })
    }

    /// One that was kept: its certificate and its key, both PEM.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, TlsError> {
        Ok(Self { certificate_pem: certificate.to_owned(), key: KeyPair::from_pem(key)? })
    }

    /// The certificate that clients trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The key, for [`Authority::from_pem`].
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// TLS 1.2 and 1.3 for these names, with HTTP/2 and HTTP/1.1.
    pub(crate) fn server(&self, names: &[&str]) -> Result<ServerConfig, TlsError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut leaf = CertificateParams::new(names)?;
        leaf.distinguished_name = name("Snowfence emulator");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &Issuer::new(params(), &self.key))?;
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, secret)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Snowfence emulator CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}
