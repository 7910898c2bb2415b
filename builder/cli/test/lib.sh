# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the command line share: counting, a place of their own, and a package mirror in a
# directory, signed by a key of the test's, made of the packages in the cache. No network.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
slipway=$here/build/slipway
real_cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway
unset SLIPWAY_MIRROR SLIPWAY_ACCEL SOURCE_DATE_EPOCH
passed=0 failed=0
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export XDG_CACHE_HOME=$T/cache

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }
finish() { echo "$passed passed, $failed failed"; [ $failed -eq 0 ]; exit; }
skip_all() { echo "SKIP $*"; echo "$passed passed, $failed failed"; exit $((failed > 0)); }

try() { # status, text that must be in the output, command…
	local want=$1 text=$2 out status
	shift 2
	out=$("$@" 2>&1 </dev/null)
	status=$?
	if [ $status -eq "$want" ] && grep -qF -e "$text" <<<"$out"; then
		ok
	else
		bad "$*: status $status (not $want), or no \"$text\" in: ${out:0:2000}"
	fi
}

# An error of the program: this status, and one line on standard error that holds the text.
fails() { # status, text, command…
	local want=$1 text=$2 status
	shift 2
	"$@" >"$T/stdout" 2>"$T/stderr" </dev/null
	status=$?
	if [ $status -eq "$want" ] && grep -qF -e "$text" "$T/stderr" && [ "$(wc -l <"$T/stderr")" -eq 1 ]; then
		ok
	else
		bad "$*: status $status (not $want), or not one line with \"$text\": $(head -c 2000 "$T/stderr")"
	fi
}

# Skips what is left unless the repository's own lock is there, fits, and is in the cache.
need_packages() {
	[ -e "$here/recipes/node/recipe.lock" ] && [ -d "$real_cache/packages" ] &&
		SLIPWAY_MIRROR=/nonexistent XDG_CACHE_HOME=${real_cache%/slipway} \
			"$slipway" -q fetch "$here/recipes/node" >/dev/null 2>&1 ||
		skip_all "no lock that fits recipes/node, or its packages are not in the cache: run make image"
}

# The node's recipe with keys of its own: $T/recipes/node, and what it includes.
copy_node() {
	mkdir -p "$T/recipes"
	cp -r "$here/recipes/common" "$here/recipes/node" "$T/recipes"
	"$slipway" -q keygen "$T/keys"
}

# A mirror of all that the lock names in $T/mirror, and its keyring in $T/keyring.gpg.
make_mirror() {
	local m=$T/mirror name version arch size sha path suite
	export GNUPGHOME=$T/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpg -q --batch --passphrase '' --quick-gen-key test ed25519 sign never 2>/dev/null &&
		gpg -q --export >"$T/keyring.gpg" || return 1
	for suite in trixie trixie-updates trixie-security; do
		mkdir -p "$m/dists/$suite/main/binary-amd64"
		: >"$m/dists/$suite/main/binary-amd64/Packages"
	done
	while read -r _ name version arch size sha path suite _; do
		mkdir -p "$m/${path%/*}"
		cp "$real_cache/packages/$sha" "$m/$path" || return 1
		{
			dpkg-deb -f "$m/$path" | sed '/^Description:/,$d'
			printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$path" "$size" "$sha"
		} >>"$m/dists/$suite/main/binary-amd64/Packages"
	done < <(grep '^package ' "$here/recipes/node/recipe.lock")
	for suite in trixie trixie-updates trixie-security; do sign_suite "$suite" || return 1; done
}

sign_suite() { # suite
	local d=$T/mirror/dists/$1 p=main/binary-amd64/Packages f
	xz -kf "$d/$p"
	{
		printf 'Suite: %s\nCodename: %s\nDate: Thu, 19 Nov 2026 02:12:54 UTC\n' "$1" "$1"
		printf 'Components: main\nArchitectures: amd64\nSHA256:\n'
		for f in $p $p.xz; do
			printf ' %s %s %s\n' "$(sha256sum "$d/$f" | cut -d' ' -f1)" "$(stat -c %s "$d/$f")" "$f"
		done
	} >"$d/Release"
	gpg -q --batch --yes --passphrase '' --clearsign -o "$d/InRelease" "$d/Release" 2>/dev/null
}

# The recipe in $T/recipes/node takes its packages from the test's mirror.
use_mirror() {
	sed -i "s,mirror: system,mirror: $T/mirror,; s,keyring: .*,keyring: $T/keyring.gpg," \
		"$T/recipes/common/base.yaml"
}
