# Kernel code on bare riscv64: integer registers only (the floating-point ones are the user's).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_CXX_COMPILER_TARGET riscv64-linux-gnu)
set(CMAKE_C_COMPILER_TARGET riscv64-linux-gnu)
set(CMAKE_ASM_COMPILER_TARGET riscv64-linux-gnu)
set(CMAKE_CXX_FLAGS_INIT "-fno-pic -fno-pie -mcmodel=medany -march=rv64imac_zicsr_zifencei -mabi=lp64 -isystem ${CMAKE_CURRENT_LIST_DIR}/shim")
set(CMAKE_C_FLAGS_INIT "${CMAKE_CXX_FLAGS_INIT}")
