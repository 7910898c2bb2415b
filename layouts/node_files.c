/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the node's own systemd must know of the disk. Both come from the layout, so that they cannot
 * disagree with it. Specs: repart.d(5), sysupdate.d(5).
 */
#include <inttypes.h>

#include "layouts/layout.h"

static int add(struct layout_files *f, const char *path, char *text, struct err *e)
{
	char *own_path = strdup(path);

	if (!own_path || !text) {
		free(own_path);
		free(text);
		return err_oom(e);
	}
	f->v[f->n++] = (struct layout_file){ own_path, text };
	return 0;
}

static int add_root(const struct layout_partition *root, struct layout_files *f, struct err *e)
{
	return add(
		f, "usr/lib/repart.d/50-root.conf",
		str_printf(
			"# Written by slipway from the layout: the rest of the disk is the node's own.\n"
			"[Partition]\n"
			"Type=root\n"
			"Label=root\n"
			"Format=ext4\n"
			"SizeMinBytes=%" PRIu64 "\n"
			"GrowFileSystem=yes\n"
			"FactoryReset=yes\n"
			"MakeDirectories=/var/lib/etc-overlay/upper /var/lib/etc-overlay/work /etc "
			"/efi\n",
			root->size_bytes),
		e);
}

#define LOCAL_SOURCE "/var/lib/slipway/updates"

/*
 * What all transfers have in common. The version stands there by itself, as systemd 257 takes no specifier
 * in MinVersion=: what is older than the image that runs is never installed. It cannot read zstd either.
 */
static char *source_section(const struct layout_updates *u, const char *pattern)
{
	return str_printf("[Transfer]\n"
			  "ProtectVersion=%%A\n"
			  "MinVersion=%s\n"
			  "%s"
			  "\n"
			  "[Source]\n"
			  "Type=%s\n"
			  "Path=%s\n"
			  "MatchPattern=%s_%s.xz %s_%s\n"
			  "\n",
			  u->version, u->url ? "Verify=yes\n" : "",
			  u->url ? "url-file" : "regular-file", u->url ? u->url : LOCAL_SOURCE,
			  u->name, pattern, u->name, pattern);
}

/* One transfer into a partition of the slot that is not in use. */
static int add_transfer(const struct layout_updates *u, const char *path, enum layout_type type,
			const char *label_suffix, struct layout_files *f, struct err *e)
{
	const char *t = layout_type_name(type);
	_cleanup_free_ char *pattern = str_printf("@v_@u.%s.raw", t);
	_cleanup_free_ char *source = pattern ? source_section(u, pattern) : NULL;

	if (!source)
		return err_oom(e);
	return add(f, path,
		   str_printf("# Written by slipway from the layout.\n"
			      "%s"
			      "[Target]\n"
			      "Type=partition\n"
			      "Path=auto\n"
			      "MatchPattern=%s_@v%s\n"
			      "MatchPartitionType=%s\n"
			      "PartitionFlags=0\n"
			      "ReadOnly=1\n"
			      "InstancesMax=2\n",
			      source, u->name, label_suffix, t),
		   e);
}

static int add_uki(const struct layout *l, const struct layout_updates *u, struct layout_files *f,
		   struct err *e)
{
	_cleanup_free_ char *source = source_section(u, "@v.efi");

	if (!source)
		return err_oom(e);
	return add(
		f, "usr/lib/sysupdate.d/40-uki.transfer",
		str_printf(
			"# Written by slipway from the layout. Last: with it the version can boot.\n"
			"%s"
			"[Target]\n"
			"Type=regular-file\n"
			"Path=/EFI/Linux\n"
			"PathRelativeTo=boot\n"
			"MatchPattern=%s_@v+@l-@d.efi \\\n"
			"             %s_@v+@l.efi \\\n"
			"             %s_@v.efi\n"
			"Mode=0444\n"
			"TriesLeft=%u\n"
			"TriesDone=0\n"
			"InstancesMax=2\n",
			source, u->name, u->name, u->name, l->boot_tries),
		e);
}

int layout_node_files(const struct layout *l, const struct layout_updates *u,
		      struct layout_files *ret, struct err *e)
{
	struct layout_files f = { .n = 0 };
	const struct layout_partition *root = layout_find(l, LAYOUT_ROOT, LAYOUT_NO_SLOT);

	int r = root ? add_root(root, &f, e) : 0;
	if (r == 0)
		r = add_transfer(u, "usr/lib/sysupdate.d/10-verity-sig.transfer",
				 LAYOUT_USR_VERITY_SIG, "_verity_sig", &f, e);
	if (r == 0)
		r = add_transfer(u, "usr/lib/sysupdate.d/20-verity.transfer", LAYOUT_USR_VERITY,
				 "_verity", &f, e);
	if (r == 0)
		r = add_transfer(u, "usr/lib/sysupdate.d/30-usr.transfer", LAYOUT_USR, "", &f, e);
	if (r == 0)
		r = add_uki(l, u, &f, e);
	if (r < 0) {
		layout_files_done(&f);
		return r;
	}
	*ret = f;
	return 0;
}

void layout_files_done(struct layout_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].path);
		free(f->v[i].text);
	}
	f->n = 0;
}
