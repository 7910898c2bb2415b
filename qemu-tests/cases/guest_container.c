/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program for the guest does in a container. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "qemu-tests/cases/guest.h"

#define EAT_BYTES (512U << 20)
#define MIB	  (1U << 20)

static void show_addresses(FILE *out)
{
	struct ifaddrs *all = NULL;
	char text[INET_ADDRSTRLEN];

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		const struct sockaddr_in *in = (const struct sockaddr_in *)i->ifa_addr;
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		fprintf(out, "address %s %s\n", i->ifa_name, text);
	}
	freeifaddrs(all);
}

static void show_container(FILE *out)
{
	char line[4096];
	struct utsname u;
	FILE *f = fopen("/proc/self/cgroup", "re");

	uname(&u);
	fprintf(out, "hello from a container: pid %d of Linux %s\n", (int)getpid(), u.release);
	while (f && fgets(line, sizeof(line), f))
		fprintf(out, "cgroup %s", line);
	if (f)
		fclose(f);
	f = fopen("/proc/self/mountinfo", "re");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " / / ")) /* root directory of the file system, at / */
			fprintf(out, "root %s", strstr(line, " - ") + 3);
	if (f)
		fclose(f);
	show_addresses(out);
}

int container_hello(void)
{
	show_container(stdout);
	return access("/usr", F_OK) == 0; /* the node's own files must not be here */
}

static int answer(int connection)
{
	char request[4096];
	FILE *out = fdopen(connection, "w");

	if (!out || read(connection, request, sizeof(request)) <= 0)
		return 1;
	fprintf(out, "HTTP/1.0 200 OK\r\n\r\n");
	show_container(out);
	return fclose(out);
}

int container_serve(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_port = htons(GUEST_SERVE_PORT) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	/* As process 1 it would otherwise not hear that it is to end. */
	signal(SIGTERM, _exit);
	signal(SIGPIPE, SIG_IGN);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(s, (const struct sockaddr *)&any, sizeof(any)) < 0 || listen(s, 8) < 0) {
		perror("listen");
		return 1;
	}
	for (;;) {
		int connection = accept4(s, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0) {
			perror("accept");
			return 1;
		}
		answer(connection);
	}
}

int container_eat(void)
{
	static char *volatile last; /* used, for all that the compiler knows */

	for (unsigned int eaten = 0; eaten < EAT_BYTES; eaten += MIB) {
		last = malloc(MIB);
		if (!last)
			return 1;
		memset(last, 1, MIB);
	}
	return 0;
}
