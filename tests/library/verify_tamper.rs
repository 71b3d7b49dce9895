//! A signed stream that somebody changed: whatever is done to a record of it, a verifier says so, with a key and
//! without.

use std::rc::Rc;
use std::sync::Arc;

use proptest::prelude::*;
use vidveil::cli::Status;
use vidveil::commands::verify::status as status_of;
use vidveil::format::{
    Close, End, EndKind, HEADER_LEN, PREAMBLE, Reason, Record, RecordType, Start, StreamRecord, Suite, TrackTotals,
    Writer,
};
use vidveil::keys::{Certificate, Identity, KeyFile, Signer, Signers, certificates_in};
use vidveil::seal::{EpochSigner, SealSettings, Sealer};
use vidveil::verify::{self, Chain, Demands};

use crate::support::edits::{Edit, apply, edit, split};
use crate::support::seal::{self, NOW, S, Script, at, pem, records, settings, steps, stream, testdata, video};
use crate::support::thorough;

fn certificate(name: &str) -> Certificate {
    certificates_in(&pem(name)).unwrap().remove(0)
}

/// The committed key that may sign, and one whose certificate says nothing of its use.
fn signer(name: &str) -> Arc<Signer> {
    let key = std::fs::read(testdata(&format!("certs/{name}.key"))).unwrap();
    Arc::new(Signer::new(&key, certificate(name), NOW, || None).unwrap())
}

fn identities(keyed: bool) -> Vec<Rc<dyn Identity>> {
    let key = || KeyFile::parse(&std::fs::read(testdata("certs/p256.key")).unwrap(), || None).unwrap();
    if keyed { vec![Rc::new(key())] } else { Vec::new() }
}

/// A signed stream of two sessions and several epochs; `other` has other packets, `day` another stream record.
fn signed(by: &str, other: bool, day: bool) -> Vec<u8> {
    let mut steps = steps(20, 1);
    steps.iter_mut().enumerate().for_each(|(i, s)| s.frame.flags.key = i % 5 == 0);
    steps.iter_mut().filter(|_| other).for_each(|s| s.packet.push(99));
    let mut record = stream(vec![video()]);
    if day {
        record.id = *b"another day's id";
    }
    let source = Script::of(&[(i64::MIN, &["p256"]), (NOW + S / 2, &["p256", "p384"])]);
    let settings = SealSettings { rekey_ns: S / 2, ..settings() };
    let mut sealer = Sealer::begin_signed(Vec::new(), &record, settings, source, signer(by), at(0)).unwrap();
    steps.iter().for_each(|s| sealer.frame(&s.frame, &s.packet, s.now).unwrap());
    sealer.finish(Reason::EndOfInput).unwrap();
    sealer.into_output()
}

/// Exit status and line of `verify --signer ed25519.pem`, with the key or without.
fn verdict(bytes: &[u8], keyed: bool) -> (Status, String) {
    let signers = Signers::new(vec![certificate("ed25519")], Vec::new());
    let demands = Demands { signers: Some(signers), ..Demands::default() };
    let v = verify::check(bytes, "x".into(), &identities(keyed), &[], &demands, &mut Chain::default());
    (status_of(&v.outcome), v.text())
}

/// The records that are signed or that what is signed names: all but the index and the end.
fn chained(bytes: &[u8]) -> Vec<Vec<u8>> {
    let all = split(bytes);
    all.into_iter().filter(|r| ![RecordType::Index as u8, RecordType::End as u8].contains(&r[0])).collect()
}

/// Whether `part` has the stream record, the keys records and a run of the epochs of `whole`, bit for bit.
fn is_part(part: &[Vec<u8>], whole: &[Vec<u8>]) -> bool {
    let epochs =
        |records: &[Vec<u8>]| -> Vec<Vec<u8>> { records.iter().filter(|r| (3..=5).contains(&r[0])).cloned().collect() };
    let (inner, outer) = (epochs(part), epochs(whole));
    let rest = part.iter().filter(|r| r[0] <= 2).all(|r| whole.contains(r));
    rest && (inner.is_empty() || outer.windows(inner.len()).any(|w| w == inner))
}

#[test]
fn every_flipped_byte_of_a_signed_stream_is_found() {
    let bytes = signed("ed25519", false, false);
    for keyed in [false, true] {
        let (status, line) = verdict(&bytes, keyed);
        assert_eq!(status, Status::Done, "{line}");
        assert!(line.starts_with("x: whole and authenticated: 20 frames, 4 epochs"), "{line}");
    }
    let slots: Vec<_> = records(&bytes).into_iter().filter(|(k, _)| *k == RecordType::Keys).map(|(_, r)| r).collect();
    for at in 0..bytes.len() {
        // the slots are thousands of zeros, all under one hash
        if slots.iter().any(|r| r.contains(&at) && at > r.start + 60) && at % 61 != 0 {
            continue;
        }
        let mut bent = bytes.clone();
        bent[at] ^= 1 << (at % 8);
        let (status, line) = verdict(&bent, at % 5 == 0);
        assert!(matches!(status, Status::Damaged | Status::Refused), "byte {at}: {line}");
    }
}

#[test]
fn a_cut_at_any_byte_is_found() {
    let bytes = signed("ed25519", false, false);
    let slots: Vec<_> = records(&bytes).into_iter().filter(|(k, _)| *k == RecordType::Keys).map(|(_, r)| r).collect();
    for len in (0..bytes.len()).filter(|n| n % 97 == 0 || !slots.iter().any(|r| r.contains(n))) {
        let (status, line) = verdict(&bytes[..len], len % 7 == 0);
        assert_eq!(status, Status::Damaged, "cut at {len}: {line}");
    }
}

#[test]
fn another_signer_and_none_are_refused() {
    for (bytes, what) in [
        (signed("no-usage", false, false), "the signer \"CN=test no usage\" is none of the given signers: epoch 0"),
        (seal::small().0, "a signature is asked for"),
    ] {
        for keyed in [false, true] {
            let (status, line) = verdict(&bytes, keyed);
            assert_eq!(status, Status::Refused, "{line}");
            assert!(line.contains(what), "{line}");
        }
    }
    // whoever can open it makes the same stream anew, and signs it
    let (mine, theirs) = (signed("ed25519", false, false), signed("no-usage", false, false));
    let (mine, theirs) = (split(&mine), split(&theirs));
    let mut mixed = theirs.clone();
    mixed[0] = mine[0].clone();
    let bytes = [&PREAMBLE[..], &mixed.concat()].concat();
    assert_eq!(verdict(&bytes, false).0, Status::Damaged);
}

#[test]
fn what_is_whole_after_damage_is_reported() {
    let bytes = signed("ed25519", false, false);
    let all = records(&bytes);
    let starts: Vec<_> = all.iter().filter(|(k, _)| *k == RecordType::Start).map(|(_, r)| r.clone()).collect();
    // a frame of epoch 1: its type, its length, its ciphertext
    let frame = all.iter().find(|(k, r)| *k == RecordType::Frame && r.start > starts[1].start).unwrap().1.clone();
    for at in [frame.start, frame.start + 4, frame.start + 6, frame.start + 40] {
        let mut bent = bytes.clone();
        bent[at] ^= 0x40;
        for keyed in [false, true] {
            let (status, text) = verdict(&bent, keyed);
            assert_eq!(status, Status::Damaged);
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines[1].starts_with("  not proved: epoch 1, from 2027-01-15T08:00:00"), "byte {at}: {text}");
            assert!(lines[1].ends_with(" to 2027-01-15T08:00:01Z"), "byte {at}: {text}");
            assert!(text.contains("  whole: epoch 0, opened 2027-01-15T08:00:00Z\n"), "byte {at}: {text}");
            assert!(text.contains("  whole: epochs 2 to 3, opened 2027-01-15T08:00:01Z"), "byte {at}: {text}");
        }
    }
    // a whole epoch removed
    let without = [&bytes[..starts[2].start], &bytes[starts[3].start..]].concat();
    let (status, text) = verdict(&without, false);
    assert_eq!(status, Status::Damaged);
    assert!(
        text.starts_with(&format!("x: damaged at byte {}, start record: the epoch number", starts[2].start)),
        "{text}"
    );
    assert!(text.contains("  not proved: epoch 2, "), "{text}");
    assert!(text.contains("  whole: epoch 3, "), "{text}");
}

/// How many edits of a stream are tried.
fn cases() -> usize {
    if thorough() { 3000 } else { 600 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moved_records_are_found(
        edits in prop::collection::vec((prop::collection::vec(edit(), 1..5), any::<bool>()), cases()..=cases()),
    ) {
        // the other stream: of another day; the very same stream record and another secret; another signer
        for (by, day) in [("ed25519", true), ("ed25519", false), ("no-usage", true)] {
            let (mine, other) = (signed("ed25519", false, false), signed(by, true, day));
            prop_assert_eq!(verdict(&mine, false).0, Status::Done);
            let originals = [chained(&mine), chained(&other)];
            let (mut found, mut same) = (0, 0);
            for (edits, keyed) in &edits {
                let mut list = split(&mine);
                edits.iter().for_each(|e: &Edit| apply(e, &mut list, &split(&other)));
                let bytes = [&mine[..HEADER_LEN], &list.concat()].concat();
                let (status, line) = verdict(&bytes, *keyed);
                let now = chained(&bytes);
                match status {
                    Status::Done => {
                        same += 1;
                        prop_assert!(originals.iter().any(|o| is_part(&now, o)), "{edits:?} is not found: {line}");
                        let whole = line.starts_with("x: whole and");
                        prop_assert!(!whole || originals.contains(&now), "{edits:?} is called whole: {line}");
                    }
                    Status::Damaged | Status::Refused => found += 1,
                    other => prop_assert!(false, "{other:?}: {line}"),
                }
            }
            prop_assert!(found * 6 > cases() * 5 && same * 6 < cases(), "{found} {same}");
        }
    }
}

/// A plain stream of three epochs whose clocks run as these say, signed with a certificate of one day from [`NOW`] on.
/// The owner of the key does so with a program of his own: this one does not sign outside of a certificate's validity.
fn clocked(walls_ns: [i64; 3]) -> (Vec<u8>, Certificate) {
    use rcgen::{CertificateParams, KeyPair, KeyUsagePurpose};
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let certificate = |days: std::ops::Range<i64>| {
        let time = |days: i64| time::OffsetDateTime::from_unix_timestamp(NOW / S + days * 86_400).unwrap();
        let mut parameters = CertificateParams::default();
        (parameters.not_before, parameters.not_after) = (time(days.start), time(days.end));
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        Certificate::from_der(parameters.self_signed(&key).unwrap().der()).unwrap()
    };
    let (of_a_day, long) = (certificate(0..1), certificate(-1000..1000));
    let signer = Arc::new(Signer::new(key.serialize_pem().as_bytes(), long, NOW, || None).unwrap());
    let s = StreamRecord { signer: of_a_day.der().to_vec(), suite: Suite::Plain, ..stream(vec![video()]) };
    let (mut writer, mut signed) = (Writer::new(Vec::new()), EpochSigner::new(signer).unwrap());
    let hash = vidveil::format::sha256(&writer.stream(&s).unwrap());
    for (n, wall_ns) in walls_ns.into_iter().enumerate() {
        let start = Start {
            session: 0,
            epoch: n as u64,
            wall_ns: NOW + wall_ns,
            mono_ns: n as i64 * S,
            previous_close: writer.last_close(),
            keys_hash: [0; 32],
            commitments: Vec::new(),
        };
        let raw = start.to_record().unwrap();
        writer.start(&start, &raw).unwrap();
        signed.start(hash, [0; 32], &start, &raw).unwrap();
        let (f, mut raw) = (seal::frame(0, n as i64 * 1000, true), Vec::new());
        writer.plain_frame(&f, b"picture", &mut raw).unwrap();
        signed.frame_copied(&raw).unwrap();
        let mut totals = TrackTotals::NONE;
        totals.add(f.pts);
        let reason = if n == 2 { Reason::EndOfInput } else { Reason::NotLast };
        let (tracks, signature) = (vec![totals], Some(signed.blank()));
        let mut close = Close { epoch: n as u64, reason, tracks, macs: Vec::new(), signature };
        close.signature = Some(signed.sign(&close.to_record().unwrap()).unwrap());
        writer.close(&close, &close.to_record().unwrap()).unwrap();
    }
    writer.finish().unwrap();
    (writer.into_output(), of_a_day)
}

#[test]
fn a_signer_that_had_expired_when_it_signed_is_refused() {
    const DAY: i64 = 86_400 * S;
    for (walls, what) in [
        ([0, S, 2 * S], None),
        ([2 * DAY, 2 * DAY + S, 2 * DAY + 2 * S], Some("had expired when it signed: epoch 0 (2027-01-17T08:00:00Z)")),
        ([DAY - 1, DAY + S, DAY + 2 * S], Some("had expired when it signed: epoch 1 ")),
        ([-DAY, S, 2 * S], Some("was not yet valid when it signed: epoch 0 ")),
    ] {
        let (bytes, certificate) = clocked(walls);
        let demands = Demands { signers: Some(Signers::new(vec![certificate], Vec::new())), ..Demands::default() };
        let v = verify::check(&bytes[..], "x".into(), &[], &[], &demands, &mut Chain::default());
        let status = if what.is_some() { Status::Refused } else { Status::Done };
        assert_eq!(status_of(&v.outcome), status, "{}", v.text());
        assert!(v.text().contains(what.unwrap_or("whole and authenticated")), "{}", v.text());
    }
}

#[test]
fn a_clock_that_was_set_is_reported() {
    let (back, forward) = ("back by 5.000 s before epoch 2", "forward by 3600.000 s before epoch 1");
    for (walls, what) in [
        ([0, S, 2 * S], vec![]),
        // a clock that runs a little wrong is not a clock that was set
        ([0, S + S / 2, 2 * S], vec![]),
        ([0, S, -3 * S], vec![back]),
        ([0, 3601 * S, 3602 * S - 5 * S], vec![forward, back]),
    ] {
        let (bytes, _) = clocked(walls);
        let demands = Demands { unsigned_ok: true, ..Demands::default() };
        let v = verify::check(&bytes[..], "x".into(), &[], &[], &demands, &mut Chain::default());
        assert_eq!(status_of(&v.outcome), Status::Done, "{}", v.text());
        let remarks: Vec<String> = v.remarks().collect();
        assert_eq!(remarks.len(), what.len(), "{remarks:?}");
        for (remark, what) in remarks.iter().zip(what) {
            assert!(remark.contains(&format!("clock was set {what}")), "{remark}");
        }
    }
}

#[test]
fn a_stream_says_which_one_it_goes_on_from() {
    let continued = |last_close: [u8; 32]| {
        let mut record = stream(vec![video()]);
        record.id = *b"the next stream!";
        let before = vidveil::format::Continues { stream: *b"0123456789abcdef", last_close };
        record.continues = Some(before);
        let (source, by) = (Script::always(&["p256"]), signer("ed25519"));
        let mut sealer = Sealer::begin_signed(Vec::new(), &record, settings(), source, by, at(0)).unwrap();
        sealer.finish(Reason::EndOfInput).unwrap();
        sealer.into_output()
    };
    let first = signed("ed25519", false, false);
    let close = records(&first).into_iter().rfind(|(k, _)| *k == RecordType::Close).unwrap().1;
    let right = vidveil::format::sha256(&first[close]);
    let demands =
        Demands { signers: Some(Signers::new(vec![certificate("ed25519")], Vec::new())), ..Demands::default() };
    for (files, status, warned) in [
        (vec![&first, &continued(right)], Status::Done, None),
        (vec![&first, &continued([0; 32])], Status::Done, None),
        (vec![&first, &continued([7; 32])], Status::Damaged, None),
        (vec![&continued(right)], Status::Done, Some("is in no file before it")),
    ] {
        let mut chain = Chain::default();
        let mut last = None;
        for (n, file) in files.iter().enumerate() {
            last = Some(verify::check(&file[..], n.to_string(), &[], &[], &demands, &mut chain));
        }
        let last = last.unwrap();
        assert_eq!(status_of(&last.outcome), status, "{}", last.text());
        assert!(status == Status::Done || last.text().contains("another end of the stream before it than that in 0"));
        let warnings: Vec<String> = chain.warnings().collect();
        assert_eq!(warnings.len(), usize::from(warned.is_some()), "{warnings:?}");
        assert!(warned.is_none_or(|w| warnings[0].contains(w)), "{warnings:?}");
    }
}

/// Each epoch of a stream as an excerpt of its own.
fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let end = End { kind: EndKind::Excerpt, index_len: 0 }.to_record().unwrap();
    let (mut head, mut keys, mut epochs) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, range) in records(bytes) {
        let record = &bytes[range];
        match kind {
            RecordType::Stream => head = [&PREAMBLE[..], record].concat(),
            RecordType::Keys => keys = record.to_vec(),
            RecordType::Start => epochs.push([&head[..], &keys, record].concat()),
            RecordType::Frame | RecordType::Close => epochs.last_mut().unwrap().extend_from_slice(record),
            _ => {}
        }
    }
    epochs.into_iter().map(|e| [e, end.clone()].concat()).collect()
}

/// Every arrangement of up to four pieces in one file: only those that follow each other pass.
#[test]
fn in_one_file_every_piece_follows_the_one_before_it() {
    let pieces = pieces(&signed("ed25519", false, false));
    let count = pieces.len() as u64;
    assert_eq!(count, 4);
    for length in 1..=4u32 {
        for n in 0..count.pow(length) {
            let order: Vec<u64> = (0..length).map(|digit| n / count.pow(digit) % count).collect();
            let bytes: Vec<u8> = order.iter().flat_map(|i| pieces[*i as usize].clone()).collect();
            for keyed in [false, true] {
                let mut chain = Chain::default();
                let demands = Demands {
                    signers: Some(Signers::new(vec![certificate("ed25519")], Vec::new())),
                    ..Demands::default()
                };
                let v = verify::check(&bytes[..], "x".into(), &identities(keyed), &[], &demands, &mut chain);
                let warnings: Vec<String> = chain.warnings().collect();
                let (status, text) = (status_of(&v.outcome), v.text());
                if order.windows(2).all(|two| two[0] + 1 == two[1]) {
                    assert_eq!(status, Status::Done, "{order:?}: {text}");
                    // what comes before and after is no fault
                    let before = warnings.iter().any(|w| w.contains("nothing proves what came before"));
                    let after = warnings.iter().any(|w| w.contains("nothing proves what came after"));
                    assert_eq!((before, after), (order[0] > 0, order[order.len() - 1] < 3), "{order:?}: {warnings:?}");
                    continue;
                }
                assert_eq!(status, Status::Damaged, "{order:?}: {text}");
                let at = order.windows(2).position(|two| two[0] + 1 != two[1]).unwrap();
                let (last, next) = (order[at], order[at + 1]);
                let what = if order[..=at].contains(&next) {
                    format!("damaged: epoch {next} is there twice")
                } else if next < last {
                    format!("damaged: epoch {next} should not come after epoch {last}")
                } else {
                    let missing =
                        if next == last + 2 { format!("epoch {} is", last + 1) } else { "epochs 1 to 2 are".into() };
                    format!("cut: {missing} missing after epoch {last}")
                };
                assert!(text.starts_with(&format!("x: {what}; before that ")), "{order:?}: {text}");
            }
        }
    }
}

/// With a key for a part of it, too: what is not opened must follow as well.
#[test]
fn a_piece_that_no_key_opens_is_missed_as_any_other() {
    let bytes = signed("ed25519", false, false);
    let pieces = pieces(&bytes);
    let key = std::fs::read(testdata("certs/p384.key")).unwrap();
    let key: Rc<dyn Identity> = Rc::new(KeyFile::parse(&key, || None).unwrap());
    let check = |order: &[usize]| {
        let bytes: Vec<u8> = order.iter().flat_map(|i| pieces[*i].clone()).collect();
        let demands = Demands::default();
        let keys = [Rc::clone(&key)];
        let v = verify::check(&bytes[..], "x".into(), &keys, &[], &demands, &mut Chain::default());
        (status_of(&v.outcome), v.text())
    };
    // the second session, of the later epochs, is for this key, too
    let (status, text) = check(&[0, 1, 2, 3]);
    assert_eq!(status, Status::Refused, "{text}");
    assert!(text.contains("authenticated in part, not for the given key: epoch"), "{text}");
    for order in [&[0, 2, 3][..], &[0, 1, 3], &[1, 0, 2, 3], &[0, 0, 1, 2, 3], &[0, 1, 2, 3, 0]] {
        let (status, text) = check(order);
        assert_eq!(status, Status::Damaged, "{order:?}: {text}");
    }
}

/// A piece of another stream between them does not hide that one is missing, and damage is not taken for a gap.
#[test]
fn pieces_of_several_streams_and_damaged_ones() {
    let (mine, other) = (pieces(&signed("ed25519", false, false)), pieces(&signed("ed25519", true, true)));
    let of = |parts: &[&Vec<u8>]| verdict(&parts.iter().flat_map(|p| p.to_vec()).collect::<Vec<u8>>(), false);
    assert_eq!(of(&[&mine[0], &other[0], &mine[1], &other[1], &mine[2]]).0, Status::Done);
    // a whole stream that comes twice lacks nothing, and a part of it does not belong next to it
    let whole = signed("ed25519", false, false);
    assert_eq!(of(&[&whole, &whole]).0, Status::Done);
    for parts in [[&whole, &mine[3]], [&mine[0], &whole]] {
        let (status, text) = of(&parts);
        assert_eq!(status, Status::Damaged, "{text}");
    }
    let (status, text) = of(&[&mine[0], &other[0], &mine[2], &other[1]]);
    assert_eq!(status, Status::Damaged);
    assert!(text.starts_with("x: cut: epoch 1 is missing after epoch 0"), "{text}");
    assert!(text.contains("\n  not proved: epoch 1, from 2027-01-15T08:00:00Z to 2027-01-15T08:00:01Z\n"), "{text}");

    let mut bent = mine[1].clone();
    let frame = records(&bent).into_iter().find(|(k, _)| *k == RecordType::Frame).unwrap().1;
    bent[frame.start + 40] ^= 1;
    let (status, text) = of(&[&mine[0], &bent, &mine[2], &mine[3]]);
    assert_eq!(status, Status::Damaged);
    assert!(text.contains("the signature of epoch 1 is wrong") && !text.contains("missing"), "{text}");
}

#[test]
fn the_signature_is_what_the_manual_page_says() {
    let bytes = signed("ed25519", false, false);
    let mut reader = vidveil::format::Reader::new(&bytes[..]);
    let (mut h, mut commitment, mut digests, mut start) = ([0; 32], [0; 32], Vec::new(), None);
    let mut checked = 0;
    while let Some(record) = reader.next().unwrap() {
        let hash = vidveil::format::sha256(reader.raw());
        match record {
            Record::Stream(s) => {
                h = hash;
                assert_eq!(s.signer, certificate("ed25519").der());
            }
            Record::Keys(k) => commitment = k.commitment,
            Record::Start(s) => {
                digests = hash.to_vec();
                start = Some(s);
            }
            Record::Frame(_) => digests.extend_from_slice(&hash),
            Record::Close(c) => {
                let (s, signature) = (start.take().unwrap(), c.signature.clone().unwrap().bytes);
                let covered = &reader.raw()[..reader.raw().len() - 64 - 2 - 1];
                let text = [
                    &b"vidveil1 epoch\0"[..],
                    &h,
                    &s.session.to_be_bytes(),
                    &s.epoch.to_be_bytes(),
                    &commitment,
                    &s.keys_hash,
                    &s.previous_close,
                    &vidveil::format::sha256(&digests),
                    covered,
                ]
                .concat();
                let spki = certificate("ed25519").spki().to_vec();
                let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &spki[12..]);
                key.verify(&text, &signature).unwrap();
                checked += 1;
            }
            _ => {}
        }
    }
    assert_eq!(checked, 4);
}
