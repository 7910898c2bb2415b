#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Mirrors that are not there or misbehave, and indices that are not to be believed. What a server can do
# wrong on the wire is in the unit tests of builder/repo.
. "$(dirname "$0")/lib.sh"
need_mirror_tools
make_small || { bad "no mirror could be made"; finish; }
recipe=$T/small dists=$T/mirror/dists/trixie
keep_yaml "$recipe/recipe.yaml"
lock() { "$slipway" -q lock "$recipe" "$@"; }
changed() { # sed's script, status, message
	change "$1"
	fails "$2" "$3" lock
	restore
}

# No mirror.
fails 4 "suite trixie: there is no file:///nonexistent/dists/trixie/InRelease: check the suite's name in the recipe, and that this is a mirror's address" \
	lock --mirror /nonexistent
fails 3 "mirror \"ftp://host\" is not \"system\", an http, https or file address, or an absolute directory" lock --mirror ftp://host
fails 3 "\"../mirror\" is not \"system\"" env SLIPWAY_MIRROR=../mirror "$slipway" lock "$recipe"
changed 's,mirror: [^ ]*\,,mirror: ftp://host\,,' 3 "$yaml:5:60: mirror: \"ftp://host\" is neither system, nor a URL, nor an absolute directory"
if command -v unshare >/dev/null && unshare -rm true 2>/dev/null; then
	mkdir "$T/etc-apt"
	fails 4 "mirror: system: no apt sources in /etc/apt; name a Debian mirror with --mirror or SLIPWAY_MIRROR" \
		unshare -rm sh -c "mount --bind '$T/etc-apt' /etc/apt && exec '$slipway' -q lock '$recipe' --mirror system"
	echo "deb http://example.org/other stable main" >"$T/etc-apt/sources.list"
	fails 4 "mirror: system: no source of Debian's main archive among 1 in /etc/apt/sources.list; name a mirror with --mirror or SLIPWAY_MIRROR" \
		unshare -rm sh -c "mount --bind '$T/etc-apt' /etc/apt && sed -i s/stable/ours/ /etc/apt/sources.list && exec '$slipway' -q lock '$recipe' --mirror system"
else
	echo "SKIP no apt sources: no mount namespace can be made"
fi

# Nobody there: a port of this machine on which nobody listens, a name that nobody has, a server whose
# certificate nobody vouches for. The tries of all take some seconds: side by side.
export no_proxy='*'
advice="name another mirror with --mirror or SLIPWAY_MIRROR"
unreachable() { # address, a word for the file that gets the verdict, what to run the program with…
	local out
	out=$("${@:3}" "$slipway" -q lock "$recipe" --mirror "$1" 2>&1 </dev/null)
	echo "$? $out" >"$T/unreachable.$2"
}
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$T/tls.key" -out "$T/tls.crt" 2>/dev/null
exec 5< <(exec openssl s_server -www -accept 127.0.0.1:0 -key "$T/tls.key" -cert "$T/tls.crt" 2>&1)
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$T"' EXIT
port=
while [ -z "$port" ] && read -r line <&5; do port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' <<<"$line"); done
unreachable http://127.0.0.1:1 refused &
tries=($!)
# Without a network no name server keeps anybody waiting.
unreachable http://mirror.invalid unknown $(unshare -rn true 2>/dev/null && echo unshare -rn) &
tries+=($!)
[ -z "$port" ] || unreachable "https://127.0.0.1:$port" tls
wait "${tries[@]}"
said() { # which, text
	[[ $(cat "$T/unreachable.$1") == "4 slipway: "*"$2"*"$advice" ]] && ok || bad "$1: $(cat "$T/unreachable.$1")"
}
said refused "dists/trixie/InRelease: from http://127.0.0.1:1: Failed to connect"
said unknown "from http://mirror.invalid: Could not resolve host: mirror.invalid (tried several times): try again, or "
[ -n "$port" ] && said tls "certificate" || echo "SKIP TLS: no server"

# Names that the mirror does not have.
changed 's/suite: trixie/suite: trixi/' 4 "suite trixi: there is no file://$T/mirror/dists/trixi/InRelease; is it trixie?"
changed 's/components: \[main\]/components: [man]/' 4 "suite trixie: the index has no component man; is it main?"
changed 's/components: \[main\]/components: [universe]/' 4 "suite trixie: the index has no component universe; it has: main, contrib"
changed 's/components: \[main\]/components: [contrib]/' 4 "suite trixie: the index lists no contrib/binary-amd64/Packages.xz"
changed 's/components: \[main\]/components: []/' 3 "$yaml:5:6: repositories: components is empty: name at least one, such as main"
changed 's/arch: x86-64/arch: arm64/' 4 "suite trixie: the index has no architecture arm64; it has: amd64"

# Keyrings.
fails 4 "gpgv is not installed: install it" env PATH=/nonexistent "$slipway" lock "$recipe"
changed "s,keyring: .*},keyring: $T/nowhere.gpg}," 4 "suite trixie: keyring $T/nowhere.gpg (Debian's comes with debian-archive-keyring): No such file"
: >"$T/empty.gpg"
changed "s,keyring: .*},keyring: $T/empty.gpg}," 3 "the index is signed by a key that is not in $T/empty.gpg: "

# Indices: each is made from the good one, which is put back.
cp -r "$dists" "$T/good-dists"
put_back() { rm -rf "$dists" "$T/cache" && cp -r "$T/good-dists" "$dists"; }
index() { # status, message
	fails "$1" "suite trixie: $2" lock
	put_back
}
release_more="Valid-Until: Thu, 19 Nov 2020 02:12:54 UTC" sign_suite trixie
index 3 "the index is stale: it was valid until Thu, 19 Nov 2020 02:12:54 UTC; the mirror is behind, or someone holds updates back: take another mirror"
release_date="Thu, 01 Jan 2099 00:00:00 UTC" sign_suite trixie
index 3 "the index is of a day to come, Thu, 01 Jan 2099 00:00:00 UTC: is this machine's clock right?"
cp "$dists/Release" "$dists/InRelease"
index 3 "the index is not signed: nothing in it can be trusted; take another mirror"
sed -i 's/^Codename: .*/&x/' "$dists/InRelease"
index 3 "the signature is bad: the index was changed after it was signed; take another mirror"
gpg -q --batch --passphrase '' --quick-gen-key other ed25519 sign never 2>/dev/null
signer=other sign_suite trixie
index 3 "the index is signed by a key that is not in $T/keyring.gpg: "
gpg -q --batch --passphrase '' --faked-system-time 20200101T000000 --quick-gen-key past ed25519 sign 2020-02-01 2>/dev/null
cp "$T/keyring.gpg" "$T/kept.gpg"
gpg -q --export >"$T/keyring.gpg"
gpg -q --batch --yes --passphrase '' --faked-system-time 20200102T000000 -u past --clearsign -o "$dists/InRelease" "$dists/Release" 2>/dev/null
index 3 "the signature or the key that made it has expired: is $T/keyring.gpg up to date?"
mv "$T/kept.gpg" "$T/keyring.gpg"
mkdir "$T/mirror/dists/sid" && cp -r "$dists/." "$T/mirror/dists/sid"
changed 's/suite: trixie/suite: sid/' 3 "suite sid: the index is of another suite: \"trixie\", code name \"trixie\"; name one of these in the recipe, or another mirror"
packages=main/binary-amd64/Packages.xz
xz -dc "$dists/$packages" | sed 's/^Version: /&0/' | xz >"$T/other.xz"
cp "$T/other.xz" "$dists/$packages"
fails 3 "dists/trixie/$packages: from file://$T/mirror: " lock
put_back
rm "$dists/$packages"
fails 4 "dists/trixie/$packages: from file://$T/mirror: it is not there" lock
put_back
sed -i '/^SHA256:/,$d' "$dists/Release" && gpg -q --batch --yes --passphrase '' --clearsign -o "$dists/InRelease" "$dists/Release" 2>/dev/null
index 3 "the index has no SHA256 field"
sed -i "\, main/binary-amd64/Packages.xz$,d" "$dists/Release" && gpg -q --batch --yes --passphrase '' --clearsign -o "$dists/InRelease" "$dists/Release" 2>/dev/null
index 4 "the index lists no main/binary-amd64/Packages.xz: take another mirror"
sed -i 's/^Depends: world/Depends: moon/' "$dists/main/binary-amd64/Packages" && sign_suite trixie
fails 3 "$yaml: packages: the packages cannot be had together: nothing provides moon needed by hello-1.0" lock
put_back

# Packages.
try 0 "" lock
rm -rf "$T/cache"
fetch() { "$slipway" -q fetch "$recipe"; }
one=$T/mirror/pool/world_2.0-1_amd64.deb
mv "$one" "$T/kept.deb"
fails 4 "pool/world_2.0-1_amd64.deb: from file://$T/mirror: it is not there; mirrors drop old versions: run slipway lock again" fetch
head -c 100 "$T/kept.deb" >"$one"
fails 3 "truncated after 100 of $(stat -c %s "$T/kept.deb") bytes" fetch
{ head -c -1 "$T/kept.deb"; printf x; } >"$one"
fails 3 "its SHA-256 is $(sha256sum "$one" | cut -c 1-64) and has to be $(sha256sum "$T/kept.deb" | cut -c 1-64); it is not in the cache" fetch
try 0 "" bash -c "! ls '$T/cache/slipway/packages' | grep -q -e $(sha256sum "$one" | cut -c 1-64) -e $(sha256sum "$T/kept.deb" | cut -c 1-64)"
cp "$T/kept.deb" "$one"
try 0 "" fetch
finish
