# schema.fbs -> schema_generated.h, by Debian's flatc; the generated header is third-party code to the warnings.
find_program(FLATC flatc REQUIRED)
set(tflite_schema ${CMAKE_SOURCE_DIR}/toolchain/tflite/schema.fbs)
set(tflite_generated ${CMAKE_BINARY_DIR}/generated/tflite)
add_custom_command(OUTPUT ${tflite_generated}/schema_generated.h
  COMMAND ${FLATC} --cpp --scoped-enums -o ${tflite_generated} ${tflite_schema}
  DEPENDS ${tflite_schema} VERBATIM)
target_sources(mote_tflite PRIVATE ${tflite_generated}/schema_generated.h)
target_include_directories(mote_tflite SYSTEM PUBLIC ${tflite_generated})
