/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of what one build wrote: its parts by themselves, and that they are those on its disk. */
#include <dirent.h>

#include "base/mismatch.h"
#include "builder/audit/artefacts.h"
#include "builder/audit/verify_internal.h"
#include "builder/stages/build.h"
#include "signing/pe.h"

#define UKI_BYTES_MAX  (1 * GiB)
#define ROOT_HASH_TEXT (2 * SHA256_BYTES + 1)

struct outputs {
	const char *dir;
	char *stem; /* "node_1" */
	struct source files[BUILD_N_OUTPUTS];
	bool there[BUILD_N_OUTPUTS];
};

/* The name of the one root hash that is there says what all others are called. */
static int find_stem(struct outputs *o, struct err *e)
{
	const char *suffix = build_output_suffix(BUILD_ROOT_HASH);
	DIR *d = opendir(o->dir);
	const struct dirent *x;
	size_t n = 0;

	if (!d)
		return err_sys(e, -errno, "%s", o->dir);
	while ((x = readdir(d)) != NULL) {
		if (*x->d_name == '.' || !str_has_suffix(x->d_name, suffix))
			continue;
		free(o->stem);
		o->stem = strndup(x->d_name, strlen(x->d_name) - strlen(suffix));
		n++;
	}
	closedir(d);
	if (n == 1)
		return o->stem ? 0 : err_oom(e);
	return err_set(
		e, -ENOENT,
		"%s: %zu files are called *%s, and one is what a build writes: name the disk, or "
		"a directory of one build",
		o->dir, n, suffix);
}

static int open_one(struct outputs *o, enum build_output i, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s%s", o->dir, o->stem, build_output_suffix(i));

	if (!path)
		return err_oom(e);
	int r = source_open(&o->files[i], path, e);
	o->there[i] = r == 0;
	return r == -ENOENT && i == BUILD_DISK ? 0 : r;
}

/* All parts have to be there; the disk may be elsewhere. */
static int open_all(struct outputs *o, struct err *e)
{
	static const enum build_output needed[] = { BUILD_DISK,	      BUILD_USR, BUILD_VERITY,
						    BUILD_VERITY_SIG, BUILD_UKI, BUILD_ROOT_HASH };
	int r = find_stem(o, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(needed); i++)
		r = open_one(o, needed[i], e);
	return r;
}

static void outputs_done(struct outputs *o)
{
	for (size_t i = 0; i < BUILD_N_OUTPUTS; i++)
		source_done(&o->files[i]);
	free(o->stem);
}

static int read_root_hash(struct verify *v, const struct outputs *o, uint8_t *ret, struct err *e)
{
	const struct source *f = &o->files[BUILD_ROOT_HASH];
	char text[ROOT_HASH_TEXT + 1] = "", lower[SHA256_HEX];

	verify_at(v, "%s%s", o->stem, build_output_suffix(BUILD_ROOT_HASH));
	int r = f->size_bytes == ROOT_HASH_TEXT ? source_pread(f, 0, text, ROOT_HASH_TEXT, e)
						: -EBADMSG;
	char *end = strchr(text, '\n');
	if (r == 0 && end == text + ROOT_HASH_TEXT - 1) {
		*end = '\0';
		r = hex_decode(text, ret, SHA256_BYTES);
		hex_encode(ret, SHA256_BYTES, lower);
	}
	if (r < 0 || !end || *end || !str_eq(text, lower)) {
		r = verify_fail(v, VERIFY_OUTPUTS, e, "it is not 64 hex digits and a newline");
		return r < 0 ? r : 1;
	}
	return 0;
}

static int read_uki(const struct outputs *o, struct buf *b, struct err *e)
{
	const struct source *f = &o->files[BUILD_UKI];

	if (f->size_bytes > UKI_BYTES_MAX)
		return err_set(e, -EBADMSG, "%llu bytes are too many",
			       (unsigned long long)f->size_bytes);
	uint8_t *room = buf_grow(b, (size_t)f->size_bytes);
	if (!room)
		return err_oom(e);
	b->len = (size_t)f->size_bytes;
	return source_pread(f, 0, room, b->len, e);
}

/* The machine that the kernel is for is what the other files say nothing of. */
static const char *arch_of(const struct buf *uki)
{
	struct err ignored;
	struct pe pe;

	return pe_parse(&pe, uki->data, uki->len, &ignored) == 0 && pe.machine == PE_MACHINE_ARM64
		       ? "arm64"
		       : "x86-64";
}

static int check_uki(struct verify *v, const struct outputs *o, struct err *e)
{
	_cleanup_free_ char *path = str_printf("EFI/Linux/%s.efi", o->stem);
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (!path)
		return err_oom(e);
	verify_at(v, "%s%s", o->stem, build_output_suffix(BUILD_UKI));
	int r = read_uki(o, &b, e);
	if (r < 0)
		return verify_failed(v, VERIFY_OUTPUTS, r, e);
	v->arch = arch_of(&b);
	return verify_uki(v, path, &(struct verify_pe){ b.data, b.len }, e);
}

static int check_parts(struct verify *v, const struct outputs *o, struct err *e)
{
	struct verify_slot *s = &v->slots[0];

	int r = read_root_hash(v, o, s->root_hash, e);
	if (r != 0)
		return r < 0 ? r : 0;
	snprintf(s->name, sizeof(s->name), "parts");
	s->used = true;
	s->label = o->stem;
	s->data = o->files[BUILD_USR];
	s->hash = o->files[BUILD_VERITY];
	s->sig = o->files[BUILD_VERITY_SIG];
	r = verify_slot(v, s, e);
	if (r == 0)
		r = check_uki(v, o, e);
	return r < 0 ? r : verify_started(v, e);
}

/* The first bytes of a partition are the part's file; what follows, the disk's own checks look at. */
static int compare_part(struct verify *v, const struct image *image, const struct outputs *o,
			enum build_output i, const char *partition, struct err *e)
{
	const struct image_partition *p = image_find(image, partition);
	struct source head;
	uint64_t at = 0;

	verify_at(v, "%s%s", o->stem, build_output_suffix(i));
	if (!p || p->src.size_bytes < o->files[i].size_bytes)
		return verify_fail(v, VERIFY_OUTPUTS, e, "the disk has no %s as long as it",
				   partition);
	int r = source_init_window(&head, &p->src, 0, o->files[i].size_bytes, e);
	if (r == 0)
		r = source_mismatch(&o->files[i], &head, 0, v->p->pool, &at, e);
	if (r < 0)
		return verify_failed(v, VERIFY_OUTPUTS, r, e);
	if (at != MISMATCH_NONE)
		return verify_fail(v, VERIFY_OUTPUTS, e, "byte %llu is another one on the disk",
				   (unsigned long long)at);
	return verify_ok(v, VERIFY_OUTPUTS, e, "as in %s of the disk", partition);
}

/* A kernel of the same root hash may be another one, with other words on its command line. */
static int compare_uki(struct verify *v, const struct image *image, const struct outputs *o,
		       struct err *e)
{
	const struct image_partition *esp = image_find(image, "esp");
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	_cleanup_free_ char *path = str_printf("EFI/Linux/%s.efi", o->stem);
	_cleanup_buf_ struct buf b = BUF_INIT, on_disk = BUF_INIT;

	if (!path)
		return err_oom(e);
	verify_at(v, "%s%s", o->stem, build_output_suffix(BUILD_UKI));
	int r = esp ? fs_reader_open(&esp->src, &reader, e)
		    : err_set(e, -EBADMSG, "the disk has no ESP");
	if (r == 0)
		r = fs_read_path(reader, path, UKI_BYTES_MAX, &on_disk, e);
	if (r == 0)
		r = read_uki(o, &b, e);
	if (r < 0)
		return verify_failed(v, VERIFY_OUTPUTS, r, e);
	if (b.len != on_disk.len || memcmp(buf_str(&b), buf_str(&on_disk), b.len) != 0)
		return verify_fail(v, VERIFY_OUTPUTS, e, "it is another one on the disk");
	return verify_ok(v, VERIFY_OUTPUTS, e, "as on the ESP of the disk");
}

static int check_disk(struct verify *v, const struct outputs *o, struct err *e)
{
	const struct source *disk = &o->files[BUILD_DISK];
	struct verify of_disk;

	int r = verify_init(&of_disk, v->p, v->report, e);
	if (r == 0)
		r = verify_image(&of_disk, disk, e);
	if (r == 0 && of_disk.image)
		r = compare_part(v, of_disk.image, o, BUILD_USR, "usr-a", e);
	if (r == 0 && of_disk.image)
		r = compare_part(v, of_disk.image, o, BUILD_VERITY, "usr-verity-a", e);
	if (r == 0 && of_disk.image)
		r = compare_part(v, of_disk.image, o, BUILD_VERITY_SIG, "usr-verity-sig-a", e);
	if (r == 0 && of_disk.image)
		r = compare_uki(v, of_disk.image, o, e);
	for (size_t i = 0; of_disk.used_trust && i < v->p->n_trust; i++)
		v->used_trust[i] = v->used_trust[i] || of_disk.used_trust[i];
	verify_done(&of_disk);
	return r;
}

int verify_outputs(struct verify *v, const char *dir, struct err *e)
{
	struct outputs o = { .dir = dir };

	for (size_t i = 0; i < BUILD_N_OUTPUTS; i++)
		o.files[i] = (struct source)SOURCE_INIT;
	int r = open_all(&o, e);
	if (r == 0)
		r = check_parts(v, &o, e);
	if (r == 0 && o.there[BUILD_DISK])
		r = check_disk(v, &o, e);
	if (r == 0)
		r = verify_provenance(v, &(struct verify_stated){ dir, o.stem, NULL }, e);
	/* The slot's readers look into these files. */
	verify_slot_done(&v->slots[0]);
	v->slots[0] = (struct verify_slot){ .used = false };
	outputs_done(&o);
	return r;
}
