//! Says by itself whether the account is as the specs say, without the code that plans.

use std::collections::BTreeSet;

use serde_json::Value;

use super::live::observes;
use crate::support::{
    account::{Thing, look},
    world::{Cr, World},
};

/// Checks every resource that says it is in sync, and that those that do not have a reason.
pub fn check(world: &World) -> Result<(), String> {
    let things = look(&world.emulator);
    for key in world.keys() {
        let cr = world.get(&key);
        let (_, reason, message) = cr.ready();
        let record = cr.record();
        let entry = record.objects.first();
        let name = name_of(&key, &cr);
        let kind = if key.starts_with("w/") { "WAREHOUSE" } else { "RESOURCE MONITOR" };
        let thing = things.iter().find(|thing| thing.kind == kind && thing.name == name);
        let is_ours =
            thing.is_some_and(|t| entry.is_some_and(|e| e.created_on.as_ref() == Some(&t.created_on)));
        let spec = match &cr {
            Cr::Warehouse(cr) => serde_json::json!(cr.spec),
            Cr::Monitor(cr) => serde_json::json!(cr.spec),
            Cr::Pipeline(cr) => serde_json::json!(cr.spec),
        };
        let wrong =
            |what: &str| Err(format!("{key} says {reason} ({message}), but {what}; {thing:?}; {record:?}"));
        match reason.as_str() {
            "Observed" if observes(&cr) => continue,
            "NotFound" if observes(&cr) && thing.is_none() => continue,
            "Conflict" if thing.is_some() && !is_ours && spec["adopt"] != true => continue,
            // Another object has the name that ours is to have.
            "Conflict" if thing.is_some() && !is_ours && message.contains("can't be renamed") => {
                let ours = |t: &&Thing| entry.is_some_and(|e| e.created_on.as_ref() == Some(&t.created_on));
                match things.iter().find(ours) {
                    Some(_) => continue,
                    None => return wrong("ours is gone"),
                }
            }
            "Conflict" => return wrong("nobody else has it"),
            "InvalidSpec" if message.contains("interactive") || message.contains("a property") => continue,
            "SnowflakeRefused"
                if message.contains("090269")
                    && thing.is_some_and(|t| t.cell("level") == Some("ACCOUNT")) =>
            {
                continue;
            }
            "InSync" | "RoleNotFound" | "MonitorNotFound" | "MonitorNotAssigned" | "ApprovalRequired" => {}
            _ => return wrong("that is no end"),
        }
        if record.unconverged.is_some() {
            return wrong("the record has an unconverged change still");
        }
        let Some(thing) = thing else { return wrong("it is not there") };
        if !is_ours {
            return wrong("the record has another identity");
        }
        if reason == "RoleNotFound" && !spec["grants"].to_string().contains("absent") {
            return wrong("every role is there");
        }
        if let Some(what) = differs(&spec, thing, reason == "ApprovalRequired") {
            return wrong(&what);
        }
        let given = wanted_grants(&spec);
        if let Some(missing) = given.iter().find(|grant| !thing.grants.contains(grant)) {
            return wrong(&format!("{missing} is not granted"));
        }
        let recorded: BTreeSet<_> = entry
            .into_iter()
            .flat_map(|entry| &entry.grants)
            .map(|key| key.replacen(" TO ROLE ", " TO ", 1))
            .collect();
        if !recorded.is_subset(&given) {
            return wrong("the record has grants that are not asked for");
        }
    }
    Ok(())
}

fn name_of(key: &str, cr: &Cr) -> String {
    let name = match cr {
        Cr::Warehouse(cr) => cr.spec.name.clone(),
        Cr::Monitor(cr) => cr.spec.name.clone(),
        Cr::Pipeline(_) => None,
    };
    fold(&name.unwrap_or_else(|| key[2..].to_uppercase()))
}

/// A name by Snowflake's rule; the names of these tests have no quotes inside.
fn fold(name: &str) -> String {
    if name.starts_with('"') { name.trim_matches('"').to_owned() } else { name.to_uppercase() }
}

fn wanted_grants(spec: &Value) -> BTreeSet<String> {
    let grants = spec["grants"].as_array().cloned().unwrap_or_default();
    let each = grants.iter().flat_map(|grant| {
        let role = fold(grant["role"].as_str().unwrap());
        let privileges = grant["privileges"].as_array().cloned().unwrap();
        privileges.into_iter().map(move |privilege| format!("{} TO {role}", privilege.as_str().unwrap()))
    });
    each.filter(|grant| !grant.ends_with(" ABSENT")).collect()
}

/// Field of the spec, and where it is read: a column in lower case, or a parameter.
const FIELDS: &[(&str, &str)] = &[
    ("type", "type"),
    ("size", "size"),
    ("generation", "generation"),
    ("resourceConstraint", "resource_constraint"),
    ("minClusterCount", "min_cluster_count"),
    ("maxClusterCount", "max_cluster_count"),
    ("scalingPolicy", "scaling_policy"),
    ("autoSuspend", "auto_suspend"),
    ("autoResume", "auto_resume"),
    ("enableQueryAcceleration", "enable_query_acceleration"),
    ("queryAccelerationMaxScaleFactor", "query_acceleration_max_scale_factor"),
    ("maxQueryPerformanceLevel", "max_query_performance_level"),
    ("queryThroughputMultiplier", "query_throughput_multiplier"),
    ("comment", "comment"),
    ("maxConcurrencyLevel", "MAX_CONCURRENCY_LEVEL"),
    ("statementQueuedTimeoutInSeconds", "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS"),
    ("statementTimeoutInSeconds", "STATEMENT_TIMEOUT_IN_SECONDS"),
    ("fallbackWarehouse", "FALLBACK_WAREHOUSE"),
    ("creditQuota", "credit_quota"),
    ("frequency", "frequency"),
    ("startTimestamp", "start_time"),
    ("endTimestamp", "end_time"),
    ("notifyUsers", "notify_users"),
    ("tables", "tables"),
];

fn differs(spec: &Value, thing: &Thing, waits: bool) -> Option<String> {
    for (field, place) in FIELDS {
        let wanted = &spec[*field];
        let ignored = spec["ignoreFields"].as_array().is_some_and(|all| all.iter().any(|path| path == field));
        if wanted.is_null() || ignored || wanted == "IMMEDIATELY" {
            continue;
        }
        let is = if place.starts_with(|c: char| c.is_uppercase()) {
            thing.parameters.get(*place).map(String::as_str)
        } else {
            thing.cell(place)
        };
        if !alike(field, wanted, is) {
            return Some(format!("{field} is {is:?}, not {wanted}"));
        }
    }
    let triggers = &spec["triggers"];
    let ignored = spec["ignoreFields"].to_string().contains("triggers");
    if !waits
        && !ignored
        && let Some(all) = triggers.as_array()
    {
        for (action, column) in [
            ("NOTIFY", "notify_at"),
            ("SUSPEND", "suspend_at"),
            ("SUSPEND_IMMEDIATE", "suspend_immediately_at"),
        ] {
            let wanted: BTreeSet<_> =
                all.iter().filter(|t| t["do"] == action).map(|t| format!("{}%", t["atPercent"])).collect();
            let is = thing.cell(column).unwrap_or_default();
            let is: BTreeSet<_> = is.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            if wanted != is {
                return Some(format!("{column} is {is:?}, not {wanted:?}"));
            }
        }
    }
    if let Some(level) = spec["accountLevel"].as_bool()
        && level != (thing.cell("level") == Some("ACCOUNT"))
    {
        return Some("its level is another".into());
    }
    None
}

fn alike(field: &str, wanted: &Value, is: Option<&str>) -> bool {
    let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let names = |text: &str| -> BTreeSet<String> {
        let quoted = text.split(", ").map(|name| name.trim_matches('"').to_owned());
        quoted.filter(|name| !name.is_empty()).collect()
    };
    match field {
        "size" | "maxQueryPerformanceLevel" => {
            let short =
                |text: &str| text.to_uppercase().replace('-', "").replace("XXX", "3X").replace("XX", "2X");
            let moved = |text: String| {
                text.strip_prefix('X')
                    .filter(|r| r.starts_with(char::is_numeric))
                    .map_or(text.clone(), |r| format!("{}X{}", &r[..1], &r[1..]))
            };
            is.map(|is| moved(short(is))) == Some(moved(short(&said(wanted))))
        }
        "autoSuspend" => {
            let never = matches!(is, None | Some("0"));
            if wanted == "never" { never } else { is == Some(said(wanted).as_str()) }
        }
        "creditQuota" => is.map(|is| is.trim_end_matches(".00").to_owned()) == Some(said(wanted)),
        "startTimestamp" | "endTimestamp" => {
            let seconds: i64 = match said(wanted).as_str() {
                "2099-01-31" => 4_073_500_800,
                "2099-01-31 12:00" => 4_073_544_000,
                "2099-01-31T12:00:00+02:00" => 4_073_536_800,
                "2100-01-31" => 4_105_036_800,
                "2100-06-30 06:30" => 4_118_020_200,
                _ => return false,
            };
            is.is_some_and(|is| is.starts_with(&format!("{seconds}.")))
        }
        "notifyUsers" => {
            let wanted: BTreeSet<_> =
                wanted.as_array().unwrap().iter().map(|name| fold(name.as_str().unwrap())).collect();
            names(is.unwrap_or_default()) == wanted
        }
        "tables" => {
            let wanted: BTreeSet<_> =
                wanted.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_uppercase()).collect();
            let is: BTreeSet<_> =
                is.unwrap_or_default().split(", ").filter(|t| !t.is_empty()).map(str::to_uppercase).collect();
            is == wanted
        }
        "fallbackWarehouse" => is.map(|is| is.trim_matches('"').to_owned()) == Some(fold(&said(wanted))),
        _ => is.unwrap_or_default() == said(wanted),
    }
}
