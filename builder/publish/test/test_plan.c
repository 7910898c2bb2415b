/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "builder/publish/job.h"

/* What node/update reads of an index. */
#define NODE_READS_BYTES (4 * MiB)

static char *text_of(const char *s)
{
	char *copy = strdup(s);

	ck_assert_ptr_nonnull(copy);
	return copy;
}

/* With names as long as recipes may have them. */
static void init_version(struct publish_version *v, unsigned int number)
{
	*v = (struct publish_version){ .version = str_printf("%016u", number), .has_lock = true };
	for (size_t k = 0; k < PUBLISH_N_KINDS; k++) {
		v->files[k] = (struct publish_file){ .bytes = 999999999999,
						     .content_bytes = 999999999999 };
		v->files[k].name =
			str_printf("%020d_%s_%036d%s.xz", 0, v->version, 0, publish_kind_suffix(k));
	}
}

static struct publish_index *full_index(void)
{
	struct publish_index *i = calloc(1, sizeof(*i));
	struct publish_version v;
	struct err e = { 0 };

	*i = (struct publish_index){ .name = text_of("node"),
				     .arch = text_of("x86-64"),
				     .channel = text_of("stable"),
				     .signing_key = text_of("ABCD") };
	for (unsigned int n = PUBLISH_VERSIONS_MAX; n > 0; n--) {
		init_version(&v, n);
		ck_ok(publish_index_put(i, &v, &e));
		publish_version_done(&v);
	}
	return i;
}

START_TEST(a_full_index_is_what_nodes_read)
{
	_cleanup_(publish_index_free) struct publish_index *i = full_index(), *again = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e = { 0 };

	ck_ok(publish_index_format(i, &b, &e));
	ck_assert_uint_le(b.len, NODE_READS_BYTES);
	ck_ok(publish_index_parse(b.data, b.len, &again, &e));
}
END_TEST

START_TEST(no_index_grows_longer)
{
	_cleanup_(publish_index_free) struct publish_index *i = full_index(), *ret = NULL;
	struct publish_params p = { .keep = 0 };
	struct publish_entry entry = { .name = i->name, .arch = i->arch };
	const struct publish_job j = { .p = &p, .entries = &entry, .n_entries = 1 };
	const struct publish_channel c = { .name = i->channel, .index = i };
	struct err e = { 0 };

	init_version(&entry.v, PUBLISH_VERSIONS_MAX + 1);
	ck_fails(publish_plan_index(&j, &c, &ret, &e), -EINVAL, "--keep 1000");
	p.keep = PUBLISH_VERSIONS_MAX;
	ck_ok(publish_plan_index(&j, &c, &ret, &e));
	ck_assert_uint_eq(ret->n_versions, PUBLISH_VERSIONS_MAX);
	publish_version_done(&entry.v);
}
END_TEST

TEST_MAIN("publish_plan", a_full_index_is_what_nodes_read, no_index_grows_longer)
