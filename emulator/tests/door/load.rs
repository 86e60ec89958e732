//! Many clients at once, and connections that die in the middle.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;
use uuid::Uuid;

use crate::program::Running;

const CLIENTS: usize = 64;
/// Results are kept up to 128 MiB, the log up to 200,000 statements, the history up to 100,000.
const MOST_MIB: u64 = 1024;

/// What the process holds, so that its bounds can be seen.
fn resident_mib(process: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// What one client says, round for round: all of it succeeds.
fn round(client: usize, round: u64) -> Vec<String> {
    let (name, role) = (format!("W{client}"), format!("R{client}"));
    vec![
        format!("CREATE OR REPLACE WAREHOUSE {name} WAREHOUSE_SIZE = SMALL INITIALLY_SUSPENDED = TRUE"),
        format!("ALTER WAREHOUSE {name} SET AUTO_SUSPEND = {}, COMMENT = 'round {round}'", 60 + round % 600),
        format!("SHOW WAREHOUSES LIKE '{name}'"),
        format!("CREATE ROLE IF NOT EXISTS {role}"),
        format!("GRANT USAGE, OPERATE ON WAREHOUSE {name} TO ROLE {role}"),
        format!("SHOW GRANTS TO ROLE {role}"),
        format!("SHOW PARAMETERS IN WAREHOUSE {name}"),
        "SELECT CURRENT_ROLE(), CURRENT_USER(), CURRENT_TIMESTAMP()".into(),
        "SHOW ROLES".into(),
        format!("DROP ROLE {role}"),
    ]
}

struct Talker {
    http: reqwest::Client,
    url: String,
    token: String,
    driver: bool,
}

impl Talker {
    async fn say(&self, text: &str) -> Result<(), String> {
        let id = Uuid::new_v4();
        let request = if self.driver {
            let url = format!("{}/queries/v1/query-request?requestId={id}", self.url);
            let token = format!("Snowflake Token=\"{}\"", self.token);
            self.http.post(url).header("Authorization", token).json(&json!({"sqlText": text}))
        } else {
            let url = format!("{}/api/v2/statements?requestId={id}", self.url);
            let body = json!({"statement": text, "role": "ACCOUNTADMIN"});
            self.http.post(url).bearer_auth(&self.token).json(&body)
        };
        let answer = request.header("Accept", "application/json").send().await.map_err(|e| e.to_string())?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(|error| error.to_string())?;
        let good = if self.driver { body["success"] == true } else { status == 200 };
        if good { Ok(()) } else { Err(format!("{text}: {status} {body}")) }
    }
}

async fn sign_in(http: &reqwest::Client, url: &str, name: &str, password: &str) -> String {
    let body = json!({"data": {"LOGIN_NAME": name, "PASSWORD": password}});
    let url = format!("{url}/session/v1/login-request?roleName=ACCOUNTADMIN");
    let said: Value = http.post(url).json(&body).send().await.unwrap().json().await.unwrap();
    said["data"]["token"].as_str().unwrap().to_owned()
}

/// Five seconds; LOAD_SECONDS=60 for a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_at_once_are_all_served() {
    let seconds = std::env::var("LOAD_SECONDS").ok().map_or(5, |text| text.parse().unwrap());
    let emulator = Running::start(&[]);
    let text = |pointer: &str| emulator.line.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let (url, name) = (text("/url"), text("/users/0/name"));
    let (password, token) = (text("/users/0/password"), text("/users/0/token"));
    let end = Instant::now() + Duration::from_secs(seconds);
    let said = std::sync::Arc::new(AtomicU64::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let http = reqwest::Client::builder()
            .user_agent("load/1.0")
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let driver = number % 2 == 0;
        let token = if driver { sign_in(&http, &url, &name, &password).await } else { token.clone() };
        let talker = Talker { http, url: url.clone(), token, driver };
        let said = std::sync::Arc::clone(&said);
        clients.spawn(async move {
            for turn in 0.. {
                for text in round(number, turn) {
                    talker.say(&text).await?;
                    said.fetch_add(1, Ordering::Relaxed);
                }
                if Instant::now() >= end {
                    break;
                }
            }
            Ok::<(), String>(())
        });
    }
    let mut most = 0;
    while let Ok(outcome) =
        tokio::time::timeout(Duration::from_millis(500), clients.join_next()).await.or_else(|_| {
            most = most.max(resident_mib(&emulator));
            Ok::<_, ()>(Some(Ok(Ok(()))))
        })
    {
        match outcome {
            None => break,
            Some(outcome) => outcome.unwrap().unwrap_or_else(|error| panic!("{error}")),
        }
    }
    let (said, most) = (said.load(Ordering::Relaxed), most.max(resident_mib(&emulator)));
    println!("{CLIENTS} clients, {seconds} s: {said} statements, none failed; {most} MiB at most");
    assert!(said > 10 * CLIENTS as u64);
    assert!(most < MOST_MIB, "{most} MiB");
}

/// Sends the first bytes of a request and closes the connection.
fn cut(address: &str, request: &[u8], bytes: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&request[..bytes]).unwrap();
    if bytes == request.len() {
        // The whole request was said and has arrived, and nobody waits for the answer.
        std::thread::sleep(Duration::from_millis(10));
        stream.shutdown(Shutdown::Both).unwrap();
        return;
    }
    stream.shutdown(Shutdown::Write).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_dies_changes_nothing_or_everything() {
    // The latency lets the client be gone before the statement takes effect.
    let emulator = Emulator::builder().latency(Duration::from_millis(40)).build();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let address = server.address().to_string();
    let operator = emulator.operator();
    let http = reqwest::Client::builder().user_agent("cut/1.0").no_proxy().build().unwrap();
    let session = sign_in(&http, &server.url(), &operator.name, &operator.password).await;
    emulator.execute_as("ACCOUNTADMIN", "CREATE WAREHOUSE W").unwrap();
    let sql = "ALTER WAREHOUSE W SET AUTO_SUSPEND = 61, COMMENT = 'all', STATEMENT_TIMEOUT_IN_SECONDS = 61";
    let driver = json!({"sqlText": sql}).to_string();
    let api = json!({"statement": sql, "role": "ACCOUNTADMIN"}).to_string();
    let requests = [
        format!(
            "POST /queries/v1/query-request?requestId=ID HTTP/1.1\r\nHost: x\r\nUser-Agent: cut/1.0\r\n\
             Authorization: Snowflake Token=\"{session}\"\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{driver}",
            driver.len()
        ),
        format!(
            "POST /api/v2/statements?requestId=ID HTTP/1.1\r\nHost: x\r\nUser-Agent: cut/1.0\r\n\
             Accept: application/json\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{api}",
            operator.token,
            api.len()
        ),
    ];
    let look = || {
        let rows = emulator.execute_as("ACCOUNTADMIN", "SHOW WAREHOUSES LIKE 'W'").unwrap();
        let cell = |name: &str| {
            let at = rows.columns.iter().position(|column| column.name == name).unwrap();
            rows.rows[0][at].clone().unwrap_or_default()
        };
        let rows =
            emulator.execute_as("ACCOUNTADMIN", "SHOW PARAMETERS LIKE 'STATEMENT_TIMEOUT%' IN WAREHOUSE W");
        (cell("auto_suspend"), cell("comment"), rows.unwrap().rows[0][1].clone().unwrap_or_default())
    };
    let all = ("61".to_owned(), "all".to_owned(), "61".to_owned());
    for request in requests {
        let mut said = 0;
        // All of it (some times, for the server may see the end before it has read the beginning), and parts.
        let counts = std::iter::repeat_n(None, 5).chain((1..request.len()).rev().step_by(9).map(Some));
        for part in counts {
            let undo = "ALTER WAREHOUSE W SET AUTO_SUSPEND = 600, COMMENT = 'none', STATEMENT_TIMEOUT_IN_SECONDS = 60";
            emulator.execute_as("ACCOUNTADMIN", undo).unwrap();
            let before = (emulator.last_statement(), look());
            let asked = request.replace("=ID ", &format!("={} ", Uuid::new_v4())).into_bytes();
            let bytes = part.unwrap_or(asked.len());
            let address = address.clone();
            tokio::task::spawn_blocking(move || cut(&address, &asked, bytes)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(if part.is_none() { 200 } else { 8 })).await;
            let taken_up =
                emulator.statements(before.0).iter().any(|statement| statement.client == "cut/1.0");
            said += u32::from(taken_up);
            assert!(part.is_none() || !taken_up, "{bytes} bytes of a request were taken up");
            assert_eq!(look(), if taken_up { all.clone() } else { before.1 }, "{bytes} bytes");
        }
        assert!(said > 0, "a whole request was never taken up");
    }
}
