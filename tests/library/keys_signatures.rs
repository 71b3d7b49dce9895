//! Signatures: each has one form only, whatever the kind of key.

use vidveil::keys::{
    Algorithm, Certificate, GenerateOptions, Purpose, SignatureScheme, Signer, certificates_in, generate_for,
    verify_signature,
};

use crate::support::keys::now;
use crate::support::signatures::twin;

fn signer(algorithm: Algorithm) -> Signer {
    let options = GenerateOptions { name: "archiver".into(), algorithm, days: 730, now_ns: now() };
    let made = generate_for(Purpose::Signing, &options, None).unwrap();
    let certificate: Certificate = certificates_in(made.certificate_pem.as_bytes()).unwrap().remove(0);
    Signer::new(made.key_pem.as_bytes(), certificate, now(), || None).unwrap()
}

/// The order of Ed25519's group, little-endian.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn of_the_two_forms_of_an_ecdsa_signature_one_is_made_and_accepted() {
    for (algorithm, scheme) in
        [(Algorithm::P256, SignatureScheme::EcdsaP256), (Algorithm::P384, SignatureScheme::EcdsaP384)]
    {
        let signer = signer(algorithm);
        // either form comes out of the library with the same probability
        for i in 0..32u8 {
            let made = signer.sign(&[i]).unwrap();
            let other = twin(&made);
            assert!(made[made.len() / 2..] < other[made.len() / 2..], "{algorithm:?} {i}");
            let right = |signature: &[u8]| verify_signature(signer.certificate(), scheme, &[i], signature);
            assert!(right(&made) && !right(&other), "{algorithm:?} {i}");
            // and none with zeros before, or with s above the order
            assert!(!right(&[&[0], made.as_slice()].concat()) && !right(&[]) && !right(&made[..made.len() / 2]));
            let mut above = made.clone();
            above[made.len() / 2..].fill(0xff);
            assert!(!right(&above) && !right(&vec![0; made.len()]));
        }
    }
}

#[test]
fn an_ed25519_signature_has_no_other_form() {
    let signer = signer(Algorithm::Ed25519);
    for i in 0..8u8 {
        let made = signer.sign(&[i]).unwrap();
        let (mut other, mut carry) = (made.clone(), 0u16);
        for (byte, n) in other[32..].iter_mut().zip(ED25519_ORDER) {
            carry += u16::from(*byte) + u16::from(n);
            (*byte, carry) = (carry as u8, carry >> 8);
        }
        assert_eq!(carry, 0, "S + L fits");
        let right =
            |signature: &[u8]| verify_signature(signer.certificate(), SignatureScheme::Ed25519, &[i], signature);
        assert!(right(&made) && !right(&other), "{i}");
    }
}
