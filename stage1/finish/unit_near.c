/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of units that a person may have meant. */
#include "base/buf.h"
#include "base/near.h"
#include "stage1/finish/unit_file.h"

#define MAX_NEAR     3
#define MAX_DISTANCE 4

struct near {
	const char *name;
	size_t distance;
};

/* "sshd" is near "ssh.service" as well: the part before the type counts, and one that holds the other. */
static size_t unit_distance(const char *wanted, const char *name)
{
	_cleanup_free_ char *a = strdup(wanted), *b = strdup(name);

	if (!a || !b)
		return SIZE_MAX;
	a[strcspn(a, ".@")] = '\0';
	b[strcspn(b, ".@")] = '\0';
	size_t d = near_distance(a, b);
	if (strlen(a) >= 3 && strlen(b) >= 3 && d > 2 && (strstr(a, b) || strstr(b, a)))
		d = 2;
	return d;
}

static void keep_nearest(struct near near[MAX_NEAR], const char *name, size_t d)
{
	for (size_t i = 0; i < MAX_NEAR; i++)
		if (near[i].name && str_eq(near[i].name, name))
			return;
	for (size_t i = 0; i < MAX_NEAR; i++) {
		if (near[i].name && near[i].distance <= d)
			continue;
		memmove(&near[i + 1], &near[i], (MAX_NEAR - 1 - i) * sizeof(near[0]));
		near[i] = (struct near){ name, d };
		return;
	}
}

int unit_near_names(const struct tree *t, enum unit_scope scope, const char *name, char **ret,
		    struct err *e)
{
	const char *dirs[] = { unit_etc_dir(scope), scope == UNIT_SYSTEM ? "usr/lib/systemd/system"
									 : "usr/lib/systemd/user" };
	struct near near[MAX_NEAR] = { 0 };
	_cleanup_buf_ struct buf b = BUF_INIT;
	const struct tree_node *n;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		const struct tree_node *dir = tree_lookup(t, dirs[i]);
		if (!dir || !tree_is_dir(dir))
			continue;
		tree_for_each_child (dir, n) {
			size_t d = unit_distance(name, n->name);
			if (!tree_is_dir(n) && d <= MAX_DISTANCE && unit_name_is_valid(n->name))
				keep_nearest(near, n->name, d);
		}
	}
	for (size_t i = 0; i < MAX_NEAR && near[i].name; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", near[i].name);
	*ret = buf_take_str(&b);
	return *ret ? 0 : err_oom(e);
}
