#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where output and cache go, and where it is printed: what cannot be written to, what is closed, what two
# write at once, what does not fit.
. "$(dirname "$0")/lib.sh"
need_mirror_tools
make_small && "$slipway" -q lock "$T/small" || { bad "no lock could be made"; finish; }
recipe=$T/small
build() { "$slipway" -q build "$recipe" -o "$T/out" "$@"; }
cp "$slipway" "$T/slipway"

# Output directories.
: >"$T/file"
fails 1 "output directory $T/file: $T/file is not a directory" "$slipway" build "$recipe" -o "$T/file"
fails 4 "output directory $T/no/out: make $T/no first: No such file" "$slipway" build "$recipe" -o "$T/no/out"
ln -s nowhere "$T/dangling"
fails 4 "output directory $T/dangling: a symlink to nowhere: make what it points to" "$slipway" build "$recipe" -o "$T/dangling"
mkdir -m 555 "$T/closed"
chmod -R a+rX "$T" && chmod 644 "$T/keys/db.key"
fails 1 "output directory $T/closed cannot be written to: Permission denied" \
	as_nobody env XDG_CACHE_HOME=/tmp "$T/slipway" -q build "$recipe" -o "$T/closed"
for name in small_1.raw small_1.efi; do
	mkdir -p "$T/taken/$name"
	fails 1 "output $T/taken/$name: a directory has this name: remove it, or name another place with --output" \
		"$slipway" build "$recipe" -o "$T/taken"
	rmdir "$T/taken/$name"
done
mkdir "$T/taken/lock"
fails 3 "$T/taken/lock: not a regular file" "$slipway" -q lock "$recipe" --output "$T/taken/lock"
fails 4 "write $T/none/lock: No such file" "$slipway" -q lock "$recipe" --output "$T/none/lock"

# Caches.
advice="set XDG_CACHE_HOME to a directory that can be written to"
fails 1 "cache $T/file/slipway: Not a directory: $advice" env XDG_CACHE_HOME="$T/file" "$slipway" build "$recipe"
fails 1 "cache $T/closed/slipway: Permission denied: $advice" as_nobody env XDG_CACHE_HOME="$T/closed" "$T/slipway" fetch "$recipe"
mkdir -p "$T/odd/slipway"
: >"$T/odd/slipway/packages"
fails 1 "cache $T/odd/slipway/packages" env XDG_CACHE_HOME="$T/odd" "$slipway" build "$recipe"


# A cache on a filesystem that is read-only: what is in it can be used, and nothing be added.
fixed() { # cache, command…
	unshare -rm sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$@"
}
if unshare -rm true 2>/dev/null; then
	mkdir -p "$T/empty" "$T/dirs/slipway/packages" "$T/dirs/slipway/partial" "$T/dirs/slipway/unpacked"
	fails 1 "cache $T/empty/slipway: Read-only file system: $advice" \
		fixed "$T/empty" env XDG_CACHE_HOME="$T/empty" "$slipway" -q fetch "$recipe"
	fails 1 "Read-only file system: $advice" fixed "$T/dirs" env XDG_CACHE_HOME="$T/dirs" "$slipway" -q fetch "$recipe"
	fails 1 "/index: Read-only file system: $advice" fixed "$T/dirs" env XDG_CACHE_HOME="$T/dirs" "$slipway" -q lock "$recipe"
	"$slipway" -q fetch "$recipe" || bad "no fetch"
	try 0 "" fixed "$T/cache" "$slipway" -q fetch "$recipe"
else
	echo "SKIP no user namespace, no read-only cache"
fi

# Standard output.
if [ -e /dev/full ]; then
	fails 5 "standard output: No space left" bash -c "'$slipway' version >/dev/full"
	fails 5 "standard output: No space left" bash -c "'$slipway' version --help >/dev/full"
	fails 5 "standard output: No space left" bash -c "'$slipway' --help >/dev/full"
	fails 5 "standard output: No space left" bash -c "'$slipway' -q fetch '$recipe' --json >/dev/full"
	fails 5 "standard output: No space left" bash -c "'$slipway' -q lock '$recipe' --json >/dev/full"
fi
fails 1 "standard output: Bad file descriptor" bash -c "'$slipway' version >&-"
fails 1 "standard output: Bad file descriptor" bash -c "'$slipway' -q fetch '$recipe' --json >&-"
try 0 "" bash -c "'$slipway' version 2>&- <&-"
try 4 "" bash -c "'$slipway' build '$T/none' 2>&- >&- <&-"

need_packages
copy_node
slim_node
recipe=$T/recipes/node
export XDG_CACHE_HOME=${real_cache%/slipway}
try 0 "" "$slipway" -q build "$recipe" -o "$T/good"
same() { # directory
	diff -rq "$T/good" "$1" >"$T/diff" && [ "$(ls -A "$1")" = "$(ls -A "$T/good")" ] && ok || bad "$1: $(cat "$T/diff"; ls -A "$1")"
}
# Nothing that is printed goes into what is written.
bash -c "'$slipway' build '$recipe' -o '$T/closed-fds' <&- >&- 2>&-"
[ $? -eq 1 ] && ok || bad "no word of a closed standard output"
same "$T/closed-fds"

# A limit is like a disk that is full, and JSON is output too.
mkdir "$T/limited"
fails 5 "$T/limited/node_1.usr.spool: compressed contents: write" bash -c "ulimit -f 10000; exec '$slipway' -q build '$recipe' -o '$T/limited'"
grep -q ': File too large$' "$T/stderr" && ok || bad "a limit is called something else: $(cat "$T/stderr")"
[ -z "$(ls -A "$T/limited")" ] && ok || bad "left behind a limit: $(ls -A "$T/limited")"
if [ -e /dev/full ]; then
	fails 5 "standard output: No space left" bash -c "'$slipway' -q build '$recipe' -o '$T/good' --json >/dev/full"
	try 5 "standard output: No space left" bash -c "'$slipway' build '$recipe' -o '$T/good' -n >/dev/full" # and progress
fi
# What is small is enough.
mkdir "$T/real" && ln -s real "$T/link"
try 0 "" bash -c "ulimit -n 32; ulimit -v 2000000; exec env -u HOME -u PATH LC_ALL=tr_TR.UTF-8 '$slipway' -q build '$recipe' -o '$T/link'"
same "$T/real"

# Two at once, into the same directory and the same cache, which lacks a fifth of what is unpacked.
rm -rf "$T/cache/slipway/packages"
cp -r "$real_cache/packages" "$T/cache/slipway/packages"
mkdir -p "$T/cache/slipway/unpacked"
ln -s "$real_cache"/unpacked/* "$T/cache/slipway/unpacked/"
rm "$T/cache/slipway/unpacked"/[0-2]*
export XDG_CACHE_HOME=$T/cache
"$slipway" -q build "$recipe" -o "$T/two" &
first=$!
"$slipway" -q build "$recipe" -o "$T/two" && ok || bad "one of two builds fails"
wait $first && ok || bad "the other of two builds fails"
same "$T/two"
[ "$(find "$T/cache/slipway" -name '.*' -type f | wc -l)" -eq 0 ] && ok || bad "temporary files are left in the cache"

# What does not fit. The real cache has the packages unpacked.
export XDG_CACHE_HOME=${real_cache%/slipway}
keep_yaml "$T/recipes/common/base.yaml"
with_layout() { # sed's script, message
	sed "$1" "$here/layouts/acl.yaml" >"$T/recipes/common/other.yaml"
	cmp -s "$here/layouts/acl.yaml" "$T/recipes/common/other.yaml" && bad "sed $1 changes nothing"
	change 's,^layout: .*,layout: ./other.yaml,'
	fails 5 "$2" build
	try 0 "" bash -c "[ -z \"\$(ls -A '$T/out' 2>/dev/null)\" ]"
}
with_layout 's/type: usr, slot: \(.\), size: [0-9]*G/type: usr, slot: \1, size: 64M/' \
	"the usr partition of layout acl has 64 MiB, its content needs "
with_layout 's/type: esp, size: .*M/type: esp, size: 64M/' "make it larger in the layout"
finish
