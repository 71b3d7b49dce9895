# An mp4 with its index at the end cannot come through a pipe: one line says so, and what to do.
. "$PRELUDE"
enroll desk
scene camera.mp4 160x120 2
cat camera.mp4 | out=no.vv says capture -
[ ! -s no.vv ] && echo "nothing was written"
cat camera.mp4 | says capture -o no2.vv
[ ! -e no2.vv ] && echo "nothing was written"
ffmpeg -v error -i camera.mp4 -c copy -movflags +faststart front.mp4
cat front.mp4 | capture - | view -o again.mp4
same "index in front, packets" "$(packets camera.mp4)" "$(packets again.mp4)"
