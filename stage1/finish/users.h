/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The users and groups of an image: read from passwd(5), group(5), shadow(5) and gshadow(5) files of
 * the tree, added to, and written back. Passwords never stand in passwd or group: those hold "x".
 */
#include "base/buf.h"
#include "base/strv.h"
#include "stage1/finish/ids.h"
#include "stage1/tree/tree.h"

struct user {
	char *name, *gecos, *home, *shell;
	uint32_t uid, gid;
	char *shadow; /* what follows "name:" in shadow: "!*:20000::::::" */
};

struct group {
	char *name;
	uint32_t gid;
	struct strv members;
	char *shadow; /* password and administrators of gshadow: "!*:" */
};

#define USERS_EXPIRED "1" /* in shadow: the account ended on that day, as sysusers' "u!" says it */

struct users {
	struct user *users; /* in the file's order */
	size_t n_users;
	struct group *groups;
	size_t n_groups;
};

#define USERS_INIT               \
	{                        \
		NULL, 0, NULL, 0 \
	}
#define _cleanup_users_ __attribute__((cleanup(users_done)))

void users_done(struct users *u);

/**
 * users_load() - what the tree has in etc/passwd and etc/group, or else in base-passwd's masters
 * @day: days since 1970 of the last change of a password that has no shadow entry yet
 *
 * Entries of etc/shadow and etc/gshadow are kept; without one, the password of passwd or group moves
 * there. A tree with none of these files has no users.
 * Return: 0; -EBADMSG a malformed line, with file and line; -ENOMEM
 */
int users_load(const struct tree *t, int64_t day, struct users *u, struct err *e) must_check;

/** users_wishes() - each user and group as it stands there: a number that is given */
int users_wishes(const struct users *u, const struct tree *t, struct id_wishes *w,
		 struct err *e) must_check;

/** users_add() - @m is copied; its uid and name must be free; Return: 0; -ENOMEM */
int users_add(struct users *u, const struct user *m) must_check;

/** users_add_group() - @m is copied; Return: 0; -ENOMEM */
int users_add_group(struct users *u, const struct group *m) must_check;

/** users_add_member() - a group that does not have the member gets it; members are sorted then */
int users_add_member(struct group *g, const char *user) must_check;

/* By name or number; borrowed, until the next users_add() or users_add_group(); NULL if there is none. */
struct user *users_by_name(const struct users *u, const char *name);
struct user *users_by_uid(const struct users *u, uint32_t uid);
struct group *users_group_by_name(const struct users *u, const char *name);
struct group *users_group_by_gid(const struct users *u, uint32_t gid);

/** users_name_is_valid() - as useradd and sysusers take it: [a-zA-Z_][a-zA-Z0-9_-]{0,30} */
bool users_name_is_valid(const char *name);

/** users_print() - the four files' texts */
void users_print(const struct users *u, struct buf *passwd, struct buf *group, struct buf *shadow,
		 struct buf *gshadow);
