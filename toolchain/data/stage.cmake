find_library(SNDFILE sndfile REQUIRED)
find_library(SAMPLERATE samplerate REQUIRED)
target_link_libraries(mote_data PRIVATE ${SNDFILE} ${SAMPLERATE})
if(MOTE_SANITIZE)  # stb_image copies no bytes to a null pointer where a chunk of a PNG is empty
  set_source_files_properties(${CMAKE_SOURCE_DIR}/toolchain/data/readers/image.cpp
                              PROPERTIES COMPILE_OPTIONS -fno-sanitize=nonnull-attribute)
endif()

# examples/*/mote.toml travel in the program, for `mote init`.
set(examples "")
file(GLOB example_projects CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/examples/*/mote.toml)
foreach(project ${example_projects})
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${project})
  get_filename_component(folder ${project} DIRECTORY)
  get_filename_component(example ${folder} NAME)
  file(READ ${project} text)
  string(APPEND examples "    {\"${example}\", R\"toml(${text})toml\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/example_projects.inc CONTENT "@examples@" @ONLY)
target_include_directories(mote_data PRIVATE ${CMAKE_BINARY_DIR}/generated)

find_library(SERIALPORT serialport REQUIRED)
find_library(NETTLE nettle REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(LibArchive REQUIRED)
target_link_libraries(mote_data PRIVATE ${SERIALPORT} ${NETTLE} CURL::libcurl LibArchive::LibArchive)

if(MOTE_SANITIZE MATCHES "fuzzer")  # of this stage, only what reads bytes from outside is fuzzed
  get_target_property(stage_sources mote_data SOURCES)
  list(FILTER stage_sources INCLUDE REGEX "/(readers|record)/|/(csv|rule|text|time_column|time_stamp|timing)\\.cpp$")
  set_target_properties(mote_data PROPERTIES SOURCES "${stage_sources}")
endif()
