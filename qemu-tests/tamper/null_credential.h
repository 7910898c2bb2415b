/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * An encrypted credential that says nothing of who made it: systemd's format for machines without a
 * TPM, whose key is that of no secret at all. Anybody can make one, for any machine.
 * Spec: systemd 257, src/shared/creds-util.c; systemd-creds(1), --with-key=null
 */
#include "base/buf.h"
#include "base/err.h"

/**
 * null_credential_build() - base64 of the credential
 * @name: must be that of its file, without .cred
 * @ret: appended
 */
int null_credential_build(const char *name, const void *data, size_t len, struct buf *ret,
			  struct err *e) must_check;
