/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The updates finisher: the node says which version runs and which failed; and where the recipe says from
 * whom, it takes updates by itself. systemd-sysupdate does the work; what it does not know, such as
 * which version has failed on this node, is in node/update.
 */
#include "base/buf.h"
#include "stage1/finish/node_file.h"

#define NAME	"updates"
#define KEYRING "usr/lib/systemd/import-pubring.gpg" /* systemd-pull(8) has no other */
#define STATUS	"slipway-status.service"
#define TIMER	"slipway-update.timer"

static int put_settings(const struct finish_params *p, const struct finish_updates *u,
			struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_printf(&b,
		   "# /etc/slipway/update.env can say otherwise.\n"
		   "SOURCE=%s\n"
		   "CHANNEL=%s\n"
		   "REBOOT=%s\n",
		   u->source, u->channel, u->reboots ? "automatic" : "coordinated");
	return buf_failed(&b) ? err_oom(e)
			      : finish_put(p, NAME, NODE_DIR "update.env", buf_str(&b), e);
}

static int put_status(const struct finish_params *p, struct err *e)
{
	static const struct node_file files[] = { NODE_PROGRAM(status, "status"),
						  NODE_UNIT(slipway_status, STATUS) };

	int r = node_files_put(p, NAME, files, ARRAY_SIZE(files), e);
	return r < 0 ? r : node_unit_want(p, NAME, "multi-user.target", "wants", STATUS, e);
}

static int put_update(const struct finish_params *p, const struct finish_updates *u, struct err *e)
{
	static const struct node_file files[] = {
		NODE_PROGRAM(firmware_keys, "firmware-keys"), NODE_PROGRAM(update, "update"),
		NODE_UNIT(slipway_update, "slipway-update.service"),
		NODE_UNIT(slipway_update_timer, TIMER)
	};

	int r = node_need(p, "usr/lib/systemd/systemd-sysupdate", "systemd-container",
			  "which takes updates", e);
	if (r == 0)
		r = node_need(p, "usr/bin/gpg", "gpg", "by which updates are verified", e);
	if (r == 0)
		r = finish_put_blob(p, NAME, KEYRING, blob_ref(u->key), e);
	if (r == 0)
		r = put_settings(p, u, e);
	if (r == 0)
		r = node_files_put(p, NAME, files, ARRAY_SIZE(files), e);
	return r < 0 ? r : node_unit_want(p, NAME, "timers.target", "wants", TIMER, e);
}

int finish_updates(const struct finish_params *p, struct err *e)
{
	/* Without systemd-boot there are no versions to tell about, and without a shell nobody to tell. */
	bool has_versions = tree_lookup(p->tree, "usr/lib/systemd/systemd-bless-boot") &&
			    tree_lookup(p->tree, "usr/bin/bootctl") &&
			    tree_lookup(p->tree, "usr/bin/sh");

	int r = has_versions ? put_status(p, e) : 0;
	if (r < 0 || !p->updates)
		return r;
	r = node_need(p, "usr/lib/systemd/systemd-bless-boot", "systemd-boot",
		      "which tells whether a version is good", e);
	if (r == 0)
		r = node_need(p, "usr/bin/sh", "dash", "by which updates are taken", e);
	return r < 0 ? r : put_update(p, p->updates, e);
}
