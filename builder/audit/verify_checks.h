/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The checks of `slipway verify`: Documentation/verify.md says of each what it is for. */

enum verify_id {
	VERIFY_GPT_PRIMARY,
	VERIFY_GPT_BACKUP,
	VERIFY_GPT_LAYOUT,
	VERIFY_GPT_PLACES,
	VERIFY_GPT_FORM,
	VERIFY_DISK_STATE,
	VERIFY_DISK_UNUSED,
	VERIFY_SLOT_LABELS,
	VERIFY_SLOT_EMPTY,
	VERIFY_SLOT_SUPERBLOCK,
	VERIFY_SLOT_TREE,
	VERIFY_SLOT_SIGNATURE,
	VERIFY_SLOT_SIGNATURE_FORM,
	VERIFY_SLOT_UNUSED,
	VERIFY_SLOT_UKI,
	VERIFY_USR_FILESYSTEM,
	VERIFY_USR_VERSION,
	VERIFY_UKI_SIGNATURE,
	VERIFY_UKI_FORM,
	VERIFY_UKI_SECTIONS,
	VERIFY_UKI_OSREL,
	VERIFY_UKI_UNAME,
	VERIFY_UKI_CMDLINE,
	VERIFY_UKI_ROOT_HASH,
	VERIFY_UKI_INITRD,
	VERIFY_ESP_FILES,
	VERIFY_ESP_FORM,
	VERIFY_ESP_LOADER,
	VERIFY_ESP_CONFIG,
	VERIFY_ESP_ENROLMENT,
	VERIFY_CERT_TIME,
	VERIFY_CERT_KEY,
	VERIFY_SECRETS,
	VERIFY_N_IDS,
};

/** verify_id_name() - as it is printed: "gpt.primary" */
const char *verify_id_name(enum verify_id id);

/** verify_id_what() - what is compared, in a line */
const char *verify_id_what(enum verify_id id);
