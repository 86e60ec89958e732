//! The account in a file: written whole or not at all, refused when it is not what was written.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::account::Account;

/// The first line of a state file; what follows is one line of JSON and nothing else.
const FORMAT: &str = "snowfence-emulator state 1";

/// Why a state file was not read or written. A file that was refused is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("the state file {path} cannot be read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the state file {path} cannot be written: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error(
        "the state file {path} is damaged or no state file ({detail}); it was left as it is: move it away to start \
         with an empty account"
    )]
    Damaged { path: PathBuf, detail: String },
    #[error("the state file {path} belongs to the account {found}, not {expected}")]
    OtherAccount { path: PathBuf, found: String, expected: String },
    #[error("the account cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Written<'a> {
    identifier: &'a str,
    account: &'a Account,
}

#[derive(Deserialize)]
struct Found {
    identifier: String,
    account: Account,
}

/// The account as text for [`save`]; call it with the account's lock held, and write without.
pub(crate) fn text(identifier: &str, account: &Account) -> Result<String, StateError> {
    let json = serde_json::to_string(&Written { identifier, account })?;
    let sum = Sha256::digest(&json);
    Ok(format!("{FORMAT} {sum:x}\n{json}\n"))
}

/// Writes beside the file, flushes to the disk, and renames.
pub(crate) fn save(path: &Path, text: &str) -> Result<(), StateError> {
    let failed = |source| StateError::Write { path: path.to_owned(), source };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    beside.write_all(text.as_bytes()).map_err(failed)?;
    beside.as_file().sync_all().map_err(failed)?;
    beside.persist(path).map_err(|error| failed(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Reads the account, or nothing when there is no file yet.
pub(crate) fn load(path: &Path, identifier: &str) -> Result<Option<Account>, StateError> {
    let text = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StateError::Read { path: path.to_owned(), source }),
    };
    let damaged = |detail: &str| StateError::Damaged { path: path.to_owned(), detail: detail.to_owned() };
    let text = String::from_utf8(text).map_err(|_| damaged("it is not text"))?;
    let (head, json) = text.split_once('\n').ok_or_else(|| damaged("it has no first line"))?;
    let sum = head.strip_prefix(FORMAT).ok_or_else(|| damaged("the first line does not name the format"))?;
    let json = json.strip_suffix('\n').ok_or_else(|| damaged("its end is missing"))?;
    if sum.trim() != format!("{:x}", Sha256::digest(json)) {
        return Err(damaged("the checksum differs"));
    }
    let found: Found = serde_json::from_str(json).map_err(|error| damaged(&error.to_string()))?;
    if found.identifier != identifier {
        return Err(StateError::OtherAccount {
            path: path.to_owned(),
            found: found.identifier,
            expected: identifier.to_owned(),
        });
    }
    Ok(Some(found.account))
}
