//! Cameras that speak HTTP: pictures one after the other, and containers.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use vidveil::format::{Frame, Reader, Record, sha256};

use crate::support::authority::Authority;
use crate::support::dialogue::{Asked, Request, say, serve};
use crate::support::yard::{Yard, assert_status, stderr, until};

/// A camera that answers so; its address, and what it was asked.
fn camera(answer: impl Fn(&mut TcpStream, &Request) -> std::io::Result<()> + Send + Sync + 'static) -> (String, Asked) {
    let (address, asked) = serve(move |who, request| {
        answer(who, request)?;
        who.shutdown(std::net::Shutdown::Both)
    });
    (address.replace("rtsp://", "http://"), asked)
}

/// A head of an answer, with the lines of `more`.
fn head(status: &str, more: &[&str]) -> String {
    format!("HTTP/1.1 {status}\r\n{}\r\n", more.iter().map(|line| format!("{line}\r\n")).collect::<String>())
}

const MJPEG: &str = "Content-Type: multipart/x-mixed-replace; boundary=\"--frame\"";

/// Ten pictures.
fn pictures(yard: &Yard) -> Vec<Vec<u8>> {
    yard.done("ffmpeg -v error -nostdin -f lavfi -i testsrc2=size=320x240:rate=5:duration=2 -c:v mjpeg p%02d.jpg");
    (1..=10).map(|n| yard.bytes(&format!("p{n:02}.jpg"))).collect()
}

/// Frames in a recording, with the hash of each, also while it is written.
fn frames(yard: &Yard, name: &str) -> Vec<(Frame, [u8; 32])> {
    let bytes = std::fs::read(yard.path(name)).unwrap_or_default();
    let (mut reader, mut all) = (Reader::new(&bytes[..]), Vec::new());
    while let Ok(Some(record)) = reader.next() {
        if let Record::Frame(f) = record {
            all.push((f, sha256(reader.payload())));
        }
    }
    all
}

/// How a camera writes a part.
type Part = fn(&[u8]) -> Vec<u8>;

#[test]
fn pictures_are_recorded_as_they_come_and_over_a_cut() {
    let with_length: Part = |p| {
        [format!("\r\n--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", p.len()).as_bytes(), p]
            .concat()
    };
    let without: Part = |p| [&b"--frame\nContent-Type: image/jpeg\n\n"[..], p, b"\r\n"].concat();
    let with_empty: Part = |p| [&b"--frame\r\nContent-Length: 0\r\n\r\n\r\n--frame\r\n\r\n"[..], p, b"\r\n"].concat();
    let chunked: Part = |p| {
        let part = [&b"--frame\r\n\r\n"[..], p, b"\r\n"].concat();
        part.chunks(700).flat_map(|c| [format!("{:x}\r\n", c.len()).as_bytes(), c, b"\r\n"].concat()).collect()
    };
    for (what, part, lines) in [
        ("with lengths", with_length, &[MJPEG][..]),
        ("without lengths", without, &[MJPEG]),
        ("with empty parts", with_empty, &[MJPEG]),
        ("in chunks", chunked, &[MJPEG, "Transfer-Encoding: chunked"]),
    ] {
        let yard = Yard::new();
        let all = pictures(&yard);
        let hashes: Vec<_> = all.iter().map(|p| sha256(p)).collect();
        // the end of the last part is the beginning of another
        let end = [&part(b"")[..], &part(b"")].concat();
        let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        let (address, _) = camera(move |who, _| {
            say(who, &head("200 OK", &lines.iter().map(String::as_str).collect::<Vec<_>>()))?;
            all.iter().try_for_each(|p| who.write_all(&part(p)))?;
            who.write_all(&end)
        });
        let running = yard.start(&format!("exec capture {address} --camera gate -o out.vv"));
        until("two connections are recorded", || frames(&yard, "out.vv").len() >= 20);
        running.signal(Signal::TERM);
        let output = running.output();
        assert_status(&output, 0);
        let recorded = frames(&yard, "out.vv");
        for (i, (f, hash)) in recorded.iter().enumerate() {
            assert_eq!(*hash, hashes[i % 10], "{what}: picture {i}");
            assert_eq!((f.flags.key, f.flags.gap), (true, i > 0 && i % 10 == 0), "{what}: picture {i}");
        }
        assert!(recorded.windows(2).all(|w| w[0].0.pts < w[1].0.pts), "{what}");
        assert!(stderr(&output).contains("is back after"), "{}", stderr(&output));
        let described = yard.done("inspect --json out.vv");
        assert!(described.contains("\"codec\":\"mjpeg\"") && described.contains("\"width\":320"), "{described}");
        yard.done("view -q out.vv -o out.mkv");
        let shown = yard.done("ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 out.mkv");
        assert_eq!(shown.trim().parse::<usize>().unwrap(), recorded.len(), "{what}");
    }
}

#[test]
fn a_container_is_read_as_from_a_pipe_and_the_end_of_a_file_is_reported() {
    let yard = Yard::with_camera(4);
    yard.done("ffmpeg -v error -nostdin -i camera.mp4 -c copy -f mpegts camera.ts; capture -q camera.ts -o file.vv");
    let bytes = yard.bytes("camera.ts");
    let (address, _) = camera(move |who, _| {
        say(who, &head("200 OK", &["Content-Type: video/mp2t", &format!("Content-Length: {}", bytes.len())]))?;
        who.write_all(&bytes)
    });
    let output = yard.sh(&format!("capture {address} -o out.vv"));
    assert_status(&output, 1);
    let said = stderr(&output);
    assert!(said.contains("is over: the camera sent all that it announced") && said.lines().count() == 2, "{said}");
    let hashes = |name| frames(&yard, name).into_iter().map(|(f, hash)| (f.pts, hash)).collect::<Vec<_>>();
    assert!(hashes("out.vv") == hashes("file.vv") && hashes("out.vv").len() == 40);
    // and the pipe that needs none of this
    let piped = yard.sh(&format!("curl -sS {address} | capture -q - -o piped.vv"));
    assert_status(&piped, 0);
    assert!(hashes("piped.vv") == hashes("file.vv"));
}

/// What a camera answers that sends this as a transport stream, whose end it does not announce.
fn transport_stream(bytes: &[u8]) -> Vec<u8> {
    [head("200 OK", &["Content-Type: video/mp2t"]).as_bytes(), bytes].concat()
}

#[test]
fn a_container_goes_on_over_cuts() {
    let yard = Yard::new();
    for (name, size) in [("small", "320x240"), ("large", "640x480")] {
        yard.done(&format!(
            "ffmpeg -v error -nostdin -f lavfi -i testsrc2=size={size}:rate=10:duration=4 -f lavfi -i \
             sine=duration=4 -c:v libx264 -g 10 -bf 2 -c:a aac -f mpegts {name}.ts; cat {name}.ts | capture -q - -o {name}.vv"
        ));
    }
    let (small, large) = (yard.bytes("small.ts"), yard.bytes("large.ts"));
    let hashes = |frames: &[(Frame, [u8; 32])]| frames.iter().map(|(_, hash)| *hash).collect::<Vec<_>>();
    let (all, others) = (frames(&yard, "small.vv"), frames(&yard, "large.vv"));
    // packets of 188 bytes: somebody joins in the middle of a GOP
    let middle = small.len() / 188 / 2 * 188;
    let answers = [
        transport_stream(&small),
        transport_stream(&small[middle..]),
        transport_stream(b"nothing of a video"),
        head("503 Busy", &[]).into_bytes(),
        transport_stream(&large),
    ];
    let times = std::sync::atomic::AtomicUsize::new(0);
    let (address, _) = camera(move |who, _| {
        let n = times.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        who.write_all(&answers[n.min(answers.len() - 1)])
    });
    let running = yard.start(&format!("exec capture {address} -o out.vv"));
    let connected = || frames(&yard, "out.vv").iter().filter(|(f, _)| f.track == 0 && f.flags.gap).count();
    until("the camera was connected to again", || connected() >= 3);
    running.signal(Signal::TERM);
    let output = running.output();
    assert_status(&output, 0);
    let said = stderr(&output);
    assert!(said.contains("the camera ended the connection; trying again") && said.contains("is back after"), "{said}");

    let recorded = frames(&yard, "out.vv");
    let (first, rest) = recorded.split_at(all.len());
    assert!(first.iter().map(|(f, h)| (f.pts, h)).eq(all.iter().map(|(f, h)| (f.pts, h))), "as from a pipe");
    let gaps = rest.iter().enumerate().filter(|(_, (f, _))| f.track == 0 && f.flags.gap).map(|(place, _)| place);
    let (joined, changed) = rest.split_at(gaps.collect::<Vec<_>>()[1]);
    assert!(others.iter().any(|(_, hash)| *hash == changed[0].1), "the other camera is recorded");
    // of the sound and the pictures that the middle has, what can be decoded
    let mut counted = 0;
    for track in [0, 1] {
        let of = |frames: &[(Frame, [u8; 32])]| frames.iter().filter(|(f, _)| f.track == track).cloned().collect();
        let (all, joined, changed): (Vec<_>, Vec<_>, Vec<_>) = (of(&all), of(joined), of(changed));
        counted += joined.len();
        assert!(hashes(&all).ends_with(&hashes(&joined)) && (9..30).contains(&(joined.len() >> track)), "{track}");
        for begins in [&joined, &changed] {
            assert!(begins[0].0.flags.gap && begins[0].0.flags.key, "{track}: {:?}", begins[0]);
        }
        assert!(joined[1..].iter().all(|(f, _)| !f.flags.gap), "{track}");
        let times: Vec<_> = [all, joined, changed].concat().iter().map(|(f, _)| f.dts.or(f.pts)).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "{track}: {times:?}");
    }
    assert_eq!(counted, joined.len());
    let described = yard.done("inspect --json out.vv");
    assert!(described.contains("\"width\":320") && described.contains("\"width\":640"), "{described}");
    yard.done("view -q out.vv -o out.mkv");
}

/// What capture says of a camera that answers so, with a password, and what the camera was asked.
fn refused(flags: &str, answer: impl Fn(&Request) -> String + Send + Sync + 'static) -> (String, Asked) {
    let yard = Yard::new();
    yard.done("umask 077; echo 'guard:correct horse' > right");
    let (address, asked) = camera(move |who, request| say(who, &answer(request)));
    let output = yard.sh(&format!("capture {address} --wait 0s --credentials right {flags} -o out.vv"));
    assert_status(&output, 1);
    let said = stderr(&output);
    assert!(said.starts_with(&format!("capture: error: cannot record \"{address}\": ")), "{said}");
    assert!(said.lines().count() == 2 && said.contains("\ncapture: hint: ") && !yard.exists("out.vv"), "{said}");
    (said, asked)
}

const DIGEST: &str = "WWW-Authenticate: Digest realm=\"cam\", nonce=\"0123abcd\", qop=\"auth\"";
const BASIC: &str = "WWW-Authenticate: Basic realm=\"cam\"";

#[test]
fn the_password_is_shown_and_not_sent() {
    let (said, asked) = refused("", |_| head("401 Unauthorized", &[BASIC]));
    assert!(said.contains("wants the password itself") && asked.all().len() == 1, "{said}");
    let (said, asked) = refused("--allow-basic", |_| head("401 Unauthorized", &[BASIC]));
    assert!(said.contains("refuses the name and the password"), "{said}");
    assert_eq!(asked.proofs(), ["Basic Z3VhcmQ6Y29ycmVjdCBob3JzZQ=="]);
    let (said, asked) = refused("--allow-basic", |r| match r.header("Authorization") {
        None => head("401 Unauthorized", &[BASIC, DIGEST]),
        Some(_) => head("404 Not Found", &[]),
    });
    assert!(said.contains("knows no such stream"), "{said}");
    let proofs = asked.proofs();
    assert!(
        proofs.len() == 1 && proofs[0].starts_with("Digest ") && proofs[0].contains("uri=\"/stream\""),
        "{proofs:?}"
    );
    let (said, asked) = refused("", |_| head("401 Unauthorized", &[DIGEST]));
    assert!(said.contains("refuses the name and the password") && asked.proofs().len() == 1, "{said}");
    let yard = Yard::new();
    let output = yard.sh("capture http://guard:hidden@127.0.0.1:9/ -o out.vv");
    assert_status(&output, 2);
    assert!(!stderr(&output).contains("hidden"), "{}", stderr(&output));
}

#[test]
fn a_redirection_stays_with_the_camera() {
    let (elsewhere, asked_there) = camera(|who, _| say(who, &head("200 OK", &[MJPEG])));
    let location = format!("Location: {elsewhere}");
    let (said, _) = refused("", move |_| head("302 Found", &[&location]));
    assert!(said.contains(&format!("said to be at \"{elsewhere}\", which is not followed")), "{said}");
    assert!(asked_there.all().is_empty());
    let (said, asked) = refused("", |r| match r.lines[0].as_str() {
        "GET /stream HTTP/1.1" => head("302 Found", &["Location: /other?x=y"]),
        _ => head("404 Not Found", &[]),
    });
    assert!(said.contains("knows no such stream"), "{said}");
    assert_eq!(asked.all()[1].lines[0], "GET /other?x=y HTTP/1.1");
    let (said, asked) = refused("", |_| head("302 Found", &["Location: /stream"]));
    assert!(said.contains("which is not followed") && asked.all().len() == 4, "{said}");
}

#[test]
fn what_is_no_video_is_reported() {
    let (said, _) = refused("", |_| head("200 OK", &["Content-Type: text/html; charset=utf-8"]) + "<html>");
    assert!(said.contains("no video that can be recorded, but text/html") && said.contains("multipart"), "{said}");
    let (said, _) = refused("", |_| "HTTP/1.1 200 OK\r\n".to_owned() + &"X: y\r\n".repeat(20_000));
    assert!(said.contains("a head of more than 64 KiB"), "{said}");
    let (said, _) = refused("", |_| head("200 OK", &[MJPEG]) + &"--frame\r\n".repeat(20_000));
    assert!(said.contains("a part has a head of more than 64 KiB"), "{said}");
    let (said, _) = refused("", |_| head("200 OK", &[MJPEG]) + "--frame\r\nContent-Length: 99999999999\r\n\r\n");
    assert!(said.contains("too large to be one"), "{said}");
    let (said, _) = refused("", |_| "RTSP/1.0 200 OK\r\n\r\n".to_owned());
    assert!(said.contains("not HTTP"), "{said}");
    let (said, _) = refused("", |_| head("503 Busy", &[]));
    assert!(said.contains("status 503") && said.contains("the camera answers, and does not play"), "{said}");
}

#[test]
fn a_camera_over_tls_is_held_to_the_same_certificates() {
    let (authority, yard) = (Authority::new("yard"), Yard::new());
    authority.issue("camera", "ca", 30, "subjectAltName=IP:127.0.0.1\n");
    for name in ["ca.pem", "camera.pem", "camera.key"] {
        yard.write(name, &authority.read(name));
    }
    let parts = pictures(&yard).into_iter().flat_map(|p| [&b"--frame\r\n\r\n"[..], &p, b"\r\n"].concat());
    yard.write("stream", &[head("200 OK", &[MJPEG]).into_bytes(), parts.collect(), b"--frame\r\n".to_vec()].concat());
    // a port that nobody has
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new("setpriv");
    server.args([
        "--pdeathsig",
        "KILL",
        "openssl",
        "s_server",
        "-quiet",
        "-HTTP",
        "-cert",
        "camera.pem",
        "-key",
        "camera.key",
    ]);
    server.args(["-accept", &format!("127.0.0.1:{port}")]).current_dir(yard.path(""));
    let mut server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("the camera is there", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let address = format!("https://127.0.0.1:{port}/stream");
    let running = yard.start(&format!("exec capture {address} --ca ca.pem -o out.vv"));
    until("pictures are recorded", || frames(&yard, "out.vv").len() >= 9);
    running.signal(Signal::TERM);
    assert_status(&running.output(), 0);
    for (flags, why) in [("", "by no authority that is known"), ("--ca ca.pem", "is not for \"localhost\"")] {
        let address = if flags.is_empty() { address.clone() } else { address.replace("127.0.0.1", "localhost") };
        let output = yard.sh(&format!("capture {address} {flags} --wait 0s -o no.vv"));
        assert_status(&output, 1);
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    let _ = server.kill();
    let _ = server.wait();
}
