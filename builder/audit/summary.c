/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/summary.h"

#include <sys/stat.h>

#include "base/os_release.h"
#include "signing/pcr.h"
#include "signing/pe.h"
#include "stage1/fs/erofs_format.h"

#define OS_RELEASE_MAX (64 * KiB)
#define SIGNATURE_MAX  (1 * MiB)

static const char *const phases[SUMMARY_PCR11_PHASES - 1] = { "enter-initrd", "leave-initrd",
							      "sysinit", "ready" };

const char *summary_pcr11_phase(size_t i)
{
	return i ? phases[i - 1] : "";
}

static void set_names(struct summary *s, const char *os_release)
{
	const struct span text = span_of(os_release);

	s->name = os_release_value(text, "IMAGE_ID");
	s->version = os_release_value(text, "IMAGE_VERSION");
	s->os = os_release_value(text, "PRETTY_NAME");
}

static void add_algorithm(struct summary *s, const char *name)
{
	size_t len = strlen(s->compression);

	snprintf(s->compression + len, sizeof(s->compression) - len, "%s%s", len ? ", " : "", name);
}

/* EROFS only: the others have none. */
static int set_compression(struct summary *s, struct err *e)
{
	static const char *const names[] = { "lz4", "lzma", "deflate", "zstd" };
	struct erofs_super super;

	if (!str_eq(s->filesystem, "erofs"))
		return 0;
	int r = source_pread(&s->files->parts[ARTEFACT_USR], EROFS_SUPER_OFFSET, &super,
			     sizeof(super), e);
	if (r < 0)
		return r;
	bool listed = super.feature_incompat & EROFS_INCOMPAT_COMPR_CFGS;
	for (size_t i = 0; listed && i < ARRAY_SIZE(names); i++)
		if (super.algorithms >> i & 1)
			add_algorithm(s, names[i]);
	if (!listed && (super.feature_incompat & EROFS_INCOMPAT_LZ4_0PADDING))
		add_algorithm(s, "lz4");
	if (!*s->compression)
		add_algorithm(s, "none");
	return 0;
}

/* A file of several names is counted once, as it is there once. */
static int cmp_inodes(const void *a, const void *b)
{
	const struct fs_stat *const *x = a, *const *y = b;

	return ((*x)->ino > (*y)->ino) - ((*x)->ino < (*y)->ino);
}

static int count_content(struct summary *s, struct err *e)
{
	_cleanup_free_ const struct fs_stat **v = calloc(s->usr.n + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_oom(e);
	for (size_t i = 0; i < s->usr.n; i++)
		if (S_ISREG(s->usr.v[i].st.mode))
			v[n++] = &s->usr.v[i].st;
	qsort(v, n, sizeof(*v), cmp_inodes);
	for (size_t i = 0; i < n; i++)
		if (!i || v[i]->ino != v[i - 1]->ino)
			s->content_bytes += v[i]->size_bytes;
	return 0;
}

static int read_usr(struct summary *s, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct fs_reader *r = s->files->usr;

	if (!r)
		return 0;
	s->filesystem = r->ops->name;
	s->usr_bytes = r->size_bytes ? r->size_bytes : s->files->parts[ARTEFACT_USR].size_bytes;
	int x = set_compression(s, e);
	if (x == 0)
		x = listing_walk(&s->usr, r, e);
	if (x == 0)
		x = count_content(s, e);
	if (x == 0)
		x = image_packages_read(&s->usr, &s->packages, e);
	if (x == 0)
		x = image_origins_read(&s->usr, &s->origins, e);
	if (x == 0)
		x = image_origins_sizes(&s->origins, &s->usr, &s->others, &s->n_others, e);
	if (x < 0)
		return err_wrap(e, x, "/usr");
	if (fs_read_path(r, "lib/os-release", OS_RELEASE_MAX, &text, e) == 0)
		set_names(s, buf_str(&text));
	return 0;
}

static char *section_text(const struct pe *pe, const char *name)
{
	const struct pe_section *s = pe_find(pe, name);
	size_t len = 0;
	const uint8_t *data = s ? pe_content(pe, s, &len) : NULL;

	return data ? strndup((const char *)data, len) : NULL;
}

static void predict(struct summary *s, const void *uki, size_t len)
{
	struct err e;

	s->has_pcr11 = true;
	for (size_t i = 0; i < SUMMARY_PCR11_PHASES; i++)
		if (pcr_predict(uki, len, phases, i, s->pcr11[i], &e) < 0)
			s->has_pcr11 = false;
}

/* Of a UKI alone the names are from its own copy of os-release. */
static int read_uki(struct summary *s, struct err *e)
{
	const struct source *src = &s->files->parts[ARTEFACT_UKI];
	const struct pe_section *initrd;
	struct pe pe;

	if (!src->size_bytes || !src->bytes || pe_parse(&pe, src->bytes, src->size_bytes, e) < 0)
		return 0;
	s->kernel = section_text(&pe, ".uname");
	s->cmdline = section_text(&pe, ".cmdline");
	initrd = pe_find(&pe, ".initrd");
	s->initrd_bytes = initrd ? MIN(initrd->virtual_bytes, initrd->raw_bytes) : 0;
	_cleanup_free_ char *osrel = section_text(&pe, ".osrel");
	if (osrel && !s->name)
		set_names(s, osrel);
	predict(s, src->bytes, src->size_bytes);
	return image_signers_add_pe(&s->signers, "UKI", src->bytes, src->size_bytes, e);
}

static int read_signature(struct summary *s, struct err *e)
{
	const struct source *src = &s->files->parts[ARTEFACT_SIGNATURE];
	_cleanup_free_ uint8_t *data = NULL;

	if (!src->size_bytes || src->size_bytes > SIGNATURE_MAX)
		return 0;
	data = malloc((size_t)src->size_bytes);
	if (!data)
		return err_oom(e);
	int r = source_pread(src, 0, data, (size_t)src->size_bytes, e);
	return r < 0 ? r
		     : image_signers_add_root_hash(&s->signers, data, (size_t)src->size_bytes, e);
}

int summary_read(const char *path, struct summary **ret, struct err *e)
{
	_cleanup_(summary_free) struct summary *s = calloc(1, sizeof(*s));

	if (!s)
		return err_oom(e);
	int r = artefacts_open(path, &s->files, e);
	if (r < 0)
		return r;
	s->has_root_hash = artefacts_root_hash(s->files, s->root_hash);
	r = read_usr(s, e);
	if (r == 0)
		r = read_uki(s, e);
	if (r == 0)
		r = read_signature(s, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	*ret = TAKE_PTR(s);
	return 0;
}

void summary_free(struct summary *s)
{
	if (!s)
		return;
	image_signers_done(&s->signers);
	free(s->others);
	image_origins_done(&s->origins);
	image_packages_done(&s->packages);
	listing_done(&s->usr);
	artefacts_free(s->files);
	free(s->name);
	free(s->version);
	free(s->os);
	free(s->kernel);
	free(s->cmdline);
	free(s);
}

static int add_size(void *ctx, const char *path unused_, const struct fs_stat *st,
		    struct err *e unused_)
{
	*(uint64_t *)ctx += S_ISREG(st->mode) ? st->size_bytes : 0;
	return 0;
}

/* A FAT does not tell its content's end: its files are added up. */
static bool filesystem_bytes(const struct source *src, bool files, uint64_t *ret)
{
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct err e;

	*ret = 0;
	if (fs_reader_open(src, &r, &e) < 0)
		return false;
	if (files)
		return fs_reader_walk(r, add_size, ret, &e) == 0;
	*ret = r->size_bytes;
	return *ret != 0;
}

static bool tree_bytes(const struct source *src, uint64_t *ret)
{
	uint8_t sb[VERITY_SUPERBLOCK_BYTES];
	struct verity_params v;
	struct err e;

	if (source_pread(src, 0, sb, sizeof(sb), &e) < 0 ||
	    verity_superblock_parse(sb, sizeof(sb), &v, &e) < 0)
		return false;
	*ret = verity_area_bytes(&v);
	return *ret != 0;
}

bool summary_used_bytes(const struct image_partition *p, uint64_t *ret)
{
	if (!p->known || p->type == LAYOUT_ROOT)
		return false;
	if (p->type == LAYOUT_ESP)
		return filesystem_bytes(&p->src, true, ret);
	if (!image_slot_used(p)) {
		*ret = 0;
		return true;
	}
	if (p->type == LAYOUT_USR)
		return filesystem_bytes(&p->src, false, ret);
	return p->type == LAYOUT_USR_VERITY && tree_bytes(&p->src, ret);
}
