/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/components.h"

#include "base/test/support.h"

static struct err e;

START_TEST(purls)
{
	const struct purl_deb plain = { "debian", "13", "bash", "5.2.37-2", "amd64", NULL };
	const struct purl_deb odd = {
		"debian", NULL, "libstdc++6", "1:2.5~rc1+b1", "all", "x@2+3"
	};
	_cleanup_free_ char *a = purl_of_deb(&plain), *b = purl_of_deb(&odd);

	ck_assert_str_eq(a, "pkg:deb/debian/bash@5.2.37-2?arch=amd64&distro=debian-13");
	ck_assert_str_eq(b, "pkg:deb/debian/libstdc%2B%2B6@1:2.5~rc1%2Bb1?arch=all&distro=debian"
			    "&upstream=x%402%2B3");
}
END_TEST

/* Two packages as the lock has them, one of them with a copyright file. */
struct fixture {
	struct package packages[2], *list[2];
	struct lock_package locked[2];
	struct lock lock;
	struct package_entry copyright;
	struct blob *os_release;
	struct components c;
};

static char *str(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void fx_init(struct fixture *f, const char *control, const char *os_release)
{
	*f = (struct fixture){ .c = COMPONENTS_INIT };
	f->copyright = (struct package_entry){
		.path = str("usr/share/doc/a/copyright"),
		.mode = S_IFREG | 0644,
		.blob = blob_new_str("Format: copyright-format/1.0\n\nFiles: *\nLicense: Expat\n")
	};
	f->packages[0] = (struct package){ .name = str("a"),
					   .version = str("1:2-3+b1"),
					   .arch = str("amd64"),
					   .control = str(control),
					   .entries = &f->copyright,
					   .n_entries = 1 };
	f->packages[1] = (struct package){ .name = str("b++"),
					   .version = str("1"),
					   .arch = str("all"),
					   .control = str("Package: b++\n") };
	for (size_t i = 0; i < 2; i++) {
		f->list[i] = &f->packages[i];
		f->locked[i] = (struct lock_package){ .name = f->packages[i].name };
	}
	f->lock = (struct lock){ .packages = f->locked, .n_packages = 2 };
	f->os_release = blob_new_str(os_release);
}

static int fx_make(struct fixture *f)
{
	const struct components_params p = { f->list, &f->lock, f->os_release };

	return components_make(&p, &f->c, &e);
}

static void fx_done(struct fixture *f)
{
	components_done(&f->c);
	blob_unref(f->os_release);
	blob_unref(f->copyright.blob);
}

START_TEST(of_packages)
{
	struct fixture f;

	fx_init(&f, "Package: a\nSource: src (2-3)\nMaintainer: Some Team <team@example.org>\n",
		"NAME=x\nVERSION_ID=\"13\"\nID=debian\n");
	ck_ok(fx_make(&f));
	ck_assert_uint_eq(f.c.n, 2);
	const struct component *a = &f.c.v[0], *b = &f.c.v[1];
	ck_assert_str_eq(a->id, "Package-a");
	ck_assert_str_eq(a->maintainer, "Some Team");
	ck_assert_str_eq(a->email, "team@example.org");
	ck_assert_str_eq(a->source, "src");
	ck_assert_str_eq(a->source_version, "2-3");
	ck_assert_str_eq(a->licence, "MIT");
	ck_assert_str_eq(a->purl, "pkg:deb/debian/a@1:2-3%2Bb1?arch=amd64&distro=debian-13"
				  "&upstream=src%402-3");
	ck_assert_str_eq(b->id, "Package-bX2BX2B");
	ck_assert_ptr_null(b->maintainer);
	ck_assert_ptr_null(b->licence);
	ck_assert_str_eq(b->source, "b++");
	ck_assert_str_eq(b->purl, "pkg:deb/debian/b%2B%2B@1?arch=all&distro=debian-13");
	ck_assert_ptr_eq(a->locked, &f.locked[0]);
	fx_done(&f);
}
END_TEST

START_TEST(refuses)
{
	struct fixture f;

	fx_init(&f, "Package: a\nSource: src (2-3\n", "ID=debian\n");
	ck_fails(fx_make(&f), -EINVAL, "package a: Source: src (2-3: a bracket is not closed");
	fx_done(&f);
	fx_init(&f, "Package: a\n", "VERSION_ID=13\n");
	ck_fails(fx_make(&f), -EINVAL, "usr/lib/os-release has no ID");
	fx_done(&f);
}
END_TEST

START_TEST(other_origins)
{
	struct fixture f;
	struct tree *t = tree_new();
	const struct tree_meta m = { .origin = tree_add_origin(t, TREE_ORIGIN_FINISHER, "users",
							       NULL) };
	struct inventory v = INVENTORY_INIT;

	fx_init(&f, "Package: a\n", "ID=debian\n");
	ck_ok(fx_make(&f));
	ck_ok(tree_add_file(t, "x", &m, blob_new_str("x"), NULL, &e));
	ck_ok(tree_add_file(t, "y", &m, blob_new_str("y"), NULL, &e));
	ck_ok(inventory_make(t, "", NULL, &v, &e));
	ck_assert_ptr_null(components_find(&f.c, m.origin));
	ck_ok(components_add_origins(&f.c, &v, &e));
	ck_assert_uint_eq(f.c.n, 3);
	ck_assert_str_eq(components_find(&f.c, m.origin)->id, "Finisher-users");
	inventory_done(&v);
	tree_free(t);
	fx_done(&f);
}
END_TEST

TEST_MAIN("components", purls, of_packages, refuses, other_origins)
