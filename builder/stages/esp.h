/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What an ESP is made of besides kernels and keys: whoever builds one and whoever verifies one agree. */

/* No menu: a key pressed at the console, or noise on a serial line, would make the node wait. */
#define ESP_LOADER_CONF           \
	"timeout menu-disabled\n" \
	"editor no\n"             \
	"auto-firmware no\n"      \
	"secure-boot-enroll if-safe\n"

/* Tells systemd-boot's tools that kernels here have entries of the first type's naming. */
#define ESP_ENTRIES_SREL "type1\n"

#define ESP_LABEL "ESP"
#define ESP_KEYS  "loader/keys/auto"
