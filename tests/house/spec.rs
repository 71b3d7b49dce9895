//! The model in spec/ is of this code: same labels, each query with what is expected of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::repository;

/// Files in spec/ with this ending, and what is in them.
fn files(ending: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(repository("spec")).unwrap().map(|e| e.unwrap().path());
    let of_that_ending = entries.filter(|path| path.extension().is_some_and(|e| e == ending));
    of_that_ending.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Everything in quotation marks that begins with "vidveil1 ", up to a zero byte written as an escape.
fn labels(text: &str) -> BTreeSet<String> {
    let quoted = text.match_indices("\"vidveil1 ").map(|(at, _)| &text[at + 1..]);
    quoted.filter_map(|rest| rest.split(['"', '\\']).next()).map(str::to_owned).collect()
}

#[test]
fn the_model_has_the_labels_of_the_code() {
    let model: BTreeSet<String> = files("pvl").iter().flat_map(|(_, text)| labels(text)).collect();
    let code = fs::read_dir(repository("src/seal")).unwrap().map(|e| fs::read_to_string(e.unwrap().path()).unwrap());
    let code: BTreeSet<String> = code.flat_map(|text| labels(&text)).collect();
    assert!(code.len() >= 8, "{code:?}");
    assert_eq!(model, code, "spec/vidveil.pvl and src/seal differ");
}

#[test]
fn every_query_says_what_is_expected() {
    let models = files("pv");
    assert!(models.len() >= 6, "{models:?}");
    let page = fs::read_to_string(repository("spec/README.md")).unwrap();
    for (name, text) in models {
        assert!(page.contains(&format!("**`{name}`**")), "spec/README.md does not say what {name} proves");
        let runs = text.lines().filter_map(|l| l.strip_prefix("(* run ")?.split_once(':')).collect::<Vec<_>>();
        assert!(!runs.is_empty(), "{name}: no run");
        for (_, libraries) in &runs {
            let missing =
                libraries.trim_end_matches("*)").split_whitespace().find(|l| !repository("spec").join(l).exists());
            assert_eq!(missing, None, "{name}");
        }
        let queries: Vec<&str> = text.split("\nquery ").skip(1).collect();
        assert!(!queries.is_empty(), "{name}: no query");
        for query in queries {
            let mark =
                query.split_once("(*").and_then(|(_, rest)| rest.split_once("*)")).map_or("", |(mark, _)| mark.trim());
            let expected = mark.split(';').filter(|part| part.ends_with("true") || part.ends_with("false")).count();
            assert!(expected == 1 || expected == runs.len(), "{name}: what is expected of {query:.60}?");
        }
    }
}
