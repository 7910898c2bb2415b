/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * DSSE: an envelope of JSON around a payload of any type and its signatures. Signed is what the type is,
 * too, so that a payload cannot be taken for one of another type.
 * Spec: secure-systems-lab DSSE 1.0
 */
#include "base/buf.h"
#include "signing/signer.h"

/**
 * dsse_sign() - put a payload into an envelope
 * @type: of the payload: a media type of ASCII that JSON needs no escapes for
 * @ret:  appended: the envelope, one line. The signature's keyid is the certificate's fingerprint in hex
 * Return: 0; -EIO the key refused; -ENOMEM
 */
int dsse_sign(const struct signer *s, const char *type, const void *payload, size_t len,
	      struct buf *ret, struct err *e) must_check;

/* What was in an envelope. */
struct dsse {
	struct buf payload;
	size_t cert; /* which certificate's key signed it */
	/* The envelope is what dsse_sign() writes of this: a signature covers neither the key's id nor how the
	 * JSON is written. */
	bool our_form;
};

#define DSSE_INIT                   \
	{                           \
		.payload = BUF_INIT \
	}
#define _cleanup_dsse_ __attribute__((cleanup(dsse_done)))

/**
 * dsse_open() - check an envelope and take the payload out
 * @type:  what the payload has to be
 * @certs: whose signatures count; which of them signed is found by trying, whatever the keyid says
 * @ret:   for dsse_done(); untouched unless a signature is good
 * Return: 0; -EBADMSG not an envelope, or of another type; -EKEYREJECTED no signature of any of @certs;
 *         -ENOMEM
 */
int dsse_open(const void *data, size_t len, const char *type, X509 *const *certs, size_t n_certs,
	      struct dsse *ret, struct err *e) must_check;
void dsse_done(struct dsse *d);
