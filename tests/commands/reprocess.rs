//! `reprocess`: a command over every item of an archive.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::support::yard::*;

/// A folder `in` with small items: letters in lower case.
fn items(names: &[&str]) -> Yard {
    let yard = Yard::new();
    fs::create_dir(yard.path("in")).unwrap();
    for (i, name) in names.iter().enumerate() {
        let path = yard.path("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("item {i} of the test\n")).unwrap();
    }
    yard
}

/// Every file below a folder of the yard that is not hidden, relative to it.
fn files(yard: &Yard, folder: &str) -> BTreeSet<String> {
    let listed = yard.done(&format!("cd {folder} && find . -name '.?*' -prune -o -type f -print0"));
    listed.split_terminator('\0').map(|n| n.trim_start_matches("./").to_owned()).collect()
}

/// The lines of the manifests about a folder.
fn lines(yard: &Yard, folder: &str) -> Vec<serde_json::Value> {
    let text = yard.done(&format!("cat '{}'/manifest-*", yard.state(folder).display()));
    text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
}

fn with_state(lines: &[serde_json::Value], state: &str) -> Vec<String> {
    let of = |l: &&serde_json::Value| l["state"] == state;
    lines.iter().filter(of).map(|l| l["item"].as_str().unwrap().to_owned()).collect()
}

const EVIL: [&str; 6] =
    ["plain.vv", "a'; touch pwned; '.vv", "$(touch pwned).vv", "two\nlines.vv", "-n.vv", "deep/er/\"quoted\" `x`.vv"];

#[test]
fn every_item_is_done_once_whatever_its_name_is() {
    let yard = items(&EVIL);
    let command = r#"tr a-z A-Z; printf '%s\0' "$VIDVEIL_ITEM" >> seen; test -f "$VIDVEIL_INPUT""#;
    let run = || yard.command("reprocess", &["--do", command, "in", "out"]).output().unwrap();
    let output = run();
    assert_status(&output, 0);
    assert!(stderr(&output).starts_with("reprocess: 6 items done, "), "{}", told(&output));
    let names: BTreeSet<String> = EVIL.map(str::to_owned).into();
    assert_eq!(files(&yard, "out"), names);
    let seen: BTreeSet<String> = yard.text("seen").split_terminator('\0').map(str::to_owned).collect();
    assert_eq!(seen, names);
    assert_eq!(fs::read(yard.path("out").join(EVIL[3])).unwrap(), b"ITEM 3 OF THE TEST\n");
    assert!(!yard.exists("pwned") && !yard.path("in/pwned").exists());
    // what is not an output is in the state folder, and nothing is left there
    assert_eq!(yard.done(&format!("ls -A out/.reprocess/drafts; ls -A '{}/locks'", yard.state("out").display())), "");

    let size = yard.size("seen");
    assert!(stderr(&run()).contains("0 items done, 0 B"), "again");
    assert_eq!(yard.size("seen"), size, "a second run has nothing to do");
}

#[test]
fn an_input_that_changed_an_output_that_is_gone_and_another_command_are_done_again() {
    let yard = items(&["a.vv", "b.vv", "c.vv"]);
    let run = |flags: &[&str], command: &str| {
        let output = yard.command("reprocess", &[&["--do", command], flags, &["in", "out"]].concat()).output().unwrap();
        assert_status(&output, 0);
        let text = stderr(&output);
        text.split_once("reprocess: ").unwrap().1.split(' ').next().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(run(&[], "cat"), 3);
    yard.write("in/a.vv", b"other bytes");
    assert_eq!(run(&[], "cat"), 1);
    assert_eq!(yard.bytes("out/a.vv"), b"other bytes");
    // the same bytes at another time: the hash shows it
    yard.done("touch -d 2001-01-01 in/b.vv");
    assert_eq!(run(&[], "cat"), 0);
    fs::remove_file(yard.path("out/c.vv")).unwrap();
    assert_eq!(run(&[], "cat"), 1);
    assert_eq!(run(&[], "cat; true"), 3);
    assert_eq!(run(&["--again-after", "0"], "cat"), 3);
    assert_eq!(run(&["--again-after", "1h"], "cat"), 0);
    // other bytes of the same length at the same time, which nobody can set back for the inode
    yard.done("t=$(stat -c %y in/a.vv); printf 'OTHER BYTES' > in/a.vv; touch -d \"$t\" in/a.vv");
    assert_eq!(run(&[], "cat"), 1);
    assert_eq!(run(&["--check-input"], "cat"), 0);
    assert_eq!(yard.bytes("out/a.vv"), b"OTHER BYTES");
}

#[test]
fn failed_is_1_damaged_is_3_and_both_are_listed() {
    let yard = items(&["a.vv", "b.vv", "c.vv", "d.vv"]);
    let command = r#"cat; case "$VIDVEIL_ITEM" in b.vv) echo "the disk burns" >&2; exit 1;; c.vv) exit 3;; esac"#;
    let output = yard.command("reprocess", &["-k", "--do", command, "in", "out"]).output().unwrap();
    assert_status(&output, 1);
    let text = stderr(&output);
    for told in [
        "warning: failed: \"b.vv\": the disk burns\n",
        "warning: damaged: \"c.vv\": the command ended with exit status 3\n",
        "2 items done",
        "1 failed, 1 damaged",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    assert_eq!(files(&yard, "out"), ["a.vv", "d.vv"].map(str::to_owned).into());
    let status = yard.command("reprocess", &["status", "out"]).output().unwrap();
    assert_status(&status, 1);
    assert!(told(&status).contains("2 of 4 items done"), "{}", told(&status));

    let damaged = r#"cat; case "$VIDVEIL_ITEM" in c.vv) exit 3;; esac"#;
    let output = yard.command("reprocess", &["-k", "-q", "--do", damaged, "in", "whole"]).output().unwrap();
    assert_status(&output, 3);
    assert!(!yard.exists("whole/c.vv"));
    assert_status(&yard.command("reprocess", &["status", "whole"]).output().unwrap(), 3);
    // what was salvaged is kept only when that is wanted, and it is still told
    let output =
        yard.command("reprocess", &["-kq", "--keep-damaged", "--do", damaged, "in", "whole"]).output().unwrap();
    assert_status(&output, 3);
    assert!(yard.exists("whole/c.vv"));
}

#[test]
fn without_keep_going_no_item_is_begun_behind_a_failure() {
    let yard = items(&["a.vv", "b.vv", "c.vv"]);
    let output = yard.command("reprocess", &["-j", "1", "--do", "cat; exit 1", "in", "out"]).output().unwrap();
    assert_status(&output, 1);
    assert!(stderr(&output).contains("1 failed, 2 left"), "{}", told(&output));
}

#[test]
fn a_failure_in_the_middle_of_a_pipeline_and_an_empty_output_are_no_success() {
    let yard = items(&["a.vv"]);
    assert_status(&yard.command("reprocess", &["--do", "false | cat; true", "in", "out"]).output().unwrap(), 1);
    assert_status(&yard.command("reprocess", &["--do", "(cat; exit 3) | cat", "in", "out"]).output().unwrap(), 3);
    let output = yard.command("reprocess", &["--do", "true", "in", "out"]).output().unwrap();
    assert_status(&output, 1);
    assert!(stderr(&output).contains("the command wrote nothing"), "{}", told(&output));
    // where nothing is to come of it, nothing is missing
    assert_status(&yard.command("reprocess", &["--do", "true", "in"]).output().unwrap(), 0);
}

#[test]
fn an_item_that_fails_is_tried_again() {
    let yard = items(&["a.vv"]);
    let command = "cat; echo x >> tries; test $(wc -l < tries) -ge 3";
    assert_status(&yard.command("reprocess", &["--retry", "1", "--do", command, "in", "out"]).output().unwrap(), 1);
    assert_status(&yard.command("reprocess", &["--retry", "1", "--do", command, "in", "out"]).output().unwrap(), 0);
    assert_eq!(yard.text("tries").lines().count(), 3);
    let done = lines(&yard, "out");
    assert_eq!(done.last().unwrap()["attempt"], 1);
}

#[test]
fn two_runs_at_once_do_no_item_twice() {
    let names: Vec<String> = (0..12).map(|i| format!("{i}.vv")).collect();
    let yard = items(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let run = "reprocess -q -j 2 --do 'cat; sleep 0.05; echo \"$VIDVEIL_ITEM\" >> seen' in out";
    let both = yard.sh(&format!("{run} & one=$!; {run}; wait $one"));
    assert_status(&both, 0);
    let text = yard.text("seen");
    let mut seen: Vec<&str> = text.lines().collect();
    seen.sort_unstable();
    assert_eq!(seen.len(), 12, "{seen:?}");
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 12);
}

#[test]
fn a_torn_line_of_the_manifest_costs_its_item_and_no_other() {
    let yard = items(&["a.vv", "b.vv"]);
    let run = "reprocess --do cat in out 2>&1 | sed 's/,.*//'";
    assert_eq!(yard.done(run), "reprocess: 2 items done\n");
    yard.done(&format!("truncate -s -20 '{}'/manifest-0-of-1.jsonl", yard.state("out").display()));
    assert_eq!(yard.done(run), "reprocess: 1 item done\n");
    assert_eq!(yard.done(run), "reprocess: 0 items done\n");
    assert_eq!(with_state(&lines(&yard, "out"), "done").len(), 2);
}

#[test]
fn a_dry_run_tells_and_makes_nothing_and_its_plan_can_be_run() {
    let yard = items(&["a.vv", "b.vv"]);
    let shown = yard.done("reprocess --dry-run --do cat in out");
    assert!(shown.contains("2 items, 38 B; time not known"), "{shown}");
    assert!(!yard.exists("out"));
    yard.done("reprocess --dry-run --json --do cat in out > plan.jsonl; cp in/a.vv in/later.vv");
    yard.done("reprocess -q --plan plan.jsonl");
    assert_eq!(files(&yard, "out"), ["a.vv", "b.vv"].map(str::to_owned).into());
    let shown = yard.done("reprocess --dry-run --do cat in out");
    assert!(shown.contains("later.vv\n1 item, 19 B, 2 done before; about "), "{shown}");
    // a plan that is not all there, or leads elsewhere, is none
    yard.done("head -n 2 plan.jsonl > half.jsonl; sed 's/a.vv/..\\/plan.jsonl/' plan.jsonl > out.jsonl");
    for plan in ["half.jsonl", "out.jsonl", "in/a.vv"] {
        assert_status(&yard.command("reprocess", &["--plan", plan]).output().unwrap(), 1);
    }
}

#[test]
fn the_first_signal_ends_the_run_with_nothing_half_done() {
    let yard = items(&["a.vv", "b.vv", "c.vv"]);
    let run = yard.command("reprocess", &["-j", "2", "--do", "cat; touch begun; sleep 600; true", "in", "out"]).spawn();
    let run = Group(run.unwrap());
    until("a job runs", || yard.exists("begun"));
    kill(run.0.id(), Signal::INT);
    let output = run.output();
    assert_status(&output, 130);
    assert_eq!(files(&yard, "out"), BTreeSet::new());
    assert_eq!(yard.done("ls -A out/.reprocess/drafts"), "");
    let written = format!("cat '{}'/manifest* 2>/dev/null || true", yard.state("out").display());
    assert!(!yard.done(&written).contains("done"));
}

#[test]
fn jobs_die_with_a_run_that_is_killed() {
    let yard = items(&["a.vv"]);
    let run = yard.command("reprocess", &["--do", "cat; echo $$ > pid; sleep 600; true", "in", "out"]).spawn();
    let mut run = Group(run.unwrap());
    until("the job runs", || yard.size("pid") > 1);
    run.0.kill().unwrap();
    run.0.wait().unwrap();
    let job = yard.text("pid").trim().to_owned();
    until("the job is gone", || !std::path::Path::new(&format!("/proc/{job}")).exists());
    assert_status(&yard.command("reprocess", &["--do", "cat", "in", "out"]).output().unwrap(), 0);
}

#[test]
fn in_place_the_output_takes_the_place_of_the_input_with_its_mode() {
    let yard = items(&["a.vv", "b.vv"]);
    fs::set_permissions(yard.path("in/a.vv"), fs::Permissions::from_mode(0o640)).unwrap();
    let run = || yard.command("reprocess", &["-q", "--in-place", "--do", "cat; echo more", "in"]).output().unwrap();
    assert_status(&run(), 0);
    assert_status(&run(), 0);
    assert_eq!(yard.text("in/a.vv"), "item 0 of the test\nmore\n", "once, although it was run twice");
    assert_eq!(fs::metadata(yard.path("in/a.vv")).unwrap().permissions().mode() & 0o777, 0o640);
    let failing = yard.command("reprocess", &["-k", "--in-place", "--do", "echo half; exit 1", "in"]).output().unwrap();
    assert_status(&failing, 1);
    assert_eq!(yard.text("in/b.vv"), "item 1 of the test\nmore\n");
}

#[test]
fn usage_is_explained() {
    let yard = items(&["a.vv"]);
    for (arguments, status, said) in [
        (&["in"][..], 2, "nothing to do: no --do"),
        (&["--do", "cat"], 2, "no SRC"),
        (&["--do", " ", "in"], 2, "the command of --do is empty"),
        (&["--do", "cat", "in", "in"], 2, "SRC and DST are the same folder"),
        (&["--do", "cat", "nowhere", "out"], 1, "cannot read \"nowhere\""),
        (&["--do", "cat", "--shard", "auto", "in", "out"], 2, "neither SLURM_ARRAY_TASK_ID nor"),
        (&["--do", "cat", "--shard", "4/4", "in", "out"], 2, "with I from 0 to N-1"),
        (&["status", "in"], 1, "there is no run in \"in\""),
    ] {
        let output = yard.command("reprocess", arguments).output().unwrap();
        assert_status(&output, status);
        assert!(stderr(&output).contains(said), "{arguments:?}\n{}", told(&output));
    }
}

#[test]
fn events_are_one_json_object_a_line() {
    let yard = items(&["a.vv", "b.vv"]);
    let text = yard.done("reprocess -q --json --do cat in out");
    let events: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["start", "item", "item", "summary"]);
    assert_eq!((&events[3]["done"], &events[3]["failed"]), (&2.into(), &0.into()));
    assert_eq!(events[1]["output"]["sha256"], events[1]["input"]["sha256"]);
    assert_eq!(events[1]["output"]["sha256"].as_str().unwrap().len(), 64);
}
