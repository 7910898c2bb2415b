# SPDX-License-Identifier: GPL-2.0-or-later
# zsh_complete.zsh COMPLETIONS OUT LINE…: what the tab key makes of each line in zsh, a line each in OUT.
# An interactive shell in a terminal of its own reads this file again, to be told what to do.
if [[ $1 == inside ]]; then
	fpath=($2 $fpath) out=$3 lines=(${@[4,-1]})
	autoload -Uz compinit
	compinit -u -D
	complete-all() {
		local l
		for l in $lines; do
			BUFFER=$l CURSOR=$#l
			zle complete-word
			print -r -- "$BUFFER" >>$out
		done
		exit
	}
	zle -N complete-all
	bindkey '^G' complete-all
	return
fi
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "source ${(q)0:A} inside ${(qq)@}"
zpty -w shell $'\a'
while zpty -r shell answer; do :; done # until it exits
