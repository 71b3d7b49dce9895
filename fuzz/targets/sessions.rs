//! Sessions that follow one another, and files that do.

use vidveil::archive::Joiner;
use vidveil::format::{End, EndKind, Keys, Message, MessageKind, PREAMBLE, Reader, Record, SlotContent, sha256};
use vidveil::keys::{certificates_in, seal_message};
use vidveil::seal::{Bond, Bonds, Chain, Opened, Opener, SessionSecret};

/// What is known of one session of the real stream.
struct Real {
    chain: Chain,
}

fn session(secret: u8, number: u32, first: u64) -> (Keys, Chain) {
    let key = SessionSecret::from_bytes(&[secret; 32]).expect("32 bytes").session_key(&[7; 32], number);
    let message = Message { kind: MessageKind::Secret, recipients: vec![vec![1]], cms: vec![1] };
    let (groups, messages) = (Vec::new(), vec![message]);
    let content = SlotContent { generation: 1, written_ns: 0, groups, messages, changed_by: None, mac: [0; 32] };
    let keys = Keys::new(number, first, key.commitment(), Vec::new(), content, 4096).expect("it is well-formed");
    (keys, key.chain(first))
}

/// Sessions of one stream as they come, four bytes each: what is done, which session, how many epochs further, whose
/// secret. Whoever has not the session before makes none that is proven to go on from it.
pub fn sessions(bytes: &[u8]) {
    let (mut bonds, mut next) = (Bonds::default(), 0u64);
    let mut open: Option<(u32, Real)> = None;
    bonds.begin(&[7; 32]);
    for step in bytes.chunks_exact(4).take(64) {
        let (what, number, further, secret) = (step[0], u32::from(step[1] % 8), u64::from(step[2] % 16), step[3] % 2);
        match what % 8 {
            0 => {
                bonds.end();
                bonds.begin(&[7; 32]);
                (open, next) = (None, 0);
            }
            1 => {
                bonds.pass_over();
            }
            2 => {
                if bonds.pass_epoch(next, 0).is_ok() {
                    if let Some((_, real)) = &mut open {
                        let _ = real.chain.keys_at(next, 0);
                    }
                    next += 1;
                }
            }
            _ => {
                let first = if what & 0x40 == 0 { next } else { further };
                let (keys, chain) = session(secret, number, first);
                let right = open.as_mut().and_then(|(before, real)| {
                    let follows = before.checked_add(1) == Some(number) && real.chain.epoch() <= first;
                    let text = keys.bond_text().expect("it is well-formed");
                    follows.then(|| real.chain.bond_at(first, &text)).flatten()
                });
                let forged = what & 0x80 != 0;
                let bond = if number == 0 { [0; 32] } else { right.filter(|_| !forged).unwrap_or([9; 32]) };
                let keys = keys.with_bond(|_| bond).expect("it is well-formed");
                match bonds.check(&keys, 0) {
                    Ok(bond) => {
                        let before = open.as_ref().map(|(before, _)| *before);
                        assert!(
                            before.is_none_or(|b| b.checked_add(1) != Some(number)) || (right.is_some() && !forged),
                            "a session that is not bound to the one before it"
                        );
                        if what % 8 == 3 {
                            bonds.closed(&keys, bond);
                            open = None;
                        } else {
                            let (_, mine) = session(secret, number, first);
                            bonds.open(&keys, bond, chain);
                            open = Some((number, Real { chain: mine }));
                        }
                        assert_eq!(bonds.is_open(), what % 8 != 3);
                        assert!(bond != Bond::Unproven || what % 8 == 3 || bonds.unproven().is_some());
                        next = next.max(first);
                    }
                    // nothing is done with it
                    Err(_) => {
                        (bonds, open, next) = (Bonds::default(), None, 0);
                        bonds.begin(&[7; 32]);
                    }
                }
            }
        }
    }
}

/// Three key sessions of a recorder, after a text header.
const RECORDED: &[u8] = include_bytes!("../../testdata/vectors/bond_three_sessions");

/// After some epochs of a recorder comes a session of somebody who has no key of his: which epochs, whether in the same
/// stream, and his session's number, first epoch and bond are out of `bytes`. It is never taken for one that goes on
/// from the recorder's, and where it would be the next one it is never opened.
pub fn bonds(bytes: &[u8]) {
    let byte = |n: usize| bytes.get(n).copied().unwrap_or(0);
    let head = RECORDED.windows(2).position(|two| two == b"\n\n").expect("a header, then a container") + 2;
    let (mut file, mut begins, mut stream_hash, mut last) = (PREAMBLE.to_vec(), Vec::new(), [0; 32], 0);
    let mut reader = Reader::new(&RECORDED[head..]);
    let mut closes = byte(0) % 4;
    while let Ok(Some(record)) = reader.next() {
        if let Record::Stream(_) = record {
            stream_hash = sha256(reader.raw());
            begins = [&PREAMBLE[..], reader.raw()].concat();
        }
        if let Record::Keys(keys) = &record {
            last = keys.session;
        }
        file.extend_from_slice(reader.raw());
        if let Record::Close(_) = record {
            match closes.checked_sub(1) {
                Some(left) => closes = left,
                None => break,
            }
        }
    }
    let number = |n: usize| u64::from_be_bytes(std::array::from_fn(|i| byte(n + i)));
    let first_epoch = if byte(1) & 1 == 0 { u64::from(byte(2)) } else { number(8) };
    let session = if byte(1) & 2 == 0 { u32::from(byte(3) % 8) } else { number(16) as u32 };
    let is_excerpt = byte(1) & 4 == 0;
    if is_excerpt {
        file.extend(End { kind: EndKind::Excerpt, index_len: 0 }.to_record().expect("an end"));
        file.extend(begins);
    }
    let own = certificates_in(super::CERTIFICATE).expect("the committed certificate is right");
    let secret = SessionSecret::random().expect("random numbers");
    let key_of = secret.session_key(&stream_hash, session);
    let cms = seal_message(secret.as_bytes(), &own).expect("a message");
    let recipients = own.iter().map(|c| c.der().to_vec()).collect();
    let messages = vec![Message { kind: MessageKind::Secret, recipients, cms }];
    let (groups, changed_by) = (Vec::new(), None);
    let slot = SlotContent { generation: 1, written_ns: 0, groups, messages, changed_by, mac: [0; 32] };
    let commitment = key_of.commitment();
    let keys = Keys::new(session, first_epoch, commitment, Vec::new(), slot, 4096).expect("a keys record");
    let keys = keys.with_bond(|_| std::array::from_fn(|i| byte(24 + i)));
    let keys = keys.and_then(|keys| keys.with_mac(|text| key_of.slot_mac(text))).expect("a keys record");
    file.extend(keys.to_record().expect("a keys record"));
    let mut opener = Opener::new(&file[..], vec![super::key()]);
    while let Ok(Some(opened)) = opener.next() {
        let Opened::Keys(keys) = opened else { continue };
        if keys.commitment == commitment {
            assert_eq!(opener.bond(), Some(Bond::Unproven), "somebody else's session passes for the recorder's");
            assert!(is_excerpt && session > last + 1, "the next session is bound to the one before");
        }
    }
    assert!(opener.take_bonds().steps() <= 1 << 22, "numbers cost work");
}

/// Two files, the second after the length of the first in four bytes: joined, and opened one after the other. What is
/// joined is a container with no other frames than theirs.
pub fn joins(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk() else { return };
    let (first, second) = rest.split_at(rest.len().min(u32::from_be_bytes(*length) as usize));
    let mut joiner = Joiner::new(Vec::new());
    let added = [joiner.add(first), joiner.add(second)];
    let joined = joiner.finish().expect("there is room in memory");
    if added.iter().all(Result::is_ok) && !joined.is_empty() {
        super::whole(&joined);
        let theirs = [frames(first), frames(second)].concat();
        assert!(frames(&joined).iter().all(|f| theirs.contains(f)), "a frame that was in neither");
    }
    let mut bonds = Bonds::default();
    for file in [first, second] {
        let mut opener = Opener::new(file, vec![super::key()]).with_bonds(bonds);
        while let Ok(Some(opened)) = opener.next() {
            assert!(!opener.packet().is_empty() || !matches!(opened, Opened::Frame(_)) || file.len() > 36);
        }
        bonds = opener.take_bonds();
    }
}

/// The frame records of a container, up to where it is damaged.
fn frames(container: &[u8]) -> Vec<Vec<u8>> {
    let (mut reader, mut frames) = (Reader::new(container), Vec::new());
    while let Ok(Some(record)) = reader.next() {
        if matches!(record, Record::Frame(_)) {
            frames.push(reader.raw().to_vec());
        }
    }
    frames
}
