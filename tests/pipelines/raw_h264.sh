# Raw H.264 carries no times: --fps gives them.
. "$PRELUDE"
enroll desk
scene camera.mp4 160x120 2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 -bf 0 -threads 1
ffmpeg -v error -i camera.mp4 -c copy -f h264 camera.h264
capture --fps 10 camera.h264 | encrypt-stream -r certs | view -i desk.key -o original.mp4
same "pictures" "$(pictures camera.mp4)" "$(pictures original.mp4)"
same "times" "$(times camera.mp4)" "$(times original.mp4)"
cat camera.h264 | capture --fps 5 | view -o slow.mp4
echo "at half the speed: $(times slow.mp4 | sed -n '2p;$p' | paste -sd' ')"
capture camera.h264 | view -o own.mp4
same "times that the video itself gives" "$(times camera.mp4)" "$(times own.mp4)"
says capture --fps fast camera.h264
