//! `demo`: the whole.

use std::{
    pin::pin,
    process::ExitCode,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    cluster::{ControlPlane, NAMESPACE, PATIENCE, list},
    failure::{Failure, Result, expect},
    interrupted,
    manifests::PIPELINES,
    operator::Operator,
    say,
    stage::{MONITOR, ROLE, Stage, Told, WAREHOUSES},
};

/// How often the operator looks at Snowflake in the demo.
const RESYNC: Duration = Duration::from_secs(3);
/// The warehouse that is changed by hand, as a resource and in Snowflake.
const VICTIM: (&str, &str) = ("wh-bulk-load", "WH_BULK_LOAD");

/// What runs. Dropped in this order.
#[derive(Debug, Default)]
struct Cast {
    operator: Option<Operator>,
    plane: Option<ControlPlane>,
    stage: Option<Stage>,
}

/// Shows the whole. Until `stop`, or with `once` until all was seen.
pub(crate) async fn show(
    once: bool,
    context: Option<&str>,
    began: Instant,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    let mut stop = pin!(stop);
    let mut cast = Cast::default();
    let mut result = tokio::select! {
        result = play(&mut cast, once, context, began) => result.map(|()| None),
        code = &mut stop => Ok(Some(code)),
    };
    if let (Some(plane), Some(stage)) = (&cast.plane, &cast.stage) {
        let cleaned = plane.clean_up(stage).await;
        result = result.and_then(|code| cleaned.map(|()| code));
    }
    // A failure reads the logs, which end with the cast.
    let result = result.map_err(|failure| Failure::new(failure.to_string()));
    drop(cast);
    Ok(match result? {
        // Ctrl-C is how one ends it.
        Some(130) if !once => {
            say::note("\nEverything was ended, and nothing is left.");
            ExitCode::SUCCESS
        }
        Some(code) => interrupted(code),
        None => ExitCode::SUCCESS,
    })
}

async fn play(cast: &mut Cast, once: bool, context: Option<&str>, began: Instant) -> Result<()> {
    let Cast { operator, plane, stage } = cast;

    say::heading("A local Snowflake");
    let stage = stage.insert(Stage::set().await?);
    stage.write_manifests(&format!(
        "\n  resync: {}s # how often Snowflake is looked at; 10m by default",
        RESYNC.as_secs()
    ))?;
    say::seen(format!("the emulator serves account {} at {}: it is empty", stage.account(), stage.url()));

    let control_plane = if let Some(context) = context {
        say::heading(format!("Your Kubernetes, context {context}"));
        ControlPlane::of_context(stage, context).await?
    } else {
        say::heading("A Kubernetes control plane");
        ControlPlane::start(stage).await?
    };
    let plane = plane.insert(control_plane);
    say::seen(format!("kubectl is set to namespace {NAMESPACE}"));

    say::heading("The operator");
    plane.install(stage).await?;
    let operator = operator.insert(Operator::start(stage).await?);
    say::seen("the operator is ready");

    let told = scenes(stage, plane, operator).await;
    told.map_err(|failure| failure.with_log(operator.log()))?;
    say::done("All of it was seen.", began.elapsed());
    if once {
        return Ok(());
    }
    go_on(stage, plane, operator);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        operator.check()?;
        stage.check()?;
        plane.check()?;
    }
}

async fn scenes(stage: &mut Stage, plane: &ControlPlane, operator: &mut Operator) -> Result<()> {
    say::heading("Manifests become warehouses");
    let secret = ["create", "secret", "generic", "snowflake-key", "--from-file=privateKey=operator.p8"];
    stage.run("kubectl", &secret, 0).await?;
    let files = [
        "apply",
        "-f",
        "quickstart/connection.yaml",
        "-f",
        "quickstart/monitor.yaml",
        "-f",
        "quickstart/warehouses.yaml",
    ];
    stage.run("kubectl", &files, 0).await?;
    wait_until_ready(stage, plane, operator, WAREHOUSES.len() + 2).await?;
    let text = stage.run("kubectl", &["get", "snow"], 0).await?;
    for (name, _) in WAREHOUSES {
        expect(text.contains(name), format!("{name} in the list"), &text)?;
    }
    say::seen("all six resources are Ready");

    let text = stage.run("kubectl", &["describe", "snowflakewarehouse", VICTIM.0], 0).await?;
    for expected in ["InSync", "Created", &format!("created warehouse {}", VICTIM.1)] {
        expect(text.contains(expected), format!("{expected} in the description"), &text)?;
    }
    say::seen("its conditions say that it is in sync; an event tells that it was created");

    say::heading("What Snowflake was told");
    let statements = stage.statements(0).await?;
    let writes: Vec<&Told> = statements.iter().filter(|told| told.is_our_write()).collect();
    say::note(format!(
        "{} statements came from the operator; those that change something:",
        count_of_ours(&statements)
    ));
    say::blank();
    for told in &writes {
        say::output(&format!("  {};", told.text));
    }
    say::blank();
    check_creation(stage, &writes).await?;
    say::seen(
        "each object was created once, suspended; each statement carries the name of its resource as query tag",
    );

    say::heading("Somebody changes a warehouse behind the operator's back");
    let since = stage.last_statement().await?;
    stage.by_hand(&format!("ALTER WAREHOUSE {} SET WAREHOUSE_SIZE = XXLARGE", VICTIM.1)).await?;
    wait_until_mended(stage, plane, operator).await?;
    let events =
        stage.run("kubectl", &["events", "--for", &format!("snowflakewarehouse/{}", VICTIM.0)], 0).await?;
    for expected in ["Drift", "size is XXLARGE, not LARGE", "Changed", "size XXLARGE → LARGE"] {
        expect(events.contains(expected), format!("an event with {expected:?}"), &events)?;
    }
    let warehouse = stage.warehouse(VICTIM.1).await?;
    say::seen(format!(
        "{} is {} again; the events say what was changed, and what was done",
        VICTIM.1, warehouse.size
    ));

    say::heading("Nothing is left to do");
    let text = stage.run("snowfence", &["plan", "-f", "quickstart", "--detailed-exitcode"], 0).await?;
    expect(text.contains("No changes."), "an empty plan", &text)?;
    // Two more looks at Snowflake, in which nothing may be written.
    tokio::time::sleep(RESYNC * 2).await;
    let writes: Vec<_> =
        stage.statements(since).await?.into_iter().filter(Told::is_our_write).map(|told| told.text).collect();
    let mended = [format!("ALTER WAREHOUSE \"{}\" SET WAREHOUSE_SIZE = LARGE", VICTIM.1)];
    expect(writes == mended, "one statement has mended it, and then nothing is written", &writes.join("\n"))?;
    say::seen(format!(
        "one statement has mended it ({}), and two looks later nothing was written",
        mended[0]
    ));
    pipelines(stage, plane, operator).await
}

/// The task that is suspended by hand: it is the root of its graph, and runs.
const ROOT: &str = "ANALYTICS.EVENTS.COUNT_EVENTS";

async fn pipelines(stage: &mut Stage, plane: &ControlPlane, operator: &mut Operator) -> Result<()> {
    say::heading("Whole pipelines: tables, streams, task graphs, views, policies, alerts");
    stage.run("kubectl", &["apply", "-f", "pipelines"], 0).await?;
    wait_until_ready(stage, plane, operator, WAREHOUSES.len() + 2 + PIPELINES.len()).await?;
    let text = stage.run("kubectl", &["get", "snowpl"], 0).await?;
    for (file, _) in PIPELINES {
        let name = file.trim_end_matches(".yaml");
        let in_sync = text.lines().any(|line| line.starts_with(name) && line.contains("InSync"));
        expect(in_sync, format!("{name} in sync"), &text)?;
    }
    say::seen("every object of every pipeline is there, in the order in which they need each other");

    say::heading("Somebody suspends a task graph");
    let since = stage.last_statement().await?;
    stage.by_hand(&format!("ALTER TASK {ROOT} SUSPEND")).await?;
    let resumed = "ALTER TASK \"ANALYTICS\".\"EVENTS\".\"COUNT_EVENTS\" RESUME";
    let deadline = Instant::now() + PATIENCE;
    loop {
        check(stage, plane, operator)?;
        let told = stage.statements(since).await?;
        if told.iter().any(|told| told.is_our_write() && told.text == resumed) {
            break;
        }
        expect(Instant::now() < deadline, "the graph is resumed", "it still rests")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    say::seen(format!("it runs again ({resumed})"));
    let text = stage
        .run("snowfence", &["plan", "-f", "quickstart", "-f", "pipelines", "--detailed-exitcode"], 0)
        .await?;
    expect(text.contains("No changes."), "an empty plan", &text)?;
    Ok(())
}

/// Fails at once when one of those that run has ended.
fn check(stage: &mut Stage, plane: &ControlPlane, operator: &mut Operator) -> Result<()> {
    operator.check()?;
    stage.check()?;
    plane.check()
}

async fn wait_until_ready(
    stage: &mut Stage,
    plane: &ControlPlane,
    operator: &mut Operator,
    wanted: usize,
) -> Result<()> {
    say::blank();
    let deadline = Instant::now() + PATIENCE;
    let mut last = usize::MAX;
    loop {
        check(stage, plane, operator)?;
        let resources = list(stage, &["get", "snow"]).await?;
        let ready = resources.iter().filter(|resource| is_ready(resource)).count();
        if ready == wanted && resources.len() == wanted {
            return Ok(());
        }
        if ready != last {
            say::progress(format!("{ready} of {wanted} are Ready"));
            last = ready;
        }
        if Instant::now() > deadline {
            let states: Vec<_> = resources.iter().map(state).collect();
            return expect(false, "all resources Ready within a minute", &states.join("\n"));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn ready_condition(resource: &Value) -> Option<&Value> {
    resource["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == "Ready")
}

/// Ready, and the conditions speak of this generation.
fn is_ready(resource: &Value) -> bool {
    let current = resource["status"]["observedGeneration"] == resource["metadata"]["generation"];
    current && ready_condition(resource).is_some_and(|condition| condition["status"] == "True")
}

fn state(resource: &Value) -> String {
    let condition = ready_condition(resource).cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let (kind, name) = (text(&resource["kind"]), text(&resource["metadata"]["name"]));
    format!("{kind} {name}: {} {}", text(&condition["reason"]), text(&condition["message"]))
}

fn count_of_ours(statements: &[Told]) -> usize {
    statements.iter().filter(|told| told.client.starts_with("snowfence/")).count()
}

async fn check_creation(stage: &Stage, writes: &[&Told]) -> Result<()> {
    let all = writes.iter().map(|told| format!("{} {}", told.code, told.text)).collect::<Vec<_>>().join("\n");
    let creations = |text: &str| writes.iter().filter(|told| told.text.starts_with(text)).count();
    for (name, size) in WAREHOUSES {
        let create = format!("CREATE WAREHOUSE \"{name}\" ");
        expect(creations(&create) == 1, format!("{create}once"), &all)?;
        let told = writes.iter().find(|told| told.text.starts_with(&create));
        let suspended = told.is_some_and(|told| told.text.contains("INITIALLY_SUSPENDED = TRUE"));
        expect(suspended, format!("{name} is created suspended"), &all)?;
        let resource = name.to_ascii_lowercase().replace('_', "-");
        let tag = told.and_then(|told| told.tag.clone()).unwrap_or_default();
        expect(
            tag.contains(&format!("SnowflakeWarehouse/{NAMESPACE}/{resource}")),
            "a tag with the resource's name",
            &tag,
        )?;
        let warehouse = stage.warehouse(name).await?;
        let right =
            warehouse.size == size && warehouse.resource_monitor == MONITOR && warehouse.state == "SUSPENDED";
        expect(
            right,
            format!("{name} is {size}, suspended and watched by {MONITOR}"),
            &format!("{warehouse:?}"),
        )?;
    }
    expect(creations("CREATE RESOURCE MONITOR ") == 1, "one resource monitor is created", &all)?;
    expect(writes.iter().all(|told| told.code == "090001"), "no statement was refused", &all)?;
    expect(writes.iter().all(|told| told.user == stage.user()), "all came from the connection's user", &all)
}

async fn wait_until_mended(stage: &mut Stage, plane: &ControlPlane, operator: &mut Operator) -> Result<()> {
    say::blank();
    say::progress(format!("the operator looks every {} s", RESYNC.as_secs()));
    let deadline = Instant::now() + PATIENCE;
    loop {
        check(stage, plane, operator)?;
        let mended = stage.warehouse(VICTIM.1).await?.size == "Large";
        let about = format!("--field-selector=involvedObject.name={}", VICTIM.0);
        let events = list(stage, &["get", "events", &about]).await?;
        let told = |reason: &str| events.iter().any(|event| event["reason"] == reason);
        if mended && told("Drift") && told("Changed") {
            return Ok(());
        }
        if Instant::now() > deadline {
            let seen = format!("mended: {mended}, Drift: {}, Changed: {}", told("Drift"), told("Changed"));
            return expect(false, "the warehouse is mended within a minute, and events tell it", &seen);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// How one goes on.
fn go_on(stage: &Stage, plane: &ControlPlane, operator: &Operator) {
    let folder = stage.folder().display();
    say::heading("It stays up. In another terminal:");
    say::note(format!(
        "  cd {folder}\n  export KUBECONFIG={folder}/kubeconfig SNOWFENCE_ALLOW_HOSTS=127.0.0.1\n  export PATH={}",
        stage.first_paths()
    ));
    let sql = format!("snowfence-emulator sql --url {} --token-file token --role {ROLE}", stage.url());
    say::note(format!(
        "\nThen, for example:\n
  kubectl get snow --watch
  kubectl patch snowwh wh-cortex --type=merge -p '{{\"spec\":{{\"autoSuspend\":30}}}}'
  {sql} \"ALTER WAREHOUSE WH_STREAMING SET COMMENT = 'by hand'\"
  kubectl delete snowwh wh-agent-query      # and it is dropped
  {sql} \"SHOW WAREHOUSES\"
  kubectl events
  snowfence plan -f quickstart
  curl {}/metrics
  curl {}/emulator/statements",
        operator.url(),
        stage.url()
    ));
    say::note(format!("\nLogs: {}, {}", operator.log().display(), stage.emulator_log().display()));
    if let Some(logs) = plane.logs() {
        say::note(format!("      {}/*.log", logs.display()));
    }
    say::note("\nCtrl-C ends it all.");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_resource_is_ready_when_its_conditions_speak_of_this_generation() {
        let resource = |observed: i64, status: &str| {
            json!({
                "kind": "SnowflakeWarehouse",
                "metadata": {"name": "w", "generation": 2},
                "status": {
                    "observedGeneration": observed,
                    "conditions": [{"type": "Ready", "status": status, "reason": "Conflict", "message": "it exists"}],
                },
            })
        };
        assert!(is_ready(&resource(2, "True")));
        assert!(!is_ready(&resource(1, "True")));
        assert!(!is_ready(&resource(2, "False")));
        assert!(!is_ready(&json!({"metadata": {"generation": 2}})));
        assert_eq!(state(&resource(2, "False")), "SnowflakeWarehouse w: Conflict it exists");
    }
}
