/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the tests of `diff` share: two disks to compare, and what is to be found. */
#include "builder/audit/diff.h"
#include "builder/audit/image.h"
#include "builder/audit/test/image_maker.h"

static inline struct diff_report compare(const char *a, const char *b)
{
	const struct diff_params p = { 0 };
	struct diff_report d;
	struct err e = { 0 };

	ck_ok(diff_paths(a, b, &p, &d, &e));
	return d;
}

static inline void print(const struct diff_report *d)
{
	for (size_t i = 0; i < d->n; i++)
		fprintf(stderr, "%s %s: %s: %s | %s | %s\n",
			diff_kind_is_cause(d->v[i].kind) ? "cause" : "consequence",
			diff_kind_name(d->v[i].kind), d->v[i].where, d->v[i].field, d->v[i].a,
			d->v[i].b);
}

/* A difference of this kind, place and field. */
static inline const struct diff_item *find(const struct diff_report *d, enum diff_kind kind,
					   const char *where, const char *field)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].kind == kind && str_eq(d->v[i].where, where) &&
		    str_has_prefix(d->v[i].field, field))
			return &d->v[i];
	print(d);
	ck_abort_msg("no %s: %s: %s", diff_kind_name(kind), where, field);
}

static inline void check_value(const char *field, const char *value, const char *want)
{
	const char *shown = value ? value : "not there";

	ck_assert_msg(value ? want && str_eq(value, want) : !want, "%s is %s", field, shown);
}

static inline void check_values(const struct diff_item *i, const char *a, const char *b)
{
	check_value(i->field, i->a, a);
	check_value(i->field, i->b, b);
}

static inline void check_causes(const struct diff_report *d, size_t n)
{
	if (diff_report_count(d, true) != n) {
		print(d);
		ck_abort_msg("%zu causes, %zu expected", diff_report_count(d, true), n);
	}
}

/* What follows from another /usr, in the disks of these tests. */
static inline void check_root_follows(const struct diff_report *d)
{
	(void)find(d, DIFF_HASH_TREE, "usr-verity-a", "hash tree");
	(void)find(d, DIFF_ROOT_HASH, "usr-verity-sig-a", "rootHash");
	(void)find(d, DIFF_ROOT_HASH, "partition table: partition 2", "UUID");
	(void)find(d, DIFF_ROOT_HASH, "partition table: partition 3", "UUID");
	(void)find(d, DIFF_ROOT_HASH, "esp: /EFI/Linux/node_1.efi: .cmdline", "word");
	(void)find(d, DIFF_SIGNED, "usr-verity-sig-a: signature", "value");
	(void)find(d, DIFF_SIGNED, "esp: /EFI/Linux/node_1.efi: .cmdline", "root hash signature");
	(void)find(d, DIFF_SIGNED, "esp: /EFI/Linux/node_1.efi: certificate 1: signature", "value");
}

/* A disk as it is, and one with something changed. */
struct two {
	struct im_spec a, b;
};

static inline void two_init(struct two *t)
{
	im_spec_init(&t->a);
	im_spec_init(&t->b);
}

static inline struct diff_report two_compare(struct two *t)
{
	im_make(&t->a, fx_path("a.raw"));
	im_make(&t->b, fx_path("b.raw"));
	im_spec_done(&t->a);
	im_spec_done(&t->b);
	return compare(fx_path("a.raw"), fx_path("b.raw"));
}

static inline struct tree_node *node(struct two *t, const char *path)
{
	struct tree_node *n = tree_lookup(t->b.usr, path);

	ck_assert_ptr_nonnull(n);
	return n;
}

/* One cause in a file of /usr, and all that follows. */
static inline void one_cause(struct two *t, enum diff_kind kind, const char *where,
			     const char *field, const char *a, const char *b)
{
	struct diff_report d = two_compare(t);

	check_values(find(&d, kind, where, field), a, b);
	check_causes(&d, 1);
	check_root_follows(&d);
	diff_report_done(&d);
}

/* Where the parts of these disks begin. */
#define DISK	 (UINT64_C(0))
#define ESP	 (1 * MiB)
#define USR	 (5 * MiB)
#define VERITY	 (9 * MiB)
#define SIG	 (10 * MiB)
#define USR_B	 (11 * MiB)
#define DISK_END (17 * MiB)

static inline void flip(const char *path, uint64_t at)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= 0x80;
	ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
}

static inline void make_equal(void)
{
	struct im_spec s;

	im_spec_init(&s);
	im_make(&s, fx_path("a.raw"));
	im_make(&s, fx_path("b.raw"));
	im_spec_done(&s);
}

/* Bytes inside of a UKI on the ESP, which is where a pattern is found first. */
static inline uint64_t find_bytes(const char *path, const char *pattern, size_t len, uint64_t from)
{
	_cleanup_source_ struct source s = SOURCE_INIT;
	struct err e = { 0 };

	ck_ok(source_open(&s, path, &e));
	const uint8_t *p = memmem(s.bytes + from, s.size_bytes - from, pattern, len);
	ck_assert_ptr_nonnull(p);
	return (uint64_t)(p - s.bytes);
}

/* @n: causes, this one included */
static inline void flip_one(uint64_t at, enum diff_kind kind, const char *where, const char *field,
			    size_t n)
{
	flip(fx_path("b.raw"), at);
	struct diff_report d = compare(fx_path("a.raw"), fx_path("b.raw"));
	(void)find(&d, kind, where, field);
	check_causes(&d, n);
	diff_report_done(&d);
	flip(fx_path("b.raw"), at);
}
