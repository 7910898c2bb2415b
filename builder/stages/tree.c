/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From packages to what is in /usr and what is in the initrd: merge, overlay, the layout's own files,
 * finishers; then the initrd is picked out of the finished system; then what lies outside of /usr is
 * put where an immutable image keeps it.
 */
#include "builder/stages/build.h"
#include "builder/stages/cmdline.h"
#include "builder/stages/inputs.h"
#include "builder/stages/renew.h"
#include "stage1/finish/finish.h"
#include "stage1/finish/kmod/modules.h"
#include "stage1/finish/place.h"
#include "stage1/initrd/initrd.h"
#include "stage1/tree/merge.h"
#include "stage1/tree/overlay.h"
#include "stage1/tree/reroot.h"

static int count_removed(struct build *b, const struct tree_exclude *x, struct err *e)
{
	b->removed = calloc(b->p.recipe->n_remove + 1, sizeof(*b->removed));
	if (!b->removed)
		return err_oom(e);
	for (size_t i = 0; i < b->p.recipe->n_remove; i++) {
		b->removed[i] = tree_exclude_count(x, i);
		if (b->removed[i] == 0 && !b->p.recipe->remove[i].shared &&
		    strv_addf(&b->notices, "%s: remove: nothing matches %s", b->p.recipe->path,
			      b->p.recipe->remove[i].path) < 0)
			return err_oom(e);
	}
	return 0;
}

static int merge(struct build *b, struct err *e)
{
	const struct recipe *recipe = b->p.recipe;
	_cleanup_free_ const char **patterns = calloc(recipe->n_remove + 1, sizeof(*patterns));
	_cleanup_free_ struct tree_merge_wins *wins = calloc(recipe->n_wins + 1, sizeof(*wins));
	_cleanup_(tree_exclude_free) struct tree_exclude *exclude = NULL;

	if (!patterns || !wins)
		return err_oom(e);
	for (size_t i = 0; i < recipe->n_remove; i++)
		patterns[i] = recipe->remove[i].path;
	for (size_t i = 0; i < recipe->n_wins; i++)
		wins[i] = (struct tree_merge_wins){ .path = recipe->wins[i].path,
						    .package = recipe->wins[i].package };
	int r = tree_exclude_new(patterns, recipe->n_remove, &exclude, e);
	if (r < 0)
		return err_wrap(e, r, "%s: remove", recipe->path);
	const struct tree_merge_params mp = {
		.packages = b->packages,
		.n_packages = b->n_packages,
		.wins = wins,
		.n_wins = recipe->n_wins,
		.exclude = exclude,
		.cancel = b->p.pool,
	};
	r = tree_merge_packages(b->tree, &mp, e);
	return r < 0 ? r : count_removed(b, exclude, e);
}

static int overlay(struct build *b, struct tree *t, const struct strv *dirs, const char *name,
		   struct err *e)
{
	for (size_t i = 0; i < dirs->n; i++) {
		const struct tree_overlay_params p = { .dir = dirs->v[i],
						       .name = name,
						       .time = b->time };
		int r = tree_overlay(t, &p, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* repart.d and sysupdate.d, which the layout determines. */
static int add_layout_files(struct build *b, struct err *e)
{
	struct tree_meta m = { .mode = 0644,
			       .mtime = b->time,
			       .origin = tree_add_origin(b->tree, TREE_ORIGIN_RECIPE, "layout",
							 NULL) };
	const struct recipe *recipe = b->p.recipe;
	_cleanup_free_ char *url =
		recipe->updates.source
			? str_printf("%s/%s", recipe->updates.source, recipe->updates.channel)
			: NULL;
	const struct layout_updates u = { .name = recipe->name,
					  .version = recipe->version,
					  .url = url };
	struct layout_files files;

	if (!m.origin || (recipe->updates.source && !url))
		return err_oom(e);
	int r = layout_node_files(b->layout, &u, &files, e);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < files.n; i++)
		r = tree_put_file(b->tree, files.v[i].path, &m, blob_new_str(files.v[i].text), NULL,
				  e);
	layout_files_done(&files);
	return r;
}

static struct finish_params finish_params(struct build *b)
{
	const struct recipe *recipe = b->p.recipe;

	return (struct finish_params){
		.tree = b->tree,
		.packages = b->packages, /* in the lock's order: by name */
		.n_packages = b->n_packages,
		.arch = recipe->arch,
		.image_id = recipe->name,
		.image_version = recipe->version,
		.time = b->time,
		.ids = &b->p.lock->ids,
		.units_enable = &recipe->units_enable,
		.units_disable = &recipe->units_disable,
		.units_mask = &recipe->units_mask,
		.pool = b->p.pool,
		.notices = &b->notices,
	};
}

struct taken {
	struct blob **blob;
	const struct tree_origin **from; /* NULL: it does not matter */
};

static int take_blob(struct build *b, const char *path, const char *why, const struct taken *ret,
		     struct err *e)
{
	const struct tree_node *n = tree_resolve(b->tree, path);

	if (!n || !tree_is_file(n))
		return err_set(e, -EINVAL, "the image has no %s: add %s to packages", path, why);
	*ret->blob = blob_ref(n->inode->blob);
	if (ret->from)
		*ret->from = n->inode->origin;
	return 0;
}

static int take_boot_files(struct build *b, struct err *e)
{
	const char *suffix = str_eq(b->p.recipe->arch, "arm64") ? "aa64" : "x64";
	char stub[128], loader[128];

	snprintf(stub, sizeof(stub), "usr/lib/systemd/boot/efi/linux%s.efi.stub", suffix);
	snprintf(loader, sizeof(loader), "usr/lib/systemd/boot/efi/systemd-boot%s.efi", suffix);
	int r = take_blob(b, stub, "systemd-boot-efi", &(struct taken){ &b->stub, &b->stub_from },
			  e);
	if (r == 0)
		r = take_blob(b, loader, "systemd-boot-efi",
			      &(struct taken){ &b->boot_loader, &b->boot_loader_from }, e);
	if (r == 0)
		r = take_blob(b, "usr/lib/os-release", "base-files",
			      &(struct taken){ &b->os_release, NULL }, e);
	if (r == 0)
		r = finish_take_boot(b->tree, &b->kernel, &b->kernel_version, &b->kernel_from, e);
	return r;
}

static int warn_unmatched(struct build *b, const struct strv *patterns, struct err *e)
{
	const struct recipe *recipe = b->p.recipe;

	for (size_t i = recipe->n_initrd_remove_shared; i < recipe->initrd_remove.n; i++)
		if (strv_contains(patterns, recipe->initrd_remove.v[i]) &&
		    strv_addf(&b->notices, "%s: initrd: remove: nothing matches %s", recipe->path,
			      recipe->initrd_remove.v[i]) < 0)
			return err_oom(e);
	return 0;
}

/* By this the initrd knows whether its command line is the signed one. */
static int add_cmdline_pattern(struct build *b, struct tree *t, struct err *e)
{
	const struct tree_meta m = { .mode = 0644,
				     .mtime = b->time,
				     .origin = tree_add_origin(t, TREE_ORIGIN_RECIPE, "kernel",
							       NULL) };
	_cleanup_free_ char *pattern = cmdline_pattern(b->p.recipe->cmdline);

	if (!m.origin || !pattern)
		return err_oom(e);
	return tree_put_file(t, CMDLINE_PATTERN_PATH, &m, blob_new_str(pattern), NULL, e);
}

static int build_initrd(struct build *b, struct err *e)
{
	const struct recipe *recipe = b->p.recipe;
	_cleanup_(module_index_free) struct module_index *index = NULL;
	_cleanup_(tree_free) struct tree *extra = tree_new();
	_cleanup_strv_ struct strv modules = STRV_INIT, unmatched = STRV_INIT;

	if (!extra)
		return err_oom(e);
	int r = overlay(b, extra, &recipe->initrd_overlays, "initrd", e);
	if (r == 0)
		r = add_cmdline_pattern(b, extra, e);
	if (r == 0)
		r = module_index_read(b->tree, b->kernel_version, b->p.pool, &index, e);
	if (r == 0)
		r = module_index_closure(index, &recipe->initrd_modules, &modules, e);
	if (r < 0)
		return err_wrap(e, r, "%s: initrd", recipe->path);
	const struct initrd_params p = {
		.system = b->tree,
		.arch = recipe->arch,
		.packages = &recipe->initrd_packages,
		.remove = &recipe->initrd_remove,
		.overlay = extra,
		.kernel_version = b->kernel_version,
		.module_paths = &modules,
		.time = b->time,
		.pool = b->p.pool,
		.unmatched = &unmatched,
	};
	r = initrd_build_tree(&p, &b->initrd, e);
	return r < 0 ? err_wrap(e, r, "%s: initrd", recipe->path)
		     : warn_unmatched(b, &unmatched, e);
}

/* What was given, as one tree: packages and overlay. */
static int assemble(struct build *b, struct err *e)
{
	b->tree = tree_new();
	if (!b->tree)
		return err_oom(e);
	int r = merge(b, e);
	return r < 0 ? r : overlay(b, b->tree, &b->p.recipe->overlays, "overlay", e);
}

int build_user_ids(const struct build_params *p, struct ids *ret, struct err *e)
{
	__attribute__((cleanup(build_done))) struct build b;

	build_init(&b, p);
	int r = build_plan_packages(&b, e);
	if (r == 0)
		r = assemble(&b, e);
	const struct finish_params fp = finish_params(&b);
	return r < 0 ? r : finish_user_ids(&fp, &p->lock->ids, ret, e);
}

static int finish(struct build *b, struct err *e)
{
	const struct recipe *recipe = b->p.recipe;
	_cleanup_(blob_unref) struct blob *key = NULL;
	_cleanup_renew_ struct renew renew = { 0 };
	struct finish_params fp = finish_params(b);
	const struct finish_health health = { .units = &recipe->health.units,
					      .commands = &recipe->health.commands,
					      .limit_sec = (unsigned int)recipe->health.limit_sec };

	int r = inputs_load_update_key(recipe, &key, e);
	if (r == 0 && recipe->renew.given)
		r = renew_load(b, &renew, e);
	if (r < 0)
		return r;
	const struct finish_updates updates = { .source = recipe->updates.source,
						.channel = recipe->updates.channel,
						.key = key,
						.reboots = recipe->updates.reboots };
	fp.health = &health;
	fp.updates = key ? &updates : NULL;
	fp.renew = recipe->renew.given ? &renew.files : NULL;
	return finish_run(&fp, e);
}

static int place(struct build *b, struct err *e)
{
	const struct finish_params fp = finish_params(b);

	int r = finish_place(&fp, e);
	return r < 0 ? r : tree_reroot(b->tree, "usr", e);
}

static int plan(struct build *b, struct err *e)
{
	static int (*const steps[])(struct build * b,
				    struct err * e) = { assemble,	 add_layout_files, finish,
							take_boot_files, build_initrd,	   place };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++) {
		r = pool_check(b->p.pool, e);
		if (r == 0)
			r = steps[i](b, e);
	}
	return r;
}

const struct stage stage_tree = { .name = "tree", .plan = plan };
