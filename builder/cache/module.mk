src += builder/cache/cache.c builder/cache/clean.c builder/cache/unpacked.c builder/cache/writer.c
