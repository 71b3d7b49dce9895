//! Sealing and opening on sources and sinks that stutter and fail.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::rc::Rc;

use vidveil::format::{HEADER_LEN, PREAMBLE, Reader, Reason, RecordType};
use vidveil::seal::{Opened, Opener, SealError, Sealer};

use crate::support::seal::*;

/// Gives one byte at a time, and an interruption before each.
struct Drops<'a>(&'a [u8], bool);

impl Read for Drops<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(ErrorKind::Interrupted.into());
        }
        let n = buf.len().min(1);
        self.0.read(&mut buf[..n])
    }
}

#[test]
fn bytes_that_drip_in_give_the_same() {
    let (sealed, frames) = small();
    let got = open_from(Drops(&sealed, false), key("p256"));
    assert!(got.error.is_none());
    assert_eq!(got.frames, frames);
}

/// Writes into a shared vector; fails at one write, after a part of it, and counts what is tried afterwards.
#[derive(Clone, Default)]
struct Sink {
    got: Rc<RefCell<Vec<u8>>>,
    writes: Rc<RefCell<usize>>,
    fail_at: usize,
    short: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut writes = self.writes.borrow_mut();
        *writes += 1;
        if *writes == self.fail_at {
            let part = bytes.len() / 2;
            self.got.borrow_mut().extend_from_slice(&bytes[..part]);
            return Err(ErrorKind::StorageFull.into());
        }
        if self.short && writes.is_multiple_of(3) {
            return Err(ErrorKind::Interrupted.into());
        }
        let n = if self.short { bytes.len().div_ceil(3) } else { bytes.len() };
        self.got.borrow_mut().extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn begin(sink: &Sink) -> Result<Sealer<Sink>, SealError> {
    Sealer::begin(sink.clone(), &stream(vec![video()]), settings(), Script::always(&["p256"]), at(0))
}

#[test]
fn a_sink_that_takes_little_gets_every_record_once() {
    let sink = Sink { short: true, ..Sink::default() };
    let mut sealer = begin(&sink).unwrap();
    steps(25, 1).iter().for_each(|s| sealer.frame(&s.frame, &s.packet, s.now).unwrap());
    sealer.finish(Reason::EndOfInput).unwrap();
    let got = open(&sink.got.borrow(), "p256");
    assert!(got.error.is_none());
    assert_eq!(got.packets(), steps(25, 1).iter().map(|s| s.packet.as_slice()).collect::<Vec<_>>());
}

#[test]
fn whichever_write_fails_nothing_is_written_behind_it() {
    let steps = steps(25, 1);
    let count = {
        let sink = Sink::default();
        let mut sealer = begin(&sink).unwrap();
        steps.iter().for_each(|s| sealer.frame(&s.frame, &s.packet, s.now).unwrap());
        sealer.finish(Reason::EndOfInput).unwrap();
        *sink.writes.borrow()
    };
    assert!(count > 30, "one write a record");
    for fail_at in 1..=count {
        let sink = Sink { fail_at, ..Sink::default() };
        let mut written = 0;
        let mut errors = 0;
        if let Ok(mut sealer) = begin(&sink) {
            for s in &steps {
                match sealer.frame(&s.frame, &s.packet, s.now) {
                    Ok(()) => written += 1,
                    Err(_) => errors += 1,
                }
            }
            errors += usize::from(sealer.finish(Reason::Failed).is_err());
            assert!(errors >= 1, "write {fail_at} failed unseen");
            assert!(errors == 25 - written + 1, "after write {fail_at} failed something worked");
        }
        assert_eq!(*sink.writes.borrow(), fail_at, "something was written after write {fail_at}, which failed");
        let got = open(&sink.got.borrow(), "p256");
        assert!(got.error.is_some());
        assert_eq!(got.frames.len(), written, "frames reported as written, and there");
        for (got, s) in got.frames.iter().zip(&steps) {
            assert_eq!(got.1, s.packet);
        }
    }
}

#[test]
fn no_nonce_is_used_twice() {
    let steps = steps(60, 2);
    let sealed = seal(vec![video(), audio()], &steps, settings(), Script::always(&["p256"]));
    let mut seen = BTreeSet::new();
    let mut epoch = 0;
    for (kind, range) in records(&sealed) {
        let body = &sealed[range.start + HEADER_LEN..range.end];
        match kind {
            RecordType::Start => epoch = u64::from_be_bytes(body[4..12].try_into().unwrap()),
            RecordType::Frame => {
                let track = [sealed[range.start + 2], sealed[range.start + 3]];
                assert!(seen.insert((epoch, track, body[..4].to_vec())), "epoch {epoch}: a counter comes twice");
            }
            _ => {}
        }
    }
    assert_eq!(seen.len(), 60);
}

#[test]
fn a_frame_that_cannot_be_written_leaves_the_stream_as_it_is() {
    let sink = Sink::default();
    let mut sealer = begin(&sink).unwrap();
    let good = frame(0, 0, true);
    let bad = [
        (vidveil::format::Frame { duration: -1, ..good }, vec![1]),
        (vidveil::format::Frame { track: 1, ..good }, vec![1]),
        (good, vec![0; (64 << 20) - 4095]),
    ];
    for (f, packet) in &bad {
        assert!(sealer.frame(f, packet, at(0)).is_err());
        sealer.frame(&good, b"fits", at(0)).unwrap();
    }
    sealer.finish(Reason::EndOfInput).unwrap();
    let got = open(&sink.got.borrow(), "p256");
    assert!(got.error.is_none(), "{:?}", got.error);
    assert_eq!(got.packets(), [b"fits", b"fits", b"fits"]);
}

/// Notes the largest buffer that it was asked to fill.
struct Asked<'a>(&'a [u8], usize);

impl Read for Asked<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1.max(buf.len());
        self.0.read(buf)
    }
}

#[test]
fn a_length_is_a_claim_and_no_reason_to_ask_for_memory() {
    for (kind, max) in [(1u8, 1u32 << 20), (6, 16 << 20)] {
        let short = [&PREAMBLE[..], &[kind, 0, 0, 0], &max.to_be_bytes(), &[0; 100]].concat();
        let mut asked = Asked(&short, 0);
        assert!(Reader::new(&mut asked).next().is_err());
        assert!(asked.1 <= 1 << 20, "{} bytes asked for, for 100", asked.1);
        let over = [&PREAMBLE[..], &[kind, 0, 0, 0], &(max + 1).to_be_bytes(), &[0; 100]].concat();
        let mut asked = Asked(&over, 0);
        assert!(Reader::new(&mut asked).next().is_err());
        assert!(asked.1 <= 512 << 10, "more than one window was asked for although the length is over the limit");
    }
    // a frame: after a start record
    let plain = small().0;
    let start = records(&plain).iter().find(|(kind, _)| *kind == RecordType::Start).unwrap().1.end;
    let short = [&plain[..start], &[4, 0, 0, 0], &(64u32 << 20).to_be_bytes(), &[0; 100]].concat();
    let mut asked = Asked(&short, 0);
    assert!(open_from(&mut asked, key("p256")).is_truncated());
    assert!(asked.1 <= 1 << 20);
}

#[test]
fn behind_an_error_there_are_only_errors() {
    let (mut sealed, frames) = small();
    let second = records(&sealed).iter().filter(|(kind, _)| *kind == RecordType::Frame).nth(1).unwrap().1.clone();
    sealed[second.end - 1] ^= 1;
    let mut opener = Opener::new(sealed.as_slice(), key("p256"));
    let mut given = Vec::new();
    let mut errors = 0;
    for _ in 0..100 {
        match opener.next() {
            Ok(Some(Opened::Frame(_))) => given.push(opener.packet().to_vec()),
            Ok(Some(_)) => assert_eq!(opener.packet(), b""),
            Ok(None) => panic!("the end, after damage"),
            Err(_) => {
                errors += 1;
                assert_eq!(opener.packet(), b"", "bytes that no tag has passed");
            }
        }
    }
    assert_eq!(given, [frames[0].1.clone()]);
    assert!(errors > 50);
}

#[test]
fn a_jump_gives_the_epochs_that_it_goes_to_and_nothing_else() {
    let source = Script::of(&[(i64::MIN, &["p256"]), (NOW + 2 * S, &["p256", "p384"])]);
    let sealed = seal(vec![video()], &steps(50, 1), settings(), source);
    let whole = open(&sealed, "p256");
    assert_eq!((whole.sessions.as_slice(), whole.epochs.len()), (&[0, 1][..], 5));
    let index = vidveil::format::seek_index(&mut Cursor::new(&sealed)).unwrap().unwrap();
    assert_eq!(index.entries.len(), 5);

    let mut opener = Opener::new(Cursor::new(&sealed), key("p256"));
    while !matches!(opener.next().unwrap(), Some(Opened::Stream(_))) {}
    for i in [4, 0, 2, 1, 3, 3, 0] {
        let entry = index.entries[i];
        opener.jump(entry.keys_offset).unwrap();
        while !matches!(opener.next().unwrap(), Some(Opened::Keys(_))) {}
        opener.jump(entry.offset).unwrap();
        let mut got = Outcome::default();
        while got.reasons.is_empty() {
            let opened = opener.next().unwrap().unwrap();
            note(&mut got, opened, opener.packet());
        }
        assert_eq!(got.epochs, [entry.epoch]);
        assert_eq!(got.frames, whole.frames[i * 10..i * 10 + 10]);
    }
    opener.jump(index.entries[2].offset).unwrap();
    assert!(opener.next().is_err(), "an epoch opens although its keys record was not read before");
}

#[test]
fn a_jump_to_anywhere_gives_nothing_false() {
    let (sealed, frames) = small();
    for offset in (0..sealed.len() as u64 + 20).filter(|o| o % 3 == 0 || *o < 300) {
        let mut opener = Opener::new(Cursor::new(&sealed), key("p256"));
        while !matches!(opener.next().unwrap(), Some(Opened::Stream(_))) {}
        opener.jump(offset).unwrap();
        while let Ok(Some(o)) = opener.next() {
            if let Opened::Frame(f) = o {
                assert!(frames.contains(&(f, opener.packet().to_vec())), "a jump to {offset} gives another frame");
            }
        }
    }
    let mut opener = Opener::new(Cursor::new(&sealed), key("p256"));
    opener.next().unwrap();
    assert!(opener.jump(u64::MAX).is_err() || opener.next().is_err());
}
