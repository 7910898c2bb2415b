/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Who says to have signed what: nothing is verified here. */
#include <openssl/types.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

struct image_signer {
	char *what;    /* "UKI", "root hash" */
	char *subject; /* of the certificate, or if it is not there its issuer and number; escaped */
	bool has_certificate; /* else what follows is not known but perhaps the fingerprint */
	uint8_t fingerprint[SHA256_BYTES]; /* SHA-256 of the certificate; zeros: not known */
	int64_t not_before, not_after;	   /* seconds since 1970 */
	char algorithm[64];		   /* "RSA 2048, SHA-256" */
};

struct image_signers {
	struct image_signer *v;
	size_t n;
};

/** image_signers_add_pe() - all signatures of a UEFI program; what is damaged is left out */
int image_signers_add_pe(struct image_signers *s, const char *what, const void *data, size_t len,
			 struct err *e) must_check;

/**
 * image_signers_add_root_hash() - the signer in a verity-sig partition
 *
 * The certificate is not in there: that of a signature which was added before is taken if it is the same.
 */
int image_signers_add_root_hash(struct image_signers *s, const void *data, size_t len,
				struct err *e) must_check;
void image_signers_done(struct image_signers *s);
