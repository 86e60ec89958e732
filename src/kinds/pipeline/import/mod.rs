//! From what is there to the entries of a spec: what comparing does, the other way about. A file per kind.
//!
//! [`read`] reads lists, and what they lack object by object; each kind's inverse makes entries of that, and
//! [`written`] puts them into specs, within the limits of the schema. Only what somebody has set gets in, so that
//! nothing becomes managed by accident. What a spec can't say in full is left out and named with the reason: half an
//! object would one day be changed into what nobody meant.

mod alert;
mod container;
mod dynamic_table;
mod file_format;
mod limits;
mod masking_policy;
mod materialized_view;
mod pipe;
mod read;
mod routine;
mod row_access_policy;
mod search_service;
mod sequence;
mod stage;
mod stream;
mod table;
mod tag;
mod task;
mod view;
mod written;

pub use read::{Asked, database, schema, schemas};
use written::Written;

use super::object::{Kind, There};
use crate::{
    api::pipeline::{
        PipelineSpec,
        text::{Comment, Name, Path, TypeName},
    },
    plan::{Property, Target, property::fill},
    snowflake::Statement,
    values::{canonical::Canonical, data_type::DataType, full_name::FullName, ident::Ident},
};

/// What came of a place.
#[derive(Debug, Default)]
pub struct Imported {
    /// One, or as many as the limits ask for.
    pub specs: Vec<PipelineSpec>,
    /// What a spec can't say, and why.
    pub left_out: Vec<(Target, String)>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// There is nothing in the place, whatever it says of itself.
    pub is_empty: bool,
}

/// How the objects of a kind get into a spec.
struct Inverse {
    kind: &'static Kind,
    /// The column of SHOW that says that an object is none to write here: another list has it, or Snowflake made it.
    elsewhere: Option<&'static str>,
    /// What is read of each alone.
    details: fn(&FullName) -> Option<Statement>,
    write: fn(&[There<'_>], &mut Written),
}

/// In the order of the lists of a spec.
const INVERSES: &[Inverse] = &[
    table::INVERSE,
    stream::INVERSE,
    routine::PROCEDURES,
    routine::FUNCTIONS,
    task::INVERSE,
    alert::INVERSE,
    view::INVERSE,
    materialized_view::INVERSE,
    dynamic_table::INVERSE,
    row_access_policy::INVERSE,
    masking_policy::INVERSE,
    stage::INVERSE,
    file_format::INVERSE,
    sequence::INVERSE,
    pipe::INVERSE,
    search_service::INVERSE,
    tag::INVERSE,
];

/// Why an object is left out.
type Why = String;

/// How a name stands in a spec.
fn name(name: &Ident) -> Name {
    Name(name.to_spec())
}

/// The name of another object, as short as it can be beside this one.
fn path(other: &FullName, beside: &FullName) -> Path {
    let shared = |n: usize| other.path().len() == 3 && other.path().get(..n) == beside.path().get(..n);
    let parts = other.path();
    let from = if shared(2) { 2 } else { usize::from(shared(1)) };
    Path(parts.get(from..).unwrap_or(parts).iter().map(Ident::to_spec).collect::<Vec<_>>().join("."))
}

/// A type as people write it: a length that is Snowflake's own choice is left out.
fn type_name(of: &DataType) -> TypeName {
    let bare = match of {
        DataType::Varchar(_) => DataType::Varchar(None),
        DataType::Binary(_) => DataType::Binary(None),
        _ => return TypeName(of.to_string()),
    };
    TypeName(if bare.same_as(of) { bare.to_string() } else { of.to_string() })
}

fn comment(text: Option<&str>) -> Option<Comment> {
    text.filter(|text| !text.is_empty()).map(|text| Comment(text.to_owned()))
}

impl There<'_> {
    fn comment(&self) -> Option<Comment> {
        // A comment may be the word null.
        comment(self.found.get("comment").flatten())
    }
    fn flag(&self, column: &str) -> bool {
        bool::read(self.found.text(column)).unwrap_or_default()
    }
    /// Only `true` is worth a word: it is never the default.
    fn on(&self, column: &str) -> Option<bool> {
        self.flag(column).then_some(true)
    }
    /// The name of another object of the account.
    fn named(&self, column: &str) -> Option<Name> {
        Ident::read(self.found.text(column)).map(|other| name(&other))
    }
    /// A parameter of a type that is known.
    fn own<T: Canonical>(&self, parameter: &str) -> Option<T> {
        T::read(Some(self.parameter(parameter)?))
    }
    /// What the rows of a kind say.
    fn fill<S>(&self, rows: &'static [Property<S>], spec: &mut S) -> Result<(), Why> {
        let odd = fill(rows, spec, |row| self.cell(row));
        if odd.is_empty() { Ok(()) } else { Err(format!("not understood: {}", odd.join(", "))) }
    }
}
