# Whatever a camera's video comes in: sealed, opened and viewed, it is the same video. The public one has the same times.
. "$PRELUDE"
enroll desk
scene camera.mp4 160x120 3
ffmpeg -v error -i camera.mp4 -c copy camera.mkv
ffmpeg -v error -i camera.mp4 -c copy camera.ts
ffmpeg -v error -i camera.mp4 -c copy -movflags frag_keyframe+empty_moov fragmented.mp4
scene mpeg4.avi 160x120 3 -c:v mpeg4 -q:v 4 -g 20 -bf 0
scene mjpeg.avi 160x120 3 -c:v mjpeg -q:v 4 -pix_fmt yuvj420p
scene h265.mp4 160x120 3 -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=20:pools=1 -pix_fmt yuv420p
scene h265.ts 160x120 3 -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=20:pools=1 -pix_fmt yuv420p

# from the first picture on
relative() { awk 'NR == 1 { first = $1 } { print $1 - first }'; }

round() { # FILE CONTAINER [through a pipe]
    local via="$1"
    if [ $# -gt 2 ]; then via=-; fi
    capture "$via" < "$1" | encrypt-stream -r certs | tee -p cam.vv | decrypt-stream -i desk.key | view -f -o "out.$2"
    echo "$1 $2${3:+ $3}"
    same "  pictures" "$(pictures "$1")" "$(pictures "out.$2")"
    same "  times" "$(times "$1" | relative)" "$(times "out.$2" | relative)"
    protect -i desk.key --learn 1s cam.vv | view -f -o "public.$2"
    same "  public times" "$(times "$1" | relative)" "$(times "public.$2" | relative)"
}

round camera.mp4 mp4
same "  packets" "$(packets camera.mp4)" "$(packets out.mp4)"
round camera.mkv mkv "through a pipe"
same "  payloads" "$(payloads camera.mkv)" "$(payloads out.mkv)"
round camera.ts mp4 "through a pipe"
round fragmented.mp4 mp4 "through a pipe"
same "  payloads" "$(payloads camera.mp4)" "$(payloads out.mp4)"
round mpeg4.avi mp4
same "  payloads" "$(payloads mpeg4.avi)" "$(payloads out.mp4)"
round mjpeg.avi mkv "through a pipe"
same "  payloads" "$(payloads mjpeg.avi)" "$(payloads out.mkv)"
round h265.mp4 mp4
same "  packets" "$(packets h265.mp4)" "$(packets out.mp4)"
round h265.ts mkv
