//! Alerts (docs: user-guide/alerts). Nothing runs here: EXECUTE ALERT is answered, and no condition is evaluated.
//!
//! An alert with a schedule looks from time to time; one without looks at new data. Neither becomes the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::answer::{Cell, display, executed, status, text, time};
use super::grants::Securable;
use super::plain::{Detail, Plain};
use super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{self, Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::alert::{Action, AlterAlert, CreateAlert, Definition, What};
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::{How, ObjectKind, Path, schedule};

const KIND: ObjectKind = ObjectKind::Alert;

/// A minute to eight days (docs: create-alert, 11520 minutes at most).
const SCHEDULES: std::ops::RangeInclusive<u64> = 60..=691_200;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alert {
    /// None: serverless.
    warehouse: Option<Id>,
    /// None: on new data.
    schedule: Option<String>,
    config: Option<String>,
    condition: String,
    action: String,
    started: bool,
}

pub(crate) const COLUMNS: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("name", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("owner", Text),
    ("comment", Text),
    ("warehouse", Text),
    ("schedule", Text),
    ("state", Text),
    ("condition", Text),
    ("action", Text),
    ("owner_role_type", Text),
];

/// The words and the code are guesses: the documentation says that one kind of alert does not become the other.
fn not_converted(what: &str) -> SqlError {
    SqlError::new(91_084, "42601", format!("An alert {what}."))
}

impl Account {
    fn alert(&self, on: Securable) -> Result<&Alert, SqlError> {
        let Securable::Inside(kind, database, schema, id) = on else { return Err(SqlError::impossible()) };
        match self.plain_in(kind, Some((database, schema))).and_then(|store| store.by_id(id)) {
            Some(Plain { detail: Detail::Alert(alert), .. }) => Ok(alert),
            _ => Err(SqlError::impossible()),
        }
    }

    fn put_alert(&mut self, on: Securable, alert: Alert) -> Result<(), SqlError> {
        let Securable::Inside(kind, database, schema, id) = on else { return Err(SqlError::impossible()) };
        if let Some(plain) = self.plain_in_mut(kind, Some((database, schema)))?.by_id_mut(id) {
            plain.detail = Detail::Alert(Box::new(alert));
        }
        Ok(())
    }

    fn set_alert(&self, access: &Access, alert: &mut Alert, settings: &[Setting]) -> Result<(), SqlError> {
        for Setting { property, value } in settings {
            match (property.name, value) {
                ("WAREHOUSE", Value::Path(path)) => {
                    alert.warehouse = Some(self.warehouse_id(access, path)?);
                }
                ("SCHEDULE", Value::Text(text)) => {
                    let fits = schedule::read(text)
                        .is_ok_and(|seconds| seconds.is_none_or(|seconds| SCHEDULES.contains(&seconds)));
                    if !fits {
                        return Err(SqlError::invalid_value(text, property.name));
                    }
                    alert.schedule = Some(text.clone());
                }
                ("CONFIG", Value::Text(text)) => alert.config = Some(text.clone()),
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn create_alert(
        &mut self,
        context: &Context,
        create: &CreateAlert,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (place, name) = self.in_schema(context, &access, &create.path)?;
        let on = |id: Id| Securable::Inside(KIND, place.0, place.1, id);
        let before = self.plain_in(KIND, Some(place)).and_then(|alerts| alerts.id(&name));
        let created = status(format!("Alert {name} successfully created."));
        if let (Some(id), How::OrAlter, What::Definition(it)) = (before, create.how, &create.what) {
            self.need(&access, on(id), &[])?;
            let old = self.alert(on(id))?.clone();
            let mut alert = self.defined_alert(&access, it)?;
            if alert.schedule.is_some() != old.schedule.is_some() {
                return Err(not_converted("on new data and an alert on a schedule are not converted"));
            }
            alert.started = old.started;
            self.put_alert(on(id), alert)?;
            if let Some(head) = self.head_of(on(id)) {
                head.comment = comment_of(it);
            }
            return Ok(created);
        }
        self.may_create_in(&access, Securable::Schema(place.0, place.1), "CREATE ALERT")?;
        if let Some(id) = before {
            match create.how {
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrReplace => self.need(&access, on(id), &[])?,
                _ => return Err(SqlError::exists(display(&create.path))),
            }
        }
        let (alert, tags, comment) = match &create.what {
            What::Clone(source) => self.cloned_alert(context, &access, source)?,
            What::Definition(it) => {
                let tags = self.tag_values(context, &access, &it.tags)?;
                let alert = self.defined_alert(&access, it)?;
                self.may_run_on(&access, alert.warehouse, "EXECUTE MANAGED ALERT")?;
                (alert, tags, comment_of(it))
            }
        };
        let mut head = self.head(&name, &access, now);
        head.comment = comment;
        let made = head.id;
        let detail = Detail::Alert(Box::new(alert));
        let plain = Plain { head, properties: BTreeMap::new(), tags, detail };
        if let Some(id) = before {
            self.plain_in_mut(KIND, Some(place))?.remove(id);
            self.forget(on(id));
        }
        self.plain_in_mut(KIND, Some(place))?.put(plain);
        self.grant_future(on(made), now);
        Ok(created)
    }

    fn defined_alert(&self, access: &Access, it: &Definition) -> Result<Alert, SqlError> {
        let mut alert =
            Alert { condition: it.condition.clone(), action: it.action.clone(), ..Alert::default() };
        self.set_alert(access, &mut alert, &it.settings)?;
        Ok(alert)
    }

    fn cloned_alert(
        &self,
        context: &Context,
        access: &Access,
        source: &Path,
    ) -> Result<(Alert, BTreeMap<Id, String>, String), SqlError> {
        let on = self.securable(context, access, KIND, source)?;
        self.need(access, on, &[])?;
        let alert = Alert { started: false, ..self.alert(on)?.clone() };
        let plain = self.plain_in(KIND, on.schema());
        let plain =
            self.head_at(on).and_then(|head| plain?.by_id(head.id)).ok_or_else(SqlError::impossible)?;
        Ok((alert, plain.tags.clone(), plain.head.comment.clone()))
    }

    pub(crate) fn alter_alert(&mut self, context: &Context, alter: &AlterAlert) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, KIND, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        let needs: &[&str] =
            if matches!(alter.action, Action::Resume | Action::Suspend) { &["OPERATE"] } else { &[] };
        self.need(&access, on, needs)?;
        let mut alert = self.alert(on)?.clone();
        let scheduled = alert.schedule.is_some();
        let mut comment = None;
        match &alter.action {
            Action::Resume => {
                self.alert_may_run(on, &alert)?;
                alert.started = true;
            }
            Action::Suspend => alert.started = false,
            Action::Set(settings) => {
                self.set_alert(&access, &mut alert, settings)?;
                comment = value_of(settings, "COMMENT").map(|it| it.text().unwrap_or_default().to_owned());
            }
            Action::Unset(properties) => {
                for property in properties {
                    match property.name {
                        "WAREHOUSE" => alert.warehouse = None,
                        "SCHEDULE" => alert.schedule = None,
                        "CONFIG" => alert.config = None,
                        _ => comment = Some(String::new()),
                    }
                }
            }
            Action::Condition(condition) => alert.condition.clone_from(condition),
            Action::Then(action) => alert.action.clone_from(action),
            Action::SetTags(tags) => {
                let values = self.tag_values(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.extend(values);
                }
            }
            Action::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.retain(|id, _| !ids.contains(id));
                }
            }
        }
        if alert.schedule.is_some() != scheduled {
            return Err(not_converted("on new data and an alert on a schedule are not converted"));
        }
        self.put_alert(on, alert)?;
        if let (Some(comment), Some(head)) = (comment, self.head_of(on)) {
            head.comment = comment;
        }
        Ok(executed())
    }

    /// The owner may run alerts, and on this warehouse (docs: create-alert); code and words after those of tasks.
    fn alert_may_run(&self, on: Securable, alert: &Alert) -> Result<(), SqlError> {
        let roles = self.inherited(self.owner_of(on));
        let refused = |what: &str| {
            Err(SqlError::new(
                91_089,
                "23001",
                format!("Cannot execute alert , {what} must be granted to owner role"),
            ))
        };
        if !self.granted(&roles, Securable::Account, &["EXECUTE ALERT"]) {
            return refused("EXECUTE ALERT privilege");
        }
        match alert.warehouse.map(Securable::Warehouse) {
            None if !self.granted(&roles, Securable::Account, &["EXECUTE MANAGED ALERT"]) => {
                refused("EXECUTE MANAGED ALERT privilege")
            }
            Some(on)
                if !self.granted(&roles, on, &["USAGE"])
                    && !self.owner_of(on).is_some_and(|owner| roles.contains(&owner)) =>
            {
                refused("USAGE privilege on the alert's warehouse")
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn execute_alert(&self, context: &Context, path: &Path) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, KIND, path)?;
        self.need(&access, on, &["OPERATE"])?;
        self.alert_may_run(on, self.alert(on)?)?;
        let name = path.last().map_or("", String::as_str);
        Ok(status(format!("Alert {name} is scheduled to run immediately.")))
    }

    pub(crate) fn alert_row(&self, on: Securable, plain: &Plain, alert: &Alert) -> Vec<Cell> {
        let (path, head) = (self.path_of(on), &plain.head);
        let warehouse = alert.warehouse.and_then(|id| self.warehouses.by_id(id));
        let cell = |column: &str| match column {
            "created_on" => time(head.created_on),
            "name" => text(&head.name),
            "database_name" => path.first().cloned(),
            "schema_name" => path.get(1).cloned(),
            "owner" => text(self.role_name(head.owner)),
            "owner_role_type" => text(self.role_type(head.owner)),
            "comment" => text(&head.comment),
            "warehouse" => text(warehouse.map_or("", |warehouse| warehouse.head.name.as_str())),
            "schedule" => text(alert.schedule.as_deref().unwrap_or_default()),
            "state" => text(if alert.started { "started" } else { "suspended" }),
            "condition" => text(&alert.condition),
            "action" => text(&alert.action),
            _ => None,
        };
        COLUMNS.iter().map(|(column, _)| cell(column)).collect()
    }
}

fn comment_of(it: &Definition) -> String {
    value_of(&it.settings, "COMMENT").and_then(Value::text).unwrap_or_default().to_owned()
}
