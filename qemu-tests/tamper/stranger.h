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
