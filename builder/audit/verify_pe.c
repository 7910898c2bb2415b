/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program for the firmware: every byte of it is signed, or follows from the signature. */
#include "builder/audit/verify_internal.h"
#include "signing/authenticode.h"

static int is_signed(X509 *cert, const void *ctx, struct err *e)
{
	const struct verify_pe *pe = ctx;

	return authenticode_verify(pe->data, pe->len, cert, e);
}

/* The machine that it is for is the one that the disk is for. */
static int check_form(const struct verify *v, const struct verify_pe *file, X509 *signer,
		      struct err *e)
{
	uint16_t machine = str_eq(v->arch, "arm64") ? PE_MACHINE_ARM64 : PE_MACHINE_X86_64;
	struct pe pe;

	int r = authenticode_check_canonical(file->data, file->len, signer, e);
	if (r == 0)
		r = pe_parse(&pe, file->data, file->len, e);
	if (r == 0 && pe.machine != machine)
		r = err_set(e, -EBADMSG, "it is for machines of type %#x, the disk is for %s",
			    pe.machine, v->arch);
	return r;
}

int verify_pe(struct verify *v, const struct verify_pe *pe, struct err *e)
{
	X509 *signer;

	int r = verify_signer(v, VERIFY_PE_SIGNATURE, is_signed, pe, &signer, e);
	if (r < 0 || !signer)
		return r;
	r = check_form(v, pe, signer, e);
	if (r < 0)
		return verify_failed(v, VERIFY_PE_FORM, r, e);
	return verify_ok(v, VERIFY_PE_FORM, e, "one signature, at the end of %zu bytes", pe->len);
}
