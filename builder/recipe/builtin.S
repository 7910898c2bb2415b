/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layouts that the program carries. */
	.section .rodata
	.balign 16
	.global layouts_acl_yaml_start, layouts_acl_yaml_end
layouts_acl_yaml_start:
	.incbin "layouts/acl.yaml"
layouts_acl_yaml_end:
	.section .note.GNU-stack,"",%progbits
