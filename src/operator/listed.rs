//! Whether the watches have shown all that is there. Before that nobody may conclude anything from what is not: neither
//! that a warehouse has lost its monitor, nor that nobody uses a connection, nor that nobody else claims an object.

use std::collections::HashSet;

use tokio::sync::watch;

use crate::{
    engine::managed::Managed,
    kinds::{Visitor, every_kind},
};

/// The kinds whose watches have shown all that is there.
#[derive(Debug, Default)]
pub(super) struct Listed(watch::Sender<HashSet<&'static str>>);

struct Kinds(HashSet<&'static str>);

impl Visitor for Kinds {
    fn visit<K: Managed>(&mut self) {
        self.0.insert(K::OBJECT);
    }
}

impl Listed {
    /// The watch of a kind has shown all that is there.
    pub(super) fn done(&self, kind: &'static str) {
        self.0.send_if_modified(|kinds| kinds.insert(kind));
    }

    /// Waits until every watch has.
    pub(super) async fn all(&self) {
        let mut every = Kinds(HashSet::new());
        every_kind(&mut every);
        let mut listed = self.0.subscribe();
        // The sender lives as long as this.
        let _ = listed.wait_for(|kinds| every.0.is_subset(kinds)).await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::Listed;
    use crate::{
        api::{CortexPipeline, ResourceMonitor, SnowflakeWarehouse},
        engine::managed::Managed,
    };

    #[test]
    fn all_waits_for_every_kind() {
        let listed = Listed::default();
        assert!(listed.all().now_or_never().is_none());
        listed.done(SnowflakeWarehouse::OBJECT);
        listed.done(SnowflakeWarehouse::OBJECT);
        assert!(listed.all().now_or_never().is_none());
        listed.done(ResourceMonitor::OBJECT);
        assert!(listed.all().now_or_never().is_none());
        listed.done(CortexPipeline::OBJECT);
        assert!(listed.all().now_or_never().is_some());
    }
}
