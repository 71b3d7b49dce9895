//! `view` as its users run it, with ffmpeg and ffprobe as judges.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use vidveil::format::{Clock, Frame, FrameFlags, PlainWriter, Reason};

use crate::support::folder::Folder;
use crate::support::output::{assert_ends, assert_says};
use crate::support::programs::write_script;
use crate::support::tracks;

const H264: &str = "-c:v libx264 -preset veryfast -bf 2 -g 10 -pix_fmt yuv420p -threads 1";

/// Four seconds of 160x120 at 25 pictures a second; `more` says the codecs.
fn with_sound(desk: &Folder, name: &str, more: &str) {
    let source = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=4 -f lavfi -i sine=duration=4";
    desk.clip(name, &format!("{source} {more}"));
}

/// The usual camera: cam.mp4 and its stream cam.vv.
fn camera() -> Folder {
    let desk = Folder::new();
    with_sound(&desk, "cam.mp4", &format!("{H264} -an"));
    desk.capture("cam.mp4 --epoch 500ms --camera gate --start 2026-05-01T14:00:00Z -o cam.vv");
    desk
}

fn view(desk: &Folder, arguments: &str) -> Output {
    desk.run(env!("CARGO_BIN_EXE_view"), arguments)
}

/// The status, and what a terminal shows.
fn on_a_terminal(desk: &Folder, arguments: &str) -> (Option<i32>, String) {
    let command = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_view"));
    let mut script = Command::new("script");
    script.current_dir(desk.path("")).args(["-qec", &command, "/dev/null"]).stdin(Stdio::null());
    let output = script.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[track_caller]
fn view_ok(desk: &Folder, arguments: &str) {
    let output = view(desk, arguments);
    assert_ends(&output, 0, "");
}

/// ffprobe's packets of a stream: pts, dts, size, flags, a hash of the packet.
fn packets_of(desk: &Folder, name: &str, stream: &str) -> Vec<String> {
    let entries = "packet=pts_time,dts_time,size,flags,data_hash";
    let probe = format!("-v error -select_streams {stream} -show_data_hash MD5 -show_entries {entries} -of csv {name}");
    let text = String::from_utf8(desk.ok("ffprobe", &probe).stdout).unwrap();
    // side data brings empty lines
    text.lines().filter(|l| l.starts_with("packet,")).map(str::to_owned).collect()
}

/// A checksum for each decoded picture.
fn pictures_of(desk: &Folder, arguments: &str) -> Vec<String> {
    let text = desk.ok("ffmpeg", &format!("-v error {arguments} -map 0:v:0 -fps_mode passthrough -f framemd5 -"));
    let text = String::from_utf8(text.stdout).unwrap();
    text.lines().filter(|l| !l.starts_with('#')).map(|l| l.rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn an_mp4_has_the_cameras_packets_and_times() {
    let desk = Folder::new();
    with_sound(&desk, "cam.mp4", &format!("{H264} -c:a aac"));
    desk.capture("cam.mp4 -o cam.vv");
    view_ok(&desk, "-o out.mp4 cam.vv");
    for stream in ["v:0", "a:0"] {
        let packets = packets_of(&desk, "cam.mp4", stream);
        assert!(packets.len() >= 100);
        assert_eq!(packets_of(&desk, "out.mp4", stream), packets, "{stream}");
    }
    view_ok(&desk, "-o out.mkv cam.vv");
    assert_eq!(pictures_of(&desk, "-i out.mkv"), pictures_of(&desk, "-i cam.mp4"));
    assert_eq!(packets_of(&desk, "out.mkv", "a:0").len(), packets_of(&desk, "cam.mp4", "a:0").len());
}

#[test]
fn matroska_on_a_pipe_plays_with_and_without_a_dash() {
    let desk = camera();
    for arguments in ["cam.vv", "-o - cam.vv"] {
        let output = view(&desk, arguments);
        assert_ends(&output, 0, "");
        let mut judge = Command::new("ffprobe")
            .args(
                "-v error -count_frames -show_entries format=format_name:stream=nb_read_frames -of csv=p=0 -"
                    .split(' '),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        judge.stdin.take().unwrap().write_all(&output.stdout).unwrap();
        let said = String::from_utf8(judge.wait_with_output().unwrap().stdout).unwrap();
        assert!(said.contains("100") && said.contains("matroska"), "{said}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_silently() {
    let desk = Folder::new();
    desk.ok(
        "ffmpeg",
        "-v error -y -f lavfi -i testsrc2=size=640x480:duration=20 -c:v mjpeg -q:v 2 -pix_fmt yuvj420p cam.mkv",
    );
    desk.capture("cam.mkv -o cam.vv");
    let mut view = Command::new(env!("CARGO_BIN_EXE_view"))
        .arg(desk.path("cam.vv"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 100];
    view.stdout.take().unwrap().read_exact(&mut some).unwrap();
    assert_ends(&view.wait_with_output().unwrap(), 141, "");
}

#[test]
fn data_tracks_are_left_out_and_the_others_keep_their_packets() {
    let desk = camera();
    // the same packets, after a data track
    let mut tracks = Vec::new();
    let mut frames = Vec::new();
    let mut reader = vidveil::format::Reader::new(File::open(desk.path("cam.vv")).unwrap());
    while let Some(record) = reader.next().unwrap() {
        match record {
            vidveil::format::Record::Stream(s) => tracks = s.tracks,
            vidveil::format::Record::Frame(f) => frames.push((f, reader.payload().to_vec())),
            _ => {}
        }
    }
    tracks.insert(0, tracks::data());
    let mut writer =
        PlainWriter::begin(File::create(desk.path("data.vv")).unwrap(), &tracks::stream(0, tracks), i64::MAX).unwrap();
    let now = Clock { wall_ns: 0, mono_ns: 0 };
    for (f, packet) in &frames {
        let note =
            Frame { track: 0, flags: FrameFlags::default(), counter: 0, pts: Some(0), dts: Some(0), duration: 0 };
        writer.frame(&note, b"not a picture", now).unwrap();
        writer.frame(&Frame { track: 1, ..*f }, packet, now).unwrap();
    }
    writer.finish(Reason::EndOfInput, now).unwrap();
    view_ok(&desk, "-o out.mp4 data.vv");
    assert_eq!(packets_of(&desk, "out.mp4", "v:0"), packets_of(&desk, "cam.mp4", "v:0"));
}

#[test]
fn what_cannot_be_shown_is_reported_and_leaves_no_file() {
    let desk = camera();
    let before = desk.names();
    assert_says(&view(&desk, "-o out.avi cam.vv"), 2, &["\"out.avi\"", "hint", ".mkv"]);
    assert_says(&view(&desk, "-o out.png cam.vv"), 2, &["--snapshot"]);
    assert_says(&view(&desk, "--snapshot 1 -o out.jpg cam.vv"), 2, &["PNG"]);
    assert_says(&view(&desk, "--snapshot 14:00 -o out.png cam.vv"), 2, &["hh:mm:ss"]);
    assert_says(&view(&desk, "--play -o out.mp4 cam.vv"), 2, &["--play"]);
    assert_says(&view(&desk, "-o cam.mp4 cam.vv"), 2, &["exists already", "--force"]);
    assert_says(&view(&desk, "-o out.mp4 none.vv"), 1, &["\"none.vv\""]);
    assert_says(&view(&desk, "-o out.mp4 cam.mp4"), 3, &["not a vidveil stream"]);
    assert_says(&view(&desk, "-o out.mp4"), 3, &["nothing arrived"]);
    assert_says(&view(&desk, "--snapshot 4.5 -o out.png cam.vv"), 1, &["no picture at that time", "00:00:04.000"]);
    assert_says(&view(&desk, "--from 00:00:10 -o out.mp4 cam.vv"), 1, &["00:00:04.000"]);
    assert_says(&view(&desk, "--play --player ./no-such-player cam.vv"), 1, &["no-such-player", "hint"]);
    assert_eq!(desk.names(), before);
}

#[test]
fn a_codec_without_a_place_in_mp4_is_refused_with_mkv_as_the_hint() {
    let desk = Folder::new();
    with_sound(&desk, "cam.avi", "-c:v msmpeg4v3 -an");
    desk.capture("cam.avi -o cam.vv");
    assert_says(&view(&desk, "-o out.mp4 cam.vv"), 1, &["msmpeg4v3", ".mkv"]);
    assert_eq!(desk.names(), ["cam.avi", "cam.vv"]);
    view_ok(&desk, "-o out.mkv cam.vv");
    assert_eq!(pictures_of(&desk, "-i out.mkv"), pictures_of(&desk, "-i cam.avi"));
}

#[test]
fn a_cut_stream_gives_its_beginning_and_status_3() {
    let desk = camera();
    let whole = fs::read(desk.path("cam.vv")).unwrap();
    fs::write(desk.path("cut.vv"), &whole[..whole.len() / 2]).unwrap();
    assert_says(&view(&desk, "-o out.mp4 cut.vv"), 3, &["cut at byte"]);
    let (all, some) = (packets_of(&desk, "cam.mp4", "v:0"), pictures_of(&desk, "-i out.mp4").len());
    assert!((20..90).contains(&some), "{some}");
    let got = packets_of(&desk, "out.mp4", "v:0");
    // the last packet's duration, and so nothing in these lines, depends on what follows
    assert_eq!(got[..], all[..got.len()]);
    // damage before the moment: no picture, and the reason is the damage
    assert_says(&view(&desk, "--snapshot 3.5 -o out.png cut.vv"), 3, &["cut at byte"]);
    assert!(!desk.path("out.png").exists());
    assert_says(&view(&desk, "--contact-sheet sheet.png cut.vv"), 3, &["cut at byte"]);
    assert!(desk.path("sheet.png").exists());
    // nothing authentic at all: no file
    fs::write(desk.path("head.vv"), &whole[..300]).unwrap();
    assert_says(&view(&desk, "-o head.mp4 head.vv"), 3, &[]);
    assert!(!desk.path("head.mp4").exists());
}

#[test]
fn sealed_footage_needs_its_key_and_says_whose() {
    let desk = camera();
    let enroll = env!("CARGO_BIN_EXE_enroll-cert");
    desk.ok(enroll, "--generate --name desk --key desk.key -o desk.pem");
    desk.ok(enroll, "--generate --name other --key other.key -o other.pem");
    desk.ok(env!("CARGO_BIN_EXE_encrypt-stream"), "-r desk.pem --rekey-interval 500ms cam.vv -o sealed.vv");
    let before = desk.names();
    for arguments in
        ["sealed.vv", "-o out.mp4 sealed.vv", "--snapshot 1 -o out.png sealed.vv", "-i other.key -o out.mp4 sealed.vv"]
    {
        assert_says(&view(&desk, arguments), 4, &["desk"]);
    }
    // on a terminal, too: the key comes before where to write
    let (status, said) = on_a_terminal(&desk, "sealed.vv");
    assert_eq!(status, Some(4), "{said}");
    assert_eq!(desk.names(), before);
    assert_says(&view(&desk, "-i desk.key -o out.mp4 cam.vv"), 4, &["--plain-ok"]);
    view_ok(&desk, "-i desk.key -o out.mp4 sealed.vv");
    assert_eq!(packets_of(&desk, "out.mp4", "v:0"), packets_of(&desk, "cam.mp4", "v:0"));
    // a part of a sealed file, by its index
    view_ok(&desk, "-i desk.key --from 3.1 -o part.mp4 sealed.vv");
    assert_eq!(pictures_of(&desk, "-i part.mp4"), pictures_of(&desk, "-i cam.mp4")[70..]);
}

#[test]
fn a_terminal_without_an_output_gets_a_list_of_outputs() {
    let desk = camera();
    let (status, said) = on_a_terminal(&desk, "cam.vv");
    assert_eq!(status, Some(2), "{said}");
    for way in ["--play", "-o FILE.mp4", "--snapshot", "--contact-sheet", "| ffplay -"] {
        assert!(said.contains(way), "{said}");
    }
}

#[test]
fn a_part_begins_at_the_key_frame_before() {
    let desk = camera();
    let all = pictures_of(&desk, "-i cam.mp4");
    assert_eq!(all.len(), 100);
    let piped = |arguments: &str| {
        let mut view = Command::new(env!("CARGO_BIN_EXE_view"));
        view.current_dir(desk.path("")).args(arguments.split(' '));
        // "cat" makes it a pipe: no seeking there
        let mut cat = Command::new("cat").arg(desk.path("cam.vv")).stdout(Stdio::piped()).spawn().unwrap();
        view.stdin(cat.stdout.take().unwrap());
        assert_ends(&view.output().unwrap(), 0, "");
        let _ = cat.wait();
    };
    // key frames are at every tenth picture
    for (times, first, last) in [
        ("--from 2.5", 60, 100),
        ("--from 2.4", 60, 100),
        ("--from 2.39", 50, 100),
        ("--from 0", 0, 100),
        ("--from 00:00:03.99", 90, 100),
        ("--from 2026-05-01T13:00:00Z", 0, 100),
        ("--from 2026-05-01T16:00:02.72+02:00", 60, 100),
    ] {
        view_ok(&desk, &format!("{times} -f -o part.mp4 cam.vv"));
        assert_eq!(pictures_of(&desk, "-i part.mp4"), all[first..last], "{times}");
        piped(&format!("{times} -f -o part.mkv"));
        assert_eq!(pictures_of(&desk, "-i part.mkv"), all[first..last], "{times} from a pipe");
    }
    view_ok(&desk, "--from 1.6 --to 2.4 -f -o part.mp4 cam.vv");
    let part = pictures_of(&desk, "-i part.mp4");
    // pictures that the last one leans on may follow it
    assert!(part.len() >= 20 && part.len() <= 23 && part[..20] == all[40..60], "{}", part.len());
    let times = packets_of(&desk, "part.mp4", "v:0");
    assert!(times[0].starts_with("packet,0.000000,"), "{}", times[0]);
}

#[test]
fn a_wrong_index_costs_time_only() {
    let desk = camera();
    let all = pictures_of(&desk, "-i cam.mp4");
    let stream = fs::read(desk.path("cam.vv")).unwrap();
    // the index: the record before the end record; each entry is epoch, time, offset, offset of the keys
    let length = u32::from_be_bytes(stream[stream.len() - 4..].try_into().unwrap()) as usize;
    let at = stream.len() - 16 - length;
    let entries = (length - 12) / 32;
    assert!(entries >= 5);
    let bend = |name: &str, change: &dyn Fn(&mut [u8])| {
        let mut bent = stream.clone();
        for n in 0..entries {
            change(&mut bent[at + 12 + n * 32..][..32]);
        }
        fs::write(desk.path(name), bent).unwrap();
        let output = view(&desk, &format!("--from 3.2 -f -o part.mp4 {name}"));
        assert_ends(&output, 0, "");
        assert_eq!(pictures_of(&desk, "-i part.mp4"), all[80..], "{name}");
    };
    let add = |field: &mut [u8], by: i64| {
        let value = i64::from_be_bytes(field.try_into().unwrap()).wrapping_add(by);
        field.copy_from_slice(&value.to_be_bytes());
    };
    bend("offset.vv", &|entry| add(&mut entry[16..24], 1));
    bend("far.vv", &|entry| add(&mut entry[16..24], 1 << 40));
    bend("epoch.vv", &|entry| add(&mut entry[..8], 1));
    bend("late.vv", &|entry| add(&mut entry[8..16], -1_000_000_000));
    bend("early.vv", &|entry| add(&mut entry[8..16], 1_000_000_000));
}

#[test]
fn streams_back_to_back_are_one_video() {
    let desk = camera();
    let stream = fs::read(desk.path("cam.vv")).unwrap();
    fs::write(desk.path("twice.vv"), [&stream[..], &stream].concat()).unwrap();
    view_ok(&desk, "-o out.mp4 twice.vv");
    let once = pictures_of(&desk, "-i cam.mp4");
    assert_eq!(pictures_of(&desk, "-i out.mp4"), [&once[..], &once].concat());
    let times = packets_of(&desk, "out.mp4", "v:0");
    assert!(times[100].starts_with("packet,4.000000,"), "{}", times[100]);
    view_ok(&desk, "--from 5.2 -o part.mp4 twice.vv");
    assert_eq!(pictures_of(&desk, "-i part.mp4"), once[30..]);
    // another size goes into the same file
    desk.ok("ffmpeg", &format!("-v error -y -f lavfi -i testsrc2=size=80x60:duration=1 {H264} small.mp4"));
    desk.capture("small.mp4 -o small.vv");
    fs::write(desk.path("both.vv"), [&stream[..], &fs::read(desk.path("small.vv")).unwrap()].concat()).unwrap();
    view_ok(&desk, "-o both.mp4 both.vv");
    assert_eq!(pictures_of(&desk, "-i both.mp4").len(), 125);
    assert_eq!(pictures_of(&desk, "-i both.mp4")[..100], once);
    view_ok(&desk, "--force --to 4 -o both.mp4 both.vv");
    assert_eq!(pictures_of(&desk, "-i both.mp4"), once);
}

/// Mean difference of the samples of two pictures of the same size.
fn difference(a: &Path, b: &Path) -> f64 {
    let (a, b) = (image::open(a).unwrap().to_rgb8(), image::open(b).unwrap().to_rgb8());
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.as_raw().len() as f64
}

#[test]
fn a_snapshot_is_the_picture_shown_at_that_time() {
    let desk = camera();
    for (time, number) in
        [("0", 0), ("1.3", 32), ("1.32", 33), ("00:00:02.4", 60), ("3.99", 99), ("2026-05-01T14:00:01.4Z", 33)]
    {
        view_ok(&desk, &format!("--snapshot {time} -f -o shot.png cam.vv"));
        let judge = |n: usize| {
            let filter = format!("select=eq(n\\,{n})");
            desk.ok("ffmpeg", &format!("-v error -y -i cam.mp4 -vf {filter} -frames:v 1 judge.png"));
            difference(&desk.path("shot.png"), &desk.path("judge.png"))
        };
        let (right, other) = (judge(number), judge(if number < 50 { number + 1 } else { number - 1 }));
        assert!(right < 2.5 && right < other, "{time}: {right} {other}");
    }
    let piped = view(&desk, "--snapshot 3.99 cam.vv");
    view_ok(&desk, "--snapshot 3.99 -f -o shot.png cam.vv");
    assert_eq!(piped.stdout, fs::read(desk.path("shot.png")).unwrap());
    assert!(piped.stdout.starts_with(b"\x89PNG"));
}

#[test]
fn a_snapshot_is_upright_and_has_square_pixels() {
    let desk = Folder::new();
    with_sound(&desk, "flat.mp4", &format!("{H264} -an -aspect 8:3"));
    desk.ok("ffmpeg", "-v error -i flat.mp4 -c copy -metadata:s:v rotate=90 turned.mp4");
    for (clip, size) in [("flat", (320, 120)), ("turned", (120, 320))] {
        desk.capture(&format!("{clip}.mp4 -o {clip}.vv"));
        view_ok(&desk, &format!("--snapshot 1 -o {clip}.png {clip}.vv"));
        // ffmpeg turns by itself
        let scale = format!("scale={}:{}:flags=bicubic", size.0, size.1);
        desk.ok("ffmpeg", &format!("-v error -y -ss 1 -i {clip}.mp4 -vf {scale} -frames:v 1 judge.png"));
        let far = difference(&desk.path(&format!("{clip}.png")), &desk.path("judge.png"));
        assert!(far < 5.0, "{clip} {far}");
    }
}

#[test]
fn a_contact_sheet_has_its_tiles_and_their_times() {
    let desk = camera();
    let tile = (320, 240);
    let sheet = |arguments: &str, columns: u32, rows: u32, tiles: u32| {
        view_ok(&desk, &format!("--contact-sheet sheet.png -f {arguments} cam.vv"));
        let sheet = image::open(desk.path("sheet.png")).unwrap().to_rgb8();
        let (head, line) = (2 * 22 + 8, 22 + 4);
        assert_eq!(sheet.dimensions(), (8 + columns * (tile.0 + 8), head + rows * (tile.1 + line) + 8), "{arguments}");
        let colours = |left: u32, top: u32, wide: u32, high: u32| {
            let seen = (top..top + high).flat_map(|y| (left..left + wide).map(move |x| (x, y)));
            seen.map(|(x, y)| sheet.get_pixel(x, y).0).collect::<std::collections::BTreeSet<_>>().len()
        };
        let mut labels = std::collections::BTreeSet::new();
        for n in 0..columns * rows {
            let (left, top) = (8 + n % columns * (tile.0 + 8), head + n / columns * (tile.1 + line));
            let (picture, label) = (colours(left, top, tile.0, tile.1), colours(left, top + tile.1, tile.0, line));
            assert_eq!((picture > 50, label == 2), (n < tiles, n < tiles), "{arguments}: tile {n}");
            if n < tiles {
                let pixels =
                    (top + tile.1..top + tile.1 + line).flat_map(|y| (left..left + tile.0).map(move |x| (x, y)));
                labels.insert(pixels.map(|(x, y)| sheet.get_pixel(x, y).0[0]).collect::<Vec<_>>());
            }
        }
        // every time is another one
        assert_eq!(labels.len() as u32, tiles);
        assert_eq!(colours(8, 8, 300, 14), 2);
    };
    sheet("--columns 4 --every 1s", 4, 1, 4);
    sheet("--columns 3 --every 500ms", 3, 3, 8);
    sheet("--count 5 --columns 2", 2, 3, 5);
    sheet("--from 2 --every 1s", 2, 1, 2);
}

#[test]
fn a_player_gets_the_video_and_no_shell_sees_its_name() {
    let desk = camera();
    let player = |name: &str, script: &str| write_script(&desk.path(name), script);
    player("mine", "[ \"$*\" = '--loud -' ] || exit 9; exec cat > played.mkv");
    let output = Command::new(env!("CARGO_BIN_EXE_view"))
        .current_dir(desk.path(""))
        .args(["--play", "--player", "./mine --loud", "cam.vv"])
        .output()
        .unwrap();
    assert_ends(&output, 0, "");
    assert_eq!(pictures_of(&desk, "-i played.mkv"), pictures_of(&desk, "-i cam.mp4"));
    // closed by its user
    desk.ok("ffmpeg", "-v error -y -f lavfi -i testsrc2=duration=20 -c:v mjpeg -q:v 2 -pix_fmt yuvj420p long.mkv");
    desk.capture("long.mkv -o long.vv");
    player("short", "exec head -c 100 > /dev/null");
    view_ok(&desk, "--play --player ./short long.vv");
    player("broken", "exit 7");
    assert_says(&view(&desk, "--play --player ./broken cam.vv"), 1, &["\"./broken\"", "7"]);
    // the first one on PATH
    fs::create_dir(desk.path("bin")).unwrap();
    player("bin/mpv", "exec /bin/cat > mpv.mkv");
    player("bin/vlc", "exit 8");
    let found = |path: &Path| {
        let mut view = Command::new(env!("CARGO_BIN_EXE_view"));
        view.current_dir(desk.path("")).env("PATH", path).args(["--play", "cam.vv"]).output().unwrap()
    };
    assert_ends(&found(&desk.path("bin")), 0, "");
    assert_eq!(pictures_of(&desk, "-i mpv.mkv").len(), 100);
    assert_says(&found(&desk.path("no")), 1, &["no player found", "mpv"]);
    let odd = Command::new(env!("CARGO_BIN_EXE_view"))
        .current_dir(desk.path(""))
        .args(["--play", "--player", "true; touch owned", "cam.vv"])
        .output()
        .unwrap();
    assert_eq!(odd.status.code(), Some(1));
    assert!(!desk.path("owned").exists());
}

#[test]
fn help_and_manual_page_name_every_way() {
    let desk = Folder::new();
    for flag in ["--help", "--man-page"] {
        let text = String::from_utf8(desk.ok(env!("CARGO_BIN_EXE_view"), flag).stdout).unwrap().replace('\\', "");
        for word in ["--snapshot", "--contact-sheet", "--from", "--player", "protect -i server.key", "back to back"] {
            assert!(text.contains(word), "{flag}: {word}");
        }
    }
}

#[test]
fn a_signal_on_a_pipe_waits_for_its_end() {
    let desk = camera();
    let stream = fs::read(desk.path("cam.vv")).unwrap();
    let before = desk.names();
    let fifo = Command::new("mkfifo").arg(desk.path("pipe")).status().unwrap();
    assert!(fifo.success());
    // a pipe that stays open: the command waits for more when the signal comes, then reads to the end
    let mut view = Command::new(env!("CARGO_BIN_EXE_view"))
        .current_dir(desk.path(""))
        .args(["-o", "out.mp4", "pipe"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = File::options().write(true).open(desk.path("pipe")).unwrap();
    pipe.write_all(&stream[..stream.len() / 2]).unwrap();
    while !desk.names().iter().any(|name| name.ends_with(".part")) {
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&view);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    pipe.write_all(&stream[stream.len() / 2..]).unwrap();
    drop(pipe);
    assert_eq!(view.wait().unwrap().code(), Some(0));
    assert_eq!(pictures_of(&desk, "-i out.mp4").len(), 100);
    fs::remove_file(desk.path("out.mp4")).unwrap();
    fs::remove_file(desk.path("pipe")).unwrap();
    assert_eq!(desk.names(), before);
}

#[test]
fn a_range_that_holds_nothing_is_refused() {
    let desk = camera();
    let reversed = ["--from 3 --to 1", "--from 2 --to 2", "--from 2026-05-01T15:00:00Z --to 2026-05-01T14:00:00Z"];
    for range in reversed {
        for output in ["-o part.mp4", "--contact-sheet part.png", "--export part", "-o -"] {
            assert_says(&view(&desk, &format!("{range} {output} cam.vv")), 2, &["--to is not after --from"]);
        }
    }
    // before the first picture, whatever is made of it
    let before = "--from 2026-05-01T10:00:00Z --to 2026-05-01T10:10:00Z";
    for output in ["-o part.mp4", "-o -", "--contact-sheet part.png"] {
        let said = view(&desk, &format!("{before} {output} cam.vv"));
        assert_says(&said, 1, &["there is no picture at that time", "the first picture is of 2026-05-01T14:00:00"]);
        assert!(said.stdout.is_empty());
    }
    assert_says(&view(&desk, &format!("{before} --export part cam.vv")), 1, &["at that time"]);
    assert!(["part.mp4", "part.png", "part"].iter().all(|name| !desk.path(name).exists()));
}
