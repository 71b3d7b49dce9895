"""For read-sealed.py: fields of a record, slots, and the CMS profile of vidveil-stream(5) with a DER reader of its own.
Whatever is wrong with what is read shows as one of the exceptions in MALFORMED."""
import hashlib, hmac, re, struct
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

CERT, MIB = 65536, 1 << 20
MALFORMED = (ValueError, TypeError, AttributeError, LookupError, RecursionError, struct.error, InvalidTag, InvalidUnwrap)

def need(*rights):
    if not all(rights):
        raise ValueError

class Fields:
    """Takes fields from the front of a body."""
    def __init__(self, body):
        self.body, self.at = body, 0
    def get(self, form):
        values = struct.unpack_from(">" + form, self.body, self.at)
        self.at += struct.calcsize(">" + form)
        return values if len(values) > 1 else values[0]
    def blob(self, size, least, most):
        length = self.get(size)
        need(least <= length <= most)
        return self.get(f"{length}s")
    def text(self, size, most):
        text = self.blob(size, 0, most).decode()
        need(not re.search("[\0-\x1f\x7f-\x9f]", text))
        return text
    def end(self):
        need(self.at == len(self.body))

# of P-256 and P-384: of two right forms of an ECDSA signature, only the one with the smaller s counts
ORDERS = {
    2: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    3: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}

def signed_by(certificate, algorithm, signature, text):
    """Whether the key of the certificate has made the signature."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        if algorithm == 1 and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, text)
        elif algorithm in (2, 3) and isinstance(key, ec.EllipticCurvePublicKey):
            size, curve, digest = {2: (32, "secp256r1", hashes.SHA256()), 3: (48, "secp384r1", hashes.SHA384())}[algorithm]
            need(len(signature) == 2 * size, key.curve.name == curve)
            r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
            if s > ORDERS[algorithm] // 2:
                return False
            key.verify(utils.encode_dss_signature(r, s), text, ec.ECDSA(digest))
        elif algorithm == 4 and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            return False
        return True
    except (InvalidSignature, ValueError):
        return False

def whole_secrets(content):
    """The messages in a slot that hold a whole secret, each with its recipients' certificates; and the slot's MAC."""
    f, groups, found = Fields(content), [], []
    _, count = f.get("qB")
    need(count <= 16)
    for _ in range(count):
        _, k, n = f.get("16sBB")
        need(1 <= k <= n)
        groups.append(n)
        f.get(f"{32 * n}s")
    count = f.get("H")
    need(1 <= count <= 1024)
    for _ in range(count):
        share, group, x, recipients = f.get("BBBH")
        need(share <= 1, 1 <= x <= groups[group] if share else group == x == 0, 1 <= recipients <= 1024)
        certificates = [f.blob("I", 1, CERT) for _ in range(recipients)]
        message = f.blob("I", 1, MIB)
        found += [] if share else [(message, certificates)]
    algorithm = f.get("B")
    need(algorithm <= 4)
    if algorithm:
        f.blob("I", 1, CERT), f.blob("H", 1, 1024)
    mac = f.get("32s")
    f.end()
    return found, mac

def valid_slots(slots):
    """Each valid slot: its messages, its MAC, what of the slot the MAC covers; the one that counts first. Whether two are tied."""
    valid = []
    for slot in slots:
        need(4096 <= len(slot) <= MIB)
        generation, length = struct.unpack_from(">QI", slot)
        filled = length <= len(slot) - 44 and not any(slot[12 + length:-32])
        if generation and filled and hashlib.sha256(slot[:-32]).digest() == slot[-32:]:
            valid.append((generation, (*whole_secrets(slot[12:12 + length]), slot[:8] + slot[12:12 + length - 32])))
    need(valid)
    valid.sort(key=lambda slot: -slot[0])
    return [slot for _, slot in valid], len({generation for generation, _ in valid}) < len(valid)

def open_session(h, session, commitment, head, slots, tied, keys):
    """P, nothing if no key is a recipient's; and whether the slot that counts is forged or a copy, so that one of two was used."""
    def opened(slot):
        contents = (open_cms(message, certificates, keys) for message, certificates in slot[0])
        secret = next((content for content in contents if content is not None), None)
        if secret is not None:
            prk = hmac.digest(h, secret, "sha256")
            need(len(secret) == 32, hmac.compare_digest(expand(prk, b"commit", "I", session), commitment))
            return prk
    def proven(slot, prk):
        return hmac.compare_digest(hmac.digest(expand(prk, b"slot", "I", session), head + slot[2], "sha256"), slot[1])
    def tried(slot):
        try:
            return opened(slot), False
        except MALFORMED:
            return None, True
    prk, broken = tried(slots[0])
    if prk and proven(slots[0], prk):
        return prk, tied
    # not for these keys, or not right: the other slot may show that somebody wrote this one who had no key
    before = tried(slots[1])[0] if slots[1:] else None
    if not before or proven(slots[0], before) and not tied:
        need(not broken, not prk)
        return None, False
    need(proven(slots[1], before))
    return before, True

def expand(key, label, form="", *numbers):
    """HKDF-Expand to 32 bytes: one round."""
    return hmac.digest(key, b"vidveil1 " + label + b"\0" + struct.pack(">" + form, *numbers) + b"\1", "sha256")

def tree(data):
    """DER as pairs of tag and value: a list where it is constructed, text for an object identifier, else bytes."""
    pairs = []
    while data:
        tag, size, at = data[0], data[1], 2
        if size > 127:
            at, size = size - 126, int.from_bytes(data[2:size - 126], "big")
            need(data[2], size > 127)
        value, data = data[at:at + size], data[at + size:]
        need(len(value) == size)
        if tag == 6:
            first, *arcs = [int(arc, 2) for arc in "".join(f"{b & 127:07b}" + " " * (b < 128) for b in value).split()]
            value = ".".join(map(str, [min(first // 40, 2), first - 40 * min(first // 40, 2), *arcs]))
        pairs.append((tag, tree(value) if tag & 32 else value))
    return pairs

def certificate(data):
    """Issuer and serial number, as a CMS message has them, and the public key; nothing if it does not parse."""
    try:
        serial, _, issuer, _, _, public = [field for field in tree(data)[0][1][0][1] if field[0] in (2, 0x30)]
        return (0x30, [issuer, serial]), public
    except MALFORMED:
        return None, None

def recipient(info, key):
    """Of a RecipientInfo: issuer and serial number, and how the private key opens it."""
    match info:
        case 0x30, [(2, b"\0"), rid, (0x30, [(6, "1.2.840.113549.1.1.7"), (0x30, [
                (0xa0, [(0x30, [(6, "2.16.840.1.101.3.4.2.1"), *null])]), (0xa1, [(0x30, [(6, "1.2.840.113549.1.1.8"),
                (0x30, [(6, "2.16.840.1.101.3.4.2.1"), *null2])])])])]), (4, wrapped)]:
            def unwrap():
                need(key.key_size >= 2048, null in ([], [(5, b"")]), null2 in ([], [(5, b"")]))
                return key.decrypt(wrapped, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        case 0xa1, [(2, b"\3"), (0xa0, [(0xa1, [(0x30, [(6, "1.2.840.10045.2.1"), *curve]), (3, bits)])]),
                (0x30, [(6, "1.3.132.1.11.1" | "1.3.132.1.11.2" as scheme), (0x30, [(6, "2.16.840.1.101.3.4.1.45")])]),
                (0x30, [(0x30, [rid, (4, wrapped)])])]:
            def unwrap():
                name = {"secp256r1": "1.2.840.10045.3.1.7", "secp384r1": "1.3.132.0.34"}[key.curve.name]
                need(curve in ([], [(5, b"")], [(6, name)]), bits[:2] == b"\0\4", len(wrapped) == 40)
                z = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(key.curve, bits[1:]))
                shared = bytes.fromhex("3015300b060960864801650304012da206040400000100")  # RFC 5753, 7.2: the wrap, 256 bits
                kdf = X963KDF(hashes.SHA256() if scheme[-1] == "1" else hashes.SHA384(), 32, shared)
                return aes_key_unwrap(kdf.derive(z), wrapped)
        case _:
            raise ValueError
    return rid, unwrap

def open_cms(message, certificates, keys):
    """The content of a message, by the first key whose certificate is listed; nothing if there is none."""
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    known = [certificate(listed) for listed in certificates]
    mine = [(rid, key) for rid, public in known for key in keys if [public] == tree(key.public_key().public_bytes(*form))]
    if not mine:
        return None
    match tree(message):
        case [(0x30, [(6, "1.2.840.113549.1.9.16.1.23"), (0xa0, [(0x30, [(2, b"\0"), (0x31, infos), (0x30, [
                (6, "1.2.840.113549.1.7.1"), (0x30, [(6, "2.16.840.1.101.3.4.1.46"), (0x30, [(4, nonce), (2, b"\x10")])]),
                (0x80, sealed)]), (4, mac)])])])]:
            rid, key = mine[0]
            parts = [recipient(info, key) for info in infos]
            need(sorted(part[0] for part in parts) == sorted(name for name, _ in known), len(nonce) == 12, len(mac) == 16)
            content_key = next(unwrap for name, unwrap in parts if name == rid)()
            need(len(content_key) == 32)
            return AESGCM(content_key).decrypt(nonce, sealed + mac, None)
    raise ValueError
