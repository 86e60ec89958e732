//! CREATE and ALTER USER.

use super::super::Account;
use super::super::answer::{executed, quoted, status};
use super::super::grants::Securable;
use super::super::store::Id;
use super::super::warehouse::Stored;
use super::User;
use super::tokens::{modify_token, rotate_token, token_at};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::How;
use crate::sql::property::value_of;
use crate::sql::user::{AlterUser, CreateUser, UserAction};

/// What a user may change of oneself.
fn is_personal(name: &str) -> bool {
    ["PASSWORD", "DISPLAY_NAME", "FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "EMAIL"].contains(&name)
        || name.starts_with("DEFAULT_")
        || crate::sql::parameters::of(crate::sql::ObjectKind::Session, name).is_some()
}

impl Account {
    pub(crate) fn create_user(
        &mut self,
        context: &Context,
        create: &CreateUser,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = &create.name;
        let before = self.users.id(name);
        if let Some(id) = before {
            match create.how {
                How::Plain => return Err(SqlError::exists(quoted(name))),
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                _ => self.need(&access, Securable::User(id), &[])?,
            }
        }
        self.need_global(&access, "CREATE USER")?;
        let tags = self.tag_values(context, &access, &create.tags)?;
        let mut user = User::new(self.head(name, &access, now));
        user.tags = tags;
        // A user is shown by its name until a statement says otherwise; a rename leaves both as they are.
        user.properties.insert("DISPLAY_NAME".into(), Stored::Text(name.clone()));
        user.properties.insert("LOGIN_NAME".into(), Stored::Text(name.to_uppercase()));
        self.set_user(&mut user, &create.settings, now)?;
        self.unique_login(&user, before)?;
        if value_of(&create.settings, "DISABLE_MFA").is_some() {
            return Err(SqlError::invalid_property("DISABLE_MFA", "USER"));
        }
        if let Some(id) = before {
            self.drop_user(id);
        }
        self.users.put(user);
        Ok(status(format!("User {name} successfully created.")))
    }

    /// No two users sign in with one name.
    fn unique_login(&self, user: &User, but: Option<Id>) -> Result<(), SqlError> {
        let login = user.login_name();
        let taken = self
            .user_by_login(&login)
            .is_some_and(|other| other.head.id != user.head.id && Some(other.head.id) != but);
        if taken { Err(SqlError::exists(quoted(&login))) } else { Ok(()) }
    }

    pub(crate) fn drop_user(&mut self, id: Id) {
        self.users.remove(id);
        self.forget(Securable::User(id));
        for monitor in self.monitors.iter_mut() {
            monitor.notify_users.retain(|user| *user != id);
        }
    }

    pub(crate) fn alter_user(
        &mut self,
        context: &mut Context,
        alter: &AlterUser,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = alter.name.clone().unwrap_or_else(|| context.user.clone());
        let Some(id) = self.users.id(&name) else {
            return if alter.if_exists {
                Ok(executed())
            } else {
                Err(SqlError::absent("User", quoted(&name)))
            };
        };
        let on = Securable::User(id);
        let own = context.user == name;
        let credentials = ["MODIFY PROGRAMMATIC AUTHENTICATION METHODS"];
        match &alter.action {
            UserAction::AddToken { .. }
            | UserAction::RotateToken { .. }
            | UserAction::RemoveToken(_)
            | UserAction::ModifyToken { .. }
                if own => {}
            UserAction::AddToken { .. }
            | UserAction::RotateToken { .. }
            | UserAction::RemoveToken(_)
            | UserAction::ModifyToken { .. } => self.need(&access, on, &credentials)?,
            UserAction::Set(settings)
                if own && settings.iter().all(|setting| is_personal(setting.property.name)) => {}
            UserAction::Unset(properties)
                if own && properties.iter().all(|property| is_personal(property.name)) => {}
            _ => self.need(&access, on, &[])?,
        }
        let Some(mut user) = self.users.by_id(id).cloned() else { return Err(SqlError::impossible()) };
        let answer = match &alter.action {
            UserAction::RenameTo(to) => {
                if self.users.id(to).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(quoted(to)));
                }
                self.users.rename(id, to);
                if own {
                    context.user.clone_from(to);
                }
                return Ok(executed());
            }
            UserAction::AbortAllQueries => executed(),
            UserAction::Set(settings) => {
                self.set_user(&mut user, settings, now)?;
                self.unique_login(&user, None)?;
                executed()
            }
            UserAction::Unset(properties) => {
                Self::unset_user(&mut user, properties)?;
                executed()
            }
            UserAction::SetPolicy { kind, policy, force } => {
                let held = (user.policies.get(kind), *force);
                let policy = self.attachable(context, &access, *kind, policy, held)?;
                user.policies.insert(*kind, policy);
                executed()
            }
            UserAction::UnsetPolicy(kind) => {
                user.policies.remove(kind).ok_or_else(|| Self::not_attached(*kind, "USER"))?;
                executed()
            }
            UserAction::SetTags(tags) => {
                user.tags.extend(self.tag_values(context, &access, tags)?);
                executed()
            }
            UserAction::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                user.tags.retain(|tag, _| !ids.contains(tag));
                executed()
            }
            UserAction::AddToken { token, settings } => {
                self.add_token(context, &mut user, token, settings, now)?
            }
            UserAction::RotateToken { token, settings } => rotate_token(&mut user, token, settings, now)?,
            UserAction::RemoveToken(token) => {
                let at = token_at(&user, token)?;
                user.tokens.remove(at);
                status(format!("Programmatic access token {token} successfully removed."))
            }
            UserAction::ModifyToken { token, change } => {
                modify_token(&mut user, token, change)?;
                executed()
            }
        };
        self.users.put(user);
        Ok(answer)
    }
}
