//! The catalog: what SHOW saw, shared by all who ask. One per connection.
//!
//! A reader says as of when its answer must be; a read that began at or after that moment serves everybody who waits.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    client::{Client, RunOptions},
    error::ClientError,
    rows::Rows,
    statement::Statement,
};
use crate::values::{canonical::Value, ident::Ident};

mod grants;
mod shared;
mod table;

pub use grants::Grantee;
pub use table::{By, Found, ROW_CAP, Scope, Show, Table};

use shared::Shared;

/// The parameters of one object: name to the value that is set on the object itself.
pub type Parameters = Arc<BTreeMap<Box<str>, Box<str>>>;

/// The privileges of one role: (kind, name of the object) to privileges.
pub type Privileges = Arc<HashMap<(String, String), Vec<String>>>;

/// The shared reads of one connection.
pub struct Catalog {
    client: Client,
    tables: Shared<(Show, Scope), Table>,
    grants: Shared<String, HashMap<(String, String), Vec<String>>>,
    parameters: Mutex<HashMap<(&'static str, Box<str>), Remembered>>,
    details: Mutex<HashMap<(&'static str, Box<str>), Details>>,
    begun: Instant,
    gather: Duration,
    reads: AtomicU64,
}

/// A place between 0 and 1 for a name, the same each time.
fn spread(name: &str) -> f64 {
    let sum =
        name.bytes().fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    f64::from(sum) / f64::from(u32::MAX)
}

#[derive(Clone)]
struct Details {
    created_on: Box<str>,
    read: Instant,
    rows: Arc<Rows>,
}

struct Remembered {
    created_on: Box<str>,
    read: Instant,
    values: Parameters,
}

impl Catalog {
    /// `gather` is how long a read waits for others who want it too.
    pub fn new(client: Client, gather: Duration) -> Self {
        Self {
            client,
            tables: Shared::new(),
            grants: Shared::new(),
            parameters: Mutex::default(),
            details: Mutex::default(),
            begun: Instant::now(),
            gather,
            reads: AtomicU64::new(0),
        }
    }

    /// Statements that were sent to read.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    fn read(&self, statement: Statement) -> impl Future<Output = Result<Rows, ClientError>> + Send + 'static {
        self.run(statement, RunOptions::default())
    }

    /// For answers that many wait for.
    fn read_first(
        &self,
        statement: Statement,
    ) -> impl Future<Output = Result<Rows, ClientError>> + Send + 'static {
        self.run(statement, RunOptions { first: true, ..RunOptions::default() })
    }

    fn run(
        &self,
        statement: Statement,
        options: RunOptions,
    ) -> impl Future<Output = Result<Rows, ClientError>> + Send + 'static {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let client = self.client.clone();
        async move { Ok(client.run(&statement, &options).await?.rows) }
    }

    /// All objects of a kind that the role may see, as of a moment.
    pub async fn show(&self, show: Show, as_of: Instant) -> Result<Arc<Table>, ClientError> {
        self.show_in(show, Scope::Account, as_of).await
    }

    /// All objects of a kind in a place that the role may see, as of a moment. A place that is not there, or not
    /// visible, has none.
    pub async fn show_in(&self, show: Show, scope: Scope, as_of: Instant) -> Result<Arc<Table>, ClientError> {
        let statement = scope.words(Statement::new(show.words).of_kind(show.kind));
        let absent = scope != Scope::Account;
        let read = |began| {
            let rows = self.read_first(statement);
            async move {
                let rows = match rows.await {
                    Err(error) if absent && error.is_object_missing() => Rows::default(),
                    rows => rows?,
                };
                Ok(Table::new(rows, show.by, began))
            }
        };
        self.tables.since(&(show, scope), as_of, self.gather, read).await
    }

    /// The answer that was read last, whatever its age.
    pub fn last(&self, show: Show) -> Option<Arc<Table>> {
        self.tables.last(&(show, Scope::Account))
    }

    /// One object by its exact name, or `None` when it is not there or the role may not see it. When the shared
    /// answer is not complete, the object is asked for by itself; an absence that can't be proven is an error.
    pub async fn find(&self, show: Show, name: &Ident, as_of: Instant) -> Result<Option<Found>, ClientError> {
        let table = self.show(show, as_of).await?;
        if table.is_complete() || table.get(name.as_str()).is_some() {
            return Ok(Found::of(table, name.as_str()));
        }
        let like = Statement::new(show.words).of_kind(show.kind).keyword("LIKE");
        let began = Instant::now();
        let rows = self.read(like.literal(&like_pattern(name.as_str()))).await?;
        if let Some(found) = Found::of(Arc::new(Table::new(rows, show.by, began)), name.as_str()) {
            return Ok(Some(found));
        }
        // "Any records above the 10K limit aren't returned, even with a filter applied": only DESCRIBE looks further.
        let describe = Statement::new("DESCRIBE").of_kind(show.kind).keyword(show.kind).ident(name);
        match self.read(describe).await {
            Err(error) if error.is_object_missing() => Ok(None),
            Err(error) => Err(error),
            Ok(_) => Err(ClientError::BadAnswer(format!(
                "{} {name} is there, but SHOW ends at {ROW_CAP} rows before it: use a role that sees fewer objects",
                show.kind.to_ascii_lowercase()
            ))),
        }
    }

    /// The parameters that are set on the object itself. They are kept until `as_of_effect` (our own last change of
    /// the object), until its identity changes, or for `keep`.
    pub async fn parameters(
        &self,
        kind: &'static str,
        name: &Ident,
        created_on: &str,
        not_before: Instant,
        keep: Duration,
    ) -> Result<Parameters, ClientError> {
        let key = (kind, Box::from(name.as_str()));
        if let Some(known) = self.parameters.lock().unwrap_or_else(PoisonError::into_inner).get(&key)
            && &*known.created_on == created_on
            && known.read >= not_before
            && known.read.elapsed() < keep
        {
            return Ok(known.values.clone());
        }
        let began = Instant::now();
        let statement = Statement::new("SHOW PARAMETERS IN").of_kind("PARAMETERS").keyword(kind).ident(name);
        let rows = self.read(statement).await?;
        let own =
            rows.iter().filter(|row| row.text("level").is_some_and(|level| level.eq_ignore_ascii_case(kind)));
        let values: BTreeMap<_, _> = own
            .filter_map(|row| Some((row.text("key")?.into(), row.text("value").unwrap_or_default().into())))
            .collect();
        let values = Arc::new(values);
        let known = Remembered { created_on: created_on.into(), read: began, values: values.clone() };
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).insert(key, known);
        Ok(values)
    }

    /// What a statement reads for one object alone. It is kept until `not_before` (our own last change of the object),
    /// until its identity changes, or for `keep`. `None`: it is trusted to be as it was sent, and not yet due.
    pub async fn details(
        &self,
        (kind, name): (&'static str, &str),
        statement: Statement,
        created_on: &str,
        not_before: Instant,
        keep: Duration,
        trusted: bool,
    ) -> Result<Option<Arc<Rows>>, ClientError> {
        let key = (kind, Box::from(name));
        let last = {
            let details = self.details.lock().unwrap_or_else(PoisonError::into_inner);
            details.get(&key).filter(|known| &*known.created_on == created_on).cloned()
        };
        if let Some(known) = &last
            && known.read >= not_before
            && known.read.elapsed() < keep
        {
            return Ok(Some(known.rows.clone()));
        }
        // Objects that were never read here come at different times, not all at once.
        let (since, due) = last.map_or((self.begun, keep.mul_f64(spread(name))), |known| (known.read, keep));
        if trusted && since.elapsed() < due {
            return Ok(None);
        }
        let began = Instant::now();
        let rows = Arc::new(self.read(statement).await?);
        let known = Details { created_on: created_on.into(), read: began, rows: rows.clone() };
        self.details.lock().unwrap_or_else(PoisonError::into_inner).insert(key, known);
        Ok(Some(rows))
    }

    /// What a grantee may do, by kind and full name of the object; or what it will be let do with what is created.
    pub async fn privileges(
        &self,
        grantee: &Grantee,
        future: bool,
        as_of: Instant,
    ) -> Result<Privileges, ClientError> {
        let words = if future { "SHOW FUTURE GRANTS TO" } else { "SHOW GRANTS TO" };
        let sql = grantee.sql();
        let statement = Statement::new(words).of_kind("GRANTS").value(&Value { shown: sql.clone(), sql });
        let key = statement.as_str().to_owned();
        let read = |_| {
            let rows = self.read_first(statement);
            async move {
                let mut all: HashMap<_, Vec<_>> = HashMap::new();
                for row in rows.await?.iter() {
                    let cell = |column| row.text(column).unwrap_or_default();
                    let on = row.text("granted_on").or(row.text("grant_on")).unwrap_or_default();
                    let kind = on.replace('_', " ");
                    let name = grants::full_name(&kind, cell("name"));
                    all.entry((kind, name)).or_default().push(cell("privilege").to_owned());
                }
                Ok(all)
            }
        };
        self.grants.since(&key, as_of, self.gather, read).await
    }

    /// What one role may do, by object.
    pub async fn privileges_of(&self, role: &Ident, as_of: Instant) -> Result<Privileges, ClientError> {
        let read = |_| {
            let rows = self.read_first(Statement::new("SHOW GRANTS TO ROLE").of_kind("GRANTS").ident(role));
            async move {
                let mut all: HashMap<_, Vec<_>> = HashMap::new();
                for row in rows.await?.iter() {
                    let cell = |column| row.text(column).unwrap_or_default().to_owned();
                    let name = bare_name(&cell("name"));
                    all.entry((cell("granted_on").replace('_', " "), name))
                        .or_default()
                        .push(cell("privilege"));
                }
                Ok(all)
            }
        };
        self.grants.since(&role.as_str().to_owned(), as_of, self.gather, read).await
    }

    /// Forgets what is kept of an object that is gone.
    pub fn forget(&self, kind: &'static str, name: &str) {
        let key = (kind, Box::from(name));
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        self.details.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

/// A name as SHOW GRANTS prints it: in quotes where it needs them.
fn bare_name(shown: &str) -> String {
    match shown.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => shown.to_owned(),
    }
}

/// A LIKE pattern that matches the name and, for LIKE ignores case, its other spellings.
pub fn like_pattern(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("reads", &self.reads()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_what_it_looks_in() {
        let words = |place: &str| {
            let place = crate::values::full_name::FullName::parse(place).unwrap();
            Scope::In(place).words(Statement::new("SHOW COLUMNS")).to_string()
        };
        assert_eq!(words("DB"), r#"SHOW COLUMNS IN DATABASE "DB""#);
        assert_eq!(words("DB.S"), r#"SHOW COLUMNS IN SCHEMA "DB"."S""#);
        assert_eq!(words("DB.S.T"), r#"SHOW COLUMNS IN TABLE "DB"."S"."T""#);
    }

    #[test]
    fn patterns_escape_wildcards() {
        assert_eq!(like_pattern(r"A_B%C\D"), r"A\_B\%C\\D");
    }
}
