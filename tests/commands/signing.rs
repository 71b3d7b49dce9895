//! Signed streams through the commands: made, checked, refused, cut, rewrapped, followed.

use rustix::process::Signal;
use serde_json::Value;
use vidveil::format::{Reader, Record};
use vidveil::keys::{Algorithm, GenerateOptions, Purpose, generate_for};

use crate::support::signatures::twin;
use crate::support::wait::until;
use crate::support::yard::{Yard, assert_status, stderr, told};

/// A camera, a desk, an archiver that signs, and `signed.vv`: its stream of several epochs.
fn yard() -> Yard {
    let yard = Yard::with_camera(6);
    yard.done(
        "signer archiver; signer other
         capture camera.mp4 -o cam.vv
         encrypt-stream -r certs --rekey-interval 1s --sign archiver.key --signer archiver.pem cam.vv -o signed.vv
         encrypt-stream -r certs --rekey-interval 1s cam.vv -o unsigned.vv",
    );
    yard
}

/// Where each close record begins and ends.
fn closes(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut reader, mut found) = (Reader::new(bytes), Vec::new());
    while let Some(record) = reader.next().unwrap() {
        if matches!(record, Record::Close(_)) {
            let at = reader.record_offset() as usize;
            found.push(at..at + reader.raw().len());
        }
    }
    assert!(found.len() >= 3, "{} epochs", found.len());
    found
}

#[test]
fn every_kind_of_key_signs_and_the_signer_must_be_accepted() {
    let yard = Yard::with_camera(2);
    yard.done("signer other; capture camera.mp4 -o cam.vv");
    for kind in ["ed25519", "p-256", "p-384", "rsa-3072"] {
        yard.done(&format!(
            "signer {kind} --algorithm {kind}; openssl x509 -in {kind}.pem -noout -ext keyUsage > usage
             encrypt-stream -r certs --sign {kind}.key --signer {kind}.pem cam.vv -o {kind}.vv"
        ));
        assert!(yard.text("usage").contains("Digital Signature"), "{kind}");
        let line = yard.done(&format!("verify --signer {kind}.pem {kind}.vv"));
        assert!(line.starts_with(&format!("{kind}.vv: whole and authenticated: 20 frames")), "{line}");
        assert!(line.ends_with(&format!("signed by \"CN={kind}\"\n")), "{line}");
        assert_status(&yard.sh(&format!("verify {kind}.vv")), 4);
        assert_status(&yard.sh(&format!("verify --unsigned-ok {kind}.vv")), 0);
        let refused = yard.sh(&format!("verify --signer other.pem {kind}.vv"));
        assert_status(&refused, 4);
        assert!(told(&refused).contains(&format!("the signer \"CN={kind}\" is none of the given signers")));
        // several signers
        yard.done(&format!("verify --signer other.pem --signer {kind}.pem {kind}.vv"));
    }
    assert_status(&yard.sh("enroll-cert --generate --algorithm ed25519 --name x --key x.key"), 2);
    // a certificate that is for encryption does not sign, and a key does not sign for another certificate
    let refused = yard.sh("encrypt-stream -r certs --sign desk.key --signer certs/desk.pem cam.vv -o x.vv");
    assert_status(&refused, 4);
    assert!(stderr(&refused).contains("is not for signing"), "{}", stderr(&refused));
    assert_status(&yard.sh("encrypt-stream -r certs --sign other.key --signer p-256.pem cam.vv -o x.vv"), 4);
    assert!(!yard.exists("x.vv"));
}

/// `NAME.key` and `NAME.pem`, a signer's, valid for a day from `from_days` days from now on.
fn signer_from(yard: &Yard, name: &str, from_days: i64) {
    let day = 86_400_000_000_000;
    let now_ns = vidveil::base::wall_ns() + from_days * day;
    let options = GenerateOptions { name: name.into(), algorithm: Algorithm::P256, days: 1, now_ns };
    let made = generate_for(Purpose::Signing, &options, None).unwrap();
    yard.write(&format!("{name}.pem"), made.certificate_pem.as_bytes());
    yard.write(&format!("{name}.key"), made.key_pem.as_bytes());
    yard.done(&format!("chmod 600 {name}.key"));
}

#[test]
fn whatever_is_signed_the_certificate_is_checked_first() {
    let yard = yard();
    signer_from(&yard, "old", -2);
    signer_from(&yard, "new", 2);
    yard.done("cp certs/desk.pem desk.pem; cp archiver.pem stranger.pem; cp other.key stranger.key");
    for command in [
        "encrypt-stream -r certs --sign KEY --signer CERT cam.vv -o out",
        "protect -i desk.key --learn 500ms --sign KEY --signer CERT signed.vv -o out",
        "rewrap -i desk.key -r certs --sign KEY --signer CERT signed.vv -o out",
        "cp signed.vv in-place.vv; rewrap --in-place -i desk.key -r certs --sign KEY --signer CERT in-place.vv",
        "view -i desk.key --from 1 --to 3 --export out --sign KEY --signer CERT signed.vv",
    ] {
        for (name, why) in [
            ("old", "has expired"),
            ("new", "is not yet valid"),
            ("desk", "is not for signing, says its key usage"),
            ("stranger", "the certificate is not that of the private key"),
        ] {
            let refused =
                yard.sh(&command.replace("KEY", &format!("{name}.key")).replace("CERT", &format!("{name}.pem")));
            assert_status(&refused, 4);
            let said = stderr(&refused);
            assert!(said.contains(why) && said.contains(&format!("\"{name}.pem\"")), "{command}: {said}");
            assert!(!yard.exists("out"), "{command}");
            assert!(!yard.exists("in-place.vv") || yard.bytes("in-place.vv") == yard.bytes("signed.vv"), "{command}");
        }
    }
}

#[test]
fn readers_refuse_what_the_signer_has_not_signed() {
    let yard = yard();
    for reader in [
        "decrypt-stream -i desk.key IN -o out",
        "protect -i desk.key --learn 500ms IN -o out",
        "view -i desk.key IN -o out.mkv",
        "rewrap -i desk.key -r certs IN -o out",
        "rewrap --cut --from 1 --to 3 IN -o out",
    ] {
        let run = |input: &str, signer: &str| {
            yard.done("rm -f out out.mkv");
            yard.sh(&format!("{} --signer {signer}", reader.replace("IN", input)))
        };
        assert_status(&run("signed.vv", "archiver.pem"), 0);
        assert_status(&run("signed.vv", "other.pem"), 4);
        assert!(!yard.exists("out") && !yard.exists("out.mkv"), "{reader}");
        let unsigned = run("unsigned.vv", "archiver.pem");
        assert_status(&unsigned, 4);
        assert!(stderr(&unsigned).contains("the stream is not signed"), "{}", stderr(&unsigned));
        assert!(!yard.exists("out") && !yard.exists("out.mkv"), "{reader}");
    }
}

#[test]
fn of_a_file_nothing_of_an_epoch_comes_before_its_signature_is_right() {
    let yard = yard();
    let mut bent = yard.bytes("signed.vv");
    let closes = closes(&bent);
    // the signature of epoch 1; HMACs and tags are right
    bent[closes[1].end - 1] ^= 1;
    yard.write("bent.vv", &bent);
    let frames = |text: String| text.lines().count();
    yard.done("decrypt-stream -q -i desk.key signed.vv | inspect --frames > all");
    let command = "decrypt-stream -q -i desk.key --signer archiver.pem";
    let of_file = yard.sh(&format!("{command} bent.vv > file.vv"));
    let of_pipe = yard.sh(&format!("cat bent.vv | {command} > pipe.vv"));
    for output in [&of_file, &of_pipe] {
        assert_status(output, 3);
        assert!(stderr(output).contains(&format!("damaged at byte {}: the signature of epoch 1", closes[1].start)));
    }
    yard.sh("inspect --frames file.vv > file || true; inspect --frames pipe.vv > pipe || true");
    let (file, pipe, all) = (yard.text("file"), yard.text("pipe"), yard.text("all"));
    assert!(!file.is_empty() && all.starts_with(&file) && all.starts_with(&pipe));
    assert!(frames(file) < frames(pipe.clone()) && frames(pipe) < frames(all), "one epoch, two, all");
    // nobody has asked for a signature, and no record after it shows that it was changed
    let mut last = yard.bytes("signed.vv");
    last[closes[closes.len() - 1].end - 1] ^= 1;
    yard.write("last.vv", &last);
    yard.done("decrypt-stream -i desk.key last.vv > /dev/null");
    assert_status(&yard.sh("decrypt-stream -i desk.key --signer archiver.pem last.vv > /dev/null"), 3);
    // a place in the middle is found and checked alone
    assert_status(&yard.sh("view -i desk.key --signer archiver.pem --from 5 bent.vv -o end.mkv"), 0);
    assert_status(&yard.sh("view -i desk.key --signer archiver.pem bent.vv -o all.mkv"), 3);
}

/// Nothing after the last close record holds its hash.
#[test]
fn the_other_form_of_a_signature_is_damage() {
    let yard = Yard::with_camera(2);
    yard.done("capture camera.mp4 -o cam.vv");
    for kind in ["p-256", "p-384"] {
        yard.done(&format!(
            "signer {kind} --algorithm {kind}
             encrypt-stream -r certs --sign {kind}.key --signer {kind}.pem cam.vv -o signed.vv --force
             protect -i desk.key --learn 500ms --sign {kind}.key --signer {kind}.pem signed.vv -o public.vv --force"
        ));
        for (name, readers) in [
            ("signed.vv", &["verify", "verify -i desk.key", "view -q -i desk.key -o x.mkv --force"][..]),
            ("public.vv", &["verify", "view -q -o x.mkv --force"]),
        ] {
            let mut bent = yard.bytes(name);
            let last = last_signature(&bent);
            let other = twin(&bent[last.clone()]);
            bent[last].copy_from_slice(&other);
            yard.write("bent.vv", &bent);
            for reader in readers {
                yard.done(&format!("{reader} --signer {kind}.pem {name}"));
                let refused = yard.sh(&format!("{reader} --signer {kind}.pem bent.vv"));
                assert_status(&refused, 3);
                assert!(told(&refused).contains("the signature of epoch"), "{reader}: {}", told(&refused));
            }
        }
    }
}

/// Where the signature stands in the last close record.
fn last_signature(bytes: &[u8]) -> std::ops::Range<usize> {
    let (mut reader, mut last) = (Reader::new(bytes), 0..0);
    while let Some(record) = reader.next().unwrap() {
        if let Record::Close(c) = record {
            let end = reader.offset() as usize;
            last = end - c.signature.unwrap().bytes.len()..end;
        }
    }
    last
}

#[test]
fn rewrap_and_cut_break_no_signature() {
    let yard = yard();
    yard.done("enroll second; signer boss");
    yard.done(
        "rewrap -i desk.key -r certs --sign boss.key --signer boss.pem --signer archiver.pem signed.vv -o boss.vv",
    );
    yard.done("rewrap -i desk.key -r certs signed.vv -o nobody.vv");
    yard.done("verify --signer archiver.pem --signer boss.pem boss.vv");
    let refused = yard.sh("verify --signer archiver.pem boss.vv");
    assert_status(&refused, 4);
    assert!(told(&refused).contains("\"CN=boss\" is no accepted signer"), "{}", told(&refused));
    let refused = yard.sh("verify --signer archiver.pem nobody.vv");
    assert_status(&refused, 4);
    assert!(told(&refused).contains("recipients changed since recording by unknown"), "{}", told(&refused));
    // the epochs are signed all the same
    yard.done("decrypt-stream -i second.key --signer archiver.pem nobody.vv > /dev/null");

    yard.done("rewrap -q --cut --to 2 -o one.vv signed.vv; rewrap -q --cut --from 2 --to 4 -o two.vv signed.vv");
    yard.done("rewrap -q --cut --from 4 -o three.vv signed.vv");
    let part = yard.sh("verify --signer archiver.pem two.vv");
    assert_status(&part, 0);
    let said = told(&part);
    assert!(said.contains("authenticated, an excerpt"), "{said}");
    assert!(said.contains("nothing proves what came before epoch"), "{said}");
    assert!(said.contains("nothing proves what came after epoch"), "{said}");
    assert_status(&yard.sh("verify --require-complete --signer archiver.pem two.vv"), 3);
    // parts that belong together prove each other's edges
    let all = yard.sh("verify --signer archiver.pem one.vv two.vv three.vv");
    assert_status(&all, 0);
    assert!(!told(&all).contains("nothing proves"), "{}", told(&all));
    let gap = yard.sh("verify --signer archiver.pem one.vv three.vv");
    assert!(told(&gap).contains("of the stream are missing"), "{}", told(&gap));
}

#[test]
fn streams_that_go_on_from_each_other_are_joined() {
    let yard = yard();
    yard.done(
        "cat cam.vv cam.vv | encrypt-stream -q -r certs --sign archiver.key --signer archiver.pem > both.vv
         verify --signer archiver.pem both.vv",
    );
}

#[test]
fn the_public_stream_is_signed_by_who_made_it() {
    let yard = yard();
    yard.done(
        "signer privacy
         protect -i desk.key --learn 500ms --sign privacy.key --signer privacy.pem --signer archiver.pem signed.vv -o public.vv",
    );
    let line = yard.done("verify --signer privacy.pem public.vv");
    assert!(line.contains("whole and authenticated: 61 frames"), "{line}");
    assert!(line.ends_with("signed by \"CN=privacy\"\n"), "{line}");
    // 60 pictures and the manifest, which the signature covers
    let linked = yard.done("verify --original signed.vv --signer privacy.pem public.vv");
    assert!(linked.contains("made from the original") && linked.contains(" 60 times agree"), "{linked}");
    assert_status(&yard.sh("verify --original signed.vv --signer archiver.pem public.vv"), 4);
    yard.done("view --signer privacy.pem public.vv -o public.mkv");
    assert_status(&yard.sh("view --signer archiver.pem public.vv -o x.mkv"), 4);
    // the input's signer is asked for, too
    let refused = yard.sh(
        "protect -i desk.key --learn 500ms --sign privacy.key --signer privacy.pem --signer other.pem signed.vv -o x.vv",
    );
    assert_status(&refused, 4);
    let mut bent = yard.bytes("public.vv");
    let at = in_the_first_frame(&bent);
    bent[at] ^= 1;
    yard.write("bent.vv", &bent);
    assert_status(&yard.sh("verify --unsigned-ok bent.vv"), 3);
    // nothing of its first epoch is shown
    assert_status(&yard.sh("decrypt-stream --signer privacy.pem bent.vv -o plain.vv"), 3);
}

/// A byte in the packet of the first frame.
fn in_the_first_frame(bytes: &[u8]) -> usize {
    let mut reader = Reader::new(bytes);
    loop {
        if let Record::Frame(_) = reader.next().unwrap().unwrap() {
            return reader.record_offset() as usize + reader.raw().len() - 1;
        }
    }
}

#[test]
fn verdicts_for_machines() {
    let yard = yard();
    let mut bent = yard.bytes("signed.vv");
    let closes = closes(&bent);
    bent[closes[0].end + 200] ^= 0xff;
    yard.write("bent.vv", &bent);
    let output = yard.sh("verify --json --signer archiver.pem bent.vv");
    assert_status(&output, 3);
    let v: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&v["verdict"], &v["status"], &v["signed"]), (&"damaged".into(), &3.into(), &true.into()));
    assert_eq!(v["signers"], serde_json::json!(["CN=archiver"]));
    let finding = &v["findings"][0];
    assert_eq!((&finding["first_epoch"], &finding["last_epoch"]), (&1.into(), &1.into()), "{v}");
    assert!(finding["from"].as_str() < finding["until"].as_str(), "{v}");
    let whole = v["whole_epochs"].as_array().unwrap();
    assert_eq!((&whole[0]["last_epoch"], &whole[1]["first_epoch"]), (&0.into(), &2.into()), "{v}");
    let v: Value = serde_json::from_str(&yard.done("verify --json --signer archiver.pem signed.vv")).unwrap();
    assert_eq!((&v["signatures"], &v["epochs"]), (&closes.len().into(), &closes.len().into()));
    assert_eq!(v["findings"], serde_json::json!([]));
}

/// Whether the process is `verify`, and has asked for SIGINT.
fn is_ready(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim();
    let caught = u64::from_str_radix(field("SigCgt:"), 16).unwrap_or(0);
    field("Name:") == "verify" && caught & 1 << (Signal::INT.as_raw() - 1) != 0
}

#[test]
fn a_stream_is_followed_while_it_grows() {
    let yard = yard();
    let bytes = yard.bytes("signed.vv");
    let half = closes(&bytes)[1].end + 100;
    for (stopped, bent) in [(false, false), (true, false), (false, true)] {
        yard.write("live.vv", &bytes[..half]);
        let group = yard.start("exec verify --follow --signer archiver.pem live.vv");
        // a signal before it stands would end it, and is no wish to stop
        until("it takes signals", || is_ready(group.0.id()));
        let mut rest = bytes[half..].to_vec();
        if stopped {
            group.signal(Signal::INT);
        } else {
            if bent {
                let last = closes(&bytes).pop().unwrap();
                rest[last.end - half - 1] ^= 1;
            }
            let mut file = std::fs::OpenOptions::new().append(true).open(yard.path("live.vv")).unwrap();
            std::io::Write::write_all(&mut file, &rest).unwrap();
        }
        let output = group.output();
        assert_status(&output, if bent { 3 } else { 0 });
        let expected = match (stopped, bent) {
            (true, _) => "authenticated so far: ",
            (_, true) => "damaged at byte ",
            _ => "whole and authenticated: 60 frames",
        };
        assert!(told(&output).contains(expected), "{}", told(&output));
    }
}
