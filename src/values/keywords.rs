//! Enumerations whose values are Snowflake's keywords.

/// Declares an enumeration of keywords: the spelling in specs, plans and statements, then synonyms that are only read.
/// Reading ignores case, `-`, `_` and blanks. `quoted` keywords are string literals in SQL.
macro_rules! keywords {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal $(| $also:literal)*),+ $(,)? } $($quoted:ident)?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        $vis enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            pub const fn keyword(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.keyword())
            }
        }

        impl crate::values::canonical::Canonical for $name {
            fn read(cell: Option<&str>) -> Option<Self> {
                let plain = crate::values::keywords::plain(cell?);
                $(if [$text $(, $also)*].iter().any(|text| crate::values::keywords::plain(text) == plain) {
                    return Some(Self::$variant);
                })+
                None
            }
            $(fn sql(&self) -> String {
                let _ = stringify!($quoted);
                format!("'{}'", self.keyword())
            })?
        }
    };
}
pub(crate) use keywords;

/// Declares an enumeration whose values specs write as words in CamelCase (`NoOverlap`) and statements as Snowflake's
/// keywords (`NO_OVERLAP`). Both are read.
macro_rules! choices {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        $vis enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// As a statement carries it.
            pub const fn keyword(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => stringify!($variant)),+ })
            }
        }

        impl crate::values::canonical::Canonical for $name {
            fn read(cell: Option<&str>) -> Option<Self> {
                let plain = crate::values::keywords::plain(cell?);
                $(if crate::values::keywords::plain($text) == plain {
                    return Some(Self::$variant);
                })+
                None
            }
            fn sql(&self) -> String {
                self.keyword().to_owned()
            }
        }
    };
}
pub(crate) use choices;

/// Upper case, without the separators that Snowflake prints in some places and not in others.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).map(|c| c.to_ascii_uppercase()).collect()
}
