//! What is fuzzed: each function takes any bytes, must come back without a panic, and checks what must hold of them.
//!
//! The fuzz targets call one each; `tests/library/fuzz_smoke.rs` calls all of them on the stable toolchain.
#![allow(dead_code, reason = "each fuzz target calls one of them")]

mod folder;
mod foreign;
mod sessions;
mod state;

use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use vidveil::archive::{Finished, Joiner, SegmentFile, copy_whole, finish_leftover, segments};
use vidveil::devices::card::piv::KeyInput;
use vidveil::devices::card::{Patience, Piv, Slot, Transmit, object, tlv};
use vidveil::format::{FRAME_PREFIX, Keys, Reader, Record, SlotState, seek_index, sha256};
use vidveil::keys::{
    Certificate, DeviceError, Identity, KeyError, KeyFile, KeyType, Listed, Revocation, Standing, agent,
    certificates_in, check_message, open_message, revocation_lists_in,
};
use vidveil::protect::{PeopleModel, Scene, SceneFault};
use vidveil::seal::{Change, Checked, Disk, Opened, Opener, SessionSecret, Verifier, rewrap_in_place};
use zeroize::Zeroizing;

pub use foreign::{child, demuxer, rtsp};
pub use sessions::{bonds, joins, sessions};
pub use state::{manifest, revoked, run_state};

const KEY: &[u8] = include_bytes!("../../testdata/certs/p256.key");
const CERTIFICATE: &[u8] = include_bytes!("../../testdata/certs/p256.pem");

/// Sealed to the P-256 key with the secret 00 01 .. 1f, after a text header; and who gets it next.
const SEALED: &[u8] = include_bytes!("../../testdata/vectors/sealed_p256");
const NEXT_KEY: &[u8] = include_bytes!("../../testdata/certs/p384.key");
const NEXT_CERTIFICATE: &[u8] = include_bytes!("../../testdata/certs/p384.pem");

fn key() -> Box<dyn Identity> {
    Box::new(KeyFile::parse(KEY, || None).expect("the committed key is right"))
}

/// Reads a container; whatever is read is written again as the same bytes.
pub fn container(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let mut sealed = false;
    while let Ok(Some(record)) = reader.next() {
        let written = match &record {
            Record::Stream(s) => {
                sealed = s.sealed();
                s.to_record()
            }
            Record::Keys(k) => k.to_record(),
            Record::Start(s) => s.to_record(),
            Record::Frame(f) => f.prefix(reader.payload().len()).map(|prefix| [&prefix[..], reader.payload()].concat()),
            Record::Close(c) => c.to_record(),
            Record::Grant(g) => g.to_record(),
            Record::Index(i) => i.to_record(),
            Record::End(e) => e.to_record(),
            Record::Cut => continue,
        };
        assert_eq!(written.expect("what is read can be written"), reader.raw());
        assert!(reader.offset() <= bytes.len() as u64);
        assert!(!matches!(record, Record::Keys(_)) || sealed);
    }
    assert!(!matches!(reader.next(), Ok(Some(_))), "something comes after the end");
    let _ = seek_index(&mut Cursor::new(bytes));
}

/// A file in memory.
struct Segment(Cursor<Vec<u8>>);

impl Read for Segment {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Segment {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Segment {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl Disk for Segment {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SegmentFile for Segment {
    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).expect("in memory");
        assert!(length <= self.0.get_ref().len(), "a file is made longer");
        self.0.get_mut().truncate(length);
        self.0.seek(SeekFrom::End(0)).map(drop)
    }
}

/// Any file as a segment: described, ended after its writer died, repaired and joined. What comes out is a container.
pub fn segment(bytes: &[u8]) {
    if let Ok(found) = segments(&mut Cursor::new(bytes)) {
        assert!(found.iter().all(|s| s.at < s.whole && s.whole <= s.end && s.end <= bytes.len() as u64));
    }
    let mut left = Segment(Cursor::new(bytes.to_vec()));
    match finish_leftover(&mut left) {
        Ok(Finished::Ended { .. }) => {
            assert_eq!(finish_leftover(&mut left).expect("it was ended before"), Finished::Whole);
            assert!(bytes.starts_with(&left.0.get_ref()[..left.0.get_ref().len() - 16]), "only the end is new");
        }
        _ => assert_eq!(left.0.get_ref(), bytes, "nothing to do, and something was done"),
    }
    let mut copy = Vec::new();
    if copy_whole(bytes, &mut copy).is_ok() {
        whole(&copy);
    }
    let mut joiner = Joiner::new(Vec::new());
    let added = [joiner.add(bytes), joiner.add(bytes)];
    let joined = joiner.finish().expect("there is room in memory");
    if !joined.is_empty() && added.iter().all(Result::is_ok) {
        whole(&joined);
    }
}

fn whole(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    while let Some(record) = reader.next().expect("what was written is a container") {
        assert_ne!(record, Record::Cut, "what was written has its end");
    }
}

/// Opens a container with a key that is a recipient's of the test vectors, and jumps where its index says.
pub fn opener(bytes: &[u8]) {
    let mut opener = Opener::new(Cursor::new(bytes), vec![key()]);
    let mut released = 0;
    while let Ok(Some(opened)) = opener.next() {
        match opened {
            Opened::Frame(_) => released += opener.packet().len() + FRAME_PREFIX,
            _ => assert!(opener.packet().is_empty()),
        }
    }
    assert!(released <= bytes.len());
    let Ok(Some(index)) = seek_index(&mut Cursor::new(bytes)) else { return };
    for entry in index.entries.iter().take(4) {
        for place in [entry.keys_offset, entry.offset] {
            if opener.jump(place).is_err() {
                return;
            }
            let _ = opener.next();
        }
    }
}

/// Everything that can be proved of a container, without a key and with one, also after whatever is wrong with it.
pub fn verifier(bytes: &[u8]) {
    for identities in [vec![], vec![std::rc::Rc::from(key())]] {
        let mut verifier = Verifier::new(bytes, &identities, &[], None);
        let mut failures = 0;
        loop {
            match verifier.next() {
                Ok(Some(Checked::Record(_, payload, at))) => {
                    assert!(at <= bytes.len() as u64 && payload <= bytes.len());
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => {
                    failures += 1;
                    assert!(failures <= bytes.len() + 2, "it goes on and on");
                    if !verifier.go_on().expect("memory is read without an error") {
                        break;
                    }
                }
            }
        }
        let _ = (verifier.signature_report(), verifier.opened_by());
    }
}

/// Where the keys record of the stream of [`SEALED`] begins, and that record.
fn keys_of(container: &[u8]) -> Option<(usize, Keys, [u8; 32])> {
    let (mut reader, mut stream_hash) = (Reader::new(container), [0; 32]);
    loop {
        match reader.next() {
            Ok(Some(Record::Stream(_))) => stream_hash = sha256(reader.raw()),
            Ok(Some(Record::Keys(keys))) => return Some((reader.record_offset() as usize, *keys, stream_hash)),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return None,
        }
    }
}

/// What a key opens of it: packets, and whether it ended without an error.
fn opened_with(container: &[u8], key: Box<dyn Identity>) -> (Vec<Vec<u8>>, bool) {
    let (mut opener, mut packets) = (Opener::new(container, vec![key]), Vec::new());
    loop {
        match opener.next() {
            Ok(Some(Opened::Frame(_))) => packets.push(opener.packet().to_vec()),
            Ok(Some(_)) => {}
            Ok(None) => return (packets, true),
            Err(_) => return (packets, false),
        }
    }
}

/// The two slots of a keys record, as somebody writes them who has no key: their hashes are made right. What opens
/// without an error was written by somebody who had the secret; and a list that is right is never lost.
pub fn lists(bytes: &[u8]) {
    let head = SEALED.windows(2).position(|two| two == b"\n\n").expect("a header, then a container") + 2;
    let good = &SEALED[head..];
    let (at, keys, _) = keys_of(good).expect("the committed stream has a keys record");
    let size = keys.slot_size() as usize;
    let mut bent = good.to_vec();
    for (n, slot) in bytes.chunks(size).take(2).enumerate() {
        let mut raw = slot.to_vec();
        raw.resize(size, 0);
        if raw.iter().any(|b| *b != 0) {
            let hash = sha256(&raw[..size - 32]);
            raw[size - 32..].copy_from_slice(&hash);
        }
        let from = at + keys.slot_offset(n) as usize;
        bent[from..from + size].copy_from_slice(&raw);
    }
    let all = opened_with(good, key()).0;
    let (packets, is_right) = opened_with(&bent, key());
    assert!(packets.is_empty() || packets == all, "all of the session, or nothing");
    let proven = |keys: &Keys, stream_hash: &[u8; 32], slot: usize| {
        let secret = SessionSecret::from_bytes(&std::array::from_fn::<u8, 32, _>(|i| i as u8)).expect("32 bytes");
        let key = secret.session_key(stream_hash, keys.session);
        match keys.slots()[slot] {
            SlotState::Whole(content) => keys.mac_text(slot).is_some_and(|text| key.slot_mac(&text) == content.mac),
            SlotState::Empty | SlotState::Torn => false,
        }
    };
    let read = keys_of(&bent);
    if let Some((_, keys, stream_hash)) = &read {
        let current = keys.current_slot();
        assert!(!is_right || packets.is_empty() || proven(keys, stream_hash, current), "a forged list opened");
        let other = proven(keys, stream_hash, 1 - current) || keys.is_tied() && proven(keys, stream_hash, current);
        assert!(packets.is_empty() || is_right || other, "no list is right");
    }
    let mut file = Segment(Cursor::new(bent.clone()));
    let identities = [key()];
    let recipients = certificates_in(NEXT_CERTIFICATE).expect("the committed certificate is right");
    let change = Change { identities: &identities, recipients, ..Change::default() };
    let done = rewrap_in_place(&mut file, &change, |_, _| {});
    let now = file.0.into_inner();
    match done {
        Ok(done) if done.changed == 1 => {
            let next = Box::new(KeyFile::parse(NEXT_KEY, || None).expect("the committed key is right"));
            assert!(is_right && opened_with(&now, next) == (all, true), "who is to have it opens it");
        }
        Ok(done) if done.already == 1 => {
            let (_, keys, stream_hash) = keys_of(&now).expect("it was read before");
            assert!(proven(&keys, &stream_hash, keys.current_slot()), "a list was lost for one that is forged");
        }
        Ok(_) | Err(_) => assert!(now == bent, "it was changed without a reason"),
    }
}

/// A container read on after damage: whatever is read there is in it, record by record, further on each time.
pub fn go_on(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let mut end = 0;
    loop {
        match reader.next() {
            Ok(Some(Record::Cut)) => {}
            Ok(Some(_)) => {
                let at = usize::try_from(reader.record_offset()).expect("in memory");
                assert!(at >= end, "a record is read twice");
                assert!(bytes[at..].starts_with(reader.raw()), "a record that is not there");
                end = at + reader.raw().len();
            }
            Ok(None) => break,
            Err(_) => {
                assert!(reader.next().is_err(), "after an error there are only errors");
                if !reader.go_on().expect("memory is read without an error") {
                    break;
                }
                assert!(reader.resumed_at().is_some_and(|at| at <= bytes.len() as u64));
            }
        }
    }
}

/// A message to a key agent, and one from it: whatever is read is written again as the same bytes, and every request
/// has an answer.
pub fn agent(bytes: &[u8]) {
    for limit in [agent::MAX_REQUEST, agent::MAX_ANSWER] {
        let Ok(body) = agent::read_message(&mut &bytes[..], limit) else { continue };
        assert!(body.len() <= limit && body.len() + 4 <= bytes.len());
        if let Some(request) = agent::Request::parse(&body) {
            assert_eq!(request.to_body(), *body);
            let answer = agent::answer(&[key()], request).to_body();
            assert!(answer.len() <= agent::MAX_ANSWER && agent::Answer::parse(&answer).is_some());
        }
        if let Some(answer) = agent::Answer::parse(&body) {
            assert_eq!(agent::Answer::parse(&answer.to_body()), Some(answer));
        }
    }
}

/// A CMS message to the holder of the key.
pub fn cms(bytes: &[u8]) {
    let certificates = certificates_in(CERTIFICATE).expect("the committed certificate is right");
    let key = key();
    let opened = open_message(bytes, &certificates, &[&*key]);
    assert!(opened.is_err() || check_message(bytes, &certificates).is_ok());
}

/// Certificates, PEM or DER; whatever is read has a name that can be shown.
pub fn certificate(bytes: &[u8]) {
    for c in certificates_in(bytes).into_iter().flatten().chain(Certificate::from_der(bytes)) {
        assert!(!c.subject().chars().any(char::is_control) && !c.common_name().chars().any(char::is_control));
        assert!(c.subject().len() <= 1024);
        let _ = (c.usability(0), c.serial_hex(), c.issuer().len(), c.fingerprint());
    }
}

/// A file of PEM blocks of every kind: a certificate after it is found, too, whatever comes before it, if anything is.
pub fn bundle(bytes: &[u8]) {
    let key = KeyFile::parse(bytes, || None).is_ok();
    let lists = revocation_lists_in(bytes);
    let Ok(found) = certificates_in(bytes) else { return };
    assert!(!found.is_empty(), "nothing is no error");
    if bytes.starts_with(b"-----BEGIN ") && bytes.ends_with(b"-----\n") {
        match certificates_in(&[bytes, CERTIFICATE].concat()) {
            Ok(all) => assert_eq!(all.len(), found.len() + 1, "a certificate is lost"),
            Err(KeyError::TooLarge { .. }) => {}
            Err(e) => panic!("a certificate after others is right: {e}"),
        }
    }
    let _ = (key, lists.map(|lists| lists.len()));
}

/// Revocation lists, in whatever file; what is read can be asked about any certificate.
pub fn revocation_lists(bytes: &[u8]) {
    let Ok(lists) = revocation_lists_in(bytes) else { return };
    let certificates = certificates_in(CERTIFICATE).expect("the committed certificate is right");
    let listed = |list| Listed { name: "list".into(), list, is_gone: false };
    let revocation = Revocation { lists: lists.into_iter().map(listed).collect(), ..Revocation::default() };
    let check = revocation.check(&certificates);
    for l in &revocation.lists {
        assert!(!l.list.issuer().chars().any(char::is_control));
        let _ = (l.list.this_update_ns(), l.list.next_update_ns(), l.list.is_delta());
    }
    for c in &certificates {
        assert!(!matches!(check.standing(c), Standing::Good), "a list nobody signed");
    }
    let _ = check.faults(certificates.iter());
}

/// A key file without a pass phrase.
pub fn key_file(bytes: &[u8]) {
    let _ = KeyFile::is_encrypted(bytes);
    if let Ok(key) = KeyFile::parse(bytes, || None) {
        assert!(key.public_key().is_supported());
    }
}

/// A card that answers with pieces of the bytes, each after its length in two bytes; nothing when they are used up.
struct Babbling<'a>(Cell<&'a [u8]>);

impl Transmit for Babbling<'_> {
    fn transmit(&self, command: &[u8], _: Patience) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        assert!((4..=261).contains(&command.len()), "a short APDU");
        let Some((length, rest)) = self.0.get().split_first_chunk() else { return Err(DeviceError::Removed) };
        let (answer, rest) = rest.split_at(rest.len().min(u16::from_be_bytes(*length).into()));
        self.0.set(rest);
        Ok(Zeroizing::new(answer.to_vec()))
    }
}

/// What a smart card answers, and the objects that it keeps.
pub fn card(bytes: &[u8]) {
    if let Some((element, rest)) = tlv::split(bytes) {
        assert!(element.value.len() + rest.len() < bytes.len());
    }
    let _ = object::retired_certificates(bytes);
    if let Ok(Some(c)) = object::certificate(bytes) {
        assert!(Certificate::from_der(c.der()).is_ok());
    }
    let card = Babbling(Cell::new(bytes));
    let piv = Piv::new(&card, "reader");
    let _ = piv.select();
    let found = piv.certificates(false).unwrap_or_default();
    assert!(found.len() <= 24);
    let _ = (piv.tries(), piv.verify(b"123456"));
    let _ = piv.operate(Slot::KEY_MANAGEMENT, &KeyType::P256, KeyInput::Point, &[4; 65]);
    let _ = piv.operate(Slot::KEY_MANAGEMENT, &KeyType::Rsa(2048), KeyInput::Challenge, &[4; 256]);
    let _ = piv.log_out();
}

/// A scene file; what is read is written again with the same meaning, and a fault has a line.
pub fn scene(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Scene::parse(text) {
        Ok(scene) => {
            let again = Scene::parse(&scene.to_toml()).expect("what is written is right");
            // other files are named as they are on this machine only
            let people_model = scene.people_model.clone().filter(|model| *model == PeopleModel::Off);
            assert_eq!(Scene { reference: None, model: None, people_model, ..scene }, again);
        }
        Err(SceneFault { line, what }) => {
            assert!(line >= 1 && line <= text.matches('\n').count() + 1, "{line}: {what}");
            assert!(!what.contains('\n'));
        }
    }
}
