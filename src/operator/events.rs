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

#[derive(Debug)]
pub(super) struct Events(mpsc::Sender<Told>);

impl Events {
    pub(super) fn new() -> (Self, mpsc::Receiver<Told>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    pub(super) fn tell<K: Resource<DynamicType = ()>>(&self, about: &K, events: Vec<Event>) {
        for event in events {
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

/// Publishes what is told, one after the other.
pub(super) async fn publish(context: Arc<Context>) {
    let queue = context.event_queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut queue) = queue else { return };
    let reporter = Reporter { controller: "snowfence.dev/operator".into(), instance: None };
    let recorder = Recorder::new(context.client.clone(), reporter);
    while let Some((event, about)) = queue.recv().await {
        let mut note = event.note;
        if note.len() > MAX_NOTE {
            let end = (0..=MAX_NOTE - 4).rev().find(|at| note.is_char_boundary(*at)).unwrap_or(0);
            note.truncate(end);
            note.push('…');
        }
        let event = KubeEvent {
            type_: if event.warning { EventType::Warning } else { EventType::Normal },
            reason: event.reason.into(),
            note: Some(note),
            action: "Reconcile".into(),
            secondary: None,
        };
        if let Err(error) = recorder.publish(&event, &about).await {
            tracing::warn!(%error, "an event was not published");
        }
    }
}
