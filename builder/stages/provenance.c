/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was made of what, signed: digests of all outputs but itself, and of all that was given. */
#include "builder/attest/provenance.h"

#include <fcntl.h>

#include "base/path.h"
#include "builder/stages/build.h"
#include "stage1/tree/overlay.h"
#include "verity/fsverity.h"

struct inputs {
	struct provenance_file *v; /* their names are owned */
	size_t n, cap;
};

static void inputs_done(struct inputs *in)
{
	for (size_t i = 0; i < in->n; i++)
		free((char *)(uintptr_t)in->v[i].name);
	free(in->v);
}

/* By what it is to the build, not by its name or place, which decide about nothing. */
static int add(struct inputs *in, enum provenance_digest kind, const uint8_t *digest,
	       const char *what, size_t nr, struct err *e)
{
	if (in->n == in->cap) {
		size_t cap = in->cap ? 2 * in->cap : 16;
		struct provenance_file *p = reallocarray(in->v, cap, sizeof(*p));
		if (!p)
			return err_oom(e);
		in->v = p;
		in->cap = cap;
	}
	struct provenance_file f = { .kind = kind };
	f.name = nr ? str_printf("%s %zu", what, nr) : strdup(what);
	if (!f.name)
		return err_oom(e);
	memcpy(f.digest, digest, SHA256_BYTES);
	in->v[in->n++] = f;
	return 0;
}

static int add_file(struct inputs *in, const char *path, const char *what, size_t nr, struct err *e)
{
	_cleanup_(blob_unref) struct blob *b = NULL;
	uint8_t digest[SHA256_BYTES];

	int r = blob_new_file(AT_FDCWD, path, &b, e);
	if (r < 0)
		return r;
	blob_digest(b, digest);
	return add(in, PROVENANCE_SHA256, digest, what, nr, e);
}

static int add_recipe(struct inputs *in, const struct recipe *recipe, struct err *e)
{
	int r = add_file(in, recipe->path, "recipe", 0, e);

	for (size_t i = 0; r == 0 && i < recipe->includes.n; i++)
		r = add_file(in, recipe->includes.v[i], "included recipe", i + 1, e);
	return r;
}

static int add_lock(struct inputs *in, const struct lock *l, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	uint8_t digest[SHA256_BYTES];

	lock_format(l, &text);
	if (buf_failed(&text))
		return err_oom(e);
	sha256_bytes(text.data, text.len, digest);
	return add(in, PROVENANCE_SHA256, digest, "lock", 0, e);
}

/* The path first, to sort by it. */
static int add_line(struct tree_node *n, void *ctx, struct err *e)
{
	struct strv *lines = ctx;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	if (n->inode->origin->kind != TREE_ORIGIN_OVERLAY || tree_is_dir(n))
		return 0;
	if (tree_is_symlink(n))
		sha256_bytes(n->inode->target, strlen(n->inode->target), digest);
	else
		blob_digest(n->inode->blob, digest);
	hex_encode(digest, sizeof(digest), hex);
	_cleanup_free_ char *path = tree_path(n);
	return path && strv_addf(lines, "%s\n%s", path, hex) == 0 ? 0 : err_oom(e);
}

/* in-toto's dirHash: SHA-256 of lines "digest  path", sorted by path. */
static int hash_lines(struct strv *lines, uint8_t digest[SHA256_BYTES], struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	strv_sort(lines);
	for (size_t i = 0; i < lines->n; i++) {
		const char *end = strrchr(lines->v[i], '\n');
		buf_printf(&text, "%s  %.*s\n", end + 1, (int)(end - lines->v[i]), lines->v[i]);
	}
	if (buf_failed(&text))
		return err_oom(e);
	sha256_bytes(text.len ? text.data : (const uint8_t *)"", text.len, digest);
	return 0;
}

static int add_overlay(struct inputs *in, const char *dir, const char *what, size_t nr,
		       struct err *e)
{
	const struct tree_overlay_params p = { .dir = dir, .name = "overlay" };
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_strv_ struct strv lines = STRV_INIT;
	uint8_t digest[SHA256_BYTES];

	int r = t ? tree_overlay(t, &p, e) : err_oom(e);
	if (r == 0)
		r = tree_walk(tree_root(t), add_line, &lines, e);
	if (r == 0)
		r = hash_lines(&lines, digest, e);
	return r < 0 ? r : add(in, PROVENANCE_DIRHASH, digest, what, nr, e);
}

static int add_overlays(struct inputs *in, const struct recipe *recipe, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < recipe->overlays.n; i++)
		r = add_overlay(in, recipe->overlays.v[i], "overlay", i + 1, e);
	for (size_t i = 0; r == 0 && i < recipe->initrd_overlays.n; i++)
		r = add_overlay(in, recipe->initrd_overlays.v[i], "initrd overlay", i + 1, e);
	return r;
}

static int add_enrolment(struct inputs *in, const struct build *b, struct err *e)
{
	static const char *const names[] = { "enrolment PK.auth", "enrolment KEK.auth",
					     "enrolment db.auth" };
	uint8_t digest[SHA256_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && b->auth[0] && i < ARRAY_SIZE(names); i++) {
		blob_digest(b->auth[i], digest);
		r = add(in, PROVENANCE_SHA256, digest, names[i], 0, e);
	}
	return r;
}

static int collect_inputs(const struct build *b, struct inputs *in, struct err *e)
{
	int r = add_recipe(in, b->p.recipe, e);

	if (r == 0)
		r = add_lock(in, b->p.lock, e);
	if (r == 0)
		r = add_overlays(in, b->p.recipe, e);
	return r < 0 ? r : add_enrolment(in, b, e);
}

static int hash_disk(struct build *b, uint8_t digest[SHA256_BYTES], struct err *e)
{
	_cleanup_source_ struct source src = SOURCE_INIT;
	int fd = fcntl(b->out[BUILD_DISK].fd, F_DUPFD_CLOEXEC, 3);

	int r = fd < 0 ? err_sys(e, -errno, "dup") : source_init_fd_unmapped(&src, fd, e);
	if (r == 0)
		r = fsverity_digest(&src, b->p.pool, digest, e);
	return r < 0 ? err_wrap(e, r, "%s", b->out[BUILD_DISK].path) : 0;
}

/* All that have been written so far. */
static int collect_outputs(struct build *b, struct provenance_file *outputs, size_t *ret_n,
			   struct err *e)
{
	int r = 0;

	*ret_n = 0;
	for (enum build_output o = 0; r == 0 && o < BUILD_N_OUTPUTS; o++) {
		struct provenance_file *f = &outputs[*ret_n];
		if (b->out[o].fd < 0)
			continue;
		f->name = path_last(b->out[o].path);
		f->kind = o == BUILD_DISK ? PROVENANCE_FSVERITY : PROVENANCE_SHA256;
		if (o == BUILD_DISK)
			r = hash_disk(b, f->digest, e);
		else
			memcpy(f->digest, b->output_sha256[o], SHA256_BYTES);
		(*ret_n)++;
	}
	return r;
}

static int write_provenance(struct build *b, const struct inputs *in, struct err *e)
{
	struct provenance_file outputs[BUILD_N_OUTPUTS];
	_cleanup_buf_ struct buf envelope = BUF_INIT;
	struct provenance_params p = { .recipe = b->p.recipe,
				       .lock = b->p.lock,
				       .layout = b->layout,
				       .components = &b->components,
				       .signer = b->signer,
				       .time = b->time,
				       .outputs = outputs,
				       .inputs = in->v,
				       .n_inputs = in->n };

	int r = collect_outputs(b, outputs, &p.n_outputs, e);
	if (r == 0)
		r = provenance_write(&p, &envelope, e);
	return r < 0 ? r : build_write_output(b, BUILD_PROVENANCE, envelope.data, envelope.len, e);
}

static int run(struct build *b, struct err *e)
{
	struct inputs in = { .n = 0 };

	int r = collect_inputs(b, &in, e);
	if (r == 0)
		r = write_provenance(b, &in, e);
	inputs_done(&in);
	return r;
}

const struct stage stage_provenance = { .name = "provenance", .run = run };
