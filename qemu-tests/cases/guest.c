/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that the tests carry into the guest, linked statically: it needs nothing of the image.
 *
 *     guest dm-tables    every device-mapper device: "<name> <sector> <sectors> <target> <parameters>"
 *     guest survey       files, mounts and sockets of which there is a list: see allowed.h
 *     guest hello        what a process sees of its container
 *     guest serve        the same, to everybody who asks
 *     guest eat          memory, more than a container is given
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/dm-ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "qemu-tests/cases/guest.h"

static union {
	struct dm_ioctl head;
	char bytes[65536];
} names, table;

static void prepare(struct dm_ioctl *head, uint32_t flags)
{
	memset(head, 0, sizeof(names));
	head->version[0] = DM_VERSION_MAJOR;
	head->data_size = sizeof(names);
	head->data_start = sizeof(*head);
	head->flags = flags;
}

static int show_table(int control, const char *name)
{
	prepare(&table.head, DM_STATUS_TABLE_FLAG);
	snprintf(table.head.name, sizeof(table.head.name), "%s", name);
	if (ioctl(control, DM_TABLE_STATUS, &table) < 0)
		return -1;
	const char *at = table.bytes + table.head.data_start;
	for (uint32_t i = 0; i < table.head.target_count; i++) {
		struct dm_target_spec spec;
		memcpy(&spec, at, sizeof(spec));
		printf("%s %llu %llu %.16s %s\n", name, (unsigned long long)spec.sector_start,
		       (unsigned long long)spec.length, spec.target_type, at + sizeof(spec));
		at = table.bytes + table.head.data_start + spec.next;
	}
	return 0;
}

static int dm_tables(void)
{
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	prepare(&names.head, 0);
	if (control < 0 || ioctl(control, DM_LIST_DEVICES, &names) < 0) {
		perror("device-mapper");
		return 1;
	}
	const char *at = names.bytes + names.head.data_start;
	for (;;) {
		uint64_t dev;
		uint32_t next;
		memcpy(&dev, at, sizeof(dev));
		memcpy(&next, at + sizeof(dev), sizeof(next));
		if (dev && show_table(control, at + sizeof(dev) + sizeof(next)) < 0) {
			perror("table");
			return 1;
		}
		if (!next)
			return 0;
		at += next;
	}
}

static void show_capability(const char *path)
{
	unsigned char value[64];
	ssize_t n = lgetxattr(path, "security.capability", value, sizeof(value));

	if (n <= 0)
		return;
	printf("capability ");
	for (ssize_t i = 0; i < n; i++)
		printf("%02x", value[i]);
	printf(" %s\n", path);
}

static int show_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0)
		return FTW_SKIP_SUBTREE;
	if (type == FTW_NS || (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)))
		return FTW_CONTINUE;
	if (st->st_mode & S_IWOTH)
		printf("world-writable %o %s\n", st->st_mode & 07777, path);
	if (!S_ISREG(st->st_mode))
		return FTW_CONTINUE;
	if (st->st_mode & (S_ISUID | S_ISGID))
		printf("set-id %o %u:%u %s\n", st->st_mode & 07777, st->st_uid, st->st_gid, path);
	show_capability(path);
	return FTW_CONTINUE;
}

static int has_option(const char *options, const char *want)
{
	size_t n = strlen(want);

	for (; options; options = strchr(options, ',') ? strchr(options, ',') + 1 : NULL)
		if (strncmp(options, want, n) == 0 && (options[n] == ',' || options[n] == '\0'))
			return 1;
	return 0;
}

/* "36 35 98:0 / /mnt rw,noatime shared:1 - ext3 /dev/root rw,errors=continue"; proc_pid_mountinfo(5) */
static int show_mounts(void)
{
	static const char *const limits[] = { "nosuid", "nodev", "noexec" };
	char line[8192], point[4096], options[1024], type[256], super[4096];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (!f)
		return 1;
	while (fgets(line, sizeof(line), f)) {
		const char *dash = strstr(line, " - ");
		if (!dash || sscanf(line, "%*s %*s %*s %*s %4095s %1023s", point, options) != 2 ||
		    sscanf(dash, " - %255s %*s %4095s", type, super) != 2)
			return 1;
		if (!has_option(options, "rw") || !has_option(super, "rw"))
			continue;
		printf("writable %s %s", point, type);
		for (size_t i = 0; i < 3; i++)
			if (has_option(options, limits[i]))
				printf(" %s", limits[i]);
		printf("\n");
	}
	return fclose(f) != 0;
}

/* "0: 00000000:0016 00000000:0000 0A …": addresses are words of the machine; proc_pid_net(5) */
static int show_sockets(const char *name, unsigned int listening)
{
	char path[64], line[512], hex[33], text[INET6_ADDRSTRLEN];
	unsigned int port, state, word;
	uint32_t address[4];

	snprintf(path, sizeof(path), "/proc/net/%s", name);
	FILE *f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		return 1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*[^:]: %32[0-9A-F]:%x %*s %x", hex, &port, &state) != 3)
			return 1;
		if (state != listening)
			continue;
		for (size_t i = 0; hex[8 * i] && i < 4; i++) {
			if (sscanf(hex + 8 * i, "%8x", &word) != 1)
				return 1;
			address[i] = word;
		}
		inet_ntop(hex[8] ? AF_INET6 : AF_INET, address, text, sizeof(text));
		printf(hex[8] ? "listen %.3s [%s]:%u\n" : "listen %.3s %s:%u\n", name, text, port);
	}
	return fclose(f) != 0;
}

/* Of the states of a socket, TCP_LISTEN and TCP_CLOSE: what an unconnected UDP socket is in. */
static int survey(void)
{
	return nftw("/", show_file, 32, FTW_PHYS | FTW_ACTIONRETVAL) < 0 || show_mounts() ||
	       show_sockets("tcp", 0x0a) || show_sockets("tcp6", 0x0a) ||
	       show_sockets("udp", 0x07) || show_sockets("udp6", 0x07);
}

static const struct {
	const char *name;
	int (*run)(void);
} commands[] = {
	{ "dm-tables", dm_tables },   { "survey", survey },	{ "hello", container_hello },
	{ "serve", container_serve }, { "eat", container_eat },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run();
	fprintf(stderr, "guest: no such command\n");
	return 2;
}
