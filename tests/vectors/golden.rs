//! The golden vectors in `testdata/vectors`: that they are what the independent builder makes, that their list is
//! fresh, and that the crate's reader says of each what its header says.
//!
//! `VIDVEIL_WRITE_VECTORS=1 cargo test --test vectors` writes vectors that are missing, and the list. It changes none.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use vidveil::format::{Manifest, Reader, Record};

use crate::builder::file::{self, Vector};
use crate::builder::{case_large, case_signed, cases, material, reader, wire};

/// As many vectors as there were when this line was last touched: none may get lost.
const AT_LEAST: usize = 308;

fn folder() -> PathBuf {
    material::testdata("vectors")
}

fn may_write() -> bool {
    std::env::var_os("VIDVEIL_WRITE_VECTORS").is_some()
}

/// Every vector in the folder, by name.
fn vectors() -> Vec<Vector> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("testdata/vectors is there")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    names.sort();
    names.iter().map(|name| file::decode(name, &fs::read(folder().join(name)).unwrap())).collect()
}

fn list(vectors: &[Vector]) -> String {
    let mut text = String::from(
        "# Golden vectors\n\nMade by the builder in `tests/vectors`, which shares no code with the crate; `vidveil-stream(5)`, \
         section TEST VECTORS, says what the header's\nlines mean. The session secret is 00 01 .. 1f. Each file has one fault at \
         most, and everything else in it is right.\nThis list is made from the files, and a test keeps it fresh.\n\n\
         | vector | expect | frames | what is in it |\n|---|---|---|---|\n",
    );
    for vector in vectors {
        let field = |key: &str| &vector.fields[key];
        let line = format!("| {} | {} | {} | {} |\n", vector.name, field("expect"), field("frames"), field("comment"));
        text.push_str(&line);
    }
    text
}

#[test]
fn every_vector_is_what_the_builder_makes() {
    fs::create_dir_all(folder()).unwrap();
    let mut built = BTreeSet::new();
    for case in cases::all() {
        assert!(built.insert(case.name.to_string()), "two cases are called {}", case.name);
        let path = folder().join(case.name);
        let bytes = file::encode(&case);
        if may_write() && !path.exists() {
            fs::write(&path, &bytes).unwrap();
        }
        let committed = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert!(committed == bytes, "{}: the committed file differs from what the page says", case.name);
    }
    let committed: BTreeSet<String> = vectors().into_iter().map(|vector| vector.name).collect();
    assert_eq!(committed, built, "files and cases");
    assert!(committed.len() >= AT_LEAST, "{} vectors, {AT_LEAST} expected", committed.len());

    let text = list(&vectors());
    if may_write() {
        fs::write(folder().join("README.md"), &text).unwrap();
    }
    assert_eq!(fs::read_to_string(folder().join("README.md")).unwrap(), text, "README.md is not fresh");
}

#[test]
fn every_kind_of_result_has_vectors() {
    let all = vectors();
    for kind in ["success", "header", "no-match", "record", "truncated", "trailing"] {
        assert!(all.iter().filter(|vector| vector.fields["expect"] == kind).count() >= 3, "{kind}");
    }
    for vector in &all {
        let keys: Vec<&str> = vector.fields.keys().map(String::as_str).collect();
        assert_eq!(keys, ["comment", "expect", "frames", "identity", "payload-sha256"], "{}", vector.name);
    }
}

#[test]
fn no_two_vectors_hold_one_container() {
    let mut seen = BTreeSet::new();
    for vector in vectors() {
        let identity = vector.fields["identity"].clone();
        assert!(seen.insert((identity, vector.container)), "{} repeats another vector", vector.name);
    }
}

#[test]
fn the_reader_says_what_each_header_says() {
    let mut wrong = Vec::new();
    let large = case_large::cases().into_iter().map(|case| file::decode(case.name, &file::encode(&case)));
    for vector in vectors().into_iter().chain(large) {
        let got = reader::open(&vector);
        let expected = ["expect", "frames", "payload-sha256"].map(|key| vector.fields[key].clone());
        let got_fields = [got.kind.to_string(), got.frames.to_string(), wire::hex(&wire::sha256(&got.payload))];
        if got_fields != expected {
            let comment = &vector.fields["comment"];
            wrong.push(format!(
                "{} ({comment}): expected {} after {} frames, got {} after {} frames: {}",
                vector.name, expected[0], expected[1], got.kind, got.frames, got.message
            ));
        }
    }
    assert!(wrong.is_empty(), "{} vectors are read otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_manifest_says_what_the_builder_wrote() {
    let vector = vectors().into_iter().find(|vector| vector.name == "plain_manifest").unwrap();
    let mut reader = Reader::new(vector.container.as_slice());
    let (mut track, mut found) = (None, Vec::new());
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Stream(s) => track = Manifest::track_of(&s),
            Record::Frame(f) if Some(f.track) == track => found.push(Manifest::parse(reader.payload()).unwrap()),
            _ => {}
        }
    }
    let expected = Manifest {
        stream: [0x5a; 16],
        stream_hash: wire::sha256(b"the original's stream record"),
        first_epoch: 2,
        last_epoch: 7,
        last_close: wire::sha256(b"its close record"),
        frames: 3,
        first_pts: Some(0),
        last_pts: Some(80),
        program: "vidveil 0.1.0".into(),
        settings: "block = 16\nmethod = \"solid\"\n".into(),
    };
    assert_eq!((track, found), (Some(1), vec![expected]));
}

#[test]
fn the_command_exits_as_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.vv");
    let mut wrong = Vec::new();
    for vector in vectors() {
        fs::write(&input, &vector.container).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_decrypt-stream"));
        if vector.fields["identity"] != "none" {
            command.arg("-i").arg(material::testdata(&format!("certs/{}.key", vector.fields["identity"])));
        }
        let ran = command.stdin(fs::File::open(&input).unwrap()).output().unwrap();
        let expected = match vector.fields["expect"].as_str() {
            // each record is right, and an epoch is missing between two excerpts in one file
            "success" if vector.name == "bond_excerpt_room" => 3,
            "success" => 0,
            // the epochs of the sessions that do not open are passed over, with a warning
            "no-match" if vector.fields["frames"] != "0" => 0,
            "no-match" => 4,
            _ => 3,
        };
        if ran.status.code() != Some(expected) {
            let said = String::from_utf8_lossy(&ran.stderr);
            wrong.push(format!("{}: expected {expected}, got {}: {said}", vector.name, ran.status));
        }
    }
    assert!(wrong.is_empty(), "{} vectors:\n{}", wrong.len(), wrong.join("\n"));
}

/// The vectors of signed streams in `testdata/signed`: fresh, and what the verifier says of each.
#[test]
fn signatures_are_what_each_header_says() {
    let folder = material::testdata("signed");
    fs::create_dir_all(&folder).unwrap();
    let mut names = BTreeSet::new();
    for case in case_signed::cases() {
        names.insert(case.name.to_string());
        let (path, bytes) = (folder.join(case.name), file::encode(&case));
        if may_write() && !path.exists() {
            fs::write(&path, &bytes).unwrap();
        }
        let committed = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert!(committed == bytes, "{}: the committed file differs from what the page says", case.name);

        let vector = file::decode(case.name, &committed);
        let got = reader::verify(&vector.container);
        let expected = [vector.fields["expect"].clone(), vector.fields["frames"].clone()];
        assert_eq!([got.kind.to_string(), got.frames.to_string()], expected, "{}: {}", case.name, got.message);
        // and a reader that does not look at signatures sees nothing
        assert_eq!(reader::read(&vector.container), "success", "{}", case.name);
    }
    let there = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.filter(|name| name != "README.md").collect::<BTreeSet<_>>(), names, "files and cases");
}
