/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The UKI of the ESP with other content, signed or not. For files in tamper/ only. */
#include "qemu-tests/tamper/parts.h"

struct tamper_uki {
	struct tamper_esp esp;
	const struct blob *old;		       /* as it was */
	struct buf cmdline;		       /* may be changed */
	const struct pe_new_section *sections; /* what else to replace; NULL: nothing */
	size_t n_sections;
};

#define TAMPER_UKI_INIT                                     \
	{                                                   \
		.esp = TAMPER_ESP_INIT, .cmdline = BUF_INIT \
	}

#define _cleanup_tamper_uki_ __attribute__((cleanup(tamper_uki_done)))

enum tamper_uki_signature {
	UKI_SIGNATURE_KEPT, /* that of the old content */
	UKI_UNSIGNED,
	UKI_SIGNED_BY_OWNER, /* -ENOKEY without his key */
	UKI_SIGNED_BY_STRANGER,
};

int tamper_uki_open(const struct tamper *t, struct tamper_uki *ret, struct err *e) must_check;
void tamper_uki_done(struct tamper_uki *u);

/** tamper_uki_root_hash() - that of the command line; -EBADMSG */
int tamper_uki_root_hash(const struct tamper_uki *u, uint8_t ret[SHA256_BYTES],
			 struct err *e) must_check;

/**
 * tamper_uki_sign_root_hash() - another root hash on the command line, with its signature
 * @by: NULL: without one
 */
int tamper_uki_sign_root_hash(struct tamper_uki *u, const struct signer *by,
			      const uint8_t root_hash[SHA256_BYTES], struct err *e) must_check;

/** tamper_uki_build() - the new file */
int tamper_uki_build(const struct tamper *t, const struct tamper_uki *u,
		     enum tamper_uki_signature how, struct buf *ret, struct err *e) must_check;

/** tamper_uki_save() - tamper_uki_build(), in the place of the old one */
int tamper_uki_save(struct tamper *t, struct tamper_uki *u, enum tamper_uki_signature how,
		    struct err *e) must_check;

/** tamper_sign() - a UEFI program, by the owner's key or a stranger's */
int tamper_sign(const struct tamper *t, bool owner, struct buf *pe, struct err *e) must_check;
