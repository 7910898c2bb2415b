/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The firmware's variables, in the flash image that OVMF and AAVMF keep them in. */
#include "base/buf.h"
#include "base/err.h"

struct varstore_variable {
	const char *name;
	const uint8_t *vendor; /* GUID of 16 bytes, as it lies in memory */
	uint32_t attributes;
	const void *data;
	size_t len;
};

/**
 * varstore_add() - add a variable behind the others; one of that name must not be there
 * @flash: of the firmware, whole
 * Return: 0; -EBADMSG not a variable store; -ENOSPC
 * Spec: MdeModulePkg/Include/Guid/VariableFormat.h of EDK II
 */
int varstore_add(struct buf *flash, const struct varstore_variable *v, struct err *e) must_check;

/**
 * varstore_secure_boot_off() - a machine whose owner has switched Secure Boot off
 * @flash: in setup mode, as distributions ship it. A platform key, which nobody has, ends that mode: in
 *         it a boot loader enrols its own keys, and Secure Boot is on.
 * Return: as varstore_add()
 */
int varstore_secure_boot_off(struct buf *flash, struct err *e) must_check;
