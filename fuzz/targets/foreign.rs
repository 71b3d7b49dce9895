//! Video from outside: containers, a child that has been taken over, a camera that is none.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use vidveil::base::{Report, Reporter, Stop};
use vidveil::capture::FeedOptions;
use vidveil::capture::rtsp::{Address, LiveOptions, capture_live};
use vidveil::foreign::{Demuxer as ForeignDemuxer, Foreign, Source};
use vidveil::format::{Reader, Record};
use vidveil::jail::JailProgram;
use vidveil::media::{DemuxOptions, Demuxer, PictureLimits};
use vidveil::storage::{OutputOptions, StreamOutput};

use super::folder;

/// A file or a pipe, demuxed in this process: what the child in jail does. libav is C, and is watched only with
/// VIDVEIL_FUZZ_SANITIZER=address as far as it is called.
pub fn demuxer(bytes: &[u8]) {
    let options = || DemuxOptions { audio: true, probe_bytes: Some(1 << 16), ..DemuxOptions::default() };
    let of_file = Demuxer::from_seekable(Cursor::new(bytes.to_vec()), None, options());
    let of_pipe = Demuxer::from_reader(Cursor::new(bytes.to_vec()), options());
    for mut demuxer in [of_file, of_pipe].into_iter().flatten() {
        let tracks = demuxer.tracks().to_vec();
        assert!(!tracks.is_empty());
        for _ in 0..256 {
            let Ok(Some(packet)) = demuxer.next_packet() else { break };
            assert!(usize::from(packet.track) < tracks.len(), "a packet of a track that is not there");
            assert!(packet.duration >= 0 && !packet.data.is_empty());
        }
    }
}

/// What a child in jail says that does as somebody else wants: the bytes are all its messages.
pub fn child(bytes: &[u8]) {
    let said = folder::file("child", bytes);
    let program = JailProgram {
        path: "/bin/sh".into(),
        // it copies its stdin to its stdout, whatever else it is asked for
        arguments: ["-c", "exec cat", "child"].map(Into::into).to_vec(),
        required: false,
    };
    let foreign = Foreign::new(program, PictureLimits { max_pixels: 1 << 16 }, Duration::from_secs(5));
    let file = File::open(said).expect("it was just written");
    let source = Source { file, name: "x.mp4".into() };
    let opened = ForeignDemuxer::open(source, &DemuxOptions::default(), &foreign, &Report::silent());
    let Ok(Some(mut demuxer)) = opened else { return };
    let (tracks, mut read) = (demuxer.tracks().len(), 0);
    assert!(tracks > 0);
    while let Ok(Some(packet)) = demuxer.next_packet() {
        assert!(usize::from(packet.track) < tracks);
        read += packet.data.len();
    }
    assert!(read <= bytes.len());
}

/// Asks for an end as soon as the camera is lost.
#[derive(Debug, Default)]
struct Once(Stop);

impl Reporter for Once {
    fn warn(&self, message: &str) {
        if message.starts_with("lost ") {
            self.0.set();
        }
    }

    fn stop(&self) -> Stop {
        self.0.clone()
    }
}

/// What the camera answers next.
type Answers = Arc<Mutex<VecDeque<Vec<u8>>>>;

/// A camera in this process, with its address: to each question it answers what is next, and hangs up after the last.
static CAMERA: LazyLock<(String, Answers)> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a loopback");
    let address = format!("rtsp://{}/stream", listener.local_addr().expect("it is bound"));
    let answers = Answers::default();
    let shared = Arc::clone(&answers);
    std::thread::spawn(move || {
        for who in listener.incoming().flatten() {
            let _ = answer_all(who, &shared);
        }
    });
    (address, answers)
});

fn answer_all(mut who: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let next = || answers.lock().ok().and_then(|mut answers| answers.pop_front());
    let (mut questions, mut number) = (BufReader::new(who.try_clone()?), String::from("0"));
    who.set_nodelay(true)?;
    while let Some(answer) = next() {
        loop {
            let mut line = String::new();
            if questions.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.trim_end() {
                "" => break,
                line => line.strip_prefix("CSeq: ").into_iter().for_each(|n| n.clone_into(&mut number)),
            }
        }
        who.write_all(&numbered(&answer, &number))?;
    }
    Ok(())
}

/// Answers with the number of the question where they say `CSeq: ?`.
fn numbered(answer: &[u8], number: &str) -> Vec<u8> {
    match answer.windows(7).position(|w| w == b"CSeq: ?") {
        Some(at) => [&answer[..at + 6], number.as_bytes(), &answer[at + 7..]].concat(),
        None => answer.to_vec(),
    }
}

/// A camera that answers with pieces of the bytes, each after its length in two bytes. What is recorded of it is a
/// plain stream.
pub fn rtsp(bytes: &[u8]) {
    let mut pieces = VecDeque::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk() {
        let (piece, after) = after.split_at(after.len().min(u16::from_be_bytes(*length).into()));
        pieces.push_back(piece.to_vec());
        rest = after;
    }
    let (address, answers) = &*CAMERA;
    *answers.lock().expect("nobody panics with it") = pieces;
    let path = folder::file("rtsp.vv", &[]);
    let report = Report::new(Once::default());
    let options = OutputOptions { path: Some(path.clone()), force: true, ..OutputOptions::default() };
    let output = StreamOutput::open(options, None, &report).expect("the file can be written");
    let wait = Duration::ZERO;
    let live = LiveOptions { wait, stall: Duration::from_secs(1), give_up: Some(wait), ..LiveOptions::default() };
    let address: Address = address.parse().expect("an address");
    let ended = capture_live(&address, &live, &FeedOptions::default(), output, &report);
    let written = std::fs::read(&path).unwrap_or_default();
    let mut reader = Reader::new(written.as_slice());
    loop {
        match reader.next() {
            Ok(Some(Record::Cut)) => assert!(ended.is_err(), "it ends without its end"),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(e) => {
                assert!(written.is_empty() || ended.is_err(), "what was recorded is no stream: {e}");
                break;
            }
        }
    }
}
