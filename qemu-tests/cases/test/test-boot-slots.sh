#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A node with two versions, both known to be good, of which the newer one is damaged.
. "$(dirname "$0")/slots.sh"
disk=$T/slots_disk.raw

version slots 1
version slots 2
step "the node's disk" cp --sparse=always "$T/1/slots_1.raw" "$disk"
step "room for its root" truncate -s +4G "$disk"
put_version slots 2 "$disk"
# The top of the hash tree: no block of version 2 can be read.
at=$(part "$disk" 6 | field start)
step "damage" dd if=/dev/urandom of="$disk" bs=1 count=32 seek=$((at * 512 + 4096)) conv=notrunc
"$slipway" test --persistent --keep-logs build/logs/vm-slots "$disk" slots >"$T/log" 2>&1
[ $? -eq 0 ] && ok || bad "slots: $(cat "$T/log")"
cat "$T/log" | grep -v ' passed, '
finish
