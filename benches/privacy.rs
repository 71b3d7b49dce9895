//! What hiding costs: decoding and encoding alone, next to the same with the privacy transform between.
//!
//!     cargo bench --bench privacy [-- VIDEO...]
//!
//! With one thread and with two, in turn, so that both see the same machine; medians in milliseconds a picture. The
//! transform's share of the whole is what it takes itself; `more` is by how much the whole grows, in time and in
//! processor time (Linux), less than that, since flat cells are quick to encode. Without a video: a scene drawn at
//! 1920x1080, and at 3840x2160 one round for the memory. Memory is what the transform adds (Linux); latency is counted
//! in pictures.

use std::fs::File;
use std::time::Instant;

use vidveil::format::{Track, TrackKind};
use vidveil::media::{Chroma, Decoder, DemuxOptions, Demuxer, Encoder, EncoderSettings, Packet, Picture, Plane};
use vidveil::privacy::{Protector, Settings, TimeBase};

const ROUNDS: usize = 3;
/// Pictures of a drawn scene, of which learning takes [`LEARN`].
const PICTURES: i64 = 75;
const LEARN: i64 = 25;
const RATE: u32 = 25;

struct Clip {
    name: String,
    track: Track,
    packets: Vec<Packet>,
}

/// What one run took: milliseconds a picture, those of them in the transform, those of processors, and bytes of memory
/// in use at the end.
struct Cost {
    time: f64,
    transform: f64,
    processor: f64,
    memory: u64,
}

fn main() {
    let videos: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    println!(
        "{:16} {:>7} {:>10} {:>10} {:>10} {:>6} {:>7} {:>9} {:>8}",
        "clip", "threads", "without", "with", "transform", "share", "more", "processor", "memory"
    );
    for video in &videos {
        measure(&read(video), &[1, 2], ROUNDS);
    }
    if videos.is_empty() {
        measure(&drawn(1920, 1080), &[1, 2], ROUNDS);
        measure(&drawn(3840, 2160), &[2], 1);
    }
    for lookahead in [0, 2] {
        println!("latency with a look-ahead of {lookahead}: {} pictures", latency(lookahead));
    }
}

fn measure(clip: &Clip, threads: &[u32], rounds: usize) {
    for &threads in threads {
        let runs: Vec<_> = (0..rounds).map(|_| (run(clip, threads, false), run(clip, threads, true))).collect();
        let middle = |f: &dyn Fn(&Cost, &Cost) -> f64| median(runs.iter().map(|(bare, all)| f(bare, all)).collect());
        let memory = runs.iter().map(|(bare, all)| all.memory.saturating_sub(bare.memory)).max().unwrap_or(0);
        println!(
            "{:16} {threads:7} {:7.2} ms {:7.2} ms {:7.2} ms {:5.1}% {:6.1}% {:8.1}% {:4} MiB",
            clip.name,
            middle(&|bare, _| bare.time),
            middle(&|_, all| all.time),
            middle(&|_, all| all.transform),
            100.0 * middle(&|_, all| all.transform / all.time),
            100.0 * middle(&|bare, all| (all.time - bare.time) / all.time),
            100.0 * middle(&|bare, all| (all.processor - bare.processor) / all.processor),
            memory >> 20
        );
    }
}

/// Decodes and encodes a clip, with the transform between or without.
fn run(clip: &Clip, threads: u32, hide: bool) -> Cost {
    let mut decoder = Decoder::new(&clip.track, threads as usize).expect("the clip can be decoded");
    let (num, den) = clip.track.time_base;
    let mut protector = Protector::new(Settings {
        time_base: TimeBase { num, den },
        learn_ms: LEARN as u32 * 1000 / RATE,
        ..Settings::default()
    });
    let mut encoder = None;
    let (mut count, mut transform) = (0u32, 0.0);
    let (began, processor) = (Instant::now(), processor_seconds());
    let mut pass = |pictures: Vec<Picture>, last: bool| {
        let at = Instant::now();
        let mut ready: Vec<Picture> = Vec::new();
        if hide {
            ready.extend(pictures.into_iter().flat_map(|p| protector.push(p)).map(|p| p.picture));
            if last {
                ready.extend(protector.flush().into_iter().map(|p| p.picture));
            }
            transform += at.elapsed().as_secs_f64();
        } else {
            ready = pictures;
        }
        for picture in ready {
            let encoder = encoder.get_or_insert_with(|| encoder_for(&clip.track, &picture, threads, "veryfast"));
            encoder.send(&picture).expect("the picture can be encoded");
            while encoder.receive().is_some() {}
            count += 1;
        }
    };
    for packet in &clip.packets {
        // A packet that cannot be decoded costs what it costs.
        let _ = decoder.send(packet);
        pass(std::iter::from_fn(|| decoder.receive()).collect(), false);
    }
    let _ = decoder.flush();
    pass(std::iter::from_fn(|| decoder.receive()).collect(), true);
    let memory = resident();
    if let Some(encoder) = &mut encoder {
        encoder.flush().expect("the encoder can be flushed");
        while encoder.receive().is_some() {}
    }
    let each = 1000.0 / f64::from(count.max(1));
    let (time, processor) = (began.elapsed().as_secs_f64(), processor_seconds() - processor);
    Cost { time: time * each, transform: transform * each, processor: processor * each, memory }
}

fn encoder_for(track: &Track, picture: &Picture, threads: u32, preset: &str) -> Encoder {
    Encoder::new(EncoderSettings {
        width: picture.width() as u32,
        height: picture.height() as u32,
        chroma: Chroma::of(picture),
        time_base: track.time_base,
        frame_rate: track.frame_rate,
        sample_aspect: track.sample_aspect,
        full_range: picture.full_range,
        crf: 20.0,
        preset: preset.into(),
        keyint: 50,
        threads,
        low_latency: false,
    })
    .expect("libx264 is there")
}

/// Bytes of memory in use; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) << 10
}

/// Time of all threads so far, in hundredths; 0 where the system does not say.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // User and system time are the 12th and 13th after the name.
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn read(name: &str) -> Clip {
    let file = File::open(name).expect("the video can be opened");
    let mut demuxer = Demuxer::from_file(file, Some(name), DemuxOptions::default()).expect("it is a video");
    let track = demuxer.tracks()[0].clone();
    let mut packets = Vec::new();
    while let Ok(Some(packet)) = demuxer.next_packet() {
        packets.push(packet);
    }
    Clip { name: name.rsplit('/').next().unwrap_or(name).to_owned(), track, packets }
}

/// A street: texture that stays, sensor noise, and six people who walk through it after learning.
fn drawn(width: usize, height: usize) -> Clip {
    let mut encoder: Option<Encoder> = None;
    let mut dice = 1u32;
    let mut random = move || {
        dice ^= dice << 13;
        dice ^= dice >> 17;
        dice ^= dice << 5;
        dice
    };
    let noise: Vec<u8> = (0..1 << 20).map(|_| ((random() & 3) + (random() & 3)) as u8).collect();
    let street = |x: usize, y: usize| 60 + ((x / 24 * 37 + y / 16 * 61 + (x / 96) * (y / 80) * 13) % 90) as u8;
    let track = Track {
        kind: TrackKind::Video,
        codec: "h264".into(),
        time_base: (1, RATE),
        width: width as u32,
        height: height as u32,
        sample_aspect: (1, 1),
        frame_rate: (RATE, 1),
        rotation: 0,
        mirrored: false,
        sample_rate: 0,
        channels: 0,
        bits_per_sample: 0,
        config: Vec::new(),
    };
    let mut packets = Vec::new();
    for pts in 0..PICTURES {
        let mut luma = Plane::filled(width, height, 0);
        let shift = random() as usize % (1 << 19);
        for (y, row) in luma.data.chunks_exact_mut(width).enumerate() {
            for (x, v) in row.iter_mut().enumerate() {
                *v = street(x, y) + noise[(y * width + x + shift) & ((1 << 20) - 1)];
            }
        }
        for person in 0..6 {
            let (tall, across) = (height / 6, height / 18);
            let x = (pts - LEARN) * (3 + person) * width as i64 / 1920 + person * width as i64 / 7;
            if pts < LEARN || x as usize + across >= width {
                continue;
            }
            let top = height / 8 * (person as usize + 1);
            for y in top..(top + tall).min(height) {
                let row = &mut luma.data[y * width + x as usize..][..across];
                row.iter_mut().enumerate().for_each(|(i, v)| *v = 20 + 30 * person as u8 + (i % 7) as u8);
            }
        }
        let chroma = Plane::filled(width / 2, height / 2, 126);
        let picture =
            Picture { planes: [luma, chroma.clone(), chroma], pts, duration: 1, full_range: false, damaged: false };
        let encoder = encoder.get_or_insert_with(|| encoder_for(&track, &picture, 2, "veryfast"));
        encoder.send(&picture).expect("the picture can be encoded");
        packets.extend(std::iter::from_fn(|| encoder.receive()));
    }
    let mut encoder = encoder.expect("there are pictures");
    encoder.flush().expect("the encoder can be flushed");
    packets.extend(std::iter::from_fn(|| encoder.receive()));
    Clip { name: format!("drawn {width}x{height}"), track: encoder.track_info(), packets }
}

/// Pictures that go in before the first comes out.
fn latency(lookahead: usize) -> usize {
    let mut protector = Protector::new(Settings { lookahead, ..Settings::default() });
    let picture = |pts| {
        let chroma = Plane::filled(32, 24, 128);
        let planes = [Plane::filled(64, 48, 90), chroma.clone(), chroma];
        Picture { planes, pts, duration: 1, full_range: false, damaged: false }
    };
    (0..).take_while(|&pts| protector.push(picture(pts)).is_empty()).count()
}
