use super::{cache::TokenCache, *};
use futures::{FutureExt, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::time::{advance, sleep};

/// Numbered tokens of ten minutes, each of which takes a second to get.
#[derive(Default)]
struct Numbered {
    issued: AtomicUsize,
    out: AtomicBool,
}

impl TokenSource for Numbered {
    fn token(&self) -> BoxFuture<'_, Result<SourcedToken, String>> {
        async {
            sleep(Duration::from_secs(1)).await;
            let n = self.issued.fetch_add(1, SeqCst);
            if self.out.load(SeqCst) {
                return Err(format!("out {n}"));
            }
            let expires_at = Some(Timestamp::now() + SignedDuration::from_mins(10));
            Ok(SourcedToken { text: secret(&format!("t{n}")), expires_at })
        }
        .boxed()
    }
}

fn cache() -> (Arc<Numbered>, TokenCache) {
    let source = Arc::new(Numbered::default());
    let credential = Credential::WorkloadIdentity(WorkloadIdentity::oidc(source.clone()));
    (source, TokenCache::new(credential, account(), String::new()))
}

async fn current(cache: &TokenCache) -> String {
    sent(&cache.current().await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn everyone_shares_one_token() {
    let (source, cache) = cache();
    let all = futures::future::join_all((0..100).map(|_| current(&cache))).await;
    assert!(all.iter().all(|token| token == "WIF.OIDC.t0"));
    assert_eq!(source.issued.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_ahead_of_its_end() {
    let (_, cache) = cache();
    assert_eq!(current(&cache).await, "WIF.OIDC.t0");
    advance(Duration::from_secs(7 * 60)).await;
    assert_eq!(current(&cache).await, "WIF.OIDC.t0");
    advance(Duration::from_secs(60 + 30)).await;
    assert_eq!(current(&cache).await, "WIF.OIDC.t1");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_still_good_is_used_while_no_other_can_be_had() {
    let (source, cache) = cache();
    assert_eq!(current(&cache).await, "WIF.OIDC.t0");
    source.out.store(true, SeqCst);
    advance(Duration::from_secs(9 * 60)).await;
    for _ in 0..10 {
        assert_eq!(current(&cache).await, "WIF.OIDC.t0");
    }
    assert_eq!(source.issued.load(SeqCst), 2, "a source that is out is not asked for every statement");
    advance(Duration::from_secs(2 * 60)).await;
    assert!(cache.current().await.unwrap_err().to_string().contains("out"));
    source.out.store(false, SeqCst);
    advance(Duration::from_secs(10)).await;
    assert!(current(&cache).await.starts_with("WIF.OIDC.t"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once() {
    let (source, cache) = cache();
    let refused = cache.current().await.unwrap();
    let all = futures::future::join_all((0..100).map(|_| cache.after_refusal(&refused))).await;
    assert!(all.into_iter().all(|token| sent(&token.unwrap().unwrap()) == "WIF.OIDC.t1"));
    assert_eq!(source.issued.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_given_token_has_no_replacement() {
    let token = GivenToken::new(&secret(CANARY)).unwrap();
    let cache = TokenCache::new(Credential::OAuth(token), account(), String::new());
    let refused = cache.current().await.unwrap();
    assert!(cache.after_refusal(&refused).await.unwrap().is_none());
    assert!(!format!("{cache:?}").contains(CANARY), "{cache:?}");
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_holds_nobody_up() {
    let (_, cache) = cache();
    let first = tokio::time::timeout(Duration::from_millis(500), cache.current()).await;
    assert!(first.is_err());
    assert_eq!(current(&cache).await, "WIF.OIDC.t0");
}
