src += stage1/elf/elf.c stage1/elf/dlopen.c
