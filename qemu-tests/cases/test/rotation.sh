#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Key rotation on one node: three starts in a machine and one that is refused, which is why make check leaves it out.
. "$(dirname "$0")/slots.sh"
disk=$T/rotation_disk.raw yaml=$T/recipes/common/base.yaml
step "another key" "$slipway" keygen --next db2 "$T/keys"
cp "$yaml" "$T/base.yaml"
signed_by() { # key, more of signing:
	sed "s,keys/db\.\(key\|crt\)$,keys/$1.\1,; s,^  enroll: .*,&\n  renew: $2," "$T/base.yaml" >"$yaml"
}
signed_by db "{trust: [../../keys/db2.trust.auth]}"
version rotation 1
signed_by db2 "{revoke: [../../keys/db.revoke.auth]}"
version rotation 2
fails 3 "it revokes the certificate that this image is signed by" sh -c \
	"sed -i 's,db.revoke,db2.revoke,' $yaml && exec $slipway -q build $recipe -n"
fails 3 "signing: renew: " sh -c "sed -i 's,db2.revoke,db2.trust,' $yaml && exec $slipway -q build $recipe -n"
step "the node's disk" cp --sparse=always "$T/1/rotation_1.raw" "$disk"
step "room for its root" truncate -s +4G "$disk"
put_version rotation 2 "$disk"
esp=$disk@@$(($(part "$disk" 1 | field start) * 512))
step "version 2 is not to be found yet" mmove -i "$esp" ::/EFI/Linux/rotation_2.efi ::/rotation_2.efi
"$slipway" test --persistent --keep-logs build/logs/vm-rotation --root-hash "$(cat "$T/1/rotation_1.roothash")" "$disk" rotation >"$T/log" 2>&1
[ $? -eq 0 ] && ok || bad "rotation: $(cat "$T/log")"
grep -v ' passed, ' "$T/log"
finish
