//! The SQL API as its documentation describes it.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;

use crate::client::{Client, emulator, warehouses};

const ID: &str = "0b3c0b8e-6d0a-4a33-9b71-3f3d0d6f5a01";

#[tokio::test]
async fn a_result_has_the_documented_shape() {
    let emulator = emulator();
    let answer = Client::operator(&emulator).sql("SELECT CURRENT_ROLE()").await.expect(200);
    let body = &answer.body;
    assert_eq!(body["data"], json!([["SYSADMIN"]]));
    assert_eq!(body["code"], "090001");
    assert_eq!(body["sqlState"], "00000");
    assert_eq!(body["message"], "Statement executed successfully.");
    assert!(body["createdOn"].as_i64().unwrap() > 1_700_000_000_000, "milliseconds");
    let handle = answer.handle();
    assert!(uuid::Uuid::try_parse(handle).is_ok());
    assert!(
        body["statementStatusUrl"].as_str().unwrap().starts_with(&format!("/api/v2/statements/{handle}"))
    );
    let meta = &body["resultSetMetaData"];
    assert_eq!(meta["numRows"], 1);
    assert_eq!(meta["format"], "jsonv2");
    assert_eq!(meta["partitionInfo"][0]["rowCount"], 1);
    assert!(meta["partitionInfo"][0]["uncompressedSize"].is_u64());
    let column = meta["rowType"][0].as_object().unwrap();
    assert_eq!(column["name"], "CURRENT_ROLE()");
    assert_eq!(column["type"], "text");
    for field in
        ["nullable", "length", "precision", "scale", "byteLength", "database", "schema", "table", "collation"]
    {
        assert!(column.contains_key(field), "{field}");
    }
    let link = answer.headers["link"].to_str().unwrap();
    assert!(link.contains("partition=0>;rel=\"first\"") && link.contains("rel=\"last\""), "{link}");

    let again = Client::operator(&emulator).status(handle).await.expect(200);
    assert_eq!(again.body["data"], body["data"]);
}

#[tokio::test]
async fn an_error_of_a_statement_has_the_documented_shape() {
    let answer = Client::operator(&emulator()).sql("CREAT WAREHOUSE W").await.expect(422);
    assert_eq!(answer.code(), "001003");
    assert_eq!(answer.body["sqlState"], "42000");
    assert!(answer.body["message"].as_str().unwrap().starts_with("SQL compilation error"));
    assert!(!answer.handle().is_empty());
    let empty = Client::operator(&emulator()).sql("  -- nothing\n").await.expect(422);
    assert_eq!(empty.code(), "000900");
}

#[tokio::test]
async fn the_log_tells_who_said_what() {
    let emulator = emulator();
    let before = emulator.last_statement();
    let body =
        json!({"statement": "CREATE WAREHOUSE W", "role": "SYSADMIN", "parameters": {"query_tag": "t"}});
    let answer = Client::operator(&emulator).post(&format!("?requestId={ID}"), &body).await.expect(200);
    emulator.execute_as("SYSADMIN", "ALTER WAREHOUSE W SET COMMENT = 'x'").unwrap();
    let log = emulator.statements(before);
    assert_eq!(log.len(), 2);
    assert_eq!(
        (log[0].text.as_str(), log[0].tag.as_deref(), log[0].client.as_str(), log[0].user.as_str()),
        ("CREATE WAREHOUSE W", Some("t"), "door/1.0", "OPERATOR")
    );
    assert_eq!(log[0].role.as_deref(), Some("SYSADMIN"));
    assert_eq!(log[0].request_id.as_deref(), Some(ID));
    assert_eq!(log[0].query_id, answer.handle());
    assert!(log[0].succeeded() && log[0].writes());
    assert_eq!(log[1].client, "emulator");

    let shown = Client::operator(&emulator).get(&format!("/emulator/statements?since={}", log[0].seq)).await;
    let shown = shown.expect(200).body;
    assert_eq!(shown.as_array().unwrap().len(), 1);
    for field in
        ["seq", "text", "tag", "client", "user", "role", "start", "elapsed", "code", "requestId", "queryId"]
    {
        assert!(shown[0].as_object().unwrap().contains_key(field), "{field}");
    }
    assert!(shown[0]["start"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn wrong_requests_are_refused_as_documented() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    let good = json!({"statement": "SELECT CURRENT_ROLE()"});

    for body in ["", "{", "null", "[1]", "\"x\"", "{\"statement\": {}}", "\u{0}"] {
        let request = client.request(Method::POST, "/api/v2/statements", body);
        assert_eq!(client.send(request).await.expect(400).code(), "390142", "{body}");
    }
    let mut request = client.statement("", &good);
    request.headers_mut().insert("Content-Type", "text/plain".parse().unwrap());
    client.send(request).await.expect(415);
    let mut request = client.statement("", &good);
    request.headers_mut().remove("Content-Type");
    client.send(request).await.expect(200);
    let mut request = client.statement("", &good);
    request.headers_mut().insert("Accept", "text/html".parse().unwrap());
    assert_eq!(client.send(request).await.expect(400).code(), "391902");
    let mut request = client.statement("", &good);
    request.headers_mut().insert("Accept", "text/html, */*;q=0.1".parse().unwrap());
    client.send(request).await.expect(200);
    let mut request = client.statement("", &good);
    request.headers_mut().remove("User-Agent");
    client.send(request).await.expect(400);
    client.post("?requestId=hello", &good).await.expect(400);
    client.post("?retry=maybe", &good).await.expect(400);

    let put = client.request(Method::PUT, "/api/v2/statements", Body::empty());
    assert_eq!(client.send(put).await.expect(405).body, Value::Null);
    client.get("/api/v2/hello").await.expect(404);
    client.get("/").await.expect(404);
    let unknown = client.status("01b00000-0000-0000-0000-000000000000").await.expect(422);
    assert_eq!(unknown.code(), "000709");
    assert_eq!(unknown.body["sqlState"], "02000");
    assert_eq!(client.cancel("%00%ff").await.expect(422).code(), "000709");
}

#[tokio::test]
async fn bodies_may_be_gzip_but_whole() {
    use std::io::Write as _;
    let client = Client::operator(&emulator());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(br#"{"statement": "SELECT CURRENT_ROLE()"}"#).unwrap();
    let packed = gzip.finish().unwrap();
    for (length, status) in [(packed.len(), 200), (packed.len() / 2, 400), (0, 400)] {
        let mut request = client.request(Method::POST, "/api/v2/statements", packed[..length].to_vec());
        request.headers_mut().insert("Content-Encoding", "gzip".parse().unwrap());
        client.send(request).await.expect(status);
    }
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..64 {
        bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let mut request = client.request(Method::POST, "/api/v2/statements", bomb.finish().unwrap());
    request.headers_mut().insert("Content-Encoding", "gzip".parse().unwrap());
    client.send(request).await.expect(413);
}

#[tokio::test]
async fn large_results_come_in_partitions() {
    let emulator = Emulator::builder().partition_bytes(4096).build();
    for number in 0..60 {
        emulator.execute_as("SYSADMIN", &format!("CREATE WAREHOUSE W{number:03}")).unwrap();
    }
    let client = Client::operator(&emulator);
    let first = client.sql("SHOW WAREHOUSES").await.expect(200);
    let meta = &first.body["resultSetMetaData"];
    let parts = meta["partitionInfo"].as_array().unwrap();
    assert!(parts.len() > 2, "{meta}");
    assert_eq!(meta["numRows"], 60);
    assert!(parts[0].get("compressedSize").is_none() && parts[1]["compressedSize"].is_u64());
    assert!(first.headers["link"].to_str().unwrap().contains("partition=1>;rel=\"next\""));
    let mut names: Vec<String> = Vec::new();
    let mut collect = |data: &Value| {
        names.extend(data.as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().to_owned()));
    };
    collect(&first.body["data"]);
    for (number, part) in parts.iter().enumerate().skip(1) {
        let path = format!("/api/v2/statements/{}?partition={number}", first.handle());
        let response = tower::ServiceExt::oneshot(emulator.router(), client.request(Method::GET, &path, ""))
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-encoding"], "gzip");
        let packed = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
        let value: Value = serde_json::from_reader(flate2::read::GzDecoder::new(packed.as_ref())).unwrap();
        assert_eq!(value["data"].as_array().unwrap().len() as u64, part["rowCount"].as_u64().unwrap());
        collect(&value["data"]);
    }
    assert_eq!(names.len(), 60);
    names.dedup();
    assert_eq!(names.len(), 60);
    client.get(&format!("/api/v2/statements/{}?partition={}", first.handle(), parts.len())).await.expect(400);
}

#[tokio::test]
async fn several_statements_share_a_session() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    let text = "USE ROLE ACCOUNTADMIN; SELECT CURRENT_ROLE()";
    let body = json!({"statement": text, "parameters": {"MULTI_STATEMENT_COUNT": "2"}});
    let answer = client.post("", &body).await.expect(200);
    assert_eq!(answer.cell(), "Multiple statements executed successfully.");
    let handles = answer.body["statementHandles"].as_array().unwrap();
    assert_eq!(handles.len(), 2);
    assert_eq!(client.status(handles[1].as_str().unwrap()).await.expect(200).cell(), "ACCOUNTADMIN");

    let any = json!({"statement": text, "parameters": {"multi_statement_count": 0}});
    client.post("", &any).await.expect(200);
    let wrong = client.post("", &json!({"statement": text})).await.expect(422);
    assert_eq!(wrong.code(), "000008");
    assert_eq!(
        wrong.body["message"],
        "Actual statement count 2 did not match the desired statement count 1."
    );
    for alone in ["USE ROLE ACCOUNTADMIN", "ALTER SESSION SET TIMEZONE = 'UTC'", "BEGIN"] {
        let answer = client.sql(alone).await.expect(422);
        assert!(
            answer.body["message"].as_str().unwrap().starts_with("Unsupported statement type"),
            "{alone}"
        );
    }
}

#[tokio::test]
async fn a_failure_among_several_keeps_what_came_before() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    let body = json!({"statement": "CREATE WAREHOUSE A;\nCREATE WAREHOUSE A; CREATE WAREHOUSE B",
        "parameters": {"multi_statement_count": "0"}});
    let answer = client.post("", &body).await.expect(422);
    assert_eq!((answer.code(), answer.body["sqlState"].as_str()), ("100132", Some("P0000")));
    let message = answer.body["message"].as_str().unwrap();
    assert!(message.contains("(at line 2, position 0)") && message.contains("already exists"), "{message}");
    assert_eq!(warehouses(&emulator), 1);
}

#[tokio::test]
async fn bind_variables_are_values_and_nothing_else() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    client.sql("CREATE WAREHOUSE W").await.expect(200);
    let evil = "'; DROP WAREHOUSE W; --";
    let body = json!({"statement": "ALTER WAREHOUSE W SET COMMENT = ?",
        "bindings": {"1": {"type": "TEXT", "value": evil}}});
    client.post("", &body).await.expect(200);
    assert_eq!(warehouses(&emulator), 1);
    let rows = emulator.execute_as("SYSADMIN", "SHOW WAREHOUSES").unwrap();
    assert!(rows.rows[0].iter().any(|cell| cell.as_deref() == Some(evil)), "{rows:?}");
    let body =
        json!({"statement": "SHOW WAREHOUSES LIKE ?", "bindings": {"2": {"type": "TEXT", "value": "W"}}});
    assert_eq!(client.post("", &body).await.expect(422).code(), "002049");
}

#[tokio::test]
async fn null_is_null_or_text() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    let body = json!({"statement": "SELECT CURRENT_DATABASE()"});
    assert_eq!(client.post("", &body).await.expect(200).body["data"], json!([[null]]));
    assert_eq!(client.post("?nullable=false", &body).await.expect(200).body["data"], json!([["null"]]));
}
