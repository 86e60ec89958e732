//! What the tests of the command line stand on.

use std::{fs, path::PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use snowfence_emulator::{
    emulator::{Emulator, OPERATOR},
    http::Server,
};

pub(super) const MARK: &str = "MARKED-SECRET-TEXT";

/// An emulator on a port, a folder for manifests, and the program with nothing of the user's environment.
pub(super) struct World {
    pub(super) emulator: Emulator,
    pub(super) server: Server,
    pub(super) folder: tempfile::TempDir,
}

/// What the program said.
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Said {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
    #[track_caller]
    pub(super) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let emulator = Emulator::builder().build();
        let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
        let world = Self { emulator, server, folder: tempfile::tempdir().unwrap() };
        world.file("key.p8", &world.emulator.operator().private_key_pem);
        world
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Without credentials.
    pub(super) fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("snowfence").unwrap();
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("SNOW") || name.starts_with("RUST_LOG"))
        {
            command.env_remove(name);
        }
        command.env("HOME", self.folder.path()).env_remove("XDG_CONFIG_HOME").current_dir(self.folder.path());
        command.env("SNOWFENCE_ALLOW_HOSTS", self.server.address().to_string()).args(args);
        command
    }

    /// With a key pair in the environment.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bare(args);
        command
            .env("SNOWFLAKE_ACCOUNT", self.emulator.identifier())
            .env("SNOWFLAKE_USER", OPERATOR)
            .env("SNOWFLAKE_ROLE", "ACCOUNTADMIN")
            .env("SNOWFLAKE_PRIVATE_KEY_PATH", self.path("key.p8"))
            .env("SNOWFLAKE_PROTOCOL", "http")
            .env("SNOWFLAKE_HOST", "127.0.0.1")
            .env("SNOWFLAKE_PORT", self.server.address().port().to_string());
        command
    }

    pub(super) fn run(&self, args: &[&str]) -> Said {
        said(&mut self.command(args))
    }

    pub(super) fn sql(&self, sql: &str) {
        self.emulator.execute_as("ACCOUNTADMIN", sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Statements that are no reads, since a number.
    pub(super) fn writes(&self, since: u64) -> Vec<String> {
        let texts = self.emulator.statements(since).into_iter().map(|statement| statement.text);
        let reads = ["SHOW", "SELECT", "DESC"];
        texts.filter(|text| !reads.iter().any(|word| text.starts_with(word))).collect()
    }
}

pub(super) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let said =
        Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) };
    assert!(!said.err.contains("panicked"), "{}", said.err);
    assert!(!said.out.contains(MARK) && !said.err.contains(MARK), "{}\n{}", said.out, said.err);
    said
}

pub(super) fn warehouse(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: snowfence.dev/v1alpha1\nkind: SnowflakeWarehouse\nmetadata:\n  name: {name}\nspec:\n  connectionRef: {{name: prod}}\n{spec}---\n"
    )
}

pub(super) fn monitor(name: &str, spec: &str) -> String {
    warehouse(name, spec).replace("SnowflakeWarehouse", "ResourceMonitor")
}
