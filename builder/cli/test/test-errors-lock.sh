#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Locks that are not there, not whole, edited, or made for something else.
. "$(dirname "$0")/lib.sh"
need_mirror_tools
make_small || { bad "no mirror could be made"; finish; }
recipe=$T/small lock=$T/small/recipe.lock
keep_yaml "$recipe/recipe.yaml"
build() { "$slipway" -q build "$recipe" -o "$T/out"; }
fetch() { "$slipway" -q fetch "$recipe"; }

fails 4 "$lock: there is no lock yet; run slipway lock" build
fails 4 "$lock: there is no lock yet; run slipway lock" fetch
fails 4 "there is no lock yet whose packages could be kept" "$slipway" lock "$recipe" --keep-packages
try 0 "" "$slipway" -q lock "$recipe"
cp "$lock" "$T/good.lock"
line() { grep -n "^$1" "$T/good.lock" | head -1 | cut -d: -f1; }

# A lock that cannot be read: the line, and how to get a good one.
edited() { # sed's script, message
	sed "$1" "$T/good.lock" >"$lock"
	cmp -s "$T/good.lock" "$lock" && bad "sed $1 changes nothing"
	fails 3 "$2" build
	fails 3 "slipway lock" build
}
edit_field() { # kind of line, field, new value, message
	sed -E "$(line "$1")s/^(([^ ]+ ){$(($2 - 1))})[^ ]+/\1$3/" "$T/good.lock" >"$lock"
	cmp -s "$T/good.lock" "$lock" && bad "field $2 of $1 is $3 already"
	fails 3 "$lock:$(line "$1"): $4" build
}
echo hello >"$lock"
fails 3 "$lock:1: a \"slipway-lock\" line of 2 fields is expected here; restore the file, or remove it and run slipway lock" build
fails 3 "the ids of users are carried on from the lock that is there: $lock:1: " "$slipway" lock "$recipe"
echo "slipway-lock 1" >"$lock"
fails 3 "a lock of an older format, without ids of users; run slipway lock" build
: >"$lock"
fails 3 "$lock:1: the file ends before its \"slipway-lock\" line" build
head -c -1 "$T/good.lock" >"$lock"
fails 3 "the last line does not end in a newline: the file is cut off" build
head -1 "$T/good.lock" >"$lock"
fails 3 "$lock:2: the file ends before its \"recipe\" line" build
edited 's/$/\r/' "$lock:1: holds a byte that is not printable"
edited '2s/ /  /' "$lock:2: an empty field: fields are separated by one space"
edited 's/^epoch .*/epoch 1700000000/' "$lock: epoch 1700000000 is not the newest date of its suites"
edited '1s/[0-9]*$/99/' "$lock:1: a lock of a later format, which needs a later slipway"
edited '/^arch /d' "a \"arch\" line of 2 fields is expected here"
edited "$(line package)h;$(line package)G" "packages are sorted by name and architecture, each once"
rm "$lock" && mkdir "$lock"
fails 3 "$lock: not a regular file" build
rmdir "$lock" && mkfifo "$lock"
fails 3 "$lock: not a regular file" build
rm "$lock"

# Each field of a line that is edited to what it cannot be.
edit_field recipe 2 xyz "a SHA-256 has 64 hex digits"
edit_field epoch 2 -1 "malformed number"
edit_field suite 5 other "the archive of a suite is main or security"
edit_field suite 6 12x "malformed number"
edit_field suite 7 abc "a SHA-256 has 64 hex digits"
edit_field suite 8 "$(printf 'g%.0s' {1..64})" "malformed SHA-256"
edit_field suite 9 abcdef "fingerprints are of uppercase hex digits, sorted"
edit_field package 2 '-x' "malformed name or version of a package"
edit_field package 3 'a_b' "malformed name or version of a package"
edit_field package 4 mips "the architecture of a package is amd64, arm64 or all"
edit_field package 5 1k "malformed number"
edit_field package 6 "$(printf 'A%.0s' {1..64})" "a SHA-256 is written in lowercase"
edit_field package 7 '..\/..\/etc' "malformed path of a package"
edit_field package 7 '\/etc\/x' "malformed path of a package"
edit_field package 8 sid "the package is of no suite listed above"
edit_field package 9 all "a package is for image, initrd or image+initrd"

# And to what it could be, but is not.
edited 's/^recipe ./recipe x/; s/^recipe x/recipe 0/; s/^recipe 0\(.*\)./recipe 0\1f/' "the lock was made for another recipe"
edited 's/^arch .*/arch arm64/' "the lock is for arm64, the recipe for x86-64: run slipway lock"
edited 's/^builder .*/builder 0.0.1/' \
	"the lock was made with slipway 0.0.1 and this builder has "
edited 's/^codec zstd .*/codec zstd 0.0.1/' "the lock was made with zstd 0.0.1 and this builder has "
edited 's/^codec lz4 .*/codec lz4 1.0.0/' "the lock was made with lz4 1.0.0 and this builder has "
edited '/^codec zstd /d' "the lock was made with zstd none and this builder has "
cp "$T/good.lock" "$lock"
change 's/^packages: .*/packages: [hello, world]/'
fails 3 "$lock: the lock was made for another recipe: its suites, packages or what it does without have changed" build
restore
rm -rf "$T/cache"
other=$(printf '0%.0s' {1..64})
sed -E "$(line package)s/[0-9a-f]{64}/$other/" "$T/good.lock" >"$lock"
fails 4 "package hello 1.0 is not in the cache: run slipway fetch $recipe" build
fails 3 "and has to be $other; it is not in the cache; the mirror, or someone on the way, serves something else than what was locked" fetch
sed -E "$(line package)s/ ([0-9]+) ([0-9a-f]{64})/ 1\1 \2/" "$T/good.lock" >"$lock"
fails 3 "truncated after " fetch
sed -E "$(line package)s,pool/,pools/," "$T/good.lock" >"$lock"
fails 4 "pools/hello_1.0_amd64.deb: from file://$T/mirror: it is not there; mirrors drop old versions: run slipway lock again" fetch
cp "$T/good.lock" "$lock"
try 0 "" fetch
sed -E "$(line package)s/^package hello 1.0/package hello 1.1/" "$T/good.lock" >"$lock"
fails 3 "package hello 1.1 says of itself that it is hello 1.0" build
fails 4 "$T/none.lock: there is no lock yet" "$slipway" build "$recipe" --lock "$T/none.lock"
finish
