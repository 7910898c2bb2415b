/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The auditor refuses each of a few hundred mutations of a small good disk, and passes the disk. Another
 * seed, or more of them: $SLIPWAY_MUTATIONS_SEED, $SLIPWAY_MUTATIONS.
 */
#include "qemu-tests/tamper/audit.h"
#include "qemu-tests/tamper/stranger.h"
#include "qemu-tests/tamper/test/good_image.h"

static struct err e;
static struct signer *stranger, *kek;
static X509 *trust[3];

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t n = otherwise;

	ck_assert_msg(!text || parse_u64(text, 10, &n) == 0, "%s is no number", name);
	return n;
}

static struct tamper_params params(void)
{
	return (struct tamper_params){ .disk = &gi_disk,
				       .seed = setting("SLIPWAY_MUTATIONS_SEED", 7),
				       .owner = fx_db,
				       .stranger = stranger };
}

static struct verify_params verify_params(void)
{
	return (struct verify_params){ .trust = trust,
				       .n_trust = ARRAY_SIZE(trust),
				       .at = FX_NOW + 1 };
}

START_TEST(good_disk_passes)
{
	const struct verify_params vp = verify_params();
	_cleanup_(tamper_free) struct tamper *t = NULL;
	struct judgement_report j;

	gi_open(&gi_disk, 0, &t);
	ck_ok(tamper_audit(&t->disk.src, &vp, &j, &e));
	ck_assert_msg(j.what == JUDGED_GOOD, "%s: %s", judgement_name(j.what), j.why);
}
END_TEST

START_TEST(every_mutation_is_refused)
{
	/* Under sanitizers each takes several times as long. */
	uint64_t n = setting("SLIPWAY_MUTATIONS", TEST_SANITIZED ? 78 : 520), n_bad = 0;
	const struct verify_params vp = verify_params();
	const struct tamper_params p = params();

	printf("seed %llu\n", (unsigned long long)p.seed);
	for (uint64_t i = 0; i < n; i++) {
		_cleanup_(tamper_free) struct tamper *t = NULL;
		const struct tamper_kind *family;
		struct judgement_report j;
		ck_ok(tamper_mutate(&p, i, &t, &family, &e));
		_cleanup_free_ char *line = tamper_line(t, family);
		ck_ok(tamper_audit(&t->disk.src, &vp, &j, &e));
		n_bad += j.what == JUDGED_BAD;
		printf("%llu %s: %s: %s\n", (unsigned long long)i, judgement_name(j.what), line,
		       j.why);
		fflush(stdout);
	}
	ck_assert_msg(n_bad == n, "%llu of %llu mutations were not refused",
		      (unsigned long long)(n - n_bad), (unsigned long long)n);
}
END_TEST

START_TEST(same_number_same_bytes)
{
	const struct tamper_params p = params();

	for (uint64_t i = 0; i < n_tamper_families; i++) {
		_cleanup_(tamper_free) struct tamper *a = NULL, *b = NULL;
		uint8_t of_a[SHA256_BYTES], of_b[SHA256_BYTES];
		const struct tamper_kind *family;
		ck_ok(tamper_mutate(&p, i, &a, &family, &e));
		ck_ok(tamper_mutate(&p, i, &b, &family, &e));
		ck_ok(source_sha256(&a->disk.src, of_a, &e));
		ck_ok(source_sha256(&b->disk.src, of_b, &e));
		ck_assert_msg(memcmp(of_a, of_b, sizeof(of_a)) == 0, "%s differs from itself",
			      family->name);
	}
}
END_TEST

static void setup(void)
{
	gi_setup();
	kek = fx_signer("KEK");
	trust[0] = fx_db->cert;
	trust[1] = kek->cert;
	trust[2] = fx_pk->cert;
	ck_ok(stranger_new(fx_dir, &stranger, &e));
}

static void teardown(void)
{
	signer_free(stranger);
	signer_free(kek);
	gi_teardown();
}

int main(void)
{
	const TTest *tests[] = { good_disk_passes, every_mutation_is_refused,
				 same_number_same_bytes };

	return test_run_with("mutations", tests, ARRAY_SIZE(tests), setup, teardown);
}
