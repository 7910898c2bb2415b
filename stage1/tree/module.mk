src += stage1/tree/tree.c
