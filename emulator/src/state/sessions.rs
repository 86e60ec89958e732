//! The sessions of the drivers' door, and the tokens that stand for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::auth::Identity;
use crate::context::Context;

/// How long a session token holds, seconds (docs: user-guide/session-policies; clients renew it by themselves).
pub(crate) const VALIDITY: i64 = 3600;
/// How long a master token holds, seconds: a session that is idle for as long is over.
pub(crate) const MASTER_VALIDITY: i64 = 14_400;
/// How long a master token still serves after it was used, seconds: several threads of a client renew at once.
const GRACE: i64 = 60;
/// How many tokens a session has at most; those that expire first make room.
const PER_SESSION: usize = 64;
/// How many sessions there are at most; those that nobody used for longest make room.
const KEPT: usize = 10_000;

/// One session: what USE and ALTER SESSION changed is still so with the next statement.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: u64,
    pub(crate) identity: Identity,
    context: Mutex<Context>,
}

impl Session {
    pub(crate) fn new(identity: Identity, context: Context) -> Self {
        Self { id: context.session_id, identity, context: Mutex::new(context) }
    }

    /// As the latest statement left it.
    pub(crate) fn context(&self) -> Context {
        self.context.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A statement began with one context and ended with another. Several may run at once in a session.
    pub(crate) fn leave(&self, before: &Context, after: Context) {
        self.context.lock().unwrap_or_else(PoisonError::into_inner).follow(before, after);
    }
}

/// What a client holds in its hand.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) session: String,
    pub(crate) master: String,
}

/// Why a token does not open its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSession {
    /// The session token has expired; the master token gives another.
    Expired,
    /// The master token has expired, too.
    MasterExpired,
    /// Nobody was given this token, or its session was closed.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Session,
    Master,
}

#[derive(Debug)]
struct Held {
    kind: Kind,
    session: Arc<Session>,
    /// Seconds since 1970.
    expires: i64,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Held>>);

impl Sessions {
    /// Begins a session.
    pub(crate) fn open(&self, session: Session, now: i64) -> Tokens {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A session has one master token, and a session token or two.
        if held.len() >= 2 * KEPT {
            held.retain(|_, token| token.expires > now);
        }
        while held.len() >= 2 * KEPT {
            let oldest = held.values().min_by_key(|token| token.expires).map(|token| token.session.id);
            held.retain(|_, token| Some(token.session.id) != oldest);
        }
        issue(&mut held, &Arc::new(session), now)
    }

    /// Finds the session of a session token. `now` in seconds since 1970.
    pub(crate) fn find(&self, token: &str, now: i64) -> Result<Arc<Session>, NoSession> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.get(token).filter(|found| found.kind == Kind::Session).ok_or(NoSession::Unknown)?;
        if found.expires > now { Ok(Arc::clone(&found.session)) } else { Err(NoSession::Expired) }
    }

    /// Gives new tokens for a master token. The old session token holds until its own end, so that a request under
    /// way is not told to renew again; one that has expired stays known as such, for another thread of the client may
    /// still send it.
    pub(crate) fn renew(&self, master: &str, now: i64) -> Result<(Tokens, Arc<Session>), NoSession> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.get(master).filter(|found| found.kind == Kind::Master).ok_or(NoSession::Unknown)?;
        if found.expires <= now {
            return Err(NoSession::MasterExpired);
        }
        let session = Arc::clone(&found.session);
        for (text, token) in held.iter_mut().filter(|(_, token)| token.session.id == session.id) {
            if text == master {
                token.expires = token.expires.min(now + GRACE);
            }
        }
        held.retain(|_, token| token.session.id != session.id || token.expires + VALIDITY > now);
        let mut ends: Vec<i64> =
            held.values().filter(|token| token.session.id == session.id).map(|token| token.expires).collect();
        if ends.len() > PER_SESSION {
            ends.sort_unstable();
            let least = ends[ends.len() - PER_SESSION];
            held.retain(|_, token| token.session.id != session.id || token.expires > least);
        }
        Ok((issue(&mut held, &session, now), session))
    }

    /// A client is still there: its master token holds on, but not one that it has used up.
    pub(crate) fn touch(&self, session: &Session, now: i64) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = held.values_mut().filter(|token| token.session.id == session.id);
        for token in tokens.filter(|token| token.kind == Kind::Master && token.expires > now + GRACE) {
            token.expires = now + MASTER_VALIDITY;
        }
    }

    /// Ends a session.
    pub(crate) fn close(&self, session: &Session) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, token| token.session.id != session.id);
    }
}

fn issue(held: &mut HashMap<String, Held>, session: &Arc<Session>, now: i64) -> Tokens {
    let mut token = |kind, hint, seconds| {
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let text = format!("ver:3-hint:{hint}-{secret}");
        held.insert(text.clone(), Held { kind, session: Arc::clone(session), expires: now + seconds });
        text
    };
    Tokens {
        session: token(Kind::Session, session.id, VALIDITY),
        master: token(Kind::Master, session.id + 1, MASTER_VALIDITY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: u64) -> Session {
        let context = Context { session_id: id, ..Context::default() };
        Session::new(Identity { user: "U".into(), only_role: None }, context)
    }

    #[test]
    fn a_session_token_expires_and_is_renewed() {
        let sessions = Sessions::default();
        let first = sessions.open(session(1), 0);
        assert_eq!(sessions.find(&first.session, VALIDITY - 1).unwrap().id, 1);
        assert_eq!(sessions.find(&first.session, VALIDITY).unwrap_err(), NoSession::Expired);
        assert_eq!(
            sessions.find(&first.master, 0).unwrap_err(),
            NoSession::Unknown,
            "a master token opens nothing"
        );
        assert_eq!(sessions.renew(&first.session, 0).unwrap_err(), NoSession::Unknown);
        let (second, renewed) = sessions.renew(&first.master, VALIDITY).unwrap();
        assert_eq!(renewed.id, 1);
        sessions.touch(&renewed, VALIDITY);
        assert_eq!(sessions.find(&second.session, VALIDITY).unwrap().id, 1);
        assert_eq!(sessions.find(&first.session, VALIDITY).unwrap_err(), NoSession::Expired, "still known");
        let (third, _) = sessions.renew(&first.master, VALIDITY + GRACE - 1).unwrap();
        assert_eq!(sessions.find(&third.session, VALIDITY).unwrap().id, 1, "another thread was slower");
        let late = sessions.renew(&first.master, VALIDITY + GRACE).unwrap_err();
        assert_eq!(late, NoSession::MasterExpired, "it was used");
        let late = VALIDITY + MASTER_VALIDITY;
        assert_eq!(sessions.renew(&second.master, late).unwrap_err(), NoSession::MasterExpired);
    }

    #[test]
    fn a_closed_session_is_gone_and_others_stay() {
        let sessions = Sessions::default();
        let (one, two) = (sessions.open(session(1), 0), sessions.open(session(2), 0));
        let found = sessions.find(&one.session, 0).unwrap();
        sessions.touch(&found, 10);
        sessions.close(&found);
        assert_eq!(sessions.find(&one.session, 0).unwrap_err(), NoSession::Unknown);
        assert_eq!(sessions.renew(&one.master, 0).unwrap_err(), NoSession::Unknown);
        assert!(sessions.find(&two.session, 0).is_ok());
    }

    #[test]
    fn tokens_of_a_session_are_bounded() {
        let sessions = Sessions::default();
        let mut tokens = sessions.open(session(1), 0);
        for _ in 0..1000 {
            tokens = sessions.renew(&tokens.master, 0).unwrap().0;
        }
        assert!(sessions.0.lock().unwrap().len() <= PER_SESSION + 2);
        assert_eq!(sessions.find(&tokens.session, 0).unwrap().id, 1);
    }

    #[test]
    fn sessions_are_bounded() {
        let sessions = Sessions::default();
        for id in 0..=KEPT as u64 {
            let at = id.cast_signed();
            sessions.open(session(id), at);
        }
        assert!(sessions.0.lock().unwrap().len() <= 2 * KEPT);
    }
}
