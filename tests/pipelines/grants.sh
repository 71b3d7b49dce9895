# A grant opens the epochs that it names to somebody who is no recipient, and nothing else.
. "$PRELUDE"
enroll server
enroll-cert -q --generate --name police --key police.key -o police.pem
scene camera.mp4 160x120 10
# dated, so that what is said about times is the same in every run; an epoch every 2 s
capture --start 2026-03-01T08:00:00Z camera.mp4 | encrypt-stream --rekey-interval 2s -r certs > cam.vv
frames() { inspect --json "$1" | grep -oE '"frames":[0-9]+' | head -n 1; }

echo "next to the stream:"
says rewrap -i server.key --grant police.pem --from 3 --to 5 --sidecar grant.vvk cam.vv
out=part.vv says decrypt-stream -i police.key --grant-file grant.vvk cam.vv
frames part.vv
same "what was granted" "$(decrypt-stream -i server.key cam.vv | inspect --frames | sed -n 21,60p)" "$(inspect --frames part.vv)"

echo "in a copy:"
says rewrap -i server.key --grant police.pem --from 3 --to 5 -o copy.vv cam.vv
out=part2.vv says decrypt-stream -i police.key copy.vv
cmp part.vv part2.vv && echo "the same part"
out=whole.vv says decrypt-stream -i server.key copy.vv
frames whole.vv

echo "one track, a track that is not there:"
says rewrap -i server.key --grant police.pem --track video --from 3 --to 5 --sidecar video.vvk cam.vv
says rewrap -i server.key --grant police.pem --track audio --from 3 --to 5 --sidecar audio.vvk cam.vv
[ -e audio.vvk ] || echo "nothing was written"

echo "without the grant, and outside of it:"
out=none.vv says decrypt-stream -i police.key cam.vv | steady
says view -i police.key --grant-file grant.vvk --from 8 -o late.mp4 cam.vv | steady
[ -e late.mp4 ] || echo "nothing was written"

echo "not by who cannot open it, not from a pipe, not without a time that goes with it:"
says rewrap -i police.key --grant police.pem --from 3 --sidecar no.vvk cam.vv | steady
says rewrap -i server.key --grant police.pem --from 3 < cam.vv
says rewrap -i server.key -r certs --from 3 cam.vv
