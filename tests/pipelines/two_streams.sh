# Streams back to back are one after the other to every command; when the first one is torn, its authentic part comes out.
. "$PRELUDE"
enroll desk
scene a.mp4 160x120 2
scene b.mp4 160x120 3
for c in a b; do capture $c.mp4 | encrypt-stream -r certs > $c.vv; done
cat a.vv b.vv > both.vv

decrypt-stream -i desk.key both.vv > plain.vv
same "frames of both" "$(cat <(capture a.mp4 | inspect --frames) <(capture b.mp4 | inspect --frames))" "$(inspect --frames plain.vv)"
inspect --json both.vv | grep -oE '"(stream|frames|end)":("[a-z]*"|[0-9]+)' | paste -sd' '
verify -i desk.key both.vv
view -i desk.key both.vv -o both.mp4
same "payloads of one file out of two" "$(payloads a.mp4; payloads b.mp4)" "$(payloads both.mp4)"
protect -i desk.key --learn 0s both.vv | inspect --json | grep -oE '"(role|frames)":("[a-z]*"|[0-9]+)' | paste -sd' '
echo "capture, twice, into one file:"
{ capture a.mp4; capture b.mp4; } | encrypt-stream -r certs | verify -i desk.key

echo "the first one is torn:"
{ head -c -2000 a.vv; cat b.vv; } > torn.vv
out=torn.plain.vv says decrypt-stream -i desk.key torn.vv | sed -E 's/byte [0-9]+/byte N/'
inspect --frames torn.plain.vv > torn.frames || true
[ -s torn.frames ] && cmp -s torn.frames <(head -n "$(wc -l < torn.frames)" <(capture a.mp4 | inspect --frames)) && echo "the first frames of a"
says inspect --json torn.plain.vv | grep -oE '"end":"[a-z]*"|exit .*'
