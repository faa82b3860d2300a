// Finding functions in the vDSO (vdso(7)), as a C library does it: by name and version, in the image that the auxiliary vector names.
#pragma once

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include "guest.h"

struct Vdso {
  const char* base;
  const ElfW(Dyn) * dynamic;
  const ElfW(Sym) * symbols;
  const char* strings;
  const uint16_t* versions;
  const ElfW(Verdef) * definitions;
  const uint32_t *hash, *gnu_hash;
  const unsigned char* eh_frame_header;
};

static inline struct Vdso find_vdso(void) {
  struct Vdso vdso = {.base = (const char*)getauxval(AT_SYSINFO_EHDR)};
  CHECK(vdso.base);
  const ElfW(Ehdr)* header = (const void*)vdso.base;
  CHECK(memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_type == ET_DYN);
  const ElfW(Phdr)* parts = (const void*)(vdso.base + header->e_phoff);
  for (int index = 0; index < header->e_phnum; ++index) {
    if (parts[index].p_type == PT_DYNAMIC) vdso.dynamic = (const void*)(vdso.base + parts[index].p_vaddr);
    if (parts[index].p_type == PT_GNU_EH_FRAME) vdso.eh_frame_header = (const void*)(vdso.base + parts[index].p_vaddr);
    if (parts[index].p_type == PT_LOAD) CHECK(parts[index].p_vaddr == 0 && parts[index].p_flags == (PF_R | PF_X));
  }
  CHECK(vdso.dynamic && vdso.eh_frame_header);
  const ElfW(Dyn)* name = NULL;
  for (const ElfW(Dyn)* each = vdso.dynamic; each->d_tag != DT_NULL; ++each) {
    const void* at = vdso.base + each->d_un.d_ptr;
    if (each->d_tag == DT_SYMTAB) vdso.symbols = at;
    if (each->d_tag == DT_STRTAB) vdso.strings = at;
    if (each->d_tag == DT_VERSYM) vdso.versions = at;
    if (each->d_tag == DT_VERDEF) vdso.definitions = at;
    if (each->d_tag == DT_HASH) vdso.hash = at;
    if (each->d_tag == DT_GNU_HASH) vdso.gnu_hash = at;
    if (each->d_tag == DT_SONAME) name = each;
  }
  CHECK(vdso.symbols && vdso.strings && vdso.versions && vdso.definitions && (vdso.hash || vdso.gnu_hash) && name);
  CHECK(strcmp(vdso.strings + name->d_un.d_val, "linux-vdso.so.1") == 0);
  return vdso;
}

static inline bool has_version(const struct Vdso* vdso, unsigned symbol, const char* version) {
  unsigned wanted = vdso->versions[symbol] & 0x7fff;
  for (const ElfW(Verdef)* each = vdso->definitions;; each = (const void*)((const char*)each + each->vd_next)) {
    const ElfW(Verdaux)* name = (const void*)((const char*)each + each->vd_aux);
    if (!(each->vd_flags & VER_FLG_BASE) && each->vd_ndx == wanted) return strcmp(vdso->strings + name->vda_name, version) == 0;
    if (each->vd_next == 0) return false;
  }
}

// Null if there is none of that name and version. `binding` may be null.
static inline void* vdso_symbol(const char* name, const char* version, unsigned* binding) {
  struct Vdso vdso = find_vdso();
  CHECK(vdso.hash);
  for (unsigned index = 1; index < vdso.hash[1]; ++index) {
    const ElfW(Sym)* symbol = &vdso.symbols[index];
    if (symbol->st_shndx == SHN_UNDEF || strcmp(vdso.strings + symbol->st_name, name) != 0 || !has_version(&vdso, index, version)) continue;
    if (binding) *binding = ELF64_ST_BIND(symbol->st_info);
    return (void*)(vdso.base + symbol->st_value);
  }
  return NULL;
}

#if defined(__x86_64__)
#define VDSO_VERSION "LINUX_2.6"
#else
#define VDSO_VERSION "LINUX_4.15"
#endif

// [start, end) of a mapping by its name, and its permissions. False: there is none.
struct Mapping {
  unsigned long start, end;
  char permissions[5];
};
static inline bool find_mapping(const char* name, struct Mapping* mapping) {
  FILE* maps = fopen("/proc/self/maps", "r");
  CHECK(maps);
  char line[512];
  bool found = false;
  while (!found && fgets(line, sizeof line, maps))
    found = strstr(line, name) && sscanf(line, "%lx-%lx %4s", &mapping->start, &mapping->end, mapping->permissions) == 3;
  fclose(maps);
  return found;
}
