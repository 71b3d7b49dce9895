# What a user can do: the block of the issue and of the README.
. "$PRELUDE"
scene camera.mp4 320x240 6
mkdir certs

enroll-cert --generate --name "privacy server" --key server.key -o certs/server.pem 2>/dev/null
enroll-cert --generate --name "desk 1"         --key desk.key   -o certs/desk.pem 2>/dev/null
set -o pipefail
capture camera.mp4 > cam.vv
encrypt-stream -r certs/ < cam.vv > cam.sealed.vv
protect -i server.key < cam.sealed.vv > public.vv
view -o public.mp4 < public.vv                     # anybody
view -i desk.key -o original.mp4 < cam.sealed.vv   # only with the key

same "packets of original.mp4 and camera.mp4" "$(packets camera.mp4)" "$(packets original.mp4)"
same "times of public.mp4 and camera.mp4" "$(times camera.mp4)" "$(times public.mp4)"
if [ "$(pictures camera.mp4)" = "$(pictures public.mp4)" ]; then echo "public.mp4 shows the original"; fi

echo "view without a key:"
says view cam.sealed.vv -o nothing.mp4 | steady
[ ! -e nothing.mp4 ] && echo "no file"

echo "inspect without a key:"
inspect cam.sealed.vv > about.txt
for word in sealed original "privacy server" "desk 1" complete; do grep -qF "$word" about.txt || echo "not said: $word"; done
inspect --json cam.sealed.vv | grep -oE '"(frames|epochs|sessions|sealed)":[^,]*|"kind":"video"|"end":"[a-z]*"' | sort -u

capture camera.mp4 | encrypt-stream -r certs/ | tee -p cam2.sealed.vv | protect -i server.key | view -o public2.mp4
same "frames of both ways" "$(decrypt-stream -i desk.key cam.sealed.vv | inspect --frames)" "$(decrypt-stream -i desk.key cam2.sealed.vv | inspect --frames)"
same "pictures of both ways" "$(pictures public.mp4)" "$(pictures public2.mp4)"
verify -i desk.key cam.sealed.vv cam2.sealed.vv | sed -E 's/[0-9]+ bytes/N bytes/'
