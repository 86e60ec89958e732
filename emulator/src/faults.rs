//! Faults on purpose, in order: a list that requests consume.
//!
//! Each request is offered to the faults from the first to the last; the first one that fits and is due fires, and
//! the rest do not see that request. A fault goes away when it has fired `count` times.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Which requests a fault watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A statement is sent.
    #[default]
    Submit,
    /// A client asks after a statement, or for a partition.
    Poll,
    /// A client cancels a statement.
    Cancel,
}

/// What a request must be like. A field that is left out fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Matcher {
    pub on: Request,
    /// A part of the statement's text, compared without regard to case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// The first word of the statement: `CREATE`, `SHOW`, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A part of the client's `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Action {
    /// The answer takes longer, milliseconds beyond the usual latency.
    Latency { millis: u64 },
    /// HTTP 429 with code 390505, and `Retry-After` in seconds when given. Nothing is executed.
    TooManyRequests {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// HTTP 503. Nothing is executed.
    Unavailable,
    /// HTTP 202, as after 45 s: the statement is in progress for so many questions after it. `effect` says whether it
    /// is executed at once or when the last question has been asked.
    InProgress {
        polls: u32,
        #[serde(default)]
        effect: Effect,
    },
    /// HTTP 408 with code 000630: the statement ran into its time-out. Nothing is executed.
    Timeout,
    /// The statement is executed, and the connection breaks before the answer, or in its middle.
    AnswerLost {
        #[serde(default)]
        truncated: bool,
    },
    /// The connection breaks before the statement is executed.
    LostBefore,
    /// HTTP 401 with code 390112: the session has expired. Nothing is executed.
    ExpiredSession,
    /// HTTP 401 with the code that the token's kind gives once it has expired. Nothing is executed.
    ExpiredToken,
    /// A privilege is taken away (`REVOKE privilege ON on FROM ROLE role`), then the statement is executed.
    Revoke { privilege: String, on: String, role: String },
    /// Somebody else's statement is executed, before this one or after it.
    Execute {
        statement: String,
        #[serde(default = "accountadmin")]
        role: String,
        #[serde(default)]
        after: bool,
    },
    /// HTTP 422 with code 000625: too many statements wait for a lock. Nothing is executed.
    Lock,
    /// SHOW gives no more rows than this, in this statement.
    RowLimit { rows: usize },
    /// HTTP 422 with an error of one's choice. Nothing is executed.
    Error { code: u32, sql_state: String, message: String },
}

/// When a statement in progress takes effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    #[default]
    Last,
    First,
}

fn accountadmin() -> String {
    "ACCOUNTADMIN".into()
}

fn one() -> u64 {
    1
}

/// A fault that waits for its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Fault {
    #[serde(default)]
    pub when: Matcher,
    /// Fires from the nth fitting request on, counted from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many times it still fires.
    #[serde(default = "one")]
    pub count: u64,
    pub action: Action,
}

impl Fault {
    /// A fault that hits the next statement.
    pub fn next(action: Action) -> Self {
        Self { when: Matcher::default(), nth: 1, count: 1, action }
    }

    /// A fault that hits the next statement with this text in it.
    pub fn on(contains: impl Into<String>, action: Action) -> Self {
        Self { when: Matcher { contains: Some(contains.into()), ..Matcher::default() }, ..Self::next(action) }
    }

    /// The same fault, so many times.
    pub fn times(self, count: u64) -> Self {
        Self { count, ..self }
    }

    /// The same fault, from the nth fitting request on.
    pub fn nth(self, nth: u64) -> Self {
        Self { nth, ..self }
    }

    /// The same fault, on another kind of request.
    pub fn of(mut self, on: Request) -> Self {
        self.when.on = on;
        self
    }

    /// What is wrong with it, if anything.
    fn flaw(&self) -> Option<String> {
        if self.nth == 0 || self.count == 0 {
            return Some("nth and count start at 1".into());
        }
        let carried = matches!(
            self.action,
            Action::Latency { .. }
                | Action::TooManyRequests { .. }
                | Action::Unavailable
                | Action::AnswerLost { .. }
                | Action::LostBefore
                | Action::ExpiredSession
                | Action::ExpiredToken
        );
        if self.when.on != Request::Submit && !carried {
            return Some(format!("a request of the kind {:?} cannot carry {:?}", self.when.on, self.action));
        }
        None
    }
}

/// What faults are asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) on: Request,
    pub(crate) statement: &'a str,
    pub(crate) user: &'a str,
    pub(crate) client: &'a str,
}

impl Matcher {
    fn fits(&self, occasion: Occasion<'_>) -> bool {
        let holds = |part: &Option<String>, whole: &str| {
            part.as_ref().is_none_or(|part| whole.to_lowercase().contains(&part.to_lowercase()))
        };
        self.on == occasion.on
            && self.verb.as_ref().is_none_or(|verb| verb.eq_ignore_ascii_case(verb_of(occasion.statement)))
            && self.user.as_ref().is_none_or(|user| user == occasion.user)
            && holds(&self.contains, occasion.statement)
            && holds(&self.client, occasion.client)
    }
}

/// The first word of a statement, past comments.
pub(crate) fn verb_of(statement: &str) -> &str {
    let mut rest = statement.trim_start();
    loop {
        if let Some(comment) = rest.strip_prefix("--").or_else(|| rest.strip_prefix("//")) {
            rest = comment.split_once('\n').map_or("", |(_, after)| after).trim_start();
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after).trim_start();
        } else {
            break;
        }
    }
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    &rest[..end]
}

/// A fault list that cannot be taken.
#[derive(Debug, thiserror::Error)]
#[error("fault {index}: {flaw}")]
pub struct FaultError {
    /// The place in the list, counted from 0.
    pub index: usize,
    pub flaw: String,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Waiting>>);

#[derive(Debug)]
struct Waiting {
    fault: Fault,
    seen: u64,
}

impl Faults {
    /// Appends faults, all or none.
    pub fn inject(&self, faults: impl IntoIterator<Item = Fault>) -> Result<(), FaultError> {
        let faults: Vec<Fault> = faults.into_iter().collect();
        for (index, fault) in faults.iter().enumerate() {
            if let Some(flaw) = fault.flaw() {
                return Err(FaultError { index, flaw });
            }
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(faults.into_iter().map(|fault| Waiting { fault, seen: 0 }));
        Ok(())
    }

    /// What is left.
    pub fn left(&self) -> Vec<Fault> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().map(|waiting| waiting.fault.clone()).collect()
    }

    /// Takes all of them away; says how many there were.
    pub fn clear(&self) -> usize {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).len()
    }

    /// What happens to this request.
    pub(crate) fn strike(&self, occasion: Occasion<'_>) -> Option<Action> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for index in 0..waiting.len() {
            if !waiting[index].fault.when.fits(occasion) {
                continue;
            }
            waiting[index].seen += 1;
            if waiting[index].seen < waiting[index].fault.nth {
                continue;
            }
            waiting[index].fault.count -= 1;
            let action = waiting[index].fault.action.clone();
            if waiting[index].fault.count == 0 {
                waiting.remove(index);
            }
            return Some(action);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(statement: &str) -> Occasion<'_> {
        Occasion { on: Request::Submit, statement, user: "OPERATOR", client: "test/1" }
    }

    #[test]
    fn faults_fire_in_order_and_go_away() {
        let faults = Faults::default();
        faults
            .inject([Fault::on("create", Action::Lock).nth(2), Fault::next(Action::Unavailable).times(2)])
            .unwrap();
        assert_eq!(faults.strike(submit("CREATE ROLE A")), Some(Action::Unavailable));
        assert_eq!(faults.strike(submit("CREATE ROLE A")), Some(Action::Lock));
        assert_eq!(faults.strike(submit("SHOW ROLES")), Some(Action::Unavailable));
        assert_eq!(faults.strike(submit("CREATE ROLE A")), None);
        assert!(faults.left().is_empty());
    }

    #[test]
    fn the_verb_is_found_past_comments() {
        assert_eq!(verb_of("  -- hello\n /* there */ show ROLES"), "show");
        assert_eq!(verb_of("/* open"), "");
        assert_eq!(verb_of(""), "");
        let faults = Faults::default();
        let when = Matcher { verb: Some("show".into()), ..Matcher::default() };
        faults.inject([Fault { when, ..Fault::next(Action::Timeout) }]).unwrap();
        assert_eq!(faults.strike(submit("-- a\nDROP ROLE R")), None);
        assert_eq!(faults.strike(submit("-- a\nSHOW ROLES")), Some(Action::Timeout));
    }

    #[test]
    fn a_list_is_taken_whole_or_not_at_all() {
        let faults = Faults::default();
        let flawed = Fault::next(Action::Lock).of(Request::Poll);
        let error = faults.inject([Fault::next(Action::Lock), flawed]).unwrap_err();
        assert_eq!(error.index, 1);
        assert!(faults.left().is_empty());
    }

    #[test]
    fn the_json_form_is_strict() {
        let read = |text: &str| serde_json::from_str::<Vec<Fault>>(text);
        let faults = read(
            r#"[{"action": "unavailable"},
                {"when": {"on": "poll", "verb": "SHOW"}, "nth": 2, "count": 3, "action": {"too_many_requests": {"retryAfter": 1}}},
                {"action": {"answer_lost": {}}},
                {"action": {"error": {"code": 91421, "sqlState": "0A000", "message": "m"}}}]"#,
        )
        .unwrap();
        assert_eq!(faults[1].count, 3);
        assert_eq!(faults[2].action, Action::AnswerLost { truncated: false });
        assert!(read(r#"[{"action": "unavailabel"}]"#).is_err());
        assert!(read(r#"[{"action": "unavailable", "cuont": 2}]"#).is_err());
        assert!(read(r#"[{"when": {"verbs": "SHOW"}, "action": "unavailable"}]"#).is_err());
    }
}
