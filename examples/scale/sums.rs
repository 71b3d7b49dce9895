//! Cores, network, disks and key operations for a number of cameras.

use std::fmt::Write;

/// Cores that a camera of 1920x1080, 25 pictures a second and 4 Mbit/s takes: scripts/bench-cost, with pedestrians as
/// BENCH_VIDEO, on two cores that had other things to do.
mod core {
    pub const CAPTURE: f64 = 0.000_95;
    pub const ENCRYPT: f64 = 0.000_65; // with --sign
    pub const RECORD: f64 = 0.000_51;
    pub const VERIFY: f64 = 0.000_36; // --signer
    pub const DECRYPT: f64 = 0.000_15;
    pub const PROTECT: f64 = 0.70;
}
/// Mbit/s of the camera that these are of.
const MEASURED_MBIT: f64 = 4.0;
/// Container, tags and signatures on top of 4 Mbit/s: scripts/bench-verify.
const ADDED: f64 = 0.0028;
/// rewrap in place of a file, however large: scripts/bench-rewrap.
const REWRAP_SECONDS: f64 = 0.06;
/// Bytes a second of verify --signer: scripts/bench-verify.
const VERIFY_SPEED: f64 = 1.48e9;
/// ECDH with P-256, on a core: openssl speed ecdhp256.
const SOFTWARE_OPERATIONS: f64 = 21_000.0;

/// What machines are like: assumed, not measured.
mod machine {
    pub const CORES: f64 = 64.0;
    pub const PORT_GBIT: f64 = 25.0;
    pub const DISKS: f64 = 60.0;
    pub const DISK_BYTES: f64 = 24e12;
    pub const DISK_SPEED: f64 = 250e6;
    /// Of a card; scripts/bench-card shows how long real ones take.
    pub const CARD_SECONDS: f64 = 0.3;
}
const DAY: f64 = 86_400.0;
const YEAR_DAYS: f64 = 365.0;
/// Of record --segment.
const SEGMENT_SECONDS: f64 = 600.0;
/// Of encrypt-stream --session.
const SESSION_SECONDS: f64 = 86_400.0;

/// What all cameras have in common.
pub struct Site {
    /// Mbit/s of a camera.
    pub mbit: f64,
    /// Days that recordings are kept.
    pub days: f64,
}

/// A line of a table: what it is called, and its value for each number of cameras.
type Row<'a> = (&'a str, Box<dyn Fn(f64) -> String + 'a>);

/// The tables, with a column for each number of cameras.
pub fn tables(site: &Site, cameras: &[u64]) -> String {
    let mbit = site.mbit;
    let video = mbit / MEASURED_MBIT;
    // bytes a second of one camera, and of all that is kept of it
    let a_second = mbit * 1e6 / 8.0 * (1.0 + ADDED);
    let kept = a_second * DAY * site.days;
    let recording = (core::CAPTURE + core::ENCRYPT + core::RECORD) * video;
    let pass_cores = core::VERIFY * video * site.days;
    let segments = YEAR_DAYS * DAY / SEGMENT_SECONDS;
    let sessions = YEAR_DAYS * DAY / SESSION_SECONDS;

    let mut out = String::new();
    let record: [Row; 7] = [
        ("cameras", Box::new(count)),
        ("video", Box::new(move |n| unit(n * mbit * 1e6, "bit/s"))),
        ("cores: capture, encrypt, sign, record", Box::new(move |n| cores(n * recording))),
        ("written a day", Box::new(move |n| unit(n * a_second * DAY, "B"))),
        ("kept", Box::new(move |n| unit(n * kept, "B"))),
        ("disks", Box::new(move |n| count((n * kept / machine::DISK_BYTES).ceil()))),
        ("key sessions a day", Box::new(move |n| count(n * DAY / SESSION_SECONDS))),
    ];
    let title = format!("Recording, {mbit} Mbit/s a camera, kept for {} days", site.days);
    table(&mut out, &title, &record, cameras);

    let work: [Row; 5] = [
        ("cores: protect, live", Box::new(move |n| cores(n * core::PROTECT))),
        ("cores: protect one hour in a hundred", Box::new(move |n| cores(n * core::PROTECT / 100.0))),
        ("cores: verify what was recorded today", Box::new(move |n| cores(n * core::VERIFY * video))),
        ("cores: verify all that is kept, daily", Box::new(move |n| cores(n * pass_cores))),
        ("cores: decrypt a year in a day", Box::new(move |n| cores(n * core::DECRYPT * video * YEAR_DAYS))),
    ];
    table(&mut out, "Work on it", &work, cameras);

    let rewrap: [Row; 6] = [
        ("a year of recordings", Box::new(move |n| unit(n * a_second * DAY * YEAR_DAYS, "B"))),
        ("segments in it", Box::new(move |n| count(n * segments))),
        ("re-wrapped in place, one by one", Box::new(move |n| time(n * segments * REWRAP_SECONDS))),
        (
            "re-wrapped as a copy, one disk",
            Box::new(move |n| time(n * a_second * DAY * YEAR_DAYS * 2.0 / machine::DISK_SPEED)),
        ),
        ("key operations, one a session", Box::new(move |n| count(n * sessions))),
        ("  by one card", Box::new(move |n| time(n * sessions * machine::CARD_SECONDS))),
    ];
    table(&mut out, "Re-wrapping a year for new recipients", &rewrap, cameras);
    let by_segment: [Row; 3] = [
        ("key operations, one a segment", Box::new(move |n| count(n * segments))),
        ("  by one card", Box::new(move |n| time(n * segments * machine::CARD_SECONDS))),
        ("  by one core with a key file", Box::new(move |n| time(n * segments / SOFTWARE_OPERATIONS))),
    ];
    table(&mut out, "The same, when each segment asks for itself", &by_segment, cameras);

    // which is the most is what one has to buy for
    let limit: [Row; 4] = [
        ("for its cores", Box::new(move |n| machines(n * recording / machine::CORES))),
        ("for its network", Box::new(move |n| machines(n * a_second * 8.0 / 1e9 / machine::PORT_GBIT))),
        ("for its disks", Box::new(move |n| machines(n * kept / machine::DISK_BYTES / machine::DISKS))),
        (
            "for its cores, all protected live",
            Box::new(move |n| machines(n * (recording + core::PROTECT) / machine::CORES)),
        ),
    ];
    let title = format!(
        "Machines of {} cores, {} Gbit/s and {} disks of {}",
        machine::CORES,
        machine::PORT_GBIT,
        machine::DISKS,
        unit(machine::DISK_BYTES, "B")
    );
    table(&mut out, &title, &limit, cameras);

    let pass = machine::DISK_BYTES / machine::DISK_SPEED;
    let on_a_disk = machine::DISK_BYTES / kept;
    let _ = writeln!(out, "One disk");
    fact(&mut out, "cameras whose recordings fit", &format!("{on_a_disk:.1}"));
    fact(
        &mut out,
        "written, and synced",
        &format!("{}/s, {on_a_disk:.0} times a second", unit(on_a_disk * a_second, "B")),
    );
    fact(&mut out, "read through, as for verify", &time(pass));
    fact(&mut out, "disks that one verify keeps busy", &format!("{:.1}", VERIFY_SPEED / machine::DISK_SPEED));
    out
}

fn table(out: &mut String, title: &str, rows: &[Row], cameras: &[u64]) {
    let _ = writeln!(out, "{title}");
    for (name, value) in rows {
        let _ = write!(out, "  {name:<38}");
        for n in cameras {
            #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
            let _ = write!(out, "{:>13}", value(*n as f64));
        }
        out.push('\n');
    }
    out.push('\n');
}

fn fact(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "  {name:<38}  {value}");
}

/// Three digits and a prefix.
pub fn unit(value: f64, unit: &str) -> String {
    let prefixes = ["", "k", "M", "G", "T", "P", "E", "Z"];
    let (mut value, mut prefix) = (value, 0);
    while value >= 999.5 && prefix + 1 < prefixes.len() {
        value /= 1000.0;
        prefix += 1;
    }
    format!("{} {}{unit}", digits(value), prefixes[prefix])
}

fn digits(value: f64) -> String {
    let places = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A whole number, in groups of three.
pub fn count(value: f64) -> String {
    if value >= 1e9 {
        return format!("{value:.1e}");
    }
    let text = format!("{value:.0}");
    let groups: Vec<_> = text.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn cores(value: f64) -> String {
    match value {
        v if v >= 99.95 => count(v),
        v if v >= 1.0 => digits(v),
        v => format!("{v:.4}").trim_end_matches('0').to_owned(),
    }
}

fn machines(value: f64) -> String {
    if value < 1.0 { "1".to_owned() } else { count(value.ceil()) }
}

/// Seconds, as people say it.
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{} s", digits(s)),
        s if s < 90.0 * 60.0 => format!("{} min", digits(s / 60.0)),
        s if s < 48.0 * 3600.0 => format!("{} h", digits(s / 3600.0)),
        s if s < 2.0 * YEAR_DAYS * DAY => format!("{} d", digits(s / DAY)),
        s => format!("{} years", count(s / DAY / YEAR_DAYS)),
    }
}
