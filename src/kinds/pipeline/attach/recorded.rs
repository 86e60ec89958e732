//! What the record says of attachments, read again.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{BEGUN, Mask, NO_POLICY, RowAccess, UNDER};
use crate::values::{full_name::FullName, ident::Ident, path::split_outside_quotes};

/// What hangs on an object, as far as the record tells.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// What is there.
    pub row_access: Vec<RowAccess>,
    /// What a creation may have set.
    pub maybe: Vec<RowAccess>,
    /// A change under way: the request, and what it leads to.
    pub under: Option<(Uuid, Option<RowAccess>)>,
    /// With whether it is known to be there.
    pub masks: Vec<(Mask, bool)>,
    /// Values that are known to be there; `None`: some value may be.
    pub tags: BTreeMap<FullName, Option<String>>,
}

impl Recorded {
    /// Nothing that can't be read gets into a statement: it is passed over.
    pub fn read(attached: &BTreeSet<String>) -> Self {
        let mut all = Self::default();
        for name in attached {
            let begun = name.strip_prefix(BEGUN);
            let text = begun.unwrap_or(name);
            if let Some(rest) = text.strip_prefix("TAG ") {
                if let Some((tag, value)) = tag(rest) {
                    // What was begun is less certain than what is there.
                    let value = begun.is_none().then_some(value);
                    all.tags.entry(tag).and_modify(|known| *known = None).or_insert(value);
                }
            } else if let Some(rest) = text.strip_prefix("MASKING POLICY ") {
                all.masks.extend(mask(rest).map(|mask| (mask, begun.is_none())));
            } else if let Some((what, request)) = begun.and_then(|text| text.rsplit_once(UNDER)) {
                let Ok(request) = request.parse() else { continue };
                match what.strip_prefix("ROW ACCESS POLICY ") {
                    Some(rest) => all.under = row_access(rest).map(|policy| (request, Some(policy))),
                    None if what == NO_POLICY => all.under = Some((request, None)),
                    None => {}
                }
            } else if let Some(policy) = text.strip_prefix("ROW ACCESS POLICY ").and_then(row_access) {
                if begun.is_some() { &mut all.maybe } else { &mut all.row_access }.push(policy);
            }
        }
        all
    }
}

/// Splits at a text that stands outside of double quotes.
fn cut<'a>(text: &'a str, at: &str) -> Option<(&'a str, &'a str)> {
    let mut quoted = false;
    for (n, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        if !quoted && text[n..].starts_with(at) {
            return Some((&text[..n], &text[n + at.len()..]));
        }
    }
    None
}

fn columns(text: &str) -> Option<Vec<Ident>> {
    let inner = text.strip_suffix(')')?;
    split_outside_quotes(inner, ',').into_iter().map(|one| Ident::from_spec(one.trim()).ok()).collect()
}

fn row_access(text: &str) -> Option<RowAccess> {
    let (policy, rest) = cut(text, " ON (")?;
    Some(RowAccess { policy: FullName::parse(policy).ok()?, columns: columns(rest)? })
}

fn mask(text: &str) -> Option<Mask> {
    let (policy, rest) = cut(text, " ON ")?;
    let (column, using) = match cut(rest, " USING (") {
        Some((column, using)) => (column, columns(using)?),
        None => (rest, vec![]),
    };
    Some(Mask { column: Ident::from_spec(column).ok()?, policy: FullName::parse(policy).ok()?, using })
}

fn tag(text: &str) -> Option<(FullName, String)> {
    let (tag, value) = cut(text, " = ")?;
    Some((FullName::parse(tag).ok()?, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let ident = |text| Ident::from_spec(text).unwrap();
        let full = |text| FullName::parse(text).unwrap();
        let policy =
            RowAccess { policy: full(r#"DB.S."p ON (x""#), columns: vec![ident("A"), ident("\"b, c\"")] };
        assert_eq!(row_access(&policy.to_string()), Some(policy));
        for using in [vec![], vec![ident("A"), ident("B")]] {
            let one = Mask { column: ident("\"a USING (\""), policy: full("DB.S.P"), using };
            assert_eq!(mask(&one.to_string()), Some(one));
        }
        assert_eq!(tag("DB.S.T = a = b"), Some((full("DB.S.T"), "a = b".to_owned())));
    }

    #[test]
    fn what_was_begun_does_not_count_as_there() {
        let request = Uuid::nil();
        let names = [
            "ROW ACCESS POLICY DB.S.A ON (C)".to_owned(),
            format!("? ROW ACCESS POLICY DB.S.B ON (C) UNDER {request}"),
            "? ROW ACCESS POLICY DB.S.M ON (C)".to_owned(),
            "? TAG DB.S.T = new".to_owned(),
            "TAG DB.S.T = old".to_owned(),
            "? MASKING POLICY DB.S.P ON C".to_owned(),
            "a warehouse".to_owned(),
        ];
        let read = Recorded::read(&names.into());
        assert_eq!(read.row_access.len(), 1);
        assert_eq!(read.maybe.len(), 1);
        assert_eq!(read.under.map(|(id, to)| (id, to.is_some())), Some((request, true)));
        assert_eq!(read.tags.into_values().collect::<Vec<_>>(), [None]);
        assert!(!read.masks[0].1);
    }
}
