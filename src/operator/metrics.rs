//! Metrics: controller-runtime's names, so that existing dashboards work, and our own. No SQL and, but for the credits
//! of monitors, no object's name in a label.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::snowflake::Observer;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByController {
    controller: String,
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResult {
    controller: String,
    result: &'static str,
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByQueue {
    name: String,
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatement {
    kind: String,
    verb: String,
    outcome: String,
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByVerb {
    kind: String,
    verb: String,
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: String,
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    kind: String,
    reason: String,
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByMonitor {
    namespace: String,
    name: String,
    figure: &'static str,
}

type Float = Gauge<f64, AtomicU64>;

/// All metrics of the program.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reconciles: Family<ByResult, Counter>,
    reconcile_errors: Family<ByController, Counter>,
    reconcile_time: Family<ByController, Histogram>,
    workers: Family<ByController, Gauge>,
    queue_depth: Family<ByQueue, Gauge>,
    queue_adds: Family<ByQueue, Counter>,
    statements: Family<ByStatement, Counter>,
    statement_time: Family<ByVerb, Histogram>,
    drift: Family<ByKind, Counter>,
    resources: Family<ByReason, Gauge>,
    credits: Family<ByMonitor, Float>,
    leader: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.005, 2.0, 16));
        let mut all = Self {
            registry: Registry::default(),
            reconciles: Family::default(),
            reconcile_errors: Family::default(),
            reconcile_time: Family::new_with_constructor(histogram),
            workers: Family::default(),
            queue_depth: Family::default(),
            queue_adds: Family::default(),
            statements: Family::default(),
            statement_time: Family::new_with_constructor(histogram),
            drift: Family::default(),
            resources: Family::default(),
            credits: Family::default(),
            leader: Gauge::default(),
        };
        let r = &mut all.registry;
        r.register(
            "controller_runtime_reconcile",
            "Passes, by controller and result",
            all.reconciles.clone(),
        );
        r.register("controller_runtime_reconcile_errors", "Passes that failed", all.reconcile_errors.clone());
        r.register(
            "controller_runtime_reconcile_time_seconds",
            "Length of a pass",
            all.reconcile_time.clone(),
        );
        r.register("controller_runtime_active_workers", "Passes under way", all.workers.clone());
        r.register("workqueue_depth", "Resources that wait for a pass", all.queue_depth.clone());
        r.register("workqueue_adds", "Resources that were queued", all.queue_adds.clone());
        r.register(
            "snowfence_statements",
            "Statements, by kind of object, verb and outcome",
            all.statements.clone(),
        );
        r.register(
            "snowfence_statement_duration_seconds",
            "Length of a statement, with its wait",
            all.statement_time.clone(),
        );
        r.register("snowfence_drift", "Fields that somebody else had changed", all.drift.clone());
        r.register(
            "snowfence_resources",
            "Custom resources, by the reason of their Ready condition",
            all.resources.clone(),
        );
        r.register(
            "snowfence_monitor_credits",
            "Credits of a resource monitor: quota, used, remaining",
            all.credits.clone(),
        );
        r.register("snowfence_leader", "1 while this operator leads", all.leader.clone());
        all
    }
}

impl Metrics {
    /// The exposition format of OpenMetrics.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    pub(super) fn queued(&self, controller: &str, depth: usize) {
        let name = ByQueue { name: controller.into() };
        self.queue_adds.get_or_create(&name).inc();
        self.queue_depth.get_or_create(&name).set(depth as i64);
    }
    pub(super) fn begun(&self, controller: &str, depth: usize) {
        self.queue_depth.get_or_create(&ByQueue { name: controller.into() }).set(depth as i64);
        self.workers.get_or_create(&ByController { controller: controller.into() }).inc();
    }
    /// `result`: `success`, `requeue`, `requeue_after` or `error`, as controller-runtime calls them.
    pub(super) fn ended(&self, controller: &str, result: &'static str, seconds: f64) {
        let by = ByController { controller: controller.into() };
        self.workers.get_or_create(&by).dec();
        self.reconcile_time.get_or_create(&by).observe(seconds);
        if result == "error" {
            self.reconcile_errors.get_or_create(&by).inc();
        }
        self.reconciles.get_or_create(&ByResult { controller: controller.into(), result }).inc();
    }
    pub(super) fn drifted(&self, kind: &str, fields: usize) {
        self.drift.get_or_create(&ByKind { kind: kind.into() }).inc_by(fields as u64);
    }
    /// A resource's Ready condition has another reason.
    pub(super) fn moved(&self, kind: &str, from: Option<&str>, to: Option<&str>) {
        let gauge = |reason: &str| {
            self.resources.get_or_create(&ByReason { kind: kind.into(), reason: reason.into() }).clone()
        };
        if let Some(from) = from {
            gauge(from).dec();
        }
        if let Some(to) = to {
            gauge(to).inc();
        }
    }
    pub(super) fn credits(&self, namespace: &str, name: &str, figures: &[(&'static str, f64)]) {
        for (figure, value) in figures {
            let by = ByMonitor { namespace: namespace.into(), name: name.into(), figure };
            self.credits.get_or_create(&by).set(*value);
        }
    }
    pub(super) fn forget_credits(&self, namespace: &str, name: &str) {
        for figure in ["quota", "used", "remaining"] {
            self.credits.remove(&ByMonitor { namespace: namespace.into(), name: name.into(), figure });
        }
    }
    pub(super) fn leads(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }
}

impl Observer for Metrics {
    fn statement(&self, kind: &str, verb: &str, outcome: &str, seconds: f64) {
        let (kind, verb) = (kind.to_owned(), verb.to_owned());
        let by = ByStatement { kind: kind.clone(), verb: verb.clone(), outcome: outcome.to_owned() };
        self.statements.get_or_create(&by).inc();
        self.statement_time.get_or_create(&ByVerb { kind, verb }).observe(seconds);
    }
}
