//! The list: files of cases, as they are written.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, de};

/// The files, each with the cases of one kind: name and text.
pub const FILES: &[(&str, &str)] = &[
    ("language", include_str!("../cases/language.yaml")),
    ("warehouses", include_str!("../cases/warehouses.yaml")),
    ("resource-monitors", include_str!("../cases/resource-monitors.yaml")),
    ("databases", include_str!("../cases/databases.yaml")),
    ("schemas", include_str!("../cases/schemas.yaml")),
    ("tables", include_str!("../cases/tables.yaml")),
    ("views", include_str!("../cases/views.yaml")),
    ("data-policies", include_str!("../cases/data-policies.yaml")),
    ("roles", include_str!("../cases/roles.yaml")),
    ("users", include_str!("../cases/users.yaml")),
    ("grants", include_str!("../cases/grants.yaml")),
    ("parameters", include_str!("../cases/parameters.yaml")),
    ("sessions", include_str!("../cases/sessions.yaml")),
    ("tasks", include_str!("../cases/tasks.yaml")),
    ("procedures", include_str!("../cases/procedures.yaml")),
];

/// A file of cases.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The file's name without `.yaml`; not in the file.
    #[serde(skip)]
    pub name: String,
    /// What every case of the file needs.
    #[serde(default)]
    pub needs: Vec<Need>,
    pub cases: Vec<Case>,
}

/// One statement, and what Snowflake is known to answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// What it shows, as a sentence.
    pub name: String,
    /// Where it is written: the address of a page of documentation, or a test of Snowflake's Terraform provider.
    pub source: String,
    /// Why it is not known for certain: part of it is an inference that no source states.
    #[serde(default)]
    pub unverified: Option<String>,
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Statements before it.
    #[serde(default)]
    pub setup: Vec<String>,
    /// The role of the statement; that of the connection where there is none.
    #[serde(default, rename = "as")]
    pub role: Option<String>,
    /// The statement, or several of one request, separated by `;`.
    pub statement: String,
    /// How many statements the request announces. Left out: one.
    #[serde(default)]
    pub statements: Option<u32>,
    pub expect: Expect,
}

/// What the account must have, so that a case can be run.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub enum Need {
    /// Enterprise Edition, or a higher one.
    Enterprise,
    /// Standard Edition.
    Standard,
    /// A warehouse starts, which costs credits.
    Compute,
    /// A privilege on the account.
    Privilege(String),
    /// A role that is active.
    Role(String),
}

/// What must come back. What is left out may be anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// Every column, in order.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// Columns that are there, in this order among themselves.
    #[serde(default)]
    pub contains: Vec<String>,
    /// How many rows.
    #[serde(default)]
    pub rows: Option<usize>,
    /// Cells of the first row.
    #[serde(default)]
    pub cells: Cells,
    /// For each entry there is a row with these cells.
    #[serde(default)]
    pub some: Vec<Cells>,
    /// No row has these cells.
    #[serde(default)]
    pub none: Vec<Cells>,
    /// The whole answer is this text.
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub error: Option<Refusal>,
}

/// An error.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refusal {
    /// Six digits.
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub sql_state: Option<String>,
    /// Stands in the message; `*` is any text. White space counts as one space.
    #[serde(default)]
    pub message: Option<String>,
}

/// Cells by column.
pub type Cells = BTreeMap<String, Cell>;

/// What a cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// SQL NULL; `null` in the file.
    Null,
    Text(String),
    /// `{like: …}`, a pattern in which `*` is any text and `?` any character.
    Like(String),
    /// `{empty: true}`: NULL or an empty text, where the sources do not tell which.
    Empty,
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Cell;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a text, null, {like: pattern} or {empty: true}; a number with a point stands in quotes",
                )
            }
            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }
            fn visit_none<E>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_string()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_owned()))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
                let cell = match map.next_key::<String>()?.as_deref() {
                    Some("like") => Cell::Like(map.next_value()?),
                    Some("empty") if map.next_value::<bool>()? => Cell::Empty,
                    _ => {
                        return Err(de::Error::custom(
                            "a cell is a text, null, {like: pattern} or {empty: true}",
                        ));
                    }
                };
                match map.next_key::<String>()? {
                    Some(more) => Err(de::Error::custom(format!("a cell does not have {more} as well"))),
                    None => Ok(cell),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Like(pattern) => write!(f, "like '{pattern}'"),
            Self::Empty => f.write_str("NULL or ''"),
        }
    }
}

/// A file of the list that is not as it has to be.
#[derive(Debug, thiserror::Error)]
#[error("cases/{file}.yaml: {message}")]
pub struct BadFile {
    pub file: String,
    pub message: String,
}

/// Reads a file, and refuses what is no case.
pub fn read(name: &str, text: &str) -> Result<File, BadFile> {
    let bad = |message: String| BadFile { file: name.to_owned(), message };
    // The list repeats its statements by anchors; it is the program's own, and no attack.
    let budget = serde_saphyr::budget! { enforce_alias_anchor_ratio: false };
    let options = serde_saphyr::options! { budget: budget, strict_booleans: true };
    let mut file: File =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| bad(error.to_string()))?;
    name.clone_into(&mut file.name);
    for (n, case) in file.cases.iter().enumerate() {
        case.check().map_err(|message| bad(format!("{}: {message}", case.name)))?;
        if file.cases[..n].iter().any(|other| other.name == case.name) {
            return Err(bad(format!("{}: two cases have this name", case.name)));
        }
    }
    Ok(file)
}

/// The whole list.
pub fn all() -> Result<Vec<File>, BadFile> {
    FILES.iter().map(|(name, text)| read(name, text)).collect()
}

impl Case {
    fn check(&self) -> Result<(), String> {
        let Expect { columns, contains, rows, cells, some, none, status, error } = &self.expect;
        let rowed = columns.is_some()
            || rows.is_some()
            || !(contains.is_empty() && cells.is_empty() && some.is_empty() && none.is_empty());
        let ways = usize::from(rowed) + usize::from(status.is_some()) + usize::from(error.is_some());
        if ways != 1 {
            return Err(
                "expect has rows (columns, contains, rows, cells, some, none), a status or an error, one of \
                        the three"
                    .into(),
            );
        }
        if !self.source.starts_with("https://docs.snowflake.com/")
            && !self.source.starts_with("terraform-provider: ")
        {
            return Err(
                "source is an address at docs.snowflake.com, or `terraform-provider: FILE, TEST`".into()
            );
        }
        if self.unverified.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
            return Err("unverified says why".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, FILES, read};

    fn one(expect: &str) -> String {
        format!(
            "cases:\n- name: a\n  source: https://docs.snowflake.com/x\n  statement: SHOW ROLES\n  expect: {expect}\n"
        )
    }

    #[test]
    fn a_case_says_exactly_one_thing() {
        for good in ["{rows: 1, contains: [a]}", "{status: x}", "{error: {code: '000904'}}", "{columns: [a]}"]
        {
            read("x", &one(good)).unwrap();
        }
        for bad in ["{}", "{status: x, rows: 1}", "{error: {}, status: x}", "{shoes: 2}"] {
            read("x", &one(bad)).unwrap_err();
        }
        read("x", &one("{rows: 1}").replace("https://docs.snowflake.com/x", "hearsay")).unwrap_err();
    }

    #[test]
    fn cells_are_texts_nulls_and_patterns() {
        let file = read(
            "x",
            &one("{cells: {a: 600, b: null, c: true, d: {like: 'x*'}, e: '0.00', f: '', g: {empty: true}}}"),
        )
        .unwrap();
        let cells: Vec<_> = file.cases[0].expect.cells.values().cloned().collect();
        let text = |text: &str| Cell::Text(text.into());
        let expected = [
            text("600"),
            Cell::Null,
            text("true"),
            Cell::Like("x*".into()),
            text("0.00"),
            text(""),
            Cell::Empty,
        ];
        assert_eq!(cells, expected);
    }

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(FILES.iter().any(|(listed, _)| *listed == name), "{name}");
        }
    }
}
