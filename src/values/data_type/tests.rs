//! Types as users, DESC and SHOW COLUMNS write them.

use proptest::prelude::*;

use super::{DataType, TypeChange};

fn parse(text: &str) -> DataType {
    DataType::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn synonyms_are_read_as_their_canonical_type() {
    for (text, canonical) in [
        ("number", "NUMBER(38,0)"),
        ("NUMBER(10)", "NUMBER(10,0)"),
        ("decimal( 10 , 2 )", "NUMBER(10,2)"),
        ("DEC(5,5)", "NUMBER(5,5)"),
        ("NUMERIC", "NUMBER(38,0)"),
        ("INT", "NUMBER(38,0)"),
        ("integer", "NUMBER(38,0)"),
        ("BIGINT", "NUMBER(38,0)"),
        ("SMALLINT", "NUMBER(38,0)"),
        ("TINYINT", "NUMBER(38,0)"),
        ("BYTEINT", "NUMBER(38,0)"),
        ("DOUBLE", "FLOAT"),
        ("double precision", "FLOAT"),
        ("REAL", "FLOAT"),
        ("FLOAT4", "FLOAT"),
        ("FLOAT8", "FLOAT"),
        ("DECFLOAT", "DECFLOAT"),
        ("STRING", "VARCHAR"),
        ("TEXT(5)", "VARCHAR(5)"),
        ("NVARCHAR2(7)", "VARCHAR(7)"),
        ("CHAR", "VARCHAR(1)"),
        ("CHARACTER(4)", "VARCHAR(4)"),
        ("CHAR VARYING", "VARCHAR"),
        ("VARCHAR(134217728)", "VARCHAR(134217728)"),
        ("VARBINARY(20)", "BINARY(20)"),
        ("BINARY", "BINARY"),
        ("boolean", "BOOLEAN"),
        ("DATE", "DATE"),
        ("TIME", "TIME(9)"),
        ("TIME(0)", "TIME(0)"),
        ("DATETIME", "TIMESTAMP_NTZ(9)"),
        ("TIMESTAMP", "TIMESTAMP_NTZ(9)"),
        ("TIMESTAMP(3)", "TIMESTAMP_NTZ(3)"),
        ("TIMESTAMPTZ(6)", "TIMESTAMP_TZ(6)"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_TZ(9)"),
        ("TIMESTAMP WITHOUT TIME ZONE(3)", "TIMESTAMP_NTZ(3)"),
        ("TIMESTAMP(3) WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(3)"),
        ("VARIANT", "VARIANT"),
        ("OBJECT", "OBJECT"),
        ("OBJECT(a INT NOT NULL, \"b c\" text)", "OBJECT(a NUMBER(38,0) NOT NULL, \"b c\" VARCHAR)"),
        ("ARRAY", "ARRAY"),
        ("ARRAY(INT NOT NULL)", "ARRAY(NUMBER(38,0) NOT NULL)"),
        ("MAP(VARCHAR, ARRAY(FLOAT))", "MAP(VARCHAR, ARRAY(FLOAT))"),
        ("GEOGRAPHY", "GEOGRAPHY"),
        ("GEOMETRY", "GEOMETRY"),
        ("vector(float,768)", "VECTOR(FLOAT, 768)"),
        ("VECTOR(INT, 4096)", "VECTOR(INT, 4096)"),
        ("FILE", "FILE"),
        ("UUID", "UUID"),
    ] {
        assert_eq!(parse(text).to_string(), canonical, "{text}");
        assert_eq!(parse(canonical), parse(text), "{canonical} is read back");
    }
}

#[test]
fn what_is_no_type_is_refused_with_what_to_write() {
    for (text, says) in [
        ("", "must not be empty"),
        ("VARCHR(5)", "did you mean VARCHAR"),
        ("INTERGER", "did you mean INTEGER"),
        ("TIMESTAMP_NZT", "TIMESTAMP_NTZ"),
        ("MONEY", "Snowflake has no data type MONEY"),
        ("INT(5)", "INT takes no length or precision: write NUMBER(p,0)"),
        ("FLOAT(24)", "FLOAT takes no length or precision"),
        ("NUMBER(39,0)", "the precision of NUMBER is 1 to 38, not 39"),
        ("NUMBER(5,6)", "the scale of NUMBER is 0 to 5, not 6"),
        ("NUMBER(5,-1)", "expected a number in the data type, found -"),
        ("VARCHAR(0)", "the length of VARCHAR is 1 to 134217728, not 0"),
        ("VARCHAR(99999999999999999999)", "not 99999999999999999999"),
        ("VARCHAR(5", "expected ) in the data type, found the end"),
        ("TIME(10)", "the digits of a second of TIME is 0 to 9, not 10"),
        ("VECTOR(FLOAT)", "expected , in the data type, found )"),
        ("VECTOR(TEXT, 3)", "expected INT or FLOAT"),
        ("VECTOR(INT, 4097)", "the dimension of VECTOR is 1 to 4096"),
        ("MAP(VARCHAR)", "expected ,"),
        ("VARCHAR; DROP TABLE t", "expected the end in the data type, found ;"),
        ("VARCHAR NOT NULL", "expected the end in the data type, found NOT"),
        ("VARCHAR COLLATE 'de'", "found COLLATE"),
        ("OBJECT(\"a", "expected a closing \""),
        ("(", "expected a data type"),
        ("ä", "expected a data type"),
    ] {
        let error = DataType::parse(text).expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    let deep = format!("{}INT{}", "ARRAY(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(DataType::parse(&deep).unwrap_err().to_string(), "types are nested too deeply");
}

#[test]
fn show_columns_describes_the_same_types() {
    for (cell, canonical) in [
        (r#"{"type":"FIXED","precision":10,"scale":2,"nullable":true}"#, "NUMBER(10,2)"),
        (r#"{"type":"REAL","nullable":true}"#, "FLOAT"),
        (r#"{"type":"TEXT","length":9,"byteLength":36,"nullable":true,"fixed":false}"#, "VARCHAR(9)"),
        (r#"{"type":"BINARY","length":20,"byteLength":20,"nullable":true,"fixed":true}"#, "BINARY(20)"),
        (r#"{"type":"BOOLEAN","nullable":true}"#, "BOOLEAN"),
        (r#"{"type":"TIME","precision":0,"scale":3,"nullable":true}"#, "TIME(3)"),
        (r#"{"type":"TIMESTAMP_NTZ","precision":0,"scale":9,"nullable":true}"#, "TIMESTAMP_NTZ(9)"),
        (r#"{"type":"TIMESTAMP_TZ","precision":0,"scale":6,"nullable":true}"#, "TIMESTAMP_TZ(6)"),
        (r#"{"type":"VARIANT","nullable":true}"#, "VARIANT"),
        (r#"{"type":"OBJECT","nullable":true}"#, "OBJECT"),
        (
            r#"{"type":"OBJECT","nullable":true,"fields":[{"fieldName":"a","fieldType":{"type":"REAL","nullable":false}}]}"#,
            "OBJECT(a FLOAT NOT NULL)",
        ),
        (
            r#"{"type":"ARRAY","nullable":true,"elementType":{"type":"FIXED","precision":38,"scale":0,"nullable":true}}"#,
            "ARRAY(NUMBER(38,0))",
        ),
        (
            r#"{"type":"MAP","nullable":true,"keyType":{"type":"TEXT","length":5,"nullable":false},"valueType":{"type":"DATE","nullable":true}}"#,
            "MAP(VARCHAR(5), DATE)",
        ),
        (r#"{"type":"GEOGRAPHY","outputType":"OBJECT","nullable":true}"#, "GEOGRAPHY"),
        (
            r#"{"type":"VECTOR","nullable":true,"vectorElementType":{"type":"REAL","nullable":false},"dimension":3}"#,
            "VECTOR(FLOAT, 3)",
        ),
        (
            r#"{"type":"VECTOR","nullable":true,"vectorElementType":{"type":"FIXED","precision":38,"scale":0,"nullable":false},"dimension":2}"#,
            "VECTOR(INT, 2)",
        ),
    ] {
        let shown = DataType::parse_json(cell).unwrap_or_else(|error| panic!("{cell}: {error}"));
        assert_eq!(shown.data_type.to_string(), canonical);
        assert!(shown.nullable);
    }
    let shown =
        DataType::parse_json(r#"{"type":"TEXT","length":5,"nullable":false,"collation":"de"}"#).unwrap();
    assert_eq!((shown.nullable, shown.collation.as_deref()), (false, Some("de")));
    for cell in
        ["", "FIXED", r#"{"type":"NEW"}"#, r#"{"type":"MAP","nullable":true}"#, r#"{"type":"VECTOR"}"#]
    {
        assert!(DataType::parse_json(cell).is_err(), "{cell}");
    }
}

#[test]
fn a_length_that_is_left_out_matches_every_default_and_nothing_else() {
    for (a, b, same) in [
        ("VARCHAR", "VARCHAR(16777216)", true),
        ("STRING", "VARCHAR(134217728)", true),
        ("VARCHAR", "VARCHAR(64)", false),
        ("VARCHAR(16777216)", "VARCHAR(134217728)", false),
        ("BINARY", "BINARY(8388608)", true),
        ("BINARY", "BINARY(67108864)", true),
        ("BINARY", "BINARY(5)", false),
        ("ARRAY(TEXT)", "ARRAY(VARCHAR(16777216))", true),
        ("ARRAY(TEXT)", "ARRAY(VARCHAR(16777216) NOT NULL)", false),
        ("ARRAY", "ARRAY(VARCHAR)", false),
        ("OBJECT(a TEXT)", "OBJECT(a VARCHAR(134217728))", true),
        ("OBJECT(a TEXT)", "OBJECT(b TEXT)", false),
        ("MAP(TEXT, INT)", "MAP(VARCHAR(16777216), NUMBER(38,0))", true),
        ("INT", "NUMBER(38,0)", true),
        ("NUMBER(38,0)", "FLOAT", false),
    ] {
        assert_eq!(parse(a).same_as(&parse(b)), same, "{a} {b}");
        assert_eq!(parse(b).same_as(&parse(a)), same, "{b} {a}");
    }
}

#[test]
fn alter_table_widens_and_does_not_do_everything() {
    use TypeChange::{Narrows, Other, Same, Widens};
    for (from, to, change) in [
        ("VARCHAR(16777216)", "STRING", Same),
        ("VARCHAR(134217728)", "STRING", Same),
        ("VARCHAR(64)", "VARCHAR(65)", Widens),
        ("VARCHAR(64)", "STRING", Widens),
        ("VARCHAR(64)", "VARCHAR(63)", Other),
        ("VARCHAR(20000000)", "STRING", Other),
        ("NUMBER(10,2)", "NUMBER(20,2)", Widens),
        ("NUMBER(20,2)", "NUMBER(10,2)", Narrows),
        ("NUMBER(10,2)", "NUMBER(12,4)", Other),
        ("BINARY(5)", "BINARY(6)", Other),
        ("TIMESTAMP_NTZ(3)", "TIMESTAMP_NTZ(9)", Other),
        ("NUMBER(38,0)", "VARCHAR", Other),
        ("VECTOR(FLOAT, 3)", "VECTOR(FLOAT, 4)", Other),
    ] {
        assert_eq!(parse(from).change_to(&parse(to)), change, "{from} → {to}");
    }
}

#[test]
fn lists_of_arguments_have_no_sizes() {
    for (text, short) in [
        ("VARCHAR(64)", "VARCHAR"),
        ("INT", "NUMBER"),
        ("TIMESTAMP(3)", "TIMESTAMP_NTZ"),
        ("ARRAY(VARCHAR(5) NOT NULL)", "ARRAY(VARCHAR NOT NULL)"),
        ("OBJECT(a INT)", "OBJECT(a NUMBER)"),
        ("VECTOR(INT, 5)", "VECTOR(INT, 5)"),
    ] {
        assert_eq!(parse(text).short(), short);
    }
}

fn any_type() -> impl Strategy<Value = String> {
    let flat = prop_oneof![
        (1..=38_u8, 0..38_u8).prop_map(|(p, s)| format!("NUMBER({p},{})", s.min(p))),
        (1..=134_217_728_u32).prop_map(|n| format!("VARCHAR({n})")),
        (1..=4096_u16).prop_map(|n| format!("VECTOR(FLOAT, {n})")),
        (0..=9_u8).prop_map(|n| format!("TIMESTAMP_LTZ({n})")),
        Just("VARIANT".to_owned()),
    ];
    flat.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), any::<bool>())
                .prop_map(|(t, n)| format!("ARRAY({t}{})", if n { "" } else { " NOT NULL" })),
            inner.clone().prop_map(|t| format!("MAP(VARCHAR, {t})")),
            (inner, "[ -~]{1,8}")
                .prop_map(|(t, name)| format!("OBJECT(\"{}\" {t})", name.replace('"', "\"\""))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(text in any_type()) {
        let read = parse(&text);
        prop_assert_eq!(parse(&read.to_string()), read);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
        let _ = (DataType::parse(&text), DataType::parse_json(&text));
    }
}
