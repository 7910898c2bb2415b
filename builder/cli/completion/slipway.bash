# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for bash. What there is comes from the program's own --help, so that it fits its version.

_slipway_commands() {
	"$1" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}

# A line for each option, "--name" or "--name ARGUMENT", and likewise for its letter.
_slipway_options() {
	"$1" ${2:+"$2"} --help 2>/dev/null |
		sed -n 's/^ *\(-[a-zA-Z]\), \(--[a-z-]*\)\( [A-Z]\+\)\?  .*/\1\3\n\2\3/p
			s/^ *\(--[a-z-]*\)\( [A-Z]\+\)\?  .*/\1\2/p'
}

# The words of a placeholder of --help: RECIPE, DIR, FILE…
_slipway_argument() {
	local cur=$2 i
	case $1 in
	*RECIPE*)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X '!*.yaml' -- "$cur")
		;;
	*IMAGE*) mapfile -t COMPREPLY < <(compgen -d -- "$cur"; for i in raw qcow2 vhd; do compgen -f -X "!*.$i" -- "$cur"; done) ;;
	*DIR*) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	*FILE* | *URL* | *CERT* | *OUT*) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*) return ;;
	esac
	compopt -o filenames 2>/dev/null
	for i in "${!COMPREPLY[@]}"; do [ -n "${COMPREPLY[i]}" ] || unset "COMPREPLY[i]"; done
}

_slipway() {
	local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local i command= usage name argument first
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-j | --jobs) i=$((i + 1)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	while read -r name argument; do
		if [ -n "$argument" ] && [ "$prev" = "$name" ]; then
			_slipway_argument "$argument" "$cur"
			return
		fi
	done < <(_slipway_options "$program" "$command")
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_slipway_options "$program" "$command" | sed 's/ .*//')" -- "$cur")
	elif [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_slipway_commands "$program")" -- "$cur")
	else
		usage=$("$program" "$command" --help 2>/dev/null | sed -n '1s/^Usage: slipway [a-z-]* \(\[OPTION…\] \)\?//p')
		# "check RECIPE… | schema": its first argument is one of these words.
		first=$(tr '|' '\n' <<<"$usage" | sed -n 's/^ *\([a-z][a-z]*\).*/\1/p')
		if [ -n "$first" ] && [ "$prev" = "$command" ]; then
			mapfile -t COMPREPLY < <(compgen -W "$first" -- "$cur")
		else
			_slipway_argument "$usage" "$cur"
		fi
	fi
}
complete -F _slipway slipway
