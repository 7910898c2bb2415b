/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents in a /usr that holds nothing else. */
#include "builder/audit/inner_sbom.h"

#include "builder/audit/test/image_maker.h"

static struct err e;

static int read_as(enum inner_format format, const char *text, struct inner_sbom **ret)
{
	const struct fs_params p = { .label = "node", .time = IM_TIME };
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_(fs_reader_free) struct fs_reader *usr = NULL;
	_cleanup_buf_ struct buf fs = BUF_INIT;
	struct source src;

	im_text(t, "share/sbom/node", text);
	im_fs(&fs_writer_erofs, t, &p, &fs);
	source_init_bytes(&src, fs.data, fs.len);
	ck_ok(fs_reader_open(&src, &usr, &e));
	return inner_sbom_read(usr, "share/sbom/node", format, ret, &e);
}

static void must_refuse(enum inner_format format, const char *text, const char *message)
{
	struct inner_sbom *s = NULL;

	ck_fails(read_as(format, text, &s), -EBADMSG, message);
	ck_assert_ptr_null(s);
}

#define HASH(alg, hex) "{\"alg\":\"" alg "\",\"content\":\"" hex "\"}"
#define PACKAGE(files) \
	"{\"components\":[{\"bom-ref\":\"P\",\"name\":\"p\",\"components\":[" files "]}]}"
#define MEMBERS(members) PACKAGE("{\"name\":\"/usr/a\"," members "}")

START_TEST(cyclonedx)
{
	static const char text[] =
		"{\"components\":[{\"bom-ref\":\"Usr\",\"name\":\"/usr\",\"version\":\"1\"},"
		"{\"bom-ref\":\"Package-b\",\"name\":\"b\",\"version\":\"2\",\"purl\":\"pkg:deb/b\","
		"\"components\":[{\"name\":\"/usr/lib/z\",\"hashes\":["
		"{\"alg\":\"SHA-1\",\"content\":\"00\"},{\"alg\":\"SHA-256\",\"content\":\"aa\"}]},"
		"{\"name\":\"/usr/bin/a\",\"properties\":[{\"name\":\"x\",\"value\":\"y\"},"
		"{\"name\":\"slipway:symlink\",\"value\":\"z\"}]}]},"
		"{\"bom-ref\":\"Finisher-u\",\"group\":\"finisher\",\"name\":\"u\"}]}\n";
	_cleanup_(inner_sbom_free) struct inner_sbom *s = NULL;

	ck_ok(read_as(INNER_CYCLONEDX, text, &s));
	ck_assert_uint_eq(s->n_packages, 3);
	ck_assert_uint_eq(s->n_files, 2);
	ck_assert_str_eq(s->files[0].path, "bin/a");
	ck_assert(span_eq(s->files[0].target, "z"));
	ck_assert_str_eq(s->files[0].sha256, "");
	const struct inner_file *f = inner_sbom_file(s, "lib/z");
	ck_assert_str_eq(f->sha256, "aa");
	ck_assert_uint_eq(f->target.len, 0);
	ck_assert_ptr_null(inner_sbom_file(s, "lib"));
	const struct inner_package *p = inner_sbom_package(s, f->from);
	ck_assert_str_eq(p->name, "b");
	ck_assert_str_eq(p->version, "2");
	ck_assert_str_eq(p->purl, "pkg:deb/b");
	ck_assert_str_eq(p->group, "");
	ck_assert_str_eq(inner_sbom_package(s, "Finisher-u")->group, "finisher");
	ck_assert_ptr_null(inner_sbom_package(s, "Package"));
}
END_TEST

START_TEST(no_cyclonedx)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "{", "/share/sbom/node: not a JSON object" },
		{ "{\"components\":[7]}", "no string \"bom-ref\"" },
		{ "{\"components\":[{\"bom-ref\":\"P\"}]}", "no string \"name\"" },
		{ "{\"components\":[{\"bom-ref\":\"P\",\"name\":\"p\",\"version\":1}]}",
		  "no string \"version\"" },
		{ "{\"components\":[{\"bom-ref\":\"P\",\"name\":\"p\"},"
		  "{\"bom-ref\":\"P\",\"name\":\"q\"}]}",
		  "P is told of twice" },
		{ PACKAGE("[]"), "no string \"name\"" },
		{ PACKAGE("{\"name\":\"/etc/a\"}"), "\"/etc/a\" does not begin with /usr/" },
		{ PACKAGE("{\"name\":\"/usr/a\"},{\"name\":\"/usr/a\"}"), "a is told of twice" },
		{ PACKAGE("{\"name\":\"/usr/a\\u0000b\"}"), "has a NUL" },
		{ MEMBERS("\"hashes\":[7]"), "/usr/a: no string \"alg\"" },
		{ MEMBERS("\"hashes\":[{\"alg\":\"SHA-256\"}]"), "/usr/a: no string \"content\"" },
		{ MEMBERS("\"hashes\":[" HASH("SHA-256", "aa") "," HASH("SHA-256", "bb") "]"),
		  "two of its hashes are called SHA-256" },
		{ MEMBERS("\"hashes\":[" HASH(
			  "SHA-256", "aa") "],\"properties\":["
					   "{\"name\":\"slipway:symlink\",\"value\":\"b\"}]"),
		  "/usr/a: a symlink has no digest here" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		must_refuse(INNER_CYCLONEDX, cases[i].text, cases[i].message);
}
END_TEST

#define SPDX_FILE(members) "{\"files\":[{\"SPDXID\":\"SPDXRef-Usr-0\"," members "}]"
#define GOOD_FILE	   SPDX_FILE("\"fileName\":\"./usr/a\"")
#define RELATED(type, to)                                                     \
	"{\"spdxElementId\":\"SPDXRef-P\",\"relationshipType\":\"" type "\"," \
	"\"relatedSpdxElement\":\"SPDXRef-" to "\"}"
#define RELATIONSHIPS(list) GOOD_FILE ",\"relationships\":[" list "]}"

START_TEST(spdx)
{
	static const char text[] =
		"{\"packages\":[{\"SPDXID\":\"SPDXRef-P\",\"name\":\"p\",\"versionInfo\":\"1\","
		"\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:p\"}]}],"
		"\"files\":[{\"SPDXID\":\"SPDXRef-Usr-0\",\"fileName\":\"./usr/b\",\"checksums\":["
		"{\"algorithm\":\"SHA1\",\"checksumValue\":\"00\"},"
		"{\"algorithm\":\"SHA256\",\"checksumValue\":\"bb\"}]},"
		"{\"SPDXID\":\"SPDXRef-Usr-1\",\"fileName\":\"./usr/a\",\"checksums\":["
		"{\"algorithm\":\"SHA256\",\"checksumValue\":"
		"\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\"}],"
		"\"comment\":\"symlink to foo: the checksums are of these characters\"}],"
		"\"relationships\":[" RELATED("CONTAINS", "Q") "," RELATED("CONTAINS",
									   "Usr-0") "]}\n";
	_cleanup_(inner_sbom_free) struct inner_sbom *s = NULL;

	ck_ok(read_as(INNER_SPDX, text, &s));
	ck_assert_uint_eq(s->n_files, 2);
	const struct inner_file *f = inner_sbom_file(s, "b");
	ck_assert_str_eq(f->sha256, "bb");
	ck_assert_str_eq(f->from, "P");
	f = inner_sbom_file(s, "a");
	ck_assert(span_eq(f->target, "foo"));
	ck_assert_str_eq(f->sha256, "");
	ck_assert_str_eq(f->from, "");
	const struct inner_package *p = inner_sbom_package(s, "P");
	ck_assert_str_eq(p->name, "p");
	ck_assert_str_eq(p->version, "1");
	ck_assert_str_eq(p->purl, "pkg:p");
}
END_TEST

START_TEST(no_spdx)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[]", "not a JSON object" },
		{ "{\"packages\":[{\"SPDXID\":\"P\",\"name\":\"p\"}]}", "begin with SPDXRef-" },
		{ "{\"packages\":[{\"SPDXID\":\"SPDXRef-P\"}]}", "no string \"name\"" },
		{ "{\"files\":[7]}", "no string \"fileName\"" },
		{ SPDX_FILE("\"fileName\":\"/usr/a\"") "}", "does not begin with ./usr/" },
		{ "{\"files\":[{\"SPDXID\":\"SPDXRef-Usr-1\",\"fileName\":\"./usr/a\"}]}",
		  "is called SPDXRef-Usr-1, and not SPDXRef-Usr-0" },
		{ SPDX_FILE("\"fileName\":\"./usr/a\",\"checksums\":[{}]") "}",
		  "./usr/a: no string \"algorithm\"" },
		{ SPDX_FILE("\"fileName\":\"./usr/a\",\"comment\":\"symlink to b\"") "}",
		  "./usr/a: its comment tells of no symlink" },
		{ SPDX_FILE("\"fileName\":\"./usr/a\",\"comment\":"
			    "\"symlink to : the checksums are of these characters\"") "}",
		  "./usr/a: its comment tells of no symlink" },
		{ RELATIONSHIPS("7"), "no string \"spdxElementId\"" },
		{ RELATIONSHIPS(RELATED("CONTAINS", "Usr-1")), "P CONTAINS SPDXRef-Usr-1: each" },
		{ RELATIONSHIPS(RELATED("CONTAINS", "Usr-")), "P CONTAINS SPDXRef-Usr-: each" },
		{ RELATIONSHIPS(RELATED("CONTAINS", "Usr-00")), "P CONTAINS SPDXRef-Usr-00: each" },
		{ RELATIONSHIPS(RELATED("DESCRIBES", "Usr-0")), "P DESCRIBES SPDXRef-Usr-0: each" },
		{ RELATIONSHIPS(RELATED("CONTAINS", "Usr-0") "," RELATED("CONTAINS", "Usr-0")),
		  "P CONTAINS SPDXRef-Usr-0: each file is there, and in one package" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		must_refuse(INNER_SPDX, cases[i].text, cases[i].message);
}
END_TEST

START_TEST(nothing_in_it)
{
	_cleanup_(inner_sbom_free) struct inner_sbom *s = NULL;

	ck_ok(read_as(INNER_CYCLONEDX, "{}\n", &s));
	ck_assert_ptr_null(inner_sbom_file(s, "lib/z"));
	ck_assert_ptr_null(inner_sbom_package(s, "P"));
}
END_TEST

TEST_MAIN("inner_sbom", cyclonedx, no_cyclonedx, spdx, no_spdx, nothing_in_it)
