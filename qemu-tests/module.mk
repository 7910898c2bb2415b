# SPDX-License-Identifier: GPL-2.0-or-later
src += qemu-tests/vm/accel.c qemu-tests/vm/channel.c qemu-tests/vm/child.c qemu-tests/vm/console.c \
       qemu-tests/vm/host.c qemu-tests/vm/interact.c qemu-tests/vm/prepare.c qemu-tests/vm/private_dir.c qemu-tests/vm/qcow2.c qemu-tests/vm/qemu_args.c \
       qemu-tests/vm/qmp.c qemu-tests/vm/save.c qemu-tests/vm/varstore.c qemu-tests/vm/vm.c qemu-tests/vm/vm_console.c qemu-tests/vm/vm_signs.c

src += $(addprefix qemu-tests/cases/,allowed.c artefact.c boot.c bootable.c boot_checks.c boot_times.c case_boot.c \
       case_containers.c case_contents.c case_endings.c case_extensions.c case_immutable.c case_nginx.c case_node.c case_podman.c \
       case_recovery.c case_rotation.c case_secrets.c case_state.c case_tamper.c case_update.c case_update_bad.c case_update_cuts.c case_versions.c extension.c \
       case_util.c cases.c container.c cri.c node_disk.c node_identity.c node_update.c node_users.c oci.c pod.c programs.c tamper.c tamper_machine.c)
src += $(addprefix qemu-tests/suite/,report.c schedule.c suite.c)
src += $(addprefix qemu-tests/tamper/,audit.c esp.c gpt_edit.c kinds.c kinds_build.c kinds_entry.c kinds_input.c \
       kinds_signature.c kinds_uki.c kinds_usr.c mutate.c mutate_bytes.c mutate_disk.c mutate_esp.c \
       mutate_fat.c mutate_gpt.c mutate_pe.c mutate_sig.c mutate_tree.c null_credential.c overlay.c pe_edit.c \
       regions.c stranger.c \
       tamper.c uki_edit.c usr.c)
asm += qemu-tests/cases/allowed_list.S qemu-tests/cases/guest_program.S
$(O)/qemu-tests/cases/allowed_list.o: qemu-tests/cases/allowed.list

# The program that the tests carry into the guest: static, and never with sanitizers.
guest_program := $(O)/qemu-tests/cases/guest
$(guest_program): $(addprefix qemu-tests/cases/,guest.c guest_container.c guest.h)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) -static -Os -s -D_GNU_SOURCE -std=gnu17 -I. $(warnings) -o $@ $(filter %.c,$^)
$(O)/qemu-tests/cases/guest_program.o: $(guest_program)
$(O)/qemu-tests/cases/guest_program.o: asmflags += -DGUEST_PROGRAM='"$(guest_program)"'

# A bad image in a file, and many before the auditor, for people.
$(O)/qemu-tests/tamper-image: $(O)/qemu-tests/tamper/main.o $(O)/libslipway.a
$(O)/qemu-tests/verify-mutations: $(O)/qemu-tests/tamper/verify_mutations.o $(O)/libslipway.a
$(O)/qemu-tests/tamper-image $(O)/qemu-tests/verify-mutations:
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs)

.PHONY: check-boot
check-boot: $(O)/slipway         ## boot the node in VMs and try what is promised of it
	$(Q)mkdir -p $(O)/logs && $(O)/slipway test --keep-logs $(O)/logs/vm out/node_1.raw
