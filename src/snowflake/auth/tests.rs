mod cached;
mod keys;
mod oauth;
mod tokens;

use super::*;
use secrecy::SecretString;

const CANARY: &str = "CANARY-f00d";

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

fn account() -> AccountIdentifier {
    AccountIdentifier::parse("xy12345.eu-central-1").unwrap()
}

/// The text that a token is sent as.
fn sent(token: &Token) -> String {
    token.header().unwrap().to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}
