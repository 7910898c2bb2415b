/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys on the ESP, which the boot loader enrols where the firmware has none yet. */
#include "base/path.h"
#include "builder/audit/verify_esp.h"
#include "signing/efi_auth.h"

struct auth {
	enum efi_variable variable;
	const struct buf *file;
};

static int is_signed(X509 *cert, const void *ctx, struct err *e)
{
	const struct auth *a = ctx;

	return efi_auth_verify(a->variable, a->file->data, a->file->len, cert, e);
}

static enum efi_variable variable_of(const char *path)
{
	const char *name = path_last(path);

	return str_has_prefix(name, "PK.")    ? EFI_VARIABLE_PK
	       : str_has_prefix(name, "KEK.") ? EFI_VARIABLE_KEK
					      : EFI_VARIABLE_DB;
}

struct certificates {
	struct verify *v;
	size_t n, n_foreign;
};

static int look_at(void *ctx, const uint8_t *der, size_t len, struct err *e unused_)
{
	struct certificates *c = ctx;

	c->n++;
	c->n_foreign += !verify_may_sign(c->v, der, len);
	return 0;
}

int verify_auth(struct verify *v, const struct esp_file *f, struct err *e)
{
	const struct auth a = { variable_of(f->path), &f->content };
	struct certificates c = { .v = v };
	X509 *signer;

	int r = verify_signer(v, VERIFY_ESP_ENROLMENT, is_signed, &a, &signer, e);
	if (r < 0 || !signer)
		return r;
	r = efi_auth_certificates(f->content.data, f->content.len, look_at, &c, e);
	if (r < 0)
		return verify_failed(v, VERIFY_ESP_ENROLMENT, r, e);
	if (c.n_foreign)
		return verify_fail(v, VERIFY_ESP_ENROLMENT, e,
				   "%zu of %zu certificates are not trusted", c.n_foreign, c.n);
	return verify_ok(v, VERIFY_ESP_ENROLMENT, e, "%s: %zu trusted certificates",
			 efi_variable_name(a.variable), c.n);
}
