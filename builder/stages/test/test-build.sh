#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole build of recipes/node, twice, in ways that must not matter: another user (never root),
# umask, time zone, locale, home, directory, number of threads, a cold and a warm cache. Every output
# must be the same to the byte, and must hold together when other programs read it.
set -u
here=$(cd "$(dirname "$0")/../../.." && pwd)
slipway=$here/build/slipway
passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok: $1"; }
bad() { failed=$((failed + 1)); echo "FAILED: $1"; }
check() { # description, command…
	local what=$1
	shift
	if "$@" >"$T/log" 2>&1; then ok "$what"; else bad "$what"; sed 's/^/    /' "$T/log"; fi
}
finish() { echo "$passed passed, $failed failed"; [ $failed -eq 0 ]; exit; }

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
chmod 755 "$T"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway
[ -e "$here/recipes/node/recipe.lock" ] || { echo "SKIP no lock: run make image first"; finish; }

# Two places with the same inputs.
mkdir -p "$T/one/recipes" "$T/a/much/longer/path/two/recipes"
one=$T/one two=$T/a/much/longer/path/two
cp -r "$here/recipes/common" "$here/recipes/node" "$one/recipes"
cp -r "$here/recipes/common" "$here/recipes/node" "$two/recipes"
check "keygen makes keys" "$slipway" keygen "$one/keys"
cp -r "$one/keys" "$two/keys"
mkdir -p "$one/cache/slipway" "$two/cache/slipway"
for c in "$one" "$two"; do cp -r "$cache/packages" "$c/cache/slipway/packages"; done
cp "$slipway" "$T/slipway"

user=()
if [ "$(id -u)" = 0 ]; then
	chown -R nobody "$T"
	user=(setpriv --reuid nobody --regid nogroup --clear-groups --)
fi
build() { # directory, umask, threads, then environment
	local dir=$1 mask=$2 threads=$3
	shift 3
	(
		cd "$dir" && umask "$mask" &&
			"${user[@]}" env -i "PATH=$PATH" "XDG_CACHE_HOME=$dir/cache" "$@" \
				"$T/slipway" -q -j "$threads" build recipes/node -o out
	)
}
check "an ordinary user builds with a cold cache" build "$one" 022 1 HOME=/ LC_ALL=C TZ=UTC
check "and again with a warm one" build "$one" 022 4 HOME=/ LC_ALL=C TZ=UTC
mkdir -p "$T/first" && mv "$one"/out/* "$T/first/"
check "elsewhere, otherwise" build "$two" 077 3 HOME=/nonexistent LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo
check "warm, with one thread" build "$one" 027 1 HOME=/tmp LANG=tr_TR.UTF-8 TZ=America/Lima

names=(-e "$T")
for n in "$here" "$(uname -n)"; do
	[ ${#n} -lt 8 ] || names+=(-e "$n") # a short one stands in many a file by chance
done
for f in "$T"/first/*; do
	n=$(basename "$f")
	check "$n is the same elsewhere" cmp "$f" "$two/out/$n"
	check "$n is the same with one thread" cmp "$f" "$one/out/$n"
	check "nothing of this machine is in $n" bash -c "! grep -qaF ${names[*]@Q} '$f'"
done
check "nothing else was left behind" bash -c "[ -z \"\$(find '$one/out' '$two/out' -name '.*' -type f)\" ]"

out=$T/first
check "e2fsck finds nothing in /usr" e2fsck -fn "$out/node_1.usr.raw"
check "veritysetup verifies /usr" veritysetup verify "$out/node_1.usr.raw" \
	"$out/node_1.usr-verity.raw" "$(cat "$out/node_1.roothash")"
check "sbverify accepts the UKI" sbverify --cert "$one/keys/db.crt" "$out/node_1.efi"
check "sfdisk reads the table" sfdisk --verify "$out/node_1.raw"
start=$(sfdisk -J "$out/node_1.raw" | sed -n 's/.*"start": *\([0-9]*\).*/\1/p' | head -1)
check "mtools read the ESP" mdir -b -i "$out/node_1.raw@@$((start * 512))" ::/EFI/Linux/node_1.efi
check "the boot loader is signed" bash -c "
	mcopy -n -i '$out/node_1.raw@@$((start * 512))' ::/EFI/BOOT/BOOTX64.EFI '$T/loader.efi' &&
	sbverify --cert '$one/keys/db.crt' '$T/loader.efi'"
finish
