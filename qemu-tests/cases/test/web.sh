# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of a node that takes versions from a web server of this machine: slots.sh, a recipe that names the server, and
# channels below $web, signed by the key fleet. $locations is what nginx does with some requests. Sourced.
. "$(dirname "$0")/slots.sh"
for p in nginx gpg; do command -v $p >/dev/null || skip_all "$p is missing"; done
web=$T/web
export GNUPGHOME=$T/gnupg
mkdir -m 700 "$GNUPGHOME"
mkdir "$web"
sign_key() { # name
	step "a key" gpg -q --batch --passphrase '' --quick-gen-key "$1" rsa2048 sign never
}
sign_key fleet
gpg -q --export fleet >"$T/fleet.gpg"

serve() { # port
	cat >"$T/nginx.conf" <<-END
		pid $T/nginx.pid;
		error_log $T/nginx.log;
		$([ "$(id -u)" != 0 ] || echo 'user root;')
		events {}
		http {
			access_log $T/nginx.access;
			client_body_temp_path $T/nginx.1; proxy_temp_path $T/nginx.2; fastcgi_temp_path $T/nginx.3;
			uwsgi_temp_path $T/nginx.4; scgi_temp_path $T/nginx.5;
			server {
				listen 127.0.0.1:$1;
				root $web;
				${locations-}
			}
		}
	END
	nginx -e "$T/nginx.log" -c "$T/nginx.conf" 2>"$T/log"
}
for _ in {1..20}; do
	port=$((20000 + RANDOM % 10000))
	serve $port && break
	port=
done
[ -n "$port" ] || { bad "nginx: $(cat "$T/log")"; finish; }
trap 'kill "$(cat "$T/nginx.pid")"; rm -rf "$T"' EXIT

cat >>"$recipe/recipe.yaml" <<END
updates:
  # The machine's host, in QEMU's network.
  source: http://10.0.2.2:$port
  key: $T/fleet.gpg
END
# What the recipe names beyond what recipes/node has: from a mirror, as by make image.
fetch_more() { # package
	"$slipway" lock "$recipe" >"$T/log" 2>&1 && "$slipway" fetch "$recipe" >"$T/log" 2>&1 ||
		skip_all "$1 is not to be had: $(tail -n 1 "$T/log")"
}
publish() { # channel, version
	step "channel $1" "$slipway" publish "$T/$2" --to "$web" --channel "$1" --gpg-key fleet --compression none
}
