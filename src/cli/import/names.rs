//! Names of resources, made from names of objects.

use std::collections::BTreeSet;

use kube::core::ObjectMeta;

use crate::{cli::args::Import, values::ident::Ident};

/// Names that were given, so that none is given twice.
pub(super) struct Names<'a> {
    prefix: &'a str,
    taken: BTreeSet<(String, String)>,
}

impl<'a> Names<'a> {
    pub(super) const fn new(prefix: &'a str) -> Self {
        Self { prefix, taken: BTreeSet::new() }
    }

    pub(super) fn metadata(&mut self, kind: &str, name: &str, args: &Import) -> ObjectMeta {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let text: String = self.prefix.chars().chain(name.chars()).map(plain).take(240).collect();
        let text = text.trim_matches('-');
        let text = if text.is_empty() { "unnamed" } else { text };
        let numbered = (2_usize..).map(|n| format!("{text}-{n}"));
        let unique = [text.to_owned()]
            .into_iter()
            .chain(numbered)
            .find(|name| self.taken.insert((kind.to_owned(), name.clone())));
        ObjectMeta { name: unique, namespace: args.namespace.clone(), ..ObjectMeta::default() }
    }

    /// `spec.name`, where the resource's own name does not give the object's.
    pub(super) fn explicit(name: &Ident, metadata: &ObjectMeta) -> Option<String> {
        let implied = metadata.name.as_deref().unwrap_or_default().to_ascii_uppercase().replace('-', "_");
        (implied != name.as_str()).then(|| name.to_spec())
    }
}
