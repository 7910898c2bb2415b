/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An SBOM of all that is in /usr, and then something else there, or in the SBOM. */
#include "builder/audit/test/verify_support.h"

static struct err e;

/* Both documents, less what is not read. */
struct documents {
	struct buf cyclonedx, spdx, relationships; /* elements of lists */
	size_t n;
	const char *less; /* a file that SPDX does not tell; NULL: none */
};

static void list_cyclonedx(struct documents *d, const struct tree_node *n, const char *path,
			   const char *hex)
{
	buf_printf(&d->cyclonedx, "%s{\"name\":\"/usr/%s\",", d->cyclonedx.len ? "," : "", path);
	if (tree_is_symlink(n))
		buf_printf(&d->cyclonedx,
			   "\"properties\":[{\"name\":\"slipway:symlink\",\"value\":\"%s\"}]}",
			   n->inode->target);
	else
		buf_printf(&d->cyclonedx, "\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"%s\"}]}",
			   hex);
}

static void list_spdx(struct documents *d, const struct tree_node *n, const char *path,
		      const char *hex)
{
	const char *comma = d->n ? "," : "";

	buf_printf(&d->spdx,
		   "%s{\"SPDXID\":\"SPDXRef-Usr-%zu\",\"fileName\":\"./usr/%s\",\"checksums\":["
		   "{\"algorithm\":\"SHA256\",\"checksumValue\":\"%s\"}]",
		   comma, d->n, path, hex);
	if (tree_is_symlink(n))
		buf_printf(&d->spdx,
			   ",\"comment\":\"symlink to %s: the checksums are of these characters\"",
			   n->inode->target);
	buf_append_str(&d->spdx, "}");
	buf_printf(&d->relationships,
		   "%s{\"spdxElementId\":\"SPDXRef-Package-x\",\"relationshipType\":\"CONTAINS\","
		   "\"relatedSpdxElement\":\"SPDXRef-Usr-%zu\"}",
		   comma, d->n++);
}

static int list_one(struct tree_node *n, void *ctx, struct err *err unused_)
{
	_cleanup_free_ char *path = tree_path(n);
	uint8_t sha256[SHA256_BYTES];
	struct documents *d = ctx;
	char hex[SHA256_HEX];

	if (tree_is_dir(n))
		return 0;
	if (tree_is_symlink(n))
		sha256_bytes(n->inode->target, strlen(n->inode->target), sha256);
	else
		sha256_bytes(n->inode->blob->data, n->inode->blob->len, sha256);
	hex_encode(sha256, sizeof(sha256), hex);
	list_cyclonedx(d, n, path, hex);
	if (!d->less || !str_eq(d->less, path))
		list_spdx(d, n, path, hex);
	return 0;
}

struct test_case {
	void (*change)(struct im_spec *s); /* of /usr, when all is listed; NULL: nothing */
	const char *cyclonedx, *spdx;	   /* files more; NULL: none */
	const char *less, *from, *to;	   /* what SPDX does not tell, or tells otherwise */
	const char *message;		   /* NULL: it is good */
	void (*before)(struct im_spec *s); /* what is listed as well; NULL: nothing */
};

static void put_edited(struct tree *t, struct buf *text, const struct test_case *c)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *at = c->from ? strstr(buf_str(text), c->from) : NULL;

	ck_assert_msg(!c->from || at, "%s is not there", c->from);
	if (at) {
		buf_append(&b, text->data, (size_t)(at - buf_str(text)));
		buf_append_str(&b, c->to);
		buf_append_str(&b, at + strlen(c->from));
	}
	im_text(t, "share/sbom/node.spdx.json", buf_str(at ? &b : text));
}

static void put_sbom(struct im_spec *s, const struct test_case *c)
{
	struct documents d = { BUF_INIT, BUF_INIT, BUF_INIT, 0, c->less };
	_cleanup_buf_ struct buf cyclonedx = BUF_INIT, spdx = BUF_INIT;

	ck_ok(tree_walk(tree_root(s->usr), list_one, &d, &e));
	buf_printf(&cyclonedx,
		   "{\"metadata\":{\"component\":{\"bom-ref\":\"Image\",\"name\":\"node\"}},"
		   "\"components\":[{\"bom-ref\":\"Usr\",\"name\":\"/usr\"},"
		   "{\"bom-ref\":\"Package-x\",\"name\":\"x\",\"version\":\"2\",\"purl\":\"pkg:x\","
		   "\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"aa\"}],"
		   "\"components\":[%s%s]}]}\n",
		   buf_str(&d.cyclonedx), c->cyclonedx ? c->cyclonedx : "");
	buf_printf(
		&spdx,
		"{\"packages\":[{\"SPDXID\":\"SPDXRef-Image\",\"name\":\"node\"},"
		"{\"SPDXID\":\"SPDXRef-Usr\",\"name\":\"/usr\"},"
		"{\"SPDXID\":\"SPDXRef-Package-x\",\"name\":\"x\",\"versionInfo\":\"2\","
		"\"checksums\":[{\"algorithm\":\"SHA256\",\"checksumValue\":\"aa\"}],"
		"\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:x\"}]}],"
		"\"files\":[%s%s],\"relationships\":[%s]}\n",
		buf_str(&d.spdx), c->spdx ? c->spdx : "", buf_str(&d.relationships));
	im_file(s->usr, "share/sbom/node.cdx.json", cyclonedx.data, cyclonedx.len);
	put_edited(s->usr, &spdx, c);
	buf_done(&d.cyclonedx);
	buf_done(&d.spdx);
	buf_done(&d.relationships);
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

static void no_spdx(struct im_spec *s)
{
	tree_remove(s->usr, tree_lookup(s->usr, "share/sbom/node.spdx.json"));
}

static void no_cyclonedx(struct im_spec *s)
{
	tree_remove(s->usr, tree_lookup(s->usr, "share/sbom/node.cdx.json"));
}

static void put_package(struct im_spec *s, const char *name, const char *version)
{
	_cleanup_free_ char *path = str_printf("lib/dpkg/status.d/%s", name);
	_cleanup_free_ char *text =
		str_printf("Package: %s\nVersion: %s\nArchitecture: amd64\n", name, version);

	im_text(s->usr, path, text);
}

static void dpkg_x_2(struct im_spec *s)
{
	put_package(s, "x", "2");
}

static void dpkg_x_3(struct im_spec *s)
{
	put_package(s, "x", "3");
}

static void dpkg_w(struct im_spec *s)
{
	put_package(s, "w", "2");
}

static void dpkg_more(struct im_spec *s)
{
	put_package(s, "x", "2");
	put_package(s, "y", "1");
}

#define NONE_MORE	    ",{\"name\":\"/usr/lib/none\"}"
#define SPDX_MORE(id, path) ",{\"SPDXID\":\"SPDXRef-Usr-" id "\",\"fileName\":\"./usr/" path "\"}"
#define RELATED(what)	    "\"SPDXRef-Package-x\",\"relationshipType\":\"" what "\""
#define TEXT_SHA256	    "b6285c57e8797db5d4c51c80d6f11938afda9b11c6a003549709189e9b4b92a2"
#define LINK_SHA256	    "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"
#define OTHER_SHA256	    "0000000000000000000000000000000000000000000000000000000000000000"

static const struct test_case cases[] = {
	{ .message = NULL },
	/* /usr, and what both documents tell of it. */
	{ .cyclonedx = NONE_MORE,
	  .spdx = SPDX_MORE("6", "lib/none"),
	  .message = "/usr/lib/none is listed, and not there" },
	{ .cyclonedx = ",{\"name\":\"/usr/lib/text\"}", .message = "lib/text is told of twice" },
	{ another_content, .message = "/usr/lib/text is not as listed" },
	{ a_file_more, .message = "/usr/lib/more is not listed" },
	{ a_file_less, .message = "/usr/bin/big is listed, and not there" },
	{ another_target, .message = "/usr/lib/link is not as listed" },
	{ a_file_for_a_link, .message = "/usr/lib/link is not as listed" },
	{ a_pipe, .message = "/usr/lib/pipe is not listed" },
	{ an_sbom_more, .message = "/usr/share/sbom/other.cdx.json is not listed" },
	/* dpkg's packages. */
	{ .before = dpkg_x_2, .message = NULL },
	{ .before = dpkg_x_3,
	  .message = "x 2 is listed, and not of dpkg's packages; "
		     "x 3 of dpkg's packages is not listed" },
	{ .before = dpkg_w,
	  .message = "w 2 of dpkg's packages is not listed; "
		     "x 2 is listed, and not of dpkg's packages" },
	{ .before = dpkg_more, .message = "y 1 of dpkg's packages is not listed" },
	/* Documents that are none. */
	{ no_json, .message = "not a JSON object" },
	{ no_list, .message = "is not listed" },
	{ no_spdx, .message = "there is no /share/sbom/node.spdx.json, and builds write both" },
	{ no_cyclonedx, .message = "there is no /share/sbom/node.cdx.json, and builds write both" },
	/* One tells what the other does not. */
	{ .cyclonedx = NONE_MORE, .message = "/usr/lib/none is in *.cdx.json only" },
	{ .spdx = SPDX_MORE("6", "lib/none"), .message = "/usr/lib/none is in *.spdx.json only" },
	{ .less = "bin/big", .message = "/usr/bin/big is in *.cdx.json only" },
	{ .less = "lib/text", .message = "/usr/lib/text is in *.cdx.json only" },
	{ .from = "./usr/lib/text",
	  .to = "./usr/lib/texts",
	  .message = "/usr/lib/text is in *.cdx.json only; /usr/lib/texts is in *.spdx.json only" },
	{ .from = TEXT_SHA256,
	  .to = OTHER_SHA256,
	  .message = "SPDX and CycloneDX differ on /usr/lib/text" },
	{ .from = "symlink to text: ",
	  .to = "symlink to link: ",
	  .message = "./usr/lib/link: its digest is not that of its target" },
	{ .from = LINK_SHA256,
	  .to = OTHER_SHA256,
	  .message = "./usr/lib/link: its digest is not that of its target" },
	{ .from = ",\"comment\":\"symlink to text: the checksums are of these characters\"",
	  .to = "",
	  .message = "SPDX and CycloneDX differ on /usr/lib/link" },
	{ .from = RELATED("CONTAINS"),
	  .to = "\"SPDXRef-Usr\",\"relationshipType\":\"CONTAINS\"",
	  .message = "SPDX and CycloneDX differ on /usr/bin/big" },
	{ .from = "\"versionInfo\":\"2\"",
	  .to = "\"versionInfo\":\"3\"",
	  .message = "SPDX and CycloneDX differ on Package-x (x 2)" },
	{ .from = "\"name\":\"x\"",
	  .to = "\"name\":\"y\"",
	  .message = "SPDX and CycloneDX differ on Package-x (x 2)" },
	{ .from = "pkg:x",
	  .to = "pkg:y",
	  .message = "SPDX and CycloneDX differ on Package-x (x 2)" },
	{ .from = "\"checksumValue\":\"aa\"",
	  .to = "\"checksumValue\":\"bb\"",
	  .message = "SPDX and CycloneDX differ on Package-x (x 2)" },
	{ .from = "{\"SPDXID\":\"SPDXRef-Usr\",\"name\":\"/usr\"},",
	  .to = "",
	  .message = "Usr (/usr) is in *.cdx.json only" },
	{ .from = "\"packages\":[",
	  .to = "\"packages\":[{\"SPDXID\":\"SPDXRef-Package-z\",\"name\":\"z\"},",
	  .message = "Package-z (z) is in *.spdx.json only" },
	{ .from = "\"SPDXRef-Image\"",
	  .to = "\"SPDXRef-Images\"",
	  .message = "Image (node) is in *.cdx.json only; Images (node) is in *.spdx.json only" },
};

/* What a check has found to be wrong; NULL: nothing */
static const char *finding(const struct verify_report *r, enum verify_id id)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].id == id && r->v[i].verdict == VERIFY_FAIL)
			return r->v[i].found;
	return NULL;
}

START_TEST(what_it_lists)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct test_case *c = &cases[i];
		struct im_spec s;
		im_spec_init(&s);
		if (c->before)
			c->before(&s);
		put_sbom(&s, c);
		if (c->change)
			c->change(&s);
		struct verify_report r = vs_of(&s);
		const char *found = finding(&r, VERIFY_USR_SBOM);
		ck_assert_msg(r.n_failed == !!c->message, "case %zu: %zu failed", i, r.n_failed);
		ck_assert_msg(c->message ? found && strstr(found, c->message) : !found,
			      "case %zu: %s", i, found);
		verify_report_done(&r);
	}
}
END_TEST

FX_MAIN("verify_sbom", what_it_lists)
