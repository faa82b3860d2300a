# Compiler options. The interface library halcyon_kernel_options is for code that also runs on bare metal, halcyon_host_options for the
# rest (cli, hal-unicorn, tests), which may throw.

add_library(halcyon_common_options INTERFACE)
target_include_directories(halcyon_common_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(halcyon_common_options INTERFACE BOOST_ENABLE_ASSERT_HANDLER)
# No RTTI anywhere: host code derives from classes whose vtables kernel code emits.
target_compile_options(halcyon_common_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -fno-strict-aliasing -fno-omit-frame-pointer
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety;-Wthread-safety-beta;-Wno-gnu-statement-expression-from-macro-expansion>)
if(HALCYON_WERROR)
  target_compile_options(halcyon_common_options INTERFACE -Werror)
endif()
if(HALCYON_CHECKS)
  target_compile_definitions(halcyon_common_options INTERFACE HALCYON_CHECKS=1)
endif()
if(NOT HALCYON_BARE)
  # A program at a fixed address starts without relocating itself.
  target_compile_options(halcyon_common_options INTERFACE -fno-pie)
  target_link_options(halcyon_common_options INTERFACE -no-pie)
endif()
if(HALCYON_SANITIZE)
  target_compile_options(halcyon_common_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined)
  target_link_options(halcyon_common_options INTERFACE -fsanitize=address,undefined)
endif()

add_library(halcyon_kernel_options INTERFACE)
target_link_libraries(halcyon_kernel_options INTERFACE halcyon_common_options)
target_compile_options(halcyon_kernel_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)

if(HALCYON_BARE)
  target_compile_options(halcyon_kernel_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-threadsafe-statics -fno-use-cxa-atexit>
    -fno-delete-null-pointer-checks -ffunction-sections -fdata-sections -fstack-protector-strong)
  option(HALCYON_WHOLE_PROGRAM "optimise the bare kernel as a whole; debuggers then miss tables of virtual functions" ON)
  if(HALCYON_WHOLE_PROGRAM AND CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    # The whole kernel is one program: a class with one derived class needs no virtual calls.
    target_compile_options(halcyon_kernel_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-flto -fwhole-program-vtables -fvisibility=hidden>)
  endif()
endif()

add_library(halcyon_host_options INTERFACE)
target_link_libraries(halcyon_host_options INTERFACE halcyon_common_options)
