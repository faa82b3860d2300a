# The code that the kernel maps into every program (vdso(7)): for each ISA a shared library of its own, whatever the kernel is compiled for
# and by, and the bytes of it for vdso_image.cpp beside its folder. The image is one segment, read and executed only; what it needs of the world is one page
# below itself.
find_program(HALCYON_VDSO_CC clang-19 REQUIRED)
find_program(HALCYON_VDSO_LINKER ld.lld-19 REQUIRED)
set(halcyon_vdso_dir ${PROJECT_BINARY_DIR}/vdso)

function(halcyon_vdso isa)
  cmake_parse_arguments(ARG "" "" "COMPILE;LINK" ${ARGN})
  set(source_dir ${PROJECT_SOURCE_DIR}/syscalls/abi/${isa}/vdso)
  set(work_dir ${halcyon_vdso_dir}/${isa})
  file(MAKE_DIRECTORY ${work_dir})
  file(GLOB sources CONFIGURE_DEPENDS ${source_dir}/*.cpp ${source_dir}/*.S)
  set(objects)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME)
    set(object ${work_dir}/${name}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${HALCYON_VDSO_CC} --target=${isa}-linux-gnu ${ARG_COMPILE} $<$<STREQUAL:$<PATH:GET_EXTENSION,LAST_ONLY,${source}>,.cpp>:-std=gnu++23>
        -O2 -fPIC -ffreestanding -fvisibility=hidden -fno-exceptions -fno-rtti -fno-stack-protector -fomit-frame-pointer
        -fasynchronous-unwind-tables -Wall -Wextra -Werror -Wno-unused-command-line-argument -I${PROJECT_SOURCE_DIR}
        -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(image ${halcyon_vdso_dir}/vdso-${isa}.so)
  set(versions ${source_dir}/versions.map)
  set(bytes ${halcyon_vdso_dir}/vdso_image_${isa}.inc)
  add_custom_command(OUTPUT ${image}
    COMMAND ${HALCYON_VDSO_LINKER} -shared -soname=linux-vdso.so.1 --hash-style=both --build-id=sha1 --eh-frame-hdr -Bsymbolic
      --version-script=${versions} --no-rosegment -z rodynamic -z norelro -z nognustack -z max-page-size=4096 --no-undefined --strip-all
      ${ARG_LINK} -o ${image} ${objects}
    DEPENDS ${objects} ${versions} VERBATIM)
  add_custom_command(OUTPUT ${bytes}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${image} -DOUTPUT=${bytes} -P ${PROJECT_SOURCE_DIR}/cmake/bytes_of.cmake
    DEPENDS ${image} ${PROJECT_SOURCE_DIR}/cmake/bytes_of.cmake VERBATIM)
  target_sources(halcyon_syscalls PRIVATE ${bytes})
endfunction()

target_include_directories(halcyon_syscalls PRIVATE ${halcyon_vdso_dir})
halcyon_vdso(x86_64)
# A signal handler returns to the entry point.
halcyon_vdso(riscv64 COMPILE -march=rv64imac_zicsr_zicntr -mabi=lp64 LINK -e __vdso_rt_sigreturn)
