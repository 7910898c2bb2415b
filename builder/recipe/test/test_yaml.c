/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are no YAML, or more YAML than is accepted: a recipe and a layout refuse them alike. */
#include <sys/stat.h>

#include "base/buf.h"
#include "base/outfile.h"
#include "base/test/support.h"
#include "builder/recipe/recipe.h"

static int load_recipe(const char *path, struct err *e)
{
	_cleanup_(recipe_free) struct recipe *r = NULL;

	return recipe_load(path, &r, e);
}

static int load_layout(const char *path, struct err *e)
{
	_cleanup_(layout_free) struct layout *l = NULL;

	return layout_load(path, &l, e);
}

static int (*const loaders[])(const char *path, struct err *e) = { load_recipe, load_layout };

/* Both refuse the file, at this position and with this advice. */
static void refused(const void *data, size_t len, const char *where, const char *what)
{
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/x.yaml", dir);
	_cleanup_free_ char *prefix = str_printf("%s%s", path, where);
	struct err e = { 0 };

	ck_ok(outfile_write(path, 0644, data, len, &e));
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		ck_fails(loaders[i](path, &e), -EINVAL, what);
		ck_assert_msg(str_has_prefix(e.msg, prefix), "not at %s: %s", prefix, e.msg);
	}
	test_dir_remove(dir);
}

#define REFUSED(text, where, what) refused(text, sizeof(text) - 1, where, what)

START_TEST(no_yaml)
{
	REFUSED("name:\n\tx: 1\n", ":2:1: ",
		"tab character may not be used as indentation: "
		"indent with spaces");
	REFUSED("name: \"a\nversion: 1\n", ":1:7: ", "is its closing quote missing?");
	REFUSED("name: 'a\nversion: 1\n", ":1:7: ", "is its closing quote missing?");
	REFUSED("name: [a\nversion: 1\n", ":3:1: ", "without a closing bracket");
	REFUSED("name a\nversion: 1\n", ":1:1: ", "a key is followed by a colon and a space");
	REFUSED("name:a\nversion: 1\n", ":1:1: ", "a key is followed by a colon and a space");
	REFUSED("name: @a\n", ":1:7: ", "put it into quotes");
	REFUSED("name: \"\\q\"\n", ":1:8: ", "invalid escape 'q'");
	REFUSED("name: a\n---\nname: b\n", ":3:1: ", "a second document");
	REFUSED("name: a\n...\nname: [\n", ":4:1: ", "without a closing bracket");
}
END_TEST

START_TEST(no_text)
{
	REFUSED("name: a\xff\n",
		":1:8: ", "byte 0xff is no part of a text: save the file as UTF-8");
	REFUSED("# \xe4\nname: a\n", ":1:3: ", "byte 0xe4 is no part");
	REFUSED("# \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \x1b\nname: a\n",
		":1:9: ", "byte 0x1b is");
	REFUSED("# \xc0\xaf\n", ":1:3: ", "byte 0xc0 is no part");
	REFUSED("# \xed\xa0\x80 x\na: b", ":1:3: ", "byte 0xed is no part");
	REFUSED("a: b # \xf5\x80\x80\x80", ":1:8: ", "byte 0xf5 is no part");
	REFUSED("a: b # \xe2\x82", ":1:8: ", "byte 0xe2 is no part");
	REFUSED("", ":1:1: ", "the file is empty");
	REFUSED("\n# nothing but a comment\n  # and another", ":1:1: ", "the file is empty");
	REFUSED("---\n", ":1:1: ", "found nothing");
	REFUSED("name: a\nx\0y\n",
		":2:2: ", "byte 0x00 is no part of a text: save the file as UTF-8");
	REFUSED("\x7f"
		"ELF\2\1\1\0\0\0\n",
		":1:1: ", "byte 0x7f is no part of a text");
	REFUSED("\xff\xfen\0a\0m\0e\0", ":1:1: ", "byte 0xff is no part");
}
END_TEST

START_TEST(more_than_is_accepted)
{
	REFUSED("&a\nname: x\n", ":1:2: ", "anchors (&name) are not accepted");
	REFUSED("name: &a x\n", ":1:8: ", "anchors (&name) are not accepted");
	REFUSED("name: [&a [x]]\n", ":1:9: ", "anchors (&name) are not accepted");
	REFUSED("name: x\n&a b: c\n", ":2:2: ", "anchors (&name) are not accepted");
	REFUSED("name: !!str x\n", ":1:7: ", "tags (!name) are not accepted");
	REFUSED("name: *a\n", ":1:8: ", "aliases (*name) are not accepted");
	REFUSED("[a, b]: c\n", ":1:2: ", "a key has to be a plain word");
	REFUSED("name: x\n? a\n: b\n", ":2:1: ", "keys behind a question mark are not accepted");
	REFUSED("name: {? a: b}\n", ":1:8: ", "keys behind a question mark are not accepted");
	/* With this one, libfyaml 0.7.12 frees one thing twice. */
	REFUSED("? p:\t:", ":1:1: ", "keys behind a question mark are not accepted");
	REFUSED("name: [a]\n", ":1:1: name: ", "expected a single value, found a list");
	REFUSED("name: {a: b}\n", ":1:1: name: ", "expected a single value, found a mapping");
	REFUSED("name:\n", ":1:1: name: ", "is empty: give it a value");
	REFUSED("# first\n\n- a\n", ":3:3: ", "expected a mapping (key: value), found a list");
	REFUSED("name: a\nname: b\n", ":2:1: name: ", "this key is there twice: leave one out");
	REFUSED("<<: {a: b}\n", ":1:1: ", "unknown key \"<<\"; known here: name, ");
}
END_TEST

/* Each alias stands for nine of the one before: unfolded, ten of them would be 10^9 values. */
static void put_bomb(struct buf *b)
{
	buf_append_str(b, "name: &a [x, x, x, x, x, x, x, x, x]\n");
	for (char c = 'b'; c <= 'k'; c++) {
		buf_printf(b, "%c: &%c [", c, c);
		for (int i = 0; i < 9; i++)
			buf_printf(b, "%s*%c", i ? ", " : "", c - 1);
		buf_append_str(b, "]\n");
	}
}

START_TEST(alias_bomb)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	put_bomb(&b);
	refused(b.data, b.len, ":1:8: ", "anchors (&name) are not accepted");
}
END_TEST

START_TEST(deep_nesting)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, "name: ");
	for (int i = 0; i < 100000; i++)
		buf_append_str(&b, "[");
	refused(b.data, b.len, ":1:69: ", "no value is nested that deeply");
}
END_TEST

/* As many as a file can hold: each is looked at once, or this takes minutes. */
START_TEST(many_keys)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (int i = 0; b.len < MiB - 16; i++)
		buf_printf(&b, "k%d: 1\n", i);
	refused(b.data, b.len, ":1:1: ", "unknown key \"k0\"");
}
END_TEST

static void put_packages(struct buf *b, int n)
{
	b->len = 0;
	buf_append_str(b, "packages:\n");
	for (int i = 1; i <= n; i++)
		buf_printf(b, "- p%d\n", i);
	ck_assert(!buf_failed(b));
}

START_TEST(many_entries)
{
	_cleanup_(recipe_free) struct recipe *r = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/x.yaml", dir);
	struct err e = { 0 };

	put_packages(&b, 10000);
	ck_ok(outfile_write(path, 0644, b.data, b.len, &e));
	ck_fails(recipe_load(path, &r, &e), -EINVAL, "key \"name\" is missing");
	put_packages(&b, 10001);
	ck_ok(outfile_write(path, 0644, b.data, b.len, &e));
	ck_fails(recipe_load(path, &r, &e), -EINVAL,
		 "x.yaml:10002:3: packages: more than 10000 entries");
	test_dir_remove(dir);
}
END_TEST

START_TEST(huge)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, "name: ");
	while (b.len <= MiB)
		buf_append_str(&b, "a");
	refused(b.data, b.len, ": ", "larger than 1 MiB");
}
END_TEST

START_TEST(no_file)
{
	char *dir = test_dir();
	_cleanup_free_ char *sub = str_printf("%s/recipe.yaml", dir);
	_cleanup_free_ char *pipe = str_printf("%s/pipe.yaml", dir);
	struct err e = { 0 };

	ck_assert_int_eq(mkdir(sub, 0755), 0);
	ck_assert_int_eq(mkfifo(pipe, 0644), 0);
	ck_fails(load_recipe(dir, &e), -EINVAL, "/recipe.yaml: not a regular file");
	ck_fails(load_layout(sub, &e), -EINVAL, "/recipe.yaml: not a regular file");
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		ck_fails(loaders[i](pipe, &e), -EINVAL, "/pipe.yaml: not a regular file");
		ck_fails(loaders[i]("/nonexistent/x.yaml", &e), -ENOENT, "/nonexistent/x.yaml: No");
	}
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("yaml", no_yaml, no_text, more_than_is_accepted, alias_bomb, deep_nesting, many_keys,
	  many_entries, huge, no_file)
