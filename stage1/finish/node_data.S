/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of ours that run on the node. */
	.macro node_file name, path
	.global node_\name\()_start, node_\name\()_end
node_\name\()_start:
	.incbin "node/\path"
node_\name\()_end:
	.endm

	.section .rodata
	node_file check_users, "check-users"
	node_file slipway_users, "slipway-users.service"
	node_file health, "health"
	node_file slipway_health, "slipway-health.service"
	node_file status, "status"
	node_file slipway_status, "slipway-status.service"
	node_file firmware_keys, "firmware-keys"
	node_file update, "update"
	node_file slipway_update, "slipway-update.service"
	node_file slipway_update_timer, "slipway-update.timer"
	node_file renew, "renew-boot"
	node_file slipway_renew, "slipway-renew.service"
	node_file etc_diff, "etc-diff"
	.section .note.GNU-stack,"",%progbits
