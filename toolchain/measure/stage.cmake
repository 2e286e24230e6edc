# The counting plugins are loaded by the emulator, not linked: no sanitizers, no project options.
# Two of them because QEMU refuses an interface version below its own minimum (QEMU 6 to 8: 1; from QEMU 9 on: 2).
foreach(plugin mote_count mote_count_qemu9)
  add_library(${plugin} MODULE ${CMAKE_SOURCE_DIR}/toolchain/measure/counter/counter.c)
  target_compile_definitions(${plugin} PRIVATE _POSIX_C_SOURCE=200809L)
  target_compile_options(${plugin} PRIVATE -std=c11 -O2 -fvisibility=hidden -Wall -Wextra)
  set_target_properties(${plugin} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  add_dependencies(mote_measure ${plugin})
endforeach()

# AVR boards are emulated by a program of its own: simavr's library is under the GPL.
find_path(SIMAVR_INCLUDE_DIR sim_avr.h PATH_SUFFIXES simavr)
find_library(SIMAVR_LIBRARY simavr)
if(SIMAVR_INCLUDE_DIR AND SIMAVR_LIBRARY)
  add_executable(mote_simavr ${CMAKE_SOURCE_DIR}/toolchain/measure/counter/simavr.c)
  target_compile_definitions(mote_simavr PRIVATE _GNU_SOURCE)
  target_compile_options(mote_simavr PRIVATE -std=c11 -O2 -Wall -Wextra)
  target_include_directories(mote_simavr SYSTEM PRIVATE ${SIMAVR_INCLUDE_DIR})
  target_link_libraries(mote_simavr PRIVATE ${SIMAVR_LIBRARY})
  set_target_properties(mote_simavr PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  add_dependencies(mote_measure mote_simavr)
else()
  message(STATUS "libsimavr-dev is not installed: no emulation of AVR boards")
endif()

target_compile_definitions(mote_count PRIVATE MOTE_PLUGIN_INTERFACE=1)
target_compile_definitions(mote_count_qemu9 PRIVATE MOTE_PLUGIN_INTERFACE=2)
