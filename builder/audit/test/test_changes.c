/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of two versions: all of it, and nothing else. */
#include "base/outfile.h"
#include "builder/audit/changes.h"
#include "builder/audit/test/diff_support.h"

static struct err e;

static void package(struct tree *t, const char *name, const char *version, const char *sums)
{
	_cleanup_free_ char *path = str_printf("lib/dpkg/status.d/%s", name);
	_cleanup_free_ char *md5 = str_printf("%s.md5sums", path);
	_cleanup_free_ char *text =
		str_printf("Package: %s\nStatus: install ok installed\nVersion: %s\n"
			   "Architecture: amd64\nDescription: short\n longer\n",
			   name, version);

	(void)im_text(t, path, text);
	if (sums)
		(void)im_text(t, md5, sums);
}

#define SUM "0123456789abcdef0123456789abcdef  usr/"

static void put_link(struct tree *t, const char *path, const char *target)
{
	const struct tree_meta m = { .mode = 0777, .mtime = IM_TIME };

	ck_ok(tree_put_symlink(t, path, &m, target, NULL, &e));
}

/* The same in both. */
static void fill(struct tree *t)
{
	package(t, "same", "1.0-1", SUM "bin/same\n");
	package(t, "same-size", "1", NULL);
	im_text(t, "bin/same", "same");
	im_text(t, "lib/modules/6.12/config",
		"# Linux\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=\"x y\"\nCONFIG_GONE=m\n");
	put_link(t, "lib/systemd/system/multi-user.target.wants/same.service", "../same.service");
}

static void fill_a(struct tree *t)
{
	fill(t);
	package(t, "changed", "1:1.0-1",
		SUM "bin/changed\n" SUM "bin/over\n" SUM "lib/libx.so.1.0\n");
	package(t, "gone", "2", SUM "share/gone/file\n");
	im_text(t, "bin/changed", "one");
	im_text(t, "bin/over", "the package's");
	put_link(t, "lib/link", "/usr/one");
	im_text(t, "lib/libx.so.1.0", "x");
	put_link(t, "lib/libx.so.1", "libx.so.1.0");
	im_text(t, "share/gone/file", "gone");
	im_text(t, "bin/su", "su");
	im_text(t, "bin/ping", "ping");
	im_text(t, "bin/kind", "a file");
	put_link(t, "lib/systemd/system/sysinit.target.wants/old.service", "../old.service");
	put_link(t, "share/factory/etc/systemd/system/default.target", "multi-user.target");
	put_link(t, "share/factory/etc/systemd/system/was.service", "/dev/null");
}

static void fill_b(struct tree *t)
{
	fill(t);
	package(t, "changed", "1:1.0-2", SUM "bin/changed\n" SUM "lib/libx.so.1.1\n");
	package(t, "new", "3", NULL);
	im_text(t, "bin/changed", "three");
	im_text(t, "bin/over", "another");
	put_link(t, "lib/link", "/usr/two");
	im_text(t, "lib/libx.so.1.1", "x");
	put_link(t, "lib/libx.so.1", "libx.so.1.1");
	im_text(t, "bin/su", "su")->inode->mode |= 04000;
	ck_ok(tree_set_xattr(im_text(t, "bin/ping", "ping"), "security.capability",
			     "\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20));
	put_link(t, "bin/kind", "same");
	tree_lookup(t, "lib/text")->inode->uid = 7;
	im_text(t, "lib/modules/6.12/config",
		"CONFIG_A=m\nCONFIG_B=y\nCONFIG_C=\"x y\"\n# CONFIG_NEW is not set\n");
	put_link(t, "share/factory/etc/systemd/system/x.target.requires/new.service", "/usr/x");
	put_link(t, "lib/systemd/system/bad.service", "/dev/null");
	put_link(t, "lib/systemd/system/x.target.upholds/new.service", "../new.service");
	put_link(t, "lib/systemd/system/x.target.d/none.conf", "../none");
	im_text(t, "lib/systemd/system/empty.service", "");
	im_text(t, "lib/systemd/system/some.service", "[Unit]\n");
	put_link(t, "share/factory/etc/systemd/system/default.target", "/usr/lib/x.target");
	put_link(t, "share/factory/etc/systemd/user/s.target.wants/agent.socket", "/usr/x");
	im_text(t, "lib/es\033cape", "");
}

/* As much of an SBOM as says where files are from. @more: components of files in it */
static void put_sbom(struct tree *t, const char *more)
{
	_cleanup_free_ char *text = str_printf(
		"{\"components\":[{\"bom-ref\":\"Esp\",\"name\":\"no package\",\"components\":[{\"name\":\"/usr/bin/kind\"}]},"
		"{\"bom-ref\":\"Package-changed\",\"name\":\"changed\",\"purl\":\"pkg:deb/x\",\"components\":[{\"name\":\"/usr/lib/link\"}]},"
		"{\"bom-ref\":\"Package-unlisted\",\"name\":\"unlisted\",\"purl\":\"pkg:deb/x\",\"components\":[{\"name\":\"/usr/bin/su\"}]},"
		"{\"bom-ref\":\"Overlay-x\",\"group\":\"overlay\",\"name\":\"x\",\"components\":[%s{\"name\":\"/usr/lib/text\"}]},"
		"{\"bom-ref\":\"Finisher-units\",\"group\":\"finisher\",\"name\":\"units\",\"components\":"
		"[{\"name\":\"/usr/lib/systemd/system/bad.service\"}]}]}\n",
		more);

	im_text(t, "share/sbom/node.cdx.json", text);
}

static void print_changes(const struct changes *c, struct buf *b)
{
	for (size_t s = 0; s < CHANGES_N_SECTIONS; s++)
		for (size_t i = 0; i < c->sections[s].n; i++) {
			const struct change *x = &c->sections[s].v[i];
			buf_printf(b, "%zu %s: %s | %s", s, x->what, x->a ? x->a : "",
				   x->b ? x->b : "");
			if (s == CHANGES_PACKAGES)
				buf_printf(b, " | %d %d", (int)x->bytes[0], (int)x->bytes[1]);
			if (s == CHANGES_FILES)
				buf_printf(b, " | %s | %s%s", x->how ? x->how : "",
					   x->package  ? x->package
					   : x->origin ? x->origin
						       : "",
					   x->follows ? " (follows)" : "");
			buf_printf(b, "\n");
		}
}

static void read_changes(struct changes **ret)
{
	ck_ok(changes_read((const char *const[]){ fx_path("a.raw"), fx_path("b.raw") }, NULL, ret,
			   &e));
}

START_TEST(all_kinds_of_changes)
{
	static const char want[] =
		"0 changed: 1:1.0-1 | 1:1.0-2 | 17 6\n"
		"0 gone: 2 |  | 4 0\n"
		"0 new:  | 3 | 0 0\n"
		"1 debug:  | 1\n"
		"1 quiet: 1 | 2\n"
		"2 CONFIG_A: y | m\n"
		"2 CONFIG_B: n | y\n"
		"2 CONFIG_GONE: m | \n"
		"2 CONFIG_NEW:  | n\n"
		"3 bad.service:  | masked\n"
		"3 default.target: alias of multi-user.target | alias of x.target\n"
		"3 empty.service:  | masked\n"
		"3 new.service in x.target.requires:  | enabled\n"
		"3 new.service in x.target.upholds:  | enabled\n"
		"3 old.service in sysinit.target.wants: enabled | \n"
		"3 user/agent.socket in s.target.wants:  | enabled\n"
		"3 was.service: masked | \n"
		"4 /usr/bin/ping:  | capabilities cap_net_raw=ep\n"
		"4 /usr/bin/su:  | 4644 0:0\n"
		"5 /usr/bin/changed: file 0644 0:0 | file 0644 0:0 | content | changed (follows)\n"
		"5 /usr/bin/kind: file 0644 0:0 | symlink 0777 0:0 | type | \n"
		"5 /usr/bin/over: file 0644 0:0 | file 0644 0:0 | content | overlay x\n"
		"5 /usr/bin/ping: file 0644 0:0 | file 0644 0:0 | xattrs | \n"
		"5 /usr/bin/su: file 0644 0:0 | file 4644 0:0 | mode | unlisted\n"
		"5 /usr/lib/dpkg/status.d/changed: file 0644 0:0 | file 0644 0:0 | content | changed (follows)\n"
		"5 /usr/lib/dpkg/status.d/changed.md5sums: file 0644 0:0 | file 0644 0:0 | content | changed (follows)\n"
		"5 /usr/lib/dpkg/status.d/gone: file 0644 0:0 |  |  | gone (follows)\n"
		"5 /usr/lib/dpkg/status.d/gone.md5sums: file 0644 0:0 |  |  | gone (follows)\n"
		"5 /usr/lib/dpkg/status.d/new:  | file 0644 0:0 |  | new (follows)\n"
		"5 /usr/lib/es\\x1bcape:  | file 0644 0:0 |  | \n"
		"5 /usr/lib/libx.so.1: symlink 0777 0:0 | symlink 0777 0:0 | content | changed (follows)\n"
		"5 /usr/lib/libx.so.1.0: file 0644 0:0 |  |  | changed (follows)\n"
		"5 /usr/lib/libx.so.1.1:  | file 0644 0:0 |  | changed (follows)\n"
		"5 /usr/lib/link: symlink 0777 0:0 | symlink 0777 0:0 | content | changed (follows)\n"
		"5 /usr/lib/modules/6.12/config: file 0644 0:0 | file 0644 0:0 | content | \n"
		"5 /usr/lib/systemd/system/bad.service:  | symlink 0777 0:0 |  | finisher units\n"
		"5 /usr/lib/systemd/system/empty.service:  | file 0644 0:0 |  | \n"
		"5 /usr/lib/systemd/system/some.service:  | file 0644 0:0 |  | \n"
		"5 /usr/lib/systemd/system/sysinit.target.wants/old.service: symlink 0777 0:0 |  |  | \n"
		"5 /usr/lib/systemd/system/x.target.d/none.conf:  | symlink 0777 0:0 |  | \n"
		"5 /usr/lib/systemd/system/x.target.upholds/new.service:  | symlink 0777 0:0 |  | \n"
		"5 /usr/lib/text: file 0644 0:0 | file 0644 7:0 | owner | overlay x\n"
		"5 /usr/share/factory/etc/systemd/system/default.target: symlink 0777 0:0 | symlink 0777 0:0 | content | \n"
		"5 /usr/share/factory/etc/systemd/system/was.service: symlink 0777 0:0 |  |  | \n"
		"5 /usr/share/factory/etc/systemd/system/x.target.requires/new.service:  | symlink 0777 0:0 |  | \n"
		"5 /usr/share/factory/etc/systemd/user/s.target.wants/agent.socket:  | symlink 0777 0:0 |  | \n"
		"5 /usr/share/gone/file: file 0644 0:0 |  |  | gone (follows)\n"
		"5 /usr/share/sbom/node.cdx.json: file 0644 0:0 | file 0644 0:0 | content | \n";
	_cleanup_(changes_free) struct changes *c = NULL;
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct two t;

	two_init(&t);
	fill_a(t.a.usr);
	fill_b(t.b.usr);
	put_sbom(t.a.usr, "");
	put_sbom(t.b.usr, "{\"name\":\"/usr/bin/over\"},");
	t.b.cmdline = "console=ttyS0 quiet debug quiet";
	struct diff_report d = two_compare(&t);
	diff_report_done(&d);
	read_changes(&c);
	ck_assert(!c->equal);
	print_changes(c, &got);
	ck_assert_str_eq(buf_str(&got), want);
}
END_TEST

/* What is in the image and no package's: the biggest first. What the SBOM names and is not there is nothing. */
START_TEST(others_than_packages)
{
	_cleanup_(summary_free) struct summary *s = NULL;
	struct im_spec spec;

	im_spec_init(&spec);
	im_text(spec.usr, "bin/su", "su");
	im_text(spec.usr, "bin/over", "twelve bytes");
	im_text(spec.usr, "lib/text", "13 bytes more");
	put_link(spec.usr, "lib/systemd/system/bad.service", "/dev/null");
	put_sbom(spec.usr, "{\"name\":\"/usr/bin/over\"},{\"name\":\"/usr/bin/none\"},");
	im_make(&spec, fx_path("a.raw"));
	im_spec_done(&spec);
	ck_ok(summary_read(fx_path("a.raw"), &s, &e));
	ck_assert_uint_eq(s->n_others, 2);
	ck_assert_str_eq(s->others[0].name, "overlay x");
	ck_assert_uint_eq(s->others[0].bytes, 25);
	ck_assert_uint_eq(s->others[0].n_files, 2);
	ck_assert_str_eq(s->others[1].name, "finisher units");
	ck_assert_uint_eq(s->others[1].bytes, 0);
	ck_assert_uint_eq(s->others[1].n_files, 1);
}
END_TEST

/* Of a damaged one nothing is believed, and the rest is as ever. */
START_TEST(a_damaged_sbom)
{
	_cleanup_(summary_free) struct summary *s = NULL;
	struct im_spec spec;

	im_spec_init(&spec);
	put_sbom(spec.usr, "7,");
	im_make(&spec, fx_path("a.raw"));
	im_spec_done(&spec);
	ck_ok(summary_read(fx_path("a.raw"), &s, &e));
	ck_assert_uint_eq(s->n_others, 0);
	ck_assert_str_eq(s->version, "1");
}
END_TEST

START_TEST(equal_images_have_none)
{
	_cleanup_(changes_free) struct changes *c = NULL;

	make_equal();
	read_changes(&c);
	ck_assert(c->equal);
	ck_assert_uint_eq(changes_total(c), 0);
}
END_TEST

/* Times are none of its business: but the images are not equal, and it says so. */
START_TEST(times_are_no_change)
{
	_cleanup_(changes_free) struct changes *c = NULL;
	struct two t;

	two_init(&t);
	node(&t, "lib/text")->inode->mtime++;
	struct diff_report d = two_compare(&t);
	diff_report_done(&d);
	read_changes(&c);
	ck_assert(!c->equal);
	ck_assert_uint_eq(changes_total(c), 0);
}
END_TEST

static void fails_with(const char *b, int code, const char *text)
{
	struct changes *c = NULL;

	ck_fails(changes_read((const char *const[]){ fx_path("a.raw"), b }, NULL, &c, &e), code,
		 text);
}

START_TEST(what_has_no_usr)
{
	struct im_spec s;

	make_equal();
	fails_with(fx_path("none"), -ENOENT, "none");
	ck_ok(outfile_write(fx_path("text"), 0600, "text", 4, &e));
	fails_with(fx_path("text"), -ENODATA, "no image whose /usr can be read");
	flip(fx_path("b.raw"), USR + 1024 + 56);
	fails_with(fx_path("b.raw"), -ENODATA, "no image whose /usr can be read");
	/* A list of packages that makes no sense. */
	im_spec_init(&s);
	im_text(s.usr, "lib/dpkg/status.d/x.md5sums", SUM "bin/x\n");
	im_make(&s, fx_path("b.raw"));
	fails_with(fx_path("b.raw"), -ENODATA, "sums of no package");
	im_text(s.usr, "lib/dpkg/status.d/x", "Package: x\n");
	im_make(&s, fx_path("b.raw"));
	fails_with(fx_path("b.raw"), -ENODATA, "no Package or Version");
	im_text(s.usr, "lib/dpkg/status.d/x", "Package: x\nVersion: 1\n\nPackage: y\nVersion: 1\n");
	im_make(&s, fx_path("b.raw"));
	fails_with(fx_path("b.raw"), -ENODATA, "more than one package");
	im_spec_done(&s);
}
END_TEST

/* A file that cannot be read is met only when it is compared. */
START_TEST(a_damaged_file)
{
	static const char start[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct im_spec s;

	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "%s\n", start);
	im_spec_init(&s);
	s.usr_writer = &fs_writer_erofs;
	s.usr_fs.compression = FS_LZ4;
	im_text(s.usr, "lib/long", buf_str(&text));
	im_make(&s, fx_path("a.raw"));
	im_make(&s, fx_path("b.raw"));
	im_spec_done(&s);
	/* The token before the first literals and the rest of their length: fewer are before a match that is none. */
	flip(fx_path("b.raw"), find_bytes(fx_path("b.raw"), start, strlen(start), USR) - 2);
	fails_with(fx_path("b.raw"), -ENODATA, "no image whose /usr can be read: /lib/long: ");
}
END_TEST

FX_MAIN("changes", all_kinds_of_changes, others_than_packages, a_damaged_sbom,
	equal_images_have_none, times_are_no_change, what_has_no_usr, a_damaged_file)
