#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node/status and node/update on a node in a directory: their own text, with its paths below $T, and files in the
# place of the ESP. What they ask of systemd's programs is told by stand-ins.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T"/{bin,usr/lib/{slipway,systemd,sysupdate.d}}
for p in status update; do
	sed "s,\([ \t=<>\"(]\|^\)/\(usr/lib\|run\|var/lib\|dev\|proc\)/,\1$T/\2/,g" node/$p >"$T/usr/lib/slipway/$p"
	chmod +x "$T/usr/lib/slipway/$p"
	grep -nE '[[:space:]="(]/(usr|run|var|dev|proc)/' "$T/usr/lib/slipway/$p" | grep -vF "$T" && bad "$p has paths of this machine"
done
program() { # path, text
	printf '#!/bin/sh\n%s\n' "$2" >"$T/$1"
	chmod +x "$T/$1"
}
program bin/bootctl "echo $T/boot"
program bin/systemctl "case \"\$*\" in
*LoadState*) echo loaded ;;
*ActiveState*) cat $T/health ;;
*) echo \"systemctl \$*\" >>$T/told ;;
esac"
program usr/lib/systemd/systemd-bless-boot "cat $T/trial"
program usr/lib/systemd/systemd-sysupdate "case \"\$*\" in
*check-new) cat $T/available ;;
*) echo \"sysupdate \$*\" >>$T/told; exit \$(cat $T/status) ;;
esac"
program usr/lib/systemd/systemd-pull "case \"\$*\" in
'raw --direct --verify=signature --size-max=4M https://updates.example/'*'/SHA256SUMS -') cat $T/sums ;;
\"raw --direct --verify=\$(printf %064d 7) --size-max=4M https://updates.example/\"*'/index.json -') cat $T/index ;;
*) exit 1 ;;
esac"
program usr/lib/slipway/firmware-keys "cat $T/keys"

key=$(printf %064d 1) other=$(printf %064d 2)
# As index.json has them.
signed() { # versions and who signed them…
	echo '{
  "name": "node",
  "minimum_version": "5",
  "best_before": null,
  "versions": ['
	while [ $# -gt 0 ]; do
		printf '    {\n      "version": "%s",\n      "root_hash": "%064d",\n      "certificate": "%s",\n    },\n' "$1" 9 "$2"
		shift 2
	done
	echo '  ]
}'
}

kernel() { echo MZ >"$T/boot/EFI/Linux/$1"; } # name
# A node that runs version 2 and is well; a server that has nothing new.
new_node() {
	rm -rf "$T"/{run,var,boot,dev,proc,told}
	mkdir -p "$T"/{boot/EFI/Linux,run,proc,dev/disk/by-partuuid}
	printf 'IMAGE_ID="node"\nIMAGE_VERSION="2"\n' >"$T/usr/lib/os-release"
	echo "quiet usrhash=00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100 rw" >"$T/proc/cmdline"
	ln -s ../../vda5 "$T/dev/disk/by-partuuid/00112233-4455-6677-8899-aabbccddeeff"
	: >"$T/usr/lib/sysupdate.d/30-usr.transfer"
	kernel node_1.efi
	kernel node_2.efi
	echo active >"$T/health"
	echo good >"$T/trial"
	echo '{"available":null}' >"$T/available"
	signed 5 $key 4 $key 3 $key >"$T/index"
	printf '%064d  %s\n' 5 node_3.efi.xz 7 index.json 6 x-index.json >"$T/sums"
	printf '%s\n' $other $key >"$T/keys"
	echo 0 >"$T/status"
}
say() { # what is said, program, settings…
	env PATH="$T/bin:$PATH" SOURCE=https://updates.example CHANNEL=stable REBOOT=coordinated "${@:3}" \
		"$T/usr/lib/slipway/$2" >"$T/out" 2>&1
	echo $? >"$T/exit"
	{ [ -z "$1" ] && [ ! -s "$T/out" ]; } || { [ -n "$1" ] && grep -qF -e "$1" "$T/out"; } && ok ||
		bad "$2 says not \"$1\" but: $(cat "$T/out")"
}
is() { # what is looked at, what it is, what it must be
	[ "$2" = "$3" ] && ok || bad "$1 is \"$2\", not \"$3\""
}
value() { sed -n "s/^$1=\"\(.*\)\"$/\1/p" "$T/run/slipway/status"; }
came() { # exit status, result, version, what was told
	is "exit status" "$(cat "$T/exit")" "$1"
	is result "$(value UPDATE_RESULT)" "$2"
	is version "$(value UPDATE_VERSION)" "$3"
	is "what was told" "$(cat "$T/told" 2>/dev/null)" "$4"
}

new_node
say '' status
is status "$(cat "$T/run/slipway/status")" 'IMAGE_ID="node"
IMAGE_VERSION="2"
USR_DEVICE="vda5"
TRIAL="good"
HEALTHY="yes"
UPDATE_RESULT="none"
UPDATE_VERSION=""
UPDATE_TIME=""
PENDING_VERSION=""
REBOOT_REQUIRED="no"
FAILED_VERSIONS=""'
is metrics "$(cat "$T/run/slipway/slipway.prom")" 'slipway_image_info{name="node",version="2",device="vda5"} 1
slipway_on_trial 0
slipway_healthy 1
slipway_reboot_required 0'
touch "$T/run/reboot-required"
kernel node_3+3-0.efi
echo failed >"$T/health"
say '' status
is "what waits" "$(value PENDING_VERSION) $(value REBOOT_REQUIRED) $(value HEALTHY)" '3 yes no'

# A version that was tried is told of once, and remembered when its kernel image is gone.
mv "$T/boot/EFI/Linux/node_3+3-0.efi" "$T/boot/EFI/Linux/node_3+0-3.efi"
say '<3>version 3 did not come up and is not taken again; running 2' status
say '' status
rm "$T/boot/EFI/Linux/node_3+0-3.efi"
kernel node_4+0.efi
say 'version 4 did not come up' status
is "failed versions" "$(value FAILED_VERSIONS) $(value PENDING_VERSION)" '3 4 '
is "metrics of them" "$(grep -c '^slipway_failed_version_info{version="[34]"} 1$' "$T/run/slipway/slipway.prom")" 2
echo '{"available":"4"}' >"$T/available"
say 'version 4 did not come up here before: not taken' update
came 0 held 4 ''
echo '{"available":"5"}' >"$T/available"
say 'version 5 is installed' update
came 0 installed 5 'sysupdate update 5'

# The third try of a version is not its failure yet; once it is good, what was noted is forgotten.
new_node
mv "$T/boot/EFI/Linux/node_2.efi" "$T/boot/EFI/Linux/node_2+0-3.efi"
echo indeterminate >"$T/trial"
say '' status
is "failed versions at the third try" "$(value FAILED_VERSIONS)" ''
echo 2 >"$T/var/lib/slipway/failed-versions"
say '' status
is "failed versions on trial" "$(value FAILED_VERSIONS)" 2
echo '{"available":"3"}' >"$T/available"
say 'version 2 is on trial' update
came 0 on-trial '' ''
echo good >"$T/trial"
say '' status
is "failed versions after it" "$(value FAILED_VERSIONS)" ''

# A power cut after an update has left a name without content: it is nothing that waits, and is taken anew.
new_node
: >"$T/boot/EFI/Linux/node_3+3-0.efi"
say '' status
is "what waits" "$(value PENDING_VERSION)" ''
echo '{"available":"3"}' >"$T/available"
say 'version 3 is installed' update
came 0 installed 3 'sysupdate update 3'
is "kernel images" "$(cd "$T/boot/EFI/Linux" && echo *)" 'node_1.efi node_2.efi'

# What the firmware would not start is not taken, and not held against the version: its key may come to be trusted.
new_node
echo '{"available":"1.1"}' >"$T/available"
signed 1x1 $key 1.10 $key 1.1 $other >"$T/index"
echo $key >"$T/keys"
say "<3>version 1.1 is signed by $other, which the firmware does not know: not taken" update
came 0 refused 1.1 ''
is "failed versions after that" "$(value FAILED_VERSIONS)" ''
: >"$T/keys"
say 'which the firmware does not know' update
came 0 refused 1.1 ''
echo $other >"$T/keys"
say 'version 1.1 is installed' update
came 0 installed 1.1 'sysupdate update 1.1'
rm "$T/told"
program usr/lib/slipway/firmware-keys 'exit 1'
say '' update
came 1 failed 1.1 ''
program usr/lib/slipway/firmware-keys "cat $T/keys"
signed 1.10 $other >"$T/index"
say '<3>index.json of channel stable does not say who signed version 1.1' update
came 1 failed 1.1 ''
signed 1.1 $other | sed 's/"name": "node"/"name": "node-2"/' >"$T/index"
say '<3>index.json of channel stable is not one of node' update
came 1 failed '' ''
rm "$T/index"
say 'No such file' update
came 1 failed '' ''
printf '%064d  index.json\n' 5 >"$T/sums"
say '' update
came 1 failed '' ''
: >"$T/sums"
say '<3>index.json of channel stable is not one of node' update
came 1 failed '' ''
rm "$T/sums"
say 'No such file' update
came 1 failed '' ''

# A channel is good until the time that its index names.
new_node
echo '{"available":"3"}' >"$T/available"
best_before() { sed -i "s/\"best_before\": .*/\"best_before\": \"$1\",/" "$T/index"; }
best_before "$(date -u -d 'now - 1 minute' +%FT%TZ)"
say '<3>channel stable was good until 2' update
came 0 stale '' ''
best_before "$(date -u -d 'now + 1 day' +%FT%TZ)"
say 'version 3 is installed' update
came 0 installed 3 'sysupdate update 3'

new_node
say '' update
came 0 none '' ''
is "where it looks" "$(cat "$T/run/sysupdate.d/30-usr.transfer.d/50-channel.conf")" '[Source]
Path=https://updates.example/stable'
say '' update CHANNEL=canary-2
is "another channel" "$(tail -n 1 "$T/run/sysupdate.d/30-usr.transfer.d/50-channel.conf")" 'Path=https://updates.example/canary-2'
for channel in ../x 'a b' A -x ''; do
	say 'a channel has a-z, 0-9 and - only' update "CHANNEL=$channel"
	came 1 failed '' ''
done

for reboot in always ''; do
	say "REBOOT=$reboot: it is coordinated or automatic" update "REBOOT=$reboot"
	came 1 failed '' ''
done

# What is told of names on the ESP, shells read.
new_node
kernel 'node_3$(reboot)+0-3.efi'
kernel 'node_4`reboot`+3-0.efi'
kernel 'node_+0-3.efi'
kernel node_5+0-3.efi
say 'version 5 did not come up' status
is "failed and waiting" "$(value FAILED_VERSIONS) $(value PENDING_VERSION)" '5 '

# Its time is over, or the node restarts.
new_node
echo '{"available":"3"}' >"$T/available"
cp "$T/usr/lib/systemd/systemd-sysupdate" "$T/sysupdate"
program usr/lib/systemd/systemd-sysupdate "case \"\$*\" in
*check-new) cat $T/available ;;
*) kill \$PPID ;;
esac"
say '' update
came 1 failed 3 ''
cp "$T/sysupdate" "$T/usr/lib/systemd/systemd-sysupdate"

new_node
echo '{"available":"3"}' >"$T/available"
echo 1 >"$T/status"
touch "$T/run/reboot-required" # for a version whose slot is taken
say '' update REBOOT=automatic
came 1 failed 3 'sysupdate update 3'
[ ! -e "$T/run/reboot-required" ] && ok || bad "a reboot without a version"
echo 0 >"$T/status"
rm "$T/told"
say 'version 3 is installed' update REBOOT=automatic
came 0 installed 3 'sysupdate update 3
systemctl --no-block reboot'
rm "$T/available"
say 'No such file' update
came 1 failed '' 'sysupdate update 3
systemctl --no-block reboot'
finish
