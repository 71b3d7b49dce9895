//! `reprocess` on a Slurm cluster of two nodes, by scripts/cluster/reprocess.sbatch, when one of them loses its power.

use std::collections::BTreeMap;
use std::fs;

use crate::support::slurm::Cluster;

const ITEMS: usize = 12;
const TASKS: usize = 4;

/// A folder `archive` with sealed streams, and the command of every item: it writes down that it begins, the second one
/// of each task waits until there is a file `go`, and then it opens its item.
fn archive(cluster: &mut Cluster) {
    cluster.sh(&format!(
        "enroll-cert -q --generate --name desk --key desk.key -o desk.pem
         ffmpeg -v error -nostdin -f lavfi -i testsrc2=size=64x48:rate=10:duration=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p clip.mp4
         mkdir archive
         for i in $(seq {ITEMS}); do capture -q --camera c$i clip.mp4 | encrypt-stream -q -r desk.pem -o archive/$i.vv; done"
    ));
    let command = "#!/bin/bash
        cd \"$(dirname \"$0\")\"
        echo \"$VIDVEIL_ITEM $SLURM_ARRAY_TASK_ID $SLURMD_NODENAME\" >> begun
        if [ \"$(grep -c \" $SLURM_ARRAY_TASK_ID \" begun)\" -ge 2 ]; then until [ -e go ]; do sleep 0.02; done; fi
        if [ -e broken-\"$VIDVEIL_ITEM\" ]; then echo 'open: error: broken' >&2; exit 1; fi
        decrypt-stream -q -i desk.key";
    fs::write(cluster.path("open"), command).unwrap();
    cluster.sh("chmod +x open");
}

/// Submits tasks, each with a node of its own; more flags of sbatch.
fn submit(cluster: &mut Cluster, tasks: &str, flags: &str) {
    cluster.sh(&format!(
        "sbatch --array={tasks} --exclusive --cpus-per-task=1 --output=task-%a.log {flags} \"$SBATCH_SCRIPT\" archive open.d --state \"$PWD/state\" --do \"$PWD/open\""
    ));
}

/// Each of both nodes has done an item and is in the middle of another one.
fn in_the_middle(cluster: &mut Cluster) {
    for node in ["n1", "n2"] {
        cluster.wait_until(&format!("[ \"$(grep -c \" {node}$\" begun)\" -eq 2 ]"));
    }
}

/// Tasks that ran on n2.
fn tasks_of(cluster: &Cluster, node: &str) -> Vec<String> {
    let mut tasks: Vec<_> = begun(cluster).into_iter().filter(|b| b[2] == node).map(|b| b[1].clone()).collect();
    tasks.dedup();
    tasks
}

/// Item, task and node, as they began.
fn begun(cluster: &Cluster) -> Vec<[String; 3]> {
    let line = |l: &str| l.split(' ').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    cluster.text("begun").lines().map(line).collect()
}

/// Every item is open, whole and right, and written down as done exactly once.
fn assert_all_done_once(cluster: &mut Cluster) {
    cluster.sh("reprocess status state");
    cluster.sh(&format!(
        "for i in $(seq {ITEMS}); do decrypt-stream -q -i desk.key archive/$i.vv | cmp - open.d/$i.vv; done
         [ \"$(find open.d -type f -name '*.vv' | wc -l)\" -eq {ITEMS} ]"
    ));
    let mut done = BTreeMap::new();
    for entry in fs::read_dir(cluster.path("state")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("manifest-") {
            for line in fs::read_to_string(path).unwrap().lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                if line["state"] == "done" {
                    *done.entry(line["item"].as_str().unwrap().to_owned()).or_insert(0) += 1;
                }
            }
        }
    }
    assert_eq!(done.len(), ITEMS, "{done:?}");
    assert!(done.values().all(|times| *times == 1), "{done:?}");
}

/// How often each item began.
fn times_begun(cluster: &Cluster) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    begun(cluster).into_iter().for_each(|[item, ..]| *times.entry(item).or_insert(0) += 1);
    times
}

#[test]
fn a_task_whose_node_died_goes_on_with_its_share_on_another_one() {
    let Some(mut cluster) = Cluster::start("a_task_whose_node_died_goes_on_with_its_share_on_another_one") else {
        return;
    };
    archive(&mut cluster);
    submit(&mut cluster, &format!("0-{}", TASKS - 1), "");
    in_the_middle(&mut cluster);
    let [task] = tasks_of(&cluster, "n2").try_into().unwrap();
    let held = begun(&cluster).into_iter().rfind(|b| b[2] == "n2").unwrap()[0].clone();
    cluster.kill("n2");
    cluster.sh("touch go");
    cluster.wait_until("[ -z \"$(squeue -h)\" ]");
    // Slurm gave up the node by itself, and queued its task again
    let again: Vec<_> =
        begun(&cluster).into_iter().filter(|b| b[1] == task && b[2] == "n1").map(|b| b[0].clone()).collect();
    assert!(again.contains(&held) && again.len() == ITEMS / TASKS - 1, "{again:?} of task {task}");
    assert_all_done_once(&mut cluster);
    // only what the dead node had in hand began twice
    let twice: Vec<_> = times_begun(&cluster).into_iter().filter(|(_, times)| *times != 1).collect();
    assert_eq!(twice, [(held, 2)]);
}

#[test]
fn what_is_missing_or_failed_is_submitted_again() {
    let Some(mut cluster) = Cluster::start("what_is_missing_or_failed_is_submitted_again") else { return };
    archive(&mut cluster);
    submit(&mut cluster, &format!("0-{}", TASKS - 1), "--no-requeue");
    in_the_middle(&mut cluster);
    let [lost] = tasks_of(&cluster, "n2").try_into().unwrap();
    cluster.kill("n2");
    // Slurm need not find it out by itself, as in the other test
    cluster.sh("scontrol update nodename=n2 state=down reason=power");
    // the other node does the rest; an item of its first task fails
    let [task] = tasks_of(&cluster, "n1").try_into().unwrap();
    let fails = begun(&cluster).into_iter().rfind(|b| b[2] == "n1").unwrap()[0].clone();
    cluster.sh(&format!("touch broken-{fails} go"));
    cluster.wait_until("[ -z \"$(squeue -h)\" ]");

    let (_, status) = cluster.status("reprocess status state");
    assert_eq!(status, "1");
    let (spec, _) = cluster.status("reprocess status state --array-spec 2>/dev/null");
    let mut expected = [lost, task];
    expected.sort();
    let runs = format!("{}-{}", expected[0], expected[1]);
    assert!(spec.trim() == expected.join(",") || spec.trim() == runs, "{spec:?} for {expected:?}");
    cluster.sh(&format!("rm broken-{fails}"));
    submit(&mut cluster, spec.trim(), "--no-requeue");
    cluster.wait_until("[ -z \"$(squeue -h)\" ]");
    assert_all_done_once(&mut cluster);
    let (spec, _) = cluster.status("reprocess status state --array-spec 2>/dev/null");
    assert_eq!(spec.trim(), "", "nothing is left");
}
