//! Cameras that deviate from the page: nothing of what they send is lost, and what may be missing is marked.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;

use crate::support::camera::{Recorded, clip, places, recorded};
use crate::support::dialogue::Request;
use crate::support::quirks::{GOP, Numbers, Quirk, Quirky, SDP, interleaved, packet};
use crate::support::yard::{Yard, assert_status, stderr, until};

/// Pictures of the clip.
const COUNT: usize = 100;

/// Records the whole clip of a camera with a quirk, and asks for more before it stops.
#[track_caller]
fn recorded_with(quirk: Quirk, flags: &str, more: impl Fn(&Quirky) -> bool) -> (Recorded, String, Quirky) {
    let yard = Yard::new();
    yard.done("umask 077; echo 'guard:correct horse' > right");
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 4);
    let camera = Quirky::start(&clip, quirk);
    let running = yard.start(&format!("exec capture {} {flags} -o out.vv", camera.address));
    until("all is recorded", || pictures(&yard) >= COUNT && more(&camera));
    running.signal(Signal::TERM);
    let output = running.output();
    assert_status(&output, 0);
    let r = recorded(&yard.bytes("out.vv"));
    let places = places(&clip, false);
    let order: Vec<_> = r.frames.iter().map(|(_, _, hash)| places.get(hash).copied()).collect();
    assert_eq!(order, (0..COUNT).map(Some).collect::<Vec<_>>(), "{}", stderr(&output));
    assert!(r.frames.windows(2).all(|w| w[0].1.pts < w[1].1.pts), "times go back");
    (r, stderr(&output), camera)
}

/// Pictures in a recording that is still written.
fn pictures(yard: &Yard) -> usize {
    let bytes = std::fs::read(yard.path("out.vv")).unwrap_or_default();
    let mut reader = vidveil::format::Reader::new(&bytes[..]);
    let mut count = 0;
    while let Ok(Some(record)) = reader.next() {
        count += usize::from(matches!(record, vidveil::format::Record::Frame(f) if f.track == 0));
    }
    count
}

/// Before which pictures something is said to be missing.
fn gaps(r: &Recorded) -> Vec<usize> {
    r.frames.iter().enumerate().filter(|(_, (_, f, _))| f.flags.gap).map(|(i, _)| i).collect()
}

/// A camera that changes its numbers so.
fn sends(change: impl Fn(usize, &mut Numbers) + Send + Sync + 'static) -> Quirk {
    Quirk { send: Box::new(change), ..Quirk::default() }
}

/// A camera that changes an answer so.
fn answers(change: impl Fn(&Request, String) -> String + Send + Sync + 'static) -> Quirk {
    Quirk { answer: Box::new(move |request, answer| vec![change(request, answer)]), ..Quirk::default() }
}

/// Before the key frames, but the first.
const KEYS: [usize; 3] = [GOP, 2 * GOP, 3 * GOP];

fn is_later_key(place: usize) -> bool {
    KEYS.contains(&place)
}

#[test]
fn numbers_that_begin_anew_are_taken_in_the_running_connection_and_marked() {
    type Change = fn(&mut Numbers);
    let changes: [(&str, Change); 8] = [
        ("SSRC", |n| n.ssrc = n.ssrc.wrapping_mul(7).wrapping_add(1)),
        ("SSRC and number", |n| (n.ssrc, n.number) = (n.ssrc ^ 0xffff, n.number.wrapping_add(20_000))),
        ("all three", |n| {
            (n.ssrc, n.number, n.timestamp) =
                (n.ssrc ^ 0xffff, 5000, n.timestamp.wrapping_mul(3).wrapping_add(90_000_000));
        }),
        ("number, ahead", |n| n.number = n.number.wrapping_add(10_000)),
        ("number, back", |n| n.number = n.number.wrapping_sub(500)),
        ("time, ahead", |n| n.timestamp = n.timestamp.wrapping_add(20 * 90_000)),
        ("time, back", |n| n.timestamp = n.timestamp.wrapping_sub(90_000)),
        ("time, far back", |n| n.timestamp = n.timestamp.wrapping_sub(20_000 * 90_000)),
    ];
    for (what, change) in changes {
        for marker in [true, false] {
            let quirk = sends(move |place, numbers| {
                // the last picture has a marker in any case: nothing comes after it
                numbers.marker = marker || place + 1 == COUNT;
                if is_later_key(place) {
                    change(numbers);
                }
            });
            let (r, said, camera) = recorded_with(quirk, "", |_| true);
            assert_eq!((camera.connections(), gaps(&r)), (1, KEYS.to_vec()), "{what}: {said}");
            assert!(said.lines().count() == 1 && said.contains("anew"), "{what}: {said}");
            let length = r.frames[COUNT - 1].1.pts.unwrap() - r.frames[0].1.pts.unwrap();
            assert!(length < 90 * 90_000, "{what}: the times jump with the camera's");
        }
    }
}

#[test]
fn what_is_none_of_the_cameras_packets_is_skipped() {
    type Change = fn(usize, &mut Numbers);
    let changes: [(&str, Change); 7] = [
        ("every packet twice", |_, n| n.twice = true),
        ("packets of another session", |place, n| {
            let other = Numbers { ssrc: 9, number: place as u16, ..n.clone() };
            n.before = if place > 0 { packet(&other, b"\x41other", true) } else { Vec::new() };
        }),
        ("what is no RTP", |_, n| {
            n.before = [interleaved(0, b""), interleaved(0, &[0; 40]), interleaved(0, b"\x80")].concat()
        }),
        ("reports that end nowhere", |_, n| {
            n.before = [interleaved(1, b"\x80\xc8\xff\xff"), interleaved(1, b"x")].concat()
        }),
        ("channels of nothing", |_, n| n.before = interleaved(14, b"abcd")),
        ("bytes between packets", |_, n| n.before = b"\r\n\0junk\r\n".to_vec()),
        ("another type with the same number", |_, n| {
            let mut other = packet(n, b"\x41other", true);
            other[5] = 50;
            n.before = other;
        }),
    ];
    for (what, change) in changes {
        let (r, said, camera) = recorded_with(sends(change), "", |_| true);
        assert_eq!((camera.connections(), gaps(&r), said.as_str()), (1, vec![], ""), "{what}");
    }
}

#[test]
fn a_unit_that_cannot_be_is_a_gap_and_no_end() {
    // a forbidden bit, interleaved units, the rest of what did not begin
    for unit in [&b"\xc1broken"[..], b"\x79broken", b"\x7c\x05broken"] {
        let quirk = sends(move |place, numbers| {
            if is_later_key(place) {
                numbers.before = packet(numbers, unit, false);
                numbers.number = numbers.number.wrapping_add(1);
            }
        });
        let (r, _, camera) = recorded_with(quirk, "", |_| true);
        assert_eq!((camera.connections(), gaps(&r)), (1, KEYS.to_vec()));
    }
}

#[test]
fn a_camera_that_hangs_up_after_every_group_is_connected_to_again() {
    let quirk = sends(|place, numbers| {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        numbers.hangs_up = is_later_key(place) && LAST.swap(place, Ordering::SeqCst) != place;
    });
    let (r, said, camera) = recorded_with(quirk, "", |_| true);
    assert_eq!((camera.connections(), gaps(&r)), (4, KEYS.to_vec()), "{said}");
}

#[test]
fn descriptions_that_deviate_are_understood() {
    for (what, sdp) in [
        ("an origin of nobody", SDP.replace("IN IP4 127.0.0.1", "IN").replace("c=IN IP4 0.0.0.0", "c=IN")),
        ("only media", SDP[SDP.find("m=").unwrap()..].to_owned()),
        ("line feeds", SDP.replace('\r', "")),
        ("spaces", SDP.replace("96 H264", " 96  H264").replace("\r\n", " \r\n")),
        (
            "two types",
            SDP.replace("RTP/AVP 96", "RTP/AVP 97 96").replace("a=rtpmap:96", "a=rtpmap:97 vp8/90000\r\na=rtpmap:96"),
        ),
        (
            "parameter sets that are none",
            SDP.replace("a=rtpmap", "a=fmtp:96 sprop-parameter-sets=6QAAAB4=,x;\r\na=rtpmap"),
        ),
    ] {
        let quirk = answers(move |request, answer| match request.method() {
            "DESCRIBE" => request.answer(
                "200 OK",
                "Content-Type: text/plain; charset=utf-8\r\nContent-Base: 192.0.2.7/s\r\n",
                &sdp,
            ),
            _ => answer,
        });
        let (r, said, _) = recorded_with(quirk, "", |_| true);
        assert_eq!((gaps(&r), said.as_str()), (vec![], ""), "{what}");
    }
}

#[test]
fn headers_that_deviate_are_understood() {
    type Change = fn(&Request, String) -> String;
    let changes: [(&str, Change); 9] = [
        ("numbers that are not sent", |r, a| {
            play(r, a, "RTP-Info: url=rtsp://127.0.0.1/trackID=1;seq=7777;rtptime=99")
        }),
        ("no such stream", |r, a| play(r, a, "RTP-Info: seq=a;;=,url;rtptime=-1")),
        ("a timeout of nothing", |_, a| a.replace("timeout=60", " Timeout = 0 ; x")),
        ("no session", |_, a| a.replace("Session: 7;timeout=60\r\n", "")),
        ("a source that nobody has", |_, a| a.replace("unicast;", "unicast ; ssrc=A046; source=camera.local; ")),
        ("no transport", |r, a| if r.method() == "SETUP" { r.answer("200 OK", "Session: 7\r\n", "") } else { a }),
        ("another version", |_, a| a.replace("RTSP/1.0 200", "RTSP/1.1  200")),
        ("bytes of no text, and lines that go on", |_, a| a.replacen("\r\n", "\r\nServer: a\r\n b\0: \u{e9}\r\n", 1)),
        ("requests of its own", |_, a| {
            format!("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nX y RTSP/1.0\r\nCSeq: 2\r\n\r\n{a}")
        }),
    ];
    for (what, change) in changes {
        let (r, said, _) = recorded_with(answers(change), "", |_| true);
        assert_eq!((gaps(&r), said.as_str()), (vec![], ""), "{what}");
    }
}

fn play(request: &Request, answer: String, header: &str) -> String {
    if request.method() == "PLAY" {
        request.answer("200 OK", &format!("Session: 7\r\n{header}\r\n"), "")
    } else {
        answer
    }
}

fn number(request: &Request) -> u32 {
    request.header("CSeq").unwrap().parse().unwrap()
}

#[test]
fn whatever_a_camera_thinks_of_keepalives_it_is_recorded() {
    type Change = fn(&Request, String) -> Vec<String>;
    let changes: [(&str, Change); 5] = [
        ("the number before", |r, a| {
            vec![a.replace(&format!("CSeq: {}", number(r)), &format!("CSeq: {}", number(r) - 1))]
        }),
        ("no number", |_, a| vec![a.lines().filter(|l| !l.starts_with("CSeq")).map(|l| format!("{l}\r\n")).collect()]),
        ("no answer", |_, _| vec![]),
        ("refused", |r, _| vec![r.answer("454 Session Not Found", "", "")]),
        ("twice", |_, a| vec![a.clone(), a]),
    ];
    for (what, change) in changes {
        let quirk = Quirk {
            answer: Box::new(move |request, answer| match request.method() {
                "DESCRIBE" | "PLAY" => vec![answer],
                "SETUP" => vec![answer.replace("timeout=60", "timeout=4")],
                _ => change(request, answer),
            }),
            ..Quirk::default()
        };
        let is_keepalive = |r: &Request| ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"].contains(&r.method());
        let two = |camera: &Quirky| camera.asked.all().iter().filter(|r| is_keepalive(r)).count() >= 2;
        let (_, said, camera) = recorded_with(quirk, "", two);
        assert_eq!((camera.connections(), said.as_str()), (1, ""), "{what}");
    }
}

#[test]
fn a_camera_that_asks_for_proof_anew_gets_it() {
    // a nonce for each request, with and without a word that the last one is old
    for stale in [", stale=true", ""] {
        let last = Mutex::new(0);
        let quirk = answers(move |request, answer| {
            let answer = answer.replace("timeout=60", "timeout=4");
            let mut last = last.lock().unwrap();
            if request.header("Authorization").is_some_and(|proof| proof.contains(&format!("nonce=\"n{last}\""))) {
                // from the second request on, the nonce is good for one answer
                *last += usize::from(request.method() != "DESCRIBE");
                return answer;
            }
            let challenge = format!("WWW-Authenticate: Digest realm=\"cam\", nonce=\"n{last}\"{stale}\r\n");
            request.answer("401 Unauthorized", &challenge, "")
        });
        let proven = |camera: &Quirky| camera.asked.all().iter().any(|r| r.method() == "GET_PARAMETER");
        let (_, said, camera) = recorded_with(quirk, "--credentials right", proven);
        assert_eq!((camera.connections(), said.as_str()), (1, ""), "{stale}");
    }
}

#[test]
fn h264_without_idr_pictures_is_recorded_from_a_recovery_point_on() {
    let yard = Yard::new();
    let source = "testsrc2=size=320x240:rate=25:duration=4";
    yard.done(&format!(
        "ffmpeg -v error -nostdin -f lavfi -i {source} -c:v libx264 -preset veryfast -bf 0 -g 25 -pix_fmt yuv420p \
         -x264-params intra-refresh=1:repeat-headers=1 clip.mp4"
    ));
    // who connects later gets no IDR picture: there is one, at the beginning
    let camera = Quirky::start(&yard.path("clip.mp4"), Quirk::default());
    camera.sent.store(5, Ordering::SeqCst);
    let running = yard.start(&format!("exec capture {} --epoch 1s -o out.vv", camera.address));
    until("pictures are recorded", || pictures(&yard) >= COUNT - GOP - 1);
    running.signal(Signal::TERM);
    assert_status(&running.output(), 0);
    let r = recorded(&yard.bytes("out.vv"));
    let places = places(&yard.path("clip.mp4"), false);
    let first = places[&r.frames[0].2];
    assert!(first > 5 && first <= GOP + 1, "begins at {first}");
    assert_eq!(r.frames.len(), COUNT - first);
    assert!(r.frames[0].1.flags.key && r.frames.iter().filter(|(_, f, _)| f.flags.key).count() >= 3);
    // epochs end at such pictures; a decoder shows them from the first one on that is whole, within a group
    yard.done("enroll desk; encrypt-stream -q -r certs out.vv -o sealed.vv; view -q -i desk.key sealed.vv -o out.mp4");
    let shown = yard.done(
        "ffprobe -v error -count_frames -count_packets -show_entries stream=nb_read_frames,nb_read_packets -of csv=p=0 out.mp4",
    );
    let (shown, packets) = shown.trim().split_once(',').unwrap();
    assert_eq!(packets.parse::<usize>().unwrap(), r.frames.len());
    assert!(shown.parse::<usize>().unwrap() > r.frames.len() - GOP, "{shown} are shown");
}

#[test]
fn a_hint_speaks_of_what_was_seen() {
    let yard = Yard::new();
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 4);
    let silent = sends(|_, numbers| numbers.channel = 9);
    let busy = answers(|request, answer| match request.method() {
        "PLAY" => request.answer("453 Not Enough Bandwidth", "", ""),
        _ => answer,
    });
    let srtp = answers(|request, answer| match request.method() {
        "DESCRIBE" => request.answer("200 OK", "", &SDP.replace("RTP/AVP", "RTP/SAVP")),
        _ => answer,
    });
    for (quirk, what, hint) in [
        (silent, "nothing came for 1 s", "said that it plays, and nothing came"),
        (busy, "453", "the camera answers, and does not play"),
        (srtp, "no video that can be recorded, but video RTP/SAVP", "have the camera send H.264"),
    ] {
        let camera = Quirky::start(&clip, quirk);
        let output = yard.sh(&format!("capture {} --wait 0s --stall 1s -o out.vv", camera.address));
        assert_status(&output, 1);
        let said = stderr(&output);
        assert!(said.contains(what) && said.contains(hint) && said.lines().count() == 2, "{said}");
    }
}
