# Compiled by themselves in a unity build: the list, because the template's test links another in its place, and
# depthwise_conv_2d, whose local names have no namespace of their own.
file(GLOB alone CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/ops/depthwise_conv_2d/*.cpp)
set_source_files_properties(${CMAKE_SOURCE_DIR}/ops/registry.cpp ${alone} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
