#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The documentation against the code: what it names exists, and what exists is named.
. "$(dirname "$0")/lib.sh"
doc=$here/Documentation
has() { # file, word of the code, as a man page writes it
	grep -qE -e "(^|[^a-z_-])${2//-/\\\\?-}([^a-z_-]|$)" "$1" && ok || bad "${1##*/} does not name $2"
}

# Man pages render without a warning.
for page in slipway.1 recipe.5 recipe.lock.5; do
	if command -v man >/dev/null; then
		out=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -l "$doc/$page" 2>&1 >/dev/null)
		[ -z "$out" ] && ok || bad "$page: $out"
	else
		echo "SKIP $page: man is missing"
	fi
	try 0 "" grep -q "$page" "$here/Makefile"
done

# The manual's section on a command has the usage, the options and their arguments as --help has them.
plain() { sed 's/\\f[A-Z]//g; s/\\-/-/g; s/"//g; s/ ,/,/g; s/\.\.\./…/g' "$doc/slipway.1"; }
commands=$("$slipway" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 6 ] && ok || bad "the help names few commands: $commands"
headings() { sed -n '/^\.TP/{n;s/^\.BR\? \(-.*\)/\1/p}' | sed 's/  */ /g; s/ $//' | sort; } # of options in a manual
options() { # of --help
	sed -n 's/^ *\(-[a-zA-Z], \)\?\(--[a-z-]*\)\( [A-Z]*\)\?  .*/\1\2\3/p' | sed 's/ *$//' | sort
}
same() { # what, of the manual, of the help
	[ "$2" = "$3" ] && ok || bad "$1: slipway.1 and --help differ: $(diff <(echo "$2") <(echo "$3"))"
}
same "global options" "$(plain | sed -n '/^\.SH GLOBAL/,/^\.SH COMMANDS/p' | headings)" "$("$slipway" --help | options)"
for c in $commands; do
	try 0 "Usage: slipway $c" "$slipway" "$c" --help
	usage=$("$slipway" "$c" --help | sed -n "1s/^Usage: slipway \($c\)\( \[OPTION…\]\)\?/\1/; 1s/ *\$//p")
	section=$(plain | sed -n "/^\.SS $c\( \|\$\)/,/^\.S[SH] /p" | sed '1!{/^\.S[SH]/d}')
	same "$c: usage" "$(sed -n '1s/^\.SS //p' <<<"$section")" "$usage"
	same "$c: options" "$(headings <<<"$section")" "$("$slipway" "$c" --help | options)"
done

# Every key of the parsers' tables, of the lock and of --json.
keys=$(grep -ohE '\{ ("[a-z-]+", (true|false)|\.key = "[a-z-]+"),' "$here"/builder/recipe/*.c | cut -d'"' -f2 | sort -u)
[ "$(wc -w <<<"$keys")" -ge 30 ] && ok || bad "few keys were found in builder/recipe"
for k in $keys; do
	has "$doc/recipe.5" "$k"
	grep -q "\"$k\": {" "$here"/builder/recipe/schema/*.json && ok || bad "no schema has $k"
done
for k in $(sed -n '/slipway-lock 2/,/\*\//s/^ \*     \([a-z]\+\) <.*/\1/p' "$here/builder/repo/lock.h"); do
	has "$doc/recipe.lock.5" "$k"
done
for k in $(grep -ohE '(json_put[a-z0-9_]*|put_seconds)\(o, "[a-z0-9_]+"' "$here"/builder/cli/*.c | cut -d'"' -f2 | sort -u); do
	has "$doc/slipway.1" "$k"
done
# Kinds of differences.
kinds=$(sed -n 's/^\t\[DIFF_[A-Z_]*\] = { "\([a-z-]*\)",.*/\1/p' "$here/builder/audit/report.c")
[ "$(wc -w <<<"$kinds")" -ge 25 ] && ok || bad "few kinds were found in builder/audit/report.c: $kinds"
for k in $kinds; do has "$doc/slipway.1" "$k"; done
# Exit statuses.
for n in $(sed -n 's/^\tEXIT_[A-Z_]* = \([0-9]*\),.*/\1/p' "$here/builder/cli/cli.h"); do
	grep -qx "\.B $n" "$doc/slipway.1" && ok || bad "slipway.1 lacks exit status $n"
done

# Files, folders and functions that prose names; of a program that is built, what it is built of.
named() { # file
	case $1 in
	recipes/node/recipe.lock) ;;
	build/*) [ -e "${1#build/}.c" ] || grep -qF "/${1#build/}:" ./*/module.mk ;;
	*) [ -e "$1" ] ;;
	esac
}
cd "$here" || exit 1
for page in README.md Documentation/*.md; do
	for f in $(grep -oE '\b(build/)?(base|stage1|layouts|verity|signing|builder|qemu-tests|recipes|Documentation)/[a-zA-Z0-9_./-]*[a-zA-Z0-9_]' "$page" | sort -u); do
		named "$f" && ok || bad "$page names $f, which is not there"
	done
	for fn in $(grep -oE '`[a-z0-9_]+\(\)`' "$page" | tr -d '`()' | sort -u); do
		grep -rqE --include='*.[ch]' "(^|[ *])$fn\(" base stage1 layouts verity signing builder qemu-tests &&
			ok || bad "$page names $fn(), which is not there"
	done
	# "`function()` (file)": there it is defined, or in a header declared, in the first column.
	while IFS=' ' read -r fn f; do
		grep -qE "^[a-z].*[ *]$fn\(" "$f" && ok || bad "$page: $f has no $fn()"
	done < <(grep -oE '`[a-z0-9_]+\(\)` \([a-z0-9_/-]+\.[ch]\)' "$page" | tr -d '`()')
	for t in $(grep -oE '(^    |`)make [a-z][a-z-]+' "$page" | sed 's/.*make //' | sort -u); do
		grep -qE "^$t:.*##" Makefile qemu-tests/module.mk && ok || bad "$page: no target $t"
	done
	for c in $(grep -oE '(^|[`(/ ])slipway [a-z]+' "$page" | sed 's/.*slipway //' | sort -u); do
		grep -qw "$c" <<<"$commands" && ok || bad "$page: no command $c"
	done
done
finish
