//! Keys, certificates and kubeconfigs of one cluster. Nothing of it is meant to be kept.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};
use serde_json::json;

use crate::error::{Context as _, Result};

/// The `iss` of ServiceAccount tokens, as kubeadm sets it.
pub(super) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// The authority of a cluster.
pub(super) struct Identity {
    ca: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// Makes the authority (`ca.crt`, `ca.key`), the API server's certificate (`apiserver.crt`,
    /// `apiserver.key`) and the key of the ServiceAccount tokens (`sa.key`, `sa.pub`) in `dir`.
    pub(super) fn create(dir: &Path) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "snowfence-testbed");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        write(&dir.join("ca.crt"), &ca.pem())?;
        write(&dir.join("ca.key"), &ca.key().serialize_pem())?;

        // RSA: most clusters sign with RS256, and so must what verifies these tokens expect.
        let tokens = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        write(&dir.join("sa.key"), &tokens.serialize_pem())?;
        write(&dir.join("sa.pub"), &tokens.public_key_pem())?;

        let this = Self { ca };
        let names = [
            "127.0.0.1",
            "10.96.0.1",
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ];
        let mut params = CertificateParams::new(names.map(str::to_owned))?;
        params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (certificate, key) = this.sign(params)?;
        write(&dir.join("apiserver.crt"), &certificate)?;
        write(&dir.join("apiserver.key"), &key)?;
        Ok(this)
    }

    /// A certificate and its key, PEM.
    fn sign(&self, mut params: CertificateParams) -> Result<(String, String)> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.ca)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// The certificate of a user: Kubernetes reads the name from CN and groups from O, of
    /// which rcgen writes one.
    pub(super) fn user(&self, user: &str, group: Option<&str>) -> Result<(String, String)> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    /// The authority's certificate, PEM.
    pub(super) fn ca(&self) -> String {
        self.ca.pem()
    }

    /// A kubeconfig that holds all it needs. JSON, which is YAML too.
    pub(super) fn write_kubeconfig(
        &self,
        path: &Path,
        url: &str,
        user: &str,
        group: Option<&str>,
    ) -> Result<()> {
        let (certificate, key) = self.user(user, group)?;
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "testbed",
            "clusters": [{"name": "testbed", "cluster": {
                "server": url,
                "certificate-authority-data": BASE64.encode(self.ca()),
            }}],
            "users": [{"name": user, "user": {
                "client-certificate-data": BASE64.encode(certificate),
                "client-key-data": BASE64.encode(key),
            }}],
            "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user}}],
        });
        write(path, &format!("{config:#}\n"))
    }
}

/// For this user's eyes alone.
fn write(path: &Path, text: &str) -> Result<()> {
    let what = || format!("writing {}", path.display());
    let mut file = std::fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .context(what)?;
    file.write_all(text.as_bytes()).context(what)
}
