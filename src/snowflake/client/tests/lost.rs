use super::*;
use std::sync::atomic::AtomicBool;

/// Every submission carries the same id, and all but the first that may have arrived say `retry`.
fn assert_resubmitted(fake: &Fake, retries: &[bool]) {
    let asked = submissions(fake);
    let said: Vec<_> = asked.iter().map(|asked| asked.query().contains_key("retry")).collect();
    assert_eq!(said, retries);
    assert!(asked.iter().all(|one| one.query()["requestId"] == asked[0].query()["requestId"]));
    assert!(asked.iter().all(|one| one.body == asked[0].body));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again() {
    let html = || raw(502, "text/html", "<h1>Bad gateway</h1>");
    let cut_json = || raw(200, "application/json", done().to_string()[..300].to_owned());
    let cut_gzip = || {
        let Reply::Answer(answer) = gzipped(200, done()) else { unreachable!() };
        Reply::Answer(answer.map(|body| body.slice(..body.len() - 20)))
    };
    for lose in [|| Reply::Cut, || Reply::Never, html, cut_json, cut_gzip] as [fn() -> Reply; 5] {
        for statement in [create(), show()] {
            let fake = Fake::new(move |n, _| if n == 0 { lose() } else { answer(200, done()) });
            let options = RunOptions { timeout: Some(Duration::from_secs(300)), ..RunOptions::default() };
            client(&fake).run(&statement, &options).await.unwrap();
            assert_resubmitted(&fake, &[false, true]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_word_of_snowflake_ends_the_doubt() {
    let fake = Fake::new(|n, _| match n {
        0 => Reply::Cut,
        _ => answer(422, failed("002002", "42710", "exists")),
    });
    let error = run(&fake, create()).await.unwrap_err();
    assert!(error.is_object_exists() && !error.may_have_executed());
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_answer_stays_away_is_lost() {
    let fake = Fake::new(|_, _| Reply::Cut);
    let id = Uuid::new_v4();
    let options = RunOptions { request_id: Some(id), ..RunOptions::default() };
    let error = client(&fake).run(&create(), &options).await.unwrap_err();
    let ClientError::Lost { request_id, cause } = &error else { panic!("{error:?}") };
    assert_eq!(*request_id, id);
    assert_eq!(**cause, ClientError::Unavailable("connection reset".to_owned()));
    assert!(error.may_have_executed() && error.is_connection());
    assert_resubmitted(&fake, &[false, true, true, true]);
}

#[tokio::test(start_paused = true)]
async fn a_read_has_nothing_to_lose() {
    let fake = Fake::new(|_, _| Reply::Cut);
    let error = run(&fake, show()).await.unwrap_err();
    assert_eq!(error, ClientError::Unavailable("connection reset".to_owned()));
    assert!(!error.may_have_executed());
    assert!(fake.asked().len() > 5, "asked until its time is over");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_not_there_was_sent_nothing() {
    let fake = Fake::new(|_, _| Reply::NotSent);
    let before = Instant::now();
    let error = run(&fake, create()).await.unwrap_err();
    assert_eq!(error, ClientError::Unavailable("connection refused".to_owned()));
    assert!(!error.may_have_executed() && error.is_connection());
    assert_eq!(fake.asked().len(), 5);
    assert!(before.elapsed() < Duration::from_secs(20));
    assert_resubmitted(&fake, &[false; 5]);
}

#[tokio::test(start_paused = true)]
async fn doubt_survives_what_comes_after_it() {
    let not_sent = || Reply::NotSent;
    let refused = || answer(401, failed("390303", "", "invalid token"));
    let foreign = || raw(404, "text/html", "");
    let forgotten = || answer(404, failed("391920", "", "the handle is not known"));
    for then in [not_sent, refused, foreign, forgotten] as [fn() -> Reply; 4] {
        let fake = Fake::new(move |n, _| if n == 0 { Reply::Cut } else { then() });
        let error = run(&fake, create()).await.unwrap_err();
        assert!(matches!(error, ClientError::Lost { .. }), "{error:?}");
        let polled = Fake::new(move |n, _| if n == 0 { answer(202, running()) } else { then() });
        let error = run(&polled, create()).await.unwrap_err();
        assert!(matches!(error, ClientError::Lost { .. }), "{error:?}");
        assert_eq!(submissions(&polled).len(), 1, "what has a handle is not sent again");
    }
    // A resubmission is in doubt from the start.
    let fake = Fake::new(move |_, _| Reply::NotSent);
    let options = RunOptions { retry: true, ..RunOptions::default() };
    let error = client(&fake).run(&create(), &options).await.unwrap_err();
    assert!(error.may_have_executed());
    assert_resubmitted(&fake, &[true; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    let fake = Fake::new(|_, _| Reply::Never);
    let before = Instant::now();
    let options = RunOptions { timeout: Some(Duration::from_secs(30)), ..RunOptions::default() };
    let error = client(&fake).run(&create(), &options).await.unwrap_err();
    assert!(matches!(error, ClientError::TimedOut { query_id: None, .. }), "{error:?}");
    assert!(error.may_have_executed());
    assert_eq!(before.elapsed(), Duration::from_secs(35));
    let error = client(&fake).run(&show(), &options).await.unwrap_err();
    assert!(matches!(error, ClientError::TimedOut { may_have_executed: false, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_statement_whose_time_is_over_is_cancelled() {
    for (status, code, executed) in [
        (422, "000604", false),
        (408, "000630", false),
        (200, "090001", true),
        (202, "333334", true),
        (500, "000001", true),
    ] {
        let cancelled = AtomicBool::new(false);
        let fake = Fake::new(move |_, asked| {
            if asked.uri.path().ends_with("/cancel") {
                cancelled.store(true, SeqCst);
                answer(200, json!({"code": "000604", "statementHandle": "01b-handle"}))
            } else if cancelled.load(SeqCst) {
                match status {
                    200 => answer(200, done()),
                    202 => answer(202, running()),
                    _ => answer(status, failed(code, "57014", "over")),
                }
            } else {
                answer(202, running())
            }
        });
        let options = RunOptions { timeout: Some(Duration::from_secs(60)), ..RunOptions::default() };
        let error = client(&fake).run(&create(), &options).await.unwrap_err();
        let ClientError::TimedOut { query_id, after, .. } = &error else { panic!("{error:?}") };
        assert_eq!((query_id.as_deref(), *after), (Some("01b-handle"), Duration::from_secs(60)));
        assert_eq!(error.may_have_executed(), executed, "{error}");
        let cancel = fake.asked().into_iter().find(|one| one.uri.path().ends_with("/cancel")).unwrap();
        assert_eq!(cancel.uri.path(), "/api/v2/statements/01b-handle/cancel");
        assert_eq!(cancel.method, Method::POST);
    }
}

#[tokio::test(start_paused = true)]
async fn snowflakes_own_time_out_is_heard() {
    let fake = Fake::new(|_, _| answer(408, failed("000630", "57014", "reached its timeout")).after(30));
    let options = RunOptions { timeout: Some(Duration::from_secs(30)), ..RunOptions::default() };
    let error = client(&fake).run(&create(), &options).await.unwrap_err();
    assert!(matches!(error, ClientError::TimedOut { may_have_executed: false, .. }), "{error:?}");
    assert_eq!((error.query_id(), fake.asked().len()), (Some("01b-handle"), 1));
}
