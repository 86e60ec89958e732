//! What to look at when Snowflake refuses a credential: it does not say why.

use crate::api::{SecretKeyRef, connection::ConnectionSpec};

/// A sentence for the condition, for each way to sign in.
pub(super) fn on_refusal(spec: &ConnectionSpec, namespace: &str) -> String {
    let user = &spec.user;
    let secret = |at: &SecretKeyRef| format!("Secret {namespace}/{}", at.name);
    let authentication = &spec.authentication;
    if let Some(pair) = &authentication.key_pair {
        let secret = secret(&pair.private_key);
        return format!(
            "check that spec.account is right, that user {user} exists and is not locked, and that its RSA_PUBLIC_KEY or RSA_PUBLIC_KEY_2 belongs to the key of {secret}"
        );
    }
    if let Some(token) = &authentication.programmatic_access_token {
        let secret = secret(&token.token);
        return format!(
            "check that spec.account is right, and that the token of {secret} is one of user {user}, has not expired and may use the role"
        );
    }
    if let Some(identity) = &authentication.workload_identity {
        let subject = format!("system:serviceaccount:{namespace}:{}", identity.service_account_ref.name);
        return format!(
            "check that the WORKLOAD_IDENTITY of user {user} names this cluster's issuer and the subject {subject}"
        );
    }
    format!("check that the security integration in Snowflake maps the token to user {user} and to the role")
}

#[cfg(test)]
mod tests {
    use super::on_refusal;
    use crate::api::{
        SecretKeyRef,
        connection::{Authentication, ConnectionSpec, KeyPair},
    };

    #[test]
    fn a_refused_key_names_its_user_and_its_secret() {
        let private_key = SecretKeyRef { name: "key".into(), key: "pem".into() };
        let key_pair = Some(KeyPair { private_key, passphrase: None });
        let authentication = Authentication { key_pair, ..Authentication::default() };
        let spec = ConnectionSpec { user: "ROBOT".into(), authentication, ..ConnectionSpec::default() };
        let advice = on_refusal(&spec, "prod");
        assert!(advice.contains("user ROBOT") && advice.contains("Secret prod/key"), "{advice}");
    }
}
