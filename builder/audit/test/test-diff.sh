#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slipway diff of real builds of recipes/node: what was changed is named as the cause, what follows
# from it is not, and equal builds are equal.
. "$(dirname "$0")/../../cli/test/lib.sh"
need_packages
copy_node
mkdir -p "$T/cache/slipway"
ln -s "$real_cache/packages" "$real_cache/unpacked" "$T/cache/slipway/"
recipe=$T/recipes/node/recipe.yaml

build() { # output directory
	(cd "$T" && "$slipway" -q build recipes/node -o "$1") && ok || bad "build into $1"
}

# The lines between "Causes:" and "Consequences:" but for reasons; then the rest.
causes() { sed -n '/^Causes:/,/^Consequences:/{/^  [^ ]/p}' "$T/report"; }
consequences() { sed -n '/^Consequences:/,${/^  [^ ]/p}' "$T/report"; }
differ() { # A, B
	"$slipway" diff --bytes "$@" >"$T/report" 2>"$T/errors"
	local status=$?
	[ $status -eq 1 ] && [ ! -s "$T/errors" ] && ok || bad "diff $*: status $status: $(cat "$T/errors")"
}
is_cause() { # text
	causes | grep -qF -e "$1" && ok || bad "no such cause: $1, but: $(causes)"
}
is_only_cause() { # text
	is_cause "$1"
	[ "$(causes | grep -vcF -e "$1")" -eq 0 ] && ok || bad "other causes than $1: $(causes)"
}
follows() { # text
	consequences | grep -qF -e "$1" && ok || bad "no such consequence: $1, but: $(consequences)"
}

build one
try 0 "" "$slipway" diff "$T/one" "$T/one"
cp -r --sparse=always "$T/one" "$T/copy"
try 0 "" "$slipway" diff --bytes "$T/one" "$T/copy"
try 0 "" "$slipway" diff --bytes "$T/one/node_1.raw" "$T/copy/node_1.raw"

# A byte in a partition, and in what belongs to nothing.
flip() { # offset in the copy's disk
	local byte
	byte=$(od -An -tu1 -j "$1" -N 1 "$T/copy/node_1.raw")
	printf "\\x$(printf %02x $((byte ^ 0x80)))" |
		dd of="$T/copy/node_1.raw" bs=1 seek="$1" conv=notrunc status=none
}
start_of() { # number of a partition
	sfdisk -J "$T/one/node_1.raw" | sed -n 's/.*"start": *\([0-9]*\).*/\1/p' | sed -n "$1p"
}
usr=$(($(start_of 2) * 512)) verity=$(($(start_of 3) * 512))
flipped() { # offset, cause…
	flip "$1"
	differ "$T/one/node_1.raw" "$T/copy/node_1.raw"
	is_cause "$2"
	flip "$1"
}
flipped 570 "partition table: disk UUID"
flipped 50000 "outside of all partitions: byte 50000"
uuid=48 # of EROFS, in its superblock
[ "$(od -An -tx2 -j $((usr + 1024 + 56)) -N 2 "$T/one/node_1.raw" | tr -d ' ')" != ef53 ] || uuid=104
flipped $((usr + 1024 + uuid)) "usr-a: superblock: UUID"
flipped $((verity + 16)) "usr-verity-a: UUID"
flipped $((usr + 50 * 1024 * 1024)) "usr-verity-a: hash tree, though the data differ"
flipped $((verity + 5000)) "hash tree, from block 1 on, though data and salt are equal"
flipped $((verity - 1)) "usr-a: after the end of its content"
try 0 "" "$slipway" diff --bytes "$T/one" "$T/copy"
rm -r "$T/copy"

# What changed, for people, for a pull request and for programs.
changed() { # line of the report
	grep -qxF -e "$1" "$T/changes" && ok || bad "no line \"$1\" in: $(cat "$T/changes")"
}
changes() { # A, B
	"$slipway" diff "$@" >"$T/changes" 2>"$T/errors"
	local status=$?
	[ $status -eq 1 ] && [ ! -s "$T/errors" ] && ok || bad "diff $*: status $status: $(cat "$T/errors")"
}

# Another content of an overlay file: the only cause; the disk and its parts are compared once.
echo "# another line" >>"$T/recipes/node/overlay/usr/lib/sysctl.d/60-node.conf"
build two
differ --all "$T/one" "$T/two"
is_only_cause "node_1.raw: usr-a: /lib/sysctl.d/60-node.conf: content, line"
for what in "usr-verity-a: hash tree" "usr-verity-sig-a: rootHash" ".cmdline: word" \
	"certificate 1: signature: value" "partition table: partition 2: UUID" \
	"node_1.roothash: content" "node_1.usr.raw: content" "node_1.efi: content" \
	"usr-a: /share/sbom/node.spdx.json: content" "node_1.cdx.json: content"; do
	follows "$what"
done
rm -r "$T/two"

# Another mode, and a file more.
chmod 755 "$T/recipes/node/overlay/usr/lib/sysctl.d/60-node.conf"
echo new >"$T/recipes/node/overlay/usr/lib/sysctl.d/70-new.conf"
build two
differ "$T/one/node_1.raw" "$T/two/node_1.raw"
is_cause "usr-a: /lib/sysctl.d/70-new.conf: entry: only in B"
is_cause "usr-a: /lib/sysctl.d/60-node.conf: mode: 0644 in A, 0755 in B"
changes "$T/one" "$T/two/node_1.raw"
changed "  + /usr/lib/sysctl.d/70-new.conf: file 0644 0:0 (+4 B), of overlay overlay"
changed "  ~ /usr/lib/sysctl.d/60-node.conf: content, mode: file 0644 0:0 -> file 0755 0:0 (+15 B), of overlay overlay"
grep -q '^Packages\|^Units\|^Command line' "$T/changes" && bad "more changed: $(cat "$T/changes")" || ok
changes --markdown "$T/one" "$T/two"
changed '| `/usr/lib/sysctl.d/70-new.conf` | | `file 0644 0:0` | added | `overlay overlay` | +4 B |'
try 1 '"what": "/usr/lib/sysctl.d/70-new.conf"' "$slipway" diff --json "$T/one" "$T/two"
fails 3 "nothing for --markdown: " "$slipway" diff --markdown "$T/one" "$recipe"
try 2 "one of these at a time" "$slipway" diff --markdown --json "$T/one" "$T/two"
rm -r "$T/two" "$T/recipes/node/overlay"
cp -r "$here/recipes/node/overlay" "$T/recipes/node/overlay"

# Another time of the build.
(cd "$T" && SOURCE_DATE_EPOCH=1700000000 "$slipway" -q build recipes/node -o two) && ok || bad "build"
differ --all "$T/one/node_1.raw" "$T/two/node_1.raw"
is_cause "usr-a: /lib/dpkg/status.d: mtime"
is_cause "/modules.dep: mtime"
follows "usr-verity-a: hash tree"
rm -r "$T/two"

# Another version: UKIs and outputs are paired though their names differ.
sed -i 's/^version: .*/version: "2"/' "$recipe"
sed -i 's/enable: \[containerd.service\]/&\n  mask: [systemd-pstore.service]/' "$recipe"
build two
changes "$T/one" "$T/two"
changed "Units: 1 added, 1 removed, 0 changed"
changed "  + systemd-pstore.service: masked"
changed "  - systemd-pstore.service in sysinit.target.wants: enabled"
changed "  ~ /usr/lib/os-release: content, of finisher os-release"
differ "$T/one" "$T/two"
is_cause "node_1.raw: name: node_1.raw in A, node_2.raw in B"
is_cause "usr-a: /lib/os-release: content, line"
is_cause "usr-a: superblock: UUID"
is_cause "partition table: partition 2: label: node_1 in A, node_2 in B"
follows "esp: /EFI/Linux/node_1.efi: .osrel: content, line"
follows ".initrd: /etc/initrd-release: content, line"
"$slipway" diff --bytes --json "$T/one" "$T/two" >"$T/report"
[ $? -eq 1 ] && ok || bad "status of --json"
try 0 "" jq -e '(.equal | not) and (.causes | length > 5) and
	(.causes + .consequences | all(.where and .field and .kind)) and
	([.kinds[].kind] | contains(["root-hash", "derived"])) and
	(.kinds | all(.count > 0 and (.why | length > 10)))' "$T/report"
rm -r "$T/two"

# What is not there, or not of a kind.
fails 4 "nothing: No such file" "$slipway" diff "$T/one" "$T/nothing"
fails 3 "is a directory" "$slipway" diff --bytes "$T/one" "$T/one/node_1.raw"
finish
