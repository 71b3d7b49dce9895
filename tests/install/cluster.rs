//! The examples of scripts/cluster that need no cluster to be tried: the Kubernetes Job's command for every index, and
//! the line for GNU parallel.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::repository;
use crate::support::yard::{Yard, assert_status, path_with_commands, told};

const ITEMS: usize = 20;

fn example(name: &str) -> PathBuf {
    repository("scripts/cluster").join(name)
}

/// An archive of small sealed streams, and the key that opens them.
fn site() -> Yard {
    let yard = Yard::new();
    yard.done(&format!(
        "mkdir archive keys
        enroll-cert -q --generate --name server --key keys/server.key -o server.pem
        scene clip.mp4 64x48 1
        for i in $(seq {ITEMS}); do capture -q --camera c$i clip.mp4 | encrypt-stream -q -r server.pem -o archive/$i.vv; done"
    ));
    yard
}

/// A path of an example as one of this folder.
fn here(yard: &Yard, text: &str) -> String {
    let mut text = text.to_owned();
    for mount in ["/archive", "/public", "/keys", "/state"] {
        text = text.replace(mount, yard.path(&mount[1..]).to_str().unwrap());
    }
    text
}

/// The state that the shares have in common: a folder of its own where the example names one.
fn state(yard: &Yard) -> PathBuf {
    if yard.exists("state") { yard.path("state") } else { yard.state("public") }
}

/// By how many shares each item was done.
fn done(yard: &Yard) -> BTreeMap<String, usize> {
    let mut done = BTreeMap::new();
    for entry in fs::read_dir(state(yard)).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("manifest-") {
            let lines = fs::read_to_string(path).unwrap();
            let lines =
                lines.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()).filter(|l| l["state"] == "done");
            lines.for_each(|l| *done.entry(l["item"].as_str().unwrap().to_owned()).or_insert(0) += 1);
        }
    }
    done
}

#[track_caller]
fn assert_all_done_once(yard: &Yard) {
    let expected: BTreeMap<_, _> = (1..=ITEMS).map(|i| (format!("{i}.vv"), 1)).collect();
    assert_eq!(done(yard), expected);
    for name in expected.keys() {
        let output = yard.command("inspect", &["--json", &format!("public/{name}")]).output().unwrap();
        assert_status(&output, 0);
        let facts: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(facts["role"] == "public" && facts["tracks"][0]["frames"] == 10 && facts["whole"] == true, "{facts}");
    }
    assert_status(&yard.command("reprocess", &["status", state(yard).to_str().unwrap()]).output().unwrap(), 0);
}

#[test]
fn every_index_of_the_kubernetes_job_does_its_share() {
    let job = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))";
    // Debian's, for which scripts/setup has Debian's yaml
    let mut python = Command::new("/usr/bin/python3");
    let output =
        python.args(["-c", job]).stdin(fs::File::open(example("reprocess-job.yaml")).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let documents: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [job] = documents.as_array().unwrap().as_slice() else { panic!("{documents}") };
    assert!(job["apiVersion"] == "batch/v1" && job["kind"] == "Job" && job["spec"]["completionMode"] == "Indexed");
    let completions = job["spec"]["completions"].as_u64().unwrap();
    let pod = &job["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let variables: BTreeMap<_, _> = container["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["name"].as_str().unwrap(), v["value"].as_str().unwrap()))
        .collect();
    assert_eq!(variables, [("JOB_COMPLETIONS", completions.to_string().as_str())].into());
    let policy = &job["spec"]["podFailurePolicy"]["rules"][1]["onExitCodes"];
    assert!(policy["containerName"] == container["name"] && pod["restartPolicy"] == "Never");
    // every volume that is mounted is there
    let names = |list: &Value| list.as_array().unwrap().iter().map(|v| v["name"].to_string()).collect::<Vec<_>>();
    assert_eq!(names(&container["volumeMounts"]), names(&pod["volumes"]));

    let yard = site();
    let words = container["command"].as_array().unwrap().iter().map(|w| here(&yard, w.as_str().unwrap()));
    let words: Vec<_> = words.collect();
    let run = |index: u64| {
        let mut command = yard.command(&words[0], &[]);
        command.args(&words[1..]).envs(&variables).env("JOB_COMPLETION_INDEX", index.to_string());
        assert_status(&command.output().unwrap(), 0);
    };
    (0..completions).for_each(run);
    assert_all_done_once(&yard);
    // a second submission finds that all is done
    (0..completions).step_by(5).for_each(run);
    assert_all_done_once(&yard);
}

#[test]
fn the_line_for_gnu_parallel_does_every_share() {
    let page = fs::read_to_string(example("README.md")).unwrap();
    let line = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(line.contains("parallel") && line.contains("--sshlogin node1,node2"), "{line}");
    let yard = site();
    // ":" is this machine, without ssh
    let script = here(&yard, line).replace("--sshlogin node1,node2", "--will-cite --sshlogin :");
    let mut shell = Command::new("bash");
    let output = shell
        .args(["-euc", &script])
        .env("PATH", path_with_commands())
        .env("HOME", yard.path(""))
        .env("XDG_STATE_HOME", yard.path("").join("home"))
        .current_dir(yard.path(""))
        .output()
        .unwrap();
    assert_status(&output, 0);
    assert_all_done_once(&yard);
}
