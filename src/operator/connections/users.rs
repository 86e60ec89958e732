//! Who refers to a connection in the cluster itself: also what does not decode, and so is in no index.

use kube::{
    Api,
    api::{ApiResource, DynamicObject, ListParams},
};

use crate::{
    api::{CortexPipeline, ResourceMonitor, SnowflakeWarehouse},
    engine::{fault::Fault, managed::Managed, session::ConnectionKey},
    operator::{context::Context, controller::key, deletion::connection_of, ledger::kubernetes, wake::Key},
};

/// How many are read at once.
const PAGE: u32 = 500;

/// The resources that name the connection, as they are stored.
pub(super) async fn stored(
    context: &Context,
    connection: &ConnectionKey,
) -> Result<Vec<(&'static str, Key)>, Fault> {
    let mut users = of_kind::<SnowflakeWarehouse>(context, connection).await?;
    users.extend(of_kind::<ResourceMonitor>(context, connection).await?);
    users.extend(of_kind::<CortexPipeline>(context, connection).await?);
    Ok(users)
}

async fn of_kind<K: Managed>(
    context: &Context,
    connection: &ConnectionKey,
) -> Result<Vec<(&'static str, Key)>, Fault> {
    let api: Api<DynamicObject> = Api::all_with(context.client.clone(), &ApiResource::erase::<K>(&()));
    let of_interest = context.of_interest();
    let (mut users, mut page) = (vec![], ListParams::default().limit(PAGE));
    loop {
        let list = api.list(&page).await.map_err(kubernetes)?;
        let keys = list.items.iter().map(|live| (live, key(live)));
        let named = keys.filter(|(live, key)| of_interest(&key.0) && connection_of(live, key) == *connection);
        users.extend(named.map(|(_, key)| (K::OBJECT, key)));
        match list.metadata.continue_ {
            Some(token) if !token.is_empty() => page = page.continue_token(&token),
            _ => return Ok(users),
        }
    }
}
