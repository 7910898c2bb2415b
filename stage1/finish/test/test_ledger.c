/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "stage1/finish/finish.h"
#include "stage1/finish/ledger_diff.h"

#define A    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define B    "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TAIL "does: x\nby: units\n"

static int parse(const char *text, struct ledger *l, struct err *e)
{
	return ledger_parse(l, "x", text, strlen(text), e);
}

static struct ledger *new_ledger(const char *text)
{
	struct ledger *l = calloc(1, sizeof(*l));
	struct err e = { 0 };

	ck_ok(parse(text, l, &e));
	return l;
}

START_TEST(reads_stanzas)
{
	_cleanup_(ledger_free) struct ledger *l = new_ledger(
		"# A comment.\n\n"
		"block: dh_x\nscript: postinst\nsha256: " A "\ndoes: enables\nby: units\n\n\n"
		"package: a\nscript: config\n# why\nsha256: " A "\n " B "\n"
		"does: one\n  and two\nby: users, configs\nbecause: no\n\n"
		"package: a\nscript: postinst\nsha256: " A "\ndoes: x\nbecause: y\n\n"
		"package: a\nscript: postinst\nsha256: " B "\ndoes: z\nbecause: y\n\n"
		"trigger: ldconfig\ndoes: x\nby: place\n");
	uint8_t d[SHA256_BYTES];

	ck_assert_uint_eq(l->n_entries, 5);
	ck_assert_str_eq(l->entries[1].does, "one and two");
	ck_assert_uint_eq(l->entries[1].by.n, 2);
	ck_assert_str_eq(l->entries[1].by.v[0], "users");
	ck_assert_int_eq(hex_decode(B, d, sizeof(d)), 0);
	ck_assert_ptr_eq(ledger_find(l, LEDGER_PACKAGE, "a", "config", d), &l->entries[1]);
	ck_assert_ptr_eq(ledger_find(l, LEDGER_PACKAGE, "a", "postinst", d), &l->entries[3]);
	ck_assert_ptr_null(ledger_find(l, LEDGER_PACKAGE, "a", "prerm", d));
	ck_assert_ptr_null(ledger_find(l, LEDGER_PACKAGE, "b", "postinst", d));
	ck_assert_ptr_null(ledger_find(l, LEDGER_BLOCK, "dh_x", "postinst", d));
	ck_assert_ptr_eq(ledger_find_trigger(l, "ldconfig"), &l->entries[4]);
	ck_assert_ptr_null(ledger_find_trigger(l, "a"));
}
END_TEST

START_TEST(refuses_bad_stanzas)
{
#define HEAD "package: a\nscript: b\nsha256: "
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "\npackage: a\nscript b\n", "x:3: not a field" },
		{ HEAD A "\nwhy: x\n", "x:4: why is no field" },
		{ HEAD "12\n" TAIL, "x:3: \"12\" is no SHA-256" },
		{ HEAD A "\ndoes:\nby: units\n", "x:4: does is empty" },
		{ HEAD A "\nby: units\n", "x:1: a: does is missing" },
		{ HEAD A "\ndoes: x\n", "x:1: a: neither by" },
		{ HEAD A "\ndoes: x\nby: units, unit\n", "x:5: no finisher is called \"unit\"" },
		{ HEAD A "\ndoes: x\n" TAIL, "x:5: the field is there twice" },
		{ HEAD A "\nsha256: " B "\n" TAIL, "x:4: sha256 is no field of a stanza, or" },
		{ "package: a\nblock: b\n" TAIL, "x:2: the field is there twice" },
		{ "script: b\nsha256: " A "\n" TAIL, "x:1: the stanza has no package" },
		{ "package: a\nsha256: " A "\n" TAIL, "x:1: a: packages and blocks have script" },
		{ "package: a\nscript: b\n" TAIL, "x:1: a: packages and blocks have script" },
		{ "trigger: a\nscript: b\n" TAIL, "x:1: a: packages and blocks have script" },
		{ "trigger: a\n" TAIL "\ntrigger: a\n" TAIL, "x:5: a  should stand before a" },
		{ HEAD A "\n" TAIL "\nblock: a\nscript: b\nsha256: " A "\n" TAIL,
		  "x:7: a b should stand before a" },
		{ HEAD A "\n" TAIL "\npackage: a\nscript: a\nsha256: " A "\n" TAIL,
		  "x:7: a a should stand before a" },
		{ HEAD A "\n" TAIL "\n" HEAD A "\n" TAIL, "x:7: a sha256 of a b is there twice" },
	};
#undef HEAD
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(ledger_free) struct ledger *l = calloc(1, sizeof(*l));
		struct err e = { 0 };
		ck_assert_msg(parse(cases[i].text, l, &e) == -EINVAL, "case %zu was taken", i);
		ck_assert_msg(strstr(e.msg, cases[i].message) == e.msg, "case %zu: %s", i, e.msg);
	}
}
END_TEST

START_TEST(refuses_bad_lines)
{
	static const char *const cases[] = { "a postinst\n",
					     "a postinst 12\n",
					     "a postinst " A " b\n",
					     " 012345\n",
					     "a postinst " A "\n 01234\n",
					     "a postinst " A "\n 01234g\n" };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(ledger_free) struct ledger *l = calloc(1, sizeof(*l));
		struct err e = { 0 };
		ck_fails(ledger_parse_lines(l, "x", cases[i], strlen(cases[i]), &e), -EINVAL,
			 "neither \"package script sha256\" nor hashes");
	}
}
END_TEST

/* What the program carries: parsed, so every by: is a finisher, and no line hash is left over. */
START_TEST(the_ledger_is_in_order)
{
	_cleanup_(ledger_free) struct ledger *l = NULL;
	struct err e = { 0 };

	ck_ok(ledger_open(&l, &e));
	ck_assert_uint_gt(l->n_entries, 100);
	for (size_t i = 0; i < l->n_lines; i++)
		ck_assert_msg(ledger_find(l, LEDGER_PACKAGE, l->lines[i].package,
					  l->lines[i].script, l->lines[i].sha256),
			      "scripts.lines: %s %s is not in scripts.ledger", l->lines[i].package,
			      l->lines[i].script);
	for (size_t i = 0; i < l->n_entries; i++)
		for (size_t k = 0; k < l->entries[i].by.n; k++)
			ck_assert(finish_exists(l->entries[i].by.v[k]));
	ck_assert(!finish_exists("unit"));
}
END_TEST

/* A package with one script and some files. */
struct one {
	struct package package;
	struct package_script script;
	struct package_entry entries[4];
	struct ledger_finding f;
};

static void judge(struct one *o, const struct ledger *l, const char *name, const char *script,
		  const char *text)
{
	struct err e = { 0 };

	o->package.name = (char *)(uintptr_t)name;
	o->package.entries = o->entries;
	o->script.name = (char *)(uintptr_t)script;
	o->script.content = blob_new_str(text);
	ck_ok(ledger_judge(l, &o->package, &o->script, &o->f, &e));
}

static void add_file(struct one *o, const char *path)
{
	o->entries[o->package.n_entries++].path = (char *)(uintptr_t)path;
}

static void one_done(struct one *o)
{
	ledger_finding_done(&o->f);
	blob_unref(o->script.content);
}

static enum ledger_verdict verdict_of(const char *script, const char *text)
{
	_cleanup_(ledger_free) struct ledger *l = new_ledger("trigger: ldconfig\n" TAIL);
	struct one o = { .package.n_entries = 0 };

	add_file(&o, "etc/a");
	judge(&o, l, "pkg", script, text);
	enum ledger_verdict v = o.f.verdict;
	one_done(&o);
	return v;
}

START_TEST(some_scripts_do_nothing)
{
	static const char *const nothing[] = {
		"#!/bin/sh\n",
		"#!/bin/sh -e\n\n# A comment.\nset -e\nexit 0\n",
		("#! /bin/bash\n\ncase \"$1\" in\n  configure|abort-upgrade)\n    ;;\n  *)\n"
		 "    echo \"$0: unknown argument \\`$1'\" >&2\n    exit 1\n    ;;\nesac\n:\n"),
	};
	static const char *const something[] = {
		"",
		"true\n",
		"#!/usr/bin/perl\nexit 0\n",
		"#!/bin/sh\nreboot\n",
		"#!/bin/sh\nexit 0; reboot\n",
		"#!/bin/sh\necho \"$(reboot)\" >&2\n",
		"#!/bin/sh\necho \"`reboot`\" >&2\n",
		"#!/bin/sh\necho \"a\" >&2; b\" >&2\n",
		"#!/bin/sh\necho a >/etc/b\n",
		"#!/bin/sh\ncase $(reboot) in\nesac\n",
		"#!/bin/sh\na) reboot ;;\n",
		"#!/bin/sh\n: \\\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++)
		ck_assert_msg(verdict_of("postinst", nothing[i]) == LEDGER_NOTHING, "case %zu", i);
	for (size_t i = 1; i < ARRAY_SIZE(something); i++)
		ck_assert_msg(verdict_of("postinst", something[i]) == LEDGER_UNKNOWN, "case %zu",
			      i);
}
END_TEST

START_TEST(triggers_by_name)
{
	ck_assert_int_eq(verdict_of("triggers", "# Triggers added by dh_x/1\n"
						"activate-noawait ldconfig\n"),
			 LEDGER_PARTS);
	ck_assert_int_eq(verdict_of("triggers", "interest ldconfig\n"), LEDGER_PARTS);
	ck_assert_int_eq(verdict_of("triggers", "interest other\n"), LEDGER_UNKNOWN);
	ck_assert_int_eq(verdict_of("triggers", "activat ldconfig\n"), LEDGER_UNKNOWN);
	ck_assert_int_eq(verdict_of("triggers", "activate ldconfig more\n"), LEDGER_UNKNOWN);
	ck_assert_int_eq(verdict_of("triggers", "ldconfig\n"), LEDGER_UNKNOWN);
}
END_TEST

START_TEST(conffiles_are_files_of_the_package)
{
	ck_assert_int_eq(verdict_of("conffiles", "/etc/a\n"), LEDGER_PARTS);
	ck_assert_int_eq(verdict_of("conffiles", "/etc/a\nremove-on-upgrade /etc/gone\n"),
			 LEDGER_PARTS);
	ck_assert_int_eq(verdict_of("conffiles", "/etc/a\n/etc/b\n"), LEDGER_UNKNOWN);
	ck_assert_int_eq(verdict_of("conffiles", "etc/a\n"), LEDGER_UNKNOWN);
	ck_assert_int_eq(verdict_of("conffiles", "flag /etc/a\n"), LEDGER_UNKNOWN);
	ck_assert_int_eq(verdict_of("conffiles", "remove-on-upgrade /etc/a b\n"), LEDGER_UNKNOWN);
}
END_TEST

START_TEST(other_members)
{
	ck_assert(!ledger_is_script("md5sums"));
	ck_assert(!ledger_is_script("templates"));
	ck_assert(ledger_is_script("postinst"));
	ck_assert(ledger_is_script("never-heard-of"));
}
END_TEST

START_TEST(refuses_what_is_no_script)
{
	_cleanup_(ledger_free) struct ledger *l = new_ledger("");
	_cleanup_free_ char *big = malloc(LEDGER_MAX_SCRIPT_BYTES + 1);
	struct package p = { .name = (char *)(uintptr_t) "pkg" };
	struct package_script odd = { (char *)(uintptr_t) "post\033inst", blob_new_str("x") };
	struct package_script large = { (char *)(uintptr_t) "postinst", NULL };
	struct ledger_finding f;
	struct err e = { 0 };

	memset(big, '\n', LEDGER_MAX_SCRIPT_BYTES + 1);
	large.content = blob_new(big, LEDGER_MAX_SCRIPT_BYTES + 1);
	ck_fails(ledger_judge(l, &p, &odd, &f, &e), -EBADMSG, "package pkg: a member");
	ledger_finding_done(&f);
	ck_fails(ledger_judge(l, &p, &large, &f, &e), -EBADMSG,
		 "postinst: 4194305 bytes are too many");
	ledger_finding_done(&f);
	blob_unref(odd.content);
	blob_unref(large.content);
}
END_TEST

#define BEGIN(tool) "# Automatically added by " tool "\n"
#define END	    "# End automatically added section\n"

/* A ledger that knows one block, and for package "pkg" a postinst of this text. */
static struct ledger *ledger_of(const char *tool, const char *block, const char *rest)
{
	struct block_words words = { STRV_INIT, STRV_INIT, STRV_INIT };
	struct block b = { .tool = { tool, strlen(tool) }, .body = { block, strlen(block) } };
	char hex[SHA256_HEX], rest_hex[SHA256_HEX];
	uint8_t d[SHA256_BYTES];

	ck_assert_int_eq(block_digest(&b, "pkg", &words, d), 0);
	block_words_done(&words);
	hex_encode(d, sizeof(d), hex);
	sha256_bytes(rest, strlen(rest), d);
	hex_encode(d, sizeof(d), rest_hex);
	_cleanup_free_ char *text =
		str_printf("block: %s\nscript: postinst\nsha256: %s\n" TAIL
			   "\npackage: linux-@VERSION@-x\nscript: postinst\nsha256: %s\n" TAIL
			   "\npackage: pkg\nscript: postinst\nsha256: %s\n" TAIL,
			   tool, hex, rest_hex, rest_hex);
	return new_ledger(text);
}

START_TEST(blocks_and_rest)
{
	_cleanup_(ledger_free) struct ledger *l =
		ledger_of("dh_installsystemd", "enable 'a.service'\n", "#!/bin/sh\nmkdir /x\n");
	static const struct {
		const char *text;
		enum ledger_verdict verdict;
		size_t n_parts, n_strangers;
	} cases[] = {
		/* Another unit, another version, another place: the same block. */
		{ "#!/bin/sh\n" BEGIN("dh_installsystemd/9") "  enable 'b.service'\n" END,
		  LEDGER_PARTS, 1, 0 },
		{ "#!/bin/sh\n" BEGIN(
			  "dh_installsystemd") "enable 'a@1.service'\n" END
					       "mkdir /x\n" BEGIN(
						       "dh_installsystemd/9") "enable 'b.service'\n" END,
		  LEDGER_LISTED, 1, 0 },
		{ "#!/bin/sh\nmkdir /x\n", LEDGER_LISTED, 0, 0 },
		/* A body that was changed, another program's, one without its end. */
		{ "#!/bin/sh\n" BEGIN("dh_installsystemd/9") "enable 'b.service'; x\n" END,
		  LEDGER_UNKNOWN, 0, 1 },
		{ "#!/bin/sh\n" BEGIN("dh_other/9") "enable 'b.service'\n" END, LEDGER_UNKNOWN, 0,
		  1 },
		{ "#!/bin/sh\n" BEGIN("dh_installsystemd/9") "enable 'b.service'\n", LEDGER_UNKNOWN,
		  0, 0 },
		{ "#!/bin/sh\nmkdir /y\n", LEDGER_UNKNOWN, 0, 0 },
		/* Nobody could do what it asks for. */
		{ "#!/bin/sh\n" BEGIN("dh_installsystemd/9") "enable 'missing.service'\n" END,
		  LEDGER_UNKNOWN, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct one o = { .package.n_entries = 0 };
		add_file(&o, "usr/lib/systemd/system/a@.service");
		add_file(&o, "lib/systemd/system/b.service");
		judge(&o, l, "pkg", "postinst", cases[i].text);
		ck_assert_msg(o.f.verdict == cases[i].verdict, "case %zu", i);
		ck_assert_msg(o.f.n_parts == cases[i].n_parts, "case %zu", i);
		ck_assert_msg(o.f.n_strangers == cases[i].n_strangers, "case %zu", i);
		one_done(&o);
	}
}
END_TEST

/* In another script the same block is another one: finishers look at postinst. */
START_TEST(a_block_is_known_in_its_script_only)
{
	_cleanup_(ledger_free) struct ledger *l = ledger_of("dh_x", "enable\n", "");
	struct one o = { .package.n_entries = 0 };

	judge(&o, l, "pkg", "preinst", "#!/bin/sh\n" BEGIN("dh_x/1") "enable\n" END);
	ck_assert_int_eq(o.f.verdict, LEDGER_UNKNOWN);
	/* What stays in the rest has no version: another one gives the same digest. */
	ck_assert_str_eq(buf_str(&o.f.rest), "#!/bin/sh\n" BEGIN("dh_x") "enable\n" END);
	one_done(&o);
}
END_TEST

START_TEST(versions_in_names)
{
	_cleanup_(ledger_free) struct ledger *l =
		ledger_of("dh_x", "", "#!/bin/sh\nv=@VERSION@-x; f @VERSION@\n");
	struct one o = { .package.n_entries = 0 };

	judge(&o, l, "linux-6.12.1+deb13-x", "postinst",
	      "#!/bin/sh\nv=6.12.1+deb13-x; f 6.12.1+deb13\n");
	ck_assert_int_eq(o.f.verdict, LEDGER_LISTED);
	ck_assert_str_eq(o.f.name, "linux-@VERSION@-x");
	one_done(&o);
	o = (struct one){ .package.n_entries = 0 };
	judge(&o, l, "libc6.1-2-x1.0", "postinst", "#!/bin/sh\nx 2\n");
	ck_assert_str_eq(o.f.name, "libc6.1-2-x1.0");
	one_done(&o);
}
END_TEST

/* The diff of @text to a ledger that knows the lines of @known; NULL if it knows none. */
static char *diff_of(const char *known, const char *text)
{
	_cleanup_(ledger_free) struct ledger *old = new_ledger(""), *l = new_ledger("");
	_cleanup_buf_ struct buf lines = BUF_INIT, out = BUF_INIT;
	struct one o = { .package.n_entries = 0 };
	const struct ledger_lines *from;
	struct err e = { 0 };

	judge(&o, old, "pkg", "postinst", known);
	ck_assert_int_eq(ledger_print_lines(old, &o.f, 1, &lines), 0);
	one_done(&o);
	ck_ok(ledger_parse_lines(l, "x", buf_str(&lines), lines.len, &e));
	ck_assert_uint_eq(l->n_lines, 1);
	o = (struct one){ .package.n_entries = 0 };
	judge(&o, l, "pkg", "postinst", text);
	ck_assert_int_eq(ledger_diff(l, &o.f, &out, &from), 0);
	ck_assert_ptr_eq(from, l->lines);
	one_done(&o);
	return buf_take_str(&out);
}

START_TEST(shows_what_changed)
{
	_cleanup_free_ char *added = diff_of("a\nb\nc\nd\ne\n", "a\nb\nc\nd\nnew\ne\n");
	ck_assert_str_eq(added, "@@ line 2, of the known script 2 @@\n b\n c\n d\n+new\n e\n");
	_cleanup_free_ char *gone = diff_of("a\nb\nc\n", "a\nc\n");
	ck_assert_str_eq(
		gone, "@@ line 1, of the known script 1 @@\n a\n-line 2 of the known script\n c\n");
	_cleanup_free_ char *changed = diff_of("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
					       "1\nx\n3\n4\n5\n6\n7\n8\n9\n10\ny\n12\n");
	ck_assert_str_eq(changed, "@@ line 1, of the known script 1 @@\n 1\n"
				  "-line 2 of the known script\n+x\n 3\n 4\n 5\n"
				  "@@ line 8, of the known script 8 @@\n 8\n 9\n 10\n"
				  "-line 11 of the known script\n+y\n 12\n");
}
END_TEST

START_TEST(shows_the_nearest_version)
{
	_cleanup_(ledger_free) struct ledger *l = new_ledger("");
	_cleanup_buf_ struct buf lines = BUF_INIT, out = BUF_INIT;
	struct one o[2] = { { .package.n_entries = 0 }, { .package.n_entries = 0 } };
	const struct ledger_lines *from = NULL;
	struct ledger_finding f[2];
	struct err e = { 0 };

	judge(&o[0], l, "pkg", "postinst", "a\nb\nc\n");
	judge(&o[1], l, "pkg", "postinst", "x\ny\nc\n");
	f[0] = o[0].f;
	f[1] = o[1].f;
	ck_assert_int_eq(ledger_print_lines(l, f, 2, &lines), 0);
	ck_ok(ledger_parse_lines(l, "x", buf_str(&lines), lines.len, &e));
	ck_assert_uint_eq(l->n_lines, 2);
	struct one new = { .package.n_entries = 0 };
	judge(&new, l, "pkg", "postinst", "x\nY\nc\n");
	ck_assert_int_eq(ledger_diff(l, &new.f, &out, &from), 0);
	ck_assert_mem_eq(from->sha256, o[1].f.sha256, SHA256_BYTES);
	one_done(&new);
	new = (struct one){ .package.n_entries = 0 };
	judge(&new, l, "pkg", "prerm", "x\n");
	out.len = 0;
	ck_assert_int_eq(ledger_diff(l, &new.f, &out, &from), 0);
	ck_assert_ptr_null(from);
	ck_assert_uint_eq(out.len, 0);
	one_done(&new);
	one_done(&o[0]);
	one_done(&o[1]);
}
END_TEST

TEST_MAIN("ledger", reads_stanzas, refuses_bad_stanzas, refuses_bad_lines, the_ledger_is_in_order,
	  some_scripts_do_nothing, triggers_by_name, conffiles_are_files_of_the_package,
	  other_members, refuses_what_is_no_script, blocks_and_rest,
	  a_block_is_known_in_its_script_only, versions_in_names, shows_what_changed,
	  shows_the_nearest_version)
