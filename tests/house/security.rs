//! vidveil-security(7): every claim has a test, and every test that it names exists.

use std::fs;

use crate::support::repository;

/// A line of the page that names a test.
const NAMES_A_TEST: &str = ".Dl ";

#[test]
fn every_test_that_the_page_on_security_names_exists() {
    let page = fs::read_to_string(repository("man/vidveil-security.7")).unwrap();
    let named: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(NAMES_A_TEST)).collect();
    assert!(named.len() > 20, "{named:?}");
    named.iter().for_each(|name| assert_exists(name));
}

/// That there is a test of this name: `PROGRAM MODULE::TEST`.
#[track_caller]
pub fn assert_exists(name: &str) {
    let parts = name.split_once(' ').and_then(|(program, path)| Some((program, path.split_once("::")?)));
    let (program, (module, test)) = parts.unwrap_or_else(|| panic!("{name:?} is no test"));
    let file = repository("tests").join(program).join(format!("{module}.rs"));
    let source = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{name}: {}: {e}", file.display()));
    let found = source.match_indices(&format!("fn {test}(")).any(|(at, _)| {
        let before: Vec<&str> = source[..at].lines().rev().take_while(|line| !line.is_empty()).collect();
        before.iter().any(|line| line.trim() == "#[test]")
    });
    assert!(found, "{name}: there is no such test in {}", file.display());
}

#[test]
fn every_attacker_on_the_page_has_a_test() {
    let page = fs::read_to_string(repository("man/vidveil-security.7")).unwrap();
    let attackers = page.split("\n.Ss ").skip(1);
    for section in attackers {
        let title = section.lines().next().unwrap_or_default();
        assert!(section.contains(&format!("\n{NAMES_A_TEST}")), "nothing shows what is claimed of: {title}");
    }
}
