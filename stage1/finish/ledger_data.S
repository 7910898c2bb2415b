/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger of maintainer scripts, which the program carries. */
	.section .rodata
	.global scripts_ledger_start, scripts_ledger_end
scripts_ledger_start:
	.incbin "stage1/finish/scripts.ledger"
scripts_ledger_end:
	.global scripts_lines_start, scripts_lines_end
scripts_lines_start:
	.incbin "stage1/finish/scripts.lines"
scripts_lines_end:
	.section .note.GNU-stack,"",%progbits
