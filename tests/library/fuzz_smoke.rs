//! The fuzz targets on the stable toolchain: over the vectors and certificates, and over changed copies of them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use vidveil::keys::{Identity, KeyFile};
use vidveil::seal::{Opened, Opener, SealError};

use crate::support::authority::Authority;
use crate::support::revocation::*;
use crate::support::{testdata, thorough};

#[path = "../../fuzz/all.rs"]
mod all;
#[path = "../../fuzz/mutate/mod.rs"]
mod mutate;
#[path = "../../fuzz/seeds.rs"]
mod seeds;
#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use mutate::Random;

/// Every seed and `more` as they are, and `count` changed ones, by the mutator and byte by byte; twenty times as many
/// where much time may be taken.
fn run(name: &str, more: &[Vec<u8>], count: usize) {
    let target = all::named(name);
    let corpus = [&seeds::of(name), more].concat();
    assert!(corpus.len() > 4);
    let count = if thorough() { 20 * count } else { count };
    let try_with = |bytes: &[u8]| {
        let ended = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes)));
        if let Err(panic) = ended {
            let file = std::env::temp_dir().join(format!("vidveil-finding-{}", std::process::id()));
            fs::write(&file, bytes).unwrap();
            eprintln!("the input is in {}", file.display());
            resume_unwind(panic);
        }
    };
    corpus.iter().for_each(|bytes| try_with(bytes));
    try_with(&[]);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for n in 0..count {
        let bytes = &corpus[random.below(corpus.len())];
        let mutator = if n % 2 == 0 { target.mutator } else { mutate::bytes };
        try_with(&mutator(bytes, &mut random));
    }
}

/// A mutator that makes wrong what was right would have everything refused at the first look.
#[test]
fn what_is_made_right_again_was_right_in_the_vectors() {
    let open = |bytes: &[u8]| {
        let key = KeyFile::parse(&fs::read(testdata("certs/p256.key")).unwrap(), || None).unwrap();
        let mut opener = Opener::new(bytes, vec![Box::new(key) as Box<dyn Identity>]);
        while let Some(opened) = opener.next()? {
            if opened == Opened::Cut {
                return Ok(false);
            }
        }
        Ok::<bool, SealError>(true)
    };
    let right: Vec<_> = seeds::containers().into_iter().filter(|bytes| matches!(open(bytes), Ok(true))).collect();
    assert!(right.len() > 40);
    let same = right.iter().filter(|bytes| mutate::repaired(bytes) == **bytes).count();
    // excerpts, grants, indexes of some epochs and lists that were changed have other numbers
    assert!(3 * same > 2 * right.len(), "{same} of {}", right.len());
    // half of the changed ones still give something out of a session
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let given = |bytes: &[u8]| {
        let key = KeyFile::parse(&fs::read(testdata("certs/p256.key")).unwrap(), || None).unwrap();
        matches!(Opener::new(bytes, vec![Box::new(key)]).next(), Ok(Some(_)))
    };
    let (mut by_mutator, mut by_bytes) = (0, 0);
    for _ in 0..200 {
        let bytes = &right[random.below(right.len())];
        by_mutator += usize::from(given(&mutate::container(bytes, &mut random)));
        by_bytes += usize::from(given(&mutate::bytes(bytes, &mut random)));
    }
    assert!(by_mutator > 100, "{by_mutator}, byte by byte {by_bytes}");
}

#[test]
fn containers_are_read_without_a_panic() {
    run("container", &[], 1000);
}

#[test]
fn segments_are_described_ended_repaired_and_joined_without_a_panic() {
    run("segment", &[], 1000);
}

#[test]
fn containers_are_opened_without_a_panic() {
    run("opener", &[], 1000);
}

#[test]
fn forged_lists_open_nothing_and_have_no_right_one_wiped() {
    run("lists", &[], 150);
}

#[test]
fn containers_are_verified_behind_damage_without_a_panic() {
    run("verifier", &[], 500);
}

#[test]
fn containers_are_read_on_behind_damage_without_a_panic() {
    run("go_on", &[], 1000);
}

#[test]
fn key_agents_are_talked_to_without_a_panic() {
    run("agent", &[], 1000);
}

#[test]
fn messages_are_opened_without_a_panic() {
    run("cms", &[], 400);
}

#[test]
fn certificates_are_read_without_a_panic() {
    run("certificate", &[], 400);
}

#[test]
fn revocation_lists_are_read_without_a_panic() {
    let ca = Authority::new("Root");
    ca.write("p256.pem", fs::read(testdata("certs/p256.pem")).unwrap());
    let list = List { issuer: subject(&ca, "p256.pem"), ..List::of(&ca) }.revoke_because(&ca, "p256.pem", because(1));
    let place = der(0xa0, &der(0xa0, &der(0x86, b"http://x.example/a.crl")));
    let lists = [
        list.clone(),
        List { version: None, due: None, extensions: None, ..list.clone() },
        list.clone().with(delta_since(1)),
        list.clone().with(extension(28, true, sequence(&[place, der(0x81, &[0xff]), der(0x84, &[0xff])]))),
        list.clone().with(extension(99, true, vec![5, 0])),
        List::of(&ca),
    ];
    let mut corpus: Vec<_> = lists.iter().map(|list| list.signed(&ca, "ca")).collect();
    corpus.push(pem("X509 CRL", &corpus[0]).repeat(2).into_bytes());
    run("revocation_lists", &corpus, 2000);
}

#[test]
fn cards_are_listened_to_without_a_panic() {
    run("card", &[], 400);
}

#[test]
fn key_files_are_read_without_a_panic() {
    run("key_file", &[], 150);
}

#[test]
fn scene_files_are_read_without_a_panic() {
    run("scene", &[], 300);
}

#[test]
fn bundles_of_pem_are_read_without_a_panic() {
    run("bundle", &[], 400);
}

#[test]
fn foreign_containers_are_demuxed_without_a_panic() {
    run("demuxer", &[], 100);
}

#[test]
fn what_a_child_says_is_not_believed() {
    run("child", &[], 60);
}

#[test]
fn cameras_are_listened_to_without_a_panic() {
    run("rtsp", &[], 30);
}

#[test]
fn sessions_that_are_not_bound_are_never_taken_for_it() {
    run("sessions", &[], 1000);
}

#[test]
fn a_session_of_somebody_else_never_passes_for_the_next_one() {
    run("bonds", &[], 300);
}

#[test]
fn joined_files_have_no_other_frames() {
    run("joins", &[], 100);
}

#[test]
fn the_state_of_a_run_is_read_again_without_a_panic() {
    run("run_state", &[], 300);
}

#[test]
fn revocations_that_are_remembered_are_not_forgotten() {
    run("revoked", &[], 200);
}

#[test]
fn manifests_are_read_without_a_panic() {
    run("manifest", &[], 1000);
}
