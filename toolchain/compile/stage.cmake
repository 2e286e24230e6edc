# template/ is device source: carried as text, not compiled for the host.
get_target_property(stage_sources mote_compile SOURCES)
list(FILTER stage_sources EXCLUDE REGEX "/compile/template/")
set_target_properties(mote_compile PROPERTIES SOURCES "${stage_sources}")

file(GLOB_RECURSE embedded RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/device/*.h ${CMAKE_SOURCE_DIR}/ops/*/*.h ${CMAKE_SOURCE_DIR}/features/*.h
  ${CMAKE_SOURCE_DIR}/toolchain/boards/startup/* ${CMAKE_SOURCE_DIR}/toolchain/compile/template/*)
list(FILTER embedded EXCLUDE REGEX "/_template/")
file(STRINGS ${CMAKE_SOURCE_DIR}/tests/layering/host_contracts host_contracts)
list(REMOVE_ITEM embedded ${host_contracts})
list(TRANSFORM embedded PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE embedded_paths)
list(JOIN embedded "|" embedded_argument)
set(embedded_source ${CMAKE_BINARY_DIR}/generated/embedded.cpp)
add_custom_command(OUTPUT ${embedded_source}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
  COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DOUTPUT=${embedded_source} "-DFILES=${embedded_argument}"
          -P ${CMAKE_SOURCE_DIR}/toolchain/compile/embed.cmake
  DEPENDS ${embedded_paths} ${CMAKE_SOURCE_DIR}/toolchain/compile/embed.cmake VERBATIM)
target_sources(mote_compile PRIVATE ${embedded_source})
