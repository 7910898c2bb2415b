src += stage1/tree/tree.c
src += stage1/tree/reroot.c
