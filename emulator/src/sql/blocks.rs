//! Which `;` ends a statement, and which one stands inside a block of Snowflake Scripting
//! (docs: developer-guide/snowflake-scripting/blocks).

/// Follows the words and the `;` of a text.
///
/// A block begins with BEGIN or DECLARE, at the start of a statement or after the AS, THEN or ACTION of a CREATE or
/// an ALTER. `BEGIN;`, `BEGIN TRANSACTION`, `BEGIN WORK` and `BEGIN NAME x` open a transaction, not a block.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// The statement is a CREATE or an ALTER: it may hold a block.
    holds: bool,
    begun: bool,
    depth: u32,
    /// Between DECLARE and its BEGIN.
    declares: bool,
    last: Last,
}

#[derive(Debug, Default, PartialEq)]
enum Last {
    #[default]
    Other,
    /// AS, THEN or ACTION, after which a block may come.
    Opens,
    Begin,
    End,
}

/// What comes next: an unquoted word, a `;`, or anything else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Seen<'a> {
    Word(&'a str),
    Semicolon,
    Other,
}

impl Blocks {
    /// Takes the next token. True for a `;` that ends a statement.
    pub(super) fn see(&mut self, seen: Seen) -> bool {
        let is = |words: &[&str]| matches!(seen, Seen::Word(word) if words.iter().any(|one| one.eq_ignore_ascii_case(word)));
        match std::mem::take(&mut self.last) {
            Last::Begin => {
                let transaction = seen == Seen::Semicolon || is(&["TRANSACTION", "WORK", "NAME"]);
                if !transaction || self.declares {
                    (self.depth, self.declares) = (self.depth + 1, false);
                }
            }
            // END IF and its like close what is not counted here.
            Last::End if is(&["IF", "FOR", "LOOP", "WHILE", "REPEAT"]) => return false,
            Last::End => {
                self.depth = self.depth.saturating_sub(1);
                if is(&["CASE"]) {
                    return false;
                }
            }
            Last::Opens if self.depth == 0 && is(&["BEGIN"]) => self.last = Last::Begin,
            Last::Opens if self.depth == 0 && is(&["DECLARE"]) => self.declares = true,
            _ => {}
        }
        if seen == Seen::Semicolon {
            if self.depth > 0 || self.declares {
                return false;
            }
            *self = Self::default();
            return true;
        }
        if !self.begun {
            self.begun = true;
            self.holds = is(&["CREATE", "ALTER"]);
            self.declares = is(&["DECLARE"]);
            if is(&["BEGIN"]) {
                self.last = Last::Begin;
            }
            return false;
        }
        if self.depth > 0 || self.declares {
            match () {
                () if is(&["BEGIN"]) => self.last = Last::Begin,
                () if self.depth > 0 && is(&["CASE"]) => self.depth += 1,
                () if self.depth > 0 && is(&["END"]) => self.last = Last::End,
                () => {}
            }
        } else if self.holds && is(&["AS", "THEN", "ACTION"]) {
            self.last = Last::Opens;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use crate::sql::split;

    #[test]
    fn a_block_is_one_statement() {
        for text in [
            "CREATE TASK t AS BEGIN SELECT 1; SELECT 2; END",
            "CREATE TASK t AS DECLARE x INT; BEGIN x := 1; RETURN x; END",
            "CREATE PROCEDURE p() RETURNS INT LANGUAGE SQL AS BEGIN IF (a) THEN BEGIN RETURN 1; END; END IF; END",
            "CREATE ALERT a IF (EXISTS (SELECT 1)) THEN BEGIN SELECT 1; SELECT 2; END",
            "ALTER TASK t MODIFY AS BEGIN LET x := CASE WHEN a THEN 1 ELSE 2 END; SELECT 2; END",
            "ALTER ALERT a MODIFY ACTION BEGIN FOR r IN c DO SELECT 1; END FOR; END",
            "CREATE TASK t AS BEGIN CASE (x) WHEN 1 THEN SELECT 1; ELSE SELECT 2; END CASE; END",
            "CREATE TASK t AS BEGIN BEGIN TRANSACTION; INSERT INTO t VALUES (1); COMMIT; END",
            "DECLARE x INT; BEGIN RETURN x; END",
            "BEGIN SELECT 1; SELECT 2; END",
        ] {
            let two = format!("{text}; SHOW ROLES");
            assert_eq!(split(&two).unwrap(), [text, "SHOW ROLES"]);
        }
    }

    #[test]
    fn a_transaction_is_no_block() {
        for begin in ["BEGIN", "BEGIN TRANSACTION", "BEGIN WORK", "BEGIN NAME t1", "START TRANSACTION"] {
            assert_eq!(split(&format!("{begin}; SELECT 1; COMMIT")).unwrap(), [begin, "SELECT 1", "COMMIT"]);
        }
        assert_eq!(split("CREATE VIEW v AS SELECT 1 AS x; SELECT 2").unwrap().len(), 2);
    }
}
