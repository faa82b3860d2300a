# What only the hosted build has: the command line program and the tests.
find_package(PkgConfig REQUIRED)
pkg_check_modules(UNICORN REQUIRED IMPORTED_TARGET unicorn)
pkg_check_modules(ELF REQUIRED IMPORTED_TARGET libelf)
