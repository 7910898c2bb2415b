/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What makes a node this one: no two have it in common, and no restart changes it. */
#include "qemu-tests/cases/boot.h"

struct node_identity {
	char *machine_id, *host_key;
	char *seeds; /* digests of the random seeds of systemd and of the boot loader */
};

void node_identity_done(struct node_identity *i);
#define _cleanup_node_identity_ __attribute__((cleanup(node_identity_done)))

/** node_identity_ask() - of the node that is up; @ret is empty */
int node_identity_ask(struct boot *b, struct node_identity *ret, struct err *e) must_check;

/**
 * node_identity_kept() - is @after what @before is after a restart? Seeds are used once: they must be others.
 * Return: 0; -EBADMSG it is not
 */
int node_identity_kept(const struct node_identity *before, const struct node_identity *after,
		       struct err *e) must_check;

/** node_identity_others() - have two nodes nothing in common? Return: 0; -EBADMSG they have */
int node_identity_others(const struct node_identity *one, const struct node_identity *other,
			 struct err *e) must_check;
