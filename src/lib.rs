//! Vidveil: record video that even the recorder cannot watch.
//!
//! An archiver encrypts a camera's original to certificates and cannot open what it records. A privacy server opens it
//! with its own key, hides everybody, and makes a public stream. A desk shows the public stream to anybody, and the
//! original only with a recipient's private key. The commands of that family are in `src/bin`; this library is what
//! they are made of.
//!
//! # Seal a stream
//!
//! ```
//! use vidveil::base::{Report, SystemClock, random_id, wall_ns};
//! use vidveil::format::{Frame, FrameFlags, Reason, StreamRecord, Track};
//! use vidveil::recipients::{CertificateFiles, Recipients, RecipientsOptions};
//! use vidveil::seal::{SealSettings, Sealer};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let packet = [0; 100];
//! # let folder = "testdata/certs/p256.pem";
//!
//! let clock = SystemClock::start();
//! let video = Track::video("h264", (1, 1000), (1920, 1080), vec![/* SPS and PPS */]);
//! let stream = StreamRecord::original(random_id()?, "gate", wall_ns(), vec![video]);
//! // re-read at every epoch; a `Report` of your own is told who is left out, and why
//! let files = CertificateFiles::new(&[folder.into()])?;
//! let recipients = Box::new(Recipients::open(files, &RecipientsOptions::default(), &Report::silent())?);
//! let mut sealer = Sealer::begin(Vec::new(), &stream, SealSettings::default(), recipients, clock.now())?;
//! let key_frame = FrameFlags { key: true, ..FrameFlags::default() };
//! let frame = Frame { track: 0, flags: key_frame, counter: 0, pts: Some(0), dts: None, duration: 40 };
//! sealer.frame(&frame, &packet, clock.now())?;
//! sealer.finish(Reason::EndOfInput)?;
//! let sealed: Vec<u8> = sealer.into_output();
//! # assert!(sealed.len() > 100);
//! # Ok(()) }
//! ```
//!
//! # Open one
//!
//! What [`seal::Opener`] gives has passed its tag; nothing comes out before that.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/sealed_sample.rs"));
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sealed = sealed_sample();
//! # let path = "testdata/certs/p256.key";
//! use vidveil::keys::KeyFile;
//! use vidveil::seal::{Opened, Opener};
//!
//! let key = KeyFile::parse(&std::fs::read(path)?, || None)?;
//! let mut opener = Opener::new(&sealed[..], vec![Box::new(key)]);
//! let mut packets = 0;
//! while let Some(opened) = opener.next()? {
//!     if let Opened::Frame(frame) = opened {
//!         println!("{:?}: {} bytes", frame.pts, opener.packet().len());
//!         packets += 1;
//!     }
//! }
//! # assert_eq!(packets, 3);
//! # Ok(()) }
//! ```
//!
//! # Verify one
//!
//! Without a key the form, the order and the signatures are checked; with keys every tag, too.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/sealed_sample.rs"));
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sealed = sealed_sample();
//! # let path = "testdata/certs/p256.key";
//! use std::rc::Rc;
//! use vidveil::keys::{Identity, KeyFile};
//! use vidveil::verify::{Chain, Demands, Outcome, check};
//!
//! let key: Rc<dyn Identity> = Rc::new(KeyFile::parse(&std::fs::read(path)?, || None)?);
//! let verdict = check(&sealed[..], "gate.vv".into(), &[key], &[], &Demands::default(), &mut Chain::default());
//! print!("{}", verdict.text());
//! assert!(matches!(verdict.outcome, Outcome::Authenticated));
//! # Ok(()) }
//! ```
//!
//! # Protect pictures
//!
//! ```
//! use vidveil::media::{Picture, Plane};
//! use vidveil::privacy::{Protector, Settings};
//!
//! let mut protector = Protector::new(Settings::default());
//! for pts in 0..50 {
//!     // 64 by 48 pixels, 4:2:0; what a decoder gives
//!     let planes = [Plane::filled(64, 48, 90), Plane::filled(32, 24, 128), Plane::filled(32, 24, 128)];
//!     for public in protector.push(Picture { planes, pts, duration: 1, full_range: false, damaged: false }) {
//!         println!("{}: {:?}", public.picture.pts, public.facts.whole);
//!     }
//! }
//! let last = protector.flush();
//! # assert!(!last.is_empty());
//! ```
//!
//! # Read an archive
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/sealed_sample.rs"));
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path();
//! # std::fs::write(folder.join("cam.vv"), sealed_sample())?;
//! # let report = vidveil::base::Report::silent();
//! # let input = vidveil::storage::Input::open(Some(&folder.join("cam.vv")), &report)?;
//! # let options = vidveil::archive::recorder::RecorderOptions::new(folder);
//! # vidveil::archive::recorder::record(input, options, &report)?;
//! let found = vidveil::archive::list(folder, |name| name.camera == "gate")?;
//! for recording in &found.recordings {
//!     println!("{} ({})", recording.camera, recording.role.name());
//!     for entry in &recording.entries {
//!         println!("  {}: {} bytes", entry.place.display(), entry.bytes);
//!     }
//! }
//! # assert_eq!(found.recordings.len(), 1);
//! # Ok(()) }
//! ```
//!
//! Complete programs are in `examples/`.
//!
//! # Rooms
//!
//! Each module is a room; it uses only rooms above it in this table. `ARCHITECTURE.md` has the picture.
//!
//! | room | what it is for | stable |
//! |---|---|---|
//! | [`base`] | text, clocks, locks, [`base::Stop`], [`base::Reporter`]: what every service needs | yes |
//! | [`mod@format`] | bytes: records, their order, reading and writing them | yes |
//! | [`keys`] | who: certificates, whom to trust, CMS messages, key files | yes |
//! | [`devices`] | smart cards and tokens, which hold keys | yes |
//! | [`seal`] | the key schedule, sealing, opening, grants | yes |
//! | [`media`] | packets and pictures: demux, decode, encode, mux | no |
//! | [`jail`] | a process that can do nothing but compute, for what C makes of bytes from outside | no |
//! | [`foreign`] | video from outside, read and decoded by a child in jail | no |
//! | [`storage`] | names to bytes: files, pipes, outputs, queues of inputs, objects (feature `s3`) | yes |
//! | [`recipients`] | who is encrypted to now: folders of certificates that change while recording | yes |
//! | [`capture`] | a camera or a video file into a plain stream | no |
//! | [`privacy`] | what to hide: background model, masks, transforms | no |
//! | [`inspect`] | what a stream is, without a key | no |
//! | [`playback`] | streams opened, joined, searched; plain streams, video files, pictures | no |
//! | [`archive`] | recordings as segments: names, listing, recording, repair | yes |
//! | [`protect`] | the privacy server | no |
//! | [`batch`] | a command over a whole archive | no |
//! | [`verify`] | the verdict on a stream, a pair, an archive | yes |
//! | [`rewrap`] | who can open: copies, in place, cuts, grants | no |
//! | [`evidence`] | cases for a court | no |
//! | [`cli`] | the command line: flags, prompts, secrets, progress, exit status | no |
//! | [`commands`] | what each command asks, opens and prints; for `src/bin` alone | no |
//!
//! Stable means: from version 0.1.0 on, the items that a stable room re-exports at its top change only with the minor
//! version, and the changelog says how. The container that [`mod@format`] reads and writes has a version of its own
//! (`vidveil-stream(5)`).
//!
//! Services take plain options and a [`base::Report`], and return one typed error for each room. None of them prints,
//! prompts or exits.

#![deny(unsafe_code)]

pub mod archive;
pub mod base;
pub mod batch;
pub mod capture;
pub mod cli;
pub mod commands;
pub mod devices;
pub mod evidence;
pub mod foreign;
pub mod format;
pub mod inspect;
pub mod jail;
pub mod keys;
#[allow(unsafe_code, reason = "libavformat and libavcodec are C; each use says why it is sound")]
pub mod media;
pub mod playback;
pub mod privacy;
pub mod protect;
pub mod recipients;
pub mod rewrap;
pub mod seal;
pub mod storage;
pub mod verify;
