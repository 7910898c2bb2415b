/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program for the firmware: every byte of it is signed, or follows from the signature. */
#include "builder/audit/verify_internal.h"
#include "signing/authenticode.h"

static int is_signed(X509 *cert, const void *ctx, struct err *e)
{
	const struct verify_pe *pe = ctx;

	return authenticode_verify(pe->data, pe->len, cert, e);
}

int verify_pe(struct verify *v, const struct verify_pe *pe, struct err *e)
{
	X509 *signer;

	int r = verify_signer(v, VERIFY_UKI_SIGNATURE, is_signed, pe, &signer, e);
	if (r < 0 || !signer)
		return r;
	r = authenticode_check_canonical(pe->data, pe->len, signer, e);
	if (r < 0)
		return verify_failed(v, VERIFY_UKI_FORM, r, e);
	return verify_ok(v, VERIFY_UKI_FORM, e, "one signature, at the end of %zu bytes", pe->len);
}
