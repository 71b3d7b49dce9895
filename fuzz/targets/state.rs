//! What a command has written once and reads again: anybody may have changed it meanwhile.

use std::fs;

use vidveil::batch::{FolderState, Manifests, Plan, status, status_verdict};
use vidveil::format::Manifest;
use vidveil::keys::certificates_in;
use vidveil::recipients::RevokedRecord;

use super::folder;

/// The state of a run: the plan, then the manifest, which begins after an empty line. Its status can be told.
pub fn run_state(bytes: &[u8]) {
    let at = bytes.windows(2).position(|two| two == b"\n\n").map_or(bytes.len(), |at| at + 1);
    let (plan, manifest) = bytes.split_at(at);
    if let Ok(plan) = Plan::parse(plan, "plan") {
        let again = Plan::parse(&plan.to_bytes(), "plan").expect("what is written is right");
        assert_eq!(plan, again);
    }
    let state = folder::place("run");
    fs::create_dir_all(state.join("locks")).expect("there is room for temporary files");
    folder::write(&state.join("plan-0123456789abcdef-1.jsonl"), plan);
    folder::write(&state.join("manifest-1-of-1.jsonl"), manifest);
    let mut manifests = Manifests::default();
    let opened = FolderState::open(&state).expect("there is room for temporary files");
    manifests.refresh(&opened).expect("it was just written");
    for line in manifests.lines() {
        assert!(manifests.speed(&line.command).is_none_or(|speed| speed > 0.0), "no time is left, or any");
    }
    if let Ok(runs) = status(&state.to_string_lossy()) {
        let _ = status_verdict(&runs);
        for run in &runs {
            let listed = run.failed.len() + run.damaged.len() + run.missing.len();
            assert_eq!(run.done + listed as u64, run.items);
        }
    }
}

/// The certificates that were found revoked, which are remembered in a file.
pub fn revoked(bytes: &[u8]) {
    let path = folder::file("revoked", bytes);
    let Ok(mut record) = RevokedRecord::open(path.clone()) else { return };
    let before = record.known().clone();
    let certificates = certificates_in(super::CERTIFICATE).expect("the committed certificate is right");
    record.add(&certificates, 0).expect("the file can be written");
    let after = RevokedRecord::open(path).expect("what was written can be read");
    assert!(after.known().is_superset(&before), "a revocation is forgotten");
    assert!(certificates.iter().all(|c| after.known().contains(&c.signed_hash())));
}

/// The manifest of a public stream; what is read is written again as the same bytes.
pub fn manifest(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::parse(bytes) {
        assert_eq!(manifest.to_packet().expect("what is read can be written"), bytes);
    }
}
