//! Resources as YAML.

use serde::Serialize;

use crate::cli::Error;

/// A line is never wrapped: a text of several lines is a block scalar, one of one line stays in it.
pub(super) fn yaml(resource: &impl Serialize) -> Result<String, Error> {
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    let text = serde_saphyr::to_string_with_options(resource, options);
    let mut text = text.map_err(|error| Error::Usage(error.to_string()))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::yaml;

    /// What kubectl's parser, which reads YAML 1.1, would take for something else.
    #[test]
    fn texts_that_are_no_texts_in_yaml_are_quoted() {
        for text in [
            "y",
            "N",
            "yes",
            "on",
            "OFF",
            "~",
            "null",
            "",
            "1",
            "1_000",
            "0x1F",
            "0o7",
            "0777",
            "0b1",
            "1e3",
            ".5",
            "-.inf",
            ".NaN",
            "2026-11-01",
            "2026-11-01T00:00:00Z",
            "1:30",
            "<<",
            "=",
            "- a",
            "a: b",
            "a #b",
            "!x",
            "&x",
            "*x",
            "%x",
            "@x",
            "`x",
            "{",
            " a",
            "a ",
        ] {
            let out = yaml(&serde_json::json!({ "a": text })).unwrap();
            assert!(out.contains('"') || out.contains('\''), "{out}");
            let back: serde_json::Value = serde_saphyr::from_str(&out).unwrap();
            assert_eq!(back["a"], text, "{out}");
        }
    }
}
