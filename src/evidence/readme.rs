//! README.txt of a case: what is in it, what that proves, and how to check it.

use std::fmt::Write as _;

use crate::base::text;
use crate::keys::{Certificate, KeyType};

/// What the text depends on.
pub(super) struct CaseFacts<'a> {
    pub camera: &'a str,
    pub made_ns: i64,
    /// Which epochs, from when to when.
    pub taken: &'a str,
    /// An epoch with pictures that are not in the video, since they lean on epochs that are not in the excerpt.
    pub left_out: Option<u64>,
    /// What `verify` said.
    pub verdict: &'a str,
    /// Who signs the case.
    pub signed: Option<&'a Certificate>,
    /// The stream itself is signed.
    pub signed_stream: bool,
    pub sealed: bool,
    pub disclosed: bool,
}

/// The text; `files` are names and what they are.
pub(super) fn readme(f: &CaseFacts<'_>, files: &[(String, String)]) -> String {
    let video = files.iter().map(|(name, _)| name.as_str()).find(|n| n.starts_with("video."));
    let camera = if f.camera.is_empty() { "a camera without a name".to_owned() } else { text::quoted(f.camera) };
    let mut out = format!(
        "A recording of {camera}, exported by vidveil {} on {}.\n\n",
        env!("CARGO_PKG_VERSION"),
        text::rfc3339(f.made_ns)
    );
    let _ = writeln!(out, "The excerpt: {}\nTimes are UTC by the recorder's clock.\n\nFiles\n-----", f.taken);
    for (name, what) in files {
        let _ = writeln!(out, "{name}\n    {what}");
    }
    out.push_str("SHA256SUMS\n    SHA-256 of every other file\n");
    if f.signed.is_some() {
        out.push_str("SHA256SUMS.p7s\n    CMS signature over that list (RFC 5652, DER, without content)\n");
    }
    out.push_str("\n1. Nothing was changed since the export\n---------------------------------------\n");
    out.push_str("    sha256sum -c SHA256SUMS\n\n");
    out.push_str(&signature(f.signed));
    out.push_str(
        "\n2. The excerpt is what was recorded\n-----------------------------------\n\
         With Vidveil (verify(1)), which names every place where something is missing or was changed:\n\n",
    );
    let key = if f.sealed { "-i KEY " } else { "" };
    if f.signed_stream {
        out.push_str("    verify --signer certificates/signer.pem excerpt.vv\n\n");
    } else {
        out.push_str("The recording itself is not signed; who recorded it is shown by nothing in this case.\n\n");
        let _ = writeln!(out, "    verify {key}excerpt.vv\n");
    }
    out.push_str(
        "Without Vidveil, by the reader that is put in (Python 3.10, package cryptography; format: \
         vidveil-stream(5)):\n\n    \
         python3 read-sealed.py --chain excerpt.vv\n\n\
         It checks every record, their order, the chain of the epochs and every signature, with the certificate in the \
         stream, whose SHA-256 it\n\
         prints: compare it with what the owner of the recorder says. On the day of the export, verify said \
         (verdict.txt):\n\n",
    );
    for line in f.verdict.lines() {
        let _ = writeln!(out, "    {line}");
    }
    out.push_str("\n3. The video is the excerpt\n---------------------------\n");
    out.push_str(&link(f, video));
    out.push_str(
        "\nWhat this does not show\n-----------------------\n\
         What was before the lens, and that the recorder's clock was right. What came before and after the excerpt. \
         That a certificate belongs to\n\
         whom it names: learn its SHA-256 from that person, or check its chain to an authority.\n",
    );
    out
}

fn signature(signer: Option<&Certificate>) -> String {
    let Some(signer) = signer else {
        return "Nobody signed this list: that shows damage, but whoever changes a file can change the list, too.\n"
            .to_owned();
    };
    let mut out = format!("The list is signed by {}.\n\n", text::printable(signer.subject()));
    out.push_str(
        "    openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \\\n        \
         -CAfile certificates/exporter.pem -partial_chain -purpose any -out /dev/null\n\n",
    );
    let _ = writeln!(
        out,
        "certificates/exporter.pem has the SHA-256 fingerprint\n    {}\n\
         Learn it from its owner, or give the authority's certificate as -CAfile: this file could have been exchanged, \
         too.",
        text::hex(&signer.fingerprint())
    );
    if matches!(signer.key_type(), KeyType::Other(_)) {
        out.push_str("It is an Ed25519 signature (RFC 8419), which not every OpenSSL can check in CMS: 3.0 cannot.\n");
    }
    out
}

fn link(f: &CaseFacts<'_>, video: Option<&str>) -> String {
    let Some(video) = video else {
        return match f.left_out {
            None => "There is no video: no frame could be taken from the excerpt. The verdict says why.\n".to_owned(),
            Some(epoch) => format!(
                "There is no video: the pictures of epoch {epoch} are decoded only after those of epochs before it, back \
                 to the last key frame,\n\
                 which are not in the excerpt or do not open. Their frames are there all the same.\n"
            ),
        };
    };
    let mut out = match (f.sealed, f.disclosed) {
        (false, _) => "The excerpt is not sealed: anybody reads it.\n\n    python3 read-sealed.py --frames \
         excerpt.vv\n"
            .to_owned(),
        (true, true) => "The excerpt is sealed. epoch-keys.txt holds the key T of each epoch and track of it (lines \
         of: SHA-256 of the stream\n\
             record, key session, epoch, track, key); they open this excerpt and nothing else of the recording. Each \
         frame's key is\n\
             HKDF-SHA256-Expand(T, \"vidveil1 frame\" 00 SHA-256(start record)), its cipher AES-256-GCM with the \
         counter as nonce and\n\
             the first 36 bytes of the record as additional data (vidveil-stream(5), KEYS). The frame opens only if \
         both are right,\n\
             and only as what was sealed: each epoch's start record holds a commitment to its key.\n\n    \
             python3 read-sealed.py --keys epoch-keys.txt --frames excerpt.vv\n"
            .to_owned(),
        (true, false) => "The excerpt is sealed, and its keys are not in this case: whoever has the private key of a \
         recipient\n\
             (certificates/recipient.pem) can show that the video was made of it. An export with --disclose-keys lets \
         anybody do so.\n\n    \
             python3 read-sealed.py -i KEY.pem --frames excerpt.vv\n"
            .to_owned(),
    };
    if let Some(epoch) = f.left_out {
        let _ = write!(
            out,
            "\nNot all pictures of the excerpt are in the video: some of epoch {epoch} are decoded only after those of \
             epochs before it, back to\n\
             the last key frame, which are not in the excerpt or do not open.\n"
        );
    }
    let _ = write!(
        out,
        "\nIt prints a line for each frame: track, times, key frame, length, and SHA-256 of the packet. The packets of \
         the video are the same\n\
         bytes, which ffprobe shows with their SHA-256:\n\n    \
         ffprobe -v error -show_packets -show_data_hash sha256 {video}\n\n\
         (A camera that sends parameter sets inside the stream has its packets framed in another way in the video \
         file: then the pictures\n\
         are the same, and the hashes differ. The excerpt may hold more frames than the video: it is cut at whole \
         epochs.)\n"
    );
    out
}
