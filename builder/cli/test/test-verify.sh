#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slipway verify: the image that `make image` built, and an altered one; exit statuses, text and JSON.
. "$(dirname "$0")/lib.sh"
image=$here/out/node_1.raw
# Each check is in the manual.
for id in $(sed -n 's/.*\] = { "\([a-z.-]*\)",.*/\1/p' "$here/builder/audit/verify_report.c"); do
	if grep -q "^|.*\`$id\`.*|" "$here/Documentation/verify.md"; then ok; else bad "verify.md lacks $id"; fi
done
try 2 "nobody is trusted" "$slipway" verify "$image"
try 2 "not a time" "$slipway" verify "$image" --trust "$here/keys/db.crt" --at yesterday
fails 4 "No such file" "$slipway" verify "$T/none" --trust /nonexistent
[ -e "$image" ] && [ -e "$here/keys/db.crt" ] || skip_all "no out/node_1.raw: run make image"
trust=(--trust "$here/keys/db.crt" --trust "$here/keys/KEK.crt" --trust "$here/keys/PK.crt")
fails 4 "No such file" "$slipway" verify "$T/none" "${trust[@]}"
fails 3 "no certificate" "$slipway" verify "$image" --trust "$here/keys/db.key"
try 0 "ok     slot.tree            slot a: usr: root hash $(<"$here/out/node_1.roothash")" \
	"$slipway" verify "$image" "${trust[@]}"
try 1 "certificate.time" "$slipway" verify "$image" "${trust[@]}" --at 2001-01-01

# The lock that it was built from, and one that asks for something else.
lock=$here/recipes/node/recipe.lock
try 0 "all of them as in the lock" "$slipway" verify "$image" "${trust[@]}" --lock "$lock"
sed '/^package bash /d; s/^package less [^ ]*/package less 0/' "$lock" >"$T/other.lock"
try 1 "bash 5.2.37-2+b10 is not in the lock; less is of version" \
	"$slipway" verify "$image" "${trust[@]}" --lock "$T/other.lock"

# A policy, and its certificates beside it.
cp "$here/keys/"{PK,KEK,db}.crt "$T"
cat >"$T/policy.yaml" <<END
certificates: [PK.crt, KEK.crt, db.crt]
packages: {required: [systemd], minimum: [{package: systemd, version: "250"}]}
paths: {required: [/usr/lib/os-release], forbidden: ["/usr/bin/python*"]}
END
try 0 "as the policy asks" "$slipway" verify "$image" --policy "$T/policy.yaml"
echo 'key-bits: 4096' >>"$T/policy.yaml"
try 1 "RSA of 2048 bits, expected 4096 at least" "$slipway" verify "$image" --policy "$T/policy.yaml"

# What nobody but KEK has signed is refused, and so is what it has not.
try 1 "FAIL   slot.signature" "$slipway" verify "$image" --trust "$here/keys/KEK.crt"

# One byte of a copy, as text and as JSON.
cp --sparse=always "$image" "$T/bad.raw"
printf x | dd of="$T/bad.raw" bs=1 seek=$((600 * 1024 * 1024)) conv=notrunc status=none
try 1 "FAIL   slot.tree" "$slipway" verify "$T/bad.raw" "${trust[@]}"
"$slipway" verify "$T/bad.raw" "${trust[@]}" --json >"$T/out.json"
if [ $? -eq 1 ] && python3 - "$T/out.json" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
bad = [c for c in o["checks"] if c["verdict"] == "fail"]
assert o["verdict"] == "fail" and o["failed"] == len(bad), bad
assert [(c["id"], c["where"]) for c in bad] == [(i, "slot a: usr") for i in ("slot.tree", "slot.tree-again")], bad
assert all(set(c) == {"id", "where", "verdict", "compared", "found", "expected"} for c in o["checks"])
END
then ok; else bad "JSON of a bad image"; fi

# Not an image at all, and half of one.
head -c 100000 "$image" >"$T/short.raw"
try 1 "FAIL   gpt" "$slipway" verify "$T/short.raw" "${trust[@]}"
: >"$T/empty.raw"
try 1 "FAIL   gpt.primary" "$slipway" verify "$T/empty.raw" "${trust[@]}"
finish
