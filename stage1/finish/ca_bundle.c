/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * etc/ssl/certs, as update-ca-certificates(8) and "openssl rehash" make it: a symlink for each trusted
 * certificate, one file with all of them, and a symlink by the hash of each subject's name, by which
 * OpenSSL finds it. All certificates of packages are trusted, and those of usr/local.
 */
#include "base/buf.h"
#include "base/path.h"
#include "stage1/finish/ca_cert.h"
#include "stage1/finish/finish.h"
#include "stage1/finish/text.h"

#define NAME	  "ca-bundle"
#define DIR	  "etc/ssl/certs"
#define BUNDLE	  DIR "/ca-certificates.crt"
#define PACKAGED  "usr/share/ca-certificates"
#define LOCAL	  "usr/local/share/ca-certificates"
#define CONF	  "etc/ca-certificates.conf"
#define CONF_HEAD "# Certificates of the image; made when it was built.\n"

static int collect_node(struct tree_node *n, void *ctx, struct err *e)
{
	struct strv *paths = ctx;

	if (!tree_is_dir(n) && str_has_suffix(n->name, ".crt") &&
	    strv_take(paths, tree_path(n)) < 0)
		return err_oom(e);
	return 0;
}

/* Files below a directory, in the order of their whole paths. */
static int collect(const struct tree *t, const char *path, struct strv *paths, struct err *e)
{
	struct tree_node *dir = tree_lookup(t, path);

	if (!dir)
		return 0;
	int r = tree_walk(dir, collect_node, paths, e);
	if (paths->n)
		strv_sort(paths);
	return r;
}

/* The name in etc/ssl/certs: what programs have trouble with is replaced. */
static char *pem_name(const char *path)
{
	const char *base = path_last(path);
	char *name = str_printf("%.*s.pem", (int)(strlen(base) - strlen(".crt")), base);

	for (char *c = name; c && *c; c++)
		*c = strchr(" ,", *c) ? '_' : strchr("()", *c) ? '=' : *c;
	return name;
}

struct bundle {
	const struct finish_params *p;
	struct buf text;
	struct ca_hashes hashes;
};

static int add_certificate(struct bundle *b, const char *path, struct err *e)
{
	const struct blob *blob = tree_file_blob(b->p->tree, path);
	_cleanup_free_ char *name = pem_name(path);
	_cleanup_free_ char *target = str_printf("/%s", path), *link = NULL;

	if (!blob)
		return err_set(e, -ENOENT, "%s: a symlink to nowhere", path);
	if (!name || !target || !(link = str_printf("%s/%s", DIR, name)))
		return err_oom(e);
	const struct tree_node *there = tree_lookup(b->p->tree, link);
	if (there && there->inode->origin == finish_origin(b->p, NAME))
		return err_set(e, -EEXIST, "%s and /%s would both be %s", there->inode->target,
			       path, name);
	int r = ca_hashes_add(&b->hashes, name, blob, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	buf_append(&b->text, blob->data, blob->len);
	if (blob->len && blob->data[blob->len - 1] != '\n')
		buf_append_str(&b->text, "\n");
	return finish_put_link(b->p, NAME, link, target, e);
}

static int put_hash_links(struct bundle *b, struct err *e)
{
	ca_hashes_number(&b->hashes);
	for (size_t i = 0; i < b->hashes.n; i++) {
		const struct ca_hash *h = &b->hashes.v[i];
		_cleanup_free_ char *link =
			str_printf("%s/%08x.%u", DIR, (unsigned int)h->hash, h->number);
		if (h->repeated)
			continue;
		int r = link ? finish_put_link(b->p, NAME, link, h->name, e) : err_oom(e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_conf(const struct finish_params *p, const struct strv *paths, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, CONF_HEAD);
	for (size_t i = 0; i < paths->n; i++)
		buf_printf(&b, "%s\n", paths->v[i] + strlen(PACKAGED "/"));
	return buf_failed(&b) ? err_oom(e) : finish_put(p, NAME, CONF, buf_str(&b), e);
}

static int add_all(struct bundle *b, const struct strv *packaged, const struct strv *local,
		   struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < packaged->n; i++)
		r = add_certificate(b, packaged->v[i], e);
	for (size_t i = 0; r == 0 && i < local->n; i++)
		r = add_certificate(b, local->v[i], e);
	if (r == 0)
		r = put_hash_links(b, e);
	if (r == 0 && buf_failed(&b->text))
		r = err_oom(e);
	if (r == 0)
		r = finish_put(b->p, NAME, BUNDLE, buf_str(&b->text), e);
	return r < 0 ? r : put_conf(b->p, packaged, e);
}

int finish_ca_bundle(const struct finish_params *p, struct err *e)
{
	_cleanup_strv_ struct strv packaged = STRV_INIT, local = STRV_INIT;
	struct bundle b = { .p = p };

	int r = collect(p->tree, PACKAGED, &packaged, e);
	if (r == 0)
		r = collect(p->tree, LOCAL, &local, e);
	if (r < 0 || packaged.n + local.n == 0)
		return r;
	r = add_all(&b, &packaged, &local, e);
	buf_done(&b.text);
	ca_hashes_done(&b.hashes);
	return r;
}
