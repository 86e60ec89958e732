//! What is shown is read back as the same value, for every canonical type.

use std::fmt::Debug;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    canonical::Canonical,
    duration::Span,
    ident::Ident,
    literal::tokens::hostile,
    monitor::{Credits, Frequency, Moment, TriggerAction, Triggers, Users},
    warehouse::{AutoSuspend, Generation, ResourceConstraint, ScalingPolicy, WarehouseSize, WarehouseType},
};

fn same<T: Canonical + Debug>(value: &T) {
    let shown = value.to_string();
    assert_eq!(T::read(Some(&shown)).as_ref(), Some(value), "{shown:?}");
}

#[test]
fn keywords_are_read_as_they_are_shown() {
    WarehouseType::ALL.iter().for_each(same);
    WarehouseSize::ALL.iter().for_each(same);
    Generation::ALL.iter().for_each(same);
    ResourceConstraint::ALL.iter().for_each(same);
    ScalingPolicy::ALL.iter().for_each(same);
    Frequency::ALL.iter().for_each(same);
    TriggerAction::ALL.iter().for_each(same);
    [true, false].iter().for_each(same);
    for value in [AutoSuspend::Never, AutoSuspend::After(1), AutoSuspend::After(i32::MAX)] {
        let cell = if value == AutoSuspend::Never { None } else { Some(value.to_string()) };
        assert_eq!(AutoSuspend::read(cell.as_deref()), Some(value));
    }
}

#[test]
fn snowflakes_spellings_are_read() {
    use WarehouseSize::{Large, X2Large, X3Large, X4Large, X5Large, X6Large, XLarge, XSmall};
    for (text, size) in [
        ("X-Small", XSmall),
        ("Large", Large),
        ("X-Large", XLarge),
        ("2X-Large", X2Large),
        ("X2LARGE", X2Large),
        ("xxlarge", X2Large),
        ("3X-Large", X3Large),
        ("X3LARGE", X3Large),
        ("4X-Large", X4Large),
        ("5X-Large", X5Large),
        ("6X-Large", X6Large),
    ] {
        assert_eq!(WarehouseSize::read(Some(text)), Some(size), "{text}");
    }
    assert_eq!(WarehouseSize::read(Some("7X-Large")), None);
    assert_eq!(ResourceConstraint::read(Some("MEMORY_16X_X86")), Some(ResourceConstraint::Memory16XX86));
    assert_eq!(WarehouseType::read(Some("SNOWPARK-OPTIMIZED")), Some(WarehouseType::SnowparkOptimized));
    for never in [None, Some("0"), Some(""), Some("null")] {
        assert_eq!(AutoSuspend::read(never), Some(AutoSuspend::Never));
    }
    assert_eq!(AutoSuspend::read(Some("-1")), None);
    assert_eq!(Credits::read(Some("100.00")), Some(Credits(100)));
    assert_eq!(Credits::read(Some("100.50")), None, "not a whole number: it must not pass for one");
    let users =
        |text| Users::read(Some(text)).unwrap().0.iter().map(|u| u.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(users("B, A"), ["A", "B"]);
    assert_eq!(users("\"b, c\",A"), ["A", "b, c"]);
    assert_eq!(users(""), Vec::<String>::new());
    let triggers = Triggers::from_columns(Some("50%,75%"), Some("90%"), Some("null")).unwrap();
    assert_eq!(triggers.sql(), "ON 50 PERCENT DO NOTIFY ON 75 PERCENT DO NOTIFY ON 90 PERCENT DO SUSPEND");
    assert_eq!(Triggers::from_columns(Some("half"), None, None), None);
}

#[test]
fn moments_are_read_in_every_form_and_written_with_an_offset() {
    let noon = "2099-01-31T12:00:00Z".parse::<Timestamp>().unwrap();
    for text in [
        "2099-01-31 12:00",
        "2099-01-31 12:00:00",
        "2099-01-31T12:00:00Z",
        "2099-01-31T14:00:00+02:00",
        "2099-01-31 04:00:00.000 -0800",
        "4073544000.000000000",
    ] {
        assert_eq!(Moment::parse(text), Some(Moment(noon)), "{text}");
    }
    assert_eq!(Moment(noon).sql(), "'2099-01-31T12:00:00+00:00'");
    assert_eq!(Moment(noon).to_string(), "2099-01-31 12:00");
    assert_eq!(Moment::parse("2099-01-31").unwrap().to_string(), "2099-01-31 00:00");
    for text in ["", "tomorrow", "2099-02-30", "12:00", "IMMEDIATELY"] {
        assert_eq!(Moment::parse(text), None, "{text}");
    }
}

#[test]
fn spans() {
    for (text, seconds) in [("90s", 90), ("10m", 600), ("1h", 3600), ("0s", 0)] {
        assert_eq!(Span::parse(text).unwrap().0.as_secs(), seconds);
    }
    for text in ["", "s", "1d", "-1s", "1.5h", "99999999999s", "é"] {
        assert_eq!(Span::parse(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn numbers_moments_and_spans_are_read_as_they_are_shown(
        n in any::<i64>(), m in any::<i32>(), after in 1..i32::MAX, minutes in 0..200_000_000_i64, seconds in 0..9_000_000_u64,
    ) {
        same(&n);
        same(&m);
        same(&Credits(n));
        same(&AutoSuspend::After(after));
        same(&Moment(Timestamp::from_second(minutes * 60).unwrap()));
        let span = Span(std::time::Duration::from_secs(seconds));
        prop_assert_eq!(Span::parse(&span.to_string()), Some(span));
    }

    #[test]
    fn names_are_read_as_lists_show_them_and_as_specs_spell_them(text in hostile(), other in hostile()) {
        let (Ok(name), Ok(other)) = (Ident::exact(&text), Ident::exact(&other)) else { return Ok(()) };
        prop_assert_eq!(&Ident::shown(&name.to_string()).unwrap(), &name);
        prop_assert_eq!(&Ident::from_spec(&name.to_spec()).unwrap(), &name);
        let users = Users([name.clone(), other.clone()].into());
        let printed = format!("{name}, {other}");
        prop_assert_eq!(Users::read(Some(&printed)), Some(users));
        let path = format!("{name}.{other}");
        prop_assert_eq!(super::path::parse_path(&path).unwrap(), vec![name, other]);
    }

    #[test]
    fn texts_are_kept(text in hostile()) {
        same(&text);
    }
}
