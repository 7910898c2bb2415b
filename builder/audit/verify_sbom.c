/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SBOM in /usr, against /usr: each file and symlink is in it, once, as it is, and nothing else. The
 * SBOMs themselves are in none: they cannot tell their own digests.
 */
#include "builder/attest/sbom.h"
#include "builder/audit/inner_sbom.h"
#include "builder/audit/verify_sbom.h"

struct verify_sbom {
	struct inner_sbom *inner;
	char *name; /* of itself and its like, less their suffixes */
};

void verify_sbom_free(struct verify_sbom *s)
{
	if (!s)
		return;
	inner_sbom_free(s->inner);
	free(s->name);
	free(s);
}

int verify_sbom_read(const struct verify_slot *slot, struct verify_sbom **ret, struct err *e)
{
	_cleanup_(verify_sbom_free) struct verify_sbom *s = calloc(1, sizeof(*s));
	_cleanup_free_ char *path = NULL;

	if (!s)
		return err_oom(e);
	s->name = str_printf(SBOM_DIR "/%s", slot->image_id ? slot->image_id : "");
	path = s->name ? str_printf("%s%s", s->name, inner_sbom_suffix(INNER_CYCLONEDX)) : NULL;
	if (!path)
		return err_oom(e);
	int r = inner_sbom_read(slot->usr, path, INNER_CYCLONEDX, &s->inner, e);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

static bool is_sbom(const struct verify_sbom *s, const char *path)
{
	return str_has_prefix(path, s->name) &&
	       (str_eq(path + strlen(s->name), SBOM_CYCLONEDX_SUFFIX) ||
		str_eq(path + strlen(s->name), SBOM_SPDX_SUFFIX));
}

/* Return: 1 it is what is listed; 0 it is not; what reading returns */
static int is_as_listed(struct fs_reader *usr, const struct listed *x, const uint8_t *sha256,
			const struct inner_file *entry, struct err *e)
{
	_cleanup_buf_ struct buf target = BUF_INIT;
	char hex[SHA256_HEX];

	if (S_ISREG(x->st.mode)) {
		hex_encode(sha256, SHA256_BYTES, hex);
		return !entry->target && entry->sha256 && str_eq(entry->sha256, hex);
	}
	if (!S_ISLNK(x->st.mode) || !entry->target)
		return 0;
	int r = fs_reader_append(usr, &x->st, &target, e);
	return r < 0 ? r : str_eq(entry->target, buf_str(&target));
}

struct comparison {
	const struct verify_sbom *sbom;
	struct fs_reader *usr;
	bool *seen; /* which of the SBOM's files */
	struct strv *found;
};

static int compare(const struct comparison *c, const struct listed *x, const uint8_t *sha256,
		   struct err *e)
{
	const struct inner_sbom *inner = c->sbom->inner;
	const struct inner_file *entry = inner_sbom_file(inner, x->path);

	if (S_ISDIR(x->st.mode) || is_sbom(c->sbom, x->path))
		return 0;
	int r = entry ? is_as_listed(c->usr, x, sha256, entry, e) : 0;
	if (entry)
		c->seen[entry - inner->files] = true;
	if (r != 0)
		return MIN(r, 0);
	return strv_addf(c->found, "/usr/%s is not %s", x->path, entry ? "as listed" : "listed") < 0
		       ? err_oom(e)
		       : 0;
}

static int compare_all(const struct comparison *c, const struct listing *files,
		       const uint8_t (*sha256)[SHA256_BYTES], struct err *e)
{
	const struct inner_sbom *inner = c->sbom->inner;
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->n; i++)
		r = compare(c, &files->v[i], sha256[i], e);
	for (size_t i = 0; r == 0 && i < inner->n_files; i++)
		if (!c->seen[i] && strv_addf(c->found, "/usr/%s is listed, and not there",
					     inner->files[i].path) < 0)
			r = err_oom(e);
	return r;
}

int verify_sbom_check(struct verify *v, const struct verify_sbom *s, struct fs_reader *usr,
		      const struct listing *files, const uint8_t (*sha256)[SHA256_BYTES],
		      struct err *e)
{
	_cleanup_free_ bool *seen = calloc(s->inner->n_files + 1, sizeof(*seen));
	_cleanup_strv_ struct strv found = STRV_INIT;
	const struct comparison c = { s, usr, seen, &found };
	char good[64];

	int r = seen ? compare_all(&c, files, sha256, e) : err_oom(e);
	if (r < 0)
		return verify_failed(v, VERIFY_USR_SBOM, r, e);
	snprintf(good, sizeof(good), "%zu files and symlinks, all of them as listed",
		 s->inner->n_files);
	return verify_found(v, VERIFY_USR_SBOM, &found, good, e);
}
