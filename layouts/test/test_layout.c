/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <inttypes.h>

#include "base/run.h"
#include "base/test/support.h"
#include "layouts/layout.h"

/* An ESP, two slots and a root. */
static struct layout small(uint32_t sector_bytes)
{
	struct layout l = { .name = (char *)(uintptr_t) "small",
			    .sector_bytes = sector_bytes,
			    .boot_tries = 3 };

	l.partitions[l.n_partitions++] =
		(struct layout_partition){ LAYOUT_ESP, LAYOUT_NO_SLOT, 64 * MiB };
	for (int slot = 0; slot < 2; slot++) {
		l.partitions[l.n_partitions++] =
			(struct layout_partition){ LAYOUT_USR, slot, 16 * MiB };
		l.partitions[l.n_partitions++] =
			(struct layout_partition){ LAYOUT_USR_VERITY, slot, 1 * MiB };
		l.partitions[l.n_partitions++] =
			(struct layout_partition){ LAYOUT_USR_VERITY_SIG, slot, 1 * MiB };
	}
	l.partitions[l.n_partitions++] =
		(struct layout_partition){ LAYOUT_ROOT, LAYOUT_NO_SLOT, 64 * MiB };
	return l;
}

static struct layout_params params(void)
{
	return (struct layout_params){ .arch = "x86-64",
				       .name = "node",
				       .version = "1",
				       .esp_bytes = 64 * MiB,
				       .usr_bytes = 16 * MiB,
				       .verity_bytes = 4096,
				       .sig_bytes = 4096 };
}

START_TEST(contents_must_fit)
{
	struct layout l = small(512);
	struct layout_params p = params();
	struct layout_plan plan;
	struct err e = { 0 };
	size_t wrong;

	ck_ok(layout_check(&l, &wrong, &e));
	ck_ok(layout_place(&l, &p, &plan, &e));
	p.usr_bytes++;
	ck_fails(layout_place(&l, &p, &plan, &e), -ENOSPC,
		 "the usr partition of layout small has 16 MiB, its content needs 1 bytes more");
	p.usr_bytes = 0;
	p.version = "1234567890.123456";
	p.name = "twenty-characters-xx";
	ck_fails(layout_place(&l, &p, &plan, &e), -EINVAL, "GPT holds 36");
}
END_TEST

static void expect(const struct buf *dump, const char *line)
{
	ck_assert_msg(strstr(buf_str(dump), line), "no \"%s\" in:\n%s", line, buf_str(dump));
}

static void write_and_dump(uint32_t sector_bytes, struct buf *dump, struct buf *verdict)
{
	struct layout l = small(sector_bytes);
	struct layout_params p = params();
	struct layout_plan plan;
	struct err e = { 0 };
	uint8_t hash[32];
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/disk", dir);
	char sector[16];

	for (size_t i = 0; i < sizeof(hash); i++)
		hash[i] = (uint8_t)(0xa0 + i);
	ck_ok(layout_place(&l, &p, &plan, &e));
	layout_set_root_hash(&plan, hash);
	_cleanup_close_ int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)plan.disk_bytes), 0);
	ck_ok(layout_write_gpt(&plan, fd, &e));
	if (sector_bytes == 512) {
		const char *const argv[] = { "sfdisk", "--dump", path, NULL };
		const char *const verify_argv[] = { "sfdisk", "--verify", path, NULL };
		ck_ok(run_program(&(struct run_params){ .argv = argv, .out = dump }, NULL, &e));
		ck_ok(run_program(&(struct run_params){ .argv = verify_argv, .out = verdict }, NULL,
				  &e));
	} else {
		snprintf(sector, sizeof(sector), "%u", sector_bytes);
		const char *const argv[] = { "fdisk", "-b", sector, "-l", path, NULL };
		ck_ok(run_program(
			&(struct run_params){ .argv = argv, .out = dump, .diag = verdict }, NULL,
			&e));
	}
	test_dir_remove(dir);
}

START_TEST(sfdisk_reads_what_was_planned)
{
	_cleanup_buf_ struct buf dump = BUF_INIT, verdict = BUF_INIT, again = BUF_INIT,
				 v2 = BUF_INIT;

	write_and_dump(512, &dump, &verdict);
	expect(&dump, "label: gpt");
	expect(&dump, "start=        2048, size=      131072, "
		      "type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B");
	expect(&dump, "start=      133120, size=       32768, "
		      "type=8484680C-9521-48C6-9C11-B0720656F69E, "
		      "uuid=A0A1A2A3-A4A5-A6A7-A8A9-AAABACADAEAF, name=\"node_1\", "
		      "attrs=\"GUID:60\"");
	expect(&dump, "uuid=B0B1B2B3-B4B5-B6B7-B8B9-BABBBCBDBEBF, name=\"node_1_verity\", "
		      "attrs=\"GUID:60\"");
	expect(&dump, "name=\"node_1_verity_sig\"");
	expect(&dump, "name=\"_empty\"");
	ck_assert_ptr_null(strstr(buf_str(&dump), "4F68BCE3"));
	expect(&verdict, "No errors detected");
	write_and_dump(512, &again, &v2);
	/* The same but for the temporary file's name. */
	ck_assert_str_eq(strstr(buf_str(&dump), "label-id") ? "y" : "n", "y");
	ck_assert_uint_eq(dump.len, again.len);
}
END_TEST

START_TEST(large_sectors)
{
	_cleanup_buf_ struct buf dump = BUF_INIT, verdict = BUF_INIT;

	write_and_dump(4096, &dump, &verdict);
	expect(&dump, "Sector size (logical/physical): 4096 bytes / 4096 bytes");
	expect(&dump, "disk1   256 16639   16384  64M EFI System");
	ck_assert_str_eq(buf_str(&verdict), "");
}
END_TEST

static const char *file_text(const struct layout_files *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->v[i].path, path))
			return f->v[i].text;
	ck_abort_msg("no %s", path);
}

START_TEST(node_files_agree_with_the_labels)
{
	struct layout l = small(512);
	struct layout_files f;
	struct err e = { 0 };

	struct layout_updates u = { "node", "7", "https://updates.example.org/node/stable" };

	ck_ok(layout_node_files(&l, &u, &f, &e));
	ck_assert(strstr(file_text(&f, "usr/lib/repart.d/50-root.conf"), "Type=root\n"));
	const char *verity = file_text(&f, "usr/lib/sysupdate.d/20-verity.transfer");
	ck_assert(
		strstr(verity, "\nType=url-file\nPath=https://updates.example.org/node/stable\n"));
	ck_assert(strstr(verity, "\nProtectVersion=%A\nMinVersion=7\nVerify=yes\n"));
	ck_assert(strstr(
		verity, "\nMatchPattern=node_@v_@u.usr-verity.raw.xz node_@v_@u.usr-verity.raw\n"));
	ck_assert(strstr(verity, "\nMatchPattern=node_@v_verity\nMatchPartitionType=usr-verity\n"));
	ck_assert(strstr(file_text(&f, "usr/lib/sysupdate.d/40-uki.transfer"), "\nTriesLeft=3\n"));
	layout_files_done(&f);
	u.url = NULL;
	ck_ok(layout_node_files(&l, &u, &f, &e));
	const char *usr = file_text(&f, "usr/lib/sysupdate.d/30-usr.transfer");
	ck_assert(strstr(usr, "\nType=regular-file\nPath=/var/lib/slipway/updates\n"));
	ck_assert(!strstr(usr, "Verify="));
	layout_files_done(&f);
}
END_TEST

TEST_MAIN("layout", contents_must_fit, sfdisk_reads_what_was_planned, large_sectors,
	  node_files_agree_with_the_labels)
