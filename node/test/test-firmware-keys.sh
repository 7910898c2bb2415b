#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node/firmware-keys on variables in files: as `slipway keygen` has them enrolled, and lists made here.
. "$(dirname "$0")/lib.sh"
vendor=d719b2cb-3d3a-4596-a3bc-dad00e67656f
x509=a159c0a5e494a74a87b5ab155c2bf072 sha256=2616c4c14c509240aca941f936934328

hex() { sed 's/../\\x&/g' | xargs -0 printf '%b'; }
le32() { printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24)); }
text_hex() { printf %s "$1" | od -A n -v -t x1 | tr -d ' \n'; }
# A list as hex digits; its entries are texts of one length.
list() { # type, header, entries…
	local type=$1 header=$2 data='' each=$((16 + ${#3}))
	shift 2
	data=$(text_hex "$header")
	local n=$((28 + ${#header} + each * $#))
	for entry; do data+=$(printf '%032d' 7)$(text_hex "$entry"); done
	printf '%s%s%s%s%s' "$type" "$(le32 $n)" "$(le32 ${#header})" "$(le32 $each)" "$data"
}
variable() { # name, hex digits: with attributes before them
	mkdir -p "$T/vars"
	printf '27000000%s' "$2" | hex >"$T/vars/$1-$vendor"
}
digests() { for text; do printf %s "$text" | sha256sum | cut -d ' ' -f 1; done; }
known() { # what it is about, digests
	local out
	out=$(sh node/firmware-keys "$T/vars" 2>&1) && [ "$out" = "$2" ] && ok || bad "$1: \"$out\", not \"$2\""
}
broken() { # what it is about
	local out
	out=$(sh node/firmware-keys "$T/vars" 2>&1) && bad "$1: $out" || ok
}

known "no variables" ''
variable db "$(list $x509 '' one)"
known "a certificate" "$(digests one)"
variable db "$(list $sha256 '' "$(printf %032d 1)")$(list $x509 'a header' first other)$(list $x509 '' third-one)"
known "several lists" "$(digests first other third-one)"
variable dbx "$(list $sha256 '' "$(printf %032d 2)")$(list $x509 '' other)"
known "one of them revoked" "$(digests first third-one)"
variable dbx "$(list $x509 '' first other)$(list $x509 '' third-one)"
known "all revoked" ''
rm "$T/vars/dbx-$vendor"
variable db "$(list $x509 '' one | head -c -2)"
broken "a list that ends early"
variable db "$(list $x509 '' one)$(printf %054d 0)"
broken "less than a list behind it"
variable db "$x509$(le32 0)$(le32 0)$(le32 19)"
broken "a list without a length"
variable db "$x509$(le32 31)$(le32 0)$(le32 16)616263"
broken "entries of nothing"
variable db "$x509$(le32 31)$(le32 4)$(le32 19)616263"
broken "a header longer than its list"
variable db "$(list $x509 '' one)"
variable dbx "$(list $x509 '' one | head -c -2)"
broken "a dbx that ends early"
rm "$T/vars/dbx-$vendor"

# The .auth file has a time and a PKCS#7 before the list; its length is at byte 16.
if build/slipway -q keygen "$T/keys" && build/slipway -q keygen --next db2 "$T/keys"; then
	list_of() { tail -c +$((17 + $(od -A n -t u4 --endian=little -j 16 -N 4 "$1"))) "$1"; }
	{ printf '\47\0\0\0'; list_of "$T/keys/db.auth"; list_of "$T/keys/db2.trust.auth"; } >"$T/vars/db-$vendor"
	known "two of keygen's" "$(sha256sum "$T/keys/db.der" "$T/keys/db2.der" | cut -d ' ' -f 1)"
	{ printf '\47\0\0\0'; list_of "$T/keys/db.revoke.auth"; } >"$T/vars/dbx-$vendor"
	known "one of keygen's revoked" "$(sha256sum "$T/keys/db2.der" | cut -d ' ' -f 1)"
else
	bad "keygen"
fi
finish
