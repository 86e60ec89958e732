//! How each kind stands in the index, and whom it wakes.

use std::{collections::BTreeSet, sync::Arc};

use super::{context::Context, controller::Operated, wake::Key};
use crate::{
    api::{CortexPipeline, ResourceMonitor, SnowflakeWarehouse},
    engine::managed::{Managed, Peers, key_of},
};

impl Operated for SnowflakeWarehouse {
    fn indexed(cr: &Arc<Self>, context: &Context) -> Vec<(&'static str, Key)> {
        let monitors = context.index.put_warehouse(cr);
        monitors.into_iter().map(|key| (ResourceMonitor::OBJECT, key)).collect()
    }
    fn removed(key: &Key, context: &Context) -> Vec<(&'static str, Key)> {
        let monitors = context.index.remove_warehouse(&key.0, &key.1);
        monitors.into_iter().map(|key| (ResourceMonitor::OBJECT, key)).collect()
    }
    fn neighbours(cr: &Self, _: &Context) -> Vec<(&'static str, Key)> {
        let own = key_of(cr).0;
        let reference = cr.spec.resource_monitor_ref.as_ref();
        let key = reference.map(|r| (r.namespace.clone().unwrap_or_else(|| own.to_owned()), r.name.clone()));
        key.map(|key| (ResourceMonitor::OBJECT, key)).into_iter().collect()
    }
}

impl Operated for ResourceMonitor {
    fn indexed(cr: &Arc<Self>, context: &Context) -> Vec<(&'static str, Key)> {
        context.index.put_monitor(cr.clone());
        Self::neighbours(cr, context)
    }
    fn removed(key: &Key, context: &Context) -> Vec<(&'static str, Key)> {
        context.metrics.forget_credits(&key.0, &key.1);
        context.index.remove_monitor(&key.0, &key.1);
        referring(key, context)
    }
    fn neighbours(cr: &Self, context: &Context) -> Vec<(&'static str, Key)> {
        let (namespace, name) = key_of(cr);
        referring(&(namespace.to_owned(), name.to_owned()), context)
    }
}

impl Operated for CortexPipeline {
    fn indexed(cr: &Arc<Self>, context: &Context) -> Vec<(&'static str, Key)> {
        let (namespace, name) = key_of(&**cr);
        context.config_maps.refer(&(namespace.to_owned(), name.to_owned()), &cr.config_maps());
        vec![]
    }
    fn removed(key: &Key, context: &Context) -> Vec<(&'static str, Key)> {
        context.config_maps.refer(key, &BTreeSet::new());
        vec![]
    }
    fn neighbours(_: &Self, _: &Context) -> Vec<(&'static str, Key)> {
        vec![]
    }
}

/// The warehouses that refer to a monitor.
fn referring(monitor: &Key, context: &Context) -> Vec<(&'static str, Key)> {
    let warehouses = context.index.warehouses_of(&monitor.0, &monitor.1);
    let key = |w: Arc<SnowflakeWarehouse>| {
        let (namespace, name) = key_of(&*w);
        (SnowflakeWarehouse::OBJECT, (namespace.to_owned(), name.to_owned()))
    };
    warehouses.into_iter().map(key).collect()
}
