# Nobody swaps a sealed stream for a plain one unseen.
. "$PRELUDE"
enroll desk
scene camera.mp4 160x120 1
capture camera.mp4 > cam.vv
for command in "decrypt-stream" "protect --learn 0s" "view -o out.mkv"; do
    echo "$command:"
    says $command -i desk.key cam.vv
    [ ! -e out.mkv ] && echo "nothing was written"
    says $command -i desk.key --plain-ok cam.vv
    rm -f out.mkv
done
echo "without a key:"
says protect --learn 0s cam.vv
says view cam.vv -o out.mp4
says encrypt-stream -r certs <(encrypt-stream -r certs cam.vv)
says capture cam.vv
