//! Memory does not grow with the input: what a command takes of one four times as long, or of one that somebody has
//! made to cost much, is what it takes of the first.

use vidveil::format::{Clock, Frame, FrameFlags, PlainWriter, Reason};

use crate::support::peak::peak;
use crate::support::streams::record;
use crate::support::yard::Yard;

/// A longer input may take so much more, in MiB: buffers that fill up late, and what the system counts.
const SLACK: u64 = 16;

/// A plain stream of `count` packets of `size` bytes, ten a second.
fn plain(yard: &Yard, name: &str, count: usize, size: usize) {
    let mut pictures = record("gate");
    pictures.tracks.truncate(1);
    (pictures.tracks[0].codec, pictures.tracks[0].config) = ("mjpeg".into(), Vec::new());
    let mut writer = PlainWriter::begin(Vec::new(), &pictures, 2_000_000_000).unwrap();
    for n in 0..count {
        let flags = FrameFlags { key: n.is_multiple_of(10), ..FrameFlags::default() };
        let time = Some(n as i64);
        let frame = Frame { track: 0, flags, counter: 0, pts: time, dts: time, duration: 1 };
        let now = Clock { wall_ns: n as i64 * 100_000_000, mono_ns: n as i64 * 100_000_000 };
        writer.frame(&frame, &vec![n as u8; size], now).unwrap();
    }
    let now = Clock { wall_ns: count as i64 * 100_000_000, mono_ns: 0 };
    writer.finish(Reason::EndOfInput, now).unwrap();
    yard.write(name, &writer.into_output());
}

/// The most memory of a command with each of some inputs, in MiB.
fn peaks(yard: &Yard, name: &str, arguments: &str, inputs: &[&str], status: i32) -> Vec<u64> {
    let of = |input: &&str| {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let done = peak(&yard.command(name, &arguments), &yard.path(input));
        assert_eq!(done.status, status, "{name} {arguments:?} < {input}: {}", done.said);
        for made in ["out.mkv", "out.mp4"].map(|made| yard.path(made)) {
            let _ = std::fs::remove_file(made);
        }
        let _ = std::fs::remove_dir_all(yard.path("archive"));
        done.mib
    };
    let all: Vec<u64> = inputs.iter().map(of).collect();
    eprintln!("{name} {arguments}: {all:?} MiB");
    all
}

/// It takes no more for a longer input, and no more than `most` MiB.
#[track_caller]
fn assert_flat(what: &str, peaks: &[u64], most: u64) {
    let (first, last) = (peaks[0], peaks[peaks.len() - 1]);
    assert!(last <= first + SLACK, "{what}: memory grows with the input: {peaks:?} MiB");
    assert!(peaks.iter().all(|mib| *mib <= most), "{what}: {peaks:?} MiB, and not {most} at most");
}

#[test]
fn memory_does_not_grow_with_a_longer_input() {
    let yard = Yard::new();
    yard.done("enroll desk");
    let inputs = ["a", "b"].map(|name| {
        plain(&yard, &format!("{name}.plain"), if name == "a" { 800 } else { 3200 }, 20_000);
        yard.done(&format!("encrypt-stream -r certs {name}.plain > {name}.sealed"));
        yard.done(&format!(
            "ffmpeg -v error -f lavfi -i testsrc2=size=640x480:rate=10:duration=4 -c:v mjpeg -qscale:v 2 \
            first.mkv && ffmpeg -v error -stream_loop {} -i first.mkv -c copy {name}.mkv && rm first.mkv",
            if name == "a" { 8 } else { 35 }
        ));
        assert!(yard.size(&format!("{name}.sealed")) > if name == "a" { 15_000_000 } else { 60_000_000 });
        name
    });
    let of = |ending: &str| inputs.map(|name| format!("{name}.{ending}"));
    let flat = |name: &str, arguments: &str, ending: &str, most: u64| {
        let inputs = of(ending);
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let status = if (name, arguments) == ("verify", "") { 4 } else { 0 };
        assert_flat(&format!("{name} {arguments}"), &peaks(&yard, name, arguments, &inputs, status), most);
    };
    flat("encrypt-stream", "-r certs", "plain", 96);
    flat("decrypt-stream", "-i desk.key", "sealed", 96);
    flat("inspect", "", "sealed", 96);
    flat("verify", "", "sealed", 96);
    flat("verify", "-i desk.key", "sealed", 96);
    flat("rewrap", "-i desk.key -r certs", "sealed", 96);
    flat("record", "archive", "sealed", 96);
    flat("view", "-i desk.key", "sealed", 96);
    flat("view", "-i desk.key -o out.mkv", "sealed", 96);
    flat("view", "-i desk.key -o out.mp4", "sealed", 96);
    flat("capture", "", "mkv", 96);
}

/// Takes what somebody without a key has made as it takes the recording that it was made of.
#[test]
fn memory_does_not_grow_with_what_somebody_without_a_key_adds() {
    let yard = Yard::new();
    yard.done("enroll desk");
    plain(&yard, "plain.vv", 20, 1000);
    yard.done("encrypt-stream -r certs plain.vv > one.vv");
    let one = yard.bytes("one.vv");
    yard.write("many.vv", &one.repeat(4000));
    yard.write("some.vv", &one.repeat(1000));
    // a record that claims to be as long as one may be
    let claims = |kind: u8, length: u32| [&one[..], &[kind, 0, 0, 0], &length.to_be_bytes(), &[0; 100]].concat();
    yard.write("frame.vv", &claims(4, 64 << 20));
    yard.write("keys.vv", &claims(2, 4 << 20));
    for (name, arguments) in [("decrypt-stream", "-i desk.key"), ("inspect", ""), ("verify", "-i desk.key")] {
        let what = format!("{name} {arguments}, of streams in a row");
        assert_flat(&what, &peaks(&yard, name, arguments, &["some.vv", "many.vv"], 0), 128);
    }
    for (name, arguments) in
        [("decrypt-stream", "-i desk.key"), ("inspect", ""), ("verify", "-i desk.key"), ("record", "archive")]
    {
        let honest = peaks(&yard, name, arguments, &["one.vv"], 0)[0];
        for hostile in ["frame.vv", "keys.vv"] {
            let all = [honest, peaks(&yard, name, arguments, &[hostile], 3)[0]];
            assert_flat(&format!("{name} {arguments} < {hostile}"), &all, 96);
        }
    }
}

/// Of records as long as they may be a command holds as many as its page says, however many come.
#[test]
fn the_largest_records_are_held_as_often_as_the_pages_say() {
    const RECORD: u64 = 64;
    let yard = Yard::new();
    yard.done("enroll desk");
    for (name, count, size) in [("a", 1, 1000), ("b", 1, (64 << 20) - 4096), ("c", 4, (64 << 20) - 4096)] {
        plain(&yard, &format!("{name}.plain"), count, size);
        yard.done(&format!("encrypt-stream -r certs {name}.plain > {name}.sealed"));
    }
    for (name, arguments, ending, records) in [
        ("encrypt-stream", "-r certs", "plain", 2),
        ("decrypt-stream", "-i desk.key", "sealed", 2),
        ("rewrap", "-i desk.key -r certs", "sealed", 1),
        ("inspect", "", "sealed", 1),
        ("verify", "-i desk.key", "sealed", 1),
        ("record", "archive", "sealed", 1),
        ("view", "-i desk.key --max-picture-time 900s -o out.mkv", "sealed", 5),
    ] {
        let inputs = ["a", "b", "c"].map(|name| format!("{name}.{ending}"));
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let peaks = peaks(&yard, name, arguments, &inputs, 0);
        let most = peaks[0] + records * RECORD + SLACK;
        assert!(peaks.iter().all(|mib| *mib <= most), "{name} {arguments}: {peaks:?} MiB, and not {most} at most");
    }
}
