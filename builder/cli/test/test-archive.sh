#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An archive of locks: complete, the same whoever makes it, never changed, a mirror; a build from it
# without network and cache is the build that was.
. "$(dirname "$0")/lib.sh"
need_packages
for program in gpg dpkg-deb xz faketime unshare; do
	command -v $program >/dev/null || skip_all "$program is missing"
done
copy_node
slim_node
make_mirror || { bad "no mirror could be made"; finish; }
use_mirror
recipe=$T/recipes/node base=$T/recipes/common/base.yaml lock=$T/recipes/node/recipe.lock A=$T/archive
same() { cmp -s "$1" "$2" && ok || bad "$1 and $2 differ"; }
# Names, modes, times and targets of all that is in a directory.
inventory() { (cd "$1" && find . -mindepth 1 -printf '%P %M %T@ %l\n' | LC_ALL=C sort); }
elsewhere() { env XDG_CACHE_HOME="$T/cache-$1" "${@:2}"; }
# A cache in which packages of those digests are unpacked already. Cache c begins with nothing.
unpacked() { mkdir -p "$1/slipway" && ln -s "$real_cache/unpacked" "$1/slipway/"; }
for cache in cache cache-d cache-e cache-f; do unpacked "$T/$cache"; done

"$slipway" -q lock "$recipe" && "$slipway" -q fetch "$recipe" || { bad "no lock"; finish; }
n=$(grep -c '^package ' "$lock")
try 0 "$n packages; $((n + 12)) files" "$slipway" archive "$recipe" "$A"
own=$(ls -d "$A"/locks/node_1_*)
same "$lock" "$own/recipe.lock"
(cd "$A" && sha256sum --quiet -c locks/*/*.sha256) && ok || bad "sums"
[ "$(cat "$own"/*.sha256 | wc -l)" -eq $((n + 6)) ] && ok || bad "sums are missing"
[ -z "$(find "$A" -type f ! -perm 644 -o -type d ! -perm 755 -o -newermt @0)" ] && ok || bad "modes or times"
names=(-e "$T" -e "$here")
[ "$(uname -n | wc -c)" -lt 8 ] || names+=(-e "$(uname -n)") # a short one stands in many a file by chance
grep -rqF "${names[@]}" --exclude-dir=pool "$A" && bad "the archive names this machine" || ok

# Who makes it does not matter, nor how often.
try 0 "$n packages; 0 files" "$slipway" archive "$recipe" "$A"
(umask 077 && TZ=Asia/Tokyo elsewhere b "$slipway" -q -j 1 archive "$recipe" "$T/b") && ok || bad "no second archive"
diff -r "$A" "$T/b" >/dev/null && [ "$(inventory "$A")" = "$(inventory "$T/b")" ] && ok || bad "two archives differ"
"$slipway" archive "$recipe" "$A" --json >"$T/json" && grep -q '"added": 0' "$T/json" && ok || bad "--json: $(cat "$T/json")"

# A build from it: no mirror, no cache, no network.
"$slipway" -q build "$recipe" -o "$T/out" && ok || bad "no build"
mv "$T/mirror" "$T/gone"
alone=(unshare -n)
[ "$(id -u)" = 0 ] || alone=(unshare -rn)
if "${alone[@]}" true 2>/dev/null; then
	elsewhere c "${alone[@]}" "$slipway" -q build "$recipe" --packages "$A" -o "$T/again" && ok || bad "no build from the archive"
	for f in "$T"/out/*; do same "$f" "$T/again/${f##*/}"; done
	[ -z "$(find "$T/cache-c/slipway/packages" -type f)" ] && ok || bad "the cache got packages"
else
	echo "SKIP a build without a network: no namespace to be had"
fi
# The lock's directory holds exactly the lock and is enough of a mirror.
elsewhere d "$slipway" -q fetch "$recipe" --mirror "$own" && elsewhere d "$slipway" -q build "$recipe" -n && ok || bad "no fetch from the archive"
cp "$base" "$T/base.yaml"
sed -i "s,mirror: .*,mirror: $A,; s,keyring: .*,keyring: $own/keyrings/trixie.gpg," "$base"
elsewhere e "$slipway" -q lock "$recipe" -o "$T/anew"
same "$lock" "$T/anew"

# A later lock, of indices that expire, into the same archive.
mv "$T/gone" "$T/mirror"
resign() { # suite, date, until
	local d=$T/mirror/dists/$1
	sed -i "s/^Date:.*/Date: $2\nValid-Until: $3/" "$d/Release"
	gpg -q --batch --yes --passphrase '' --clearsign -o "$d/InRelease" "$d/Release" 2>/dev/null
}
resign trixie-security 'Thu, 19 Nov 2026 10:00:00 UTC' 'Thu, 26 Nov 2026 10:00:00 UTC'
at=(--at 2026-11-20T12:00:00Z)
sed -i "s,mirror: .*,mirror: $T/mirror," "$base"
"$slipway" -q lock "$recipe" "${at[@]}" -o "$T/later.lock" 2>/dev/null && ok || bad "no later lock"
try 0 "$n packages; 6 files" "$slipway" archive "$recipe" "$A" --lock "$T/later.lock"
case $(readlink "$A/dists/trixie-security") in */20261119T100000Z-*) ok ;; *) bad "dists/ does not lead to the newest" ;; esac
rm -rf "$T/b" && "$slipway" -q archive "$recipe" "$T/b" --lock "$T/later.lock" && "$slipway" -q archive "$recipe" "$T/b" &&
	diff -r "$A" "$T/b" >/dev/null && [ "$(inventory "$A")" = "$(inventory "$T/b")" ] && ok || bad "the order of locks matters"
years() { XDG_CACHE_HOME=$T/cache-f faketime -f '+5y' "$slipway" -q "$@"; }
fails 3 "the index is stale" years lock "$recipe" --mirror "$A" -o "$T/anew"
years lock "$recipe" --mirror "$A" "${at[@]}" -o "$T/anew" 2>"$T/stderr"
same "$T/later.lock" "$T/anew"
grep -q 'warning: the indices are taken as of 2026-11-20T12:00:00Z' "$T/stderr" && ok || bad "--at is not told: $(cat "$T/stderr")"
years lock "$recipe" --mirror "$own" "${at[@]}" -o "$T/anew" 2>/dev/null
same "$lock" "$T/anew"
mv "$T/mirror" "$T/gone"
# The recipe too is what it was: its digest is in the provenance.
cp "$base" "$T/moved.yaml"
cp "$T/base.yaml" "$base"
years build "$recipe" --packages "$A" -o "$T/years" && ok || bad "no build in years"
for f in "$T"/out/*; do same "$f" "$T/years/${f##*/}"; done
cp "$T/moved.yaml" "$base"

# What is damaged or missing is named, and nothing is replaced.
deb=$(cd "$A" && echo pool/main/r/runc/runc_*.deb)
cp -p "$A/$deb" "$T/runc.deb"
{ head -c -1 "$T/runc.deb"; printf x; } >"$A/$deb"
fails 3 "$deb: its SHA-256 is " "$slipway" -q build "$recipe" --packages "$A" -o "$T/none"
fails 3 "$deb is there with other bytes" "$slipway" -q archive "$recipe" "$A"
[ "$(tail -c 1 "$A/$deb")" = x ] && ok || bad "an archived file was replaced"
truncate -s -1 "$A/$deb"
fails 3 "package runc " "$slipway" -q build "$recipe" --packages "$A" -o "$T/none"
fails 3 "and the lock says" "$slipway" -q build "$recipe" --packages "$A" -o "$T/none"
rm "$A/$deb"
fails 4 "$A/$deb is not there" "$slipway" -q build "$recipe" --packages "$A" -o "$T/none"
fails 4 "slipway archive does it" "$slipway" -q build "$recipe" --packages "$A" -o "$T/none"
try 0 "1 files" "$slipway" archive "$recipe" "$A"
same "$T/runc.deb" "$A/$deb"
fails 3 "give --relock or --packages" "$slipway" build "$recipe" --relock --packages "$A"
echo x >>"$A/dists/trixie/InRelease"
fails 3 "InRelease is there with other bytes" "$slipway" -q archive "$recipe" "$A"
echo x >>"$T/b/locks/${own##*/}/recipe.lock"
fails 3 "recipe.lock is there with other bytes" "$slipway" -q archive "$recipe" "$T/b"

# The index of a lock that was made elsewhere: the mirror's, while it has it; else what to do.
mv "$T/gone" "$T/mirror"
mirror() { elsewhere g "$slipway" -q archive "$recipe" "$T/g" --mirror "$T/mirror" "$@"; }
try 0 "" mirror --lock "$T/later.lock"
rm -rf "$T/cache-g/slipway/index" "$T/g"
fails 4 "suite trixie-security: the index of 2026-11-19T02:12:54Z that the lock names is not in the cache" mirror
fails 4 "(--no-indices)" mirror
try 0 "" mirror --no-indices
[ -e "$T/g/locks/${own##*/}/recipe.lock" ] && [ ! -e "$T/g/dists" ] && ok || bad "--no-indices"
try 0 "8 files" "$slipway" archive "$recipe" "$T/g"
cp "$base" "$T/base.yaml"
sed -i "s,keyring: .*,keyring: /usr/share/keyrings/debian-archive-keyring.gpg," "$base"
fails 3 "suite trixie: the index is signed by a key that is not in" "$slipway" -q archive "$recipe" "$T/h"
sed 's/^  - less$//' "$T/base.yaml" >"$base"
fails 3 "another recipe" "$slipway" -q archive "$recipe" "$T/h"
cp "$T/base.yaml" "$base"
[ ! -e "$T/h/locks" ] && ok || bad "an archive of nothing"
fails 4 "archive $T/no/where: No such file" "$slipway" -q archive "$recipe" "$T/no/where"
: >"$T/file"
fails 1 "archive $T/file: Not a directory" "$slipway" -q archive "$recipe" "$T/file"

rm -rf "$T/b" && "$slipway" -q archive "$recipe" "$T/b" || bad "no archive to compare with"

# A full disk: an error, and what fitted is kept for the next run.
if [ "$(id -u)" = 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=50M tmpfs "$T/small" 2>/dev/null; then
	fails 5 "No space left on device" "$slipway" -q archive "$recipe" "$T/small/a"
	[ ! -e "$T/small/a/locks" ] && [ -z "$(find "$T/small" -name '.*')" ] && ok || bad "left on a full disk: $(find "$T/small" -name '.*')"
	mount -o remount,size=500M "$T/small"
	"$slipway" -q archive "$recipe" "$T/small/a" && diff -r "$T/small/a" "$T/b" >/dev/null && ok || bad "not completed"
	umount "$T/small"
else
	echo "SKIP a full disk: no tmpfs can be mounted"
fi

# Ended at any moment: no half file has its name, a lock that is there has all, the next run completes it.
for ((i = 0; i < ${MOMENTS:-5}; i++)); do
	rm -rf "$T/k"
	for signal in KILL INT; do
		# See test-interrupt.sh: the shell's child would run the trap that removes all of this.
		trap '' INT
		"$slipway" -q archive "$recipe" "$T/k" 2>/dev/null &
		pid=$!
		trap - INT
		sleep "0.$(printf %03d $((RANDOM % 400)))"
		kill -$signal $pid 2>/dev/null
		wait $pid 2>/dev/null
		while IFS= read -r f; do
			cmp -s "$T/k/$f" "$T/b/$f" || bad "$f is not whole after SIG$signal"
		done < <(cd "$T/k" 2>/dev/null && find . -type f ! -name '.*.part')
		[ ! -e "$T/k/locks/${own##*/}/recipe.lock" ] || (cd "$T/k" && sha256sum --quiet -c locks/*/*.sha256) &&
			ok || bad "a lock without its packages"
	done
	# What SIGKILL leaves behind goes when the same file is begun again.
	"$slipway" -q archive "$recipe" "$T/k" && diff -r "$T/k" "$T/b" >/dev/null &&
		[ "$(inventory "$T/k")" = "$(inventory "$T/b")" ] && ok || bad "not the same archive after signals"
done
finish
