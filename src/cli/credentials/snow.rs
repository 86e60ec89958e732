//! Connections as the `snow` command line keeps them: `connections.toml` with a table per connection, or, where that
//! file is not there, `[connections.NAME]` in `config.toml`.
//! Source: <https://docs.snowflake.com/en/developer-guide/snowflake-cli/connecting/configure-connections>.

use std::{
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    BadCredentials, Environment,
    settings::{KEYS, Settings},
};

/// The connection of this name, its settings in files overridden by `SNOWFLAKE_CONNECTIONS_<NAME>_<KEY>`, what is
/// still missing taken from `SNOWFLAKE_<KEY>`. Warnings are added to the list.
pub(super) fn connection(
    name: &str,
    env: &dyn Environment,
    warnings: &mut Vec<String>,
) -> Result<Settings, BadCredentials> {
    let mut settings = Settings::new(format!("connection {name}"));
    let mut names = vec![];
    if let Some((path, connections)) = file(env, warnings)? {
        settings.from = format!("connection {name} of {}", path.display());
        names = connections.keys().cloned().collect();
        match connections.get(name) {
            Some(Value::Table(table)) => take(&mut settings, table),
            Some(_) => {
                let message = "is no table: write [NAME] and its settings below".to_owned();
                return Err(BadCredentials::Settings { from: settings.from, message });
            }
            None => {}
        }
    }
    let prefix = format!("SNOWFLAKE_CONNECTIONS_{}_", name.to_uppercase());
    for key in KEYS {
        if let Some(value) = env.var(&format!("{prefix}{}", key.to_uppercase())) {
            settings.set(key, value);
        }
    }
    if settings.is_empty() {
        return Err(BadCredentials::NoConnection { name: name.to_owned(), names, folder: folder(env) });
    }
    fill(&mut settings, env);
    Ok(settings)
}

/// What is missing, from `SNOWFLAKE_<KEY>`. `private_key_file` and `private_key_path` are one setting.
pub(super) fn fill(settings: &mut Settings, env: &dyn Environment) {
    for key in KEYS {
        settings.set_if_missing(key, env.var(&format!("SNOWFLAKE_{}", key.to_uppercase())));
    }
}

fn take(settings: &mut Settings, table: &Table) {
    for key in KEYS {
        match table.get(key) {
            Some(Value::String(text)) => settings.set(key, text.as_str()),
            Some(Value::Integer(number)) => settings.set(key, number.to_string()),
            _ => {}
        }
    }
}

/// The file that has the connections, and what it has.
fn file(
    env: &dyn Environment,
    warnings: &mut Vec<String>,
) -> Result<Option<(PathBuf, Table)>, BadCredentials> {
    let Some(folder) = folder(env) else { return Ok(None) };
    let path = folder.join("connections.toml");
    if let Some(mut table) = read(&path, warnings)? {
        // Both forms are in use: [NAME], and [connections.NAME] as in config.toml.
        if let Some(Value::Table(inner)) = table.remove("connections") {
            table.extend(inner);
        }
        return Ok(Some((path, table)));
    }
    let path = folder.join("config.toml");
    let Some(mut table) = read(&path, warnings)? else { return Ok(None) };
    match table.remove("connections") {
        Some(Value::Table(connections)) => Ok(Some((path, connections))),
        _ => Ok(Some((path, Table::new()))),
    }
}

fn read(path: &Path, warnings: &mut Vec<String>) -> Result<Option<Table>, BadCredentials> {
    let bad = |message: String| BadCredentials::Settings { from: path.display().to_string(), message };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(bad(format!("can't be read: {error}"))),
    };
    if others_may_read(path) {
        warnings.push(format!("{0} is readable by others: chmod 0600 \"{0}\"", path.display()));
    }
    // The error's own text would show the line, which may hold a secret.
    let table = text.parse::<Table>().map_err(|error| {
        let line =
            error.span().map_or(0, |span| text.as_bytes()[..span.start].split(|b| *b == b'\n').count());
        bad(format!("is no valid TOML in line {line}: {}", error.message()))
    })?;
    Ok(Some(table))
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|kind| kind.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}

/// `$SNOWFLAKE_HOME`, or `~/.snowflake` where that folder is there, else the platform's folder for configuration.
fn folder(env: &dyn Environment) -> Option<PathBuf> {
    let home = env.home();
    let own =
        env.var("SNOWFLAKE_HOME").map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".snowflake")));
    if let Some(own) = own.filter(|own| own.is_dir()) {
        return Some(own);
    }
    let base = if cfg!(target_os = "macos") {
        home?.join("Library/Application Support")
    } else if cfg!(windows) {
        env.var("LOCALAPPDATA")?.into()
    } else {
        env.var("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(home?.join(".config")))?
    };
    Some(base.join("snowflake"))
}
