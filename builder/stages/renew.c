/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/stages/renew.h"

#include <fcntl.h>

#include "signing/authenticode.h"
#include "signing/efi_auth.h"
#include "signing/openssl.h"

#define KEK 1 /* among the enrolment files */

struct reading {
	const struct build *b;
	enum efi_variable variable;
	X509 *kek; /* NULL: not known */
};

static int load_loader(const struct build *b, struct blob **ret, struct err *e)
{
	_cleanup_free_ char *path = str_printf("usr/lib/systemd/boot/efi/systemd-boot%s.efi",
					       str_eq(b->p.recipe->arch, "arm64") ? "aa64" : "x64");
	const struct tree_node *n = path ? tree_resolve(b->tree, path) : NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (!path)
		return err_oom(e);
	if (!n || !tree_is_file(n))
		return err_set(e, -EINVAL, "the image has no %s: add systemd-boot-efi to packages",
			       path);
	buf_append(&out, n->inode->blob->data, n->inode->blob->len);
	if (buf_failed(&out))
		return err_oom(e);
	int r = authenticode_sign(b->signer, &out, e);
	if (r < 0)
		return err_wrap(e, r, "boot loader");
	*ret = blob_new(out.data, out.len);
	return *ret ? 0 : err_oom(e);
}

static int refuse_own(void *ctx, const uint8_t *der, size_t len, struct err *e)
{
	const struct reading *rd = ctx;
	_cleanup_buf_ struct buf own = BUF_INIT;

	int r = buf_append_x509(&own, rd->b->signer->cert, e);
	if (r == 0 && rd->variable == EFI_VARIABLE_DBX && own.len == len &&
	    memcmp(own.data, der, len) == 0)
		r = err_set(
			e, -EINVAL,
			"it revokes the certificate that this image is signed by: no node would "
			"boot it");
	return r;
}

static int check(struct reading *rd, const struct blob *auth, struct err *e)
{
	int r = efi_auth_certificates(auth->data, auth->len, refuse_own, rd, e);

	if (r == 0 && rd->kek)
		r = efi_auth_verify_append(rd->variable, auth->data, auth->len, rd->kek, e);
	return r;
}

/* As efivarfs takes it: the attributes, and then the file. */
static int load_file(struct reading *rd, const char *path, struct blob **ret, struct err *e)
{
	_cleanup_(blob_unref) struct blob *auth = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	uint8_t attributes[4];

	int r = blob_new_file(AT_FDCWD, path, &auth, e);
	if (r == 0)
		r = check(rd, auth, e);
	if (r < 0)
		return err_wrap(e, r, "%s: signing: renew: %s", rd->b->p.recipe->path, path);
	put_le32(attributes, EFI_KEY_ATTRIBUTES | EFI_APPEND_WRITE);
	buf_append(&out, attributes, sizeof(attributes));
	buf_append(&out, auth->data, auth->len);
	*ret = buf_failed(&out) ? NULL : blob_new(out.data, out.len);
	return *ret ? 0 : err_oom(e);
}

static int load_files(struct reading *rd, const struct strv *paths, struct blob ***ret,
		      size_t *ret_n, struct err *e)
{
	int r = 0;

	*ret = calloc(paths->n + 1, sizeof(**ret));
	if (!*ret)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		r = load_file(rd, paths->v[i], &(*ret)[i], e);
	*ret_n = paths->n;
	return r;
}

static int take_kek(void *ctx, const uint8_t *der, size_t len, struct err *e)
{
	struct reading *rd = ctx;

	if (!rd->kek)
		rd->kek = d2i_X509(NULL, &der, (long)len);
	return rd->kek ? 0 : openssl_err(e, -EBADMSG, "KEK.auth has no certificate");
}

int renew_load(const struct build *b, struct renew *ret, struct err *e)
{
	const struct recipe_renew *want = &b->p.recipe->renew;
	struct reading rd = { .b = b, .variable = EFI_VARIABLE_DB };
	const struct blob *kek = b->auth[KEK];

	int r = load_loader(b, &ret->loader, e);
	if (r == 0 && kek)
		r = efi_auth_certificates(kek->data, kek->len, take_kek, &rd, e);
	if (r == 0)
		r = load_files(&rd, &want->trust, &ret->trust, &ret->files.n_trust, e);
	rd.variable = EFI_VARIABLE_DBX;
	if (r == 0)
		r = load_files(&rd, &want->revoke, &ret->revoke, &ret->files.n_revoke, e);
	X509_free(rd.kek);
	ret->files.loader = ret->loader;
	ret->files.trust = ret->trust;
	ret->files.revoke = ret->revoke;
	return r;
}

static void free_list(struct blob **v)
{
	for (size_t i = 0; v && v[i]; i++)
		blob_unref(v[i]);
	free(v);
}

void renew_done(struct renew *r)
{
	blob_unref(r->loader);
	free_list(r->trust);
	free_list(r->revoke);
	*r = (struct renew){ 0 };
}
