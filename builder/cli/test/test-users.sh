#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ids of users over versions of a recipe: allotted once, carried from lock to lock, never given to others.
. "$(dirname "$0")/lib.sh"
need_packages
command -v gpg dpkg-deb xz >/dev/null || skip_all "gpg, dpkg-deb or xz is missing"
copy_node
make_mirror || { bad "no mirror could be made"; finish; }
use_mirror
# Packages are there already, unpacked; the index is of the test's own.
mkdir -p "$T/cache/slipway"
ln -s "$real_cache/packages" "$real_cache/unpacked" "$T/cache/slipway/"
recipe=$T/recipes/node lock=$T/recipes/node/recipe.lock
base=$T/recipes/common/base.yaml
overlay=$recipe/overlay/usr/lib/sysusers.d
mkdir -p "$overlay"
rm "$lock"

lock() { "$slipway" -q lock "$recipe" "$@" 2>"$T/stderr" || bad "lock $*: $(cat "$T/stderr")"; }
plan() { "$slipway" build "$recipe" -o "$T/out" -n "$@"; }
id_of() { # kind, name: "NUMBER STATE"
	sed -n "s/^$1 $2 //p" "$lock"
}
is() { # kind, name, what it must be
	[ "$(id_of "$1" "$2")" = "$3" ] && ok || bad "$1 $2 is \"$(id_of "$1" "$2")\" and not \"$3\""
}

# A version without sshd; what it has keeps its numbers when sshd comes, goes and comes back.
sed -i '/^  - openssh-server$/d; /ssh.*\.service$/d' "$base"
cp "$base" "$T/without.yaml"
cp "$here/recipes/common/base.yaml" "$T/with.yaml"
sed -i "s,mirror: system,mirror: $T/mirror,; s,keyring: .*,keyring: $T/keyring.gpg," "$T/with.yaml"
lock
cp "$lock" "$T/one.lock"
[ -z "$(id_of user sshd)" ] && ok || bad "sshd is there without its package"
grep -qE '^user messagebus (4[0-9]{2}|[123][0-9]{2}) used$' "$lock" && ok || bad "messagebus: $(id_of user messagebus)"
is user root "0 used"
is group nogroup "65534 used"

lock
cmp -s "$lock" "$T/one.lock" && ok || bad "another lock by the same inputs: $(diff "$T/one.lock" "$lock")"
lock --keep-packages
cmp -s "$lock" "$T/one.lock" && ok || bad "--keep-packages changes: $(diff "$T/one.lock" "$lock")"

cp "$T/with.yaml" "$base"
fails 3 "made for another recipe" "$slipway" lock "$recipe" --keep-packages
lock
sshd=$(id_of user sshd)
[[ $sshd == *" used" ]] && ok || bad "no sshd in the lock: \"$sshd\""
left=$(grep -E '^(user|group) ' "$T/one.lock" | grep -vxFf "$lock")
[ -z "$left" ] && ok || bad "changed by a new package: $left"

cp "$T/without.yaml" "$base"
lock
is user sshd "${sshd% used} gone"
echo 'u aaa -' >"$overlay/aaa.conf"
fails 3 "usr/lib/sysusers.d/aaa.conf:1: the lock does not have group aaa: run slipway lock" plan
try 0 "root" plan --relock
is user sshd "${sshd% used} gone"
aaa=$(id_of user aaa)
[ "${aaa% used}" != "${sshd% used}" ] && [ "$(id_of group aaa)" = "$aaa" ] && ok || bad "aaa is \"$aaa\", sshd was \"$sshd\""
cp "$T/with.yaml" "$base"
lock
is user sshd "$sshd"
is user aaa "$aaa"
try 0 "root" plan

# One that goes is a change of the lock as well, with no change of packages.
grep '^package ' "$lock" >"$T/packages"
rm "$overlay/aaa.conf"
fails 3 "the lock has group aaa, which the image has no more: run slipway lock (with --keep-packages" plan
lock --keep-packages
is user aaa "${aaa% used} gone"
grep '^package ' "$lock" | cmp -s - "$T/packages" && ok || bad "--keep-packages changes packages"
try 0 "root" plan

# A lock elsewhere starts from the recipe's own.
"$slipway" -q lock "$recipe" -o "$T/other.lock" && cmp -s "$lock" "$T/other.lock" && ok ||
	bad "a lock under another name: $(diff "$lock" "$T/other.lock")"

# Numbers that packages or the overlay fix: not another one than before, not somebody else's.
number=${sshd% used}
echo "u bbb $number" >"$overlay/bbb.conf"
fails 3 "bbb.conf:1: user bbb shall have id $number, which the lock keeps for user sshd" "$slipway" -q lock "$recipe"
echo "u bbb ${aaa% used}" >"$overlay/bbb.conf"
fails 3 "which the lock keeps for user aaa; fix another one by" "$slipway" -q lock "$recipe"
echo "u sshd 300:nogroup" >"$overlay/00-ids.conf"
rm "$overlay/bbb.conf"
fails 3 "00-ids.conf:1: user sshd shall have id 300, and has $number by the lock" "$slipway" -q lock "$recipe"
# The cure that the message names.
sed -i '/^user sshd /d' "$lock"
lock
is user sshd "300 used"

# From scratch.
rm "$lock"
lock
cp "$lock" "$T/new.lock"
echo "slipway-lock 1" >"$lock"
fails 3 "$lock:1: a lock of an older format" "$slipway" lock "$recipe" --keep-packages
try 0 "warning: the lock before was of an older format" "$slipway" lock "$recipe"
cmp -s "$lock" "$T/new.lock" && ok || bad "after an older format: $(diff "$T/new.lock" "$lock")"
is user sshd "300 used"
[ -z "$(id_of user aaa)" ] && ok || bad "aaa is in a lock that has no previous one"
finish
