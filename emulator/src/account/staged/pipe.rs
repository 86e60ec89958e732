//! What system functions tell of pipes and do to them (docs: functions/system_pipe_status,
//! functions/system_pipe_force_resume).

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, text};
use super::super::grants::Securable;
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::ObjectKind;
use crate::sql::select::{Expression, Select};

const PAUSED: &str = "PIPE_EXECUTION_PAUSED";

impl Account {
    fn pipe(
        &self,
        context: &Context,
        access: &Access,
        name: &str,
        privileges: &[&str],
    ) -> Result<Securable, SqlError> {
        let on = self.securable(context, access, ObjectKind::Pipe, &crate::sql::path_of(name)?)?;
        self.need(access, on, privileges)?;
        Ok(on)
    }

    /// SYSTEM$PIPE_STATUS
    pub(crate) fn pipe_status(
        &self,
        context: &Context,
        access: &Access,
        name: &str,
    ) -> Result<Cell, SqlError> {
        let on = self.pipe(context, access, name, &["MONITOR", "OPERATE"])?;
        let paused = self.plain_at(on).and_then(|pipe| pipe.text(PAUSED)) == Some("true");
        let state = if paused { "PAUSED" } else { "RUNNING" };
        Ok(text(serde_json::json!({ "executionState": state, "pendingFileCount": 0 }).to_string()))
    }

    /// SYSTEM$PIPE_FORCE_RESUME, wherever a SELECT calls it.
    pub(crate) fn resume_pipes(&mut self, context: &Context, select: &Select) -> Result<(), SqlError> {
        for item in &select.items {
            let Expression::Call(function, arguments) = &item.expression else { continue };
            let (true, Some(Expression::Text(name))) =
                (function == "SYSTEM$PIPE_FORCE_RESUME", arguments.first())
            else {
                continue;
            };
            let access = self.access(context)?;
            let on = self.pipe(context, &access, name, &["OPERATE"])?;
            self.plain_mut(on)?.properties.remove(PAUSED);
        }
        Ok(())
    }
}
