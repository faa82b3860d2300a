# cmake -DSOURCE=DIR -DOUTPUT=FILE -P commit.cmake: writes the header that names the commit, if that has changed since.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git -C ${SOURCE} describe --always --tags --dirty --abbrev=10 OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "unknown commit")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define HALCYON_COMMIT \"${commit}\"\n")
