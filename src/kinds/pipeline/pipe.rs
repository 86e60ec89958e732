//! `PIPE`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-pipe>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-pipe>.
//!
//! Only a new pipe has another COPY statement, and a new one does not know what the old one has loaded: files may be
//! loaded twice. So that waits for approval.

use super::{
    names::Directory,
    object::{
        Create, Kind, Listing, Object, Replace, There, Update, Wanted, changed, created, fields, name, text,
    },
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, pipes::Pipe, text::Comment},
    engine::fault::Fault,
    plan::{
        Change, Property, Risk,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{
        body::{BodyKind, canonical, same},
        full_name::FullName,
        ident::Ident,
        user_sql::UserSql,
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "PIPE",
    show: Show { words: "SHOW PIPES", kind: "PIPE", by: By::Path },
    depth: 3,
    holds: Some("its load history"),
    names: |spec, directory| directory.add_all(&KIND, &spec.pipes, |_| None),
    wanted,
    // A pipe needs a stage: one that never is makes the probe fail where nothing was created.
    least: |name| {
        let statement = Statement::new("CREATE PIPE").of_kind(KIND.word).full_name(name);
        statement.keyword("AS COPY INTO").full_name(name).keyword("FROM @").full_name(name)
    },
    drop: |name| Statement::new("DROP PIPE").of_kind(KIND.word).full_name(name),
};

pub(super) const ROWS: &[Property<Pipe>] = &[
    Property::column(
        "errorIntegration",
        "ERROR_INTEGRATION",
        "error_integration",
        &Lens {
            get: |s: &Pipe| s.error_integration.as_deref().and_then(|text| Ident::from_spec(text).ok()),
            set: |s: &mut Pipe, v: Ident| s.error_integration = Some(v.to_spec().as_str().into()),
        },
    ),
    Property::column(
        "comment",
        "COMMENT",
        "comment",
        &Lens {
            get: |s: &Pipe| s.comment().map(str::to_owned),
            set: |s: &mut Pipe, v: String| s.comment = Some(Comment(v)),
        },
    ),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a Pipe| {
        let path = ["pipes.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|full| {
            let copy = UserSql::statement(&spec.copy)
                .map_err(|error| Fault::Refused(format!("spec.{path}.copy: {error}")))?;
            if !copy.as_str().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("COPY")) {
                return Err(Fault::Refused(format!(
                    "spec.{path}.copy: a pipe runs one COPY INTO statement: begin with it"
                )));
            }
            let other = |field: &str, text: &Option<crate::api::pipeline::text::Name>| {
                text.as_deref().map(|text| name(format_args!("{path}.{field}"), text)).transpose()
            };
            other("errorIntegration", &spec.error_integration)?;
            let integration = other("integration", &spec.integration)?;
            // Which table and stage it names is in its statement; tables and stages come before pipes anyway.
            let object = PipeObject { spec, name: full.clone(), copy, integration };
            Ok(Wanted::new(&KIND, full, object))
        });
        Listing { path, wanted }
    };
    spec.pipes.iter().map(of).collect()
}

struct PipeObject<'a> {
    spec: &'a Pipe,
    name: FullName,
    copy: UserSql,
    integration: Option<Ident>,
}

impl PipeObject<'_> {
    fn alter(&self) -> Statement {
        Statement::new("ALTER PIPE").of_kind(KIND.word).full_name(&self.name)
    }
}

impl Object for PipeObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let statement = how.begin(&KIND, &self.name);
        let statement = statement
            .with(self.spec.auto_ingest, |statement, on| statement.keyword("AUTO_INGEST =").boolean(on))
            .with(self.spec.aws_sns_topic.as_deref(), |statement, topic| {
                statement.keyword("AWS_SNS_TOPIC =").literal(topic)
            })
            // A string, and so by its exact name.
            .with(self.integration.as_ref(), |statement, integration| {
                statement.keyword("INTEGRATION =").literal(integration.as_str())
            });
        assignments(statement, ROWS, self.spec).keyword("AS").sql(&self.copy)
    }
    fn fields(&self) -> Vec<Change> {
        let copy = created("copy", text(self.copy.as_str()));
        let ingest = self.spec.auto_ingest.map(|on| created("autoIngest", text(on.to_string())));
        [copy].into_iter().chain(ingest).chain(fields(ROWS, self.spec)).collect()
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let mut update = Update::of_rows(ROWS, self.spec, &|| self.alter(), there)?;
        update.managed.insert("copy");
        update.managed.extend(self.spec.auto_ingest.map(|_| "autoIngest"));
        self.compare_state(there, &mut update);
        let mut changes = vec![];
        let is = there.found.text("definition").unwrap_or_default();
        if !same(is, self.copy.as_str(), BodyKind::Statement) && !there.ignores("copy") {
            changes.push(changed("copy", Some(is), Some(self.copy.as_str()), Risk::Destructive));
        }
        let shown = there.found.text("integration").filter(|text| !text.is_empty() && *text != "null");
        let shown = shown.and_then(|text| Ident::shown(text).ok());
        if let Some(wanted) = self.integration.as_ref().filter(|wanted| shown.as_ref() != Some(wanted)) {
            let (from, to) = (shown.map(|name| name.to_spec()), wanted.to_spec());
            changes.push(changed("integration", from.as_deref(), Some(&to), Risk::Destructive));
        }
        // A channel is there when notifications start its loads.
        let channel = there.found.get("notification_channel").map(|cell| cell.is_some_and(|c| !c.is_empty()));
        if let (Some(wanted), Some(true)) = (self.spec.auto_ingest, channel)
            && !wanted
        {
            changes.push(changed("autoIngest", Some("true"), Some("false"), Risk::Destructive));
        }
        if !changes.is_empty() {
            update.replace = Some(Replace { changes, statement: self.create(Create::Replace) });
        }
        Ok(update)
    }
    /// `SYSTEM$PIPE_STATUS` alone tells whether it stands still. That it needs no warehouse is unverified: system
    /// functions without a table do not. Source: <https://docs.snowflake.com/en/sql-reference/functions/system_pipe_status>.
    fn details(&self) -> Option<Statement> {
        self.spec.paused?;
        let statement = Statement::new("SELECT SYSTEM$PIPE_STATUS").of_kind(KIND.word).keyword("(");
        Some(statement.literal(&self.name.sql()).keyword(") AS STATUS"))
    }
    fn sent(&self) -> Option<String> {
        let paused = self.spec.paused?;
        Some(format!("{paused} {}", canonical(self.copy.as_str(), BodyKind::Statement)))
    }
}

impl PipeObject<'_> {
    fn compare_state(&self, there: &There<'_>, update: &mut Update) {
        let managed = there.entry.managed.contains("paused");
        let wanted = match self.spec.paused {
            Some(wanted) => {
                update.managed.insert("paused");
                wanted
            }
            // A pipe that was paused here goes on when nothing is said of it any more.
            None if managed => {
                let change = changed("paused", None, None, Risk::Safe);
                update.push(change, self.alter().keyword("UNSET PIPE_EXECUTION_PAUSED"));
                return;
            }
            None => return,
        };
        let status =
            there.details.and_then(crate::snowflake::rows::Rows::first).and_then(|row| row.text("STATUS"));
        let state = status.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let state = state.and_then(|all| all.get("executionState")?.as_str().map(str::to_owned));
        let is = match state {
            Some(state) => Some(state.contains("PAUSED")),
            None if there.trusted => return,
            None => None,
        };
        if is == Some(wanted) || there.ignores("paused") {
            return;
        }
        let (from, to) = (is.map(|is| is.to_string()), wanted.to_string());
        let change = changed("paused", from.as_deref(), Some(&to), Risk::Safe);
        update.push(change, self.alter().keyword("SET PIPE_EXECUTION_PAUSED =").boolean(wanted));
    }
}
