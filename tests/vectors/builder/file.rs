//! The vector file: a text header, an empty line, the container.

use std::collections::BTreeMap;

use super::build::Build;
use super::cases::Case;
use super::wire::{hex, sha256};

/// A vector as a test uses it.
pub struct Vector {
    pub name: String,
    pub fields: BTreeMap<String, String>,
    pub container: Vec<u8>,
}

pub fn encode(case: &Case) -> Vec<u8> {
    let mut build = Build::default();
    (case.build)(&mut build);
    let header = format!(
        "expect: {}\ncomment: {}\nidentity: {}\nframes: {}\npayload-sha256: {}\n\n",
        case.expect,
        case.comment,
        case.identity,
        build.released,
        hex(&sha256(&build.payload)),
    );
    [header.as_bytes(), &build.out].concat()
}

pub fn decode(name: &str, file: &[u8]) -> Vector {
    let split = file.windows(2).position(|pair| pair == b"\n\n").expect("an empty line ends the header");
    let header = std::str::from_utf8(&file[..split]).expect("the header is text");
    let fields = header.lines().map(|line| line.split_once(": ").expect("key: value"));
    Vector {
        name: name.to_string(),
        fields: fields.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        container: file[split + 2..].to_vec(),
    }
}
