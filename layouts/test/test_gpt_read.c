/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>

#include "base/test/support.h"
#include "layouts/gpt_read.h"
#include "layouts/layout.h"

static struct err e;
static struct layout_plan plan;

/* A disk with three partitions, in memory; libfdisk writes its tables. */
static uint8_t *make_disk(uint32_t sector_bytes, size_t *ret_len)
{
	static const uint8_t root_hash[32] = { 7 };
	struct layout l = { .name = (char *)(uintptr_t) "test",
			    .sector_bytes = sector_bytes,
			    .n_partitions = 3 };
	const struct layout_params p = { .arch = "x86-64",
					 .name = "n\xc3\xb6"
						 "de",
					 .version = "1" };
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/disk", dir);
	_cleanup_close_ int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	l.partitions[0] = (struct layout_partition){ LAYOUT_ESP, LAYOUT_NO_SLOT, MiB };
	l.partitions[1] = (struct layout_partition){ LAYOUT_USR, 0, 2 * MiB };
	l.partitions[2] = (struct layout_partition){ LAYOUT_USR_VERITY, 0, MiB };
	ck_ok(layout_place(&l, &p, &plan, &e));
	layout_set_root_hash(&plan, root_hash);
	ck_assert_int_eq(ftruncate(fd, (off_t)plan.disk_bytes), 0);
	ck_ok(layout_write_gpt(&plan, fd, &e));
	uint8_t *disk = malloc(plan.disk_bytes);
	ck_assert_int_eq(pread(fd, disk, plan.disk_bytes, 0), (ssize_t)plan.disk_bytes);
	*ret_len = plan.disk_bytes;
	test_dir_remove(dir);
	return disk;
}

static void check_entries(const struct gpt *g, uint32_t sector_bytes)
{
	struct gpt_entry entry;
	char text[UUID_TEXT_BYTES];

	ck_assert(g->header_crc_ok && g->entries_crc_ok);
	ck_assert_uint_eq(g->sector_bytes, sector_bytes);
	for (uint32_t i = 0; i < g->n_entries; i++) {
		ck_assert_int_eq(gpt_entry(g, i, &entry), i < 3);
		if (i >= 3)
			continue;
		const struct layout_placed *p = &plan.placed[i];
		ck_assert_uint_eq(entry.number, i + 1);
		ck_assert_str_eq(entry.label, p->label);
		ck_assert_mem_eq(entry.uuid, p->uuid, 16);
		uuid_format(entry.type, text);
		ck_assert_str_eq(text, layout_type_guid(p->type, "x86-64"));
		ck_assert_uint_eq(entry.first_lba * sector_bytes, p->start_bytes);
		ck_assert_uint_eq((entry.last_lba - entry.first_lba + 1) * sector_bytes,
				  p->size_bytes);
		ck_assert_uint_eq(entry.attributes, p->attributes);
	}
}

START_TEST(reads_what_was_written)
{
	static const uint32_t sectors[] = { 512, 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(sectors); i++) {
		size_t len;
		_cleanup_free_ uint8_t *disk = make_disk(sectors[i], &len);
		struct source s;
		struct gpt g;
		source_init_bytes(&s, disk, len);
		ck_ok(gpt_read(&s, GPT_PRIMARY, &g, &e));
		check_entries(&g, sectors[i]);
		gpt_done(&g);
		ck_ok(gpt_read(&s, GPT_BACKUP, &g, &e));
		check_entries(&g, sectors[i]);
		gpt_done(&g);
	}
}
END_TEST

START_TEST(says_what_is_damaged)
{
	size_t len;
	_cleanup_free_ uint8_t *disk = make_disk(512, &len);
	struct source s;
	struct gpt g;

	source_init_bytes(&s, disk, len);
	disk[512 + GPT_DISK_GUID] ^= 1;
	disk[1024 + GPT_ENTRY_LABEL] ^= 1;
	ck_ok(gpt_read(&s, GPT_PRIMARY, &g, &e));
	ck_assert(!g.header_crc_ok && !g.entries_crc_ok);
	gpt_done(&g);
	ck_ok(gpt_read(&s, GPT_BACKUP, &g, &e));
	ck_assert(g.header_crc_ok && g.entries_crc_ok);
	gpt_done(&g);
}
END_TEST

/* A number of the header, and what is said of it. */
static void spoil(size_t at, uint64_t value, size_t bytes, const char *message)
{
	size_t len;
	_cleanup_free_ uint8_t *disk = make_disk(512, &len);
	struct source s;
	struct gpt g;

	source_init_bytes(&s, disk, len);
	for (size_t i = 0; i < bytes; i++)
		disk[512 + at + i] = (uint8_t)(value >> 8 * i);
	ck_fails(gpt_read(&s, GPT_PRIMARY, &g, &e), -EBADMSG, message);
	gpt_done(&g);
}

START_TEST(refuses_nonsense)
{
	struct source s;
	struct gpt g;

	spoil(0, 'X', 1, "no partition table");
	spoil(GPT_N_ENTRIES, 1025, 4, "1025 entries of 128 bytes");
	spoil(GPT_ENTRY_BYTES, 0, 4, "128 entries of 0 bytes");
	spoil(GPT_ENTRY_BYTES, 192, 4, "128 entries of 192 bytes");
	spoil(GPT_ENTRIES_LBA, UINT64_MAX, 8, "outside of the disk");
	spoil(GPT_ENTRIES_LBA, 100000, 8, "outside of the disk");
	source_init_bytes(&s, "", 0);
	ck_fails(gpt_read(&s, GPT_PRIMARY, &g, &e), -EBADMSG, "no partition table");
	ck_fails(gpt_read(&s, GPT_BACKUP, &g, &e), -EBADMSG, "no partition table");
}
END_TEST

TEST_MAIN("gpt_read", reads_what_was_written, says_what_is_damaged, refuses_nonsense)
