/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * sysusers.d(5) as of systemd 257: what its lines ask for, and how that becomes users and groups, which
 * get their numbers from a table (ids.h).
 */
#include "stage1/finish/finish.h"
#include "stage1/finish/ids.h"
#include "stage1/finish/users.h"

enum sysusers_type { SYSUSERS_USER, SYSUSERS_GROUP };

struct sysusers_item {
	enum sysusers_type type;
	char *name;
	char *group_name, *id_path, *description, *home, *shell; /* NULL: not given */
	uint32_t uid, gid;
	bool uid_set, gid_set;
	bool gid_strict; /* the group must be there already */
	bool locked;	 /* u! */
	char *where;	 /* "usr/lib/sysusers.d/basic.conf:4" */
};

struct sysusers_member {
	char *user, *group;
	char *where;
};

struct sysusers {
	struct sysusers_item *items;
	size_t n_items;
	struct sysusers_member *members;
	size_t n_members;
	bool has_range; /* an "r" line: where the node shall allot */
};

#define SYSUSERS_INIT                   \
	{                               \
		NULL, 0, NULL, 0, false \
	}
#define _cleanup_sysusers_ __attribute__((cleanup(sysusers_done)))

void sysusers_done(struct sysusers *s);

/**
 * sysusers_add_line() - parse one line
 * @where: "file:line" for messages
 *
 * The first line for a user or group counts, later ones are passed over.
 * Return: 0; -EINVAL with @where: what is wrong; -ENOMEM
 */
int sysusers_add_line(struct sysusers *s, const struct finish_params *p, const char *line,
		      const char *where, struct err *e) must_check;

/**
 * sysusers_read() - all sysusers.d files of the tree
 * Return: as sysusers_add_line(), and as text_read()
 */
int sysusers_read(struct sysusers *s, const struct finish_params *p, struct err *e) must_check;

/** sysusers_add() - as a line would, unless there is one for the name; @i is copied */
int sysusers_add(struct sysusers *s, const struct sysusers_item *i, struct err *e) must_check;

/** sysusers_add_implied() - users and groups that only membership lines name are made too */
int sysusers_add_implied(struct sysusers *s, struct err *e) must_check;

/**
 * sysusers_wishes() - the users and groups that @u lacks
 * @t: whose files' owners "/path" ids mean
 * @w: names and places are borrowed from @s
 */
int sysusers_wishes(const struct sysusers *s, const struct users *u, const struct tree *t,
		    struct id_wishes *w, struct err *e) must_check;

/**
 * sysusers_apply() - add to @u what is not there yet
 * @ids: has all that sysusers_wishes() asked for
 * @day: as for users_load()
 * Return: 0; -EINVAL a group that must be there is not; -ENOMEM
 */
int sysusers_apply(const struct sysusers *s, const struct ids *ids, int64_t day, struct users *u,
		   struct err *e) must_check;
