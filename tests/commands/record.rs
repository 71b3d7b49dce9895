//! `record`: segments that play alone and together, and a folder that survives whatever stops it.

use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use vidveil::archive::{Finished, Joiner, SegmentFile, finish_leftover};
use vidveil::format::{
    Close, Continues, EndKind, Frame, FrameFlags, Reader, Reason, Record, Role, Start, StreamRecord, Suite, Writer,
    sha256,
};
use vidveil::keys::{Identity, KeyFile, Signer, certificates_in};
use vidveil::seal::{EpochSigner, Opened, Opener, SealSettings, Sealer};

use crate::support::streams::*;
use crate::support::thorough;
use crate::support::wait::until;
use crate::support::yard::{Yard, assert_status, fed};

const RECORD: &str = env!("CARGO_BIN_EXE_record");

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

fn files(folder: &Path) -> Vec<PathBuf> {
    names(folder).iter().map(|n| folder.join(n)).collect()
}

fn recorded(folder: &Path, flags: &[&str], input: &[u8]) -> Output {
    let mut arguments = vec![folder.to_str().unwrap()];
    arguments.extend(flags);
    run(RECORD, &arguments, input)
}

fn sealed_stream(s: &StreamRecord, frames: i64, reason: Reason) -> Vec<u8> {
    let settings = SealSettings { rekey_ns: SECOND, key_room: 8192, ..Default::default() };
    let recipients = Recipients { first: vec!["p256"], later: vec!["p256"] };
    let mut sealer = Sealer::begin(Vec::new(), s, settings, Box::new(recipients), clock(0, 0)).unwrap();
    for i in 0..frames {
        let flags = FrameFlags { key: i % 5 == 0, ..Default::default() };
        let frame = Frame { track: 0, flags, counter: 0, pts: Some(i), dts: Some(i), duration: 1 };
        sealer.frame(&frame, &vec![i as u8; 20 + (i * 37 % 200) as usize], clock(0, 0)).unwrap();
    }
    sealer.finish(reason).unwrap();
    sealer.into_output()
}

/// Sealed, 10 pictures a second, an epoch a second.
fn long(id: u8, frames: i64) -> Vec<u8> {
    let s = StreamRecord {
        id: [id; 16],
        suite: Suite::Sealed,
        start_ns: BEGIN + i64::from(id) * 3600 * SECOND,
        ..record("gate")
    };
    sealed_stream(&s, frames, Reason::EndOfInput)
}

/// Opens every frame; gives how many there were.
fn opened(bytes: &[u8]) -> usize {
    let key: Box<dyn Identity> = Box::new(KeyFile::parse(&fs::read(key("p256")).unwrap(), || None).unwrap());
    let mut opener = Opener::new(bytes, vec![key]);
    let mut frames = 0;
    while let Some(o) = opener.next().unwrap() {
        frames += usize::from(matches!(o, Opened::Frame(_)));
    }
    frames
}

#[test]
fn a_segment_opens_alone_and_all_of_them_are_the_stream() {
    let (dir, stream) = (folder(), long(1, 95));
    assert_status(&recorded(dir.path(), &["--segment", "3s"], &stream), 0);
    assert_eq!(
        names(dir.path()),
        [
            "gate.original.20270115T090000Z.0101010101010101-00000000.vv",
            "gate.original.20270115T090003Z.0101010101010101-00000003.vv",
            "gate.original.20270115T090006Z.0101010101010101-00000006.vv",
            "gate.original.20270115T090009Z.0101010101010101-00000009.vv",
        ]
    );
    let head = |bytes: &[u8]| {
        let mut reader = Reader::new(bytes);
        let mut head = Vec::new();
        while !matches!(reader.next().unwrap(), Some(Record::Start(_))) {
            head.push(reader.raw().to_vec());
        }
        head
    };
    let mut joiner = Joiner::new(Vec::new());
    let (mut all, mut frames) = (Vec::new(), 0);
    for file in files(dir.path()) {
        let bytes = fs::read(&file).unwrap();
        assert_eq!(head(&bytes), head(&stream), "stream and keys records are those of the stream");
        let (records, end) = epochs(&bytes);
        assert_eq!(end, Some(EndKind::Excerpt));
        all.extend(records);
        frames += opened(&bytes);
        joiner.add(bytes.as_slice()).unwrap();
    }
    assert_eq!(frames, 95);
    assert!(all == epochs(&stream).0, "epochs are copied bit for bit");
    assert!(joiner.finish().unwrap() == stream, "joined, they are the stream again");
}

#[test]
fn a_missing_segment_parts_the_stream_where_it_was() {
    let (dir, stream) = (folder(), long(1, 95));
    assert_status(&recorded(dir.path(), &["--segment", "3s"], &stream), 0);
    fs::remove_file(&files(dir.path())[1]).unwrap();
    let mut joiner = Joiner::new(Vec::new());
    for file in files(dir.path()) {
        joiner.add(fs::File::open(file).unwrap()).unwrap();
    }
    let joined = joiner.finish().unwrap();
    let ends: Vec<EndKind> = records(&joined)
        .into_iter()
        .filter_map(|(_, r)| if let Record::End(e) = r { Some(e.kind) } else { None })
        .collect();
    assert_eq!(ends, [EndKind::Excerpt, EndKind::Excerpt]);
    assert_eq!(opened(&joined), 65);
    let listed = stdout(&run(RECORD, &["--list", dir.path().to_str().unwrap()], b""));
    assert!(
        listed
            .contains("  -- gap: 2027-01-15T09:00:03Z to 2027-01-15T09:00:06Z (3.000 s): epochs 3 to 5 are missing\n"),
        "{listed}"
    );
}

#[test]
fn what_policy_refuses_leaves_no_trace() {
    let dir = folder();
    let archive = dir.path().join("archive");
    let plain_original = plain("gate", Reason::EndOfInput);
    let output = recorded(&archive, &[], &plain_original);
    assert_status(&output, 4);
    assert!(stderr(&output).contains("--allow-plain-original"), "{}", stderr(&output));
    for flags in [&["--only", "public"][..], &["--only", "public", "--allow-plain-original"]] {
        assert_status(&recorded(&archive, flags, &plain_original), 4);
        assert_status(&recorded(&archive, flags, &long(1, 20)), 4);
    }
    assert!(!archive.exists(), "nothing was written");
    assert_status(&recorded(&archive, &["--allow-plain-original"], &plain_original), 0);
    assert_eq!(names(&archive).len(), 1);
}

#[test]
fn a_refused_stream_behind_a_good_one_takes_nothing_from_it() {
    let dir = folder();
    let mut both = long(1, 25);
    both.extend(plain("gate", Reason::EndOfInput));
    assert_status(&recorded(dir.path(), &[], &both), 4);
    let left = files(dir.path());
    assert_eq!(left.len(), 1);
    assert!(fs::read(&left[0]).unwrap() == long_like(&both, 25));
}

/// The first stream of `bytes`.
fn long_like(bytes: &[u8], frames: usize) -> Vec<u8> {
    let mut reader = Reader::new(bytes);
    while !matches!(reader.next().unwrap(), Some(Record::End(_))) {}
    let first = &bytes[..reader.offset() as usize];
    assert_eq!(opened(first), frames);
    first.to_vec()
}

#[test]
fn nothing_is_overwritten() {
    let (dir, stream) = (folder(), long(1, 25));
    assert_status(&recorded(dir.path(), &[], &stream), 0);
    let before = fs::read(&files(dir.path())[0]).unwrap();
    let output = recorded(dir.path(), &[], &stream[..stream.len() - 300]);
    assert_status(&output, 2);
    assert!(stderr(&output).contains("exists already"));
    assert_eq!(names(dir.path()).len(), 1);
    assert!(fs::read(&files(dir.path())[0]).unwrap() == before);
}

#[test]
fn the_oldest_segments_of_the_camera_go_and_no_others() {
    let dir = folder();
    let other = StreamRecord { id: [9; 16], suite: Suite::Sealed, start_ns: 0, ..record("yard") };
    assert_status(&recorded(dir.path(), &[], &sealed_stream(&other, 10, Reason::EndOfInput)), 0);
    fs::write(dir.path().join("notes.txt"), "keep").unwrap();
    assert_status(&recorded(dir.path(), &["--segment", "1s"], &long(1, 50)), 0);
    let gate = |dir: &Path| names(dir).into_iter().filter(|n| n.starts_with("gate")).collect::<Vec<_>>();
    let before = gate(dir.path());
    assert_eq!(before.len(), 5);
    let size = |n: &String| fs::metadata(dir.path().join(n)).unwrap().len();
    let keep: u64 = before.iter().skip(3).map(size).sum();
    let second = long(2, 5);
    let keep = (keep + second.len() as u64).to_string();
    let output = recorded(dir.path(), &["--segment", "1s", "--keep-bytes", &keep], &second);
    assert_status(&output, 0);
    let after = gate(dir.path());
    assert_eq!(after[..2], before[3..], "the oldest three went");
    assert_eq!(after.len(), 3);
    for removed in &before[..3] {
        assert!(stderr(&output).contains(removed), "{}", stderr(&output));
    }
    // yard's is of 1970, and older than any limit
    let output = recorded(dir.path(), &["--keep", "30d"], &long(3, 5));
    assert_status(&output, 0);
    assert!(names(dir.path()).iter().any(|n| n.starts_with("yard")) && dir.path().join("notes.txt").exists());
    let output = recorded(dir.path(), &["--keep", "30d"], &{
        let old = StreamRecord { id: [10; 16], ..other };
        sealed_stream(&old, 5, Reason::EndOfInput)
    });
    assert_status(&output, 0);
    assert!(!names(dir.path()).iter().any(|n| n.starts_with("yard")), "{}", stderr(&output));
}

#[test]
fn a_full_disk_keeps_the_last_good_record_and_says_why() {
    let (dir, stream) = (folder(), long(1, 300));
    fs::write(dir.path().join("in.vv"), &stream).unwrap();
    // a limit on the length of files stands for a full disk: one block is 1024 bytes
    let script = format!("ulimit -f 40; exec {RECORD} archive in.vv");
    let output = Command::new("bash").args(["-c", &script]).current_dir(dir.path()).output().unwrap();
    assert_status(&output, 1);
    let said = stderr(&output);
    assert!(said.contains("record: error: cannot write \"archive/"), "{said}");
    assert!(said.contains(".part\": file too large (it has 40.0 KiB, and "), "{said}");
    let left = files(&dir.path().join("archive"));
    assert_eq!(left.len(), 1);
    let bytes = fs::read(&left[0]).unwrap();
    let (got, all) = (epochs(&bytes).0, epochs(&stream).0);
    assert!(got.len() > 100 && got[..] == all[..got.len()], "{} records", got.len());
    // up to the limit, less than one record is missing
    assert!(bytes.len() + 400 > 40 * 1024, "{}", bytes.len());
    let next = recorded(&dir.path().join("archive"), &[], &long(2, 10));
    assert_status(&next, 0);
    let left = files(&dir.path().join("archive"));
    let (again, end) = epochs(&fs::read(&left[0]).unwrap());
    assert_eq!((again == got, end), (true, Some(EndKind::Recovered)));
}

#[test]
fn an_input_that_is_cut_is_kept_as_far_as_it_came() {
    let stream = long(1, 25);
    let at = frame_at(&stream, 17);
    for cut in [at, at + 5, at + 40] {
        let dir = folder();
        assert_status(&recorded(dir.path(), &[], &stream[..cut]), 3);
        let (got, end) = epochs(&fs::read(&files(dir.path())[0]).unwrap());
        assert_eq!(end, Some(EndKind::Recovered));
        let all = epochs(&stream).0;
        assert!(got.len() > 17 && got[..] == all[..got.len()]);
    }
}

/// A file in memory whose writes stop after a number of bytes.
struct Disk(Cursor<Vec<u8>>, usize);

impl Read for Disk {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(self.1);
        self.1 -= n;
        match n {
            0 => Err(io::Error::other("the power went")),
            n => self.0.write(&bytes[..n]),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SegmentFile for Disk {
    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.0.get_mut().truncate(length as usize);
        self.0.seek(SeekFrom::End(0)).map(drop)
    }
}

#[test]
fn cut_at_any_byte_a_segment_is_ended_and_loses_no_whole_record() {
    let stream = long(1, 25);
    let mut empty = 0;
    // with VIDVEIL_THOROUGH at each byte, else at every third and at each of the last
    let last = stream.len() - 40;
    for cut in (0..=stream.len()).filter(|cut| thorough() || cut % 3 == 0 || *cut > last) {
        for zeros in [0, 9, 100] {
            // a power cut can leave a length without its bytes
            let left: Vec<u8> = stream[..cut].iter().copied().chain(std::iter::repeat_n(0, zeros)).collect();
            if zeros > 0 && (cut == stream.len() || cut % 7 != 0) {
                continue;
            }
            let before = epochs_of_torn(&stream[..cut]);
            // and the finishing itself can be stopped
            let mut disk = Disk(Cursor::new(left), cut % 17);
            let _ = finish_leftover(&mut disk);
            disk.1 = usize::MAX;
            let finished = finish_leftover(&mut disk).unwrap_or_else(|e| panic!("cut at {cut}: {e}"));
            let bytes = disk.0.into_inner();
            match finished {
                Finished::Empty => {
                    empty += 1;
                    assert!(before.len() <= 1, "cut at {cut} with {zeros} zeros: {} records", before.len());
                }
                Finished::Whole | Finished::Ended { .. } => {
                    let (after, end) = epochs(&bytes);
                    // zeros can make a torn frame look whole: its tag shows it
                    let whole = after.len().min(before.len());
                    assert!(after[..whole] == before[..] && after.len() <= before.len() + 1, "cut at {cut}");
                    assert!(zeros > 0 || after.len() == before.len());
                    let last = cut >= stream.len() - 16 || end == Some(EndKind::Complete);
                    assert!(end == Some(EndKind::Recovered) || last, "cut at {cut}: {end:?}");
                }
                Finished::Damaged(at) => panic!("cut at {cut} with {zeros} zeros: damaged at {at}"),
            }
        }
    }
    assert!(empty > 0);
}

fn epochs_of_torn(bytes: &[u8]) -> Vec<Vec<u8>> {
    epochs(bytes).0
}

#[test]
fn damage_is_no_torn_end_and_is_left_alone() {
    let mut stream = long(1, 25);
    let at = frame_at(&stream, 10);
    stream[at] = 77;
    let mut disk = Disk(Cursor::new(stream.clone()), usize::MAX);
    assert_eq!(finish_leftover(&mut disk).unwrap(), Finished::Damaged(at as u64));
    assert!(disk.0.into_inner() == stream);
}

#[test]
fn repair_keeps_the_old_file_and_lists_what_nothing_covers() {
    let (dir, stream) = (folder(), long(1, 25));
    let torn = &stream[..frame_at(&stream, 17) + 30];
    let old = dir.path().join("gate.vv.part");
    fs::write(&old, torn).unwrap();
    let output = run(RECORD, &["--repair", old.to_str().unwrap()], b"");
    assert_status(&output, 0);
    assert!(fs::read(&old).unwrap() == torn, "the old one stays");
    let new = fs::read(dir.path().join("gate.recovered.vv")).unwrap();
    let (got, end) = epochs(&new);
    assert!(got == epochs(torn).0 && end == Some(EndKind::Recovered));
    let told = stdout(&output);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 7, "{told}");
    assert!(lines[0].starts_with("unsigned tail: epoch 1, frame 0, track 0, 2027-01-15T09:00:01Z, "), "{told}");
    // again: the name is taken
    assert_status(&run(RECORD, &["--repair", old.to_str().unwrap()], b""), 2);
    // damage in the middle: what is before it
    let mut damaged = stream.clone();
    damaged[frame_at(&stream, 12)] = 99;
    fs::write(dir.path().join("bad.vv"), &damaged).unwrap();
    let (bad, out) = (dir.path().join("bad.vv"), dir.path().join("out.vv"));
    assert_status(&run(RECORD, &["--repair", bad.to_str().unwrap(), "-o", out.to_str().unwrap()], b""), 0);
    let saved = fs::read(&out).unwrap();
    assert_eq!(epochs(&saved).0.len(), (10 + 2) + (1 + 2) + (5 + 2), "and the epoch after it");
    // nothing to do
    let whole = dir.path().join("whole.vv");
    fs::write(&whole, &stream).unwrap();
    let output = run(RECORD, &["--repair", whole.to_str().unwrap()], b"");
    assert_status(&output, 0);
    assert!(stderr(&output).contains("is whole") && !dir.path().join("whole.recovered.vv").exists());
}

/// The frames that decrypt-stream gives of a file, with the exit status.
fn decrypted(file: &Path) -> (usize, Option<i32>) {
    let output = run(env!("CARGO_BIN_EXE_decrypt-stream"), &["-q", "-i", &key("p256"), file.to_str().unwrap()], b"");
    let frames = records(&output.stdout).iter().filter(|(_, r)| matches!(r, Record::Frame(_))).count();
    (frames, output.status.code())
}

#[test]
fn repair_goes_on_behind_damage_with_whole_epochs() {
    let (dir, mut stream) = (folder(), long(1, 95));
    let whole = stream.clone();
    // in the fourth frame of epoch 2, and all of epochs 5 and 6 but for the start record
    stream[frame_at(&whole, 23)] = 99;
    stream[frame_at(&whole, 50)..frame_at(&whole, 69) + 20].fill(0x5a);
    let (old, new) = (dir.path().join("bad.vv"), dir.path().join("new.vv"));
    fs::write(&old, &stream).unwrap();
    let output = run(RECORD, &["--repair", old.to_str().unwrap(), "-o", new.to_str().unwrap()], b"");
    assert_status(&output, 0);
    assert!(fs::read(&old).unwrap() == stream, "the old one stays");
    let told = stderr(&output);
    assert!(told.contains("lost: epoch 2 from its frame 3 on, up to epoch 3, 2027-"), "{told}");
    assert!(told.contains("lost: epoch 5 from its frame 0 on, up to epoch 7, 2027-"), "{told}");
    assert!(told.contains("7 whole epochs, and 3 frames that no close record covers"), "{told}");
    assert_eq!(stdout(&output).lines().count(), 3);
    // record for record what was there: nothing is new, nothing is changed
    let (saved, all) = (fs::read(&new).unwrap(), epochs(&whole).0);
    let kept: Vec<Vec<u8>> = [0..28, 36..61, 84..115].map(|r| all[r].to_vec()).concat();
    assert!(epochs(&saved).0 == kept);
    // it opens, with its gaps named, and never passes for whole
    assert_eq!(decrypted(&new), (68, Some(3)));
    let verified = run(env!("CARGO_BIN_EXE_verify"), &["-i", &key("p256"), new.to_str().unwrap()], b"");
    assert_status(&verified, 3);
    assert!(
        stdout(&verified).contains("recovered") || stderr(&verified).contains("recovered"),
        "{}{}",
        stdout(&verified),
        stderr(&verified)
    );
    // what was repaired is repaired to the same
    let again = dir.path().join("again.vv");
    let output = run(RECORD, &["-q", "--repair", new.to_str().unwrap(), "-o", again.to_str().unwrap()], b"");
    assert_status(&output, 0);
    assert!(fs::read(&again).unwrap() == saved);
}

#[test]
fn repair_saves_what_it_can_wherever_the_damage_is() {
    let (dir, stream) = (folder(), long(1, 35));
    let (old, new) = (dir.path().join("bad.vv"), dir.path().join("new.vv"));
    let all = epochs(&stream).0;
    for at in (0..stream.len()).step_by(stream.len() / 61) {
        let mut bad = stream.clone();
        bad[at] ^= 0x81;
        fs::write(&old, &bad).unwrap();
        let _ = fs::remove_file(&new);
        let output = run(RECORD, &["-q", "--repair", old.to_str().unwrap(), "-o", new.to_str().unwrap()], b"");
        // in the stream record, or in the first key session, there is nothing to go on with
        let Ok(saved) = fs::read(&new) else { continue };
        assert_status(&output, 0);
        let saved = epochs(&saved).0;
        assert!(saved.iter().all(|r| all.contains(r) || bad.windows(r.len()).any(|w| w == r)), "byte {at}");
        assert!(
            saved.len() + 12 + 1 >= all.len() || at < frame_at(&stream, 0),
            "byte {at}: {} of {}",
            saved.len(),
            all.len()
        );
    }
}

fn continued_by(place: &Path, camera: &str) -> Option<Continues> {
    let input = plain(camera, Reason::EndOfInput);
    let cert = certs().join("p256.pem");
    let arguments = ["-q", "-r", cert.to_str().unwrap(), "--after", place.to_str().unwrap()];
    let output = run(env!("CARGO_BIN_EXE_encrypt-stream"), &arguments, &input);
    assert_status(&output, 0);
    match records(&output.stdout).remove(0).1 {
        Record::Stream(s) => s.continues,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_next_stream_names_the_last_close_record_of_the_camera() {
    let dir = folder();
    let archive = dir.path().join("archive");
    assert_eq!(continued_by(&archive, "gate"), None, "there is none yet");
    let stream = long(1, 95);
    assert_status(&recorded(&archive, &["--segment", "3s"], &stream), 0);
    let named = Continues { stream: [1; 16], last_close: last_close(&stream) };
    assert_eq!(continued_by(&archive, "gate"), Some(named));
    assert_eq!(continued_by(&archive, "yard"), None);
    let file = dir.path().join("one.vv");
    fs::write(&file, &stream).unwrap();
    assert_eq!(continued_by(&file, "anything"), Some(named));
    // killed in the first epoch of a segment: the close record before it is known from its start record
    let last = files(&archive).pop().unwrap();
    let bytes = fs::read(&last).unwrap();
    fs::write(last.with_extension("vv.part"), &bytes[..frame_at(&bytes, 2) + 9]).unwrap();
    fs::remove_file(&last).unwrap();
    let before = fs::read(files(&archive).remove(2)).unwrap();
    let named = Continues { stream: [1; 16], last_close: last_close(&before) };
    assert_eq!(continued_by(&archive, "gate"), Some(named));
}

#[test]
fn a_folder_that_is_being_recorded_into_reads_up_to_its_last_whole_epoch() {
    let dir = folder();
    let archive = dir.path().join("archive");
    let stream = long(1, 95);
    let mut child = Command::new(RECORD)
        .args([archive.to_str().unwrap(), "-q", "--segment", "4s"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let cut = frame_at(&stream, 73);
    stdin.write_all(&stream[..cut]).unwrap();
    let grown = || files(&archive).last().is_some_and(|f| epochs(&fs::read(f).unwrap()).0.len() == 33 + 2 * 3 + 1);
    until("the second segment has grown", || archive.exists() && names(&archive).len() >= 2 && grown());
    let (key, place) = (key("p256"), archive.to_str().unwrap().to_owned());
    let decrypt = env!("CARGO_BIN_EXE_decrypt-stream");
    let plain = run(decrypt, &["-i", &key, &place], b"");
    assert_status(&plain, 0);
    let frames = records(&plain.stdout).iter().filter(|(_, r)| matches!(r, Record::Frame(_))).count();
    assert_eq!(frames, 70, "seven whole epochs");
    let listed = stdout(&run(RECORD, &["--list", &place], b""));
    assert!(listed.contains("being written"), "{listed}");
    // neither repaired nor ended by another recorder
    let part = files(&archive).pop().unwrap();
    assert_status(&run(RECORD, &["--repair", part.to_str().unwrap()], b""), 1);
    assert_status(&recorded(&archive, &["-q"], &long(2, 5)), 0);
    assert!(part.exists());
    stdin.write_all(&stream[cut..]).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    let plain = run(decrypt, &["-i", &key, &place, "--to", "2027-01-15T09:59:00Z"], b"");
    assert_status(&plain, 0);
    assert!(plain.stdout == run(decrypt, &["-i", &key], &stream).stdout, "all of the stream, as if it were one file");
}

#[test]
fn a_folder_of_several_recordings_is_read_by_camera() {
    let dir = folder();
    let yard = StreamRecord { id: [7; 16], suite: Suite::Sealed, ..record("yard") };
    assert_status(&recorded(dir.path(), &[], &long(1, 15)), 0);
    assert_status(&recorded(dir.path(), &[], &sealed_stream(&yard, 25, Reason::EndOfInput)), 0);
    let (key, place) = (key("p256"), dir.path().to_str().unwrap());
    let decrypt = |flags: &[&str]| {
        let mut all = vec!["-q", "-i", &key, place];
        all.extend(flags);
        run(env!("CARGO_BIN_EXE_decrypt-stream"), &all, b"")
    };
    let output = decrypt(&[]);
    assert_status(&output, 2);
    assert!(stderr(&output).contains("\"gate\" (original), \"yard\" (original)"), "{}", stderr(&output));
    let frames = |o: &Output| records(&o.stdout).iter().filter(|(_, r)| matches!(r, Record::Frame(_))).count();
    assert_eq!(frames(&decrypt(&["--camera", "yard"])), 25);
    assert_eq!(frames(&decrypt(&["--camera", "gate"])), 15);
    assert_status(&decrypt(&["--camera", "door"]), 1);
    assert_status(&decrypt(&["--camera", "gate", "--to", "2027-01-15T08:00:00Z"]), 1);
    // all of them at once
    assert_status(&run(env!("CARGO_BIN_EXE_verify"), &["-q", "-i", &key, place], b""), 0);
    // a folder is asked for where there is none
    let file = files(dir.path()).remove(0);
    assert_status(&run(env!("CARGO_BIN_EXE_verify"), &["--camera", "gate", file.to_str().unwrap()], b""), 2);
}

#[test]
fn verify_tells_a_hole_from_a_stop() {
    let (dir, key) = (folder(), key("p256"));
    let place = dir.path().to_str().unwrap();
    let verify = || run(env!("CARGO_BIN_EXE_verify"), &["-i", &key, place], b"");
    let first = long(1, 95);
    let next = StreamRecord {
        id: [2; 16],
        suite: Suite::Sealed,
        start_ns: BEGIN + 7200 * SECOND,
        continues: Some(Continues { stream: [1; 16], last_close: last_close(&first) }),
        ..record("gate")
    };
    assert_status(&recorded(dir.path(), &["--segment", "3s"], &first), 0);
    assert_status(&recorded(dir.path(), &[], &sealed_stream(&next, 25, Reason::EndOfInput)), 0);
    let output = verify();
    assert_status(&output, 0);
    assert!(stderr(&output).contains("recording stopped and went on"), "{}", stderr(&output));
    let segments = files(dir.path());
    // the last segment of the first stream: the second one names a close record that is not there
    let taken = fs::read(&segments[3]).unwrap();
    fs::remove_file(&segments[3]).unwrap();
    let output = verify();
    assert_status(&output, 3);
    assert!(stderr(&output).contains("is not what the next stream names"), "{}", stderr(&output));
    fs::write(&segments[3], &taken).unwrap();
    fs::remove_file(&segments[1]).unwrap();
    assert_status(&verify(), 3);
    // from the beginning on: that is what retention does
    fs::remove_file(&segments[0]).unwrap();
    assert_status(&verify(), 0);
}

/// Ends of the close records.
fn closes(bytes: &[u8]) -> Vec<usize> {
    let (mut reader, mut ends) = (Reader::new(bytes), Vec::new());
    while let Some(record) = reader.next().unwrap() {
        if matches!(record, Record::Close(_)) {
            ends.push(reader.offset() as usize);
        }
    }
    ends
}

/// A public stream of four epochs, signed as `protect --sign` signs.
fn signed_public(id: u8, signer: Signer) -> Vec<u8> {
    let signer = Arc::new(signer);
    let certificate = signer.certificate().der().to_vec();
    let s = StreamRecord { id: [id; 16], role: Role::Public, signer: certificate, ..record("gate") };
    let (mut writer, mut epochs) = (Writer::new(Vec::new()), EpochSigner::new(signer).unwrap());
    let unsigned = plain("gate", Reason::EndOfInput);
    let (mut reader, mut hash) = (Reader::new(&unsigned[..]), [0; 32]);
    while let Some(read) = reader.next().unwrap() {
        match read {
            Record::Stream(_) => hash = sha256(&writer.stream(&s).unwrap()),
            Record::Start(start) => {
                let start = Start { previous_close: writer.last_close(), ..start };
                let raw = start.to_record().unwrap();
                writer.start(&start, &raw).unwrap();
                epochs.start(hash, [0; 32], &start, &raw).unwrap();
            }
            Record::Frame(f) => {
                writer.frame(&f, reader.raw()).unwrap();
                epochs.frame_copied(reader.raw()).unwrap();
            }
            Record::Close(c) => {
                let mut c = Close { signature: Some(epochs.blank()), ..c };
                c.signature = Some(epochs.sign(&c.to_record().unwrap()).unwrap());
                writer.close(&c, &c.to_record().unwrap()).unwrap();
            }
            _ => {}
        }
    }
    writer.finish().unwrap();
    writer.into_output()
}

#[test]
fn only_what_the_privacy_server_has_signed_is_kept() {
    let yard = Yard::with_camera(2);
    yard.done(
        "signer privacy; signer other; capture camera.mp4 -o cam.vv; encrypt-stream -r certs cam.vv -o sealed.vv
         protect -i desk.key --learn 500ms sealed.vv -o unsigned.vv
         protect -i desk.key --learn 500ms --sign privacy.key --signer privacy.pem sealed.vv -o protected.vv",
    );
    let signer = || {
        let certificate = certificates_in(&yard.bytes("privacy.pem")).unwrap().remove(0);
        Signer::new(&yard.bytes("privacy.key"), certificate, vidveil::base::wall_ns(), || None).unwrap()
    };
    let record = |dir: &str, signer: &str, input: &[u8]| {
        let command = yard.command("record", &[dir, "--only", "public", "--signer", signer]);
        let output = fed(command, input);
        let path = yard.path(dir);
        let left = if path.exists() { files(&path) } else { Vec::new() };
        (output, left)
    };
    let (output, left) = record("protected", "privacy.pem", &yard.bytes("protected.vv"));
    assert_status(&output, 0);
    assert_eq!(epochs(&fs::read(&left[0]).unwrap()), epochs(&yard.bytes("protected.vv")));
    let public = signed_public(1, signer());
    let ends = closes(&public);
    assert!(ends.len() > 3, "{ends:?}");

    let (output, left) = record("kept", "privacy.pem", &public);
    assert_status(&output, 0);
    assert_eq!(epochs(&fs::read(&left[0]).unwrap()), epochs(&public));
    for (dir, signer, input) in [("a", "privacy.pem", &yard.bytes("unsigned.vv")), ("b", "other.pem", &public)] {
        let (output, left) = record(dir, signer, input);
        assert_status(&output, 4);
        assert!(stderr(&output).contains("nothing of it was kept"), "{}", stderr(&output));
        assert_eq!(left.len(), 0);
    }
    // the signature stands at the end of a close record: the epoch before it goes, those before that stay
    for (dir, bad) in [("first", 0), ("third", 2)] {
        let mut bent = public.clone();
        bent[ends[bad] - 5] ^= 1;
        let (output, left) = record(dir, "privacy.pem", &bent);
        assert_status(&output, 4);
        assert!(stderr(&output).contains("signature"), "{}", stderr(&output));
        assert_eq!(left.len(), usize::from(bad > 0));
        for file in &left {
            let (kept, end) = epochs(&fs::read(file).unwrap());
            assert_eq!((kept.len(), end), (epochs(&public[..ends[bad - 1]]).0.len(), Some(EndKind::Recovered)));
        }
    }
    // what was not signed yet when the input stopped is not kept, nor what a recording left that died
    let torn = &public[..ends[2] - 10];
    let two = epochs(&public[..ends[1]]).0;
    assert!(epochs(torn).0.len() > two.len());
    let (output, left) = record("torn", "privacy.pem", torn);
    assert_status(&output, 3);
    assert_eq!(epochs(&fs::read(&left[0]).unwrap()), (two.clone(), Some(EndKind::Recovered)));
    let name = left[0].file_name().unwrap().to_str().unwrap().to_owned();
    fs::create_dir(yard.path("died")).unwrap();
    fs::write(yard.path("died").join(format!("{name}.part")), torn).unwrap();
    let (output, _) = record("died", "privacy.pem", &signed_public(2, signer()));
    assert_status(&output, 0);
    assert_eq!(epochs(&fs::read(yard.path("died").join(&name)).unwrap()), (two, Some(EndKind::Recovered)));
}
