//! Signatures that somebody without a key has changed.

const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384_ORDER: &str =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";

/// The other form of an ECDSA signature, r and s of equal length: r and n - s.
pub fn twin(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let order = match s.len() {
        32 => P256_ORDER,
        48 => P384_ORDER,
        n => panic!("s has {n} bytes"),
    };
    let order = (0..s.len()).map(|i| u8::from_str_radix(&order[2 * i..2 * i + 2], 16).unwrap());
    let (mut other, mut borrow) = (Vec::new(), 0);
    for (n, s) in order.rev().zip(s.iter().rev()) {
        let digit = i16::from(n) - i16::from(*s) - borrow;
        borrow = i16::from(digit < 0);
        other.push(digit.rem_euclid(256) as u8);
    }
    other.reverse();
    [r, &other].concat()
}
