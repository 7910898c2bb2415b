/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Secure Boot's key variables: signature lists and the signed updates (.auth files) that
 * systemd-boot enrols from /loader/keys/auto.
 * Spec: UEFI 2.10, 8.2.2 EFI_VARIABLE_AUTHENTICATION_2; 32.4.1 EFI_SIGNATURE_LIST
 */
#include "base/buf.h"
#include "signing/signer.h"

enum efi_variable { EFI_VARIABLE_PK, EFI_VARIABLE_KEK, EFI_VARIABLE_DB, EFI_VARIABLE_DBX };

/* What the key variables have: non-volatile, boot services, runtime, authenticated by time. */
#define EFI_KEY_ATTRIBUTES 0x27
#define EFI_APPEND_WRITE   0x40 /* what is there stays */

/** efi_variable_name() - "PK", "KEK", "db", "dbx" */
const char *efi_variable_name(enum efi_variable v);

/** efi_variable_vendor() - the GUID that its name belongs to: 16 bytes as they lie in an EFI_GUID */
const uint8_t *efi_variable_vendor(enum efi_variable v);

/**
 * efi_owner_guid() - SignatureOwner of our entries, derived from the platform key's certificate
 * @ret: 16 bytes as they lie in an EFI_GUID
 */
int efi_owner_guid(X509 *pk, uint8_t ret[16], struct err *e) must_check;

/** efi_esl_append() - an EFI_SIGNATURE_LIST with one X.509 certificate */
int efi_esl_append(struct buf *b, X509 *cert, const uint8_t owner[16], struct err *e) must_check;

struct efi_auth_params {
	enum efi_variable variable;
	time_t timestamp; /* firmware takes a later update only with a later one, but for one that appends */
	const void *esl; /* the variable's new content: signature lists */
	size_t esl_len;
	bool append; /* to what the variable holds */
};

/**
 * efi_auth_build() - an .auth file: EFI_VARIABLE_AUTHENTICATION_2, then the signature lists
 * @s: signs: PK for PK and KEK, KEK for db and dbx
 * @ret: appended
 * Return: 0; -ERANGE a timestamp before 1998 or after 9999; -EIO the key refused; -ENOMEM
 */
int efi_auth_build(const struct efi_auth_params *p, const struct signer *s, struct buf *ret,
		   struct err *e) must_check;

/**
 * efi_auth_content() - the signature lists of an .auth file; its signature is not looked at
 * @ret: within @auth
 * Return: 0; -EBADMSG it is none, or holds nothing
 */
int efi_auth_content(const void *auth, size_t len, const uint8_t **ret, size_t *ret_len,
		     struct err *e) must_check;

/**
 * efi_auth_verify() - is this an .auth file as efi_auth_build() writes it, signed by that certificate?
 * @cert: the signer's own certificate; dates are not looked at
 * Return: 0; -EBADMSG it is malformed; -EKEYREJECTED not signed by this certificate, or not for this
 *         variable; -ENOMEM
 */
int efi_auth_verify(enum efi_variable v, const void *auth, size_t len, X509 *cert,
		    struct err *e) must_check;

/** efi_auth_verify_append() - the same of one that appends */
int efi_auth_verify_append(enum efi_variable v, const void *auth, size_t len, X509 *cert,
			   struct err *e) must_check;

/**
 * efi_auth_certificates() - call @fn for each certificate that an .auth file enrols
 * @fn: not 0 ends it
 * Return: 0; what @fn returned; -EBADMSG malformed, or it enrols what is no certificate
 */
int efi_auth_certificates(const void *auth, size_t len,
			  int (*fn)(void *ctx, const uint8_t *der, size_t len, struct err *e),
			  void *ctx, struct err *e) must_check;
