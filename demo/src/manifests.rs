//! The examples that the demo applies.

/// The manifests that the demo applies. Compiled in, so that it works from anywhere.
pub(crate) const QUICKSTART: [(&str, &str); 3] = [
    ("connection.yaml", include_str!("../../examples/quickstart/connection.yaml")),
    ("monitor.yaml", include_str!("../../examples/quickstart/monitor.yaml")),
    ("warehouses.yaml", include_str!("../../examples/quickstart/warehouses.yaml")),
];

/// The pipelines that the demo applies.
pub(crate) const PIPELINES: [(&str, &str); 11] = [
    ("alerts.yaml", include_str!("../../examples/pipelines/alerts.yaml")),
    ("call-intelligence.yaml", include_str!("../../examples/pipelines/call-intelligence.yaml")),
    ("cdc-urgency.yaml", include_str!("../../examples/pipelines/cdc-urgency.yaml")),
    ("credit-governor.yaml", include_str!("../../examples/pipelines/credit-governor.yaml")),
    ("crm-nightly.yaml", include_str!("../../examples/pipelines/crm-nightly.yaml")),
    ("customer-360.yaml", include_str!("../../examples/pipelines/customer-360.yaml")),
    ("daily-metrics.yaml", include_str!("../../examples/pipelines/daily-metrics.yaml")),
    ("executive-summary.yaml", include_str!("../../examples/pipelines/executive-summary.yaml")),
    ("quickstart.yaml", include_str!("../../examples/pipelines/quickstart.yaml")),
    ("row-access-sales.yaml", include_str!("../../examples/pipelines/row-access-sales.yaml")),
    ("semantic-search.yaml", include_str!("../../examples/pipelines/semantic-search.yaml")),
];
