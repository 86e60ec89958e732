//! The search, with programs that are shell scripts.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use super::*;
use crate::error::Error;

/// Written by another process: where this one forks while it has a program open for writing, running
/// that program fails (ETXTBSY).
fn script(folder: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod 755 "$2""#;
    let status = Command::new("/bin/sh").args(["-c", write, "sh", text]).arg(folder.join(name)).status();
    assert!(status.unwrap().success());
}

fn apiserver(folder: &Path, version: &str) {
    script(folder, "kube-apiserver", &format!("echo Kubernetes {version}"));
    script(folder, "etcd", "true");
}

fn kubectl(folder: &Path, minor: &str) {
    script(folder, "kubectl", &format!(r#"echo '{{"clientVersion":{{"major":"1","minor":"{minor}"}}}}'"#));
}

/// A cache that holds everything, so that nothing is ever built here.
fn surroundings(temporary: &Path) -> Surroundings {
    let cache = temporary.join("cache");
    for tool in Tool::ALL {
        script(&cache, tool.name(), "true");
    }
    Surroundings { assets: Some(temporary.join("assets")), path: Some(temporary.join("bin").into()), cache }
}

fn folder_of(binaries: &Binaries, tool: Tool) -> String {
    let folder = binaries.path(tool).unwrap().parent().unwrap();
    folder.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn the_assets_of_envtest_are_used_and_only_the_controller_manager_comes_from_the_cache() {
    let temporary = tempfile::tempdir().unwrap();
    let surroundings = surroundings(temporary.path());
    let assets = temporary.path().join("assets");
    apiserver(&assets, "v1.34.1");
    kubectl(&assets, "34");
    let found = surroundings.ensure(&[Tool::KubeControllerManager], Progress::Silent).unwrap();
    assert_eq!(folder_of(&found, Tool::Etcd), "assets");
    assert_eq!(folder_of(&found, Tool::KubeApiserver), "assets");
    assert_eq!(folder_of(&found, Tool::Kubectl), "assets");
    assert_eq!(folder_of(&found, Tool::KubeControllerManager), "cache");
    assert_eq!(found.path(Tool::KubeScheduler), None);
}

#[test]
fn assets_that_are_incomplete_or_too_old_or_do_not_run_are_left_alone() {
    let temporary = tempfile::tempdir().unwrap();
    let surroundings = surroundings(temporary.path());
    let assets = temporary.path().join("assets");
    let apiserver_from = |extra: &[Tool]| {
        folder_of(&surroundings.ensure(extra, Progress::Silent).unwrap(), Tool::KubeApiserver)
    };
    assert_eq!(apiserver_from(&[]), "cache", "there is no such folder");
    script(&assets, "etcd", "true");
    assert_eq!(apiserver_from(&[]), "cache", "no kube-apiserver");
    script(&assets, "kube-apiserver", "exit 1");
    assert_eq!(apiserver_from(&[]), "cache", "kube-apiserver does not run");
    apiserver(&assets, "v1.31.9");
    assert_eq!(apiserver_from(&[]), "cache", "older than 1.32");
    apiserver(&assets, "v1.33.2");
    assert_eq!(apiserver_from(&[]), "assets", "1.33 suffices by itself");
    assert_eq!(apiserver_from(&[Tool::KubeScheduler]), "cache", "a scheduler of 1.34 is newer than 1.33");
}

#[test]
fn kubectl_is_taken_within_one_minor_of_the_server() {
    let temporary = tempfile::tempdir().unwrap();
    let surroundings = surroundings(temporary.path());
    let (assets, bin) = (temporary.path().join("assets"), temporary.path().join("bin"));
    let kubectl_from = || {
        let found = surroundings.ensure(&[], Progress::Silent).unwrap();
        (folder_of(&found, Tool::KubeApiserver), folder_of(&found, Tool::Kubectl))
    };
    let pair = |server: &str, client: &str| (server.to_owned(), client.to_owned());

    apiserver(&assets, "v1.32.0");
    assert_eq!(kubectl_from(), pair("cache", "cache"), "no kubectl for 1.32: the assets do not suffice");
    kubectl(&bin, "32+");
    assert_eq!(kubectl_from(), pair("assets", "bin"));
    kubectl(&assets, "33");
    assert_eq!(kubectl_from(), pair("assets", "assets"));

    apiserver(&assets, "v1.34.4");
    kubectl(&assets, "31");
    assert_eq!(kubectl_from(), pair("assets", "cache"), "1.31 is too far from 1.34");
    std::fs::remove_file(surroundings.cache.join("kubectl")).unwrap();
    kubectl(&bin, "33");
    assert_eq!(kubectl_from(), pair("assets", "bin"), "rather the one on the PATH than a build");
}

#[test]
fn the_constants_say_what_the_module_says() {
    let module = include_str!("../../../tools/kubernetes/go.mod");
    assert!(module.contains(&format!("k8s.io/kubernetes {KUBERNETES_VERSION} ")));
    assert!(KUBERNETES_VERSION.starts_with(&format!("v1.{MINOR}.")));
    for tool in Tool::ALL {
        assert!(
            module.contains(&format!("\t{}\n", tool.package())),
            "{} is no tool of the module",
            tool.name()
        );
    }
    assert!(build::needed_go().starts_with("1."));
}

#[test]
fn what_go_says_becomes_advice() {
    let explain = |detail: &str| {
        build::explain("etcd", ExitStatus::from_raw(256), Path::new("/cache"), detail.to_owned())
    };
    assert!(matches!(explain("write a.o: no space left on device"), Error::DiskFull { .. }));
    assert!(matches!(explain("Get \"…\": dial tcp: lookup proxy: no such host"), Error::Proxy { .. }));
    assert!(matches!(explain("go.mod requires go >= 1.26.0 (running go 1.24)"), Error::GoTooOld { .. }));
    assert!(matches!(explain("undefined: x"), Error::Build { .. }));
}
