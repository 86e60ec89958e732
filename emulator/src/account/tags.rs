//! Tags: the values that they allow, the masking policies that they carry, and how they come back.

use super::Account;
use super::access::Access;
use super::answer::{display, executed, status};
use super::attachment::Attachment;
use super::database::{Dropped, Tag};
use super::grants::Securable;
use super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::policy::Attach;
use crate::sql::tag::{AlterTag, CreateTag, TagAction, TagChange};
use crate::sql::{How, ObjectKind, Path};

/// What a tag does about values that contradict each other. The number is unverified.
fn wrong_strategy() -> SqlError {
    SqlError::new(
        1008,
        "22023",
        "SQL compilation error:\nInvalid on_conflict strategy. It has to be one of the allowed values.",
    )
}

impl Tag {
    fn change(&mut self, change: &TagChange) -> Result<(), SqlError> {
        if let Some(comment) = &change.comment {
            self.head.comment.clone_from(comment);
        }
        if let Some(values) = &change.allowed_values {
            self.allowed_values.clone_from(values);
        }
        if let Some(propagate) = &change.propagate {
            self.propagate = Some(propagate.clone());
        }
        if let Some(on_conflict) = &change.on_conflict {
            let sequence = on_conflict == "ALLOWED_VALUES_SEQUENCE";
            let allowed = match (sequence, self.allowed_values.is_empty()) {
                (true, none) => !none,
                (false, none) => none || self.allowed_values.contains(on_conflict),
            };
            if !allowed {
                return Err(wrong_strategy());
            }
            self.on_conflict = Some(on_conflict.clone());
        }
        Ok(())
    }
}

impl Account {
    pub(crate) fn create_tag(
        &mut self,
        context: &Context,
        create: &CreateTag,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (within, name) = self.in_schema(context, &access, &create.path)?;
        let before = self.schema(within)?.tags_here.id(&name);
        let on = |id| Securable::Tag(within.0, within.1, id);
        if let Some(id) = before {
            match create.how {
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrReplace | How::OrAlter => self.need(&access, on(id), &[])?,
                How::Plain => return Err(SqlError::exists(display(&create.path))),
            }
        }
        self.may_create_in(&access, Securable::Schema(within.0, within.1), "CREATE TAG")?;
        let created = status(format!("Tag {name} successfully created."));
        if let (Some(id), How::OrAlter) = (before, create.how) {
            let mut tag = self.tag(within, id)?.clone();
            (tag.propagate, tag.on_conflict) = (None, None);
            tag.allowed_values.clear();
            tag.head.comment.clear();
            tag.change(&create.change)?;
            *self.tag_mut(within, id)? = tag;
            return Ok(created);
        }
        let mut tag = Tag {
            head: self.head(&name, &access, now),
            allowed_values: Vec::new(),
            policies: Vec::new(),
            propagate: None,
            on_conflict: None,
        };
        tag.change(&create.change)?;
        let id = tag.head.id;
        if let Some(before) = before {
            self.carries_none(within, before)?;
            self.schema_mut(within)?.tags_here.remove(before);
            self.forget(on(before));
        }
        self.schema_mut(within)?.tags_here.put(tag);
        self.grant_future(on(id), now);
        Ok(created)
    }

    fn tag(&self, within: (Id, Id), id: Id) -> Result<&Tag, SqlError> {
        self.schema(within)?.tags_here.by_id(id).ok_or_else(SqlError::impossible)
    }

    fn tag_mut(&mut self, within: (Id, Id), id: Id) -> Result<&mut Tag, SqlError> {
        self.schema_mut(within)?.tags_here.by_id_mut(id).ok_or_else(SqlError::impossible)
    }

    /// A tag that carries a masking policy stays (docs: drop-tag). The number is unverified.
    fn carries_none(&self, within: (Id, Id), id: Id) -> Result<(), SqlError> {
        if self.tag(within, id)?.policies.is_empty() {
            return Ok(());
        }
        let name = self.name_of(Securable::Tag(within.0, within.1, id));
        Err(SqlError::new(
            3537,
            "42601",
            format!(
                "SQL compilation error:\nTag {name} cannot be dropped/replaced as it carries a masking policy."
            ),
        ))
    }

    pub(crate) fn alter_tag(&mut self, context: &Context, alter: &AlterTag) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, ObjectKind::Tag, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, &[])?;
        let Securable::Tag(database, schema, id) = on else { return Err(SqlError::impossible()) };
        let within = (database, schema);
        if let TagAction::RenameTo(to) = &alter.action {
            return self.rename_tag(context, &access, (within, id), to);
        }
        let mut tag = self.tag(within, id)?.clone();
        match &alter.action {
            TagAction::RenameTo(_) => {}
            TagAction::Add(values) => {
                let new = values.iter().filter(|value| !tag.allowed_values.contains(value));
                let new: Vec<String> = new.cloned().collect();
                tag.allowed_values.extend(new);
            }
            TagAction::Drop(values) => tag.allowed_values.retain(|value| !values.contains(value)),
            TagAction::Set(change) => tag.change(change)?,
            TagAction::SetPolicies(policies, force) => {
                for path in policies {
                    let attachment = self.tag_policy(context, &access, path)?;
                    self.attach_to_tag(&mut tag.policies, attachment, *force)?;
                }
            }
            TagAction::UnsetPolicies(policies) => {
                for path in policies {
                    let attachment = self.tag_policy(context, &access, path)?;
                    tag.policies.retain(|it| it.policy != attachment.policy);
                }
            }
            TagAction::Unset(names) => {
                for name in names {
                    match *name {
                        "ALLOWED_VALUES" => tag.allowed_values.clear(),
                        // Without propagation there is nothing to contradict.
                        "PROPAGATE" => (tag.propagate, tag.on_conflict) = (None, None),
                        "ON_CONFLICT" => tag.on_conflict = None,
                        _ => tag.head.comment.clear(),
                    }
                }
            }
        }
        *self.tag_mut(within, id)? = tag;
        Ok(executed())
    }

    fn tag_policy(&self, context: &Context, access: &Access, path: &Path) -> Result<Attachment, SqlError> {
        let kind = ObjectKind::MaskingPolicy;
        let attach = Attach { kind, policy: path.clone(), columns: Vec::new() };
        self.attachment(context, access, &attach, None, &[])
    }

    /// A tag has one masking policy for each type of column (docs: tag-based-masking-policies).
    fn attach_to_tag(
        &self,
        attachments: &mut Vec<Attachment>,
        new: Attachment,
        force: bool,
    ) -> Result<(), SqlError> {
        let kind = |policy: Securable| {
            let rule = self.plain_at(policy).and_then(|it| it.policy());
            rule.and_then(|rule| rule.arguments.first().map(|(_, kind)| kind.name()))
        };
        let wanted = kind(new.policy);
        let (mut same, other): (Vec<_>, Vec<_>) =
            std::mem::take(attachments).into_iter().partition(|it| kind(it.policy) == wanted);
        *attachments = other;
        Self::attach(&mut same, new, force)?;
        attachments.extend(same);
        Ok(())
    }

    fn rename_tag(
        &mut self,
        context: &Context,
        access: &Access,
        (within, id): ((Id, Id), Id),
        to: &Path,
    ) -> Result<Rows, SqlError> {
        let (place, name) = self.in_schema(context, access, to)?;
        if place != within {
            return Err(SqlError::unsupported("RENAME to another schema"));
        }
        let tags = &mut self.schema_mut(within)?.tags_here;
        if tags.id(&name).is_some_and(|other| other != id) {
            return Err(SqlError::exists(display(to)));
        }
        tags.rename(id, &name);
        Ok(executed())
    }

    pub(crate) fn drop_tag(&mut self, access: &Access, on: Securable, now: i64) -> Result<(), SqlError> {
        self.need(access, on, &[])?;
        let Securable::Tag(database, schema, id) = on else { return Err(SqlError::impossible()) };
        self.carries_none((database, schema), id)?;
        let schema = self.schema_mut((database, schema))?;
        if let Some(object) = schema.tags_here.remove(id) {
            schema.dropped_tags.push(Dropped { object, dropped_on: now });
        }
        self.forget(on);
        Ok(())
    }

    /// UNDROP TAG, within a day (docs: undrop-tag).
    pub(crate) fn undrop_tag(&mut self, context: &Context, path: &Path, now: i64) -> Result<Rows, SqlError> {
        const DAY: i64 = 86_400_000;
        let access = self.access(context)?;
        let (within, name) = self.in_schema(context, &access, path)?;
        let schema = self.schema_mut(within)?;
        if schema.tags_here.id(&name).is_some() {
            return Err(SqlError::exists(display(path)));
        }
        let owned = |tag: &Tag| tag.head.owner.is_some_and(|owner| access.roles.contains(&owner));
        let found = schema.dropped_tags.iter().rposition(|dropped| {
            dropped.object.head.name == name && owned(&dropped.object) && now - dropped.dropped_on <= DAY
        });
        let at = found.ok_or_else(|| SqlError::purged("Tag", display(path)))?;
        let dropped = schema.dropped_tags.remove(at);
        schema.tags_here.put(dropped.object);
        Ok(status(format!("Tag {name} successfully restored.")))
    }
}
