/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Numbers of users and groups that stay the same from one version of an image to the next: files on
 * nodes belong to numbers. They are allotted once, kept in the lock, and carried from lock to lock. The
 * number of a name that an image has no more stays reserved.
 *
 * Allotted are IDS_MAX down to IDS_MIN. What a node makes for itself (useradd -r, systemd-sysusers) goes
 * from IDS_NODE_MAX down to IDS_NODE_MIN, so that a later version does not meet it. Below IDS_MIN is
 * what a distribution fixes; Debian fixes group users at 100. The ids of DynamicUser= (61184 to 65519)
 * and of people (from 1000) are elsewhere.
 */
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

#define IDS_MIN	     101
#define IDS_MAX	     499
#define IDS_NODE_MIN 500
#define IDS_NODE_MAX 999

enum id_kind { ID_GROUP, ID_USER };

struct id {
	enum id_kind kind;
	char *name;
	uint32_t number;
	bool used; /* false: no user or group of the image any more; the number stays reserved */
};

struct ids {
	struct id *v; /* groups before users, each sorted by name */
	size_t n;
};

#define IDS_INIT        \
	{               \
		NULL, 0 \
	}
#define _cleanup_ids_ __attribute__((cleanup(ids_done)))

void ids_done(struct ids *s);

/** ids_copy() - @to is empty; Return: 0; -ENOMEM */
int ids_copy(const struct ids *from, struct ids *to) must_check;

/** ids_append() - at the end; ids_order() tells whether it belongs there; Return: 0; -ENOMEM */
int ids_append(struct ids *s, enum id_kind kind, const char *name, uint32_t number,
	       bool used) must_check;

/** ids_order() - as strcmp(): the order of struct ids */
int ids_order(const struct id *a, const struct id *b);

/** ids_find() - NULL: there is none of that name */
const struct id *ids_find(const struct ids *s, enum id_kind kind, const char *name);

/** ids_kind_name() - "user", "group" */
const char *ids_kind_name(enum id_kind kind);

/** ids_name_ok() - can a name stand in passwd(5), group(5) and in the lock? */
bool ids_name_ok(const char *name, size_t len);

/** ids_number_ok() - -1 is no id, and 65535 was none once */
bool ids_number_ok(uint64_t number);

/* A user or group that the packages or the overlay ask for. */
struct id_wish {
	enum id_kind kind;
	const char *name;  /* borrowed */
	const char *where; /* what asks: "usr/lib/sysusers.d/dbus.conf:3"; borrowed */
	enum {
		ID_ANY,	  /* no number, or one that was to be had from a node only */
		ID_FIXED, /* this number, or any other if another name in the image has it */
		ID_GIVEN, /* a line of passwd or group: it has this number */
	} how;
	uint32_t number; /* unless ID_ANY */
};

struct id_wishes {
	struct id_wish *v; /* each kind and name once */
	size_t n;
};

/** id_wishes_add() - Return: 0; -ENOMEM */
int id_wishes_add(struct id_wishes *w, const struct id_wish *wish) must_check;

/**
 * ids_allot() - numbers for all wishes
 * @w:        fixed numbers are granted in this order; that of the others does not matter
 * @previous: of the version before; its numbers stay
 * @ret:      empty; gets those of @previous and of @w
 *
 * A name's group and user get one number where both are free. A number that is allotted belongs to no
 * other user or group.
 * Return: 0; -EEXIST a number that is fixed is another one than in @previous, or another's there, with
 * what to do; -EINVAL a name that cannot stand in a lock, or no number is left; -ENOMEM
 */
int ids_allot(const struct id_wishes *w, const struct ids *previous, struct ids *ret,
	      struct err *e) must_check;

/**
 * ids_check() - is @locked what ids_allot() would make of it?
 * Return: 0; -ESTALE, with what differs and what to do; as ids_allot()
 */
int ids_check(const struct id_wishes *w, const struct ids *locked, struct err *e) must_check;
