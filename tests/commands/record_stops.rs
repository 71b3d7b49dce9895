//! `record` stopped by kill -9 at random moments, and by power cuts: nothing that was whole is lost, and it goes on in
//! the same folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vidveil::format::{Frame, FrameFlags, Reason, StreamRecord, Suite};
use vidveil::seal::{SealSettings, Sealer};

use crate::support::streams::*;
use crate::support::wait::until_or;

const RECORD: &str = env!("CARGO_BIN_EXE_record");

type Records = Vec<Vec<u8>>;

/// Sealed, an epoch a second, 10 pictures a second; streams follow each other by the hour.
fn sealed_stream(number: u32, frames: i64) -> Vec<u8> {
    let mut id = [0x5e; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let start_ns = BEGIN + i64::from(number) * 3600 * SECOND;
    let s = StreamRecord { id, suite: Suite::Sealed, start_ns, ..record("gate") };
    let settings = SealSettings { rekey_ns: SECOND, key_room: 4096, ..Default::default() };
    let recipients = Recipients { first: vec!["p256"], later: vec!["p256"] };
    let mut sealer = Sealer::begin(Vec::new(), &s, settings, Box::new(recipients), clock(0, 0)).unwrap();
    for i in 0..frames {
        let flags = FrameFlags { key: i % 5 == 0, ..Default::default() };
        let frame = Frame { track: 0, flags, counter: 0, pts: Some(i), dts: Some(i), duration: 1 };
        sealer.frame(&frame, &vec![i as u8; 100 + (i * 37 % 900) as usize], clock(0, 0)).unwrap();
    }
    sealer.finish(Reason::EndOfInput).unwrap();
    sealer.into_output()
}

/// The files of a folder by name, which is by time.
fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
    loop {
        let entries = fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path());
        let mut files: Vec<PathBuf> = entries.collect();
        files.retain(|p| wanted(p.file_name().unwrap().to_str().unwrap()));
        files.sort();
        let read = |p: &PathBuf| Some((p.file_name()?.to_str()?.to_owned(), fs::read(p).ok()?));
        // a file that was given its final name just now
        if let Some(all) = files.iter().map(read).collect() {
            return all;
        }
    }
}

/// The number of the stream that a segment is of.
fn number(name: &str) -> u32 {
    u32::from_str_radix(&name.split('.').nth(3).unwrap()[..8], 16).unwrap()
}

/// What the folder holds of a stream: every record of every segment, one after the other.
fn held(folder: &Path, stream: u32) -> Records {
    let of_stream = files(folder, |name| number(name) == stream);
    of_stream.into_iter().flat_map(|(_, bytes)| epochs(&bytes).0).collect()
}

/// Bytes of the segments of a stream.
fn size(folder: &Path, stream: u32) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap());
    let of_stream = entries.filter(|e| number(e.file_name().to_str().unwrap()) == stream);
    of_stream.filter_map(|e| Some(e.metadata().ok()?.len())).sum()
}

/// Waits until there is something of the stream.
fn begun(folder: &Path, stream: u32) {
    let limit = std::time::Instant::now() + Duration::from_secs(10);
    while size(folder, stream) == 0 && std::time::Instant::now() < limit {
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn frames(records: &[Vec<u8>]) -> usize {
    // the type of a frame record is 4
    records.iter().filter(|r| r[0] == 4).count()
}

/// Numbers that differ from run to run.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        Dice(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_goes_on() {
    let kills: u32 = std::env::var("VIDVEIL_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    let mut dice = Dice::new();
    let (mut cut_short, mut in_frames, mut left) = (0, 0, Vec::new());
    for number in 0..kills {
        let stream = sealed_stream(number, 120);
        let mut child = Command::new(RECORD)
            .args([archive.to_str().unwrap(), "-q", "--segment", "2s", "--sync", "5ms"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let steps: Vec<(usize, u64)> = (0..40).map(|_| (1 + dice.below(9000) as usize, dice.below(1500))).collect();
        let (fed, place) = (stream.clone(), archive.clone());
        let feeder = std::thread::spawn(move || {
            let mut rest = &fed[..];
            // every other time it is let begin first, however long that takes here: else all is in the pipe by then
            if number % 2 == 0 {
                let (head, later) = rest.split_at(rest.len() / 8);
                if stdin.write_all(head).is_err() {
                    return;
                }
                rest = later;
                begun(&place, number);
            }
            for (n, pause) in steps {
                let (now, later) = rest.split_at(n.min(rest.len()));
                // the reader dies
                if stdin.write_all(now).is_err() {
                    return;
                }
                rest = later;
                std::thread::sleep(Duration::from_micros(pause));
            }
            drop(stdin.write_all(rest));
        });
        if number % 2 == 0 {
            begun(&archive, number);
        }
        std::thread::sleep(Duration::from_micros(dice.below(if number % 2 == 0 { 20_000 } else { 40_000 })));
        let there = size(&archive, number);
        child.kill().unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
        assert!(size(&archive, number) >= there, "stream {number} became shorter");
        let all = epochs(&stream).0;
        let got = held(&archive, number);
        assert!(all.starts_with(&got), "stream {number}: what is there is no beginning of it");
        cut_short += usize::from(got.len() < all.len());
        in_frames += usize::from(got.len() < all.len() && !got.is_empty());
        left.push(got);
    }
    let last = run(RECORD, &[archive.to_str().unwrap(), "-q"], &sealed_stream(kills, 20));
    assert_eq!(last.status.code(), Some(0), "{}", stderr(&last));
    for (name, bytes) in files(&archive, |_| true) {
        assert!(name.ends_with(".vv"), "{name} was not ended");
        assert!(epochs(&bytes).1.is_some(), "{name} has no end");
    }
    // each was finished by one of the recordings after it; a segment without a frame is removed
    for (number, had) in (0..).zip(&left) {
        let has = held(&archive, number);
        let lost = had.get(has.len()..).unwrap_or_default();
        assert!(had.starts_with(&has) && frames(lost) == 0, "stream {number} lost records by being finished");
    }
    println!(
        "{kills} kills, {cut_short} of them before the stream's end, {in_frames} of those with a part of it on the disk"
    );
    assert!(
        in_frames > kills as usize / 8,
        "{in_frames} of {kills} kills came in the middle: too few to prove anything"
    );
}

/// A file as the log of the system calls shows it: which bytes of it would survive a power cut.
#[derive(Clone, Default, Debug)]
struct Known {
    written: usize,
    synced: usize,
}

/// The disk as a power cut would leave it, after each call that was traced.
#[derive(Clone, Default, Debug)]
struct Disk {
    files: Vec<Known>,
    names: BTreeMap<String, usize>,
    /// What of the folder is on the disk.
    durable: BTreeMap<String, usize>,
}

/// A call that has not come back yet, with the file that it is about and what was written to it when the call began.
struct Begun {
    call: String,
    file: Option<usize>,
    written: usize,
}

/// The calls that have not come back yet, by thread.
type Pending = BTreeMap<String, Begun>;

impl Disk {
    /// One line of `strace -f -y`; gives true when something reached the disk by it.
    fn line(&mut self, line: &str, folder: &str, pending: &mut Pending) -> bool {
        let Some((thread, rest)) = line.split_once(char::is_whitespace) else { return false };
        let mut call = rest.trim_start().to_owned();
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            let file = self.of(begun);
            let written = file.map_or(0, |n| self.files[n].written);
            pending.insert(thread.to_owned(), Begun { call: begun.to_owned(), file, written });
            return false;
        }
        let file;
        let mut at_begin = None;
        if call.starts_with("<... ") {
            let Some(begun) = pending.remove(thread) else { return false };
            call = format!("{}{}", begun.call, call.split_once(" resumed>").unwrap().1);
            // another thread may have renamed it since
            file = begun.file;
            at_begin = Some(begun.written);
        } else {
            file = self.of(&call);
        }
        if call.rsplit(" = ").next().is_none_or(|result| result.starts_with('-')) {
            return false;
        }
        let result =
            || call.rsplit(" = ").next().unwrap().split(|c: char| !c.is_ascii_digit()).next().unwrap().parse::<usize>();
        match call.split('(').next().unwrap() {
            "openat" if call.contains("O_CREAT") && call.contains(folder) => {
                let name = call.split('"').nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
                self.files.push(Known::default());
                self.names.insert(name, self.files.len() - 1);
            }
            "write" => {
                if let Some(n) = file {
                    self.files[n].written += result().unwrap();
                }
            }
            "fsync" | "fdatasync" => match file {
                Some(n) => {
                    // a sync that began earlier may come back after one that covers more
                    let known = &mut self.files[n];
                    known.synced = known.synced.max(at_begin.unwrap_or(known.written));
                    return true;
                }
                None if call.contains(folder) => {
                    self.durable = self.names.clone();
                    return true;
                }
                None => {}
            },
            "renameat2" | "renameat" | "rename" => {
                let mut names = call.split('"').skip(1).step_by(2).map(|p| p.rsplit('/').next().unwrap().to_owned());
                let (from, to) = (names.next().unwrap(), names.next().unwrap());
                let n = self.names.remove(&from).unwrap();
                self.names.insert(to, n);
            }
            _ => {}
        }
        false
    }

    /// The file that a call is about, by the name that stands in it.
    fn of(&self, call: &str) -> Option<usize> {
        let path = call.split_once('<')?.1.split_once('>')?.0;
        self.names.get(path.rsplit('/').next()?).copied()
    }
}

#[test]
fn after_a_power_cut_everything_up_to_the_last_sync_is_there() {
    let dir = tempfile::tempdir().unwrap();
    // the log names files by their real path
    let root = fs::canonicalize(dir.path()).unwrap();
    let (archive, log) = (root.join("archive"), root.join("log"));
    let stream = sealed_stream(1, 150);
    let calls = "trace=openat,write,fsync,fdatasync,rename,renameat,renameat2";
    let mut child = Command::new("strace")
        .args(["-f", "-y", "-s", "0", "-o", log.to_str().unwrap(), "-e", calls])
        .args([RECORD, archive.to_str().unwrap(), "-q", "--segment", "4s", "--sync", "2ms"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("strace is missing: run scripts/setup");
    let mut stdin = child.stdin.take().unwrap();
    let half = frame_at(&stream, 75);
    for piece in stream[..half].chunks(2000) {
        stdin.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(4));
    }
    // nothing comes any more, and what came goes to the disk all the same
    let folder = archive.to_str().unwrap();
    let disk = || {
        let (mut disk, mut pending) = (Disk::default(), Pending::new());
        let log = fs::read_to_string(&log).unwrap();
        // the last line may be half written
        let whole = &log[..log.rfind('\n').map_or(0, |n| n + 1)];
        whole.lines().for_each(|l| _ = disk.line(l, folder, &mut pending));
        disk
    };
    let whole = epochs(&stream[..half]).0.len();
    let settled = || {
        let d = disk();
        let kept: usize = files(&archive, |_| true).iter().map(|(_, bytes)| epochs(bytes).0.len()).sum();
        kept == whole && d.durable.len() == d.names.len() && d.files.iter().all(|f| f.synced == f.written)
    };
    until_or("what came is on the disk", || format!("{:?}", disk()), settled);
    stdin.write_all(&stream[half..]).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());

    let finished = files(&archive, |_| true);
    assert_eq!(finished.len(), 4);
    let all = epochs(&stream).0;
    let (mut disk, mut pending) = (Disk::default(), Pending::new());
    let (mut cuts, mut most) = (0, 0);
    for line in fs::read_to_string(&log).unwrap().lines() {
        if !disk.line(line, folder, &mut pending) {
            continue;
        }
        cuts += 1;
        // what survives: the names that are on the disk, each with the bytes that are
        let mut left = Vec::new();
        for (name, n) in &disk.durable {
            let known = &disk.files[*n];
            let (_, bytes) =
                finished.iter().find(|(final_name, _)| name.trim_end_matches(".part") == final_name).unwrap();
            let (records, end) = epochs(&bytes[..known.synced]);
            assert_eq!(
                name.ends_with(".vv"),
                end.is_some() && name.ends_with(".vv"),
                "{name} has its final name and no end"
            );
            left.extend(records);
        }
        assert!(all.starts_with(&left), "after {cuts} syncs what is left is no beginning of the stream");
        assert!(left.len() >= most, "a sync took something away");
        most = left.len();
    }
    assert_eq!(most, all.len(), "at the end everything is on the disk");
    assert!(cuts > 10, "{cuts} syncs");
}
