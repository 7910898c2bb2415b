#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes that fetch versions of theirs from a web server. It takes long under emulation, which is why make check leaves it out.
#
# usage: updates.sh [PART…]     (good without any; with SLIPWAY_LONG=1 all)
#   good                           versions 2 and 3, and before that nothing of what a server or somebody on the way
#                                  may give the node instead
#   crash, unwell, panic, freeze   a version that does not come up: containerd crashes, a health command fails, the
#                                  kernel panics, systemd hangs
#   foreign                        a version signed by a key that the firmware does not know, also if its index names another
#   cuts                           $CUTS (30) power cuts while the node takes version 3; $SEED repeats a run
all=(good crash unwell panic freeze foreign cuts)
if [ $# -eq 0 ]; then
	[ -n "${SLIPWAY_LONG-}" ] && set -- "${all[@]}" || set -- good
fi
parts=" $* "
for part; do
	[[ " ${all[*]} " = *" $part "* ]] || { echo "updates.sh: there is no part $part: ${all[*]}"; exit 2; }
done
wanted() { [[ $parts = *" $1 "* ]]; }
logs=build/logs/vm-update
locations='location ~ ^/reset/.*usr-verity.raw { return 444; } location ~ ^/stall/.*usr-verity.raw { limit_rate 10; }'
. "$(dirname "$0")/web.sh"
sign_key stranger
sed -i 's/^  - containerd$/&\n  - gpg/' "$recipe/recipe.yaml"
fetch_more gpg

sign() { # channel, key
	(cd "$web/$1" && rm -f SHA256SUMS* && sha256sum -- * >"$T/sums" && mv "$T/sums" SHA256SUMS &&
		gpg -q --batch -u "$2" --detach-sign -o SHA256SUMS.gpg SHA256SUMS)
}
# A channel like that of version 2, but for what a command makes of its files.
channel() { # name, command
	cp -rl "$web/next" "$web/$1" && (cd "$web/$1" && eval "$2") && ok || bad "channel $1"
}
other() { # files: they become those of this channel alone
	local f
	for f; do cp "$f" "$T/f" && mv -f "$T/f" "$f"; done
}
flip() { # file
	other "$1" && printf '\252' | dd of="$1" bs=1 seek=9999 conv=notrunc status=none
}

node() { # version whose disk it is, options, case
	"$slipway" test --keep-logs "$logs" "$T/$1/update_1.raw" "${@:2}" >"$T/log" 2>&1
	[ $? -eq 0 ] && ok || bad "$*"
	grep -v ' passed, ' "$T/log"
}
good() {
	version update 2
	publish stale 1
	publish next 2
	channel stranger 'sign stranger stranger'
	channel unsigned 'rm SHA256SUMS.gpg'
	channel mixed 'cp --remove-destination ../stable/SHA256SUMS .'
	channel older 'for f in *_2*; do mv "$f" "${f/_2/_0.9}"; done; sign older fleet'
	channel past 'other index.json; sed -i "s/\"best_before\": .*/\"best_before\": \"2026-01-01T00:00:00Z\",/" index.json; sign past fleet'
	channel changed 'flip *.usr-verity.raw'
	channel kernel 'flip *.efi'
	channel short 'other *.usr-verity.raw; truncate -s -4096 *.usr-verity.raw'
	channel wrong 'other *.usr-verity.raw; echo "<html>Log in to this network</html>" >"$(echo *.usr-verity.raw)"'
	channel lost 'rm *.usr-verity.raw'
	channel reset true
	channel stall true
	node 1 update
}
digest() { sha256sum <"$T/keys/$1.der" | cut -d ' ' -f 1; } # key
foreign() {
	step "another key" "$slipway" keygen --next db2 "$T/keys"
	sed -i.kept 's,keys/db\.\(key\|crt\)$,keys/db2.\1,' "$T/recipes/common/base.yaml"
	version update 2.1
	mv "$T/recipes/common/base.yaml.kept" "$T/recipes/common/base.yaml"
	publish foreign 2.1
	cp -r "$web/foreign" "$web/forged"
	sed -i "s/$(digest db2)/$(digest db)/" "$web/forged/index.json"
	cmp -s "$web/foreign/index.json" "$web/forged/index.json" && bad "the index names no other key" || ok
	node 1 update-foreign
}

# Versions that boot far enough to be tried, and no further.
bad_version() { # version, kind, unit, what is in it
	wanted "$2" || return 0
	cp "$T/recipe.yaml" "$recipe/recipe.yaml"
	rm -rf "$recipe/overlay"
	cp -r "$here/recipes/node/overlay" "$recipe"
	local units=$recipe/overlay/usr/lib/systemd/system
	mkdir -p "$units/$3.d"
	echo "$4" >"$units/$3.d/50-bad.conf"
	sed -i 's/^  time-limit: 600$/  time-limit: 10/' "$recipe/recipe.yaml"
	# It is the command that fails, also where containerd takes longer than that.
	[ "$2" != unwell ] || sed -i '/^  units: \[containerd.service\]/d; s,^  commands: .*,  commands: ["test -e /never"],' "$recipe/recipe.yaml"
	version update "$1"
	publish "$2" "$1"
	step "the node's disk" cp --sparse=always "$T/1/update_1.raw" "$T/$1"
	put_version update "$1" "$T/$1/update_1.raw" "+3-0"
	node "$1" "update-$2"
}
version update 1
if wanted good || wanted cuts; then
	version update 3
	publish stable 3
fi
! wanted good || good
! wanted foreign || foreign
cp "$recipe/recipe.yaml" "$T/recipe.yaml"
bad_version 4 crash containerd.service $'[Service]\nExecStart=\nExecStart=/bin/sh -c "kill -SEGV $$$$"'
bad_version 5 unwell containerd.service $'# as it was'
bad_version 6 panic sshd-keygen.service $'[Unit]\nConditionPathExists=\n[Service]\nExecStart=\nExecStart=/bin/sh -c "echo c >/proc/sysrq-trigger"'
bad_version 7 freeze sshd-keygen.service $'[Unit]\nConditionPathExists=\n[Service]\nExecStart=\nExecStart=/bin/sh -c "echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze"'
! wanted cuts || node 1 --repeat "${CUTS:-30}" ${SEED:+--seed "$SEED"} update-cuts
finish
