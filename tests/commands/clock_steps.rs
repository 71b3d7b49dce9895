//! A recorder's clock that was set between two segments is reported as it is inside of a file.

use vidveil::format::{Clock, Continues, Frame, FrameFlags, PlainWriter, Reason, Role, StreamRecord};

use crate::support::streams::*;
use crate::support::yard::{Yard, assert_status, stderr};

/// A public stream of 10 pictures a second, an epoch a second; `wall_ns` is the wall clock of the picture of that
/// number.
fn stream(id: u8, continues: Option<Continues>, begin_ns: i64, wall_ns: impl Fn(i64) -> i64) -> Vec<u8> {
    let record = StreamRecord { id: [id; 16], role: Role::Public, start_ns: begin_ns, continues, ..record("gate") };
    let clock = |n: i64| Clock { wall_ns: wall_ns(n), mono_ns: n * SECOND / 10 };
    let mut writer = PlainWriter::begin(Vec::new(), &record, SECOND).unwrap();
    for n in 0..95 {
        let flags = FrameFlags { key: n % 10 == 0, ..FrameFlags::default() };
        let frame = Frame { track: 0, flags, counter: 0, pts: Some(n), dts: Some(n), duration: 1 };
        writer.frame(&frame, &[n as u8; 50], clock(n)).unwrap();
    }
    writer.finish(Reason::EndOfInput, clock(95)).unwrap();
    writer.into_output()
}

/// What `record --list` says of the clock, and `verify` of the segments, and of the stream in one file.
fn told(yard: &Yard) -> (Vec<String>, Vec<String>) {
    let list = yard.done("record --list archive");
    let listed = list.lines().filter(|l| l.contains("clock")).map(|l| l.trim().to_owned()).collect();
    let output = yard.sh("verify --unsigned-ok archive");
    assert_status(&output, 0);
    let said = stderr(&output);
    let verified = said.lines().filter(|l| l.contains("clock")).map(|l| l.rsplit(": ").next().unwrap().to_owned());
    (listed, verified.collect())
}

#[test]
fn a_step_between_two_segments_is_told() {
    let hour = 3600 * SECOND;
    for (step, way) in [(-hour, "back"), (hour, "forward"), (-2 * SECOND, "back")] {
        // epoch 3 is the first of the second segment
        let wall = |n: i64| BEGIN + n * SECOND / 10 + if n >= 30 { step } else { 0 };
        let yard = Yard::new();
        yard.write("stream.vv", &stream(1, None, BEGIN, wall));
        yard.done("record -q archive stream.vv --segment 3s");
        let (listed, verified) = told(&yard);
        let seconds = step.abs() as f64 / 1e9;
        let says = format!("the recorder's clock was set {way} by {seconds:.3} s");
        assert!(listed.len() == 1 && listed[0].starts_with(&format!("-- {says}")), "{listed:?}");
        assert!(verified.len() == 1 && verified[0].starts_with(&format!("{says} before epoch 3")), "{verified:?}");
        let whole = stderr(&yard.sh("verify --unsigned-ok stream.vv"));
        assert!(whole.contains(&verified[0]), "as in one file: {whole}");
        let json = yard.done("record --list --json archive");
        assert!(json.contains(&format!("\"clock_step\":{:?}", step as f64 / 1e9)), "{json}");
    }
}

#[test]
fn a_step_inside_of_a_segment_and_none_at_all() {
    let yard = Yard::new();
    let wall = |n: i64| BEGIN + n * SECOND / 10 - if n >= 40 { 60 * SECOND } else { 0 };
    yard.write("stream.vv", &stream(1, None, BEGIN, wall));
    yard.done("record -q archive stream.vv --segment 3s");
    let (listed, verified) = told(&yard);
    assert_eq!(listed, ["-- the recorder's clock was set back by 60.000 s in this segment"]);
    assert!(verified.len() == 1 && verified[0].contains("back by 60.000 s before epoch 4"), "{verified:?}");

    // a clock that is only inexact
    let yard = Yard::new();
    yard.write("stream.vv", &stream(1, None, BEGIN, |n| BEGIN + n * SECOND / 10 + n * SECOND / 200));
    yard.done("record -q archive stream.vv --segment 3s");
    assert_eq!(told(&yard), (vec![], vec![]));
}

#[test]
fn a_recording_that_goes_on_with_a_clock_set_back_comes_after_the_one_before() {
    let yard = Yard::new();
    let first = stream(1, None, BEGIN, |n| BEGIN + n * SECOND / 10);
    let continues = Continues { stream: [1; 16], last_close: last_close(&first) };
    let later = BEGIN - 3600 * SECOND;
    yard.write("first.vv", &first);
    yard.write("second.vv", &stream(2, Some(continues), later, |n| later + n * SECOND / 10));
    yard.done("record -q archive first.vv --segment 5s; record -q archive second.vv --segment 5s");
    let (listed, verified) = told(&yard);
    assert!(
        listed.len() == 1 && listed[0].starts_with("-- the recorder's clock was set back by at least 3609"),
        "{listed:?}"
    );
    assert!(verified.len() == 1 && verified[0].contains("back by at least 3609"), "{verified:?}");
    let list = yard.done("record --list archive");
    assert!(list.find("0101010101010101").unwrap() < list.find("0202020202020202").unwrap(), "{list}");
    assert!(list.contains("recording stopped and went on"), "{list}");
}

#[test]
fn recordings_that_do_not_know_of_each_other_and_overlap_are_reported() {
    // the first one has 9.5 s
    for (later, overlap) in
        [(5, Some("4.500 s")), (-3, Some("6.500 s")), (-3600, None), (9, None), (3600, None), (2, Some("7.500 s"))]
    {
        let yard = Yard::new();
        let begin = BEGIN + later * SECOND;
        yard.write("first.vv", &stream(1, None, BEGIN, |n| BEGIN + n * SECOND / 10));
        yard.write("second.vv", &stream(2, None, begin, |n| begin + n * SECOND / 10));
        yard.done("record -q archive first.vv --segment 3s; record -q archive second.vv --segment 3s");
        let list = yard.done("record --list archive");
        let json = yard.done("record --list --json archive");
        let output = yard.sh("verify --unsigned-ok archive");
        assert_status(&output, 0);
        for said in [list, json, stderr(&output)] {
            assert!(said.contains("does not say that it continues"), "{later}: {said}");
            assert_eq!(said.matches("overlap").count(), usize::from(overlap.is_some()), "{later}: {said}");
            if let Some(overlap) = overlap {
                let words = format!("the two overlap for {overlap}: the recorder's clock was set back by that or more");
                assert!(said.contains(&words), "{later}: {said}");
            }
        }
    }
}
