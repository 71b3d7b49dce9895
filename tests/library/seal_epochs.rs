//! When epochs and sessions turn, to whom, and how a stream ends when nobody is left.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{self, Write};
use std::rc::Rc;

use vidveil::format::{Clock, EndKind, Frame, Reader, Reason, Record};
use vidveil::keys::{Algorithm, GenerateOptions, certificates_in, generate};
use vidveil::seal::{RecipientSource, SealError, SealSettings, Sealer, SessionSecret};

use crate::support::seal::*;

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many frames each epoch has.
fn lengths(sealed: &[u8]) -> Vec<u32> {
    let mut reader = Reader::new(sealed);
    let mut lengths = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Record::Close(c) = record {
            lengths.push(c.tracks.iter().map(|t| t.frames).sum());
        }
    }
    lengths
}

/// Epochs of frames that arrive all at once, so that media time alone counts.
fn media_only(frames: &[Frame], tracks: Vec<vidveil::format::Track>) -> Vec<u32> {
    let steps: Vec<Step> = frames.iter().map(|f| Step { frame: *f, packet: vec![1], now: at(0) }).collect();
    lengths(&seal(tracks, &steps, settings(), Script::always(&["p256"])))
}

#[test]
fn an_epoch_ends_at_the_first_key_frame_after_the_interval() {
    let frames: Vec<_> = (0..30).map(|i| frame(0, i * 100, i % 7 == 0)).collect();
    // key frames at 0, 0.7, 1.4, 2.1, 2.8 s; epochs of a second begin with 0, 1.4 and 2.8
    assert_eq!(media_only(&frames, vec![video()]), [14, 14, 2]);
}

#[test]
fn without_key_frames_it_ends_at_twice_the_interval() {
    let frames: Vec<_> = (0..50).map(|i| frame(0, i * 100, i == 0)).collect();
    assert_eq!(media_only(&frames, vec![video()]), [20, 20, 10]);
}

#[test]
fn audio_alone_needs_no_key_frame_and_does_not_end_an_epoch_of_video() {
    let frames: Vec<_> = (0..25).map(|i| frame(0, i * 100, false)).collect();
    assert_eq!(media_only(&frames, vec![audio()]), [10, 10, 5]);
    let frames: Vec<_> = (0..30).map(|i| frame(i as u16 % 2, i * 100, i % 2 == 1 || i % 14 == 0)).collect();
    assert_eq!(media_only(&frames, vec![video(), audio()]), [14, 14, 2]);
}

#[test]
fn the_monotonic_clock_ends_an_epoch_whose_times_stand_still() {
    let steps: Vec<_> = (0..30)
        .map(|i| Step { frame: Frame { pts: None, ..frame(0, 0, i % 10 == 0) }, packet: vec![1], now: at(i * S / 10) })
        .collect();
    assert_eq!(lengths(&seal(vec![video()], &steps, settings(), Script::always(&["p256"]))), [10, 10, 10]);
}

#[test]
fn tracks_that_count_from_different_moments_share_an_epoch() {
    let frames: Vec<_> = (0..20).map(|i| frame(i as u16 % 2, i * 10 + (i % 2) * 3_600_000, i == 0)).collect();
    assert_eq!(media_only(&frames, vec![video(), audio()]), [20]);
}

#[test]
fn times_at_the_ends_of_their_range_are_only_times() {
    let edge = [i64::MAX, i64::MIN + 1, 0, i64::MAX - 1, i64::MIN + 2, -1].map(Some).into_iter().chain([None]);
    let frames: Vec<_> = edge.cycle().take(40).map(|pts| Frame { pts, ..frame(0, 0, true) }).collect();
    let clocks = [at(0), Clock { wall_ns: NOW, mono_ns: i64::MAX }, Clock { wall_ns: NOW, mono_ns: i64::MIN }];
    for now in clocks {
        let steps: Vec<_> = frames.iter().map(|f| Step { frame: *f, packet: vec![7], now }).collect();
        for base in [(1, u32::MAX), (u32::MAX, 1)] {
            let track = vidveil::format::Track { time_base: base, ..video() };
            let sealed = seal(vec![track], &steps, settings(), Script::always(&["p256"]));
            let got = open(&sealed, "p256");
            assert!(got.error.is_none(), "{:?}", got.error);
            assert_eq!(got.frames.len(), 40);
        }
    }
}

#[test]
fn another_set_of_recipients_is_another_session_and_only_that_one() {
    let source = Script::of(&[
        (i64::MIN, &["p256"]),
        (NOW + 15 * S / 10, &["p256", "p384"]),
        (NOW + 35 * S / 10, &["p384"]),
        (NOW + 45 * S / 10, &["p384", "expired"]),
    ]);
    let sealed = seal(vec![video()], &steps(60, 1), settings(), source);
    // p256 reads the sessions that it is in, whole, and the others are passed over
    let got = open(&sealed, "p256");
    assert_eq!((got.sessions.as_slice(), got.epochs.as_slice()), (&[0, 1][..], &[0, 1, 2, 3][..]));
    assert!(got.error.is_none(), "{:?}", got.error);
    // p384 was not there at the beginning
    let got = open(&sealed, "p384");
    assert_eq!((got.streams.len(), got.sessions.first(), got.epochs.first()), (1, Some(&1), Some(&2)));
    assert!(got.error.is_none(), "{:?}", got.error);
    // who was never there opens nothing
    let got = open(&sealed, "rsa2048");
    assert!(got.frames.is_empty() && got.streams.is_empty());
    assert!(matches!(got.error, Some(SealError::NotRecipient { session: 0, .. })));
    // both together read everything; a certificate that is left out anyway makes no session
    let got = open_from(sealed.as_slice(), [key("p256"), key("p384")].into_iter().flatten().collect());
    assert!(got.error.is_none());
    assert_eq!((got.sessions.as_slice(), got.frames.len()), (&[0, 1, 2][..], 60));
}

#[test]
fn a_session_has_a_length() {
    let settings = SealSettings { session_ns: 2 * S, ..settings() };
    let got = open(&seal(vec![video()], &steps(50, 1), settings, Script::always(&["p256"])), "p256");
    assert_eq!((got.sessions.as_slice(), got.epochs.len(), got.error.is_none()), (&[0, 1, 2][..], 5, true));
}

/// A new certificate that is valid for `days` days from [`NOW`].
fn made(days: u32) -> Vec<u8> {
    let options = GenerateOptions { name: format!("{days} days"), algorithm: Algorithm::P256, days, now_ns: NOW };
    generate(&options, None).unwrap().certificate_pem.into_bytes()
}

#[test]
fn nothing_is_sealed_to_a_certificate_behind_its_end() {
    let (short, long) = (made(1), made(9));
    let end = certificates_in(&short).unwrap()[0].not_after_ns() - NOW;
    let sink = Shared::default();
    let source = Box::new(Script(vec![(i64::MIN, vec![short, long, pem("p256")])]));
    let mut sealer = Sealer::begin(sink.clone(), &stream(vec![video()]), settings(), source, at(0)).unwrap();
    for (i, ns) in [0, end - 2, end - 1, end, end + 1, end + 2].into_iter().enumerate() {
        // media time stands still and no key frame comes: only the clock can end the epoch
        let now = Clock { mono_ns: 0, ..at(ns) };
        sealer.frame(&frame(0, 0, i == 0), &[i as u8], now).unwrap();
    }
    sealer.finish(Reason::EndOfInput).unwrap();
    let sealed = sink.0.borrow().clone();
    let mut reader = Reader::new(sealed.as_slice());
    let (mut sessions, mut recipients, mut left_out) = (0, 0, 0);
    let mut held = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Keys(k) => {
                sessions += 1;
                recipients = k.current().messages[0].recipients.len();
                left_out = k.left_out.len();
            }
            Record::Frame(_) => held.push((sessions, recipients, left_out)),
            _ => {}
        }
    }
    assert_eq!(held, [(1, 3, 0), (1, 3, 0), (1, 3, 0), (1, 3, 0), (2, 2, 1), (2, 2, 1)]);
}

#[test]
fn when_nobody_is_left_the_stream_is_closed_and_says_so() {
    let source = Script::of(&[(i64::MIN, &["p256"]), (NOW + 2 * S, &["expired"])]);
    let sink = Shared::default();
    let mut sealer = Sealer::begin(sink.clone(), &stream(vec![video()]), settings(), source, at(0)).unwrap();
    let results: Vec<_> = steps(40, 1).iter().map(|s| sealer.frame(&s.frame, &s.packet, s.now)).collect();
    assert!(results[..20].iter().all(Result::is_ok));
    assert!(matches!(&results[20], Err(SealError::NoRecipients { left_out }) if left_out.len() == 1));
    assert!(results[20..].iter().all(Result::is_err), "sealing goes on to nobody");
    assert!(sealer.finish(Reason::EndOfInput).is_err());
    let got = open(&sink.0.borrow(), "p256");
    assert!(got.error.is_none());
    assert_eq!((got.frames.len(), got.reasons.last()), (20, Some(&Reason::NoRecipients)));
    assert_eq!(got.ends[0].kind, EndKind::Complete);
}

#[test]
fn too_few_recipients_are_none_and_nothing_is_written_then() {
    let begin = |minimum_recipients, names: &[&str]| {
        let sink = Shared::default();
        let settings = SealSettings { minimum_recipients, ..settings() };
        let made = Sealer::begin(sink.clone(), &stream(vec![video()]), settings, Script::always(names), at(0));
        (made.is_ok(), sink.0.borrow().is_empty())
    };
    assert_eq!(begin(1, &["p256"]), (true, false));
    assert_eq!(begin(0, &["expired"]), (false, true), "nobody is too few, whatever the minimum");
    assert_eq!(begin(2, &["p256", "expired"]), (false, true));
    assert_eq!(begin(2, &["p256", "p384"]), (true, false));
}

/// Recipients that cannot all fit into a keys record after a while.
struct Crowd(Vec<Vec<u8>>);

impl RecipientSource for Crowd {
    fn recipients(&mut self, now_ns: i64) -> Result<vidveil::keys::RecipientSet, String> {
        let n = if now_ns < NOW + 2 * S { 1 } else { self.0.len() };
        let files = self.0[..n].iter().enumerate().map(|(i, c)| (i.to_string(), c));
        Ok(vidveil::keys::RecipientSet::new(files, now_ns))
    }
}

#[test]
fn a_session_that_cannot_be_made_ends_the_stream_properly() {
    let many: Vec<_> = std::iter::once(pem("p256")).chain((0..1000).map(|_| made(9))).collect();
    let sink = Shared::default();
    let made = Sealer::begin(sink.clone(), &stream(vec![video()]), settings(), Box::new(Crowd(many)), at(0));
    let mut sealer = made.unwrap();
    let results: Vec<_> = steps(40, 1).iter().map(|s| sealer.frame(&s.frame, &s.packet, s.now)).collect();
    assert!(matches!(results[20], Err(SealError::TooManyRecipients)), "{:?}", results[20]);
    let got = open(&sink.0.borrow(), "p256");
    assert!(got.error.is_none());
    assert_eq!((got.frames.len(), got.reasons.last()), (20, Some(&Reason::Failed)));
}

#[test]
fn a_seized_chain_leads_forward_only() {
    let secret = SessionSecret::from_bytes(&[7; 32]).unwrap();
    let key = secret.session_key(&[1; 32], 0);
    let mut chain = key.chain(0);
    let mut commitments =
        |n: usize| -> Vec<[u8; 32]> { (0..n).flat_map(|_| chain.next_epoch(3)).map(|k| k.commitment()).collect() };
    let before: HashSet<_> = commitments(4).into_iter().collect();
    // what whoever seizes the chain at epoch 4 can make
    let after: HashSet<_> = commitments(500).into_iter().collect();
    assert_eq!((before.len(), after.len()), (12, 1500), "keys repeat");
    assert!(before.is_disjoint(&after));
    assert_eq!(chain.epoch(), 504);
    // another session, another stream: other keys
    let others = [secret.session_key(&[1; 32], 1), secret.session_key(&[2; 32], 0)];
    for other in others {
        assert!(!other.is_committed_by(&key.commitment()));
        assert!(!other.chain(0).next_epoch(1)[0].is_committed_by(&key.chain(0).next_epoch(1)[0].commitment()));
    }
}

#[test]
fn the_chain_stands_at_the_last_number_that_there_is() {
    let mut chain = SessionSecret::from_bytes(&[7; 32]).unwrap().session_key(&[1; 32], 0).chain(u64::MAX);
    assert_eq!(chain.next_epoch(1).len(), 1);
    assert_eq!(chain.epoch(), u64::MAX);
}

#[test]
fn padding_hides_lengths_and_comes_off_again() {
    let steps = steps(30, 1);
    let settings = SealSettings { pad: 256, ..settings() };
    let sealed = seal(vec![video()], &steps, settings, Script::always(&["p256"]));
    let sizes: HashSet<_> = records(&sealed)
        .into_iter()
        .filter(|(kind, _)| *kind == vidveil::format::RecordType::Frame)
        .map(|(_, r)| r.len())
        .collect();
    assert_eq!(sizes, HashSet::from([36 + 256 + 16]));
    assert_eq!(open(&sealed, "p256").packets(), steps.iter().map(|s| s.packet.as_slice()).collect::<Vec<_>>());
}
