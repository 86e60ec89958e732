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

use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep},
};

use super::{
    client::{Client, RunOptions},
    error::ClientError,
    rows::{Row, Rows},
    statement::Statement,
};
use crate::values::ident::Ident;

/// SHOW WAREHOUSES and SHOW RESOURCE MONITORS end silently at this many rows.
/// Source: <https://docs.snowflake.com/en/sql-reference/sql/show-warehouses>, usage notes.
pub const ROW_CAP: usize = 10_000;

/// A list of objects: `SHOW <plural>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Show {
    /// `SHOW WAREHOUSES`.
    pub words: &'static str,
    /// Snowflake's word for one of them (`WAREHOUSE`).
    pub kind: &'static str,
}

/// One answer of SHOW, by the objects' exact names.
pub struct Table {
    rows: Rows,
    by_name: HashMap<Box<str>, u32>,
    /// When the read began.
    pub began: Instant,
    complete: bool,
}

impl Table {
    fn new(rows: Rows, began: Instant) -> Self {
        let mut by_name = HashMap::with_capacity(rows.len());
        for (n, row) in rows.iter().enumerate() {
            if let Some(name) = row.text("name") {
                by_name.insert(name.into(), n as u32);
            }
        }
        let complete = rows.len() < ROW_CAP;
        Self { rows, by_name, began, complete }
    }
    /// An answer that was not read just now: for plans without a network.
    pub fn from_rows(rows: Rows) -> Self {
        Self::new(rows, Instant::now())
    }
    pub fn get(&self, name: &str) -> Option<Row<'_>> {
        self.by_name.get(name).and_then(|n| self.rows.row(*n as usize))
    }
    pub fn rows(&self) -> &Rows {
        &self.rows
    }
    /// Whether a name that is missing here is missing there: false once Snowflake's limit of rows was reached.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.rows.len())
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

/// The row of one object, kept together with the answer that it is part of.
#[derive(Clone, Debug)]
pub struct Found {
    table: Arc<Table>,
    name: Box<str>,
}

impl Found {
    /// The row of a name, if the answer has one.
    pub fn of(table: Arc<Table>, name: &str) -> Option<Self> {
        table.get(name).is_some().then(|| Self { table: table.clone(), name: name.into() })
    }
    /// The cell of a column: outer `None`, there is no such column; inner `None`, NULL.
    pub fn get(&self, column: &str) -> Option<Option<&str>> {
        self.table.get(&self.name).and_then(|row| row.get(column))
    }
    /// The cell's text, with Snowflake's ways to say "nothing" as `None`.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.get(column).flatten().filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("null"))
    }
    pub fn name(&self) -> &str {
        &self.name
    }
    /// `created_on`, as printed: part of the identity.
    pub fn created_on(&self) -> &str {
        self.get("created_on").flatten().unwrap_or_default()
    }
    pub fn owner(&self) -> Option<&str> {
        self.text("owner")
    }
}

/// The parameters of one object: name to the value that is set on the object itself.
pub type Parameters = Arc<BTreeMap<Box<str>, Box<str>>>;

/// The privileges of one role: (kind, name of the object) to privileges.
pub type Privileges = Arc<HashMap<(String, String), Vec<String>>>;

/// The shared reads of one connection.
pub struct Catalog {
    client: Client,
    tables: Shared<Show, Table>,
    grants: Shared<String, HashMap<(String, String), Vec<String>>>,
    parameters: Mutex<HashMap<(&'static str, Box<str>), Remembered>>,
    gather: Duration,
    reads: AtomicU64,
}

struct Remembered {
    created_on: Box<str>,
    read: Instant,
    values: Parameters,
}

type Slot<T> = Arc<AsyncMutex<Option<Reading<T>>>>;
struct Shared<K, T>(Mutex<HashMap<K, Slot<T>>>);

struct Reading<T> {
    began: Instant,
    seen: Result<Arc<T>, ClientError>,
}

impl<K: Eq + std::hash::Hash + Clone, T: Send + Sync + 'static> Shared<K, T> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
    fn slot(&self, key: &K) -> Slot<T> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(key.clone()).or_default().clone()
    }
    /// The answer of a read that began at or after `as_of`. Whoever gets the lock reads, in a task of its own so that
    /// a caller who gives up does not take the answer from the others; a failure is shared like an answer.
    async fn since<F>(
        &self,
        key: &K,
        as_of: Instant,
        gather: Duration,
        read: impl FnOnce(Instant) -> F,
    ) -> Result<Arc<T>, ClientError>
    where
        F: Future<Output = Result<T, ClientError>> + Send + 'static,
    {
        let mut last = self.slot(key).lock_owned().await;
        if let Some(reading) = &*last
            && reading.began >= as_of
        {
            return reading.seen.clone();
        }
        if !gather.is_zero() {
            sleep(gather).await;
        }
        let began = Instant::now();
        let reading = read(began);
        let task = tokio::spawn(async move {
            let seen = reading.await.map(Arc::new);
            *last = Some(Reading { began, seen: seen.clone() });
            seen
        });
        task.await
            .unwrap_or_else(|error| Err(ClientError::BadAnswer(format!("the read ended early: {error}"))))
    }
    fn last(&self, key: &K) -> Option<Arc<T>> {
        let slot = self.slot(key);
        let last = slot.try_lock().ok()?;
        last.as_ref().and_then(|reading| reading.seen.clone().ok())
    }
}

impl Catalog {
    /// `gather` is how long a read waits for others who want it too.
    pub fn new(client: Client, gather: Duration) -> Self {
        Self {
            client,
            tables: Shared::new(),
            grants: Shared::new(),
            parameters: Mutex::default(),
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
        let read = |began| {
            let rows = self.read_first(Statement::new(show.words).of_kind(show.kind));
            async move { Ok(Table::new(rows.await?, began)) }
        };
        self.tables.since(&show, as_of, self.gather, read).await
    }

    /// The answer that was read last, whatever its age.
    pub fn last(&self, show: Show) -> Option<Arc<Table>> {
        self.tables.last(&show)
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
        if let Some(found) = Found::of(Arc::new(Table::new(rows, began)), name.as_str()) {
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
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).remove(&(kind, Box::from(name)));
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

    #[tokio::test(start_paused = true)]
    async fn a_thousand_callers_share_a_few_reads() {
        let shared = Arc::new(Shared::<u8, u64>::new());
        let reads = Arc::new(AtomicU64::new(0));
        let calls = (0..1000u64).map(|i| {
            let (shared, reads) = (shared.clone(), reads.clone());
            tokio::spawn(async move {
                sleep(Duration::from_millis(i % 100)).await;
                let as_of = Instant::now();
                let read = |_| async move {
                    sleep(Duration::from_millis(200)).await;
                    Ok(reads.fetch_add(1, Ordering::SeqCst))
                };
                shared.since(&0, as_of, Duration::from_millis(20), read).await
            })
        });
        for call in futures::future::join_all(calls).await {
            call.unwrap().unwrap();
        }
        assert_eq!(reads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_gives_up_leaves_the_answer_to_the_others() {
        let shared = Arc::new(Shared::<u8, u64>::new());
        let slow = |_| async {
            sleep(Duration::from_secs(5)).await;
            Ok(1)
        };
        let start = Instant::now();
        let early =
            tokio::time::timeout(Duration::from_secs(1), shared.since(&0, start, Duration::ZERO, slow));
        assert!(early.await.is_err());
        let panics = |_| async { panic!("a second read") };
        assert_eq!(*shared.since(&0, start, Duration::ZERO, panics).await.unwrap(), 1);
    }

    #[test]
    fn patterns_escape_wildcards() {
        assert_eq!(like_pattern(r"A_B%C\D"), r"A\_B\%C\\D");
    }
}
