//! A real Kubernetes control plane on one machine, for tests and the demo: etcd, kube-apiserver and,
//! where asked, kube-controller-manager and kube-scheduler. No container runtime, no root, no
//! prebuilt download: the programs are found or built from source once ([`Binaries`]).
//!
//! ```no_run
//! use snowfence_testbed::{Cluster, Options};
//!
//! # async fn example() -> snowfence_testbed::Result<()> {
//! let cluster = Cluster::start(Options { controller_manager: true, ..Options::default() }).await?;
//! let namespaces = cluster.kubectl().args(["get", "namespaces"]).output();
//! println!("{}", cluster.kubeconfig().display());
//! # let _ = namespaces;
//! # Ok(())
//! # } // Everything ends here.
//! ```
//!
//! A map of this crate: `binaries/` finds or builds the programs; `cluster/` starts them and makes
//! keys, certificates and kubeconfigs; `janitor` sees to it that nothing outlives its owner; `cli`
//! is the command line.

mod binaries;
pub mod cli;
mod cluster;
mod error;
mod janitor;
mod progress;

pub use binaries::{Binaries, KUBERNETES_VERSION, Tool, cache_folder};
pub use cluster::{AuditEvent, Cluster, Link, Options};
pub use error::{Error, Result};
pub use progress::Progress;
