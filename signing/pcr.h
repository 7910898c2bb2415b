/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What systemd-stub and systemd-pcrphase will have measured into PCR 11 of the TPM's SHA-256 bank.
 * Spec: systemd-stub(7), systemd-pcrphase.service(8), systemd-measure(1)
 */
#include "base/digest.h"
#include "base/err.h"

/**
 * pcr_predict() - PCR 11 after a UKI was started and these boot phases were reached
 * @uki: its bytes, signed or not
 * @phases: words in order, such as "enter-initrd", "leave-initrd", "sysinit", "ready"
 * Return: 0; -EBADMSG not a UKI
 */
int pcr_predict(const void *uki, size_t len, const char *const *phases, size_t n_phases,
		uint8_t ret[SHA256_BYTES], struct err *e) must_check;
