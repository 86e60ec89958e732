//! Sequences (docs: create-sequence, alter-sequence).

use super::columns::signed;
use super::cursor::{Cursor, Path};
use super::{Command, How};
use crate::error::SqlError;

#[derive(Clone, Debug)]
pub(crate) struct CreateSequence {
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) start: i64,
    pub(crate) increment: i64,
    pub(crate) ordered: bool,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterSequence {
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: SequenceAction,
}

#[derive(Clone, Debug)]
pub(crate) enum SequenceAction {
    RenameTo(Path),
    Set { increment: Option<i64>, ordered: Option<bool>, comment: Option<String> },
    UnsetComment,
}

/// After `CREATE … SEQUENCE`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    // Without a word, NOORDER_SEQUENCE_AS_DEFAULT decides, whose default is TRUE.
    let mut create = CreateSequence { how, path, start: 1, increment: 1, ordered: false, comment: None };
    cursor.takes("WITH");
    while !cursor.done() {
        let place = cursor.peek().clone();
        match () {
            () if cursor.takes("START") => {
                cursor.takes("WITH");
                cursor.takes_symbol("=");
                create.start = signed(cursor)?;
            }
            () if cursor.takes("INCREMENT") => create.increment = increment(cursor)?,
            () if cursor.takes("ORDER") => create.ordered = true,
            () if cursor.takes("NOORDER") => create.ordered = false,
            () if cursor.takes("COMMENT") => {
                cursor.expect_symbol("=")?;
                create.comment = Some(cursor.text()?);
            }
            () => return Err(place.unexpected()),
        }
    }
    Ok(Command::CreateSequence(create))
}

/// After `INCREMENT`: not zero (docs: create-sequence).
fn increment(cursor: &mut Cursor) -> Result<i64, SqlError> {
    cursor.takes("BY");
    cursor.takes_symbol("=");
    match signed(cursor)? {
        0 => Err(SqlError::invalid_value(0, "INCREMENT")),
        increment => Ok(increment),
    }
}

/// After `ALTER SEQUENCE`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let action = if cursor.takes("RENAME") {
        cursor.expect("TO")?;
        SequenceAction::RenameTo(cursor.path()?)
    } else if cursor.takes("UNSET") {
        cursor.expect("COMMENT")?;
        SequenceAction::UnsetComment
    } else {
        let said = cursor.takes("SET");
        let place = cursor.peek().clone();
        let (mut by, mut ordered, mut comment) = (None, None, None);
        loop {
            match () {
                () if cursor.takes("INCREMENT") => by = Some(increment(cursor)?),
                () if said && cursor.takes("ORDER") => ordered = Some(true),
                () if said && cursor.takes("NOORDER") => ordered = Some(false),
                () if said && cursor.takes("COMMENT") => {
                    cursor.expect_symbol("=")?;
                    comment = Some(cursor.text()?);
                }
                () => break,
            }
            cursor.takes_symbol(",");
        }
        if by.is_none() && ordered.is_none() && comment.is_none() {
            return Err(place.unexpected());
        }
        SequenceAction::Set { increment: by, ordered, comment }
    };
    Ok(Command::AlterSequence(AlterSequence { path, if_exists, action }))
}
