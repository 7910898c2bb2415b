/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Mutations: bad images without end, each of a number. Families of them are kinds whose choices all
 * come from the seed: which structure, which field, what is put there, which checksums and signatures
 * are made right again. What an auditor must refuse, whether a boot would notice or not.
 */
#include "qemu-tests/tamper/tamper.h"

extern const struct tamper_kind *const tamper_families[];
extern const size_t n_tamper_families;

/**
 * tamper_mutate() - mutation @number of a seed
 * @p: its disk, seed and signers
 * @ret: differs from the good disk in at least a byte; its notes say in what
 * @ret_family: borrowed
 * Return: 0; as tamper_new(); -ENOTSUP this image has nothing that the family alters
 */
int tamper_mutate(const struct tamper_params *p, uint64_t number, struct tamper **ret,
		  const struct tamper_kind **ret_family, struct err *e) must_check;
