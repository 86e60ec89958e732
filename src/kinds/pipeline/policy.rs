//! What row access and masking policies share: a signature that stays, and a body that changes in place.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-masking-policy>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-row-access-policy>.
//!
//! A policy that hangs on something can be neither dropped nor replaced, so another signature is told, never tried.
//! Both are features of the Enterprise edition: what Snowflake says of that on another one is passed on as it is.

use super::object::{Create, Kind, Object, There, Update, changed, created, fields, name, text};
use crate::{
    api::pipeline::{shared::Typed, text::Body},
    engine::fault::Fault,
    plan::{Change, Property, Risk, property::assignments},
    snowflake::Statement,
    values::{
        body::{BodyKind, canonical, same},
        data_type::DataType,
        full_name::FullName,
        ident::Ident,
        path::{split_list, types_of},
        user_sql::UserSql,
    },
};

pub(super) struct PolicyObject<'a, S: 'static> {
    pub kind: &'static Kind,
    pub rows: &'static [Property<S>],
    pub spec: &'a S,
    pub name: FullName,
    pub path: String,
    arguments: Vec<(Ident, DataType)>,
    returns: DataType,
    body: UserSql,
    /// `EXEMPT_OTHER_POLICIES`, which masking policies alone have.
    pub exempt: Option<bool>,
}

/// What is said of a policy, whichever it is.
pub(super) struct Said<'a> {
    pub arguments: &'a [Typed],
    /// `None`: it says yes or no.
    pub returns: Option<&'a str>,
    pub body: &'a Body,
}

impl<'a, S> PolicyObject<'a, S> {
    pub fn read(
        kind: &'static Kind,
        rows: &'static [Property<S>],
        spec: &'a S,
        full: FullName,
        path: &str,
        said: &Said<'_>,
    ) -> Result<Self, Fault> {
        let typed = |field: String, text: &str| {
            DataType::parse(text).map_err(|error| Fault::Refused(format!("spec.{path}.{field}: {error}")))
        };
        let argument = |argument: &Typed| {
            let own = name(format_args!("{path}.arguments"), &argument.name)?;
            Ok((own, typed(format!("arguments.{}.type", argument.name), &argument.data_type)?))
        };
        let arguments = said.arguments.iter().map(argument).collect::<Result<Vec<_>, Fault>>()?;
        let body = UserSql::expression(said.body)
            .map_err(|error| Fault::Refused(format!("spec.{path}.body: {error}")))?;
        let returns = typed("returns".into(), said.returns.unwrap_or("BOOLEAN"))?;
        let path = path.to_owned();
        Ok(Self { kind, rows, spec, name: full, path, arguments, returns, body, exempt: None })
    }

    fn alter(&self) -> Statement {
        Statement::new("ALTER").of_kind(self.kind.word).keyword(self.kind.word).full_name(&self.name)
    }
    /// Whether DESCRIBE shows what is wanted.
    fn is_shown(&self, arguments: &str, returns: &str) -> bool {
        let is = |text: &str, wanted: &DataType| {
            DataType::parse(text).is_ok_and(|of| of.short() == wanted.short())
        };
        let types = types_of(arguments, self.arguments.iter().map(|(name, _)| name));
        let alike =
            |types: Vec<&str>| types.iter().zip(&self.arguments).all(|(shown, (_, of))| is(shown, of));
        types.is_some_and(alike) && is(returns, &self.returns)
    }
    fn signature(&self) -> Signature {
        let types = self.arguments.iter().map(|(name, kind)| (name.as_str().to_owned(), kind.short()));
        Signature { arguments: types.collect(), returns: self.returns.short() }
    }
}

/// What can't be changed, as it compares: DESCRIBE shows types without sizes in signatures.
#[derive(Debug, PartialEq, Eq)]
struct Signature {
    arguments: Vec<(String, String)>,
    returns: String,
}

impl Signature {
    /// `(A VARCHAR, B NUMBER)` and `VARCHAR(134217728)`; `None`: it is not understood.
    fn shown(shown: &str, returns: &str) -> Option<Self> {
        let all = arguments(shown)?.into_iter().map(|(own, of)| (own.as_str().to_owned(), of.short()));
        Some(Self { arguments: all.collect(), returns: DataType::parse(returns).ok()?.short() })
    }
}

/// `(A VARCHAR, B NUMBER)`, as DESCRIBE has it; `None`: it is not understood.
pub(super) fn arguments(shown: &str) -> Option<Vec<(Ident, DataType)>> {
    let inner = shown.trim().strip_prefix('(')?.strip_suffix(')')?;
    // A comma inside parentheses (`VECTOR(FLOAT, 3)`) separates no arguments.
    let argument = |part: &str| {
        let (own, of) = match part.strip_prefix('"') {
            Some(rest) => rest.split_once("\" ")?,
            None => part.split_once(' ')?,
        };
        Some((Ident::exact(&own.replace("\"\"", "\"")).ok()?, DataType::parse(of).ok()?))
    };
    split_list(inner).into_iter().map(argument).collect()
}

/// Whether other policies may read the masked column.
pub(super) fn is_exempt(there: &There<'_>) -> bool {
    let options = there.found.text("options").unwrap_or_default().replace(' ', "");
    options.to_ascii_lowercase().contains("\"exempt_other_policies\":true")
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<_> = self.arguments.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        write!(f, "({}) RETURNS {}", all.join(", "), self.returns)
    }
}

impl<S: Sync> Object for PolicyObject<'_, S> {
    fn create(&self, _: Create) -> Statement {
        // Never OR REPLACE: Snowflake refuses it for what is in use.
        let mut statement = Create::Plain.begin(self.kind, &self.name).keyword("AS");
        statement = statement.list(&self.arguments, |statement, (own, kind)| {
            statement.ident(own).value(&text(kind.to_string()))
        });
        statement = statement.keyword("RETURNS").value(&text(self.returns.to_string()));
        statement = assignments(statement.keyword("->").sql(&self.body), self.rows, self.spec);
        statement.with(self.exempt, |statement, on| statement.keyword("EXEMPT_OTHER_POLICIES =").boolean(on))
    }
    fn fields(&self) -> Vec<Change> {
        let signature = created("signature", text(self.signature().to_string()));
        let body = created("body", text(self.body.as_str()));
        let exempt = self.exempt.map(|on| created("exemptOtherPolicies", text(on.to_string())));
        [Some(signature), Some(body), exempt]
            .into_iter()
            .flatten()
            .chain(fields(self.rows, self.spec))
            .collect()
    }

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let mut update = Update::of_rows(self.rows, self.spec, &|| self.alter(), there)?;
        update.managed.extend(["signature", "body"]);
        update.managed.extend(self.exempt.map(|_| "exemptOtherPolicies"));
        let path = &self.path;
        let other = "a policy keeps it for life: write another entry with the one that you want, let tables and views use that, then remove this one";
        if let Some(wanted) = self.exempt {
            let is = is_exempt(there);
            if is != wanted {
                update.fault =
                    Some(Fault::Refused(format!("spec.{path}.exemptOtherPolicies: it is {is}, and {other}")));
            }
        }
        let Some(row) = there.details.and_then(crate::snowflake::rows::Rows::first) else {
            return Ok(update);
        };
        let wanted = self.signature();
        let cell = |column| row.text(column).unwrap_or_default();
        let (arguments, returns) = (cell("signature"), cell("return_type"));
        let other_one = || Signature::shown(arguments, returns).filter(|is| *is != wanted);
        if let Some(is) = (!self.is_shown(arguments, returns)).then(other_one).flatten() {
            update.fault = Some(Fault::Refused(format!(
                "spec.{path}.arguments: its signature is {is}, not {wanted}, and {other}"
            )));
            // A body for other arguments would not fit.
            return Ok(update);
        }
        let body = cell("body");
        if !same(body, self.body.as_str(), BodyKind::Statement) && !there.ignores("body") {
            let change = changed("body", Some(body), Some(self.body.as_str()), Risk::Safe);
            update.push(change, self.alter().keyword("SET BODY ->").sql(&self.body));
        }
        Ok(update)
    }
    fn details(&self) -> Option<Statement> {
        Some(Statement::new("DESCRIBE").of_kind(self.kind.word).keyword(self.kind.word).full_name(&self.name))
    }
    fn sent(&self) -> Option<String> {
        Some(format!("{} -> {}", self.signature(), canonical(self.body.as_str(), BodyKind::Statement)))
    }
}

#[cfg(test)]
mod tests {
    use super::Signature;

    #[test]
    fn signatures_read_as_described() {
        let read = Signature::shown("(A VARCHAR, \"b c\" NUMBER, V VECTOR(FLOAT, 3))", "VARCHAR(134217728)");
        let shown = read.unwrap().to_string();
        assert_eq!(shown, "(A VARCHAR, b c NUMBER, V VECTOR(FLOAT, 3)) RETURNS VARCHAR");
        assert_eq!(Signature::shown("what is this", "VARCHAR"), None);
    }
}
