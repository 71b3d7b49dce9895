//! What somebody without a key can make a reader do: a private key is asked a bounded number of times for nothing, and
//! a reader that goes on after damage reads a bounded number of bytes again, however much of it there is.

use std::cell::Cell;
use std::io::Cursor;
use std::rc::Rc;

use vidveil::format::{
    Grant, HEADER_LEN, Header, Keys, Message, MessageKind, PREAMBLE, Reader, Record, RecordType, SlotContent, sha256,
};
use vidveil::keys::{Certificate, Identity, IdentityError, PublicKey, certificates_in, seal_message};
use vidveil::playback::{Moment, Span};
use vidveil::rewrap::{GrantJob, make_grants};
use vidveil::seal::{Opened, Opener, SealError, Tracks, copy_with_grants};
use zeroize::Zeroizing;

use crate::support::seal::*;

/// A private key that counts what it is asked.
struct Counting(Box<dyn Identity>, Rc<Cell<u32>>);

impl Identity for Counting {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }
    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        self.1.set(self.1.get() + 1);
        self.0.rsa_oaep_sha256(ciphertext)
    }
    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        self.1.set(self.1.get() + 1);
        self.0.ecdh(point)
    }
}

/// What was opened of a container, and how often a key was asked for it.
struct Asked {
    times: u32,
    epochs: usize,
    missing: usize,
    errors: Vec<SealError>,
}

/// Opens all that can be, and goes on after damage.
fn ask(bytes: &[u8], name: &str, grants: Vec<Grant>) -> Asked {
    let times = Rc::new(Cell::new(0));
    let counting = key(name).into_iter().map(|i| Box::new(Counting(i, Rc::clone(&times))) as Box<dyn Identity>);
    let mut opener = Opener::new(bytes, counting.collect()).with_grants(grants);
    let mut asked = Asked { times: 0, epochs: 0, missing: 0, errors: Vec::new() };
    loop {
        match opener.next() {
            Ok(Some(Opened::Start(_))) => asked.epochs += 1,
            Ok(Some(Opened::Missing(_))) => asked.missing += 1,
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                asked.errors.push(error);
                if !opener.go_on().unwrap() {
                    break;
                }
            }
        }
    }
    asked.times = times.get();
    asked
}

fn certificate(name: &str) -> Certificate {
    certificates_in(&pem(name)).unwrap().remove(0)
}

/// `epochs` epochs of a second, whose session p256 can open.
fn recording(epochs: usize) -> Vec<u8> {
    seal(vec![video()], &steps(10 * epochs, 1), settings(), Script::always(&["p256"]))
}

fn stream_hash(sealed: &[u8]) -> [u8; 32] {
    let mut reader = Reader::new(sealed);
    reader.next().unwrap();
    sha256(reader.raw())
}

/// A grant of epochs `first` to `last`, as somebody without a key makes it: it opens, and holds a key for nothing.
fn self_made(stream_hash: [u8; 32], (first, last): (u64, u64), grantee: &str) -> Grant {
    let mut content = stream_hash.to_vec();
    content.extend([first.to_be_bytes(), last.to_be_bytes()].concat());
    content.extend(1_u32.to_be_bytes());
    content.extend([&9_u32.to_be_bytes()[..], &first.to_be_bytes(), &[0, 0], &[7; 32]].concat());
    let grantee = certificate(grantee);
    let cms = seal_message(&content, std::slice::from_ref(&grantee)).unwrap();
    Grant { stream_hash, first, last, recipient: grantee.der().to_vec(), cms }
}

fn with_grants(sealed: &[u8], grants: &[Grant]) -> Vec<u8> {
    let mut out = Vec::new();
    copy_with_grants(sealed, &mut out, grants).unwrap();
    out
}

/// The grants that p256 makes for p384, one for each epoch.
fn one_by_one(sealed: &[u8], epochs: usize) -> Vec<Grant> {
    let of = |epoch: usize| {
        let at = |n: usize| Some(Moment::SinceBeginning(n as i64 * S));
        let span = Span { from: at(epoch), to: at(epoch + 1) };
        let job = GrantJob { span, tracks: Tracks::All, grantees: vec![certificate("p384")] };
        make_grants(&mut Cursor::new(sealed), true, key("p256"), &job).unwrap().0
    };
    (0..epochs).flat_map(of).collect()
}

#[test]
fn a_recipients_key_is_not_asked_for_grants() {
    let sealed = recording(3);
    let forged = self_made(stream_hash(&sealed), (0, 9), "p256");
    for count in [1, 2000, 4000] {
        let asked = ask(&with_grants(&sealed, &vec![forged.clone(); count]), "p256", Vec::new());
        assert_eq!((asked.times, asked.epochs), (1, 3), "{count} grants: {:?}", asked.errors);
        assert!(asked.errors.is_empty() && asked.missing == 0, "{:?}", asked.errors);
    }
}

#[test]
fn a_grantees_key_is_asked_so_often_in_vain_and_no_more() {
    let sealed = recording(3);
    let forged = self_made(stream_hash(&sealed), (0, 9), "p384");
    let times: Vec<u32> = [1500, 3000]
        .map(|count| {
            let asked = ask(&with_grants(&sealed, &vec![forged.clone(); count]), "p384", Vec::new());
            assert!(matches!(asked.errors.first(), Some(SealError::Barren { limit: 256 })), "{:?}", asked.errors);
            asked.times
        })
        .to_vec();
    assert_eq!(times, [256, 256]);
}

#[test]
fn grants_that_open_something_are_as_many_as_somebody_needs() {
    let epochs = 300;
    let sealed = recording(epochs);
    let grants = one_by_one(&sealed, epochs);
    assert_eq!(grants.len(), epochs);
    let asked = ask(&sealed, "p384", grants.clone());
    assert!(asked.errors.is_empty(), "{:?}", asked.errors);
    assert_eq!((asked.times, asked.epochs, asked.missing), (300, epochs, 0));
    // of a shelf of grants those are opened that are wanted, and twice none
    let hash = stream_hash(&sealed);
    let mut shelf: Vec<Grant> = (1000..1400).map(|n| Grant { first: n, last: n, ..grants[0].clone() }).collect();
    assert!(shelf.iter().all(|g| g.stream_hash == hash));
    shelf.extend([grants[5].clone(), grants[5].clone()]);
    let asked = ask(&sealed, "p384", shelf);
    assert_eq!((asked.times, asked.epochs), (2, 1), "{:?}", asked.errors);
    assert_eq!(asked.missing, 1, "those on the shelf, as one run");
}

/// A keys record of a session that names p256 and was made without its secret.
fn self_made_session(session: u32, first_epoch: u64, messages: Vec<Message>) -> Vec<u8> {
    let (groups, changed_by) = (Vec::new(), None);
    let content = SlotContent { generation: 1, written_ns: 0, groups, messages, changed_by, mac: [0; 32] };
    let keys = Keys::new(session, first_epoch, [session as u8; 32], Vec::new(), content, 4096).unwrap();
    keys.to_record().unwrap()
}

#[test]
fn a_recipients_key_is_asked_for_so_many_forged_sessions_and_no_more() {
    let sealed = recording(1);
    let grantee = certificate("p256");
    let cms = seal_message(&[7; 32], std::slice::from_ref(&grantee)).unwrap();
    let message = Message { kind: MessageKind::Secret, recipients: vec![grantee.der().to_vec()], cms };
    let mut reader = Reader::new(&sealed[..]);
    reader.next().unwrap();
    let head = sealed[..PREAMBLE.len() + reader.raw().len()].to_vec();
    let times: Vec<u32> = [600, 1200]
        .map(|count: u32| {
            let forged = (1..=count).map(|n| self_made_session(n, n.into(), vec![message.clone()]));
            let bytes = [head.clone(), forged.collect::<Vec<_>>().concat()].concat();
            let asked = ask(&bytes, "p256", Vec::new());
            assert!(asked.errors.iter().any(|e| matches!(e, SealError::Barren { .. })), "{}", asked.errors.len());
            asked.times
        })
        .to_vec();
    assert_eq!(times, [256, 256]);
}

/// How many bytes of records that failed a reader read again, when it went on to the end.
fn read_again(bytes: &[u8]) -> u64 {
    let mut reader = Reader::new(bytes);
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => return reader.reread(),
            Err(_) => {
                if !reader.go_on().unwrap() {
                    return reader.reread();
                }
            }
        }
    }
}

/// The bytes of a recording with, in place of its epochs, headers of keys records that claim to be of `claimed` bytes.
fn headers(count: usize, claimed: u32, behind: usize) -> Vec<u8> {
    let sealed = recording(1);
    let mut reader = Reader::new(&sealed[..]);
    while !matches!(reader.next().unwrap(), Some(Record::Keys(_))) {}
    let mut bytes = sealed[..reader.offset() as usize].to_vec();
    let header = Header { record: RecordType::Keys, flags: 0, track: 0, body_len: claimed };
    for n in 0..count {
        bytes.extend(header.to_bytes());
        bytes.extend([&(1 + n as u32 % 99).to_be_bytes()[..], &1_u64.to_be_bytes()].concat());
    }
    bytes.resize(bytes.len() + behind, 0x55);
    bytes
}

#[test]
fn headers_that_claim_megabytes_have_a_bounded_number_of_bytes_read_again() {
    let most = |bytes: &[u8]| (64 << 20) + 4 * bytes.len() as u64 + (4 << 20);
    for count in [1000, 2000, 4000] {
        let bytes = headers(count, 2 << 20, 4 << 20);
        let again = read_again(&bytes);
        assert!(again <= most(&bytes), "{count} headers in {} bytes: {again} bytes read again", bytes.len());
    }
    // damage as it happens costs no more than what is damaged
    let mut damaged = recording(40);
    let mut reader = Reader::new(&damaged[..]);
    let mut places = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if matches!(record, Record::Start(_)) {
            places.push(reader.record_offset() as usize);
        }
    }
    places.iter().skip(1).step_by(2).for_each(|at| damaged[at + HEADER_LEN] ^= 1);
    let mut reader = Reader::new(&damaged[..]);
    let mut epochs = 0;
    loop {
        match reader.next() {
            Ok(Some(record)) => epochs += usize::from(matches!(record, Record::Start(_))),
            Ok(None) => break,
            Err(_) => assert!(reader.go_on().unwrap(), "given up"),
        }
    }
    assert_eq!(epochs, places.len() - places.len() / 2);
    assert!(reader.reread() < damaged.len() as u64);
}
