//! A small client of the SQL API, so that a person needs no other.

use std::error::Error;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct Sql {
    /// The emulator's URL, as it printed it.
    #[arg(long, value_name = "URL")]
    url: String,
    /// A file with a token.
    #[arg(long, value_name = "FILE", required_unless_present = "token_env", conflicts_with = "token_env")]
    token_file: Option<PathBuf>,
    /// An environment variable with a token; SNOWFLAKE_TOKEN when no name is given.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "SNOWFLAKE_TOKEN")]
    token_env: Option<String>,
    /// The CA to trust, as the emulator printed it (with --tls).
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The role, exactly as SHOW ROLES prints it; the user's default role when not given.
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    #[arg(long, value_name = "NAME")]
    warehouse: Option<String>,
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// Print the answer as JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// One statement or several with semicolons; `-` reads them from stdin.
    #[arg(value_name = "SQL")]
    statement: String,
}

struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Sql {
    pub(super) async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let token = match (&self.token_file, &self.token_env) {
            (Some(file), _) => {
                std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?
            }
            (None, Some(name)) => std::env::var(name).map_err(|error| format!("{name}: {error}"))?,
            (None, None) => return Err("a token is needed: --token-file or --token-env".into()),
        };
        let statement = if self.statement == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        } else {
            self.statement.clone()
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("snowfence-emulator/", env!("CARGO_PKG_VERSION")))
            .timeout(Duration::from_secs(120));
        if let Some(file) = &self.ca {
            let pem = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            builder = builder.tls_certs_only([reqwest::Certificate::from_pem(&pem)?]);
        }
        let client = Client {
            http: builder.build()?,
            url: self.url.trim_end_matches('/').to_owned(),
            token: token.trim().to_owned(),
        };
        let mut body = json!({"statement": statement, "parameters": {"multi_statement_count": "0"}});
        let named = [
            ("role", &self.role),
            ("warehouse", &self.warehouse),
            ("database", &self.database),
            ("schema", &self.schema),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let request = client.http.post(format!("{}/api/v2/statements", client.url)).json(&body);
        let Some(answer) = client.ask(request).await? else { return Ok(ExitCode::FAILURE) };
        match answer["statementHandles"].as_array() {
            None => self.print(&client.whole(answer).await?),
            Some(handles) => {
                for handle in handles.iter().filter_map(Value::as_str) {
                    let request = client.http.get(client.status(handle));
                    let Some(answer) = client.ask(request).await? else { return Ok(ExitCode::FAILURE) };
                    self.print(&client.whole(answer).await?);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn print(&self, answer: &Value) {
        if self.json {
            println!("{answer}");
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        let columns = answer["resultSetMetaData"]["rowType"].as_array().cloned().unwrap_or_default();
        table.set_header(columns.iter().map(|column| column["name"].as_str().unwrap_or_default().to_owned()));
        let rows = answer["data"].as_array().cloned().unwrap_or_default();
        for row in &rows {
            let cells = row.as_array().map(Vec::as_slice).unwrap_or_default();
            table.add_row(cells.iter().zip(&columns).map(|(cell, column)| readable(cell, column)));
        }
        println!("{table}");
        println!("{} row{}", rows.len(), if rows.len() == 1 { "" } else { "s" });
    }
}

/// A cell for people: timestamps as dates.
fn readable(cell: &Value, column: &Value) -> String {
    let Some(text) = cell.as_str() else { return "NULL".into() };
    if column["type"] == "timestamp_ltz" {
        let millis = text.parse::<f64>().map(|seconds| (seconds * 1e3) as i64);
        if let Some(time) = millis.ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()) {
            return time.to_string();
        }
    }
    text.to_owned()
}

impl Client {
    fn status(&self, handle: &str) -> String {
        format!("{}/api/v2/statements/{handle}", self.url)
    }

    /// Sends a request and waits for its statement; an error is printed, and gives nothing.
    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Option<Value>, Box<dyn Error>> {
        let mut request = request;
        loop {
            let answer = request.bearer_auth(&self.token).header("Accept", "application/json").send().await?;
            let status = answer.status();
            let body: Value = answer.json().await.map_err(|error| format!("HTTP {status}: {error}"))?;
            match status.as_u16() {
                200 => return Ok(Some(body)),
                202 => {
                    let handle = body["statementHandle"].as_str().ok_or("the answer has no handle")?;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    request = self.http.get(self.status(handle));
                }
                _ => {
                    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
                    let state = text("sqlState");
                    let state = if state.is_empty() { String::new() } else { format!(" ({state})") };
                    eprintln!("{}{state}: {}", text("code"), text("message"));
                    return Ok(None);
                }
            }
        }
    }

    /// Fetches the partitions that are not in the answer.
    async fn whole(&self, mut answer: Value) -> Result<Value, Box<dyn Error>> {
        let partitions = answer["resultSetMetaData"]["partitionInfo"].as_array().map_or(1, Vec::len);
        let handle = answer["statementHandle"].as_str().unwrap_or_default().to_owned();
        for number in 1..partitions {
            let request = self.http.get(format!("{}?partition={number}", self.status(&handle)));
            let part = self.ask(request).await?.ok_or("a partition is missing")?;
            let rows = part["data"].as_array().cloned().unwrap_or_default();
            if let Some(data) = answer["data"].as_array_mut() {
                data.extend(rows);
            }
        }
        Ok(answer)
    }
}
