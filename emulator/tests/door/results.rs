//! RESULT_SCAN: the result of an earlier statement as a table.

use serde_json::json;
use snowfence_emulator::emulator::Emulator;

use crate::client::Client;

#[tokio::test]
async fn an_earlier_result_is_a_table() {
    // Results in many partitions are put together again.
    let emulator = Emulator::builder().partition_bytes(600).build();
    let client = Client::operator(&emulator);
    for number in 0..12 {
        client.sql(&format!("CREATE WAREHOUSE W{number:02} COMMENT = '{}'", number % 2)).await.expect(200);
    }
    let handle = client.sql("SHOW WAREHOUSES").await.expect(200).handle().to_owned();
    client.sql("DROP WAREHOUSE W03").await.expect(200);
    let again = client.sql(&format!("SELECT * FROM TABLE(RESULT_SCAN('{handle}'))")).await.expect(200);
    assert_eq!(again.body["resultSetMetaData"]["numRows"], 12, "as it was then");
    assert_eq!(again.body["resultSetMetaData"]["rowType"][0]["name"], "name");

    let some = format!(
        "SELECT \"name\" AS n, 1 FROM TABLE(RESULT_SCAN('{handle}')) WHERE \"comment\" = '1' ORDER BY \"name\" DESC LIMIT 2"
    );
    client.sql(&some).await.expect(422);
    let with = json!({"statement": some, "warehouse": "W01"});
    let answer = client.post("", &with).await.expect(200);
    assert_eq!(answer.body["data"], json!([["W11", "1"], ["W09", "1"]]));
    assert_eq!(answer.body["resultSetMetaData"]["rowType"][0]["name"], "N");
    let unknown = format!("SELECT name FROM TABLE(RESULT_SCAN('{handle}'))");
    let unknown = client.post("", &json!({"statement": unknown, "warehouse": "W01"})).await.expect(422);
    assert_eq!(unknown.code(), "000904", "SHOW's columns are in lower case, and must be quoted");
}

#[tokio::test]
async fn nobody_reads_the_result_of_another() {
    let emulator = crate::client::emulator();
    let other = emulator.add_user("OTHER", ["SYSADMIN"]);
    let client = Client::operator(&emulator);
    let handle = client.sql("SHOW ROLES").await.expect(200).handle().to_owned();
    let scan = format!("SELECT * FROM TABLE(RESULT_SCAN('{handle}'))");
    let stranger = Client::with(&emulator, None, other.token);
    assert_eq!(stranger.sql(&scan).await.expect(422).code(), "000709");
    client.sql(&scan).await.expect(200);
    let failed = client.sql("SHOW NONSENSE").await.expect(422).handle().to_owned();
    let scan = format!("SELECT * FROM TABLE(RESULT_SCAN('{failed}'))");
    assert_eq!(client.sql(&scan).await.expect(422).code(), "000709");
}
