/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a build wrote, with one of the files changed in any way: it is refused. */
#include "builder/audit/test/outputs_support.h"

static struct err e;

static uint64_t state;

static uint64_t chance(uint64_t below)
{
	state ^= state << 13, state ^= state >> 7, state ^= state << 17;
	return (state >> 11) % below;
}

/* Another content of the same file. */
static void mutate(struct buf *b, char *what, size_t size)
{
	uint64_t at = chance(b->len), n = 1 + chance(MIN((uint64_t)64, b->len - at));

	switch (chance(5)) {
	case 0:
		b->data[at] ^= 1 << chance(8);
		snprintf(what, size, "a bit of byte %llu", (unsigned long long)at);
		return;
	case 1:
		for (uint64_t i = 0; i < n; i++)
			b->data[at + i] ^= (uint8_t)(1 + chance(255));
		snprintf(what, size, "%llu bytes at %llu", (unsigned long long)n,
			 (unsigned long long)at);
		return;
	case 2:
		b->len = at;
		snprintf(what, size, "cut to %llu bytes", (unsigned long long)at);
		return;
	case 3:
		buf_append_zero(b, n);
		snprintf(what, size, "%llu zeros more", (unsigned long long)n);
		return;
	default:
		buf_append_str(b, "more");
		snprintf(what, size, "\"more\" at its end");
	}
}

static void must_refuse(const char *suffix)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);
	_cleanup_buf_ struct buf whole = BUF_INIT, bad = BUF_INIT;
	struct verify_report r = { 0 };
	char what[64];

	fx_read(name, &whole);
	buf_append(&bad, whole.data, whole.len);
	mutate(&bad, what, sizeof(what));
	fx_write(name, bad.data, bad.len);
	vo_trust[0] = fx_db->cert;
	ck_assert_msg(verify_path(fx_path("out"), &vo_params, &r, &e) == 0 && r.n_failed > 0,
		      "%s: %s: %s", suffix, what, r.n ? "it is good" : e.msg);
	verify_report_done(&r);
	fx_write(name, whole.data, whole.len);
}

/* With and without a statement that tells of them. */
START_TEST(mutated_files)
{
	static const char *const suffixes[] = {
		".usr.raw",	    ".usr-verity.raw", ".usr-verity-sig.raw", ".efi", ".roothash",
		".provenance.json", ".cdx.json"
	};
	const char *seed = getenv("SLIPWAY_MUTATIONS_SEED"), *count = getenv("SLIPWAY_MUTATIONS");
	uint64_t n = count ? strtoull(count, NULL, 10) : 140;

	state = (seed ? strtoull(seed, NULL, 10) : 7) * 88172645463325252u + 1;
	vo_make();
	vo_put_provenance(fx_db);
	ck_assert_int_eq(unlink(fx_path("out/node_1.raw")), 0);
	for (uint64_t i = 0; i < n; i++) {
		bool stated = i < n / 2;
		if (i == n / 2)
			ck_assert_int_eq(unlink(fx_path("out/node_1.provenance.json")), 0);
		must_refuse(suffixes[i % (stated ? ARRAY_SIZE(suffixes) : 5)]);
	}
}
END_TEST

FX_MAIN("verify_outputs_mutated", mutated_files)
