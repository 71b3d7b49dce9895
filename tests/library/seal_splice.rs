//! What nobody's key is needed for: a stream is cut after an epoch and carried on. The model in spec/ has it
//! (`unsigned.pv`). Each key session is bound to the one before it, so whoever opens both sees it.

use std::cell::RefCell;
use std::rc::Rc;

use vidveil::format::{EndKind, FormatError, Reader, Reason, Record, Track};
use vidveil::keys::{Certificate, Identity, certificates_in, open_message};
use vidveil::seal::{Bond, Opened, Opener, SealError, SessionKey, SessionSecret, Verifier};

use crate::support::seal::{
    Outcome, S, Script, key, note, open, open_from, pem, records, seal, settings, steps, video,
};
use crate::support::splicer::{FORGED_PACKET, Forger, Part, Pieces, Tie, pieces};

fn cert(name: &str) -> Certificate {
    certificates_in(&pem(name)).unwrap().remove(0)
}

/// Six epochs of ten frames in one, two or three sessions: the desk is a recipient of all.
fn recorded(sessions: usize) -> Vec<u8> {
    let lines: [(i64, &[&str]); 3] =
        [(i64::MIN, &["p256"]), (now(2), &["p256", "rsa3072"]), (now(4), &["p256", "expired"])];
    seal(vec![video()], &steps(60, 1), settings(), Script::of(&lines[..sessions]))
}

/// The wall clock when a second of the stream begins.
fn now(second: i64) -> i64 {
    crate::support::seal::NOW + second * S
}

/// P of a session.
fn session_key(pieces: &Pieces, session: u32, name: &str) -> SessionKey {
    let keys = pieces.keys().into_iter().find(|k| k.session == session).unwrap();
    let message = &keys.current().messages[0];
    let certificates: Vec<_> = message.recipients.iter().map(|c| Certificate::from_der(c).unwrap()).collect();
    let identity = key(name).remove(0);
    let secret = open_message(&message.cms, &certificates, &[&*identity]).unwrap();
    SessionSecret::from_bytes(&secret).unwrap().session_key(&pieces.stream_hash, session)
}

fn is_unbound(e: &Option<SealError>, session: u32, at: usize) -> bool {
    matches!(e, Some(SealError::Unbound { session: s, offset }) if *s == session && *offset == at as u64)
}

/// Where the keys record of this number, 0 first, begins.
fn keys_at(bytes: &[u8], nth: usize) -> usize {
    let mut all = records(bytes).into_iter().filter(|(kind, _)| *kind == vidveil::format::RecordType::Keys);
    all.nth(nth).unwrap().1.start
}

/// Everything that is given out, and every error, on to the end: what `verify` hears.
fn read_on(bytes: &[u8], name: &str) -> (Outcome, Vec<SealError>) {
    let mut opener = Opener::new(bytes, key(name));
    let (mut outcome, mut errors) = (Outcome::default(), Vec::new());
    loop {
        match opener.next() {
            Ok(None) => return (outcome, errors),
            Ok(Some(o)) => note(&mut outcome, o, opener.packet()),
            Err(e) => {
                errors.push(e);
                if !opener.go_on().unwrap() {
                    return (outcome, errors);
                }
            }
        }
    }
}

#[test]
fn a_stream_that_somebody_without_a_key_carries_on_is_damaged_where_he_begins() {
    for sessions in 1..=3 {
        let bytes = recorded(sessions);
        let (whole, all) = (open(&bytes, "p256"), pieces(&bytes));
        assert!(whole.error.is_none(), "{sessions}: {:?}", whole.error);
        assert_eq!((whole.sessions.len(), whole.frames.len()), (sessions, 60));
        let ties = all.keys().into_iter().map(|k| Tie::Bytes(k.bond));
        let ties: Vec<Tie> = ties.chain([Tie::Bytes([0; 32]), Tie::Bytes([7; 32])]).collect();
        for after in 0..all.epochs().len() as u64 - 1 {
            for (tie, number) in ties.iter().zip(0..) {
                for (to, forged_sessions, index) in [("p256", 1, false), ("p256", 3, true), ("p384", 2, false)] {
                    let forger = Forger { tie: tie.clone(), sessions: forged_sessions, ..Forger::new(&[cert(to)]) };
                    let bent = all.carried_on(after, &forger, index);
                    let what = format!("{sessions} sessions, after {after}, tie {number}, for {to}");
                    let before = all.until(after).iter().filter(|p| matches!(p, Part::Keys(..))).count();
                    let opened = open(&bent, "p256");
                    let at = keys_at(&bent, before);
                    assert!(is_unbound(&opened.error, before as u32, at), "{what}: {:?}", opened.error);
                    let frames = 10 * (after as usize + 1);
                    assert_eq!(opened.frames, whole.frames[..frames], "{what}");
                    assert_eq!(opened.sessions.len(), before, "{what}");
                    // and whoever goes on after damage is given nothing of it, either
                    let (read, errors) = read_on(&bent, "p256");
                    assert!(matches!(errors.first(), Some(SealError::Unbound { .. })), "{what}: {errors:?}");
                    assert!(read.packets().iter().all(|p| *p != FORGED_PACKET), "{what}");
                    assert_eq!((read.frames.len(), read.sessions.len()), (frames, before), "{what}");
                }
            }
        }
    }
}

#[test]
fn an_excerpt_of_somebody_elses_after_one_of_the_recorders_is_damaged() {
    let all = pieces(&recorded(2));
    for after in 0..5 {
        let genuine = all.excerpt(0..=after);
        let before = all.until(after);
        let session = u32::from(after >= 2);
        for forger in [Forger::new(&[cert("p256")]), Forger::new(&[cert("p384")])] {
            let forged = all.stream(&all.forged(&before, &forger), EndKind::Excerpt, false);
            let opened = open(&[genuine.clone(), forged.clone()].concat(), "p256");
            let at = genuine.len() + keys_at(&forged, 0);
            assert!(is_unbound(&opened.error, session + 1, at), "after {after}: {:?}", opened.error);
            assert!(opened.packets().iter().all(|p| *p != FORGED_PACKET), "after {after}");
        }
        // the same session once more, with another secret
        let forged = all.forged(&before, &Forger { off: -1, ..Forger::new(&[cert("p256")]) });
        let forged = all.stream(&forged, EndKind::Excerpt, false);
        let opened = open(&[genuine, forged].concat(), "p256");
        if after >= 2 {
            assert!(matches!(opened.error, Some(SealError::Unbound { session: 1, .. })), "{:?}", opened.error);
        } else {
            // session 0 begins with epoch 0: the form alone does not allow it
            assert!(opened.error.is_some());
        }
        assert!(opened.packets().iter().all(|p| *p != FORGED_PACKET), "after {after}");
    }
}

/// A short recording of another camera, for the same desk: the last pieces are missing.
fn another(number: u32) -> Vec<u8> {
    let camera = Track { sample_aspect: (1 + number, 7), ..video() };
    pieces(&seal(vec![camera], &steps(20, 1), settings(), Script::always(&["p256"]))).excerpt(0..=0)
}

#[test]
fn sessions_that_leave_no_room_for_those_between_are_damage() {
    // every session has an epoch at least, so what comes next is of the same session or of the next one
    for sessions in 1..=3 {
        let all = pieces(&recorded(sessions));
        for after in 0..5 {
            let before = all.until(after);
            let Some(Part::Epoch { session: last, .. }) = before.last() else { panic!("an epoch") };
            for (off, begun) in [(1, 0), (2, 0), (40, 0), (i32::MAX - 9, 0), (1, 1), (-2, 1), (-2, 2), (-1, 1)] {
                let session = i64::from(last + 1) + i64::from(off);
                if session <= 0 || begun > after {
                    continue;
                }
                let forger = Forger { off, begun, ..Forger::new(&[cert("p256")]) };
                let forged = all.stream(&all.forged(&before, &forger), EndKind::Excerpt, false);
                for first in 0..=after {
                    let genuine = all.excerpt(first..=after);
                    let opened = open(&[genuine.clone(), forged.clone()].concat(), "p256");
                    let what = format!("{sessions} sessions, {first} to {after}, off {off}, begun {begun}");
                    // of a session before those that were read, he may have begun where there is room: then his epochs
                    // have none
                    assert!(
                        matches!(&opened.error, Some(SealError::Unbound { session: s, .. }) if i64::from(*s) == session),
                        "{what}: {:?}",
                        opened.error
                    );
                    assert!(opened.packets().iter().all(|p| *p != FORGED_PACKET), "{what}");
                    assert_eq!(opened.frames.len() as u64, 10 * (after - first + 1), "{what}");
                }
            }
        }
    }
}

#[test]
fn what_comes_between_the_pieces_of_a_stream_makes_nobody_forget_it() {
    let all = pieces(&recorded(2));
    let genuine = all.excerpt(0..=1);
    let forged = all.stream(&all.forged(&all.until(1), &Forger::new(&[cert("p256")])), EndKind::Excerpt, false);
    for others in [1, 15, 16, 17, 100] {
        let between: Vec<u8> = (0..others).flat_map(another).collect();
        let opened = open(&[genuine.clone(), between, forged.clone()].concat(), "p256");
        assert!(matches!(opened.error, Some(SealError::Unbound { session: 1, .. })), "{others}: {:?}", opened.error);
        assert!(opened.packets().iter().all(|p| *p != FORGED_PACKET), "{others}");
    }
}

#[test]
fn what_was_recorded_opens_whole_in_pieces_and_for_those_who_open_a_part() {
    let bytes = recorded(3);
    let (whole, all) = (open(&bytes, "p256"), pieces(&bytes));
    for first in 0..6u64 {
        for last in first..6 {
            let cut = open(&all.excerpt(first..=last), "p256");
            assert!(cut.error.is_none(), "{first} to {last}: {:?}", cut.error);
            assert_eq!(cut.frames, whole.frames[10 * first as usize..10 * (last as usize + 1)]);
            let joined = [all.excerpt(first..=last), all.excerpt(last..=5), all.excerpt(0..=0)].concat();
            assert!(open(&joined, "p256").error.is_none(), "{first} to {last}, and on");
        }
    }
    // a recipient of the second session and no other: the third one goes on from it
    let opened = open(&bytes, "rsa3072");
    assert!(opened.error.is_none(), "{:?}", opened.error);
    assert_eq!((opened.sessions, opened.frames.len()), (vec![1], 20));
}

/// Bonds of the sessions that open, and the first one that is not shown to go on.
fn bonds(bytes: &[u8], identities: Vec<Box<dyn Identity>>) -> (Vec<Bond>, Option<u32>) {
    let (mut opener, mut found) = (Opener::new(bytes, identities), Vec::new());
    while let Some(opened) = opener.next().unwrap() {
        if let Opened::Keys(_) = opened {
            found.push(opener.bond().unwrap());
        }
    }
    (found, opener.unproven_session())
}

#[test]
fn a_reader_knows_which_sessions_he_cannot_check() {
    use Bond::{First, Proven, Unproven};
    let bytes = recorded(3);
    let all = pieces(&bytes);
    assert_eq!(bonds(&bytes, key("p256")), (vec![First, Proven, Proven], None));
    // who is a recipient from the second one on has nothing to check it with
    assert_eq!(bonds(&bytes, key("rsa3072")), (vec![Unproven], Some(1)));
    assert_eq!(bonds(&all.excerpt(2..=5), key("p256")), (vec![First, Proven], None));
    assert_eq!(bonds(&[all.excerpt(0..=0), all.excerpt(1..=5)].concat(), key("p256")).1, None);
    // between the pieces a session is missing
    let gap = [all.excerpt(0..=1), all.excerpt(4..=5)].concat();
    assert_eq!(bonds(&gap, key("p256")), (vec![First, Unproven], Some(2)));
    let mut verifier = Verifier::new(&gap[..], &[], &[], None);
    while verifier.next().unwrap().is_some() {}
}

#[test]
fn a_session_that_is_taken_out_moved_or_taken_from_elsewhere_is_damage() {
    let all = pieces(&recorded(3));
    // the same camera's other recording, to the same people
    let other = pieces(&recorded(3));
    let sessions = |p: &Pieces| -> Vec<Vec<Part>> {
        let mut found: Vec<Vec<Part>> = Vec::new();
        for part in &p.parts {
            match part {
                Part::Keys(..) => found.push(vec![part.clone()]),
                Part::Epoch { .. } => found.last_mut().unwrap().push(part.clone()),
            }
        }
        found
    };
    let (mine, others) = (sessions(&all), sessions(&other));
    let keys_of = |session: &[Part], keys: &[Part]| [&keys[..1], &session[1..]].concat();
    let arrangements: Vec<(&str, Vec<Vec<Part>>)> = vec![
        ("the second taken out", vec![mine[0].clone(), mine[2].clone()]),
        ("the first taken out", vec![mine[1].clone(), mine[2].clone()]),
        ("the order changed", vec![mine[0].clone(), mine[2].clone(), mine[1].clone()]),
        ("the second twice", vec![mine[0].clone(), mine[1].clone(), mine[1].clone(), mine[2].clone()]),
        ("the keys record of the second taken out", vec![mine[0].clone(), mine[1][1..].to_vec(), mine[2].clone()]),
        (
            "the keys records of two exchanged",
            vec![mine[0].clone(), keys_of(&mine[1], &mine[2]), keys_of(&mine[2], &mine[1])],
        ),
        ("the keys record of another recording", vec![mine[0].clone(), keys_of(&mine[1], &others[1]), mine[2].clone()]),
        ("a session of another recording", vec![mine[0].clone(), others[1].clone(), mine[2].clone()]),
        ("all that follows of another recording", vec![mine[0].clone(), others[1].clone(), others[2].clone()]),
        ("the first of another recording", vec![others[0].clone(), mine[1].clone(), mine[2].clone()]),
    ];
    for (what, parts) in arrangements {
        let bent = all.stream(&parts.concat(), EndKind::Complete, false);
        let opened = open(&bent, "p256");
        let is_damage = |e: &SealError| {
            !matches!(e, SealError::NotRecipient { .. } | SealError::Format(FormatError::Truncated { .. }))
        };
        assert!(opened.error.as_ref().is_some_and(is_damage), "{what}: {:?}", opened.error);
        assert!(opened.ends.is_empty() && opened.frames.len() <= 40, "{what}");
    }
}

/// The stream with the body of its second keys record changed before the slots, by somebody who can open that session
/// and not the one before it: the slot's MAC is right again.
fn changed_by_an_insider(all: &Pieces, change: &dyn Fn(&mut vidveil::format::Keys)) -> Vec<u8> {
    let insider = session_key(all, 1, "rsa3072");
    let mut parts = all.parts.clone();
    for part in &mut parts {
        if let Part::Keys(keys, raw) = part
            && keys.session == 1
        {
            change(keys);
            let new = keys.clone().with_mac(|text| insider.slot_mac(text)).unwrap();
            *raw = new.to_record().unwrap();
        }
    }
    all.stream(&parts, EndKind::Complete, false)
}

#[test]
fn everything_before_the_slots_is_bound_to_the_session_before() {
    use vidveil::format::{Keys, LeftOut};
    // an expired certificate was left out of the second session, too
    let lines: [(i64, &[&str]); 2] = [(i64::MIN, &["p256"]), (now(2), &["p256", "rsa3072", "expired"])];
    let all = pieces(&seal(vec![video()], &steps(40, 1), settings(), Script::of(&lines)));
    let same = changed_by_an_insider(&all, &|_| ());
    assert!(open(&same, "p256").error.is_none());
    let left_out = |change: fn(&mut LeftOut)| move |k: &mut Keys| k.left_out.iter_mut().for_each(change);
    type Change = Box<dyn Fn(&mut Keys)>;
    let mut changes: Vec<(&str, Change)> = vec![
        ("nobody left out", Box::new(|k| k.left_out.clear())),
        ("one more left out", Box::new(|k| k.left_out.push(k.left_out[0].clone()))),
        ("reason", Box::new(left_out(|l| l.reason = 3))),
        ("name", Box::new(left_out(|l| l.name.push('x')))),
        ("end", Box::new(left_out(|l| l.not_after_ns = None))),
        ("commitment", Box::new(|k| k.commitment[0] ^= 1)),
    ];
    for byte in 0..32 {
        changes.push(("fingerprint", Box::new(move |k| k.left_out[0].fingerprint[byte] ^= 1)));
        changes.push(("bond", Box::new(move |k| k.bond[byte] ^= 0x80)));
    }
    for (what, change) in changes {
        let bent = changed_by_an_insider(&all, &*change);
        let opened = open(&bent, "p256");
        assert!(is_unbound(&opened.error, 1, keys_at(&bent, 1)), "{what}: {:?}", opened.error);
        assert_eq!(opened.frames.len(), 20, "{what}");
    }
    for (what, change) in [
        ("session", Box::new(|k: &mut Keys| k.session = 2) as Change),
        ("first epoch", Box::new(|k| k.first_epoch = 1)),
        ("a later first epoch", Box::new(|k| k.first_epoch = 3)),
    ] {
        let opened = open(&changed_by_an_insider(&all, &*change), "p256");
        assert!(opened.error.is_some() && opened.frames.len() == 20, "{what}: {:?}", opened.error);
    }
}

#[test]
fn whoever_seized_the_recorder_can_carry_on_from_then_on_and_not_from_before() {
    for sessions in 1..=2 {
        let all = pieces(&recorded(sessions));
        let (session, first) = if sessions == 2 { (1, 2) } else { (0, 0) };
        for seized in first + 1..5 {
            for after in first..5 {
                // C of the epoch after the one that the recorder was in
                let mut chain = session_key(&all, session, "p256").chain(first);
                chain.keys_at(seized, 0).unwrap();
                let tie = Tie::With(Rc::new(RefCell::new(chain)));
                let bent = all.carried_on(after, &Forger { tie, ..Forger::new(&[cert("p256")]) }, false);
                let opened = open(&bent, "p256");
                let forged = opened.packets().iter().filter(|p| **p == FORGED_PACKET).count();
                let what = format!("{sessions} sessions, seized in {seized}, after {after}: {:?}", opened.error);
                if after < seized {
                    assert!(matches!(opened.error, Some(SealError::Unbound { .. })) && forged == 0, "{what}");
                } else {
                    // that is his, and the page says so
                    assert!(opened.error.is_none() && forged == 2, "{what}");
                    assert_eq!(opened.reasons.last(), Some(&Reason::EndOfInput), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_bond_in_session_0_is_no_container() {
    let mut all = pieces(&recorded(1));
    for part in &mut all.parts {
        if let Part::Keys(keys, raw) = part {
            keys.bond[31] = 1;
            *raw = keys.to_record().unwrap();
        }
    }
    let bent = all.stream(&all.parts, EndKind::Complete, false);
    let mut reader = Reader::new(&bent[..]);
    assert!(matches!(reader.next(), Ok(Some(Record::Stream(_)))));
    assert!(matches!(reader.next(), Err(FormatError::Record { .. })));
    assert!(open_from(&bent[..], key("p256")).error.is_some());
}
