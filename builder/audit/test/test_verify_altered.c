/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A good disk of which bytes were altered after it was written, or cannot be read any more. */
#include <sys/mman.h>

#include "builder/audit/test/verify_support.h"

static struct err e;

/* The certificate's fingerprint is nothing that a signature covers. */
START_TEST(other_fingerprint)
{
	vs_make();
	_cleanup_close_ int fd = open(fx_path("disk.raw"), O_RDWR | O_CLOEXEC);
	char text[512];
	ck_assert_int_eq(pread(fd, text, sizeof(text), VS_SIG), sizeof(text));
	char *at = strstr(text, "Fingerprint\":\"") + 14;
	*at = *at == '0' ? '1' : '0';
	ck_assert_int_eq(pwrite(fd, text, sizeof(text), VS_SIG), sizeof(text));
	struct verify_report r = vs_verify();
	ck_assert(vs_fails(&r, VERIFY_SLOT_SIGNATURE_FORM) && r.n_failed == 1);
	verify_report_done(&r);
}
END_TEST

/* A cluster behind the end of a file, in its chain: the reader takes it, since power cuts leave such. */
START_TEST(longer_chain)
{
	vs_make();
	_cleanup_close_ int fd = open(fx_path("disk.raw"), O_RDWR | O_CLOEXEC);
	uint8_t *esp = mmap(NULL, VS_USR - VS_ESP, PROT_READ | PROT_WRITE, MAP_SHARED, fd, VS_ESP);
	ck_assert_ptr_ne(esp, MAP_FAILED);
	const uint8_t *entry = memmem(esp, VS_USR - VS_ESP, "LOADER~1CON", 11);
	ck_assert_ptr_nonnull(entry);
	ck_assert_uint_ne(get_le16(esp + 22), 0); /* FAT16 */
	for (int i = 0; i < 2; i++) {
		uint8_t *fat = esp + 512 * (get_le16(esp + 14) + i * get_le16(esp + 22));
		uint16_t last = get_le16(entry + 26), unused = 2;
		ck_assert_uint_ge(get_le16(fat + 2 * last), 0xfff8);
		while (get_le16(fat + 2 * unused))
			unused++;
		put_le16(fat + 2 * unused, get_le16(fat + 2 * last));
		put_le16(fat + 2 * last, unused);
	}
	munmap(esp, VS_USR - VS_ESP);
	struct verify_report r = vs_verify();
	ck_assert(vs_fails(&r, VERIFY_ESP_FORM) && r.n_failed == 1);
	verify_report_done(&r);
}
END_TEST

/* A disk of which some sectors cannot be read. */
struct worn {
	struct source src;
	uint64_t from, to;
	const struct source *file;
};

static int worn_pread(const struct source *s, uint64_t off, void *data, size_t len, struct err *err)
{
	const struct worn *w = (const struct worn *)s;

	if (off < w->to && off + len > w->from)
		return err_set(err, -EIO, "read %zu bytes at offset %llu: Input/output error", len,
			       (unsigned long long)off);
	return source_pread(w->file, off, data, len, err);
}

/* That it cannot be read says nothing about the image: it is neither good nor refused. */
START_TEST(worn_disks)
{
	static const struct source_ops ops = { .pread = worn_pread };
	static const uint64_t places[] = { 512,	      VS_ESP + 512, VS_USR,   VS_USR + 8192,
					   VS_VERITY, VS_SIG,	    VS_USR_B, VS_END + MiB - 512 };
	X509 *const trust[] = { fx_db->cert };
	const struct verify_params p = { .trust = trust, .n_trust = 1, .at = FX_NOW + 1 };
	_cleanup_source_ struct source disk = SOURCE_INIT;

	vs_make();
	ck_ok(source_open(&disk, fx_path("disk.raw"), &e));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct worn w = { .src = { .ops = &ops, .size_bytes = disk.size_bytes, .fd = -1 },
				  .from = places[i],
				  .to = places[i] + 512,
				  .file = &disk };
		struct verify_report r = { 0 };
		int code = verify_disk(&w.src, &p, &r, &e);
		ck_assert_msg(code == -EIO, "byte %llu: %d: %s", (unsigned long long)places[i],
			      code, e.msg);
		verify_report_done(&r);
	}
}
END_TEST

FX_MAIN("verify_altered", other_fingerprint, longer_chain, worn_disks)
