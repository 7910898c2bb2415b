# SPDX-License-Identifier: GPL-2.0-or-later
# A real nginx on a port of this machine, by whoever runs the test. Sourced; $T is its place, $W what it serves.

# Sets $url. More lines for the server's section may be given.
start_nginx() {
	local port n
	chmod 755 "$T"
	mkdir -p "$T/nginx"
	for n in 1 2 3 4 5 6 7 8; do
		port=$((20000 + RANDOM % 30000))
		cat >"$T/nginx/conf" <<-END
			worker_processes 2;
			pid $T/nginx/pid;
			error_log $T/nginx/error.log;
			events { worker_connections 2048; }
			http {
			  log_format bytes '\$body_bytes_sent \$status \$uri';
			  access_log $T/nginx/access.log bytes;
			  client_body_temp_path $T/nginx/body;
			  proxy_temp_path $T/nginx/proxy;
			  fastcgi_temp_path $T/nginx/fastcgi;
			  uwsgi_temp_path $T/nginx/uwsgi;
			  scgi_temp_path $T/nginx/scgi;
			  sendfile on;
			  default_type application/octet-stream;
			  server {
			    listen 127.0.0.1:$port backlog=1024;
			    root $W;
			    ${1-}
			  }
			}
		END
		nginx -q -p "$T/nginx" -c "$T/nginx/conf" 2>"$T/nginx/start" && url=http://127.0.0.1:$port && return
	done
	cat "$T/nginx/start"
	return 1
}
stop_nginx() { kill "$(cat "$T/nginx/pid")"; }
