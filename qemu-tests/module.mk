src += qemu-tests/vm/accel.c qemu-tests/vm/channel.c qemu-tests/vm/child.c qemu-tests/vm/console.c \
       qemu-tests/vm/host.c qemu-tests/vm/interact.c qemu-tests/vm/prepare.c qemu-tests/vm/qcow2.c qemu-tests/vm/qemu_args.c \
       qemu-tests/vm/qmp.c qemu-tests/vm/vm.c qemu-tests/vm/vm_console.c qemu-tests/vm/vm_signs.c
