//! The open connections.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::engine::{
    fault::Fault,
    session::{ConnectionKey, Session},
};

/// The open connections, and whether each is known to work.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<ConnectionKey, State>>);

#[derive(Clone, Debug, Default)]
struct State {
    session: Option<Arc<Session>>,
    /// Why nothing is tried over it now.
    trouble: Option<String>,
    /// A resource was refused for want of a privilege: what the role lacks is to be read anew.
    lacks: bool,
}

impl Sessions {
    /// The session of a connection that works.
    pub(super) fn get(&self, key: &ConnectionKey) -> Result<Arc<Session>, Fault> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = |reason, message| Err(Fault::Waiting { reason, message });
        match states.get(key) {
            None => waiting(
                "ConnectionNotFound",
                format!("there is no SnowflakeConnection {key}, or it was not opened yet"),
            ),
            Some(State { trouble: Some(trouble), .. }) => {
                waiting("ConnectionNotReady", format!("SnowflakeConnection {key} is not ready: {trouble}"))
            }
            Some(State { session: Some(session), .. }) => Ok(session.clone()),
            Some(_) => waiting("ConnectionNotReady", format!("SnowflakeConnection {key} is being opened")),
        }
    }

    /// The session, also while it does not work.
    pub(super) fn any(&self, key: &ConnectionKey) -> Option<Arc<Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).and_then(|state| state.session.clone())
    }

    /// It works. True: it did not before, or is another one.
    pub(super) fn works(&self, key: &ConnectionKey, session: Arc<Session>) -> bool {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(key.clone()).or_default();
        let same =
            state.session.as_ref().is_some_and(|old| Arc::ptr_eq(old, &session)) && state.trouble.is_none();
        (state.session, state.trouble) = (Some(session), None);
        !same
    }

    /// It does not work. True: it did until now.
    pub(super) fn fails(&self, key: &ConnectionKey, trouble: String) -> bool {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(key.clone()).or_default();
        state.trouble.replace(trouble).is_none()
    }

    /// The role lacks a privilege. True: that was not known until now.
    pub(super) fn lacks(&self, key: &ConnectionKey) -> bool {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.get_mut(key).is_some_and(|state| !std::mem::replace(&mut state.lacks, true))
    }

    /// Whether the role lacked a privilege since this was last asked.
    pub(super) fn take_lacks(&self, key: &ConnectionKey) -> bool {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.get_mut(key).is_some_and(|state| std::mem::take(&mut state.lacks))
    }

    pub(super) fn close(&self, key: &ConnectionKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
