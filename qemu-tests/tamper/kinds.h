/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* All kinds, by the file that they are in. */
#include "qemu-tests/tamper/tamper.h"

/* kinds_usr.c */
extern const struct tamper_kind tamper_usr_data, tamper_usr_data_late, tamper_tree_level_0,
	tamper_tree_level_1, tamper_tree_level_2, tamper_superblock_magic, tamper_superblock_salt;
/* kinds_build.c */
extern const struct tamper_kind tamper_other_usr, tamper_other_tree, tamper_other_build,
	tamper_twin_usr;
/* kinds_signature.c */
extern const struct tamper_kind tamper_sig_root_hash, tamper_sig_other_key, tamper_sig_none,
	tamper_root_hash_other_key, tamper_root_hash_unsigned;
/* kinds_uki.c */
extern const struct tamper_kind tamper_uki_cmdline, tamper_uki_unsigned, tamper_uki_other_key,
	tamper_uki_kernel, tamper_uki_initrd, tamper_initrd_stuck, tamper_uki_truncated,
	tamper_loader_other_key;
/* kinds_entry.c */
extern const struct tamper_kind tamper_entry_unsigned, tamper_entry_cmdline;
/* kinds_input.c */
extern const struct tamper_kind tamper_addon_unsigned, tamper_addon_other_key,
	tamper_esp_credential, tamper_esp_credential_null, tamper_uki_old, tamper_uki_old_chosen,
	tamper_smbios_cmdline, tamper_smbios_credential;
