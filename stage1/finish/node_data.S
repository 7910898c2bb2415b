/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of ours that run on the node. */
	.section .rodata
	.global node_check_users_start, node_check_users_end
node_check_users_start:
	.incbin "node/check-users"
node_check_users_end:
	.global node_slipway_users_start, node_slipway_users_end
node_slipway_users_start:
	.incbin "node/slipway-users.service"
node_slipway_users_end:
	.section .note.GNU-stack,"",%progbits
