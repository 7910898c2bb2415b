/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/index.h"

#include "builder/repo/test/fixture.h"

#define SHA  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TAIL "Filename: pool/a.deb\nSize: 10\nSHA256: " SHA "\n"
#define PKG  "Package: a\nVersion: 1\nArchitecture: amd64\n"

static int parse(const char *text, struct index **ret, struct err *e)
{
	struct buf b = BUF_INIT;

	buf_append_str(&b, text);
	return index_parse(&b, "amd64", ret, e);
}

START_TEST(stanzas)
{
	_cleanup_(index_free) struct index *x = NULL;
	struct err e;

	ck_ok(parse(PKG "Priority: required\n" TAIL "\n"
			"Package: lib+b-1.0\nVersion: 2:1.0~rc1+b2-3\nArchitecture: all\n"
			"Description: x\n y\n" TAIL "\n"
			"Package: c\nVersion: 1\nArchitecture: arm64\n" TAIL,
		    &x, &e));
	ck_assert_uint_eq(x->n_packages, 2);
	ck_assert(span_eq(x->packages[0].name, "a"));
	ck_assert_uint_eq(x->packages[0].priority, 0);
	ck_assert_uint_eq(x->packages[0].size_bytes, 10);
	ck_assert_uint_eq(x->packages[0].sha256[0], 0xe3);
	ck_assert(span_eq(x->packages[1].version, "2:1.0~rc1+b2-3"));
	ck_assert(span_eq(x->packages[1].path, "pool/a.deb"));
	ck_assert_uint_eq(x->packages[1].priority, 3);
	index_free(TAKE_PTR(x));
	ck_ok(parse("", &x, &e));
	ck_assert_uint_eq(x->n_packages, 0);
}
END_TEST

START_TEST(malformed)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ PKG "Filename: pool/a.deb\nSize: 10\n", "Packages:1: Package, Version" },
		{ PKG TAIL "\n\nPackage: b\n", "Packages:9: Package, Version" },
		{ PKG "Package: b\n" TAIL, "repeated field" },
		{ PKG TAIL "nonsense\n", "malformed or repeated" },
		{ "Package: A\nVersion: 1\nArchitecture: all\n" TAIL, "malformed Package" },
		{ "Package: ../x\nVersion: 1\nArchitecture: all\n" TAIL, "malformed Package" },
		{ "Package:\nVersion: 1\nArchitecture: all\n" TAIL, "malformed Package" },
		{ "Package: a\nVersion: 1 2\nArchitecture: all\n" TAIL, "malformed Version" },
		{ "Package: a\nVersion: 1/2\nArchitecture: all\n" TAIL, "malformed Version" },
		{ PKG "Filename: /etc/x\nSize: 1\nSHA256: " SHA "\n", "malformed Filename" },
		{ PKG "Filename: a/../x\nSize: 1\nSHA256: " SHA "\n", "malformed Filename" },
		{ PKG "Filename: a//x\nSize: 1\nSHA256: " SHA "\n", "malformed Filename" },
		{ PKG "Filename: a/\nSize: 1\nSHA256: " SHA "\n", "malformed Filename" },
		{ PKG "Filename: a x\nSize: 1\nSHA256: " SHA "\n", "malformed Filename" },
		{ PKG "Filename: a\nSize: -1\nSHA256: " SHA "\n", "malformed Size" },
		{ PKG "Filename: a\nSize: 0\nSHA256: " SHA "\n", "malformed Size" },
		{ PKG "Filename: a\nSize: 1\nSHA256: " SHA "0\n", "malformed SHA256" },
		{ PKG "Filename: a\nSize: 1\nSHA256: x" SHA "\n", "malformed SHA256" },
	};
	struct index *x = NULL;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_fails(parse(bad[i].text, &x, &e), -EBADMSG, bad[i].message);
	struct buf nul = BUF_INIT;
	buf_append(&nul, "A: \0\n", 5);
	ck_fails(index_parse(&nul, "amd64", &x, &e), -EBADMSG, "NUL");
	ck_assert_ptr_null(x);
}
END_TEST

TEST_MAIN("index", stanzas, malformed)
