src += stage1/finish/finish.c
src += stage1/finish/linker_cache.c stage1/finish/linker_cache_file.c
src += stage1/finish/linker_dirs.c
