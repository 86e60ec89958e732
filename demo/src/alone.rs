//! `try`: the part without Kubernetes.

use std::time::Instant;

use crate::{
    failure::{Result, expect},
    say,
    stage::{MONITOR, Stage, Told, WAREHOUSES},
};

/// From an empty account to one that matches, and back to it after a change by hand.
pub(crate) async fn show(began: Instant) -> Result<()> {
    say::heading("A local Snowflake");
    let stage = Stage::set().await?;
    stage.write_manifests("")?;
    say::note(format!("The emulator serves account {} at {}: it is empty.", stage.account(), stage.url()));
    say::note(
        "Four warehouses, a resource monitor and a connection are in quickstart/ (from examples/quickstart).",
    );
    let done = steps(&stage).await;
    done.map_err(|failure| failure.with_log(&stage.emulator_log()))?;
    say::done("That was all of it: plan, apply, a change by hand, plan, apply.", began.elapsed());
    say::note(
        "With Kubernetes, the operator does this by itself: `make demo`. What else there is: README.md.",
    );
    Ok(())
}

async fn steps(stage: &Stage) -> Result<()> {
    let exit = "--detailed-exitcode";

    say::heading("What would change?");
    say::note("plan reads the manifests and Snowflake, and changes nothing.");
    let text = stage.run("snowfence", &["plan", "-f", "quickstart", exit], 2).await?;
    for (name, _) in WAREHOUSES {
        expect(
            text.contains(&format!("+ warehouse {name} will be created")),
            format!("{name} is to be created"),
            &text,
        )?;
    }
    expect(
        text.contains(&format!("+ resource monitor {MONITOR} will be created")),
        format!("{MONITOR} is to be created"),
        &text,
    )?;
    expect(stage.statements(0).await?.iter().all(|told| !told.is_our_write()), "plan writes nothing", "")?;
    say::seen("five objects would be created; exit code 2 says that there are changes");

    say::heading("Make it so");
    say::note("apply shows the plan, asks (not with --yes), and carries it out.");
    let text = stage.run("snowfence", &["apply", "-f", "quickstart", "--yes"], 0).await?;
    expect(text.contains("5 created"), "five objects were created", &text)?;
    for (name, size) in WAREHOUSES {
        let warehouse = stage.warehouse(name).await?;
        let right =
            warehouse.size == size && warehouse.resource_monitor == MONITOR && warehouse.state == "SUSPENDED";
        expect(
            right,
            format!("{name} is {size}, suspended and watched by {MONITOR}"),
            &format!("{warehouse:?}"),
        )?;
    }
    say::seen("Snowflake has them, suspended: creating costs nothing");
    empty(stage).await?;

    say::heading("Somebody changes a warehouse by hand");
    stage.by_hand("ALTER WAREHOUSE WH_BULK_LOAD SET WAREHOUSE_SIZE = XXLARGE").await?;
    let since = stage.last_statement().await?;
    say::blank();
    say::note("plan shows exactly that difference, and with --show-sql the statement that would mend it.");
    let text = stage.run("snowfence", &["plan", "-f", "quickstart", "--show-sql", exit], 2).await?;
    expect(text.contains("size: XXLARGE → LARGE"), "the size differs", &text)?;
    expect(text.contains("0 to create, 1 to change, 0 to delete"), "nothing else differs", &text)?;
    say::seen("one field of one warehouse differs");
    stage.run("snowfence", &["apply", "-f", "quickstart", "--yes"], 0).await?;
    let sent: Vec<String> =
        stage.statements(since).await?.into_iter().filter(Told::is_our_write).map(|told| told.text).collect();
    let mended = sent == ["ALTER WAREHOUSE \"WH_BULK_LOAD\" SET WAREHOUSE_SIZE = LARGE"];
    expect(mended, "one statement mends it", &sent.join("\n"))?;
    say::seen(format!("mended with one statement: {}", sent[0]));
    empty(stage).await
}

async fn empty(stage: &Stage) -> Result<()> {
    let text = stage.run("snowfence", &["plan", "-f", "quickstart", "--detailed-exitcode"], 0).await?;
    expect(text.contains("No changes."), "an empty plan", &text)?;
    say::seen("the plan is empty");
    Ok(())
}
