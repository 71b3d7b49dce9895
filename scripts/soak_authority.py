"""The certificate authority of scripts/soak: recipients who come, whose time ends, and who are revoked."""
import datetime, os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SECOND = datetime.timedelta(seconds=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)


class Authority:
    """Two who stay, the server and a desk, and whoever comes besides. `left` has each one's key and when his time ended."""

    def __init__(self, folder, certificates, lists):
        self.folder, self.certificates, self.lists = folder, certificates, lists
        self.keys = os.path.join(folder, "keys")
        for each in (self.keys, certificates, lists):
            os.makedirs(each, mode=0o700)
        self.key, self.serial, self.revoked, self.left, self.here = ec.generate_private_key(ec.SECP256R1()), 1, [], [], []
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "soak root")])
        root = self.certificate(self.name, self.key.public_key(), 7 * 86400, True)
        self.root_file = os.path.join(folder, "root.pem")
        self.write(self.root_file, root.public_bytes(serialization.Encoding.PEM))
        self.server_key, self.desk_key = self.issue("server", 7 * 86400)[0], self.issue("desk", 7 * 86400)[0]
        self.publish()

    def write(self, path, content):
        # as a whole: recorders read it at any moment
        with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
            f.write(content)
        os.replace(path + ".new", path)

    def certificate(self, name, public, seconds, authority):
        self.serial += 1
        usage = dict.fromkeys("digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only".split(), False)
        usage.update({"key_cert_sign": True, "crl_sign": True} if authority else {"key_agreement": True})
        return (
            x509.CertificateBuilder(self.name, name, public, self.serial, now() - 3600 * SECOND, now() + seconds * SECOND)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, name, seconds):
        key = ec.generate_private_key(ec.SECP256R1())
        made = self.certificate(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), key.public_key(), seconds, False)
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = os.path.join(self.keys, name + ".key")
        self.write(file, key.private_bytes(*plain))
        if os.path.isdir(self.certificates):
            self.write(os.path.join(self.certificates, name + ".pem"), made.public_bytes(serialization.Encoding.PEM))
        return file, made

    def add(self, seconds):
        name = f"guest {self.serial}"
        file, made = self.issue(name, seconds)
        if seconds < 600:
            self.left.append((file, now() + seconds * SECOND))
        else:
            self.here.append((file, made))

    def revoke(self, random):
        if not self.here:
            return
        file, made = self.here.pop(random.randrange(len(self.here)))
        self.revoked.append((made.serial_number, now()))
        self.left.append((file, now()))
        self.publish()

    def publish(self):
        builder = x509.CertificateRevocationListBuilder(self.name, now() - SECOND, now() + 7 * 86400 * SECOND)
        for serial, when in self.revoked:
            builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder(serial, when).build())
        builder = builder.add_extension(x509.CRLNumber(len(self.revoked) + 1), critical=False)
        self.write(os.path.join(self.lists, "soak.crl"), builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
