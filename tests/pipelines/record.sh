# An archive folder: segments, playback, a gap, a recording that died, what may be written.
. "$PRELUDE"
enroll desk
scene camera.mp4 160x120 12
named() { sed -E 's/[0-9a-f]{16}-/STREAM-/g'; }
listed() { record --list archive | awk '/^ +-- / || !/^ / { sub(/, [0-9.]+ KiB/, ""); print; next } { print $1, $2, $6 }'; }
shot() { capture --camera "front gate" --start "$1" camera.mp4; }
sealed() { shot "$1" | encrypt-stream -r certs --rekey-interval 2s "${@:2}"; }
sealed 2026-05-01T14:00:00Z > cam.vv

echo "a stream is kept as segments:"
says record -q archive --segment 4s cam.vv
ls archive | named
listed
echo "the folder is one recording:"
decrypt-stream -i desk.key cam.vv > opened.vv
decrypt-stream -i desk.key archive 2>&1 > again.vv && cmp opened.vv again.vv && echo "the same bytes"
view -i desk.key cam.vv -o whole.mp4
view -i desk.key archive -o archive.mp4
same packets "$(packets whole.mp4)" "$(packets archive.mp4)"
view -i desk.key --from 2026-05-01T14:00:05Z --to 2026-05-01T14:00:07Z cam.vv -o part.mp4
view -i desk.key --from 2026-05-01T14:00:05Z --to 2026-05-01T14:00:07Z archive -o archived.mp4
same pictures "$(pictures part.mp4)" "$(pictures archived.mp4)"
out=public.vv says protect -i desk.key --learn 1s --from 2026-05-01T14:00:05Z archive
inspect public.vv | grep -m1 public

echo "it goes on as a new stream, and dies:"
sealed 2026-05-01T15:00:00Z --after archive > next.vv
head -c -3000 next.vv | says record -q archive --segment 4s
sealed 2026-05-01T16:00:00Z --after archive > last.vv
last=$(ls archive | tail -1)
cp "archive/$last" whole.vv
head -c -500 whole.vv > "archive/$last.part" && rm "archive/$last"
says record archive last.vv | named
listed

echo "a segment is gone:"
rm "$(ls archive/*T140004Z*)"
says verify -q -i desk.key archive | named
out=out.mp4 says view -i desk.key --to 2026-05-01T14:30:00Z archive -o gap.mp4 | named

echo "what is not written:"
shot 2026-05-01T14:00:00Z > plain.vv
says record new plain.vv
says record new --only public cam.vv
says record new --only public public.vv | sed -E 's/[0-9.]+ KiB/N KiB/'
says record archive cam.vv | named
