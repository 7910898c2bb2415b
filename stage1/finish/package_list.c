/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the image is made of, for programs that look for known vulnerabilities: there is no dpkg, and its
 * database would be state. As in other images without a package manager, status.d holds a file for each
 * package, with the fields of its control file, and one with the MD5 sums of its files that are here.
 *
 * Some scanners look for "lib/dpkg/status.d" anywhere, others for /var/lib/dpkg/status.d only and follow
 * no symlinks: on a running node that is a read-only bind mount.
 */
#include <strings.h>

#include "base/buf.h"
#include "base/deb822.h"
#include "stage1/finish/finish.h"
#include "stage1/finish/text.h"
#include "stage1/tree/merge.h"

#define NAME	  "package-list"
#define DPKG_DIR  "usr/lib/dpkg"
#define UNITS	  "usr/lib/systemd/system"
#define MOUNT	  "var-lib-dpkg.mount"
#define MD5_HEX	  32
#define INSTALLED "Status: install ok installed\n"

static const char mount_unit[] = "[Unit]\n"
				 "Description=List of the packages that the image is made of\n"
				 "\n"
				 "[Mount]\n"
				 "What=/" DPKG_DIR "\n"
				 "Where=/var/lib/dpkg\n"
				 "Type=none\n"
				 "Options=bind,ro\n";

static bool is_status(struct span field)
{
	return field.len == strlen("Status") && strncasecmp(field.p, "Status", field.len) == 0;
}

/* The fields as they are, and after the first one what dpkg would say of the package's state. */
static int add_fields(const struct package *k, struct buf *b, struct err *e)
{
	struct span text = span_of(k->control), stanza, name, value;
	bool first = true;
	int r;

	if (!deb822_stanza(&text, &stanza))
		return err_set(e, -EBADMSG, "control is empty");
	for (const char *at = stanza.p; (r = deb822_field(&stanza, &name, &value)) > 0;
	     at = stanza.p) {
		if (is_status(name))
			continue;
		buf_append(b, at, (size_t)(stanza.p - at));
		if (b->data && b->data[b->len - 1] != '\n')
			buf_append_str(b, "\n");
		if (first)
			buf_append_str(b, INSTALLED);
		first = false;
	}
	return r < 0 ? err_set(e, r, "control has a line that is no field") : 0;
}

/* Is a file as the package has it still in /usr? What it has elsewhere belongs to the node. */
static bool is_here(const struct finish_params *p, const struct package *k, const char *path)
{
	const struct tree_node *n =
		str_has_prefix(path, "usr/") ? tree_lookup(p->tree, path) : NULL;

	return n && tree_is_file(n) && n->inode->origin->kind == TREE_ORIGIN_PACKAGE &&
	       str_eq(n->inode->origin->name, k->name);
}

/* Those lines of the package's own md5sums that still hold. */
static int add_sums(const struct finish_params *p, const struct package *k, struct buf *b,
		    struct err *e)
{
	const struct blob *sums = package_script(k, "md5sums");
	_cleanup_free_ char *text = NULL;
	char *line;

	if (!sums)
		return 0;
	int r = text_from_blob(sums, "md5sums", &text, e);
	if (r < 0)
		return r;
	for (char *rest = text; (line = text_next_line(&rest));) {
		if (strspn(line, "0123456789abcdef") != MD5_HEX ||
		    !str_has_prefix(line + MD5_HEX, "  "))
			continue;
		_cleanup_free_ char *path = tree_usr_merged_path(line + MD5_HEX + 2);
		if (!path)
			return err_oom(e);
		if (is_here(p, k, path))
			buf_printf(b, "%.*s  %s\n", MD5_HEX, line, path);
	}
	return 0;
}

static int put_part(const struct finish_params *p, const struct package *k, const char *suffix,
		    struct buf *text, struct err *e)
{
	_cleanup_free_ char *path = str_printf(DPKG_DIR "/status.d/%s%s", k->name, suffix);

	return path && !buf_failed(text) ? finish_put(p, NAME, path, buf_str(text), e) : err_oom(e);
}

static int put_package(const struct finish_params *p, const struct package *k, struct err *e)
{
	_cleanup_buf_ struct buf fields = BUF_INIT, sums = BUF_INIT;

	int r = add_fields(k, &fields, e);
	if (r == 0)
		r = add_sums(p, k, &sums, e);
	if (r == 0)
		r = put_part(p, k, "", &fields, e);
	if (r == 0 && sums.len)
		r = put_part(p, k, ".md5sums", &sums, e);
	return r < 0 ? err_wrap(e, r, "package %s", k->name) : 0;
}

int finish_package_list(const struct finish_params *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_packages; i++)
		r = put_package(p, p->packages[i], e);
	if (r < 0 || !finish_has_package(p, "systemd"))
		return r;
	r = finish_put(p, NAME, UNITS "/" MOUNT, mount_unit, e);
	return r < 0 ? r
		     : finish_put_link(p, NAME, UNITS "/local-fs.target.wants/" MOUNT, "../" MOUNT,
				       e);
}
