#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A node that changes its users takes version 2 from a web server, which brings a system user that version 1
# has not; then version 2 is damaged, and left for version 1. What a server may do wrong is in updates.sh.
. "$(dirname "$0")/web.sh"
logs=build/logs/vm-versions

# The common base is enough, and boots and travels faster; cases node and containers are about the rest.
sed -i '/^packages:/,/^updates:/{/^updates:/!d}' "$recipe/recipe.yaml"
cat >>"$recipe/recipe.yaml" <<END
packages: [gpg]
overlay: overlay
health: {units: [ssh.service], commands: ["getent passwd root"]}
END
rm -r "$recipe/overlay"
mkdir "$recipe/overlay"
fetch_more gpg
version versions 1
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
version versions 2
left=$(grep -E '^(user|group) ' "$T/1.lock" | grep -vxFf "$recipe/recipe.lock")
[ -z "$left" ] && ok || bad "ids of version 1 are not in the lock of version 2: $left"
publish stable 2

"$slipway" test --keep-logs "$logs" "$T/1/versions_1.raw" versions >"$T/log" 2>&1
[ $? -eq 0 ] && ok || bad versions
grep -v ' passed, ' "$T/log"
grep -q "root hash: $(cat "$T/2/versions_2.roothash")" "$T/log" && ok || bad "version 2 is not the one that was built"
id=$(sed -n 's/^ *appd: //p' "$T/log")
grep -qx "user appd $id used" "$recipe/recipe.lock" && ok || bad "appd has $id on the node, by the lock: $(grep ' appd ' "$recipe/recipe.lock")"
finish
