/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layouts and schemas that the program carries. */
	.macro file symbol, path
	.balign 16
	.global \symbol\()_start, \symbol\()_end
\symbol\()_start:
	.incbin "\path"
\symbol\()_end:
	.endm

	.section .rodata
	file layouts_acl_yaml, "layouts/acl.yaml"
	file layouts_acl_4k_yaml, "layouts/acl-4k.yaml"
	file recipe_schema_json, "builder/recipe/schema/recipe.schema.json"
	file layout_schema_json, "builder/recipe/schema/layout.schema.json"
	.section .note.GNU-stack,"",%progbits
