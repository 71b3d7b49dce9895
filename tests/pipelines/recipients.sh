# Who is encrypted to, and who can open.
. "$PRELUDE"
enroll desk server other
scene camera.mp4 160x120 2
capture camera.mp4 > cam.vv
cp "$TESTDATA/certs/expired.pem" certs/old.pem
rm certs/other.pem
install -m 600 "$TESTDATA/certs/expired.key" expired.key
touch certs/.hidden.pem certs/notes.txt

echo "an expired certificate is left out and named:"
out=cam.sealed.vv says encrypt-stream -r certs cam.vv
inspect cam.sealed.vv | grep -c 'opened by "CN=desk\|opened by "CN=server'
says decrypt-stream -i expired.key cam.sealed.vv | steady

echo "none is left:"
mkdir late && cp certs/old.pem late
out=none.vv says encrypt-stream -r late cam.vv
says encrypt-stream -r late cam.vv -o none2.vv
[ ! -s none.vv ] && [ ! -e none2.vv ] && echo "nothing was written"
mkdir empty
says encrypt-stream -r empty cam.vv -o none2.vv
says encrypt-stream -r absent cam.vv -o none2.vv
says encrypt-stream cam.vv -o none2.vv
[ ! -e none2.vv ] && echo "nothing was written"

echo "wrong key:"
says decrypt-stream -i other.key cam.sealed.vv -o opened.vv | steady
[ ! -e opened.vv ] && echo "nothing was written"
says protect -i other.key cam.sealed.vv -o opened.vv | steady
[ ! -e opened.vv ] && echo "nothing was written"
echo "wrong key, for a recording that has no end yet:"
head -c -40 cam.sealed.vv > going.vv
says decrypt-stream -i other.key going.vv -o opened.vv | steady
[ ! -e opened.vv ] && echo "nothing was written"
echo "several keys, one of them right:"
says decrypt-stream -i other.key -i desk.key cam.sealed.vv

echo "the same key on another stream:"
encrypt-stream -r certs/desk.pem cam.vv > again.vv
says decrypt-stream -i desk.key again.vv
encrypt-stream -r certs/server.pem cam.vv > server.vv
says decrypt-stream -i desk.key server.vv | steady
cmp -s again.vv cam.sealed.vv || echo "sealed twice, the bytes are others"
