//! Video whose author means no good, as a user of the commands meets it: refused by name, and nothing else opened.

use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::process::Command;

use vidveil::cli::COMMANDS;

use crate::support::peak::peak;
use crate::support::yard::{Yard, assert_status, commands, stderr, told};

#[test]
fn a_file_that_names_others_has_nothing_of_them_recorded_and_calls_nobody() {
    let yard = Yard::with_camera(1);
    let inside = TcpListener::bind("127.0.0.1:0").unwrap();
    inside.set_nonblocking(true).unwrap();
    let port = inside.local_addr().unwrap().port();
    yard.done("ffmpeg -v error -i camera.mp4 -c copy other.ts");
    let other = yard.path("other.ts");
    let other = other.display();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() & !1;
    let head = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n";
    for (what, text, container) in [
        ("address", format!("{head}http://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"), "hls"),
        ("file", format!("{head}file:{other}\n#EXT-X-ENDLIST\n"), "hls"),
        ("concat", format!("ffconcat version 1.0\nfile 'file:{other}'\n"), "concat"),
        ("beside", "ffconcat version 1.0\nfile other.ts\n".to_owned(), "concat"),
        (
            "ports",
            format!("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {udp} RTP/AVP 33\n"),
            "sdp",
        ),
    ] {
        yard.write("a.mp4", text.as_bytes());
        for command in ["capture a.mp4 -f -o out.vv", "timeout 20 capture -f -o out.vv < a.mp4"] {
            let output = yard.sh(command);
            assert_status(&output, 1);
            let said = stderr(&output);
            assert!(said.contains(&format!("the container {container} is not read here")), "{what}: {said}");
            assert!(said.contains("hint: ") && !yard.exists("out.vv"), "{what}: {said}");
        }
        let output = yard.sh(&format!("capture --input-format {container} a.mp4 -f -o out.vv"));
        assert!(stderr(&output).contains("is not read here"), "{what}: {}", told(&output));
    }
    let came = inside.accept().err().map(|e| e.kind());
    assert_eq!(came, Some(ErrorKind::WouldBlock), "somebody called at an address that a file names");
}

#[test]
fn the_codec_that_a_stream_names_is_one_of_the_table_or_is_refused_by_name() {
    let yard = Yard::with_camera(1);
    yard.done("capture camera.mp4 > plain.vv");
    for codec in ["sanm", "mszh", "tscc", "flv1"] {
        yard.done(&format!("sed 's/h264/{codec}/' plain.vv > odd.vv"));
        for command in [
            "protect --plain-ok odd.vv -f -o out.vv",
            "view odd.vv -f -o out.mkv",
            "view odd.vv --snapshot 0 -f -o out.png",
            "view odd.vv --contact-sheet out.png -f",
        ] {
            let output = yard.sh(command);
            assert_status(&output, 1);
            let said = stderr(&output);
            assert!(said.contains(&format!("the codec {codec} is not taken here")), "{command}: {said}");
            assert!(!yard.exists("out.vv") && !yard.exists("out.mkv") && !yard.exists("out.png"), "{command}");
        }
    }
}

/// A few hundred kB that asked for gigabytes: of pictures over the limit nothing is decoded, and of the largest allowed
/// ones, with all that they may keep, no more memory is taken than the pages say.
#[test]
fn small_files_that_ask_for_gigabytes_do_not_get_them() {
    let yard = Yard::new();
    yard.done(
        "x264() { ffmpeg -v error -f lavfi -i color=gray:size=$1:rate=10:duration=$2 -c:v libx264 -preset ultrafast \
            -x264-params $3:threads=1:rc-lookahead=0 -pix_fmt $4 $5; }
         x264 16384x8192 0.1 ref=1 yuv420p huge.mp4; x264 4096x4096 1 ref=8:bframes=7:b-adapt=0 yuv420p deep.mp4
         capture --max-pixels 200000000 huge.mp4 > huge.vv; capture deep.mp4 > deep.vv",
    );
    assert!(yard.size("huge.mp4") < 400_000 && yard.size("deep.mp4") < 100_000);
    let empty = yard.path("huge.vv");
    let run = |name: &str, arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        peak(&yard.command(name, &arguments), &empty)
    };
    for (name, arguments) in [
        ("capture", "huge.mp4 -f -o out.vv"),
        ("view", "huge.vv --snapshot 0 -f -o out.png"),
        ("view", "huge.vv --contact-sheet out.png -f"),
        ("protect", "huge.vv -f -o out.vv"),
    ] {
        let done = run(name, arguments);
        assert_eq!(done.status, 1, "{name}: {}", done.said);
        assert!(done.said.contains("pictures of 16384 x 8192 are over the limit"), "{name}: {}", done.said);
        assert!(done.mib < 200, "{name}: {} MiB", done.mib);
    }
    for (name, arguments, most) in [
        ("view", "--max-picture-time 900s deep.vv --snapshot 0.5 -f -o out.png", 1 << 10),
        ("view", "--max-picture-time 900s deep.vv --contact-sheet out.png -f", 1 << 10),
        ("protect", "--max-picture-time 900s --learn 0s --lookahead 0 deep.vv -f -o out.vv", 3 << 9),
    ] {
        let done = run(name, arguments);
        eprintln!("{name} {arguments}: {} MiB", done.mib);
        assert_eq!(done.status, 0, "{name}: {}", done.said);
        assert!(done.mib < most, "{name} {arguments}: {} MiB", done.mib);
    }
}

#[test]
fn pictures_over_the_limit_are_refused_by_name_by_every_command() {
    let yard = Yard::new();
    // 16 Mi pixels and a row of blocks more, in a few kB
    yard.done(
        "ffmpeg -v error -f lavfi -i color=gray:size=4096x4112:rate=10:duration=0.3 -c:v libx264 -preset ultrafast -pix_fmt yuv420p bomb.mp4",
    );
    assert!(yard.size("bomb.mp4") < 200_000);
    let refused = |command: &str| {
        let output = yard.sh(command);
        assert_status(&output, 1);
        let said = stderr(&output);
        assert!(said.contains("pictures of 4096 x 4112 are over the limit of 16777216 pixels"), "{command}: {said}");
        assert!(said.contains("--max-pixels"), "{command}: {said}");
    };
    refused("capture bomb.mp4 -o out.vv");
    yard.done("capture --max-pixels 17000000 bomb.mp4 -o bomb.vv");
    // the record says that they are small
    let mut lying = yard.bytes("bomb.vv");
    let size = [4096_u32.to_be_bytes(), 4112_u32.to_be_bytes()].concat();
    let place = lying.windows(8).position(|bytes| bytes == size).expect("the record says the size");
    lying[place..place + 8].copy_from_slice(&[16_u32.to_be_bytes(), 16_u32.to_be_bytes()].concat());
    yard.write("lying.vv", &lying);
    for stream in ["bomb.vv", "lying.vv"] {
        refused(&format!("protect {stream} -f -o out.vv"));
        refused(&format!("view {stream} --snapshot 0 -f -o out.png"));
        refused(&format!("view {stream} --contact-sheet out.png -f"));
        assert!(!yard.exists("out.png"));
    }
    yard.done("view bomb.vv --max-pixels 17000000 --snapshot 0 -o out.png; view bomb.vv -o out.mp4");
}

#[test]
fn only_the_commands_that_handle_video_have_libav_in_them() {
    for name in COMMANDS.iter().map(|(name, _)| *name).chain(["vidveil"]) {
        let program = commands().join(name);
        let found =
            Command::new("grep").args(["-qaE", "avformat_open_input|avcodec_send_packet"]).arg(program).status();
        let has_libav = found.unwrap().success();
        assert_eq!(has_libav, ["capture", "protect", "view"].contains(&name), "{name}");
    }
}
