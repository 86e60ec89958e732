//! The command line against the emulator, as a program: what users type, what they see, what Snowflake is sent.

mod bodies;
mod examples;
mod import;
mod pipelines;
mod privileges;
mod world;

use std::path::Path;

use assert_cmd::Command;
use snowfence_emulator::faults::{Action, Fault};
use world::{MARK, World, monitor, said, warehouse};

fn quickstart() -> String {
    [
        warehouse("wh-load", "  size: LARGE\n  autoSuspend: 300\n  comment: 'bulk'\n  resourceMonitorRef: {name: daily}\n"),
        warehouse("wh-stream", "  size: SMALL\n  autoSuspend: never\n  statementTimeoutInSeconds: 60\n"),
        monitor(
            "daily",
            "  creditQuota: 100\n  frequency: DAILY\n  startTimestamp: IMMEDIATELY\n  triggers:\n  - {atPercent: 80, do: NOTIFY}\n  - {atPercent: 95, do: SUSPEND}\n  - {atPercent: 100, do: SUSPEND_IMMEDIATE}\n",
        ),
    ]
    .concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_plans_empty_and_drift_is_shown_and_mended() {
    let world = World::new().await;
    let file = world.file("all.yaml", &quickstart());

    let planned = world.run(&["plan", "-f", &file, "--detailed-exitcode", "--show-sql"]).ends(2);
    assert!(planned.out.contains("Plan: 3 to create, 1 to change, 0 to delete."), "{}", planned.out);
    assert!(planned.out.contains("  + warehouse WH_LOAD will be created"), "{}", planned.out);
    assert!(world.writes(0).is_empty());

    let applied = world.run(&["apply", "-f", &file, "--yes"]).ends(0);
    assert!(applied.out.contains("Applied: 3 created, 1 changed, 0 deleted."), "{}", applied.out);
    let sent = world.writes(0);
    for statement in &sent {
        assert!(planned.out.contains(statement.as_str()), "{statement} was not shown");
    }

    let again = world.run(&["plan", "-f", &file, "--detailed-exitcode"]).ends(0);
    assert_eq!(again.out, "No changes. Snowflake matches the manifests.\n");
    assert_eq!(
        world.run(&["apply", "-f", &file]).ends(0).out,
        "No changes. Snowflake matches the manifests.\n"
    );

    world.sql("ALTER WAREHOUSE WH_LOAD SET WAREHOUSE_SIZE = MEDIUM COMMENT = 'by hand'");
    let drift = world.run(&["plan", "-f", &file, "--detailed-exitcode", "-o", "json"]).ends(2).json();
    assert_eq!(drift["summary"]["update"], 1);
    let change = &drift["changes"][0];
    assert_eq!((&change["kind"], &change["object"]), (&"SnowflakeWarehouse".into(), &"WH_LOAD".into()));
    assert_eq!((&change["action"], &change["risk"]), (&"update".into(), &"safe".into()));
    let fields: Vec<_> =
        change["fields"].as_array().unwrap().iter().map(|f| (&f["path"], &f["from"], &f["to"])).collect();
    assert_eq!(
        fields,
        [
            (&"size".into(), &"MEDIUM".into(), &"LARGE".into()),
            (&"comment".into(), &"by hand".into(), &"bulk".into()),
        ]
    );
    let since = world.emulator.last_statement();
    let mended = world.run(&["apply", "-f", &file, "--yes", "-o", "json"]).ends(0).json();
    assert_eq!(mended["changes"][0]["outcome"], "done");
    assert_eq!(world.writes(since), [mended["changes"][0]["statements"][0].as_str().unwrap()]);
    world.run(&["plan", "-f", &file, "--detailed-exitcode"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_without_a_yes() {
    let world = World::new().await;
    let file = world.file("all.yaml", &warehouse("w", ""));
    let refused = world.run(&["apply", "-f", &file]).ends(1);
    assert!(
        refused.err.contains("no terminal to ask on") && refused.err.contains("--yes"),
        "{}",
        refused.err
    );
    let refused = world.run(&["apply", "-f", &file, "-o", "json"]).ends(1);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    assert!(world.writes(0).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_plans_empty() {
    let world = World::new().await;
    for sql in [
        "CREATE ROLE OTHER",
        "CREATE WAREHOUSE PLAIN",
        "CREATE WAREHOUSE WH_ALL WITH WAREHOUSE_SIZE = LARGE MIN_CLUSTER_COUNT = 2 MAX_CLUSTER_COUNT = 3 AUTO_SUSPEND = NULL COMMENT = 'it''s\nyes: [\"no\"]' STATEMENT_TIMEOUT_IN_SECONDS = 5",
        "CREATE WAREHOUSE \"y\" WITH COMMENT = 'on'",
        "CREATE WAREHOUSE \"Odd \"\"name\"\" | `x`\" WITH AUTO_SUSPEND = 60",
        "CREATE WAREHOUSE SNOWPARK WITH WAREHOUSE_TYPE = 'SNOWPARK-OPTIMIZED' WAREHOUSE_SIZE = MEDIUM",
        "CREATE RESOURCE MONITOR M WITH CREDIT_QUOTA = 10 FREQUENCY = WEEKLY START_TIMESTAMP = IMMEDIATELY TRIGGERS ON 50 PERCENT DO NOTIFY ON 90 PERCENT DO SUSPEND",
        "CREATE RESOURCE MONITOR BARE WITH CREDIT_QUOTA = 1",
        "ALTER WAREHOUSE PLAIN SET RESOURCE_MONITOR = M",
    ] {
        world.sql(sql);
    }
    let since = world.emulator.last_statement();
    let imported = world.run(&["import", "--connection-ref", "prod"]).ends(0);
    let file = world.file("imported.yaml", &imported.out);
    let plan = world.run(&["plan", "-f", &file, "--detailed-exitcode", "-o", "json"]).ends(0).json();
    assert_eq!(plan["changes"], serde_json::json!([]), "{plan:#}\n{}", imported.out);
    assert_eq!(plan["summary"]["unchanged"], 7, "{}", imported.out);
    assert!(world.writes(since).is_empty());

    let some = world.run(&["import", "--kind", "warehouse", "--like", "wh\\_%"]).ends(0).out;
    assert!(some.contains("name: wh-all") && !some.contains("---"), "{some}");
    assert_eq!(world.run(&["import", "--owner", "OTHER"]).ends(0).out, "");
    let out = world.path("out.yaml").display().to_string();
    world.run(&["import", "-o", &out]).ends(0);
    let kept = world.run(&["import", "-o", &out]).ends(1);
    assert!(kept.err.contains("out.yaml"), "{}", kept.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_come_from_manifests_and_from_snow() {
    let world = World::new().await;
    let (account, url) = (world.emulator.identifier().to_owned(), world.server.url());
    let connection = format!(
        "apiVersion: snowfence.dev/v1alpha1\nkind: SnowflakeConnection\nmetadata: {{name: prod}}\nspec:\n  account: {account}\n  url: {url}\n  user: OPERATOR\n  role: ACCOUNTADMIN\n  authentication:\n    keyPair:\n      privateKey: {{name: key, key: pem}}\n---\n"
    );
    let pem = world.emulator.operator().private_key_pem.replace('\n', "\n    ");
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: key}}\nstringData:\n  other: {MARK}\n  pem: |\n    {pem}\n---\n"
    );
    let file = world.file("with.yaml", &format!("{connection}{secret}{}", warehouse("w", "")));
    said(&mut world.bare(&["plan", "-f", &file, "--detailed-exitcode"])).ends(2);

    let alone = world.file("alone.yaml", &format!("{connection}{secret}"));
    let opened = said(&mut world.bare(&["plan", "-f", &alone])).ends(0);
    assert!(opened.err.contains("user OPERATOR, role ACCOUNTADMIN"), "{}", opened.err);

    let without = world.file("without.yaml", &format!("{connection}{}", warehouse("w", "")));
    let missing = said(&mut world.bare(&["plan", "-f", &without])).ends(1);
    assert!(missing.err.contains("the Secret default/key is not among the manifests"), "{}", missing.err);
    // The environment may know as much.
    world.run(&["plan", "-f", &without]).ends(0);

    // A resource of another namespace than the connection that was meant.
    let apart = format!(
        "{connection}{secret}{}",
        warehouse("w", "").replace("name: w", "name: w\n  namespace: team-a")
    );
    let apart = world.file("apart.yaml", &apart);
    let missing = said(&mut world.bare(&["plan", "-f", &apart])).ends(1);
    let says = "SnowflakeConnection team-a/prod is not among the manifests (there is default/prod)";
    assert!(missing.err.contains(says), "{}", missing.err);

    let only = world.file("only.yaml", &warehouse("w", ""));
    let nothing = said(&mut world.bare(&["plan", "-f", &only])).ends(1);
    assert!(
        nothing.err.contains("--connection NAME") && nothing.err.contains("SNOWFLAKE_ACCOUNT"),
        "{}",
        nothing.err
    );

    let token = world.emulator.operator().token;
    let port = world.server.address().port();
    let toml = |token: &str| {
        format!(
            "[dev]\naccount = \"{account}\"\nuser = \"OPERATOR\"\nauthenticator = \"PROGRAMMATIC_ACCESS_TOKEN\"\ntoken = \"{token}\"\nhost = \"127.0.0.1\"\nport = {port}\nprotocol = \"http\"\n"
        )
    };
    world.file(".snowflake/connections.toml", &toml(&token));
    let by_token = said(&mut world.bare(&["plan", "-f", &only, "-c", "dev"])).ends(0);
    assert!(by_token.err.contains("connection dev of") && !by_token.err.contains(&token), "{}", by_token.err);
    world.file(".snowflake/connections.toml", &toml(MARK));
    let refused = said(&mut world.bare(&["plan", "-f", &only, "-c", "dev"])).ends(1);
    assert!(refused.err.starts_with("error:") || refused.err.contains("\nerror:"), "{}", refused.err);

    let elsewhere = said(world.command(&["plan", "-f", &only]).env_remove("SNOWFENCE_ALLOW_HOSTS")).ends(1);
    assert!(elsewhere.err.contains("--allow-host"), "{}", elsewhere.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_manifests_are_shown_before_anything_is_sent() {
    let world = World::new().await;
    let bad = format!(
        "{}{}apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{k: {MARK}}}\n",
        warehouse("a", "  autosuspend: 60\n"),
        monitor("m", "  triggers: [{atPercent: 90, do: SUSPEND}, {atPercent: 95, do: SUSPEND}]\n"),
    );
    let file = world.file("bad.yaml", &bad);
    let refused = world.run(&["apply", "--yes", "-f", &file]).ends(1);
    for says in [
        "bad.yaml:7:3",
        "did you mean autoSuspend?",
        "in document 1",
        "bad.yaml:13:1",
        "at most one SUSPEND",
        "bad.yaml:20:8",
        "data.k: is not base64",
        "3 errors in the manifests",
    ] {
        assert!(refused.err.contains(says), "{says}: {}", refused.err);
    }
    assert_eq!(world.emulator.last_statement(), 0);
    let empty = world.file("empty.yaml", "# nothing\n");
    assert!(world.run(&["plan", "-f", &empty]).ends(1).err.contains("no resource of snowfence.dev"));
    assert!(world.run(&["plan", "-f", "none.yaml"]).ends(1).err.contains("none.yaml"));
    world.run(&["plan"]).ends(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_and_the_rest_is_done() {
    let world = World::new().await;
    world.sql("CREATE ROLE OTHER");
    world.sql("CREATE WAREHOUSE TAKEN");
    world.sql("GRANT OWNERSHIP ON WAREHOUSE TAKEN TO ROLE OTHER");
    let all = [
        warehouse("good", ""),
        warehouse("taken", ""),
        warehouse("nobody", "  grants: [{role: NOBODY, privileges: [USAGE]}]\n"),
        warehouse("unlucky", ""),
        warehouse("refused", "  name: '\"unclosed'\n"),
    ];
    let file = world.file("all.yaml", &all.concat());
    let planned = world.run(&["plan", "-f", &file, "-o", "json"]).ends(1).json();
    assert_eq!(planned["summary"]["failed"], 2, "{planned:#}");
    assert!(planned["errors"][0]["message"].as_str().unwrap().contains("exists already"), "{planned:#}");
    assert!(
        planned["waiting"][0]["message"].as_str().unwrap().contains("role NOBODY does not exist"),
        "{planned:#}"
    );
    let refusal =
        Action::Error { code: 3001, sql_state: "42501".into(), message: "Insufficient privileges".into() };
    world.emulator.inject(Fault::on("CREATE WAREHOUSE \"UNLUCKY\"", refusal)).unwrap();
    let applied = world.run(&["apply", "-f", &file, "--yes"]).ends(1);
    for says in [
        "warehouse GOOD created",
        "warehouse NOBODY created",
        "warehouse UNLUCKY failed:",
        "1 failed, 2 not planned.",
    ] {
        assert!(applied.out.contains(says), "{says}: {}", applied.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_warehouses_take_few_reads() {
    let world = World::new().await;
    let file = world.file(
        "all.yaml",
        &(0..1000).map(|n| warehouse(&format!("w-{n}"), "  size: SMALL\n")).collect::<String>(),
    );
    world.run(&["apply", "-f", &file, "--yes", "--concurrency", "64"]).ends(0);
    let applied = world.emulator.last_statement();
    assert!(applied <= 1010, "{applied} statements");
    world.run(&["plan", "-f", &file, "--detailed-exitcode"]).ends(0);
    let planned = world.emulator.last_statement() - applied;
    assert!(planned <= 4, "{planned} statements");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_reach_neither_terminal_nor_statement() {
    let world = World::new().await;
    let spec = "  name: \"\\\"a\\e[31m\\u202E; DROP\\\"\"\n  comment: \"x\\r\\n\\e]0;t\\a\"\n";
    let file = world.file("all.yaml", &warehouse("w", spec));
    for output in ["text", "markdown", "json"] {
        let said = world.run(&["plan", "-f", &file, "--show-sql", "--color", "never", "-o", output]).ends(0);
        assert!(said.out.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", said.out);
        assert_eq!(said.out.contains('\u{202e}'), output == "json", "{:?}", said.out);
    }
    world.run(&["apply", "-f", &file, "--yes"]).ends(0);
    world.run(&["plan", "-f", &file, "--detailed-exitcode"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_answer_is_an_error() {
    let world = World::new().await;
    let file = world.file("all.yaml", &warehouse("w", ""));
    let mut command = world.command(&["plan", "-f", &file]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    command.env("SNOWFLAKE_PORT", free.port().to_string()).env("SNOWFENCE_ALLOW_HOSTS", free.to_string());
    let refused = said(command.timeout(std::time::Duration::from_secs(120))).ends(1);
    assert!(refused.err.contains("error: SnowflakeConnection default/prod"), "{}", refused.err);
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let program = assert_cmd::cargo::cargo_bin("snowfence");
    let script = format!("'{}' crds | head -n 1", program.display());
    let said = said(Command::new("sh").args(["-c", &script]));
    assert_eq!(said.out.lines().count(), 1);
    assert_eq!(said.err, "");
    assert!(Path::new(&program).exists());
}

#[test]
fn completions_are_printed() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = said(Command::cargo_bin("snowfence").unwrap().args(["completions", shell]));
        assert!(said.out.contains("detailed-exitcode"), "{shell}");
    }
}
