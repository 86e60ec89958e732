//! What SHOW leaves out.

use super::super::ObjectKind;
use super::{Session, column};

#[test]
fn show_filters_pages_and_caps() {
    let mut session = Session::enterprise();
    for name in ["WH_A", "WH_B", "WHXC", "\"wh_d\"", "OTHER"] {
        session.ok(&format!("CREATE WAREHOUSE {name}"));
    }
    for (tail, expected) in [
        ("", "OTHER WHXC WH_A WH_B wh_d"),
        ("LIKE 'wh_%'", "WHXC WH_A WH_B wh_d"),
        (r"LIKE 'wh\\_%'", "WH_A WH_B wh_d"),
        ("LIKE '%'", "OTHER WHXC WH_A WH_B wh_d"),
        ("LIKE ''", ""),
        ("STARTS WITH 'WH_'", "WH_A WH_B"),
        ("STARTS WITH 'wh_'", "wh_d"),
        ("LIMIT 2", "OTHER WHXC"),
        ("LIMIT 2 FROM 'WHXC'", "WH_A WH_B"),
        ("LIKE 'wh%' STARTS WITH 'WH' LIMIT 1", "WHXC"),
        ("LIMIT 0", ""),
        ("WITH PRIVILEGES USAGE", "OTHER WHXC WH_A WH_B wh_d"),
    ] {
        let rows = session.ok(&format!("SHOW WAREHOUSES {tail}"));
        assert_eq!(column(&rows, "name").join(" "), expected, "{tail}");
    }
    session.account.set_row_limit(ObjectKind::Warehouse, 3);
    assert_eq!(session.column("SHOW WAREHOUSES", "name"), ["OTHER", "WHXC", "WH_A"]);
    assert!(session.ok("SHOW WAREHOUSES LIKE 'wh_d'").rows.is_empty(), "the cap cuts before the filter");
}
