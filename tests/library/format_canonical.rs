//! A record has one encoding: whatever is read is written again as the same bytes.

use std::fs;

use proptest::prelude::*;
use vidveil::format::*;

use crate::support::random::Random;
use crate::support::testdata;

fn body(record: &[u8]) -> (Header, &[u8]) {
    let (head, body) = record.split_at(HEADER_LEN);
    (Header::parse(head.try_into().unwrap()).unwrap(), body)
}

/// The record written again, if it can be read.
fn again(record: &[u8], sealed: bool) -> Option<Vec<u8>> {
    let (header, body) = record.split_at_checked(HEADER_LEN)?;
    let h = Header::parse(header.try_into().ok()?).ok()?;
    if h.body_len as usize != body.len() {
        return None;
    }
    let written = match h.record {
        RecordType::Stream => StreamRecord::parse(body).ok()?.to_record(),
        RecordType::Keys => {
            let keys = Keys::parse(body).ok()?;
            keys.slots().iter().for_each(|s| same_slot(s, body));
            keys.to_record()
        }
        RecordType::Start => Start::parse(body).ok()?.to_record(),
        RecordType::Frame => {
            let f = Frame::parse(&h, body).ok()?;
            let rest = &body[FRAME_PREFIX - HEADER_LEN..];
            f.prefix(rest.len()).map(|p| [&p[..], rest].concat())
        }
        RecordType::Close => Close::parse(&h, body, sealed).ok()?.to_record(),
        RecordType::Grant => Grant::parse(body).ok()?.to_record(),
        RecordType::Index => Index::parse(body).ok()?.to_record(),
        RecordType::End => End::parse(body).ok()?.to_record(),
    };
    Some(written.expect("what was read can be written"))
}

/// A whole slot's content, encoded again, is what stands in the record.
fn same_slot(state: &SlotState, body: &[u8]) {
    if let SlotState::Whole(content) = state {
        let least = content.to_slot(4096).or_else(|_| content.to_slot(1 << 20)).unwrap();
        let filled = 12 + u32::from_be_bytes(least[8..12].try_into().unwrap()) as usize;
        assert!(body.windows(filled).any(|w| w == &least[..filled]), "a slot has a second encoding");
    }
}

/// Every record of the vectors, well formed or not, and whether its stream is sealed.
fn vector_records() -> Vec<(Vec<u8>, bool)> {
    let folder = testdata("vectors");
    let mut records = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file = fs::read(entry.unwrap().path()).unwrap();
        let Some(at) = file.windows(2).position(|w| w == b"\n\n") else { continue };
        let container = &file[at + 2..];
        let (mut at, mut sealed) = (0, false);
        while let Some(head) = container.get(at..at + HEADER_LEN) {
            if head[0] == PREAMBLE[0] {
                at += HEADER_LEN;
                continue;
            }
            let len = u32::from_be_bytes(head[4..].try_into().unwrap()) as usize;
            let Some(record) = container.get(at..at + HEADER_LEN + len) else { break };
            if head[0] == 1 {
                sealed = record.get(HEADER_LEN + 17) == Some(&1);
            }
            records.push((record.to_vec(), sealed));
            at += HEADER_LEN + len;
        }
    }
    assert!(records.len() > 500, "{}", records.len());
    records
}

/// A few bytes changed, put in or taken out; the length is right again, and the hash of a slot, too.
fn edit(record: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(3) {
        let place = HEADER_LEN.min(record.len()) + random.below(record.len() - HEADER_LEN.min(record.len()));
        let byte = [0, 1, 2, 0x7f, 0x80, 0xff, random.below(256) as u8][random.below(7)];
        match random.below(5) {
            0 if place < record.len() => drop(record.remove(place)),
            1 => record.insert(place, byte),
            2 => record[random.below(4)] = byte,
            _ if place < record.len() => record[place] = byte,
            _ => {}
        }
    }
    let len = (record.len() - HEADER_LEN) as u32;
    record[4..8].copy_from_slice(&len.to_be_bytes());
    if record[0] == 2 && record.len() > 2 * 4096 && random.below(2) == 0 {
        for slot in [record.len() - 8192, record.len() - 4096] {
            let hash = sha256(&record[slot..slot + 4096 - 32]);
            if record[slot..slot + 64].iter().any(|b| *b != 0) {
                record[slot + 4096 - 32..slot + 4096].copy_from_slice(&hash);
            }
        }
    }
}

#[test]
fn whatever_is_read_of_the_vectors_is_written_as_the_same_bytes() {
    let mut read = [0; 9];
    for (record, sealed) in vector_records() {
        if let Some(written) = again(&record, sealed) {
            assert_eq!(written, record);
            read[record[0] as usize] += 1;
        }
    }
    assert!(read[1..].iter().all(|n| *n > 3), "records of each type: {read:?}");
}

#[test]
fn whatever_is_read_of_changed_records_is_written_as_the_same_bytes() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let records = vector_records();
    let (mut read, mut refused) = (0, 0);
    for _ in 0..120 {
        for (record, sealed) in &records {
            if record[0] == 2 && random.below(8) != 0 {
                continue;
            }
            let mut changed = record.clone();
            edit(&mut changed, &mut random);
            match again(&changed, *sealed) {
                Some(written) => {
                    assert_eq!(written, changed);
                    read += 1;
                }
                None => refused += 1,
            }
        }
    }
    assert!(read > 1000 && refused > 1000, "{read} read, {refused} refused");
}

fn text(max: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>().prop_filter("no control character", |c| !c.is_control()), 0..max / 4)
        .prop_map(String::from_iter)
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..max)
}

fn track() -> impl Strategy<Value = Track> {
    let base = (1..u32::MAX, 1..u32::MAX);
    let rest = (text(255), bytes(300), any::<[u32; 3]>(), 1..u32::MAX, any::<[u16; 2]>(), 0..4u16);
    (0..3u8, base, rest).prop_map(|(kind, time_base, (codec, config, n, den, channels, quarter))| {
        let kind = [TrackKind::Video, TrackKind::Audio, TrackKind::Data][kind as usize];
        let (video, audio) = (kind == TrackKind::Video, kind == TrackKind::Audio);
        let of = |yes: bool, n: u32| if yes { n } else { 0 };
        Track {
            kind,
            codec,
            time_base,
            width: of(video, n[0]),
            height: of(video, n[1]),
            sample_aspect: if video { (n[2], den) } else { (0, 1) },
            frame_rate: if video { (n[0], den) } else { (0, 1) },
            rotation: if video { quarter * 90 } else { 0 },
            mirrored: video && den % 2 == 0,
            sample_rate: of(audio, n[0]),
            channels: of(audio, channels[0].into()) as u16,
            bits_per_sample: of(audio, channels[1].into()) as u16,
            config,
        }
    })
}

fn stream() -> impl Strategy<Value = StreamRecord> {
    let continues = prop::option::of((any::<[u8; 16]>(), any::<[u8; 32]>()));
    let fields = (any::<[u8; 16]>(), any::<[bool; 3]>(), any::<[i64; 2]>(), text(255), continues, bytes(200));
    (fields, prop::collection::vec(track(), 1..17)).prop_map(
        |((id, flags, times, camera, continues, signer), tracks)| StreamRecord {
            id,
            role: if flags[0] { Role::Original } else { Role::Public },
            suite: if flags[1] { Suite::Plain } else { Suite::Sealed },
            start_ns: times[0],
            origin_ns: times[1],
            camera,
            continues: continues.map(|(stream, last_close)| Continues { stream, last_close }),
            signer: if flags[2] { signer } else { Vec::new() },
            tracks,
        },
    )
}

fn signature() -> impl Strategy<Value = Option<Signature>> {
    use SignatureAlgorithm::*;
    let algorithm = prop::sample::select(vec![Ed25519, EcdsaP256, EcdsaP384, RsaPss]);
    prop::option::of((algorithm, bytes(1024)).prop_map(|(algorithm, bytes)| Signature { algorithm, bytes }))
}

fn content() -> impl Strategy<Value = SlotContent> {
    let group = (any::<[u8; 16]>(), 1..6u8, prop::collection::vec(any::<[u8; 32]>(), 6..9))
        .prop_map(|(id, k, shares)| ShareGroup { id, k, shares });
    let message = (prop::option::of((0..2u8, 1..6u8)), prop::collection::vec(bytes(300), 1..4), bytes(400));
    let messages = prop::collection::vec(message, 1..6);
    (1..u64::MAX, any::<i64>(), prop::collection::vec(group, 2..5), messages, signature(), bytes(100)).prop_map(
        |(generation, written_ns, groups, messages, signature, cert)| SlotContent {
            generation,
            written_ns,
            groups,
            messages: messages
                .into_iter()
                .map(|(share, recipients, cms)| Message {
                    kind: share.map_or(MessageKind::Secret, |(group, x)| MessageKind::Share { group, x }),
                    recipients,
                    cms,
                })
                .collect(),
            changed_by: signature.map(|s| (cert, s)),
            mac: [0xa5; 32],
        },
    )
}

fn left_out() -> impl Strategy<Value = LeftOut> {
    (1..12u8, any::<[u8; 32]>(), any::<Option<i64>>(), text(1024))
        .prop_map(|(reason, fingerprint, not_after_ns, name)| LeftOut { reason, fingerprint, not_after_ns, name })
}

fn frame() -> impl Strategy<Value = Frame> {
    (any::<u16>(), any::<[bool; 3]>(), any::<u32>(), any::<[Option<i64>; 2]>(), 0..i64::MAX).prop_map(
        |(track, [key, gap, corrupt], counter, [pts, dts], duration)| Frame {
            track,
            flags: FrameFlags { key, gap, corrupt, hidden: gap != corrupt },
            counter,
            pts,
            dts,
            duration,
        },
    )
}

fn close() -> impl Strategy<Value = (Close, bool)> {
    use Reason::*;
    let reason =
        prop::sample::select(vec![NotLast, EndOfInput, InputCut, Stopped, NoRecipients, ConfigChanged, Failed]);
    let tracks = prop::collection::vec((0..1u32 << 20, any::<[Option<i64>; 2]>(), any::<[u8; 32]>()), 1..17);
    (any::<u64>(), reason, tracks, signature(), any::<bool>()).prop_map(|(epoch, reason, tracks, signature, sealed)| {
        let close = Close {
            epoch,
            reason,
            tracks: tracks
                .iter()
                .map(|(frames, [a, b], _)| TrackTotals { frames: *frames, first_pts: *a, last_pts: *b })
                .collect(),
            macs: tracks.iter().filter(|_| sealed).map(|t| t.2).collect(),
            signature,
        };
        (close, sealed)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_record_comes_back(s in stream()) {
        let record = s.to_record().unwrap();
        prop_assert_eq!(&StreamRecord::parse(body(&record).1).unwrap(), &s);
        prop_assert_eq!(again(&record, false).unwrap(), record);
    }

    #[test]
    fn a_keys_record_comes_back(
        c in content(), l in prop::collection::vec(left_out(), 0..6), n in any::<(u32, u64, [u8; 32])>(),
    ) {
        let keys = Keys::new(n.0, n.1, n.2, l, c.clone(), 4096).unwrap();
        let record = keys.to_record().unwrap();
        let read = Keys::parse(body(&record).1).unwrap();
        prop_assert_eq!(read.current(), &c);
        prop_assert_eq!(&read, &keys);
        prop_assert_eq!(again(&record, true).unwrap(), record);
    }

    #[test]
    fn a_start_record_comes_back(
        n in any::<(u32, u64, i64, i64)>(), h in any::<[[u8; 32]; 2]>(),
        commitments in prop::collection::vec(any::<[u8; 32]>(), 0..17),
    ) {
        let start = Start {
            session: n.0, epoch: n.1, wall_ns: n.2, mono_ns: n.3, previous_close: h[0], keys_hash: h[1], commitments,
        };
        let record = start.to_record().unwrap();
        prop_assert_eq!(&Start::parse(body(&record).1).unwrap(), &start);
    }

    #[test]
    fn a_frame_comes_back(f in frame(), len in 0..5000usize) {
        let record = [&f.prefix(len).unwrap()[..], &vec![7; len]].concat();
        let (header, body) = body(&record);
        prop_assert_eq!(Frame::parse(&header, body).unwrap(), f);
    }

    #[test]
    fn a_close_record_comes_back((c, sealed) in close()) {
        let record = c.to_record().unwrap();
        let (header, body) = body(&record);
        prop_assert_eq!(&Close::parse(&header, body, sealed).unwrap(), &c);
        let (before_macs, before_signature) = Close::covered(c.tracks.len(), sealed);
        prop_assert_eq!(c.macs.concat(), &record[before_macs..before_signature]);
    }

    #[test]
    fn a_grant_comes_back(h in any::<[u8; 32]>(), a in any::<u64>(), b in any::<u64>(), r in bytes(99), cms in bytes(99)) {
        let grant = Grant { stream_hash: h, first: a.min(b), last: a.max(b), recipient: r, cms };
        prop_assert_eq!(&Grant::parse(body(&grant.to_record().unwrap()).1).unwrap(), &grant);
    }

    #[test]
    fn an_index_and_an_end_come_back(
        n in prop::collection::btree_map(any::<u64>(), any::<Option<i64>>(), 0..50), kind in 0..4usize, len in any::<u32>(),
    ) {
        let entries = n.iter().enumerate().map(|(i, (epoch, time_ns))| {
            IndexEntry { epoch: *epoch, time_ns: *time_ns, offset: 10 * i as u64 + 9, keys_offset: 8 }
        });
        let index = Index { entries: entries.collect() };
        prop_assert_eq!(&Index::parse(body(&index.to_record().unwrap()).1).unwrap(), &index);
        let kind = [EndKind::Complete, EndKind::Excerpt, EndKind::Recovered, EndKind::Cut][kind];
        let end = End { kind, index_len: len };
        prop_assert_eq!(End::parse(body(&end.to_record().unwrap()).1).unwrap(), end);
    }
}
