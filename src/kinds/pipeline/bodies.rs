//! Bodies, whether they stand in the spec or in a ConfigMap.

use crate::{
    api::pipeline::{
        PipelineSpec,
        shared::{BodyFrom, NoText},
        text::Body,
    },
    engine::fault::Fault,
};

/// The references to ConfigMaps.
pub(super) fn all(spec: &PipelineSpec) -> impl Iterator<Item = &BodyFrom> {
    let tasks = spec.task_graphs.iter().flat_map(|graph| graph.tasks.iter().chain(&graph.finalizer));
    let procedures = spec.procedures.iter().map(|procedure| &procedure.body_from);
    let functions = spec.functions.iter().map(|function| &function.body_from);
    procedures.chain(functions).chain(tasks.map(|task| &task.body_from)).flatten()
}

/// The same, to be filled in.
pub(super) fn all_mut(spec: &mut PipelineSpec) -> impl Iterator<Item = &mut BodyFrom> {
    let graphs = spec.task_graphs.iter_mut();
    let tasks = graphs.flat_map(|graph| graph.tasks.iter_mut().chain(&mut graph.finalizer));
    let procedures = spec.procedures.iter_mut().map(|procedure| &mut procedure.body_from);
    let functions = spec.functions.iter_mut().map(|function| &mut function.body_from);
    procedures.chain(functions).chain(tasks.map(|task| &mut task.body_from)).flatten()
}

/// The text of a body, with the field that it comes from; or why there is none for now. `path` is the entry's.
pub(super) fn body<'a>(
    own: Option<&'a Body>,
    from: Option<&'a BodyFrom>,
    path: &str,
) -> Result<(&'a str, &'static str), Fault> {
    let none = |why: &str| {
        let message = format!("spec.{path}.bodyFrom: {why}");
        Fault::Waiting { reason: "ConfigMapNotFound", message }
    };
    match (own, from.map(|from| &from.text)) {
        (Some(text), _) => Ok((text, "body")),
        (None, Some(Some(Ok(text)))) => Ok((text, "bodyFrom")),
        (None, Some(Some(Err(NoText::Missing(why))))) => Err(none(why)),
        (None, Some(Some(Err(NoText::Unfit(why))))) => {
            Err(Fault::Refused(format!("spec.{path}.bodyFrom: {why}")))
        }
        (None, Some(None)) => Err(none("the ConfigMap was not read")),
        (None, None) => Err(Fault::Refused(format!("spec.{path}: set body or bodyFrom"))),
    }
}
