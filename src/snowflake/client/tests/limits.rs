use super::*;
use std::sync::Mutex;

#[tokio::test(start_paused = true)]
async fn slow_downs_are_obeyed() {
    let fake = Fake::new(|n, _| match n {
        0 => answer(429, failed("390505", "", "Too many requests.")),
        1 => answer(429, failed("390505", "", "Too many requests.")).header("retry-after", "20"),
        2 => answer(503, json!({})),
        _ => answer(200, done()),
    });
    run(&fake, create()).await.unwrap();
    let asked = fake.asked();
    assert!(asked[1].at - asked[0].at >= Duration::from_millis(250));
    assert!(asked[2].at - asked[1].at >= Duration::from_secs(20));
    let retries: Vec<_> = asked.iter().map(|one| one.query().contains_key("retry")).collect();
    assert_eq!(retries, [false, false, false, true], "429 took nothing up, 503 may have");
}

#[tokio::test(start_paused = true)]
async fn slow_downs_without_end_are_told() {
    let fake = Fake::new(|_, _| answer(429, failed("390505", "", "Too many requests.")));
    let before = Instant::now();
    let error = run(&fake, create()).await.unwrap_err();
    assert_eq!(error, ClientError::Throttled { message: "Too many requests.".to_owned() });
    assert!(!error.may_have_executed());
    assert!(before.elapsed() <= Duration::from_secs(65));
    let pauses: Vec<_> = fake.asked().windows(2).map(|two| two[1].at - two[0].at).collect();
    assert!(pauses.len() < 15 && pauses.last() > pauses.first(), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_down_for_ever_is_told_at_once() {
    let fake = Fake::new(|_, _| answer(429, json!({})).header("retry-after", "18446744073709551615"));
    let error = run(&fake, create()).await.unwrap_err();
    assert!(matches!(error, ClientError::Throttled { .. }), "{error:?}");
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_ends_with_the_statements_time() {
    let fake = Fake::new(|_, _| raw(503, "text/html", "<h1>CANARY-f00d</h1>"));
    let error = run(&fake, show()).await.unwrap_err();
    assert_eq!(error, ClientError::Unavailable("HTTP status 503".to_owned()));
    let error = run(&fake, create()).await.unwrap_err();
    assert!(error.may_have_executed());
    assert_eq!(error.cause(), &ClientError::Unavailable("HTTP status 503".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once() {
    let expired = || answer(401, failed("390303", "", "Token expired."));
    let fake = Fake::new(move |n, _| if n == 0 { expired() } else { answer(200, done()) });
    run(&fake, create()).await.unwrap();
    let sent: Vec<_> = fake.asked().iter().map(|one| one.header("authorization").to_owned()).collect();
    assert_eq!(sent, ["Bearer WIF.OIDC.CANARY-f00d-0", "Bearer WIF.OIDC.CANARY-f00d-1"]);
    assert!(!fake.asked()[1].query().contains_key("retry"));

    let fake = Fake::new(move |_, _| expired());
    let error = run(&fake, create()).await.unwrap_err();
    let refused =
        ClientError::Unauthorized { code: "390303".to_owned(), message: "Token expired.".to_owned() };
    assert_eq!((error, fake.asked().len()), (refused.clone(), 2));

    let given = Client::new(config(given()), fake.transport());
    let error = given.run(&create(), &RunOptions::default()).await.unwrap_err();
    assert_eq!((error, fake.asked().len()), (refused, 3), "a token that was given is not tried twice");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_while_waiting_is_renewed() {
    let fake = Fake::new(|n, _| match n {
        0 => answer(202, running()),
        1 => answer(401, failed("390303", "", "Token expired.")),
        _ => answer(200, done()),
    });
    run(&fake, create()).await.unwrap();
    assert_eq!(submissions(&fake).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_blocked_address_is_no_reason_to_go_on() {
    let fake =
        Fake::new(|_, _| answer(403, failed("390422", "08001", "Incoming request with IP is not allowed")));
    let error = run(&fake, create()).await.unwrap_err();
    assert_eq!(error.code(), Some("390422"));
    assert!(matches!(error, ClientError::Unauthorized { .. }) && error.is_connection());
}

#[tokio::test(start_paused = true)]
async fn so_many_statements_run_at_once() {
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (now, max) = (running.clone(), most.clone());
    let service = tower::service_fn(move |_: http::Request<http_body_util::Full<bytes::Bytes>>| {
        let (now, max) = (now.clone(), max.clone());
        async move {
            max.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, SeqCst);
            let body = http_body_util::Full::<bytes::Bytes>::from(done().to_string());
            Ok::<_, std::convert::Infallible>(http::Response::new(body))
        }
    });
    let client = Client::new(config(renewing()).concurrency(4), Transport::from_service(service));
    let before = Instant::now();
    let (statement, options) =
        (create(), RunOptions { timeout: Some(Duration::from_secs(2)), ..RunOptions::default() });
    let all = futures::future::join_all((0..100).map(|_| client.run(&statement, &options))).await;
    assert!(all.iter().all(Result::is_ok), "waiting for a permit does not count against the time-out");
    assert_eq!((most.load(SeqCst), before.elapsed().as_secs()), (4, 25));
    drop(running);
}

#[tokio::test(start_paused = true)]
async fn what_many_wait_for_goes_before_the_queue() {
    let service = tower::service_fn(|_: http::Request<http_body_util::Full<bytes::Bytes>>| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let body = http_body_util::Full::<bytes::Bytes>::from(done().to_string());
        Ok::<_, std::convert::Infallible>(http::Response::new(body))
    });
    let client = Client::new(config(renewing()).concurrency(2), Transport::from_service(service));
    let queue = tokio::spawn({
        let client = client.clone();
        async move {
            let (statement, options) = (create(), RunOptions::default());
            futures::future::join_all((0..40).map(|_| client.run(&statement, &options))).await
        }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = Instant::now();
    let first = RunOptions { first: true, ..RunOptions::default() };
    client.run(&show(), &first).await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(3), "{:?}", before.elapsed());
    assert!(queue.await.unwrap().iter().all(Result::is_ok));
    assert_eq!(before.elapsed().as_secs(), 20, "it takes a permit like all others");
}

#[tokio::test(start_paused = true)]
async fn who_waits_leaves_the_place_to_others() {
    let fake = Fake::new(|_, asked| {
        if asked.json()["statement"] == "SHOW WAREHOUSES" {
            answer(200, done())
        } else {
            answer(429, failed("390505", "", "Too many requests.")).header("retry-after", "30")
        }
    });
    let client = Client::new(config(renewing()).concurrency(1), fake.transport());
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.run(&create(), &RunOptions::default()).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = Instant::now();
    client.run(&show(), &RunOptions::default()).await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(1));
    assert!(slow.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_gives_its_place_back() {
    let fake = Fake::new(|n, _| if n == 0 { Reply::Never } else { answer(200, done()) });
    let client = Client::new(config(renewing()).concurrency(1), fake.transport());
    let (statement, options) = (create(), RunOptions::default());
    let dropped = tokio::time::timeout(Duration::from_secs(1), client.run(&statement, &options)).await;
    assert!(dropped.is_err());
    client.run(&statement, &options).await.unwrap();
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);
impl Observer for Seen {
    fn statement(&self, kind: &str, verb: &str, outcome: &str, seconds: f64) {
        self.0.lock().unwrap().push(format!("{kind} {verb} {outcome} {seconds:.0}"));
    }
}

#[tokio::test(start_paused = true)]
async fn every_statement_is_observed() {
    let fake = Fake::new(|n, _| match n {
        0 => answer(200, done()).after(2),
        _ => answer(422, failed("002003", "42S02", "no")),
    });
    let seen = Arc::new(Seen::default());
    let client = Client::new(config(renewing()).observer(seen.clone()), fake.transport());
    client.run(&show(), &RunOptions::default()).await.unwrap();
    client.run(&create(), &RunOptions::default()).await.unwrap_err();
    assert_eq!(*seen.0.lock().unwrap(), ["WAREHOUSE SHOW ok 2", "WAREHOUSE CREATE refused 0"]);
}

#[tokio::test(start_paused = true)]
async fn another_secret_takes_over_without_a_gap() {
    let fake = Fake::new(|_, _| answer(200, done()).after(1));
    let old = Client::new(config(given()).concurrency(1), fake.transport());
    let token = GivenToken::new(&"second".to_owned().into()).unwrap();
    let new = old.with_credential(Credential::ProgrammaticAccessToken(token));
    let (statement, options) = (create(), RunOptions::default());
    let before = Instant::now();
    let (first, second) = tokio::join!(old.run(&statement, &options), new.run(&statement, &options));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(before.elapsed().as_secs(), 2, "both share the permit");
    let sent: Vec<_> = fake.asked().iter().map(|one| one.header("authorization").to_owned()).collect();
    assert_eq!(sent, ["Bearer CANARY-f00d", "Bearer second"]);
}

#[test]
fn a_run_may_move_between_threads() {
    fn send<T: Send>(_: T) {}
    let fake = Fake::new(|_, _| Reply::Never);
    let (client, statement, options) = (client(&fake), create(), RunOptions::default());
    send(client.run(&statement, &options));
}
