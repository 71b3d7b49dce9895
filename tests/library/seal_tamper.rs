//! A sealed stream that somebody changed: every bit, every cut, records moved about. Whatever is done to it, what opens
//! is a run of the frames that were sealed, and the change is reported, but for the few bytes that no key covers.

use proptest::prelude::*;
use vidveil::format::{EndKind, HEADER_LEN, Index, RecordType};
use vidveil::seal::{Opened, Opener};

use crate::support::edits::{apply, edit, split};
use crate::support::seal::{NOW, Outcome, S, Script, key, open, records, seal, settings, small, steps, video};
use crate::support::thorough;

/// Whether a reader with the key says that this is not the whole stream as it was recorded.
fn noticed(o: &Outcome) -> bool {
    o.error.is_some() || o.cuts > 0 || o.ends.iter().any(|e| e.kind != EndKind::Complete) || o.ends.len() != 1
}

/// The places that no key covers, as `vidveil-stream(5)` names them: the slot that does not count, and the index.
/// Whether the bit `bit` of the byte `at` can change there without breaking the record.
fn uncovered(container: &[u8], at: usize, bit: u8) -> bool {
    let (kind, range) =
        records(container).into_iter().find(|(_, r)| r.contains(&at)).unwrap_or((RecordType::End, 0..0));
    let mut record = container[range.clone()].to_vec();
    let Some(place) = at.checked_sub(range.start + HEADER_LEN) else { return false };
    if range.is_empty() {
        return false;
    }
    record[HEADER_LEN + place] ^= 1 << bit;
    let body = &record[HEADER_LEN..];
    match kind {
        RecordType::Index => Index::parse(body).is_ok(),
        RecordType::Keys => place >= body.len() - 4096,
        _ => false,
    }
}

/// Of the slots' bytes, one in this many is tried where there is little time: no power of two, for all bits.
const SLOT_STRIDE: usize = 7;

/// One bit of each byte outside the slots and of every seventh in them; with VIDVEIL_THOROUGH every bit outside the
/// slots, and one of each byte in them.
#[test]
fn every_flipped_bit_is_noticed_but_where_no_key_covers_it() {
    let steps = steps(12, 1);
    let sealed = seal(vec![video()], &steps, settings(), Script::always(&["p256", "expired"]));
    let whole = open(&sealed, "p256");
    assert!(!noticed(&whole) && whole.frames.len() == 12 && whole.epochs == [0, 1]);

    let keys = records(&sealed).into_iter().find(|(kind, _)| *kind == RecordType::Keys).unwrap().1;
    let slots = keys.end - 2 * 4096..keys.end;
    let mut unnoticed = 0;
    for at in 0..sealed.len() {
        // the slots are large and alike: one bit of each byte will do there
        let one_bit = slots.contains(&at) || !thorough();
        if slots.contains(&at) && at % SLOT_STRIDE != 0 && !thorough() {
            continue;
        }
        for bit in if one_bit { at as u8 % 8..at as u8 % 8 + 1 } else { 0..8 } {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            let got = open(&changed, "p256");
            assert!(whole.frames.starts_with(&got.frames), "bit {bit} of byte {at} gives other frames");
            assert_eq!(noticed(&got), !uncovered(&sealed, at, bit), "bit {bit} of byte {at}: {:?}", got.error);
            unnoticed += usize::from(!noticed(&got));
        }
    }
    assert!(unnoticed > if thorough() { 4096 } else { 4096 / SLOT_STRIDE }, "{unnoticed}");
}

#[test]
fn a_start_record_that_somebody_changed_is_not_given_out() {
    let (sealed, _) = small();
    let starts = |bytes: &[u8]| {
        let (mut opener, mut starts) = (Opener::new(bytes, key("p256")), Vec::new());
        while let Ok(Some(opened)) = opener.next() {
            if let Opened::Start(start) = opened {
                starts.push(start);
            }
        }
        starts
    };
    let all = starts(&sealed);
    assert_eq!(all.len(), 3);
    for (_, place) in records(&sealed).into_iter().filter(|(kind, _)| *kind == RecordType::Start) {
        for at in place {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(all.starts_with(&starts(&changed)), "byte {at}");
        }
    }
}

#[test]
fn a_stream_cut_at_any_byte_gives_its_authentic_part_and_says_so() {
    let (sealed, frames) = small();
    let ends: Vec<_> =
        records(&sealed).into_iter().filter(|(k, _)| *k == RecordType::Frame).map(|(_, r)| r.end).collect();
    let slots = records(&sealed)[1].1.clone();
    for len in (1..sealed.len()).filter(|n| !slots.contains(n) || n % 97 == 0) {
        let got = open(&sealed[..len], "p256");
        assert!(got.is_truncated(), "cut at {len}: {:?}", got.error);
        assert!(frames.starts_with(&got.frames), "cut at {len}");
        assert_eq!(got.frames.len(), ends.iter().filter(|end| **end <= len).count(), "cut at {len}");
    }
    assert!(open(&sealed, "p256").error.is_none());
    assert!(open(&[], "p256").error.is_some());
}

/// Two streams of several epochs and sessions; the second has other packets, and another stream record or the very
/// same.
fn pair(same_id: bool) -> [Vec<u8>; 2] {
    let make = |other: bool| {
        let mut steps = steps(20, 1);
        steps.iter_mut().filter(|_| other).for_each(|s| s.packet.push(99));
        let mut track = video();
        if other && !same_id {
            track.config.push(9);
        }
        let source = Script::of(&[(i64::MIN, &["p256"]), (NOW + S / 2, &["p256", "p384"])]);
        seal(vec![track], &steps, settings_of(S / 2), source)
    };
    [make(false), make(true)]
}

fn settings_of(rekey_ns: i64) -> vidveil::seal::SealSettings {
    vidveil::seal::SealSettings { rekey_ns, ..settings() }
}

fn is_run(run: &Outcome, of: &Outcome) -> bool {
    run.frames.is_empty() || of.frames.windows(run.frames.len()).any(|w| w == run.frames)
}

/// Without its index, which no key covers, and with the end record to it.
fn without_index(container: &[u8]) -> Vec<u8> {
    let kept = records(container).into_iter().filter(|(kind, _)| *kind != RecordType::Index);
    kept.flat_map(|(_, r)| container[r].to_vec()).collect()
}

/// How many edits of a stream are tried.
fn cases() -> usize {
    if thorough() { 4000 } else { 800 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moved_records_are_noticed(
        edits in prop::collection::vec(prop::collection::vec(edit(), 1..5), cases()..=cases()),
    ) {
        for same_id in [false, true] {
            let [mine, other] = pair(same_id);
            let wholes = [open(&mine, "p256"), open(&other, "p256")];
            for whole in &wholes {
                prop_assert!(!noticed(whole) && whole.sessions == [0, 1] && whole.frames.len() == 20);
            }
            for edits in &edits {
                let mut list = split(&mine);
                edits.iter().for_each(|e| apply(e, &mut list, &split(&other)));
                let changed = [&mine[..HEADER_LEN], &list.concat()].concat();
                let got = open(&changed, "p256");
                prop_assert!(wholes.iter().any(|w| is_run(&got, w)), "{edits:?} gives other frames");
                let same = |c: &Vec<u8>| without_index(c) == without_index(&changed);
                prop_assert!(noticed(&got) || same(&mine) || same(&other), "{edits:?} is not noticed");
            }
        }
    }
}
