//! Keys, tokens and certificates as files that only their owner reads.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use snowfence_emulator::auth::KeyPair;
use snowfence_emulator::http::Authority;

/// A private folder: beside the state file, or a temporary one that goes away at the end.
#[derive(Debug)]
pub(crate) struct Keep {
    folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

/// What a user signs in with, as it is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) key: KeyPair,
    pub(crate) key_file: PathBuf,
    pub(crate) password: String,
    pub(crate) token: Option<String>,
}

impl Keep {
    pub(crate) fn beside(state: Option<&Path>) -> io::Result<Self> {
        let Some(state) = state else {
            let temporary = tempfile::Builder::new()
                .prefix("snowfence-emulator-")
                .permissions(fs::Permissions::from_mode(0o700))
                .tempdir()?;
            return Ok(Self { folder: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        let mut folder = std::path::absolute(state)?.into_os_string();
        folder.push(".d");
        let folder = PathBuf::from(folder);
        DirBuilder::new().mode(0o700).recursive(true).create(&folder)?;
        Ok(Self { folder, _temporary: None })
    }

    /// Reads a user's credentials, or makes what is not there.
    pub(crate) fn user(&self, name: &str) -> io::Result<Kept> {
        let file = |suffix: &str| self.folder.join(format!("{}.{suffix}", plain(name)));
        let key_file = file("p8");
        let key = if let Some(pem) = read(&key_file)? {
            KeyPair::from_pem(&pem)
                .map_err(|error| io::Error::other(format!("{}: {error}", key_file.display())))?
        } else {
            let key = KeyPair::generate();
            write(&key_file, key.private_key_pem())?;
            key
        };
        let password = if let Some(password) = read(&file("password"))? {
            password.trim().to_owned()
        } else {
            let password = uuid::Uuid::new_v4().simple().to_string();
            write(&file("password"), &password)?;
            password
        };
        let token = read(&file("token"))?.map(|token| token.trim().to_owned());
        Ok(Kept { key, key_file, password, token })
    }

    /// Keeps a user's access token.
    pub(crate) fn token(&self, name: &str, token: &str) -> io::Result<()> {
        write(&self.folder.join(format!("{}.token", plain(name))), token)
    }

    /// Reads the certificate authority, or makes one; gives the file of its certificate too.
    pub(crate) fn authority(&self) -> Result<(Authority, PathBuf), Box<dyn std::error::Error>> {
        let (certificate, key) = (self.folder.join("ca.pem"), self.folder.join("ca.key"));
        if let (Some(pem), Some(secret)) = (read(&certificate)?, read(&key)?) {
            return Ok((Authority::from_pem(&pem, &secret)?, certificate));
        }
        let authority = Authority::generate()?;
        write(&key, &authority.key_pem())?;
        write(&certificate, authority.certificate_pem())?;
        Ok((authority, certificate))
    }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
    }
}

/// Writes whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(beside, path)
}

/// A name as part of a file's name.
fn plain(name: &str) -> String {
    name.chars()
        .map(
            |c| {
                if c.is_ascii_alphanumeric() || c == '_' { c.to_string() } else { format!("%{:x}", c as u32) }
            },
        )
        .collect()
}
