//! A recording while it goes on: pictures are given one after the other, and the files that it reads change in between.

use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Output};

use vidveil::format::{Clock, Frame, FrameFlags, Keys, PlainWriter, Reader, Reason, Record};
use vidveil::keys::Certificate;

use super::streams::{self, SECOND, records};
use super::wait::until_or;

/// `count` pictures, all of them key frames, 10 in a second.
pub fn pictures(count: i64) -> Vec<u8> {
    let mut writer = PlainWriter::begin(Vec::new(), &streams::record("gate"), 60 * SECOND).unwrap();
    let now = Clock { wall_ns: streams::BEGIN, mono_ns: 0 };
    for pts in 0..count {
        let flags = FrameFlags { key: true, ..Default::default() };
        let frame = Frame { track: 0, flags, counter: 0, pts: Some(pts), dts: Some(pts), duration: 1 };
        writer.frame(&frame, b"picture", now).unwrap();
    }
    writer.finish(Reason::EndOfInput, now).unwrap();
    writer.into_output()
}

/// One key session of a stream file: its first epoch, and the common names of its recipients, in order.
pub type Session = (u64, Vec<String>);

/// What a growing stream file holds so far: its sessions, and the number of closed epochs.
pub fn so_far(file: &Path) -> (Vec<Session>, usize) {
    let bytes = fs::read(file).unwrap_or_default();
    let mut reader = Reader::new(bytes.as_slice());
    let (mut sessions, mut closed) = (Vec::new(), 0);
    while let Ok(Some(record)) = reader.next() {
        match record {
            Record::Keys(keys) => sessions.push((keys.first_epoch, names(&keys))),
            Record::Close(_) => closed += 1,
            _ => {}
        }
    }
    (sessions, closed)
}

fn names(keys: &Keys) -> Vec<String> {
    let all = keys.current().messages.iter().flat_map(|m| &m.recipients);
    let mut names: Vec<_> = all.map(|der| Certificate::from_der(der).unwrap().common_name().to_owned()).collect();
    names.sort();
    names
}

/// A recorder with epochs of one picture, which writes to `file`.
pub struct Recording {
    child: Child,
    stdin: ChildStdin,
    stream: Vec<u8>,
    frames: Vec<Range<usize>>,
    given: usize,
    file: PathBuf,
}

impl Recording {
    /// `child` reads stdin and writes `file`; it will be given this number of pictures.
    pub fn new(mut child: Child, count: i64, file: PathBuf) -> Self {
        let stream = pictures(count);
        let all = records(&stream);
        let begins = all.iter().map(|(at, _)| *at as usize);
        let ends = begins.clone().skip(1).chain([stream.len()]);
        let spans = all.iter().zip(begins.zip(ends)).filter(|((_, r), _)| matches!(r, Record::Frame(_)));
        let frames = spans.map(|(_, (begin, end))| begin..end).collect();
        let stdin = child.stdin.take().unwrap();
        Recording { child, stdin, stream, frames, given: 0, file }
    }

    /// Gives the pictures before that one, and waits until the recorder is through with them.
    pub fn record(&mut self, upto: usize) {
        let end = self.frames[upto].start;
        self.stdin.write_all(&self.stream[self.given..end]).unwrap();
        self.given = end;
        let reached = || so_far(&self.file).1 + 1 >= upto;
        until_or(&format!("epoch {upto} is there"), || format!("{:?}", so_far(&self.file)), reached);
    }

    /// Gives the rest, which the recorder need not read to its end.
    pub fn finish(mut self) -> Output {
        let _ = self.stdin.write_all(&self.stream[self.given..]);
        drop(self.stdin);
        self.child.wait_with_output().unwrap()
    }
}
