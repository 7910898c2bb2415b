/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program for the guest, carried in the tests' own. */
	.section .rodata
	.balign 16
	.global guest_program_start, guest_program_end
guest_program_start:
	.incbin GUEST_PROGRAM
guest_program_end:
	.section .note.GNU-stack,"",%progbits
