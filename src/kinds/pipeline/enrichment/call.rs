//! What is asked of a function, and what its answer is.
//! Source: <https://docs.snowflake.com/en/user-guide/snowflake-cortex/aisql> and the page of each function.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::template::Sql;
use crate::{
    api::pipeline::enrichments::{CortexFunction, Enrichment, Functions},
    engine::fault::Fault,
};

/// The models of AI_EMBED and of EMBED_TEXT_768 / _1024, and how many numbers their vectors have.
/// Source: <https://docs.snowflake.com/en/sql-reference/functions/ai_embed>.
const DIMENSIONS: &[(&str, u16)] = &[
    ("snowflake-arctic-embed-l-v2.0", 1024),
    ("snowflake-arctic-embed-l-v2.0-8k", 1024),
    ("nv-embed-qa-4", 1024),
    ("multilingual-e5-large", 1024),
    ("voyage-multilingual-2", 1024),
    ("snowflake-arctic-embed-m-v1.5", 768),
    ("snowflake-arctic-embed-m", 768),
    ("e5-base-v2", 768),
];

/// A call with the types of what comes of it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub sql: Sql,
    /// The type in which the answer is stored as it came.
    pub outcome: Sql,
    /// Of the outcome: the result, and the error or NULL.
    pub value: Sql,
    pub error: Sql,
    /// The type of the result.
    pub result: Sql,
    /// One row that fails makes the whole statement fail.
    pub fails_whole: bool,
}

const NO_ANSWER: &str = "IFF(outcome IS NULL, 'no answer', NULL)";

impl Call {
    /// A function that says for each row what went wrong.
    fn detailed(sql: Sql, value: &'static str, result: &'static str) -> Self {
        Self {
            sql: sql.then("::VARIANT"),
            outcome: Sql::words("VARIANT"),
            value: Sql::words(value),
            error: Sql::words("outcome:error::VARCHAR"),
            result: Sql::words(result),
            fails_whole: false,
        }
    }
    /// A function whose answer is the result, and that fails with its statement.
    fn plain(sql: Sql, result: &Sql) -> Self {
        Self {
            sql,
            outcome: result.clone(),
            value: Sql::words("outcome"),
            error: Sql::words(NO_ANSWER),
            result: result.clone(),
            fails_whole: true,
        }
    }
    /// The same, where the result is a part of the answer.
    fn part(sql: Sql, value: &'static str) -> Self {
        let plain = Self::plain(sql.then("::VARIANT"), &Sql::words("VARIANT"));
        Self { value: Sql::words(value), result: Sql::words("VARCHAR"), ..plain }
    }
}

/// `NAME(first, second, …)`.
fn function(name: &'static str, arguments: impl IntoIterator<Item = Sql>) -> Sql {
    Sql::words(name).and(&Sql::joined(arguments, ", ").within("(", ")"))
}

/// `argument => value`.
fn named(name: &'static str, value: &Sql) -> Sql {
    Sql::words(name).then(" => ").and(value)
}

/// The call of an enrichment over this input.
pub(super) fn call(spec: &Enrichment, input: &Sql) -> Result<Call, Fault> {
    let input = input.clone();
    let need = |what: &str| {
        Fault::Refused(format!("spec.enrichments.{}.{what}: function: {} needs it", spec.name, spec.function))
    };
    let model = || spec.model.as_deref().map(Sql::text).ok_or_else(|| need("model"));
    // The input begins on a line of its own.
    let asked = || {
        let prompt = spec.prompt.as_deref().ok_or_else(|| need("prompt"))?;
        Ok::<_, Fault>(Sql::text(&format!("{prompt}\n\n")).then(" || ").and(&input))
    };
    let categories = || {
        let all = spec.categories.as_ref().ok_or_else(|| need("categories"))?;
        Ok::<_, Fault>(Sql::joined(all.iter().map(|word| Sql::text(word)), ", ").within("[", "]"))
    };
    let languages = || {
        let language = spec.language.as_ref().ok_or_else(|| need("language"))?;
        let from = Sql::text(language.from.as_deref().unwrap_or_default());
        Ok::<_, Fault>((from, Sql::text(&language.to)))
    };
    let details = Sql::boolean(true);
    let legacy = spec.functions == Some(Functions::Legacy);
    let text = Sql::words("VARCHAR");
    Ok(match (spec.function, legacy) {
        (CortexFunction::Complete, false) => {
            let mut arguments = vec![named("model", &model()?), named("prompt", &asked()?)];
            let format = spec.response_format.as_ref().map(|format| Value::Object(format.0.clone()));
            if let Some(schema) = &format {
                let format = Sql::json(&json!({"type": "json", "schema": schema}));
                arguments.push(named("response_format", &format));
            }
            arguments.push(named("return_error_details", &details));
            let (value, result) = match format {
                Some(_) => ("outcome:value", "VARIANT"),
                None => ("outcome:value::VARCHAR", "VARCHAR"),
            };
            Call::detailed(function("AI_COMPLETE", arguments), value, result)
        }
        (CortexFunction::Complete, true) => {
            Call::plain(function("SNOWFLAKE.CORTEX.COMPLETE", [model()?, asked()?]), &text)
        }
        (CortexFunction::Embed, _) => embed(spec, [model()?, input], legacy)?,
        (CortexFunction::Extract, false) => {
            let format = match (&spec.questions, &spec.response_format) {
                (Some(questions), _) => json!(questions),
                (None, Some(format)) => json!({"schema": format}),
                (None, None) => return Err(need("questions")),
            };
            let arguments = [named("text", &input), named("responseFormat", &Sql::json(&format))];
            // It has told errors row by row from the beginning.
            Call::detailed(function("AI_EXTRACT", arguments), "outcome:response", "VARIANT")
        }
        (CortexFunction::Extract, true) => {
            let questions: Vec<_> = spec.questions.iter().flatten().collect();
            let [(_, question)] = questions.as_slice() else {
                return Err(Fault::Refused(format!(
                    "spec.enrichments.{}.questions: the legacy function answers one question: ask one, or remove functions: Legacy",
                    spec.name
                )));
            };
            let sql = function("SNOWFLAKE.CORTEX.EXTRACT_ANSWER", [input, Sql::text(question)]);
            Call::part(sql, "outcome[0]:answer::VARCHAR")
        }
        // No page says that another function has taken its place.
        (CortexFunction::Summarize, _) => Call::plain(function("SNOWFLAKE.CORTEX.SUMMARIZE", [input]), &text),
        (CortexFunction::Classify, false) => {
            let task = spec.prompt.as_deref().map(|prompt| Sql::json(&json!({"task_description": prompt})));
            let arguments = [Some(input), Some(categories()?), task, Some(details)];
            let sql = function("AI_CLASSIFY", arguments.into_iter().flatten());
            Call::detailed(sql, "outcome:value:labels[0]::VARCHAR", "VARCHAR")
        }
        (CortexFunction::Classify, true) => Call::part(
            function("SNOWFLAKE.CORTEX.CLASSIFY_TEXT", [input, categories()?]),
            "outcome:label::VARCHAR",
        ),
        (CortexFunction::Translate, false) => {
            let (from, to) = languages()?;
            let sql = function("AI_TRANSLATE", [input, from, to, details]);
            Call::detailed(sql, "outcome:value::VARCHAR", "VARCHAR")
        }
        (CortexFunction::Translate, true) => {
            let (from, to) = languages()?;
            Call::plain(function("SNOWFLAKE.CORTEX.TRANSLATE", [input, from, to]), &text)
        }
        (CortexFunction::Sentiment, false) => {
            Call::detailed(function("AI_SENTIMENT", [input, details]), "outcome:value::OBJECT", "OBJECT")
        }
        (CortexFunction::Sentiment, true) => {
            Call::plain(function("SNOWFLAKE.CORTEX.SENTIMENT", [input]), &Sql::words("FLOAT"))
        }
        (CortexFunction::Redact, false) => {
            Call::detailed(function("AI_REDACT", [input, details]), "outcome:value::VARCHAR", "VARCHAR")
        }
        (CortexFunction::Filter, false) => {
            let sql = function("AI_FILTER", [asked()?, details]);
            Call::detailed(sql, "outcome:value::BOOLEAN", "BOOLEAN")
        }
        (CortexFunction::Redact | CortexFunction::Filter, true) => {
            return Err(Fault::Refused(format!(
                "spec.enrichments.{}.functions: {} has no legacy function: remove functions: Legacy",
                spec.name, spec.function
            )));
        }
    })
}

fn embed(spec: &Enrichment, arguments: [Sql; 2], legacy: bool) -> Result<Call, Fault> {
    let model = spec.model.as_deref().unwrap_or_default();
    let known = DIMENSIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(model)).map(|(_, n)| *n);
    let said = spec.dimension.and_then(|dimension| u16::try_from(dimension).ok());
    let refused =
        |what: String| Err(Fault::Refused(format!("spec.enrichments.{}.dimension: {what}", spec.name)));
    let dimension = match (known, said) {
        (Some(known), Some(said)) if known != said => {
            return refused(format!("the vectors of {model} have {known} numbers: remove dimension"));
        }
        (Some(dimension), _) | (None, Some(dimension)) => dimension,
        (None, None) => {
            return refused(format!(
                "how many numbers the vectors of {model} have is not known here: say it"
            ));
        }
    };
    let vector = Sql::words("VECTOR(FLOAT, ").and(&Sql::number(dimension)).then(")");
    let name = match (legacy, dimension) {
        (false, _) => "AI_EMBED",
        (true, 768) => "SNOWFLAKE.CORTEX.EMBED_TEXT_768",
        (true, 1024) => "SNOWFLAKE.CORTEX.EMBED_TEXT_1024",
        (true, _) => return refused("legacy functions make vectors of 768 or 1024 numbers".into()),
    };
    Ok(Call::plain(function(name, arguments), &vector))
}

/// What stands for function, model, prompt and all else that decides over a result.
pub(super) fn fingerprint(spec: &Enrichment) -> Vec<u8> {
    let questions = spec.questions.as_ref().map(|all| json!(all));
    let parts = json!([
        spec.function,
        spec.functions.unwrap_or(Functions::Ai),
        spec.model,
        spec.prompt,
        spec.categories,
        spec.response_format,
        questions,
        spec.language,
    ]);
    Sha256::digest(parts.to_string()).to_vec()
}
