//! `capture --discover`: cameras are found, and asked for their streams with proof of the password.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::support::yard::{Yard, assert_status, stderr};

/// A camera that answers the question who is there, and those that follow.
struct Responder {
    /// Where the question goes.
    target: String,
    service: String,
    /// Bodies of what was asked over HTTP.
    asked: Arc<Mutex<Vec<String>>>,
}

fn responder(
    matches: impl Fn(&str) -> Vec<String> + Send + 'static,
    answer: impl Fn(&str, &str) -> String + Send + Sync + 'static,
) -> Responder {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let service = format!("http://{}/onvif/device_service", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let (all, own) = (Arc::clone(&asked), service.clone());
    std::thread::spawn(move || {
        for mut who in listener.incoming().flatten() {
            let body = question(&mut who);
            let said = answer(&body, &own);
            all.lock().unwrap().push(body);
            let status = if said.contains("Fault") { "400 Bad Request" } else { "200 OK" };
            let _ = write!(who, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{said}", said.len());
        }
    });
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = socket.local_addr().unwrap().to_string();
    let own = service.clone();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok((length, who)) = socket.recv_from(&mut buffer) {
            assert!(String::from_utf8_lossy(&buffer[..length]).contains("dn:NetworkVideoTransmitter"));
            for one in matches(&own) {
                socket.send_to(one.as_bytes(), who).unwrap();
            }
        }
    });
    Responder { target, service, asked }
}

fn question(who: &mut TcpStream) -> String {
    let mut reader = BufReader::new(who);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:tt=\"t\" \
         xmlns:trt=\"m\" xmlns:d=\"d\"><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
}

fn is_here(address: &str, scopes: &str) -> String {
    envelope(&format!(
        "<d:ProbeMatches><d:ProbeMatch><d:Scopes>{scopes}</d:Scopes><d:XAddrs>{address}</d:XAddrs></d:ProbeMatch></d:ProbeMatches>"
    ))
}

const SCOPES: &str = "onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/IPC-1";

/// What a camera with two profiles says.
fn camera(body: &str, service: &str) -> String {
    let profile = |token: &str, name: &str, width: u32| {
        format!(
            "<trt:Profiles token=\"{token}\"><tt:Name>{name}</tt:Name><tt:VideoEncoderConfiguration><tt:Encoding>H264</tt:Encoding>\
             <tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>240</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>"
        )
    };
    match body {
        b if b.contains("GetSystemDateAndTime") => envelope(
            "<tt:UTCDateTime><tt:Time><tt:Hour>8</tt:Hour><tt:Minute>5</tt:Minute><tt:Second>9</tt:Second></tt:Time>\
             <tt:Date><tt:Year>2001</tt:Year><tt:Month>3</tt:Month><tt:Day>1</tt:Day></tt:Date></tt:UTCDateTime>",
        ),
        b if b.contains("GetCapabilities") => {
            envelope(&format!("<tt:Media><tt:XAddr>{service}/media</tt:XAddr></tt:Media>"))
        }
        b if b.contains("GetProfiles") => {
            envelope(&(profile("a&amp;b", "Main", 320) + &profile("second", "Small", 160)))
        }
        b if b.contains("<m:ProfileToken>second<") => envelope("<tt:Uri>rtsp://127.0.0.1/s2?x=1&amp;y=2</tt:Uri>"),
        b if b.contains("<m:ProfileToken>a&amp;b<") => envelope("<tt:Uri>rtsp://127.0.0.1/s1</tt:Uri>"),
        _ => envelope("<Fault><Text>no</Text></Fault>"),
    }
}

#[test]
fn cameras_are_listed_with_their_streams() {
    let camera = responder(|own| vec![is_here(own, SCOPES), is_here(own, SCOPES)], camera);
    let yard = Yard::new();
    yard.done("umask 077; echo 'guard:correct horse' > right");
    let (target, service) = (&camera.target, &camera.service);
    let output = yard.sh(&format!("capture --discover={target} --wait 1s"));
    assert_status(&output, 0);
    assert_eq!(String::from_utf8(output.stdout.clone()).unwrap(), format!("{service} Front door IPC-1\n"));
    assert!(stderr(&output).contains("with --credentials FILE") && camera.asked.lock().unwrap().is_empty());
    let output = yard.sh(&format!("capture --discover={target} --wait 1s --credentials right"));
    assert_status(&output, 0);
    let listed = format!(
        "{service} Front door IPC-1\n  rtsp://127.0.0.1/s1 H264 320x240 Main\n  rtsp://127.0.0.1/s2?x=1&y=2 H264 160x240 Small\n"
    );
    assert_eq!((String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output).as_str()), (listed, ""));
    let asked = camera.asked.lock().unwrap();
    assert!(!asked[0].contains("Security"), "{}", asked[0]);
    for body in &asked[1..] {
        assert!(!body.contains("horse") && body.contains("<w:Username>guard</w:Username>"), "{body}");
        // by the camera's clock
        let between = |begin: &str| body.split(begin).nth(1).unwrap().split('<').next().unwrap();
        let (created, nonce, proof) = (between("<u:Created>"), between("<w:Nonce>"), between("#PasswordDigest\">"));
        assert!(created.starts_with("2001-03-01T08:05:"), "{created}");
        let computed = format!(
            "(printf %s {nonce} | base64 -d; printf %s '{created}correct horse') | openssl dgst -sha1 -binary | base64"
        );
        let computed = Command::new("bash").args(["-c", &computed]).output().unwrap().stdout;
        assert_eq!(String::from_utf8(computed).unwrap().trim(), proof);
    }
}

#[test]
fn a_camera_that_refuses_is_listed_and_reported() {
    let refuses = |body: &str, service: &str| match body.contains("GetProfiles") {
        true => envelope("<Fault><Code><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code></Fault>"),
        false => camera(body, service),
    };
    let camera = responder(|own| vec![is_here(own, "")], refuses);
    let yard = Yard::new();
    yard.done("umask 077; echo 'guard:wrong' > wrong");
    let output = yard.sh(&format!("capture --discover={} --wait 1s --credentials wrong", camera.target));
    assert_status(&output, 0);
    assert_eq!(String::from_utf8(output.stdout.clone()).unwrap().trim(), camera.service);
    assert!(stderr(&output).contains("the camera refuses the name and the password"), "{}", stderr(&output));
}

#[test]
fn nobody_is_asked_for_others() {
    // somebody else's address, no HTTP, what is no XML, and a bomb
    let answers = |_: &str| {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_owned();
        let many = envelope(&"<d:ProbeMatch/>".repeat(3000));
        vec![is_here("http://192.0.2.7/x", ""), is_here("rtsp://127.0.0.1/", ""), "<a".to_owned(), bomb, many]
    };
    let camera = responder(answers, camera);
    let yard = Yard::new();
    let output = yard.sh(&format!("capture --discover={} --wait 1s", camera.target));
    assert_status(&output, 1);
    let said = stderr(&output);
    assert!(said.contains("no camera answers") && said.contains("hint: ") && said.lines().count() == 2, "{said}");
    assert!(camera.asked.lock().unwrap().is_empty());
    for flags in ["--discover=gate", "--discover rtsp://192.0.2.7/", "--discover -o x.vv"] {
        assert_status(&yard.sh(&format!("capture {flags}")), 2);
    }
    // the media service is elsewhere: the camera's own is asked
    let elsewhere = responder(
        |own| vec![is_here(own, "")],
        |body: &str, service: &str| {
            self::camera(body, if body.contains("GetCapabilities") { "http://192.0.2.9" } else { service })
        },
    );
    yard.done("umask 077; echo 'guard:correct horse' > right");
    let output = yard.sh(&format!("capture --discover={} --wait 1s --credentials right", elsewhere.target));
    assert_status(&output, 0);
    assert!(String::from_utf8(output.stdout.clone()).unwrap().contains("rtsp://127.0.0.1/s1"), "{output:?}");
}

#[test]
fn every_network_is_asked() {
    let yard = Yard::new();
    // without addresses that they make themselves the interfaces send nothing else
    let script = "mount -t sysfs none /sys || exit
         for n in 0 1 2 3; do
             ip link add d$n type veth peer name p$n || exit
             ip link set d$n addrgenmode none; ip link set p$n addrgenmode none
             ip addr add 10.0.$n.1/24 dev d$n; ip link set p$n multicast off up
         done
         ip link set d0 up; ip link set d1 up; ip link set d2 multicast off up
         capture --discover --wait 1s; echo \"status $?\"
         for n in 0 1 2 3; do cat /sys/class/net/d$n/statistics/tx_packets; done";
    let output = yard.sh(&format!("unshare -Urn --mount bash -c '{script}'"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !said.contains("status") {
        eprintln!("skipped: every_network_is_asked: {}", stderr(&output));
        return;
    }
    assert_eq!(said, "status 1\n3\n3\n0\n0\n", "{}", stderr(&output));
}
