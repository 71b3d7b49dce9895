//! Encoding keeps every picture and time, and gives the same bytes each time.

use vidveil::media::{
    Chroma, Decoder, DemuxOptions, Encoder, EncoderSettings, MediaError, MuxFormat, Packet, Picture, Plane,
};

use crate::support::media::*;

fn settings(first: &Picture, time_base: (u32, u32)) -> EncoderSettings {
    EncoderSettings {
        width: first.width() as u32,
        height: first.height() as u32,
        chroma: Chroma::of(first),
        time_base,
        frame_rate: (25, 1),
        sample_aspect: (4, 3),
        full_range: first.full_range,
        crf: 18.0,
        preset: "veryfast".to_owned(),
        keyint: 20,
        threads: 2,
        low_latency: false,
    }
}

fn encode(settings: &EncoderSettings, pictures: &[Picture]) -> (Encoder, Vec<Packet>) {
    let mut encoder = Encoder::new(settings.clone()).unwrap();
    let mut packets = Vec::new();
    for picture in pictures {
        encoder.send(picture).unwrap();
        packets.extend(std::iter::from_fn(|| encoder.receive()));
    }
    encoder.flush().unwrap();
    packets.extend(std::iter::from_fn(|| encoder.receive()));
    (encoder, packets)
}

fn decode(encoder: &Encoder, packets: &[Packet]) -> Vec<Picture> {
    let mut decoder = Decoder::new(&encoder.track_info(), 1).unwrap();
    packets.iter().for_each(|packet| decoder.send(packet).unwrap());
    decoder.flush().unwrap();
    std::iter::from_fn(|| decoder.receive()).collect()
}

/// Pictures of a moving gradient with these times.
fn pictures(width: usize, height: usize, chroma: (usize, usize), times: &[i64]) -> Vec<Picture> {
    let plane = |width: usize, height: usize, n: usize| Plane {
        width,
        height,
        data: (0..width * height).map(|i| ((i % width + i / width + 3 * n) % 200 + 20) as u8).collect(),
    };
    let picture = |(n, pts): (usize, &i64)| Picture {
        planes: [plane(width, height, n), plane(chroma.0, chroma.1, n), plane(chroma.0, chroma.1, 2 * n)],
        pts: *pts,
        duration: 7,
        full_range: false,
        damaged: false,
    };
    times.iter().enumerate().map(picture).collect()
}

fn error_of(a: &Plane, b: &Plane) -> f64 {
    let sum: u64 = a.data.iter().zip(&b.data).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.data.len() as f64
}

#[test]
fn every_time_comes_back() {
    let steady: Vec<i64> = (0..50).map(|n| n * 3600).collect();
    let late: Vec<i64> = steady.iter().map(|t| t + (1 << 33)).collect();
    let negative: Vec<i64> = steady.iter().map(|t| t - 7200).collect();
    let variable: Vec<i64> = (0..50).map(|n: i64| n * n * 31 + n + 5).collect();
    let ones: Vec<i64> = (0..50).collect();
    let mut repeated = steady.clone();
    repeated[20] = repeated[19];
    let bases = [(1, 90_000), (1, 1000), (1001, 30_000), (1, 12_800), (1, 1_000_000), (1, 1_000_000_000)];
    for (name, times) in [
        ("steady", steady),
        ("late", late),
        ("negative", negative),
        ("variable", variable),
        ("ones", ones),
        ("repeated", repeated),
    ] {
        for time_base in bases {
            for low_latency in [false, true] {
                let pictures = pictures(64, 48, (32, 24), &times);
                let settings = EncoderSettings { low_latency, ..settings(&pictures[0], time_base) };
                let (_, packets) = encode(&settings, &pictures);
                let mut given: Vec<_> = packets.iter().filter_map(|p| p.pts).collect();
                given.sort_unstable();
                assert_eq!(given, times, "{name} {time_base:?}");
                assert!(packets.iter().all(|p| p.dts <= p.pts && p.duration == 7), "{name} {time_base:?}");
                let rising = packets.windows(2).all(|pair| pair[0].dts < pair[1].dts);
                assert!(rising || name == "repeated", "{name} {time_base:?}");
            }
        }
    }
}

#[test]
fn same_bytes_each_time_and_low_latency_holds_nothing_back() {
    let pictures = pictures(160, 120, (80, 60), &(0..50).collect::<Vec<_>>());
    let mut settings = settings(&pictures[0], (1, 25));
    for threads in [1, 2, 3] {
        settings.threads = threads;
        let (first, again) = (encode(&settings, &pictures).1, encode(&settings, &pictures).1);
        assert!(first == again, "{threads} threads");
    }
    settings.low_latency = true;
    let mut encoder = Encoder::new(settings).unwrap();
    for picture in &pictures {
        encoder.send(picture).unwrap();
        assert_eq!(encoder.receive().unwrap().pts, Some(picture.pts));
    }
}

/// Byte 3 of the sequence parameter set's NAL unit: ten times the level.
fn level(config: &[u8]) -> u8 {
    let start = config.windows(4).position(|w| w[..3] == [0, 0, 1] && w[3] & 31 == 7).unwrap();
    config[start + 6]
}

#[test]
fn fine_ticks_do_not_raise_the_level() {
    let times: Vec<i64> = (0..25).map(|n| n * 40).collect();
    let pictures = pictures(160, 120, (80, 60), &times);
    for frame_rate in [(25, 1), (0, 1)] {
        let settings = EncoderSettings { frame_rate, ..settings(&pictures[0], (1, 1000)) };
        let config = Encoder::new(settings).unwrap().track_info().config;
        assert!(level(&config) <= 20, "level {}", level(&config));
    }
}

#[test]
fn keyframes_are_the_encoders_own() {
    let studio = Studio::new();
    // A camera that gives keyframes only: forced on the encoder, every packet would be one.
    let path = studio.make("a.mkv", &format!("{H264} -g 1 -an"));
    let (tracks, packets) = read_file(&path, DemuxOptions::default());
    let mut decoder = Decoder::new(&tracks[0], 1).unwrap();
    packets.iter().for_each(|packet| decoder.send(packet).unwrap());
    decoder.flush().unwrap();
    let pictures: Vec<_> = std::iter::from_fn(|| decoder.receive()).collect();
    let (encoder, coded) = encode(&settings(&pictures[0], tracks[0].time_base), &pictures);
    assert_eq!((packets.iter().filter(|p| p.key).count(), coded.iter().filter(|p| p.key).count()), (50, 3));
    for (container, name) in [(MuxFormat::Mp4, "out.mp4"), (MuxFormat::Matroska, "out.mkv")] {
        let out = studio.path(name);
        write(&out, container, true, &[encoder.track_info()], &coded);
        assert_eq!(picture_sums(&out).len(), 50);
        let stream = &probe_json(&out, "v:0", "-show_streams")["streams"][0];
        assert_eq!(stream["sample_aspect_ratio"], "4:3");
        let mut times: Vec<_> = probe(&out, "v:0").iter().map(|line| line.0.unwrap()).collect();
        times.sort_unstable();
        let ticks = if container == MuxFormat::Mp4 { (times[1] - times[0], times[0]) } else { (40, 0) };
        assert!(times.iter().zip(0..).all(|(t, n)| *t == ticks.1 + n * ticks.0), "{name} {times:?}");
    }
}

#[test]
fn every_size_and_chroma() {
    let cases = [
        ((160, 120), (80, 60), Chroma::Yuv420),
        ((160, 119), (80, 119), Chroma::Yuv422),
        ((160, 120), (160, 120), Chroma::Yuv444),
        ((161, 119), (81, 60), Chroma::Yuv444),
        ((160, 119), (80, 60), Chroma::Yuv444),
        ((161, 120), (81, 120), Chroma::Yuv444),
        ((160, 120), (40, 120), Chroma::Yuv444),
        ((160, 120), (160, 60), Chroma::Yuv444),
        ((17, 3), (9, 2), Chroma::Yuv444),
    ];
    for ((width, height), chroma, format) in cases {
        for full_range in [false, true] {
            let mut pictures = pictures(width, height, chroma, &[0, 1, 2, 3, 4]);
            pictures.iter_mut().for_each(|p| p.full_range = full_range);
            let settings = EncoderSettings { crf: 1.0, ..settings(&pictures[0], (1, 25)) };
            assert_eq!(settings.chroma, format, "{width}x{height} {chroma:?}");
            let (encoder, packets) = encode(&settings, &pictures);
            let decoded = decode(&encoder, &packets);
            assert_eq!(decoded.len(), 5);
            for (a, b) in pictures.iter().zip(&decoded) {
                assert_eq!((b.width(), b.height(), b.full_range), (width, height, full_range));
                assert!(error_of(&a.planes[0], &b.planes[0]) < 2.0, "{width}x{height} {chroma:?}");
                // Chroma is where it was: compare colours, not planes of other sizes.
                let ((_, _, a), (_, _, b)) = (a.to_rgb(), b.to_rgb());
                let sum: u64 = a.iter().zip(&b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
                assert!(sum < 6 * a.len() as u64, "{width}x{height} {chroma:?}: {}", sum as f64 / a.len() as f64);
            }
        }
    }
}

#[test]
fn another_size_is_refused() {
    let small = pictures(64, 48, (32, 24), &[0]);
    let mut encoder = Encoder::new(settings(&small[0], (1, 25))).unwrap();
    let large = pictures(80, 48, (40, 24), &[1]);
    assert!(matches!(encoder.send(&large[0]), Err(MediaError::SizeChanged { width: 80, height: 48 })));
    let mut torn = small[0].clone();
    torn.planes[1].data.pop();
    assert!(encoder.send(&torn).is_err());
    encoder.send(&small[0]).unwrap();
}
