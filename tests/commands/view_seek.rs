//! The end of a long file is found without reading the file.

use std::cell::Cell;
use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use vidveil::format::{Clock, Frame, FrameFlags, Index, PlainWriter, Reason, Track, seek_index};
use vidveil::keys::{Identity, KeyFile};
use vidveil::playback::SeekIndex;
use vidveil::seal::{Opened, Opener};

use crate::support::tracks;

const SECOND: i64 = 1_000_000_000;

/// Counts what is read of a file.
struct Counted {
    inner: Cursor<Vec<u8>>,
    count: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count.set(self.count.get() + n as u64);
        Ok(n)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// A stream of `seconds` seconds: 10 frames of 1000 bytes in each, the first a key frame; epochs of a second.
fn stream(seconds: i64) -> Vec<u8> {
    let track = Track { codec: "mjpeg".into(), time_base: (1, 10), config: Vec::new(), ..tracks::video() };
    let record = tracks::stream(0, vec![track]);
    let mut writer = PlainWriter::begin(Vec::new(), &record, SECOND).unwrap();
    let now = Clock { wall_ns: 0, mono_ns: 0 };
    for n in 0..seconds * 10 {
        let flags = FrameFlags { key: n % 10 == 0, ..FrameFlags::default() };
        let frame = Frame { track: 0, flags, counter: 0, pts: Some(n), dts: Some(n), duration: 1 };
        writer.frame(&frame, &[n as u8; 1000], now).unwrap();
    }
    writer.finish(Reason::EndOfInput, now).unwrap();
    writer.into_output()
}

fn key_of(path: &Path) -> Vec<Box<dyn Identity>> {
    vec![Box::new(KeyFile::parse(&fs::read(path).unwrap(), || None).unwrap())]
}

/// The time of the first frame given when one goes to `time_ns`, and how many bytes were read for it.
fn first_frame(file: Vec<u8>, index: Option<Index>, keys: Vec<Box<dyn Identity>>, time_ns: i64) -> (i64, u64) {
    first_frame_after(0, file, index, keys, time_ns)
}

/// The same where reading begins `begin` bytes after the beginning of the file.
fn first_frame_after(
    begin: u64,
    file: Vec<u8>,
    index: Option<Index>,
    keys: Vec<Box<dyn Identity>>,
    time_ns: i64,
) -> (i64, u64) {
    let count = Rc::new(Cell::new(0));
    let mut input = Counted { inner: Cursor::new(file), count: Rc::clone(&count) };
    let index = index.or_else(|| seek_index(&mut input).unwrap()).unwrap();
    input.seek(SeekFrom::Start(begin)).unwrap();
    let mut opener = Opener::new(input, keys);
    let ground = loop {
        if let Some(Opened::Stream(s)) = opener.next().unwrap() {
            break SeekIndex::new(&opener, &s, 0);
        }
    };
    while !matches!(opener.next().unwrap(), Some(Opened::Frame(_))) {}
    let moved = ground.jump(&mut opener, &index, time_ns).unwrap();
    assert!(moved);
    loop {
        match opener.next().unwrap() {
            Some(Opened::Frame(f)) => {
                assert_eq!(opener.packet(), [f.pts.unwrap() as u8; 1000]);
                return (f.pts.unwrap(), count.get());
            }
            other => assert!(other.is_some(), "no frame"),
        }
    }
}

fn seal(folder: &Path, plain: &[u8]) -> Vec<u8> {
    let run = |program: &str, arguments: &str| {
        let done = Command::new(program).current_dir(folder).args(arguments.split(' ')).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    fs::write(folder.join("plain.vv"), plain).unwrap();
    run(env!("CARGO_BIN_EXE_enroll-cert"), "--generate --name desk --key desk.key -o desk.pem --force");
    run(
        env!("CARGO_BIN_EXE_encrypt-stream"),
        "-r desk.pem --rekey-interval 1s --session 7s plain.vv -o sealed.vv --force",
    );
    fs::read(folder.join("sealed.vv")).unwrap()
}

#[test]
fn a_longer_file_costs_no_more_than_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let mut extra = Vec::new();
    for seconds in [60, 600] {
        let plain = stream(seconds);
        let sealed = seal(folder.path(), &plain);
        let time = (seconds - 3) * SECOND + SECOND / 2;
        let entries = 32 * seconds as u64;
        let (first, read) = first_frame(plain, None, Vec::new(), time);
        let (first_sealed, read_sealed) = first_frame(sealed, None, key_of(&folder.path().join("desk.key")), time);
        assert_eq!((first, first_sealed), ((seconds - 3) * 10, (seconds - 3) * 10));
        extra.push([read - entries, read_sealed - entries]);
    }
    assert_eq!(extra[0], extra[1]);
    assert!(extra[0][0] < 150_000 && extra[0][1] < 300_000, "{extra:?}");
}

#[test]
fn an_index_that_lies_leads_to_the_beginning() {
    let plain = stream(20);
    let folder = tempfile::tempdir().unwrap();
    let sealed = seal(folder.path(), &plain);
    for (file, sealed) in [(plain, false), (sealed, true)] {
        let keys = || if sealed { key_of(&folder.path().join("desk.key")) } else { Vec::new() };
        let true_index = seek_index(&mut Cursor::new(&file)).unwrap().unwrap();
        let bent = |change: fn(&mut vidveil::format::IndexEntry)| {
            let mut index = true_index.clone();
            index.entries.iter_mut().for_each(change);
            first_frame(file.clone(), Some(index), keys(), 15 * SECOND).0
        };
        assert_eq!(bent(|_| {}), 150);
        assert_eq!(bent(|e| e.offset += 1), 0);
        assert_eq!(bent(|e| e.offset += 1 << 40), 0);
        assert_eq!(bent(|e| e.epoch += 1), 0);
        assert_eq!(bent(|e| e.time_ns = e.time_ns.map(|ns| ns - SECOND)), 0);
        if sealed {
            assert_eq!(bent(|e| e.keys_offset += 1), 0);
        }
    }
}

#[test]
fn a_stream_that_does_not_begin_the_file_is_sought_in_all_the_same() {
    let (short, long) = (stream(7), stream(20));
    let folder = tempfile::tempdir().unwrap();
    let sealed = seal(folder.path(), &long);
    let begin = short.len() as u64;
    let (read_plain, read_sealed) = (
        first_frame(long.clone(), None, Vec::new(), 15 * SECOND),
        first_frame(sealed.clone(), None, key_of(&folder.path().join("desk.key")), 15 * SECOND),
    );
    let after = |file: &[u8], keys| first_frame_after(begin, [&short[..], file].concat(), None, keys, 15 * SECOND);
    assert_eq!(after(&long, Vec::new()), read_plain);
    assert_eq!(after(&sealed, key_of(&folder.path().join("desk.key"))), read_sealed);
    assert_eq!((read_plain.0, read_sealed.0), (150, 150));
}

#[test]
fn several_streams_in_one_file_are_shown_as_on_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let view = |arguments: &str, from: &str| {
        let script = format!("set -o pipefail; $VIEW --from {from} {arguments} -f -o out.mp4 && md5sum < out.mp4");
        let mut command = Command::new("bash");
        let command = command.args(["-c", &script]).env("VIEW", env!("CARGO_BIN_EXE_view")).current_dir(folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // the file's index is the last stream's: of one that is longer, shorter, and of the same shape
    for (name, first, second) in [("longer", 7, 20), ("shorter", 20, 7), ("same", 12, 12)] {
        fs::write(folder.path().join(name), [stream(first), stream(second)].concat()).unwrap();
        for from in ["3.5", "6.5", "8.5", "15", "18.25"] {
            assert_eq!(view(name, from), view(&format!("- < <(cat {name})"), from), "{name}, from {from}");
        }
    }
}
