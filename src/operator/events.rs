//! Kubernetes events: what a person wants to know.

use std::sync::{Arc, PoisonError};

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Resource,
    runtime::events::{Event as KubeEvent, EventType, Recorder, Reporter},
};
use tokio::sync::mpsc;

use super::context::Context;
use crate::engine::reconcile::Event;

/// An event and what it is about.
pub(super) type Told = (Event, ObjectReference);

/// How many events wait at most: when the API server is slow, more are dropped than kept.
const QUEUE: usize = 8_192;
/// The longest note that the API accepts, in bytes.
const MAX_NOTE: usize = 1_000;
/// The longest action that the API accepts, in bytes.
const MAX_ACTION: usize = 128;

#[derive(Debug)]
pub(super) struct Events(mpsc::Sender<Told>);

impl Events {
    pub(super) fn new() -> (Self, mpsc::Receiver<Told>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    pub(super) fn tell<K: Resource<DynamicType = ()>>(&self, about: &K, events: Vec<Event>) {
        for event in together(events) {
            let (reason, note) = (event.reason, event.note.as_str());
            if event.warning {
                tracing::warn!(reason, "{note}");
            } else {
                tracing::info!(reason, "{note}");
            }
            if self.0.try_send((event, about.object_ref(&()))).is_err() {
                tracing::warn!("too many events wait: one was dropped");
            }
        }
    }
}

/// Events of one pass with the same reason are one event.
fn together(events: Vec<Event>) -> Vec<Event> {
    let mut all: Vec<Event> = vec![];
    for event in events {
        match all.iter_mut().find(|told| (told.warning, told.reason) == (event.warning, event.reason)) {
            Some(told) => {
                told.note.push_str("; ");
                told.note.push_str(&event.note);
            }
            None => all.push(event),
        }
    }
    all
}

/// The beginning of a text, of so many bytes at most.
fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes - 3).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// Publishes what is told, one after the other.
pub(super) async fn publish(context: Arc<Context>) {
    let queue = context.event_queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut queue) = queue else { return };
    let reporter = Reporter { controller: "snowfence.dev/operator".into(), instance: None };
    let recorder = Recorder::new(context.client.clone(), reporter);
    while let Some((event, about)) = queue.recv().await {
        let event = KubeEvent {
            type_: if event.warning { EventType::Warning } else { EventType::Normal },
            reason: event.reason.into(),
            // Events of the same action are counted as one, and show the first note: another note is another action.
            action: cut(&event.note, MAX_ACTION),
            note: Some(cut(&event.note, MAX_NOTE)),
            secondary: None,
        };
        if let Err(error) = recorder.publish(&event, &about).await {
            tracing::warn!(%error, "an event was not published");
        }
    }
}
