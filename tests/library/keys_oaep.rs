//! OAEP around a bare RSA operation: what openssl and the CMS messages pad comes out, and nothing else does.

use std::{fs, path::Path};

use ring::digest::{SHA256, digest};
use vidveil::keys::{DeviceError, Identity, IdentityError, PublicKey, oaep, open_message, seal_message};
use zeroize::Zeroizing;

use crate::support::keys::{cert, certs_dir, key, openssl};

const HASH: usize = 32;
/// Bytes of the modulus of testdata's RSA-2048 key.
const K: usize = 256;

/// A key of testdata, the bare operation done by openssl, as a device does it.
struct Raw<'a> {
    key: &'a str,
    public_key: PublicKey,
}

impl<'a> Raw<'a> {
    fn new(key: &'a str) -> Self {
        Raw { key, public_key: cert(key).public_key().clone() }
    }

    fn run(&self, ciphertext: &[u8]) -> Vec<u8> {
        pkeyutl(&["-decrypt", "-inkey", &key_path(self.key), "-pkeyopt", "rsa_padding_mode:none"], ciphertext)
    }
}

impl Identity for Raw<'_> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        oaep::decrypt(&self.public_key, ciphertext, |c| Ok(Zeroizing::new(self.run(c))))
    }
    fn ecdh(&self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        Err(IdentityError::Refused)
    }
}

fn key_path(name: &str) -> String {
    certs_dir().join(format!("{name}.key")).to_str().unwrap().to_owned()
}

fn pkeyutl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("in");
    fs::write(&file, input).unwrap();
    let path = |p: &Path| p.to_str().unwrap().to_owned();
    openssl(&[&["pkeyutl", "-in", &path(&file)], arguments].concat())
}

/// openssl's OAEP with the options after the mode.
fn encrypted(message: &[u8], options: &[&str]) -> Vec<u8> {
    let key = key_path("rsa2048");
    let mut arguments = vec!["-encrypt", "-inkey", &key, "-pkeyopt", "rsa_padding_mode:oaep"];
    options.iter().for_each(|option| arguments.extend(["-pkeyopt", option]));
    pkeyutl(&arguments, message)
}

const SHA256_OPTIONS: [&str; 2] = ["rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"];

fn mgf1(seed: &[u8], length: usize) -> Vec<u8> {
    let blocks = (0u32..).map(|i| digest(&SHA256, &[seed, &i.to_be_bytes()].concat()).as_ref().to_vec());
    blocks.flatten().take(length).collect()
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

/// EME-OAEP's last steps (RFC 8017, 7.1.1 steps 2d to 2i) over any data block.
fn encode(first: u8, data: &[u8]) -> Vec<u8> {
    let seed = [0x5a; HASH];
    let data = xor(data, &mgf1(&seed, data.len()));
    [vec![first], xor(&seed, &mgf1(&data, HASH)), data].concat()
}

/// label's hash || padding || message
fn block(label: &[u8], padding: &[u8], message: &[u8]) -> Vec<u8> {
    [digest(&SHA256, label).as_ref(), padding, message].concat()
}

/// Zeros and 01 in front of a message of `message` bytes.
fn padding(message: usize) -> Vec<u8> {
    let mut padding = vec![0; K - 2 * HASH - 1 - message];
    *padding.last_mut().unwrap() = 1;
    padding
}

fn refused(encoded: &[u8]) -> bool {
    oaep::unpad(encoded, K) == Err(IdentityError::Refused)
}

#[test]
fn what_openssl_pads_comes_out() {
    let raw = Raw::new("rsa2048");
    let longest = K - 2 * HASH - 2;
    for message in [vec![], vec![0], vec![1; 5], (0..32).collect(), vec![0; 32], vec![0xff; longest]] {
        let opened = raw.rsa_oaep_sha256(&encrypted(&message, &SHA256_OPTIONS)).unwrap();
        assert_eq!(*opened, message);
    }
}

#[test]
fn a_message_opens_through_the_bare_operation() {
    let secret: Vec<u8> = (0..32).collect();
    for name in ["rsa2048", "rsa3072"] {
        let message = seal_message(&secret, &[cert(name), cert("p256")]).unwrap();
        assert_eq!(*open_message(&message, &[cert(name), cert("p256")], &[&Raw::new(name)]).unwrap(), secret, "{name}");
    }
}

#[test]
fn other_hashes_and_labels_are_refused() {
    let raw = Raw::new("rsa2048");
    for options in [
        &["rsa_oaep_md:sha1", "rsa_mgf1_md:sha1"][..],
        &["rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"],
        &["rsa_oaep_md:sha1", "rsa_mgf1_md:sha256"],
        &["rsa_oaep_md:sha384", "rsa_mgf1_md:sha384"],
        &["rsa_oaep_md:sha256", "rsa_mgf1_md:sha256", "rsa_oaep_label:00"],
    ] {
        let opened = raw.rsa_oaep_sha256(&encrypted(&[7; 32], options));
        assert_eq!(opened.unwrap_err(), IdentityError::Refused, "{options:?}");
    }
    assert!(refused(&encode(0, &block(b"label", &padding(32), &[7; 32]))));
}

#[test]
fn every_changed_byte_is_refused() {
    let raw = Raw::new("rsa2048");
    // as openssl gives it, with the zero in front
    let encoded = raw.run(&encrypted(&[7; 32], &SHA256_OPTIONS));
    assert_eq!((encoded.len(), encoded[0]), (K, 0));
    assert_eq!(*oaep::unpad(&encoded, K).unwrap(), [7; 32]);
    // the message's own bytes, too: the mask of the seed is made of them
    for at in 0..K {
        for change in [1, 2, 0x80, 0xff] {
            let mut changed = encoded.clone();
            changed[at] ^= change;
            assert!(refused(&changed), "byte {at} changed by {change:#x}");
        }
    }
}

#[test]
fn every_part_of_the_padding_counts() {
    let message = [9; 32];
    let good = encode(0, &block(b"", &padding(32), &message));
    assert_eq!(*oaep::unpad(&good, K).unwrap(), message);

    assert!(refused(&encode(1, &block(b"", &padding(32), &message))), "a number in front");
    let mut other = padding(32);
    *other.last_mut().unwrap() = 0;
    assert!(refused(&encode(0, &block(b"", &other, &[0; 32]))), "no 01");
    *other.last_mut().unwrap() = 2;
    assert!(refused(&encode(0, &block(b"", &other, &message))), "02 in place of 01");
    for at in 0..padding(32).len() - 1 {
        let mut other = padding(32);
        other[at] = 2;
        assert!(refused(&encode(0, &block(b"", &other, &message))), "no zero at {at}");
    }
    assert!(refused(&[0; K]), "zeros");
    assert!(refused(&[0xff; K]), "ones");
}

#[test]
fn lengths() {
    let good = encode(0, &block(b"", &padding(32), &[9; 32]));
    assert_eq!(*oaep::unpad(&good[1..], K).unwrap(), [9; 32], "a device may leave zeros in front out");
    assert!(refused(&good[2..]));
    assert!(refused(&[]));
    assert!(refused(&[&[0], &good[..]].concat()), "longer than the modulus");
    for length in [0, 1, 33, 65] {
        assert_eq!(oaep::unpad(&vec![0; length], length), Err(IdentityError::Refused), "{length}");
    }
    // the shortest modulus has room for an empty message
    let shortest = encode(0, &block(b"", &[1], b""));
    assert!(oaep::unpad(&shortest, shortest.len()).unwrap().is_empty());
}

#[test]
fn a_ciphertext_that_cannot_be_one_does_not_reach_the_device() {
    let public_key = cert("rsa2048").public_key().clone();
    let modulus = public_key.rsa_modulus().unwrap();
    let mut below = modulus.to_vec();
    *below.last_mut().unwrap() -= 1;
    assert_eq!(oaep::check(&public_key, &below), Ok(K));
    assert_eq!(oaep::check(&public_key, &[0; K]), Ok(K));

    let mut above = modulus.to_vec();
    *above.last_mut().unwrap() += 2;
    for wrong in [modulus, &above, &[0xff; K], &below[1..], &[&[0], &below[..]].concat(), &[]] {
        let opened = oaep::decrypt(&public_key, wrong, |_| panic!("the device was asked"));
        assert_eq!(opened.unwrap_err(), IdentityError::Refused);
    }
    let elliptic = cert("p256").public_key().clone();
    assert_eq!(oaep::check(&elliptic, &below), Err(IdentityError::Refused));
}

#[test]
fn what_the_device_says_comes_through() {
    let public_key = cert("rsa2048").public_key().clone();
    let error = oaep::decrypt(&public_key, &[0; K], |_| Err(DeviceError::Removed)).unwrap_err();
    assert_eq!(error, IdentityError::Device(DeviceError::Removed));
    // the key file, which leaves all of this to the library, is of one opinion with it
    let ciphertext = encrypted(&[3; 32], &SHA256_OPTIONS);
    assert_eq!(key("rsa2048").rsa_oaep_sha256(&ciphertext), Raw::new("rsa2048").rsa_oaep_sha256(&ciphertext));
}
