/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What cases of updates do with a node; the image is called update_<version>. */
#include "qemu-tests/cases/boot.h"

/** node_start() - the image on a disk of its own */
int node_start(struct boot *b, struct err *e) must_check;

/** node_done() - as a destructor */
void node_done(struct boot *b);

/**
 * node_take() - have the node take what is in a channel
 * @channel: NULL: that of the image
 * @result:  what must come of it: "none", "installed", "held", "stale", "failed"
 * @says:    what the journal must say of it
 */
int node_take(struct boot *b, const char *channel, const char *result, const char *says,
	      struct err *e) must_check;

/** node_wait_up() - it is up, in order, and takes no update by itself */
int node_wait_up(struct boot *b, struct err *e) must_check;

/** node_restart() - by itself; until it is up again */
int node_restart(struct boot *b, struct err *e) must_check;

/**
 * node_expect() - what the node must say of itself
 * @status:  version, trial, healthy, last update, pending, reboot, failed: words, "-" for none
 * @entries: kernel images on the ESP, by name
 */
int node_expect(struct boot *b, const char *status, const char *entries, struct err *e) must_check;
