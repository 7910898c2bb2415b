/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SBOM in /usr, against /usr: each file and symlink is in it, once, as it is, and nothing else, and so are
 * the packages of dpkg's list; and its two documents, against each other. These themselves are in none: they cannot tell their own digests.
 */
#include "builder/attest/sbom.h"
#include "builder/audit/inner_sbom.h"
#include "builder/audit/verify_sbom.h"

struct verify_sbom {
	struct inner_sbom *inner[INNER_N_FORMATS];
	char *paths[INNER_N_FORMATS];
};

void verify_sbom_free(struct verify_sbom *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < INNER_N_FORMATS; i++) {
		inner_sbom_free(s->inner[i]);
		free(s->paths[i]);
	}
	free(s);
}

/* Return: 1 it is read; 0 it is not there; what inner_sbom_read() returns */
static int read_one(const struct verify_slot *slot, enum inner_format i, struct verify_sbom *s,
		    struct err *e)
{
	s->paths[i] = str_printf(SBOM_DIR "/%s%s", slot->image_id ? slot->image_id : "",
				 inner_sbom_suffix(i));
	if (!s->paths[i])
		return err_oom(e);
	int r = inner_sbom_read(slot->usr, s->paths[i], i, &s->inner[i], e);
	return r == -ENOENT || r == -ENOTDIR ? 0 : r < 0 ? r : 1;
}

int verify_sbom_read(const struct verify_slot *slot, struct verify_sbom **ret, struct err *e)
{
	_cleanup_(verify_sbom_free) struct verify_sbom *s = calloc(1, sizeof(*s));
	int n = 0;

	if (!s)
		return err_oom(e);
	for (enum inner_format i = 0; i < INNER_N_FORMATS; i++) {
		int r = read_one(slot, i, s, e);
		if (r < 0)
			return r;
		n += r;
	}
	for (size_t i = 0; n && i < INNER_N_FORMATS; i++)
		if (!s->inner[i])
			return err_set(e, -EBADMSG, "there is no /%s, and builds write both",
				       s->paths[i]);
	if (n)
		*ret = TAKE_PTR(s);
	return 0;
}

static bool is_sbom(const struct verify_sbom *s, const char *path)
{
	for (size_t i = 0; i < INNER_N_FORMATS; i++)
		if (str_eq(s->paths[i], path))
			return true;
	return false;
}

/* Return: 1 it is what is listed; 0 it is not; what reading returns */
static int is_as_listed(struct fs_reader *usr, const struct listed *x, const uint8_t *sha256,
			const struct inner_file *entry, struct err *e)
{
	_cleanup_buf_ struct buf target = BUF_INIT;
	char hex[SHA256_HEX];

	if (S_ISREG(x->st.mode)) {
		hex_encode(sha256, SHA256_BYTES, hex);
		return !entry->target.len && str_eq(entry->sha256, hex);
	}
	if (!S_ISLNK(x->st.mode) || !entry->target.len)
		return 0;
	int r = fs_reader_append(usr, &x->st, &target, e);
	return r < 0 ? r : span_eq(entry->target, buf_str(&target));
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
	const struct inner_sbom *inner = c->sbom->inner[INNER_CYCLONEDX];
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
	const struct inner_sbom *inner = c->sbom->inner[INNER_CYCLONEDX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->n; i++)
		r = compare(c, &files->v[i], sha256[i], e);
	for (size_t i = 0; r == 0 && i < inner->n_files; i++)
		if (!c->seen[i] && strv_addf(c->found, "/usr/%s is listed, and not there",
					     inner->files[i].path) < 0)
			r = err_oom(e);
	return r;
}

/* Of a package of two architectures, both. Return: is there one of this name and version? */
static bool is_package(const struct package_list *l, const struct inner_package *p, bool *seen)
{
	bool found = false;

	for (size_t i = package_list_find(l, p->name); i < l->n && str_eq(l->v[i].name, p->name);
	     i++)
		if (str_eq(l->v[i].version, p->version))
			found = seen[i] = true;
	return found;
}

/* What has a purl is a package. An image may be without dpkg's list: then there is nothing to compare. */
static int compare_packages(const struct inner_sbom *inner, const struct package_list *l,
			    struct strv *found, struct err *e)
{
	_cleanup_free_ bool *seen = calloc(l->n + 1, sizeof(*seen));
	int r = seen ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && l->n && i < inner->n_packages; i++) {
		const struct inner_package *p = &inner->packages[i];
		if (*p->purl && !is_package(l, p, seen))
			r = strv_addf(found, "%s %s is listed, and not of dpkg's packages", p->name,
				      p->version);
	}
	for (size_t i = 0; r == 0 && i < l->n; i++)
		if (!seen[i])
			r = strv_addf(found, "%s %s of dpkg's packages is not listed", l->v[i].name,
				      l->v[i].version);
	return r < 0 ? err_oom(e) : 0;
}

int verify_sbom_check(struct verify *v, const struct verify_sbom *s, const struct verify_slot *slot,
		      const struct listing *files, const uint8_t (*sha256)[SHA256_BYTES],
		      struct err *e)
{
	const struct inner_sbom *inner = s->inner[INNER_CYCLONEDX];
	_cleanup_free_ bool *seen = calloc(inner->n_files + 1, sizeof(*seen));
	_cleanup_strv_ struct strv found = STRV_INIT;
	const struct comparison c = { s, slot->usr, seen, &found };
	char good[96];

	int r = seen ? compare_all(&c, files, sha256, e) : err_oom(e);
	if (r == 0)
		r = compare_packages(inner, &slot->packages, &found, e);
	if (r == 0)
		r = inner_sbom_compare(inner, s->inner[INNER_SPDX], &found, e);
	if (r < 0)
		return verify_failed(v, VERIFY_USR_SBOM, r, e);
	snprintf(good, sizeof(good),
		 "%zu files and symlinks, all of them as listed in both CycloneDX and SPDX",
		 inner->n_files);
	return verify_found(v, VERIFY_USR_SBOM, &found, good, e);
}
