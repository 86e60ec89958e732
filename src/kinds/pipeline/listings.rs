//! The entries of all lists of a spec, as the objects that they stand for.

use std::collections::hash_map::Entry as Slot;

use super::{
    KINDS,
    names::Directory,
    object::{Listing, Wanted},
};
use crate::{
    api::pipeline::PipelineSpec,
    engine::fault::Fault,
    plan::Target,
    values::{
        full_name::FullName,
        map::{Map, with_room},
    },
};

/// All entries of a spec, as objects or as what keeps them from being one.
pub(super) fn listings(spec: &PipelineSpec) -> Result<(Vec<Listing<'_>>, Directory), Fault> {
    let mut directory = Directory::of(spec)?;
    for kind in KINDS {
        (kind.names)(spec, &mut directory);
    }
    let all = KINDS.iter().flat_map(|kind| (kind.wanted)(spec, &directory)).collect();
    Ok((all, directory))
}

/// Objects that can be looked for; and what is wrong with the others.
pub(super) fn sorted(listings: Vec<Listing<'_>>) -> (Vec<Wanted<'_>>, Vec<(Target, Fault)>) {
    let (mut wanted, mut blocked) = (Vec::with_capacity(listings.len()), vec![]);
    let mut paths: Vec<String> = Vec::with_capacity(listings.len());
    let mut first: Map<(&'static str, FullName), usize> = with_room(listings.len());
    for listing in listings {
        let object = match listing.wanted {
            Ok(object) => object,
            Err(fault) => {
                blocked.push((Target::new(Target::ENTRY, listing.path), fault));
                continue;
            }
        };
        match first.entry((object.kind.word, object.name.clone())) {
            Slot::Occupied(other) => {
                let fault = Fault::Refused(format!(
                    "spec.{} and spec.{} are the same object: remove one of them, or give it another object",
                    listing.path,
                    paths[*other.get()]
                ));
                blocked.push((Target::new(Target::ENTRY, listing.path), fault));
            }
            Slot::Vacant(slot) => {
                slot.insert(wanted.len());
                wanted.push(object);
                paths.push(listing.path);
            }
        }
    }
    (wanted, blocked)
}
