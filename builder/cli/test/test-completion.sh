#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What bash and zsh make of command lines, with the completions of builder/cli/completion.
. "$(dirname "$0")/lib.sh"
PATH=$here/build:$PATH
mkdir -p "$T/dir/node" && cd "$T/dir" || exit 1
touch node/recipe.yaml node/recipe.lock node/readme.txt disk.raw

. "$here/builder/cli/completion/slipway.bash"
bash_offers() { # words of the line…: in COMPREPLY
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_slipway
}
offers() { # what, sorted; words of the line…
	bash_offers "${@:2}"
	local got
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
	[ "${got% }" = "$1" ] && ok || bad "bash: ${*:2}: offers $got, not $1"
}
offers "build" slipway bu
offers "node" slipway build no
offers "node/recipe.yaml" slipway build node/
offers "disk.raw" slipway boot disk
offers "node" slipway build -o ""
offers "node/readme.txt node/recipe.lock node/recipe.yaml" slipway build --lock node/
offers "--dry-run" slipway -j 2 build --dr
offers "check schema" slipway recipe ""
offers "node/recipe.yaml" slipway recipe check node/
offers "--version" slipway --v
offers "" slipway keygen x

# Every command and every option that --help names.
commands=$(slipway --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | sort | tr '\n' ' ')
[ "$(wc -w <<<"$commands")" -ge 7 ] && ok || bad "few commands: $commands"
offers "${commands% }" slipway ""
for c in $commands; do
	options=$(slipway "$c" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE '[-]-[a-z-]+' | sort | tr '\n' ' ')
	[ -z "$options" ] || offers "${options% }" slipway "$c" --
done

command -v zsh >/dev/null || { echo "SKIP zsh is missing"; finish; }
lines=("slipway bu" "slipway build --dr" "slipway -j 2 build --ti" "slipway recipe ch" "slipway build node/rec"
	"slipway recipe check no" "slipway boot di" "slipway build -o no" "slipway build --lock node/recipe.l" "slipway --vers")
want=("slipway build" "slipway build --dry-run" "slipway -j 2 build --timings" "slipway recipe check"
	"slipway build node/recipe.yaml" "slipway recipe check node/" "slipway boot disk.raw" "slipway build -o node/"
	"slipway build --lock node/recipe.lock" "slipway --version")
TERM=dumb timeout 300 zsh -f "$here/builder/cli/test/zsh_complete.zsh" "$here/builder/cli/completion" "$T/zsh" "${lines[@]}"
mapfile -t got < <(cat "$T/zsh")
[ ${#got[@]} -eq ${#lines[@]} ] && ok || bad "zsh says ${#got[@]} lines"
for i in "${!want[@]}"; do
	[ "${got[i]% }" = "${want[i]}" ] && ok || bad "zsh: ${lines[i]}: becomes ${got[i]}, not ${want[i]}"
done
finish
