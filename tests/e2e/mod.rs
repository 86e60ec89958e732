//! End to end: manifests, a real API server, the operator as a process, the emulator. Statuses are read with kubectl,
//! so that a program that was not written here judges.
//!
//! All tests share one control plane; each has a namespace, an emulator and operators of its own ([`world`]).

mod cluster;
mod kubectl;
mod operator;
mod world;

mod approval;
mod badinput;
mod bodies;
mod credentials;
mod deletion;
mod leader;
mod lifecycle;
mod ownership;
mod pages;
mod pipelines;
mod planned;
mod privileges;
mod references;
mod secrets;
mod steady;
mod undecodable;
