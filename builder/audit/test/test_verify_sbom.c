/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An SBOM of all that is in /usr, and then something else there, or in the SBOM. */
#include "builder/audit/test/verify_support.h"

static struct err e;

static int list_one(struct tree_node *n, void *ctx, struct err *err)
{
	_cleanup_free_ char *path = tree_path(n);
	struct buf *b = ctx;
	uint8_t sha256[SHA256_BYTES];
	char hex[SHA256_HEX];

	(void)err;
	if (tree_is_dir(n))
		return 0;
	buf_printf(b, "%s{\"name\":\"/usr/%s\",", b->data[b->len - 1] == '[' ? "" : ",", path);
	if (tree_is_symlink(n)) {
		buf_printf(b, "\"properties\":[{\"name\":\"slipway:symlink\",\"value\":\"%s\"}]}",
			   n->inode->target);
		return 0;
	}
	sha256_bytes(n->inode->blob->data, n->inode->blob->len, sha256);
	hex_encode(sha256, sizeof(sha256), hex);
	buf_printf(b, "\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"%s\"}]}", hex);
	return 0;
}

/* As a build has it, less what is not read. */
static void put_sbom(struct im_spec *s, const char *more)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, "{\"components\":[{\"bom-ref\":\"Usr\",\"name\":\"/usr\"},"
			   "{\"bom-ref\":\"Package-x\",\"name\":\"x\",\"components\":[");
	ck_ok(tree_walk(tree_root(s->usr), list_one, &b, &e));
	buf_printf(&b, "%s]}]}\n", more);
	im_file(s->usr, "share/sbom/node.cdx.json", b.data, b.len);
	im_text(s->usr, "share/sbom/node.spdx.json", "{}\n");
}

static void nothing(struct im_spec *s)
{
	(void)s;
}

static void another_content(struct im_spec *s)
{
	im_text(s->usr, "lib/text", "one\ntwo\nThree\n");
}

static void a_file_more(struct im_spec *s)
{
	im_text(s->usr, "lib/more", "");
}

static void a_file_less(struct im_spec *s)
{
	tree_remove(s->usr, tree_lookup(s->usr, "bin/big"));
}

static void another_target(struct im_spec *s)
{
	const struct tree_meta m = { .mode = 0755, .mtime = IM_TIME };

	ck_ok(tree_put_symlink(s->usr, "lib/link", &m, "os-release", NULL, &e));
}

static void a_file_for_a_link(struct im_spec *s)
{
	im_text(s->usr, "lib/link", "text");
}

static void a_pipe(struct im_spec *s)
{
	const struct tree_meta m = { .mode = S_IFIFO | 0644, .mtime = IM_TIME };

	ck_ok(tree_add_special(s->usr, "lib/pipe", &m, 0, 0, NULL, &e));
}

static void an_sbom_more(struct im_spec *s)
{
	im_text(s->usr, "share/sbom/other.cdx.json", "{}\n");
}

static void no_json(struct im_spec *s)
{
	im_text(s->usr, "share/sbom/node.cdx.json", "{\n");
}

static void no_list(struct im_spec *s)
{
	im_text(s->usr, "share/sbom/node.cdx.json", "{\"components\":7}\n");
}

static const struct {
	void (*change)(struct im_spec *s);
	const char *more; /* in the SBOM */
	bool good;
} cases[] = {
	{ nothing, "", true },
	{ nothing, ",{\"name\":\"/usr/lib/none\"}", false },
	{ nothing, ",{\"name\":\"/etc/hosts\"}", false },
	{ nothing, ",{\"name\":\"/usr/lib/text\"}", false },
	{ nothing, ",{\"nam\":\"/usr/lib/text\"}", false },
	{ nothing, ",7", false },
	{ another_content, "", false },
	{ a_file_more, "", false },
	{ a_file_less, "", false },
	{ another_target, "", false },
	{ a_file_for_a_link, "", false },
	{ a_pipe, "", false },
	{ an_sbom_more, "", false },
	{ no_json, "", false },
	{ no_list, "", false },
};

START_TEST(what_it_lists)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct im_spec s;
		im_spec_init(&s);
		put_sbom(&s, cases[i].more);
		cases[i].change(&s);
		struct verify_report r = vs_of(&s);
		if (cases[i].good)
			vs_print(&r);
		else
			ck_assert_msg(vs_fails(&r, VERIFY_USR_SBOM), "case %zu", i);
		ck_assert_msg(r.n_failed == !cases[i].good, "case %zu", i);
		verify_report_done(&r);
	}
}
END_TEST

FX_MAIN("verify_sbom", what_it_lists)
