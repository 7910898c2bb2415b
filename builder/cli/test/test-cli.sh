#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a person sees who types something wrong: the message, and the exit status that slipway(1) gives.
set -u
here=$(cd "$(dirname "$0")/../../.." && pwd)
slipway=$here/build/slipway
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export XDG_CACHE_HOME=$T/cache
unset SLIPWAY_MIRROR SOURCE_DATE_EPOCH
passed=0 failed=0

try() { # status, text that must be in the output, command…
	local want=$1 text=$2 out status
	shift 2
	out=$("$@" 2>&1 </dev/null)
	status=$?
	if [ $status -eq "$want" ] && grep -qF -e "$text" <<<"$out"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $*: status $status (not $want), or no \"$text\" in: $out"
	fi
}

try 2 "Usage: slipway" "$slipway"
try 0 "Commands:" "$slipway" --help
try 0 "slipway 0" "$slipway" --version
try 2 "no command is called \"biuld\"" "$slipway" biuld
try 2 "unknown option --nope" "$slipway" --nope
try 2 "not a number of threads" "$slipway" -j 0 version
try 2 "missing argument: RECIPE" "$slipway" build
try 2 "unexpected argument: b" "$slipway" build a b
try 2 "needs a value: --output" "$slipway" build a --output
try 2 "takes no value: --dry-run=1" "$slipway" build a --dry-run=1
try 2 "unknown option --nope" "$slipway" lock --nope
try 2 "SOURCE_DATE_EPOCH is not a number" env SOURCE_DATE_EPOCH=x "$slipway" version
try 4 "recipe $T/none: No such file" "$slipway" build "$T/none"
for c in lock fetch build boot keygen version; do
	try 0 "Usage: slipway $c" "$slipway" "$c" --help
	try 0 "$c" grep -F "$c" "$here/Documentation/slipway.1"
done

# Every option of every command is in the manual.
for c in lock fetch build boot keygen; do
	for o in $("$slipway" "$c" --help | sed -n 's/.*--\([a-z-]*\).*  .*/\1/p' | grep -v '^help$'); do
		try 0 "" grep -q -e "${o//-/\\\\-}" "$here/Documentation/slipway.1"
	done
done

# Keys: made once, never overwritten; a private key is for its owner only.
try 0 "development keys" "$slipway" keygen "$T/keys"
try 3 "db" "$slipway" keygen "$T/keys"
try 0 "600" stat -c %a "$T/keys/db.key"
try 0 "DEVELOPMENT" openssl x509 -noout -subject -in "$T/keys/db.crt"

# A recipe without its lock, and with a lock that is none.
cp -r "$here/recipes/node" "$T/node"
rm -f "$T/node/recipe.lock"
try 4 "slipway lock" "$slipway" build "$T/node" -o "$T/out"
echo "hello" >"$T/node/recipe.lock"
try 3 "recipe.lock:1:" "$slipway" build "$T/node" -o "$T/out"
try 0 "" test ! -e "$T/out"
sed -i 's/^packages:/pakages:/' "$T/node/recipe.yaml"
try 3 "did you mean \"packages\"?" "$slipway" lock "$T/node"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
