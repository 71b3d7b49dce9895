//! Bad input: one line that says what is wrong, the right exit status, and no file that could pass for a result.

use crate::support::yard::{Yard, stderr, told};

/// The command line, its exit status, and how its error line begins after "COMMAND: error: ".
type Case = (&'static str, i32, &'static str);

const NOT_A_STREAM: &str = "not a vidveil stream that can be read: it does not begin as a vidveil stream does";

const CASES: &[Case] = &[
    // no file
    ("capture none.mp4 -o out.vv", 1, "no such file: \"none.mp4\""),
    ("encrypt-stream -r certs none.vv -o out.vv", 1, "no such file: \"none.vv\""),
    ("decrypt-stream -i desk.key none.vv -o out.vv", 1, "no such file: \"none.vv\""),
    ("protect -i desk.key none.vv -o out.vv", 1, "no such file: \"none.vv\""),
    ("view none.vv -o out.mp4", 1, "no such file: \"none.vv\""),
    ("inspect none.vv", 1, "no such file: \"none.vv\""),
    ("verify none.vv", 1, "none.vv: cannot be read: no such file"),
    ("decrypt-stream -i none.key sealed.vv -o out.vv", 1, "no such file: \"none.key\""),
    ("capture . -o out.vv", 2, "\".\" is a folder, not a video"),
    ("protect . -o out.vv", 1, "there is no segment in \".\""),
    // not a stream
    ("encrypt-stream -r certs camera.mp4 -o out.vv", 3, NOT_A_STREAM),
    ("decrypt-stream -i desk.key notes.txt -o out.vv", 3, NOT_A_STREAM),
    ("protect picture.png -o out.vv", 3, NOT_A_STREAM),
    ("view camera.mp4 -o out.mp4", 3, NOT_A_STREAM),
    ("inspect notes.txt", 3, NOT_A_STREAM),
    ("verify notes.txt", 3, "notes.txt: not a vidveil stream"),
    // the wrong kind of stream
    ("encrypt-stream -r certs sealed.vv -o out.vv", 2, "the input is sealed already"),
    ("protect public.vv -o out.vv", 2, "the stream is public already"),
    ("capture plain.vv -o out.vv", 2, "\"plain.vv\" is a vidveil stream already"),
    ("decrypt-stream sealed.vv -o out.vv", 4, "the stream is sealed, and no key was given"),
    ("protect sealed.vv -o out.vv", 4, "the stream is sealed, and no key was given"),
    ("view sealed.vv -o out.mp4", 4, "the stream is sealed, and no key was given"),
    ("decrypt-stream -i desk.key plain.vv -o out.vv", 4, "the stream is not sealed, although a key was given"),
    // no video
    ("capture notes.txt -o out.vv", 1, "cannot read \"notes.txt\": not a video file or stream"),
    ("capture picture.png -o out.vv", 1, "cannot read \"picture.png\": the input is a picture (png), not a video"),
    ("capture picture.jpg -o out.vv", 1, "cannot read \"picture.jpg\": the input is a picture (jpeg), not a video"),
    ("capture tone.m4a -o out.vv", 1, "cannot read \"tone.m4a\": the input has no video track"),
    ("protect tone.vv -o out.vv", 1, "the stream has no video track"),
    ("capture unknown.mkv -o out.vv", 1, "cannot read \"unknown.mkv\": unknown codec"),
    ("protect unknown.vv -o out.vv", 1, "people in this video cannot be hidden: unknown codec xsmpeg4v3"),
    ("view unknown.vv -o out.mkv", 1, "unknown codec xsmpeg4v3"),
    ("view odd.vv -o out.mp4", 1, "mp4 cannot hold msmpeg4v3"),
    // keys and certificates
    ("encrypt-stream -r desk.key plain.vv -o out.vv", 4, "no valid certificate is left"),
    ("encrypt-stream -r notes.txt plain.vv -o out.vv", 4, "no valid certificate is left"),
    ("encrypt-stream plain.vv -o out.vv", 2, "no recipient"),
    (
        "decrypt-stream -i certs/desk.pem sealed.vv -o out.vv",
        4,
        "cannot use the key \"certs/desk.pem\": this is a certificate",
    ),
    (
        "protect -i certs/desk.pem sealed.vv -o out.vv",
        4,
        "cannot use the key \"certs/desk.pem\": this is a certificate",
    ),
    ("view -i certs/desk.pem sealed.vv -o out.mp4", 4, "cannot use the key \"certs/desk.pem\": this is a certificate"),
    ("verify -i certs/desk.pem sealed.vv", 4, "cannot use the key \"certs/desk.pem\": this is a certificate"),
    ("view -i notes.key sealed.vv -o out.mp4", 4, "cannot use the key \"notes.key\": no private key found"),
    // names
    ("decrypt-stream -i desk.key sealed.vv -o sealed.vv", 2, "the output \"sealed.vv\" is the input"),
    ("decrypt-stream -f -i desk.key sealed.vv -o ./sealed.vv", 2, "the output \"./sealed.vv\" is the input"),
    ("protect -f plain.vv -o link.vv", 2, "the output \"link.vv\" is the input"),
    ("encrypt-stream -f -r certs plain.vv -o plain.vv", 2, "the output \"plain.vv\" is the input"),
    ("capture camera.mp4 -o plain.vv", 2, "\"plain.vv\" exists already"),
    ("encrypt-stream -r certs plain.vv -o sealed.vv", 2, "\"sealed.vv\" exists already"),
    ("decrypt-stream -i desk.key sealed.vv -o plain.vv", 2, "\"plain.vv\" exists already"),
    ("protect plain.vv -o public.vv", 2, "\"public.vv\" exists already"),
    ("view plain.vv -o camera.mp4", 2, "\"camera.mp4\" exists already"),
    ("capture camera.mp4 -o none/out.vv", 2, "no such folder: \"none\""),
    ("view plain.vv -o out.webm", 2, "\"out.webm\" does not end in .mp4 or .mkv"),
];

/// Everything that the cases name.
fn yard() -> Yard {
    let yard = Yard::with_camera(1);
    yard.done(
        "capture camera.mp4 > plain.vv; encrypt-stream -r certs plain.vv > sealed.vv; protect plain.vv > public.vv
        head -c -1500 sealed.vv > cut.vv; head -c -1500 plain.vv > cut.plain.vv
        ln plain.vv link.vv; echo words > notes.txt; install -m 600 notes.txt notes.key
        ffmpeg -v error -i camera.mp4 -frames:v 1 picture.png
        ffmpeg -v error -i camera.mp4 -frames:v 1 picture.jpg
        ffmpeg -v error -f lavfi -i sine=duration=1 -c:a aac tone.m4a
        ffmpeg -v error -i camera.mp4 -c:v msmpeg4v3 odd.mkv; capture odd.mkv > odd.vv
        sed 's:V_MPEG4/MS/V3:V_MPEG4/XS/V3:' odd.mkv > unknown.mkv; sed 's/msmpeg4v3/xsmpeg4v3/' odd.vv > unknown.vv
        ffmpeg -v error -i camera.mp4 -f lavfi -i sine=duration=1 -c:v copy -c:a aac both.mp4",
    );
    yard.write("tone.vv", &without_video(&yard));
    yard
}

/// A stream with the sound of `both.mp4` only.
fn without_video(yard: &Yard) -> Vec<u8> {
    use vidveil::format::{Clock, Frame, PlainWriter, Reader, Reason, Record, TrackKind};
    yard.done("capture both.mp4 > both.vv");
    let bytes = yard.bytes("both.vv");
    let clock = Clock { wall_ns: 0, mono_ns: 0 };
    let (mut reader, mut writer, mut audio) = (Reader::new(bytes.as_slice()), None, 0);
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Stream(mut s) => {
                audio = s.tracks.iter().position(|t| t.kind == TrackKind::Audio).unwrap();
                s.tracks.retain(|t| t.kind == TrackKind::Audio);
                writer = Some(PlainWriter::begin(Vec::new(), &s, i64::MAX).unwrap());
            }
            Record::Frame(f) if usize::from(f.track) == audio => {
                writer.as_mut().unwrap().frame(&Frame { track: 0, ..f }, reader.payload(), clock).unwrap();
            }
            _ => {}
        }
    }
    let mut writer = writer.unwrap();
    writer.finish(Reason::EndOfInput, clock).unwrap();
    writer.into_output()
}

/// One error line in the family's manner, and at most a hint after it; warnings may come before.
#[track_caller]
fn assert_reported(line: &str, output: &std::process::Output, status: i32, message: &str) {
    let command = line.split(' ').next().unwrap();
    let said = stderr(output);
    let errors: Vec<&str> = said.lines().filter(|l| !l.starts_with(&format!("{command}: warning: "))).collect();
    assert_eq!(output.status.code(), Some(status), "{line}\n{}", told(output));
    let expected = format!("{command}: error: {message}");
    assert!(errors.first().is_some_and(|e| e.starts_with(&expected)), "{line}\n{said}");
    assert!(
        errors.len() <= 2 && errors.iter().skip(1).all(|h| h.starts_with(&format!("{command}: hint: "))),
        "{line}\n{said}"
    );
    assert!(!errors.iter().any(|e| e.ends_with('.')), "{line}\n{said}");
}

#[test]
fn each_is_reported_in_one_line_and_leaves_no_file() {
    let yard = yard();
    let before = yard.names();
    let content = |names: &[String]| names.iter().map(|n| std::fs::read(yard.path(n)).ok()).collect::<Vec<_>>();
    let bytes = content(&before);
    for (line, status, message) in CASES {
        let output = yard.sh(line);
        assert_reported(line, &output, *status, message);
        assert!(output.stdout.is_empty() || line.starts_with("verify"), "{line}\n{}", told(&output));
        assert_eq!(yard.names(), before, "{line}");
    }
    assert!(content(&yard.names()) == bytes, "a file that was there has changed");
}

#[test]
fn what_is_authentic_in_a_cut_stream_is_kept_under_its_name() {
    let yard = yard();
    for (line, made) in [
        ("encrypt-stream -r certs cut.plain.vv -o out.vv", "verify -i desk.key out.vv"),
        ("decrypt-stream -i desk.key cut.vv -o out.vv", "inspect --json out.vv"),
        ("protect -i desk.key cut.vv -o out.vv", "inspect --json out.vv"),
        ("view -i desk.key cut.vv -o out.mp4", "times out.mp4"),
        ("inspect --json cut.vv", ""),
        ("verify -i desk.key cut.vv", ""),
    ] {
        let output = yard.sh(line);
        assert_reported(line, &output, 3, "");
        assert!(stderr(&output).contains("cut at byte"), "{line}\n{}", told(&output));
        if !made.is_empty() {
            let looked = yard.sh(made);
            let status = if made.starts_with("times") { 0 } else { 3 };
            assert_eq!(looked.status.code(), Some(status), "{line}; {made}\n{}", told(&looked));
            assert!(!looked.stdout.is_empty(), "{line}; {made}");
        }
        let _ = std::fs::remove_file(yard.path("out.vv"));
        let _ = std::fs::remove_file(yard.path("out.mp4"));
    }
}

#[test]
fn a_key_that_others_can_read_is_used_with_a_warning() {
    let yard = yard();
    yard.done("install -m 644 desk.key open.key; install -m 640 desk.key group.key");
    for key in ["open.key", "group.key"] {
        for line in ["decrypt-stream sealed.vv", "protect sealed.vv", "view -o - sealed.vv", "verify sealed.vv"] {
            let output = yard.sh(&format!("{line} -i {key}"));
            let command = line.split(' ').next().unwrap();
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(0), "{line}\n{said}");
            assert!(
                said.starts_with(&format!("{command}: warning: \"{key}\" can be read by other users")),
                "{line}\n{said}"
            );
            assert!(said.ends_with(&format!("{command}: hint: chmod 600 \"{key}\"\n")), "{line}\n{said}");
        }
    }
}

#[test]
fn binary_data_is_not_written_to_a_terminal() {
    let yard = yard();
    for (line, message) in [
        ("capture camera.mp4", "binary data is not written to a terminal"),
        ("encrypt-stream -r certs plain.vv", "binary data is not written to a terminal"),
        ("decrypt-stream -i desk.key sealed.vv", "binary data is not written to a terminal"),
        ("protect plain.vv", "binary data is not written to a terminal"),
        ("view plain.vv", "no output chosen"),
        ("inspect --cms 0 sealed.vv", "binary data is not written to a terminal"),
    ] {
        // util-linux's script gives the command a terminal
        let output = yard.sh(&format!("script -qefc '{line}' /dev/null < /dev/null"));
        let command = line.split(' ').next().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        assert_eq!(output.status.code(), Some(2), "{line}\n{said}");
        assert!(
            said.starts_with(&format!("{command}: error: {message}")) && said.contains(": hint: "),
            "{line}\n{said}"
        );
        assert!(said.lines().count() == 2, "{line}\n{said}");
    }
    let output = yard.sh("script -qefc 'capture camera.mp4 -o -' /dev/null < /dev/null");
    assert!(output.status.success() && output.stdout.windows(5).any(|w| w == b"VVEIL"));
}

#[cfg(not(feature = "pkcs11"))]
#[test]
fn without_the_feature_a_token_is_reported_as_missing() {
    let output = Yard::new().sh("decrypt-stream -i 'pkcs11:/m.so?token=desk' < /dev/null");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("built without security modules"), "{}", stderr(&output));
}
