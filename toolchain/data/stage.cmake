find_library(SNDFILE sndfile REQUIRED)
find_library(SAMPLERATE samplerate REQUIRED)
target_link_libraries(mote_data PRIVATE ${SNDFILE} ${SAMPLERATE})

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
target_link_libraries(mote_data PRIVATE ${SERIALPORT})
