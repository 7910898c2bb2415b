#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slipway verify: the image that `make image` built, in all forms, and altered ones; exit statuses, text and
# JSON. What each check is for is tried in builder/audit/test, on small disks.
. "$(dirname "$0")/lib.sh"
image=$here/out/node_1.raw
# Each check is in the manual.
for id in $(sed -n 's/.*\] = { "\([a-z.-]*\)",.*/\1/p' "$here/builder/audit/verify_report.c"); do
	if grep -q "^|.*\`$id\`.*|" "$here/Documentation/verify.md"; then ok; else bad "verify.md lacks $id"; fi
done
try 2 "nobody is trusted" "$slipway" verify "$image"
try 2 "not a time" "$slipway" verify "$image" --trust "$here/keys/db.crt" --at yesterday
[ -e "$image" ] && [ -e "$here/keys/db.crt" ] || skip_all "no out/node_1.raw: run make image"
trust=(--trust "$here/keys/db.crt" --trust "$here/keys/KEK.crt" --trust "$here/keys/PK.crt")
fails 4 "No such file" "$slipway" verify "$T/none" "${trust[@]}"
mkfifo "$T/pipe"
fails 4 "not a regular file" "$slipway" verify "$T/pipe" "${trust[@]}"
fails 4 "not a regular file" "$slipway" verify /dev/zero "${trust[@]}"
fails 3 "no certificate" "$slipway" verify "$image" --trust "$here/keys/db.key"

# A good one, with the lock that it was built from, and a policy with its certificates beside it.
cp "$here/keys/"{PK,KEK,db}.crt "$T"
cat >"$T/policy.yaml" <<END
certificates: [PK.crt, KEK.crt, db.crt]
packages: {required: [systemd], minimum: [{package: systemd, version: "250"}]}
paths: {required: [/usr/lib/os-release], forbidden: ["/usr/bin/python*"]}
END
"$slipway" verify "$image" --policy "$T/policy.yaml" --lock "$here/recipes/node/recipe.lock" --root-hash "$(<"$here/out/node_1.roothash")" >"$T/out" 2>&1
status=$?
for text in "ok     slot.tree            slot a: usr: root hash $(<"$here/out/node_1.roothash")" \
	"all of them as in the lock" "ok     root-hash            it is of" "usr.paths            slot a: usr: as the policy asks" ": good: "; do
	if [ $status -eq 0 ] && grep -qF "$text" "$T/out"; then ok; else bad "status $status, or no \"$text\""; fi
done
echo 'key-bits: 1' >>"$T/policy.yaml"
fails 3 "policy.yaml:4:" "$slipway" verify "$image" --policy "$T/policy.yaml"

# One byte of a copy, and a date before the certificates', as JSON.
cp --sparse=always "$image" "$T/bad.raw"
printf x | dd of="$T/bad.raw" bs=1 seek=$((600 * 1024 * 1024)) conv=notrunc status=none
"$slipway" verify "$T/bad.raw" "${trust[@]}" --at 2001-01-01 --root-hash "$(<"$here/out/node_1.roothash")" --json >"$T/out.json"
if [ $? -eq 1 ] && python3 - "$T/out.json" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
bad = [c for c in o["checks"] if c["verdict"] == "fail"]
assert o["verdict"] == "fail" and o["failed"] == len(bad), bad
assert {c["id"] for c in bad} == {"slot.tree", "slot.tree-again", "root-hash", "certificate.time"}, bad
assert {c["where"] for c in bad[:2]} == {"slot a: usr"}, bad
assert all(set(c) == {"id", "where", "verdict", "compared", "found", "expected"} for c in o["checks"])
END
then ok; else bad "JSON of a bad image"; fi

# What a build wrote besides, by itself; parts that are not of one build.
mkdir "$T/parts" "$T/none"
fails 4 "and one is what a build writes" "$slipway" verify "$T/none" "${trust[@]}"
for f in "$here"/out/node_1.{{usr,usr-verity,usr-verity-sig}.raw,efi,roothash,{provenance,spdx,cdx}.json}; do ln -s "$f" "$T/parts"; done
try 0 "node_1.spdx.json: it is what was built" "$slipway" verify "$T/parts" "${trust[@]}"
rm "$T/parts/node_1.roothash"
tr a-f A-F <"$here/out/node_1.roothash" >"$T/parts/node_1.roothash"
try 1 "FAIL   provenance" "$slipway" verify "$T/parts" "${trust[@]}"
rm "$T/parts/node_1.efi"
fails 4 "node_1.efi" "$slipway" verify "$T/parts" "${trust[@]}"

# The same disk as machines elsewhere have it, and one byte of that.
if command -v qemu-img >/dev/null; then
	qemu-img convert -O qcow2 "$image" "$T/disk.qcow2"
	try 0 "qcow2: a disk of" "$slipway" verify "$T/disk.qcow2" "${trust[@]}"
	printf x | dd of="$T/disk.qcow2" bs=1 seek=4096 conv=notrunc status=none
	try 1 "FAIL   container" "$slipway" verify "$T/disk.qcow2" "${trust[@]}"
else
	echo "SKIP qemu-img is missing"
fi

# Not an image at all, and half of one.
head -c 100000 "$image" >"$T/short.raw"
try 1 "FAIL   gpt" "$slipway" verify "$T/short.raw" "${trust[@]}"
: >"$T/empty.raw"
try 1 "FAIL   gpt.primary" "$slipway" verify "$T/empty.raw" "${trust[@]}"
finish
