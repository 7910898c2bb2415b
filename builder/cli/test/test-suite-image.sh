#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slipway test on images that were built with what must not be in them: each of it is found, wherever it lies.
. "$(dirname "$0")/lib.sh"
need_packages
copy_node
mkdir -p "$T/cache/slipway" "$T/tmp"
ln -s "$real_cache/packages" "$real_cache/unpacked" "$T/cache/slipway/"
recipe=$T/recipes/node common=$T/recipes/common image=$T/out/node_1.raw
build() { "$slipway" -q build "$recipe" -o "$T/out" 2>"$T/stderr" || { bad "build: $(cat "$T/stderr")"; finish; }; }
suite() { env TMPDIR="$T/tmp" "$slipway" test "$@"; }
put() { # file below recipes/common, mode, content
	mkdir -p "$common/${1%/*}"
	printf '%s\n' "$3" >"$common/$1"
	chmod "$2" "$common/$1"
}

build
try 0 "2 passed, 0 failed" suite "$image" contents secrets
[ -z "$(ls "$T/tmp")" ] && ok || bad "logs of success were kept: $(ls "$T/tmp")"
# Keys: in a file of /usr, and in one of the initrd, which is compressed.
openssl genrsa -out "$T/secret.pem" 2048 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$T/secret.pem" -outform der -out "$T/secret.der"
put overlay/usr/share/x/service.pem 644 "$(cat "$T/secret.pem")"
put initrd/usr/lib/x/service.key 644 ""
cp "$T/secret.der" "$common/initrd/usr/lib/x/service.key"
put overlay/usr/lib/credstore/token 600 x
put initrd/etc/gshadow 600 'adm:$y$j9T$x::'
# Programs: scripts without and with their interpreter, one of a known name.
put overlay/usr/bin/hello.pl 755 '#!/usr/bin/env perl'
put overlay/usr/bin/python3.13 755 'not really'
put initrd/usr/bin/rescue 755 '#!/bin/sh'
build
# What is forbidden stands in a file's name, in the command line, in the initrd.
out=$(cd "$T/out" && suite --keep-logs "$T/logs" --forbid sysroot-etc.mount --forbid require_signatures=1 \
	--forbid /sysroot/usr/share/factory/etc node_1.raw contents secrets)
[ $? -eq 1 ] && ok || bad "an image with all of it: $out"
says() { grep -qF -e "$1" <<<"$2" && ok || bad "no '$1' in $2"; }
findings=$(cat "$T/logs/secrets/findings.txt")
says "usr: share/x/service.pem: a private key (PEM) at its byte 0, id " "$findings"
says "initrd: usr/lib/x/service.key: an RSA private key (PKCS#8) at its byte 4, id " "$findings"
says "usr: lib/credstore/token: a credential" "$findings"
says "initrd: etc/gshadow: a password's hash" "$findings"
says "disk: from byte " "$findings"
says "initrd: a name: sysroot-etc.mount" "$findings"
says "uki: EFI/Linux/node_1.efi:.cmdline: require_signatures=1 at" "$findings"
says "initrd: usr/lib/systemd/system/sysroot-etc.mount: /sysroot/usr/share/factory/etc at" "$findings"
findings=$(cat "$T/logs/contents/findings.txt")
says "initrd: /usr/bin/rescue is a script for sh" "$findings"
says "/usr/bin/hello.pl is a script for perl, which is not there" "$findings"
says "program /usr/bin/python3.13" "$findings"

# Whoever judges may allow it, with a reason.
rm "$common/initrd/usr/bin/rescue" "$common/overlay/usr/bin/hello.pl"
sed -i '/^remove:/a\  - {path: /usr/sbin/sshd, why: "a test"}' "$common/base.yaml"
build
try 1 "program /usr/bin/python3.13" suite "$image" contents
out=$(suite --tap "$image" contents)
grep -q '^not ok 1 - contents$' <<<"$out" && grep -q '^# logs are in ' <<<"$out" &&
	! grep -qvE '^(TAP version 13|1\.\.1|not ok .*|  .*|# .*)$' <<<"$out" && ok || bad "not TAP: $out"
echo 'program /usr/bin/python3.13 # a test' >"$T/allow"
try 0 "PASS contents" suite --allow "$T/allow" "$image" contents
printf 'secret - %s # a test\n' /usr/lib/credstore/token initrd:/etc/gshadow >"$T/allow"
findings=$(suite --allow "$T/allow" "$image" secrets)
says "service.pem: a private key" "$findings"
grep -qE 'credstore|gshadow' <<<"$findings" && bad "secrets that are allowed: $findings" || ok
echo 'program /usr/bin/python3.13' >"$T/allow"
fails 3 "$T/allow:1: a reason is missing" suite --allow "$T/allow" "$image" contents

# An image that cannot be asked is not started.
if command -v qemu-system-x86_64 >/dev/null; then
	try 0 "SKIP boot (0 s): the image has no /usr/sbin/sshd" env SLIPWAY_ACCEL=tcg "$slipway" test "$image" boot
else
	echo "SKIP an image without sshd: QEMU is missing"
fi
finish
