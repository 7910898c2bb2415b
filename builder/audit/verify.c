/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/stat.h>

#include "base/path.h"
#include "builder/audit/verify_internal.h"
#include "builder/stages/build.h"
#include "layouts/container.h"

static const char *const slot_names[VERIFY_SLOTS] = { "slot a", "slot b" };

static const struct image_partition *find(const struct verify *v, enum layout_type t, int slot)
{
	for (size_t i = 0; i < v->image->n_partitions; i++) {
		const struct image_partition *p = &v->image->partitions[i];
		if (p->known && p->type == t && p->slot == slot)
			return p;
	}
	return NULL;
}

bool verify_root_hash(const struct verify *v, int slot, uint8_t ret[SHA256_BYTES])
{
	const struct image_partition *usr = find(v, LAYOUT_USR, slot),
				     *hash = find(v, LAYOUT_USR_VERITY, slot);

	if (!usr || !hash)
		return false;
	memcpy(ret, usr->entry.uuid, 16);
	memcpy(ret + 16, hash->entry.uuid, 16);
	return true;
}

#define SLOT_PARTITIONS 3

/* The partitions of a slot, in the order of their types. Return: false if one is not there */
static bool slot_partitions(const struct verify *v, int slot,
			    const struct image_partition *ret[SLOT_PARTITIONS])
{
	bool all = true;

	for (int i = 0; i < SLOT_PARTITIONS; i++) {
		ret[i] = find(v, LAYOUT_USR + (enum layout_type)i, slot);
		all = all && ret[i];
	}
	return all;
}

/* On a node, an update that was cut off may have labelled the others: /usr comes last. */
static bool is_empty(const struct verify *v, const struct image_partition *const p[SLOT_PARTITIONS])
{
	if (v->has_root)
		return !image_slot_used(p[0]);
	for (int i = 0; i < SLOT_PARTITIONS; i++)
		if (image_slot_used(p[i]))
			return false;
	return true;
}

static int check_empty(struct verify *v, const struct image_partition *const p[SLOT_PARTITIONS],
		       int slot, struct err *e)
{
	int r = 0;

	for (int i = 0; r == 0 && i < SLOT_PARTITIONS; i++) {
		verify_at(v, "%s: %s", slot_names[slot], layout_type_name(p[i]->type));
		r = verify_zero(v, VERIFY_SLOT_EMPTY, &p[i]->src, 0, e);
	}
	return r;
}

/* <name>_<version>, and with that in front _verity and _verity_sig. */
static int check_labels(struct verify *v, const struct image_partition *const p[SLOT_PARTITIONS],
			struct err *e)
{
	static const char *const suffixes[SLOT_PARTITIONS] = { "", "_verity", "_verity_sig" };
	char want[GPT_LABEL_UTF8 + 16];

	for (int i = 0; i < SLOT_PARTITIONS; i++) {
		snprintf(want, sizeof(want), "%s%s", p[0]->entry.label, suffixes[i]);
		if (!str_eq(p[i]->entry.label, want))
			return verify_differs(v, VERIFY_SLOT_LABELS, p[i]->entry.label, want, e);
	}
	return verify_ok(v, VERIFY_SLOT_LABELS, e, "%s", p[0]->entry.label);
}

static int check_slot(struct verify *v, int slot, struct err *e)
{
	const struct image_partition *p[SLOT_PARTITIONS];
	struct verify_slot *s = &v->slots[slot];

	verify_at(v, "%s", slot_names[slot]);
	if (!slot_partitions(v, slot, p))
		return verify_fail(v, VERIFY_SLOT_LABELS, e, "it lacks a partition");
	(void)verify_root_hash(v, slot, s->root_hash);
	const bool empty = is_empty(v, p);
	s->begun = v->has_root && empty;
	if (empty)
		return v->p->policy->empty_slot
			       ? check_empty(v, p, slot, e)
			       : verify_fail(v, VERIFY_SLOT_EMPTY, e, "the policy wants it filled");
	int r = check_labels(v, p, e);
	if (r < 0)
		return r;
	s->used = true;
	s->label = p[0]->entry.label;
	snprintf(s->name, sizeof(s->name), "%s", slot_names[slot]);
	s->data = p[0]->src;
	s->hash = p[1]->src;
	s->sig = p[2]->src;
	return verify_slot(v, s, e);
}

/* An update brings the kernel last: without it, the other slot is the one that boots. */
static int check_started(struct verify *v, size_t i, struct err *e)
{
	verify_at(v, "%s", v->slots[i].name);
	if (v->slots[i].has_uki)
		return verify_ok(v, VERIFY_SLOT_UKI, e, "there is one");
	if (v->has_root && v->slots[!i].has_uki)
		return verify_state(v, VERIFY_SLOT_UKI, e,
				    "there is none: an update was not finished");
	return verify_fail(v, VERIFY_SLOT_UKI, e, "there is none");
}

/* Which of the slots boots is for the kernels to say. */
int verify_started(struct verify *v, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < VERIFY_SLOTS; i++)
		if (v->slots[i].used)
			r = check_started(v, i, e);
	verify_at(v, "%s", "");
	if (r == 0 && !v->slots[0].used && !v->slots[1].used)
		r = verify_fail(v, VERIFY_SLOT_UKI, e, "no slot is in use");
	return r;
}

static int check_esp(struct verify *v, struct err *e)
{
	const struct image_partition *esp = image_find(v->image, "esp");

	verify_at(v, "esp");
	return esp ? verify_esp(v, &esp->src, e)
		   : verify_fail(v, VERIFY_ESP_FILES, e, "there is no such partition");
}

static int check_image(struct verify *v, struct err *e)
{
	int r = verify_gpt(v, e);

	for (int slot = 0; r == 0 && slot < VERIFY_SLOTS; slot++)
		r = check_slot(v, slot, e);
	if (r == 0)
		r = check_esp(v, e);
	if (r == 0)
		r = verify_started(v, e);
	return r;
}

int verify_init(struct verify *v, const struct verify_params *p, struct verify_report *report,
		struct err *e)
{
	*v = (struct verify){ .params = *p, .p = &v->params, .report = report };
	policy_init(&v->default_policy);
	if (!v->params.policy)
		v->params.policy = &v->default_policy;
	v->used_trust = calloc(p->n_trust + 1, sizeof(*v->used_trust));
	return v->used_trust ? 0 : err_oom(e);
}

void verify_done(struct verify *v)
{
	for (size_t i = 0; i < VERIFY_SLOTS; i++)
		verify_slot_done(&v->slots[i]);
	image_free(v->owned_image);
	free(v->used_trust);
}

int verify_image(struct verify *v, const struct source *disk, struct err *e)
{
	int r = image_open_disk(disk, &v->owned_image, e);

	if (r < 0)
		return verify_failed(v, VERIFY_GPT_PRIMARY, r, e);
	v->image = v->owned_image;
	v->sector_bytes = v->image->gpt->sector_bytes;
	v->arch = verify_arch(v->image);
	v->has_root = image_find(v->image, "root") != NULL;
	return check_image(v, e);
}

static int check_root_hash(struct verify *v, struct err *e)
{
	char hex[SHA256_HEX];

	if (!v->p->root_hash)
		return 0;
	hex_encode(v->p->root_hash, SHA256_BYTES, hex);
	verify_at(v, "%s", "");
	return v->has_root_hash ? verify_ok(v, VERIFY_ROOT_HASH, e, "it is of %s", hex)
				: verify_fail(v, VERIFY_ROOT_HASH, e, "it is not of %s", hex);
}

/* What all that was looked at leaves to be said. */
static int conclude(struct verify *v, struct err *e)
{
	int r = verify_stated_at_all(v, e);

	if (r == 0)
		r = check_root_hash(v, e);
	return r < 0 ? r : verify_certs(v, e);
}

int verify_disk(const struct source *disk, const struct verify_params *p, struct verify_report *ret,
		struct err *e)
{
	struct verify v;

	int r = verify_init(&v, p, ret, e);
	if (r == 0)
		r = verify_image(&v, disk, e);
	if (r == 0)
		r = conclude(&v, e);
	verify_done(&v);
	return r;
}

/* A disk in a file: what the build said of it lies beside it, under the same name but for its end. */
static int check_disk(struct verify *v, const char *path, const struct source *disk, struct err *e)
{
	const char *name = path_last(path), *dot = strrchr(name, '.');
	_cleanup_free_ char *dir = path_dir(path);
	_cleanup_free_ char *stem = dot ? strndup(name, (size_t)(dot - name)) : NULL;
	const struct verify_stated stated = { dir, stem, disk };

	if (!dir || (dot && !stem))
		return err_oom(e);
	int r = verify_image(v, disk, e);
	return r < 0 || !v->image ? r : verify_provenance(v, &stated, e);
}

static int remember_first(void *ctx, const struct container_finding *f, struct err *e unused_)
{
	*(struct container_finding *)ctx = *f;
	return 1;
}

/* Of a container that is damaged, there is no disk to look at. */
static int check_container(struct verify *v, const char *path, const struct source *file,
			   struct err *e)
{
	_cleanup_(container_free) struct container *c = NULL;
	struct container_finding first = { 0 };

	int r = container_open(file, &c, e);
	if (r == 0)
		r = container_check(c, remember_first, &first, e);
	if (r < 0)
		return verify_failed(v, VERIFY_CONTAINER, r, e);
	if (*first.what)
		r = verify_fail(v, VERIFY_CONTAINER, e, "%s: byte %llu: %s", c->ops->name,
				(unsigned long long)first.offset, first.what);
	else
		r = verify_ok(v, VERIFY_CONTAINER, e, "%s: a disk of %llu bytes, and nothing else",
			      c->ops->name, (unsigned long long)c->disk.size_bytes);
	if (r == 0 && !*first.what)
		r = check_disk(v, path, &c->disk, e);
	image_free(TAKE_PTR(v->owned_image));
	return r;
}

/* A block device is the disk itself: what is on it is nothing that a machine unpacks. */
static int check_file(struct verify *v, const char *path, bool is_device, struct err *e)
{
	_cleanup_source_ struct source file = SOURCE_INIT;

	int r = source_open(&file, path, e);
	if (r < 0)
		return r;
	r = !is_device && container_probe(&file) ? check_container(v, path, &file, e)
						 : check_disk(v, path, &file, e);
	image_free(TAKE_PTR(v->owned_image));
	return r;
}

int verify_path(const char *path, const struct verify_params *p, struct verify_report *ret,
		struct err *e)
{
	struct verify v;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, -errno, "%s", path);
	int r = verify_init(&v, p, ret, e);
	if (r == 0)
		r = S_ISDIR(st.st_mode)		? verify_outputs(&v, path, e)
		    : verify_is_statement(path) ? verify_statement(&v, path, e)
						: check_file(&v, path, S_ISBLK(st.st_mode), e);
	if (r == 0)
		r = conclude(&v, e);
	verify_done(&v);
	return r;
}
