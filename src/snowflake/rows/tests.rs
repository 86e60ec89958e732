use super::*;

fn rows() -> Rows {
    let mut rows = Rows::new(["name", "State", "comment", "name"]);
    rows.push([Some("A"), Some("STARTED"), None, Some("second")]).unwrap();
    rows.push([Some("B"), Some("STARTED"), Some(""), Some("second")]).unwrap();
    rows.push([Some("B"), None, Some("x"), None]).unwrap();
    rows.push([Some("C"), Some("STARTED")]).unwrap();
    rows
}

#[test]
fn cells_are_found_by_name() {
    let rows = rows();
    assert_eq!(rows.len(), 4);
    let first = rows.first().unwrap();
    assert_eq!(first.get("name"), Some(Some("A")), "of two columns with one name the first counts");
    assert_eq!(first.get("state"), Some(Some("STARTED")));
    assert_eq!(first.get("comment"), Some(None));
    assert_eq!(first.get("new_column"), None);
    assert_eq!(first.text("comment"), None);
    assert_eq!(rows.row(1).unwrap().get("comment"), Some(Some("")));
    let states: Vec<_> = rows.iter().map(|row| row.text("state")).collect();
    assert_eq!(states, [Some("STARTED"), Some("STARTED"), None, Some("STARTED")]);
    let names: Vec<_> = rows.iter().map(|row| row.text("name").unwrap()).collect();
    assert_eq!(names, ["A", "B", "B", "C"]);
    assert_eq!(rows.row(3).unwrap().get("comment"), Some(None), "a short row is filled with NULL");
    assert!(rows.row(4).is_none());
    assert_eq!(rows.columns().collect::<Vec<_>>(), ["name", "state", "comment", "name"]);
}

#[test]
fn partitions_are_appended() {
    let (mut rows, more) = (rows(), rows());
    rows.append(&more).unwrap();
    assert_eq!(rows.len(), 8);
    assert_eq!(format!("{:?}", rows.row(5)), format!("{:?}", more.row(1)));
}

#[test]
fn no_columns_no_rows() {
    let rows = Rows::default();
    assert!(rows.is_empty() && rows.first().is_none());
    assert_eq!(format!("{rows:?}"), "[]");
}

#[test]
fn an_account_with_many_warehouses_stays_small() {
    let mut rows = Rows::new((0..38).map(|n| format!("column_{n}")));
    for n in 0..9_500 {
        let own = format!("WAREHOUSE_{n:05}");
        let created = format!("17548{n:05}.123000000");
        let cells = (0..38).map(|column| match column {
            0 => Some(own.as_str()),
            1 | 2 => Some(created.as_str()),
            3..10 => None,
            _ => Some("X-Small"),
        });
        rows.push(cells).unwrap();
    }
    rows.shrink();
    assert!(rows.memory() < 3 << 20, "{} bytes", rows.memory());
    assert_eq!(rows.row(9_499).unwrap().text("column_0"), Some("WAREHOUSE_09499"));
}
