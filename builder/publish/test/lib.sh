# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of publishing share: a key of gpg, keys of images, outputs, and how they are published. Sourced.
. "$(dirname "${BASH_SOURCE[0]}")/../../cli/test/lib.sh"
for program in gpg gpgv xz jq; do
	command -v $program >/dev/null || skip_all "$program is missing: run make deps"
done
make_key || { bad "no key of gpg could be made"; finish; }
"$slipway" -q keygen "$T/keys"
W=$T/www O=$T/out
mkdir -p "$O"

outputs() { # name, version, a digit: into $O/VERSION.DIGIT
	mkdir -p "$O/$2.$3"
	"$here/build/builder/publish/test/make_outputs" "$T/keys" "$O/$2.$3" "$1" "$2" "${mib:-1}" "$2$3"
}
publish() { "$slipway" -q publish --to "$W" --gpg-key test "$@"; }
index() { jq -r "$2" "$W/$1/index.json"; } # channel, what
# Names, bytes and times of all that is published.
state() { (cd "$1" && find . -mindepth 1 -printf '%p %i %s %T@\n' | LC_ALL=C sort && sha256sum ./*/* 2>/dev/null); }
