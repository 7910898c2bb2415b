#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an image says of its packages: every one that the lock names is in the list that scanners read,
# its files have the sums that the list tells, and its copyright file can be read. The oracles are
# dpkg-query, md5sum, tar and the packages themselves.
. "$(dirname "$0")/../../cli/test/lib.sh"
need_packages
for program in fsck.erofs dpkg-query dpkg-deb zstd; do
	command -v $program >/dev/null || skip_all "$program is missing"
done
copy_node
lock=$T/recipes/node/recipe.lock
XDG_CACHE_HOME=${real_cache%/slipway} "$slipway" -q build "$T/recipes/node" -o "$T/out" ||
	{ bad "no image"; finish; }
mkdir "$T/admin" "$T/doc" "$T/kept"
fsck.erofs --extract="$T/usr" "$T/out/node_1.usr.raw" >/dev/null 2>&1

# The list: one after the other its files are a status file.
for f in "$T"/usr/lib/dpkg/status.d/*; do
	[[ $f == *.md5sums ]] || { cat "$f"; echo; }
done >"$T/admin/status"
: >"$T/admin/available"
mkdir "$T/admin/info" "$T/admin/updates"
dpkg-query --admindir="$T/admin" -W -f '${Package} ${Version} ${Architecture} ${db:Status-Status}\n' |
	LC_ALL=C sort >"$T/listed"
sed -n 's/^package \([^ ]* [^ ]* [^ ]*\) .*/\1 installed/p' "$lock" | LC_ALL=C sort >"$T/locked"
[ -s "$T/locked" ] && diff "$T/locked" "$T/listed" && ok || bad "the list is not what the lock names"

# Source packages are what advisories are about: the fields are the package's own.
while read -r _ name _ _ _ sha _; do
	deb=$real_cache/packages/$sha
	diff <(dpkg-deb -f "$deb") <(grep -v '^Status: ' "$T/usr/lib/dpkg/status.d/$name") >/dev/null &&
		ok || bad "$name: other fields than the package's"
	mkdir -p "$T/doc"
	dpkg-deb --fsys-tarfile "$deb" | tar -xC "$T/doc" --wildcards './usr/share/doc/*' 2>/dev/null
done < <(grep '^package ' "$lock")

# Sums, of files that are there.
cat "$T"/usr/lib/dpkg/status.d/*.md5sums >"$T/sums"
[ "$(wc -l <"$T/sums")" -gt 1000 ] && ok || bad "few files are listed: $(wc -l <"$T/sums")"
wrong=$(cd "$T" && md5sum -c --quiet sums 2>&1) && ok || bad "sums: ${wrong:0:1000}"
grep -q 'usr/share/doc/' "$T/sums" && bad "files are listed that the recipe removes" || ok

# Copyright files, symlinks followed.
tar --zstd -xf "$T/usr/share/licenses/copyright.tar.zst" -C "$T/kept" && ok || bad "tar cannot read the archive"
for name in $(awk '/^package / { print $2 }' "$lock"); do
	cmp -s "$T/doc/usr/share/doc/$name/copyright" "$T/kept/usr/share/doc/$name/copyright" &&
		ok || bad "$name: no copyright file, or another one"
done

# By what scanners choose the distribution.
for line in ID=debian 'VERSION_ID="13"' 'IMAGE_ID="node"'; do
	grep -qx "$line" "$T/usr/lib/os-release" && ok || bad "os-release has no line $line"
done
grep -qE '^13\.[0-9]+$' "$T/usr/share/factory/etc/debian_version" && ok || bad "no etc/debian_version"
finish
