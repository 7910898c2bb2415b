/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packages that fuzzing starts from: small ones, of each compression and archive format, that read
 * without an error. With $SLIPWAY_SEEDS in the environment they are written below that directory, as
 * .ci/run-fuzz wants them.
 */
#include "stage1/package/package.h"
#include "stage1/package/test/make_deb.h"

static const struct {
	const char *suffix;
	int filter;
	bool control; /* may the control archive be compressed so? */
} filters[] = {
	{ "", ARCHIVE_FILTER_NONE, true },	 { ".gz", ARCHIVE_FILTER_GZIP, true },
	{ ".xz", ARCHIVE_FILTER_XZ, true },	 { ".zst", ARCHIVE_FILTER_ZSTD, true },
	{ ".bz2", ARCHIVE_FILTER_BZIP2, false }, { ".lzma", ARCHIVE_FILTER_LZMA, false },
};

static const struct {
	const char *name;
	int format;
} formats[] = {
	{ "gnu", ARCHIVE_FORMAT_TAR_GNUTAR },
	{ "pax", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE },
	{ "ustar", ARCHIVE_FORMAT_TAR_USTAR },
};

/* Short enough for ustar. */
static const struct make_file files[] = {
	{ .path = "./", .type = AE_IFDIR, .mode = 0755 },
	{ .path = "./usr/", .type = AE_IFDIR, .mode = 0755, .mtime = 1000 },
	{ .path = "./usr/tool", .type = AE_IFREG, .mode = 04755, .uid = 3, .content = "hello\n" },
	{ .path = "./usr/alias", .mode = 04755, .target = "./usr/tool" },
	{ .path = "./usr/link", .type = AE_IFLNK, .mode = 0777, .target = "../etc/x" },
};

static void write_seed(const char *target, const char *name, const struct buf *b)
{
	const char *top = getenv("SLIPWAY_SEEDS");

	if (!top)
		return;
	_cleanup_free_ char *path = str_printf("%s/%s/%s", top, target, name);
	FILE *f = fopen(path, "w");
	ck_assert_msg(f, "%s: %s", path, strerror(errno));
	ck_assert_uint_eq(fwrite(b->data, 1, b->len, f), b->len);
	ck_assert_int_eq(fclose(f), 0);
}

static void make_seed(size_t filter, size_t format)
{
	_cleanup_buf_ struct buf data = BUF_INIT, deb = BUF_INIT;
	_cleanup_(package_free) struct package *p = NULL;
	const char *suffix = filters[filter].suffix;
	_cleanup_free_ char *data_name = str_printf("data.tar%s", suffix);
	_cleanup_free_ char *control = str_printf("control.tar%s", suffix);
	_cleanup_free_ char *name = str_printf("%s%s.deb", formats[format].name, suffix);
	struct source s;
	struct err e = { 0 };

	make_tar(&data, formats[format].format, filters[filter].filter, files, ARRAY_SIZE(files));
	make_member(&deb, "debian-binary", "2.0\n", 4);
	if (filters[filter].control)
		make_control(&deb, control, filters[filter].filter);
	else
		make_control(&deb, "control.tar", ARCHIVE_FILTER_NONE);
	make_member(&deb, data_name, data.data, data.len);
	source_init_bytes(&s, deb.data, deb.len);
	ck_ok(package_read_deb(&s, NULL, NULL, &p, &e));
	ck_assert_uint_eq(p->n_entries, ARRAY_SIZE(files) - 1);
	write_seed("fuzz_deb", name, &deb);
	if (filters[filter].filter == ARCHIVE_FILTER_NONE)
		write_seed("fuzz_tar", formats[format].name, &data);
}

START_TEST(every_seed_reads)
{
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		for (size_t k = 0; k < ARRAY_SIZE(formats); k++)
			make_seed(i, k);
}
END_TEST

TEST_MAIN("seeds", every_seed_reads)
