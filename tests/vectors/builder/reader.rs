//! What the crate's reader makes of a vector.

use std::fs;

use vidveil::format::{EndKind, FormatError, Reader, Record};
use vidveil::keys::{Identity, KeyFile};
use vidveil::seal::{Checked, Opened, Opener, SealError, Verifier};

use super::file::Vector;
use super::material::testdata;

/// The kind of the result, and the packets that were released before it.
pub struct Outcome {
    pub kind: &'static str,
    pub frames: usize,
    pub payload: Vec<u8>,
    /// What the reader said.
    pub message: String,
}

/// Opens the container of `vector` with the key that its header names.
pub fn open(vector: &Vector) -> Outcome {
    let mut opener = Opener::new(vector.container.as_slice(), identities(&vector.fields["identity"]));
    let mut outcome = Outcome { kind: "success", frames: 0, payload: Vec::new(), message: String::new() };
    loop {
        match opener.next() {
            Ok(None) => return outcome,
            Ok(Some(Opened::Frame(_))) => {
                outcome.frames += 1;
                outcome.payload.extend_from_slice(opener.packet());
            }
            Ok(Some(Opened::Cut)) => return Outcome { kind: "truncated", ..outcome },
            Ok(Some(Opened::End(end))) if matches!(end.kind, EndKind::Recovered | EndKind::Cut) => {
                outcome.kind = "truncated";
            }
            // it goes on with what follows; that something was not for the key is said all the same
            Ok(Some(Opened::Closed(keys))) => {
                (outcome.kind, outcome.message) = ("no-match", format!("session {} passed over", keys.session));
            }
            Ok(Some(_)) => {}
            Err(error) => return Outcome { kind: kind(&error), message: error.to_string(), ..outcome },
        }
    }
}

/// Whether every signature is right, with the certificate in the stream, and the frames that came before one that is
/// not.
pub fn verify(container: &[u8]) -> Outcome {
    let mut verifier = Verifier::new(container, &[], &[], None);
    let mut outcome = Outcome { kind: "success", frames: 0, payload: Vec::new(), message: String::new() };
    loop {
        match verifier.next() {
            Ok(None) => return outcome,
            Ok(Some(Checked::Record(Record::Frame(_), ..))) => outcome.frames += 1,
            Ok(Some(_)) => {}
            Err(error) => return Outcome { kind: kind(&error), message: error.to_string(), ..outcome },
        }
    }
}

/// What a reader without a key says.
pub fn read(container: &[u8]) -> &'static str {
    let mut reader = Reader::new(container);
    loop {
        match reader.next() {
            Ok(None) => return "success",
            Ok(Some(_)) => {}
            Err(error) => return kind(&error.into()),
        }
    }
}

fn identities(name: &str) -> Vec<Box<dyn Identity>> {
    if name == "none" {
        return Vec::new();
    }
    let pem = fs::read(testdata(&format!("certs/{name}.key"))).unwrap();
    vec![Box::new(KeyFile::parse(&pem, || None).unwrap())]
}

fn kind(error: &SealError) -> &'static str {
    match error {
        SealError::Format(FormatError::Header { .. }) => "header",
        SealError::Format(FormatError::Record { .. }) => "record",
        SealError::Format(FormatError::Truncated { .. } | FormatError::Empty) => "truncated",
        SealError::Format(FormatError::Trailing { .. }) => "trailing",
        SealError::NotRecipient { .. } => "no-match",
        SealError::EpochSignature { .. } => "signature",
        SealError::Session { .. }
        | SealError::Unbound { .. }
        | SealError::ForgedList { .. }
        | SealError::Grant { .. }
        | SealError::EpochCommitment { .. }
        | SealError::Frame { .. }
        | SealError::Padding { .. }
        | SealError::Close { .. } => "record",
        _ => "another error",
    }
}
