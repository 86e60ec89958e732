//! Who is to be looked at again, and how fresh the look must be.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::{sync::mpsc, time::Instant};

/// Namespace and name.
pub(super) type Key = (String, String);

/// Since when an answer of Snowflake is fresh enough: to act on, and to be looked at for anything.
type Moments = (Instant, Instant);

/// Wakes resources of any kind, by Snowflake's word for their objects.
#[derive(Debug, Default)]
pub(super) struct Wake {
    queues: Mutex<HashMap<&'static str, mpsc::UnboundedSender<Key>>>,
    /// How fresh the look at each resource must be.
    as_of: Mutex<HashMap<(&'static str, Key), Moments>>,
}

impl Wake {
    /// The queue of a kind. One for each kind.
    pub(super) fn queue(&self, kind: &'static str) -> mpsc::UnboundedReceiver<Key> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, sender);
        receiver
    }

    /// Something about it has changed, now.
    pub(super) fn touch(&self, kind: &'static str, key: &Key, at: Instant) {
        let mut as_of = self.as_of.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, since) = as_of.entry((kind, key.clone())).or_insert((at, at));
        (*known, *since) = (at.max(*known), at.max(*since));
    }

    /// Its spec has changed, now, and nothing else.
    pub(super) fn changed(&self, kind: &'static str, key: &Key, at: Instant) {
        let mut as_of = self.as_of.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, _) = as_of.entry((kind, key.clone())).or_insert((at, at));
        *known = at.max(*known);
    }

    /// Looks at it again, with answers from `at` on.
    pub(super) fn wake(&self, kind: &'static str, key: Key, at: Instant) {
        self.touch(kind, &key, at);
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(kind) {
            // The receiver lives as long as the operator.
            let _ = queue.send(key);
        }
    }

    /// Since when answers serve to act on, and since when for anything.
    pub(super) fn as_of(&self, kind: &'static str, key: &Key) -> Moments {
        let as_of = self.as_of.lock().unwrap_or_else(PoisonError::into_inner);
        let now = || (Instant::now(), Instant::now());
        as_of.get(&(kind, key.clone())).copied().unwrap_or_else(now)
    }

    pub(super) fn forget(&self, kind: &'static str, key: &Key) {
        self.as_of.lock().unwrap_or_else(PoisonError::into_inner).remove(&(kind, key.clone()));
    }
}
