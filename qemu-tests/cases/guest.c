/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that the tests carry into the guest, linked statically: it needs nothing of the image.
 *
 *     guest dm-tables    every device-mapper device: "<name> <sector> <sectors> <target> <parameters>"
 *     guest [container]  what a process sees of its container
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

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

static int container(void)
{
	char line[4096];
	struct utsname u;
	FILE *f = fopen("/proc/self/cgroup", "re");

	uname(&u);
	printf("hello from a container: pid %d of Linux %s\n", (int)getpid(), u.release);
	while (f && fgets(line, sizeof(line), f))
		printf("cgroup %s", line);
	return access("/usr", F_OK) == 0; /* the node's own files must not be here */
}

int main(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[1], "dm-tables") == 0 ? dm_tables() : container();
}
