//! Faults: each does what it says, and is gone afterwards.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;
use snowfence_emulator::faults::{Action, Effect, Fault, Request};

use crate::client::{Client, emulator, warehouses};

const CREATE: &str = "CREATE WAREHOUSE W";

fn hit(emulator: &Emulator, action: Action) -> Client {
    emulator.inject(Fault::next(action)).unwrap();
    Client::operator(emulator)
}

#[tokio::test]
async fn refusals_execute_nothing() {
    for (action, status, code) in [
        (Action::TooManyRequests { retry_after: Some(3) }, 429, "390505"),
        (Action::Unavailable, 503, "390503"),
        (Action::Timeout, 408, "000630"),
        (Action::ExpiredSession, 401, "390112"),
        (Action::ExpiredToken, 401, "390144"),
        (Action::Lock, 422, "000625"),
        (Action::Error { code: 91421, sql_state: "0A000".into(), message: "m".into() }, 422, "091421"),
    ] {
        let emulator = emulator();
        let client = hit(&emulator, action.clone());
        let answer = client.sql(CREATE).await.expect(status);
        assert_eq!(answer.code(), code);
        if status == 429 {
            assert_eq!(answer.headers["retry-after"], "3");
        }
        assert_eq!(warehouses(&emulator), 0, "{action:?}");
        client.sql(CREATE).await.expect(200);
        assert!(emulator.faults().left().is_empty());
    }
}

#[tokio::test]
async fn an_answer_is_lost_after_the_commit_or_the_request_before_it() {
    for (action, executed) in [
        (Action::AnswerLost { truncated: false }, 1),
        (Action::AnswerLost { truncated: true }, 1),
        (Action::LostBefore, 0),
    ] {
        let emulator = emulator();
        let client = hit(&emulator, action.clone());
        let query = "?requestId=0b3c0b8e-6d0a-4a33-9b71-3f3d0d6f5a01&retry=true";
        let body = json!({"statement": CREATE});
        assert!(client.try_send(client.statement(query, &body)).await.is_err(), "{action:?}");
        assert_eq!(warehouses(&emulator), executed, "{action:?}");
        client.post(query, &body).await.expect(200);
        assert_eq!(warehouses(&emulator), 1);
        assert_eq!(emulator.statements(0).iter().filter(|s| s.verb() == "CREATE").count(), 1);
    }
}

#[tokio::test]
async fn a_statement_is_in_progress_for_as_many_questions_as_asked() {
    for (effect, at_once) in [(Effect::First, 1), (Effect::Last, 0)] {
        let emulator = emulator();
        let client = hit(&emulator, Action::InProgress { polls: 2, effect });
        let answer = client.sql(CREATE).await.expect(202);
        assert_eq!(answer.code(), "333334");
        for _ in 0..2 {
            client.status(answer.handle()).await.expect(202);
            assert_eq!(warehouses(&emulator), at_once, "{effect:?}");
        }
        let done = client.status(answer.handle()).await.expect(200);
        assert!(done.cell().contains("successfully created"));
        assert_eq!(warehouses(&emulator), 1);
    }
}

#[tokio::test]
async fn a_statement_in_progress_can_be_repeated_or_cancelled() {
    let emulator = emulator();
    let query = "?requestId=0b3c0b8e-6d0a-4a33-9b71-3f3d0d6f5a02&retry=true";
    let body = json!({"statement": CREATE});
    let client = hit(&emulator, Action::InProgress { polls: 1, effect: Effect::Last });
    let first = client.post(query, &body).await.expect(202);
    assert_eq!(client.post(query, &body).await.expect(202).handle(), first.handle());
    assert_eq!(client.post(query, &body).await.expect(200).handle(), first.handle());
    client.sql("DROP WAREHOUSE W").await.expect(200);

    let client = hit(&emulator, Action::InProgress { polls: 5, effect: Effect::Last });
    let running = client.sql(CREATE).await.expect(202);
    client.cancel(running.handle()).await.expect(200);
    assert_eq!(client.status(running.handle()).await.expect(422).code(), "000604");
    assert_eq!(warehouses(&emulator), 0);
}

#[tokio::test]
async fn latency_is_added() {
    let emulator = emulator();
    let client = hit(&emulator, Action::Latency { millis: 60 });
    let began = std::time::Instant::now();
    client.sql(CREATE).await.expect(200);
    assert!(began.elapsed() >= Duration::from_millis(60));
    let entry = emulator.statements(0).pop().unwrap();
    assert!(entry.elapsed >= 60.0, "{entry:?}");
}

#[tokio::test]
async fn somebody_else_acts_at_the_worst_moment() {
    let emulator = emulator();
    let client = hit(
        &emulator,
        Action::Execute { statement: "CREATE WAREHOUSE W".into(), role: "SYSADMIN".into(), after: false },
    );
    assert_eq!(client.sql(CREATE).await.expect(422).code(), "002002");
    let client = hit(
        &emulator,
        Action::Execute { statement: "DROP WAREHOUSE W".into(), role: "SYSADMIN".into(), after: true },
    );
    client.sql("ALTER WAREHOUSE W SET COMMENT = 'x'").await.expect(200);
    assert_eq!(warehouses(&emulator), 0);
    let clients: Vec<String> = emulator.statements(0).into_iter().map(|s| s.client).collect();
    assert!(clients.iter().filter(|client| *client == "emulator").count() >= 2, "{clients:?}");
}

#[tokio::test]
async fn a_privilege_is_taken_away() {
    let emulator = emulator();
    emulator
        .execute_as("ACCOUNTADMIN", "CREATE ROLE MAKER; GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE MAKER")
        .unwrap();
    let user = emulator.add_user("WORKER", ["MAKER"]);
    let client = Client::with(&emulator, None, user.token);
    client.sql("CREATE WAREHOUSE A").await.expect(200);
    let action =
        Action::Revoke { privilege: "CREATE WAREHOUSE".into(), on: "ACCOUNT".into(), role: "MAKER".into() };
    emulator.inject(Fault::on("warehouse b", action)).unwrap();
    assert_eq!(client.sql("CREATE WAREHOUSE B").await.expect(422).code(), "003001");
}

#[tokio::test]
async fn show_gives_fewer_rows() {
    let emulator = emulator();
    emulator.execute_as("SYSADMIN", "CREATE WAREHOUSE A; CREATE WAREHOUSE B; CREATE WAREHOUSE C").unwrap();
    let client = hit(&emulator, Action::RowLimit { rows: 2 });
    assert_eq!(client.sql("SHOW WAREHOUSES").await.expect(200).body["resultSetMetaData"]["numRows"], 2);
    assert_eq!(client.sql("SHOW WAREHOUSES").await.expect(200).body["resultSetMetaData"]["numRows"], 3);
}

#[tokio::test]
async fn questions_have_faults_of_their_own() {
    let emulator = emulator();
    let client = hit(&emulator, Action::InProgress { polls: 0, effect: Effect::First });
    emulator
        .faults()
        .inject([
            Fault::on("create", Action::Unavailable).of(Request::Poll),
            Fault::on("create", Action::AnswerLost { truncated: true }).of(Request::Poll),
        ])
        .unwrap();
    let answer = client.sql(CREATE).await.expect(202);
    client.status(answer.handle()).await.expect(503);
    let poll = client.request(Method::GET, &format!("/api/v2/statements/{}", answer.handle()), "");
    assert!(client.try_send(poll).await.is_err());
    client.status(answer.handle()).await.expect(200);
}

#[tokio::test]
async fn faults_are_given_listed_and_cleared_over_http() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    let post = async |body: &str| {
        client.send(client.request(Method::POST, "/emulator/faults", body.to_owned())).await
    };
    let list = r#"[{"when": {"verb": "CREATE"}, "nth": 2, "count": 2, "action": "unavailable"},
        {"when": {"contains": "nothing"}, "action": {"latency": {"millis": 5}}}]"#;
    post(list).await.expect(200);
    client.sql("CREATE WAREHOUSE A").await.expect(200);
    client.sql("CREATE WAREHOUSE B").await.expect(503);
    let left = client.get("/emulator/faults").await.expect(200).body;
    assert_eq!(left[0]["count"], 1);
    assert_eq!(left.as_array().unwrap().len(), 2);
    let again: Value = left.clone();
    let cleared = client.send(client.request(Method::DELETE, "/emulator/faults", "")).await.expect(200);
    assert_eq!(cleared.body["cleared"], 2);
    post(&again.to_string()).await.expect(200);
    for bad in ["", "{}", "[{}]", r#"[{"action": "explode"}]"#, r#"[{"action": "lock", "nth": 0}]"#] {
        post(bad).await.expect(400);
    }
    assert_eq!(emulator.faults().left().len(), 2);
}
