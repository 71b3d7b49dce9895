//! Whether taking off OAEP's padding takes the same time for every way in which it can be wrong: dudect's method
//! (Reparaz, Balasch, Verbauwhede, DATE 2017). Inputs of two classes are measured in random order, and Welch's t says
//! whether the two means differ.
//!
//! `cargo bench --bench oaep` ends with 1 where a difference is found, and where one that is planted is not.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use ring::digest::{SHA256, digest};
use vidveil::keys::oaep::unpad;

const HASH: usize = 32;
/// Bytes of the modulus: RSA-2048.
const LENGTH: usize = 256;
const MESSAGE: usize = 32;
/// Measurements in a round.
const ROUND: usize = 40_000;
/// Different inputs of a class.
const INPUTS: usize = 500;
/// Dudect's limit: above it a difference is certain, within a round. It must be found in that many rounds.
const LIMIT: f64 = 10.0;
const ROUNDS: usize = 4;

/// xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

/// An encoded message (RFC 8017, 7.1.1) and what a class changes of it before it is encoded.
struct Block {
    first: u8,
    label: [u8; HASH],
    /// Zeros, 01, message.
    rest: [u8; LENGTH - 2 * HASH - 1],
    seed: [u8; HASH],
}

impl Block {
    fn right(random: &mut Random) -> Self {
        let mut rest = [0; LENGTH - 2 * HASH - 1];
        let at = rest.len() - MESSAGE;
        rest[at - 1] = 1;
        rest[at..].copy_from_slice(&random.bytes::<MESSAGE>());
        Block { first: 0, label: digest(&SHA256, b"").as_ref().try_into().unwrap(), rest, seed: random.bytes() }
    }

    fn encoded(&self) -> [u8; LENGTH] {
        let mut data = [&self.label[..], &self.rest].concat();
        xor_mask(&self.seed, &mut data);
        let mut seed = self.seed;
        xor_mask(&data, &mut seed);
        [&[self.first][..], &seed, &data].concat().try_into().unwrap()
    }
}

/// Exclusive or with MGF1.
fn xor_mask(seed: &[u8], target: &mut [u8]) {
    for (counter, chunk) in (0u32..).zip(target.chunks_mut(HASH)) {
        let mask = digest(&SHA256, &[seed, &counter.to_be_bytes()].concat());
        chunk.iter_mut().zip(mask.as_ref()).for_each(|(byte, mask)| *byte ^= mask);
    }
}

type Class = fn(&mut Random) -> Block;

fn wrong_first_byte(random: &mut Random) -> Block {
    Block { first: random.next() as u8 | 1, ..Block::right(random) }
}

fn wrong_label(random: &mut Random) -> Block {
    Block { label: random.bytes(), ..Block::right(random) }
}

fn no_one(random: &mut Random) -> Block {
    Block { rest: [0; LENGTH - 2 * HASH - 1], ..Block::right(random) }
}

fn wrong_at_once(random: &mut Random) -> Block {
    let mut block = Block::right(random);
    block.rest[0] = 2;
    block
}

fn wrong_late(random: &mut Random) -> Block {
    let mut block = Block::right(random);
    block.rest[LENGTH - 2 * HASH - 2 - MESSAGE] = 2;
    block
}

/// A wrong label, and a message that begins with the padding's first byte.
fn long_and_wrong(random: &mut Random) -> Block {
    let mut block = wrong_label(random);
    block.rest[0] = 1;
    block
}

fn everything_wrong(random: &mut Random) -> Block {
    Block { first: 1, label: random.bytes(), rest: random.bytes(), seed: random.bytes() }
}

fn always_the_same(_: &mut Random) -> Block {
    everything_wrong(&mut Random(7))
}

fn right(random: &mut Random) -> Block {
    Block::right(random)
}

fn right_and_the_same(_: &mut Random) -> Block {
    Block::right(&mut Random(7))
}

/// Pairs of classes with one outcome: whether all was right may show, nothing else.
const PAIRS: [(&str, Class, Class); 7] = [
    ("first byte, label", wrong_first_byte, wrong_label),
    ("label, padding without its 01", wrong_label, no_one),
    ("first byte, padding without its 01", wrong_first_byte, no_one),
    ("padding wrong at its first byte, at its last one", wrong_at_once, wrong_late),
    ("01 late, 01 at once, both with a wrong label", wrong_label, long_and_wrong),
    ("one input, random ones, all wrong", always_the_same, everything_wrong),
    ("one message, random ones, all right", right_and_the_same, right),
];

/// Welch's t of two samples, as they are and without the slowest measurements, which are interrupts: the largest of
/// them.
fn welch(samples: &[Vec<f64>; 2]) -> f64 {
    let mut all = samples.concat();
    all.sort_by(f64::total_cmp);
    let mut largest: f64 = 0.0;
    for kept in [1.0, 0.99, 0.95, 0.9, 0.75, 0.5] {
        let limit = all[((all.len() - 1) as f64 * kept) as usize];
        let [a, b] = samples.each_ref().map(|sample| {
            let kept: Vec<f64> = sample.iter().copied().filter(|x| *x <= limit).collect();
            let n = kept.len() as f64;
            let mean = kept.iter().sum::<f64>() / n;
            let variance = kept.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
            (mean, variance / n)
        });
        let t = (a.0 - b.0) / (a.1 + b.1).sqrt();
        if t.is_finite() && t.abs() > largest.abs() {
            largest = t;
        }
    }
    largest
}

/// t of one round over two classes.
fn round(random: &mut Random, classes: [Class; 2], work: impl Fn(&[u8])) -> f64 {
    let inputs = classes.map(|class| (0..INPUTS).map(|_| class(random).encoded()).collect::<Vec<_>>());
    let mut samples = [Vec::with_capacity(ROUND), Vec::with_capacity(ROUND)];
    let mut input = [0; LENGTH];
    for _ in 0..ROUND {
        let (class, at) = ((random.next() >> 20) as usize & 1, (random.next() >> 20) as usize % INPUTS);
        // from one place, so that no class lies better in the caches
        input.copy_from_slice(&inputs[class][at]);
        let begun = Instant::now();
        work(black_box(&input));
        samples[class].push(begun.elapsed().as_nanos() as f64);
    }
    welch(&samples)
}

/// t of each round until one finds no difference, which noise does not do again and again.
fn rounds(random: &mut Random, classes: [Class; 2], work: impl Fn(&[u8])) -> Vec<f64> {
    let mut found = Vec::new();
    while found.len() < ROUNDS {
        let t = round(random, classes, &work);
        let same_direction = found.first().is_none_or(|first: &f64| (first * t) > 0.0);
        found.push(t);
        if t.abs() <= LIMIT || !same_direction {
            break;
        }
    }
    found
}

fn differs(found: &[f64]) -> bool {
    found.len() == ROUNDS && found.iter().all(|t| t.abs() > LIMIT) && found.iter().all(|t| t * found[0] > 0.0)
}

fn main() -> ExitCode {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let opened = |input: &[u8]| drop(black_box(unpad(input, LENGTH)));
    let mut bad = 0;
    let mut report = |name: &str, found: &[f64], expected: bool| {
        let ok = differs(found) == expected;
        bad += usize::from(!ok);
        let t: Vec<String> = found.iter().map(|t| format!("{t:.1}")).collect();
        println!("{} {name}: t = {}", if ok { "ok  " } else { "BAD " }, t.join(", "));
    };
    for (name, a, b) in PAIRS {
        report(name, &rounds(&mut random, [a, b], opened), false);
    }
    // what this must find: a return at the first byte, and a loop that ends where the padding does
    let returns_early = |input: &[u8]| {
        if input[0] == 0 {
            opened(input);
        }
    };
    report(
        "planted: return at the first byte",
        &rounds(&mut random, [wrong_first_byte, wrong_label], returns_early),
        true,
    );
    let scans = |input: &[u8]| {
        opened(input);
        let mut data = [0; LENGTH];
        data.copy_from_slice(input);
        let (seed, block) = data[1..].split_at_mut(HASH);
        xor_mask(block, seed);
        xor_mask(seed, block);
        black_box(block[HASH..].iter().take_while(|byte| black_box(**byte) == 0).count());
    };
    report(
        "planted: loop that ends with the padding",
        &rounds(&mut random, [wrong_label, long_and_wrong], scans),
        true,
    );
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
