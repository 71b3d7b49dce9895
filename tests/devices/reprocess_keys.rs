//! `reprocess` with a key of its own: one question for all jobs of the run.

#[cfg(feature = "pkcs11")]
use crate::support::token::Desk;
use crate::support::yard::*;

#[test]
fn a_pass_phrase_is_given_once_and_the_jobs_need_no_key_of_their_own() {
    let yard = Yard::with_camera(2);
    yard.done(
        "mkdir archive; capture -q camera.mp4 | encrypt-stream -q -r certs/ > archive/1.vv
         for i in 2 3 4; do cp archive/1.vv archive/$i.vv; done
         openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret -in desk.key -out locked.key
         echo secret > phrase; chmod 600 locked.key phrase",
    );
    yard.done("reprocess -q -j 2 -i locked.key --passphrase-file phrase --do 'decrypt-stream -q' archive plain");
    yard.done(
        "decrypt-stream -q -i desk.key archive/1.vv > plain.vv; for i in 1 2 3 4; do cmp plain.vv plain/$i.vv; done",
    );
    let without = yard.command("reprocess", &["--do", "decrypt-stream -q", "archive", "other"]).output().unwrap();
    assert_status(&without, 1);
    // in place, too
    yard.done(
        "enroll new; mkdir to; mv certs/new.pem to
         reprocess -q -i locked.key --passphrase-file phrase --do 'rewrap -r to/' --in-place archive
         for i in 1 2 3 4; do decrypt-stream -q -i new.key archive/$i.vv | cmp plain.vv; done",
    );
}

/// OpenSC's spy stands before the token, and writes down every call.
#[cfg(feature = "pkcs11")]
#[test]
fn a_token_does_one_operation_for_the_segments_of_a_key_session() {
    let desk = Desk::recording();
    desk.done(
        "scene long.mp4 160x120 6
         capture -q long.mp4 | encrypt-stream -q -r certs --rekey-interval 1s | record -q --segment 1s archive
         export PKCS11SPY=$module PKCS11SPY_OUTPUT=$PWD/calls
         reprocess -q -j 2 -i \"pkcs11:$(ls /usr/lib/*/pkcs11-spy.so)?token=desk\" --pin-file pin --do 'decrypt-stream -q' archive plain
         ls archive/*.vv | wc -l > segments
         for segment in archive/*.vv; do
             decrypt-stream -q -i desk.key \"$segment\" 2> /dev/null | cmp \"plain/${segment#archive/}\"
         done",
    );
    assert!(desk.0.text("segments").trim().parse::<u32>().unwrap() >= 3);
    let calls = desk.0.text("calls");
    let count = |name: &str| calls.lines().filter(|line| line.ends_with(&format!(": {name}"))).count();
    assert_eq!((count("C_Login"), count("C_DeriveKey")), (1, 1), "{calls}");
}
