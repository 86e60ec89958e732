//! Lists in the form in which they compare: their order means nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display},
};

use crate::values::{
    canonical::Canonical,
    full_name::FullName,
    ident::Ident,
    literal::quote_literal,
    path::{split_list, split_outside_quotes},
};

/// `PACKAGES`: `['numpy','pandas==2.2']` in DESCRIBE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kinds::pipeline) struct Texts(pub BTreeSet<String>);

/// `IMPORTS`: `[@"DB"."SCHEMA"."STAGE"/path/file.py]` in DESCRIBE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kinds::pipeline) struct Files(pub BTreeSet<String>);

/// `EXTERNAL_ACCESS_INTEGRATIONS`: `[A,B]` in DESCRIBE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kinds::pipeline) struct Names(pub BTreeSet<Ident>);

/// `SECRETS`: `{"variable":"DB.SCHEMA.SECRET"}` in DESCRIBE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kinds::pipeline) struct Secrets(pub BTreeMap<String, FullName>);

/// What stands between brackets.
fn items(cell: Option<&str>) -> Vec<&str> {
    let text = cell.unwrap_or_default().trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let all = split_list(inner).into_iter().map(|item| item.trim_matches([' ', '\'']));
    all.filter(|item| !item.is_empty()).collect()
}

fn bracketed(items: impl Iterator<Item = String>) -> String {
    format!("({})", items.collect::<Vec<_>>().join(", "))
}

fn joined(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = String>) -> fmt::Result {
    f.write_str(&items.collect::<Vec<_>>().join(", "))
}

impl Display for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, self.0.iter().cloned())
    }
}

impl Canonical for Texts {
    fn read(cell: Option<&str>) -> Option<Self> {
        Some(Self(items(cell).into_iter().map(str::to_owned).collect()))
    }
    fn sql(&self) -> String {
        bracketed(self.0.iter().map(|text| quote_literal(text)))
    }
}

impl Files {
    /// A file on a stage, with the stage's name as Snowflake keeps it. Stages of users (`@~`) and tables (`@%T`) have
    /// none.
    pub fn on_stage(text: &str, stage: impl FnOnce(&str) -> Option<FullName>) -> Option<String> {
        let inside = text.trim().trim_start_matches('@');
        if inside.starts_with(['~', '%']) {
            return Some(format!("@{inside}"));
        }
        let (name, path) = match split_outside_quotes(inside, '/').first() {
            Some(name) if name.len() < inside.len() => inside.split_at(name.len()),
            _ => return None,
        };
        Some(format!("@{}{path}", stage(name)?.sql()))
    }
}

impl Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, self.0.iter().cloned())
    }
}

impl Canonical for Files {
    fn read(cell: Option<&str>) -> Option<Self> {
        let one = |item: &str| {
            Self::on_stage(item, |stage| FullName::parse(stage).ok()).unwrap_or_else(|| item.to_owned())
        };
        Some(Self(items(cell).into_iter().map(one).collect()))
    }
    fn sql(&self) -> String {
        bracketed(self.0.iter().map(|text| quote_literal(text)))
    }
}

impl Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, self.0.iter().map(Ident::to_spec))
    }
}

impl Canonical for Names {
    fn read(cell: Option<&str>) -> Option<Self> {
        items(cell).into_iter().map(|item| Ident::shown(item).ok()).collect::<Option<_>>().map(Self)
    }
    fn sql(&self) -> String {
        bracketed(self.0.iter().map(ToString::to_string))
    }
}

impl Display for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, self.0.iter().map(|(variable, secret)| format!("{variable}: {secret}")))
    }
}

impl Canonical for Secrets {
    fn read(cell: Option<&str>) -> Option<Self> {
        let Some(text) = cell.filter(|text| !text.is_empty()) else { return Some(Self::default()) };
        let all: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
        let all = all.into_iter().map(|(variable, name)| Some((variable, FullName::parse(&name).ok()?)));
        all.collect::<Option<_>>().map(Self)
    }
    fn sql(&self) -> String {
        bracketed(
            self.0.iter().map(|(variable, secret)| format!("{} = {}", quote_literal(variable), secret.sql())),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_compare_whatever_their_order_and_spelling() {
        let texts = |cell| Texts::read(cell).unwrap();
        assert_eq!(texts(Some("['b','a==1.0']")), texts(Some("['a==1.0', 'b']")));
        assert_eq!(texts(Some("[]")), texts(None));
        assert_eq!(texts(Some("['b','a']")).sql(), "('a', 'b')");
        let names = Names::read(Some("[NET,\"my net\"]")).unwrap();
        assert_eq!(names.sql(), r#"("NET", "my net")"#);
        let files = Files::read(Some(r#"[@"DB"."S"."ST"/a/b.py, @~/c.zip]"#)).unwrap();
        assert_eq!(files, Files::read(Some("[@~/c.zip,@DB.S.ST/a/b.py]")).unwrap());
        assert_eq!(files.sql(), r#"('@"DB"."S"."ST"/a/b.py', '@~/c.zip')"#);
        let secrets = Secrets::read(Some(r#"{"key":"\"DB\".\"S\".\"K\""}"#)).unwrap();
        assert_eq!(secrets.sql(), r#"('key' = "DB"."S"."K")"#);
        assert_eq!(Secrets::read(None), Some(Secrets::default()));
        assert_eq!(Secrets::read(Some("key")), None, "what is not understood is not taken for nothing");
    }
}
