//! Streams on S3-compatible storage: read by ranges, written whole or not at all, and what is said when storage fails.

use std::io::{Read, Write};
use std::net::TcpListener;

use rustix::process::Signal;

use crate::support::peak::peak;
use crate::support::s3::Storage;
use crate::support::yard::{Yard, assert_status, stderr, told, until};

const MIB: u64 = 1 << 20;

/// `cam.vv`: 6 s, sealed for the desk, in epochs of 2 s.
fn small() -> Yard {
    let yard = Yard::with_camera(6);
    yard.done(
        "capture --camera gate camera.mp4 --start 2026-05-01T14:00:00Z |
         encrypt-stream -r certs --rekey-interval 2s > cam.vv",
    );
    yard
}

/// `day.vv`: 10 minutes of about 18 MB each, which is noise of 10 s over and over.
fn large() -> Yard {
    let yard = Yard::new();
    yard.done(
        "enroll desk
         ffmpeg -v error -f lavfi -i color=gray:size=160x120:rate=10:duration=10 -vf noise=alls=80:allf=t \\
             -c:v libx264 -preset ultrafast -qp 18 -pix_fmt yuv420p -g 20 camera.mp4
         capture --loop 60 camera.mp4 | encrypt-stream -r certs > day.vv",
    );
    assert!(yard.size("day.vv") > 100 * MIB, "{}", yard.size("day.vv"));
    yard
}

#[test]
fn a_minute_of_a_long_recording_is_read_and_no_more() {
    let (yard, storage) = (large(), Storage::start(&[]));
    yard.done("view -i desk.key --from 00:05:00 --to 00:06:00 -o here.mkv day.vv");
    storage.put(&yard, "day.vv", "day.vv");
    storage.done(&yard, "view -i desk.key --from 00:05:00 --to 00:06:00 -o there.mkv s3://vids/day.vv");
    assert_eq!(yard.done("packets here.mkv"), yard.done("packets there.mkv"));
    let (minute, asked) = (yard.size("here.mkv"), storage.asked("GetObject"));
    // its beginning, index and keys, and what is read ahead
    assert!(asked.bytes < minute + minute / 4 + 2 * MIB, "{asked:?} for {minute} bytes");
    assert!(asked.bytes > minute && asked.requests < 50, "{asked:?} for {minute} bytes");
    assert_eq!(storage.log().lines().count(), asked.requests, "only reads:\n{}", storage.log());
    // all of it takes few requests
    storage.forget();
    storage.done(&yard, "verify -q -i desk.key s3://vids/day.vv");
    let asked = storage.asked("GetObject");
    assert!(asked.bytes < yard.size("day.vv") + 2 * MIB && asked.requests < 100, "{asked:?}");
}

#[test]
fn every_reader_takes_objects() {
    let (yard, storage) = (small(), Storage::start(&[]));
    storage.put(&yard, "cam.vv", "a day/cam 100%.vv");
    let object = "'s3://vids/a day/cam 100%.vv'";
    for reader in ["decrypt-stream -i desk.key", "protect -i desk.key --learn 1s", "rewrap --cut --from 2.5 -q"] {
        yard.done(&format!("{reader} cam.vv > here.vv"));
        storage.done(&yard, &format!("{reader} {object} > there.vv"));
        assert!(yard.bytes("here.vv") == yard.bytes("there.vv") || reader.starts_with("protect"), "{reader}");
    }
    assert_eq!(
        storage.done(&yard, &format!("inspect {object} | tail -n +2")),
        yard.done("inspect cam.vv | tail -n +2")
    );
    storage.done(&yard, &format!("verify -i desk.key {object}"));
    storage.done(
        &yard,
        &format!(
            "view -i desk.key --snapshot 3 -o there.png {object}; view -i desk.key --snapshot 3 -o here.png cam.vv"
        ),
    );
    assert!(yard.bytes("here.png") == yard.bytes("there.png"));
    // two objects, one after the other, are one recording
    yard.done("rewrap -q --cut --to 3.5 cam.vv -o 0.vv; rewrap -q --cut --from 4.5 cam.vv -o 1.vv");
    storage.put(&yard, "0.vv", "0.vv");
    yard.done("decrypt-stream -i desk.key 0.vv 1.vv -o here.vv --force");
    storage.done(&yard, "decrypt-stream -i desk.key s3://vids/0.vv 1.vv -o there.vv --force");
    assert!(yard.bytes("here.vv") == yard.bytes("there.vv"));
    // other recipients, in the copy
    storage.done(
        &yard,
        &format!(
            "enroll guard; rewrap -q -i desk.key -r certs {object} -o new.vv; view -i guard.key new.vv -o new.mkv"
        ),
    );
}

#[test]
fn what_is_wrong_with_storage_is_one_line() {
    let (yard, storage) = (small(), Storage::start(&[]));
    storage.put(&yard, "cam.vv", "cam.vv");
    let view = "view -i desk.key -o out.mkv";
    for (status, script, wanted) in [
        (
            1,
            format!("AWS_SECRET_ACCESS_KEY=wrong {view} s3://vids/cam.vv"),
            "denies access to \"s3://vids/cam.vv\" (SignatureDoesNotMatch)",
        ),
        (1, format!("AWS_ACCESS_KEY_ID=nobody {view} s3://vids/cam.vv"), "denies access to \"s3://vids/cam.vv\" ("),
        (
            1,
            format!("unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; {view} s3://vids/cam.vv"),
            "no credentials for storage",
        ),
        (1, format!("unset AWS_SECRET_ACCESS_KEY; {view} s3://vids/cam.vv"), "AWS_SECRET_ACCESS_KEY is not"),
        (1, format!("unset AWS_ALLOW_HTTP; {view} s3://vids/cam.vv"), "nothing is encrypted on the way"),
        (
            1,
            format!("AWS_ENDPOINT_URL=http://127.0.0.1:1 {view} s3://vids/cam.vv"),
            "cannot be reached for \"s3://vids/cam.vv\" at http://127.0.0.1:1: connection refused",
        ),
        (1, format!("{view} s3://vids/none.vv"), "no such object: \"s3://vids/none.vv\""),
        (1, format!("{view} s3://none/cam.vv"), "no such bucket: \"none\""),
        (1, format!("{view} s3://none/folder/"), "no such bucket: \"none\""),
        (1, format!("{view} s3://vids/folder/"), "there is no segment in \"s3://vids/folder/\""),
        (1, format!("{view} s3://vids/a/../cam.vv"), "no name of an object"),
        (2, format!("{view} s3://"), "there is no bucket in it"),
        (2, "view -i desk.key -o s3://vids/out.mkv s3://vids/cam.vv".into(), "here it must be a file"),
        (2, "view -i s3://vids/desk.key -o out.mkv s3://vids/cam.vv".into(), "here it must be a file"),
    ] {
        let output = storage.sh(&yard, &script);
        assert_status(&output, status);
        let said = stderr(&output);
        assert!(said.contains(wanted), "{script}\n{said}");
        let lines: Vec<&str> = said.lines().collect();
        assert!(
            lines[0].starts_with("view: error: ") && lines.iter().skip(1).all(|l| l.starts_with("view: hint: ")),
            "{said}"
        );
        assert!(!said.contains("a secret") && !yard.exists("out.mkv"), "{said}");
    }
    // one of several objects is missing: the others are checked
    let output = storage.sh(&yard, "verify -i desk.key s3://vids/none.vv s3://vids/cam.vv");
    assert_status(&output, 1);
    assert!(stderr(&output).contains("1 of 2 files"), "{}", told(&output));
    // an object without a byte is as empty as a file
    yard.write("empty", b"");
    storage.put(&yard, "empty", "empty.vv");
    assert_status(&storage.sh(&yard, "decrypt-stream -i desk.key s3://vids/empty.vv"), 3);
}

#[test]
fn an_overloaded_server_is_asked_again() {
    let (yard, storage) = (small(), Storage::start(&["--fail-every", "2"]));
    storage.put(&yard, "cam.vv", "cam.vv");
    storage.done(
        &yard,
        "decrypt-stream -i desk.key s3://vids/cam.vv -o there.vv; decrypt-stream -i desk.key cam.vv -o here.vv",
    );
    storage.done(&yard, "view -i desk.key --from 4 s3://vids/cam.vv -o there.mkv");
    assert!(yard.bytes("here.vv") == yard.bytes("there.vv"));
    assert!(storage.asked("SlowDown").requests > 0, "{}", storage.log());
}

#[test]
fn a_server_that_dies_ends_the_command_with_a_word() {
    let (yard, storage) = (large(), Storage::start(&["--die-at", "20"]));
    storage.put(&yard, "day.vv", "day.vv");
    let output = storage.sh(&yard, "decrypt-stream -i desk.key s3://vids/day.vv -o out.vv");
    assert_status(&output, 1);
    assert!(stderr(&output).contains("storage cannot be reached for \"s3://vids/day.vv\""), "{}", told(&output));
    assert!(!yard.exists("out.vv"));
}

#[test]
fn an_object_that_is_replaced_meanwhile_is_noticed() {
    let (yard, storage) = (large(), Storage::start(&[]));
    storage.put(&yard, "day.vv", "day.vv");
    let mut reading = storage.begin(&yard, "decrypt-stream -i desk.key s3://vids/day.vv");
    // it stands still at a full pipe
    reading.0.stdout.as_mut().unwrap().read_exact(&mut [0; 4096]).unwrap();
    storage.put(&yard, "day.vv", "new.vv");
    std::fs::rename(storage.path("new.vv"), storage.path("day.vv")).unwrap();
    let output = reading.output();
    assert_status(&output, 1);
    assert!(
        stderr(&output).contains("\"s3://vids/day.vv\" was replaced or removed while it was read"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_folder_on_storage_is_an_archive() {
    let (yard, storage) = (Yard::with_camera(12), Storage::start(&["--page", "2"]));
    yard.done(
        "capture --camera gate --start 2026-05-01T14:00:00Z camera.mp4 |
         encrypt-stream -r certs --rekey-interval 2s | record -q archive --segment 2s
         capture --camera yard --start 2026-05-01T14:00:00Z camera.mp4 |
         encrypt-stream -r certs --rekey-interval 2s | record -q archive --segment 6s
         capture --camera gate --start 2026-05-01T18:00:00Z camera.mp4 |
         encrypt-stream -r certs --rekey-interval 2s | record -q archive --segment 2s",
    );
    for entry in std::fs::read_dir(yard.path("archive")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        storage.put(&yard, &format!("archive/{name}"), &format!("site/north/{name}"));
    }
    let listed = |folder: &str| format!("record --list {folder} | sed 's/, [0-9.]* [KM]iB//'");
    assert_eq!(storage.done(&yard, &listed("s3://vids/site/north/")), yard.done(&listed("archive")));
    assert!(storage.asked("ListObjectsV2").requests >= 7, "{}", storage.log());
    for camera in ["gate", "yard"] {
        yard.done(&format!("decrypt-stream -q -i desk.key archive --camera {camera} -o {camera}.here.vv 2> /dev/null"));
        storage.done(&yard, &format!("decrypt-stream -q -i desk.key s3://vids/site/north/ --camera {camera} -o {camera}.there.vv 2> /dev/null"));
        assert!(yard.bytes(&format!("{camera}.here.vv")) == yard.bytes(&format!("{camera}.there.vv")));
    }
    let span = "--camera gate --from 2026-05-01T18:00:05Z --to 2026-05-01T18:00:07Z";
    yard.done(&format!("view -q -i desk.key {span} archive -o here.mkv"));
    storage.forget();
    storage.done(&yard, &format!("view -q -i desk.key {span} s3://vids/site/north/ -o there.mkv"));
    assert_eq!(yard.done("packets here.mkv"), yard.done("packets there.mkv"));
    // those of another time are distinguished by their names
    assert!(!storage.log().contains("T14000") && storage.log().contains("T18000"), "{}", storage.log());
    let output = storage.sh(&yard, "view -i desk.key s3://vids/site/north/ -o out.mkv");
    assert_status(&output, 2);
    assert!(stderr(&output).contains("holds several recordings"), "{}", told(&output));
    storage.done(&yard, "verify -q -i desk.key --camera yard s3://vids/site/north/");
}

#[test]
fn an_object_is_there_when_it_is_finished() {
    let (yard, storage) = (large(), Storage::start(&[]));
    let small = "capture --stream-id 00112233445566778899aabbccddeeff --start 2026-05-01T14:00:00Z camera.mp4 -o";
    storage.done(&yard, &format!("{small} s3://vids/small.vv; {small} small.vv"));
    assert!(std::fs::read(storage.path("small.vv")).unwrap() == yard.bytes("small.vv"));
    assert_eq!(storage.asked("UploadPart").requests, 0);
    storage.done(
        &yard,
        "decrypt-stream -i desk.key day.vv -o s3://vids/plain.vv; decrypt-stream -i desk.key day.vv -o plain.vv",
    );
    assert!(std::fs::read(storage.path("plain.vv")).unwrap() == yard.bytes("plain.vv"));
    assert!(storage.asked("UploadPart").requests > 10);
    // a name that is taken
    let output = storage.sh(&yard, "decrypt-stream -i desk.key day.vv -o s3://vids/small.vv");
    assert_status(&output, 2);
    assert!(stderr(&output).contains("\"s3://vids/small.vv\" exists already"), "{}", told(&output));
    storage.done(&yard, "capture camera.mp4 -f -o s3://vids/small.vv");
    assert_ne!(std::fs::read(storage.path("small.vv")).unwrap(), yard.bytes("small.vv"));
    // what fails leaves nothing, and what is killed no object
    storage.done(&yard, "head -c 60000000 day.vv > cut; cat cut day.vv > two");
    let writing = storage.begin(&yard, "{ cat cut; sleep 60; } | decrypt-stream -i desk.key -o s3://vids/never.vv");
    until("parts are stored", || storage.log().matches("UploadPart vids never.vv").count() > 3);
    writing.signal(Signal::KILL);
    drop(writing);
    assert!(!storage.path("never.vv").exists());
    let before = storage.leftovers();
    let output = storage.sh(&yard, "enroll other; decrypt-stream -i desk.key two -i other.key -o s3://vids/damaged.vv");
    assert_status(&output, 3);
    assert_eq!(storage.leftovers(), before);
}

/// A storage that answers every request for a part with a body that never ends.
fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut client = client;
                let mut request = [0; 4096];
                let _ = client.read(&mut request);
                let head = "HTTP/1.1 206 Partial Content\r\nContent-Length: 9000000000000\r\n\
                            Content-Range: bytes 0-262143/9000000000000\r\nETag: \"a\"\r\n\
                            Last-Modified: Sat, 02 May 2026 10:00:00 GMT\r\n\r\n";
                let mut sent = client.write_all(head.as_bytes());
                while sent.is_ok() {
                    sent = client.write_all(&[0; 1 << 16]);
                }
            });
        }
    });
    address
}

#[test]
fn an_answer_that_never_ends_is_left() {
    let yard = Yard::new();
    let mut command = yard.command("inspect", &["s3://vids/a.vv"]);
    command.envs([
        ("AWS_ACCESS_KEY_ID", "AKTEST".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "a secret".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{}", endless())),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
    ]);
    let done = peak(&command, "/dev/null".as_ref());
    assert_eq!(done.status, 1, "{}", done.said);
    assert!(done.said.contains("is longer than the 262144 bytes that were asked for"), "{}", done.said);
    assert!(done.mib < 128, "{} MiB", done.mib);
}
