//! What each target begins with: files of `testdata`, what is made of them, and the inputs of `fuzz/corpus` that once
//! reached something new.
#![allow(dead_code, reason = "each fuzz target uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};

use vidveil::format::{Reader, Record};
use vidveil::keys::agent::{Answer, Listed, Request, write_message};
use vidveil::keys::{DeviceError, Identity, KeyFile};

/// A file or folder of the repository, seen from the crate itself and from `fuzz/`.
fn repository(path: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = if here.join("testdata").is_dir() { here } else { here.parent().expect("fuzz/ lies in the repository") };
    root.join(path)
}

/// The files of a folder, in the order of their names.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(repository(folder)) else { return Vec::new() };
    let mut paths: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_file()).collect();
    paths.sort();
    paths.iter().map(|p| fs::read(p).expect("the repository is readable")).collect()
}

/// What a target begins with.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = match target {
        "container" | "segment" | "opener" | "verifier" | "go_on" => containers(),
        "lists" => slots(),
        "agent" => messages(),
        "cms" => files("testdata/certs/cms"),
        "certificate" | "key_file" => pem_and_der(),
        "card" => conversations(),
        "scene" => files("testdata/scenes"),
        "joins" => pairs(),
        // the corpus has them
        "bundle" | "child" | "demuxer" | "manifest" | "revocation_lists" | "revoked" | "rtsp" | "run_state"
        | "sessions" => Vec::new(),
        "bonds" => choices(),
        other => panic!("the target {other} has no seeds"),
    };
    seeds.extend(files(&format!("fuzz/corpus/{target}")));
    seeds
}

/// Where `VIDVEIL_FUZZ_SEEDS` names a folder: writes the seeds there, and ends the process.
pub fn write_if_asked(target: &str) {
    let Some(folder) = std::env::var_os("VIDVEIL_FUZZ_SEEDS").map(PathBuf::from) else { return };
    for (n, seed) in of(target).iter().enumerate() {
        fs::write(folder.join(format!("seed-{n:04}")), seed).expect("the folder for the seeds is writable");
    }
    std::process::exit(0);
}

/// The golden vectors.
pub fn containers() -> Vec<Vec<u8>> {
    let of = |file: &Vec<u8>| Some(file[file.windows(2).position(|w| w == b"\n\n")? + 2..].to_vec());
    files("testdata/vectors").iter().filter_map(of).collect()
}

/// Two files each, the first after its length.
fn pairs() -> Vec<Vec<u8>> {
    let all = containers();
    let pair = |two: &[Vec<u8>]| [&(two[0].len() as u32).to_be_bytes()[..], &two[0], &two[1]].concat();
    let twice = all.iter().step_by(3).map(|one| pair(&[one.clone(), one.clone()]));
    all.windows(2).step_by(2).map(pair).chain(twice).filter(|pair| pair.len() <= 1 << 15).collect()
}

/// Bytes of which each is a choice.
fn choices() -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..64).map(|_| (0..56).map(|_| byte()).collect()).collect()
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

/// Everything that a key agent hears and says.
fn messages() -> Vec<Vec<u8>> {
    let key = &files("testdata/certs").into_iter().find_map(|pem| KeyFile::parse(&pem, || None).ok()).expect("a key");
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
        write_message(&mut message, body).expect("memory is written without an error");
        message
    };
    bodies.iter().map(message).collect()
}

/// PEM and DER of everything in testdata/certs.
fn pem_and_der() -> Vec<Vec<u8>> {
    let pem = files("testdata/certs");
    let der: Vec<_> = pem.iter().filter_map(|p| Some(der::pem::decode_vec(p).ok()?.1)).collect();
    assert!(der.len() > 20);
    pem.into_iter().chain(der).collect()
}

/// What a card answers in a whole conversation, each answer after its length: selected, an empty slot, certificates in
/// pieces, a PIN, two operations. And the objects alone.
fn conversations() -> Vec<Vec<u8>> {
    let answer = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let element = |tag: u8, value: &[u8]| vidveil::devices::card::tlv::element(tag, value).to_vec();
    let mut all = Vec::new();
    for pem in files("testdata/certs").iter().filter_map(|p| Some(der::pem::decode_vec(p).ok()?.1)).take(12) {
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
