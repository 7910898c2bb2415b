#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Our writers beside others, on the tree in a directory: time, CPU, memory and size of each as a whole
# process, a round after the other so that all see the same machine. Prints the table for
# Documentation/filesystem.md.
#
#     make tests && stage1/fs/test/compare-writers.sh DIRECTORY [ROUNDS]
#
# The tree of an image: fsck.erofs --extract=DIRECTORY out/node_1.usr.raw. The programs of Debian 13 are
# fetched, and run by that Debian's own loader; the ones of the host are taken if they are there.
set -u
here=$(cd "$(dirname "$0")/../../.." && pwd)
[ -d "${1:-}" ] || { echo "usage: ${0##*/} DIRECTORY [ROUNDS]" >&2; exit 2; }
tree=$(cd "$1" && pwd)
rounds=${2:-3}
threads=$(nproc)
T=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$T"' EXIT
PATH=$PATH:/usr/sbin:/sbin
write=$here/build/stage1/fs/test/write_image
for program in "$write" /usr/bin/time dpkg-deb; do
	command -v "$program" >/dev/null || { echo "$program is missing" >&2; exit 1; }
done

mkdir "$T/newer" "$T/root"
cat >"$T/newer/recipe.yaml" <<-END
	name: newer
	version: "13"
	arch: x86-64
	repositories:
	  - {type: deb, suite: trixie, components: [main], mirror: system,
	     keyring: /usr/share/keyrings/debian-archive-keyring.gpg}
	packages: [base-files, erofs-utils, squashfs-tools, e2fsprogs]
	kernel: {cmdline: none}
	initrd: {packages: [base-files], modules: [none]}
	filesystem: {type: ext4}
	layout: acl
	signing: {key: none, certificate: none}
END
"$here/build/slipway" -q lock "$T/newer" && "$here/build/slipway" -q fetch "$T/newer" || exit 1
while read -r sha; do
	dpkg-deb -x "${XDG_CACHE_HOME:-$HOME/.cache}/slipway/packages/$sha" "$T/root" || exit 1
done < <(awk '$1 == "package" { print $6 }' "$T/newer/recipe.lock")

newer() { # program, arguments…
	local lib=$T/root/usr/lib/x86_64-linux-gnu
	"$T/root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$lib" "$T/root/usr/$1" "${@:2}"
}

one() { # what, command…: adds a line to $T/results; the image is $T/image
	local what=$1
	shift
	rm -rf "$T/image"
	export -f newer
	export T
	/usr/bin/time -o "$T/time" -f '%e %U %S %M' bash -c '"$@"' - "$@" >"$T/log" 2>&1 ||
		{ echo "$what: $(tail -n 1 "$T/log")" >&2; return; }
	echo "$what|$(cat "$T/time") $(du -sb "$T/image" | cut -f1)" >>"$T/results"
}

ours() { one "slipway $1" "$write" "$1" "$tree" "$T/image" "$threads"; }
erofs_newer() { # what, options…
	one "mkfs.erofs 1.8 $1" newer bin/mkfs.erofs --quiet --workers="$threads" "${@:2}" "$T/image" "$tree"
}
erofs_host() { # what, options…
	command -v mkfs.erofs >/dev/null && one "mkfs.erofs $host_version $1" mkfs.erofs --quiet "${@:2}" "$T/image" "$tree"
}

host_version=$(mkfs.erofs --version 2>&1 | sed -n 's/^mkfs.erofs.* \([0-9.]*\)$/\1/p')
tar -C "$tree" -cf "$T/tree.tar" . || exit 1
: >"$T/results"
for ((i = 0; i < rounds; i++)); do
	one "cp -r" cp -r "$tree" "$T/image"
	one "cp of a tar" cp "$T/tree.tar" "$T/image"
	ours erofs
	erofs_host plain
	erofs_newer plain
	one "mkfs.erofs 1.8 plain --tar" newer bin/mkfs.erofs --quiet --tar=f "$T/image" "$T/tree.tar"
	ours ext4
	one "mke2fs -d" mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$tree" "$T/image" 500M
	ours erofs,lz4
	erofs_host lz4 -zlz4
	erofs_newer lz4 -zlz4
	ours erofs,lz4hc,9,65536
	erofs_host lz4hc,9,65536 -zlz4hc,9 -C65536
	erofs_newer lz4hc,9,65536 -zlz4hc,9 -C65536
	ours erofs,zstd,3,65536
	erofs_newer zstd,3,65536 -zzstd,level=3 -C65536
	one "mkfs.erofs 1.8 zstd,3,65536 --tar" newer bin/mkfs.erofs --quiet --workers="$threads" \
		-zzstd,level=3 -C65536 --tar=f "$T/image" "$T/tree.tar"
	one "mksquashfs zstd,3,65536" newer bin/mksquashfs "$tree" "$T/image" -quiet -no-progress \
		-processors "$threads" -comp zstd -Xcompression-level 3 -b 65536
done

printf '| %s |\n' "writer | wall, least | wall, median | CPU, least | peak memory | size" \
	"--- | ---: | ---: | ---: | ---: | ---:"
awk -F'|' '!seen[$1]++ { print $1 }' "$T/results" | while read -r what; do
	awk -F'|' -v w="$what" '$1 == w { print $2 }' "$T/results" | sort -n | awk -v w="$what" '
		{ wall[NR] = $1; cpu = $2 + $3; if (NR == 1 || cpu < least) least = cpu
		  if ($4 > rss) rss = $4; size = $5 }
		END { printf "| %s | %.2f s | %.2f s | %.2f s | %.0f MiB | %.1f MiB |\n", w, wall[1],
		      wall[int((NR + 1) / 2)], least, rss / 1024, size / 1048576 }'
done
