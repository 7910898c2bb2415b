# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests that compare builds share: places to build in, and the comparison.
. "$(dirname "${BASH_SOURCE[0]}")/../../cli/test/lib.sh"

# Also starts a mirror of all packages of the node, which the small recipe's are among.
need_small() { # program…
	local program
	need_packages
	for program in gpg dpkg-deb xz "$@"; do
		command -v "$program" >/dev/null || skip_all "$program is missing: run make deps"
	done
	chmod 755 "$T"
	make_mirror || { bad "no mirror could be made"; finish; }
	"$slipway" -q keygen "$T/keys"
}

# A directory with all that a lock and a build take, and a cache with nothing made of the packages.
make_place() { # directory
	mkdir -p "$1/recipes" "$1/cache/slipway" "$1/tmp"
	cp -r "$here/builder/stages/test/small" "$here/recipes/common" "$here/recipes/node" "$1/recipes/"
	cp "$T/keyring.gpg" "$1/recipes/small/keyring.gpg"
	cp -r "$T/keys" "$1/keys"
	cp -r "$real_cache/packages" "$1/cache/slipway/packages"
}

names_and_modes() { (cd "$1" && find . -mindepth 1 -printf '%f %m\n' | sort); }

# Both directories hold the same files, with the same bytes and permissions.
compare() { # what, directory, directory
	local f
	[ "$(names_and_modes "$2")" = "$(names_and_modes "$3")" ] ||
		{ bad "$1: other files or modes: $(ls -la "$3")"; return; }
	for f in "$2"/*; do
		cmp "$f" "$3/${f##*/}" >"$T/cmp" 2>&1 && continue
		bad "$1: $(cat "$T/cmp")"
		"$slipway" diff --bytes "$2" "$3" 2>&1 | head -40
		return
	done
	ok
}
