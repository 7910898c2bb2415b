#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same program on another Debian: its gpgv, C library and all libraries but the three codecs that
# stand in the lock are another version's. It gives the same bytes. With that Debian's codecs as well
# it refuses the lock, until it is made anew.
. "$(dirname "$0")/lib.sh"
need_small ldd unshare fsck.erofs
root=$T/root
map=()
[ "$(id -u)" = 0 ] || map=(--map-root-user)
unshare "${map[@]}" --mount true 2>/dev/null || skip_all "neither root nor a user namespace is to be had"

# Debian 13, as far as it is needed, out of packages that slipway itself gets.
cp -r "$here/builder/stages/test/host" "$T/host"
host() { XDG_CACHE_HOME=${real_cache%/slipway} "$slipway" -q "$@"; }
host lock "$T/host" 2>"$T/log" && host fetch "$T/host" 2>"$T/log" || skip_all "no Debian 13: $(tail -n 1 "$T/log")"
mkdir -p "$root$T" "$root/codecs"
while read -r sha; do
	dpkg-deb -x "$real_cache/packages/$sha" "$root" || bad "dpkg-deb -x $sha"
done < <(sed -n 's/^package [^ ]* [^ ]* [^ ]* [^ ]* \([0-9a-f]*\) .*/\1/p' "$T/host/recipe.lock")
ldd "$slipway" | sed -n 's/.*=> \(.*\/lib\(ext2fs\|lz4\|zstd\)\.so[^ ]*\) .*/\1/p' | xargs -I{} cp -L {} "$root/codecs/"
cp "$slipway" "$T/slipway"

in_other() { # program, arguments…
	unshare "${map[@]}" --mount bash -c '
		for d in /proc /dev "$1"; do mount --rbind "$d" "$0$d" || exit; done
		exec chroot "$0" "${@:2}"' "$root" "$T" "$@"
}
on_other() { # library path, arguments of slipway…
	in_other /lib64/ld-linux-x86-64.so.2 --library-path "$1" "$T/slipway" -q "${@:2}"
}

# Its fsck.erofs, which knows zstd, agrees with images of each kind of inode, content and compression.
mkdir -p "$T/seeds/fuzz_reader"
SLIPWAY_SEEDS=$T/seeds try 0 "" "$here/build/stage1/fs/test/test_fs_seeds"
fsck() { in_other /usr/bin/fsck.erofs --extract "$1" 2>&1 || echo "status $?"; } # of what it finds it may exit with 0
for image in "$T"/seeds/fuzz_reader/{plain,lz4,zstd}*; do
	said=$(fsck "$image")
	[ -z "$said" ] && ok || bad "fsck.erofs of ${image##*/}: $said"
done
printf damage | dd of="$image" bs=1 seek=1090 conv=notrunc status=none # the superblock's label
fsck "$image" | grep -q "chksum doesn't match" && ok || bad "fsck.erofs finds no damage"

make_place "$T/here"
recipe=$T/here/recipes/small
export XDG_CACHE_HOME=$T/here/cache SLIPWAY_MIRROR=$T/mirror
try 0 "" "$slipway" -q lock "$recipe" -o "$T/here/first.lock"
try 0 "" "$slipway" -q build "$recipe" --lock "$T/here/first.lock" -o "$T/first"
rm -rf "$XDG_CACHE_HOME/slipway/unpacked" "$XDG_CACHE_HOME/slipway/index"
try 0 "" on_other /codecs lock "$recipe" -o "$T/here/other.lock"
try 0 "" cmp "$T/here/first.lock" "$T/here/other.lock"
try 0 "" on_other /codecs build "$recipe" --lock "$T/here/other.lock" -o "$T/other"
compare "other libraries and programs" "$T/first" "$T/other"

# Its own codecs.
rm -rf "$T/other"
try 0 "" on_other / lock "$recipe" -o "$T/here/own.lock"
if cmp -s "$T/here/first.lock" "$T/here/own.lock"; then
	echo "SKIP this host has the same codecs"
else
	try 0 "" cmp <(grep -v '^codec ' "$T/here/first.lock") <(grep -v '^codec ' "$T/here/own.lock")
	fails 3 "the image would differ; run slipway lock" on_other / build "$recipe" --lock "$T/here/first.lock" -o "$T/other"
	try 0 "" test ! -e "$T/other"
	try 0 "" on_other / build "$recipe" --lock "$T/here/first.lock" --relock -o "$T/other"
	try 0 "" cmp "$T/here/own.lock" "$T/here/first.lock"
	try 0 "" fsck.erofs "$T/other/small_1.usr.raw"
fi
finish
