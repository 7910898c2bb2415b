#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk that is full: at each stage, which file, and nothing left of it.
. "$(dirname "$0")/lib.sh"
disk=$T/disk
mkdir "$disk"
mount -t tmpfs -o size=4M tmpfs "$disk" 2>/dev/null || skip_all "a full disk: no tmpfs can be mounted"
trap 'umount "$disk"; rm -rf "$T"' EXIT
full="No space left on device"
fill() { # bytes to leave free
	rm -f "$disk/ballast"
	head -c $(($(stat -f -c '%a*%S' "$disk") - $1)) /dev/zero >"$disk/ballast"
}
left() { # directory
	[ -z "$(find "$1" -type f ! -name ballast)" ] && ok || bad "left: $(find "$1" -type f ! -name ballast)"
}
need_mirror_tools
put_big() { # a package whose content is 8 MiB and which is $1 bytes of noise itself
	local d=$T/package
	put_package trixie big 1.0
	rm "$T/mirror/pool/big_1.0_amd64.deb"
	head -c 8M /dev/zero >"$d/usr/share/big/zeros"
	head -c "$1" /dev/urandom >"$d/usr/share/big/noise"
	sed -i '/^Package: big/,/^$/d' "$T/mirror/dists/trixie/main/binary-amd64/Packages"
	dpkg-deb --root-owner-group -Zxz -b "$d" "$T/mirror/pool/big_1.0_amd64.deb" >/dev/null
	list_package trixie pool/big_1.0_amd64.deb
	sign_suite trixie
}
make_small && put_big 200000 || { bad "no mirror could be made"; finish; }
recipe=$T/small
sed -i 's/^packages: .*/packages: [hello, big]/' "$recipe/recipe.yaml"

# lock: the lock itself, and the index in the cache.
cp -r "$recipe" "$T/keys" "$disk"
fill 0
fails 5 "$disk/small/recipe.lock: " "$slipway" -q lock "$disk/small"
fails 5 "$full" "$slipway" -q lock "$disk/small"
try 0 "" bash -c "[ ! -e '$disk/small/recipe.lock' ] && [ -z \"\$(find '$disk/small' -name '.*' -type f)\" ]"
rm -r "$disk/small" "$disk/keys"
try 0 "" "$slipway" -q lock "$recipe"
rm -rf "$T/cache"
export XDG_CACHE_HOME=$disk
mkdir -p "$disk/slipway"/{packages,partial,unpacked,index}
fill 0
fails 5 "$disk/slipway/index/" "$slipway" -q lock "$recipe"
fails 5 "$full" "$slipway" -q lock "$recipe"
left "$disk/slipway"

# fetch
fill 65536
fails 5 "cache $disk/slipway/partial/" "$slipway" -q fetch "$recipe"
fails 5 "$full" "$slipway" -q fetch "$recipe"
try 0 "" bash -c "! ls '$disk/slipway/packages' | grep -q $(sha256sum "$T/mirror/pool/big_1.0_amd64.deb" | cut -c 1-64)"
rm "$disk/ballast"
try 0 "" "$slipway" -q fetch "$recipe"

# Unpacking into the cache.
fails 5 "package big 1.0: cache $disk/slipway: " "$slipway" -q build "$recipe" -o "$T/out"
fails 5 "$full" "$slipway" -q build "$recipe" -o "$T/out"
try 0 "" bash -c "! ls -A '$disk/slipway/unpacked' | grep -q $(sha256sum "$T/mirror/pool/big_1.0_amd64.deb" | cut -c 1-64)"
try 0 "" bash -c "[ ! -e '$T/out' ]"
rm -rf "$disk/slipway"

# The outputs, in the order in which they are written.
need_packages
copy_node
slim_node
recipe=$T/recipes/node
export XDG_CACHE_HOME=${real_cache%/slipway}
bytes() { # of an output, without holes
	echo $(($(stat -c '%b*%B' "$T/good/node_1.$1")))
}
full_at() { # output, bytes that the disk has
	mount -o "remount,size=$2" "$disk"
	fails 5 "$disk/node_1.$1: " "$slipway" -q build "$recipe" -o "$disk"
	grep -qF "$full" "$T/stderr" && ok || bad "$1: $(cat "$T/stderr")"
	left "$disk"
}
build_as() { # filesystem
	rm -rf "$T/good"
	mkdir "$T/good"
	sed -i "s/^filesystem: .*/filesystem: $1/" "$T/recipes/common/base.yaml"
	try 0 "" "$slipway" -q build "$recipe" -o "$T/good"
}
build_as '{type: ext4}'
room=0
for output in usr.raw usr-verity.raw efi raw; do
	full_at $output $((room + $(bytes $output) / 2))
	room=$((room + $(bytes $output) + 65536))
done

# What is compressed is on the disk twice, until /usr is written.
build_as '{type: erofs, compression: lz4}'
sum() { echo $(($(stat -c '%b*%B' "$@" | paste -sd+))); }
usr=$(bytes usr.raw) image=$(sum "$T"/good/*.raw "$T"/good/*.efi "$T"/good/*.roothash) all=$(sum "$T"/good/*)
full_at usr.spool $((usr / 2))
full_at usr.raw $((usr + usr / 2))
full_at raw $((image - 1048576))
full_at spdx.json $((image + 262144))
mount -o "remount,size=$((all + 1048576))" "$disk"
try 0 "" "$slipway" -q build "$recipe" -o "$disk"
finish
