/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The variable store of EDK II's firmware for machines (OVMF, AAVMF), as a file: keys are put into it as
 * if they had been enrolled, so that a machine has Secure Boot on from its first start.
 * Spec: EDK II, MdeModulePkg/Include/Guid/VariableFormat.h; UEFI PI 1.8, volume 3, 3.2.1
 */
#include "signing/efi_auth.h"

/**
 * efi_store_add() - add a key variable
 * @store: the whole file; without a variable of that name
 * @auth: an .auth file: its signature lists become the variable's content; its signature is not looked at,
 *        as in setup mode
 * Return: 0; -EBADMSG not such a store, or not an .auth file; -ENOSPC
 */
int efi_store_add(struct buf *store, enum efi_variable v, const void *auth, size_t len,
		  struct err *e) must_check;
