#!/usr/bin/env python3
"""Reads a Vidveil container: the proof that vidveil-stream(5) says enough. Made from that page and its RFCs alone.

    read-sealed.py [--frames | --manifest | --chain] [-i KEY.pem]... [--keys FILE] [FILE]

Writes the packets, one after the other; with --frames, the lines of inspect --frames instead; with --manifest, a line of JSON
for each manifest of a public stream; with --chain, one line about what needs no key: records, their order, who signed. It checks
all that the page asks of a reader, and each signature with the certificate in the stream; it opens grants, and takes epoch keys
that were disclosed; it combines no shares. Python 3.10 and the package cryptography, 38."""
import argparse, hashlib, hmac, json, struct, sys
sys.dont_write_bytecode = True
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from read_sealed_keys import CERT, MALFORMED, MIB, Fields, expand, need, open_cms, open_session, signed_by, valid_slots

PREAMBLE, ZEROS, NONE = bytes.fromhex("89565645494C0A01"), bytes(32), -1 << 63
RECORDS = " STREAM KEYS START FRAME CLOSE GRANT INDEX END".split(" ")
LIMITS = dict(STREAM=MIB, KEYS=4 * MIB, START=8192, FRAME=64 * MIB, CLOSE=16384, GRANT=16 * MIB, INDEX=2 * MIB, END=8)
# what may follow each record; LAST is a close record with that flag, SIDECAR a grant that no stream record came before
NEXT = {"": "STREAM GRANT", "STREAM": "GRANT KEYS START INDEX END", "KEYS": "START END", "START": "FRAME CLOSE END",
        "CLOSE": "KEYS START INDEX END", "LAST": "INDEX END", "INDEX": "END", "SIDECAR": "GRANT END"}

CHAIN, SEEN, FORGED = [], [], []  # whether no key is asked for; who signed each epoch; sessions whose list is forged
SESSIONS = {}  # by H: commitments of sessions that are known, and the session that opened last, its chain and epoch
EPOCHS = {}  # by H: of sessions that opened, the first epoch and the last one that came

class Fault(Exception):
    """Its kind and what it is."""

def leave_room(sessions, number, first, last):
    """Each session has an epoch at least: those between two that opened have room."""
    for other, (begin, end) in sessions.items():
        need(other >= number or first - end >= number - other, other <= number or begin - last >= other - number)

class Stream:
    def __init__(self, source, keys, grants, release):
        self.source, self.identities, self.grants, self.release = source, keys, grants, release
        self.first = self.epoch = self.session = self.begin = self.chain = self.h = None
        self.sealed, self.index_size, self.reason, self.closed = 1, 0, 0, ZEROS

    def read(self):
        self.state = ""
        while self.state != "END":
            head = self.source.read(8)
            if len(head) < 8 or head == PREAMBLE:
                raise Fault("truncated", "the input ends, or another stream begins, before an end record")
            number, self.flags, self.track, size = struct.unpack(">BBHI", head)
            name = (RECORDS + [""] * 248)[number]
            try:
                kind = "record" if self.state else "header"
                need(name and name in NEXT[self.state].split(), size <= LIMITS[name], size == 8 or name != "END")
                need(name == "FRAME" or not self.track, not self.flags & ~{"FRAME": 0x17, "CLOSE": 1}.get(name, 0))
                f = Fields(self.source.read(size))
                if len(f.body) < size:
                    raise Fault("truncated", "the input ends inside a record")
                kind, self.raw = "header" if name == "STREAM" else "record", head + f.body
                self.state = getattr(self, name.lower())(f) or name
                f.end()
            except MALFORMED:
                raise Fault(kind, f"malformed, out of order or not authentic: record of type {number} ({name})") from None

    def stream(self, f):
        _, role, self.sealed, reserved, _, _ = f.get("16sBBHqq")
        f.text("H", 255)
        continues = f.get("B")
        need(role in (1, 2), self.sealed <= 1, reserved == 0, continues <= 1)
        f.get(f"{48 * continues}s")
        self.signer, self.tracks = f.blob("I", 0, CERT), f.get("B")
        need(1 <= self.tracks <= 16)
        self.manifest = None
        for track in range(self.tracks):
            kind = f.get("B")
            if (f.text("B", 255), kind, role) == ("vidveil.manifest", 3, 2) and self.manifest is None:
                self.manifest = track
            base, base_den, *video, rotation, rate, channels, bits = f.get("8IHIHH")
            need(1 <= kind <= 3, base, base_den, video[3], video[5], rotation & 0x7FFF in (0, 90, 180, 270))
            need(kind == 1 or video == [0, 0, 0, 1, 0, 1] and not rotation, kind == 2 or not (rate or channels or bits))
            f.blob("I", 0, CERT)
        self.h, self.commitment = hashlib.sha256(self.raw).digest(), ZEROS
        if self.identities and not self.sealed:
            raise Fault("refused", "a key was given, and the stream is plain")

    def grant(self, f):
        h, first, last = f.get("32sQQ")
        certificate, message = f.blob("I", 1, CERT), f.blob("I", 1, 16 * MIB)
        need(self.sealed, first <= last, self.h in (None, h))
        opened = open_cms(message, [certificate], self.identities)
        if opened is not None:
            content = Fields(opened)
            *outside, count = content.get("32sQQI")
            entries = [content.get("IQH32s") for _ in range(count)]
            content.end()
            need(outside == [h, first, last], all(one[:3] < two[:3] for one, two in zip(entries, entries[1:])))
            need(all(first <= epoch <= last for _, epoch, _, _ in entries))
            self.grants.setdefault(h, {}).update((entry[:3], entry[3]) for entry in entries)
        return "STREAM" if self.h else "SIDECAR"

    def keys(self, f):
        session, begin, commitment, left_out = f.get("IQ32sH")
        need(self.sealed, begin == 0 or session, left_out <= 1024, self.session in (None, session - 1),
             self.epoch is None or begin == self.epoch + 1)
        for _ in range(left_out):
            need(1 <= f.get("B40x") <= 12)
            f.text("H", 1024)
        bound, bond, size = f.body[:f.at], *f.get("32sI")
        need(session or bond == ZEROS)
        known, before = SESSIONS.get(self.h, ({}, None))
        if before and before[0] == session - 1 and session not in known:
            _, chain, at = before
            need(0 <= begin - at <= MIB)
            for _ in range(begin - at):
                chain = expand(chain, b"next")
            need(hmac.compare_digest(hmac.digest(expand(chain, b"bond"), bound, "sha256"), bond))
            known[session] = commitment
        need(hmac.compare_digest(known.get(session, commitment), commitment))
        leave_room(EPOCHS.get(self.h, {}), session, begin, begin)
        SESSIONS[self.h] = known, None
        head = f.body[:f.at]
        slots, tied = valid_slots(f.get(f"{size}s{size}s"))
        prk, forged = open_session(self.h, session, commitment, head, slots, tied, self.identities)
        self.session, self.begin, self.chain, self.commitment = session, begin, None, commitment
        if prk:
            self.chain, self.at = expand(prk, b"chain", "I", session), begin
            known[session] = commitment
            FORGED.extend([session] * forged)
        elif not self.grants.get(self.h) and not CHAIN:
            raise Fault("no-match", "no key is a recipient's")

    def start(self, f):
        session, epoch, _, _, closed, keys = f.get("IQqq32s32s")
        need(session == (self.session or 0), 0 <= epoch - self.begin <= MIB if self.sealed else keys == ZEROS)
        if self.first is None:
            self.first = epoch
            need(epoch or session == 0 and closed == ZEROS)
        else:
            need(epoch == self.epoch + 1, closed == self.closed)
        while self.chain and self.at < epoch:
            self.chain, self.at = expand(self.chain, b"next"), self.at + 1
        here, self.frame_keys, self.close_keys = hashlib.sha256(self.raw).digest(), {}, {}
        for track in range(self.tracks if self.sealed else 0):
            commitment, name = f.get("32s"), (session, epoch, track)
            key = expand(self.chain, b"track", "IQH", *name) if self.chain else self.grants.get(self.h, {}).get(name)
            if key:
                need(hmac.compare_digest(expand(key, b"epoch commit"), commitment))
                self.frame_keys[track] = AESGCM(expand(key, b"frame", "32s", here))
                self.close_keys[track] = expand(key, b"close", "32s", here)
        self.signed, self.digests = struct.pack(">IQ", session, epoch) + self.commitment + keys + closed, here
        if self.chain:
            leave_room(EPOCHS.setdefault(self.h, {}), session, epoch, epoch)
            EPOCHS[self.h][session] = self.begin, max(epoch, EPOCHS[self.h].get(session, (0, 0))[1])
            SESSIONS[self.h] = SESSIONS[self.h][0], (session, expand(self.chain, b"next"), epoch + 1)
        self.epoch, self.count, self.pts = epoch, 0, [[] for _ in range(self.tracks)]

    def frame(self, f):
        (counter, pts, dts, duration), packet = f.get("Iqqq"), f.body[f.at:]
        f.at = len(f.body)
        need(self.track < self.tracks, counter == self.count < 1 << 24, duration >= 0, len(packet) >= 20 * self.sealed)
        self.digests += hashlib.sha256(self.raw).digest()
        key = self.frame_keys.get(self.track)
        if key:
            plain = Fields(key.decrypt(bytes(8) + struct.pack(">I", counter), packet, self.raw[:36]))
            packet = plain.get(f"{plain.get('I')}s")
            need(not any(plain.body[plain.at:]))
        self.count, _ = counter + 1, self.pts[self.track].append(pts)
        if key or not self.sealed:
            need(len(packet) <= 64 * MIB - 4096)
            self.release(self.track == self.manifest, self.track, pts, dts, duration, self.flags & 1, packet)
        return "START"

    def close(self, f):
        epoch, self.reason, reserved, frames, tracks = f.get("QB3sIH")
        need(epoch == self.epoch, self.reason <= 6, (self.reason > 0) == self.flags, not any(reserved), tracks == self.tracks)
        for all_pts in self.pts:
            pts = [one for one in all_pts if one != NONE] or [NONE]
            need(f.get("Iqq") == (len(all_pts), min(pts), max(pts)))
        covered, macs = self.raw[:8 + f.at], [f.get("32s") for _ in range(self.tracks * self.sealed)]
        need(frames == self.count, all(hmac.compare_digest(hmac.digest(key, covered, "sha256"), macs[track])
                                       for track, key in self.close_keys.items()))
        covered, algorithm = self.raw[:8 + f.at], f.get("B")
        need(algorithm <= 4, (algorithm > 0) == (self.signer != b""))
        signature = f.blob("H", 1, 1024) if algorithm else b""
        f.end()
        text = b"vidveil1 epoch\0" + self.h + self.signed + hashlib.sha256(self.digests).digest() + covered
        if algorithm and not signed_by(self.signer, algorithm, signature, text):
            raise Fault("signature", f"the signature of epoch {epoch} is wrong")
        self.closed = hashlib.sha256(self.raw).digest()
        SEEN.append(hashlib.sha256(self.signer).hexdigest() if algorithm else "nobody")
        return "LAST" if self.reason else "CLOSE"

    def index(self, f):
        entries = [f.get("QqQQ") for _ in range(f.get("I"))]
        need(all(one[0] < two[0] and one[2] < two[2] for one, two in zip(entries, entries[1:])))
        need(len(entries) <= 32768, all(keys < start if self.sealed else keys == 0 for _, _, start, keys in entries))
        self.index_size = len(self.raw)

    def end(self, f):
        kind, reserved, index = f.get("B3sI")
        need(1 <= kind <= 4, not any(reserved), index == self.index_size)
        need(kind == 3 or self.state not in ("KEYS", "START"), kind == 2 or self.state != "SIDECAR")
        need(kind in (2, 3) or self.first == 0 and self.reason and (self.reason == 2) == (kind == 4))
        if kind == 1:
            SESSIONS.pop(self.h, None), EPOCHS.pop(self.h, None)
        if kind >= 3:
            raise Fault("truncated", "the stream says that it is not whole")
        if kind == 2 and self.h:
            print("read-sealed: warning: an excerpt of a stream", file=sys.stderr)

def manifest(packet):
    """What a public stream says of its original; None if the packet is no manifest."""
    try:
        f = Fields(packet)
        names = "stream hash first_epoch last_epoch last_close frames first_pts last_pts program settings".split()
        values = [*f.get("16s32sQQ32sQqq"), f.text("H", 65535), f.blob("I", 0, 65536).decode()]
        f.end()
        need(values[2] <= values[3], values[6] <= values[7])
        return {name: value.hex() if isinstance(value, bytes) else value for name, value in zip(names, values)}
    except MALFORMED:
        return None

def disclosed(lines):
    """Epoch keys as view --export --disclose-keys writes them: stream hash, session, epoch, track and T."""
    grants = {}
    for stream, session, epoch, track, key in (line.split() for line in lines if not line.startswith("#")):
        grants.setdefault(bytes.fromhex(stream), {})[int(session), int(epoch), int(track)] = bytes.fromhex(key)
    return grants

def read(source, keys, release, grants=()):
    """Every stream and sidecar in source; raises Fault at the first fault."""
    grants, head, expected = dict(grants), source.read(8), "header"
    FORGED.clear(), SESSIONS.clear(), EPOCHS.clear()
    while head or expected == "header":
        if len(head) < 8 and PREAMBLE.startswith(head):
            raise Fault("truncated", "the input ends inside a preamble")
        if head != PREAMBLE:
            raise Fault("header" if head[:7] == PREAMBLE[:7] else expected, "no container of version 1")
        Stream(source, keys, grants, release).read()
        head, expected = source.read(8), "trailing"
    if FORGED:
        raise Fault("record", f"a list of recipients is forged or there twice, in session {FORGED[0]}; the right one was used")

def main():
    arguments = argparse.ArgumentParser(description="Reads a Vidveil container; see vidveil-stream(5)")
    arguments.add_argument("--frames", action="store_true", help="a line for each frame, as inspect --frames prints it")
    arguments.add_argument("--manifest", action="store_true", help="what public streams were made from, as JSON")
    arguments.add_argument("--chain", action="store_true", help="check what needs no key, and report who signed the epochs")
    arguments.add_argument("--keys", help="epoch keys that were disclosed, as in epoch-keys.txt")
    arguments.add_argument("-i", "--identity", action="append", default=[], help="private key, PEM, not encrypted")
    arguments.add_argument("file", nargs="?")
    given = arguments.parse_args()
    def release(is_manifest, track, pts, dts, duration, key, packet):
        if given.chain:
            return
        if given.manifest:
            if is_manifest:
                print(json.dumps(manifest(packet)))
            return
        known = [str(time) if time != NONE else "-" for time in (pts, dts, duration)]
        row = " ".join([str(track), *known, str(key), str(len(packet)), hashlib.sha256(packet).hexdigest()]) + "\n"
        sys.stdout.buffer.write(row.encode() if given.frames else packet)
    try:
        keys = [load_pem_private_key(open(name, "rb").read(), None) for name in given.identity]
        CHAIN.extend([1] * given.chain)
        grants = disclosed(open(given.keys)) if given.keys else {}
        read(open(given.file, "rb") if given.file else sys.stdin.buffer, keys, release, grants)
        if given.chain:
            print(f"{len(SEEN)} epochs in order; signed by", *[f"certificate {one}" for one in sorted(set(SEEN))])
    except Fault as fault:
        print("read-sealed: error: {}: {}".format(*fault.args), file=sys.stderr)
        sys.exit(4 if fault.args[0] in ("no-match", "refused") else 3)

if __name__ == "__main__":
    main()
