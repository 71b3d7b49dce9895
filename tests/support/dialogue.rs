//! A server in the test that answers each request of an RTSP client with what the test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request, as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub lines: Vec<String>,
}

impl Request {
    pub fn method(&self) -> &str {
        self.lines[0].split(' ').next().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.lines.iter().find_map(|line| line.strip_prefix(&prefix))
    }

    /// An answer to it: status, more lines of the head, body.
    pub fn answer(&self, status: &str, head: &str, body: &str) -> String {
        let number = self.header("CSeq").unwrap_or("1");
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        format!("RTSP/1.0 {status}\r\nCSeq: {number}\r\n{head}{length}\r\n{body}")
    }
}

/// What was asked, over all connections.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<Vec<Request>>>);

impl Asked {
    pub fn all(&self) -> Vec<Request> {
        self.0.lock().unwrap().clone()
    }

    /// What was sent as proof of the password.
    pub fn proofs(&self) -> Vec<String> {
        self.all().iter().filter_map(|request| request.header("Authorization").map(str::to_owned)).collect()
    }
}

/// Has `answer` write to everybody who asked something; gives the address and what was asked.
pub fn serve(
    answer: impl Fn(&mut TcpStream, &Request) -> std::io::Result<()> + Send + Sync + 'static,
) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("rtsp://{}/stream", listener.local_addr().unwrap());
    let (asked, answer) = (Asked::default(), Arc::new(answer));
    let all = asked.clone();
    std::thread::spawn(move || {
        for who in listener.incoming().flatten() {
            let (asked, answer) = (all.clone(), Arc::clone(&answer));
            std::thread::spawn(move || converse(who, &asked, answer.as_ref()));
        }
    });
    (address, asked)
}

fn converse(
    who: TcpStream,
    asked: &Asked,
    answer: &dyn Fn(&mut TcpStream, &Request) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(who.try_clone()?), who);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.trim_end() {
                "" => break,
                text => lines.push(text.to_owned()),
            }
        }
        let request = Request { lines };
        asked.0.lock().unwrap().push(request.clone());
        answer(&mut writer, &request)?;
    }
}

/// Writes one answer.
pub fn say(who: &mut TcpStream, answer: &str) -> std::io::Result<()> {
    who.write_all(answer.as_bytes())
}

/// A description of one H.264 video.
pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
                       a=rtpmap:96 H264/90000\r\na=control:stream=0\r\n";
