# Compiled by itself in a unity build: the template's test links another in its place.
set_source_files_properties(${CMAKE_SOURCE_DIR}/ops/registry.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
