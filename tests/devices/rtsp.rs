//! Live cameras: `capture rtsp://...` from a real RTSP server, cut off and started again.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::camera::{Camera, Recorded, clip, places, recorded};
use crate::support::joined::decoded;
use crate::support::yard::{Group, Yard, until};
use crate::support::{clips, repository};

/// Starts `capture` into out.vv.
fn capture(yard: &Yard, address: &str, flags: &str) -> Group {
    yard.start(&format!("exec capture {address} {flags} -o out.vv"))
}

/// Waits until out.vv has grown by `bytes` bytes.
#[track_caller]
fn wait_for(yard: &Yard, bytes: u64) {
    let from = yard.size("out.vv");
    until("more is recorded", || yard.size("out.vv") >= from + bytes);
}

/// Ends it as a service manager does.
fn stop(capture: Group) -> String {
    capture.signal(Signal::TERM);
    let output = capture.output();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Every picture follows the one before, but where a gap is marked; times never go back. Gives the number of gaps.
#[track_caller]
fn check(r: &Recorded, places: &std::collections::HashMap<[u8; 32], usize>, clip_length: usize) -> usize {
    let mut before: Option<(usize, i64)> = None;
    let mut gaps = 0;
    for (i, (_, f, hash)) in r.frames.iter().enumerate() {
        let place = *places.get(hash).unwrap_or_else(|| panic!("picture {i} is not what the camera sent"));
        assert_eq!(
            f.flags.key,
            place.is_multiple_of(25),
            "picture {i} is at {place}, and the clip has a key frame a second"
        );
        if let Some((last, time)) = before {
            assert!(f.pts.unwrap() > time, "time goes back at picture {i}");
            let follows = place == (last + 1) % clip_length;
            assert!(follows || f.flags.gap, "pictures are missing before {i}, and nothing says so: {last} to {place}");
            if f.flags.gap {
                assert!(f.flags.key, "a decoder cannot begin after the gap at {i}");
                gaps += 1;
            }
        }
        before = Some((place, f.pts.unwrap()));
    }
    gaps
}

fn recorded_over(codec: &str, transport: &str) {
    let yard = Yard::new();
    let clip = clip(&yard.path(""), "clip.mp4", codec, "320x240", 4);
    let camera = Camera::start(&clip);
    let running = capture(&yard, &camera.address, &format!("--transport {transport} --camera gate"));
    wait_for(&yard, 200_000);
    stop(running);
    let r = recorded(&yard.bytes("out.vv"));
    assert_eq!((r.streams.len(), r.streams[0].camera.as_str()), (1, "gate"));
    let video = &r.streams[0].tracks[0];
    assert_eq!((video.codec.as_str(), video.width, video.height), (codec, 320, 240));
    assert!(r.frames.len() > 25, "{} pictures", r.frames.len());
    assert_eq!(check(&r, &places(&clip, codec == "hevc"), 100), 0);
    // 25 pictures a second in ticks of 90 kHz
    let steps = r.frames.windows(2).map(|w| w[1].1.pts.unwrap() - w[0].1.pts.unwrap());
    assert!(steps.clone().all(|s| s == 3600), "{:?}", steps.collect::<Vec<_>>());
    // and every player can read it
    let pictures = yard.done("view out.vv -o out.mp4 -q; ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 out.mp4");
    assert_eq!(pictures.trim().parse::<usize>().unwrap(), r.frames.len());
}

#[test]
fn h264_comes_over_as_the_camera_sent_it() {
    recorded_over("h264", "tcp");
}

#[test]
fn h265_comes_over_as_the_camera_sent_it() {
    recorded_over("hevc", "tcp");
}

#[test]
fn pictures_out_of_order_keep_their_times() {
    let yard = Yard::new();
    let source = "testsrc2=size=320x240:rate=25:duration=4";
    yard.done(&format!(
        "ffmpeg -v error -nostdin -f lavfi -i {source} -c:v libx264 -preset veryfast -bf 2 -g 25 -pix_fmt yuv420p clip.mp4"
    ));
    let camera = Camera::start(&yard.path("clip.mp4"));
    let running = capture(&yard, &camera.address, "");
    wait_for(&yard, 100_000);
    assert_eq!(stop(running), "");
    let r = recorded(&yard.bytes("out.vv"));
    let mut shown: Vec<_> = r.frames.iter().map(|(_, f, _)| f.pts.unwrap()).collect();
    assert!(!shown.is_sorted(), "the clip has no picture out of order");
    shown.sort_unstable();
    // the last pictures lean on one that did not come any more
    let shown = &shown[..shown.len() - 4];
    assert!(shown.windows(2).all(|w| w[1] - w[0] == 3600), "{shown:?}");
    let decoded: Vec<_> = r.frames.iter().filter(|(_, f, _)| f.dts.is_some()).collect();
    assert!(decoded.len() + 5 > r.frames.len(), "{} of {} have a time of decoding", decoded.len(), r.frames.len());
    assert!(decoded.is_sorted_by(|a, b| a.1.dts < b.1.dts));
    yard.done("view -q out.vv -o out.mp4; ffmpeg -v error -xerror -i out.mp4 -fps_mode passthrough -f null -");
}

#[test]
fn a_clock_that_is_turned_back_turns_no_time_back() {
    let yard = Yard::new();
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 4);
    let camera = Camera::start(&clip);
    yard.write("clock", b"2027-01-01 12:00:00");
    let running = yard.start(&format!(
        "export LD_PRELOAD=$(faketime -f +0 printenv LD_PRELOAD) FAKETIME_TIMESTAMP_FILE=$PWD/clock FAKETIME_NO_CACHE=1
        export FAKETIME_DONT_FAKE_MONOTONIC=1
        exec capture {} -q --epoch 1s -o out.vv",
        camera.address
    ));
    for time in ["2026-06-01 12:00:00", "2028-01-01 12:00:00"] {
        wait_for(&yard, 100_000);
        yard.write("clock", time.as_bytes());
    }
    wait_for(&yard, 100_000);
    stop(running);
    let r = recorded(&yard.bytes("out.vv"));
    assert_eq!(check(&r, &places(&clip, false), 100), 0);
    let years: BTreeSet<_> = r.walls.iter().map(|ns| 1970 + ns / 1_000_000_000 / 31_556_952).collect();
    assert_eq!(years, [2026, 2027, 2028].into(), "the epochs say what the clock said");
}

#[test]
fn a_pipeline_into_the_archive_goes_on_over_cuts() {
    let yard = Yard::new();
    yard.done("enroll desk");
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 4);
    let mut camera = Camera::start(&clip);
    let (port, address) = (camera.port(), camera.address.clone());
    let archived = |yard: &Yard, more: u64| {
        let from = yard.size_of_all("archive");
        until("more is in the archive", || yard.size_of_all("archive") > from + more);
    };
    for round in 0..2 {
        let running = yard.start(&format!(
            "trap : TERM
            capture -q {address} --camera gate | encrypt-stream -q -r certs --after archive | record -q archive"
        ));
        archived(&yard, 120_000);
        if round == 0 {
            drop(camera);
            camera = Camera::with(&clip, port, &[]);
            archived(&yard, 120_000);
        }
        running.signal(Signal::TERM);
        let ended = running.output();
        assert!(ended.status.success(), "{ended:?}");
    }
    yard.done("verify -q -i desk.key archive/ 2> gaps; decrypt-stream -q -i desk.key archive/*.vv > plain.vv");
    assert!(yard.text("gaps").contains("recording stopped and went on"), "{}", yard.text("gaps"));
    let r = recorded(&yard.bytes("plain.vv"));
    assert_eq!(r.streams.len(), 2, "a cut is no new stream, a new pipeline is");
    assert_eq!(r.streams[1].continues.unwrap().stream, r.streams[0].id);
    for stream in 0..2 {
        let frames = r.frames.iter().filter(|(s, _, _)| *s == stream).cloned().collect();
        let gaps = check(&Recorded { frames, ..Default::default() }, &places(&clip, false), 100);
        assert_eq!(gaps, 1 - stream);
    }
}

#[test]
fn what_readme_shows_of_cameras_works() {
    let yard = Yard::with_camera(5);
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let block =
        readme.split("```sh camera\n").nth(1).and_then(|rest| rest.split("```").next()).expect("README's block");
    // a port that nobody has; and the camera is there before the clock of the recordings runs
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut lines: Vec<_> = block.lines().map(|l| l.replace(":8554", &format!(":{port}"))).collect();
    let camera = lines.iter_mut().find(|l| l.starts_with("scripts/camera ")).expect("README's camera");
    let (command, _) = camera.split_once(" &").unwrap();
    *camera = format!("{command} --port {port} > address & until [ -s address ]; do sleep 0.1; done");
    let block = lines.join("\n");
    symlink(repository("scripts"), yard.path("scripts")).unwrap();
    let shown = yard.start(&format!("trap 'kill $(jobs -p) || true' EXIT; mv desk.key server.key\n{block}")).output();
    assert!(shown.status.success(), "{shown:?}");
    yard.done("verify -q -i server.key archive/; view -q public/ -o public.mp4; view -q -i server.key archive/ -o original.mp4");
}

#[test]
fn datagrams_are_put_together() {
    recorded_over("h264", "udp");
}

#[test]
fn a_camera_that_was_away_leaves_a_gap_that_is_marked() {
    let yard = Yard::new();
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 4);
    let camera = Camera::start(&clip);
    let (port, address) = (camera.port(), camera.address.clone());
    let running = capture(&yard, &address, "");
    wait_for(&yard, 100_000);
    let away = Instant::now();
    drop(camera);
    sleep(Duration::from_millis(1500));
    let camera = Camera::with(&clip, port, &[]);
    wait_for(&yard, 100_000);
    let back = away.elapsed();
    let said = stop(running);
    drop(camera);
    assert!(said.contains("lost \"rtsp://") && said.contains("is back after"), "{said}");
    let r = recorded(&yard.bytes("out.vv"));
    assert_eq!(r.streams.len(), 1, "the same stream goes on");
    assert_eq!(check(&r, &places(&clip, false), 100), 1);
    let gap = r.frames.windows(2).find(|w| w[1].1.flags.gap).unwrap();
    let seconds = (gap[1].1.pts.unwrap() - gap[0].1.pts.unwrap()) as f64 / 90_000.0;
    assert!(seconds > 1.0 && seconds < back.as_secs_f64() + 5.0, "a gap of {seconds} s, away for {back:?}");
}

#[test]
fn other_pictures_begin_a_stream_that_is_chained_to_the_last() {
    let yard = Yard::new();
    yard.done("enroll desk");
    let small = clip(&yard.path(""), "small.mp4", "h264", "320x240", 4);
    let large = clip(&yard.path(""), "large.mp4", "h264", "640x480", 4);
    let camera = Camera::start(&small);
    let (port, address) = (camera.port(), camera.address.clone());
    let running = capture(&yard, &address, "-q");
    wait_for(&yard, 100_000);
    drop(camera);
    let camera = Camera::with(&large, port, &[]);
    wait_for(&yard, 200_000);
    stop(running);
    drop(camera);
    let r = recorded(&yard.bytes("out.vv"));
    assert_eq!(r.streams.len(), 2);
    assert_eq!(r.streams[1].continues.unwrap().stream, r.streams[0].id);
    assert_eq!((r.streams[0].tracks[0].width, r.streams[1].tracks[0].width), (320, 640));
    // both go through the archiver, and its streams are chained, too
    yard.done("encrypt-stream -q -r certs out.vv -o sealed.vv; decrypt-stream -q -i desk.key sealed.vv -o plain.vv");
    let opened = recorded(&yard.bytes("plain.vv"));
    assert_eq!(opened.frames.len(), r.frames.len());
    assert_eq!(opened.streams[1].continues.unwrap().stream, opened.streams[0].id);
}

#[test]
fn parameter_sets_that_alternate_are_one_stream_and_show_all() {
    let yard = Yard::new();
    let source = yard.path("alternating.h264");
    let part = |name: &str, more: &str| {
        let raw = yard.path(name);
        let codec = format!("-c:v libx264 -preset ultrafast -bf 0 -g 25 -x264-params {more}");
        clips::clip(&raw, &format!("-f lavfi -i testsrc2=size=320x240:rate=25:duration=1 -an {codec}"));
        std::fs::read(raw).unwrap()
    };
    let (a, b) = (part("a.h264", "cabac=1:ref=1"), part("b.h264", "cabac=0:ref=3"));
    std::fs::write(&source, [&a[..], &b, &a, &b].concat()).unwrap();
    let camera = Camera::start(&source);
    let running = capture(&yard, &camera.address, "-q");
    wait_for(&yard, 400_000);
    stop(running);
    drop(camera);
    let r = recorded(&yard.bytes("out.vv"));
    assert_eq!(r.streams.len(), 1);
    assert!(r.frames.len() > 60, "{} pictures are too few to see sets come back", r.frames.len());
    yard.done("view -q -o made.mp4 out.vv");
    let sums = |file| decoded(file, 0).into_iter().map(|(_, sum)| sum).collect::<Vec<_>>();
    let (made, shown) = (sums(&yard.path("made.mp4")), sums(&source));
    assert_eq!(made.len(), r.frames.len());
    // the camera shows the source over and over
    let fits = |from: usize| made.iter().enumerate().all(|(n, sum)| *sum == shown[(from + n) % shown.len()]);
    assert!((0..shown.len()).any(fits), "other pictures than the camera's");
}

#[test]
fn the_cameras_own_clock_is_recorded_beside_ours() {
    let yard = Yard::new();
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 4);
    let camera = Camera::start(&clip);
    let running = capture(&yard, &camera.address, "-q");
    // GStreamer sends its first report within five seconds
    until("a report came", || reports(&std::fs::read(yard.path("out.vv")).unwrap_or_default()) > 0);
    stop(running);
    let r = recorded(&yard.bytes("out.vv"));
    let (time, ntp) = r.clock[0];
    let unix = (ntp >> 32) as i64 - 2_208_988_800;
    let ours = r.streams[0].start_ns / 1_000_000_000 + time / 1_000_000_000;
    assert!((unix - ours).abs() <= 3, "the camera says {unix}, we {ours}");
}

/// Records of the track of the camera's clock in a stream that is still written.
fn reports(bytes: &[u8]) -> usize {
    let mut reader = vidveil::format::Reader::new(bytes);
    let mut count = 0;
    while let Ok(Some(record)) = reader.next() {
        count += usize::from(matches!(record, vidveil::format::Record::Frame(f) if f.track == 1));
    }
    count
}

#[test]
fn name_and_password_come_from_a_file() {
    let yard = Yard::new();
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 2);
    yard.done("umask 077; echo guard:correct horse > right; echo guard:wrong > wrong");
    let right = yard.path("right");
    let camera = Camera::with(&clip, 0, &["--credentials", right.to_str().unwrap()]);
    for (flags, what) in
        [("", "wants a name and a password"), ("--credentials wrong", "refuses the name and the password")]
    {
        let refused = yard.sh(&format!("capture {} {flags} -o out.vv", camera.address));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(1) && said.contains(what) && said.contains("--credentials"), "{said}");
        assert!(!yard.exists("out.vv"));
    }
    let running = capture(&yard, &camera.address, "--credentials right");
    wait_for(&yard, 50_000);
    assert_eq!(stop(running), "");
    let with_name = camera.address.replace("rtsp://", "rtsp://guard:hidden@");
    let refused = yard.sh(&format!("capture {with_name} -o x.vv"));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && !said.contains("hidden"), "{said}");
}

#[test]
fn nobody_at_the_address_is_reported_in_time() {
    let yard = Yard::new();
    let refused = yard.sh("capture rtsp://127.0.0.1:9/stream --wait 1s -o out.vv");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot record \"rtsp://127.0.0.1:9/stream\"") && said.contains("hint: is the camera on"),
        "{said}"
    );
    assert!(!yard.exists("out.vv"));
    let refused = yard.sh("capture rtsp://127.0.0.1:9/stream --realtime");
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_stop_before_the_first_picture_is_reported_and_leaves_no_file() {
    let yard = Yard::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let running = capture(&yard, &format!("rtsp://{}/stream", silent.local_addr().unwrap()), "");
    let _connection = silent.accept().unwrap();
    let said = stop(running);
    assert!(said.contains("stopped before the first picture came: nothing is recorded"), "{said}");
    assert!(!yard.exists("out.vv"));
}

#[test]
fn a_reader_that_goes_away_is_not_called_damage() {
    let yard = Yard::new();
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 4);
    let camera = Camera::start(&clip);
    let ended = yard.sh(&format!("capture {} 2> said | head -c 100000 > kept", camera.address));
    assert_eq!((ended.status.code(), yard.text("said").as_str()), (Some(141), ""));
}
