//! How fast sealing is, next to the cipher alone: `cargo bench --bench seal`.
//!
//! Both work in memory on packets of the same size; a round of each follows the other, so that both see the same
//! machine. Printed are the medians in GB/s, and their ratio. Below: the longest way through a chain that a reader
//! takes, of 2^20 steps, in seconds.

#[allow(dead_code, reason = "tests use more of it")]
#[path = "../tests/support/tracks.rs"]
mod tracks;

use std::hint::black_box;
use std::io::{self, Write};
use std::time::Instant;

use ring::aead;
use vidveil::format::{Clock, FRAME_PREFIX, Frame, FrameFlags, Reason};
use vidveil::keys::RecipientSet;
use vidveil::seal::{RecipientSource, SealSettings, Sealer, SessionSecret};

/// Bytes that each round seals.
const ROUND: usize = 128 << 20;
const ROUNDS: usize = 7;
/// 2027-01-15, when the certificate is valid.
const NOW: i64 = 1_800_000_000_000_000_000;

struct One;

impl RecipientSource for One {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        Ok(RecipientSet::new([("p256.pem", include_bytes!("../testdata/certs/p256.pem"))], now_ns))
    }
}

/// Takes everything, looks at it and keeps nothing.
struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        black_box(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sealer(packet: &[u8], count: usize) -> f64 {
    let now = Clock { wall_ns: NOW, mono_ns: 0 };
    let mut sealer = Sealer::begin(
        Nowhere,
        &tracks::stream(NOW, vec![tracks::video()]),
        SealSettings::default(),
        Box::new(One),
        now,
    )
    .unwrap();
    let begun = Instant::now();
    for i in 0..count {
        let flags = FrameFlags { key: i.is_multiple_of(50), ..FrameFlags::default() };
        let f = Frame { track: 0, flags, counter: 0, pts: Some(i as i64 * 40), dts: None, duration: 40 };
        sealer.frame(&f, packet, now).unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    sealer.finish(Reason::EndOfInput).unwrap();
    seconds
}

fn bare(packet: &[u8], count: usize) -> f64 {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, &[7; 32]).unwrap());
    let mut text = packet.to_vec();
    let aad = [0; FRAME_PREFIX];
    let begun = Instant::now();
    for i in 0..count {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&(i as u64).to_be_bytes());
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(aad), &mut text).unwrap();
        black_box(tag.as_ref());
    }
    begun.elapsed().as_secs_f64()
}

fn chain_steps() -> f64 {
    let mut chain = SessionSecret::random().unwrap().session_key(&[7; 32], 0).chain(0);
    let begun = Instant::now();
    assert!(black_box(chain.keys_at(1 << 20, 1)).is_some());
    begun.elapsed().as_secs_f64()
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn main() {
    println!("{:>9}  {:>12}  {:>12}  ratio", "packet", "sealer GB/s", "cipher GB/s");
    for size in [1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20] {
        let packet: Vec<u8> = (0..size).map(|i| (i * 31) as u8).collect();
        let count = ROUND / size;
        let rounds: Vec<_> = (0..ROUNDS).map(|_| (sealer(&packet, count), bare(&packet, count))).collect();
        let speed = |seconds: f64| (count * size) as f64 / seconds / 1e9;
        let ours = speed(median(rounds.iter().map(|r| r.0).collect()));
        let theirs = speed(median(rounds.iter().map(|r| r.1).collect()));
        println!("{size:>9}  {ours:>12.2}  {theirs:>12.2}  {:.2}", ours / theirs);
    }
    println!("2^20 chain steps: {:.2} s", median((0..ROUNDS).map(|_| chain_steps()).collect()));
}
