//! ConfigMaps among the manifests: pipelines take bodies from them.

use super::{Page, Problem, Reader, tree::Node};

impl Reader<'_> {
    pub(super) fn config_map(&mut self, page: &Page<'_>, node: &Node) {
        let Some((namespace, name)) = self.named(page, node) else { return };
        let resource = format!("ConfigMap {namespace}/{name}");
        let mut refuse = |place, message: String| {
            let problem = page.problem(place, "", message);
            self.problems.push(Problem { resource: Some(resource.clone()), ..problem });
        };
        // Metadata may hold what only the API server judges.
        let mut json = node.to_json();
        json["metadata"] = serde_json::json!({"namespace": namespace, "name": name});
        match serde_json::from_value(json) {
            Ok(map) => {
                if self.read.config_maps.insert((namespace, name), map).is_some() {
                    let message = "another ConfigMap of this name and namespace was read before";
                    refuse(node.place_of("metadata.name"), message.into());
                }
            }
            Err(error) => refuse(node.place, format!("is no ConfigMap: {error}; values of data are texts")),
        }
    }
}
