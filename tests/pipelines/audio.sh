# Sound is carried by everything but protect, which leaves it out unless it is asked for.
. "$PRELUDE"
enroll desk
scene silent.mp4 160x120 2
ffmpeg -v error -i silent.mp4 -f lavfi -i sine=frequency=440:duration=2 -map 0:v -map 1:a -c:v copy -c:a aac -b:a 32k camera.mp4
capture camera.mp4 | encrypt-stream -r certs > cam.vv
view -i desk.key -o original.mp4 cam.vv
same "sound of the original" "$(payloads camera.mp4 a:0)" "$(payloads original.mp4 a:0)"
same "video of the original" "$(packets camera.mp4)" "$(packets original.mp4)"
kinds() { ffprobe -v error -show_entries stream=codec_type -of csv=p=0 "$1" | paste -sd' '; }
protect -i desk.key --learn 0s cam.vv | view -o public.mp4
echo "public: $(kinds public.mp4)"
protect -i desk.key --learn 0s --keep-audio cam.vv | view -o loud.mp4
echo "public with --keep-audio: $(kinds loud.mp4)"
same "sound kept" "$(payloads camera.mp4 a:0)" "$(payloads loud.mp4 a:0)"
same "times with sound" "$(times camera.mp4)" "$(times loud.mp4)"
capture --no-audio camera.mp4 | view -o without.mp4
echo "capture --no-audio: $(kinds without.mp4)"
same "its packets" "$(packets camera.mp4)" "$(packets without.mp4)"
