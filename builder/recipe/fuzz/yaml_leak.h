/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * For targets that read YAML. libfyaml 0.7.12 loses 2 KiB in fy_atom_format_text() for a scalar of many
 * pieces, such as one with a dozen quoted quotes. Its frames cannot be told apart here: all of the library
 * is passed over. That documents are closed is for the unit tests to see.
 */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}
