#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slipway publish: what it makes, what it refuses, and that what it has made stays what it is.
. "$(dirname "$0")/../../publish/test/lib.sh"
for seed in 1 9; do outputs web 1 $seed; done
for version in 2 3 4; do outputs web $version 1; done
outputs db 5 1

# What a channel is made of, for who reads it with other programs.
try 0 "$W/stable: published, serial 1, newest 2" "$slipway" publish "$O/2.1" "$O/1.1/web_1.efi" --to "$W" --channel stable --gpg-key test
(cd "$W/stable" && sha256sum --quiet -c SHA256SUMS) && ok || bad "the sums are wrong"
[ "$(cut -c67- "$W/stable/SHA256SUMS" | LC_ALL=C sort)" = "$(cd "$W/stable" && LC_ALL=C ls | grep -v SHA256SUMS)" ] && ok || bad "the sums have not all files"
try 0 "Good signature" gpg --no-default-keyring --keyring "$T/keyring.gpg" --verify "$W/stable/SHA256SUMS.gpg" "$W/stable/SHA256SUMS"
[ "$(index stable .signing_key)" = "$(gpg --list-keys --with-colons | awk -F: '/^fpr/ { print $10; exit }')" ] && ok || bad "another signing key"
[ "$(index stable '[.versions[].version] | join(" ")')" = "2 1" ] && ok || bad "other versions"
hash=$(cat "$O/1.1/web_1.roothash")
dashed() { sed 's/\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)/\1-\2-\3-\4-/' <<<"$1"; }
xzcat "$W/stable/web_1_$(dashed "${hash:0:32}").usr.raw.xz" | cmp -s - "$O/1.1/web_1.usr.raw" && ok || bad "/usr is another"
xzcat "$W/stable/web_1_$(dashed "${hash:32}").usr-verity.raw.xz" | cmp -s - "$O/1.1/web_1.usr-verity.raw" && ok || bad "the hash tree is another"
xzcat "$W"/stable/web_1_*.usr-verity-sig.raw.xz | cmp -s - "$O/1.1/web_1.usr-verity-sig.raw" && ok || bad "the signature is another"
xzcat "$W/stable/web_1.efi.xz" | cmp -s - "$O/1.1/web_1.efi" && ok || bad "the UKI is another"
for evidence in provenance spdx cdx; do
	xzcat "$W/stable/web_1.$evidence.json.xz" | cmp -s - "$O/1.1/web_1.$evidence.json" && ok || bad "the evidence $evidence is another"
done
[ "$(index stable '[.versions[1].evidence[] | "\(.kind) \(.name)"] | join(", ")')" = \
	"provenance web_1.provenance.json.xz, spdx web_1.spdx.json.xz, cyclonedx web_1.cdx.json.xz" ] && ok || bad "evidence: $(index stable .versions[1].evidence)"
[ "$(index stable '.versions[1] | .root_hash, .certificate')" = "$hash
$(openssl x509 -in "$T/keys/db.crt" -outform der | sha256sum | cut -d' ' -f1)" ] && ok || bad "root hash or certificate"
[ -z "$(find "$W" -type f ! -perm 644 -o -type d ! -perm 755)" ] && ok || bad "modes: $(ls -la "$W/stable")"
if python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then
	try 0 "" python3 -W ignore -c 'import json, sys, jsonschema
schema, index = (json.load(open(f)) for f in sys.argv[1:])
v = jsonschema.Draft202012Validator
v.check_schema(schema); v(schema).validate(index)
for key in schema["required"]:
    assert not v(schema).is_valid({k: x for k, x in index.items() if k != key}), key' \
		"$here/builder/publish/schema/index.schema.json" "$W/stable/index.json"
else
	echo "SKIP python3-jsonschema is missing"
fi

# From a root hash to packages, as Documentation/verify.md has it: the index says where, the statement proves it.
mkdir "$T/auditor"
while read -r name; do cp "$W/stable/$name" "$T/auditor"; done < <(jq -r --arg hash "$hash" '.versions[] | select(.root_hash == $hash) | .evidence[].name' "$W/stable/index.json")
xz -d "$T/auditor"/*.xz
by_hash() { "$slipway" verify "$T/auditor/web_1.provenance.json" --trust "$T/keys/db.crt" --root-hash "$@"; }
try 0 "it is of $hash" by_hash "$hash"
try 0 "web_1.spdx.json: it is what was built" by_hash "$hash"
other=$(<"$O/2.1/web_2.roothash")
try 1 "FAIL   root-hash            it is not of $other" by_hash "$other"
try 2 "not a root hash" by_hash "${hash}0"
try 1 "FAIL   provenance           web_1.provenance.json: " "$slipway" verify "$T/auditor/web_1.provenance.json" --trust "$T/keys/PK.crt" --root-hash "$hash"
echo >>"$T/auditor/web_1.spdx.json"
try 1 "FAIL   provenance           web_1.spdx.json: provenance: web_1.spdx.json is not the file" by_hash "$hash"

# Once more changes nothing, however often and wherever from; so does what is in there already.
before=$(state "$W")
try 0 "$W/stable: as it was, serial 1" "$slipway" publish "$O/2.1" "$O/1.1" --to "$W" --channel stable --gpg-key test
cp -r "$O/1.1" "$T/copy"
(umask 077 && TZ=Asia/Tokyo "$slipway" -q -j 1 publish "$T/copy" --to "$W" --channel stable --gpg-key test --compression none) && ok || bad "no second time"
[ "$(state "$W")" = "$before" ] && ok || bad "publishing again changed something"
# The same bytes with another number of threads, umask and locale, signature aside.
(umask 077 && LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$slipway" -q -j 3 publish "$O/1.1" "$O/2.1" --to "$T/again" --channel stable --gpg-key test) && ok || bad "no other directory"
diff -r -x SHA256SUMS.gpg "$W/stable" "$T/again/stable" && ok || bad "other bytes"

# A channel that somebody has copied becomes one of its own; what is no channel beside them is left alone.
mkdir "$W/lost+found" && : >"$W/favicon.ico" && cp -r "$W/stable" "$W/copy"
try 0 "" publish --channel copy
[ "$(index copy '"\(.channel) \(.serial)"')" = "copy 2" ] && ok || bad "copy: $(index copy .)"
rm -r "$W/lost+found" "$W/favicon.ico" "$W/copy"

# Another channel has the same files.
try 0 "" publish --channel testing "$O/3.1" "$O/2.1"
[ "$W/stable/web_2.efi.xz" -ef "$W/testing/web_2.efi.xz" ] && ok || bad "no hard link"
[ "$(index testing '"\(.channel) \(.serial) \(.versions | length)"')" = "testing 1 2" ] && ok || bad "testing: $(cat "$W/testing/index.json")"
try 0 "$W/stable: published, serial 2, newest 3" "$slipway" publish --to "$W" --gpg-key test --from-channel testing --channel stable
[ "$W/stable/web_3.efi.xz" -ef "$W/testing/web_3.efi.xz" ] && ok || bad "not promoted"
fails 4 "channel testing has no version 7" publish --from-channel testing --channel stable 7
fails 4 "has no channel nightly with a version" publish --from-channel nightly --channel stable

# What is published never changes; what does not belong there is refused; nothing of it is left.
before=$(state "$W")
fails 3 "version 1 of web is already published in $W/stable with another content" publish --channel stable "$O/1.9"
fails 3 "version 1 of web is already published in $W/stable" publish --channel other "$O/1.9"
outputs web 01 1
fails 3 "for a node 01 is the same version" publish --channel stable "$O/01.1"
fails 3 "has images web for x86-64, and version 5 is of db" publish --channel stable "$O/5.1"
fails 3 "version 4 is given twice" publish --channel stable "$O/4.1" "$O/4.1/../4.1/web_4"
fails 4 "no build has written its outputs there" publish --channel stable "$T/keys"
fails 4 "$O/7/web_7.roothash: No such file" publish --channel stable "$O/7/web_7.efi"
fails 3 "outputs of a build are called <name>_<version>" publish --channel stable "$O/4.1/web.efi"
fails 3 'channel ".x"' publish --channel .x "$O/4.1"
fails 3 'channel "a/b"' publish --channel a/b "$O/4.1"
for channel in Stable v1.2 a_b -a "$(printf %033d 0)"; do
	fails 3 "channel \"$channel\": nodes ask for" publish --channel="$channel" "$O/4.1"
done
fails 3 "channel new is not there yet" publish --channel new
mkdir "$W/mine" && : >"$W/mine/file"
fails 1 "slipway publish has not made it" publish --channel mine "$O/4.1"
rm -r "$W/mine"

# A set that does not belong together, each part by its name.
mixed() { # part, text
	rm -rf "$T/mixed" && cp -r "$O/4.1" "$T/mixed" && cp "$O/1.1/web_1$1" "$T/mixed/web_4$1"
	fails 3 "$2" publish --channel stable "$T/mixed"
}
mixed .usr.raw "web_4.usr.raw and $T/mixed/web_4.usr-verity.raw do not make the root hash"
mixed .usr-verity.raw "web_4.usr-verity.raw do not make the root hash"
mixed .roothash "do not make the root hash"
mixed .usr-verity-sig.raw "web_4.usr-verity-sig.raw signs another root hash"
mixed .efi "web_4.efi: its command line has not this root hash"
altered() { # part, byte, text
	rm -rf "$T/mixed" && cp -r "$O/4.1" "$T/mixed"
	printf '\377' | dd of="$T/mixed/web_4$1" bs=1 seek="$2" conv=notrunc status=none
	fails 3 "$3" publish --channel stable "$T/mixed"
}
altered .efi 70000 "web_4.efi: "
altered .usr.raw 500000 "do not make the root hash"
mixed .provenance.json "web_4.provenance.json: it does not tell of this web_4.usr-verity-sig.raw"
mixed .cdx.json "web_4.provenance.json: it does not tell of this web_4.cdx.json: it is of another build"
altered .provenance.json 400 "web_4.provenance.json: provenance: "
rm -rf "$T/mixed" && cp -r "$O/4.1" "$T/mixed" && rm "$T/mixed/web_4.provenance.json"
fails 4 "$T/mixed/web_4.spdx.json: no .provenance.json is beside it" publish --channel stable "$T/mixed"
rm -rf "$T/bare" && cp -r "$O/1.1" "$T/bare" && rm "$T/bare/"*.json
try 0 "$W/stable: as it was" "$slipway" publish --to "$W" --channel stable --gpg-key test "$T/bare"
"$slipway" -q publish --to "$T/old" --channel stable --gpg-key test "$T/bare" && [ "$(jq -c '.versions[0].evidence' "$T/old/stable/index.json")" = "[]" ] && ok || bad "without evidence: $(ls "$T/old/stable")"
fails 3 "is already published in $T/old/stable with another provenance or SBOM" "$slipway" -q publish --to "$T/old" --channel stable --gpg-key test "$O/1.1"
rm -rf "$T/mixed" && cp -r "$O/4.1" "$T/mixed"
rm "$T/mixed/web_4.efi" && fails 4 "$T/mixed/web_4.efi: No such file" publish --channel stable "$T/mixed"
mv "$O/4.1" "$O/kept" && "$slipway" -q keygen "$T/others" && mv "$T/keys" "$T/ours" && mv "$T/others" "$T/keys" && outputs web 4 1
cp -r "$O/kept" "$T/two" && cp "$O/4.1/web_4.efi" "$T/two/"
fails 3 "$T/two/web_4.efi: its command line has not the signature of the verity-sig partition" publish --channel stable "$T/two"
rm -r "$O/4.1" && mv "$O/kept" "$O/4.1" && rm -r "$T/keys" && mv "$T/ours" "$T/keys"

# No signature, no change.
sign() { printf '#!/bin/sh\n%s\n' "$1" >"$T/sign" && chmod +x "$T/sign"; }
by_command() { "$slipway" -q publish --to "$W" --channel stable --sign-command "$T/sign" --keyring "$T/keyring.gpg" "$@"; }
fails 3 'gpg has no key "nobody"' "$slipway" -q publish --to "$W" --channel stable --gpg-key nobody "$O/4.1"
fails 4 "run $T/nothing: No such file" "$slipway" -q publish --to "$W" --channel stable --sign-command "$T/nothing" --keyring "$T/keyring.gpg" "$O/4.1"
fails 4 "keyring $T/nothing" "$slipway" -q publish --to "$W" --channel stable --sign-command "$T/sign" --keyring "$T/nothing" "$O/4.1"
sign 'echo no token >&2; exit 3'
fails 1 "failed with status 3: no token" by_command "$O/4.1"
sign ''
fails 1 "wrote no signature" by_command "$O/4.1"
sign 'echo a signature'
fails 3 "is not a good signature by $T/keyring.gpg" by_command "$O/4.1"
sign 'echo other >"$1.other" && gpg -q --detach-sign --output - "$1.other"'
fails 3 "is not a good signature by $T/keyring.gpg" by_command "$O/4.1"
[ "$(state "$W")" = "$before" ] && [ -z "$(find "$W" -name '.*')" ] && ok || bad "something is left of what was refused: $(ls -aR "$W")"
for option in "" "--gpg-key test --sign-command $T/sign" "--sign-command $T/sign"; do
	try 2 "Usage: slipway publish" "$slipway" publish --to "$W" --channel stable $option "$O/4.1"
done
try 2 "name --to and --channel" "$slipway" publish --gpg-key test "$O/4.1"
try 2 "not a number of versions" publish --channel stable --keep 0
try 2 "not as 2026-12-31T00:00:00Z" publish --channel stable --best-before tomorrow
try 2 "xz or none, not zstd" publish --channel stable --compression zstd

# A program that signs; the same key, so that nothing else changes.
sign 'exec gpg -q --detach-sign --output - "$1"'
try 0 "" by_command "$O/4.1"
[ "$(index stable '"\(.serial) \(.versions[0].version)"')" = "3 4" ] && ok || bad "by a command: $(index stable .)"

# Minimum version, best before, --keep; what is dropped can be fetched by who reads the old index, once.
try 0 "  dropped 1" "$slipway" publish --to "$W" --channel stable --gpg-key test --minimum-version 2 --best-before 2031-02-03
[ "$(index stable '"\(.serial) \(.minimum_version) \(.best_before) \([.versions[].version] | join(" "))"')" = "4 2 2031-02-03T00:00:00Z 4 3 2" ] && ok || bad "$(index stable .)"
grep -q ' BEST-BEFORE-2031-02-03$' "$W/stable/SHA256SUMS" && (cd "$W/stable" && sha256sum --quiet -c SHA256SUMS) && ok || bad "best before is not in the sums"
[ -e "$W/stable/web_1.efi.xz" ] && ok || bad "a file went with its entry"
fails 3 "never goes back to 1" publish --channel stable --minimum-version 1
fails 3 "would have no version of 9, its minimum, or newer" publish --channel stable --minimum-version 9
for digit in 1 9; do
	fails 3 "version 1 does not come into channel stable any more, which has dropped 1" publish --channel stable "$O/1.$digit"
done
fails 3 "version 3 would not stay in channel stable" publish --channel stable --keep 1 "$O/3.1"
try 0 "" publish --channel stable --keep 2
[ "$(index stable '[.versions[].version] | join(" ")')" = "4 3" ] && [ ! -e "$W/stable/web_1.efi.xz" ] && [ ! -e "$W/stable/web_1.spdx.json.xz" ] && [ -e "$W/stable/web_2.efi.xz" ] && ok || bad "--keep: $(ls "$W/stable")"
before=$(state "$W")
try 0 "" publish --channel stable --keep 2
[ "$(state "$W")" = "$before" ] && ok || bad "--keep again changed something"
for version in 1 2; do
	fails 3 "which has dropped 2 and all before it" publish --channel stable "$O/$version.1"
done
try 0 "warning: channel stable was good until 2020-01-01T00:00:00Z: nodes take nothing" publish --channel stable --best-before 2020-01-01
try 0 "warning: channel stable was good until 2020-01-01T00:00:00Z: nodes take nothing" publish --channel stable
[ "$(ls "$W"/stable/BEST*)" = "$W/stable/BEST-BEFORE-2020-01-01" ] && ok || bad "$(ls "$W"/stable/BEST*)"
try 0 "" publish --channel stable --best-before 2031-02-03

# The lock's digest; and what somebody else has put there stays.
for name in README web_4.raw.xz web_; do echo hello >"$W/stable/$name"; done
echo lock >"$T/lock"
try 0 "" publish --channel stable --lock "$T/lock" "$O/4.1"
[ "$(index stable '.versions[0].lock_sha256')" = "$(sha256sum <"$T/lock" | cut -d' ' -f1)" ] && [ "$(sort -u "$W"/stable/{README,web_4.raw.xz,web_})" = hello ] && ok || bad "lock, or files of somebody else: $(ls "$W/stable")"
echo other >"$T/lock"
fails 3 "with another lock" publish --channel stable --lock "$T/lock" "$O/4.1"

# JSON.
"$slipway" publish --to "$W" --channel stable --channel testing --gpg-key test --keep 1 --json >"$T/json" 2>/dev/null
[ "$(jq -c '[.directory, (.channels[] | [.channel, .changed, .versions, .added, .dropped])]' "$T/json")" = \
	"[\"$W\",[\"stable\",true,[\"4\"],[],[\"3\"]],[\"testing\",true,[\"3\"],[],[\"2\"]]]" ] && ok || bad "--json: $(cat "$T/json")"

# Whoever changes what is published does not get it signed.
tampered() { # what, text, command…
	cp -r "$W" "$T/kept"
	"${@:3}"
	fails 3 "$2" publish --channel stable --minimum-version 3
	rm -r "$W" && mv "$T/kept" "$W"
}
tampered "a file" "web_4.efi.xz is not what was published" sed -i '1s/^/x/' "$W/stable/web_4.efi.xz"
tampered "the index" "index.json is not the one of SHA256SUMS" sed -i 's/"serial": /&1/' "$W/stable/index.json"
tampered "the sums" "SHA256SUMS.gpg is not a good signature by gpg's key" sed -i 's/web_4/web_5/' "$W/stable/SHA256SUMS"

# Another key: both are named once, and from then on the new one is enough.
gpg -q --batch --passphrase '' --quick-gen-key newer ed25519 sign never 2>/dev/null
gpg -q --export >"$T/both.gpg"
newer() { "$slipway" -q publish --to "$W" --channel stable --gpg-key newer "$@"; }
fails 3 "is not a good signature by gpg's key \"newer\"" newer
key=$(index stable .signing_key)
try 0 "" newer --keyring "$T/both.gpg"
[ "$(index stable .signing_key)" != "$key" ] && ok || bad "the key is the old one"
try 0 "" newer

# A full disk.
if [ "$(id -u)" = 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=4M tmpfs "$T/small" 2>/dev/null; then
	W=$T/small/www
	try 0 "" publish --channel stable --compression none "$O/1.1"
	before=$(state "$W")
	fails 5 "No space left on device" publish --channel stable --compression none "$O/2.1" "$O/3.1" "$O/4.1"
	[ "$(state "$W")" = "$before" ] && [ -z "$(find "$W" -name '.*')" ] && ok || bad "left on a full disk: $(ls -aR "$W")"
	umount "$T/small"
else
	echo "SKIP a full disk: no tmpfs can be mounted"
fi
finish
