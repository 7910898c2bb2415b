/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The suite's own list of what images may have. */
	.section .rodata
	.global allowed_list_start, allowed_list_end
allowed_list_start:
	.incbin "qemu-tests/cases/allowed.list"
allowed_list_end:
	.section .note.GNU-stack,"",%progbits
