//! Answers that many wait for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep},
};

use crate::snowflake::error::ClientError;

type Slot<T> = Arc<AsyncMutex<Option<Reading<T>>>>;
pub(super) struct Shared<K, T>(Mutex<HashMap<K, Slot<T>>>);

struct Reading<T> {
    began: Instant,
    seen: Result<Arc<T>, ClientError>,
}

impl<K: Eq + std::hash::Hash + Clone, T: Send + Sync + 'static> Shared<K, T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
    fn slot(&self, key: &K) -> Slot<T> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(key.clone()).or_default().clone()
    }
    /// The answer of a read that began at or after `as_of`. Whoever gets the lock reads, in a task of its own so that
    /// a caller who gives up does not take the answer from the others; a failure is shared like an answer.
    pub(super) async fn since<F>(
        &self,
        key: &K,
        as_of: Instant,
        gather: Duration,
        read: impl FnOnce(Instant) -> F,
    ) -> Result<Arc<T>, ClientError>
    where
        F: Future<Output = Result<T, ClientError>> + Send + 'static,
    {
        let mut last = self.slot(key).lock_owned().await;
        if let Some(reading) = &*last
            && reading.began >= as_of
        {
            return reading.seen.clone();
        }
        if !gather.is_zero() {
            sleep(gather).await;
        }
        let began = Instant::now();
        let reading = read(began);
        let task = tokio::spawn(async move {
            let seen = reading.await.map(Arc::new);
            *last = Some(Reading { began, seen: seen.clone() });
            seen
        });
        task.await
            .unwrap_or_else(|error| Err(ClientError::BadAnswer(format!("the read ended early: {error}"))))
    }
    pub(super) fn last(&self, key: &K) -> Option<Arc<T>> {
        let slot = self.slot(key);
        let last = slot.try_lock().ok()?;
        last.as_ref().and_then(|reading| reading.seen.clone().ok())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    #[tokio::test(start_paused = true)]
    async fn a_thousand_callers_share_a_few_reads() {
        let shared = Arc::new(Shared::<u8, u64>::new());
        let reads = Arc::new(AtomicU64::new(0));
        let calls = (0..1000u64).map(|i| {
            let (shared, reads) = (shared.clone(), reads.clone());
            tokio::spawn(async move {
                sleep(Duration::from_millis(i % 100)).await;
                let as_of = Instant::now();
                let read = |_| async move {
                    sleep(Duration::from_millis(200)).await;
                    Ok(reads.fetch_add(1, Ordering::SeqCst))
                };
                shared.since(&0, as_of, Duration::from_millis(20), read).await
            })
        });
        for call in futures::future::join_all(calls).await {
            call.unwrap().unwrap();
        }
        assert_eq!(reads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_gives_up_leaves_the_answer_to_the_others() {
        let shared = Arc::new(Shared::<u8, u64>::new());
        let slow = |_| async {
            sleep(Duration::from_secs(5)).await;
            Ok(1)
        };
        let start = Instant::now();
        let early =
            tokio::time::timeout(Duration::from_secs(1), shared.since(&0, start, Duration::ZERO, slow));
        assert!(early.await.is_err());
        let panics = |_| async { panic!("a second read") };
        assert_eq!(*shared.since(&0, start, Duration::ZERO, panics).await.unwrap(), 1);
    }
}
