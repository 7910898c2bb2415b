/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/**
 * cli_catch_faults() - end with 4 where a file that is mapped turns out to be shorter, or on a disk that
 * cannot be read; without this, by a signal that says nothing
 */
void cli_catch_faults(void);
