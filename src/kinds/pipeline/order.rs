//! In which order objects are made: what each needs comes before it.

use std::collections::HashMap;

use super::object::Wanted;
use crate::{engine::fault::Fault, plan::Target};

/// The objects' places in the order of their dependence, and those that are part of a circle.
pub(super) struct Order {
    pub places: Vec<usize>,
    pub circles: Vec<(usize, Fault)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// A stable order: objects that do not depend on each other stay as the kinds and the lists have them.
pub(super) fn order(wanted: &[Wanted<'_>]) -> Order {
    let by_target: HashMap<Target, usize> =
        wanted.iter().enumerate().map(|(n, object)| (object.on(), n)).collect();
    let needs: Vec<Vec<usize>> = wanted
        .iter()
        .map(|object| {
            let parent = object.name.parent().and_then(|parent| {
                let kind = super::KINDS.iter().find(|kind| kind.depth == parent.path().len())?;
                Some(super::object::target(kind, &parent))
            });
            let needed = object.needs.iter().cloned().chain(parent);
            needed.filter_map(|target| by_target.get(&target).copied()).collect()
        })
        .collect();
    let mut order = Order { places: Vec::with_capacity(wanted.len()), circles: vec![] };
    let mut marks = vec![Mark::New; wanted.len()];
    for start in 0..wanted.len() {
        // Depth first, with a stack of our own: a chain may be as long as a pipeline is large.
        let mut stack = vec![(start, 0)];
        while let Some((n, next)) = stack.pop() {
            if next == 0 {
                if marks[n] != Mark::New {
                    continue;
                }
                marks[n] = Mark::Open;
            }
            let Some(&need) = needs[n].get(next) else {
                marks[n] = Mark::Done;
                order.places.push(n);
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

/// Says to each member in which circle it is.
fn circle(wanted: &[Wanted<'_>], members: &[usize], circles: &mut Vec<(usize, Fault)>) {
    let names: Vec<_> = members.iter().chain(members.first()).map(|n| wanted[*n].on().to_string()).collect();
    let message = format!("these need each other, so none can be first: {}", names.join(" → "));
    for member in members {
        if !circles.iter().any(|(known, _)| known == member) {
            circles.push((*member, Fault::Refused(message.clone())));
        }
    }
}
