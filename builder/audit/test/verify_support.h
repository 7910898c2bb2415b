/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A disk of image_maker.h, what is where on it, and what verification says of it. */
#include "builder/audit/test/image_maker.h"
#include "builder/audit/verify.h"

/* Where the partitions of im_plan() begin. */
enum {
	VS_ESP = MiB,
	VS_USR = 5 * MiB,
	VS_VERITY = 9 * MiB,
	VS_SIG = 10 * MiB,
	VS_USR_B = 11 * MiB,
	VS_END = 17 * MiB,
};

static inline struct verify_report vs_verify_as(const struct verify_params *p)
{
	_cleanup_source_ struct source disk = SOURCE_INIT;
	struct verify_report r = { 0 };
	struct err e = { 0 };

	ck_ok(source_open(&disk, fx_path("disk.raw"), &e));
	ck_ok(verify_disk(&disk, p, &r, &e));
	return r;
}

static inline struct verify_report vs_verify(void)
{
	X509 *const trust[] = { fx_db->cert };
	struct policy policy;
	const struct verify_params p = {
		.trust = trust, .n_trust = 1, .at = FX_NOW + 1, .policy = &policy
	};

	policy_init(&policy);
	return vs_verify_as(&p);
}

/* First boot has made a root partition at the disk's end, as systemd-repart does: its bytes are anybody's. */
static inline void vs_with_root(struct layout_plan *p)
{
	p->placed[p->n_placed++] = (struct layout_placed){ .type = LAYOUT_ROOT,
							   .slot = LAYOUT_NO_SLOT,
							   .start_bytes = VS_END,
							   .size_bytes = MiB,
							   .uuid = { 1 },
							   .label = "root" };
	p->disk_bytes += MiB;
}

static inline void vs_make(void)
{
	struct im_spec s;

	im_spec_init(&s);
	im_make(&s, fx_path("disk.raw"));
	im_spec_done(&s);
}

/* The disk as the spec has it; the spec is done then. */
static inline struct verify_report vs_of(struct im_spec *s)
{
	im_make(s, fx_path("disk.raw"));
	im_spec_done(s);
	return vs_verify();
}

static inline void vs_flip(uint64_t at)
{
	_cleanup_close_ int fd = open(fx_path("disk.raw"), O_RDWR | O_CLOEXEC);
	uint8_t b;

	ck_assert_int_eq(pread(fd, &b, 1, (off_t)at), 1);
	b ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &b, 1, (off_t)at), 1);
}

static inline void vs_print(const struct verify_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].verdict == VERIFY_FAIL)
			printf("%s: %s: %s\n", verify_id_name(r->v[i].id), r->v[i].where,
			       r->v[i].found);
	fflush(stdout);
}

static inline bool vs_fails(const struct verify_report *r, enum verify_id id)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].id == id && r->v[i].verdict == VERIFY_FAIL)
			return true;
	vs_print(r);
	return false;
}
