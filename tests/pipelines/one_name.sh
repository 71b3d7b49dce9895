# "vidveil COMMAND" is the command, in a pipeline, too.
. "$PRELUDE"
scene camera.mp4 160x120 1
vidveil enroll-cert -q --generate --name desk --key desk.key -o desk.pem
vidveil capture camera.mp4 | vidveil encrypt-stream -r desk.pem | tee -p cam.vv | vidveil protect --learn 0s -i desk.key | vidveil view -o public.mp4
vidveil verify -i desk.key cam.vv
same "times" "$(times camera.mp4)" "$(times public.mp4)"
says vidveil decrypt-stream cam.vv | steady
says vidveil decript-stream cam.vv
