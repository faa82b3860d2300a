# What only the bare build has: the machine's own code, and the kernel's image. An ISA whose folder has no link.ld yet makes no image.
set(machine_dir ${PROJECT_SOURCE_DIR}/hal-baremetal/${CMAKE_SYSTEM_PROCESSOR})
set(linker_script ${machine_dir}/link.ld)
if(NOT EXISTS ${linker_script})
  return()
endif()

file(GLOB_RECURSE machine_sources CONFIGURE_DEPENDS ${machine_dir}/*.cpp ${machine_dir}/*.S)
foreach(part common drivers firmware boot)
  file(GLOB_RECURSE part_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/hal-baremetal/${part}/*.cpp)
  list(APPEND machine_sources ${part_sources})
endforeach()
add_library(halcyon_hal_baremetal OBJECT ${machine_sources})
target_link_libraries(halcyon_hal_baremetal PRIVATE halcyon_kernel_options)
# A loop that copies must not become a call of the function that it is the body of.
set_source_files_properties(${machine_dir}/memory.cpp ${PROJECT_SOURCE_DIR}/hal-baremetal/common/strings.cpp
  PROPERTIES COMPILE_OPTIONS "-fno-builtin;-fno-stack-protector;-fno-lto;-fno-whole-program-vtables" SKIP_PRECOMPILE_HEADERS ON)

add_executable(halcyon.elf)
target_link_libraries(halcyon.elf PRIVATE halcyon_core halcyon_fs halcyon_syscalls halcyon_hal_baremetal)
set_target_properties(halcyon.elf PROPERTIES LINKER_LANGUAGE CXX LINK_DEPENDS ${linker_script})
if(HALCYON_WHOLE_PROGRAM)
  target_link_options(halcyon.elf PRIVATE -flto -O2 -Wl,--lto-O2)
endif()
target_link_options(halcyon.elf PRIVATE --target=${CMAKE_CXX_COMPILER_TARGET} -fuse-ld=lld-19 -nostdlib -static -T ${linker_script}
  -Wl,--gc-sections,-z,max-page-size=4096,-z,noexecstack,--build-id=none,--no-dynamic-linker)
