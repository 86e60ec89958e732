//! Masking, row access, aggregation and projection policies, and what they hang on.

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::answer::{Cell, display, executed, status, table, text};
use super::attachment::Attachment;
use super::grants::Securable;
use super::plain::{Detail, Plain, REFERENCES};
use super::{Account, Edition};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::data_type::DataType;
use crate::sql::policy::{AlterPolicy, CreatePolicy, PolicyAction, plain_type};
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::{How, ObjectKind};

/// What a policy says. Its arguments and its type stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub(crate) arguments: Vec<(String, DataType)>,
    pub returns: String,
    pub body: String,
    pub exempt_other_policies: bool,
}

/// A policy in use is neither dropped nor replaced. The number is unverified.
fn in_use(name: &str) -> SqlError {
    SqlError::new(
        3536,
        "42601",
        format!(
            "SQL compilation error:\nPolicy {name} cannot be dropped/replaced as it is associated with one or more entities."
        ),
    )
}

impl Account {
    pub(crate) fn create_policy(
        &mut self,
        context: &Context,
        create: &CreatePolicy,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let kind = create.kind;
        if self.edition == Edition::Standard {
            // The words are unverified.
            return Err(SqlError::unsupported(kind.singular()));
        }
        let (place, name) = self.in_schema(context, &access, &create.path)?;
        let on = |id| Securable::Inside(kind, place.0, place.1, id);
        let before = self.plain_in(kind, Some(place)).and_then(|store| store.id(&name)).map(on);
        let created = status(format!("{} {name} successfully created.", kind.noun()));
        let rule = Rule {
            arguments: create.arguments.clone(),
            returns: create.returns.clone(),
            body: create.body.clone(),
            exempt_other_policies: exempts(&create.settings),
        };
        let tags = self.tag_values(context, &access, &create.tags)?;
        if let Some(before) = before {
            match create.how {
                How::Plain => return Err(SqlError::exists(display(&create.path))),
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrReplace | How::OrAlter => self.need(&access, before, &[])?,
            }
            if create.how == How::OrAlter {
                let plain = self.plain_mut(before)?;
                let held = plain.policy();
                if held
                    .is_some_and(|held| (&held.arguments, &held.returns) != (&rule.arguments, &rule.returns))
                {
                    // The words are unverified: the signature of a policy can't be altered.
                    return Err(SqlError::unsupported("changing the signature of a policy"));
                }
                plain.head.comment.clear();
                plain.set(&create.settings);
                plain.detail = Detail::Policy(Box::new(rule));
                return Ok(created);
            }
            if self.is_attached(before) {
                return Err(in_use(&name));
            }
        }
        let privilege = format!("CREATE {}", kind.singular());
        self.may_create_in(&access, Securable::Schema(place.0, place.1), &privilege)?;
        let mut made = Plain::new(self.head(&name, &access, now));
        made.set(&create.settings);
        made.tags = tags;
        made.detail = Detail::Policy(Box::new(rule));
        if let Some(Securable::Inside(_, _, _, id)) = before {
            self.plain_in_mut(kind, Some(place))?.remove(id);
            self.forget(on(id));
        }
        let id = made.head.id;
        self.plain_in_mut(kind, Some(place))?.put(made);
        self.grant_future(on(id), now);
        Ok(created)
    }

    pub(crate) fn alter_policy(&mut self, context: &Context, alter: &AlterPolicy) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, alter.kind, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, &[])?;
        match &alter.action {
            PolicyAction::RenameTo(to) => {
                let (place, name) = self.in_schema(context, &access, to)?;
                let id = self.head_at(on).map(|head| head.id).ok_or_else(SqlError::impossible)?;
                if Some(place) != on.schema() {
                    return Err(SqlError::unsupported("RENAME to another schema"));
                }
                let store = self.plain_in_mut(alter.kind, Some(place))?;
                if store.id(&name).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(display(to)));
                }
                store.rename(id, &name);
            }
            PolicyAction::SetBody(body) => {
                if let Some(rule) = self.plain_mut(on)?.policy_mut() {
                    rule.body.clone_from(body);
                }
            }
            PolicyAction::Set(settings) => self.plain_mut(on)?.set(settings),
            PolicyAction::Unset(properties) => {
                if properties.iter().any(|property| property.name == "COMMENT") {
                    self.plain_mut(on)?.head.comment.clear();
                }
            }
            PolicyAction::SetTags(tags) => {
                let values = self.tag_values(context, &access, tags)?;
                self.plain_mut(on)?.tags.extend(values);
            }
            PolicyAction::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                self.plain_mut(on)?.tags.retain(|id, _| !ids.contains(id));
            }
        }
        Ok(executed())
    }

    /// DESCRIBE … POLICY (docs: desc-masking-policy, desc-row-access-policy).
    pub(crate) fn describe_policy(
        &self,
        context: &Context,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, kind, path)?;
        let headings = ["name", "signature", "return_type", "body"].map(|name| (name, ColumnType::Text));
        let mut rows = table(&headings);
        let object = self.plain_at(on).ok_or_else(SqlError::impossible)?;
        let rule = object.policy().ok_or_else(SqlError::impossible)?;
        let arguments = rule.arguments.iter().map(|(name, kind)| format!("{name} {}", plain_type(kind)));
        let signature = format!("({})", arguments.collect::<Vec<_>>().join(", "));
        rows.rows.push(vec![text(&object.head.name), text(signature), text(&rule.returns), text(&rule.body)]);
        Ok(rows)
    }

    /// A cell of SHOW … POLICIES that other kinds fill otherwise.
    pub(crate) fn policy_cell(object: &Plain, column: &str) -> Option<Cell> {
        let rule = object.policy()?;
        let exempts = rule.exempt_other_policies;
        (column == "options").then(|| text(if exempts { r#"{"EXEMPT_OTHER_POLICIES":true}"# } else { "" }))
    }

    /// `003536` while something has the policy.
    pub(crate) fn not_in_use(&self, on: Securable) -> Result<(), SqlError> {
        let policy = crate::sql::policy::is_one(on.kind());
        if policy && self.is_attached(on) { Err(in_use(&self.name_of(on))) } else { Ok(()) }
    }

    /// POLICY_REFERENCES of a table, a view or a tag.
    pub(crate) fn data_policies_of(
        &self,
        context: &Context,
        access: &Access,
        name: &str,
        domain: &str,
    ) -> Result<Rows, SqlError> {
        let kinds: &[ObjectKind] = match domain.to_uppercase().as_str() {
            "VIEW" => &[ObjectKind::View, ObjectKind::MaterializedView],
            "TABLE" => &[ObjectKind::Table, ObjectKind::DynamicTable, ObjectKind::EventTable],
            "DYNAMIC_TABLE" => &[ObjectKind::DynamicTable],
            "TAG" => &[ObjectKind::Tag],
            _ => return Ok(self.reference_rows(access, |_, _| false)),
        };
        let path = crate::sql::path_of(name)?;
        let found = kinds.iter().find_map(|kind| self.securable(context, access, *kind, &path).ok());
        let absent = || SqlError::absent(kinds[0].noun(), display(&path));
        let wanted = found.ok_or_else(absent)?;
        Ok(self.reference_rows(access, |on, _| on == wanted))
    }

    /// POLICY_REFERENCES of a policy on data: what it hangs on, as far as the role sees it.
    pub(crate) fn uses_of_policy(
        &self,
        context: &Context,
        access: &Access,
        name: &str,
    ) -> Result<Option<Rows>, SqlError> {
        let path = crate::sql::path_of(name)?;
        let kinds = ObjectKind::all().filter(|kind| crate::sql::policy::is_one(*kind));
        let found: Vec<_> =
            kinds.filter_map(|kind| self.securable(context, access, kind, &path).ok()).collect();
        if found.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.reference_rows(access, |_, it| found.contains(&it.policy))))
    }

    fn reference_rows(&self, access: &Access, wanted: impl Fn(Securable, &Attachment) -> bool) -> Rows {
        let mut rows = table(&REFERENCES.map(|name| (name, ColumnType::Text)));
        let found = self.attachments().filter(|(on, it)| wanted(*on, it) && self.sees(access, *on));
        for (on, attachment) in found {
            let (policy, entity) = (self.path_of(attachment.policy), self.path_of(on));
            let part = |path: &[String], at: usize| path.get(at).cloned();
            let arguments: Vec<String> =
                attachment.arguments.iter().map(|name| serde_json::json!(name).to_string()).collect();
            let tag = on.kind() == ObjectKind::Tag;
            let cell = |column: &str| match column {
                "POLICY_DB" => part(&policy, 0),
                "POLICY_SCHEMA" => part(&policy, 1),
                "POLICY_NAME" => part(&policy, 2),
                "POLICY_KIND" => text(attachment.policy.kind().granted_on()),
                "REF_DATABASE_NAME" => part(&entity, 0),
                "REF_SCHEMA_NAME" => part(&entity, 1),
                "REF_ENTITY_NAME" => part(&entity, 2),
                "REF_ENTITY_DOMAIN" => text(self.kind_of(on).granted_on()),
                "REF_COLUMN_NAME" => attachment.column.clone(),
                "REF_ARG_COLUMN_NAMES" if arguments.is_empty() => None,
                "REF_ARG_COLUMN_NAMES" => text(format!("[ {} ]", arguments.join(", "))),
                "TAG_DATABASE" if tag => part(&entity, 0),
                "TAG_SCHEMA" if tag => part(&entity, 1),
                "TAG_NAME" if tag => part(&entity, 2),
                "POLICY_STATUS" => text("ACTIVE"),
                _ => None,
            };
            rows.rows.push(REFERENCES.iter().map(|column| cell(column)).collect());
        }
        rows
    }
}

fn exempts(settings: &[Setting]) -> bool {
    value_of(settings, "EXEMPT_OTHER_POLICIES").and_then(Value::boolean) == Some(true)
}
