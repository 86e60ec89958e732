use super::*;

#[tokio::test(start_paused = true)]
async fn a_request_says_what_the_api_asks_for() {
    let fake = Fake::new(|_, _| answer(200, done()));
    let config = config(given())
        .role(Some(Ident::exact("My Role").unwrap()))
        .warehouse(Some(Ident::exact("WH").unwrap()))
        .statement_timeout(Duration::from_secs(90));
    let client = Client::new(config, fake.transport());
    let id = Uuid::new_v4();
    let options =
        RunOptions { query_tag: Some("t".repeat(3000)), request_id: Some(id), ..RunOptions::default() };
    let outcome = client.run(&create(), &options).await.unwrap();
    assert_eq!(outcome.query_id, "01b-handle");
    assert_eq!(outcome.created_on.unwrap().to_string(), "2025-08-11T08:00:00.123Z");
    assert_eq!(outcome.rows.first().unwrap().text("status"), Some("Statement executed successfully."));

    let [asked] = &fake.asked()[..] else { panic!("{:?}", fake.asked()) };
    assert_eq!(asked.method, Method::POST);
    let address = format!("https://myorg-prod.snowflakecomputing.com/api/v2/statements?requestId={id}");
    assert_eq!(asked.uri.to_string(), address);
    assert_eq!(asked.header("authorization"), format!("Bearer {CANARY}"));
    assert_eq!(asked.header("x-snowflake-authorization-token-type"), "PROGRAMMATIC_ACCESS_TOKEN");
    assert!(asked.header("user-agent").starts_with("snowfence/"));
    assert_eq!(asked.header("accept"), "application/json");
    let body = json!({
        "statement": "CREATE WAREHOUSE WH",
        "timeout": 90,
        "role": "My Role",
        "warehouse": "WH",
        "parameters": {"query_tag": "t".repeat(2000)},
    });
    assert_eq!(asked.json(), body);

    let options = RunOptions {
        role: Some(Ident::exact("OTHER").unwrap()),
        timeout: Some(Duration::from_millis(10)),
        retry: true,
        statements: Some(2),
        ..RunOptions::default()
    };
    client.run(&create(), &options).await.unwrap();
    let asked = &fake.asked()[1];
    assert_eq!(asked.json()["parameters"], json!({"multi_statement_count": "2"}));
    assert_eq!((&asked.json()["role"], &asked.json()["timeout"]), (&json!("OTHER"), &json!(1)));
    assert_eq!(asked.query()["retry"], "true");
    assert_ne!(asked.query()["requestId"], id.to_string());
}

#[tokio::test(start_paused = true)]
async fn a_statement_that_takes_long_is_asked_after() {
    let fake = Fake::new(|n, _| if n < 4 { answer(202, running()) } else { answer(200, done()) });
    assert!(run(&fake, create()).await.is_ok());
    let asked = fake.asked();
    assert_eq!(asked.len(), 5);
    for poll in &asked[1..] {
        assert_eq!(poll.method, Method::GET);
        assert_eq!(
            poll.uri.host(),
            Some("myorg-prod.snowflakecomputing.com"),
            "not where the answer points to"
        );
        assert_eq!(poll.uri.path(), "/api/v2/statements/01b-handle");
    }
    assert!(asked[4].at - asked[3].at > asked[2].at - asked[1].at, "the pauses grow");
}

#[tokio::test(start_paused = true)]
async fn a_result_in_partitions_is_read_whole() {
    let fake = Fake::new(|_, asked| match asked.query().get("partition").map(String::as_str) {
        None => {
            let mut first = result(&["name", "size"], json!([["A", "X-Small"], ["B", null]]));
            first["resultSetMetaData"]["numRows"] = json!(5);
            first["resultSetMetaData"]["partitionInfo"] = json!([{}, {}, {}]);
            answer(200, first)
        }
        Some("1") => gzipped(200, json!({"data": [["C", "Small"], ["D", "Small"]]})),
        Some("2") => answer(200, json!({"data": [["E", null]]})),
        Some(other) => panic!("partition {other}"),
    });
    let rows = run(&fake, show()).await.unwrap().rows;
    let all: Vec<_> = rows.iter().map(|row| (row.text("name").unwrap(), row.text("size"))).collect();
    let expected =
        [("A", Some("X-Small")), ("B", None), ("C", Some("Small")), ("D", Some("Small")), ("E", None)];
    assert_eq!(all, expected);
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_breaks_off_is_read_again() {
    let fake = Fake::new(|n, _| match n {
        0 => {
            let mut first = result(&["name"], json!([["A"]]));
            first["resultSetMetaData"]["numRows"] = json!(3);
            first["resultSetMetaData"]["partitionInfo"] = json!([{}, {}]);
            answer(200, first)
        }
        1 => Reply::Cut,
        2 => raw(200, "application/json", r#"{"data": [["B"], ["#),
        3 => answer(429, failed("390505", "", "Too many requests.")),
        4 => answer(401, failed("390303", "", "expired")),
        _ => answer(200, json!({"data": [["B"], ["C"]]})),
    });
    let rows = run(&fake, show()).await.unwrap().rows;
    assert_eq!(rows.iter().filter_map(|row| row.text("name")).collect::<Vec<_>>(), ["A", "B", "C"]);
    assert_eq!(submissions(&fake).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_lacks_rows_is_none() {
    let fake = Fake::new(|_, _| {
        let mut short = result(&["name"], json!([["A"]]));
        short["resultSetMetaData"]["numRows"] = json!(2);
        answer(200, short)
    });
    let error = run(&fake, show()).await.unwrap_err();
    assert!(error.to_string().contains("announces 2 rows and has 1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn snowflakes_errors_are_told_apart() {
    for (status, code, state) in [
        (422, "002003", "42S02"),
        (422, "002002", "42710"),
        (422, "003001", "42501"),
        (422, "001003", "42000"),
        (400, "391918", ""),
    ] {
        let fake = Fake::new(move |_, _| answer(status, failed(code, state, "SQL compilation error:\nNo.")));
        let error = run(&fake, create()).await.unwrap_err();
        let said = error.snowflake().unwrap();
        assert_eq!((said.code.as_str(), said.sql_state.as_str()), (code, state));
        assert_eq!(
            (said.message.as_str(), error.query_id()),
            ("SQL compilation error:\nNo.", Some("01b-handle"))
        );
        assert_eq!(error.is_object_missing(), code == "002003");
        assert_eq!(error.is_object_exists(), code == "002002");
        assert_eq!(error.is_privilege(), code == "003001");
        assert!(!error.may_have_executed() && !error.is_connection());
        assert_eq!(fake.asked().len(), 1);
    }
    let fake = Fake::new(|_, _| answer(422, failed("000604", "57014", "SQL execution canceled")));
    let error = run(&fake, create()).await.unwrap_err();
    assert!(matches!(error, ClientError::Cancelled(_)) && !error.may_have_executed());
    let polled = Fake::new(|n, _| match n {
        0 => answer(202, running()),
        _ => answer(422, failed("002002", "42710", "exists")),
    });
    assert!(run(&polled, create()).await.unwrap_err().is_object_exists());
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_server_is_refused() {
    let without = |field: &str| {
        let mut body = done();
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let with = |field: &str, value: Value| {
        let mut body = done();
        body[field] = value;
        body
    };
    let html = "<html>CANARY-f00d</html>";
    for (status, kind, body, executed) in [
        (200, "text/html", html.to_owned(), true),
        (200, "application/json", "[]".to_owned(), true),
        (200, "application/json", without("statementHandle").to_string(), true),
        (200, "application/json", without("resultSetMetaData").to_string(), true),
        (200, "application/json", with("statementHandle", json!("../../x?y")).to_string(), true),
        (200, "application/json", with("data", json!([["a", "b"]])).to_string(), true),
        (200, "application/json", with("data", json!([[{"CANARY-f00d": 1}]])).to_string(), true),
        (200, "application/json", with("data", json!({"CANARY-f00d": 1})).to_string(), true),
        (202, "application/json", r#"{"code": "333334"}"#.to_owned(), true),
        (302, "text/html", html.to_owned(), false),
        (403, "text/html", html.to_owned(), false),
        (404, "text/html", html.to_owned(), false),
        (405, "text/plain", html.to_owned(), false),
    ] {
        let shown = body.clone();
        let fake = Fake::new(move |_, _| raw(status, kind, body.clone()));
        let error = run(&fake, create()).await.unwrap_err();
        assert!(matches!(error.cause(), ClientError::BadAnswer(_)), "{status} {shown}: {error:?}");
        assert_eq!(error.may_have_executed(), executed, "{status} {shown}: {error}");
        assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}");
        assert_eq!(fake.asked().len(), 1, "{error}");
        let read = run(&fake, show()).await.unwrap_err();
        assert!(matches!(read, ClientError::BadAnswer(_)), "{read}");
    }
    let fake = Fake::new(move |_, _| raw(404, "text/html", html));
    let error = run(&fake, show()).await.unwrap_err();
    assert!(error.to_string().contains("is the account's name right?"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_and_bare_values_do_no_harm() {
    let fake = Fake::new(|_, _| {
        let mut body = result(&["n", "b", "f", "z"], json!([[1, true, 1.5, null]]));
        body["stats"] = json!({"numRowsInserted": 1});
        body["resultSetMetaData"]["rowType"][0]["extra"] = json!([1, 2]);
        body["createdOn"] = json!(i64::MAX);
        answer(200, body)
    });
    let outcome = run(&fake, show()).await.unwrap();
    let row: Vec<_> = outcome.rows.first().unwrap().cells().map(|(_, cell)| cell).collect();
    assert_eq!(row, [Some("1"), Some("true"), Some("1.5"), None]);
    assert_eq!(outcome.created_on, None);
}
