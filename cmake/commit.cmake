# Writes OUTPUT, a header with the commit that SOURCE is at, when it changed. `cmake -DSOURCE=... -DOUTPUT=... -P`.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "")  # sources without history
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once\n#define MOTE_COMMIT \"@commit@\"\n" @ONLY)
