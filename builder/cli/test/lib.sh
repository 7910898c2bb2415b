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

# The node's recipe with keys of its own: $T/recipes/node, and what it includes. Its /usr is compressed in a
# second instead of twenty, which is most of a build; test-build.sh and test-bytes.sh build it as it is.
copy_node() {
	mkdir -p "$T/recipes"
	cp -r "$here/recipes/common" "$here/recipes/node" "$T/recipes"
	sed -i 's/^filesystem: .*/filesystem: {type: erofs, compression: lz4}/' "$T/recipes/common/base.yaml"
	[ -e "$T/keys" ] || "$slipway" -q keygen "$T/keys"
}

# The node for a small disk, which is compared in a tenth of the time.
small_disk() {
	sed 's/size: 1G/size: 256M/; s/size: 512M/size: 128M/' "$here/layouts/acl.yaml" >"$T/recipes/common/slim.yaml"
	sed -i 's,^layout: acl$,layout: ./slim.yaml,' "$T/recipes/common/base.yaml"
}

# The same without what it is for, containers: half of the bytes, for tests that ask nothing of what is in it.
slim_node() {
	printf '  - {path: %s, why: "half of the bytes"}\n' /usr/lib/cni /usr/sbin/runc /usr/bin/ctr '"/usr/bin/containerd*"' |
		sed '1i remove:' >>"$T/recipes/node/recipe.yaml"
	small_disk
}

# What mirrors are made with.
need_mirror_tools() { command -v gpg dpkg-deb xz >/dev/null || skip_all "gpg, dpkg-deb or xz is missing"; }

# The key that suites are signed with; its keyring is $T/keyring.gpg.
make_key() {
	export GNUPGHOME=$T/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpg -q --batch --passphrase '' --quick-gen-key test ed25519 sign never 2>/dev/null &&
		gpg -q --export >"$T/keyring.gpg"
}

# A package of the mirror into a suite's index.
list_package() { # suite, path below the mirror
	local d=$T/mirror/dists/$1/main/binary-amd64
	mkdir -p "$d"
	{
		dpkg-deb -f "$T/mirror/$2" | sed '/^Description:/,$d'
		printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$2" "$(stat -c %s "$T/mirror/$2")" \
			"$(sha256sum "$T/mirror/$2" | cut -d' ' -f1)"
	} >>"$d/Packages"
}

# A mirror of all that the lock names in $T/mirror, and its keyring in $T/keyring.gpg.
make_mirror() {
	local m=$T/mirror sha path suite
	make_key || return 1
	for suite in trixie trixie-updates trixie-security; do
		mkdir -p "$m/dists/$suite/main/binary-amd64"
		: >"$m/dists/$suite/main/binary-amd64/Packages"
	done
	while read -r _ _ _ _ _ sha path suite _; do
		mkdir -p "$m/${path%/*}"
		cp "$real_cache/packages/$sha" "$m/$path" || return 1
		list_package "$suite" "$path"
	done < <(grep '^package ' "$here/recipes/node/recipe.lock")
	for suite in trixie trixie-updates trixie-security; do sign_suite "$suite" || return 1; done
}

# A package of one file into the mirror and its suite's index.
put_package() { # suite, name, version, lines of control…
	local d=$T/package path=pool/$2_$3_amd64.deb
	rm -rf "$d"
	mkdir -p "$d/DEBIAN" "$d/usr/share/$2" "$T/mirror/pool"
	echo "$2 $3" >"$d/usr/share/$2/about"
	printf '%s\n' "Package: $2" "Version: $3" 'Architecture: amd64' 'Maintainer: a test' "${@:4}" \
		'Description: for a test' >"$d/DEBIAN/control"
	dpkg-deb --root-owner-group -Zxz -b "$d" "$T/mirror/$path" >/dev/null && list_package "$1" "$path"
}

# A world without the node's packages: $T/small is a recipe of two packages out of $T/mirror, with keys
# in $T/keys. Enough to lock and fetch, and for all that a build refuses before it looks into packages.
make_small() {
	make_key && put_package trixie hello 1.0 'Depends: world' && put_package trixie world 2.0-1 &&
		sign_suite trixie && "$slipway" -q keygen "$T/keys" || return 1
	mkdir -p "$T/small"
	cat >"$T/small/recipe.yaml" <<-END
		name: small
		version: "1"
		arch: x86-64
		repositories:
		  - {type: deb, suite: trixie, components: [main], mirror: $T/mirror, keyring: $T/keyring.gpg}
		packages: [hello]
		kernel: {cmdline: quiet}
		initrd: {packages: [hello], modules: []}
		filesystem: {type: ext4}
		layout: acl
		signing: {key: ../keys/db.key, certificate: ../keys/db.crt}
	END
}

# Sets what change() changes and restore() brings back.
keep_yaml() { # file
	yaml=$1
	cp "$yaml" "$T/kept.yaml"
}
change() { # sed's script
	sed "$1" "$T/kept.yaml" >"$yaml"
	cmp -s "$T/kept.yaml" "$yaml" && bad "sed $1 changes nothing"
}
restore() { cp "$T/kept.yaml" "$yaml"; }

# As anybody but root, for whom no file is unreadable.
as_nobody() {
	if [ "$(id -u)" = 0 ]; then
		chmod 755 "$T" && setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

sign_suite() { # suite; $release_date, $release_more and $signer say what is not as usual
	local d=$T/mirror/dists/$1 p=main/binary-amd64/Packages f
	xz -kf "$d/$p"
	{
		printf 'Suite: %s\nCodename: %s\nDate: %s\n' "$1" "$1" \
			"${release_date:-Thu, 19 Nov 2026 02:12:54 UTC}"
		printf 'Components: main contrib\nArchitectures: amd64\n%sSHA256:\n' "${release_more:+$release_more$'\n'}"
		for f in $p $p.xz; do
			printf ' %s %s %s\n' "$(sha256sum "$d/$f" | cut -d' ' -f1)" "$(stat -c %s "$d/$f")" "$f"
		done
	} >"$d/Release"
	gpg -q --batch --yes --passphrase '' ${signer:+-u "$signer"} --clearsign -o "$d/InRelease" "$d/Release" 2>/dev/null
}

# The recipe in $T/recipes/node takes its packages from the test's mirror.
use_mirror() {
	sed -i "s,mirror: system,mirror: $T/mirror,; s,keyring: .*,keyring: $T/keyring.gpg," \
		"$T/recipes/common/base.yaml"
}
