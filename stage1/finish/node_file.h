/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Files of node/, which the assembler has put into the program. */
#include "stage1/finish/finish.h"

#define NODE_DIR      "usr/lib/slipway/"
#define NODE_UNIT_DIR "usr/lib/systemd/system/"

struct node_file {
	const char *name; /* in NODE_DIR if it is a program, else a unit */
	const char *start, *end;
	bool program;
};

/* NODE_PROGRAM(x, "y") and NODE_UNIT(): node/y, as node_data.S calls it */
#define NODE_PROGRAM(symbol, name)                                     \
	{                                                              \
		name, node_##symbol##_start, node_##symbol##_end, true \
	}
#define NODE_UNIT(symbol, name)                                         \
	{                                                               \
		name, node_##symbol##_start, node_##symbol##_end, false \
	}
#define NODE_DATA(symbol) extern const char node_##symbol##_start[], node_##symbol##_end[];

NODE_DATA(check_users)
NODE_DATA(slipway_users)
NODE_DATA(health)
NODE_DATA(slipway_health)
NODE_DATA(status)
NODE_DATA(slipway_status)
NODE_DATA(firmware_keys)
NODE_DATA(update)
NODE_DATA(slipway_update)
NODE_DATA(slipway_update_timer)
NODE_DATA(renew)
NODE_DATA(slipway_renew)

/**
 * node_files_put() - put files to where they belong; their modes are those of programs and of units
 * @finisher: its name, as in the origin
 */
int node_files_put(const struct finish_params *p, const char *finisher, const struct node_file *v,
		   size_t n, struct err *e) must_check;

/** node_unit_want() - have @target want, or with "requires" as @how require, a unit in NODE_UNIT_DIR */
int node_unit_want(const struct finish_params *p, const char *finisher, const char *target,
		   const char *how, const char *unit, struct err *e) must_check;

/** node_need() - the image must have a program of a package; Return: 0; -ENOENT with what is to be done */
int node_need(const struct finish_params *p, const char *path, const char *package, const char *why,
	      struct err *e) must_check;
