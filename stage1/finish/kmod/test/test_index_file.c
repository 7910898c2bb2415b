/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The binary index, byte for byte; that depmod writes the same is seen in test_depmod.c. */
#include "base/test/support.h"
#include "stage1/finish/kmod/index_file.h"

static void expect(const struct index_entry *entries, size_t n, enum index_layout layout,
		   const char *want_hex)
{
	struct index_entry *copy = calloc(n + 1, sizeof(*copy));
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = { 0 };

	if (n)
		memcpy(copy, entries, n * sizeof(*copy));
	ck_ok(index_file_write(copy, n, layout, &out, &e));
	_cleanup_free_ char *hex = malloc(2 * out.len + 1);
	hex_encode(out.data, out.len, hex);
	ck_assert_str_eq(hex, want_hex);
	free(copy);
}

#define HEADER "b007f45700020001"

START_TEST(golden_bytes)
{
	static const struct index_entry two[] = { { "ab", "x", 1, 0 }, { "abc", "y", 2, 1 } };
	static const struct index_entry same[] = { { "k", "late", 2, 0 },
						   { "k", "first", 1, 1 },
						   { "k", "second", 1, 2 } };

	expect(NULL, 0, INDEX_PARENTS_FIRST, HEADER "0000000c");
	expect(NULL, 0, INDEX_CHILDREN_FIRST, HEADER "0000000c");
	/* Root at 12: one child 'a' at 18: prefix "b", child 'c' at 36, value x; there value y. */
	expect(two, 2, INDEX_PARENTS_FIRST,
	       HEADER "2000000c"
		      "6161e0000012"
		      "6200"
		      "636340000024"
		      "00000001000000017800"
		      "00000001000000027900");
	/* The same from the leaf up: 'c' at 12, 'a' at 22, the root at 40. */
	expect(two, 2, INDEX_CHILDREN_FIRST,
	       HEADER "20000028"
		      "00000001000000027900"
		      "6200"
		      "63634000000c"
		      "00000001000000017800"
		      "6161e0000016");
	/* By priority; of the same, the later one first. */
	expect(same, 3, INDEX_PARENTS_FIRST,
	       HEADER "2000000c"
		      "6b6b40000012"
		      "00000003"
		      "000000017365636f6e6400"
		      "00000001666972737400"
		      "000000026c61746500");
}
END_TEST

START_TEST(only_ascii)
{
	struct index_entry key = { "\xc3\xa4", "x", 0, 0 }, value = { "a", "\x80", 0, 0 };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = { 0 };

	ck_fails(index_file_write(&key, 1, INDEX_PARENTS_FIRST, &out, &e), -EBADMSG, "ASCII");
	ck_fails(index_file_write(&value, 1, INDEX_PARENTS_FIRST, &out, &e), -EBADMSG, "ASCII");
}
END_TEST

/* Each key is a prefix of the next: as deep as it gets, without recursion. */
START_TEST(deep_keys)
{
	enum { N = 4000 };
	struct index_entry *entries = calloc(N, sizeof(*entries));
	_cleanup_free_ char *longest = malloc(N + 1);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = { 0 };

	memset(longest, 'a', N);
	longest[N] = '\0';
	for (uint32_t i = 0; i < N; i++)
		entries[i] = (struct index_entry){ longest + N - 1 - i, "", 0, i };
	ck_ok(index_file_write(entries, N, INDEX_CHILDREN_FIRST, &out, &e));
	/* The root: 6 bytes. Each key: 6 of child (but the last), a count, a priority, a NUL. */
	ck_assert_uint_eq(out.len, 12 + 6 + N * 9 + (N - 1) * 6);
	free(entries);
}
END_TEST

TEST_MAIN("kmod index_file", golden_bytes, only_ascii, deep_keys)
