/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "stage1/finish/block.h"

#define BEGIN(tool) "# Automatically added by " tool "\n"
#define END	    "# End automatically added section\n"

/* The normal form of the first block of a script. */
static char *form_of(const char *script, const char *package, struct block_words *words)
{
	struct span rest = span_of(script), before;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct block b;

	ck_assert(block_next(&rest, &before, &b));
	ck_assert_int_eq(block_normal_form(&b, package, &out, words), 0);
	return buf_take_str(&out);
}

static void check_form(const char *body, const char *package, const char *want)
{
	struct block_words words = { STRV_INIT, STRV_INIT, STRV_INIT };
	_cleanup_free_ char *script = str_printf("%s%s%s", BEGIN("dh_x/1"), body, END);
	_cleanup_free_ char *form = form_of(script, package, &words);

	ck_assert_str_eq(form, want);
	block_words_done(&words);
}

START_TEST(takes_blocks_off)
{
	struct span rest = span_of("#!/bin/sh\n" BEGIN(
		"dh_a/13.24.2") "one\n" END "between\n" BEGIN("dh_b") "two\n" END "last");
	struct span before;
	struct block b;

	ck_assert(block_next(&rest, &before, &b));
	ck_assert(span_eq(before, "#!/bin/sh\n"));
	ck_assert(span_eq(b.tool, "dh_a"));
	ck_assert(span_eq(b.body, "one\n"));
	ck_assert(span_eq(b.text, BEGIN("dh_a/13.24.2") "one\n" END));
	ck_assert(block_next(&rest, &before, &b));
	ck_assert(span_eq(before, "between\n"));
	ck_assert(span_eq(b.tool, "dh_b"));
	ck_assert(!block_next(&rest, &before, &b));
	ck_assert(span_eq(before, "last"));
	ck_assert(!block_next(&rest, &before, &b));
	ck_assert_uint_eq(before.len, 0);
}
END_TEST

START_TEST(a_block_needs_its_last_line)
{
	static const char text[] = BEGIN("dh_a/1") "one\n# End automatically\n";
	struct span rest = span_of(text), before;
	struct block b;

	ck_assert(!block_next(&rest, &before, &b));
	ck_assert(span_eq(before, text));
}
END_TEST

/* The outer one has no end of its own: it is no block, and what is before the inner one stays. */
START_TEST(blocks_do_not_nest)
{
	struct span rest =
		span_of(BEGIN("dh_a/1") "one\n" BEGIN("dh_b/1") "two\n" END "three\n" END);
	struct span before;
	struct block b;

	ck_assert(block_next(&rest, &before, &b));
	ck_assert(span_eq(b.tool, "dh_b"));
	ck_assert(span_eq(before, BEGIN("dh_a/1") "one\n"));
	ck_assert(!block_next(&rest, &before, &b));
	ck_assert(span_eq(before, "three\n" END));
}
END_TEST

START_TEST(only_debhelpers_lines_begin_a_block)
{
	struct span tool;

	ck_assert(block_marker_tool(span_of("# Automatically added by dh_x/13.1~bpo"), &tool));
	ck_assert(span_eq(tool, "dh_x"));
	ck_assert(!block_marker_tool(span_of("# Automatically added by hand"), &tool));
	ck_assert(!block_marker_tool(span_of(" # Automatically added by dh_x"), &tool));
	ck_assert(!block_marker_tool(span_of("echo # Automatically added by dh_x"), &tool));
}
END_TEST

START_TEST(words_give_way)
{
	check_form("run 'a.service' 'b-c@1.socket' >x\n", "pkg", "dh_x\nrun %UNIT >x\n");
	check_form("run a.service b.path; c.timer\n", "pkg", "dh_x\nrun %UNIT; %UNIT\n");
	check_form("make basic.conf x-y.conf z\n", "pkg", "dh_x\nmake %CONF z\n");
	check_form("[ -x \"/etc/init.d/ssh\" ] && update ssh defaults\n", "pkg",
		   "dh_x\n[ -x %INIT ] && update %INIT defaults\n");
	check_form("start -p pkg pkg-more pk pkg:amd64\n", "pkg",
		   "dh_x\nstart -p %PACKAGE pkg-more pk %PACKAGE\n");
	check_form("NAME='ssh' X=\"y z\" run\n", "pkg", "dh_x\nNAME=%VALUE X=%VALUE run\n");
}
END_TEST

/* Paths, suffixes alone, and what the shell would expand are no parameters. */
START_TEST(other_words_stay)
{
	check_form("rm /etc/a.service .service a.serviced\n", "pkg",
		   "dh_x\nrm /etc/a.service .service a.serviced\n");
	check_form("rm /etc/a.conf\n", "pkg", "dh_x\nrm /etc/a.conf\n");
	check_form("rm /etc/init.d/a/b b\n", "pkg", "dh_x\nrm /etc/init.d/a/b b\n");
	check_form("X=\"$(reboot)\" Y=\"`id`\" Z=\"$1\" run\n", "pkg",
		   "dh_x\nX=\"$(reboot)\" Y=\"`id`\" Z=\"$1\" run\n");
	check_form("[ \"$1\" = \"configure\" ]\n", "pkg", "dh_x\n[ \"$1\" = configure ]\n");
}
END_TEST

START_TEST(arguments_of_known_programs_give_way)
{
	check_form("dpkg-maintscript-helper rm_conffile /etc/a 1\\~ -- \"$@\"\n", "pkg",
		   "dh_x\ndpkg-maintscript-helper %CHANGE %ARGS \"$@\"\n");
	check_form("dpkg-maintscript-helper rm_conffile /etc/a -- \"$@\"\n"
		   "dpkg-maintscript-helper mv_conffile /etc/a /etc/b -- \"$@\"\n",
		   "pkg", "dh_x\ndpkg-maintscript-helper %CHANGE %ARGS \"$@\"\n");
	check_form("dpkg-maintscript-helper rm_all /etc\n", "pkg",
		   "dh_x\ndpkg-maintscript-helper rm_all %ARGS\n");
	check_form("update-alternatives --install /usr/bin/a a /usr/bin/b 10 \\\n"
		   "    --slave '/x' y /z\n",
		   "pkg", "dh_x\nupdate-alternatives --install %ARGS\n");
	check_form("py3compile -p pkg /usr/lib/pkg -V 3.9-\n", "pkg", "dh_x\npy3compile %ARGS\n");
	/* Nothing is hidden in them. */
	check_form("dpkg-maintscript-helper rm_conffile /etc/a;reboot\n", "pkg",
		   "dh_x\ndpkg-maintscript-helper %CHANGE /etc/a;reboot\n");
	check_form("update-alternatives --remove a `id` >/etc/passwd\n", "pkg",
		   "dh_x\nupdate-alternatives --remove %ARGS `id` >/etc/passwd\n");
}
END_TEST

START_TEST(lines_come_down_to_what_they_do)
{
	check_form("\t# why\n\n  if a; then\n\tb   \n  fi\n", "pkg", "dh_x\nif a; then\nb\nfi\n");
	check_form("run a.service\nrun b.service\nstop c.service\n", "pkg",
		   "dh_x\nrun %UNIT\nstop %UNIT\n");
	/* A comment ends what a backslash would continue, so there it is none to drop. */
	check_form("sed x \\\n\t-e y\n", "pkg", "dh_x\nsed x -e y\n");
	check_form("sed x \\\n# no\n-e y\n", "pkg", "dh_x\nsed x # no\n-e y\n");
	check_form("dh_x\n", "pkg", "dh_x\ndh_x\n");
}
END_TEST

START_TEST(tells_what_was_taken_out)
{
	struct block_words words = { STRV_INIT, STRV_INIT, STRV_INIT };
	_cleanup_free_ char *form = form_of(BEGIN("dh_x") "a.service 'b.socket' c.conf\n"
							  "/etc/init.d/ssh d.service\n" END,
					    "pkg", &words);

	ck_assert_str_eq(form, "dh_x\n%UNIT %CONF\n%INIT %UNIT\n");
	ck_assert_uint_eq(words.units.n, 3);
	ck_assert_str_eq(words.units.v[1], "b.socket");
	ck_assert_uint_eq(words.confs.n, 1);
	ck_assert_str_eq(words.confs.v[0], "c.conf");
	ck_assert_uint_eq(words.inits.n, 1);
	ck_assert_str_eq(words.inits.v[0], "ssh");
	block_words_done(&words);
}
END_TEST

START_TEST(versions_do_not_matter_and_programs_do)
{
	static const char *const scripts[] = { BEGIN("dh_x/1") "a\n" END, BEGIN("dh_x/2") "a\n" END,
					       BEGIN("dh_y/1") "a\n" END };
	uint8_t digests[3][SHA256_BYTES];

	for (size_t i = 0; i < 3; i++) {
		struct block_words words = { STRV_INIT, STRV_INIT, STRV_INIT };
		struct span rest = span_of(scripts[i]), before;
		struct block b;
		ck_assert(block_next(&rest, &before, &b));
		ck_assert_int_eq(block_digest(&b, "pkg", &words, digests[i]), 0);
	}
	ck_assert_mem_eq(digests[0], digests[1], SHA256_BYTES);
	ck_assert_mem_ne(digests[0], digests[2], SHA256_BYTES);
}
END_TEST

TEST_MAIN("block", takes_blocks_off, a_block_needs_its_last_line, blocks_do_not_nest,
	  only_debhelpers_lines_begin_a_block, words_give_way, other_words_stay,
	  arguments_of_known_programs_give_way, lines_come_down_to_what_they_do,
	  tells_what_was_taken_out, versions_do_not_matter_and_programs_do)
