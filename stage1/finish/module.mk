src += stage1/finish/finish.c
