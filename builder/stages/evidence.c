/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inner SBOM, which is in /usr and so in the root hash; and when all is written, what is told of it
 * beside the image.
 */
#include <fcntl.h>

#include "builder/stages/build.h"

#include "base/path.h"

#define USR "usr/"

static const struct {
	const char *suffix;
	enum build_output output; /* of the outer one */
	int (*write)(const struct sbom *s, struct sbom_document *ret, struct err *e);
} formats[BUILD_N_SBOMS] = {
	[BUILD_SBOM_SPDX] = { SBOM_SPDX_SUFFIX, BUILD_SPDX, sbom_spdx },
	[BUILD_SBOM_CYCLONEDX] = { SBOM_CYCLONEDX_SUFFIX, BUILD_CYCLONEDX, sbom_cyclonedx },
};

static struct sbom make_sbom(const struct build *b, const struct sbom_part *parts, size_t n)
{
	return (struct sbom){ .recipe = b->p.recipe,
			      .components = &b->components,
			      .removed = b->removed,
			      .time = b->time,
			      .parts = parts,
			      .n_parts = n };
}

/* A document becomes a file of /usr. */
static int put_inner(struct build *b, enum build_sbom i, const struct tree_origin *own,
		     struct tree_node **ret, struct err *e)
{
	struct sbom_document *d = &b->inner[i];
	const struct tree_meta m = { .mode = 0644, .mtime = b->time, .origin = own };
	_cleanup_free_ char *path =
		str_printf(SBOM_DIR "/%s%s", b->p.recipe->name, formats[i].suffix);

	if (!path)
		return err_oom(e);
	struct blob *blob = blob_new_take(d->text.data, d->text.len);
	d->text = (struct buf)BUF_INIT;
	if (blob)
		blob_set_digest(blob, d->sha256);
	return tree_add_file(b->tree, path, &m, blob, ret, e);
}

/* They are listed by the outer ones: an inner one cannot have its own digest in it. */
static int put_inners(struct build *b, struct err *e)
{
	const struct tree_origin *own =
		tree_add_origin(b->tree, TREE_ORIGIN_FINISHER, "sbom", NULL);
	struct tree_node *n;
	int r = own ? 0 : err_oom(e);

	for (enum build_sbom i = 0; r == 0 && i < BUILD_N_SBOMS; i++) {
		r = put_inner(b, i, own, &n, e);
		if (r == 0)
			r = inventory_add(&b->usr_files, USR, n, e);
	}
	return r < 0 ? r : components_add_origins(&b->components, &b->usr_files, e);
}

static int write_inner(void *ctx, size_t i, struct err *e)
{
	struct build *b = ctx;
	const struct sbom_part usr = {
		.id = "Usr", .name = "/usr", .files = &b->usr_files, .is_system = true
	};
	const struct sbom s = make_sbom(b, &usr, 1);

	return formats[i].write(&s, &b->inner[i], e);
}

static int plan_sbom(struct build *b, struct err *e)
{
	const struct components_params cp = { .packages = b->packages,
					      .lock = b->p.lock,
					      .os_release = b->os_release };

	int r = components_make(&cp, &b->components, e);
	if (r == 0)
		r = inventory_make(b->tree, USR, b->p.pool, &b->usr_files, e);
	if (r == 0)
		r = components_add_origins(&b->components, &b->usr_files, e);
	if (r == 0)
		r = pool_run(b->p.pool, BUILD_N_SBOMS, write_inner, b, e);
	if (r == 0)
		r = put_inners(b, e);
	return r < 0 ? err_wrap(e, r, "SBOM") : 0;
}

const struct stage stage_sbom = { .name = "sbom", .plan = plan_sbom };

/* What the outer SBOM has beyond /usr. */
struct outer {
	struct build *b;
	struct tree *uki;
	struct inventory esp, uki_files, initrd;
	uint8_t initrd_sha256[SHA256_BYTES];
	char *names[BUILD_N_OUTPUTS]; /* of outputs, without their directory */
};

static void outer_done(struct outer *o)
{
	inventory_done(&o->esp);
	inventory_done(&o->uki_files);
	inventory_done(&o->initrd);
	tree_free(o->uki);
	for (size_t i = 0; i < BUILD_N_OUTPUTS; i++)
		free(o->names[i]);
}

struct section {
	const char *name;
	const struct tree_origin *from; /* NULL: the recipe */
	struct blob *blob;		/* moves */
};

static int add_section(struct outer *o, const struct section *s, struct err *e)
{
	const struct tree_meta m = {
		.mode = 0644,
		.mtime = o->b->time,
		.origin = s->from ? tree_add_origin(o->uki, s->from->kind, s->from->name,
						    s->from->version)
				  : tree_add_origin(o->uki, TREE_ORIGIN_RECIPE, "kernel", NULL)
	};

	if (!m.origin) {
		blob_unref(s->blob);
		return err_oom(e);
	}
	return tree_add_file(o->uki, s->name, &m, s->blob, NULL, e);
}

/* What a UKI is made of but its initrd, under the names of its sections. */
static int make_uki_tree(struct outer *o, struct err *e)
{
	const struct build *b = o->b;
	const struct tree_origin os_release = { TREE_ORIGIN_FINISHER,
						(char *)(uintptr_t) "os-release", NULL };
	const struct section sections[] = {
		{ "stub", b->stub_from, blob_ref(b->stub) },
		{ ".linux", b->kernel_from, blob_ref(b->kernel) },
		{ ".osrel", &os_release, blob_ref(b->os_release) },
		{ ".cmdline", NULL, blob_new_str(b->cmdline) },
		{ ".uname", b->kernel_from, blob_new_str(b->kernel_version) },
	};
	int r = 0;

	o->uki = tree_new();
	if (!o->uki)
		return err_oom(e);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (r == 0)
			r = add_section(o, &sections[i], e);
		else
			blob_unref(sections[i].blob);
	}
	return r;
}

static int hash_output(struct build *b, enum build_output o, struct err *e)
{
	_cleanup_source_ struct source src = SOURCE_INIT;
	int fd = fcntl(b->out[o].fd, F_DUPFD_CLOEXEC, 3);

	int r = fd < 0 ? err_sys(e, -errno, "dup") : source_init_fd_unmapped(&src, fd, e);
	if (r == 0)
		r = source_sha256(&src, b->output_sha256[o], e);
	return r < 0 ? err_wrap(e, r, "%s", b->out[o].path) : 0;
}

/* The disk is not among them: it is most of it zeros, and all else is in one of them or in the ESP. */
static const enum build_output hashed[] = { BUILD_USR, BUILD_UKI, BUILD_VERITY, BUILD_VERITY_SIG,
					    BUILD_ROOT_HASH };

static int hash_one(void *ctx, size_t i, struct err *e)
{
	struct outer *o = ctx;
	struct build *b = o->b;

	if (i < ARRAY_SIZE(hashed))
		return hash_output(b, hashed[i], e);
	switch (i - ARRAY_SIZE(hashed)) {
	case 0:
		return inventory_make(b->initrd, "", b->p.pool, &o->initrd, e);
	case 1:
		return inventory_make(o->uki, "", b->p.pool, &o->uki_files, e);
	case 2:
		return inventory_make(b->esp, "", b->p.pool, &o->esp, e);
	default:
		sha256_bytes(b->initrd_image.data, b->initrd_image.len, o->initrd_sha256);
		return 0;
	}
}

static int collect_outer(struct outer *o, struct err *e)
{
	struct build *b = o->b;

	int r = make_uki_tree(o, e);
	if (r == 0)
		r = pool_run(b->p.pool, ARRAY_SIZE(hashed) + 4, hash_one, o, e);
	if (r == 0)
		r = components_add_origins(&b->components, &o->initrd, e);
	if (r == 0)
		r = components_add_origins(&b->components, &o->uki_files, e);
	if (r == 0)
		r = components_add_origins(&b->components, &o->esp, e);
	return r;
}

/* Does /usr hold what the SBOMs list, and nothing else? Its writer is not asked. */
static int check_usr(const struct build *b, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	_cleanup_source_ struct source src = SOURCE_INIT;
	int fd = fcntl(b->out[BUILD_USR].fd, F_DUPFD_CLOEXEC, 3);

	int r = fd < 0 ? err_sys(e, -errno, "dup") : source_init_fd_unmapped(&src, fd, e);
	if (r == 0)
		r = fs_reader_open(&src, &reader, e);
	if (r == 0)
		r = inventory_check(&b->usr_files, USR, reader, e);
	return r < 0 ? err_wrap(e, r, "%s", b->out[BUILD_USR].path) : 0;
}

struct writing {
	struct build *b;
	const struct sbom_part *parts;
	size_t n_parts;
};

static int write_outer(void *ctx, size_t i, struct err *e)
{
	const struct writing *w = ctx;
	struct build *b = w->b;
	struct sbom s = make_sbom(b, w->parts, w->n_parts);
	struct sbom_document d = { .text = BUF_INIT };
	enum build_output o = formats[i].output;

	s.inner = &b->inner[i];
	int r = formats[i].write(&s, &d, e);
	if (r == 0)
		r = build_write_output(b, o, d.text.data, d.text.len, e);
	if (r == 0)
		memcpy(b->output_sha256[o], d.sha256, SHA256_BYTES);
	sbom_document_done(&d);
	return r;
}

static int write_outers(struct outer *o, struct err *e)
{
	struct build *b = o->b;
	char root_hash[16 + SHA256_HEX] = "root hash ";
	const struct sbom_part parts[] = {
		{ .id = "Usr",
		  .name = "/usr",
		  .file = o->names[BUILD_USR],
		  .sha256 = b->output_sha256[BUILD_USR],
		  .files = &b->usr_files,
		  .is_system = true },
		{ .id = "Verity",
		  .name = "hash tree of /usr",
		  .file = o->names[BUILD_VERITY],
		  .sha256 = b->output_sha256[BUILD_VERITY],
		  .comment = root_hash },
		{ .id = "VeritySig",
		  .name = "signature of the root hash",
		  .file = o->names[BUILD_VERITY_SIG],
		  .sha256 = b->output_sha256[BUILD_VERITY_SIG] },
		{ .id = "Esp", .name = "EFI system partition", .files = &o->esp },
		{ .id = "Uki",
		  .name = "unified kernel image",
		  .inside = "Esp",
		  .file = o->names[BUILD_UKI],
		  .sha256 = b->output_sha256[BUILD_UKI],
		  .files = &o->uki_files },
		{ .id = "Initrd",
		  .name = "initrd",
		  .inside = "Uki",
		  .sha256 = o->initrd_sha256,
		  .comment = "section .initrd of the unified kernel image, zstd",
		  .files = &o->initrd },
	};
	struct writing w = { b, parts, ARRAY_SIZE(parts) };

	hex_encode(b->root_hash, SHA256_BYTES, root_hash + strlen(root_hash));
	return pool_run(b->p.pool, BUILD_N_SBOMS, write_outer, &w, e);
}

static int name_outputs(struct outer *o, struct err *e)
{
	for (enum build_output i = 0; i < BUILD_N_OUTPUTS; i++) {
		_cleanup_free_ char *path = build_output_path(o->b, i);
		o->names[i] = path ? strdup(path_last(path)) : NULL;
		if (!o->names[i])
			return err_oom(e);
	}
	return 0;
}

static int run_evidence(struct build *b, struct err *e)
{
	struct outer o = { .b = b };

	int r = check_usr(b, e);
	if (r == 0)
		r = name_outputs(&o, e);
	if (r == 0)
		r = collect_outer(&o, e);
	if (r == 0)
		r = write_outers(&o, e);
	outer_done(&o);
	tree_free(b->esp); /* it has a copy of the UKI */
	b->esp = NULL;
	return r;
}

const struct stage stage_evidence = { .name = "evidence", .run = run_evidence };
