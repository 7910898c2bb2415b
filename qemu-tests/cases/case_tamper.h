/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The cases of altered images, by the last part of their names. */
#include "qemu-tests/cases/cases.h"

#define CASES_TAMPER(X)        \
	X(uki_cmdline)         \
	X(uki_unsigned)        \
	X(uki_other_key)       \
	X(uki_kernel)          \
	X(uki_initrd)          \
	X(initrd_stuck)        \
	X(uki_truncated)       \
	X(loader_other_key)    \
	X(entry_unsigned)      \
	X(entry_cmdline)       \
	X(usr_data)            \
	X(tree_level_0)        \
	X(tree_level_1)        \
	X(tree_level_2)        \
	X(superblock_magic)    \
	X(superblock_salt)     \
	X(other_usr)           \
	X(other_tree)          \
	X(other_build)         \
	X(root_hash_other_key) \
	X(root_hash_unsigned)  \
	X(uki_old_chosen)      \
	X(twin_usr)            \
	X(smbios_cmdline)      \
	X(esp_credential)      \
	X(esp_credential_null) \
	X(usr_data_late)       \
	X(given_up)            \
	X(addons)              \
	X(uki_old)             \
	X(smbios_credential)

#define CASES_TAMPER_DECLARE(name) extern const struct vm_case case_tamper_##name;
CASES_TAMPER(CASES_TAMPER_DECLARE)
