//! Finds a private key in PEM text.
use super::CredentialError;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::zeroize::Zeroizing;

/// A private key as it stands in the file: DER, not yet decrypted.
pub(super) struct Block {
    pub(super) form: Form,
    pub(super) der: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Pkcs8,
    EncryptedPkcs8,
    /// What older versions of OpenSSL write: `BEGIN RSA PRIVATE KEY`.
    Pkcs1,
}

/// The first private key of a text, or what is there instead.
pub(super) fn private_key(text: &str) -> Result<Block, CredentialError> {
    let mut instead = CredentialError::NotPem;
    let mut rest = text;
    while let Some((label, body, after)) = next(rest)? {
        rest = after;
        let form = match label {
            "PRIVATE KEY" => Form::Pkcs8,
            "ENCRYPTED PRIVATE KEY" => Form::EncryptedPkcs8,
            // The old way to encrypt has headers before the key.
            "RSA PRIVATE KEY" if !body.contains(':') => Form::Pkcs1,
            "EC PRIVATE KEY" | "DSA PRIVATE KEY" => return Err(CredentialError::NotRsa),
            label if label.ends_with("PRIVATE KEY") => {
                return Err(CredentialError::NotPkcs8 { label: label.chars().take(40).collect() });
            }
            label => {
                if instead == CredentialError::NotPem {
                    instead = match label {
                        "PUBLIC KEY" | "RSA PUBLIC KEY" => CredentialError::PublicKey,
                        label if label.contains("CERTIFICATE") => CredentialError::Certificate,
                        _ => CredentialError::NotPem,
                    };
                }
                continue;
            }
        };
        return Ok(Block { form, der: decode(body)? });
    }
    Err(instead)
}

/// Label and body of the next block, and what follows it.
fn next(text: &str) -> Result<Option<(&str, &str, &str)>, CredentialError> {
    let Some((_, rest)) = text.split_once("-----BEGIN ") else { return Ok(None) };
    let cut = || CredentialError::Damaged("its first line does not end with -----".to_owned());
    let (label, rest) = rest.split_once("-----").ok_or_else(cut)?;
    let end = format!("-----END {label}-----");
    let no_end = || CredentialError::Damaged("its last line, the one with END, is missing".to_owned());
    let (body, rest) = rest.split_once(end.as_str()).ok_or_else(no_end)?;
    Ok(Some((label, body, rest)))
}

fn decode(body: &str) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(body.len()));
    plain.extend(body.bytes().filter(|b| !b.is_ascii_whitespace()));
    let bad =
        |_| CredentialError::Damaged("what is between its first and last line is not base64".to_owned());
    let der = STANDARD.decode(&*plain).map_err(bad)?;
    Ok(Zeroizing::new(der))
}
