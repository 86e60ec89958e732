//! What a case may do to an account: read, and touch what its run made. Everything else is refused before anything is
//! sent.

use crate::{
    names::{Names, Prefix},
    words::{self, Word},
};

/// Functions of SELECT that may be called, beside `CURRENT_…`; others can do harm, or cost.
const HARMLESS: [&str; 5] = [
    "IS_ROLE_IN_SESSION",
    "SYSTEM$BOOTSTRAP_DATA_REQUEST",
    "SYSTEM$GET_TAG",
    "SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES",
    "SYSTEM$TYPEOF",
];

/// Kinds whose names stand alone, in the order in which they are best dropped: a role first, so that what it owned
/// becomes that of who dropped it.
pub const ACCOUNT_LEVEL: [(&str, &str); 5] = [
    ("ROLE", "ROLES"),
    ("WAREHOUSE", "WAREHOUSES"),
    ("RESOURCE MONITOR", "RESOURCE MONITORS"),
    ("DATABASE", "DATABASES"),
    ("USER", "USERS"),
];
const INSIDE: [&str; 15] = [
    "DATABASE ROLE",
    "SCHEMA",
    "STREAM",
    "SEQUENCE",
    "TABLE",
    "VIEW",
    "TAG",
    "MASKING POLICY",
    "ROW ACCESS POLICY",
    "FILE FORMAT",
    "STAGE",
    "TASK",
    "ALERT",
    "PROCEDURE",
    "FUNCTION",
];

/// Checks the statements of a request. `compute`: the case may start a warehouse.
pub fn check(names: &Names, text: &str, compute: bool) -> Result<(), String> {
    let told = |message: String| format!("{message}: {text}");
    for statement in words::statements(text).map_err(told)? {
        Check { prefix: &names.prefix, role: &names.role, words: &statement, compute }
            .check()
            .map_err(told)?;
    }
    Ok(())
}

/// An object that a statement makes: its kind, and its name as SQL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Made {
    /// The place of its kind in the order of dropping.
    rank: usize,
    kind: &'static str,
    name: String,
}

impl Made {
    pub fn drop(&self) -> String {
        format!("DROP {} IF EXISTS {}", self.kind, self.name)
    }
}

/// What the statements of a request make, if they succeed.
pub fn made(text: &str) -> Vec<Made> {
    let mut all = vec![];
    for words in words::statements(text).unwrap_or_default() {
        let Some(Target { kind, at }) = target(&words) else { continue };
        let renamed =
            words.windows(2).position(|pair| pair[0].is("RENAME") && pair[1].is("TO")).map(|at| at + 2);
        let at = match (&words[0], renamed) {
            (verb, _) if verb.is("CREATE") || verb.is("UNDROP") => at,
            (verb, Some(renamed)) if verb.is("ALTER") => renamed,
            _ => continue,
        };
        let name = path(&words, at);
        if !name.is_empty() {
            let alone = ACCOUNT_LEVEL.iter().position(|(other, _)| *other == kind);
            // What is in a database goes before the database, which stands behind the roles.
            all.push(Made { rank: alone.map_or(1, |rank| rank * 2), kind, name });
        }
    }
    all
}

/// The kind that a statement is about, and where the name stands.
struct Target {
    kind: &'static str,
    at: usize,
}

fn target(words: &[Word]) -> Option<Target> {
    let mut at = 1;
    let skip = |at: &mut usize, what: &[&str]| {
        let there = what.iter().enumerate().all(|(n, word)| words.get(*at + n).is_some_and(|it| it.is(word)));
        if there {
            *at += what.len();
        }
    };
    for what in [
        &["OR", "REPLACE"][..],
        &["OR", "ALTER"],
        &["TRANSIENT"],
        &["INTERACTIVE"],
        &["SECURE"],
        &["IF", "EXISTS"],
        &["ON"],
    ] {
        skip(&mut at, what);
    }
    let kinds = INSIDE.into_iter().chain(ACCOUNT_LEVEL.map(|(kind, _)| kind));
    let kind = kinds.into_iter().find(|kind| {
        kind.split(' ').enumerate().all(|(n, word)| words.get(at + n).is_some_and(|it| it.is(word)))
    })?;
    at += kind.split(' ').count();
    skip(&mut at, &["IF", "NOT", "EXISTS"]);
    skip(&mut at, &["IF", "EXISTS"]);
    Some(Target { kind, at })
}

fn path(words: &[Word], at: usize) -> String {
    let mut text = String::new();
    for word in &words[at.min(words.len())..] {
        match word {
            Word::Mark('.') => text.push('.'),
            word if text.is_empty() || text.ends_with('.') => match word.name() {
                Some(name) => text += &quoted(name),
                None => break,
            },
            _ => break,
        }
    }
    text
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

struct Check<'a> {
    prefix: &'a Prefix,
    role: &'a str,
    words: &'a [Word],
    compute: bool,
}

impl Check<'_> {
    fn check(&self) -> Result<(), String> {
        let Word::Plain(verb) = &self.words[0] else { return Err("does not begin with a verb".into()) };
        // `->>` hands on to a statement of any kind; `->` comes before the body of a policy.
        if self.words.windows(3).any(|three| *three == [Word::Mark('-'), Word::Mark('>'), Word::Mark('>')]) {
            return Err("chained statements are not allowed".into());
        }
        match verb.as_str() {
            "SHOW" | "DESC" | "DESCRIBE" | "USE" => Ok(()),
            "SELECT" => self.select(),
            "ALTER" if self.is(1, "SESSION") => Ok(()),
            "CREATE" | "ALTER" | "DROP" | "UNDROP" | "COMMENT" => self.object(),
            "GRANT" | "REVOKE" => self.grant(),
            other => Err(format!("{other} is not allowed")),
        }
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.words.get(at).is_some_and(|it| it.is(word))
    }

    fn has(&self, words: &[&str]) -> bool {
        (0..self.words.len()).any(|at| words.iter().enumerate().all(|(n, word)| self.is(at + n, word)))
    }

    /// `name = value`.
    fn sets(&self, name: &str, value: &str) -> bool {
        self.words
            .windows(3)
            .any(|three| three[0].is(name) && three[1] == Word::Mark('=') && three[2].is(value))
    }

    fn ours(&self, at: usize) -> Result<(), String> {
        match self.words.get(at).and_then(Word::name) {
            Some(name) if self.prefix.owns(name) => Ok(()),
            Some(name) => Err(format!("{name} lacks the prefix")),
            None => Err("a name is missing, or is none".into()),
        }
    }

    /// Where the name that begins at `at` ends.
    fn end(&self, at: usize) -> usize {
        let mut end = at + 1;
        while self.words.get(end) == Some(&Word::Mark('.')) {
            end += 2;
        }
        end.min(self.words.len())
    }

    /// A name of ours that ends where `door` begins.
    fn ours_until(&self, at: usize, door: usize) -> Result<(), String> {
        self.ours(at)?;
        if self.end(at) == door { Ok(()) } else { Err("names more than one object".into()) }
    }

    fn select(&self) -> Result<(), String> {
        let called = self.words.windows(2).filter(|two| two[1] == Word::Mark('(')).map(|two| &two[0]);
        for name in called.filter_map(Word::name) {
            let harmless = name.starts_with("CURRENT_") || HARMLESS.contains(&name) || self.prefix.owns(name);
            if !harmless {
                return Err(format!("{name} is not allowed"));
            }
        }
        Ok(())
    }

    fn object(&self) -> Result<(), String> {
        let Some(Target { kind, at }) = target(self.words) else {
            return Err("is not about a kind that cases may change".into());
        };
        if at >= self.words.len() {
            // A statement without a name is a syntax error.
            return Ok(());
        }
        self.ours(at)?;
        let name = self.words[at].name().unwrap_or_default();
        let rest = &self.words[self.end(at)..];
        if self.is(0, "DROP") && !rest.iter().all(|word| word.is("RESTRICT") || word.is("CASCADE")) {
            return Err("drops more than one object".into());
        }
        if kind == "DATABASE" && name == self.prefix.database() {
            return Err("the scratch database itself is left alone".into());
        }
        for words in [&["RENAME", "TO"][..], &["SWAP", "WITH"], &["CLONE"], &["ON", "TABLE"]] {
            let found = (at..self.words.len())
                .find(|at| words.iter().enumerate().all(|(n, word)| self.is(at + n, word)));
            if let Some(found) = found {
                self.ours(found + words.len())?;
            }
        }
        self.properties(kind)
    }

    fn properties(&self, kind: &str) -> Result<(), String> {
        for (at, word) in self.words.iter().enumerate() {
            let value = at + 2;
            if word.is("RESOURCE_MONITOR") && self.words.get(value).is_some_and(|it| !it.is("NULL")) {
                self.ours(value)?;
            }
            if word.is("NOTIFY_USERS") {
                let names = self.words.iter().enumerate().skip(at + 3);
                for (at, word) in names.take_while(|(_, word)| **word != Word::Mark(')')) {
                    if *word != Word::Mark(',') {
                        self.ours(at)?;
                    }
                }
            }
        }
        let creates = self.is(0, "CREATE") && kind == "WAREHOUSE";
        // An adaptive warehouse costs nothing while nothing runs on it.
        let still = self.sets("INITIALLY_SUSPENDED", "TRUE") || self.sets("WAREHOUSE_TYPE", "ADAPTIVE");
        if creates && !still && !self.compute {
            return Err("starts a warehouse: say INITIALLY_SUSPENDED = TRUE, or needs: [compute]".into());
        }
        if kind == "WAREHOUSE" && self.has(&["RESUME"]) && !self.compute {
            return Err("starts a warehouse: needs: [compute]".into());
        }
        if matches!(kind, "TASK" | "ALERT") && self.has(&["RESUME"]) {
            return Err("would run something by itself".into());
        }
        let opens = self.has(&["PASSWORD"]) && !self.has(&["UNSET"]);
        if kind == "USER" && opens && !self.sets("DISABLED", "TRUE") {
            return Err("a user with a password that everybody can read has to be DISABLED = TRUE".into());
        }
        Ok(())
    }

    fn grant(&self) -> Result<(), String> {
        let door = if self.is(0, "GRANT") { "TO" } else { "FROM" };
        let at = self.words.iter().position(|word| word.is(door)).ok_or("says not whom")?;
        let mut grantee = at + 1;
        for word in ["DATABASE", "ROLE", "USER"] {
            if self.is(grantee, word) {
                grantee += 1;
            }
        }
        if ["SHARE", "APPLICATION"].iter().any(|other| self.is(grantee, other)) {
            return Err("only roles and users are granted to".into());
        }
        let ownership = self.is(1, "OWNERSHIP");
        if ownership {
            let own = self.words.get(grantee).and_then(Word::name) == Some(self.role);
            if !own {
                self.ours(grantee)?;
            }
        }
        let role = if self.is(1, "DATABASE") { 2 } else { 1 };
        if self.is(role, "ROLE") {
            // Everybody has PUBLIC; granting it to a role of ours changes nothing.
            return if self.is(role + 1, "PUBLIC") && at == role + 2 {
                self.ours(grantee)
            } else {
                self.ours_until(role + 1, at)
            };
        }
        let on = self.words[..at].iter().position(|word| word.is("ON")).ok_or("says not on what")?;
        if self.is(on + 1, "ACCOUNT") {
            return self.ours(grantee);
        }
        let many = self.is(on + 1, "ALL") || self.is(on + 1, "FUTURE");
        if many && ownership {
            return Err("ownership of many objects is not allowed".into());
        }
        let name = if many {
            let inside =
                self.words[on..at].iter().position(|word| word.is("IN")).ok_or("says not in what")?;
            on + inside + 2
        } else if self.is(on + 1, "RESOURCE") {
            on + 3
        } else {
            on + 2
        };
        self.ours_until(name, at)
    }
}

#[cfg(test)]
mod tests;
