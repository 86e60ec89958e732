//! Runs the list: each case with its setup, and what it made is dropped after it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use snowfence::{
    snowflake::{ClientError, Outcome, RunOptions, SnowflakeError, Statement},
    values::ident::Ident,
};

use crate::{
    account::Account,
    case::{Case, File, Need},
    compare::{Compared, Difference, compare},
    names::{Names, Prefix},
    safety::{self, Made},
    sweep::{self, Left, Object},
};

/// Set by a signal: what runs ends, and nothing more is begun but the cleaning.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What came of the list.
#[derive(Debug)]
pub struct Run {
    pub files: Vec<FileResult>,
    /// Why it ended before its end.
    pub ended: Option<String>,
    pub left: Left,
}

#[derive(Debug)]
pub struct FileResult {
    pub name: String,
    pub cases: Vec<CaseResult>,
}

#[derive(Debug)]
pub struct CaseResult {
    pub case: Case,
    pub verdict: Verdict,
}

#[derive(Debug)]
pub enum Verdict {
    /// With the columns that the list does not know.
    Matched(Vec<String>),
    Differs {
        /// As it was sent.
        statement: String,
        differences: Vec<Difference>,
    },
    Skipped(String),
}

/// Why a list is not run at all.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("cases/{file}.yaml: {case}: {message}")]
    Unsafe { file: String, case: String, message: String },
    #[error("names that begin with {prefix} exist already: {found}")]
    Taken { prefix: Prefix, found: String },
    #[error("whether names that begin with {prefix} exist can't be seen: {message}")]
    Unseen { prefix: Prefix, message: String },
}

/// Refuses a list that could touch what is not the run's own.
pub fn check(files: &[File], names: &Names) -> Result<(), Refused> {
    for file in files {
        for case in &file.cases {
            let compute = case.needs.contains(&Need::Compute);
            for text in case.setup.iter().chain([&case.statement]) {
                safety::check(names, &names.statement(text), compute).map_err(|message| Refused::Unsafe {
                    file: file.name.clone(),
                    case: case.name.clone(),
                    message,
                })?;
            }
        }
    }
    Ok(())
}

/// Runs the list, and drops what it made, whatever happened. `tell` hears of each case.
pub async fn run(
    account: &Account,
    prefix: Prefix,
    files: &[File],
    stop: &Stop,
    mut tell: impl FnMut(&str, &CaseResult),
) -> Result<Run, Refused> {
    let names = Names { prefix, user: account.user.clone(), role: account.role.clone() };
    check(files, &names)?;
    let (found, unseen) = sweep::find(&account.client, &names.prefix).await;
    if !found.is_empty() {
        let found = found.iter().map(Object::to_string).collect::<Vec<_>>().join(", ");
        return Err(Refused::Taken { prefix: names.prefix, found });
    }
    if let Some((kind, error)) = unseen.first() {
        return Err(Refused::Unseen { prefix: names.prefix, message: format!("{kind}: {error}") });
    }
    let mut runner = Runner { account, names: &names, scratch: None, stop };
    let mut ended = None;
    let mut results = vec![];
    for file in files {
        let mut cases = vec![];
        for case in &file.cases {
            let verdict = if ended.is_none() {
                runner.case(file, case).await.unwrap_or_else(|reason| {
                    ended = Some(reason);
                    Verdict::Skipped("not run".into())
                })
            } else {
                Verdict::Skipped("not run".into())
            };
            let result = CaseResult { case: case.clone(), verdict };
            if ended.is_none() {
                tell(&file.name, &result);
            }
            cases.push(result);
        }
        results.push(FileResult { name: file.name.clone(), cases });
    }
    let left = sweep::sweep(&account.client, &names.prefix).await;
    Ok(Run { files: results, ended, left })
}

struct Runner<'a> {
    account: &'a Account,
    names: &'a Names,
    /// Whether there is the database for anything, or why not; once it was needed.
    scratch: Option<Result<(), String>>,
    stop: &'a Stop,
}

impl Runner<'_> {
    /// `Err`: nothing more can be run.
    async fn case(&mut self, file: &File, case: &Case) -> Result<Verdict, String> {
        let needs: BTreeSet<&Need> = file.needs.iter().chain(&case.needs).collect();
        if let Some(reason) = needs.into_iter().find_map(|need| self.account.lacks(need)) {
            return Ok(Verdict::Skipped(reason));
        }
        if case.role.is_some() && self.account.secondary_roles {
            let reason =
                "the user's secondary roles are active: ALTER USER … SET DEFAULT_SECONDARY_ROLES = ()";
            return Ok(Verdict::Skipped(reason.into()));
        }
        let texts: Vec<&String> = case.setup.iter().chain([&case.statement]).collect();
        if texts.iter().any(|text| text.contains("{database}"))
            && let Err(reason) = self.scratch().await?
        {
            return Ok(Verdict::Skipped(reason));
        }
        let mut made: BTreeSet<Made> = BTreeSet::new();
        let verdict = self.steps(case, &mut made).await;
        // What can't be dropped now is tried again at the end, and told then.
        for object in made {
            let _ = self.send(&object.drop(), &RunOptions::default()).await;
        }
        verdict
    }

    async fn steps(&self, case: &Case, made: &mut BTreeSet<Made>) -> Result<Verdict, String> {
        for text in &case.setup {
            let text = self.names.statement(text);
            made.extend(safety::made(&text));
            match self.send(&text, &RunOptions::default()).await? {
                Ok(_) => {}
                Err(error) => {
                    let difference =
                        Difference { what: "setup".into(), expected: "success".into(), seen: shown(&error) };
                    return Ok(Verdict::Differs { statement: text, differences: vec![difference] });
                }
            }
        }
        let text = self.names.statement(&case.statement);
        made.extend(safety::made(&text));
        let role = case.role.as_ref().map(|role| Ident::exact(&self.names.fill(role))).transpose();
        let role = role.map_err(|error| error.to_string())?;
        let options = RunOptions { role, statements: case.statements, ..RunOptions::default() };
        let strict = self.account.emulated;
        let answer = self.send(&text, &options).await?;
        let compared = match &answer {
            Ok(outcome) => compare(&case.expect, self.names, strict, Ok(&outcome.rows)),
            Err(error) => match refusal(error) {
                Some(refusal) => compare(&case.expect, self.names, strict, Err(&refusal)),
                None => Compared {
                    differences: vec![Difference {
                        what: "outcome".into(),
                        expected: "an answer".into(),
                        seen: error.to_string(),
                    }],
                    extra: vec![],
                },
            },
        };
        Ok(if compared.differences.is_empty() {
            Verdict::Matched(compared.extra)
        } else {
            Verdict::Differs { statement: text, differences: compared.differences }
        })
    }

    /// Makes the database for anything, once. `Err` inside: why there is none.
    async fn scratch(&mut self) -> Result<Result<(), String>, String> {
        if self.scratch.is_none() {
            let text = format!("CREATE DATABASE {}", self.names.prefix.database());
            let made = self.send(&text, &RunOptions::default()).await?;
            self.scratch = Some(match made {
                Ok(_) => Ok(()),
                Err(error) => Err(format!("there is no scratch database: {}", shown(&error))),
            });
        }
        Ok(self.scratch.clone().unwrap_or(Ok(())))
    }

    /// Sends a statement. `Err` outside: the connection is no good, or a signal came before it.
    async fn send(&self, text: &str, options: &RunOptions) -> Result<Result<Outcome, ClientError>, String> {
        if self.stop.is_set() {
            return Err("interrupted".into());
        }
        // The client takes only the program's own words, which the list is; it lives as long as the program.
        let statement = Statement::new(String::from(text).leak());
        match self.account.client.run(&statement, options).await {
            Err(error) if ends_the_run(&error, options) => Err(error.to_string()),
            other => Ok(other),
        }
    }
}

/// Whether other statements would meet the fault, too. An answer that is none says something of its statement, and a
/// role can be refused as a credential is.
fn ends_the_run(error: &ClientError, options: &RunOptions) -> bool {
    match error.cause() {
        ClientError::BadAnswer(_) => false,
        ClientError::Unauthorized { .. } => options.role.is_none(),
        _ => error.is_connection(),
    }
}

/// What Snowflake said, of the statement or of who sent it.
fn refusal(error: &ClientError) -> Option<SnowflakeError> {
    match error.cause() {
        ClientError::Unauthorized { code, message } => Some(SnowflakeError {
            code: code.clone(),
            sql_state: String::new(),
            message: message.clone(),
            query_id: None,
        }),
        _ => error.snowflake().cloned(),
    }
}

fn shown(error: &ClientError) -> String {
    match refusal(error) {
        Some(error) => crate::compare::shown_error(&error),
        None => error.to_string(),
    }
}
