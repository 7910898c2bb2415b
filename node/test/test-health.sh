#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node/health, for which a program stands in for systemctl: what it says is in files.
. "$(dirname "$0")/lib.sh"

# A node: how its unit is when it is asked for the first, second… time (the last stays), in the order of the
# arguments; each is a state and the run that it is of.
node() { # name, list, states…
	local d=$T/$1
	mkdir -p "$d/bin"
	printf '%s\n' "${@:3}" >"$d/states"
	printf '%s\n' "$2" >"$d/list"
	echo 0 >"$d/asked"
	cat >"$d/bin/systemctl" <<-END
		#!/bin/sh
		case "\$*" in
		'show -P ActiveState '*)
			echo \$((\$(cat $d/asked) + 1)) >$d/asked
			state=\$(sed -n "\$(cat $d/asked)p" $d/states)
			[ -n "\$state" ] || state=\$(tail -n 1 $d/states)
			echo "\$state" >$d/now
			cut -d' ' -f1 $d/now
			;;
		'show -P InvocationID '*) cut -d' ' -f2 $d/now ;;
		*) echo "\$*" >>$d/told ;;
		esac
	END
	chmod +x "$d/bin/systemctl"
	(PATH=$d/bin:$PATH timeout 300 sh node/health "$d/list" >"$d/out" 2>&1; echo $? >"$d/status") &
}
ends() { # name, status, text
	[ "$(cat "$T/$1/status")" = "$2" ] && grep -qF -e "$3" "$T/$1/out" && ok ||
		bad "$1: status $(cat "$T/$1/status") (not $2), or no \"$3\" in: $(cat "$T/$1/out")"
}
told() { # name, what systemctl was told
	[ "$(cat "$T/$1/told" 2>/dev/null)" = "$2" ] && ok || bad "$1: systemctl was told: $(cat "$T/$1/told" 2>&1)"
}
unit='unit a.service'
never=$'limit 1\n'

node well $'limit 200\n'"$unit"$'\ncommand true' 'active 1'
node later $'limit 200\n'"$unit" 'inactive -' 'activating -' 'active 1'
node reloads $'limit 200\n'"$unit" 'reloading 1'
# It comes up each time that it is looked at, and is another run.
node crashes $'limit 12\n'"$unit" 'active 1' 'active 2' 'active 3' 'active 4' 'active 5' 'active 6' 'active 7' 'active 8' 'activating 9'
node recovers $'limit 200\n'"$unit" 'active 1' 'active 2' 'activating -' 'active 3'
node down "$never$unit" 'activating -'
node fails "$never$unit"$'\ncommand echo first; echo why; exit 3' 'active 1'
node hangs "$never"'command sleep 1000' 'active 1'
node several "$never"$'command true\ncommand test -e /never\n'"$unit" 'active 1'
wait

ends well 0 'not well yet: well for less than 5 s'
[ "$(cat "$T/well/asked")" = 2 ] && ok || bad "well: looked $(cat "$T/well/asked") times, not twice"
told well ''
ends later 0 'not well yet: a.service is activating'
ends reloads 0 'not well yet: well for less than 5 s'
ends crashes 1 '<3>not well after 12 s: '
ends recovers 0 'not well yet: units were started again'
ends down 1 '<3>not well after 1 s: a.service is activating'
ends fails 1 '<3>not well after 1 s: echo first; echo why; exit 3: exit status 3: why'
ends hangs 1 '<3>not well after 1 s: sleep 1000: exit status 124'
ends several 1 '<3>not well after 1 s: test -e /never: exit status 1'
# This machine's boot was not of a version that is known to be good.
if [ ! -x /usr/lib/systemd/systemd-bless-boot ]; then
	ends down 1 'this version is on trial: restart'
	told down '--no-block reboot'
	told fails '--no-block reboot'
fi
finish
