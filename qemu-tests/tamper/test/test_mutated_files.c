/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A good disk in a qcow2 and in a fixed VHD: bits and runs of the file, in its tables more often than in
 * the disk's content, and files cut or grown. Each is refused.
 */
#include "qemu-tests/tamper/audit.h"
#include "qemu-tests/tamper/families.h"
#include "qemu-tests/tamper/test/good_image.h"

#define MUTATIONS (TEST_SANITIZED ? 20 : 100)

static struct err e;
static struct signer *kek;
static X509 *trust[3];

static struct verify_params verify_params(void)
{
	return (struct verify_params){ .trust = trust,
				       .n_trust = ARRAY_SIZE(trust),
				       .at = FX_NOW + 1 };
}

/* The container's own structures lie at the start and at the end. */
static uint64_t pick_place(struct tamper *t, uint64_t size)
{
	switch (tamper_random(t, 4)) {
	case 0:
		return tamper_random(t, MIN(size, 512));
	case 1:
		return size - 1 - tamper_random(t, MIN(size, 512));
	case 2:
		return tamper_random(t, MIN(size, 5 * 65536));
	default:
		return tamper_random(t, size);
	}
}

/* @t: only its series of numbers is used */
static void alter(struct tamper *t, struct overlay *o, char *what, size_t what_bytes)
{
	uint64_t size = o->src.size_bytes, at = pick_place(t, size);
	uint8_t bytes[64];
	size_t len = 1;

	if (tamper_random(t, 10) == 0) {
		uint64_t new = tamper_random(t, 2) ? size + 1 + tamper_random(t, 70000)
						   : tamper_random(t, size);
		overlay_resize(o, new);
		/* A qcow2 may end in zeros, which are part of nothing. */
		if (new > size)
			ck_ok(sink_pwrite(&o->sink, new - 1, "x", 1, &e));
		snprintf(what, what_bytes, "%llu bytes of %llu", (unsigned long long)new,
			 (unsigned long long)size);
		return;
	}
	ck_ok(source_pread(&o->src, at, bytes, 1, &e));
	bytes[0] ^= (uint8_t)(1 << tamper_random(t, 8));
	if (tamper_random(t, 3) == 0) {
		len = (size_t)MIN(sizeof(bytes), size - at);
		tamper_random_bytes(t, bytes, len);
	}
	ck_ok(sink_pwrite(&o->sink, at, bytes, len, &e));
	snprintf(what, what_bytes, "%zu bytes at %llu", len, (unsigned long long)at);
}

static void judge(const struct overlay *o, enum judgement want, const char *what, size_t *n_wrong)
{
	const struct verify_params vp = verify_params();
	struct judgement_report j;

	ck_ok(overlay_save_raw(o, fx_path("altered"), &e));
	ck_ok(tamper_audit_path(fx_path("altered"), &vp, &j, &e));
	printf("%s: %s: %s\n", judgement_name(j.what), what, j.why);
	fflush(stdout);
	*n_wrong += j.what != want;
}

static void every_one_is_refused(const char *path, uint64_t seed)
{
	_cleanup_(tamper_free) struct tamper *t = NULL;
	_cleanup_source_ struct source file = SOURCE_INIT;
	size_t n_wrong = 0;
	char what[80];

	gi_open(&gi_disk, seed, &t);
	ck_ok(source_open(&file, path, &e));
	for (int i = 0; i <= MUTATIONS; i++) {
		struct overlay o;
		overlay_init(&o, &file);
		if (i)
			alter(t, &o, what, sizeof(what));
		judge(&o, i ? JUDGED_BAD : JUDGED_GOOD, i ? what : "as it was", &n_wrong);
		overlay_done(&o);
	}
	ck_assert_msg(n_wrong == 0, "%zu were judged wrongly", n_wrong);
}

static void convert(const char *format, const char *option, const char *to)
{
	fx_runs(0, NULL, "qemu-img", "convert", "-f", "raw", "-O", format, "-o", option, gi_path,
		to);
}

START_TEST(qcow2)
{
	if (!fx_has("qemu-img"))
		test_skip("no qemu-img");
	convert("qcow2", "compat=1.1", fx_path("disk.qcow2"));
	every_one_is_refused(fx_path("disk.qcow2"), 1);
}
END_TEST

START_TEST(vhd)
{
	if (!fx_has("qemu-img"))
		test_skip("no qemu-img");
	convert("vpc", "subformat=fixed,force_size=on", fx_path("disk.vhd"));
	every_one_is_refused(fx_path("disk.vhd"), 2);
}
END_TEST

static void setup(void)
{
	gi_setup();
	kek = fx_signer("KEK");
	trust[0] = fx_db->cert;
	trust[1] = kek->cert;
	trust[2] = fx_pk->cert;
}

static void teardown(void)
{
	signer_free(kek);
	gi_teardown();
}

int main(void)
{
	const TTest *tests[] = { qcow2, vhd };

	return test_run_with("mutated_files", tests, ARRAY_SIZE(tests), setup, teardown);
}
