//! `ALERT`.

use super::{Inverse, There, Why, name, task, written::List};
use crate::{
    api::pipeline::{
        alerts::Alert,
        shared::{ScheduleSpec, State},
        text::Body,
    },
    kinds::pipeline::alert::KIND,
    values::{
        body::{BodyKind, canonical},
        canonical::Canonical as _,
    },
};

const LIST: List<Alert> = List { field: "alerts", of: |spec| &mut spec.alerts };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |_| None,
    write: |objects, written| written.each(objects, &LIST, alert),
};

fn alert(there: &There<'_>) -> Result<Alert, Why> {
    let text = |column: &str| {
        let text = there.found.text(column).ok_or_else(|| format!("its {column} is not shown"))?;
        Ok::<_, Why>(Body(canonical(text, BodyKind::Statement)))
    };
    let schedule = task::schedule(there)?.map(|(every, cron)| {
        let (cron, timezone) = cron.unzip();
        ScheduleSpec { every, cron, timezone }
    });
    let warehouse = there.named("warehouse");
    Ok(Alert {
        name: name(there.name.name()),
        comment: there.comment(),
        state: State::read(there.found.text("state")),
        schedule,
        serverless: warehouse.is_none().then_some(true),
        warehouse,
        condition: text("condition")?,
        action: text("action")?,
        config: task::config(there)?,
        ..Alert::default()
    })
}
