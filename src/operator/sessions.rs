//! The open connections.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::engine::{
    fault::Fault,
    session::{ConnectionKey, Session},
};

/// The open connections, and whether each is known to work.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    states: Mutex<HashMap<ConnectionKey, State>>,
    opening: watch::Sender<Opening>,
}

/// What is still to come at the operator's start.
#[derive(Debug, Default)]
struct Opening {
    /// All connections that were there are known.
    listed: bool,
    /// Those that were not tried yet.
    untried: HashSet<ConnectionKey>,
}

#[derive(Clone, Debug, Default)]
struct State {
    session: Option<Arc<Session>>,
    /// Why nothing is tried over it now.
    trouble: Option<String>,
    /// A resource was refused for want of a privilege: what the role lacks is to be read anew.
    lacks: bool,
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionKey, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was there when the operator started.
    pub(super) fn found(&self, key: ConnectionKey) {
        self.opening.send_if_modified(|opening| !opening.listed && opening.untried.insert(key));
    }
    /// All that were there have been found.
    pub(super) fn listed(&self) {
        self.opening.send_if_modified(|opening| !std::mem::replace(&mut opening.listed, true));
    }
    /// Whether it works is known now, or it is gone.
    pub(super) fn tried(&self, key: &ConnectionKey) {
        self.opening.send_if_modified(|opening| opening.untried.remove(key));
    }
    /// Waits while the operator's start leaves open whether a connection is there and works.
    pub(super) async fn first_tried(&self, key: &ConnectionKey, until: Instant) {
        let mut opening = self.opening.subscribe();
        let tried = opening.wait_for(|opening| opening.listed && !opening.untried.contains(key));
        // Too late is told like any trouble.
        let _ = timeout_at(until, tried).await;
    }

    /// The session of a connection that works.
    pub(super) fn get(&self, key: &ConnectionKey) -> Result<Arc<Session>, Fault> {
        let states = self.lock();
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
        self.lock().get(key).and_then(|state| state.session.clone())
    }

    /// It works. True: it did not before, or is another one.
    pub(super) fn works(&self, key: &ConnectionKey, session: Arc<Session>) -> bool {
        let mut states = self.lock();
        let state = states.entry(key.clone()).or_default();
        let same =
            state.session.as_ref().is_some_and(|old| Arc::ptr_eq(old, &session)) && state.trouble.is_none();
        (state.session, state.trouble) = (Some(session), None);
        !same
    }

    /// It does not work. True: it did until now.
    pub(super) fn fails(&self, key: &ConnectionKey, trouble: String) -> bool {
        let mut states = self.lock();
        let state = states.entry(key.clone()).or_default();
        state.trouble.replace(trouble).is_none()
    }

    /// The role lacks a privilege. True: that was not known until now.
    pub(super) fn lacks(&self, key: &ConnectionKey) -> bool {
        let mut states = self.lock();
        states.get_mut(key).is_some_and(|state| !std::mem::replace(&mut state.lacks, true))
    }

    /// Whether the role lacked a privilege since this was last asked.
    pub(super) fn take_lacks(&self, key: &ConnectionKey) -> bool {
        let mut states = self.lock();
        states.get_mut(key).is_some_and(|state| std::mem::take(&mut state.lacks))
    }

    pub(super) fn close(&self, key: &ConnectionKey) {
        self.lock().remove(key);
        self.tried(key);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn named(name: &str) -> ConnectionKey {
        ConnectionKey { namespace: "ns".into(), name: name.into() }
    }

    async fn waits(sessions: &Sessions, name: &str) -> bool {
        let until = Instant::now() + Duration::from_secs(10);
        sessions.first_tried(&named(name), until).await;
        Instant::now() >= until
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_start_resources_wait_for_their_connection() {
        let sessions = Sessions::default();
        assert!(waits(&sessions, "a").await, "nothing is known yet");
        sessions.found(named("a"));
        sessions.found(named("b"));
        sessions.listed();
        assert!(!waits(&sessions, "missing").await);
        sessions.tried(&named("a"));
        assert!(!waits(&sessions, "a").await);
        assert!(waits(&sessions, "b").await);
        sessions.close(&named("b"));
        assert!(!waits(&sessions, "b").await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_came_later_is_not_waited_for() {
        let sessions = Sessions::default();
        sessions.listed();
        sessions.found(named("new"));
        assert!(!waits(&sessions, "new").await);
    }
}
