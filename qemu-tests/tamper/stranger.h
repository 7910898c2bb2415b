/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A signer whom no image trusts. */
#include "signing/signer.h"

/**
 * stranger_new() - a new key, with its certificate
 * @tmp_dir: where a directory for its files is made, and removed again
 * Return: 0; as keygen()
 */
int stranger_new(const char *tmp_dir, struct signer **ret, struct err *e) must_check;

/**
 * stranger_impostor() - a stranger who calls himself by another's name: his certificate has the subject,
 *                       serial number and extensions of that one's, with his own key
 */
int stranger_impostor(const struct signer *stranger, X509 *of, struct signer **ret,
		      struct err *e) must_check;
