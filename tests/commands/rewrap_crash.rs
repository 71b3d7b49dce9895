//! `rewrap --in-place` stopped at any write: each session opens with the old list or the new one.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use vidveil::format::{Keys, KeysPlace, Reader, Record, SlotState, find_keys};
use vidveil::keys::{Identity, KeyFile};
use vidveil::seal::{Bonds, Change, Disk, Opener, Opening, Rewrapped, rewrap_in_place};

use crate::support::streams::*;

/// A file whose writes stop after a number of bytes, and that can forget what was not synced.
struct Failing {
    file: Cursor<Vec<u8>>,
    /// Bytes and syncs that still work; a sync counts as one.
    left: usize,
}

impl Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read(buf)
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(self.left);
        self.left -= n;
        match n {
            0 => Err(io::Error::other("the power went")),
            n => self.file.write(&bytes[..n]),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for Failing {
    fn sync(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("the power went"))?;
        Ok(())
    }
}

fn identity(name: &str) -> Vec<Box<dyn Identity>> {
    vec![Box::new(KeyFile::parse(&std::fs::read(key(name)).unwrap(), || None).unwrap())]
}

fn two_sessions() -> Vec<u8> {
    sealed_to(Recipients { first: vec!["p256"], later: vec!["p256", "rsa2048"] }, 600 * SECOND)
}

/// Which of the sessions the key opens.
fn opens(bytes: &[u8], name: &str) -> Vec<bool> {
    let identities = identity(name);
    let change = Change { identities: &identities, ..Change::default() };
    let mut reader = Reader::new(bytes);
    let mut hash = [0; 32];
    let mut all = Vec::new();
    while let Some(r) = reader.next().unwrap() {
        match r {
            Record::Stream(_) => hash = vidveil::format::sha256(reader.raw()),
            Record::Keys(k) => {
                let offset = reader.record_offset();
                let place =
                    KeysPlace { stream_hash: hash, offset, begins_anew: false, is_first: false, last_epoch: None };
                all.push(matches!(change.open(&k, &place, &[0; 32], &mut Bonds::default()), Ok(Opening::Open(_))));
            }
            _ => {}
        }
    }
    all
}

fn all_keys(bytes: &[u8]) -> Vec<Keys> {
    let keys = |(_, r)| if let Record::Keys(k) = r { Some(*k) } else { None };
    records(bytes).into_iter().filter_map(keys).collect()
}

fn settled(bytes: &[u8]) -> bool {
    all_keys(bytes).iter().all(|k| k.slots().contains(&&SlotState::Empty))
}

#[test]
fn stopped_at_any_byte_it_opens_and_is_finished_by_the_same_call() {
    let old = two_sessions();
    let identities = identity("p256");
    let change = Change { identities: &identities, recipients: vec![cert("p384")], now_ns: BEGIN, ..Change::default() };
    // what finishes it: a key of the new list proves that list where the old one is wiped in part
    let both: Vec<_> = identity("p256").into_iter().chain(identity("p384")).collect();
    let finish = Change { identities: &both, recipients: vec![cert("p384")], now_ns: BEGIN, ..Change::default() };
    let slot = all_slots(&old);
    // every write is that of a slot: at its beginning, inside its fields, in its zeros, before its hash, and whole
    let mut stops = vec![0usize];
    for n in 0..4 {
        for inside in [1, 8, 12, 40, 600, slot - 33, slot - 1, slot, slot + 1] {
            stops.push(n * slot + inside);
        }
    }
    let (mut finished, mut only_claimed) = (0, 0);
    for left in stops {
        let mut disk = Failing { file: Cursor::new(old.clone()), left };
        let stopped = rewrap_in_place(&mut disk, &change, |_, _| {}).is_err();
        finished += usize::from(!stopped);
        let bytes = disk.file.into_inner();
        let (with_old, with_new) = (opens(&bytes, "p256"), opens(&bytes, "p384"));
        for (i, (a, b)) in with_old.iter().zip(&with_new).enumerate() {
            assert!(a != b, "session {i} after {left} bytes opens with {a} {b}");
        }
        // with the old key alone the new list is proven as long as the old one is whole; what only claims to be changed
        // stays as it is, wiped in part or not
        let mut disk = Failing { file: Cursor::new(bytes.clone()), left: usize::MAX };
        let done = rewrap_in_place(&mut disk, &change, |_, _| {}).unwrap_or_else(|e| panic!("after {left} bytes: {e}"));
        let again = disk.file.into_inner();
        let mut expected = Rewrapped { lists: done.lists.clone(), ..Rewrapped::default() };
        for (i, (before, after)) in all_keys(&bytes).iter().zip(all_keys(&again)).enumerate() {
            let is_old_whole = matches!(before.slots()[1 - before.current_slot()], SlotState::Whole(_));
            match (with_old[i], is_old_whole) {
                (true, _) => expected.changed += 1,
                (false, true) => expected.already += 1,
                (false, false) => {
                    expected.claimed += 1;
                    assert_eq!(*before, after, "after {left} bytes");
                }
            }
        }
        assert_eq!(done, expected, "after {left} bytes");
        assert_eq!((opens(&again, "p256"), opens(&again, "p384")), (vec![false; 2], vec![true; 2]), "{left}");
        only_claimed += done.claimed;
        let mut disk = Failing { file: Cursor::new(bytes), left: usize::MAX };
        rewrap_in_place(&mut disk, &finish, |_, _| {}).unwrap_or_else(|e| panic!("after {left} bytes: {e}"));
        let bytes = disk.file.into_inner();
        assert_eq!(
            (opens(&bytes, "p256"), opens(&bytes, "p384")),
            (vec![false; 2], vec![true; 2]),
            "after {left} bytes"
        );
        assert!(settled(&bytes) && bytes.len() == old.len());
        let mut opener = Opener::new(bytes.as_slice(), identity("p384"));
        let mut frames = 0;
        while let Some(o) = opener.next().unwrap() {
            frames += usize::from(matches!(o, vidveil::seal::Opened::Frame(_)));
        }
        assert_eq!(frames, 13);
    }
    assert_eq!(finished, 0, "the last stop is before the last sync");
    assert!(only_claimed > 0, "some stop is while the old lists are wiped");
}

fn all_slots(bytes: &[u8]) -> usize {
    keys_at(bytes).1.slot_size() as usize
}

/// Counts how often it is read, and how much.
struct Counting<'a>(Cursor<&'a [u8]>, u64);

impl Read for Counting<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1 += 1;
        self.0.read(buf)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

fn places(bytes: &[u8]) -> Vec<u64> {
    let keys = records(bytes).into_iter().filter(|(_, r)| matches!(r, Record::Keys(_)));
    keys.map(|(at, _)| at).collect()
}

#[test]
fn every_keys_record_is_found_with_and_without_an_index() {
    let one = two_sessions();
    let without_index = {
        let end = records(&one).iter().position(|(_, r)| matches!(r, Record::Index(_))).unwrap();
        one[..records(&one)[end].0 as usize].to_vec()
    };
    let after = |mut at: Vec<u64>, more: &[u8]| {
        at.extend(places(&one).iter().map(|at| at + more.len() as u64));
        at
    };
    for (bytes, at) in [
        (one.clone(), places(&one)),
        (without_index.clone(), places(&one)),
        ([sealed(), one.clone()].concat(), after(places(&sealed()), &sealed())),
        // two streams alike: the index of the second fits the first, too
        ([one.clone(), one.clone()].concat(), after(places(&one), &one)),
        ([one.clone(), without_index].concat(), after(places(&one), &one)),
    ] {
        let found = find_keys(&mut Cursor::new(&bytes)).unwrap();
        assert_eq!(found.places.iter().map(|p: &KeysPlace| p.offset).collect::<Vec<_>>(), at);
    }
    // an index that lies is not followed
    let (at, _) = records(&one).into_iter().find(|(_, r)| matches!(r, Record::Index(_))).unwrap();
    for byte in (at as usize + 8)..(one.len() - 16) {
        let mut bent = one.clone();
        bent[byte] ^= 1;
        let found = find_keys(&mut Cursor::new(&bent)).unwrap();
        let at: Vec<u64> = found.places.iter().map(|p| p.offset).collect();
        assert_eq!(at, places(&one), "byte {byte}");
    }
}

#[test]
fn with_an_index_reading_does_not_grow_with_the_file() {
    let reads = |frames: usize| {
        let bytes = long(frames);
        let mut file = Counting(Cursor::new(&bytes), 0);
        assert_eq!(find_keys(&mut file).unwrap().places.len(), 1);
        (bytes.len(), file.1)
    };
    let (short, long) = (reads(100), reads(2000));
    assert!(long.0 > 10 * short.0);
    assert_eq!(long.1, short.1);
}

/// A sealed stream of `epochs` epochs.
fn long(epochs: usize) -> Vec<u8> {
    use vidveil::format::{Frame, FrameFlags, Reason};
    use vidveil::seal::{SealSettings, Sealer};
    let settings = SealSettings { rekey_ns: SECOND / 10, ..Default::default() };
    let recipients = Recipients { first: vec!["p256"], later: vec!["p256"] };
    let mut s = Sealer::begin(Vec::new(), &record("gate"), settings, Box::new(recipients), clock(0, 0)).unwrap();
    for i in 0..epochs as i64 {
        let flags = FrameFlags { key: true, ..Default::default() };
        s.frame(
            &Frame { track: 0, flags, counter: 0, pts: Some(i), dts: Some(i), duration: 1 },
            b"picture",
            clock(0, 0),
        )
        .unwrap();
    }
    s.finish(Reason::EndOfInput).unwrap();
    s.into_output()
}
