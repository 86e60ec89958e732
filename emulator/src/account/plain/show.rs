//! SHOW of the plain kinds; of kinds that cannot be made here it is empty.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, boolean, number, table, text, time};
use super::super::grants::{Grantee, Securable};
use super::{Detail, Plain};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Boolean, Fixed, Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::ObjectKind;

const NETWORK_POLICY: &[&str] = &[
    "created_on",
    "name",
    "comment",
    "entries_in_allowed_ip_list",
    "entries_in_blocked_ip_list",
    "entries_in_allowed_network_rules",
    "entries_in_blocked_network_rules",
];

const SHARE: &[&str] = &[
    "created_on",
    "kind",
    "owner_account",
    "name",
    "database_name",
    "to",
    "owner",
    "comment",
    "listing_global_name",
    "secure_objects_only",
];

const STAGE: &[&str] = &[
    "created_on",
    "name",
    "database_name",
    "schema_name",
    "url",
    "has_credentials",
    "has_encryption_key",
    "owner",
    "comment",
    "region",
    "type",
    "cloud",
    "notification_channel",
    "storage_integration",
    "endpoint",
    "owner_role_type",
    "directory_enabled",
];

const POLICY: &[&str] = &[
    "created_on",
    "name",
    "database_name",
    "schema_name",
    "kind",
    "owner",
    "comment",
    "owner_role_type",
    "options",
];

const IN_SCHEMA: &[&str] =
    &["created_on", "name", "database_name", "schema_name", "owner", "comment", "owner_role_type"];

fn columns(kind: ObjectKind) -> &'static [&'static str] {
    match kind {
        ObjectKind::NetworkPolicy => NETWORK_POLICY,
        ObjectKind::ExternalVolume => &["name", "allow_writes", "comment"],
        ObjectKind::CatalogIntegration | ObjectKind::NotificationIntegration | ObjectKind::Integration => {
            &["name", "type", "category", "enabled", "comment", "created_on"]
        }
        ObjectKind::Share => SHARE,
        ObjectKind::Stage => STAGE,
        ObjectKind::AuthenticationPolicy
        | ObjectKind::PasswordPolicy
        | ObjectKind::SessionPolicy
        | ObjectKind::FeaturePolicy
        | ObjectKind::PackagesPolicy => POLICY,
        _ => IN_SCHEMA,
    }
}

impl Account {
    pub(crate) fn plain_columns(kind: ObjectKind) -> Rows {
        match kind {
            ObjectKind::Task => return table(super::super::task::COLUMNS),
            ObjectKind::Alert => return table(super::super::alert::COLUMNS),
            ObjectKind::Procedure | ObjectKind::Function => {
                return table(super::super::routine::columns(kind));
            }
            _ => {}
        }
        // Of kinds that nobody can create here.
        if let Some(columns) = crate::sql::absent::columns_of(kind.plural()) {
            return table(&columns);
        }
        let named = columns(kind).iter().map(|name| {
            let is = match *name {
                "created_on" => TimestampLtz,
                "enabled" => Boolean,
                name if name.starts_with("entries_in") => Fixed,
                _ => Text,
            };
            (*name, is)
        });
        table(&named.collect::<Vec<_>>())
    }

    pub(crate) fn plain_row(&self, on: Securable, object: &Plain) -> Vec<Cell> {
        self.plain_row_in(on.kind(), on, object)
    }

    /// A row in the list of a kind: that of views has materialized views, too.
    pub(crate) fn plain_row_in(&self, kind: ObjectKind, on: Securable, object: &Plain) -> Vec<Cell> {
        match &object.detail {
            Detail::Task(task) => return self.task_row(on, object, task),
            Detail::Alert(alert) => return self.alert_row(on, object, alert),
            Detail::Routine(routine) => return self.routine_row(on, object, routine),
            Detail::None | Detail::View(_) | Detail::Policy(_) => {}
        }
        let path = self.path_of(on);
        // The columns of some kinds stand with those of kinds that nobody can create here.
        let named = crate::sql::absent::columns_of(kind.plural());
        let names: Vec<&str> = match &named {
            Some(named) => named.iter().map(|(name, _)| *name).collect(),
            None => columns(kind).to_vec(),
        };
        let cell = |column: &str| {
            let own = self.staged_cell(on, object, column).or_else(|| self.view_cell(on, object, column));
            let own = own.or_else(|| Self::policy_cell(object, column));
            own.unwrap_or_else(|| self.plain_cell(on, kind, &path, object, column))
        };
        names.into_iter().map(cell).collect()
    }

    fn plain_cell(
        &self,
        on: Securable,
        kind: ObjectKind,
        path: &[String],
        object: &Plain,
        column: &str,
    ) -> Cell {
        let head = &object.head;
        match (column, kind) {
            ("created_on", _) => time(head.created_on),
            ("name", _) => text(&head.name),
            (
                "comment",
                ObjectKind::ExternalVolume
                | ObjectKind::CatalogIntegration
                | ObjectKind::NotificationIntegration,
            ) => (!head.comment.is_empty()).then(|| head.comment.clone()),
            ("comment", _) => text(&head.comment),
            ("owner", _) => text(self.role_name(head.owner)),
            ("owner_role_type", _) => text(self.role_type(head.owner)),
            ("database_name", ObjectKind::Share) => text(self.shared_database(on)),
            ("database_name", _) => path.first().cloned(),
            ("schema_name", _) => path.get(1).cloned(),
            ("entries_in_allowed_ip_list", _) => number(object.count("ALLOWED_IP_LIST")),
            ("entries_in_blocked_ip_list", _) => number(object.count("BLOCKED_IP_LIST")),
            ("entries_in_allowed_network_rules", _) => number(object.count("ALLOWED_NETWORK_RULE_LIST")),
            ("entries_in_blocked_network_rules", _) => number(object.count("BLOCKED_NETWORK_RULE_LIST")),
            ("allow_writes", _) => text(object.text("ALLOW_WRITES").unwrap_or("true")),
            ("enabled", _) => text(object.text("ENABLED").unwrap_or("true")),
            ("type" | "category", ObjectKind::CatalogIntegration) => text("CATALOG"),
            ("type", ObjectKind::NotificationIntegration) => text(object.text("TYPE").unwrap_or_default()),
            ("category", ObjectKind::NotificationIntegration) => text("NOTIFICATION"),
            ("type", ObjectKind::Stage) => text("INTERNAL"),
            ("kind", ObjectKind::Share) => text("OUTBOUND"),
            ("kind", kind) => text(kind.granted_on()),
            ("owner_account", _) => text(format!("{}.{}", self.organization(), self.name())),
            ("has_credentials" | "has_encryption_key", _) => text("N"),
            ("directory_enabled", _) => {
                let directory = object.text("DIRECTORY").unwrap_or_default().to_uppercase();
                text(if directory.ends_with("TRUE") { "Y" } else { "N" })
            }
            ("secure_objects_only", _) => boolean(true),
            ("region" | "cloud" | "notification_channel" | "storage_integration" | "endpoint", _) => None,
            _ => text(""),
        }
    }

    /// The database on which the share was given USAGE first.
    fn shared_database(&self, on: Securable) -> String {
        let Securable::Plain(_, id) = on else { return String::new() };
        self.grants
            .to(Grantee::Share(id))
            .find(|grant| matches!(grant.on, Securable::Database(_)))
            .map(|grant| self.name_of(grant.on))
            .unwrap_or_default()
    }
}

impl Account {
    /// DESCRIBE of the kinds that show what SHOW shows.
    pub(crate) fn describe_plain(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let on = self.securable(context, access, kind, path)?;
        let objects = self.plain_in(kind, on.schema());
        let object = self.head_at(on).and_then(|head| objects?.by_id(head.id));
        let mut rows = Self::plain_columns(kind);
        rows.rows.extend(object.map(|object| self.plain_row(on, object)));
        Ok(rows)
    }
}
