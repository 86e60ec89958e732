//! `SnowflakeWarehouse`s.

use std::collections::HashMap;

use futures::{StreamExt as _, stream};
use kube::Resource as _;
use tokio::time::Instant;

use super::{connection, ident, names::Names, refused, rows, table, tell_odd};
use crate::{
    api::{Reference, SnowflakeWarehouse, warehouse::WarehouseSpec},
    cli::{Error, args::Import},
    engine::session::Session,
    kinds::warehouse,
    plan::{Cell, Source, property::fill},
    snowflake::catalog::Parameters,
    values::warehouse::WarehouseType,
};

pub(super) async fn warehouses(
    args: &Import,
    session: &Session,
    names: &mut Names<'_>,
    monitors: &HashMap<String, String>,
) -> Result<Vec<SnowflakeWarehouse>, Error> {
    let table = table(session, warehouse::SHOW).await?;
    let rows = rows(&table, args)?;
    // What SHOW lacks is read for each by itself.
    let parameters = stream::iter(&rows).map(|row| async {
        let name = ident(row)?;
        let created_on = row.text("created_on").unwrap_or_default();
        let read = session.catalog.parameters(
            "WAREHOUSE",
            &name,
            created_on,
            Instant::now(),
            session.policy.deep_resync,
        );
        read.await.map_err(refused)
    });
    let parameters: Vec<Result<Parameters, Error>> = parameters.buffered(64).collect().await;
    let mut all = vec![];
    for (row, parameters) in rows.iter().zip(parameters) {
        let parameters = parameters?;
        let name = ident(row)?;
        let mut spec = WarehouseSpec::default();
        let odd = fill(warehouse::ROWS, &mut spec, |property| match property.source {
            Source::Column(column) => row.get(column).map_or(Cell::NoColumn, Cell::Is),
            Source::Parameter => {
                parameters.get(property.ddl).map_or(Cell::Inherited, |text| Cell::Is(Some(text)))
            }
        });
        tell_odd(&name, &odd);
        keep_what_its_type_has(&mut spec);
        if let Some(monitor) = row.text("resource_monitor").and_then(|monitor| monitors.get(monitor)) {
            spec.resource_monitor_ref = Some(Reference { name: monitor.clone(), namespace: None });
        }
        let metadata = names.metadata(SnowflakeWarehouse::kind(&()).as_ref(), name.as_str(), args);
        spec.connection_ref = connection(args);
        (spec.name, spec.adopt) = (Names::explicit(&name, &metadata), Some(true));
        all.push(SnowflakeWarehouse { metadata, spec, status: None });
    }
    Ok(all)
}

/// SHOW has every column for every type. What a type does not have must not be in its manifest.
fn keep_what_its_type_has(spec: &mut WarehouseSpec) {
    spec.comment = spec.comment.take().filter(|comment| !comment.is_empty());
    let of = spec.warehouse_type.unwrap_or(WarehouseType::Standard);
    if of == WarehouseType::Adaptive {
        (spec.size, spec.scaling_policy, spec.auto_suspend, spec.auto_resume) = (None, None, None, None);
        (spec.min_cluster_count, spec.max_cluster_count, spec.max_concurrency_level) = (None, None, None);
    } else {
        (spec.max_query_performance_level, spec.query_throughput_multiplier) = (None, None);
    }
    if matches!(of, WarehouseType::Adaptive | WarehouseType::Interactive) {
        (spec.enable_query_acceleration, spec.query_acceleration_max_scale_factor) = (None, None);
        spec.scaling_policy = None;
    }
    if of != WarehouseType::Standard {
        spec.generation = None;
    }
    if of != WarehouseType::SnowparkOptimized {
        spec.resource_constraint = None;
    }
    if of != WarehouseType::Interactive {
        spec.fallback_warehouse = None;
    }
}
