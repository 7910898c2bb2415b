/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a node is the same one, and when two are two. */
#include "base/test/support.h"
#include "qemu-tests/cases/node_identity.h"

static struct err e;

#define SEEDS(a, b) "a" #a "  /var/lib/systemd/random-seed\nb" #b "  /boot/loader/random-seed"

static struct node_identity identity(const char *id, const char *key, const char *seeds)
{
	return (struct node_identity){ (char *)id, (char *)key, (char *)seeds };
}

START_TEST(kept)
{
	const struct node_identity before = identity("1", "k1", SEEDS(1, 1));
	const struct node_identity same = identity("1", "k1", SEEDS(2, 2));
	const struct node_identity bad[] = { identity("2", "k1", SEEDS(2, 2)),
					     identity("1", "k2", SEEDS(2, 2)),
					     identity("1", "k1", SEEDS(1, 2)),
					     identity("1", "k1", SEEDS(2, 1)) };

	ck_ok(node_identity_kept(&before, &same, &e));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(node_identity_kept(&before, &bad[i], &e), -EBADMSG);
}
END_TEST

START_TEST(others)
{
	const struct node_identity one = identity("1", "k1", SEEDS(1, 1));
	const struct node_identity other = identity("2", "k2", SEEDS(2, 2));
	const struct node_identity bad[] = { identity("1", "k2", SEEDS(2, 2)),
					     identity("2", "k1", SEEDS(2, 2)),
					     identity("2", "k2", SEEDS(1, 2)),
					     identity("2", "k2", SEEDS(2, 1)) };

	ck_ok(node_identity_others(&one, &other, &e));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(node_identity_others(&one, &bad[i], &e), -EBADMSG);
}
END_TEST

TEST_MAIN("node_identity", kept, others)
