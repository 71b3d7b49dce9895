//! The fuzz targets on the stable toolchain: over the vectors and certificates, and over changed copies of them.

use std::fs;

use vidveil::format::{Reader, Record};
use vidveil::keys::agent::{Answer, Listed, Request, write_message};
use vidveil::keys::{DeviceError, Identity, KeyFile};

use crate::support::authority::Authority;
use crate::support::random::Random;
use crate::support::revocation::*;
use crate::support::{testdata, thorough};

#[path = "../../fuzz/targets.rs"]
mod targets;

/// The files of a folder of testdata, in the order of their names.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = testdata(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    paths.sort();
    paths.iter().map(|p| fs::read(p).unwrap()).collect()
}

fn containers() -> Vec<Vec<u8>> {
    let of = |file: &Vec<u8>| Some(file[file.windows(2).position(|w| w == b"\n\n")? + 2..].to_vec());
    files("vectors").iter().filter_map(of).collect()
}

/// Some bytes changed, cut off, repeated, or taken from `other`.
fn edit(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..1 + random.below(4) {
        let (at, n) = (random.below(bytes.len()), 1 + random.below(24));
        let end = (at + n).min(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let from = random.below(other.len());
                let to = (from + n * 8).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            4 if at < end => bytes[at..end].fill([0, 0xff, 0x80][n % 3]),
            _ if at < end => bytes[at] ^= 1 << (n % 8),
            _ => {}
        }
    }
}

/// Every file as it is, and `count` changed ones; twenty times as many where much time may be taken.
fn run(target: fn(&[u8]), corpus: &[Vec<u8>], count: usize) {
    assert!(corpus.len() > 4);
    let count = if thorough() { 20 * count } else { count };
    corpus.iter().for_each(|bytes| target(bytes));
    target(&[]);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..count {
        let mut bytes = corpus[random.below(corpus.len())].clone();
        let other = &corpus[random.below(corpus.len())];
        edit(&mut random, &mut bytes, other);
        target(&bytes);
    }
}

#[test]
fn containers_are_read_without_a_panic() {
    run(targets::container, &containers(), 1000);
}

#[test]
fn segments_are_described_ended_repaired_and_joined_without_a_panic() {
    run(targets::segment, &containers(), 1000);
}

#[test]
fn containers_are_opened_without_a_panic() {
    run(targets::opener, &containers(), 1000);
}

/// The slots of every keys record that has some of 4,096 bytes.
fn slots() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for container in containers() {
        let mut reader = Reader::new(container.as_slice());
        while let Ok(Some(record)) = reader.next() {
            if let Record::Keys(keys) = record
                && keys.slot_size() == 4096
            {
                all.push([keys.raw_slot(0), keys.raw_slot(1)].concat());
            }
        }
    }
    assert!(all.len() > 60);
    all
}

#[test]
fn forged_lists_open_nothing_and_have_no_right_one_wiped() {
    run(targets::lists, &slots(), 150);
}

/// Bytes of which each is a choice.
fn choices() -> Vec<Vec<u8>> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    (0..64).map(|_| (0..56).map(|_| random.below(256) as u8).collect()).collect()
}

#[test]
fn a_session_of_somebody_else_never_passes_for_the_next_one() {
    run(targets::bonds, &choices(), 300);
}

#[test]
fn containers_are_verified_behind_damage_without_a_panic() {
    run(targets::verifier, &containers(), 500);
}

#[test]
fn containers_are_read_on_behind_damage_without_a_panic() {
    run(targets::go_on, &containers(), 1000);
}

/// Everything that a key agent hears and says.
fn messages() -> Vec<Vec<u8>> {
    let key = &files("certs").into_iter().find_map(|pem| KeyFile::parse(&pem, || None).ok()).unwrap();
    let listed = Listed { spki: key.public_key().spki().to_vec(), description: Some("a card".into()) };
    let bodies = [
        Request::List.to_body(),
        Request::Ecdh(0, key.public_key().bits()).to_body(),
        Request::RsaOaepSha256(1, &[7; 256]).to_body(),
        Answer::Keys(vec![listed.clone(), listed]).to_body().to_vec(),
        Answer::Done(vec![7; 32].into()).to_body().to_vec(),
        Answer::Refused.to_body().to_vec(),
        Answer::Device(DeviceError::WrongPin { left: 2 }).to_body().to_vec(),
        Answer::Device(DeviceError::NotPiv("a reader".into())).to_body().to_vec(),
    ];
    let message = |body: &Vec<u8>| {
        let mut message = Vec::new();
        write_message(&mut message, body).unwrap();
        message
    };
    bodies.iter().map(message).collect()
}

#[test]
fn key_agents_are_talked_to_without_a_panic() {
    run(targets::agent, &messages(), 1000);
}

#[test]
fn messages_are_opened_without_a_panic() {
    run(targets::cms, &files("certs/cms"), 400);
}

/// PEM and DER of everything in testdata/certs.
fn pem_and_der() -> Vec<Vec<u8>> {
    let pem = files("certs");
    let der: Vec<_> = pem.iter().filter_map(|p| Some(der::pem::decode_vec(p).ok()?.1)).collect();
    assert!(der.len() > 20);
    pem.into_iter().chain(der).collect()
}

#[test]
fn certificates_are_read_without_a_panic() {
    run(targets::certificate, &pem_and_der(), 400);
}

#[test]
fn revocation_lists_are_read_without_a_panic() {
    let ca = Authority::new("Root");
    ca.write("p256.pem", fs::read(testdata("certs/p256.pem")).unwrap());
    let list = List { issuer: subject(&ca, "p256.pem"), ..List::of(&ca) }.revoke_because(&ca, "p256.pem", because(1));
    let place = der(0xa0, &der(0xa0, &der(0x86, b"http://x.example/a.crl")));
    let lists = [
        list.clone(),
        List { version: None, due: None, extensions: None, ..list.clone() },
        list.clone().with(delta_since(1)),
        list.clone().with(extension(28, true, sequence(&[place, der(0x81, &[0xff]), der(0x84, &[0xff])]))),
        list.clone().with(extension(99, true, vec![5, 0])),
        List::of(&ca),
    ];
    let mut corpus: Vec<_> = lists.iter().map(|list| list.signed(&ca, "ca")).collect();
    corpus.push(pem("X509 CRL", &corpus[0]).repeat(2).into_bytes());
    run(targets::revocation_lists, &corpus, 2000);
}

/// What a card answers in a whole conversation, each answer after its length: selected, an empty slot, certificates in
/// pieces, a PIN, two operations. And the objects alone.
fn conversations() -> Vec<Vec<u8>> {
    let answer = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let element = |tag: u8, value: &[u8]| vidveil::devices::card::tlv::element(tag, value).to_vec();
    let mut all = Vec::new();
    for pem in files("certs").iter().filter_map(|p| Some(der::pem::decode_vec(p).ok()?.1)).take(12) {
        let object = element(0x53, &[&element(0x70, &pem)[..], &[0x71, 1, 0, 0xfe, 0]].concat());
        let mut said = answer(&[0x90, 0]);
        for piece in object.chunks(256) {
            said.extend(answer(&[piece, &[0x61, 0]].concat()));
        }
        said.extend(answer(&[0x90, 0]));
        said.extend(answer(&[0x6a, 0x82]).repeat(3));
        said.extend(answer(&[0x53, 8, 0xc1, 1, 0, 0xc2, 1, 0, 0xfe, 0, 0x90, 0]));
        said.extend([&[0x63, 0xc3][..], &[0x90, 0]].iter().flat_map(|a| answer(a)));
        let result = element(0x7c, &element(0x82, &[7; 32]));
        said.extend(answer(&[&result[..], &[0x90, 0]].concat()));
        all.extend([said, object]);
    }
    all
}

#[test]
fn cards_are_listened_to_without_a_panic() {
    run(targets::card, &conversations(), 400);
}

#[test]
fn key_files_are_read_without_a_panic() {
    run(targets::key_file, &pem_and_der(), 150);
}

#[test]
fn scene_files_are_read_without_a_panic() {
    run(targets::scene, &files("scenes"), 300);
}
