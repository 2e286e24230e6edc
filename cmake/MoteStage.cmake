# One static library per stage folder (`mote_<name>`), and one test program (`<name>_test`) from the *_test.cpp
# beside the sources.

add_library(mote_options INTERFACE)
target_include_directories(mote_options INTERFACE ${CMAKE_SOURCE_DIR})
# Contraction into fused multiply-add would make results depend on the compiler's choice: kernels ask for it.
target_compile_options(mote_options INTERFACE -ffp-contract=off)
if(MOTE_DEVELOPER)
  target_compile_options(mote_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
    -Wno-restrict)  # GCC 12 warns falsely about std::string::insert and operator+ (its bug 105651)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # On by default, and false in joined sources, where a file is not the main one.
  target_compile_options(mote_options INTERFACE -Wno-subobject-linkage)
endif()
if(MOTE_SANITIZE)
  target_compile_options(mote_options INTERFACE
    -fsanitize=${MOTE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mote_options INTERFACE -fsanitize=${MOTE_SANITIZE})
endif()
if(MOTE_COVERAGE)
  target_compile_options(mote_options INTERFACE --coverage)
  target_link_options(mote_options INTERFACE --coverage)
endif()

function(mote_stage name folder)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/_template/")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(mote_${name} STATIC ${sources})
    target_link_libraries(mote_${name} PUBLIC mote_options ${ARG_DEPENDS})
    if(EXISTS ${CMAKE_SOURCE_DIR}/${folder}/stage.cmake)
      include(${CMAKE_SOURCE_DIR}/${folder}/stage.cmake)  # extra compile options or libraries of this stage
    endif()
  else()
    add_library(mote_${name} INTERFACE)
    target_link_libraries(mote_${name} INTERFACE mote_options ${ARG_DEPENDS})
  endif()
  if(MOTE_DEVELOPER AND tests)
    mote_test(${name}_test SOURCES ${tests} DEPENDS mote_${name})
  endif()
endfunction()

# COST: seconds, of programs that take minutes. ctest starts these first, so that none is left to run alone at the end.
function(mote_test name)
  cmake_parse_arguments(ARG "" "COST" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-Og>)  # compiles in half the time of -O2
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} mote_options GTest::gtest_main GTest::gmock)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "MOTE_SOURCE_DIR=${CMAKE_SOURCE_DIR};MOTE_BINARY_DIR=${CMAKE_BINARY_DIR}")
  if(ARG_COST)
    set_tests_properties(${name} PROPERTIES COST ${ARG_COST})
  endif()
endfunction()
