//! What cannot be measured with two cores: shares of a million items, and a thousand nodes some of which die.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write;

use vidveil::batch::shares;

/// Items of both simulations.
const ITEMS: usize = 1_000_000;
/// Of the mean camera's.
const SEGMENT_BYTES: f64 = 300e6;

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    #[allow(clippy::cast_precision_loss, reason = "53 bits are whole in it")]
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Mean 0, variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }
}

/// Segments of ten minutes of cameras that differ (a tenth of them have more than three times the middle one's bytes);
/// one in twenty is a short one, from a camera that was started again.
pub fn segments() -> Vec<u64> {
    let mut random = Random(1);
    let one = |random: &mut Random| {
        let whole = SEGMENT_BYTES * (0.9 * random.normal() - 0.405).exp();
        let part = if random.uniform() < 0.05 { random.uniform() } else { 1.0 };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^53")]
        let bytes = (whole * part) as u64;
        bytes
    };
    (0..ITEMS).map(|_| one(&mut random)).collect()
}

/// How much more than the mean the largest share has, by reprocess's own shares and by taking every Nth item.
#[allow(clippy::cast_precision_loss, reason = "percents are shown")]
pub fn balance(bytes: &[u64]) -> String {
    let total: u64 = bytes.iter().sum();
    let mut out = String::from("Shares of 1,000,000 segments: the largest over the mean, in bytes\n");
    let _ = writeln!(out, "  {:>8} {:>14} {:>16} {:>18}", "shares", "items a share", "reprocess", "every Nth item");
    for count in [16_u32, 256, 4096, 32_768] {
        let mean = total as f64 / f64::from(count);
        let largest = |of: &mut dyn Iterator<Item = u32>| {
            let mut loads = vec![0u64; count as usize];
            of.zip(bytes).for_each(|(share, b)| loads[share as usize] += b);
            loads.into_iter().max().unwrap_or(0) as f64 / mean
        };
        let ours = largest(&mut shares(bytes, count).into_iter());
        let nth = largest(&mut (0..count).cycle().take(ITEMS));
        let items = ITEMS as f64 / f64::from(count);
        let _ = writeln!(
            out,
            "  {count:>8} {items:>14.0} {:>14.3} % {:>16.1} %",
            (ours - 1.0) * 100.0,
            (nth - 1.0) * 100.0
        );
    }
    out
}

/// How many nodes there are, each with one job at a time;
const NODES: usize = 1000;
/// seconds of a job for each byte, so that ten minutes of 4 Mbit/s take seven (protect);
const SECONDS_A_BYTE: f64 = 420.0 / SEGMENT_BYTES;
/// how much faster or slower a node is than others, at the most;
const SPREAD: f64 = 0.1;
/// how long a node lives;
const LIFE: f64 = 30.0 * 86_400.0;
/// until a dead one is given up, and its task starts again elsewhere (Slurm: SlurmdTimeout 300 s, and 120 s for the old
/// credential);
const REQUEUE: f64 = 420.0;
/// and until it is there again.
const REPAIR: f64 = 4.0 * 3600.0;

/// A million items on a thousand nodes, which die now and then: how long it takes over the ideal, and what is begun
/// twice.
#[allow(clippy::cast_precision_loss, reason = "percents are shown")]
pub fn nodes(bytes: &[u64]) -> String {
    let work: f64 = bytes.iter().map(|b| *b as f64 * SECONDS_A_BYTE).sum();
    let ideal = work / NODES as f64;
    let mut out = format!(
        "The same on 1,000 nodes that each die once in {:.0} days: {:.1} days of work for all\n",
        LIFE / 86_400.0,
        ideal / 86_400.0
    );
    let _ = writeln!(out, "  {:>8} {:>14} {:>16} {:>18}", "shares", "nodes died", "begun twice", "longer than ideal");
    for per_node in [1, 4, 16, 32] {
        let count = NODES * per_node;
        let mut tasks: Vec<Vec<f64>> = vec![Vec::new(); count];
        let of = shares(bytes, u32::try_from(count).unwrap_or(u32::MAX));
        of.iter().zip(bytes).for_each(|(share, b)| tasks[*share as usize].push(*b as f64 * SECONDS_A_BYTE));
        let (end, died) = run(tasks);
        let longer = (end / ideal - 1.0) * 100.0;
        let twice = died as f64 / ITEMS as f64 * 100.0;
        let _ = writeln!(out, "  {count:>8} {died:>14} {twice:>14.3} % {longer:>16.1} %");
    }
    out
}

/// Runs tasks, lists of seconds, in order on the nodes. When the last one ends, and how many nodes died at work.
fn run(tasks: Vec<Vec<f64>>) -> (f64, u32) {
    let mut random = Random(2);
    // (milliseconds, number): when a node is free, and when a task may start
    let mut free: BinaryHeap<Reverse<(u64, usize)>> = (0..NODES).map(|n| Reverse((0, n))).collect();
    let speed: Vec<f64> = (0..NODES).map(|_| 1.0 + SPREAD * (2.0 * random.uniform() - 1.0)).collect();
    let mut waiting: BinaryHeap<Reverse<(u64, usize)>> = (0..tasks.len()).map(|t| Reverse((0, t))).collect();
    let mut left: Vec<std::vec::IntoIter<f64>> = tasks.into_iter().map(Vec::into_iter).collect();
    let mut dies: Vec<f64> = (0..NODES).map(|_| random.exponential(LIFE)).collect();
    let (mut end, mut died) = (0.0_f64, 0);
    while let (Some(Reverse((ready, task))), Some(Reverse((since, node)))) = (waiting.pop(), free.pop()) {
        let mut now = seconds(ready.max(since));
        // it died while it had nothing to do
        while dies[node] < now {
            now = now.max(dies[node] + REPAIR);
            dies[node] = dies[node] + REPAIR + random.exponential(LIFE);
        }
        let mut item = left[task].as_slice().first().copied();
        while let Some(work) = item {
            if now + work / speed[node] > dies[node] {
                break;
            }
            now += work / speed[node];
            left[task].next();
            item = left[task].as_slice().first().copied();
        }
        if item.is_some() {
            died += 1;
            waiting.push(Reverse((milliseconds(dies[node] + REQUEUE), task)));
            now = dies[node] + REPAIR;
            dies[node] = now + random.exponential(LIFE);
        } else {
            end = end.max(now);
        }
        free.push(Reverse((milliseconds(now), node)));
    }
    (end, died)
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^53")]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}
