//! The types of expressions.

use sqlparser::ast::{
    self, BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};

use super::columns::{DEPTH, Source, Typing, known_column};
use crate::sql::data_type::DataType;
use crate::sql::definition::{folded, path, type_of};

const TEXT: u64 = 16_777_216;

pub(super) fn variant() -> DataType {
    DataType::Plain("VARIANT".into())
}

fn text() -> DataType {
    DataType::Text(TEXT)
}

fn whole(precision: u64) -> DataType {
    DataType::Number { precision, scale: 0 }
}

impl Typing<'_> {
    /// Type, and whether it may be NULL.
    pub(super) fn expr(&self, expr: &Expr, sources: &[Source], depth: usize) -> (DataType, bool) {
        if depth > DEPTH {
            return (variant(), true);
        }
        let of = |expr: &Expr| self.expr(expr, sources, depth + 1).0;
        let kind = match expr {
            Expr::Identifier(ident) => return known_column(sources, None, &folded(ident)),
            Expr::CompoundIdentifier(parts) => {
                let Some((name, before)) = parts.split_last() else { return (variant(), true) };
                return known_column(sources, before.last().map(folded).as_deref(), &folded(name));
            }
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } | Expr::Prior(inner) => {
                return self.expr(inner, sources, depth + 1);
            }
            Expr::Value(value) => literal(&value.value),
            Expr::TypedString(typed) => type_of(&typed.data_type).unwrap_or_else(variant),
            Expr::Cast { data_type, .. } => type_of(data_type).unwrap_or_else(variant),
            Expr::Function(function) => return (self.function(function, sources, depth), true),
            Expr::Case { conditions, else_result, .. } => {
                let results = conditions.iter().map(|when| &when.result);
                let results = results.chain(else_result.as_deref());
                let typed = results.into_iter().find(|result| !is_null(result)).map(of);
                typed.unwrap_or_else(text)
            }
            Expr::UnaryOp { op: UnaryOperator::Not, .. } => DataType::Boolean,
            Expr::UnaryOp { expr, .. } => of(expr),
            Expr::BinaryOp { left, op, right } => match op {
                BinaryOperator::StringConcat => text(),
                BinaryOperator::Plus
                | BinaryOperator::Minus
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo => arithmetic(&of(left), op, &of(right)),
                _ => DataType::Boolean,
            },
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::RLike { .. }
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. }
            | Expr::Exists { .. } => DataType::Boolean,
            Expr::Trim { .. } | Expr::Substring { .. } => text(),
            Expr::Position { .. } => whole(18),
            Expr::Extract { .. } => whole(4),
            Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } => of(expr),
            Expr::Array(_) => DataType::Plain("ARRAY".into()),
            Expr::Dictionary(_) | Expr::Struct { .. } => DataType::Plain("OBJECT".into()),
            _ => variant(),
        };
        (kind, !matches!(expr, Expr::Value(_)))
    }

    fn function(&self, function: &ast::Function, sources: &[Source], depth: usize) -> DataType {
        let name = path(&function.name).join(".");
        let arguments: Vec<&Expr> = match &function.args {
            FunctionArguments::List(list) => list
                .args
                .iter()
                .filter_map(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
                    | FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. }
                    | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expr), .. } => Some(expr),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let argument = |at: usize| {
            let found = arguments.get(at).filter(|expr| !is_null(expr));
            found.map(|expr| self.expr(expr, sources, depth + 1).0)
        };
        match name.as_str() {
            "COUNT"
            | "COUNT_IF"
            | "ROW_NUMBER"
            | "RANK"
            | "DENSE_RANK"
            | "APPROX_COUNT_DISTINCT"
            | "LENGTH"
            | "LEN"
            | "DATEDIFF"
            | "TIMESTAMPDIFF"
            | "REGEXP_COUNT"
            | "ARRAY_SIZE" => whole(18),
            "SUM" => match argument(0) {
                Some(DataType::Number { scale, .. }) => DataType::Number { precision: 38, scale },
                other => other.unwrap_or_else(variant),
            },
            "AVG" => match argument(0) {
                Some(DataType::Number { scale, .. }) => {
                    DataType::Number { precision: 38, scale: (scale + 6).min(37) }
                }
                other => other.unwrap_or_else(variant),
            },
            "MIN" | "MAX" | "ANY_VALUE" | "MODE" | "FIRST_VALUE" | "LAST_VALUE" | "LAG" | "LEAD"
            | "MAX_BY" | "MIN_BY" | "ABS" | "NULLIF" => argument(0).unwrap_or_else(variant),
            "COALESCE" | "NVL" | "IFNULL" | "GREATEST" | "LEAST" | "ZEROIFNULL" => {
                (0..arguments.len()).find_map(argument).unwrap_or_else(variant)
            }
            "IFF" => argument(1).or_else(|| argument(2)).unwrap_or_else(variant),
            "DATEADD" | "TIMESTAMPADD" => argument(2).unwrap_or_else(variant),
            "DATE_TRUNC" => argument(1).unwrap_or_else(variant),
            "CURRENT_TIMESTAMP" | "LOCALTIMESTAMP" | "GETDATE" => DataType::Timestamp("LTZ".into(), 9),
            "SYSDATE" | "TO_TIMESTAMP" | "TO_TIMESTAMP_NTZ" => DataType::Timestamp("NTZ".into(), 9),
            "CURRENT_DATE" | "TO_DATE" | "DATE" | "LAST_DAY" => DataType::Date,
            "CURRENT_TIME" => DataType::Time(9),
            "UPPER"
            | "LOWER"
            | "TRIM"
            | "LTRIM"
            | "RTRIM"
            | "CONCAT"
            | "CONCAT_WS"
            | "REPLACE"
            | "SUBSTR"
            | "SUBSTRING"
            | "LEFT"
            | "RIGHT"
            | "LISTAGG"
            | "TO_VARCHAR"
            | "TO_CHAR"
            | "INITCAP"
            | "MD5"
            | "SHA2"
            | "SPLIT_PART"
            | "REGEXP_REPLACE"
            | "REGEXP_SUBSTR"
            | "CURRENT_USER"
            | "CURRENT_ROLE"
            | "UUID_STRING"
            | "AI_COMPLETE"
            | "AI_TRANSLATE"
            | "AI_AGG"
            | "AI_SUMMARIZE_AGG"
            | "SNOWFLAKE.CORTEX.COMPLETE"
            | "SNOWFLAKE.CORTEX.SUMMARIZE"
            | "SNOWFLAKE.CORTEX.TRANSLATE" => text(),
            "ARRAY_AGG" | "ARRAY_CONSTRUCT" | "SPLIT" | "ARRAY_CAT" => DataType::Plain("ARRAY".into()),
            "OBJECT_CONSTRUCT"
            | "OBJECT_CONSTRUCT_KEEP_NULL"
            | "OBJECT_AGG"
            | "AI_SENTIMENT"
            | "AI_CLASSIFY"
            | "AI_EXTRACT" => DataType::Plain("OBJECT".into()),
            "AI_FILTER" | "STARTSWITH" | "ENDSWITH" | "CONTAINS" | "IS_ROLE_IN_SESSION" => DataType::Boolean,
            "YEAR" | "MONTH" | "DAY" | "HOUR" | "MINUTE" | "SECOND" => whole(4),
            "SNOWFLAKE.CORTEX.SENTIMENT" | "AI_SIMILARITY" | "TO_DOUBLE" | "RANDOM" => DataType::Float,
            _ => variant(),
        }
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

fn literal(value: &Value) -> DataType {
    match value {
        Value::Number(number, _) if number.contains(['e', 'E']) => DataType::Float,
        Value::Number(number, _) => {
            let (before, after) = number.split_once('.').unwrap_or((number, ""));
            let scale = after.len() as u64;
            DataType::Number { precision: (before.len() as u64 + scale).clamp(1, 38), scale: scale.min(37) }
        }
        Value::Boolean(_) => DataType::Boolean,
        Value::SingleQuotedString(text) => DataType::Text((text.chars().count() as u64).max(1)),
        Value::DollarQuotedString(text) => DataType::Text((text.value.chars().count() as u64).max(1)),
        Value::Null => text(),
        _ => variant(),
    }
}

/// The wider of two numbers, near enough (docs: operators-arithmetic).
fn arithmetic(left: &DataType, op: &BinaryOperator, right: &DataType) -> DataType {
    match (left, right) {
        (DataType::Number { precision, scale }, DataType::Number { precision: other, scale: digits }) => {
            let scale = match op {
                BinaryOperator::Multiply => scale + digits,
                BinaryOperator::Divide => scale + 6,
                _ => *scale.max(digits),
            };
            let precision = match op {
                BinaryOperator::Multiply => precision + other,
                _ => precision.max(other) + 1,
            };
            DataType::Number { precision: precision.max(scale).clamp(1, 38), scale: scale.min(37) }
        }
        (DataType::Float, _) | (_, DataType::Float) => DataType::Float,
        (DataType::Date | DataType::Timestamp(..), _) => left.clone(),
        _ => variant(),
    }
}
