//! Keeps the token in use.
use super::{Credential, CredentialError, Token};
use crate::snowflake::account::AccountIdentifier;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// After a failure the next attempt waits this long; meanwhile everyone gets the same answer.
const PAUSE: Duration = Duration::from_secs(5);

/// One token for all statements of a connection, renewed ahead of its end by whoever comes first.
#[derive(Debug)]
pub(in crate::snowflake) struct TokenCache {
    credential: Credential,
    account: AccountIdentifier,
    user: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Arc<Token>>,
    failed: Option<(Instant, CredentialError)>,
}

impl TokenCache {
    pub(in crate::snowflake) fn new(
        credential: Credential,
        account: AccountIdentifier,
        user: String,
    ) -> Self {
        Self { credential, account, user, state: Mutex::default() }
    }

    pub(in crate::snowflake) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// A token that is good for a while. One that still is good is used on when no other can be had.
    pub(in crate::snowflake) async fn current(&self) -> Result<Arc<Token>, CredentialError> {
        let mut state = self.state.lock().await;
        let kept = state.token.clone();
        match kept {
            Some(token) if token.is_fresh() => Ok(token),
            Some(token) if token.is_good() => self.fetch(&mut state).await.or(Ok(token)),
            _ => self.fetch(&mut state).await,
        }
    }

    /// Another token than the one that Snowflake refused. `None`: this credential has no other.
    pub(in crate::snowflake) async fn after_refusal(
        &self,
        refused: &Arc<Token>,
    ) -> Result<Option<Arc<Token>>, CredentialError> {
        if !self.credential.renews() {
            return Ok(None);
        }
        let mut state = self.state.lock().await;
        match &state.token {
            Some(token) if !Arc::ptr_eq(token, refused) => Ok(Some(token.clone())),
            _ => {
                state.token = None;
                self.fetch(&mut state).await.map(Some)
            }
        }
    }

    async fn fetch(&self, state: &mut State) -> Result<Arc<Token>, CredentialError> {
        if let Some((at, error)) = &state.failed
            && at.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        match self.credential.issue(&self.account, &self.user).await {
            Ok(token) => {
                state.failed = None;
                Ok(state.token.insert(Arc::new(token)).clone())
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}
