# The message in a sealed stream is openssl's, and what is in it makes the stream's keys.
. "$PRELUDE"
mkdir certs
enroll-cert -q --generate --algorithm p-256 --name server --key server.key -o certs/a.pem
enroll-cert -q --generate --algorithm p-384 --name desk --key desk.key -o certs/b.pem
enroll-cert -q --generate --algorithm rsa-3072 --name vault --key vault.key -o certs/c.pem
scene camera.mp4 160x120 1
capture camera.mp4 | encrypt-stream -r certs > cam.vv
inspect --cms 0 cam.vv > keys.der
openssl cms -decrypt -inform DER -in keys.der -inkey server.key -recip certs/a.pem -out a.bin
openssl cms -decrypt -inform DER -in keys.der -inkey desk.key -recip certs/b.pem -out b.bin
openssl cms -decrypt -inform DER -in keys.der -inkey vault.key -recip certs/c.pem -out c.bin
wc -c < a.bin
cmp a.bin b.bin && cmp a.bin c.bin && echo "the same secret for everybody"
openssl cms -decrypt -inform DER -in keys.der -inkey server.key -recip certs/b.pem -out no.bin 2>/dev/null || echo "not with another's key"

# session commitment = HKDF(salt H, secret, "vidveil1 commit" 00 session) stands in the keys record
hash=$(inspect --json cam.vv | grep -oE '"hash":"[0-9a-f]{64}"' | cut -d'"' -f4)
info=$(printf 'vidveil1 commit\0\0\0\0\0' | od -An -v -tx1 | tr -d ' \n')
commitment=$(openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt "hexkey:$(od -An -v -tx1 a.bin | tr -d ' \n')" \
    -kdfopt "hexsalt:$hash" -kdfopt "hexinfo:$info" HKDF | tr -d ':\n' | tr A-F a-f)
od -An -v -tx1 cam.vv | tr -d ' \n' | grep -q "$commitment" && echo "the commitment is of this secret"

says inspect --cms 1 cam.vv
