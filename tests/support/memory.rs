//! What lies in the memory of a running process: every key of a sealed stream, computed here from the format's page and
//! looked for there.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;

use ring::{digest, hmac};
use vidveil::format::{HEADER_LEN, Reader, Record};
use vidveil::keys::{Certificate, Identity, KeyFile, open_message};

/// Something that must not lie in memory.
pub struct Needle {
    pub name: String,
    pub bytes: Vec<u8>,
}

fn needle(name: impl Into<String>, bytes: &[u8]) -> Needle {
    Needle { name: name.into(), bytes: bytes.to_vec() }
}

/// The keys of a stream, as whoever has a recipient's key computes them.
#[derive(Default)]
pub struct StreamKeys {
    /// S, P, the content key and, for an elliptic-curve key, the shared secret of each session.
    pub sessions: Vec<Vec<Needle>>,
    /// Chain key, track keys, frame keys and close keys of each epoch, with its session.
    pub epochs: Vec<EpochKeys>,
}

pub struct EpochKeys {
    pub session: usize,
    pub chain: Vec<Needle>,
    pub tracks: Vec<Needle>,
    pub frames: Vec<Needle>,
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
}

/// HKDF-Expand of one block.
fn expand(key: &[u8], label: &str, fields: &[&[u8]]) -> Vec<u8> {
    hmac(key, &[label.as_bytes(), &[0], &fields.concat(), &[1]])
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

impl StreamKeys {
    /// Of every stream in `container`, which may end anywhere.
    pub fn of(container: &[u8], key_file: &[u8]) -> StreamKeys {
        let key = KeyFile::parse(key_file, || None).unwrap();
        let mut found = StreamKeys::default();
        let (mut hash, mut tracks, mut chain) = (Vec::new(), 0, Vec::new());
        let mut reader = Reader::new(container);
        while let Ok(Some(record)) = reader.next() {
            match record {
                Record::Stream(s) => (hash, tracks) = (sha256(reader.raw()), s.tracks.len()),
                Record::Keys(k) => {
                    let message = &k.current().messages[0];
                    let certificates: Vec<_> =
                        message.recipients.iter().map(|c| Certificate::from_der(c).unwrap()).collect();
                    let secret = open_message(&message.cms, &certificates, &[&key]).unwrap();
                    let prk = hmac(&hash, &[&secret]);
                    let session = found.sessions.len();
                    let bond_key =
                        needle(format!("bond key of session {session}"), &expand(&chain, "vidveil1 bond", &[]));
                    chain = expand(&prk, "vidveil1 chain", &[&k.session.to_be_bytes()]);
                    let mut needles = vec![
                        needle(format!("S of session {session}"), &secret),
                        needle(format!("P of session {session}"), &prk),
                    ];
                    needles.push(needle(format!("message key of session {session}"), &message_key(&message.cms, &key)));
                    if session > 0 {
                        needles.push(bond_key);
                    }
                    found.sessions.push(needles);
                }
                Record::Start(s) => {
                    let (start, epoch) = (sha256(reader.raw()), s.epoch);
                    let mut keys = EpochKeys {
                        session: found.sessions.len() - 1,
                        chain: vec![needle(format!("C of epoch {epoch}"), &chain)],
                        tracks: Vec::new(),
                        frames: Vec::new(),
                    };
                    for t in 0..tracks {
                        let fields: [&[u8]; 3] =
                            [&s.session.to_be_bytes(), &epoch.to_be_bytes(), &(t as u16).to_be_bytes()];
                        let key = expand(&chain, "vidveil1 track", &fields);
                        assert_eq!(expand(&key, "vidveil1 epoch commit", &[]), s.commitments[t], "the keys are right");
                        let frame = expand(&key, "vidveil1 frame", &[&start]);
                        let close = expand(&key, "vidveil1 close", &[&start]);
                        keys.tracks.push(needle(format!("T of epoch {epoch}, track {t}"), &key));
                        keys.frames.push(needle(format!("frame key of epoch {epoch}, track {t}"), &frame));
                        keys.frames.push(needle(format!("close key of epoch {epoch}, track {t}"), &close));
                    }
                    chain = expand(&chain, "vidveil1 next", &[]);
                    found.epochs.push(keys);
                }
                _ => {}
            }
        }
        found
    }

    /// Every key but those that a recorder needs in its open epoch: that epoch's frame and close keys (the chain has
    /// gone on by then).
    pub fn closed(&self) -> Vec<&Needle> {
        let last = self.epochs.len().saturating_sub(1);
        let epochs = self.epochs.iter().enumerate();
        let epochs = epochs.flat_map(|(i, e)| {
            let frames = e.frames.iter().filter(move |_| i < last);
            e.chain.iter().chain(&e.tracks).chain(frames)
        });
        self.sessions.iter().flatten().chain(epochs).collect()
    }

    /// Every key.
    pub fn all(&self) -> Vec<&Needle> {
        let epochs = self.epochs.iter().flat_map(|e| e.chain.iter().chain(&e.tracks).chain(&e.frames));
        self.sessions.iter().flatten().chain(epochs).collect()
    }

    /// The frame keys of the last epoch: what must be found, or the looking is wrong.
    pub fn open_frame_keys(&self) -> Vec<&Needle> {
        self.epochs.last().iter().flat_map(|e| &e.frames).filter(|n| n.name.starts_with("frame")).collect()
    }
}

/// What the message gives the owner of the key: the content key for RSA, the shared secret else.
fn message_key(cms: &[u8], key: &KeyFile) -> Vec<u8> {
    let modulus = key.public_key().rsa_modulus().map(<[u8]>::len);
    let given = match modulus {
        Some(length) => {
            let head = [&[0x04, 0x82][..], &(length as u16).to_be_bytes()].concat();
            let at = position(cms, &head).unwrap() + head.len();
            key.rsa_oaep_sha256(&cms[at..at + length])
        }
        None => {
            let at = position(cms, &[0x03, 0x42, 0x00, 0x04]).unwrap() + 3;
            key.ecdh(&cms[at..at + 65])
        }
    };
    given.unwrap().to_vec()
}

/// A part of each secret number of a private key in PKCS#8 (PEM), as it stands in the file: big-endian. Whoever
/// computes with it has it turned round.
pub fn private_numbers(pem: &[u8]) -> Vec<Needle> {
    use der::{Decode, Reader as _, SliceReader, Tag, Tagged};
    let (_, der) = der::pem::decode_vec(pem).unwrap();
    let info = pkcs8::PrivateKeyInfoRef::from_der(&der).unwrap();
    let inner = der::asn1::AnyRef::from_der(info.private_key.as_bytes()).unwrap();
    let mut reader = SliceReader::new(inner.value()).unwrap();
    let mut numbers = Vec::new();
    while !reader.is_finished() {
        let Ok(part) = der::asn1::AnyRef::decode(&mut reader) else { break };
        // of RSA all but modulus and public exponent; of an elliptic curve the scalar
        let secret = match part.tag() {
            Tag::Integer => part.value().len() > 32 && numbers.len() < 16,
            Tag::OctetString => true,
            _ => false,
        };
        if secret {
            numbers.push(part.value().iter().copied().skip_while(|b| *b == 0).collect::<Vec<u8>>());
        }
    }
    if numbers.len() > 1 {
        // the modulus
        numbers.remove(0);
    }
    let part = |(i, number): (usize, &Vec<u8>)| {
        let middle = number.len() / 2;
        needle(format!("number {i} of the private key"), &number[middle - 16..middle + 16])
    };
    numbers.iter().enumerate().map(part).collect()
}

/// A text, as UTF-8.
pub fn text(name: &str, text: &str) -> Needle {
    needle(name, text.as_bytes())
}

/// Whether this user may read the memory of a process that forbids dumps.
pub fn can_be_read() -> bool {
    rustix::process::geteuid().is_root()
}

/// The names of the needles that lie in what the process can write to, whole or in both halves.
pub fn found(pid: u32, needles: &[&Needle]) -> Vec<String> {
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut halves: Vec<(&[u8], usize, usize)> = Vec::new();
    for (i, n) in needles.iter().enumerate() {
        let (a, b) = n.bytes.split_at(n.bytes.len() / 2);
        halves.extend([(a, i, 1), (b, i, 2)]);
    }
    let mut by_start = vec![Vec::new(); 1 << 16];
    for (n, (half, ..)) in halves.iter().enumerate() {
        by_start[usize::from(half[0]) << 8 | usize::from(half[1])].push(n);
    }
    let mut seen = vec![(0, String::new()); needles.len()];
    for (start, end, what) in writable(pid) {
        let mut bytes = vec![0; end - start];
        // a page may be gone, or was never there
        if memory.read_exact_at(&mut bytes, start as u64).is_err() {
            continue;
        }
        for at in 0..bytes.len().saturating_sub(1) {
            for &n in &by_start[usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1])] {
                let (half, i, bit) = halves[n];
                if bytes[at..].starts_with(half) {
                    seen[i].0 |= bit;
                    seen[i].1 += &format!(" {:x} {what}", start + at);
                }
            }
        }
    }
    needles
        .iter()
        .zip(seen)
        .filter(|(_, seen)| seen.0 == 3)
        .map(|(n, seen)| format!("{} at{}", n.name, seen.1))
        .collect()
}

fn writable(pid: u32) -> Vec<(usize, usize, String)> {
    let mut maps = String::new();
    File::open(format!("/proc/{pid}/maps")).unwrap().read_to_string(&mut maps).unwrap();
    let range = |line: &str| {
        let mut fields = line.split(' ');
        let (start, end) = fields.next()?.split_once('-')?;
        let parse = |n: &str| usize::from_str_radix(n, 16).ok();
        let may_write = fields.next()?.contains('w');
        may_write.then_some((parse(start)?, parse(end)?, fields.next_back().unwrap_or_default().to_owned()))
    };
    maps.lines().filter_map(range).collect()
}

/// Where each record of a container ends.
pub fn record_ends(container: &[u8]) -> Vec<usize> {
    let mut reader = Reader::new(container);
    let mut ends = Vec::new();
    while let Ok(Some(_)) = reader.next() {
        ends.push(usize::try_from(reader.offset()).unwrap());
    }
    assert!(ends.iter().all(|end| *end >= HEADER_LEN));
    ends
}
