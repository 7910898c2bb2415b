#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Users over two versions of an image. The node changes its own; then version 2 is put into slot B of the
# node's disk, as an update would, and brings a system user that version 1 has not.
. "$(dirname "$0")/slots.sh"
disk=$T/users_disk.raw logs=build/logs/vm-users

boot() { # version, case
	"$slipway" test --keep-logs "$logs" --root-hash "$(cat "$T/$1/users_$1.roothash")" --persistent \
		"$disk" "$2" >"$T/log" 2>&1
	[ $? -eq 0 ] && ok || bad "$2"
	cat "$T/log" | grep -v ' passed, '
}

version users 1
cp "$recipe/recipe.lock" "$T/1.lock"
mkdir -p "$recipe/overlay/usr/lib"/{sysusers.d,tmpfiles.d,systemd/system/multi-user.target.wants}
cd "$recipe/overlay/usr/lib" || exit 1
printf '%s\n' 'u appd - "A service" /var/lib/appd' 'm appd adm' >sysusers.d/appd.conf
echo 'd /var/lib/appd 0750 appd appd -' >tmpfiles.d/appd.conf
cat >systemd/system/appd.service <<'END'
[Unit]
Description=A service of its own user
[Service]
User=appd
ExecStart=/bin/sh -c 'echo up >/var/lib/appd/started; exec sleep infinity'
END
ln -s ../appd.service systemd/system/multi-user.target.wants/appd.service
cd "$here" || exit 1
version users 2
left=$(grep -E '^(user|group) ' "$T/1.lock" | grep -vxFf "$recipe/recipe.lock")
[ -z "$left" ] && ok || bad "ids of version 1 are not in the lock of version 2: $left"

step "the node's disk" cp --sparse=always "$T/1/users_1.raw" "$disk"
step "room for its root" truncate -s +4G "$disk"
boot 1 users-change

put_version users 2 "$disk"
boot 2 users-update
id=$(sed -n 's/^ *appd: //p' "$T/log")
grep -qx "user appd $id used" "$recipe/recipe.lock" && ok || bad "appd has $id on the node, by the lock: $(grep ' appd ' "$recipe/recipe.lock")"
finish
