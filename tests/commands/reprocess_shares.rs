//! Shares of `reprocess`: they cover the items, are balanced, and stay what they were.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use vidveil::batch::{array_spec, shares};

use crate::support::yard::*;

proptest! {
    #[test]
    fn every_item_has_one_share_and_no_share_is_overloaded(
        sizes in prop::collection::vec(0u64..1 << 40, 0..200),
        count in 1u32..40,
    ) {
        let given = shares(&sizes, count);
        prop_assert_eq!(given.len(), sizes.len());
        prop_assert!(given.iter().all(|s| *s < count));
        prop_assert_eq!(&given, &shares(&sizes, count));
        let mut loads = vec![0u64; count as usize];
        given.iter().zip(&sizes).for_each(|(s, b)| loads[*s as usize] += b + 1);
        // whoever got an item had least, so nobody is more than the largest item above the mean
        let mean = loads.iter().sum::<u64>() / u64::from(count);
        let largest = sizes.iter().max().map_or(0, |b| b + 1);
        prop_assert!(loads.iter().all(|l| *l <= mean + largest + 1), "{:?}", loads);
    }

    #[test]
    fn an_array_spec_names_each_task_once(tasks in prop::collection::btree_set(0u32..300, 0..60)) {
        let all: Vec<u32> = tasks.iter().rev().chain(&tasks).copied().collect();
        let mut named = Vec::new();
        for part in array_spec(&all).split(',').filter(|p| !p.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            named.extend(first.parse::<u32>().unwrap()..=last.parse().unwrap());
        }
        prop_assert_eq!(named, tasks.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn as_sbatch_takes_them() {
    assert_eq!(array_spec(&[9, 3, 7, 8, 3]), "3,7-9");
    assert_eq!(array_spec(&[]), "");
}

fn archive() -> Yard {
    let yard = Yard::new();
    fs::create_dir(yard.path("in")).unwrap();
    for i in 0..10 {
        yard.write(&format!("in/{i}.vv"), "x".repeat(100 * (i + 1)).as_bytes());
    }
    yard
}

/// A task of a Slurm array 1-4, or of one where some are submitted again.
fn task(yard: &Yard, id: u32, submitted: &[u32], command: &str) -> std::process::Output {
    let mut run = yard.command("reprocess", &["-q", "--shard", "auto", "--do", command, "in", "out"]);
    run.env("SLURM_ARRAY_TASK_ID", id.to_string())
        .env("SLURM_ARRAY_TASK_COUNT", submitted.len().to_string())
        .env("SLURM_ARRAY_TASK_MIN", submitted.iter().min().unwrap().to_string())
        .env("SLURM_ARRAY_TASK_MAX", submitted.iter().max().unwrap().to_string())
        .env("SLURM_ARRAY_TASK_STEP", "1");
    run.output().unwrap()
}

fn spec(yard: &Yard) -> String {
    yard.done("reprocess status --array-spec out")
}

#[test]
fn tasks_that_are_submitted_again_do_their_own_share() {
    let yard = archive();
    let command = r#"cat; echo "$VIDVEIL_ITEM" >> seen; test ! -e broken"#;
    assert_status(&task(&yard, 1, &[1, 2, 3, 4], command), 0);
    yard.write("broken", b"");
    assert_status(&task(&yard, 3, &[1, 2, 3, 4], command), 1);
    fs::remove_file(yard.path("broken")).unwrap();
    // an item that came since the plan was made is nobody's yet
    yard.write("in/new.vv", b"new");
    assert_status(&task(&yard, 4, &[1, 2, 3, 4], command), 0);
    assert_eq!(spec(&yard), "2-3\n");
    assert_status(&yard.command("reprocess", &["status", "out"]).output().unwrap(), 1);
    fs::remove_file(yard.path("seen")).unwrap();
    // count, lowest and highest are others now: the plan knows better
    assert_status(&task(&yard, 3, &[2, 3], command), 0);
    assert_eq!(spec(&yard), "2\n");
    assert_status(&task(&yard, 2, &[2], command), 0);
    assert_eq!(spec(&yard), "");
    assert_status(&yard.command("reprocess", &["status", "out"]).output().unwrap(), 0);
    let done: BTreeSet<String> =
        fs::read_dir(yard.path("out")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(done.len(), 11, "ten outputs and the state: {done:?}");
    let again = yard.text("seen");
    assert_eq!(again.lines().count(), again.lines().collect::<BTreeSet<_>>().len());
    // the next submission plans what came since
    for id in 1..=4 {
        assert_status(&task(&yard, id, &[1, 2, 3, 4], command), 0);
    }
    assert_eq!(yard.text("out/new.vv"), "new");
}

#[test]
fn a_share_that_cannot_be_known_is_refused() {
    let yard = archive();
    let gaps = task(&yard, 7, &[3, 7], "cat");
    assert_status(&gaps, 2);
    assert!(stderr(&gaps).contains("give --shards N"), "{}", told(&gaps));
    assert_status(&task(&yard, 1, &[1, 2, 3, 4], "cat"), 0);
    let other = yard.command("reprocess", &["--shard", "0/3", "--do", "cat", "in", "out"]).output().unwrap();
    assert_status(&other, 2);
    assert!(stderr(&other).contains("the plan has 4 shares, and 3 are asked for"), "{}", told(&other));
    assert_status(&task(&yard, 5, &[1, 2, 3, 4, 5], "cat"), 2);
}

#[test]
fn an_indexed_job_finds_its_share_in_its_own_variables() {
    let yard = archive();
    for index in 0..3 {
        let mut run = yard.command("reprocess", &["-q", "--shard", "auto", "--do", "cat", "in", "out"]);
        run.env("JOB_COMPLETION_INDEX", index.to_string()).env("JOB_COMPLETIONS", "3");
        assert_status(&run.output().unwrap(), 0);
    }
    let status = yard.done("reprocess status --json out");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!((&status["done"], &status["shards"], &status["array_spec"]), (&10.into(), &3.into(), &"".into()));
}
