//! The virtual card of these tests is a card: other people's programs work with it. And the container is no secret of
//! ours: with OpenSC doing the private key's operation, the reader that was made from the manual page opens what is
//! sealed to the card.

use std::process::Command;

use crate::support::card::{Desk, Limited, Model, PIN, assert_says, told};

/// scripts/read-sealed.py with a key that asks OpenSC: arguments are the root, the key's number in PKCS #11, its
/// certificate and the stream.
const READ: &str = r#"
import runpy, subprocess, sys
root, number, pem, stream = sys.argv[1:]
sys.path.insert(0, root + "/scripts")
script = runpy.run_path(root + "/scripts/read-sealed.py")
from cryptography import x509
from cryptography.hazmat.primitives import serialization

def pkcs11(data, *arguments):
    open("asked", "wb").write(data)
    line = ["pkcs11-tool", "--login", "--pin", "123456", "--id", number, "-i", "asked", "-o", "answered", *arguments]
    subprocess.run(line, check=True, capture_output=True, timeout=50)
    return open("answered", "rb").read()

class Card:
    def __init__(self):
        self.public = x509.load_pem_x509_certificate(open(pem, "rb").read()).public_key()
        self.key_size, self.curve = self.public.key_size, getattr(self.public, "curve", None)
    def public_key(self):
        return self.public
    def exchange(self, _, peer):
        spki = peer.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return pkcs11(spki, "--derive", "-m", "ECDH1-COFACTOR-DERIVE")
    def decrypt(self, wrapped, _):
        return pkcs11(wrapped, "--decrypt", "-m", "RSA-PKCS-OAEP", "--hash-algorithm", "SHA256", "--mgf", "MGF1-SHA256")

out = open("packets", "wb")
script["read"](open(stream, "rb"), [Card()], lambda *frame: out.write(frame[-1]))
"#;

/// A slot as PKCS #11 modules number the keys of a PIV card.
fn number(slot: &str) -> &'static str {
    match slot {
        "9d" => "03",
        "82" => "05",
        "95" => "18",
        _ => unreachable!(),
    }
}

#[track_caller]
fn opened_with_opensc(model: Model, slot: &str) {
    let Some(desk) = Desk::new("opened_with_opensc") else { return };
    let _card = desk.insert(model, &[]);
    let stream = desk.recording(model, slot);
    let mut python = desk.reader.client("/usr/bin/python3");
    python.args(["-c", READ, env!("CARGO_MANIFEST_DIR"), number(slot)]).arg(model.certificate(slot)).arg(&stream);
    python.current_dir(desk.path("")).succeeds();
    // the packets as they were recorded
    desk.copy("server.key");
    let mut ours = Command::new("/usr/bin/python3");
    ours.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/read-sealed.py")).args(["-i", "server.key", &stream]);
    let output = ours.current_dir(desk.path("")).within_limit();
    assert!(output.status.success() && output.stdout == desk.bytes("packets"), "{}", told(&output));
}

#[test]
fn opensc_and_the_manual_page_open_what_is_sealed_to_p256() {
    opened_with_opensc(Model::Ec, "9d");
}

#[test]
fn opensc_and_the_manual_page_open_what_is_sealed_to_p384_in_a_retired_slot() {
    opened_with_opensc(Model::Rsa, "82");
}

#[test]
fn opensc_and_the_manual_page_open_what_is_sealed_to_rsa() {
    opened_with_opensc(Model::Rsa, "9d");
}

#[test]
fn yubicos_tool_deciphers_with_every_key() {
    let Some(desk) = Desk::new("yubicos_tool_deciphers_with_every_key") else { return };
    for model in Model::ALL {
        let card = desk.insert(model, &[]);
        for (slot, ..) in model.slots().iter().filter(|(slot, ..)| *slot != "9a") {
            let certificate = model.certificate(slot);
            let line = format!(
                "-r Virtual -a verify-pin -P {PIN} -a test-decipher -s {slot} -i {}",
                certificate.to_str().unwrap()
            );
            assert_says(&desk.tool("yubico-piv-tool", &line), 0, &["Successfully performed"]);
        }
        assert!(card.operations() >= model.slots().len() - 1);
        card.pull();
    }
}

#[test]
fn a_pin_that_was_given_stays_until_it_is_taken_back_or_the_card_is_reset() {
    let Some(desk) = Desk::new("a_pin_that_was_given_stays") else { return };
    let card = desk.insert(Model::Ec, &[]);
    assert_eq!(desk.reader.pin_state(), "63c3");
    let verify = "-r Virtual -a verify-pin -P ";
    assert_says(&desk.tool("yubico-piv-tool", &format!("{verify}654321")), 1, &["2 tries left"]);
    assert_eq!(desk.reader.pin_state(), "63c2");
    // with opensc-tool, which resets nothing: the next client finds the card verified
    let apdus = "-s 00:A4:04:00:09:A0:00:00:03:08:00:00:10:00:00 -s 00:20:00:80:08:31:32:33:34:35:36:FF:FF";
    assert_says(&desk.tool("opensc-tool", apdus), 0, &[]);
    let verified = desk.reader.pin_state();
    assert!(["9000", "63c3"].contains(&verified.as_str()), "{verified}");
    assert_eq!(card.pins(), 2);
}

#[test]
fn it_misbehaves_on_demand() {
    let Some(desk) = Desk::new("it_misbehaves_on_demand") else { return };
    let select = "-s 00:A4:04:00:09:A0:00:00:03:08:00:00:10:00:00";
    let says = |options: &[&str], apdu: &str| {
        let card = desk.insert(Model::Ec, options);
        let output = desk.tool("opensc-tool", &format!("{select} -s {apdu}"));
        card.pull();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    std::fs::write(desk.path("object"), [0x53, 0]).unwrap();
    let object = format!("0b:{}", desk.path("object").to_str().unwrap());
    let certificate = "00:CB:3F:FF:05:5C:03:5F:C1:0B:00";
    assert!(says(&[], certificate).contains("53 82"));
    assert!(says(&["--object", &object], certificate).contains("(SW1=0x90, SW2=0x00):\n53 00"));
    assert!(says(&["--not-piv"], certificate).contains("SW1=0x6A, SW2=0x82"));
    assert!(says(&["--answer", "cb:6f00"], certificate).contains("SW1=0x6F, SW2=0x00"));
    let card = desk.insert(Model::Ec, &["--pull-after", "a4"]);
    desk.tool("opensc-tool", &format!("{select} -s {certificate}"));
    card.gone();
}
