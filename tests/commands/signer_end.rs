//! The certificate of a signer that ends while something is recorded, on a clock that the test turns.

use serde_json::Value;

use super::clock::{AFTER_1_DAY, AFTER_2_DAYS, DAY_1, EPOCH, Ended, Recording};
use crate::support::yard::{assert_status, stderr, told};

const SIGN: [&str; 4] = ["--sign", "archiver.key", "--signer", "archiver.pem"];

/// The command that makes a signer's key and certificate on [`DAY_1`].
fn signer(name: &str, days: u32) -> String {
    format!(
        "TZ=UTC faketime -f '{DAY_1}' enroll-cert -q --generate --for signing --name {name} --days {days} \
         --key {name}.key -o {name}.pem\n"
    )
}

/// A recording for a certificate of 90 days, signed with one of `days` days.
fn recording(time: &str, days: u32, more: &[&str]) -> Recording {
    let arguments = [&SIGN, more].concat();
    Recording::begin_with(time, &[("long", 90)], &arguments, &signer("archiver", days))
}

/// What `inspect` says of each stream.
fn streams(ended: &Ended, file: &str) -> Vec<Value> {
    let said = ended.yard.done(&format!("inspect --json {file}"));
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn warnings(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.contains("warning: ")).collect()
}

#[test]
fn the_end_of_the_signer_is_warned_of_every_day() {
    let mut recording = recording(DAY_1, 20, &[]);
    recording.feed(2 * EPOCH + 1).turn_clock("2027-01-02 11:00:00").feed(3 * EPOCH + 1);
    recording.turn_clock(AFTER_1_DAY).feed(4 * EPOCH + 1).turn_clock(AFTER_2_DAYS);
    let ended = recording.finish();
    assert_eq!(ended.status, Some(0), "{}", ended.said);
    let said = warnings(&ended.said);
    let line = "encrypt-stream: warning: the signer's certificate \"CN=archiver\" (\"archiver.pem\") expires in ";
    for (said, left) in said.iter().zip(["20 days", "18 days", "17 days"]) {
        assert_eq!(*said, format!("{line}{left}, at 2027-01-21T12:00:00Z: recording stops then"));
    }
    assert_eq!(said.len(), 3, "{}", ended.said);
}

#[test]
fn a_signer_that_does_not_end_soon_is_not_spoken_of() {
    let mut recording = recording(DAY_1, 20, &["--warn-before", "10d"]);
    recording.feed(EPOCH + 1);
    assert_eq!(recording.finish().said, "");
}

#[test]
fn recording_stops_before_the_signer_ends() {
    let mut recording = recording(DAY_1, 1, &[]);
    recording.feed(EPOCH + 5).turn_clock(AFTER_1_DAY).offer(3 * EPOCH);
    let ended = recording.stops();
    assert_eq!(ended.status, Some(4), "{}", ended.said);
    let errors: Vec<&str> = ended.said.lines().filter(|line| line.contains("error: ")).collect();
    let error = "the signer's certificate \"CN=archiver\" expires at 2027-01-02T12:00:00Z";
    assert_eq!(errors, [format!("encrypt-stream: error: {error}")], "{}", ended.said);
    let verdict = ended.yard.done("verify --signer archiver.pem sealed.vv");
    assert!(verdict.starts_with("sealed.vv: whole and authenticated: 15 frames"), "{verdict}");
    let all = streams(&ended, "sealed.vv");
    assert_eq!(
        (all.len(), &all[0]["end"], &all[0]["reason"]),
        (1, &"complete".into(), &"no valid certificate left".into())
    );
}

#[test]
fn recording_goes_on_without_signatures_only_where_that_was_asked_for() {
    let mut recording = recording(DAY_1, 1, &["--unsigned-after-expiry"]);
    recording.feed(EPOCH + 5).turn_clock(AFTER_1_DAY).feed(3 * EPOCH);
    let ended = recording.finish();
    assert_eq!(ended.status, Some(0), "{}", ended.said);
    let said = warnings(&ended.said);
    assert!(said[0].ends_with("expires in 24 h, at 2027-01-02T12:00:00Z: nothing is signed after that"), "{said:?}");
    assert!(said[1].contains("expires at 2027-01-02T12:00:00Z: from here on nothing is signed"), "{said:?}");
    assert_eq!(said.len(), 2, "{said:?}");
    let all = streams(&ended, "sealed.vv");
    let frames: Vec<_> = all.iter().map(|s| s["frames"].as_u64().unwrap()).collect();
    assert_eq!((frames, all.iter().all(|s| s["end"] == "complete")), (vec![15, 45], true), "{all:?}");
    assert_eq!(all[1]["continues"], all[0]["id"]);
    // whoever has a key finds both whole, and chained; whoever asks for the signer refuses the second
    let verdict = ended.yard.done("verify -i long.key sealed.vv");
    assert!(verdict.contains("whole and authenticated: 2 streams, 60 frames"), "{verdict}");
    let refused = ended.yard.sh("verify --signer archiver.pem sealed.vv");
    assert_status(&refused, 4);
    assert!(told(&refused).contains("a signature is asked for"), "{}", told(&refused));
    let opened = ended.yard.sh("decrypt-stream -i long.key --signer archiver.pem sealed.vv | inspect --frames | wc -l");
    assert_eq!(String::from_utf8_lossy(&opened.stdout).trim(), "15", "{}", told(&opened));
}

#[test]
fn the_next_stream_begins_with_a_key_frame_where_the_time_allows_it() {
    let mut recording = recording("2027-01-02 11:59:40", 1, &["--unsigned-after-expiry"]);
    // key frames come every 8 s: the one of 11:59:56 is the last before the end
    recording.feed(EPOCH).turn_clock("2027-01-02 11:59:48").feed(2 * EPOCH).turn_clock("2027-01-02 11:59:56");
    recording.feed(3 * EPOCH);
    let ended = recording.finish();
    assert_eq!(ended.status, Some(0), "{}", ended.said);
    let frames: Vec<_> = streams(&ended, "sealed.vv").iter().map(|s| s["frames"].as_u64().unwrap()).collect();
    assert_eq!(frames, [20, 40]);
    // every picture of it can be shown
    let shown = ended.yard.done("view -q -i long.key sealed.vv -o shown.mkv; pictures shown.mkv | wc -l");
    assert_eq!(shown.trim(), "60");
}

#[test]
fn a_recording_that_begins_with_an_expired_signer() {
    let begin = |more: &[&str]| recording(AFTER_2_DAYS, 1, more);
    let mut refused = begin(&[]);
    refused.offer(2);
    let ended = refused.stops();
    assert_eq!(ended.status, Some(4), "{}", ended.said);
    assert!(ended.said.contains("the signer's certificate \"archiver.pem\" has expired"), "{}", ended.said);
    assert_eq!(ended.yard.size("sealed.vv"), 0);
    let mut unsigned = begin(&["--unsigned-after-expiry"]);
    unsigned.feed(2);
    let ended = unsigned.finish();
    assert_eq!(ended.status, Some(0), "{}", ended.said);
    assert_eq!(warnings(&ended.said).len(), 1, "{}", ended.said);
    assert_eq!(streams(&ended, "sealed.vv")[0]["signer"], Value::Null);
}

/// An original whose last epochs are of a time when the privacy server's signer has expired.
fn original() -> Ended {
    let mut recording = Recording::begin_with(DAY_1, &[("long", 90)], &[], &signer("privacy", 1));
    recording.feed(2 * EPOCH + 5).turn_clock(AFTER_2_DAYS);
    let ended = recording.finish();
    assert_eq!(ended.status, Some(0), "{}", ended.said);
    ended
}

#[test]
fn the_public_stream_stops_or_goes_on_unsigned_as_well() {
    let ended = original();
    let yard = &ended.yard;
    let protect = |more: &str, to: &str| {
        yard.sh(&format!(
            "TZ=UTC faketime -f '{DAY_1}' protect -i long.key --learn 0s --keyint 5 --sign privacy.key \
             --signer privacy.pem {more} sealed.vv -o {to}"
        ))
    };
    let stopped = protect("", "stopped.vv");
    assert_status(&stopped, 4);
    let said = stderr(&stopped);
    assert!(
        said.contains("(\"privacy.pem\") expires in 24 h, at 2027-01-02T12:00:00Z: recording stops then"),
        "{said}"
    );
    assert!(
        said.contains("error: the signer's certificate \"CN=privacy\" has expired (2027-01-03T12:00:01Z)"),
        "{said}"
    );
    let verdict = yard.done("verify --signer privacy.pem stopped.vv");
    assert!(verdict.starts_with("stopped.vv: whole and authenticated: "), "{verdict}");
    let signed = streams(&ended, "stopped.vv");
    let shown = signed[0]["frames"].as_u64().unwrap();
    assert!(signed.len() == 1 && (10..40).contains(&shown), "{signed:?}");

    let both = protect("--unsigned-after-expiry", "both.vv");
    assert_status(&both, 0);
    assert!(
        stderr(&both).contains("has expired (2027-01-03T12:00:01Z): from here on nothing is signed"),
        "{}",
        told(&both)
    );
    let all = streams(&ended, "both.vv");
    assert_eq!((all.len(), &all[0]["frames"]), (2, &shown.into()), "{all:?}");
    // each has a manifest, and all pictures are there
    assert_eq!(shown + all[1]["frames"].as_u64().unwrap(), 62, "{all:?}");
    assert_eq!(all[1]["continues"], all[0]["id"]);
    let linked = yard.done("verify --original sealed.vv both.vv 2> /dev/null");
    assert!(linked.contains("made from the original") && linked.contains(" 60 times agree"), "{linked}");
    // the second continues the first by the hash of its close record, which only the parent knew
    assert!(yard.done("verify --unsigned-ok both.vv").contains("well-formed"), "no damage");
    assert_status(&yard.sh("verify --signer privacy.pem both.vv"), 4);
}

#[test]
fn an_original_from_before_the_signers_time_is_warned_of() {
    let ended = original();
    let yard = &ended.yard;
    let later = "2027-06-01 12:00:00";
    let made = yard.sh(&format!(
        "export TZ=UTC
         faketime -f '{later}' enroll-cert -q --generate --for signing --name june --key june.key -o june.pem
         faketime -f '{later}' protect -i long.key --learn 0s --sign june.key --signer june.pem sealed.vv -o public.vv"
    ));
    assert_status(&made, 0);
    let said = stderr(&made);
    let expected = "the signer's certificate \"CN=june\" is not yet valid (2027-01-01T12:00:00Z): readers that ask for the \
                    signer refuse what is that old";
    assert_eq!(warnings(&said), [format!("protect: warning: {expected}")]);
    assert_status(&yard.sh("verify --signer june.pem public.vv"), 4);
}
