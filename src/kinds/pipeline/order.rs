//! In which order objects are made: what each needs comes before it.

use super::{
    KINDS,
    names::Directory,
    object::{Wanted, target},
};
use crate::{engine::fault::Fault, plan::Target, values::map::Map};

/// Objects in the order of their dependence, and those that are part of a circle.
pub(super) struct Order {
    /// Each with what comes before it.
    pub places: Vec<(usize, Vec<Target>)>,
    pub circles: Vec<(usize, Fault)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// A stable order of those from which it starts and of what they need: objects that do not depend on each other stay as
/// the kinds and the lists have them. What nothing is done to has no place of its own, so its SQL need not be read.
pub(super) fn order(
    wanted: &[Wanted<'_>],
    directory: &Directory,
    starts: impl Iterator<Item = usize>,
) -> Order {
    let by_target: Map<&Target, usize> =
        wanted.iter().enumerate().map(|(n, object)| (&object.on, n)).collect();
    let mut order = Order { places: vec![], circles: vec![] };
    let mut marks = vec![Mark::New; wanted.len()];
    let mut needs: Map<usize, (Vec<Target>, Vec<usize>)> = Map::default();
    for start in starts {
        // Depth first, with a stack of our own: a chain may be as long as a pipeline is large.
        let mut stack = vec![(start, 0)];
        while let Some((n, next)) = stack.pop() {
            if next == 0 {
                if marks[n] != Mark::New {
                    continue;
                }
                marks[n] = Mark::Open;
                let all = needs_of(&wanted[n], directory);
                let own = all.iter().filter_map(|target| by_target.get(target).copied()).collect();
                needs.insert(n, (all, own));
            }
            let Some(&need) = needs.get(&n).and_then(|(_, own)| own.get(next)) else {
                marks[n] = Mark::Done;
                order.places.push((n, needs.remove(&n).unwrap_or_default().0));
                continue;
            };
            stack.push((n, next + 1));
            match marks[need] {
                Mark::New => stack.push((need, 0)),
                Mark::Done => {}
                Mark::Open => {
                    let from = stack.iter().position(|(at, _)| *at == need).unwrap_or_default();
                    let members: Vec<usize> = stack[from..].iter().map(|(at, _)| *at).collect();
                    circle(wanted, &members, &mut order.circles);
                }
            }
        }
    }
    order
}

/// What an object names: what it refers to, and what its SQL reads.
pub(super) fn named(object: &Wanted<'_>, directory: &Directory) -> Vec<Target> {
    let mut all = object.needs.clone();
    let read = object.object.reads().targets(&object.name, directory);
    if !read.is_empty() {
        all.extend(read);
        all.sort();
        all.dedup();
    }
    all
}

/// What comes before an object: what it names, and what it lies in.
fn needs_of(object: &Wanted<'_>, directory: &Directory) -> Vec<Target> {
    let mut all = named(object, directory);
    all.extend(object.name.parent().and_then(|parent| {
        let kind = KINDS.iter().find(|kind| kind.depth == parent.path().len())?;
        Some(target(kind, &parent))
    }));
    all
}

/// Says to each member in which circle it is.
fn circle(wanted: &[Wanted<'_>], members: &[usize], circles: &mut Vec<(usize, Fault)>) {
    let names: Vec<_> = members.iter().chain(members.first()).map(|n| wanted[*n].on.to_string()).collect();
    let message = format!("these need each other, so none can be first: {}", names.join(" → "));
    for member in members {
        if !circles.iter().any(|(known, _)| known == member) {
            circles.push((*member, Fault::Refused(message.clone())));
        }
    }
}
