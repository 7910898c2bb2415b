/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The health finisher: what must be right on the node before a new version counts as good. The unit stands
 * before boot-complete.target, after which systemd-bless-boot.service takes the boot counter off.
 */
#include <inttypes.h>

#include "base/buf.h"
#include "stage1/finish/node_file.h"
#include "stage1/finish/unit_file.h"

#define NAME "health"
#define UNIT "slipway-health.service"

/* The slowest of machines get from systemd's start to basic.target in that. */
#define BOOT_LIMIT_SEC 600

static int check_unit(const struct finish_params *p, const char *unit, struct err *e)
{
	_cleanup_free_ char *path = NULL, *near = NULL;

	int r = unit_name_is_valid(unit) ? unit_find(p->tree, UNIT_SYSTEM, unit, &path, e)
					 : -ENOENT;
	if (r != -ENOENT)
		return r;
	r = unit_near_names(p->tree, UNIT_SYSTEM, unit, &near, e);
	if (r < 0)
		return r;
	return err_set(e, -EINVAL, "units: the image has no unit \"%s\"%s%s", unit,
		       *near ? "; near names: " : "", near);
}

static int put_list(const struct finish_params *p, const struct finish_health *h, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_printf(&b, "limit %u\n", h->limit_sec);
	for (size_t i = 0; i < h->units->n; i++) {
		int r = check_unit(p, h->units->v[i], e);
		if (r < 0)
			return r;
		buf_printf(&b, "unit %s\n", h->units->v[i]);
	}
	for (size_t i = 0; i < h->commands->n; i++)
		buf_printf(&b, "command %s\n", h->commands->v[i]);
	return buf_failed(&b) ? err_oom(e)
			      : finish_put(p, NAME, NODE_DIR "health.list", buf_str(&b), e);
}

static int put_limit(const struct finish_params *p, const struct finish_health *h, struct err *e)
{
	char text[128];

	snprintf(text, sizeof(text), "[Unit]\nJobTimeoutSec=%u\n", h->limit_sec + BOOT_LIMIT_SEC);
	return finish_put(p, NAME, NODE_UNIT_DIR UNIT ".d/10-limit.conf", text, e);
}

int finish_health(const struct finish_params *p, struct err *e)
{
	static const struct node_file files[] = { NODE_PROGRAM(health, "health"),
						  NODE_UNIT(slipway_health, UNIT) };
	const struct finish_health *h = p->health;

	if (!h || h->units->n + h->commands->n == 0)
		return 0;
	int r = node_need(p, "usr/bin/sh", "dash", "by which the node is judged", e);
	if (r == 0)
		r = put_list(p, h, e);
	if (r == 0)
		r = put_limit(p, h, e);
	if (r == 0)
		r = node_files_put(p, NAME, files, ARRAY_SIZE(files), e);
	return r < 0 ? r : node_unit_want(p, NAME, "boot-complete.target", "requires", UNIT, e);
}
