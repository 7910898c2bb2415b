#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is wrong, where, and what to do: one line on standard error, and the exit status of slipway(1).
. "$(dirname "$0")/lib.sh"
copy_node
rm -f "$T/recipes/node/recipe.lock"
recipe=$T/recipes/node
yaml=$recipe/recipe.yaml
common=$T/recipes/common
base=$common/base.yaml
keep() { cp "$yaml" "$T/good.yaml" && cp "$base" "$T/good-base.yaml"; }
restore() { cp "$T/good.yaml" "$yaml" && cp "$T/good-base.yaml" "$base"; }
change() { # what sed is to do to the recipe and to what it includes
	restore
	sed -i "$1" "$yaml" "$base"
	cmp -s "$T/good.yaml" "$yaml" && cmp -s "$T/good-base.yaml" "$base" && bad "sed $1 changes nothing"
}
keep
build() { "$slipway" build "$recipe" -o "$T/out" "$@"; }

# Recipe and lock.
fails 4 "recipe $T/none: No such file" "$slipway" build "$T/none"
fails 4 "run slipway lock" build
echo hello >"$recipe/recipe.lock"
fails 3 "recipe.lock:1: " build
fails 3 "restore it, or remove it to have them allotted anew: $recipe/recipe.lock:1: " "$slipway" lock "$recipe"
echo "slipway-lock 1" >"$recipe/recipe.lock"
fails 3 "a lock of an older format, without ids of users; run slipway lock" build
rm "$recipe/recipe.lock"
fails 4 "there is no lock yet whose packages could be kept" "$slipway" lock "$recipe" --keep-packages
change 's/^packages:/pakages:/'
fails 3 "did you mean \"packages\"?" "$slipway" lock "$recipe"
change 's/^version: .*/version: a_b/'
fails 3 "recipe.yaml:$(grep -n ^version: "$yaml" | cut -d: -f1):10: version: \"a_b\" is not a version" "$slipway" lock "$recipe"
restore

# Mirrors and keyrings.
fails 4 "/nonexistent" "$slipway" lock "$recipe" --mirror /nonexistent
change 's,keyring: .*,keyring: nowhere.gpg,; s,mirror: system,mirror: /,'
fails 4 "InRelease" "$slipway" lock "$recipe"
restore

need_packages
command -v gpg dpkg-deb xz >/dev/null || skip_all "gpg, dpkg-deb or xz is missing"
make_mirror || { bad "no mirror could be made"; finish; }
use_mirror
keep
fails 4 "gpgv is not installed" env PATH=/nonexistent "$slipway" lock "$recipe"
change "s,keyring: .*,keyring: $T/nowhere.gpg,"
fails 4 "keyring $T/nowhere.gpg (Debian's comes with debian-archive-keyring): No such file" "$slipway" lock "$recipe"
change "s,keyring: .*,keyring: $T/empty.gpg,"
: >"$T/empty.gpg"
fails 3 "signed by a key that is not in $T/empty.gpg" "$slipway" lock "$recipe"
change 's/^  - base-files/  - base-filles/'
fails 4 "is it base-files?" "$slipway" -q lock "$recipe"
restore
xz -dc "$T/mirror/dists/trixie/main/binary-amd64/Packages.xz" | sed 's/^Version: /&0/' | xz >"$T/p.xz"
cp "$T/mirror/dists/trixie/main/binary-amd64/Packages.xz" "$T/good.xz"
rm -rf "$T/cache/slipway/index"
cp "$T/p.xz" "$T/mirror/dists/trixie/main/binary-amd64/Packages.xz"
fails 3 "Packages.xz" "$slipway" -q lock "$recipe"
cp "$T/good.xz" "$T/mirror/dists/trixie/main/binary-amd64/Packages.xz"
try 0 "" "$slipway" -q lock "$recipe"

# Packages.
rm -r "$T/cache/slipway/packages"
fails 4 "is not in the cache: run slipway fetch $recipe" build
one=$(find "$T/mirror/pool" -name 'runc_*.deb')
mv "$one" "$T/runc.deb"
fails 4 "run slipway lock again" "$slipway" -q fetch "$recipe"
head -c 1000 "$T/runc.deb" >"$one"
fails 3 "truncated" "$slipway" -q fetch "$recipe"
{ head -c -1 "$T/runc.deb"; echo x | head -c 1; } >"$one"
fails 3 "SHA-256" "$slipway" -q fetch "$recipe"
try 0 "" bash -c "! ls '$T/cache/slipway/packages' | grep -q $(sha256sum "$one" | cut -c 1-64)"
cp "$T/runc.deb" "$one"
try 0 "" "$slipway" -q fetch "$recipe"
change 's/^  - less$//'
fails 3 "recipe.lock: the lock was made for another recipe" build
fails 3 "run slipway lock" build
restore
sed 's/^codec zstd .*/codec zstd 0.0.1/' "$recipe/recipe.lock" >"$T/other.lock"
fails 3 "zstd 0.0.1" build --lock "$T/other.lock"

# Keys.
fails 3 "PK.key exists: keys are never overwritten" "$slipway" keygen "$T/keys"
change 's,key: .*db.key,key: ../../keys/no.key,'
fails 4 "no.key: No such file" build -n
openssl pkey -in "$T/keys/db.key" -aes256 -passout pass:x -out "$T/keys/enc.key"
change 's,key: .*db.key,key: ../../keys/enc.key,'
fails 3 "enc.key: " build -n
fails 3 "encrypted" build -n
change 's,key: .*db.key,key: ../../keys/PK.key,'
fails 3 "is not the certificate of this private key" build -n
mkdir "$T/ca"
: >"$T/ca/db"
echo 01 >"$T/ca/serial"
printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$T/ca/db" "serial=$T/ca/serial" "new_certs_dir=$T/ca" \
	default_md=sha256 policy=p '[p]' commonName=supplied >"$T/ca/conf"
openssl req -new -key "$T/keys/db.key" -subj /CN=old -out "$T/ca/csr" 2>/dev/null
openssl ca -batch -notext -config "$T/ca/conf" -selfsign -keyfile "$T/keys/db.key" -in "$T/ca/csr" \
	-startdate 20200101000000Z -enddate 20200102000000Z -out "$T/keys/old.crt" 2>/dev/null
change 's,certificate: .*,certificate: ../../keys/old.crt,'
fails 3 "expired" build -n
fails 3 "old.crt" build -n
change 's,enroll: .*,enroll: ../../nowhere,'
fails 4 "PK.auth" build -n
restore

# Output directories. What is not writable by anyone is a file.
: >"$T/file"
fails 1 "is not a directory" "$slipway" build "$recipe" -o "$T/file"
fails 4 "make $T/no first" "$slipway" build "$recipe" -o "$T/no/out"
if [ "$(id -u)" != 0 ]; then
	mkdir -m 555 "$T/closed"
	fails 1 "cannot be written to" "$slipway" build "$recipe" -o "$T/closed"
fi

# Sizes. Only these read the packages: the real cache has them unpacked.
export XDG_CACHE_HOME=${real_cache%/slipway}
sed 's/type: usr, slot: \(.\), size: 1G/type: usr, slot: \1, size: 64M/' "$here/layouts/acl.yaml" >"$common/usr.yaml"
change 's,^layout: acl,layout: ./usr.yaml,'
fails 5 "usr partition of layout acl has 64 MiB" build
sed 's/type: esp, size: .*M/type: esp, size: 64M/' "$here/layouts/acl.yaml" >"$common/esp.yaml"
change 's,^layout: acl,layout: ./esp.yaml,'
fails 5 "three UKIs" "$slipway" -q build "$recipe" -o "$T/out"
change 's,^layout: acl,layout: alc,'
fails 4 "built in: acl" build
restore
try 0 "" bash -c "[ -z \"\$(ls -A '$T/out' 2>/dev/null)\" ]"

# A full disk.
if [ "$(id -u)" = 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=100M tmpfs "$T/small" 2>/dev/null; then
	for size in 1M 200M 500M; do
		mount -o "remount,size=$size" "$T/small"
		fails 5 "No space left on device" "$slipway" -q build "$recipe" -o "$T/small"
		try 0 "" bash -c "[ -z \"\$(ls -A '$T/small')\" ]"
	done
	umount "$T/small"
else
	echo "SKIP a full disk: no tmpfs can be mounted"
fi

# VMs.
fails 4 "$T/none.raw: No such file" "$slipway" boot "$T/none.raw"
: >"$T/empty.raw"
fails 4 "install QEMU" env PATH=/nonexistent "$slipway" boot "$T/empty.raw"
mkdir "$T/bin"
printf '#!/bin/sh\necho "QEMU emulator version 7.2.0"\n' >"$T/bin/qemu-system-x86_64"
chmod +x "$T/bin/qemu-system-x86_64"
fails 4 "install QEMU" env SLIPWAY_ACCEL=tcg PATH="$T/bin" "$slipway" boot "$T/empty.raw"
fails 3 "--memory 1M" "$slipway" boot "$T/empty.raw" --memory 1M
fails 3 "SLIPWAY_ACCEL is \"xen\"" env SLIPWAY_ACCEL=xen "$slipway" boot "$T/empty.raw"
finish
