use std::{fs, path::PathBuf};

use anstream::adapter::strip_str;
use secrecy::ExposeSecret;

use super::{BadManifests, Input, Manifests, Object, read};

fn text(text: &str) -> Result<Manifests, BadManifests> {
    bytes(text.as_bytes())
}

fn bytes(bytes: &[u8]) -> Result<Manifests, BadManifests> {
    read(&Input { paths: vec!["-".into()], ..Input::default() }, bytes)
}

/// The errors as they are shown, without colour.
fn errors(manifests: &str) -> String {
    match text(manifests) {
        Ok(read) => panic!("{read:?}"),
        Err(bad) => strip_str(&bad.to_string()).to_string(),
    }
}

fn warehouse(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: snowfence.dev/v1alpha1\nkind: SnowflakeWarehouse\nmetadata:\n  name: {name}\nspec:\n  connectionRef:\n    name: c\n{spec}"
    )
}

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";

#[test]
fn every_kind_that_has_a_definition_is_read() {
    let known: Vec<_> = super::kinds().iter().map(|known| known.kind.clone()).collect();
    let defined: Vec<_> = crate::cli::crds::definitions()
        .iter()
        .map(|(_, definition)| definition["spec"]["names"]["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(known, defined);
}

#[test]
fn documents_lists_and_kinds_are_told_apart() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: snowfence.dev/v1alpha1\n  kind: ResourceMonitor\n  metadata: {name: m, namespace: b}\n  spec: {connectionRef: {name: c}, triggers: [{atPercent: 80, do: NOTIFY}]}\n- apiVersion: apps/v1\n  kind: Deployment\n";
    let connection = "apiVersion: snowfence.dev/v1alpha1\nkind: SnowflakeConnection\nmetadata: {name: c}\nspec: {account: org-a, user: U, authentication: {programmaticAccessToken: {token: {name: s, key: t}}}}\n";
    let secret = format!("{SECRET}data: {{t: c2VjcmV0}}\nstringData: {{u: plain}}\n");
    let all = [
        &warehouse("w", "  autoSuspend: never\n"),
        list,
        connection,
        &secret,
        "# nothing\n",
        "kind: X\napiVersion: y/v1\n",
    ];
    let read = text(&all.join("---\n")).unwrap();
    let kinds: Vec<_> =
        read.manifests.iter().map(|m| (m.object.to_string(), m.origin.document, m.origin.line)).collect();
    insta::assert_debug_snapshot!(kinds);
    assert_eq!(
        read.others.into_iter().collect::<Vec<_>>(),
        [("Deployment".to_owned(), 1), ("X".to_owned(), 1)]
    );
    assert_eq!(read.secrets.get("default", "s", "t").unwrap().expose_secret(), "secret");
    assert_eq!(read.secrets.get("default", "s", "u").unwrap().expose_secret(), "plain");
    let missing = read.secrets.get("default", "s", "v").unwrap_err().to_string();
    assert_eq!(missing, "the Secret default/s has no key v; it has t, u");
}

#[test]
fn every_error_of_every_document_is_found_at_once() {
    let all = [
        warehouse("a", "  autosuspend: 60\n  size: HUGE\n  maxClusterCount: 301\n  comment: yes\n  autoResume: \"true\"\n"),
        "kind: SnowflakeWarehouse\n  broken: [snowfence.dev\n".to_owned(),
        warehouse("b", "  minClusterCount: 3\n  maxClusterCount: 2\n  autoSuspend: sometimes\n"),
        warehouse("Bad_Name", "  comment: null\n  grants: [{role: R, privileges: []}]\n  colour: red\n"),
        warehouse("b", "").replace("kind: SnowflakeWarehouse", "kind: SnowflakeWarehose"),
        warehouse("b", "").replace("v1alpha1", "v1"),
        warehouse("b", "").replace("  name: b\n", "  labels: {a: 1}\n  namspace: x\n"),
        "- a list\n- snowfence.dev\n".to_owned(),
        warehouse("n", ""),
        "name: no manifest # snowfence.dev\n".to_owned(),
        "apiVersion: snowfence.dev/v1alpha1\nkind: ResourceMonitor\nmetadata: {name: m}\nspec:\n  triggers:\n  - {atPercent: 0, do: SUSPEND}\n  - {atPercent: many, do: Notify}\n  - do: SUSPEND\n".to_owned(),
        "apiVersion: snowfence.dev/v1alpha1\nkind: ResourceMonitor\nmetadata: {name: mm}\nspec:\n  connectionRef: {name: c}\n  triggers:\n  - {atPercent: 90, do: SUSPEND}\n  - {atPercent: 95, do: SUSPEND}\n".to_owned(),
    ];
    insta::assert_snapshot!(errors(&all.join("---\n")));
}

#[test]
fn a_resource_that_is_read_twice_is_refused() {
    let twice = [warehouse("a", ""), warehouse("b", ""), warehouse("a", "")].join("---\n");
    insta::assert_snapshot!(errors(&twice));
}

#[test]
fn a_namespace_is_given_and_must_not_contradict() {
    let input = Input { paths: vec!["-".into()], namespace: Some("team-a".into()), ..Input::default() };
    let ours = read(&input, warehouse("a", "").as_bytes()).unwrap();
    assert_eq!(ours.manifests[0].object.to_string(), "SnowflakeWarehouse team-a/a");
    let other = warehouse("a", "").replace("  name: a\n", "  name: a\n  namespace: team-b\n");
    let error = read(&input, other.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("is team-b, and the command line says -n team-a"), "{error}");
}

#[test]
fn a_copied_status_is_left_out() {
    let copied = warehouse("a", "") + "status: {record: {attempts: 7}, made: up}\n";
    let Object::Warehouse(w) = &text(&copied).unwrap().manifests[0].object else { panic!() };
    assert!(w.status.is_none());
}

#[test]
fn no_error_shows_what_a_secret_holds() {
    let mark = "MARKED-SECRET-TEXT";
    let ours = warehouse("a", "  wrong: 1\n");
    let json = format!(
        r#"{{"apiVersion":"v1","kind":"List","items":[{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"s"}},"stringData":{{"k":"{mark}","n":1}}}},{{"apiVersion":"snowfence.dev/v1alpha1","kind":"SnowflakeWarehouse","metadata":{{"name":"w"}},"spec":{{"wrong":1}}}}]}}"#
    );
    let cases = [
        format!("{SECRET}data:\n  key: {mark}\n"),
        format!("{SECRET}data:\n  key: !!binary {mark}\n"),
        format!("{SECRET}stringData:\n  key: {mark}\n key2: x\n"),
        format!("{SECRET}stringData: {{key: [{mark}]}}\n"),
        format!("{SECRET}stringData:\n  key: \"{mark}\n"),
        format!("{SECRET}stringData:\n  key: \"{mark}\\q\"\n"),
        format!("{SECRET}stringData:\n  key: x\n  {mark}\n  key: y"),
        format!("{SECRET}stringData:\n  key: *{mark}\n"),
        format!("{SECRET}stringData:\n  key: !<{mark} a\n"),
        format!("{SECRET}{mark}: [\n"),
        format!("{SECRET}stringData: {mark}\nspec: {{\n# snowfence.dev\n"),
        SECRET.replace("name: s", "nam: s") + &format!("stringData: {{key: {mark}}}\n"),
        format!("{ours}---\n{SECRET}stringData: {{key: {mark}}}\n"),
        format!("kind: secret\n# snowfence.dev\nstringdata: {{key: {mark}\n"),
        format!("{SECRET}stringData: {{a: {mark}}}\n---\n{SECRET}stringData: {{a: {mark}}}\n"),
        json,
    ];
    for case in cases {
        let bad = text(&case).expect_err(&case);
        assert!(!bad.to_string().contains(mark), "{bad}");
        assert!(!format!("{bad:?}").contains(mark), "{bad:?}");
    }
    let read = text(&format!("{SECRET}stringData: {{a: {mark}}}\n")).unwrap();
    assert!(!format!("{read:?}").contains(mark));
}

#[test]
fn alias_bombs_and_deep_nesting_are_errors() {
    let mut bomb = String::from("x: # snowfence.dev\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (name, before) in "b c d e f g h i j".split(' ').zip("abcdefghi".chars()) {
        bomb.extend(["  ", name, ": &", name, " [", &vec![format!("*{before}"); 10].join(", "), "]\n"]);
    }
    let deep = format!("a: {}1{} # snowfence.dev\n", "[".repeat(20_000), "]".repeat(20_000));
    let deep_blocks: String = (0..3000).flat_map(|n| [" ".repeat(n), "a:\n".to_owned()]).collect();
    let keys = format!("? {}\n", "? ".repeat(20_000));
    for case in [bomb, deep, deep_blocks, keys] {
        let bad = text(&case).unwrap_err();
        assert_eq!(bad.0.len(), 1, "{bad}");
        assert!(bad.to_string().len() < 2_000, "{bad}");
    }
    // What is passed over may nest as deep as real resources do.
    let other = format!("apiVersion: a/v1\nkind: B\nx: {}1{}\n", "{a: ".repeat(90), "}".repeat(90));
    assert_eq!(text(&other).unwrap().others.len(), 1);
}

#[test]
fn bytes_that_are_no_text_are_errors() {
    for (bad, says) in [
        (&b"\x00\x01\x02"[..], "NUL"),
        (b"\xff\xfea\0", "UTF-16"),
        (b"a: b\nc: \xff\xfe\n", "UTF-8"),
        (b"a: \x1b[31m # snowfence.dev\n", "unexpected character"),
    ] {
        let error = bytes(bad).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains('\x1b'), "{error:?}");
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let error =
        read(&Input { paths: vec!["-".into()], ..Input::default() }, std::io::repeat(b'#')).unwrap_err();
    assert!(error.to_string().contains("larger than 64 MiB"), "{error}");
}

#[test]
fn yaml_as_people_write_it_is_read() {
    let dos = warehouse("a", "  size: LARGE\n").replace('\n', "\r\n");
    let marked = format!("\u{feff}{}", warehouse("a", ""));
    let ended = format!("%YAML 1.2\n---\n{}...\n# end\n", warehouse("a", ""));
    let anchors = warehouse("a", "  grants:\n  - &g {role: R, privileges: [USAGE]}\n  - {<<: *g, role: S}\n");
    let json = r#"{
	"apiVersion": "snowfence.dev/v1alpha1",
	"kind": "SnowflakeWarehouse",
	"metadata": {"name": "a", "annotations": {"x": "\u00e9\n"}},
	"spec": {"connectionRef": {"name": "c"}, "autoSuspend": 60}
}"#;
    let border = warehouse("a", "  comment: |\n    ---\n    text\n");
    for case in [&dos, &marked, &ended, &anchors, json, &border] {
        let read = text(case).unwrap_or_else(|bad| panic!("{case}\n{bad}"));
        assert_eq!(read.manifests.len(), 1, "{case}");
    }
    for empty in ["", "\n", "# only\n# comments\n", "---\n---\n", "--- # x\n...\n", "null\n", "\u{feff}"] {
        let read = text(empty).unwrap_or_else(|bad| panic!("{empty:?}\n{bad}"));
        assert!(read.manifests.is_empty());
    }
}

#[test]
fn duplicate_keys_are_errors() {
    insta::assert_snapshot!(errors(&warehouse("a", "  size: LARGE\n  size: SMALL\n")));
}

#[test]
fn an_error_in_an_alias_is_shown_where_it_is_used() {
    insta::assert_snapshot!(errors(&warehouse("a", "  comment: &x HUGE\n  size: *x\n")));
}

#[test]
fn hostile_text_in_an_error_is_harmless() {
    let hostile =
        warehouse("a", "  \"\u{1b}[31m\u{202e}\u{9b}\": \u{202e}x\u{9b}31m\n  size: \u{202e}\u{200b}x\n");
    let shown = errors(&hostile);
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{shown:?}");
}

#[test]
fn folders_are_read_in_order_and_deeper_ones_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("deep/.hidden")).unwrap();
    fs::write(at("b.yaml"), warehouse("b", "")).unwrap();
    fs::write(at("a.YML"), warehouse("a", "")).unwrap();
    fs::write(at("notes.txt"), "no yaml").unwrap();
    fs::write(at("deep/c.json"), "{}").unwrap();
    fs::write(at("deep/c.json"), warehouse("c", "")).unwrap();
    fs::write(at("deep/.hidden/d.yaml"), "broken: [").unwrap();
    let names = |paths: Vec<PathBuf>, recursive| {
        let read = read(&Input { paths, recursive, namespace: None }, &b""[..]).unwrap();
        read.manifests
            .iter()
            .map(|m| m.object.to_string().replace("SnowflakeWarehouse default/", ""))
            .collect::<String>()
    };
    assert_eq!(names(vec![folder.path().into()], false), "ab");
    assert_eq!(names(vec![folder.path().into()], true), "abc");
    // Named twice, read once.
    assert_eq!(names(vec![at("b.yaml"), folder.path().into()], false), "ba");
    let bad = read(
        &Input { paths: vec![at("none"), at("deep/.hidden/x"), at("notes.txt")], ..Input::default() },
        &b""[..],
    );
    assert_eq!(bad.unwrap_err().0.len(), 3);
    fs::remove_file(at("b.yaml")).unwrap();
    fs::create_dir(at("empty")).unwrap();
    let bad = read(&Input { paths: vec![at("empty")], ..Input::default() }, &b""[..]).unwrap_err();
    assert!(bad.to_string().contains("add -R"), "{bad}");
}
