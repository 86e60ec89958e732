//! Tasks as a spec has them: what graph and task say together.

use std::collections::BTreeSet;

use super::{
    super::{
        bodies,
        names::Directory,
        object::{Listing, Wanted, name},
    },
    Completion, KIND, Properties, Task, TaskObject, literal,
};
use crate::{
    api::pipeline::{
        Listed, PipelineSpec,
        shared::Serverless,
        task_graphs::{self, TaskGraph},
    },
    engine::fault::Fault,
    plan::Target,
    values::{
        duration::Span, full_name::FullName, json::Json, literal::quote_literal, schedule::Schedule,
        user_sql::UserSql,
    },
};

pub(super) fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    spec.task_graphs.iter().flat_map(|graph| of_graph(spec, graph, directory)).collect()
}

fn of_graph<'a>(spec: &'a PipelineSpec, graph: &'a TaskGraph, directory: &Directory) -> Vec<Listing<'a>> {
    let path = format!("taskGraphs.{}", graph.name);
    let root = graph.tasks.iter().find(|task| task.after.is_empty());
    let place = directory.schema_of(&path, graph).and_then(|place| {
        let root = root.ok_or_else(|| {
            Fault::Refused(format!("spec.{path}: one task is the root: the one without after"))
        })?;
        Ok((
            name(format_args!("{path}.tasks.{}", root.name), root.in_snowflake())
                .map(|own| place.join(own))?,
            place,
        ))
    });
    let tasks = graph.tasks.iter().chain(&graph.finalizer);
    tasks
        .map(|task| {
            let path = format!("{path}.tasks.{}", task.name);
            let wanted = place.clone().and_then(|(root, place)| {
                let role = match &graph.finalizer {
                    Some(last) if std::ptr::eq(last, task) => Role::Finalizer,
                    _ if task.after.is_empty() => Role::Root,
                    _ => Role::Child,
                };
                let from = From { spec, graph, directory, path: &path, place, root };
                from.task(task, role)
            });
            Listing { path, wanted }
        })
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Role {
    Root,
    Child,
    Finalizer,
}

struct From<'a, 'b> {
    spec: &'a PipelineSpec,
    graph: &'a TaskGraph,
    directory: &'b Directory,
    path: &'b str,
    place: FullName,
    root: FullName,
}

impl<'a> From<'a, '_> {
    fn refused(&self, field: &str, error: impl std::fmt::Display) -> Fault {
        Fault::Refused(format!("spec.{}.{field}: {error}", self.path))
    }

    fn task(&self, task: &'a task_graphs::Task, role: Role) -> Result<Wanted<'a>, Fault> {
        let full = self.place.join(name(self.path, task.in_snowflake())?);
        let mut needs = vec![];
        let mut predecessors = BTreeSet::new();
        for before in &task.after {
            let local = |other: &&task_graphs::Task| *other.name == **before;
            let other = self.graph.tasks.iter().find(local).ok_or_else(|| {
                let known: Vec<_> = self.graph.tasks.iter().map(|task| &*task.name).collect();
                self.refused(
                    "after",
                    format!("there is no task {before} in this graph; there are {}", known.join(", ")),
                )
            })?;
            let other = self.place.join(name(self.path, other.in_snowflake())?);
            needs.push(Target::new(KIND.word, other.to_string()));
            predecessors.insert(other);
        }
        if role == Role::Finalizer {
            needs.push(Target::new(KIND.word, self.root.to_string()));
        }
        let found = bodies::body(task.body.as_ref(), task.body_from.as_ref(), self.path);
        // What is not there is never sent.
        let (text, field) = found.as_ref().map_or(("SELECT NULL", "body"), |found| *found);
        let body = UserSql::statement(text).map_err(|error| self.refused(field, error))?;
        let when = self.condition(task, role, &full, &mut needs)?;
        let properties = self.properties(task, role)?;
        let overlap = self.graph.overlap.filter(|_| role == Role::Root);
        let sessions = if role == Role::Root { &self.graph.session_parameters } else { &EMPTY };
        let mut parameters = vec![];
        for (parameter, value) in sessions {
            let word = parameter.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            if !word {
                return Err(self.refused("sessionParameters", format!("{parameter:?} is no parameter")));
            }
            parameters.push((parameter.clone(), literal(value)));
        }
        let object = Task {
            name: full.clone(),
            root: self.root.clone(),
            role,
            state: self.graph.state,
            predecessors,
            body,
            waits: found.err(),
            when,
            overlap,
            serverless: properties.warehouse.is_none(),
            properties,
            parameters,
        };
        Ok(Wanted::new(&KIND, full, TaskObject(object, std::marker::PhantomData)).needing(needs))
    }

    fn condition(
        &self,
        task: &task_graphs::Task,
        role: Role,
        full: &FullName,
        needs: &mut Vec<Target>,
    ) -> Result<Option<UserSql>, Fault> {
        let trigger = self.graph.trigger.as_ref().filter(|_| role == Role::Root);
        let text = match (trigger.and_then(|trigger| trigger.stream.as_deref()), role) {
            (Some(stream), _) => {
                let (stream, target) =
                    self.directory.resolve(&["STREAM"], stream, full, &format!("{}.stream", self.path))?;
                needs.extend(target);
                Some(has_data(&stream))
            }
            (None, Role::Root) => trigger.and_then(|trigger| trigger.when.as_deref()).map(str::to_owned),
            (None, _) => task.when.as_deref().map(str::to_owned),
        };
        text.map(|text| UserSql::expression(&text).map_err(|error| self.refused("when", error))).transpose()
    }

    fn properties(&self, task: &task_graphs::Task, role: Role) -> Result<Properties, Fault> {
        let graph = self.graph;
        let ident = |field: &str, text: &str| name(format_args!("{}.{field}", self.path), text);
        let serverless: Option<&Serverless> = match (&task.warehouse, &task.serverless) {
            (Some(_), _) => None,
            (None, Some(own)) => Some(own),
            (None, None) => graph.serverless.as_ref(),
        };
        let warehouse =
            task.warehouse.as_deref().or(graph.warehouse.as_deref()).or(self.spec.warehouse.as_deref());
        let warehouse = match (serverless, warehouse) {
            (Some(_), _) => None,
            (None, Some(text)) => Some(ident("warehouse", text)?),
            (None, None) => {
                return Err(self.refused(
                    "warehouse",
                    "say where it runs: set spec.warehouse, or warehouse or serverless of the graph",
                ));
            }
        };
        let span = |span: Span| Schedule::every(span).map(Completion);
        let completion =
            serverless.and_then(|serverless| serverless.target_completion_interval).map(span).transpose();
        let completion =
            completion.map_err(|error| self.refused("serverless.targetCompletionInterval", error))?;
        let mut properties = Properties {
            warehouse,
            initial_size: serverless.and_then(|serverless| serverless.initial_warehouse_size),
            min_size: serverless.and_then(|serverless| serverless.min_statement_size),
            max_size: serverless.and_then(|serverless| serverless.max_statement_size),
            completion,
            timeout: task.user_task_timeout_ms.or(graph.user_task_timeout_ms),
            comment: task.comment().map(str::to_owned),
            ..Properties::default()
        };
        if role == Role::Root {
            let trigger = graph.trigger.as_ref();
            let every = trigger.and_then(|trigger| trigger.every).map(Schedule::every);
            let cron =
                trigger.and_then(|trigger| Some((trigger.cron.as_deref()?, trigger.timezone.as_deref()?)));
            let cron = cron.map(|(expression, timezone)| Schedule::cron(expression, timezone));
            let schedule = every.or(cron).transpose();
            properties.schedule = schedule.map_err(|error| self.refused("trigger", error))?;
            properties.config = graph.config.as_ref().map(|config| Json::from(&config.0));
            properties.suspend_after = graph.suspend_task_after_num_failures;
            properties.retries = graph.retries;
            properties.interval = graph.user_task_minimum_trigger_interval_in_seconds;
            let integration = |field, text: &Option<crate::api::pipeline::text::Name>| {
                text.as_deref().map(|text| ident(field, text)).transpose()
            };
            properties.error_integration = integration("errorIntegration", &graph.error_integration)?;
            properties.success_integration = integration("successIntegration", &graph.success_integration)?;
        }
        Ok(properties)
    }
}

/// The condition that `trigger.stream` is short for.
pub(in super::super) fn has_data(stream: &FullName) -> String {
    format!("SYSTEM$STREAM_HAS_DATA({})", quote_literal(&stream.sql()))
}

static EMPTY: std::collections::BTreeMap<String, crate::api::pipeline::text::Word> =
    std::collections::BTreeMap::new();
