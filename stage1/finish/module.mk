# SPDX-License-Identifier: GPL-2.0-or-later
src += stage1/finish/linker_cache.c stage1/finish/linker_cache_file.c
src += stage1/finish/linker_dirs.c
src += $(addprefix stage1/finish/,alternatives.c ca_bundle.c ca_cert.c configs.c configs_apparmor.c \
       configs_shells.c configs_tmpfiles.c copyrights.c nsswitch.c pam.c pam_profile.c stat_overrides.c \
       compiled.c etc_diff.c finish.c finish_put.c health.c ids.c ids_allot.c node_file.c os_release.c package_list.c place.c \
       place_boot.c preset.c script.c sysusers.c sysusers_apply.c text.c tmpfiles.c unit_file.c \
       unit_near.c units.c units_link.c units_scripts.c updates.c renew.c users.c users_db.c \
       users_node.c)
src += $(addprefix stage1/finish/,block.c block_normal.c ledger.c ledger_diff.c ledger_files.c ledger_judge.c \
       ledger_lines.c ledger_parse.c ledger_print.c ledger_rest.c)
asm += stage1/finish/ledger_data.S
$(O)/stage1/finish/ledger_data.o: stage1/finish/scripts.ledger stage1/finish/scripts.lines
asm += stage1/finish/node_data.S
$(O)/stage1/finish/node_data.o: $(wildcard node/*)
