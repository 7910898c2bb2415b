#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slipway test as far as it goes without a machine: what it takes and what it refuses.
. "$(dirname "$0")/lib.sh"
command -v sfdisk >/dev/null || skip_all "sfdisk is missing"
image=$T/node_1.raw
: >"$image"
fails 3 "$image: no disk image: it has no partition table (GPT)" "$slipway" test "$image"
truncate -s 4M "$image"
echo 'label: gpt' | sfdisk -q "$image" || bad "no partition table could be made"

try 0 "boot  " "$slipway" test --list
names=$("$slipway" test --list | cut -d' ' -f1)
[ "$(wc -w <<<"$names")" -eq "$(sort -u <<<"$names" | wc -l)" ] && ok || bad "--list names a case twice: $names"
try 2 "missing argument: IMAGE" "$slipway" test
fails 3 "--repeat 0: not a number from 1 to 1000" "$slipway" test --repeat 0 "$image"
fails 3 "--seed x: not a number" "$slipway" test --seed x "$image"
try 2 "--list takes no image" "$slipway" test --list "$image"
try 2 "choose one of them" "$slipway" test --tap --json "$image"
fails 4 "none.raw: No such file" "$slipway" test "$T/none.raw"
fails 3 "there is no case 'boat'" "$slipway" test "$image" boot boat
fails 3 "--jobs 0: not a number" "$slipway" test --jobs 0 "$image" boot
fails 3 "is not 64 hexadecimal digits" "$slipway" test --root-hash abc "$image" boot
fails 3 "SLIPWAY_ACCEL is \"xen\"" env SLIPWAY_ACCEL=xen "$slipway" test "$image" boot
fails 3 "--persistent is needed" env SLIPWAY_ACCEL= TMPDIR="$T" "$slipway" test "$image" rotation
try 2 "one takes the other" "$slipway" test --key "$T/no.key" "$image" boot
# What would be found out only after the machines ran is found out before.
fails 4 "no/junit.xml" "$slipway" test --junit "$T/no/junit.xml" "$image" boot
fails 4 "directory for logs" "$slipway" test --keep-logs "$T/no/logs" "$image" boot
fails 4 "no.key" "$slipway" test --key "$T/no.key" --certificate "$T/no.crt" "$image" boot
echo "not a hash" >"$T/node_1.roothash"
fails 3 "is not 64 hexadecimal digits" "$slipway" test "$image" boot
rm "$T/node_1.roothash"
mkdir "$T/tmp"
fails 4 "qemu-system-x86_64 is missing" env TMPDIR="$T/tmp" PATH="$T" "$slipway" test "$image" boot
[ -z "$(ls "$T/tmp")" ] && ok || bad "logs of nothing were kept: $(ls "$T/tmp")"
[ -e "$T/junit.xml" ] && bad "a report of nothing" || ok
finish
