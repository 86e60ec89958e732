//! Grants on the objects of a pipeline.

use super::{names::Directory, observe::Seen};
use crate::{
    api::pipeline::PipelineSpec,
    engine::managed::{Plan, Planning},
};

pub(super) fn plan(_: &PipelineSpec, _: &Directory, _: &Planning<'_>, _: &Seen, _: &mut Plan) {}
