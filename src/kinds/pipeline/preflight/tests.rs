use super::{
    super::KINDS,
    table::{ENTERPRISE, ROWS, When},
};

/// The privileges that creating an object of a kind takes, but for what it runs on.
fn to_create(kind: &str) -> Vec<String> {
    let rows = ROWS.iter().filter(|row| row.when == When::Creates && row.kinds.contains(&kind));
    rows.map(|row| format!("{} {}", row.privilege.name, row.privilege.on)).collect()
}

#[test]
fn every_kind_has_its_row() {
    for kind in KINDS {
        let (word, own) = (kind.word, format!("CREATE {}", kind.word));
        let expected = match kind.depth {
            1 => vec![format!("{own} ACCOUNT")],
            2 => vec![format!("{own} DATABASE")],
            _ => vec!["USAGE DATABASE".into(), "USAGE SCHEMA".into(), format!("{own} SCHEMA")],
        };
        assert_eq!(to_create(word), expected);
    }
    assert!(ENTERPRISE.iter().all(|word| KINDS.iter().any(|kind| kind.word == *word)));
}
