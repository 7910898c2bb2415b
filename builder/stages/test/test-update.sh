#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A new version of one small package leaves the blocks of all others as they were: at least 95 % of the
# new image's data blocks are in the old one. The package is real, in the version of Debian 12 and in
# that of Debian 13.
. "$(dirname "$0")/lib.sh"
same_blocks=$here/build/stage1/fs/test/same_blocks
[ -x "$same_blocks" ] || { bad "$same_blocks is not there: run make tests"; finish; }
need_small

mkdir "$T/older"
cat >"$T/older/recipe.yaml" <<-END
	name: older
	version: "12"
	arch: x86-64
	repositories:
	  - {type: deb, suite: bookworm, components: [main], mirror: system,
	     keyring: /usr/share/keyrings/debian-archive-keyring.gpg}
	packages: [zlib1g]
	kernel: {cmdline: none}
	initrd: {packages: [zlib1g], modules: [none]}
	filesystem: {type: ext4}
	layout: acl
	signing: {key: none, certificate: none}
END
host() { XDG_CACHE_HOME=${real_cache%/slipway} "$slipway" -q "$@"; }
host lock "$T/older" 2>"$T/log" && host fetch "$T/older" 2>"$T/log" ||
	skip_all "no package of Debian 12: $(tail -n 1 "$T/log")"

make_place "$T/here"
recipe=$T/here/recipes/small
export XDG_CACHE_HOME=$T/here/cache SLIPWAY_MIRROR=$T/mirror
keep_yaml "$recipe/recipe.yaml"

# The lock, but with the older package in the place of the newer one, suite and use as they are.
older_lock() { # lock
	awk 'NR == FNR { if ($2 == "zlib1g") older = $0; next }
	     $1 == "package" && $2 == "zlib1g" { suite = $8; use = $9; $0 = older; $8 = suite; $9 = use }
	     { print }' "$T/older/recipe.lock" "$1"
}

same() { # what, the recipe's line of the filesystem
	local data all
	change "s/^filesystem: .*/filesystem: $2/"
	try 0 "" "$slipway" -q lock "$recipe" -o "$T/new.lock"
	older_lock "$T/new.lock" >"$T/old.lock"
	try 1 "zlib1g" diff "$T/old.lock" "$T/new.lock"
	try 0 "" "$slipway" -q build "$recipe" --lock "$T/new.lock" -o "$T/new"
	try 0 "" "$slipway" -q build "$recipe" --lock "$T/old.lock" -o "$T/old"
	try 1 "differ" cmp "$T/old/small_1.usr.raw" "$T/new/small_1.usr.raw"
	read -r data all < <("$same_blocks" "$T/old/small_1.usr.raw" "$T/new/small_1.usr.raw")
	echo "$1: of 1000 data blocks ${data:-none} are in the old image, of all blocks ${all:-none}"
	[ "${data:-0}" -ge 950 ] && ok || bad "$1: data blocks moved or changed"
	[ "${all:-0}" -ge 900 ] && ok || bad "$1: other blocks changed as well"
}
same uncompressed "{type: erofs, compression: none}"
same default "{type: erofs}"
finish
