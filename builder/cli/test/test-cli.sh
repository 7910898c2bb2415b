#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line itself: usage, options, output for people and for programs, progress.
. "$(dirname "$0")/lib.sh"

try 2 "Usage: slipway" "$slipway"
try 0 "Commands:" "$slipway" --help
try 0 "slipway 0" "$slipway" --version
lz4=$(ldd "$slipway" | sed -n 's/.* => \(.*liblz4[^ ]*\) .*/\1/p')
try 0 "codec lz4 $(readlink -f "$lz4" | sed 's/.*\.so\.//')" "$slipway" version
try 0 "slipway 0" "$slipway" version
fails 2 "no command is called \"biuld\"; did you mean \"build\"?" "$slipway" biuld
fails 2 "no command is called \"xyzzy\"; see slipway --help" "$slipway" xyzzy
try 0 "Commands:" "$slipway" -q -h
try 0 "slipway 0" "$slipway" --quiet --version
try 0 "slipway 0" "$slipway" -j4 version
try 0 "slipway 0" "$slipway" -j 4 version
try 0 "slipway 0" "$slipway" --jobs=4 version
# help, in all the ways that people ask for it.
same() { cmp -s <("$slipway" "${@:2}") <("$slipway" $1) && ok || bad "$1 and ${*:2} differ"; }
same --help help
same --help -q help
for c in build recipe version; do same "$c --help" help $c; done
ragged=$("$slipway" --help | sed -n '/^Commands/,/^$/p' | LC_ALL=C.UTF-8 grep -vE '^(  .{33} [A-Z].*|Commands:|)$')
[ -z "$ragged" ] && ok || bad "commands are out of column: $ragged"
fails 2 "help takes one command: b" "$slipway" help build b
fails 2 "no command is called \"biuld\"; did you mean \"build\"?" "$slipway" help biuld

# Who reads a part of the output only is told nothing, and the status is that of other programs.
mkfifo "$T/pipe"
exec 3<>"$T/pipe" 4>"$T/pipe" 3>&- # which nobody has open to read
for c in "recipe schema" "build --help" --help version; do
	"$slipway" $c >&4 2>"$T/stderr"
	status=$?
	[ $status -eq 141 ] && [ ! -s "$T/stderr" ] && ok || bad "$c to nobody: status $status: $(cat "$T/stderr")"
done
exec 4>&-
fails 2 "needs a value: -j; see" "$slipway" -j
fails 2 "unknown option --nope" "$slipway" --nope
fails 2 "not a number of threads" "$slipway" -j 0 version
try 2 "missing argument: RECIPE" "$slipway" build
try 2 "unexpected argument: b" "$slipway" build a b
try 2 "needs a value: --output" "$slipway" build a --output
try 2 "takes no value: --dry-run=1" "$slipway" build a --dry-run=1
try 2 "unknown option --nope" "$slipway" lock --nope
try 2 "unknown option --ouput=x; did you mean --output?" "$slipway" build --ouput=x a
try 2 "needs a value: --output=" "$slipway" build --output= a
try 2 "needs a value: -o" "$slipway" build -o "" a
try 2 "an argument is empty: RECIPE" "$slipway" build ""
try 2 "Usage: slipway version [OPTION…]; more" "$slipway" version x
try 2 "missing argument: check RECIPE…" "$slipway" recipe check
try 2 "schema takes no argument: x" "$slipway" recipe schema x
for option in -q --quiet -j -j4 --jobs=4; do
	try 2 "goes before the command: $option" "$slipway" build $option a
done
try 2 "more: slipway lock --help" "$slipway" lock --nope
fails 2 "SOURCE_DATE_EPOCH is not a number" env SOURCE_DATE_EPOCH=x "$slipway" version
fails 2 "where is the cache?" env -u XDG_CACHE_HOME -u HOME "$slipway" version

# Keys: made once, never overwritten; a private key is for its owner only.
try 0 "development keys" "$slipway" keygen "$T/keys"
fails 3 "PK.key exists: keys are never overwritten; name another directory" "$slipway" keygen "$T/keys"
fails 4 "make directory $T/none/keys: No such file" "$slipway" keygen "$T/none/keys"
try 0 "600" stat -c %a "$T/keys/db.key"
try 0 "DEVELOPMENT" openssl x509 -noout -subject -in "$T/keys/db.crt"

need_packages
command -v gpg dpkg-deb xz >/dev/null || skip_all "gpg, dpkg-deb or xz is missing"
copy_node
recipe=$T/recipes/node
make_mirror || { bad "no mirror could be made"; finish; }
use_mirror
rm "$recipe/recipe.lock"
run() { "$slipway" "$@" >"$T/stdout" 2>"$T/stderr" </dev/null; }
json() { # jq-like: the text must be in standard output, which is one object
	python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$T/stdout" 2>/dev/null ||
		[ "$(head -c 1 "$T/stdout")" = "{" ] || bad "no JSON: $(head -c 200 "$T/stdout")"
	grep -qF -e "$1" "$T/stdout" && ok || bad "no $1 in $(head -c 2000 "$T/stdout")"
}

# JSON: one object on standard output, nothing else; after an error nothing at all.
n() { grep -c '^package ' "$recipe/recipe.lock"; }
run -q build "$recipe" --json -n
[ $? -eq 4 ] && [ ! -s "$T/stdout" ] && ok || bad "--json after an error: $(cat "$T/stdout")"
run lock "$recipe" --json && json "\"packages\": $(n)" && json '"inrelease_sha256": "' && json '"name": "messagebus"'
grep -q "^fetching $(n) packages" "$T/stderr" && ok || bad "lock --json: the note is not on standard error"
rm -r "$T/cache/slipway/packages"
run fetch "$recipe" --json && json "\"fetched\": $(n)"
grep -q "^fetching $(n) packages" "$T/stderr" && ok || bad "fetch --json: the note is not on standard error"
run fetch "$recipe" --json && json '"fetched": 0'
export XDG_CACHE_HOME=${real_cache%/slipway}
run build "$recipe" -o "$T/none" --json -n && json '"label": "node_1_verity_sig"' && json '"phase": "plan"'
grep -q '"root_hash"\|"outputs"' "$T/stdout" && bad "a plan has no root hash" || ok
run build "$recipe" -o "$T/none" -n
[ ! -e "$T/none" ] && ok || bad "--dry-run makes the output directory"
for text in " 2  usr  " "made on first boot" "containerd 1." "masked 8:" "no reader on a node" "slipway makes users"; do
	grep -qF -e "$text" "$T/stdout" && ok || bad "the plan lacks \"$text\""
done
began=$SECONDS # a line each ten seconds is as it should be
run build "$recipe" -o "$T/out" --json
json "\"root_hash\": \"$(cat "$T/out/node_1.roothash")\""
json "\"size_bytes\": $(stat -c %s "$T/out/node_1.efi")"

# Progress: plain lines where there is no terminal, nothing with -q, on a terminal a line that is gone.
grep -qE '^erofs: [0-9.]+ MiB$' "$T/stderr" && ok || bad "no plain progress: $(cat "$T/stderr")"
[ "$(wc -l <"$T/stderr")" -le $((8 + (SECONDS - began) / 10)) ] && ok || bad "progress is noisy: $(cat "$T/stderr")"
run -q build "$recipe" -o "$T/out"
[ ! -s "$T/stderr" ] && [ ! -s "$T/stdout" ] && ok || bad "-q: $(cat "$T/stdout" "$T/stderr")"
if command -v script >/dev/null; then
	tty_run() { TERM=$1 script -qec "stty cols $2; '$slipway' build '$recipe' -o '$T/out'" /dev/null </dev/null >"$T/tty"; }
	tty_run xterm 60
	# What is left after each line was drawn over: the last piece between carriage returns.
	left=$(tr -d '\n' <"$T/tty" | sed 's/.*\r\(.*root hash\)/\1/; s/\x1b\[K//g; s/\r//g')
	[[ $left =~ ^"$T/out/node_1.raw: root hash "[0-9a-f]{64}$ ]] && ok || bad "left on the terminal: $left"
	grep -qE '\[#* *\] +[0-9]+ % of [0-9.]+ MiB' "$T/tty" && ok || bad "no bar on a terminal"
	longest=$(tr '\r' '\n' <"$T/tty" | sed 's/\x1b\[K//g' | grep -a ' % of ' | awk '{ if (length > m) m = length } END { print m }')
	[ "$longest" -lt 60 ] && ok || bad "the bar wraps: $longest columns of 60"
	tty_run dumb 60
	grep -q '%' "$T/tty" && bad "a bar on a dumb terminal" || ok
fi
finish
