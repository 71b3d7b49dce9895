# "--loop" plays a file over and over, with times going on; a pipe cannot be.
. "$PRELUDE"
enroll desk
scene camera.mp4 160x120 2
capture --loop 3 camera.mp4 | encrypt-stream -r certs | view -i desk.key -o three.mp4
times three.mp4 | wc -l
times three.mp4 | awk 'NR > 1 && $1 - last != 100 { print "a step of", $1 - last, "at", $1 } { last = $1 } END { print "last at", last }'
same "payloads" "$(for i in 1 2 3; do payloads camera.mp4; done)" "$(payloads three.mp4)"
same "pictures" "$(for i in 1 2 3; do pictures camera.mp4; done)" "$(pictures three.mp4)"
out=no.vv says capture --loop 2 - < <(cat camera.mp4)
[ ! -s no.vv ] && echo "nothing was written"
says capture --loop 0 camera.mp4
