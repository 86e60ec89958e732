//! WHEN: whether a run takes place (docs: create-task, "WHEN").

use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::parser::Parser;

use super::super::Account;
use super::super::access::Access;
use super::Spot;
use crate::context::Context;

impl Account {
    /// Does the task's condition keep it from running? What it asks of streams is asked in the owner's name; what
    /// cannot be told here (a predecessor's return value, a stream that is not there) keeps nothing.
    pub(super) fn is_skipped(&self, spot: Spot, now: i64) -> bool {
        let when = self.task(spot).ok().and_then(|task| task.when.as_deref());
        let Some(when) = when else { return false };
        let on = spot.on();
        let path = self.path_of(on);
        let context = Context {
            role: self.head_at(on).map(|head| self.role_name(head.owner).to_owned()),
            database: path.first().cloned(),
            schema: path.get(1).cloned(),
            ..Context::default()
        };
        let Ok(access) = self.access(&context) else { return false };
        let parsed = Parser::new(&SnowflakeDialect {}).try_with_sql(when);
        let parsed = parsed.and_then(|mut parser| parser.parse_expr());
        parsed.ok().and_then(|when| self.holds((&context, &access), &when, now)) == Some(false)
    }

    fn holds(&self, by: (&Context, &Access), when: &Expr, now: i64) -> Option<bool> {
        match when {
            Expr::Value(value) => match &value.value {
                Value::Boolean(value) => Some(*value),
                _ => None,
            },
            Expr::Nested(inside) | Expr::Cast { expr: inside, .. } => self.holds(by, inside, now),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => self.holds(by, expr, now).map(|it| !it),
            Expr::BinaryOp { left, op, right } => {
                let (left, right) = (self.holds(by, left, now), self.holds(by, right, now));
                match (op, left, right) {
                    (BinaryOperator::And, Some(false), _) | (BinaryOperator::And, _, Some(false)) => {
                        Some(false)
                    }
                    (BinaryOperator::Or, Some(true), _) | (BinaryOperator::Or, _, Some(true)) => Some(true),
                    (BinaryOperator::And | BinaryOperator::Or, Some(left), Some(_)) => Some(left),
                    (BinaryOperator::Eq, Some(left), Some(right)) => Some(left == right),
                    (BinaryOperator::NotEq, Some(left), Some(right)) => Some(left != right),
                    _ => None,
                }
            }
            Expr::Function(function)
                if function.name.to_string().eq_ignore_ascii_case("SYSTEM$STREAM_HAS_DATA") =>
            {
                let FunctionArguments::List(list) = &function.args else { return None };
                let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(name)))] = list.args.as_slice()
                else {
                    return None;
                };
                let Value::SingleQuotedString(name) = &name.value else { return None };
                self.stream_has_data(by.0, by.1, name, now).ok()
            }
            _ => None,
        }
    }
}
