/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions that are to be published: from outputs, or from another channel. */
#include "builder/publish/job.h"
#include "builder/publish/version.h"

/*
 * The UUID that a node gives the partition: for data and tree the halves of the root hash, by which the
 * initrd finds them. Nobody looks for the signature's: it only has to differ from version to version.
 */
static void partition_uuid(enum publish_kind k, const uint8_t root_hash[VERITY_ROOT_HASH_BYTES],
			   uint8_t ret[16])
{
	uint8_t sha256[SHA256_BYTES];

	sha256_bytes(root_hash, VERITY_ROOT_HASH_BYTES, sha256);
	memcpy(ret,
	       k == PUBLISH_USR	     ? root_hash
	       : k == PUBLISH_VERITY ? root_hash + 16
				     : sha256,
	       16);
}

static char *file_name(const struct publish_entry *en, enum publish_kind k,
		       enum publish_compression compression)
{
	const char *end = compression == PUBLISH_XZ ? ".xz" : "";
	char uuid[UUID_TEXT_BYTES];
	uint8_t id[16];

	if (k >= PUBLISH_UKI)
		return str_printf("%s_%s%s%s", en->name, en->v.version, publish_kind_suffix(k),
				  end);
	partition_uuid(k, en->v.root_hash, id);
	uuid_format(id, uuid);
	return str_printf("%s_%s_%s%s%s", en->name, en->v.version, uuid, publish_kind_suffix(k),
			  end);
}

/* An entry for the outputs, as if they had never been published. */
static int take_set(struct publish_job *j, struct publish_set *s, struct err *e)
{
	struct publish_entry *en = &j->entries[j->n_entries++];

	*en = (struct publish_entry){ .set = s, .arch = s->arch, .dir = -1 };
	memcpy(en->v.root_hash, s->root_hash, sizeof(en->v.root_hash));
	memcpy(en->v.certificate, s->certificate, sizeof(en->v.certificate));
	en->name = strdup(s->name);
	en->v.version = strdup(s->version);
	if (!en->name || !en->v.version)
		return err_oom(e);
	for (enum publish_kind k = 0; k < PUBLISH_N_KINDS; k++) {
		struct publish_file *f = &en->v.files[k];
		if (!s->parts[k].path)
			continue;
		f->content_bytes = s->parts[k].src.size_bytes;
		memcpy(f->content_sha256, s->parts[k].sha256, SHA256_BYTES);
		f->name = file_name(en, k, j->p->compression);
		if (!f->name)
			return err_oom(e);
	}
	return 0;
}

static int set_lock(struct publish_entry *en, const char *path, struct err *e)
{
	_cleanup_source_ struct source lock = SOURCE_INIT;

	int r = source_open(&lock, path, e);
	if (r == 0)
		r = source_sha256(&lock, en->v.lock_sha256, e);
	en->v.has_lock = r == 0;
	return r;
}

/* The files of a published version stand for the outputs, which are the same once they are unpacked. */
static int adopt(struct publish_entry *en, const struct publish_channel *c,
		 const struct publish_version *known, struct err *e)
{
	en->dir = c->old;
	for (size_t k = 0; k < PUBLISH_N_KINDS; k++) {
		char *name = known->files[k].name ? strdup(known->files[k].name) : NULL;
		if (known->files[k].name && !name)
			return err_oom(e);
		free(en->v.files[k].name);
		en->v.files[k] = known->files[k];
		en->v.files[k].name = name;
	}
	return 0;
}

static int already_published(const struct publish_entry *en, const struct publish_channel *c,
			     const char *what, struct err *e)
{
	return err_set(e, -EEXIST,
		       "version %s of %s is already published in %s/%s with another %s: what is "
		       "published never changes, raise the version",
		       en->v.version, en->name, c->dir, c->name, what);
}

/* The evidence that comes with outputs is the one that was published with them. */
static bool same_evidence(const struct publish_version *known, const struct publish_version *v)
{
	for (size_t k = PUBLISH_N_FOR_NODES; k < PUBLISH_N_KINDS; k++)
		if (v->files[k].name && (!known->files[k].name ||
					 memcmp(known->files[k].content_sha256,
						v->files[k].content_sha256, SHA256_BYTES) != 0))
			return false;
	return true;
}

static int look_in(struct publish_entry *en, const struct publish_channel *c, struct err *e)
{
	const struct publish_version *known = c->index && str_eq(c->index->name, en->name)
						      ? publish_index_find(c->index, en->v.version)
						      : NULL;

	if (!known)
		return 0;
	if (!publish_version_same(known, &en->v))
		return already_published(en, c, "content", e);
	if (!same_evidence(known, &en->v))
		return already_published(en, c, "provenance or SBOM", e);
	if (known->has_lock && en->v.has_lock &&
	    memcmp(known->lock_sha256, en->v.lock_sha256, SHA256_BYTES) != 0)
		return already_published(en, c, "lock", e);
	if (known->has_lock) {
		en->v.has_lock = true;
		memcpy(en->v.lock_sha256, known->lock_sha256, SHA256_BYTES);
	}
	return en->dir < 0 ? adopt(en, c, known, e) : 0;
}

static int check_single(const struct publish_job *j, const struct publish_entry *en, struct err *e)
{
	for (size_t i = 0; i < j->n_entries; i++)
		if (&j->entries[i] != en && str_eq(j->entries[i].v.version, en->v.version))
			return err_set(e, -EINVAL, "version %s is given twice", en->v.version);
	return 0;
}

static int load_outputs(struct publish_job *j, const struct strv *stems, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < stems->n; i++) {
		struct publish_set *s = NULL;
		r = publish_set_open(stems->v[i], j->p->pool, &s, e);
		if (r == 0)
			r = take_set(j, s, e);
		if (r == 0)
			r = check_single(j, &j->entries[i], e);
		if (r == 0 && j->p->lock_path)
			r = set_lock(&j->entries[i], j->p->lock_path, e);
		for (size_t k = 0; r == 0 && k < j->n_channels; k++)
			r = look_in(&j->entries[i], &j->channels[k], e);
	}
	return r;
}

static const struct publish_channel *find_channel(const struct publish_job *j, const char *name)
{
	for (size_t i = 0; i < j->n_channels; i++)
		if (str_eq(j->channels[i].name, name))
			return &j->channels[i];
	return NULL;
}

static int take_published(struct publish_job *j, const struct publish_channel *c,
			  const struct publish_version *v, struct err *e)
{
	struct publish_entry *en = &j->entries[j->n_entries++];
	struct publish_index one = { 0 };

	*en = (struct publish_entry){ .dir = c->old, .arch = c->index->arch };
	en->name = strdup(c->index->name);
	int r = en->name ? publish_index_put(&one, v, e) : err_oom(e);
	if (r == 0)
		en->v = one.versions[0];
	free(one.versions);
	return r;
}

static int load_versions(struct publish_job *j, struct err *e)
{
	const struct publish_channel *c = find_channel(j, j->p->from_channel);
	int r = 0;

	if (!c || !c->index || !c->index->n_versions)
		return err_set(e, -ENOENT,
			       "%s has no channel %s with a version that is signed by %s",
			       j->p->dir, j->p->from_channel, j->accepted->name);
	if (!j->p->n_args)
		return take_published(j, c, &c->index->versions[0], e);
	for (size_t i = 0; r == 0 && i < j->p->n_args; i++) {
		const struct publish_version *v = publish_index_find(c->index, j->p->args[i]);
		r = v ? take_published(j, c, v, e)
		      : err_set(e, -ENOENT, "channel %s has no version %s", c->name, j->p->args[i]);
	}
	return r;
}

int publish_entries_load(struct publish_job *j, struct err *e)
{
	_cleanup_strv_ struct strv stems = STRV_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && !j->p->from_channel && i < j->p->n_args; i++)
		r = publish_find_sets(j->p->args[i], &stems, e);
	if (r < 0)
		return r;
	j->entries = calloc(MAX(stems.n, j->p->n_args) + 1, sizeof(*j->entries));
	if (!j->entries)
		return err_oom(e);
	return j->p->from_channel ? load_versions(j, e) : load_outputs(j, &stems, e);
}

static int pack_file(struct publish_job *j, const struct publish_part *part, struct publish_file *f,
		     struct publish_channel *c, struct err *e)
{
	const struct publish_pack_params pp = { .compression = j->p->compression,
						.what = "compress",
						.pool = j->p->pool,
						.progress = j->p->progress };
	_cleanup_close_ int fd = publish_channel_create(c, f->name, e);
	struct publish_packed packed;

	if (fd < 0)
		return fd;
	int r = publish_pack(&part->src, fd, &pp, &packed, e);
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(e, -errno, "write");
	if (r < 0)
		return err_wrap(e, r, "%s/%s/%s", c->dir, c->name, f->name);
	f->bytes = packed.bytes;
	memcpy(f->sha256, packed.sha256, SHA256_BYTES);
	return 0;
}

int publish_entry_pack(struct publish_job *j, struct publish_entry *en, struct publish_channel *c,
		       struct err *e)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < PUBLISH_N_KINDS; k++)
		if (en->v.files[k].name)
			r = pack_file(j, &en->set->parts[k], &en->v.files[k], c, e);
	en->dir = c->new;
	return r;
}
