//! `man/vidveil-scale.7` says what `examples/scale` says: its tables are the program's.

#[path = "../../examples/scale/simulate.rs"]
mod simulate;
#[path = "../../examples/scale/sums.rs"]
mod sums;

use std::fs;

use crate::support::repository;

/// The text between ".Bd -literal" and ".Ed", block after block.
fn tables(page: &str) -> Vec<String> {
    let blocks = page.split(".Bd -literal\n").skip(1).map(|rest| rest.split(".Ed\n").next().unwrap());
    blocks.filter(|block| !block.starts_with("cargo")).map(|block| block.trim_end().to_owned()).collect()
}

#[test]
fn the_tables_of_the_page_are_those_of_the_program() {
    let page = fs::read_to_string(repository("man/vidveil-scale.7")).unwrap();
    let site = sums::Site { mbit: 4.0, days: 30.0 };
    let segments = simulate::segments();
    let said = [sums::tables(&site, &[1, 1000, 1_000_000]), simulate::balance(&segments), simulate::nodes(&segments)]
        .join("\n");
    let mut said: Vec<_> = said.split("\n\n").map(|block| block.trim_end().to_owned()).collect();
    let mut shown = tables(&page);
    // the page has an order of its own
    said.sort();
    shown.sort();
    assert_eq!(shown, said, "put the tables of `cargo run --release --example scale` into the page");
    assert!(said.len() >= 8, "{said:?}");
}

#[test]
fn numbers_are_written_as_people_read_them() {
    assert_eq!(
        [sums::unit(43.2e9, "B"), sums::unit(4e6, "bit/s"), sums::unit(999.7, "B")],
        ["43.2 GB", "4 Mbit/s", "1 kB"]
    );
    assert_eq!([sums::count(54_150.0), sums::count(999.0), sums::count(5.256e10)], ["54,150", "999", "5.3e10"]);
    assert_eq!([sums::time(0.06), sums::time(5400.0), sums::time(96_000.0)], ["0.06 s", "1.5 h", "26.7 h"]);
}
