/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the image is, and what of /etc says so. Debian's os-release stays as it is; IMAGE_ID and
 * IMAGE_VERSION are the recipe's. There is no etc/hostname (systemd's fallback, DHCP or a credential
 * give one) and no etc/machine-id (without one, systemd sees a first boot and makes it).
 */
#include "base/buf.h"
#include "stage1/finish/finish.h"
#include "stage1/finish/text.h"

#define NAME   "os-release"
#define LEVEL  "1.0" /* of system extensions that fit: SYSEXT_LEVEL */
#define PATH   "usr/lib/os-release"
#define ZONE   "usr/share/zoneinfo/Etc/UTC"
#define STUB   "../run/systemd/resolve/stub-resolv.conf"
#define MOUNTS "../proc/self/mounts"

static bool is_ours(const char *line)
{
	return str_has_prefix(line, "IMAGE_ID=") || str_has_prefix(line, "IMAGE_VERSION=") ||
	       str_has_prefix(line, "SYSEXT_LEVEL=");
}

/* os-release(5) wants these two of such characters; quoting is not needed then. */
static int check_value(const char *key, const char *value, struct err *e)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-+~^";

	if (!*value || strspn(value, chars) != strlen(value))
		return err_set(e, -EINVAL, "%s \"%s\": letters, digits and ._-+~^ only", key,
			       value);
	return 0;
}

static int put_os_release(const struct finish_params *p, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	char *line;

	int r = check_value("IMAGE_ID", p->image_id, e);
	if (r == 0)
		r = check_value("IMAGE_VERSION", p->image_version, e);
	if (r == 0)
		r = text_read(p->tree, PATH, &text, e);
	if (r < 0)
		return r;
	char *rest = text;
	while ((line = text_next_line(&rest)))
		if (!is_ours(line))
			buf_printf(&b, "%s\n", line);
	buf_printf(&b, "IMAGE_ID=\"%s\"\nIMAGE_VERSION=\"%s\"\nSYSEXT_LEVEL=\"%s\"\n", p->image_id,
		   p->image_version, LEVEL);
	r = buf_failed(&b) ? err_oom(e) : finish_put(p, NAME, PATH, buf_str(&b), e);
	return r < 0 ? r : finish_put_link(p, NAME, "etc/os-release", "../" PATH, e);
}

/* A link of etc, unless the overlay has something there. */
static int put_link(const struct finish_params *p, const char *path, const char *target,
		    struct err *e)
{
	const struct tree_node *n = tree_lookup(p->tree, path);

	if (n && n->inode->origin->kind != TREE_ORIGIN_PACKAGE)
		return 0;
	return finish_put_link(p, NAME, path, target, e);
}

int finish_os_release(const struct finish_params *p, struct err *e)
{
	int r = put_os_release(p, e);

	if (r == 0)
		r = put_link(p, "etc/mtab", MOUNTS, e);
	if (r == 0 && finish_has_package(p, "systemd-resolved"))
		r = put_link(p, "etc/resolv.conf", STUB, e);
	if (r == 0 && tree_resolve(p->tree, ZONE))
		r = put_link(p, "etc/localtime", "/" ZONE, e);
	if (r == 0 && !tree_lookup(p->tree, "etc/locale.conf"))
		r = finish_put(p, NAME, "etc/locale.conf", "LANG=C.UTF-8\n", e);
	return r;
}
